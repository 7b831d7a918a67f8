"""Facility location without capacities: exactly p sites, or fixed costs, or both, and side rules.

Minimise ``sum_j fixed_j y_j + sum_i min over open j of cost_ij`` over sets of open sites that keep
the numbers, the locks and the side rules. Plans come from :mod:`estate.locate.search`, bounds from
:mod:`estate.locate.dual`, the proof from :mod:`estate.locate.tree`.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.dual import BEST, Ascent, new_ascent, raise_bound
from estate.locate.lists import FREE, OPEN, Floats, Ints, Lists, Sites, Source, trim
from estate.locate.search import Plan, greedy, kicks, new_plan, settle
from estate.locate.tree import Ledger, Tree, settle_sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.locate.problem import Effort

FIRST_LENGTH = 40
LOG = 20_000
PATIENCE = 2
MOST_HELD = 0.002  # share of multipliers at the end of their list from which lists are lengthened
ROOT_STEPS = 60
MOST_NODES = 3_000  # of a problem that is small enough to be handed over
SMALL_ARCS = 60_000
NODE_STEPS = 80
LARGE_CLIENTS = 8_000  # from here on splitting gains less than searching


@dataclass
class Found:
    """What is known so far.

    Attributes
    ----------
    opened : ndarray of bool or None
        Best plan; None where none was found.
    cost, bound : float
        What it costs; no plan costs less than `bound`.
    multiplier : ndarray
        Multipliers at the root, for a warm start.
    nodes, steps : int
        Parts of the problem looked at, and iterations at the root.
    """

    opened: NDArray[np.bool_] | None
    cost: float
    bound: float
    multiplier: Floats
    nodes: int = 0
    steps: int = 0


class Uncapacitated:
    """One problem being solved.

    Parameters
    ----------
    source : Source
        Costs of serving.
    sites : Sites
        Costs and rules of opening.
    effort : Effort
        When to stop.
    unit : float
        Every plan costs a whole multiple of this; 0 where that is not known.
    """

    def __init__(self, source: Source, sites: Sites, effort: Effort, unit: float = 0.0) -> None:
        self.source, self.sites, self.effort = source, sites, effort
        self.ledger = Ledger(effort.gap, unit)
        self.best: NDArray[np.bool_] | None = None
        self.begun = time.monotonic()
        self.random = np.random.default_rng(effort.seed)
        self.bound = -math.inf
        self.steps = 0
        self.large = source.clients >= LARGE_CLIENTS
        self.small = source.clients * source.sites <= SMALL_ARCS
        self.rest: tuple[Lists, Sites] | None = None

    def over(self, share: float = 1.0) -> bool:
        """Return whether that share of the time is used up, or somebody asks to stop."""
        spent = time.monotonic() - self.begun
        return spent > share * self.effort.time_limit or self.effort.stopped()

    def offer(self, opened: NDArray[np.bool_]) -> bool:
        """Price a plan exactly and keep it if it is the best; return whether it is."""
        sites = self.sites
        if not sites.least <= opened.sum() <= sites.most or (sites.weight @ opened > sites.limit).any():
            return False
        cost = exact_cost(self.source, sites.fixed, np.flatnonzero(opened))
        if cost >= self.ledger.upper:
            return False
        self.ledger.upper, self.best = cost, opened.copy()
        return True

    def improve(self, lists: Lists, sites: Sites, opened: NDArray[np.bool_], tries: int, pool: Ints) -> None:
        """Search from a plan, and offer what is found."""
        plan = new_plan(lists, sites, opened)
        plan.queued[:] = 1
        settle(lists, sites, plan, np.zeros(LOG, np.int64))
        if tries and len(pool):
            kicks(lists, sites, plan, pool, self.random.integers(0, 2**31, (tries, 3)))
        self.offer(plan.opened == 1)

    def start(self, lists: Lists) -> Plan:
        """Find a first plan by greedy choice and swaps; if the rules forbid that one, the leanest."""
        sites = self.sites
        plan = new_plan(lists, sites, sites.state == OPEN)
        greedy(lists, sites, plan)
        if plan.size[0] < sites.least or (plan.used > sites.limit).any():
            plan = new_plan(lists, sites, leanest(sites))
        plan.queued[:] = 1
        settle(lists, sites, plan, np.zeros(LOG, np.int64))
        self.offer(plan.opened == 1)
        return plan

    def solve(self, opened: NDArray[np.bool_] | None = None, multiplier: Floats | None = None) -> Found:
        """Solve the problem as far as the effort allows.

        Parameters
        ----------
        opened : ndarray of bool, optional
            A plan to begin with.
        multiplier : ndarray, optional
            Multipliers to begin with.

        Returns
        -------
        Found
        """
        lists = self.source.nearest(FIRST_LENGTH)
        if opened is None or multiplier is None:
            plan = self.start(lists)
            multiplier = np.concatenate([first_multiplier(lists, plan), np.zeros(len(self.sites.limit))])
        else:
            self.improve(lists, self.sites, opened, 0, np.zeros(0, np.int64))
        up = new_ascent(multiplier, self.source.sites)
        lists, sites = self.root(lists, self.sites, up)
        self.rest = (lists, sites)
        root = up.centre.copy()
        tree = Tree(lists, sites, self.ledger)
        if math.isfinite(self.bound) and not self.ledger.done(self.bound) and not self.over():
            self.grow(tree, up)
            self.bound = max(self.bound, tree.lower())
        return Found(self.best, self.ledger.upper, self.bound, root, tree.nodes, self.steps)

    def root(self, lists: Lists, sites: Sites, up: Ascent) -> tuple[Lists, Sites]:
        """Raise the bound and improve the plan in turns, before anything is split."""
        whole, idle, length = lists, 0, FIRST_LENGTH
        while idle < PATIENCE:
            before, upper = self.bound, self.ledger.upper
            aim = self.ledger.aim(up.number[BEST])
            self.steps += max(raise_bound(lists, sites, up, ROOT_STEPS, aim, self.ledger.cutoff()), 0)
            bound, sites = settle_sites(lists, sites, up, self.ledger)
            self.bound = max(self.bound, self.ledger.lower(bound))
            if self.ledger.done(self.bound) or self.over():
                break
            held = (up.trial[: len(whole.cap)] >= whole.cap).mean()
            if held > MOST_HELD and length < self.source.sites:
                length *= 2
                whole = self.source.nearest(length)
            lists = trim(whole, sites.state)
            self.improve(lists, sites, rounded(sites, up.share), 40, np.flatnonzero(up.share > 0.02))
            if self.large and self.best is not None:
                self.improve(lists, sites, self.best, 400, np.flatnonzero(up.share > 0.02))
            slow = self.bound - before < 0.1 * (self.ledger.upper - self.bound)
            idle = idle + 1 if slow and self.ledger.upper >= upper else 0
        return lists, sites

    def grow(self, tree: Tree, up: Ascent) -> None:
        """Split the problem until the gap is closed, or the time or the patience is over."""
        tree.open(tree.sites, up.centre, NODE_STEPS, self.bound)
        self._harvest(tree)
        while tree.heap and not self.over() and not self._stuck(tree):
            if self.ledger.done(tree.heap[0].bound):
                break
            tree.step(NODE_STEPS)
            self._harvest(tree)

    def _stuck(self, tree: Tree) -> bool:
        """Return whether a problem small enough for HiGHS had better be handed over."""
        return self.small and tree.nodes > MOST_NODES and self.over(0.2)

    def _harvest(self, tree: Tree) -> None:
        """Offer the plans that the tree came upon, and now and then round and search."""
        for opened in tree.leaves:
            self.offer(opened)
        if tree.shares and tree.nodes % 8 == 1:
            share = tree.shares[-1]
            pool = np.flatnonzero(share > 0.02)
            opened = self.best if self.large and self.best is not None else rounded(tree.sites, share)
            self.improve(tree.lists, tree.sites, opened, 400 if self.large else 20, pool)
        tree.leaves.clear()
        tree.shares.clear()


def exact_cost(source: Source, fixed: Floats, opened: Ints) -> float:
    """Return what a set of open sites costs, rounded once; infinite where somebody is not served.

    Parameters
    ----------
    source : Source
        Costs of serving.
    fixed : ndarray
        Costs of opening.
    opened : ndarray
        Numbers of the open sites.

    Returns
    -------
    float
    """
    _, cost = source.serve(opened)
    if not np.isfinite(cost).all():
        return math.inf
    return math.fsum(cost.tolist() + fixed[opened].tolist())


def first_multiplier(lists: Lists, plan: Plan) -> Floats:
    """Return multipliers from a plan: between the cheapest and the second cheapest open site."""
    last = lists.cost[np.maximum(lists.start[1:] - 1, 0)] if len(lists.cost) else plan.near
    return np.asarray(0.5 * (np.minimum(plan.near, last) + np.minimum(plan.next_near, last)))


def leanest(sites: Sites) -> NDArray[np.bool_]:
    """Return as few sites as must be open, those that use least of what the side rules limit."""
    opened = sites.state == OPEN
    free = np.flatnonzero(sites.state == FREE)
    use = (sites.weight[:, free] / np.maximum(np.abs(sites.limit), 1e-300)[:, None]).max(axis=0, initial=0.0)
    short = max(sites.least, 1) - int(opened.sum())
    opened[free[np.argsort(use, kind="stable")][: max(short, 0)]] = True
    return np.asarray(opened)


def rounded(sites: Sites, share: Floats) -> NDArray[np.bool_]:
    """Return a plan from averaged picks: the greatest, as many as they add up to."""
    opened = sites.state == OPEN
    free = np.flatnonzero(sites.state == FREE)
    total = int(opened.sum())
    wanted = min(max(round(float(share[free].sum())) + total, sites.least, 1), sites.most)
    order = free[np.argsort(-share[free], kind="stable")]
    used = sites.weight @ opened
    for j in order:
        if total >= wanted:
            break
        if (used + sites.weight[:, j] <= sites.limit).all():
            opened[j] = True
            used = used + sites.weight[:, j]
            total += 1
    return np.asarray(opened)
