"""What an engine hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


DOUBT = 1e-5  # of the saving, and a pound: what tolerances can take off a bound


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
        gap, work, clock, user, or doubt where a bound was not believed.
    engine : str
        Which engine proved what.
    """

    x: NDArray[np.float64] | None
    bound: float
    status: str
    stopped_by: str
    engine: str


def contradicted(bound_gbp: float, saving_gbp: float) -> bool:
    """Return whether a plan saves more than it was said that any can: then some proof went wrong."""
    return saving_gbp > bound_gbp + DOUBT * abs(saving_gbp) + 1.0
