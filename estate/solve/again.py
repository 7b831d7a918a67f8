"""A second look: a search begun again from plans that are known from elsewhere, each checked first."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estate.core.errors import VerificationError
from estate.core.types import Plan
from estate.model.formulation import build_model
from estate.solve.clock import Clock
from estate.solve.highs import scaled
from estate.solve.idle import ceiling, followed
from estate.solve.outcome import Outcome, contradicted
from estate.solve.plan import point_of, rounded, saving_of
from estate.solve.restricted import Restricted
from estate.solve.run import believed, search_model, solution_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.config import Config
    from estate.core.types import Estate, Solution
    from estate.model.formulation import Model

Floats = NDArray[np.float64]
PENNY = 0.01  # [GBP] less is no better plan
CHECK_SECONDS = 10.0  # of one plan, at most
PROVED = 1e-6  # of the saving: a bound so near to it proves the plan best
LOOKS = "second_looks"  # of run.json: what a run took from others of its study
ENGINE = "sum of all gains: bound; plan of another run"


@dataclass(frozen=True)
class Look:
    """What one run took from others of its study.

    Attributes
    ----------
    run : str
        Whose plan it was; blank where none was taken.
    plan : mapping, optional
        That plan, as `estate.core.types.Plan.records` gives it.
    search : bool
        Whether the search began again from it where it was not within the gap.
    bound_run : str
        Whose bound it was; blank where none was taken.
    bound_gbp : float, optional
        That bound [GBP].
    """

    run: str = ""
    plan: Mapping[str, Any] | None = None
    search: bool = True
    bound_run: str = ""
    bound_gbp: float | None = None

    @property
    def words(self) -> str:
        """Say in words what was taken from where."""
        parts = [f"the plan of {self.run}"] if self.run else []
        parts += [f"the bound of {self.bound_run}"] if self.bound_run else []
        return " and ".join(parts)


def look_again(
    estate: Estate,
    config: Config,
    own: Solution | None,
    others: Mapping[str, Plan],
    stop: threading.Event | None = None,
    *,
    search: bool = True,
) -> tuple[str, Solution] | None:
    """Search again from the best of other plans, where one keeps the rules and saves more than the own.

    Where that plan is within the gap asked for already, it is taken over and nothing is searched.

    Parameters
    ----------
    estate, config
        As for `estate.solve.solve_estate`.
    own : Solution or None
        What an earlier search of the same model found and proved; None where it found no plan in time.
    others : mapping of str to Plan
        Plans from elsewhere by name; they may break rules, or do what is not possible here.
    stop : Event, optional
        When set, the best plan so far is returned.
    search : bool
        False takes the plan over as it is.

    Returns
    -------
    tuple of str and Solution, or None
        Whose plan it was, and the best plan found from it, never worse than that plan, with the
        tighter of both bounds. None where no other plan is both allowed and better.
    """
    model = build_model(estate, config)
    clock = Clock(config.solver.time_limit, None, stop or threading.Event())
    found = best_known(model, others, own.objective_gbp + PENNY if own else -np.inf)
    if found is None:
        return None
    name, x = found
    saving = saving_of(model, rounded(model, x))
    clock.note(f"a better plan is that of {name}, which saves {saving:,.0f} here")
    bound = own.bound_gbp if own else ceiling(model.problem.arrays())
    outcome = believed(model, Outcome(x, bound, "time_limit", "clock", own.engine if own else ENGINE), clock)
    if search and outcome.bound - saving > config.solver.gap * outcome.bound:
        outcome = _searched(model, config, outcome, clock)
    solution = solution_of(model, config, outcome, clock)
    return name, replace(solution, log=(*(own.log if own else ()), *solution.log))


def taken(
    asked: tuple[Estate, Config], own: Solution | None, told: Look, stop: threading.Event | None = None
) -> Solution | None:
    """Take a recorded look once more: the bound that came from another run, then the plan.

    Returns
    -------
    Solution or None
        As the look left it; None where no plan is known then either.
    """
    estate, config = asked
    if own and told.bound_gbp is not None:
        own = bounded(own, told.bound_gbp, told.bound_run, config.solver.gap)
    if not told.plan:
        return own
    others = {told.run: Plan.from_records(told.plan)}
    found = look_again(estate, config, own, others, stop, search=told.search)
    return own if found is None else found[1]


def bounded(own: Solution, bound_gbp: float, run: str, gap: float) -> Solution:
    """Return a plan with a tighter bound, that of a run which allows every plan allowed here.

    Parameters
    ----------
    own : Solution
        What a search found and proved.
    bound_gbp : float
        What no plan of that run saves more than [GBP].
    run : str
        Its name.
    gap : float
        Gap asked for [share of the bound].
    """
    if contradicted(bound_gbp, own.objective_gbp):
        line = f"not believed: no plan saves more than {bound_gbp:,.0f}, as proved for {run}"
        return replace(own, log=(*own.log, line))
    bound = max(min(own.bound_gbp, bound_gbp), own.objective_gbp)
    if bound >= own.bound_gbp:
        return own
    apart, status, stopped_by = bound - own.objective_gbp, own.status, own.stopped_by
    if apart <= PROVED * max(1.0, abs(own.objective_gbp)):
        status, stopped_by = "optimal", "gap"
    elif apart <= gap * bound:
        status, stopped_by = "within_gap", "gap"
    line = f"no plan saves more than {bound:,.0f}: proved for {run}, which allows every plan allowed here"
    return replace(own, bound_gbp=bound, status=status, stopped_by=stopped_by, log=(*own.log, line))


def best_known(model: Model, plans: Mapping[str, Plan], least: float) -> tuple[str, Floats] | None:
    """Return name and point of the plan that saves most, of those that keep every row of the model.

    Parameters
    ----------
    model : Model
        Built model.
    plans : mapping of str to Plan
        By name.
    least : float
        A plan must save more than this [GBP].
    """
    worth = []
    for name, plan in plans.items():
        try:
            x = point_of(model, plan)
        except VerificationError:  # it does what cannot be done here
            continue
        saving = saving_of(model, x)
        if saving > least:
            worth.append((saving, name, x))
    if not worth:
        return None
    whole = Restricted(scaled(model.problem.arrays())[0])
    for _, name, x in sorted(worth, key=lambda one: -one[0]):
        point = followed(model, whole, x, CHECK_SECONDS)
        if point is not None:
            return name, point
    return None


def _searched(model: Model, config: Config, known: Outcome, clock: Clock) -> Outcome:
    """Search from a plan; return the better of both plans, and the tighter of both bounds."""
    outcome = search_model(model, config, clock, known.x)
    if known.x is None or outcome.x is None:
        return known
    before, after = (saving_of(model, rounded(model, x)) for x in (known.x, outcome.x))
    x = known.x if before > after else outcome.x
    return believed(model, replace(outcome, x=x, bound=min(outcome.bound, known.bound)), clock)
