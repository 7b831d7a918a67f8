"""Days of the week by name, with times of day where known: ``Mon-Fri 09:00-17:00; Sat 10:00-13:00``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.cells import clock_hours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAYS = tuple(name[:3] for name in NAMES)
_TIME = r"([01]?\d|2[0-4]):([0-5]\d)"
_ENTRY = re.compile(rf"(?P<days>[a-z ,&-]+?)(?:\s+{_TIME}\s*(?:-|to)\s*{_TIME})?", re.IGNORECASE)
_SEVERAL = {"daily": range(7), "weekday": range(5), "weekend": range(5, 7)}
_SHORTEST = 3  # letters of a day


def week_text(text: str) -> str | None:
    """Return days as the program writes them, one entry a day; None where they cannot be read.

    Parameters
    ----------
    text : str
        Entries separated by semicolons, each of days (``Sat``, ``Mon-Fri``, ``Mon, Wed and Fri``,
        ``weekdays``, ``daily``) with or without a window (``09:00-17:00``). No day may stand twice.

    Returns
    -------
    str or None
        As ``Mon 09:00-17:00; Sat``, from Monday to Sunday.
    """
    week: dict[int, str] = {}
    for entry in filter(str.strip, re.sub("[\N{EN DASH}\N{EM DASH}]", "-", text).split(";")):
        found = _ENTRY.fullmatch(entry.strip())
        days = _days_of(found["days"]) if found else None
        window = _window(*found.groups()[1:]) if found else None
        if days is None or window is None or any(day in week for day in days):
            return None
        week |= dict.fromkeys(days, window)
    return "; ".join(f"{DAYS[day]}{week[day]}" for day in sorted(week))


def _days_of(words: str) -> list[int] | None:
    """Return the numbers of days in words, 0 for Monday; None where a word is no day or stands twice."""
    words = re.sub(r"\s*(?:-|\bto\b)\s*", "-", words.casefold())
    days: list[int] = []
    for word in re.sub(r"[,&]|\band\b", " ", words).split():
        first, _, last = word.partition("-")
        begin, end = _day(first), _day(last or first)
        if first.rstrip("s") in _SEVERAL and not last:
            days += _SEVERAL[first.rstrip("s")]
        elif begin is None or end is None:
            return None
        else:
            days += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return days if days and len(set(days)) == len(days) else None


def _day(word: str) -> int | None:
    stem = word.rstrip("s")
    matches = (i for i, name in enumerate(NAMES) if name.casefold().startswith(stem))
    return next(matches, None) if len(stem) >= _SHORTEST else None


def _window(*parts: str | None) -> str | None:
    """Return a window as it is written behind a day, "" where none is given, None where it ends too early."""
    if parts[0] is None:
        return ""
    times = [f"{int(str(parts[i])):02}:{parts[i + 1]}" for i in (0, 2)]
    return f" {times[0]}-{times[1]}" if times[0] < times[1] <= "24:00" else None


def week_hours(texts: Iterable[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return when each day of weeks begins and ends.

    Parameters
    ----------
    texts : iterable of str
        As `week_text` writes them; blank where nothing is known.

    Returns
    -------
    tuple of ndarray, shape (texts, 7)
        Hours from midnight [h]: NaN on days that are open at times not known; on days that are shut, or not
        known, infinity for the beginning and minus infinity for the end.
    """
    codes, different = pd.factorize(np.asarray(list(texts), dtype=object))
    table = np.array([_hours(str(text)) for text in different]).reshape(-1, 2, len(DAYS))
    return table[codes, 0], table[codes, 1]


def _hours(text: str) -> NDArray[np.float64]:
    hours = np.tile(np.array([[np.inf], [-np.inf]]), len(DAYS))
    for entry in filter(None, text.split("; ")):
        day, _, window = entry.partition(" ")
        opens, _, closes = window.partition("-")
        hours[:, DAYS.index(day)] = clock_hours(opens, np.nan), clock_hours(closes, np.nan)
    return hours


def named_hours(weeks: pd.Series) -> pd.Series:
    """Return the hours of weeks [h/week], NaN where a day is open at times not known or no day is named.

    Parameters
    ----------
    weeks : Series of str
        As people write them; what cannot be read counts as blank.
    """
    begins, ends = week_hours(week_text(text) or "" for text in weeks)
    shut = np.isposinf(begins)
    hours = (np.where(shut, 0.0, ends) - np.where(shut, 0.0, begins)).sum(axis=1)
    return pd.Series(np.where(shut.all(axis=1), np.nan, hours), weeks.index)


def named_days(text: str) -> str:
    """Return the days of a week in words: Saturday and Sunday."""
    names = [NAMES[DAYS.index(entry[:3])] for entry in text.split("; ") if entry]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
