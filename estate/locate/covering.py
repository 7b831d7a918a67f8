"""Covers and centers: by HiGHS on reduced models, the center by trying distances."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from estate.locate.lists import CLOSED, FREE, OPEN, Floats, Ints
from estate.locate.mip import Limits, Model, Solved, solve_with_cbc, solve_with_highs
from estate.locate.problem import Answer, Effort, Problem, judged, nothing, served
from estate.locate.programme import center_programme, cover_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_CORE = 4_000  # clients or sites; with more, comparing all pairs takes longer than it saves


def call(model: Model, limits: Limits, solver: str) -> tuple[Solved, str]:
    """Solve an integer programme; return the answer and the name of who gave it."""
    if solver == "cbc":
        return solve_with_cbc(model, limits), "CBC"
    return solve_with_highs(model, limits), "HiGHS"


def solve_cover(problem: Problem, effort: Effort) -> Answer:
    """Solve a set cover or a maximal cover.

    Parameters
    ----------
    problem : Problem
        With its radius.
    effort : Effort
        When to stop.

    Returns
    -------
    Answer
    """
    model = cover_programme(problem).model
    limits = Limits(effort.gap, effort.time_limit, seed=effort.seed, stopped=effort.stopped)
    found, who = call(model, limits, effort.solver)
    sign = 1.0 if problem.kind == "set-cover" else -1.0
    engines = (f"plan and bound: {who}",)
    if found.status == "infeasible":
        return nothing("infeasible", engines, math.inf)
    if found.x is None:
        return nothing("unknown", engines, sign * found.bound)
    opened = np.flatnonzero(found.x[: problem.sites] > 0.5)
    serving, far = served(problem, opened)
    near = far <= (math.inf if problem.radius is None else problem.radius)
    if problem.kind == "set-cover":
        objective = math.fsum(problem.fixed[opened])
        bound = min(found.bound, objective)
    else:
        objective = math.fsum(problem.demand[near])
        bound = max(-found.bound, objective)
    status = judged(objective, bound, effort.gap)
    return Answer(status, objective, bound, opened, np.where(near, serving, -1), None, engines, found.nodes)


def solve_center(problem: Problem, effort: Effort) -> Answer:
    """Solve a p-center by halving the distances that remain possible.

    At each distance the least number of sites that cover everybody is compared with p, first in
    the linear relaxation and, where that leaves it open, in whole numbers.

    Parameters
    ----------
    problem : Problem
        With distances as costs.
    effort : Effort
        When to stop.

    Returns
    -------
    Answer
    """
    end = time.monotonic() + effort.time_limit
    distances = np.unique(problem.cost[np.isfinite(problem.cost)])
    nearest = problem.cost[:, problem.state != CLOSED].min(axis=1, initial=math.inf)
    engines = (
        f"plan and bound: covers at halved distances by {'CBC' if effort.solver == 'cbc' else 'HiGHS'}",
    )
    if not np.isfinite(nearest).all() or not len(distances):
        return nothing("infeasible", engines, math.inf)
    low = int(np.searchsorted(distances, nearest.max()))
    high, best = _first_center(problem, distances)
    proved = low
    while proved < high and time.monotonic() < end and not effort.stopped():
        middle = (proved + high) // 2
        fits = _covers(problem, float(distances[middle]), effort, end)
        if fits is None:
            break
        if len(fits):
            high, best = _reached(problem, distances, fits), fits
        else:
            proved = middle + 1
    if best is None:
        if proved >= len(distances):
            return nothing("infeasible", engines, math.inf)
        return nothing("unknown", engines, float(distances[min(proved, len(distances) - 1)]))
    serving, far = served(problem, best)
    objective, bound = float(far.max()), float(distances[proved])
    return Answer(judged(objective, bound, effort.gap), objective, bound, best, serving, None, engines)


def _reached(problem: Problem, distances: Floats, opened: Ints) -> int:
    return int(np.searchsorted(distances, served(problem, opened)[1].max()))


def _first_center(problem: Problem, distances: Floats) -> tuple[int, Ints | None]:
    """Return a first plan: again and again the site nearest to whoever is farthest off (Gonzalez 1985)."""
    opened = list(np.flatnonzero(problem.state == OPEN))
    far = problem.cost[:, opened].min(axis=1, initial=math.inf)
    free = problem.state == FREE
    count = problem.p or 0
    while len(opened) < count and free.any():
        worst = int(np.argmax(far))
        choice = int(np.argmin(np.where(free, problem.cost[worst], math.inf)))
        if not free[choice]:
            choice = int(np.flatnonzero(free)[0])
        opened.append(np.int64(choice))
        free[choice] = False
        far = np.minimum(far, problem.cost[:, choice])
    plan = np.array(sorted(opened), dtype=np.int64)
    used = np.array([rule.weight[plan].sum() <= rule.limit for rule in problem.rules])
    if len(opened) == count and np.isfinite(far).all() and used.all():
        return int(np.searchsorted(distances, far.max())), plan
    return len(distances), None


def _covers(problem: Problem, radius: float, effort: Effort, end: float) -> Ints | None:
    """Return p sites that cover everybody within the radius; none if impossible; None if not known."""
    if problem.rules:
        return _asked(center_programme(problem, radius).model, effort, end)
    near, sites, left = _core(problem, radius)
    enough = np.count_nonzero(problem.state != CLOSED) >= (problem.p or 0)
    if not enough or left < 0 or not near.any(axis=1).all():
        return np.zeros(0, np.int64)
    rest = np.flatnonzero(problem.state == OPEN)
    if len(near):
        found = _asked(_few_enough(near, left), effort, end)
        if found is None or not len(found):
            return found
        rest = np.r_[rest, sites[found]]
    others = np.setdiff1d(np.flatnonzero(problem.state == FREE), rest)
    return np.sort(np.r_[rest, others[: (problem.p or 0) - len(rest)]])


def _asked(model: Model, effort: Effort, end: float) -> Ints | None:
    """Return the columns that a model takes; none if impossible; None if not known."""
    none = np.zeros(0, np.int64)
    relaxed = replace(model, integer=np.zeros_like(model.integer))
    limits = Limits(0.0, max(end - time.monotonic(), 0.1), seed=effort.seed, stopped=effort.stopped)
    if call(relaxed, limits, effort.solver)[0].status == "infeasible":
        return none
    limits = replace(limits, seconds=max(end - time.monotonic(), 0.1))
    found, _ = call(model, limits, effort.solver)
    if found.status == "infeasible":
        return none
    return None if found.x is None else np.flatnonzero(found.x > 0.5)


def _few_enough(near: NDArray[np.bool_], count: int) -> Model:
    """Return the question whether so many columns can cover every row."""
    rows, columns = near.shape
    matrix = sparse.csr_matrix(np.vstack([near, np.ones(columns, bool)]).astype(float))
    low, high = np.r_[np.ones(rows), -np.inf], np.r_[np.full(rows, np.inf), float(count)]
    nought = np.zeros(columns)
    return Model(nought, nought, np.ones(columns), np.ones(columns, bool), matrix, low, high)


def _core(problem: Problem, radius: float) -> tuple[NDArray[np.bool_], Ints, int]:
    """Return what a cover within a radius is still about.

    Left out are whoever an open site covers, clients covered with any other that is kept, and sites
    that cover no more than another (Beasley 1987, An algorithm for set covering problem).

    Returns
    -------
    ndarray, ndarray, int
        Whom each site covers, shape (clients, sites); the sites; how many may still open.
    """
    opened, sites = np.flatnonzero(problem.state == OPEN), np.flatnonzero(problem.state == FREE)
    near = problem.cost <= radius
    near = near[~near[:, opened].any(axis=1)][:, sites]
    before = None
    while before != near.shape and max(near.shape) <= LARGEST_CORE:
        before = near.shape
        near = near[~_has_another(near)]
        kept = ~_has_another(~near.T)
        near, sites = near[:, kept], sites[kept]
    return near, sites, (problem.p or 0) - len(opened)


def _has_another(sets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows contain all of another row; of those alike the first stays."""
    whole = sets.astype(np.float32)
    common = whole @ whole.T
    inside = common >= common.diagonal()[:, None]
    alike = inside & inside.T
    order = np.arange(len(sets))
    return np.asarray((inside & (~alike | (order[:, None] < order))).any(axis=0))
