"""Models of middling size: the whole model for a while, then by stages, then the whole again.

The stages end where their tree of hubs has nothing left to divide. HiGHS then begins with a good
plan, which is what it needs to rule columns out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from estate.solve.exact import solve_exact
from estate.solve.plan import rounded, saving_of
from estate.solve.staged import Staged

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from estate.config import SolverSection
    from estate.model.formulation import Model
    from estate.solve.clock import Clock
    from estate.solve.outcome import Outcome

ALONE, STAGES = 0.05, 0.95  # of the time limit: the whole model alone, then by stages at most
ENGINE = "HiGHS: whole model, and by parts of it; the lower of their bounds"


def solve_middling(
    model: Model,
    solver: SolverSection,
    clock: Clock,
    start: NDArray[np.float64] | None = None,
    doubt: Callable[[Clock], bool] | None = None,
) -> Outcome:
    """Search a model that goes to the solver whole, by stages where it is not done soon.

    Where the first search found no plan, `doubt` is asked whether it is certain that there is none.

    Returns
    -------
    Outcome
    """
    first = solve_exact(model, solver, clock.part(ALONE * clock.limit), start)
    if first.stopped_by != "clock" or clock.over():
        return first
    if first.x is None and start is None and doubt is not None and doubt(clock):
        return replace(first, status="infeasible")
    search = Staged(model, solver, clock.part(STAGES * clock.limit), hands_back=True)
    search.bound = first.bound
    search.keep(start, "a known plan")
    search.keep(first.x, "searching")
    search.search()
    if clock.over() or search.closed():
        return search.outcome()
    last = solve_exact(model, solver, clock, search.best, min(first.bound, search.bound))
    return _best(model, solver, (last, first, search.outcome()))


def _best(model: Model, solver: SolverSection, found: tuple[Outcome, Outcome, Outcome]) -> Outcome:
    """Return the best plan of several searches with the best bound; the last search says how it ended."""
    last = found[0]
    if last.status == "infeasible":
        return last
    plans = [one.x for one in found if one.x is not None]
    worth = [saving_of(model, rounded(model, x)) for x in plans]
    bound = min(one.bound for one in found)
    if not plans:
        return replace(last, bound=bound)
    best = max(range(len(plans)), key=worth.__getitem__)
    if last.status == "time_limit" and bound - worth[best] <= solver.gap * bound:
        last = replace(last, status="within_gap", stopped_by="gap")
    return replace(last, x=plans[best], bound=bound, engine=ENGINE)
