"""Text of cells, as people write it, to values: numbers, shares, years, dates, yes or no, choices."""

from __future__ import annotations

import datetime as dt
import math
import re
import time
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Tables here are many and small: words held as Python's cost about half the time (decision 48).
pd.set_option("mode.string_storage", "python")

MISSING = frozenset(
    {
        "",
        "-",
        "--",
        "\N{EN DASH}",
        "\N{EM DASH}",
        "n/a",
        "na",
        "n.a.",
        "#n/a",
        "nan",
        "null",
        "not applicable",
        "not available",
        "not known",
        "not recorded",
    }
)
TRUE_WORDS = frozenset({"yes", "y", "true", "t", "1"})
FALSE_WORDS = frozenset({"no", "n", "false", "f", "0"})
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:[, ]\d{3})+(?:\.\d*)?")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_YEAR = re.compile(r"(?:FY\s*)?(\d{4})(?:\s*[/-]\s*(\d{2}|\d{4}))?", re.IGNORECASE)
_UNIT_SUFFIX = {"m2": re.compile(r"\s*(?:m2|m²|sqm|sq\.? ?m)$", re.IGNORECASE)}
_DATE_FORMATS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d %B %Y",
    "%d %b %Y",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
)

Parsed = tuple[pd.Series, "np.ndarray[tuple[int], np.dtype[np.bool_]]"]


def normal_name(name: object) -> str:
    """Return a header or a choice without case, spacing and punctuation: ``GIA (m²)`` to ``giam2``."""
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    return re.sub(r"[^a-z0-9]+", "", text)


def cell_text(value: object) -> str:
    """Return a cell as a person would type it: 1001.0 as ``1001``, a date as ``2027-04-01``."""
    if isinstance(value, str):
        return value
    text = str(value)
    if value is None or value is pd.NaT or value is pd.NA:
        text = ""
    elif isinstance(value, (bool, np.bool_)):
        text = "yes" if value else "no"
    elif isinstance(value, (float, np.floating)):
        text = _float_text(float(value))
    elif isinstance(value, dt.datetime):
        text = value.date().isoformat() if value.time() == dt.time(0) else value.isoformat(sep=" ")
    return text


