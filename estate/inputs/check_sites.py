"""Checks of sites among themselves: totals, misspelt kinds, contradicting locks, distance from residents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from estate.core.cells import normal_name
from estate.core.errors import Issue
from estate.core.reference import headings, kinds
from estate.core.tables import nearest
from estate.inputs.coordinates import FARTHEST_KM

if TYPE_CHECKING:
    import pandas as pd

    from estate.inputs.context import Context

TOTAL_ROW = re.compile(r"(?:grand |sub-?)?totals?\b[\s:]*(?:\(.*\))?", re.IGNORECASE)
ALL_COSTS = "all_running_costs"
LIKE_A_KIND = 80.0
SAME_SHARE = 0.005  # totals are rounded
CONTRADICTIONS = (("keep", "close"), ("hub", "no_hub"), ("hub", "close"))


def total_rows(context: Context) -> list[Issue]:
    """Find rows that add up others: a site called Total, and all running costs that sum a site's headings."""
    sites = context["sites"]
    named = sites[sites["site_id"].str.fullmatch(TOTAL_ROW) | sites["name"].str.fullmatch(TOTAL_ROW)]
    issues = context.issues("sites", named, "site_id", "is a total beside its parts", "delete the row")
    costs = context["running_costs"]
    memo = set(headings().loc[headings()["view"] == "memo", "heading"])
    heading = costs["heading"].replace("", ALL_COSTS)
    whole = heading == ALL_COSTS
    parts = costs[~whole & ~heading.isin(memo)].groupby("site_id")["gbp_per_year"].sum()
    rest = costs["site_id"].map(parts)
    sums = whole & (rest > 0) & ((costs["gbp_per_year"] - rest).abs() <= SAME_SHARE * rest)
    problem = "is a total beside its parts: it is the sum of the site's other rows"
    remedy = f"delete the row of {ALL_COSTS}, or the others"
    beside = costs.assign(heading=heading)[sums]
    return issues + context.issues("running_costs", beside, "heading", problem, remedy)


def misspelt_kinds(context: Context) -> list[Issue]:
    """Find kinds that nearly are a kind of the table of kinds; quite other words are read as ``other``."""
    table = kinds()
    known = {*table["kind"], *table["label"]}
    codes = {normal_name(name) for name in known}
    words = context["sites"]["kind"]
    strange = words[(words != "") & ~words.map(normal_name).isin(codes)]
    like = strange.map(lambda word: nearest(str(word), sorted(known), LIKE_A_KIND))
    return [
        Issue(
            context.source("sites"),
            int(str(row)),
            "kind",
            str(word),
            "is not a kind",
            f"did you mean {near}? Write other for what is none of them",
        )
        for row, word, near in zip(strange.index, strange, like, strict=True)
        if near
    ]


def contradicting_locks(context: Context) -> list[Issue]:
    """Find sites that are locked both ways, or told to close although they never may."""
    locks = context.config.rules.get("locks", {})
    issues = []
    for one, other in CONTRADICTIONS:
        for site in sorted({*locks.get(one, ())} & {*locks.get(other, ())}):
            place = ("config", None, f"rules.locks.{one}", str(site))
            issues.append(Issue(*place, f"stands under {other} too", "take it out of one of the two"))
    sites = context.filled("sites")
    elsewhere = set(sites["site_id"][sites["status"] != "existing"])
    for site in sorted({*locks.get("close", ())} & elsewhere):
        place = ("config", None, "rules.locks.close", str(site))
        remedy = "take it out: only existing sites can close"
        issues.append(Issue(*place, "is a candidate, a host or outside the plan", remedy))
    return issues


def far_from_residents(context: Context) -> list[Issue]:
    """Find sites that as a whole lie far from the areas: axes swapped in one table, or another CRS."""
    sites, areas = _middle(context["sites"]), _middle(context["areas"])
    km = float(np.hypot(*(sites - areas)) / 1000)
    if not km > FARTHEST_KM:
        return []
    swapped = float(np.hypot(*(sites[::-1] - areas)) / 1000) <= FARTHEST_KM
    remedy = (
        "easting and northing are swapped in one of the two tables: exchange them"
        if swapped
        else "correct the places, or the CRS of one of the two tables"
    )
    problem = f"are {km:,.0f} km away from {context.source('areas')} (middle of each)"
    return context.whole("sites", "easting", "", problem, remedy)


def _middle(table: pd.DataFrame) -> np.ndarray:
    return table[["easting", "northing"]].median().to_numpy(dtype=float)
