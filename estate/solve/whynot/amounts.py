"""Conflicts around a limit on an amount: proved by a relaxation, or by a bound with whole events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.solve.whynot.elastic import HELD, LOOSE, OUT, RELAXED, SECONDS, SETTLED, WHOLE, Elastic, Question
from estate.solve.whynot.found import Conflict

if TYPE_CHECKING:
    from estate.solve.clock import Clock
    from estate.solve.whynot.wide import Wide

AMOUNTS = ("partnership", "affordability", "counts", "capital")  # lines that limit an amount ...
WORTH = "materiality|npv"  # ... and the one of materiality that does
ASKED = (*AMOUNTS, "materiality", "locks", "hubs_allowed", "access")  # what is asked; the rest are facts
MANY = 5  # facts in one conflict from which they are not named one by one
BRIEF = 3.0  # for one question whether a line can be left out [s]
LEAVING = 3  # part of the time left that leaving lines out may take


class Amounts:
    """The lines that limit an amount, and what they conflict with.

    Parameters
    ----------
    wide : Wide
        The model with its lines.
    elastic : Elastic
        What answers questions about it.
    clock : Clock
        Time and listeners.
    """

    def __init__(self, wide: Wide, elastic: Elastic, clock: Clock) -> None:
        self.wide, self.elastic, self.clock = wide, elastic, clock
        rules = [line.partition("|")[0] for line in wide.lines]
        self.limits = np.array(
            [rule in AMOUNTS or line == WORTH for rule, line in zip(rules, wide.lines, strict=True)],
            dtype=bool,
        )
        self.asking = np.isin(np.arange(len(wide.lines)), elastic.exceeded_by_nothing())
        self.facts = ~np.isin(rules, ASKED)

    def conflict(self, out: list[int], view: int) -> Conflict | None:
        """Return a conflict that needs a limit on an amount, and is proved by a relaxation or by bounds.

        Limits on amounts are loosened at a price. The least that they must give is a bound that
        solvers raise quickly, where to ask whether a point exists tells them nothing; where it is
        more than nought these limits conflict with what the proof rests on.
        """
        self.clock.tell("looking for the limits in conflict")
        lines = np.setdiff1d(np.arange(len(self.wide.lines)), out)
        facts = lines[self.facts[lines]].tolist()
        rest = lines[~self.facts[lines]].tolist()
        proof = self._proof(facts + rest, view)
        if not proof:
            return None
        if view == WHOLE:  # fewer rows held make it far slower: what is not a limit stays
            stays = facts + [line for line in rest if self.wide.lines[line].startswith(("access", "capital"))]
            kept = self._without([line for line in rest if line not in stays], stays, view)
            return Conflict(tuple(sorted(kept)), proved=False, given=tuple(stays))
        kept = self._without([line for line in rest if line in proof], facts, view)
        proof = self._proof(facts + kept, view) or ()
        named = self._without([line for line in facts if line in proof], kept, view, MANY)
        if len(named) > MANY:
            return Conflict(tuple(sorted(kept)), proved=False, given=tuple(facts))
        return Conflict(tuple(sorted(kept + named)), proved=False)

    def _proof(self, held: list[int], view: int, seconds: float = SECONDS) -> tuple[int, ...] | None:
        """Return lines among these that prove that they cannot hold together; none where they can.

        None where the time given did not tell.
        """
        modes = np.full(len(self.wide.lines), OUT, dtype=np.int8)
        modes[held] = HELD
        loose = self.limits & (modes == HELD)
        if view == WHOLE and (loose & self.asking).any():
            loose &= self.asking  # one price for the whole search: the bound rises sooner
        modes[loose] = LOOSE
        found = self.elastic.solve(Question(modes, seconds, view=view, settle=view == WHOLE))
        if found.status == "infeasible":
            return tuple(held)
        if found.x is not None and found.cost < SETTLED:
            return ()
        if found.least <= SETTLED or (view == RELAXED and found.status != "optimal"):
            return None
        return found.support if view == RELAXED else tuple(held)

    def _without(self, lines: list[int], given: list[int], view: int, most: float = np.inf) -> list[int]:
        """Leave lines out, the first first, many at once where that can be, while the conflict stays.

        Of a relaxation only the lines on which the proof rests stay. It ends once more than `most` are
        known to stay, or after a part of the time.
        """
        kept: list[int] = []
        todo, until = list(lines), self.clock.seconds() + self.clock.left() / LEAVING
        size = max(1, len(todo) // 2)
        while todo and len(kept) <= most and self.clock.seconds() < until:
            trial = todo[size:] + kept
            proof = self._proof(trial + given, view, BRIEF if view == WHOLE else SECONDS) if trial else ()
            if proof:
                todo = [line for line in todo[size:] if line in proof]
                kept = [line for line in kept if line in proof]
            elif size == 1:
                kept.append(todo.pop(0))
            size = max(1, min(size if proof else size // 2, len(todo) // 2))
        return kept + todo
