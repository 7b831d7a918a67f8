"""Branch and bound over hubs: a bound that does not open hubs in parts, and choices of hubs for plans.

Where the budget of a year pays for a hub or two, most of what the relaxation promises comes from
halves of hubs. A node of the tree says of some sites that a hub opens there by a year, or that none
does; what follows from that for every other column is worked out row by row
(:mod:`estate.solve.propagation`), and the relaxation of what is left gives its bound, recomputed from
its multipliers (:func:`estate.solve.bounds.priced`). The node with the highest bound is divided
next, at the hub whose two sides lose most (strong branching; Achterberg, T., Koch, T. and Martin, A.
(2005). Branching rules revisited. Operations Research Letters 33, 42-54). Where the relaxation opens
hubs in whole numbers the node is searched with every rule, for a plan and a lower bound.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.bounds import priced
from estate.solve.highs import Watch
from estate.solve.restricted import Effort, Restricted, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.model.blocks import Arrays
    from estate.model.formulation import Model
    from estate.solve.generation import Generation
    from estate.solve.propagation import Propagation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

TRIED = 4  # sites of which both sides are looked at before one is chosen
PLUNGE = 10  # one node in so many is followed down to whole hubs, for a plan
RELIABLE = 2  # divisions at a site after which it is known what they lose
ROUNDS = 3  # of rows that a node breaks
WHOLE = 1e-5  # from 0 or 1: not a part of a hub
SECONDS = 10.0  # for one relaxation
BASES = 1_000  # nodes of which the basis is kept; each takes as many bytes as there are columns and rows
LEAST = 1.0  # [GBP] counted as lost on a side that loses less
SAME, PENNY = 1e-6, 0.01  # relative and [GBP]: a plan that could save so little more is not looked for
OVER = 1e-9  # relative, added to what the solver proves


@dataclass(frozen=True)
class Branch:
    """A division at one site: one of some hubs opens there, or none of them.

    Attributes
    ----------
    site : int
        Number among the sites of hubs.
    chosen, others : ndarray
        The hubs that may still open there, numbered in their block.
    opened : float
        How much of the chosen ones the relaxation opens.
    """

    site: int
    chosen: Ints
    others: Ints
    opened: float


@dataclass(order=True)
class Node:
    """Part of all plans.

    Attributes
    ----------
    rank : float
        The negative of its bound, so that the highest comes first.
    number : int
        Breaks ties.
    shut, forced : ndarray of bool, shape (columns,) and (events,)
        Columns that are 0, and sites where a hub must open.
    hubs : ndarray, shape (hubs,)
        How much of each its relaxation opens.
    basis : HighsBasis or None
        From which its relaxation was solved last.
    searched : int
        How often it was searched with every rule.
    """

    rank: float
    number: int
    shut: Mask = field(compare=False)
    forced: Mask = field(compare=False)
    hubs: Floats = field(compare=False)
    basis: Any = field(compare=False)
    searched: int = field(compare=False, default=0)

    @property
    def bound(self) -> float:
        """Return what no plan of this part exceeds [GBP]."""
        return -self.rank


@dataclass(frozen=True)
class Talk:
    """What the tree is told and tells.

    Attributes
    ----------
    worth : callable
        Returns what the best plan so far saves [GBP].
    keep : callable
        Receives a plan, or None where none was found.
    prove : callable
        Receives a bound [GBP].
    left : callable
        Returns the seconds that may still be used [s].
    """

    worth: Callable[[], float]
    keep: Callable[[Floats | None], object]
    prove: Callable[[float], None]
    left: Callable[[], float]


class Tree:
    """The search.

    Parameters
    ----------
    model : Model
        Built model.
    generation : Generation
        Its relaxation, which the tree changes: a twin of its own.
    propagation : Propagation
        The rows of the model.
    gap : float
        Relative gap that is enough.
    leaf_seconds : float
        For the search of one node with every rule [s].
    talk : Talk
        Where plans come from and go to.
    """

    def __init__(
        self,
        model: Model,
        generation: Generation,
        propagation: Propagation,
        gap: float,
        leaf_seconds: float,
        talk: Talk,
    ) -> None:
        hub = model.problem.blocks["hub"]
        self.columns, self.year = hub.columns, hub.keys["year"].to_numpy()
        self.place = hub.keys["place"].to_numpy()
        self.propagation, self.generation, self.talk = propagation, generation, talk
        self.gap, self.leaf_seconds = gap, leaf_seconds
        self.events, self.site = np.unique(propagation.event[self.columns], return_inverse=True)
        self.watch = Watch(lambda *_: None, lambda: talk.left() <= 0)
        self.number = count()
        self.open: list[Node] = []
        self.enough = -np.inf  # the highest bound of a part that was left as it is
        self.rates, self.times = np.zeros((len(self.events), 2)), np.zeros(len(self.events))
        self.divided, self.searched = 0, 0
        generation.add_columns(np.flatnonzero(~generation.inside & (generation.arrays.upper > 0)))
        self._let_force()

    def _let_force(self) -> None:
        """Add a row for every site with which a hub can be asked for there."""
        shape = (len(self.events), len(self.generation.arrays.saving))
        minus = np.full(len(self.columns), -1.0)
        self.opens = sparse.csr_matrix((minus, (self.site, self.columns)), shape=shape)
        self.first_in, self.first = len(self.generation.rows), len(self.generation.arrays.rule)
        self.generation.cut_off(self.opens, np.zeros(len(self.events)))

    def run(self) -> None:
        """Divide nodes until the gap is closed or time ends, or where no hub opens in part search it once.

        The node with the highest bound comes next, and now and then what is most likely under it, down to
        whole hubs: a plan.
        """
        none, turns = np.zeros(int(self.propagation.event.max(initial=-1)) + 1, dtype=bool), count(1)
        self._push(self._node(np.inf, self.generation.arrays.upper <= 0, none, None))
        while self.open and (self.divided or not self.open[0].searched) and self.talk.left() > 0:
            parts = self._parts(heapq.heappop(self.open))
            if next(turns) % PLUNGE == 0:
                self._plunge(parts)
            for part in parts:
                self._push(part)
            if self.talk.left() > 0:
                self.talk.prove(self.bound())

    def _parts(self, node: Node) -> list[Node | None]:
        """Return what a node is divided into, or itself, searched, where no hub opens in part."""
        branches = self._branches(node)
        return self._divided(node, branches) if branches else [self._search(node)]

    def _plunge(self, parts: list[Node | None]) -> None:
        """Divide the highest of some parts, then the highest of its own, down to whole hubs."""
        below = parts
        while self.talk.left() > 0:
            there = [part for part in below if part is not None and not part.searched]
            highest = min((part for part in there if self._promises(part)), default=None)
            if highest is None:
                return
            below = self._parts(highest)
            parts.remove(highest)
            parts.extend(below)

    def bound(self) -> float:
        """Return what no plan saves more than [GBP]."""
        return max([self.talk.worth(), self.enough, *(node.bound for node in self.open[:1])])

    def _push(self, node: Node | None) -> None:
        """Keep a part of the plans to be divided, unless it is good enough as it is."""
        if node is None:
            return
        if self._promises(node):
            heapq.heappush(self.open, node)
        else:
            self.enough = max(self.enough, node.bound)

    def _promises(self, node: Node) -> bool:
        """Return whether there may be a plan in a node that is better than what is enough."""
        return node.bound - self.talk.worth() > max(self.gap, SAME) * abs(node.bound) + PENNY

    def _branches(self, node: Node) -> list[Branch]:
        """Return the most even division of each site of which a part opens, the most even first."""
        found = []
        there = ~node.shut[self.columns]
        for site in np.unique(self.site[there & (node.hubs > WHOLE)]):
            mine = np.flatnonzero(there & (self.site == site))
            sizes = [mine, *(mine[self.place[mine] == place] for place in np.unique(self.place[mine]))]
            sets = [some[self.year[some] <= year] for some in sizes for year in np.unique(self.year[some])]
            opened = np.array([node.hubs[some].sum() for some in sets])
            even = np.minimum(opened, 1 - opened)
            best = int(np.argmax(even))
            if even[best] > WHOLE:
                others = np.setdiff1d(mine, sets[best])
                found.append(Branch(int(site), sets[best], others, float(opened[best])))
        return sorted(found, key=lambda branch: abs(branch.opened - 0.5))

    def _divided(self, node: Node, branches: list[Branch]) -> list[Node | None]:
        """Divide a node where the two sides lose most together.

        Both sides are looked at of the most even divisions at sites of which little is known yet, and of
        the one that should lose most by what divisions lost before.
        """
        self.divided += 1
        known = [branch for branch in branches if self.times[branch.site] >= RELIABLE]
        tried = [branch for branch in branches if self.times[branch.site] < RELIABLE][:TRIED]
        tried += sorted(known, key=self._expected)[-1:]
        most, parts = -np.inf, []
        for branch in tried:
            sides = [self._side(node, branch, opens=opens) for opens in (False, True)]
            lost = self._lost(node, branch, sides)
            if lost > most:
                most, parts = lost, sides
            if None in sides:
                break
        return parts

    def _lost(self, node: Node, branch: Branch, sides: list[Node | None]) -> float:
        """Return what the two sides of a division lose, multiplied, and remember it."""
        worth = self.talk.worth()
        least = worth if np.isfinite(worth) else node.bound - abs(node.bound)
        lost = [node.bound - max(least, -np.inf if side is None else side.bound) for side in sides]
        self.rates[branch.site] += np.array(lost) / (branch.opened, 1 - branch.opened)
        self.times[branch.site] += 1
        return float(np.prod(np.maximum(lost, LEAST)))

    def _expected(self, branch: Branch) -> float:
        """Return what the two sides of a division should lose, multiplied."""
        rates = self.rates[branch.site] / self.times[branch.site]
        return float(np.prod(np.maximum(rates * (branch.opened, 1 - branch.opened), LEAST)))

    def _side(self, node: Node, branch: Branch, *, opens: bool) -> Node | None:
        """Return the part of a node in which one of the hubs of a branch opens, or none of them."""
        shut, forced = node.shut.copy(), node.forced
        gone = self.columns[branch.others if opens else branch.chosen]
        shut[gone] = True
        if opens:
            forced = forced.copy()
            forced[self.events[branch.site]] = True
        touched = np.concatenate([gone, self.columns[branch.chosen]])
        ruled_out = self.propagation.ruled_out(shut, forced, touched)
        return None if ruled_out is None else self._node(node.bound, ruled_out, forced, node.basis)

    def _node(self, bound: float, shut: Mask, forced: Mask, basis: Any) -> Node | None:  # noqa: ANN401
        """Solve the relaxation of a part of the plans; None where there is no better plan in it."""
        arrays = self._held(shut, forced, basis)
        solved, most = None, np.zeros(0)
        for _ in range(ROUNDS):
            solved = self.generation.solve(min(SECONDS, self.talk.left()), None)
            if solved is None:
                break
            proved, gain = priced(arrays, solved.dual)
            bound, most = min(bound, proved), proved + np.minimum(gain, 0.0)
            rows = self.generation.broken(solved.x)
            if not len(rows):
                break
            self.generation.add_rows(rows)
        if solved is None:
            impossible = self.generation.impossible and self._surely_impossible(arrays)
            hubs = np.zeros(len(self.columns))
            return None if impossible else Node(-bound, next(self.number), shut, forced, hubs, basis)
        less = self._without_the_dear(shut, forced, most)
        if less is None:
            return None
        basis = self.generation.engine.getBasis() if len(self.open) < BASES else None
        return Node(-bound, next(self.number), less, forced, solved.x[self.columns], basis)

    def _held(self, shut: Mask, forced: Mask, basis: Any) -> Arrays:  # noqa: ANN401
        """Hold in the solver what is decided; return the model in which it is."""
        generation, arrays = self.generation, self.generation.arrays
        upper, high = np.where(shut, 0.0, arrays.upper), arrays.row_upper.copy()
        high[self.first : self.first + len(self.events)] = np.where(forced[self.events], -1.0, 0.0)
        inside = generation.columns
        generation.engine.changeColsBounds(
            len(inside), np.arange(len(inside), dtype=np.int32), np.zeros(len(inside)), upper[inside]
        )
        for row, side in enumerate(high[self.first : self.first + len(self.events)]):
            generation.engine.changeRowBounds(self.first_in + row, -highspy.kHighsInf, float(side))
        if basis is not None:
            later = generation.engine.getNumRow() - len(basis.row_status)
            basis.row_status = [*basis.row_status, *[highspy.HighsBasisStatus.kBasic] * later]
            generation.engine.setBasis(basis)
        return replace(arrays, upper=upper, row_upper=high)

    def _surely_impossible(self, arrays: Arrays) -> bool:
        """Return whether multipliers prove what the solver says: even of nothing there is less than none."""
        _, there, ray = self.generation.engine.getDualRay()
        if not there:
            return False
        nothing = replace(arrays, saving=np.zeros(len(arrays.saving)))
        dual = np.zeros(len(arrays.rule))
        dual[self.generation.rows] = np.array(ray)
        return min(priced(nothing, dual)[0], priced(nothing, -dual)[0]) < 0

    def _without_the_dear(self, shut: Mask, forced: Mask, most: Floats) -> Mask | None:
        """Shut also what no plan has that saves more than the best, and what follows from that.

        Parameters
        ----------
        most : ndarray, shape (columns,)
            What a plan with each column saves at most [GBP].
        """
        dear = self.generation.arrays.integer & ~shut & (most < self.talk.worth())
        if not dear.any():
            return shut
        return self.propagation.ruled_out(shut | dear, forced, np.flatnonzero(dear))

    def _search(self, node: Node) -> Node | None:
        """Search a node with every rule, longer each time; None where there is no better plan in it."""
        fresh = self._node(node.bound, node.shut, node.forced, node.basis)
        if fresh is None or self._branches(fresh):  # a better plan known since has shut more
            return fresh
        self.searched += 1
        forced = fresh.forced[self.events]
        asked = Rows("hubs", -self.opens[forced], np.ones(int(forced.sum())))
        seconds = min(self.leaf_seconds * 2**node.searched, self.talk.left())
        answer = Restricted(self.generation.arrays).search(
            ~fresh.shut, np.zeros(len(fresh.shut)), Effort(seconds, self.gap / 2), self.watch, (asked,)
        )
        if answer.status == "infeasible":
            return None
        self.talk.keep(answer.x)
        proved = min(fresh.bound, answer.bound + OVER * abs(answer.bound))
        return replace(fresh, rank=-proved, searched=node.searched + 1)
