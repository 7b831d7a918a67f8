"""Which hubs to open and when: open in the relaxation what it almost says, then change single hubs.

1. Hubs that the relaxation opens nearly whole are opened in their median year, the others of their
   site are ruled out, and the relaxation is solved again. Where none is nearly whole the largest
   few are tried in turn, and the one that leaves most stays open, until no further hub can save
   more than what is open already saves with all the rest shut.
2. With these places held and their years free again, the relaxation says when each should open; the
   most decided is given its year first, the best of a few. Years taken while the places were chosen
   cost far more: budgets tie them to one another.
3. Then one hub is opened, shut, exchanged or given another year, and kept so where the relaxation
   with all hubs held saves more.
4. Where there is time for it HiGHS chooses several at once (:mod:`estate.solve.support`).

With hubs held, presolve leaves a tenth of the relaxation: from scratch it is solved in a tenth of
the time that the last basis needs, so that many choices can be tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.solve.support import near_support, whole_hubs

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.model.formulation import Model
    from estate.solve.generation import Generation, Solved
    from estate.solve.highs import Watch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

NEARLY, FAINT = 0.85, 0.02  # of a hub that the relaxation opens
TRIED = 4  # hubs, of which the one that leaves most is opened
YEARS_TRIED, DOUBT, DECIDED = 3, 0.05, 0.6  # years of a hub that are tried, and how much of it opens in them
FAR_SHARE = 1e-4  # of the saving: moves that cost more wait until the hubs are chosen
SEEN = 1e-6
GAIN = 1.0  # [GBP] a choice that saves less beyond the best is not another one
PATIENCE = 40  # changes in a row without gain
MANY = 150  # changes for which half of the time is left: then several are chosen at once in it
NEAR_YEARS = 2
EVEN = 0.05  # weight of a hub that the relaxation does not open at all


@dataclass(frozen=True)
class Times:
    """Seconds that are left of the parts of the work.

    Attributes
    ----------
    trying, changing, all : callable
        Until only the largest hub is tried, until hubs are changed no more, until the work ends as it is [s].
    """

    trying: Callable[[], float]
    changing: Callable[[], float]
    all: Callable[[], float]


@dataclass(frozen=True)
class Choice:
    """Hubs that open, all others shut, and the relaxation with them held."""

    hubs: frozenset[int]
    solved: Solved


class Dive:
    """One way from fractions of hubs to whole hubs.

    Parameters
    ----------
    model : Model
        Built model.
    generation : Generation
        Its relaxation.
    times : Times
        Limits.
    watch : Watch
        May stop the work.
    seed : int
        Of the changes.
    """

    def __init__(self, model: Model, generation: Generation, times: Times, watch: Watch, seed: int) -> None:
        self.model, self.generation, self.times, self.watch = model, generation, times, watch
        self.rng = np.random.default_rng(seed)
        self.moves = model.problem.blocks["move"].columns
        block = model.problem.blocks["hub"]
        self.columns = block.columns
        self.place = block.keys["place"].to_numpy()
        self.year = block.keys["year"].to_numpy()
        self.site = model.inst.places["site"].to_numpy(dtype=int)[self.place]
        self.out = np.zeros(len(self.columns), dtype=bool)
        self.open: list[int] = []
        self.best: Choice | None = None

    def run(self, solved: Solved) -> tuple[Ints, Solved]:
        """Choose hubs.

        Parameters
        ----------
        solved : Solved
            The relaxation with all hubs free.

        Returns
        -------
        ndarray, Solved
            Columns of the hubs that open, and the relaxation with them held, or as it was last
            where time ended before.
        """
        first = solved.x[self.columns]
        far = self._far(solved)
        self.generation.hold(far, 0.0)
        solved = self._open_some(solved)
        if self.best is not None:
            self._when(self.best.hubs)
        self.generation.release(far)
        if self.best is not None:
            self._change(first)
            hubs, solved = self.best.hubs, self.best.solved
        else:
            hubs = frozenset(self.open)
        again = self._held(hubs)
        return self.columns[np.array(sorted(hubs), dtype=np.int64)], again or solved

    def choose(self, first: Floats) -> tuple[Ints, Solved] | None:
        """Choose several hubs at once, in the time that single changes left; None where that brings nothing.

        Parameters
        ----------
        first : ndarray, shape (columns,)
            Solution of the relaxation with all hubs free.
        """
        if self.best is None or self._over(self.times.changing):
            return None
        allowed = near_support(self.place, self.year, first[self.columns])
        allowed &= self.generation.inside[self.columns]
        allowed[list(self.best.hubs)] = True
        start, seconds = self.best.solved.x, self.times.changing()
        chosen = whole_hubs(self.model, self.generation, allowed, start, seconds, self.watch)
        hubs = None if chosen is None else frozenset(int(hub) for hub in np.flatnonzero(chosen))
        if hubs is None or not self._note(hubs, self._held(hubs)):
            return None
        return self.columns[np.array(sorted(hubs), dtype=np.int64)], self.best.solved

    def around(self, hubs: Ints) -> Solved | None:
        """Solve the relaxation with given hubs held and all others shut; None where that cannot be.

        Parameters
        ----------
        hubs : ndarray
            Their columns.
        """
        mine = np.flatnonzero(np.isin(self.columns, hubs))
        return self._held(frozenset(int(hub) for hub in mine))

    def _far(self, solved: Solved) -> Ints:
        dear = solved.reduced[self.moves] < -FAR_SHARE * abs(solved.saving)
        return np.asarray(self.moves[dear & (solved.x[self.moves] < SEEN)])

    def _over(self, left: Callable[[], float]) -> bool:
        return left() <= 0 or self.watch.stopped()

    def _solve(self, hubs: list[int], out: Mask) -> Solved | None:
        """Solve the relaxation with hubs open and others ruled out; None where that cannot be."""
        self.generation.release(self.columns)
        self.generation.hold(self.columns[out], 0.0)
        self.generation.hold(self.columns[np.array(hubs, dtype=np.int64)], 1.0)
        return self.generation.solve(self.times.all(), self.watch, afresh=True)

    def _held(self, hubs: frozenset[int]) -> Solved | None:
        """Solve the relaxation with all hubs held."""
        out = np.ones(len(self.columns), dtype=bool)
        out[list(hubs)] = False
        return self._solve(sorted(hubs), out)

    def _open_some(self, solved: Solved) -> Solved:
        """Open hubs until no more of them can be worth it; return the relaxation with those held."""
        while not self._over(self.times.all):
            value = np.where(self.out, 0.0, solved.x[self.columns])
            value[self.open] = 0.0
            share = np.asarray(np.bincount(self.place, weights=value), dtype=float)
            nearly = np.flatnonzero(share > NEARLY)
            if not len(nearly):
                self._shut_rest()
            if share.max(initial=0.0) <= FAINT:
                break
            again = self._open_nearly(nearly, value) if len(nearly) else self._open_best(share, value)
            if again is None:
                again = self._solve(self.open, self.out)
            if again is None or (self.best is not None and again.saving <= self.best.solved.saving):
                break
            solved = again
            self.generation.add_rows(self.generation.broken(solved.x))
        return solved

    def _open_nearly(self, places: Ints, value: Floats) -> Solved | None:
        """Open all that are nearly whole, or where that cannot be the first of them."""
        for some in (places, places[:1]):
            hubs, out = self._with(some, value)
            again = self._solve(hubs, out)
            if again is not None:
                self.open, self.out = hubs, out
                return again
            if not self.generation.impossible:
                return None
        self.out[hubs[-1]] = True
        return None

    def _open_best(self, share: Floats, value: Floats) -> Solved | None:
        """Open the one of the largest that leaves most; rule out what cannot open."""
        tried = 1 if self._over(self.times.trying) else TRIED
        best = None
        for place in np.argsort(-share, kind="stable")[:tried]:
            if share[place] <= FAINT:
                break
            hubs, out = self._with(np.array([place]), value)
            again = self._solve(hubs, out)
            if again is None:
                if not self.generation.impossible:
                    break
                self.out[hubs[-1]] = True
            elif best is None or again.saving > best[2].saving:
                best = hubs, out, again
        if best is None:
            return None
        self.open, self.out = best[0], best[1] | self.out
        return best[2]

    def _with(self, places: Ints, value: Floats) -> tuple[list[int], Mask]:
        """Return the hubs open with those of some places in their median year, and what that rules out."""
        hubs, out = list(self.open), self.out.copy()
        for place in places:
            mine = np.flatnonzero((self.place == place) & (value > 0) & ~out)
            if not len(mine):  # the other size of one that has just been opened
                continue
            share = np.cumsum(value[mine])
            chosen = int(mine[int(np.argmax(share >= share[-1] / 2))])
            out[self.site == self.site[chosen]] = True
            out[chosen] = False
            hubs.append(chosen)
        return hubs, out

    def _shut_rest(self) -> None:
        """Note what the open hubs save with all the rest shut."""
        hubs = frozenset(self.open)
        self._note(hubs, self._held(hubs))

    def _when(self, chosen: frozenset[int]) -> None:
        """Give each of the chosen places its year, the most decided first; all at once if time is short."""
        out = ~np.isin(self.place, self.place[list(chosen)])
        hubs: list[int] = []
        solved = self._solve(hubs, out)
        while solved is not None and not out.all():
            value = np.where(out, 0.0, solved.x[self.columns])
            if self._over(self.times.changing) or value.max() <= FAINT:
                hubs += self._most_open(value)
                break
            most = int(np.argmax(value))
            years = np.flatnonzero((self.place == self.place[most]) & (value >= min(DOUBT, value[most])))
            tried = 1 if self._over(self.times.trying) or value[most] > DECIDED else YEARS_TRIED
            out[self.place == self.place[most]] = True
            found = [
                (again.saving, int(year), again)
                for year in years[np.argsort(-value[years], kind="stable")][:tried]
                if (again := self._solve([*hubs, int(year)], out)) is not None
            ]
            if not found:
                return
            _, year, solved = max(found, key=lambda one: one[0])
            hubs.append(year)
        self._note(frozenset(hubs), self._held(frozenset(hubs)))

    def _most_open(self, value: Floats) -> list[int]:
        """Return the hub that is most open at each place."""
        order = np.argsort(-value, kind="stable")
        _, first = np.unique(self.place[order], return_index=True)
        return [int(hub) for hub in order[first] if value[hub] > FAINT]

    def _note(self, hubs: frozenset[int], solved: Solved | None) -> bool:
        """Keep a choice that saves more than the best, rows that it breaks added."""
        for _ in range(2):
            if solved is None or (self.best and solved.saving <= self.best.solved.saving + GAIN):
                return False
            rows = self.generation.broken(solved.x)
            if not len(rows):
                break
            self.generation.add_rows(rows)
            solved = self._held(hubs)
        if solved is None or (self.best and solved.saving <= self.best.solved.saving + GAIN):
            return False
        self.best = Choice(hubs, solved)
        return True

    def _change(self, first: Floats) -> None:
        """Change single hubs as long as it pays now and then."""
        candidates = np.flatnonzero(self.generation.inside[self.columns])
        weight = np.bincount(self.place, weights=first)[self.place[candidates]] + EVEN
        weight /= weight.sum()
        seen: set[frozenset[int]] = set()
        idle, whole = 0, self.times.changing()
        while idle < PATIENCE and not self._over(self.times.changing):
            hubs = self._changed(candidates, weight)
            idle += 1
            if hubs in seen:
                continue
            seen.add(hubs)
            if self._note(hubs, self._held(hubs)):
                idle = 0
            left = self.times.changing()
            if left < whole / 2 and left > MANY * (whole - left) / len(seen):
                break

    def _changed(self, candidates: Ints, weight: Floats) -> frozenset[int]:
        """Return the best hubs with one opened, shut, exchanged or in another year."""
        assert self.best is not None  # noqa: S101 - for the type checker
        hubs = set(self.best.hubs)
        kind = self.rng.choice(["open", "shut", "exchange", "year"], p=[0.35, 0.1, 0.2, 0.35])
        if kind != "open" and hubs:
            gone = int(self.rng.choice(sorted(hubs)))
            hubs.remove(gone)
            if kind == "year":
                near = abs(self.year[candidates] - self.year[gone]) <= NEAR_YEARS
                others = candidates[near & (self.site[candidates] == self.site[gone]) & (candidates != gone)]
                hubs |= {int(self.rng.choice(others))} if len(others) else {gone}
        if kind in ("open", "exchange") and len(candidates):
            new = int(self.rng.choice(candidates, p=weight))
            hubs = {hub for hub in hubs if self.site[hub] != self.site[new]} | {new}
        return frozenset(hubs)
