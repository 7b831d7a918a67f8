"""Which hubs to open and when: fix in the relaxation what it almost says, and solve it again.

Hubs that the relaxation opens nearly whole are fixed in their median year, the others of their
site are ruled out, and the relaxation is solved again; where none is nearly whole the largest is
fixed, and what stays small is ruled out. Links that are broken come in on the way. When time
presses, all that are left are rounded at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.model.formulation import Model
    from estate.solve.generation import Generation, Solved
    from estate.solve.highs import Watch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEARLY, HALF, SMALL = 0.85, 0.5, 0.35  # of a hub that the relaxation opens
SEEN = 1e-6
ROUNDS = 30


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
        self.place = block.keys["place"].to_numpy()
        self.site = model.inst.places["site"].to_numpy(dtype=int)[self.place]
        self.settled = np.zeros(len(self.columns), dtype=bool)
        self.opened: list[int] = []

    def run(
        self, solved: Solved, left: Callable[[], float], last: Callable[[], float], watch: Watch
    ) -> tuple[Ints, Solved]:
        """Fix hubs until none is left to decide.

        Parameters
        ----------
        solved : Solved
            The relaxation.
        left, last : callable
            Seconds until time presses, and until the work ends as it is.
        watch : Watch
            May stop the work.

        Returns
        -------
        ndarray, Solved
            Columns of the hubs that open, and the relaxation with them held.
        """
        for _ in range(ROUNDS):
            if last() <= 0 or watch.stopped():
                break
            before = self.settled.copy()
            opened = self._fix(solved, hurry=left() <= 0)
            if opened is None:
                break
            again = self.generation.solve(last(), watch)
            if self.generation.impossible:
                # what was just fixed cannot be together with the rest: rule it out instead
                self._take_back(before, opened)
                continue
            self.opened += opened
            if again is None:
                break
            solved = again
            self.generation.add_rows(self.generation.broken(solved.x))
        self.generation.hold(self.columns[~self.settled], 0.0)
        return self.columns[np.array(self.opened, dtype=np.int64)], solved

    def _fix(self, solved: Solved, *, hurry: bool) -> list[int] | None:
        """Fix what is nearly whole, or the largest, or rule out what is small; None where all is settled."""
        value = np.where(self.settled, 0.0, solved.x[self.columns])
        total = np.bincount(self.place, weights=value)
        if total.max(initial=0.0) <= SEEN:
            return None
        if hurry or total.max() < SMALL:
            opened = self._open(np.flatnonzero(total > HALF), value)
            self._rule_out(np.flatnonzero(~self.settled))
            return opened
        nearly = np.flatnonzero(total > NEARLY)
        return self._open(nearly if len(nearly) else np.array([int(total.argmax())]), value)

    def _open(self, places: Ints, value: Floats) -> list[int]:
        """Open places in their median year, and rule out what else could be at their sites."""
        opened = []
        for place in places:
            mine = np.flatnonzero((self.place == place) & ~self.settled)
            if not len(mine):
                continue
            share = np.cumsum(value[mine])
            chosen = int(mine[int(np.argmax(share >= share[-1] / 2))])
            self._rule_out(np.flatnonzero((self.site == self.site[chosen]) & ~self.settled))
            self.generation.hold(self.columns[[chosen]], 1.0)
            opened.append(chosen)
        return opened

    def _rule_out(self, which: Ints) -> None:
        self.settled[which] = True
        self.generation.hold(self.columns[which], 0.0)

    def _take_back(self, before: NDArray[np.bool_], opened: list[int]) -> None:
        self.generation.release(self.columns[self.settled & ~before])
        self.settled = before
        self._rule_out(np.array(opened, dtype=np.int64) if opened else np.flatnonzero(~before))
