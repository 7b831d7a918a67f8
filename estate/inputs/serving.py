"""Hours and weeks of hosts from their windows and terms; digital shares of provisions from demand."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from estate.core.cells import clock_hours
from estate.inputs.assume import Default

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.inputs.assume import Filling

TERM = re.compile(r"\s*(\d{1,2})-(\d{1,2})\s*/\s*(\d{1,2})-(\d{1,2})\s*")
WORKING_DAYS = 5.0
LEAP = 2024  # so that 29 February is a day


def term_weeks(text: str) -> float | None:
    """Return the weeks a year of terms such as ``04-09/20-12; 05-01/02-04``; None where unreadable."""
    days = 0
    for part in filter(str.strip, text.split(";")):
        found = TERM.fullmatch(part)
        if found is None:
            return None
        day, month, last_day, last_month = (int(number) for number in found.groups())
        try:
            first, last = date(LEAP, month, day), date(LEAP, last_month, last_day)
        except ValueError:
            return None
        days += (last - first).days % 366 + 1
    return min(52.0, days / 7)


def window_hours(terms: pd.DataFrame) -> pd.Series:
    """Return the hours a day of each host's window [h/day]."""
    return terms["closes"].map(lambda t: clock_hours(t, 24.0)) - terms["opens"].map(
        lambda t: clock_hours(t, 0.0)
    )


def fill_hosts(filling: Filling, typed: Mapping[str, pd.DataFrame]) -> None:
    """Take the hours a week from the daily window, and the weeks a year from the terms, where blank."""
    terms = typed["host_terms"].reset_index(drop=True)
    if terms.empty:
        return
    days = terms["days_per_week"].fillna(WORKING_DAYS)
    windowed = terms["weekly_hours"].isna() & ((terms["opens"] != "") | (terms["closes"] != ""))
    dated = terms["term_weeks"].isna() & (terms["term_dates"] != "")
    full = filling.tables["host_terms"]
    filling.tables["host_terms"] = full.assign(
        weekly_hours=full["weekly_hours"].mask(windowed, window_hours(terms) * days),
        term_weeks=full["term_weeks"].mask(dated, terms["term_dates"].map(term_weeks).astype(float)),
    )
    filling.assume(
        Default(
            "host_terms.days_per_week",
            "A host with a daily window and no days lends on five days",
            "host_terms",
            int((windowed & terms["days_per_week"].isna()).sum()),
            WORKING_DAYS,
            unit="day/week",
        )
    )


def fill_digital(filling: Filling, typed: Mapping[str, pd.DataFrame]) -> None:
    """Take a provision's digital share from the demand of the areas nearest to it, where it is blank.

    Visits of the digitally excluded are never online: the share of an area is at most 1 less theirs.
    """
    provisions, demand = filling.tables["provisions"], filling.tables["demand"]
    demand = demand[demand["digital_share"].notna() & (demand["visits_per_year"] > 0)]
    if demand.empty:
        return
    given = set(typed["provisions"].loc[typed["provisions"]["digital_share"].notna(), "provision_id"])
    share = pd.concat(
        [_shares_by_site(filling, service, rows) for service, rows in demand.groupby("service_id")]
    )
    index = pd.MultiIndex.from_frame(provisions[["site_id", "service_id"]])
    found = pd.Series(share.reindex(index).to_numpy(), index=provisions.index)
    found = found.where(~provisions["provision_id"].isin(given))
    filling.tables["provisions"] = provisions.assign(
        digital_share=found.fillna(provisions["digital_share"]).astype(float)
    )
    filling.assume(
        Default(
            "provisions.digital_share",
            "Digital share of a provision from the demand of the areas nearest to it",
            "provisions",
            int(found.notna().sum()),
            float(found.mean()),
            float(found.min()),
            float(found.max()),
            "share",
            source="demand",
        )
    )


def _shares_by_site(filling: Filling, service: object, rows: pd.DataFrame) -> pd.Series:
    """Return the share of the visits to each site that can be online, by site and service."""
    sites, areas, provisions = (filling.tables[name] for name in ("sites", "areas", "provisions"))
    at = sites[sites["site_id"].isin(provisions.loc[provisions["service_id"] == service, "site_id"])]
    at = at[at["easting"].notna() & (at["status"] != "candidate")]
    of = rows.merge(areas, on="area_id").dropna(subset=["easting", "northing"])
    if at.empty or of.empty:
        index = pd.MultiIndex.from_arrays([[], []], names=["site_id", "service_id"])
        return pd.Series(dtype=float, index=index)
    place = ["easting", "northing"]
    nearest = cKDTree(at[place].to_numpy()).query(of[place].to_numpy())[1]
    able = 1.0 - of["digitally_excluded_share"].fillna(0.0)
    online = np.minimum(of["digital_share"], able) * of["visits_per_year"]
    keys = [at["site_id"].to_numpy()[nearest], np.full(len(of), service, dtype=object)]
    sums = pd.DataFrame({"online": online.to_numpy(), "all": of["visits_per_year"].to_numpy()})
    by_site = sums.groupby(keys).sum()
    return by_site["online"] / by_site["all"]
