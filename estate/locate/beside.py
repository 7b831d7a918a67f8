"""HiGHS on the whole programme beside the engine, each on a processor of its own.

The engine is hundreds of times as fast on most problems and some ten times as slow on a few, where
the relaxation is weak and a solver's cuts are strong. Nobody knows beforehand which these are. So
small problems are given to both, and whichever proves its plan first stops the other.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.problem import PROVED, Answer, Effort, Problem, judged

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ARCS = 30_000  # more take HiGHS memory and time, and the engine hardly any
TINY_ARCS = 4_000
HEAD_START = 0.1  # [s] in which HiGHS ends most tiny problems, before compiled code is loaded
PROCESSORS = 2
ROUNDING = 1e-7  # of a plan: what it may cost less than rounding let another engine's bound be


def worth_both(problem: Problem, processors: int | None = None) -> bool:
    """Return whether a problem is small enough for HiGHS, and the machine has room for both.

    Parameters
    ----------
    problem : Problem
        The problem.
    processors : int, optional
        How many this process may use; else counted.
    """
    if processors is None:
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors >= PROCESSORS and int(np.isfinite(problem.cost).sum()) <= MOST_ARCS


def solve_beside(problem: Problem, effort: Effort, work: Callable[[Problem, Effort], Answer]) -> Answer:
    """Solve a problem by the engine and by HiGHS at once.

    Parameters
    ----------
    problem : Problem
        A problem of serving.
    effort : Effort
        When to stop.
    work : callable
        Solves it by the solver that an effort names.

    Returns
    -------
    Answer
        Of whichever proved its plan first; where time ended, the better plan with the better bound.
    """
    ended, asked = threading.Event(), effort.stopped
    effort = replace(effort, stopped=lambda: ended.is_set() or asked())
    pool = ThreadPoolExecutor(2)
    try:
        highs = pool.submit(work, problem, replace(effort, solver="highs"))
        if problem.cost.size <= TINY_ARCS:
            wait([highs], HEAD_START)
        both = [highs, pool.submit(work, problem, replace(effort, solver="own"))]
        first = next(iter(wait(both, return_when=FIRST_COMPLETED).done))
        if first.exception() is None and first.result().status in PROVED:
            return first.result()
        told = [one.result() for one in both if one.exception() is None]
        return better_of(told, effort.gap) if told else first.result()
    finally:
        ended.set()
        pool.shutdown(wait=False)


def better_of(answers: list[Answer], gap: float) -> Answer:
    """Return the best plan of several with the best bound.

    Parameters
    ----------
    answers : list of Answer
        Answers to the same problem, to be minimised.
    gap : float
        Relative gap that was asked for.
    """
    best = min(answers, key=lambda answer: answer.objective)
    bound = max(answer.bound for answer in answers)
    if bound <= best.objective + ROUNDING * abs(best.objective):  # beyond that the check finds it
        bound = min(bound, best.objective)
    engines = tuple(dict.fromkeys(engine for answer in answers for engine in answer.engines))
    status = judged(best.objective, bound, gap) if len(best.opened) else best.status
    return replace(best, status=status, bound=bound, engines=engines)
