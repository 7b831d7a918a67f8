"""Large models: a bound from the smaller model, a plan from it, then the plan made better.

1. The smaller model (:mod:`estate.solve.relaxation`) is solved and tightened in rounds: its bound
   holds for every plan.
2. Its whole-number version, on the columns that its prices do not rule out, says which hubs to
   open, when, and who goes where; the solver's own bound may tighten the first.
3. With those hubs held, the whole model with every rule is solved on the few columns left: a plan.
4. Parts of the plan are freed in turn (a hub and what is around it) and solved again, every rule
   in force, as long as there is time and the gap is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.solve.core import build_core
from estate.solve.cuts import Bound, Tightening
from estate.solve.exact import solve_exact
from estate.solve.highs import Watch, scaled
from estate.solve.neighbourhoods import Neighbourhoods, followers
from estate.solve.outcome import Outcome
from estate.solve.relaxation import Relaxation, build_relaxation
from estate.solve.restricted import Effort, Restricted

if TYPE_CHECKING:
    from estate.config import SolverSection
    from estate.model.blocks import Arrays
    from estate.model.formulation import Model
    from estate.solve.clock import Clock

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDS = 5  # of links added to the smaller model
NEAR_SHARE = 4e-5  # of the bound: a column that costs less than this is worth a look
HUB_SHARE = 2e-4  # likewise for opening a hub in a year
CORE_TIME, PHASE_TIME = 0.12, 0.15  # of the time limit


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
    """

    def __init__(self, model: Model, solver: SolverSection, clock: Clock) -> None:
        self.model, self.solver, self.clock = model, solver, clock
        self.arrays, _ = scaled(model.problem.arrays())
        self.whole = Restricted(self.arrays)
        self.bound = np.inf
        self.best: Floats | None = None
        self.saving = -np.inf

    def done(self) -> bool:
        """Return whether the gap is closed or somebody asks to stop."""
        return self.clock.over() or self.bound - self.saving <= self.solver.gap * self.bound

    def keep(self, x: Floats | None, stage: str) -> bool:
        """Keep a point that meets every row and saves more than the best."""
        if x is None or len(self.whole.broken(x)):
            return False
        saving = float(self.arrays.saving @ x)
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
        idle = self.whole.search(
            followers(self.model), np.zeros(len(self.arrays.saving)), Effort(self.clock.left())
        )
        if idle.x is not None:
            self.keep(idle.x, "business as usual")

    def tighten(self, relaxation: Relaxation) -> tuple[Bound, Arrays] | None:
        """Prove a bound; None where the clock ended first."""
        tightening = Tightening(relaxation, self.clock.left())

        def tell(bound: float) -> None:
            self.bound = min(self.bound, bound)
            self.tell("proving a bound")

        found = tightening.run(ROUNDS, tell, self.clock.over)
        if found is None:
            return None
        self.clock.note(f"bound {found.bound:,.0f} after {found.rounds + 1} rounds of the smaller model")
        return found, tightening.arrays

    def core(self, relaxation: Relaxation, proved: Bound, arrays: Arrays) -> Floats | None:
        """Solve the smaller model in whole numbers on the columns worth a look."""
        free = self._worth(relaxation, proved, NEAR_SHARE, HUB_SHARE)
        small = build_core(relaxation, arrays, free)
        watch = self._watch("choosing hubs")
        seconds = min(self.clock.left(), CORE_TIME * self.solver.time_limit)
        answer = small.solve(Effort(seconds, self.solver.gap / 4, 5_000, exact=False, heuristics=0.3), watch)
        self.clock.note(
            f"hubs chosen among {len(small.arrays.saving)} columns: {answer.status}, {answer.saving:,.0f}"
        )
        return answer.x

    def _worth(self, relaxation: Relaxation, proved: Bound, near: float, hub: float) -> Mask:
        """Return the columns of the smaller model that its prices do not rule out."""
        free = np.ones(len(proved.x), dtype=bool)
        limit = near * abs(proved.bound)
        for frame in (relaxation.pairs, relaxation.goes):
            columns = frame["column"].to_numpy()
            free[columns] = proved.reduced[columns] > -limit
        opening = np.unique(relaxation.hub[relaxation.hub >= 0])
        free[opening] = proved.reduced[opening] > -hub * abs(proved.bound)
        return free

    def phase(self, relaxation: Relaxation, proved: Bound, core: Floats) -> None:
        """Hold the hubs of the core and solve the whole model, every rule, around them."""
        near = Neighbourhoods(self.model, relaxation, proved)
        for limit in (-1.0, NEAR_SHARE * abs(proved.bound)):
            free, held = near.around_core(core, limit)
            seconds = min(self.clock.left(), PHASE_TIME * self.solver.time_limit)
            answer = self.whole.search(free, held, Effort(seconds, 2e-3, 500, heuristics=0.2), self._watch())
            self.clock.note(
                f"whole model around them, {int(free.sum())} columns: {answer.status}, {answer.saving:,.0f}"
            )
            if self.keep(answer.x, "a plan"):
                break
            if self.clock.over():
                return
        self.improve(near)

    def improve(self, near: Neighbourhoods) -> None:
        """Free one part of the plan after another, as long as it pays."""
        rng = np.random.default_rng(self.solver.seed)
        tries = 0
        while self.best is not None and not self.done():
            free = near.random(rng, self.best)
            seconds = min(self.clock.left(), 0.1 * self.solver.time_limit)
            answer = self.whole.search(
                free, self.best, Effort(seconds, 1e-3, 200, heuristics=0.2), self._watch()
            )
            self.keep(answer.x, "improving")
            tries += 1
        self.clock.note(f"{tries} parts of the plan searched again")

    def _watch(self, stage: str = "searching") -> Watch:
        return Watch(lambda _found, _bound: self.tell(stage), self.clock.stop.is_set)

    def outcome(self) -> Outcome:
        """Say what was found and why the search ended."""
        status, by = "within_gap", "gap"
        if self.bound - self.saving > self.solver.gap * self.bound:
            status, by = ("interrupted", "user") if self.clock.stop.is_set() else ("time_limit", "clock")
        return Outcome(
            self.best, self.bound, status, by, "HiGHS: plan by parts of the model, bound by the smaller model"
        )


def solve_staged(model: Model, solver: SolverSection, clock: Clock) -> Outcome:
    """Search a large model; hand it over whole where the stages find no plan.

    Returns
    -------
    Outcome
    """
    search = Staged(model, solver, clock)
    search.start()
    relaxation = build_relaxation(model, search.arrays)
    clock.note(f"smaller model of {len(relaxation.arrays.saving)} columns for the bound")
    proved = search.tighten(relaxation)
    if proved is not None and not search.done():
        core = search.core(relaxation, *proved)
        if core is not None:
            search.phase(relaxation, proved[0], core)
    if search.best is None and not clock.over():
        clock.note("no plan by stages: the whole model goes to the solver")
        return solve_exact(model, solver, clock)
    return search.outcome()
