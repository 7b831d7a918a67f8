"""Who bears what a building costs: the yearly saving by fund, and what is never a saving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import gather, number, text
from estate.appraise.lines import names
from estate.appraise.steady import OWN_LINES, ratio, steady_year
from estate.core.reference import headings

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan

FUND_COLUMNS = (
    "fund",
    "year",
    "bau_gbp_per_year",
    "plan_gbp_per_year",
    "saving_gbp_per_year",
    "saving_share",
    "not_cashable_gbp_per_year",
    "memo_gbp_per_year",
)
"""Columns of ``saving_by_fund.csv``, base-year prices [GBP/year]."""


STAFF_COLUMNS = ("partner_id", "provisions", "staff_fte", "staff_saving_gbp_per_year")
"""Columns of ``staff_saving.csv``: provisions that leave, base-year prices [GBP/year]."""


def staff_saving(estate: Estate, plan: Plan) -> pd.DataFrame:
    """Return the staff cost that partners say they save once provisions have left.

    It is an input (``provisions.staff_saving_gbp_per_year``), in no line of the ledger, and never
    added to a saving on property.

    Returns
    -------
    DataFrame
        ``STAFF_COLUMNS``, one row a partner with such a saving.
    """
    table = estate.tables["provisions"]
    rows = pd.DataFrame({name: text(table[name]) for name in ("provision_id", "partner_id")})
    rows["staff_fte"] = number(table["staff_fte"])
    rows["staff_saving_gbp_per_year"] = number(table["staff_saving_gbp_per_year"])
    left = rows["provision_id"].isin(set(text(plan.moves["provision_id"])))
    rows = rows[left & (rows["staff_saving_gbp_per_year"] != 0)]
    sums = rows.groupby("partner_id", as_index=False).agg(
        provisions=("provision_id", "size"),
        staff_fte=("staff_fte", "sum"),
        staff_saving_gbp_per_year=("staff_saving_gbp_per_year", "sum"),
    )
    return sums[list(STAFF_COLUMNS)]


def saving_by_fund(ledger: pd.DataFrame, estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return the saving in the steady year by fund; the cashable savings add up to the headline.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    DataFrame
        ``FUND_COLUMNS``: net running cost of decided sites and hubs in business as usual and in
        the plan, cashable, financial view; beside it the saving that releases no cash, and the
        memo lines of sites that close (capital charges, depreciation, recharges), never a saving.
    """
    facts = gather(estate, config, plan)
    t = steady_year(plan, facts.span)
    decided = set(facts.sites.loc[facts.sites["decided"], "site_id"])
    rows = ledger[(ledger["t"] == t) & ledger["line"].isin(names(steady=True))]
    own = rows["line"].isin(OWN_LINES)
    rows = rows[~own | rows["site_id"].isin(decided)]
    cash = rows[(rows["cashable"] == "yes") & rows["view"].isin(["both", "financial"])]
    cost = -cash.pivot_table(index="fund", columns="case", values="amount_gbp", aggfunc="sum")
    cost = cost.reindex(columns=["bau", "plan"]).fillna(0.0)
    rest = rows[(rows["cashable"] == "no") & (rows["line"] == "running_cost")]
    signed = np.where(rest["case"] == "plan", 1.0, -1.0) * rest["amount_gbp"]
    closed = set(facts.sites.loc[facts.sites["closes_t"] <= t, "site_id"])
    memo = _memo(estate, closed)
    table = pd.DataFrame(
        {
            "bau_gbp_per_year": cost["bau"],
            "plan_gbp_per_year": cost["plan"],
            "saving_gbp_per_year": cost["bau"] - cost["plan"],
            "not_cashable_gbp_per_year": signed.groupby(rest["fund"]).sum(),
            "memo_gbp_per_year": memo,
        }
    ).fillna(0.0)
    table["saving_share"] = [
        ratio(s, b) for s, b in zip(table["saving_gbp_per_year"], table["bau_gbp_per_year"], strict=True)
    ]
    table["year"] = facts.horizon.label(t)
    return table.rename_axis("fund").reset_index()[list(FUND_COLUMNS)]


def _memo(estate: Estate, sites: set[str]) -> pd.Series:
    """Return the memo lines of sites by fund [GBP/year]."""
    table = estate.tables["running_costs"]
    views = headings().set_index("heading")["view"]
    memo = (pd.Series(text(table["heading"])).map(views) == "memo") & pd.Series(text(table["site_id"])).isin(
        sites
    )
    frame = pd.DataFrame({"fund": text(table["fund"]), "gbp": number(table["gbp_per_year"])})
    return frame[memo].groupby("fund")["gbp"].sum()
