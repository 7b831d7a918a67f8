"""Which hubs to open and when: round in the relaxation what it nearly says, and solve it again.

First the places: what the relaxation opens hardly at all stays shut, what it opens whole opens, and
of the rest the one nearest to either is rounded. Then the years, in the same way, by how far each
hub is open by the end of each. Every rounding is one bound, so the relaxation is solved again in a
fraction of the time, and the places that are left take over from those that were shut. A rounding
that makes the relaxation infeasible is turned round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.model.formulation import Model
    from estate.solve.generation import Generation, Solved
    from estate.solve.highs import Watch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

HARDLY, HALF, WHOLE = 0.08, 0.5, 0.999  # of a hub
AT_ONCE = 4  # one in so many places has years ruled out in a round
ROUNDS = 80


class _Step(NamedTuple):
    """One rounding: columns that are ruled out, and a place that must open (-1 for none)."""

    out: Mask
    opens: int


class Dive:
    """One way from fractions of hubs to whole hubs.

    Parameters
    ----------
    model : Model
        Built model.
    generation : Generation
        Its relaxation.
    """

    def __init__(self, model: Model, generation: Generation) -> None:
        self.generation = generation
        block = model.problem.blocks["hub"]
        self.columns = block.columns
        places, self.place = np.unique(block.keys["place"].to_numpy(), return_inverse=True)
        self.year = block.keys["year"].to_numpy()
        self.out = np.zeros(len(self.columns), dtype=bool)
        self.opens = np.zeros(len(places), dtype=bool)
        self.row = self._rows_of_places()

    def _rows_of_places(self) -> Ints:
        """Add a row for each place, how often it opens, so that it can be made to open."""
        width = self.generation.by_column.shape[1]
        one = np.ones(len(self.columns))
        rows = sparse.csr_matrix((one, (self.place, self.columns)), shape=(len(self.opens), width))
        return self.generation.add_implied(rows, np.ones(len(self.opens)))

    def run(self, solved: Solved, left: Callable[[], float], watch: Watch) -> tuple[Ints, Solved]:
        """Round hubs until each is whole or shut.

        Returns
        -------
        ndarray, Solved
            Columns of the hubs that open, and the last solution of the relaxation.
        """
        for _ in range(ROUNDS):
            step = self._next(solved.x[self.columns])
            if step is None or left() <= 0 or watch.stopped():
                break
            again = self._try(step, left, watch)
            if again is None:
                again = self._try(self._turned(step), left, watch)
            if again is None:
                break
            solved = again
            self.generation.add_rows(self.generation.broken(solved.x))
        return self._chosen(solved.x[self.columns]), solved

    def _by_year(self, x: Floats) -> Floats:
        """Return how far each column's place is open by the end of its year, shape (columns,)."""
        order = np.lexsort((self.year, self.place))
        total = np.cumsum(x[order])
        place = self.place[order]
        before = np.concatenate([[0.0], total])[np.searchsorted(place, np.arange(len(self.opens)))]
        opened = np.empty(len(x))
        opened[order] = total - before[place]
        return opened

    def _next(self, x: Floats) -> _Step | None:
        """Return what to round next; None where every hub is whole or shut."""
        total = np.bincount(self.place, weights=x, minlength=len(self.opens)).astype(float)
        part = (total > 1 - WHOLE) & (total < WHOLE)
        if part.any():
            shut = part & (total < HARDLY)
            nearest = int(np.where(part, abs(total - HALF), -1.0).argmax())
            up = bool(total[nearest] >= HALF)
            shut[nearest] |= not up
            return _Step(shut[self.place] & ~self.out, nearest if up else -1)
        return self._next_year(x, total)

    def _next_year(self, x: Floats, total: Floats) -> _Step | None:
        """Return which years to rule out next, at several places at once; None where all is whole."""
        by = self._by_year(x)
        part = (by > 1 - WHOLE) & (by < WHOLE) & (total[self.place] >= WHOLE)
        if not part.any():
            return None
        out = part & (by < HARDLY)
        clear = np.where(part, abs(by - HALF), -1.0)
        first = np.argsort(-clear, kind="stable")
        clearest = np.unique(self.place[first], return_index=True)[1]
        first = first[np.sort(clearest)]  # one for each place
        undecided = int((clear[first] >= 0).sum())
        for column in first[: max(1, undecided // AT_ONCE)]:
            mine, after = self.place == self.place[column], self.year > self.year[column]
            out |= mine & (after if by[column] >= HALF else ~after)
        return _Step(out & ~self.out, int(self.place[first[0]]))

    def _turned(self, step: _Step) -> _Step:
        """Return the opposite of a rounding that cannot be: the place opens, or stays shut, or later."""
        mine = np.bincount(self.place[step.out], minlength=len(self.opens)) > 0
        if step.opens < 0:
            return _Step(np.zeros(len(self.out), dtype=bool), int(mine.argmax()))
        here = self.place == step.opens
        left = here & ~self.out & ~step.out
        return _Step(left, step.opens if (here & step.out).any() else -1)

    def _try(self, step: _Step, left: Callable[[], float], watch: Watch) -> Solved | None:
        """Round and solve again; where there is no solution take it back."""
        opens = self.opens.copy()
        if step.opens >= 0:
            opens[step.opens] = True
        self._put(self.out | step.out, opens)
        solved = self.generation.solve(left(), watch)
        if solved is None:
            self._put(self.out, self.opens)
            return None
        self.out, self.opens = self.out | step.out, opens
        return solved

    def _put(self, out: Mask, opens: Mask) -> None:
        self.generation.limit(self.columns, np.where(out, 0.0, 1.0))
        self.generation.require(self.row, opens.astype(float))

    def _chosen(self, x: Floats) -> Ints:
        """Return the year in which each place that opens is mostly open, its column."""
        chosen = []
        for place in range(len(self.opens)):
            mine = np.flatnonzero(self.place == place)
            if x[mine].sum() > HALF:
                chosen.append(int(self.columns[mine[x[mine].argmax()]]))
        return np.array(chosen, dtype=np.int64)
