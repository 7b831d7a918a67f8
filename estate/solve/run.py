"""Choose an engine, run it, and say what it proved."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from estate.core.errors import InfeasibleError, Issue, SolverError
from estate.core.types import Estate, Plan, Progress, Solution
from estate.model.attainable import impossible_ids, impossible_standards
from estate.model.formulation import Model, build_model
from estate.solve.begin import beginning
from estate.solve.clock import Clock
from estate.solve.diagnose import ALL_RULES, conflicting_rules, nearly_allowed, surely_none
from estate.solve.highs import scaled
from estate.solve.idle import ceiling, idle_point
from estate.solve.middling import solve_middling
from estate.solve.outcome import contradicted
from estate.solve.plan import read_plan, rounded, saving_of
from estate.solve.restricted import Restricted
from estate.solve.staged import solve_staged

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from estate.config import Config
    from estate.model.instance import Instance
    from estate.solve.outcome import Outcome

IDLE_SECONDS = 10.0  # for business as usual, before or after the search
NOTHING_FOUND = "No plan was found in the time given"
OWN = ("auto", "highs")  # engines; others are handed the whole model through PuLP
SMALL = 30_000  # columns up to which the whole model goes to one MIP


def solve_estate(
    estate: Estate,
    config: Config,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    start: Plan | None = None,
) -> Solution:
    """Find the plan that saves most under the rules, with a proof of how much more there could be.

    Parameters
    ----------
    estate : Estate
        Conformed tables with every default filled.
    config : Config
        The run, its rules resolved.
    progress : callable, optional
        Receives a `Progress` now and then.
    stop : threading.Event, optional
        When set, the best plan so far is returned.
    start : Plan, optional
        That of another run, to begin with as far as it is possible here.

    Returns
    -------
    Solution

    Raises
    ------
    InfeasibleError
        If no plan satisfies the rules; its issues name the rules in conflict, or the standards and
        areas that no plan can serve.
    SolverError
        If the solver failed or found nothing in the time given.
    """
    clock = Clock(config.solver.time_limit, progress, stop or threading.Event())
    clock.tell("building the model")
    model = build_model(estate, config)
    impossible = impossible_standards(model.inst)
    if impossible:
        besides = _besides(estate, config, clock, model.inst)
        raise InfeasibleError(
            "No plan can keep these standards, whatever else it does:", impossible + besides
        )
    clock.note(f"model of {model.problem.width} columns built")
    built = clock.seconds()
    begun = _begun(model, config, clock, start)
    known = begun is not None or model.problem.width <= SMALL or _may_stay(model)
    if not known and surely_none(estate, config, clock):
        raise no_plan(conflicting_rules(estate, config, clock))
    outcome = search_model(model, config, clock, begun, partial(surely_none, estate, config))
    if outcome.status == "infeasible":
        raise no_plan(conflicting_rules(estate, config, clock))
    if outcome.x is None:
        conflicts = [] if clock.stop.is_set() else conflicting_rules(estate, config, clock)
        if conflicts:
            raise no_plan(conflicts)
        nearest = [] if clock.stop.is_set() else nearly_allowed(estate, config, clock)
        raise SolverError(f"{NOTHING_FOUND}; allow more time, or loosen the gap or the rules", nearest)
    return solution_of(model, config, outcome, clock, built)


def _begun(model: Model, config: Config, clock: Clock, start: Plan | None) -> NDArray[np.float64] | None:
    """Return the point with which the search begins; None where there is no plan for it, or it takes none."""
    if start is None:
        return None
    if config.solver.engine.lower() not in OWN:
        clock.note(f"{config.solver.engine} takes no plan to begin with")
        return None
    return beginning(model, start, clock)


def _besides(estate: Estate, config: Config, clock: Clock, inst: Instance) -> list[Issue]:
    """Find what else conflicts where some standards can never be kept: they are left out for that."""
    standards = estate.tables["standards"]
    kept = standards[~standards["standard_id"].astype(str).isin(impossible_ids(inst))]
    rest = replace(estate, tables={**estate.tables, "standards": kept})
    if not surely_none(rest, config, clock):
        return []
    found = conflicting_rules(rest, config, clock)
    return [replace(issue, table=f"besides, {issue.table}") for issue in found]


def no_plan(conflicts: list[Issue]) -> InfeasibleError:
    """Return the error that tells which lines of the rules conflict."""
    return InfeasibleError("No plan satisfies all the rules. These conflict:", conflicts or [ALL_RULES])


def search_model(
    model: Model,
    config: Config,
    clock: Clock,
    start: NDArray[np.float64] | None = None,
    doubt: Callable[[Clock], bool] | None = None,
) -> Outcome:
    """Search a built model with the engine asked for, whole or in stages by its size.

    Where no plan was found in time, business as usual is one, if the rules allow it.

    It may begin with a point that is known to satisfy it. Where the first searches find none, `doubt` is
    asked whether there can be none.
    """
    outcome = _searched(model, config, clock, start, doubt)
    if outcome.status == "infeasible" or (outcome.x is not None and np.isfinite(outcome.bound)):
        return believed(model, outcome, clock)
    arrays, _ = scaled(model.problem.arrays())
    x = idle_point(model, Restricted(arrays), IDLE_SECONDS) if outcome.x is None else outcome.x
    return believed(model, replace(outcome, x=x, bound=min(outcome.bound, ceiling(arrays))), clock)


def believed(model: Model, outcome: Outcome, clock: Clock) -> Outcome:
    """Return an outcome; where its plan saves more than its bound, nothing that was proved is believed.

    One of the searches that it comes from then went wrong. What is left is a bound that needs none.
    """
    if outcome.x is None:
        return outcome
    saving = saving_of(model, rounded(model, outcome.x))
    if not contradicted(outcome.bound, saving):
        return outcome
    clock.note(f"not believed: no plan saves more than {outcome.bound:,.0f}; this one saves {saving:,.0f}")
    return replace(outcome, bound=ceiling(model.problem.arrays()), status="time_limit", stopped_by="doubt")


def _may_stay(model: Model) -> bool:
    """Return whether business as usual is a plan: then nobody need ask whether there is one."""
    arrays, _ = scaled(model.problem.arrays())
    return idle_point(model, Restricted(arrays), IDLE_SECONDS) is not None


def _searched(
    model: Model,
    config: Config,
    clock: Clock,
    start: NDArray[np.float64] | None,
    doubt: Callable[[Clock], bool] | None,
) -> Outcome:
    if config.solver.engine.lower() not in OWN:
        from estate.solve.other import solve_other

        return solve_other(model, config.solver, clock)
    if model.problem.width <= SMALL:
        return solve_middling(model, config.solver, clock, start, doubt)
    return solve_staged(model, config.solver, clock, start)


def solution_of(model: Model, config: Config, outcome: Outcome, clock: Clock, built: float = 0.0) -> Solution:
    """Read the plan of an outcome, priced by the model's own coefficients.

    Raises
    ------
    SolverError
        If the outcome has no point.
    """
    if outcome.x is None:
        raise SolverError("There is no plan to read")
    whole = rounded(model, outcome.x)
    saving = saving_of(model, whole)
    bound = max(outcome.bound, saving)
    within = bound - saving <= max(config.solver.gap * bound, 1e-6 * max(1.0, abs(saving)))
    status, stopped_by = outcome.status, outcome.stopped_by
    if within and status != "optimal":
        status, stopped_by = "within_gap", "gap"
    return Solution(
        plan=read_plan(model, whole),
        status=status,
        objective_gbp=saving,
        bound_gbp=bound,
        stopped_by=stopped_by,
        engine=outcome.engine,
        seconds={"build": built, "solve": clock.seconds() - built},
        log=tuple(clock.log),
    )
