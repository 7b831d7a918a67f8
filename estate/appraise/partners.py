"""What the plan means for each partner, on its own bills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.appraise.cashflow import changes
from estate.appraise.facts import number, text
from estate.appraise.measures import npv_by_partner
from estate.appraise.steady import decided_sites, steady_cost, steady_year
from estate.core.money import discount_factors

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan

PARTNER_COLUMNS = (
    "partner_id",
    "name",
    "investment_gbp",
    "receipts_gbp",
    "charges_paid_gbp",
    "charges_received_gbp",
    "bau_gbp_per_year",
    "plan_gbp_per_year",
    "saving_gbp_per_year",
    "npv_gbp",
    "floor_npv_gbp",
)


def partner_summary(ledger: pd.DataFrame, estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return what each partner invests, receives, pays, saves and gains, financial view.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    DataFrame
        One row a partner: investment (spent once to get the saving, undiscounted), expected
        receipts it keeps, charges and fees for room paid and received over all years [GBP];
        running cost of BAU and plan, and saving, in the steady year [GBP/year]; net present
        value on bills and its floor (blank where none is asked) [GBP].
    """
    span = config.horizon.appraisal_years
    rows = changes(ledger)
    worth = npv_by_partner(rows, estate, discount_factors(config.vintage, span, config.timing))
    table = pd.DataFrame({"partner_id": list(worth), "npv_gbp": list(worth.values())})
    bills = rows[rows["view"] != "economic"]
    # A charge is paid where it is an outflow: one partner may pay and receive in the same plan.
    gross = ledger[ledger["line"].isin(["hub_charge", "host_fee"])]
    sums = {
        "investment_gbp": -bills[bills["side"] == "invest"].groupby("partner_id")["amount_gbp"].sum(),
        "receipts_gbp": bills[bills["side"] == "receipt"].groupby("partner_id")["amount_gbp"].sum(),
        "charges_paid_gbp": -gross[gross["amount_gbp"] < 0].groupby("partner_id")["amount_gbp"].sum(),
        "charges_received_gbp": gross[gross["amount_gbp"] > 0].groupby("partner_id")["amount_gbp"].sum(),
    }
    cost = steady_cost(ledger, decided_sites(estate, config, plan), steady_year(plan, span))
    sums |= {"bau_gbp_per_year": cost["bau"], "plan_gbp_per_year": cost["plan"]}
    for column, values in sums.items():
        table[column] = number(table["partner_id"].map(values))
    table["saving_gbp_per_year"] = table["bau_gbp_per_year"] - table["plan_gbp_per_year"]
    partners = estate.tables["partners"].assign(partner_id=text(estate.tables["partners"]["partner_id"]))
    partners = partners.set_index("partner_id")
    table["name"] = text(table["partner_id"].map(partners["name"]))
    table["name"] = table["name"].where(table["name"] != "", table["partner_id"])
    table["floor_npv_gbp"] = number(table["partner_id"].map(partners["floor_npv_gbp"]), float("nan"))
    return table[list(PARTNER_COLUMNS)]
