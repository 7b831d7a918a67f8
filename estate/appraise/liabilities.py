"""Backlog and energy works: what business as usual would spend, and the liability that goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.appraise.facts import gather, text
from estate.appraise.running import backlog_rows

if TYPE_CHECKING:
    from estate.appraise.facts import Facts
    from estate.config import Config
    from estate.core.types import Estate, Plan

LIABILITY_COLUMNS = (
    "what",
    "condition",
    "priority",
    "sites",
    "total_gbp",
    "funded_gbp",
    "saved_gbp",
    "unfunded_gbp",
    "liability_avoided_gbp",
)
"""Columns of ``liabilities.csv``, base-year prices [GBP]."""


def liabilities(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return backlog by condition and priority: total, funded, saved, and liability avoided apart.

    Works to the least energy band that may be let stand by band (as condition, priority 0): avoided
    where a site is given up, spent where it is let. Only ``saved_gbp`` is in the ledger: what an
    approved programme would have spent and the plan does not. ``liability_avoided_gbp`` is the
    unfunded backlog of sites that close, and is never added to a saving.

    Parameters
    ----------
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    DataFrame
        ``LIABILITY_COLUMNS``, counted sites only.
    """
    facts = gather(estate, config, plan)
    rows = backlog_rows(facts, estate)
    sites = estate.tables["sites"]
    rows["condition"] = rows["site_id"].map(
        dict(zip(text(sites["site_id"]), text(sites["condition"]), strict=True))
    )
    in_time = rows["due_t"] < facts.span
    rows["saved_gbp"] = (rows["funded_gbp"] - rows["left_gbp"]).where(in_time, 0.0)
    rows["unfunded_gbp"] = rows["total_gbp"] - rows["funded_gbp"]
    rows["liability_avoided_gbp"] = rows["unfunded_gbp"].where(rows["closes_t"] < facts.span, 0.0)
    sums = rows.groupby(["condition", "priority"], as_index=False).agg(
        sites=("site_id", "nunique"),
        **{c: (c, "sum") for c in LIABILITY_COLUMNS if c.endswith("_gbp")},
    )
    sums["priority"] = sums["priority"].astype(int)
    backlog = sums.assign(what="backlog")[list(LIABILITY_COLUMNS)]
    return pd.concat([backlog, _energy(facts, estate)], ignore_index=True)


def _energy(facts: Facts, estate: Estate) -> pd.DataFrame:
    """Return by band the works that counted sites need to be let; nobody has funded them."""
    sites = estate.tables["sites"]
    band = pd.Series(text(sites["energy_rating"]), index=text(sites["site_id"])).str.strip().str.upper()
    rows = facts.counted[facts.counted["upgrade_gbp"] > 0]
    let = facts.closures.loc[facts.closures["exit_route"] == "let", "site_id"]
    gone = (rows["closes_t"] < facts.span) & ~rows["site_id"].isin(let)
    rows = rows.assign(
        condition=rows["site_id"].map(band).str[:1],
        total_gbp=rows["upgrade_gbp"],
        avoided=rows["upgrade_gbp"].where(gone, 0.0),
    )
    sums = rows.groupby("condition", as_index=False).agg(
        sites=("site_id", "nunique"),
        total_gbp=("total_gbp", "sum"),
        liability_avoided_gbp=("avoided", "sum"),
    )
    sums = sums.assign(what="energy works", priority=0, funded_gbp=0.0, saved_gbp=0.0)
    sums["unfunded_gbp"] = sums["total_gbp"]
    return sums[list(LIABILITY_COLUMNS)]
