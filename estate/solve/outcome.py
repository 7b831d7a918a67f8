"""What an engine hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Outcome:
    """A point, a bound and how the search ended.

    Attributes
    ----------
    x : ndarray or None
        Best point, over the columns of the model.
    bound : float
        No plan saves more [GBP].
    status : str
        optimal, within_gap, time_limit, interrupted or infeasible.
    stopped_by : str
        gap, work, clock or user.
    engine : str
        Which engine proved what.
    """

    x: NDArray[np.float64] | None
    bound: float
    status: str
    stopped_by: str
    engine: str
