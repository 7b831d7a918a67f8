"""Counts of people that the public may see: small ones are withheld, the others rounded.

Rounding to the same number keeps a withheld count from being found by subtraction from a total.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

COUNTS: Mapping[str, tuple[str, ...]] = {
    "equality": ("residents", "worse_off", "no_place_left", "no_place_today", "better_off", "takes_longer"),
    "equality_standards": ("residents",),
    "residents": ("residents", "unserved"),
    "online": ("residents", "digitally_excluded"),
}
"""Columns of people by table; those of the bands of the equality table join them by their name."""
BAND = "worse_"
WITHHELD = "withheld"
PEOPLE = ("person", "people")
"""Units of headlines that count people."""
MEASURED_OF = {
    "worse_off": ("mean_extra_km",),
    "takes_longer": ("mean_extra_minutes",),
    "residents": ("mean_", "p90_", "max_", "times_", "worse_off_share", "visits"),
}
"""Columns, by how they begin, that tell of so few people as the count when that is withheld."""


def public_counts(tables: Mapping[str, pd.DataFrame], fewest: int) -> dict[str, pd.DataFrame]:
    """Return the tables with counts below a number withheld (blank) and the others rounded to it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of how residents are served, by name.
    fewest : int
        Least count that is told [person]; below 2 nothing is changed.
    """
    if fewest < 2:
        return dict(tables)
    return {name: _table(name, table, fewest) for name, table in tables.items()}


def rounded(count: pd.Series, fewest: int) -> pd.Series:
    """Return counts rounded to a number, blank from above nought to below it."""
    few = (count > 0) & (count < fewest)
    return ((count / fewest).round() * fewest).mask(few)


def public_headline(row: Mapping[str, Any], fewest: int) -> dict[str, Any]:
    """Return a headline that counts people as the public may see it; others as they are."""
    if fewest < 2 or row.get("unit") not in PEOPLE:
        return dict(row)
    shown = dict(row)
    for name in ("value", "numerator", "denominator", "low", "high"):
        count = shown.get(name)
        if isinstance(count, (int, float)):
            shown[name] = WITHHELD if 0 < count < fewest else float(round(count / fewest) * fewest)
    if "share" in shown:
        value, of = shown.get("value"), shown.get("denominator")
        told = isinstance(value, float) and isinstance(of, float) and of > 0
        shown["share"] = value / of if told else WITHHELD  # type: ignore[operator]
    return shown


def _table(name: str, table: pd.DataFrame, fewest: int) -> pd.DataFrame:
    counts = [column for column in COUNTS.get(name, ()) if column in table]
    if not counts or table.empty:
        return table
    counts += [
        str(c) for c in table if str(c).startswith(BAND) and str(c).endswith("_km") and c not in counts
    ]
    shown = table.assign(**{column: rounded(table[column].astype(float), fewest) for column in counts})
    for count, begins in MEASURED_OF.items():
        if count in shown:
            few = shown[count].isna() & table[count].notna()
            columns = [str(c) for c in shown if str(c).startswith(begins) and c not in counts]
            shown = shown.assign(**{column: shown[column].mask(few, np.nan) for column in columns})
    people = shown["residents"].where(shown["residents"] > 0)
    if "worse_off_share" in shown:
        shown["worse_off_share"] = shown["worse_off"] / people
        whole = shown.groupby(["service_id", "year"])["worse_off_share"].transform("first")
        shown["times_all_residents"] = shown["worse_off_share"] / whole.where(whole > 0)
    for share in ("share_before", "share_after"):
        if share in shown:
            inside, outside = (
                rounded(part * table["residents"], fewest) for part in (table[share], 1 - table[share])
            )
            shown[share] = (inside / people).clip(upper=1.0).mask(outside.isna())
    if "share_after" in shown:
        shown["change"] = shown["share_after"] - shown["share_before"]
    return shown
