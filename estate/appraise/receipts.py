"""The chapter's scenarios: receipts as hoped, late and lower, and none, the plan held fixed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from estate.appraise.cashflow import ALL_PARTNERS, changes, flow
from estate.appraise.facts import gather, number, text
from estate.appraise.ledger import build_ledger
from estate.appraise.measures import CAPITAL_LINES, measure_flows
from estate.core.money import SMALL_RECEIPT_GBP, discount_factors, price_factors

if TYPE_CHECKING:
    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate, Plan

HOPED, LATE, NONE = "as hoped", "late and lower", "none"
POOLED = "pooled"
PENNY = 0.01
SCENARIO_COLUMNS = (
    "scenario",
    "purse",
    "payable",
    "dry_year",
    "short_gbp",
    "spend_gbp",
    "receipts_gbp",
    "npv_financial_gbp",
    "payback_years",
    "peak_funding_gbp",
)
"""Columns of ``receipt_scenarios.csv``, base-year prices [GBP]."""


def receipt_scenarios(ledger: pd.DataFrame, estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Say of each purse whether it can pay for the plan when receipts come, come late, or never do.

    The plan is held fixed. A building sold later is held empty until then; with no receipts the
    buildings are left when planned and bring nothing. Purses, the part of a receipt that may be
    spent again and its lag are those of the rule ``capital`` (its defaults where it is not in
    force), and so is whether budgets are carried forward.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    DataFrame
        ``SCENARIO_COLUMNS``: ``payable`` yes or no, blank where no budgets are given; ``dry_year``
        the first year in which the purse is overspent; ``short_gbp`` the deepest overspend, money
        of the day (as budgets wait in the purse), all else base-year prices.
    """
    hoped, prices = changes(ledger), _prices(estate, config)
    later = later_sales(estate, config.finance.late_years, config.finance.lower_share)
    scenarios: tuple[tuple[str, pd.DataFrame, dict[str, Matrix]], ...] = (
        (HOPED, hoped, _recycled(estate, config, plan, prices)),
        (LATE, changes(build_ledger(later, config, plan)), _recycled(later, config, plan, prices)),
        (NONE, hoped[hoped["side"] != "receipt"], {}),
    )
    budgets = _budgets(estate, config, prices)
    answers = [
        {
            "scenario": name,
            "purse": purse,
            **_purse(rows, purse, config),
            **_dry(rows, purse, (budget, again, prices), config),
        }
        for name, rows, again in scenarios
        for purse, budget in budgets.items()
    ]
    return pd.DataFrame(answers)[list(SCENARIO_COLUMNS)]


def later_sales(estate: Estate, late_years: int, lower_share: float) -> Estate:
    """Return the estate with its sales later by so many years and lower by a share."""
    values = estate.tables["valuations"]
    sale = np.isin(text(values["exit_route"]), ["sell", "transfer"])
    wait = number(values["years_to_sell"], estate.assumptions["years_to_sell"])
    receipt = number(values["receipt_gbp"])
    changed = values.assign(
        receipt_gbp=np.where(sale, (1.0 - lower_share) * receipt, receipt),
        years_to_sell=np.where(sale, wait + late_years, values["years_to_sell"]),
    )
    return replace(estate, tables={**estate.tables, "valuations": changed})


def _of(rows: pd.DataFrame, purse: str) -> pd.DataFrame:
    """Return the financial rows of a purse."""
    bills = rows[rows["view"] != "economic"]
    return bills if purse == POOLED else bills[bills["partner_id"] == purse]


def _purse(rows: pd.DataFrame, purse: str, config: Config) -> dict[str, object]:
    """Measure what a purse gets from the plan."""
    years = config.horizon.appraisal_years
    factors = discount_factors(config.vintage, years, config.timing)
    who = ALL_PARTNERS if purse == POOLED else purse
    worth = measure_flows(flow(rows, years, "financial", partner_id=who), factors)
    mine = _of(rows, purse)
    return {
        "receipts_gbp": float(mine.loc[mine["line"] == "receipt", "amount_gbp"].sum()),
        "npv_financial_gbp": worth.npv_gbp,
        "payback_years": worth.payback.years,
        "peak_funding_gbp": worth.peak_funding.amount_gbp,
    }


