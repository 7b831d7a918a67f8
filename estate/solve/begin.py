"""The plan of another run as the beginning of a search: whole where the rules allow it, else in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.solve.highs import scaled
from estate.solve.idle import followed
from estate.solve.neighbourhoods import followers
from estate.solve.plan import KEYS, columns_of, rounded
from estate.solve.restricted import Effort, Restricted

if TYPE_CHECKING:
    from estate.core.types import Plan
    from estate.model.formulation import Model
    from estate.solve.clock import Clock

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHECK_SECONDS = 10.0  # of a plan as it is, at most
MEND_PART = 0.1  # of the time limit, to keep as much of it as the rules allow


def beginning(model: Model, plan: Plan, clock: Clock) -> Floats | None:
    """Turn a plan into a point that satisfies the model, as much of it as the model allows.

    Parameters
    ----------
    model : Model
        Built model.
    plan : Plan
        That of another run; it may break rules here, or do what is not possible here.
    clock : Clock
        Told of what could be kept.

    Returns
    -------
    ndarray, shape (columns,), or None
        The plan as it is where it keeps every row; else the best of what it does, each in any year or
        not at all; None where that leaves no plan.
    """
    events = np.concatenate(list(columns_of(model, plan).values()))
    mine = events[events >= 0]
    x = np.zeros(model.problem.width)
    x[mine] = 1.0
    x = rounded(model, x)
    whole = Restricted(scaled(model.problem.arrays())[0])
    point = followed(model, whole, x, CHECK_SECONDS)
    how = "all"
    if point is None:
        effort = Effort(min(MEND_PART * clock.limit, clock.left()), gap=1e-3, heuristics=0.2)
        point = whole.search(_any_year(model, x), np.zeros(len(x)), effort).x
        how = "what the rules allow"
    if point is None or len(whole.broken(point)):
        clock.note("nothing of the plan to begin with could be kept")
        return None
    kept = int(point[mine].sum().round())
    clock.note(f"begun from a plan: {how} of it, {kept} of {len(events)} events as they were")
    return point


def _any_year(model: Model, x: Floats) -> NDArray[np.bool_]:
    """Return the columns of what a point does, each in every year, and those that follow."""
    free = followers(model)
    for family, names in {**KEYS, "leave": ("provision", "year")}.items():
        block = model.problem.blocks[family]
        what = pd.MultiIndex.from_frame(block.keys[[name for name in names if name != "year"]])
        free[block.columns] = what.isin(what[x[block.columns] > 0])
    return free
