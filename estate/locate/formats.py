"""The common formats of location instances, told apart by their shape.

Each reader takes the text and returns a problem, or raises :class:`Unfit` with what does not fit.
`docs/locate.md` describes the formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.problem import Problem, make_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.locate.lists import Floats

PAIR = 2
LARGEST = 400_000_000  # cells of a matrix: 3.2 GB


class Unfit(Exception):  # noqa: N818 - an answer, not an error: another format may fit
    """The text is not of this format."""


@dataclass(frozen=True)
class Given:
    """What the user said of an instance file.

    Attributes
    ----------
    kind : str or None
        Kind of problem.
    p : int or None
        Number of sites.
    capacity : float or None
        Capacity where the file leaves it open.
    """

    kind: str | None = None
    p: int | None = None
    capacity: float | None = None


def _numbers(text: str) -> Floats:
    try:
        return np.array(text.split(), dtype=float)
    except ValueError as error:
        raise Unfit(f"a word where a number is expected ({error})") from None


def _head(values: Floats, count: int) -> list[int]:
    """Return the first numbers, which must be whole and above zero."""
    head = values[:count]
    if len(head) < count or (head != np.round(head)).any() or (head < 1).any():
        raise Unfit(f"the first {count} numbers are not sizes")
    sizes = [int(value) for value in head]
    if sizes[0] * (sizes[1] if count > 1 else 1) > LARGEST:
        raise Unfit("the sizes are too large")
    return sizes


def _exactly(values: Floats, count: int) -> None:
    if len(values) != count:
        raise Unfit(f"{len(values)} numbers where the sizes ask for {count}")


def read_cap(text: str, given: Given) -> Problem:
    """Read OR-Library ``cap``: sites with capacity and cost, then clients with demand and costs."""
    if "capacity" in text:
        if given.capacity is None and given.kind != "ufl":
            raise Unfit("the file leaves the capacity open; give it with --capacity")
        text = text.replace("capacity", str(0.0 if given.capacity is None else given.capacity))
    values = _numbers(text)
    m, n = _head(values, 2)
    _exactly(values, 2 + 2 * m + n * (m + 1))
    if len(text.split("\n", 2)[1].split()) != PAIR:
        raise Unfit("the second line is not the capacity and cost of one site")
    sites = values[2 : 2 + 2 * m].reshape(m, 2)
    clients = values[2 + 2 * m :].reshape(n, m + 1)
    kind = given.kind or ("cflp" if sites[:, 0].any() else "ufl")
    room = sites[:, 0] if given.capacity is None else np.full(m, given.capacity)
    return make_problem(
        kind, clients[:, 1:], fixed=sites[:, 1], demand=clients[:, 0], capacity=room, p=given.p
    )


def read_sscflp(text: str, given: Given) -> Problem:
    """Read Holmberg, Diaz-Fernandez, Yang and TBED1: capacities, costs, demands, a row for each client."""
    values = _numbers(text)
    m, n = _head(values, 2)
    _exactly(values, 2 + 2 * m + n + n * m)
    if len(text.split("\n", 2)[1].split()) == PAIR != m:
        raise Unfit("the second line holds two numbers, not the capacities of all sites")
    room, fixed = values[2 : 2 + m], values[2 + m : 2 + 2 * m]
    demand = values[2 + 2 * m : 2 + 2 * m + n]
    cost = values[2 + 2 * m + n :].reshape(n, m)
    return make_problem(given.kind or "sscflp", cost, fixed=fixed, demand=demand, capacity=room, p=given.p)


def read_simple(text: str, given: Given) -> Problem:
    """Read UflLib's simple format: ``FILE: name``, sizes, then a row for each site."""
    first, _, rest = text.partition("\n")
    if not first.strip().upper().startswith("FILE"):
        raise Unfit("it does not begin with FILE")
    values = _numbers(rest)
    m, n = _head(values, 2)
    _exactly(values, 3 + m * (n + 2))
    rows = values[3:].reshape(m, n + 2)
    return make_problem(given.kind or "ufl", rows[:, 2:].T, fixed=rows[:, 1], p=given.p)


def read_pmed(text: str, given: Given) -> Problem:
    """Read OR-Library ``pmed``: nodes, edges and p, then an edge a line, of which the last counts."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    values = _numbers(text)
    n, edges, p = _head(values, 3)
    _exactly(values, 3 + 3 * edges)
    rows = values[3:].reshape(edges, 3)
    ends = np.sort(rows[:, :2].astype(int) - 1, axis=1)
    if ends.min(initial=0) < 0 or ends.max(initial=0) >= n or (rows[:, 2] < 0).any():
        raise Unfit("an edge has an unknown end or a negative length")
    key = ends[:, 0] * n + ends[:, 1]
    _, last = np.unique(key[::-1], return_index=True)
    last = edges - 1 - last
    graph = csr_matrix((rows[last, 2], (ends[last, 0], ends[last, 1])), shape=(n, n))
    far = shortest_path(graph, directed=False)
    kind = given.kind or "p-median"
    return make_problem(kind, far, p=given.p or p)


def read_pmedcap(text: str, given: Given) -> Problem:
    """Read OR-Library ``pmedcap``: number and best value, points, p and capacity, then the points."""
    values = _numbers(text)
    n, p = _head(values[2:], 2)
    _exactly(values, 5 + 4 * n)
    rows = values[5:].reshape(n, 4)
    far = _whole_distances(rows[:, 1:3])
    room = np.full(n, values[4] if given.capacity is None else given.capacity)
    kind = given.kind or "capacitated-p-median"
    return make_problem(kind, far, p=given.p or p, demand=rows[:, 3], capacity=room)


def read_points(text: str, given: Given) -> Problem:
    """Read TSPLIB p-median: a comment, clients, sites and p, then the points."""
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    values = _numbers(body)
    n, m, p = _head(values, 3)
    if n != m:
        raise Unfit("clients and sites differ in number")
    _exactly(values, 3 + 3 * n)
    far = _whole_distances(values[3:].reshape(n, 3)[:, 1:])
    return make_problem(given.kind or "p-median", far, p=given.p or p)


def _whole_distances(points: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(np.floor(cdist(points, points)))


READERS: tuple[tuple[str, Callable[[str, Given], Problem]], ...] = (
    ("UflLib simple", read_simple),
    ("OR-Library pmedcap", read_pmedcap),
    ("OR-Library pmed", read_pmed),
    ("TSPLIB p-median", read_points),
    ("OR-Library cap", read_cap),
    ("Holmberg, Diaz-Fernandez, Yang or TBED1", read_sscflp),
)
"""Formats and their readers; a text is tried as each in turn."""


def detect(text: str, given: Given) -> tuple[str, Problem] | list[str]:
    """Return the format that fits and the problem, or why each does not fit.

    Parameters
    ----------
    text : str
        Content of the file.
    given : Given
        What the user said.

    Returns
    -------
    tuple or list of str
        Name of the format and the problem; else one reason for each format.
    """
    text = text.replace("\r\n", "\n").strip() + "\n"
    reasons: list[str] = []
    for name, read in READERS:
        try:
            return name, read(text, given)
        except Unfit as reason:
            reasons.append(f"{name}: {reason}")
    return reasons