def _dry(
    rows: pd.DataFrame, purse: str, money: tuple[_Budget | None, dict[str, Matrix], Matrix], config: Config
) -> dict[str, object]:
    """Say when a purse runs dry, and how far [GBP of the day]."""
    budget, again, prices = money
    mine = _of(rows, purse)
    years = config.horizon.decision_years
    chosen = mine[mine["line"].isin(CAPITAL_LINES) & (mine["t"] < years)]
    t, gbp = chosen["t"].to_numpy(dtype=np.int64), chosen["amount_gbp"].to_numpy(dtype=float)
    spend = np.bincount(t, weights=gbp, minlength=years).astype(float)
    told: dict[str, object] = {"spend_gbp": -float(spend.sum())}
    if budget is None:
        return told | {"payable": "", "dry_year": "", "short_gbp": np.nan}
    left = _left(budget, spend * prices[:years], again.get(purse, np.zeros(years)), config)
    dry = np.flatnonzero(left < -PENNY)
    year = config.horizon.horizon().label(int(dry[0])) if len(dry) else ""
    short = -float(left[dry].min()) if len(dry) else 0.0
    return told | {"payable": "no" if len(dry) else "yes", "dry_year": year, "short_gbp": short}


class _Budget(NamedTuple):
    """Money of a purse by decision year [GBP of the day]: what may lapse, and what never does."""

    yearly: Matrix
    kept: Matrix


def _left(budget: _Budget, spend: Matrix, again: Matrix, config: Config) -> Matrix:
    """Return what is left by the end of each year, or missing; spend is below 0 [GBP of the day]."""
    if config.rules.get("capital", {}).get("carry_forward", True):
        return np.asarray(np.cumsum(budget.yearly + budget.kept + spend + again))
    rest, held = budget.yearly + spend, np.cumsum(budget.kept + again)
    return np.asarray(held + np.cumsum(np.minimum(rest, 0.0)))


def _prices(estate: Estate, config: Config) -> Matrix:
    """Return money of the day for a pound of base-year prices, by year [share]."""
    growth = estate.assumptions["inflation_share_per_year"]
    return price_factors(config.vintages.deflators, config.horizon.horizon(), growth)


def _budgets(estate: Estate, config: Config, prices: Matrix) -> dict[str, _Budget | None]:
    """Return budgets by purse, with grants and leave to borrow; None where none is given."""
    table, horizon = estate.tables["budgets"], config.horizon
    separate = config.rules.get("capital", {}).get("purses") == "separate"
    partners = estate.tables["partners"]
    purses = list(text(partners["partner_id"])[partners["in_plan"].astype(bool)]) if separate else [POOLED]
    if table.empty:
        return dict.fromkeys(purses)
    span = horizon.decision_years
    found = {purse: _Budget(np.zeros(span), np.zeros(span)) for purse in purses}
    kept = number(table["grant_gbp"]) + number(table["borrowing_limit_gbp"])
    t = number(table["year"]).astype(np.int64) - horizon.first_year
    for purse, year, gbp, more in zip(
        text(table["purse"]), t, number(table["capital_gbp"]), kept, strict=True
    ):
        key = purse if separate else POOLED
        if key in found and 0 <= year < span:
            found[key].yearly[year] += gbp * prices[year]
            found[key].kept[year] += more * prices[year]
    return dict(found)


def _recycled(estate: Estate, config: Config, plan: Plan, prices: Matrix) -> dict[str, Matrix]:
    """Return expected receipts that may be spent again by purse and year [GBP of the day] (model.md 6)."""
    rule = {"recycle_share": 0.5, "recycle_lag_years": 1, "receipts": True}
    rule |= dict(config.rules.get("capital", {}))
    rows = gather(estate, config, plan).closures
    rows = rows[rows["exit_route"].isin(["sell", "transfer"])]
    years = config.horizon.decision_years
    came = (rows["closes_t"] + rows["lag"]).to_numpy(dtype=np.int64)
    ready = came + int(rule["recycle_lag_years"])
    gbp = (rows["receipt_gbp"] * rows["probability"] * rows["receipt_factor"] * rows["retention"]).to_numpy()
    gbp = gbp * prices[np.minimum(came, len(prices) - 1)]
    share = float(rule["recycle_share"]) if rule["receipts"] else 0.0
    gbp = share * gbp * (gbp > SMALL_RECEIPT_GBP)
    found: dict[str, Matrix] = {POOLED: np.zeros(years)}
    for owner, t, amount in zip(text(rows["partner_id"]), ready, gbp, strict=True):
        for purse in (POOLED, owner):
            if t < years:
                found.setdefault(purse, np.zeros(years))[t] += amount
    return found
