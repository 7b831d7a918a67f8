"""Smallest sets of lines that conflict, and how far each would have to give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.model.terms import keyed
from estate.solve.clock import Clock
from estate.solve.whynot.amounts import Amounts
from estate.solve.whynot.elastic import (
    FEW,
    HELD,
    LOOSE,
    NEAR,
    OUT,
    RELAXED,
    SECONDS,
    SETTLED,
    WHOLE,
    Elastic,
    Found,
    Question,
)
from estate.solve.whynot.found import Conflict, Mend, Relief

if TYPE_CHECKING:
    from estate.solve.whynot.wide import Wide

Modes = NDArray[np.int8]
Floats = NDArray[np.float64]
MOST_CONFLICTS = 4
SMALL = 3_000  # columns up to which only the whole model is asked
WHOLE_SOON = 30_000  # columns up to which a relaxation of the whole model takes seconds
LIMITS = -10  # not a view of its own: limits on amounts, with whole events
COARSE = (1, 3)  # groups of years in which a larger one is asked first
NONE_SERVED = 0.5  # areas are served or not; a point may say so only nearly
NEARLY = 0.01  # relative gap of what the best plan then saves, where the model is large
ALIKE = 1e-4  # relative, between what costs least and what was proved


class Search:
    """The search for what conflicts.

    A large model is relaxed first: events by halves. That proves a conflict around a limit on an
    amount in seconds. Then years are taken together, which does where time does not matter; then in
    more groups; then limits on amounts are asked with whole events, at last everything.

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
        self.large = self.elastic.width > SMALL
        self.amounts = Amounts(wide, self.elastic, clock)
        self.asked = 1  # what mends it: questions that are still to share the time left

    def conflicts(self) -> list[Conflict]:
        """Return conflicts that share no line, each as small as it can be, with their reliefs."""
        out: list[int] = []
        found: list[Conflict] = []
        for view in self._views():
            while len(found) < MOST_CONFLICTS and self._time_for(found):
                if view in (RELAXED, LIMITS):
                    conflict = self.amounts.conflict(out, RELAXED if view == RELAXED else WHOLE)
                    if conflict is None:
                        break
                    found.append(conflict)
                    out += conflict.lines
                    continue
                candidates = self._candidates(out, view)
                if not candidates:
                    break
                conflict = self._smallest(candidates, view)
                found.append(conflict)
                out += conflict.lines
                if not conflict.lines:
                    break
            if found:
                break
        self.asked = 1 + sum(len(conflict.lines) for conflict in found)
        found = [self._relieved(conflict, found) for conflict in found]
        return [self._needed(conflict) for conflict in found]

    def _views(self) -> tuple[int, ...]:
        """Return the models that are asked, in order: what answers soonest first."""
        if not self.large:
            return (WHOLE,)
        if self.elastic.width <= WHOLE_SOON:
            return (RELAXED, LIMITS, *COARSE, WHOLE)
        return (*COARSE, RELAXED, LIMITS, WHOLE)

    def surely_none(self) -> bool:
        """Return whether a coarse look shows that the rules cannot hold together."""
        soon = self.elastic.width <= WHOLE_SOON
        return any(
            self.elastic.solve(Question(self._modes(HELD), SECONDS, view=view)).status == "infeasible"
            for view in ((RELAXED, COARSE[0]) if soon else COARSE[:1])
        )

    def shortfall(self, seconds: float) -> Found:
        """Return the point nearest to a plan: limits on amounts are missed by least, in parts of their size.

        It stops once it is certain whether there is a plan: `cost` is nought, or `least` above it.
        """
        modes = self._modes(HELD)
        modes[self.amounts.limits] = LOOSE
        first = self.elastic.solve(Question(modes, seconds / 2, view=FEW))
        if first.x is not None and first.cost < SETTLED:
            return first
        found = self.elastic.solve(Question(modes, seconds / 2, settle=True))
        return replace(first if first.cost < found.cost else found, least=found.least)

    def _time_for(self, found: list[Conflict]) -> bool:
        """Return whether to look on: half of the time is left to what mends the conflicts found."""
        return not self.clock.over() and not (found and self.clock.left() < self.clock.limit / 2)

    def _spare(self, out: list[int]) -> float:
        """Return how long one look may last [s]; for a further conflict never into the half left to mend."""
        left = self.clock.left() - self.clock.limit / 2 if out else np.inf
        return min(3 * SECONDS, left)

    def _modes(self, value: int) -> Modes:
        return np.full(len(self.wide.lines), value, dtype=np.int8)

    def _candidates(self, out: list[int], view: int) -> list[int]:
        """Hold whatever is exceeded, again and again, until what is held cannot hold (elastic filter).

        The first point is the plan in which nothing happens. Any point exceeds a line of every
        conflict that is not held yet, so the points need not be the best.
        """
        modes = self._modes(LOOSE)
        modes[out] = OUT
        held = [line for line in self.elastic.exceeded_by_nothing() if line not in out]
        modes[held] = HELD
        self.clock.tell("looking for the rules in conflict")
        if self._cannot(held, view):
            return held
        while not self.clock.over() and (seconds := self._spare(out)) > 0:
            answer = self.elastic.solve(Question(modes, seconds, gap=0.2, view=view))
            if answer.status == "infeasible":
                return held
            exceeded = np.flatnonzero((modes == LOOSE) & (answer.beyond > 0)).tolist()
            if not exceeded:
                return []
            modes[exceeded] = HELD
            held += exceeded
        return []

    def _smallest(self, candidates: list[int], view: int) -> Conflict:
        """Leave lines out while the conflict stays: many at once first, then one by one."""
        kept, proved = list(candidates), True
        size = max(1, len(kept) // 2)
        while True:
            for start in range(0, len(kept), size)[::-1]:
                trial = kept[:start] + kept[start + size :]
                answer = self._cannot(trial, view)
                if answer:
                    kept = trial
                proved = proved and (size > 1 or answer is not None)
            if size == 1:
                return Conflict(tuple(sorted(kept)), proved and view == WHOLE)
            size = max(1, min(size, len(kept)) // 2)

    def _needed(self, conflict: Conflict) -> Conflict:
        """Show of each line that the others can hold without it, year by year; drop it where they cannot.

        A line of which loosening alone is enough is needed: with it loosened all others hold.
        """
        if conflict.proved or not self.large:
            return conflict
        self.clock.tell("asking whether every line is needed")
        kept, proved = list(conflict.lines), True
        for line in [line for line in kept if not conflict.reliefs[line].enough]:
            self._share(self.asked + 1)
            others = [other for other in kept if other != line]
            answer = None if self.clock.over() else self._cannot(others + list(conflict.given))
            kept = others if answer else kept
            proved = proved and answer is not None
        reliefs = {line: conflict.reliefs[line] for line in kept}
        return replace(conflict, lines=tuple(kept), proved=proved, reliefs=reliefs)

    def _share(self, parts: float) -> None:
        """Give what is asked next its part of the time left."""
        self.elastic.clock = Clock(self.clock.left() / parts, None, self.clock.stop)

    def _cannot(self, held: list[int], view: int | None = None) -> bool | None:
        """Return whether these lines alone cannot hold together; None where time ran out.

        Without a view the answer is of the whole model, from whichever smaller one settles it.
        """
        if not held:
            return False
        modes = self._modes(OUT)
        modes[held] = HELD
        found = (
            self._least(Question(modes, SECONDS))
            if view is None
            else self.elastic.solve(Question(modes, SECONDS, view=view))
        )
        return True if found.status == "infeasible" else None if found.x is None else False

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
            self.asked -= 1
        return replace(conflict, reliefs=reliefs)

    def mend(self, found: list[Conflict]) -> Mend | None:
        """Return the smallest change of all lines together, each in parts of its own size.

        Lines of the conflicts found give first; the others too where that is not enough. None where
        the time given found none.
        """
        self.clock.tell("asking for the smallest change of all")
        named = [line for conflict in found for line in conflict.lines]
        for loose in (named, range(len(self.wide.lines))):
            modes = self._modes(HELD)
            modes[list(loose)] = LOOSE
            self._share(2)
            question = Question(modes, SECONDS)
            answer = self._least(question)
            if answer.x is not None:
                gives = np.flatnonzero(answer.beyond > 0).tolist()
                self._share(1)
                saving, best = self._best(question, answer.x, answer.beyond)
                reliefs = {
                    line: Relief(
                        True,
                        float(answer.beyond[line]),
                        self._used(best, line),
                        short=self._short(answer.x, line),
                    )
                    for line in gives
                }
                return Mend(reliefs, saving, answer.status == "optimal")
            if answer.status != "infeasible":
                return None
        return None

    def _least(self, question: Question) -> Found:
        """Return the point that exceeds the loose lines least, or saves most; optimal only where proved.

        A large model is asked with years taken together, then only for the events of that answer in
        whichever year, then for all events in few years (lines that held so far still held, then not),
        and whole where none of these found a point. What is not proved then is asked with more groups
        of years.
        """
        if not self.large:
            return self.elastic.solve(question)
        together = self._at_least(question)
        if together.status == "infeasible" or self.elastic.clock.over():
            return replace(together, x=None)
        modes = question.modes
        narrow = np.where((modes == LOOSE) & (together.beyond <= 0), HELD, modes).astype(np.int8)
        best, near = Found("limit"), replace(question, near=together.x)
        for view, asked in ((NEAR, modes), (FEW, narrow), (FEW, modes), (WHOLE, modes)):
            found = self._look(replace(near, modes=asked), view)
            if found.x is not None and found.cost < best.cost:
                best = replace(found, status="limit")
            if view == WHOLE:
                together = replace(together, least=max(together.least, found.least))
            enough = view == FEW and self.elastic.width > WHOLE_SOON
            if best.x is not None and (enough or _alike(best.cost, together.least)):
                break
        least = together.least
        if best.x is not None and not _alike(best.cost, least) and not self.elastic.clock.over():
            least = max(least, self._look(question, COARSE[1]).least)
        return replace(best, least=least, status="optimal" if _alike(best.cost, least) else best.status)

    def _at_least(self, question: Question) -> Found:
        """Return the answer with years taken together; its bound is the relaxation's where that is higher."""
        relaxed = Found("limit")
        if self.elastic.width <= WHOLE_SOON and question.saving is None:
            relaxed = self._look(question, RELAXED)
            if relaxed.status == "infeasible":
                return relaxed
        together = self._look(question, COARSE[0])
        least = relaxed.least if relaxed.status == "optimal" else 0.0
        return replace(together, least=max(together.least, least))

    def _look(self, question: Question, view: int) -> Found:
        """Ask a view of the model, in half of the time that is left where that is much."""
        seconds = max(question.seconds, self.elastic.clock.left() / 2)
        return self.elastic.solve(replace(question, seconds=seconds, view=view))

    def _best(self, question: Question, x: Floats, beyond: Floats) -> tuple[float | None, Floats]:
        """Return the saving and the point of the best plan found that exceeds no more than this one.

        Of a large model one search for events in few years, or near the point, is enough; no saving
        where it found none.
        """
        saving = self.wide.arrays.saving
        asked = replace(question, most=beyond, saving=saving)
        if not self.large:
            best = self.elastic.solve(asked)
            return (float(saving @ x), x) if best.x is None else (float(saving @ best.x), best.x)
        for view in (FEW, NEAR):
            best = self._look(replace(asked, gap=NEARLY, near=x), view)
            if best.x is not None:
                return float(saving @ best.x), best.x
        return None, x

    def _used(self, x: Floats, line: int) -> tuple[int, ...]:
        """Return the columns that a line bars and a point uses."""
        mine = self.wide.bars.loc[self.wide.bars["line"] == line, "column"].to_numpy()
        return tuple(int(c) for c in mine[x[mine] > 0.5])

    def _short(self, x: Floats, line: int) -> tuple[int, ...]:
        """Return the areas at nought in the row of a standard in which a point reaches least."""
        rows = np.flatnonzero(self.wide.low == line)
        if not self.wide.lines[line].startswith("access|") or not len(rows):
            return ()
        part = self.wide.arrays.matrix[rows]
        worst = part[int(np.argmin(part @ x - self.wide.arrays.row_lower[rows]))]
        nought = worst.indices[(worst.data > 0) & (x[worst.indices] < NONE_SERVED)]
        problem = self.wide.model.problem
        served = pd.concat([keyed(problem, name) for name in problem.blocks if name.startswith("served_")])
        return tuple(served.loc[served["column"].isin(nought), "area"].tolist())

    def _relief(self, modes: Modes, line: int) -> Relief:
        question = Question(modes, SECONDS)
        self._share(1.5 * self.asked)
        answer = Found("limit") if self.clock.over() else self._least(question)
        amount = bool(self.amounts.limits[line]) and np.isfinite(answer.least) and answer.least > SETTLED
        surely = answer.least * float(self.elastic.unit[line]) if amount else 0.0
        if answer.x is None:
            return Relief(False if answer.status == "infeasible" else None, surely=surely)
        self._share(3 * self.asked)
        saving, _ = self._best(question, answer.x, answer.beyond)
        least = answer.status == "optimal"
        used, short = self._used(answer.x, line), self._short(answer.x, line)
        return Relief(True, float(answer.beyond[line]), used, saving, least, short, surely)


def _alike(cost: float, least: float) -> bool:
    """Return whether what a point costs is as good as what every point costs."""
    return bool(np.isfinite(cost) and cost <= least + ALIKE * max(1.0, abs(cost)))
