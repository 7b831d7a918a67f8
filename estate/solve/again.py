"""A second look: a search begun again from plans that are known from elsewhere, each checked first."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.core.errors import VerificationError
from estate.model.formulation import build_model
from estate.solve.clock import Clock
from estate.solve.highs import scaled
from estate.solve.idle import ceiling
from estate.solve.neighbourhoods import followers
from estate.solve.outcome import Outcome
from estate.solve.plan import point_of, rounded, saving_of
from estate.solve.restricted import Effort, Restricted
from estate.solve.run import search_model, solution_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.config import Config
    from estate.core.types import Estate, Plan, Solution
    from estate.model.formulation import Model

Floats = NDArray[np.float64]
PENNY = 0.01  # [GBP] less is no better plan
CHECK_SECONDS = 10.0  # of one plan, at most
ENGINE = "sum of all gains: bound; plan of another run"


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
    outcome = Outcome(x, bound, "time_limit", "clock", own.engine if own else ENGINE)
    if search and bound - saving > config.solver.gap * bound:
        outcome = _searched(model, config, outcome, clock)
    solution = solution_of(model, config, outcome, clock)
    return name, replace(solution, log=(*(own.log if own else ()), *solution.log))


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
    free = followers(model)
    for _, name, x in sorted(worth, key=lambda one: -one[0]):
        point = whole.search(free, x, Effort(CHECK_SECONDS)).x
        if point is not None and not len(whole.broken(point)):
            return name, point
    return None


def _searched(model: Model, config: Config, known: Outcome, clock: Clock) -> Outcome:
    """Search from a plan; return the better of both plans, and the tighter of both bounds."""
    outcome = search_model(model, config, clock, known.x)
    if known.x is None or outcome.x is None:
        return known
    before, after = (saving_of(model, rounded(model, x)) for x in (known.x, outcome.x))
    x = known.x if before > after else outcome.x
    return replace(outcome, x=x, bound=min(outcome.bound, known.bound))
