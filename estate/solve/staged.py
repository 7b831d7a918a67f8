"""Large models: a bound from the relaxation, hubs from it, a plan around them, then better parts.

1. A smaller model (:mod:`estate.solve.relaxation`) gives first prices and a first bound.
2. The relaxation of the whole model, columns and rows added as they matter
   (:mod:`estate.solve.generation`), gives a bound and says nearly which hubs to open.
3. Hubs are fixed a few at a time (:mod:`estate.solve.dive`); with them held the whole model
   with every rule is solved, first for the sites that the relaxation splits, then on all columns
   that cost little: a plan. Where a plan is known from an earlier run its hubs are held instead,
   and its parts are searched again from the beginning. On a thread of its own the bound is
   tightened meanwhile by what small groups of sites can gain in whole numbers
   (:mod:`estate.solve.hulls`).
4. Parts of the plan are freed in turn (a hub and what is around it) and solved again, every rule
   in force, as long as there is time and the gap is open; on both threads once the bound hardly falls.
   Where many in a row bring nothing, all hubs that the relaxation opens in part are freed at once.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.solve.bounds import safe_bound
from estate.solve.cuts import Tightening
from estate.solve.dive import Dive, Times
from estate.solve.exact import solve_exact
from estate.solve.generation import Generation
from estate.solve.highs import Watch, scaled
from estate.solve.idle import idle_point
from estate.solve.neighbourhoods import HALF, Neighbourhoods, first_prices
from estate.solve.outcome import Outcome
from estate.solve.propagation import Propagation
from estate.solve.relaxation import build_relaxation
from estate.solve.restricted import Effort, Restricted
from estate.solve.rounding import events_of_columns
from estate.solve.tree import Talk, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estate.config import SolverSection
    from estate.model.blocks import Arrays
    from estate.model.formulation import Model
    from estate.solve.clock import Clock
    from estate.solve.generation import Solved

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

ENGINE = "HiGHS: plan by parts of the model, bound by its relaxation"
BRANCHED = " and branching over hubs"
ROUNDS = 3  # of links added to the smaller model
PROOF_END, LATE_END = 0.36, 0.65  # of the time limit; late where nothing is known by then
TRY_PART, DIVE_PART, ROUND_PART, PHASE_PART = 0.36, 0.42, 0.5, 0.4  # of what is then left
ROUNDED_FIRST, ROUNDED_THEN = 1, 3  # rounds that cut off fractions of provisions: before hubs are held, after
POOR = 0.85  # of the bound: a plan below it is not worth working on
PATIENCE = 0.03  # of the time limit: no better plan around these hubs for so long, and parts are freed
LONG_PATIENCE = 0.1  # likewise where parts bring nothing
YEAR_TIME = 0.12  # of the time limit, for all sites at once, a year each
SPLIT_TIME = 0.1  # of the time limit, for the sites that the relaxation splits
PART_TIME = 0.05  # of the time limit, for one part of the plan
LEAF_TIME = 0.03  # of the time limit, for one node of the tree with every rule
TREE_COLUMNS = 60_000  # that plans may use: with more a node takes too long
ENOUGH = 1.5e-3  # of the bound: two rounds that bring less, and the thread of the bound helps with the plan
STUCK = 40  # parts in a row that bring nothing: then likely hubs are freed with all that costs little, once
WAIT = 0.2  # [s] between looks at whether there is a plan to work on


class Staged:
    """One search.

    Parameters
    ----------
    model : Model
        Built model.
    solver : SolverSection
        Gap, time and seed asked for.
    clock : Clock
        Time and listeners.
    hands_back : bool
        Whether it ends where no hub is left to divide, as another search goes on from there.
    """

    def __init__(
        self, model: Model, solver: SolverSection, clock: Clock, *, hands_back: bool = False
    ) -> None:
        self.model, self.solver, self.clock, self.hands_back = model, solver, clock, hands_back
        arrays, _ = scaled(model.problem.arrays())
        self.propagation = Propagation(arrays, events_of_columns(model))
        self.arrays = self._possible(arrays)
        self.whole = Restricted(self.arrays)
        self.bound = np.inf
        self.best: Floats | None = None
        self.saving = -np.inf
        self.branched = False  # whether the bound comes from a tree of hubs
        self.known = False  # whether a good plan, with hubs to hold, is known from elsewhere
        self.likely: Callable[[Floats], Mask] | None = None  # frees around a plan what may make it better
        self.planned, self.ended = threading.Event(), threading.Event()
        self.lock = threading.Lock()

    def _possible(self, arrays: Arrays) -> Arrays:
        """Shut what no plan does. Where there is no plan, the relaxation has to say so."""
        shut = self.propagation.ruled_out(arrays.upper <= 0)
        if shut is None:
            return arrays
        self.clock.note(f"{int(shut.sum())} columns that no plan uses")
        return replace(arrays, upper=np.where(shut, 0.0, arrays.upper))

    def closed(self) -> bool:
        """Return whether the gap is closed."""
        return bool(np.isfinite(self.bound)) and self.bound - self.saving <= self.solver.gap * self.bound

    def done(self) -> bool:
        """Return whether the gap is closed or somebody asks to stop."""
        return self.clock.over() or self.closed()

    def keep(self, x: Floats | None, stage: str) -> bool:
        """Keep a point that meets every row and saves more than the best."""
        if x is None or len(self.whole.broken(x)):
            return False
        saving = float(self.arrays.saving @ x)
        with self.lock:
            if saving <= self.saving + 1e-6:
                return False
            self.best, self.saving = x, saving
        self.tell(stage)
        return True

    def tell(self, stage: str) -> None:
        """Report the best plan and bound so far."""
        found = self.saving if np.isfinite(self.saving) else None
        self.clock.tell(stage, found, self.bound if np.isfinite(self.bound) else None)

    def start(self) -> None:
        """Try the plan in which nothing happens: often allowed, and then never lost."""
        self.keep(idle_point(self.model, self.whole, self.clock.left()), "business as usual")

    def until(self, share: float, since: float = 0.0) -> Callable[[], float]:
        """Return a function that says how long it is until a share of the time since then is used [s]."""
        end = since + share * (self.clock.limit - since)
        return lambda: max(0.0, end - self.clock.seconds())

    def prove(self, stage: str) -> Callable[[float], None]:
        """Return a function that takes a bound that was proved."""

        def tell(bound: float) -> None:
            self.bound = min(self.bound, bound)
            self.tell(stage)

        return tell

    def price(self) -> Floats | None:
        """Solve the smaller model for first prices and a first bound; None where time ended first."""
        relaxation = build_relaxation(self.model, self.arrays)
        width = len(relaxation.arrays.saving)
        tightening = Tightening(relaxation, self.clock.left())
        found = tightening.run(ROUNDS, self.prove("first prices"), self.clock.over)
        if found is None:
            return None
        self.clock.note(f"bound {found.bound:,.0f} from a smaller model of {width} columns")
        return first_prices(self.model, relaxation, found)

    def search(self) -> None:
        """Prove a bound, and on another thread meanwhile choose hubs and find a plan around them."""
        price = self.price()
        if price is None or self.done():
            return
        generation = Generation(self.model, self.arrays, price, self.bound)
        tell = self.prove("proving a bound")
        with self._improving(Neighbourhoods(self.model, price, self.bound)):
            end = LATE_END if self.known else PROOF_END
            solved = generation.run(self.until(end), self._watch(), tell, cut=False)
            if solved is None:  # a slow machine: without a relaxation there is nothing to go by
                solved = generation.run(self.until(LATE_END), self._watch(), tell, cut=False)
        if solved is None:
            self.improve(Neighbourhoods(self.model, price, self.bound), self.solver.seed)
            return
        self.clock.note(
            f"bound {self.bound:,.0f} from the relaxation, {int(generation.inside.sum())} columns in"
        )
        now = self.clock.seconds()
        solved = generation.round_off(solved, ROUNDED_FIRST, self.until(DIVE_PART, now), self._watch())
        tell(safe_bound(generation.arrays, solved.dual))
        near = Neighbourhoods(self.model, solved.reduced, self.bound)
        beside = threading.Thread(target=self._beside, args=(generation.twin(), near, tell), daemon=True)
        beside.start()
        try:
            settled = None if self.done() else self.settle(generation, solved, now)
            if settled is not None:
                price, x = (
                    np.maximum(getattr(solved, of), getattr(settled[1], of)) for of in ("reduced", "x")
                )
                self.likely = partial(near.with_likely_hubs, price=price, x=x)
            self.plan(near, generation, settled)
        finally:
            self.ended.set()
            beside.join()

    def _beside(self, generation: Generation, near: Neighbourhoods, tell: Callable[[float], None]) -> None:
        """Go on with the bound as long as it falls, then search parts of the plan like the other thread."""
        generation.run(self.clock.left, Watch(lambda *_: None, self._stopped), tell, enough=ENOUGH)
        self.clock.note(f"bound {self.bound:,.0f} with fractions of merges cut off")
        if int((self.arrays.upper > 0).sum()) <= TREE_COLUMNS:
            self._divide(generation, tell)
        while not self.planned.wait(WAIT) and not self._stopped():
            pass
        self.improve(near, self.solver.seed + 1)

    def _divide(self, generation: Generation, tell: Callable[[float], None]) -> None:
        """Branch over hubs as long as there is something to divide."""
        talk = Talk(
            lambda: self.saving,
            lambda x: self.keep(x, "dividing"),
            tell,
            lambda: 0.0 if self._stopped() or self.done() else self.clock.left(),
        )
        leaf = LEAF_TIME * self.solver.time_limit
        tree = Tree(self.model, generation, self.propagation, self.solver.gap, leaf, talk)
        tree.run()
        self.branched = tree.divided > 0
        self.clock.note(
            f"bound {self.bound:,.0f}: {tree.divided} nodes of hubs divided, {tree.searched} searched"
        )
        if self.hands_back:
            self.ended.set()

    @contextmanager
    def _improving(self, near: Neighbourhoods) -> Iterator[None]:
        """Search parts of a plan that is known, on another thread, as long as the bound takes."""
        proved = threading.Event()
        seed = self.solver.seed + 2
        beside = threading.Thread(target=self.improve, args=(near, seed, proved), daemon=True)
        if self.known:
            beside.start()
        try:
            yield
        finally:
            proved.set()
            if self.known:
                beside.join()

    def _stopped(self) -> bool:
        return self.ended.is_set() or self.clock.stop.is_set()

    def settle(self, generation: Generation, solved: Solved, since: float) -> tuple[Ints, Solved]:
        """Choose hubs by the relaxation; return their columns, and the relaxation with them held."""
        watch, last = self._watch(), self.until(ROUND_PART, since)
        times = Times(self.until(TRY_PART, since), self.until(DIVE_PART, since), last)
        dive = Dive(self.model, generation, times, watch, self.solver.seed)
        hubs, around = (self._known_hubs(dive) if self.known else None) or dive.run(solved)
        self.clock.note(f"{len(hubs)} hubs chosen, {around.saving:,.0f} around them")
        together = dive.choose(solved.x)
        if together is not None:
            hubs, around = together
            self.clock.note(f"{len(hubs)} hubs chosen at once, {around.saving:,.0f} around them")
        around = generation.round_off(around, ROUNDED_THEN, last, watch, afresh=True)
        self.clock.note(f"{around.saving:,.0f} with fractions of provisions cut off")
        return hubs, around

    def _known_hubs(self, dive: Dive) -> tuple[Ints, Solved] | None:
        """Return the hubs of the best plan, and the relaxation with them held; None where time ends."""
        assert self.best is not None  # noqa: S101 - for the type checker
        columns = self.model.problem.blocks["hub"].columns
        hubs = columns[self.best[columns] > HALF]
        around = dive.around(hubs)
        return None if around is None else (hubs, around)

    def plan(self, near: Neighbourhoods, generation: Generation, settled: tuple[Ints, Solved] | None) -> None:
        """Find a plan around the hubs and make it better."""
        if settled is not None:
            hubs, around = settled
            self.whole = Restricted(generation.arrays)
            if not self.known:
                self._first_plan(near, hubs, around)
            if self.best is not None and not self.done():
                free = near.in_one_year(self.best, around.reduced, around.x)
                self.phase(free, self.best, YEAR_TIME * self.clock.limit)
        self.planned.set()
        self.improve(near, self.solver.seed)

    def _first_plan(self, near: Neighbourhoods, hubs: Ints, around: Solved) -> None:
        """Find a plan with these hubs held: first for the sites that the relaxation splits."""
        free, held = near.with_hubs(hubs, around.reduced, around.x)
        first = self.phase(*near.split(free, held, around.x), SPLIT_TIME * self.clock.limit)
        found = self.phase(free, held if first is None else first, PHASE_PART * self.clock.left())
        if found is None:  # these hubs leave no plan, as under a payback limit
            self.phase(*near.with_any_hub(around.reduced, around.x), PHASE_PART * self.clock.left())

    def phase(self, free: Mask, held: Floats, seconds: float, patience: float = PATIENCE) -> Floats | None:
        """Solve the whole model, every rule, on its free columns, until good plans come no more."""
        there = float(self.arrays.saving @ np.where(free, 0.0, held))
        best, when = self.saving, np.inf

        def report(saving: float | None, _bound: float | None) -> None:
            nonlocal best, when
            if saving is not None and there + saving > best + 1.0:
                best, when = there + saving, self.clock.seconds()
            self.tell("searching")

        def stopped() -> bool:
            waited = self.clock.seconds() - when > patience * self.clock.limit
            return self._stopped() or (waited and best > POOR * self.bound)

        effort = Effort(min(seconds, self.clock.left()), 2e-3, 500, heuristics=0.3)
        answer = self.whole.search(free, held, effort, Watch(report, stopped))
        self.clock.note(f"whole model on {int(free.sum())} columns: {answer.status}, {answer.saving:,.0f}")
        self.keep(answer.x, "a plan")
        return answer.x

    def improve(self, near: Neighbourhoods, seed: int, until: threading.Event | None = None) -> None:
        """Free one part of the plan after another, as long as it pays, or until an event."""
        rng = np.random.default_rng(seed)
        tries, idle = 0, 0
        ended = until or self.ended
        watch = Watch(lambda *_: self.tell("searching"), lambda: ended.is_set() or self._stopped())
        while self.best is not None and not self.done() and not watch.stopped():
            from_ = self.best
            free = near.random(rng, from_)
            seconds = min(self.clock.left(), PART_TIME * self.solver.time_limit)
            answer = self.whole.search(free, from_, Effort(seconds, 1e-3, 200, heuristics=0.2), watch)
            idle = 0 if self.keep(self._merged(from_, answer.x), "improving") else idle + 1
            tries += 1
            if idle >= STUCK:
                self._improve_at_once()
        self.clock.note(f"{tries} parts of the plan searched again")

    def _improve_at_once(self) -> None:
        """Free the likely hubs and all that costs little around the plan; on one thread, once."""
        with self.lock:
            likely, self.likely = self.likely, None
        if likely is not None and self.best is not None:
            self.phase(likely(self.best), self.best, PHASE_PART * self.clock.left(), LONG_PATIENCE)

    def _merged(self, before: Floats, after: Floats | None) -> Floats | None:
        """Make the same change to the best plan, where another thread has found a better one meanwhile."""
        best = self.best
        if after is None or best is None or best is before:
            return after
        return np.where(after == before, best, after)

    def _watch(self, stage: str = "searching") -> Watch:
        return Watch(lambda _found, _bound: self.tell(stage), self._stopped)

    def outcome(self) -> Outcome:
        """Say what was found and why the search ended."""
        status, by = "within_gap", "gap"
        if self.bound - self.saving > self.solver.gap * self.bound:
            status, by = ("interrupted", "user") if self.clock.stop.is_set() else ("time_limit", "clock")
        return Outcome(self.best, self.bound, status, by, ENGINE + BRANCHED * self.branched)


def solve_staged(
    model: Model, solver: SolverSection, clock: Clock, start: NDArray[np.float64] | None = None
) -> Outcome:
    """Search a large model; hand it over whole where the stages find no plan.

    A plan to start from is the best so far, where it keeps every row, and is improved part by part.

    Returns
    -------
    Outcome
    """
    search = Staged(model, solver, clock)
    search.known = search.keep(start, "a known plan")
    search.start()
    search.search()
    if search.best is None and not clock.over():
        clock.note("no plan by stages: the whole model goes to the solver")
        return solve_exact(model, solver, clock)
    return search.outcome()
