"""Dated tables of rates, prices and bias: those that ship with the package, or the user's own.

A vintage is named (``green_book_2022``), or is the path of a CSV file with the same columns, the
column ``vintage`` left out: then that file is the table.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.errors import ConfigError, Issue

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = {
    "discount_rates": ("from_year", "to_year", "rate"),
    "deflators": ("year", "index"),
    "carbon_values": ("year", "low", "central", "high", "price_year"),
    "optimism_bias": ("project_type", "capital_upper", "capital_lower", "duration_upper"),
}
"""What each table must hold; every table says its ``source`` too."""

_WORDS = ("project_type",)
_ONE_RATE = re.compile(r"(\d{1,2}(?:\.\d+)?)\s*%")


@cache
def _shipped(table: str) -> pd.DataFrame:
    with files("estate.core").joinpath(f"vintages/{table}.csv").open(encoding="utf-8") as handle:
        return pd.read_csv(handle)


def names(table: str) -> list[str]:
    """Return the vintages of a table that ship with the package."""
    return list(dict.fromkeys(_shipped(table)["vintage"]))


def is_file(vintage: str) -> bool:
    """Say whether a vintage is a file of the user's rather than a name."""
    return vintage.lower().endswith(".csv")


def one_rate(vintage: str) -> float | None:
    """Return the rate [share/year] where a vintage is one discount rate for all years, such as ``5%``."""
    found = _ONE_RATE.fullmatch(vintage.strip())
    return float(found[1]) / 100.0 if found else None


def label(vintage: str) -> str:
    """Return the name under which a vintage is printed: of a file, its name without the folder."""
    return Path(vintage).stem if is_file(vintage) else vintage


def read(table: str, vintage: str) -> pd.DataFrame:
    """Return the rows of one vintage of a table.

    Parameters
    ----------
    table : str
        One of ``COLUMNS``.
    vintage : str
        A name, or the path of a CSV file; of discount rates also one rate, such as ``5%``.

    Returns
    -------
    DataFrame
        The columns of the table and ``source``, in the order of their first column.

    Raises
    ------
    ConfigError
        If there is no such vintage, or a file does not hold what the table needs.
    """
    if is_file(vintage):
        path = Path(vintage)
        return _own(table, path, path.stat().st_mtime_ns if path.is_file() else 0).copy()
    shipped = _shipped(table)
    if table == "discount_rates" and (rate := one_rate(vintage)) is not None:
        band = {"from_year": 0, "to_year": int(shipped["to_year"].max()), "rate": rate}
        return pd.DataFrame([{**band, "source": "one rate for all years, as asked"}])
    chosen = shipped[shipped["vintage"] == vintage]
    if chosen.empty:
        known = ", ".join(names(table))
        issue = Issue(
            "config", None, table, vintage, "is not a vintage", f"use one of {known}, or a CSV file"
        )
        raise ConfigError(f"The table {table} is not known:", [issue])
    return chosen.drop(columns="vintage").reset_index(drop=True)


