"""Residents' access today and with the plan, in a table and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.words import offer_words
from estate.present.words import headline_words, is_missing, number, share, text

if TYPE_CHECKING:
    from estate.present.view import View

_GROUP_SHARE = {"over65": "over65_share", "no_car": "no_car_share", "disabled": "disabled_share"}
GROUP_WORDS = {
    "all": "all residents",
    "most_deprived": "residents of the most deprived fifth",
    "over65": "residents aged 65 and over",
    "no_car": "residents without a car",
    "disabled": "disabled residents",
    "urban": "urban residents",
    "rural": "rural residents",
    "deprived_urban": "residents of deprived urban areas",
}


def _weights(view: View, group: str) -> pd.Series:
    """Return residents of a group by area [person]."""
    areas = view.areas.set_index(view.areas["area_id"].astype(str))
    people = areas["population"].astype(float).fillna(0.0)
    if group == "most_deprived":
        return people.where(areas["imd_decile"].astype(float) <= 2, 0.0)
    if group in {"urban", "rural", "deprived_urban"}:
        there = areas["rurality"].astype(str) == ("rural" if group == "rural" else "urban")
        if group == "deprived_urban":
            rank = areas["imd_rank_share"].astype(float).fillna(areas["imd_decile"].astype(float) / 10)
            there &= rank <= view.deprived_urban_share
        return people.where(there, 0.0)
    column = _GROUP_SHARE.get(group)
    return people if column is None else people * areas[column].astype(float).fillna(0.0)


def before_after(view: View) -> pd.DataFrame:
    """Return for each standard whom it protects and how many are in reach in the last year shown.

    Returns
    -------
    DataFrame
        standard_id, service, group, limit, year, residents [person],
        today and plan (share of residents in reach).
    """
    columns = ["standard_id", "service", "group", "limit", "year", "residents", "today", "plan"]
    rows = view.access
    if rows.empty or view.areas.empty:
        return pd.DataFrame(columns=columns)
    facts = view.standards.set_index("standard_id") if len(view.standards) else pd.DataFrame()
    table = []
    for standard, part in rows[rows["standard_id"].map(text) != ""].groupby("standard_id", sort=True):
        known = facts.loc[[standard]].iloc[0] if standard in facts.index else None
        group = "all" if known is None else text(known["group"])
        limit = "" if known is None else _limit(known)
        weights = _weights(view, group)
        today, after = (_reached(part, case, weights) for case in ("bau", "plan"))
        service = text(part["service_id"].iloc[0])
        last = text(part.loc[part["case"] == "plan", "year"].max())
        people = float(weights.sum())
        table.append(
            [standard, view.services.get(service, service), group, limit, last, people, today, after]
        )
    answer = pd.DataFrame(table, columns=columns)
    # Standards that differ in geography alone (overall, by zone) have the same residents in reach.
    return answer.drop_duplicates(["service", "group", "limit"], ignore_index=True)


def _limit(known: pd.Series) -> str:
    """Say within what, and at which places, a standard counts residents."""
    within = f"{number(known['threshold'])} {text(known['metric'])} {text(known['mode']).replace('_', ' ')}"
    return within + offer_words(known)


def _reached(rows: pd.DataFrame, case: str, weights: pd.Series) -> float:
    """Return the share of residents in reach in the last year of a case."""
    part = rows[rows["case"] == case]
    if part.empty or weights.sum() <= 0:
        return float("nan")
    part = part[part["year"] == part["year"].max()]
    within = part["within"].astype(str).str.lower().isin(["yes", "true"])
    served = within.groupby(part["area_id"].astype(str)).any()
    return float(
        np.dot(weights.reindex(served.index).fillna(0.0), served.to_numpy(dtype=float)) / weights.sum()
    )


def access_lines(view: View) -> list[str]:
    """Say who is farther away, and how many are in reach before and after."""
    lines: list[str] = []
    row = view.headline("residents_worse_off")
    if row is not None:
        everyone = row.get("denominator")
        of = "" if is_missing(everyone) or isinstance(everyone, str) else f" of {number(everyone)}"
        lines.append(f"  {text(row.get('label'))}: {headline_words(row)}{of}.")
    if view.areas.empty:
        return [*lines, "  No residents' areas were given: access rules are off, and access is not known."]
    for _, one in before_after(view).iterrows():
        who = GROUP_WORDS.get(one["group"], one["group"])
        limit = f" within {one['limit']}" if one["limit"] else ""
        now, then = share(one["today"]), share(one["plan"])
        lines.append(f"  {one['service']}{limit}, {who}: {now} today, {then} with the plan.")
    return lines or ["  No standard of access was given."]
