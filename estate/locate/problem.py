"""Textbook problems of location, and their answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from estate.locate.lists import CLOSED, FREE, OPEN, Flags, Floats, Ints, Sites

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

KINDS = {
    "p-median": "exactly p sites; least total cost of serving everybody",
    "ufl": "uncapacitated facility location: least cost of opening and serving",
    "cflp": "capacitated facility location; a client may be split between sites",
    "sscflp": "capacitated facility location; each client at one site",
    "capacitated-p-median": "exactly p sites with capacities, each client at one site",
    "p-center": "exactly p sites; least greatest distance to the site that serves",
    "set-cover": "least cost of sites with everybody within the radius",
    "max-cover": "exactly p sites with as much demand as possible within the radius",
}
"""Kinds of problem, and what each asks."""

COUNTED = ("p-median", "capacitated-p-median", "p-center", "max-cover")
DISTANCES = ("p-center", "set-cover", "max-cover")
ALONE = ("sscflp", "capacitated-p-median")
PROVED = ("optimal", "within_gap", "infeasible")


@dataclass(frozen=True)
class SideRule:
    """A rule ``weight @ open <= limit``, for example a budget.

    Attributes
    ----------
    name : str
        Name, for messages.
    weight : ndarray, shape (sites,)
        What each open site uses.
    limit : float
        What there is.
    """

    name: str
    weight: Floats
    limit: float


@dataclass(frozen=True)
class Problem:
    """One problem of location.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    cost : ndarray, shape (clients, sites)
        Cost of serving the whole client; for p-center and the covers, its distance. Infinite
        where a site cannot serve a client.
    fixed : ndarray, shape (sites,)
        Cost of opening.
    p : int or None
        Number of open sites, where it is given.
    demand : ndarray, shape (clients,)
        What a client takes of a capacity, or counts for a cover.
    capacity : ndarray, shape (sites,)
        What a site can serve; infinite where there is no limit.
    radius : float or None
        Greatest distance at which a client is covered.
    state : ndarray of int8, shape (sites,)
        FREE, OPEN or CLOSED.
    rules : tuple of SideRule
        Side rules.
    client_names, site_names : tuple of str
        Names, for what is written.
    name : str
        Name of the instance.
    """

    kind: str
    cost: Floats
    fixed: Floats
    p: int | None
    demand: Floats
    capacity: Floats
    radius: float | None
    state: Flags
    rules: tuple[SideRule, ...] = ()
    client_names: tuple[str, ...] = ()
    site_names: tuple[str, ...] = ()
    name: str = ""

    @property
    def clients(self) -> int:
        """Return the number of clients."""
        return int(self.cost.shape[0])

    @property
    def sites(self) -> int:
        """Return the number of sites."""
        return int(self.cost.shape[1])

    def opening(self) -> Sites:
        """Return the rules of opening, as the engine takes them."""
        least, most = (self.p, self.p) if self.p is not None else (1, self.sites)
        weight = np.array([rule.weight for rule in self.rules], float).reshape(len(self.rules), self.sites)
        limit = np.array([rule.limit for rule in self.rules], float)
        return Sites(self.fixed.astype(float), self.state, least, most, weight, limit)


def make_problem(kind: str, cost: Floats, **parts: Any) -> Problem:  # noqa: ANN401 - the fields of Problem
    """Make a problem from a matrix; what is not given has no effect.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    cost : array_like, shape (clients, sites)
        Costs or distances; NaN and infinite mean that a site cannot serve a client.
    **parts
        Any other field of :class:`Problem`, and ``opened`` and ``closed``: numbers of sites that
        must and must not be open.

    Returns
    -------
    Problem
    """
    # One layout for all arrays: another would be compiled for once more.
    cost = np.array(cost, dtype=float, ndmin=2, order="C")
    cost[np.isnan(cost)] = np.inf
    n, m = cost.shape
    state = np.full(m, FREE, np.int8)
    state[np.asarray(parts.pop("opened", []), dtype=np.int64)] = OPEN
    state[np.asarray(parts.pop("closed", []), dtype=np.int64)] = CLOSED
    given: dict[str, Any] = {
        "fixed": np.ones(m) if kind == "set-cover" else np.zeros(m),  # a cover counts its sites
        "p": None,
        "demand": np.ones(n),
        "capacity": np.full(m, np.inf),
        "radius": None,
        "state": state,
        "client_names": tuple(str(i + 1) for i in range(n)),
        "site_names": tuple(str(j + 1) for j in range(m)),
        **parts,
    }
    for key in ("fixed", "demand", "capacity"):
        given[key] = np.array(given[key], dtype=float, order="C")
    return Problem(kind=kind, cost=cost, **given)


@dataclass(frozen=True)
class Effort:
    """When to stop, and which engine.

    Attributes
    ----------
    gap : float
        Relative gap at which the search may end.
    time_limit : float
        Seconds.
    seed : int
        Seed of the search.
    solver : str
        ``own``: this engine, the same way every time; ``highs`` or ``cbc``: that solver alone; ``auto``: this
        engine and HiGHS at once where the problem is small, whichever is sooner.
    stopped : callable
        Returns whether somebody asks to stop.
    """

    gap: float = 1e-4
    time_limit: float = 60.0
    seed: int = 1
    solver: str = "own"
    stopped: Callable[[], bool] = field(default=lambda: False)


@dataclass(frozen=True)
class Answer:
    """What was found and proved.

    Attributes
    ----------
    status : str
        optimal, within_gap, time_limit, infeasible or unknown (nothing found, nothing proved).
    objective, bound : float
        Cost of the plan, and a proven bound. For max-cover both count covered demand.
    opened : ndarray
        Numbers of the open sites.
    serving : ndarray, shape (clients,)
        Site that serves each client (the greatest part of it); -1 where none does.
    parts : ndarray, shape (n, 3) or None
        Client, site and share, where clients may be split.
    engines : tuple of str
        Which engine found and proved what.
    nodes : int
        Parts of the problem looked at.
    seconds : float
        Time used [s].
    """

    status: str
    objective: float
    bound: float
    opened: Ints
    serving: Ints
    parts: Floats | None
    engines: tuple[str, ...]
    nodes: int = 0
    seconds: float = 0.0

    @property
    def gap(self) -> float:
        """Return the relative gap between plan and bound."""
        if not math.isfinite(self.objective):
            return math.inf
        distance = abs(self.objective - self.bound)
        return 0.0 if distance == 0 else distance / max(abs(self.objective), 1e-300)


def nothing(status: str, engines: tuple[str, ...], bound: float = -math.inf) -> Answer:
    """Return the answer that there is no plan."""
    none = np.zeros(0, np.int64)
    return Answer(status, math.inf, bound, none, none, None, engines)


def judged(objective: float, bound: float, gap: float) -> str:
    """Return the status of a plan with that bound."""
    distance = abs(objective - bound)
    if distance <= 1e-9 * max(abs(objective), 1e-9):
        return "optimal"
    return "within_gap" if distance <= gap * abs(objective) * (1 + 1e-9) else "time_limit"


def unit_of(*parts: Floats) -> float:
    """Return the greatest number of which all values are whole multiples; 0 where there is none."""
    values = np.concatenate([np.asarray(part, float).ravel() for part in parts])
    values = values[np.isfinite(values)]
    whole = np.abs(values) < 2.0**40
    if not len(values) or not whole.all() or (values != np.round(values)).any():
        return 0.0
    return float(np.gcd.reduce(np.abs(values).astype(np.int64)))


def served(problem: Problem, opened: NDArray[np.integer]) -> tuple[Ints, Floats]:
    """Return the cheapest open site of every client (-1: none), and its cost."""
    if not len(opened):
        return np.full(problem.clients, -1), np.full(problem.clients, np.inf)
    part = problem.cost[:, opened]
    best = np.argmin(part, axis=1)
    cost = part[np.arange(problem.clients), best]
    return np.where(np.isfinite(cost), np.asarray(opened)[best], -1), cost
