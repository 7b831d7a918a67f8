"""The tables of the business case, all from one ledger and one plan; and proof that they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.by_heading import running_by_heading
from estate.appraise.cashflow import ALL_PARTNERS, changes, flow
from estate.appraise.exits import exit_routes
from estate.appraise.financial import financial_tables, operating_cash
from estate.appraise.funds import saving_by_fund, staff_saving
from estate.appraise.liabilities import liabilities
from estate.appraise.receipts import receipt_scenarios

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan

PENNY = 0.01
SHORT = "Deepest overspend of a purse: receipts as hoped, late and lower, or none"

DAY = "Money of the day"
OF_THE_DAY = ("peak_debt_gbp", "interest_gbp", "unfunded_gbp", "receipts_short_gbp")

ENERGY = "Energy liability avoided"
STAFF = "As partners give it (provisions.staff_saving_gbp_per_year); in no saving on property"


def business_tables(
    ledger: pd.DataFrame, estate: Estate, config: Config, plan: Plan
) -> dict[str, pd.DataFrame]:
    """Return the tables of the business case by the name of their file.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    dict of str to DataFrame
        financial, between_partners, running_cost_by_heading, saving_by_fund, staff_saving,
        receipt_scenarios, exits, liabilities.
    """
    return {
        **financial_tables(ledger, estate, config),
        "running_cost_by_heading": running_by_heading(ledger, estate, config, plan),
        "saving_by_fund": saving_by_fund(ledger, estate, config, plan),
        "staff_saving": staff_saving(estate, plan),
        "receipt_scenarios": receipt_scenarios(ledger, estate, config, plan),
        "exits": exit_routes(estate, config, plan),
        "liabilities": liabilities(estate, config, plan),
    }


def business_headlines(tables: dict[str, pd.DataFrame], price_base: str) -> list[dict[str, object]]:
    """Return the headline figures that the tables of the business case add.

    Parameters
    ----------
    tables : dict of str to DataFrame
        From `business_tables`.
    price_base : str
        Base of real prices, as ``2027/28 prices``.
    """
    money = tables["financial"]
    together = money[money["partner_id"] == ALL_PARTNERS].set_index("year")
    debt, unfunded, scenarios = together["debt_gbp"], together["unfunded_gbp"], tables["receipt_scenarios"]
    first = next(iter(unfunded.index[unfunded > PENNY]), "")
    lacks = f"{DAY}; first in {first}" if first else DAY
    dry = scenarios[scenarios["payable"] == "no"]
    avoided = tables["liabilities"].groupby("what")["liability_avoided_gbp"].sum()
    staff = tables["staff_saving"]["staff_saving_gbp_per_year"].sum()
    apart = "Shown apart, in no saving: unfunded backlog of sites that close"
    energy = "Shown apart, in no saving: works to the least energy band at sites that are given up"
    rows = (
        ("peak_debt_gbp", "Most debt at the end of a year", debt.max(), debt.idxmax(), DAY),
        ("interest_gbp", "Interest over the years appraised", together["interest_gbp"].sum(), "", DAY),
        ("unfunded_gbp", "Capital without funding", unfunded.sum(), first, lacks),
        ("receipts_short_gbp", SHORT, dry["short_gbp"].max() if len(dry) else 0.0, "", _payable(scenarios)),
        ("liability_avoided_gbp", "Liability avoided", avoided.get("backlog", 0.0), "", apart),
        ("energy_liability_avoided_gbp", ENERGY, avoided.get("energy works", 0.0), "", energy),
        ("staff_saving_gbp_per_year", "Saving on staff, never added to property", staff, "", STAFF),
    )
    return [
        {
            "key": key,
            "label": label,
            "value": float(value),
            "unit": "GBP/year" if key.endswith("per_year") else "GBP",
            "year": year,
            "price_base": DAY.lower() if key in OF_THE_DAY else price_base,
            "note": said,
        }
        for key, label, value, year, said in rows
    ]


def _payable(scenarios: pd.DataFrame) -> str:
    """Say in which scenario which purse runs dry, and when."""
    if (scenarios["payable"] == "").any():
        return "No budgets are given"
    dry = scenarios[scenarios["payable"] == "no"].to_dict("records")
    told = [f"receipts {r['scenario']}: {r['purse']} purse runs dry in {r['dry_year']}" for r in dry]
    return "; ".join(told) or "Payable with receipts as hoped, late and lower, and none"


def reconcile(financial: pd.DataFrame, ledger: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Compare the financial view with the ledger that it was made from.

    Returns
    -------
    DataFrame
        check, passed, detail: cash of the day deflated equals the ledger; every capital pound is
        funded once; charges between partners, and what they pass each other for works, sum to
        nothing; debt is what was borrowed and not yet repaid.
    """
    rows = financial[financial["partner_id"] != ALL_PARTNERS]
    span = config.horizon.appraisal_years
    real = (operating_cash(rows) / rows["price_index"]).groupby(rows["t"]).sum()
    sources = rows[[c for c in rows if str(c).startswith("from_")]].sum(axis=1) + rows["unfunded_gbp"]
    between = rows["from_partners_gbp"] - rows["to_partners_gbp"]
    borrowed = (rows["from_borrowing_gbp"] - rows["principal_gbp"]).groupby(rows["partner_id"]).sum()
    last = rows[rows["t"] == span - 1].set_index("partner_id")["debt_gbp"]
    apart = {
        "financial view deflated equals ledger": real - flow(changes(ledger), span, "financial"),
        "every capital pound is funded once": sources - rows["capital_spend_gbp"] - rows["to_partners_gbp"],
        "charges between partners sum to nothing": rows.groupby("t")["transfers_gbp"].sum(),
        "what partners pass each other for works sums to nothing": between.groupby(rows["t"]).sum(),
        "debt is what is borrowed and not repaid": borrowed - last,
    }
    answers = []
    for check, gap in apart.items():
        worst = float(np.abs(gap.to_numpy(dtype=float)).max(initial=0.0))
        passed = worst <= PENNY
        answers.append({"check": check, "passed": passed, "detail": f"largest difference £{worst:,.4f}"})
    return pd.DataFrame(answers)
