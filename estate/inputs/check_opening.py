"""Checks of standards that ask for opening hours, times or days by name, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.core.cells import clock_hours
from estate.core.words import plural
from estate.inputs.check_serving import TIME

if TYPE_CHECKING:
    from estate.core.errors import Issue
    from estate.inputs.context import Context

FILL = {
    "min_hours_per_week": "fill weekly_hours in provisions, or opening_hours_per_week in sites",
    "open_at": "fill opens and closes in provisions",
    "open_on": "fill open_days in provisions",
}
WHAT = {"min_hours_per_week": "hours", "open_at": "times of opening", "open_on": "days of opening"}
"""What to fill where a standard asks for something that nobody has told."""


def times_of_day(context: Context) -> list[Issue]:
    """Find times that are none, and provisions that close before they open."""
    issues: list[Issue] = []
    for table, column in (("standards", "open_at"), ("provisions", "opens"), ("provisions", "closes")):
        rows = context[table]
        bad = rows[~rows[column].str.fullmatch(TIME)]
        issues += context.issues(table, bad, column, "is not a time of day", "write for example 18:00")
    rows = context["provisions"]
    both = rows["opens"].str.fullmatch(TIME) & rows["closes"].str.fullmatch(TIME)
    both &= (rows["opens"] != "") & (rows["closes"] != "")
    hours = {
        name: rows.loc[both, name].map(lambda cell: clock_hours(cell, 0.0)) for name in ("opens", "closes")
    }
    shut = rows[both][hours["closes"] <= hours["opens"]]
    remedy = "write the end of the day as 24:00, or correct one of them"
    return issues + context.issues("provisions", shut, "closes", "is not after opens", remedy)


def hours_known(context: Context) -> list[Issue]:
    """Find standards that ask for hours, a time or days which are known of no place of their service."""
    standards, provisions = context.filled("standards"), context["provisions"]
    issues: list[Issue] = []
    for column, remedy in FILL.items():
        known = set(provisions.loc[_told(context, column), "service_id"])
        if column == "min_hours_per_week" and provisions.empty:  # they follow from kinds of sites
            known = (
                set(standards["service_id"]) if context["sites"]["opening_hours_per_week"].any() else known
            )
        blind = standards[_asking(standards, column) & ~standards["service_id"].isin(known)]
        problem = "is asked for, and of no place of this service is it known"
        issues += context.issues("standards", blind, column, problem, remedy)
    return issues


def warn_opening(context: Context) -> list[str]:
    """Say which places do not count for a standard because their hours, times or days are not known."""
    standards, provisions = context.filled("standards"), context["provisions"]
    told = []
    for column, remedy in FILL.items():
        for service in sorted(set(standards.loc[_asking(standards, column), "service_id"])):
            mine = provisions["service_id"] == service
            silent = int((mine & ~_told(context, column)).sum())
            if 0 < silent < int(mine.sum()):
                of = f"{silent} of {plural(int(mine.sum()), 'place')} of {service}"
                told.append(
                    f"Of {of} the {WHAT[column]} are not known: "
                    f"they count for no standard that asks; {remedy}."
                )
    return told


def _asking(standards: pd.DataFrame, column: str) -> pd.Series:
    """Return which standards ask for hours, a time of day, or days by name."""
    asked = standards[column]
    return pd.to_numeric(asked) > 0 if column == "min_hours_per_week" else asked.fillna("") != ""


def _told(context: Context, column: str) -> pd.Series:
    """Return of which provisions it is known."""
    rows = context["provisions"]
    if column == "open_on":
        return rows["open_days"] != ""
    if column == "open_at":
        return (rows["opens"] != "") & (rows["closes"] != "") | rows["open_days"].str.contains(":")
    return (rows["weekly_hours"] > 0) | context.of_site("provisions", "opening_hours_per_week").notna()
