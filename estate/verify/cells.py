"""Plain Python values from the cells of the tables."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd

Row = dict[str, Any]
Week = dict[str, tuple[float | None, float | None]]
"""Days of the week with when each begins and ends [h]; None where that is not known."""


def rows(frame: pd.DataFrame | None) -> list[Row]:
    """Return the rows of a table as dictionaries, blanks of every kind as None."""
    if frame is None or frame.empty:
        return []
    columns = [[None if blank(value) else value for value in frame[name].tolist()] for name in frame.columns]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def blank(value: Any) -> bool:  # noqa: ANN401 -- a cell may hold anything
    """Tell whether a cell holds nothing: None, NA, NaN or NaT (the two that differ from themselves)."""
    return value is None or value is pd.NA or bool(value != value)  # noqa: PLR0124


def text(value: Any) -> str:  # noqa: ANN401
    """Return the trimmed text of a cell; empty where it is blank."""
    return "" if value is None else str(value).strip()


def number(value: Any, default: float = 0.0) -> float:  # noqa: ANN401
    """Return the number in a cell, or ``default`` where there is none."""
    found = maybe(value)
    return default if found is None else found


def maybe(value: Any) -> float | None:  # noqa: ANN401
    """Return the number in a cell, or None where there is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    found = float(value)
    return None if math.isnan(found) else found


def flag(value: Any, *, default: bool = False) -> bool:  # noqa: ANN401
    """Return the yes or no of a cell, or ``default`` where it is blank."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return default
    if isinstance(value, str):
        return value.strip().lower() in {"yes", "true", "y", "1"}
    return bool(value)


def parts(value: Any) -> frozenset[str]:  # noqa: ANN401
    """Return what a cell lists, separated by semicolons."""
    return frozenset(part.strip() for part in text(value).split(";") if part.strip())


def clock(value: Any) -> float | None:  # noqa: ANN401
    """Return a time of day such as 17:30 as hours from midnight [h]; None where there is none."""
    if not text(value):
        return None
    hours, minutes = text(value).split(":")[:2]
    return int(hours) + int(minutes) / 60


def week(value: Any) -> Week:  # noqa: ANN401
    """Return the days that a cell names, such as ``Mon 09:00-17:00; Sat``, with when each begins and ends."""
    days: Week = {}
    for entry in filter(None, (part.strip() for part in text(value).split(";"))):
        opens, _, closes = entry[3:].strip().partition("-")
        days[entry[:3]] = (clock(opens), clock(closes))
    return days


def effect_year(value: Any, first_year: int) -> int | None:  # noqa: ANN401
    """Return the year t at whose start a date takes effect (docs/model.md, section 1).

    A date belongs to the financial year from 1 April; it takes effect at the start of that
    year when it is 1 April, else at the start of the next.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    day = value if isinstance(value, dt.date) else pd.Timestamp(value).date()
    financial = day.year if day.month >= 4 else day.year - 1
    return financial - first_year + (0 if (day.month, day.day) == (4, 1) else 1)


def budget_year(value: Any) -> int:  # noqa: ANN401
    """Return the calendar year in which a financial year (2027 or 2027/28) begins."""
    return int(value.split("/")[0].strip()) if isinstance(value, str) else int(value)


def whole_years(years: float) -> int:
    """Round a duration up to whole years; a billionth of a year over does not count."""
    return max(0, math.ceil(years - 1e-9))
