"""Dates as years of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER = 10_000  # a year beyond every horizon


def year_of(dates: pd.Series, first_year: int) -> NDArray[np.int64]:
    """Return the year at whose start a date has taken effect; NEVER where there is no date.

    A date on 1 April takes effect in its own year, any other in the next.
    """
    stamps = pd.to_datetime(dates)
    financial = stamps.dt.year - (stamps.dt.month < 4)
    later = ~((stamps.dt.month == 4) & (stamps.dt.day == 1))
    years = financial + later - first_year
    return years.fillna(NEVER).to_numpy().astype(np.int64)
