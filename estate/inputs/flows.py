"""Any invest-to-save stream from a table: costs and benefits by year, low, central and high."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core import vintage
from estate.core.cells import years as read_years
from estate.core.errors import InputError, Issue
from estate.core.tables import TableSpec, fill, parse, spec_of
from estate.core.types import Horizon
from estate.inputs.sources import read_file, sha256
from estate.inputs.tabular import locate

if TYPE_CHECKING:
    from pathlib import Path

CASES = ("low", "central", "high")
NOMINAL = "nominal"
OUT = ("investment", "yearly_cost")
NOT_CASH = ("benefit", "residual_value")
MOST_YEARS = 120
USUAL_YEARS = 60
"""Longest appraisal that is taken from a file unasked: HM Treasury Green Book, buildings, up to 60 years."""


@dataclass(frozen=True)
class Stream:
    """A stream of money, every amount in prices of its first year.

    Attributes
    ----------
    given : DataFrame
        The table as it was read.
    rows : DataFrame
        t, item, line, partner_id, view (both or economic), low, central, high [GBP], what goes
        out negative.
    horizon : Horizon
        Years.
    sha256 : str
        Proof of the file.
    """

    given: pd.DataFrame
    rows: pd.DataFrame
    horizon: Horizon
    sha256: str

    @property
    def last(self) -> str:
        """What money comes last, and in which year."""
        at = int(self.rows["t"].to_numpy().argmax())
        return f"{self.rows['item'].iloc[at]} in {self.horizon.label(int(self.rows['t'].iloc[at]))}"


def flow_spec() -> TableSpec:
    """Return the columns of a table of flows."""
    with files("estate.inputs").joinpath("flow_columns.csv").open(encoding="utf-8") as handle:
        return spec_of("flows", pd.read_csv(handle, dtype=str, keep_default_na=False))


def read_flows(
    path: Path, first_year: int | None, years: int | None, deflators: str, inflation: float
) -> Stream:
    """Read a stream and bring every amount to the prices of its first year.

    Parameters
    ----------
    path : Path
        CSV, workbook or Parquet file.
    first_year : int, optional
        Year 0; else the first year of the file.
    years : int, optional
        Number of years counted; else up to the last of the file.
    deflators : str
        Price index for amounts in other prices.
    inflation : float
        Growth of prices after its last year [share/year].

    Raises
    ------
    InputError
        With every problem of the file.
    """
    spec = flow_spec()
    frame, issues, _ = locate(read_file(path)[0], spec, path.name)
    typed, found = parse(frame, spec, path.name)
    given, _ = fill(typed, spec)
    issues = list(dict.fromkeys([*issues, *found]))
    given = given[~given.index.isin([issue.row for issue in issues]) & given["year"].notna()]
    rows = given.index.to_numpy()
    given = given.reset_index(drop=True)
    if not len(given):
        told = Issue(path.name, None, "", "", "has no rows", "give a row for each cost and benefit")
        raise InputError("The flows have problems:", issues or [told])
    first = int(given["year"].min()) if first_year is None else first_year
    ends = given["to_year"].fillna(given["year"]).astype(int)
    span = int(ends.max()) - first + 1 if years is None else years
    base, more = _price_years(given, first, (path.name, rows))
    issues += _far_off(given, ends, span, (path.name, rows)) if years is None else []
    issues += [*more, *_year_issues(given, ends, (first, span), (path.name, rows))]
    if issues:
        raise InputError("The flows have problems:", issues)
    horizon = Horizon(first, 1, span)
    return Stream(given, _expand(given, ends, base, (first, deflators, inflation)), horizon, sha256(path))


def _price_years(
    given: pd.DataFrame, first: int, place: tuple[str, np.ndarray]
) -> tuple[pd.Series, list[Issue]]:
    """Return the year of each row's prices, -1 for money of the day."""
    name, rows = place
    words = given["price_base"].str.casefold().str.removesuffix(" prices").str.strip()
    year, bad = read_years(words.mask(words == NOMINAL, str(first)))
    remedy = "write the year of the prices, as 2027/28, or nominal"
    issues = [
        Issue(name, int(rows[i]), "price_base", given["price_base"].iloc[i], "is no year", remedy)
        for i in np.flatnonzero(bad)
    ]
    return year.where(words != NOMINAL, -1.0), issues