def _float_text(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def clean_text(series: pd.Series) -> pd.Series:
    """Trim text, drop invisible characters, and turn every way of saying "nothing" into "".

    Parameters
    ----------
    series : Series
        Cells of any type.

    Returns
    -------
    Series of str
        One line of text a cell; ``Not Applicable``, ``N/A``, ``-`` and blanks become "".
    """
    known: dict[object, str] = {}

    def clean(value: object) -> str:
        text = cell_text(value)
        if text not in known:
            known[text] = _clean_one(text)
        return known[text]

    return pd.Series([clean(value) for value in series], index=series.index, dtype=object)


def _clean_one(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if char.isspace() else char for char in text if char.isspace() or _visible(char))
    line = " ".join(text.split())
    return "" if line.casefold() in MISSING else line


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf"}


def _by_value(text: pd.Series, parse: Callable[[str], object]) -> Parsed:
    """Parse each different text once; None marks one that cannot be read."""
    table = {value: parse(value) for value in text.unique()}
    values = [table[value] for value in text]
    bad = np.array([value is None for value in values], dtype=bool)
    return pd.Series(values, index=text.index, dtype=object), bad


def parse_number(text: str, unit: str = "", *, share: bool = False) -> float | None:
    """Read one number: thousands commas, pound signs, brackets for negatives, ``60%`` for a share.

    Parameters
    ----------
    text : str
        Cleaned text.
    unit : str
        Unit of the column; ``m2`` may stand behind the figure.
    share : bool
        Whether a percentage is welcome.

    Returns
    -------
    float or None
        The number, NaN for blank, None where it cannot be read.
    """
    if not text:
        return math.nan
    figure = re.sub(r"£|\bGBP\b", "", text, flags=re.IGNORECASE).strip()
    if unit in _UNIT_SUFFIX:
        figure = _UNIT_SUFFIX[unit].sub("", figure)
    if figure.startswith("(") and figure.endswith(")"):
        figure = "-" + figure[1:-1].strip()
    scale = 1.0
    if share and figure.endswith("%"):
        figure, scale = figure[:-1].strip(), 100.0
    figure = re.sub(r"^([-+])\s+", r"\1", figure)
    if _GROUPED.fullmatch(figure):
        figure = re.sub("[, ]", "", figure)
    if not _NUMBER.fullmatch(figure):
        return None
    value = float(figure) / scale
    return value if math.isfinite(value) else None


def parse_year(text: str) -> float | None:
    """Read a financial year, ``2027`` or ``2027/28``, as the year in which it begins."""
    if not text:
        return math.nan
    match = _YEAR.fullmatch(text)
    if not match:
        return None
    year, following = int(match[1]), match[2]
    if following and int(following) not in {year + 1, (year + 1) % 100}:
        return None
    return float(year)


def parse_date(text: str) -> np.datetime64 | None:
    """Read a date, ISO or day first as in the United Kingdom; two-digit years are not read."""
    if not text:
        return np.datetime64("NaT", "s")
    for form in _DATE_FORMATS:
        try:
            read = time.strptime(text, form)
        except ValueError:
            continue
        if read.tm_year >= 1000:
            return np.datetime64(dt.date(read.tm_year, read.tm_mon, read.tm_mday), "s")
    return None


def numbers(text: pd.Series, unit: str = "", *, share: bool = False) -> Parsed:
    """Read a column of numbers; returns float64 values and a mask of what cannot be read."""
    values, bad = _by_value(text, lambda cell: parse_number(cell, unit, share=share))
    return values.astype("float64"), bad


def years(text: pd.Series) -> Parsed:
    """Read a column of financial years; returns float64 values and a mask of what cannot be read."""
    values, bad = _by_value(text, parse_year)
    return values.astype("float64"), bad


def dates(text: pd.Series) -> Parsed:
    """Read a column of dates; returns datetime64[s] values and a mask of what cannot be read."""
    values, bad = _by_value(text, parse_date)
    blank = np.datetime64("NaT", "s")
    array = np.array([blank if value is None else value for value in values], dtype="datetime64[s]")
    return pd.Series(array, index=text.index), bad


def booleans(text: pd.Series) -> Parsed:
    """Read yes/no, true/false, y/n and 1/0; returns nullable booleans and a mask of the rest."""

    def parse(cell: str) -> object:
        word = cell.casefold()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        return None if cell else pd.NA

    values, bad = _by_value(text, parse)
    return values.where(~bad, pd.NA).astype("boolean"), bad


def choices(text: pd.Series, allowed: Sequence[str]) -> Parsed:
    """Read a choice in any case and spacing; returns text ("" for blank) and a mask of the rest."""
    names = {normal_name(choice): choice for choice in allowed}
    if {"yes", "no"} <= set(allowed):
        names |= dict.fromkeys(TRUE_WORDS, "yes") | dict.fromkeys(FALSE_WORDS, "no")

    def parse(cell: str) -> object:
        return names.get(normal_name(cell)) if cell else ""

    values, bad = _by_value(text, parse)
    return values.fillna(""), bad


def clock_hours(text: object, blank: float) -> float:
    """Return a time of day as hours from midnight [h], ``blank`` where nothing is given.

    Parameters
    ----------
    text : object
        As ``17:00``; the input checks have found it to be a time.
    blank : float
        What a blank cell means [h].
    """
    hours, _, minutes = str(text or "").strip().partition(":")
    return float(hours) + float(minutes[:2] or 0) / 60 if hours else blank


def listed(text: object) -> frozenset[str]:
    """Return the parts of a cell that lists several, separated by semicolons."""
    return frozenset(part.strip() for part in str(text or "").split(";") if part.strip())
