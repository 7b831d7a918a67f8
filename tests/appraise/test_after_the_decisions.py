"""What follows after the last decision year falls in its own year, on its own partner and budget."""

from __future__ import annotations

import pytest
from small_estates import config, estate, plan

from estate.appraise.financial import financial_view
from estate.appraise.ledger import build_ledger

RATES = {"energy_upgrade_gbp_per_m2": 60, "decommissioning_gbp_per_m2": 0, "double_running_months": 0}
RATES |= {"inflation_share_per_year": 0.0, "lifecycle_share_per_year": 0.01}
LET = {"years_to_sell": 3, "let_income_gbp_per_year": 900, "holding_gbp_per_year": 700}
SOLD = {"years_to_sell": 3, "receipt_gbp": 50_000, "probability": 1, "holding_gbp_per_year": 500}


def seen(budget):
    """Close in the last of four decision years; let and sell three years later, of ten appraised."""
    made = estate(
        RATES,
        partners=[{"partner_id": "council"}, {"partner_id": "nhs"}],
        sites=[
            {"site_id": "A", "partner_id": "council", "gia_m2": 100, "energy_rating": "F"},
            {"site_id": "C", "partner_id": "nhs"},
            {"site_id": "H", "partner_id": "nhs", "step_free": "yes"},
        ],
        running_costs=[
            {"site_id": "A", "heading": "business_rates", "gbp_per_year": 1_200},
            {"site_id": "A", "heading": "energy", "gbp_per_year": 5_000},
        ],
        hub_options=[
            {"site_id": "H", "option": "s", "room_nia_m2": 100, "capital_gbp": 10_000}
            | {"running_cost_gbp_per_year": 0}
        ],
        valuations=[
            {"site_id": "A", "exit_route": "let"} | LET,
            {"site_id": "C", "exit_route": "sell", "disposal_cost_share": 0.1} | SOLD,
        ],
        budgets=[{"purse": "nhs", "year": 2027, "capital_gbp": 30_000}, {"purse": "council"} | budget],
    )
    # Prices of 2031 on stay as they are: the price index of the Treasury ends, and grows by nothing.
    run = config(years=10, decisions=4)
    done = plan(closures=[("A", 3, "let"), ("C", 3, "sell")], hubs=[("H", "s", 3)])
    money = financial_view(build_ledger(made, run, done), made, run)
    return {who: rows.set_index("t") for who, rows in money.groupby("partner_id")}


def test_holding_life_cycle_letting_and_sale_after_the_decisions():
    money = seen({"year": 2033, "capital_gbp": 6_000})
    price = money["council"]["price_index"]
    council = (money["council"]["revenue_gbp"] / price).tolist()
    # Rates of the empty building for three years, nine months of the first; then let for 900.
    assert council == pytest.approx([0, 0, 0, 4_600, 4_300, 4_300, 7_100, 7_100, 7_100, 7_100])
    nhs = (money["nhs"]["revenue_gbp"] / price).tolist()
    # Life-cycle works of 100 from the year after the opening; what the sale costs beyond 4% of it.
    assert nhs == pytest.approx([0, 0, 0, -500, -600, -600, -3_100, -100, -100, -100])
    works = money["council"]["capital_spend_gbp"] / price
    assert works.tolist() == pytest.approx([0] * 6 + [6_000] + [0] * 3)
    assert money["council"]["unfunded_gbp"].sum() == pytest.approx(0, abs=1e-6)
    assert money["council"].loc[6, "from_budget_gbp"] == pytest.approx(6_000 * price[6])
    assert money["council"]["from_borrowing_gbp"].sum() == 0


def test_a_loan_after_the_decisions_bears_interest_from_the_year_after_it():
    council = seen({"year": 2027, "borrowing_limit_gbp": 20_000})["council"]
    assert council["from_borrowing_gbp"].to_numpy().nonzero()[0].tolist() == [6]
    for cost in ("interest_gbp", "provision_gbp"):
        assert council[cost].to_numpy().nonzero()[0].tolist() == [7, 8, 9]
    assert council.loc[9, "debt_gbp"] > 0


def test_works_after_the_decisions_that_nobody_pays_for_are_told():
    council = seen({"year": 2027, "capital_gbp": 1_000})["council"]
    assert council["unfunded_gbp"].to_numpy().nonzero()[0].tolist() == [6]
