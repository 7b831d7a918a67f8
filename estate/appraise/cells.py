"""Columns of the conformed tables as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.lines import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.appraise.lines import Matrix, Years


def text(column: pd.Series) -> NDArray[np.object_]:
    """Return a column of ids or words, blank where nothing is given."""
    return column.astype(object).where(column.notna(), "").map(str).to_numpy(dtype=object)


def number(column: pd.Series, blank: float | Matrix = 0.0) -> Matrix:
    """Return a column of numbers, with a value for blank cells."""
    values = pd.to_numeric(column, errors="raise").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isnan(values), blank, values)


def truth(column: pd.Series, blank: bool) -> NDArray[np.bool_]:
    """Return a column of yes and no."""
    words = pd.Series(text(column)).str.lower()
    known = words.map({"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False})
    return known.astype(object).where(known.notna(), blank).to_numpy(dtype=bool)


def effect_year(dates: pd.Series, first_year: int) -> Years:
    """Return the year t at whose start a date takes effect: 1 April at once, else the next year."""
    when = pd.to_datetime(dates, errors="raise")
    t = when.dt.year - (when.dt.month < 4) - first_year
    late = ~((when.dt.month == 4) & (when.dt.day == 1))
    return (t + late).where(when.notna(), NEVER).to_numpy(dtype=float).astype(np.int64)
