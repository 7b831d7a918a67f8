"""Branch and bound on which sites open, with warm bounds: no linear programme anywhere."""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.dual import BEST, Ascent, new_ascent, proven, raise_bound
from estate.locate.lists import CLOSED, FREE, OPEN, Flags, Floats, Lists, Sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 40


@dataclass
class Ledger:
    """Best plan's cost, what has been ruled out, and when to stop.

    Attributes
    ----------
    gap : float
        Relative gap at which the search may end.
    unit : float
        Every plan costs a whole multiple of this; 0 where that is not known.
    upper : float
        Cost of the best plan.
    floor : float
        No plan that was ruled out costs less.
    """

    gap: float
    unit: float
    upper: float = math.inf
    floor: float = math.inf

    def cutoff(self) -> float:
        """Return the value from which on plans need not be looked at."""
        if not math.isfinite(self.upper):
            return math.inf
        return self.upper - max(self.gap * abs(self.upper), self.unit * (1 - 1e-7))

    def aim(self, bound: float) -> float:
        """Return the value towards which a bound is raised: a little above the best plan's."""
        if not math.isfinite(self.upper):
            return bound + 0.1 * abs(bound) + 1.0 if math.isfinite(bound) else 0.0
        return self.upper + 0.1 * (self.upper - bound) if math.isfinite(bound) else self.upper

    def lifted(self, bound: float) -> float:
        """Return a bound raised to the next value that a plan can have."""
        if self.unit <= 0 or not math.isfinite(bound):
            return bound
        steps = bound / self.unit
        return math.ceil(steps - 1e-9 - 1e-12 * abs(steps)) * self.unit

    def rule_out(self, bound: float) -> None:
        """Note that plans of at least this cost are no longer looked at."""
        self.floor = min(self.floor, self.lifted(bound))

    def lower(self, still_open: float = math.inf) -> float:
        """Return the bound of the whole problem, given the least bound of what is still open."""
        return min(self.upper, self.floor, self.lifted(still_open))

    def done(self, still_open: float) -> bool:
        """Return whether the gap is small enough."""
        return self.lower(still_open) >= self.cutoff()


@dataclass(order=True)
class Node:
    """A part of the problem that is still open."""

    bound: float
    number: int
    state: Flags = field(compare=False)
    centre: NDArray[np.float32] = field(compare=False)
    branch: int = field(compare=False)


def settle_sites(lists: Lists, sites: Sites, up: Ascent, ledger: Ledger) -> tuple[float, Sites]:
    """Return a proven bound, and the sites with those settled whose other choice is ruled out.

    Parameters
    ----------
    lists, sites, up
        The problem and its multipliers.
    ledger : Ledger
        Takes note of what is ruled out.

    Returns
    -------
    tuple
        Bound and sites.
    """
    state = np.empty_like(sites.state)
    cutoff = ledger.cutoff()
    bound = proven(lists, sites, up, cutoff, state)
    if not math.isfinite(bound):
        return bound, sites
    if (state != sites.state).any():
        ledger.rule_out(cutoff)
    return bound, sites._replace(state=state)


def branch_site(sites: Sites, share: Floats) -> int:
    """Return the free site whose averaged pick is least decided; -1 where none is free."""
    free = np.flatnonzero(sites.state == FREE)
    if not len(free):
        return -1
    return int(free[np.argmax(share[free] * (1 - share[free]))])


class Tree:
    """The open nodes, best first.

    Parameters
    ----------
    lists : Lists
        Arcs of the whole problem.
    sites : Sites
        Sites at the root.
    ledger : Ledger
        Shared with the search for plans.
    """

    def __init__(self, lists: Lists, sites: Sites, ledger: Ledger) -> None:
        self.lists, self.sites, self.ledger = lists, sites, ledger
        self.heap: list[Node] = []
        self.nodes = 0
        self.shares: list[Floats] = []
        self.leaves: list[NDArray[np.bool_]] = []
        self._number = itertools.count()

    def lower(self) -> float:
        """Return the bound of the whole problem."""
        return self.ledger.lower(self.heap[0].bound if self.heap else math.inf)

    def open(self, sites: Sites, centre: Floats, steps: int, parent: float = -math.inf) -> None:
        """Bound a part of the problem, and keep it unless it is ruled out.

        Parameters
        ----------
        sites : Sites
            With the states of this part.
        centre : ndarray
            Multipliers to begin with.
        steps : int
            Iterations at most.
        parent : float
            Bound of the part that this is a part of.
        """
        self.nodes += 1
        ledger = self.ledger
        up = new_ascent(centre, len(sites.fixed), 0.1)
        if (sites.state != FREE).all():
            self._leaf(sites)
            return
        for _ in range(0, steps, CHUNK):
            cutoff = ledger.cutoff()
            aim = ledger.aim(max(up.number[BEST], parent))
            if raise_bound(self.lists, sites, up, CHUNK, aim, cutoff) < 0:
                return
            bound, sites = settle_sites(self.lists, sites, up, ledger)
            if bound >= cutoff:
                ledger.rule_out(max(bound, parent))
                return
        branch = branch_site(sites, up.share)
        if branch < 0:
            self._leaf(sites)
            return
        self.shares.append(up.share)
        node = Node(max(bound, parent), next(self._number), sites.state, up.centre.astype(np.float32), branch)
        heapq.heappush(self.heap, node)

    def _leaf(self, sites: Sites) -> None:
        opened = sites.state == OPEN
        within = sites.weight @ opened <= sites.limit
        if sites.least <= opened.sum() <= sites.most and within.all():
            self.leaves.append(opened)

    def step(self, steps: int) -> None:
        """Split the node with the least bound in two.

        Parameters
        ----------
        steps : int
            Iterations for each half.
        """
        node = heapq.heappop(self.heap)
        if self.ledger.lifted(node.bound) >= self.ledger.cutoff():
            self.ledger.rule_out(node.bound)
            return
        for choice in (CLOSED, OPEN):
            state = node.state.copy()
            state[node.branch] = choice
            sites = self.sites._replace(state=state)
            self.open(sites, node.centre.astype(float), steps, node.bound)
