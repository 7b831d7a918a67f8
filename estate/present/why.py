"""Why each site is decided as it is: what an audience may read of it, for report and workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.words import plural
from estate.present.words import gbp, is_missing, number, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from estate.present.view import View

OPEN_COLUMNS = (
    "site_id",
    "name",
    "decision",
    "otherwise",
    "price_kind",
    "robustness",
    "rule",
    "people_farther",
)
"""What others than internal readers see beside the sentence: nothing that follows from a receipt."""

ACTED = ("close", "hub")
KINDS = ((("close",), "closures"), (("hub",), "hubs"), (("keep", "unused"), "sites that stay as they are"))
MOST_ROWS = 40


HELD = "hubs and years held"
HELD_WORDS = (
    "With hubs and years held, hubs open as planned, and every other site does as planned in its year or "
    "stays as it is today; only sites that share a building with what moves may send services elsewhere, too."
)


def reasons_for(
    reasons: Mapping[str, pd.DataFrame], audience: str, hidden: Collection[str] = ()
) -> dict[str, pd.DataFrame]:
    """Return the reasons that the audience may read: no money by site outside the council.

    Parameters
    ----------
    reasons : mapping of str to DataFrame
        As in ``Result``.
    audience : str
        ``internal``, ``partner`` or ``public``.
    hidden : collection of str
        Sites of which nothing is told.
    """
    if not reasons:
        return {}
    shown = {
        name: table[~table["site_id"].isin(hidden)].reset_index(drop=True) for name, table in reasons.items()
    }
    told = shown["reasons"]
    if audience == "internal":
        return {**shown, "reasons": told.drop(columns="plain")}
    open_part = told[list(OPEN_COLUMNS)].assign(sentence=told["plain"])
    return {"reasons": open_part, "reasons_travel": shown["reasons_travel"]}


def without_prices(sites: pd.DataFrame, audience: str) -> pd.DataFrame:
    """Return the plan with prices by site for internal readers alone: they follow from receipts."""
    return sites if audience == "internal" else sites.assign(price_low_gbp=np.nan, price_high_gbp=np.nan)


def why_lines(view: View) -> list[str]:
    """Say how many decisions are firm, and how many the evidence does not carry."""
    table = view.reasons.get("reasons")
    if table is None or table.empty:
        return []
    last = table.drop_duplicates("site_id", keep="last")
    lines = []
    for decisions, words in (
        (("close",), "closures"),
        (("hub",), "hubs"),
        (("keep", "unused"), "sites that stay"),
    ):
        part = last[last["decision"].isin(decisions)]
        counts = part["robustness"].value_counts()
        if len(part):
            told = ", ".join(f"{count} {word}" for word, count in counts.items())
            lines.append(f"{words.capitalize()}: {told}.")
    kinds = ", ".join(table["price_kind"].drop_duplicates())
    lines.append(
        f"Each was decided otherwise and the rest planned again ({kinds}). Undecided by this evidence: the "
        "difference is smaller than what the search left open."
    )
    if table["price_kind"].eq(HELD).any():
        lines.append(HELD_WORDS)
    return lines


def why_rows(view: View) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """Return headers and rows for what closes or becomes a hub, the least firm first."""
    table = view.reasons.get("reasons", pd.DataFrame(columns=["decision"]))
    part = table[table["decision"].isin(ACTED)]
    if "price_low_gbp" in part:
        part = part.sort_values("price_low_gbp", kind="stable", na_position="last")
        rows = [
            (text(one["name"]) or one["site_id"], one["robustness"], _price(one), text(one["sentence"]))
            for one in part.head(MOST_ROWS).to_dict("records")
        ]
        return ("Site", "How firm", "Deciding otherwise costs", "Why"), rows
    rows = [
        (
            text(one["name"]) or one["site_id"],
            one["robustness"],
            number(one["people_farther"]),
            text(one["sentence"]),
        )
        for one in part.head(MOST_ROWS).to_dict("records")
    ]
    return ("Site", "How firm", "People with farther to go", "Why"), rows


def _price(one: Mapping[object, object]) -> str:
    low, high = one["price_low_gbp"], one["price_high_gbp"]
    if is_missing(low) or is_missing(high):
        return "barred" if one["robustness"] == "cannot be decided otherwise" else "not known"
    return gbp(low) if gbp(low) == gbp(high) else f"{gbp(low)} to {gbp(high)}"


def more_words(view: View) -> str:
    """Say how many actions the report leaves out."""
    table = view.reasons.get("reasons", pd.DataFrame(columns=["decision"]))
    left = int(table["decision"].isin(ACTED).sum()) - MOST_ROWS
    rest = f"{plural(left, 'more row')} and " if left > 0 else ""
    return (
        f"{rest}Sites that stay are in reasons.csv."
        if not rest
        else f"{rest}the sites that stay are in reasons.csv."
    )


def sheet_of(view: View, name: str) -> pd.DataFrame:
    """Return one table of reasons for the workbook, empty where there is none."""
    table = view.reasons.get(name, pd.DataFrame())
    if "extra_km" in table:
        left = np.isinf(table["extra_km"].to_numpy(dtype=float))
        table = table.assign(extra_km=table["extra_km"].where(~left), none_left=np.where(left, "yes", ""))
    return table
