"""The exit routes of every site that closes, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise import closing, running
from estate.appraise.facts import Facts, gather, number, text
from estate.appraise.lines import join
from estate.appraise.taxes import with_vat
from estate.core.types import Plan

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate

DAYS_OF_A_YEAR = 365.25
ROUTES = ("sell", "surrender", "let", "transfer", "hold")
GENERAL_CONSENT_GBP = 2_000_000.0
"""Undervalue that the General Disposal Consent 2003 allows."""

EXIT_COLUMNS = (
    "site_id",
    "partner_id",
    "year",
    "exit_route",
    "chosen",
    "receipt_gbp",
    "npv_economic_gbp",
    "npv_financial_gbp",
    "undervalue_gbp",
    "flag",
)
"""Columns of ``exits.csv``, base-year prices [GBP]; for internal readers alone."""


def exit_routes(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return what leaving each closed site would be worth by each of its routes.

    Parameters
    ----------
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    DataFrame
        ``EXIT_COLUMNS``: present value of what differs between routes (holding, empty rates,
        receipt, cost of sale, letting) and of what leaving costs by any of them. The undervalue
        of a transfer is the receipt of a sale less its own.
    """
    listed = _listed(estate, plan)
    parts = [_route(route, listed, estate, config) for route in ROUTES]
    table = pd.concat(parts, ignore_index=True)
    market = table[table["exit_route"] == "sell"].set_index("site_id")["receipt_gbp"]
    gap = table["site_id"].map(market).astype(float) - table["receipt_gbp"]
    given = (table["exit_route"] == "transfer") & (gap > 0)
    table["undervalue_gbp"] = gap.where(given)
    table["flag"] = np.where(given, "below market value: record the reasons", "")
    over = given & (gap > GENERAL_CONSENT_GBP)
    table.loc[over, "flag"] = "undervalue above £2,000,000: consent of the Secretary of State"
    late = (table["flag"] == "") & table["late"]
    table.loc[late, "flag"] = "sold later than is asked of surplus, or held: record the reasons"
    order = table.sort_values(["site_id", "npv_economic_gbp"], ascending=[True, False], ignore_index=True)
    return order[list(EXIT_COLUMNS)]


def _listed(estate: Estate, plan: Plan) -> pd.DataFrame:
    """Return the routes open to each closed site: those listed, and the one chosen."""
    values = estate.tables["valuations"]
    rows = pd.DataFrame({"site_id": text(values["site_id"]), "exit_route": text(values["exit_route"])})
    chosen = pd.DataFrame({name: text(plan.closures[name]) for name in ("site_id", "exit_route")})
    chosen["year"] = number(plan.closures["year"])
    rows = pd.concat([rows, chosen[["site_id", "exit_route"]]]).drop_duplicates()
    return rows.merge(
        chosen.rename(columns={"exit_route": "route"}), on="site_id", how="inner", validate="many_to_one"
    )


def _route(route: str, listed: pd.DataFrame, estate: Estate, config: Config) -> pd.DataFrame:
    """Return the worth of one route at the sites that have it."""
    mine = listed[listed["exit_route"] == route]
    only = Plan(mine[["site_id", "year", "exit_route"]], Plan.empty().hubs, Plan.empty().moves)
    facts = gather(estate, config, only)
    held = estate.tables["running_costs"]
    blocks = [*closing.leaving(facts, estate), *closing.exits(facts), *running.empty_rates(facts, held)]
    ledger = join(with_vat(blocks, estate), facts.horizon)
    worth = {
        f"npv_{view}_gbp": _present_value(ledger[ledger["view"].isin(["both", view])], facts)
        for view in ("economic", "financial")
    }
    rows = facts.closures[["site_id", "partner_id", "closes_t", "exit_route"]].copy()
    sale = rows["exit_route"].isin(["sell", "transfer"])
    rows["receipt_gbp"] = np.where(
        sale, facts.closures["receipt_gbp"] * facts.closures["receipt_factor"], 0.0
    )
    for name, value in worth.items():
        rows[name] = rows["site_id"].map(value).fillna(0.0)
    rows["late"] = _late(facts, estate)
    rows["year"] = rows["closes_t"].map(facts.horizon.label)
    taken = mine.set_index("site_id")["route"]
    rows["chosen"] = np.where(rows["site_id"].map(taken) == route, "yes", "no")
    return rows


def _late(facts: Facts, estate: Estate) -> pd.Series:
    """Say which sites are sold too long after they were declared surplus, or on closing if earlier.

    What is held is never sold, so not in time either.
    """
    sites, rows = estate.tables["sites"], facts.closures
    since = pd.Series(pd.to_datetime(sites["surplus_since"]).to_numpy(), index=text(sites["site_id"]))
    declared = rows["site_id"].map(since)
    # in years from 1 April of year 0
    begins = (declared - pd.Timestamp(facts.horizon.first_year, 4, 1)).dt.days / DAYS_OF_A_YEAR
    begins = begins.astype(float).fillna(np.inf).clip(upper=rows["closes_t"])
    waits = rows["closes_t"] + rows["lag"] - begins
    sale = rows["exit_route"].isin(["sell", "transfer"])
    late = waits > facts.rates["surplus_sale_years"] + 1.0 / DAYS_OF_A_YEAR
    return (sale & late) | (rows["exit_route"] == "hold")


def _present_value(rows: pd.DataFrame, facts: Facts) -> pd.Series:
    value = rows["amount_gbp"] * facts.factors[rows["t"].to_numpy(dtype=np.int64)]
    total: pd.Series = value.groupby(rows["site_id"]).sum()
    return total
