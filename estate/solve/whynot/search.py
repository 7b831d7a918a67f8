"""Smallest sets of lines that conflict, and how far each would have to give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.solve.whynot.elastic import HELD, LOOSE, OUT, Elastic

if TYPE_CHECKING:
    from estate.solve.clock import Clock
    from estate.solve.whynot.wide import Wide

Modes = NDArray[np.int8]
SECONDS = 20.0  # for one question
MOST_CONFLICTS = 4


@dataclass(frozen=True)
class Relief:
    """What loosening one line alone does.

    Attributes
    ----------
    enough : bool or None
        Whether a plan is then possible; None where the time given did not tell.
    beyond : float
        By how much the line must give, in its own unit.
    used : tuple of int
        Barred columns that the plan then uses.
    saving_gbp : float or None
        What the best plan found then saves [GBP].
    least : bool
        Whether it was proved that less is not enough.
    """

    enough: bool | None
    beyond: float = 0.0
    used: tuple[int, ...] = ()
    saving_gbp: float | None = None
    least: bool = True


@dataclass(frozen=True)
class Conflict:
    """Lines that cannot hold together.

    Attributes
    ----------
    lines : tuple of int
        Numbers of the lines.
    proved : bool
        Whether each was shown to be needed: without it the others hold.
    reliefs : dict of int to Relief
        What loosening each alone does, every other line of every rule held.
    """

    lines: tuple[int, ...]
    proved: bool
    reliefs: dict[int, Relief] = field(default_factory=dict)


class Search:
    """The search for what conflicts.

    Parameters
    ----------
    wide : Wide
        The model with its lines.
    clock : Clock
        Time and listeners.
    """

    def __init__(self, wide: Wide, clock: Clock) -> None:
        self.wide, self.clock = wide, clock
        self.elastic = Elastic(wide, clock)

    def conflicts(self) -> list[Conflict]:
        """Return conflicts that share no line, each as small as it can be, with their reliefs."""
        out: list[int] = []
        found: list[Conflict] = []
        while len(found) < MOST_CONFLICTS and not self.clock.over():
            candidates = self._candidates(out)
            if not candidates:
                break
            conflict = self._smallest(candidates)
            found.append(conflict)
            out += conflict.lines
            if not conflict.lines:
                break
        return [self._relieved(conflict, found) for conflict in found]

    def _modes(self, value: int) -> Modes:
        return np.full(len(self.wide.lines), value, dtype=np.int8)

    def _candidates(self, out: list[int]) -> list[int]:
        """Hold whatever is exceeded, again and again, until what is held cannot hold (elastic filter).

        The first point is the plan in which nothing happens. Any point exceeds a line of every
        conflict that is not held yet, so the points need not be the best.
        """
        modes = self._modes(LOOSE)
        modes[out] = OUT
        held = [line for line in self.elastic.exceeded_by_nothing() if line not in out]
        modes[held] = HELD
        self.clock.tell("looking for the rules in conflict")
        if self._cannot(held):
            return held
        while not self.clock.over():
            answer = self.elastic.solve(modes, 3 * SECONDS, gap=0.2)
            if answer.status == "infeasible":
                return held
            exceeded = np.flatnonzero((modes == LOOSE) & (answer.beyond > 0)).tolist()
            if not exceeded:
                return []
            modes[exceeded] = HELD
            held += exceeded
        return []

    def _smallest(self, candidates: list[int]) -> Conflict:
        """Leave lines out while the conflict stays: many at once first, then one by one."""
        kept, proved = list(candidates), True
        size = max(1, len(kept) // 2)
        while True:
            for start in range(0, len(kept), size)[::-1]:
                trial = kept[:start] + kept[start + size :]
                answer = self._cannot(trial)
                if answer:
                    kept = trial
                proved = proved and (size > 1 or answer is not None)
            if size == 1:
                return Conflict(tuple(sorted(kept)), proved)
            size = max(1, min(size, len(kept)) // 2)

    def _cannot(self, held: list[int]) -> bool | None:
        """Return whether these lines alone cannot hold together; None where time ran out."""
        if not held:
            return False
        modes = self._modes(OUT)
        modes[held] = HELD
        status = self.elastic.solve(modes, SECONDS).status
        return {"infeasible": True, "optimal": False}.get(status)

    def _relieved(self, conflict: Conflict, every: list[Conflict]) -> Conflict:
        """Ask of each line alone how far it must give, all else but other conflicts held."""
        modes = self._modes(HELD)
        for other in every:
            if other is not conflict:
                modes[list(other.lines)] = OUT
        reliefs = {}
        for line in conflict.lines:
            self.clock.tell(f"asking what mends it: {self.wide.lines[line]}")
            trial = modes.copy()
            trial[line] = LOOSE
            reliefs[line] = self._relief(trial, line)
        return Conflict(conflict.lines, conflict.proved, reliefs)

    def _relief(self, modes: Modes, line: int) -> Relief:
        answer = self.elastic.solve(modes, SECONDS)
        if answer.x is None:
            return Relief(False if answer.status == "infeasible" else None)
        bars = self.wide.bars
        mine = bars.loc[bars["line"] == line, "column"].to_numpy()
        used = tuple(int(c) for c in mine[answer.x[mine] > 0.5])
        saving = self.wide.arrays.saving
        best = self.elastic.solve(modes, SECONDS / 2, saving=saving, most=answer.beyond)
        x = answer.x if best.x is None else best.x
        return Relief(True, float(answer.beyond[line]), used, float(saving @ x), answer.status == "optimal")
