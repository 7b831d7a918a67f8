"""What a lease costs by year, when it may be broken, and what is owed on leaving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.cells import effect_year, number, text, truth
from estate.appraise.lines import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.appraise.lines import Matrix

DATES = ("expiry_t", "break_t", "break_2_t", "break_3_t", "review_t")
"""Years of a lease; never: a year beyond every horizon."""
TERMS = (
    "expiry_t",
    "market_rent_gbp",
    "review_t",
    "review_years",
    "review_basis",
    "review_growth_share",
)
"""What of a tenure decides how its rent goes."""


def rent_by_year(rows: pd.DataFrame, span: int) -> Matrix:
    """Return the rent of every row by year, shape (rows, span) [GBP/year].

    Parameters
    ----------
    rows : DataFrame
        ``gbp`` (rent of year 0 before any review), ``part`` (the share of the rent that the row
        holds) and ``TERMS``.
    span : int
        Years.

    Returns
    -------
    ndarray
        Today's rent, changed from review to review until the lease ends, then the market rent
        where it is known.
    """
    rent = rows["gbp"].to_numpy(dtype=float)
    market = (rows["market_rent_gbp"] * rows["part"]).to_numpy(dtype=float)
    known = ~np.isnan(market)
    ends, first = (rows[name].to_numpy(dtype=np.int64) for name in ("expiry_t", "review_t"))
    every = rows["review_years"].to_numpy(dtype=float)
    basis = rows["review_basis"].to_numpy(dtype=object)
    indexed = basis == "index"
    grows = (1.0 + rows["review_growth_share"].to_numpy(dtype=float)) ** np.nan_to_num(every)
    level = np.where(basis == "upward", np.fmax(rent, market), market)
    yearly = np.zeros((len(rows), span))
    for t in range(span):
        again = (t > first) & (np.fmod(t - first, np.where(every > 0, every, NEVER)) == 0)
        reviewed = ((t == first) | (again & (every > 0))) & (t < ends)
        rent = np.where(reviewed & indexed, rent * grows, rent)
        rent = np.where(reviewed & ~indexed & known, level, rent)
        yearly[:, t] = np.where((t >= ends) & known, market, rent)
    return yearly


def broken_in(dates: pd.DataFrame, closes: np.ndarray) -> np.ndarray:
    """Say of every site whether its lease has a break in the year in which it closes.

    Parameters
    ----------
    dates : DataFrame
        ``break_t``, ``break_2_t``, ``break_3_t`` (never: a year beyond every horizon),
        ``rolling_break`` and ``expiry_t``.
    closes : ndarray
        Closing year of each site.
    """
    given = dates[["break_t", "break_2_t", "break_3_t"]].to_numpy(dtype=np.int64)
    there = given < NEVER
    single: np.ndarray = (given == closes[:, None]).any(axis=1)
    lasts = np.where(there, given, -NEVER).max(axis=1)
    ends = dates["expiry_t"].to_numpy(dtype=np.int64) - 1
    until: np.ndarray = np.where(there.sum(axis=1) == 1, ends, lasts)
    within = (closes >= given.min(axis=1)) & (closes <= until)
    return np.where(dates["rolling_break"].to_numpy(dtype=bool), within, single)


def lease_terms(table: pd.DataFrame, rates: Mapping[str, float], first_year: int) -> pd.DataFrame:
    """Return the terms of every tenure, with dates as the years in which they take effect.

    Parameters
    ----------
    table : DataFrame
        Conformed ``tenures``.
    rates : mapping
        Named assumptions.
    first_year : int
        Calendar year in which year 0 begins.
    """
    owned = text(table["tenure"]) == "freehold"
    columns = ("expiry", "break_date", "earliest_break_date", "last_break_date", "review_date")
    years = {
        name: np.where(owned, NEVER, effect_year(table[column], first_year))
        for name, column in zip(DATES, columns, strict=True)
    }
    repairs = text(table["repair_liability"])
    shares = {"landlord": 0.0, "internal": rates["internal_repair_share"]}
    return pd.DataFrame(
        {
            "site_id": text(table["site_id"]),
            "tenure": text(table["tenure"]),
            **years,
            "rolling_break": truth(table["rolling_break"], blank=False),
            "break_penalty_gbp": number(table["break_penalty_gbp"]),
            "market_rent_gbp": np.where(owned, np.nan, number(table["market_rent_gbp_per_year"], np.nan)),
            "review_years": number(table["review_years"], np.nan),
            "review_basis": text(table["review_basis"]),
            "review_growth_share": number(table["review_growth_share_per_year"]),
            "repair_share": [shares.get(who, 1.0) for who in repairs],
            "dilapidations_gbp": number(table["dilapidations_gbp"], np.nan),
            "landlord_id": text(table["landlord_partner_id"]),
        }
    )
