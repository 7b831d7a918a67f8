"""The plan in which nothing happens, and what no plan can save more than: known without a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.solve.neighbourhoods import followers
from estate.solve.restricted import Effort, Restricted

if TYPE_CHECKING:
    from estate.model.blocks import Arrays
    from estate.model.formulation import Model

Floats = NDArray[np.float64]


def idle_point(model: Model, whole: Restricted, seconds: float) -> Floats | None:
    """Return business as usual as a point of the model; None where the rules do not allow it.

    Parameters
    ----------
    model : Model
        Built model.
    whole : Restricted
        Its arrays, rows scaled.
    seconds : float
        Outer stop [s].
    """
    return followed(model, whole, np.zeros(len(whole.arrays.saving)), seconds)


def followed(model: Model, whole: Restricted, x: Floats, seconds: float) -> Floats | None:
    """Return a point with the columns that only follow from its events; None where the rules bar it.

    Parameters
    ----------
    model : Model
        Built model.
    whole : Restricted
        Its arrays, rows scaled.
    x : ndarray, shape (columns,)
        Its events.
    seconds : float
        Outer stop [s].
    """
    found = whole.search(followers(model), x, Effort(seconds)).x
    return None if found is None or len(whole.broken(found)) else found


def ceiling(arrays: Arrays) -> float:
    """Return the sum of all that could be gained if nothing stood against it [GBP]: a bound, if a far one."""
    gains = arrays.saving > 0
    return float(arrays.saving[gains] @ arrays.upper[gains])
