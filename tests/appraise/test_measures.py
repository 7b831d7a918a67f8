"""Measures of a plan against hand calculation."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small_estates import config, estate, plan
from test_ledger import moved, sold, two_sites

from estate.appraise.cashflow import changes, flow
from estate.appraise.ledger import build_ledger
from estate.appraise.measures import measures
from estate.appraise.partners import PARTNER_COLUMNS, partner_summary
from estate.appraise.summary import measure_rows, plain, summary
from estate.core.money import discount_factors
from estate.core.types import Plan

SIMPLE_RATES = {
    "decommissioning_gbp_per_m2": 10.0,
    "vacant_holding_gbp_per_m2_per_year": 2.0,
    "sale_probability": 0.5,
    "years_to_sell": 2.0,
    "disposal_cost_share": 0.1,
    "double_running_months": 0.0,
}


def one_sale(quality: str = "registered", **ends):
    """Site A (100 m2, 1000 a year, income 100) is decided, B (3000 a year) is kept."""
    return estate(
        SIMPLE_RATES,
        sites=[
            {"site_id": "A", "gia_m2": 100, "income_gbp_per_year": 100},
            {"site_id": "B", "gia_m2": 100, "scope": "keep", "income_gbp_per_year": 50},
        ],
        running_costs=[
            {"site_id": "A", "heading": "security", "gbp_per_year": 1000, "quality": quality} | ends,
            {"site_id": "B", "heading": "security", "gbp_per_year": 3000, "quality": "assumed"},
        ],
        valuations=[{"site_id": "A", "exit_route": "sell", "receipt_gbp": 10000}],
        hub_options=[
            {
                "site_id": "B",
                "option": "free",
                "room_nia_m2": 9,
                "capital_gbp": 0,
                "running_cost_gbp_per_year": 0,
            }
        ],
    )


def measured(the_estate, the_plan, years=5, **more):
    chosen = config(years, **more)
    ledger = build_ledger(the_estate, chosen, the_plan)
    return measures(ledger, the_estate, chosen, the_plan)


CLOSE_A = plan([("A", 0, "sell")])
# Year 0: saves 1000, loses 100, clears for 1000, holds for 200; 1: 700; 2 on: 900, and in
# year 2 half of the receipt, less a tenth of that.
FLOWS = [-300.0, 700.0, 900.0 + 5000.0 - 500.0, 900.0, 900.0]


def test_flows_and_worth():
    found = measured(one_sale(), CLOSE_A)
    assert found.financial.flows == pytest.approx(FLOWS)
    worth = sum(f * d for f, d in zip(FLOWS, [1, 0.9662, 0.9335, 0.9019, 0.8714], strict=True))
    assert found.financial.npv_gbp == pytest.approx(worth, abs=1.0)
    assert found.economic.npv_gbp == pytest.approx(found.financial.npv_gbp)
    bare = [*FLOWS[:2], 400.0, *FLOWS[3:]]
    assert found.financial_without_receipts.flows == pytest.approx(bare)
    assert found.financial.peak_funding.amount_gbp == pytest.approx(300)
    assert found.financial.payback.years == pytest.approx(300 / 700)
    assert found.receipts_gbp == pytest.approx(5000)
    assert found.capital_gbp == pytest.approx(500)
    assert found.npv_by_partner_gbp == {"council": pytest.approx(found.financial.npv_gbp)}


def test_benefit_cost_ratio():
    found = measured(one_sale(), CLOSE_A)
    costs = 1000 + 500 * 0.9335
    benefits = 700 * (1 + 0.9662) + 900 * (0.9335 + 0.9019 + 0.8714) + 5000 * 0.9335
    assert found.costs_gbp == pytest.approx(costs, abs=0.5)
    assert found.benefit_cost_ratio == pytest.approx(benefits / costs, abs=1e-3)
    assert found.benefits_gbp - found.costs_gbp == pytest.approx(found.economic.npv_gbp)


def test_a_measure_has_a_value_or_a_reason_why_not():
    rows = [*measure_rows(measured(one_sale(), CLOSE_A)), *measure_rows(measured(two_sites(), Plan.empty()))]
    assert [row for row in rows if (row["value"] is None) != bool(row["reason"])] == []
    assert {row["reason"] for row in rows if row["measure"] == "benefit_cost_ratio"} == {
        "",
        "undefined: nothing is spent",
    }


def test_saving_in_the_steady_year():
    s = measured(one_sale(), CLOSE_A).steady
    # Year 1, the first after the closure: 900 net of income in BAU, 200 of holding in the plan.
    assert (s.t, s.bau_gbp, s.plan_gbp) == (1, pytest.approx(900), pytest.approx(200))
    assert s.saving_share == pytest.approx(7 / 9)
    assert s.decided_share == pytest.approx(1000 / 4000)
    assert (s.assumed_share, s.illustrative) == (0.0, False)


def test_receipts_are_not_in_the_saving():
    # A free hub that opens in year 1 makes year 2, that of the receipt, the steady year.
    found = measured(one_sale(), plan([("A", 0, "sell")], hubs=[("B", "free", 1)]))
    assert found.steady.t == 2
    assert found.receipts_gbp == pytest.approx(5000)
    assert found.steady.saving_gbp == pytest.approx(900)


def test_an_assumed_cost_gives_a_range():
    ends = {"low_gbp_per_year": 600, "high_gbp_per_year": 1500}
    s = measured(one_sale("assumed", **ends), CLOSE_A).steady
    assert (s.assumed_share, s.illustrative) == (1.0, True)
    assert (s.low_gbp, s.high_gbp) == (pytest.approx(300), pytest.approx(1200))
    assert (s.low_share, s.high_share) == (pytest.approx(300 / 500), pytest.approx(1200 / 1400))
    figures = summary(measured(one_sale("assumed", **ends), CLOSE_A), config(), CLOSE_A)
    assert figures["saving_gbp_per_year"]["low"] == pytest.approx(300)
    assert "100% of the cost" in figures["saving_share"]["note"]


def test_an_empty_plan_changes_nothing():
    found = measured(two_sites(), Plan.empty())
    assert found.economic.npv_gbp == 0
    assert not np.any(found.financial.flows)
    assert found.financial.payback.reason == found.financial.irr.reason == "there is no cash flow"
    assert found.steady.t == 0
    assert found.steady.saving_gbp == 0
    assert found.benefit_cost_ratio is None


def test_cash_by_side_and_by_partner_adds_up():
    rows = changes(build_ledger(two_sites(), config(5), moved()))
    for view in ("economic", "financial"):
        whole = flow(rows, 5, view)
        sides = [flow(rows, 5, view, side=side) for side in ("invest", "save", "receipt", "residual")]
        partners = [flow(rows, 5, view, partner_id=one) for one in rows["partner_id"].unique()]
        assert np.sum(sides, axis=0) == pytest.approx(whole)
        assert np.sum(partners, axis=0) == pytest.approx(whole)
    # The NHS spends a quarter of 126000 on the hub in year 0, and nothing else.
    assert flow(rows, 5, "financial", partner_id="nhs", side="invest")[0] == pytest.approx(-31500)
    assert not flow(rows, 5, "financial", side="residual").any()


def test_partners_on_their_bills():
    chosen, the_estate = config(5), two_sites()
    ledger = build_ledger(the_estate, chosen, moved())
    table = partner_summary(ledger, the_estate, chosen, moved()).set_index("partner_id")
    assert list(table.columns) == list(PARTNER_COLUMNS[1:])
    # The council pays 150 m2 of the hub's 200 x 20000 a year, for three years.
    assert table.loc["council", "charges_paid_gbp"] == pytest.approx(45000)
    assert table.loc["nhs", "charges_received_gbp"] == pytest.approx(45000)
    # Works 126000, move 1000, IT 2000, fit-out 25 m2 x 100 x 1.2.
    assert table.loc["nhs", "investment_gbp"] == pytest.approx(126000 + 1000 + 2000 + 3000)
    # In year 4 the NHS runs the hub and its life cycle, less what the council pays.
    assert table.loc["nhs", "plan_gbp_per_year"] == pytest.approx(20000 + 1000 - 15000)
    # Market rent 15000, cashable energy 6000 and rates 4000 at A, 1000 at B, less income 700.
    assert table.loc["council", "bau_gbp_per_year"] == pytest.approx(25300)
    assert table.loc["council", "plan_gbp_per_year"] == pytest.approx(16000)
    found = measures(ledger, the_estate, chosen, moved())
    assert table["saving_gbp_per_year"].sum() == pytest.approx(found.steady.saving_gbp)
    assert table["npv_gbp"].sum() == pytest.approx(found.financial.npv_gbp)


def test_receipts_go_to_the_owner_as_far_as_kept():
    ledger = sold()
    table = partner_summary(ledger, two_sites(), config(6), plan([("A", 1, "sell")])).set_index("partner_id")
    assert table.loc["council", "receipts_gbp"] == pytest.approx(0.75 * 36000)
    assert table.loc["nhs", "npv_gbp"] == 0


def test_summary_says_what_each_figure_is():
    found = measured(one_sale(), CLOSE_A)
    figures = summary(found, config(), CLOSE_A)
    keys = {"label", "value", "unit", "numerator", "denominator", "year", "price_base", "note"}
    assert all(keys <= set(figure) for figure in figures.values())
    share = figures["saving_share"]
    assert share["value"] == pytest.approx(share["numerator"] / share["denominator"])
    assert (share["year"], share["price_base"]) == ("2028/29", "2027/28 prices")
    assert figures["peak_funding_gbp"]["value"] == pytest.approx(300)
    assert figures["closures"]["value"] == 1
    assert "low" not in share
    json.dumps(plain(figures), allow_nan=False)


def test_mid_year_timing_is_used_throughout():
    late = measured(one_sale(), CLOSE_A, timing="mid_year")
    factors = discount_factors("green_book_2022", 5, "mid_year")
    assert late.financial.npv_gbp == pytest.approx(float(np.dot(FLOWS, factors)))


def test_an_estate_without_any_cost_is_measured():
    bare = estate(sites=[{"site_id": "A"}])
    chosen = config()
    ledger = build_ledger(bare, chosen, Plan.empty())
    found = measures(ledger, bare, chosen, Plan.empty())
    assert found.steady.saving_share is None
    assert found.steady.decided_share is None
    figures = plain(summary(found, chosen, Plan.empty()))
    assert figures["saving_share"]["note"] == "Business as usual costs nothing"
    assert partner_summary(ledger, bare, chosen, Plan.empty()).empty
    assert changes(ledger)["amount_gbp"].sum() == 0