@cache
def _own(table: str, path: Path, changed: int) -> pd.DataFrame:
    del changed  # a file that was edited is read again
    needed = COLUMNS[table]
    remedy = f"give a CSV file with the columns {', '.join(needed)}, numbers in every row"
    try:
        frame = pd.read_csv(path, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        issue = Issue(path.name, None, "", "", f"cannot be read ({type(error).__name__})", remedy)
        raise ConfigError(f"The table {table} cannot be read:", [issue]) from error
    issues = [
        Issue(path.name, None, column, "", "is missing", remedy)
        for column in needed
        if column not in frame.columns
    ]
    numeric = [column for column in needed if column in frame.columns and column not in _WORDS]
    numbers = frame[numeric].apply(pd.to_numeric, errors="coerce")
    issues += [
        Issue(path.name, int(row) + 2, column, str(frame[column].iloc[row]), "is not a number", remedy)
        for column in numeric
        for row in np.flatnonzero(~np.isfinite(numbers[column].to_numpy(dtype=float)))
    ]
    if frame.empty:
        issues.append(Issue(path.name, None, "", "", "has no rows", remedy))
    if issues:
        raise ConfigError(f"The table {table} cannot be read:", issues)
    frame[numeric] = numbers
    frame["source"] = frame["source"].fillna(path.name) if "source" in frame else path.name
    return frame.sort_values(needed[0], ignore_index=True)


def price_index(vintage: str, years: np.ndarray, growth: float) -> np.ndarray:
    """Return the price index of years; after the last year of the table it grows at one rate.

    Parameters
    ----------
    vintage : str
        Vintage of the deflators.
    years : ndarray of int
        Years (a financial year by the year in which it begins).
    growth : float
        Growth of prices after the last year of the table [share/year].

    Returns
    -------
    ndarray
        Index, in the base of the table.

    Raises
    ------
    ConfigError
        If a year lies before the table.
    """
    table = read("deflators", vintage)
    known, index = table["year"].to_numpy(dtype=float), table["index"].to_numpy(dtype=float)
    when = np.asarray(years, dtype=float)
    if when.size and when.min() < known[0]:
        issue = Issue(
            "config",
            None,
            "deflators",
            label(vintage),
            f"begins in {known[0]:.0f}, after {when.min():.0f}",
            "give a table that reaches back to the oldest prices",
        )
        raise ConfigError("A price index does not reach back far enough:", [issue])
    beyond = np.maximum(when - known[-1], 0.0)
    return np.asarray(np.interp(when, known, index) * (1.0 + growth) ** beyond)


def carbon_values(vintage: str, series: str, years: np.ndarray) -> tuple[np.ndarray, int]:
    """Return carbon values by year, and the year of their prices.

    Between the years of the table the value is on a straight line; outside it grows as at the
    nearest end of the table.

    Parameters
    ----------
    vintage : str
        Vintage of the carbon values.
    series : str
        low, central or high.
    years : ndarray of int
        Years.

    Returns
    -------
    ndarray
        Values [GBP/tCO2e], in prices of the table.
    int
        Year of the prices.
    """
    table = read("carbon_values", vintage)
    known, value = table["year"].to_numpy(dtype=float), table[series].to_numpy(dtype=float)
    when = np.asarray(years, dtype=float)
    inside = np.interp(when, known, value)
    if len(known) > 1:
        for end, other, gap in ((0, 1, known[0] - when), (-1, -2, when - known[-1])):
            growth = abs(known[end] - known[other])
            step = (value[end] / value[other]) ** (1.0 / growth)
            inside = inside * step ** np.maximum(gap, 0.0)
    return np.asarray(inside), int(table["price_year"].iloc[0])


def optimism_bias(vintage: str, mix: dict[str, float]) -> dict[str, float]:
    """Return the optimism bias of a mix of project types, weighted by their share of the works.

    Parameters
    ----------
    vintage : str
        Vintage of the table.
    mix : dict of str to float
        Share of the works by project type; the shares are put to a sum of 1.

    Returns
    -------
    dict
        ``capital_upper``, ``capital_lower``, ``duration_upper`` [share].

    Raises
    ------
    ConfigError
        If a project type is not in the table, or the shares sum to nothing.
    """
    table = read("optimism_bias", vintage).set_index("project_type")
    total = sum(mix.values())
    issues = [
        Issue("config", None, "works", name, "is not a project type", f"use one of {', '.join(table.index)}")
        for name in mix
        if name not in table.index
    ]
    if total <= 0:
        issues.append(Issue("config", None, "works", str(total), "sums to nothing", "give shares above 0"))
    if issues:
        raise ConfigError("The mix of works cannot be read:", issues)
    weights = pd.Series(mix, dtype=float) / total
    chosen = table.loc[list(mix), ["capital_upper", "capital_lower", "duration_upper"]]
    return {str(name): float(value) for name, value in chosen.mul(weights, axis=0).sum().items()}


def carbon_prices(
    series: str, vintages: tuple[str, str], years: np.ndarray, rates: Mapping[str, float]
) -> np.ndarray:
    """Return what the emissions of energy are worth by year, in prices of the first year.

    Parameters
    ----------
    series : str
        low, central, high, or none.
    vintages : tuple of str
        Vintages of the carbon values and of the deflators.
    years : ndarray of int
        Years of the run.
    rates : mapping of str to float
        The assumptions ``carbon_kg_per_kwh`` and ``inflation_share_per_year``.

    Returns
    -------
    ndarray
        [GBP/kWh]; nought where the series is none.
    """
    if series == "none":
        return np.zeros(len(years))
    value, base = carbon_values(vintages[0], series, years)
    then, now = price_index(vintages[1], np.array([base, years[0]]), rates["inflation_share_per_year"])
    return np.asarray(value * now / then * rates["carbon_kg_per_kwh"] / 1000.0)
