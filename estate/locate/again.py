"""Large problems given as points, and many solves of one problem with other demand."""

from __future__ import annotations

import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.lists import Floats, Lists, MatrixSource, PointSource, Sites, Source, scaled
from estate.locate.problem import Answer, Effort, Problem, judged, nothing
from estate.locate.solving import SEARCH, TREE, prepare
from estate.locate.uncapacitated import FIRST_LENGTH, Found, Uncapacitated

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scaled:
    """A source whose clients count more or less than before.

    Parameters
    ----------
    source : Source
        Costs at the first demand.
    lists : Lists
        Lists at the first demand, kept so that nothing is sorted again.
    factor : ndarray, shape (clients,)
        New demand per first demand, above zero.
    """

    def __init__(self, source: Source, lists: Lists, factor: Floats) -> None:
        self.source, self.lists, self.factor = source, lists, factor
        self.clients, self.sites = source.clients, source.sites

    def nearest(self, length: int) -> Lists:
        """Return lists of at most `length` sites a client."""
        lists = self.lists if length <= FIRST_LENGTH else self.source.nearest(length)
        return scaled(lists, self.factor)

    def serve(self, opened: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
        """Return the cheapest of the opened sites for every client (-1: none), and its cost."""
        serving, cost = self.source.serve(opened)
        return serving, cost * self.factor


class Again:
    """Many solves of one p-median or ufl with changed demand, each from where the first ended.

    Parameters
    ----------
    problem : Problem
        The first problem.
    effort : Effort
        When each solve may stop.
    """

    def __init__(self, problem: Problem, effort: Effort) -> None:
        prepare(lambda _: None)
        self.source, self.sites, self.effort = MatrixSource(problem.cost), problem.opening(), effort
        self.lists = self.source.nearest(FIRST_LENGTH)
        self.first = Uncapacitated(self.source, self.sites, effort).solve()

    def solve(self, factor: Floats, fixed: Floats | None = None) -> Answer:
        """Solve with other demand.

        Parameters
        ----------
        factor : ndarray, shape (clients,)
            New demand per first demand, above zero.
        fixed : ndarray, shape (sites,), optional
            New costs of opening.

        Returns
        -------
        Answer
        """
        begun = time.monotonic()
        source = Scaled(self.source, self.lists, np.ascontiguousarray(factor, dtype=float))
        sites = self.sites if fixed is None else self.sites._replace(fixed=np.array(fixed, dtype=float))
        engine = Uncapacitated(source, sites, self.effort)
        multiplier = self.first.multiplier.copy()
        multiplier[: source.clients] *= source.factor
        return _answer(engine.solve(self.first.opened, multiplier), source, self.effort, begun)

    def solve_all(self, factors: Floats, threads: int | None = None) -> list[Answer]:
        """Solve with other demand again and again, several at a time: compiled code runs side by side.

        Parameters
        ----------
        factors : ndarray, shape (solves, clients)
            New demand per first demand, above zero.
        threads : int, optional
            How many at a time; by default as many as there are cores.

        Returns
        -------
        list of Answer
            The same, in the same order, whatever the number of threads.
        """
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            return list(pool.map(self.solve, factors))


def solve_points(source: PointSource, sites: Sites, effort: Effort) -> Answer:
    """Solve a p-median or ufl whose costs are weight times distance; no matrix is made.

    Parameters
    ----------
    source : PointSource
        Clients and sites as points.
    sites : Sites
        Costs and rules of opening.
    effort : Effort
        When to stop.

    Returns
    -------
    Answer
    """
    prepare(lambda _: None)
    begun = time.monotonic()
    return _answer(Uncapacitated(source, sites, effort).solve(), source, effort, begun)


def _answer(found: Found, source: Source, effort: Effort, begun: float) -> Answer:
    if found.opened is None:
        return nothing("infeasible" if found.bound == math.inf else "unknown", (SEARCH, TREE), found.bound)
    opened = np.flatnonzero(found.opened)
    serving, _ = source.serve(opened)
    status = judged(found.cost, found.bound, effort.gap)
    bound = min(found.bound, found.cost)
    seconds = time.monotonic() - begun
    return Answer(status, found.cost, bound, opened, serving, None, (SEARCH, TREE), found.nodes, seconds)