def _far_off(given: pd.DataFrame, ends: pd.Series, span: int, place: tuple[str, np.ndarray]) -> list[Issue]:
    """Find the rows that make the years counted longer than an appraisal is: a slip of the pen, mostly."""
    if span <= USUAL_YEARS:
        return []
    name, rows = place
    middle = float(given["year"].median())
    start, end = given["year"].to_numpy(dtype=float), ends.to_numpy(dtype=float)
    apart = np.maximum(middle - start, end - middle)
    told = f"makes {span} years to be counted, more than the {USUAL_YEARS} of the longest usual appraisal"
    remedy = f"correct the year, or say that so many are meant: --years {span}"
    found = []
    for i in np.flatnonzero(apart >= min(USUAL_YEARS, apart.max())):
        year = start[i] if middle - start[i] >= end[i] - middle else end[i]
        column = "year" if year == start[i] else "to_year"
        found.append(Issue(name, int(rows[i]), column, f"{year:.0f}", told, remedy))
    return found


def _year_issues(
    given: pd.DataFrame, ends: pd.Series, span: tuple[int, int], place: tuple[str, np.ndarray]
) -> list[Issue]:
    """Find years outside the horizon, backwards ranges, and amounts given twice."""
    name, rows = place
    first, count = span
    last = first + count - 1
    issues = []
    seen: dict[tuple[str, str, str, int], int] = {}
    for i, (start, end) in enumerate(zip(given["year"], ends, strict=True)):
        row = int(rows[i])
        if end < start or end - start > MOST_YEARS:
            issues.append(Issue(name, row, "to_year", str(end), f"does not follow {start}", "correct it"))
            continue
        if start < first or end > last:
            told = f"lies outside {first} to {last}"
            remedy = "correct the year, or change --first-year and --years"
            issues.append(Issue(name, row, "year", str(start if start < first else end), told, remedy))
        for year in range(int(start), int(end) + 1):
            item, line, partner = (str(given[c].iloc[i]) for c in ("item", "line", "partner_id"))
            key = (item, line, partner, year)
            if key in seen:
                told = f"is given for {year} in row {seen[key]} too"
                issues.append(Issue(name, row, "item", key[0], told, "keep one of the rows"))
                break
            seen[key] = row
    return issues


def _expand(
    given: pd.DataFrame, ends: pd.Series, base: pd.Series, prices: tuple[int, str, float]
) -> pd.DataFrame:
    """Return a row for each year of each amount, signed and in prices of the first year."""
    first, deflators, inflation = prices
    count = (ends - given["year"] + 1).to_numpy(dtype=np.int64)
    index = np.repeat(np.arange(len(given)), count)
    step = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    year = given["year"].to_numpy(dtype=np.int64)[index] + step
    rows = given.iloc[index][["item", "line", "partner_id"]].reset_index(drop=True)
    rows["t"] = year - first
    rows["view"] = np.where(rows["line"].isin(NOT_CASH), "economic", "both")
    from_year = base.to_numpy(dtype=float)[index]
    from_year = np.where(from_year < 0, year, from_year).astype(np.int64)
    factor = np.ones(len(rows))
    other = from_year != first
    if other.any():
        known = vintage.price_index(deflators, from_year[other], inflation)
        factor[other] = float(vintage.price_index(deflators, np.array([first]), inflation)[0]) / known
    sign = np.where(rows["line"].isin(OUT), -1.0, 1.0) * factor
    for case in CASES:
        amount = given[f"{case}_gbp"].fillna(given["central_gbp"]).to_numpy(dtype=float)[index]
        rows[case] = sign * amount
    return rows
