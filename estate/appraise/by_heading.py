"""Running cost by heading: what it is today, how it is made up, and what the plan leaves of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import gather, number, text
from estate.appraise.lines import names
from estate.appraise.running import cost_rows
from estate.appraise.steady import OWN_LINES
from estate.core.reference import headings

if TYPE_CHECKING:
    from estate.appraise.facts import Facts
    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate, Plan

KEYS = ["partner_id", "decided", "line", "heading", "fund", "cashable"]
PARTS = ("bau_fixed_gbp_per_year", "bau_stepped_gbp_per_year", "bau_variable_gbp_per_year")
HEADING_COLUMNS = (
    *KEYS,
    "year",
    *PARTS,
    "bau_gbp_per_year",
    "plan_gbp_per_year",
    "saving_gbp_per_year",
)
"""Columns of ``running_cost_by_heading.csv``, base-year prices [GBP/year]."""

NEVER_A_SAVING = "never"
TRIFLE = 1e-7
"""Sums smaller than this are rounding, not cash [GBP]."""


def running_by_heading(ledger: pd.DataFrame, estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return running cost by partner, heading, fund and year, in business as usual and in the plan.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    DataFrame
        ``HEADING_COLUMNS``; a cost is positive, an income negative. The buildings' own cost stands
        by cost heading with its fixed, stepped and variable part in business as usual; every other
        line of running cost has its own name as heading. Cashable rows of decided sites (decided
        yes: also hubs and whatever else follows from the plan) add up to the saving in the steady
        year. Rows that are not cashable release no cash; capital charges, depreciation and
        recharges (cashable ``never``) stand for the record, alike in both cases.
    """
    facts = gather(estate, config, plan)
    table = pd.concat([_posted(ledger, facts), _memo(estate, facts)], ignore_index=True)
    table = table.merge(_parts(estate, facts), on=[*KEYS, "t"], how="left")
    table["saving_gbp_per_year"] = table["bau_gbp_per_year"] - table["plan_gbp_per_year"]
    order = pd.Categorical(table["line"], names(steady=True), ordered=True)
    ranked = table.assign(line=order).sort_values(
        [*KEYS, "t"], ascending=[key != "decided" for key in (*KEYS, "t")], ignore_index=True
    )
    ranked["year"] = ranked["t"].map(facts.horizon.label)
    return ranked.assign(line=ranked["line"].astype(str))[list(HEADING_COLUMNS)]


def _posted(ledger: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Return what the ledger holds of running cost, cashable on bills, and what releases no cash."""
    rows = ledger[ledger["line"].isin(names(steady=True))]
    cash = (rows["cashable"] == "yes") & (rows["view"] != "economic")
    rows = rows[cash | ((rows["cashable"] == "no") & (rows["line"] == "running_cost"))]
    mine = rows["site_id"].isin(set(facts.sites.loc[facts.sites["decided"], "site_id"]))
    follows = ~rows["line"].isin(OWN_LINES)
    rows = rows.assign(
        decided=np.where(mine | follows, "yes", "no"),
        heading=rows["heading"].where(rows["line"] == "running_cost", rows["line"]),
    )
    sums = rows.pivot_table(index=[*KEYS, "t"], columns="case", values="amount_gbp", aggfunc="sum")
    sums = 0.0 - sums.reindex(columns=["bau", "plan"]).fillna(0.0)
    sums = sums[(sums.abs() > TRIFLE).any(axis=1)]
    return sums.add_suffix("_gbp_per_year").reset_index()


def _memo(estate: Estate, facts: Facts) -> pd.DataFrame:
    """Return capital charges, depreciation and recharges by year: no plan saves any of them."""
    table = estate.tables["running_costs"]
    rows = pd.DataFrame({name: text(table[name]) for name in ("site_id", "heading", "fund")})
    rows["gbp"] = number(table["gbp_per_year"])
    memo = rows["heading"].map(headings().set_index("heading")["view"]) == "memo"
    rows = rows[memo].merge(facts.counted[["site_id", "partner_id", "decided"]], on="site_id")
    rows["decided"] = np.where(rows["decided"], "yes", "no")
    rows = rows.assign(line="running_cost", cashable=NEVER_A_SAVING)
    sums = rows.groupby(KEYS, as_index=False).agg(bau_gbp_per_year=("gbp", "sum"))
    sums["plan_gbp_per_year"] = sums["bau_gbp_per_year"]
    return sums.merge(pd.DataFrame({"t": np.arange(facts.span)}), how="cross")


def _parts(estate: Estate, facts: Facts) -> pd.DataFrame:
    """Return the fixed, stepped and variable part of the buildings' cost in business as usual, by year."""
    costs = cost_rows(facts, estate.tables["running_costs"])
    rows = costs.fixed.assign(line="running_cost", decided=np.where(costs.fixed["decided"], "yes", "no"))
    empty = ~rows["occupied"].to_numpy(dtype=bool)
    fixed = np.where(empty, 1.0, rows["fixed_share"].to_numpy(dtype=float))
    stepped = np.where(empty, 0.0, rows["stepped_share"].to_numpy(dtype=float))
    shares: tuple[Matrix, ...] = (fixed, stepped, 1.0 - fixed - stepped)
    groups = rows.groupby(KEYS, sort=True)
    code, keys = groups.ngroup().to_numpy(), groups.size().reset_index()[KEYS]
    years = pd.DataFrame({"t": np.arange(facts.span)})
    table = keys.merge(years, how="cross")
    for name, share in zip(PARTS, shares, strict=True):
        sums = np.zeros((len(keys), facts.span))
        np.add.at(sums, code, share[:, None] * costs.whole_gbp)
        table[name] = sums.ravel()
    return table
