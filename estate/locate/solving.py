"""Which engine takes which problem, and what it proved."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from estate.core.errors import VerificationError
from estate.locate.beside import solve_beside, worth_both
from estate.locate.capacitated import Capacitated, solve_capacitated
from estate.locate.compiled import first_run
from estate.locate.covering import call, solve_center, solve_cover
from estate.locate.lists import FREE, MatrixSource
from estate.locate.mip import Limits
from estate.locate.problem import (
    Answer,
    Effort,
    Problem,
    SideRule,
    judged,
    make_problem,
    nothing,
    served,
    unit_of,
)
from estate.locate.programme import CAPACITATED, serving_programme
from estate.locate.recheck import faults
from estate.locate.uncapacitated import Uncapacitated

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TREE = "bound: Lagrangian dual with branch and bound, evaluated with rounding taken off"
SEARCH = "plan: swap search on sparse lists"


def solve(problem: Problem, effort: Effort | None = None) -> Answer:
    """Solve a problem, and check the plan against the matrix before it is returned.

    Parameters
    ----------
    problem : Problem
        From :func:`estate.locate.make_problem` or a file.
    effort : Effort, optional
        When to stop, and which engine.

    Returns
    -------
    Answer

    Raises
    ------
    VerificationError
        If the plan does not keep the rules or costs something else than was said.
    """
    effort = effort or Effort()
    prepare(lambda _: None)
    begun = time.monotonic()
    if problem.kind in {"set-cover", "max-cover"}:
        answer = solve_cover(problem, effort)
    elif problem.kind == "p-center":
        answer = solve_center(problem, effort)
    elif effort.solver == "auto" and worth_both(problem):
        answer = solve_beside(problem, effort, _solve_serving)
    else:
        answer = _solve_serving(problem, effort)
    found = faults(problem, answer)
    if found:
        raise VerificationError(f"The plan failed its check and is not shown: {'; '.join(found)}")
    return replace(answer, seconds=time.monotonic() - begun)


def prepare(say: Callable[[str], None]) -> None:
    """Compile the engine if that has never been done on this machine, and say so.

    Parameters
    ----------
    say : callable
        Receives one sentence before the compiling begins.
    """
    if first_run():
        say("First run: the engine is being compiled, once; this takes about a minute.")
        rehearse()


def rehearse() -> None:
    """Use every kernel once, so that it is compiled, or its compiled code loaded."""
    cost = np.abs(np.subtract.outer(np.arange(12.0), np.arange(0.0, 12.0, 2.0))) ** 1.5
    rule = SideRule("width", np.arange(1.0, 7.0), 12.0)
    parts = {"fixed": np.ones(6), "rules": (rule,)}
    _solve_uncapacitated(make_problem("p-median", cost, p=3, **parts), Effort(0.0, 600.0))
    room = {"demand": np.ones(12), "capacity": np.full(6, 5.0)}
    engine = Capacitated(make_problem("sscflp", cost, **parts, **room), Effort(0.0, 600.0))
    engine.relax(600.0)
    # Nothing proved: so that it searches although the plan is the best.
    engine.bound, engine.ledger.floor = -math.inf, math.inf
    engine.search(600.0)


def _solve_serving(problem: Problem, effort: Effort) -> Answer:
    """Solve a problem in which clients are served at a cost, by one solver."""
    if effort.solver == "auto":
        effort = replace(effort, solver="own")
    return (solve_capacitated if problem.kind in CAPACITATED else _solve_uncapacitated)(problem, effort)


def _solve_uncapacitated(problem: Problem, effort: Effort) -> Answer:
    if effort.solver != "own":
        return _whole_programme(problem, effort)
    begun = time.monotonic()
    reachable = np.isfinite(problem.cost).any(axis=1).all()
    if not reachable:
        return nothing("infeasible", ("bound: some client has no site",), math.inf)
    engine = Uncapacitated(
        MatrixSource(problem.cost), problem.opening(), effort, unit_of(problem.cost, problem.fixed)
    )
    found = engine.solve()
    engines: tuple[str, ...] = (SEARCH, TREE)
    bound, opened = found.bound, found.opened
    if not engine.ledger.done(bound) and engine.rest is not None:
        left = effort.time_limit - (time.monotonic() - begun)
        if left > 0.01 and (engine.small or opened is None) and not effort.stopped():
            bound, opened, who = _hand_over(problem, engine, replace(effort, time_limit=left))
            engines = (*engines, who)
    if opened is None:
        status = "infeasible" if bound == math.inf else "unknown"
        return nothing(status, engines, bound)
    return priced(problem, np.flatnonzero(opened), bound, (effort.gap, engines, found.nodes))


def _hand_over(
    problem: Problem, engine: Uncapacitated, effort: Effort
) -> tuple[float, NDArray[np.bool_] | None, str]:
    """Give HiGHS what the reduced costs leave; what they ruled out stays in the bound."""
    sites = problem.opening() if engine.rest is None else engine.rest[1]
    programme = serving_programme(problem, sites.state)
    limits = Limits(effort.gap, effort.time_limit, seed=effort.seed, stopped=effort.stopped)
    solved, who = call(programme.model, limits, "highs")
    ledger, opened = engine.ledger, engine.best
    if solved.x is not None:
        engine.offer(solved.x[: problem.sites] > 0.5)
        opened = engine.best
    bound = max(engine.bound, min(solved.bound, ledger.floor, ledger.upper))
    free = int((sites.state == FREE).sum())
    return bound, opened, f"plan and bound of the remaining {free} sites: {who}"


def _whole_programme(problem: Problem, effort: Effort) -> Answer:
    """Solve the strong formulation with the solver that was named."""
    programme = serving_programme(problem)
    limits = Limits(effort.gap, effort.time_limit, seed=effort.seed, stopped=effort.stopped)
    solved, who = call(programme.model, limits, effort.solver)
    engines = (f"plan and bound: {who} on the strong formulation",)
    if solved.status == "infeasible":
        return nothing("infeasible", engines, math.inf)
    if solved.x is None:
        return nothing("unknown", engines, solved.bound)
    opened = np.flatnonzero(solved.x[: problem.sites] > 0.5)
    return priced(problem, opened, solved.bound, (effort.gap, engines, solved.nodes))


def priced(
    problem: Problem, opened: NDArray[np.int64], bound: float, told: tuple[float, tuple[str, ...], int]
) -> Answer:
    """Return the answer in which every client goes to its cheapest open site."""
    gap, engines, nodes = told
    serving, cost = served(problem, opened)
    objective = math.fsum(cost.tolist() + problem.fixed[opened].tolist())
    bound = min(bound, objective)
    status = judged(objective, bound, gap)
    return Answer(status, objective, bound, opened, serving, None, engines, nodes)
