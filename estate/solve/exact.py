"""Small models: the whole model, every row, in one MIP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.solve.highs import Watch, load, run, scaled
from estate.solve.outcome import Outcome
from estate.solve.plan import EVENTS
from estate.solve.ties import break_ties

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.config import SolverSection
    from estate.model.blocks import Arrays
    from estate.model.formulation import Model
    from estate.solve.clock import Clock


def solve_exact(
    model: Model,
    solver: SolverSection,
    clock: Clock,
    start: NDArray[np.float64] | None = None,
    most: float = np.inf,
) -> Outcome:
    """Solve the whole model with HiGHS, from the events of a point where one is given.

    What is told while it searches is never more than `most`, a bound that was proved before [GBP].

    Returns
    -------
    Outcome
        With status optimal where the gap asked for is 0 and proved.
    """
    arrays, _ = scaled(model.problem.arrays())
    if model.problem.width == 0:
        return _nothing_to_decide(arrays)
    options = {
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 1e-4,
        "time_limit": clock.left(),
        "random_seed": solver.seed,
    }
    watch = _watch(clock, most)
    if solver.gap > 0:
        # the solver measures its gap against the plan, we against the bound: this is the stricter
        options["mip_rel_gap"] = solver.gap / (1 + solver.gap)
    engine = load(arrays, options)
    if start is not None:
        events = np.concatenate([model.problem.blocks[family].columns for family in (*EVENTS, "leave")])
        engine.setSolution(len(events), events.astype(np.int32), start[events])
    answer = run(engine, watch)
    clock.note(f"whole model by HiGHS: {answer.status}, {answer.nodes} nodes")
    if answer.status == "infeasible":
        return Outcome(None, np.inf, "infeasible", "gap", "HiGHS, whole model")
    bound = answer.bound + 1e-9 * abs(answer.bound)
    status, by = {
        "optimal": ("optimal" if solver.gap == 0 else "within_gap", "gap"),
        "interrupted": ("interrupted", "user"),
    }.get(answer.status, ("time_limit", "clock"))
    x = answer.x
    if status == "optimal" and x is not None:
        x = break_ties(model, arrays, x, clock, solver.seed)
    return Outcome(x, float(bound), status, by, "HiGHS, whole model: plan and bound")


def _nothing_to_decide(arrays: Arrays) -> Outcome:
    """Answer for a model without columns, which HiGHS calls empty, neither optimal nor infeasible."""
    if (arrays.row_lower > 0).any() or (arrays.row_upper < 0).any():
        return Outcome(None, np.inf, "infeasible", "gap", "nothing to decide")
    return Outcome(np.zeros(0), 0.0, "optimal", "gap", "nothing to decide")


def _watch(clock: Clock, most: float) -> Watch:
    """Tell the clock of the best plan and of the lower of two bounds."""

    def report(found: float | None, bound: float | None) -> None:
        least = min(most, np.inf if bound is None else bound)
        clock.tell("searching", found, least if np.isfinite(least) else None)

    return Watch(report, clock.stop.is_set)
