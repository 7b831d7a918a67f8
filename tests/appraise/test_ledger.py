"""Every line of the ledger against amounts worked out by hand."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_estates import amounts, config, estate, plan

from estate.appraise.ledger import LEDGER_COLUMNS, LEDGER_LINES, build_ledger
from estate.core.errors import InputError
from estate.core.money import discount_factors
from estate.core.types import Plan

ROOT = Path(__file__).resolve().parents[2]

# Round rates, so that every figure below can be checked with a pencil.
RATES = {
    "fees_share": 0.0,
    "contingency_share": 0.0,
    "optimism_bias_share": 0.25,
    "optimism_bias_mitigated_share": 0.2,
    "fit_out_gbp_per_m2": 100.0,
    "host_fit_out_gbp_per_m2": 50.0,
    "move_gbp_per_fte": 500.0,
    "it_gbp_per_fte": 1000.0,
    "double_running_months": 3.0,
    "decommissioning_gbp_per_m2": 10.0,
    "dilapidations_gbp_per_m2": 150.0,
    "vacant_holding_gbp_per_m2_per_year": 20.0,
    "empty_rates_relief_months": 3.0,
    "disposal_cost_share": 0.03,
    "sale_probability": 0.9,
    "years_to_sell": 2.0,
    "lifecycle_share_per_year": 0.01,
    "hub_life_years": 10.0,
    "hub_charge_annuity_share": 0.0,
}
"""G = 1 x 1 x (1 + 0.25 x 0.8) = 1.2."""


def two_sites(rates: dict | None = None, **change):
    """Site A (council) is decided; site B (council) may become a hub led by the NHS."""
    tables = {
        "partners": [
            {"partner_id": "council", "receipt_retention_share": 0.75},
            {"partner_id": "nhs"},
        ],
        "sites": [
            {"site_id": "A", "gia_m2": 500, "income_gbp_per_year": 700, "step_free": "yes"},
            {"site_id": "B", "gia_m2": 400, "step_free": "no", "step_free_cost_gbp": 5000},
        ],
        "running_costs": [
            {"site_id": "A", "heading": "rent", "gbp_per_year": 12000},
            {
                "site_id": "A",
                "heading": "energy",
                "gbp_per_year": 8000,
                "cashable_share": 0.75,
                "fund": "hra",
            },
            {"site_id": "A", "heading": "business_rates", "gbp_per_year": 4000},
            {"site_id": "A", "heading": "depreciation", "gbp_per_year": 99999},
            {"site_id": "B", "heading": "other", "gbp_per_year": 1000, "fixed_share": 0.5},
        ],
        "services": [{"service_id": "advice", "space_factor": 0.5}],
        "provisions": [
            {
                "provision_id": "u1",
                "site_id": "A",
                "service_id": "advice",
                "room_nia_m2": 300,
                "staff_fte": 10,
            },
            {
                "provision_id": "u2",
                "site_id": "A",
                "service_id": "advice",
                "partner_id": "nhs",
                "room_nia_m2": 100,
                "staff_fte": 4,
                "digital_share": 0.5,
            },
        ],
        "hub_options": [
            {
                "site_id": "B",
                "option": "small",
                "room_nia_m2": 200,
                "capital_gbp": 100000,
                "running_cost_gbp_per_year": 20000,
                "lead_years": 2,
                "spend_profile": "0.25;0.75",
                "lead_partner_id": "nhs",
                "cures_backlog_share": 0.6,
            }
        ],
        "tenures": [
            {
                "site_id": "A",
                "tenure": "leasehold",
                "expiry": "2031-03-31",
                "break_date": "2030-04-01",
                "break_penalty_gbp": 2500,
                "market_rent_gbp_per_year": 15000,
            }
        ],
        "brakes": [{"site_id": "A", "brake": "covenant", "effect": "cost", "cost_gbp": 321}],
        "backlog": [
            {"site_id": "A", "priority": 4, "backlog_gbp": 9000, "funded_share": 0.5, "due_year": 2030},
            {"site_id": "B", "priority": 3, "backlog_gbp": 1000, "funded_share": 1.0},
            {"site_id": "B", "priority": 2, "backlog_gbp": 200, "funded_share": 1.0},
        ],
    }
    return estate(RATES | (rates or {}), **(tables | change))


BOTH_MOVE = [("u1", "move", "B", "small", None, 2), ("u2", "move", "B", "small", None, 3)]


def moved():
    """Everything leaves A for the hub at B, which opens in year 2; A closes in year 3."""
    return plan([("A", 3, "surrender")], [("B", "small", 2)], BOTH_MOVE)


def ledger_of(the_plan: Plan, years: int = 5, rates: dict | None = None, **change) -> pd.DataFrame:
    return build_ledger(two_sites(rates, **change), config(years), the_plan)


def test_running_cost_in_bau():
    ledger = ledger_of(moved())
    site = {"site_id": "A", "case": "bau"}
    # The lease expires on the last day of year 3, so that market rent is paid from year 4.
    assert amounts(ledger, "running_cost", heading="rent", **site) == [-12000] * 4 + [-15000]
    assert amounts(ledger, "running_cost", heading="energy", cashable="yes", **site) == [-6000] * 5
    assert (
        amounts(ledger, "running_cost", heading="energy", cashable="no", view="economic", **site)
        == [-2000] * 5
    )
    assert amounts(ledger, "running_cost", heading="business_rates", view="financial", **site) == [-4000] * 5
    assert amounts(ledger, "running_cost", site_id="B", case="bau") == [-1000] * 5
    assert "depreciation" not in set(ledger["heading"])
    assert set(ledger.loc[ledger["heading"] == "energy", "fund"]) == {"hra"}


def test_running_cost_with_the_plan():
    ledger = ledger_of(moved())
    # Energy is 60% fixed (gone with the building); 40% goes with u1 (3/4 of room) and u2 (1/4).
    energy = {"heading": "energy", "cashable": "yes"}
    assert amounts(ledger, "running_cost", provision_id="", **energy) == [-3600] * 3 + [0, 0]
    assert amounts(ledger, "running_cost", provision_id="u1", **energy) == pytest.approx(
        [-1800] * 2 + [0] * 3
    )
    assert amounts(ledger, "running_cost", provision_id="u2", **energy) == pytest.approx([-600] * 3 + [0, 0])
    assert amounts(ledger, "running_cost", heading="rent") == [-12000] * 3 + [0, 0]
    assert amounts(ledger, "running_cost", site_id="B") == [-1000] * 5


def test_income_and_backlog():
    ledger = ledger_of(moved())
    assert amounts(ledger, "income", "bau") == [700] * 5
    assert amounts(ledger, "income") == [700] * 3 + [0, 0]
    assert amounts(ledger, "backlog", "bau", site_id="A") == [0, 0, 0, -4500, 0]
    assert amounts(ledger, "backlog", site_id="A") == [0] * 5
    # Year 1 comes before the hub opens; in year 3 its works have cured 60%.
    assert amounts(ledger, "backlog", "bau", site_id="B") == [0, -200, 0, -1000, 0]
    assert amounts(ledger, "backlog", site_id="B") == [0, -200, 0, -400, 0]


def test_double_running():
    ledger = ledger_of(moved())
    # A quarter of a year of what leaving saves: u1 saves 1800 + 600 not cashable in year 2, u2
    # 600 + 200 in year 3, the building 12000 + 3600 + 1200 + 4000 in year 3.
    assert amounts(ledger, "double_running", provision_id="u1") == pytest.approx([0, 0, -600, 0, 0])
    assert amounts(ledger, "double_running", provision_id="u2") == pytest.approx([0, 0, 0, -200, 0])
    assert amounts(ledger, "double_running", provision_id="") == pytest.approx([0, 0, 0, -5200, 0])
    assert amounts(ledger, "double_running", cashable="no") == pytest.approx([0, 0, -150, -50 - 300, 0])
    assert amounts(ledger, "double_running", view="financial") == pytest.approx([0, 0, 0, -1000, 0])


def test_leaving_a_lease():
    ledger = ledger_of(moved())
    assert amounts(ledger, "decommissioning") == [0, 0, 0, -5000, 0]
    assert amounts(ledger, "dilapidations") == [0, 0, 0, -75000, 0]
    # The break of 1 April 2030 is the start of year 3, a year before the lease expires.
    assert amounts(ledger, "break_penalty") == [0, 0, 0, -2500, 0]
    assert amounts(ledger, "brake_cost") == [0, 0, 0, -321, 0]
    assert not set(ledger["line"]) & {
        "vacant_holding",
        "empty_rates",
        "receipt",
        "disposal_cost",
        "let_income",
    }


def test_no_penalty_outside_the_break_year():
    late = plan([("A", 4, "surrender")], [("B", "small", 2)], BOTH_MOVE)
    assert amounts(ledger_of(late), "break_penalty") == [0] * 5
    tenures = [{"site_id": "A", "tenure": "leasehold", "dilapidations_gbp": 1234}]
    assert amounts(ledger_of(moved(), tenures=tenures), "dilapidations") == [0, 0, 0, -1234, 0]


def test_hub():
    ledger = ledger_of(moved(), rates={"hub_charge_annuity_share": 0.5})
    nhs = {"partner_id": "nhs"}
    # K = (100000 + 5000) x 1.2 = 126000, a quarter in year 0, three quarters in year 1.
    assert amounts(ledger, "hub_capital", **nhs) == pytest.approx([-31500, -94500, 0, 0, 0])
    assert amounts(ledger, "hub_running", **nhs) == [0, 0, -20000, -20000, -20000]
    assert amounts(ledger, "lifecycle", **nhs) == [0, 0, 0, -1000, -1000]
    # Three of ten years used: 100000 x 1.2 x 0.7.
    assert amounts(ledger, "residual_value", view="economic", **nhs) == pytest.approx([0, 0, 0, 0, 84000])
    # u1 needs 300 x 0.5 = 150 of 200 m2; the ten-year annuity factor is 8.3166 (domain 1.1).
    yearly = 150 * (20000 + 0.5 * 120000 / 8.3166) / 200
    charge = {"provision_id": "u1", "view": "financial"}
    paid = amounts(ledger, "hub_charge", partner_id="council", counterparty_id="nhs", **charge)
    assert paid == pytest.approx([0, 0, -yearly, -yearly, -yearly], rel=1e-5)
    assert amounts(ledger, "hub_charge", partner_id="nhs", counterparty_id="council", **charge) == [
        -x for x in paid
    ]
    assert amounts(ledger, "hub_charge", provision_id="u2") == [0] * 5  # its own partner leads the hub


def test_step_free_works_only_where_asked():
    bare = build_ledger(two_sites(), config(5, step_free=False), moved())
    assert sum(amounts(bare, "hub_capital")) == pytest.approx(-120000)


def test_spend_profile():
    option = {
        "site_id": "B",
        "option": "small",
        "room_nia_m2": 200,
        "capital_gbp": 100,
        "running_cost_gbp_per_year": 0,
    }
    sites = [{"site_id": "A"}, {"site_id": "B", "step_free": "yes"}]
    even = ledger_of(moved(), sites=sites, hub_options=[option | {"lead_years": 2}])
    assert amounts(even, "hub_capital") == pytest.approx([-60, -60, 0, 0, 0])
    at_once = ledger_of(moved(), sites=sites, hub_options=[option | {"lead_years": 0, "spend_profile": "1"}])
    assert amounts(at_once, "hub_capital") == pytest.approx([0, 0, -120, 0, 0])
    with pytest.raises(InputError, match="does not fit lead_years"):
        ledger_of(moved(), hub_options=[option | {"lead_years": 2, "spend_profile": "0.2;0.3;0.5"}])


def test_moving():
    ledger = ledger_of(moved())
    assert amounts(ledger, "move", partner_id="council") == [0, 0, -5000, 0, 0]
    assert amounts(ledger, "move", partner_id="nhs") == [0, 0, 0, -1000, 0]
    assert amounts(ledger, "it", partner_id="council") == [0, 0, -10000, 0, 0]
    assert amounts(ledger, "it", partner_id="nhs") == [0, 0, 0, -2000, 0]
    assert amounts(ledger, "fit_out", partner_id="council") == pytest.approx([0, 0, -100 * 150 * 1.2, 0, 0])
    assert amounts(ledger, "fit_out", partner_id="nhs") == pytest.approx([0, 0, 0, -100 * 25 * 1.2, 0])


HOST = {"site_id": "H", "status": "host", "partner_id": "school"}


@pytest.mark.parametrize(
    ("partner", "partners", "council", "school", "view"),
    [
        ("school", [], -1500.0, 1500.0, "financial"),
        ("school", [{"partner_id": "school", "in_plan": "no"}], -1500.0, 0.0, "both"),
        ("council", [], 0.0, 0.0, "both"),
    ],
)
def test_host_fee(partner, partners, council, school, view):
    sites = [{"site_id": "A"}, HOST | {"partner_id": partner}]
    terms = [{"site_id": "H", "room_nia_m2": 500, "fee_gbp_per_m2_per_year": 10}]
    went = plan(moves=[("u1", "move", "H", None, None, 3)])
    ledger = ledger_of(went, sites=sites, host_terms=terms, partners=partners)
    assert amounts(ledger, "host_fee", partner_id="council", view=view) == [0, 0, 0, council, council]
    assert amounts(ledger, "host_fee", partner_id="school", view=view) == [0, 0, 0, school, school]
    assert amounts(ledger, "fit_out") == pytest.approx([0, 0, 0, -50 * 150 * 1.2, 0])


def test_merge_and_online():
    services = [
        {"service_id": "advice", "online_setup_gbp": 5000, "online_gbp_per_visit": 0.5, "merge_factor": 0.4}
    ]
    provisions = [
        {"provision_id": "u1", "site_id": "A", "service_id": "advice", "room_nia_m2": 300, "staff_fte": 10},
        {
            "provision_id": "u2",
            "site_id": "A",
            "service_id": "advice",
            "digital_share": 1,
            "visits_per_year": 2000,
            "staff_fte": 4,
            "room_nia_m2": 100,
        },
        {"provision_id": "v", "site_id": "B", "service_id": "advice", "room_nia_m2": 50},
    ]
    went = plan(moves=[("u1", "merge", "B", None, "v", 1), ("u2", "online", None, None, None, 2)])
    ledger = ledger_of(went, services=services, provisions=provisions)
    assert amounts(ledger, "fit_out") == pytest.approx([0, -50 * 120 * 1.2, 0, 0, 0])
    assert amounts(ledger, "move") == [0, -5000, 0, 0, 0]
    assert amounts(ledger, "online") == [0, 0, -6000, -1000, -1000]
    # Going online needs no second place: only u1 runs double.
    assert amounts(ledger, "double_running") == pytest.approx([0, -600, 0, 0, 0])


def sold(route: str = "sell", year: int = 1, years: int = 6, rates: dict | None = None, **terms):
    valuation = {"site_id": "A", "exit_route": route, "receipt_gbp": 100000} | terms
    brakes = [
        {"site_id": "A", "brake": "listed", "effect": "delay", "delay_years": 0.4},
        {"site_id": "A", "brake": "covenant", "effect": "receipt", "receipt_factor": 0.5},
        {"site_id": "A", "brake": "clawback", "effect": "receipt", "receipt_factor": 0.8},
        {
            "site_id": "A",
            "brake": "clean",
            "effect": "none",
            "receipt_factor": 0.1,
            "delay_years": 9,
            "cost_gbp": 7,
        },
    ]
    return ledger_of(
        plan([("A", year, route)]),
        years,
        rates,
        valuations=[valuation],
        brakes=brakes,
        tenures=[],
        provisions=[],
    )


def test_sale():
    ledger = sold()
    # 2 years + 0.4 of delay are 3 whole years: empty in years 1 to 3, sold in year 4.
    assert amounts(ledger, "vacant_holding") == [0, -10000, -10000, -10000, 0, 0]
    assert amounts(ledger, "empty_rates", view="financial") == [0, -3000, -4000, -4000, 0, 0]
    expected = 100000 * 0.9 * 0.5 * 0.8
    assert amounts(ledger, "receipt", view="both") == pytest.approx([0, 0, 0, 0, 0.75 * expected, 0])
    assert amounts(ledger, "receipt", view="economic") == pytest.approx([0, 0, 0, 0, 0.25 * expected, 0])
    assert amounts(ledger, "disposal_cost") == pytest.approx([0, 0, 0, 0, -0.03 * expected, 0])
    # Without provisions the whole row goes with the building, and nothing runs double.
    assert amounts(ledger, "running_cost", heading="energy", cashable="yes") == [-6000] + [0] * 5
    assert amounts(ledger, "double_running") == [0] * 6
    assert amounts(ledger, "brake_cost") == [0] * 6


def test_sale_terms_of_its_own():
    ledger = sold(probability=1, years_to_sell=0, disposal_cost_share=0.1, holding_gbp_per_year=50)
    assert sum(amounts(ledger, "receipt")) == pytest.approx(40000)
    assert amounts(ledger, "disposal_cost") == pytest.approx([0, 0, -4000, 0, 0, 0])
    assert amounts(ledger, "vacant_holding") == [0, -50, 0, 0, 0, 0]


def test_sale_after_the_horizon_is_not_counted():
    ledger = sold(year=3)
    assert amounts(ledger, "receipt") == [0] * 6
    assert amounts(ledger, "disposal_cost") == [0] * 6
    assert amounts(ledger, "vacant_holding") == [0, 0, 0, -10000, -10000, -10000]


def test_letting_and_holding():
    let = sold("let", let_income_gbp_per_year=900)
    assert amounts(let, "let_income") == [0, 0, 0, 0, 900, 900]
    assert amounts(let, "receipt") == amounts(let, "disposal_cost") == [0] * 6
    assert amounts(let, "vacant_holding") == [0, -10000, -10000, -10000, 0, 0]
    hold = sold("hold")
    assert amounts(hold, "vacant_holding") == [0, *[-10000] * 5]
    assert amounts(hold, "empty_rates") == [0, -3000, *[-4000] * 4]
    assert amounts(hold, "receipt") == [0] * 6


def test_durations_that_add_up_do_not_round_up():
    # 0.11 + (0.33 + 0.56) is a little more than 1 in binary.
    brakes = [
        {"site_id": "A", "brake": name, "effect": "delay", "delay_years": years}
        for name, years in (("x", 0.33), ("y", 0.56))
    ]
    value = [
        {"site_id": "A", "exit_route": "sell", "receipt_gbp": 100, "years_to_sell": 0.11, "probability": 1}
    ]
    ledger = ledger_of(plan([("A", 1, "sell")]), brakes=brakes, valuations=value)
    assert sum(amounts(ledger, "receipt", view="economic")) == pytest.approx(25)
    assert amounts(ledger, "receipt") == pytest.approx([0, 0, 100, 0, 0])


@pytest.mark.parametrize(
    "site", [{"scope": "out"}, {"status": "outside"}, {"status": "host"}, {"partner_id": "elsewhere"}]
)
def test_sites_that_are_not_counted(site):
    partners = [{"partner_id": "elsewhere", "in_plan": "no"}]
    sites = [{"site_id": "A", "income_gbp_per_year": 5} | site]
    assert ledger_of(Plan.empty(), sites=sites, partners=partners).empty


def test_bau_is_the_empty_plan():
    ledger = ledger_of(Plan.empty())
    columns = [name for name in LEDGER_COLUMNS if name != "case"]
    bau, same = (ledger.loc[ledger["case"] == case, columns] for case in ("bau", "plan"))
    order = [*columns[:-3], "heading", "t"]
    pd.testing.assert_frame_equal(
        bau.sort_values(order).reset_index(drop=True), same.sort_values(order).reset_index(drop=True)
    )
    assert len(bau) > 20


def test_bau_does_not_depend_on_the_plan():
    first, second = (
        ledger_of(p).query("case == 'bau'").reset_index(drop=True) for p in (Plan.empty(), moved())
    )
    pd.testing.assert_frame_equal(first, second)


def test_transfers_sum_to_zero():
    ledger = ledger_of(moved(), rates={"hub_charge_annuity_share": 1.0})
    paid = ledger[ledger["line"].isin(["hub_charge", "host_fee"])]
    assert len(paid) > 0
    assert set(paid["view"]) == {"financial"}
    assert paid.groupby("t")["amount_gbp"].sum().abs().max() == 0.0


def test_charges_for_a_hub_are_as_agreed_whatever_the_discount_rate():
    two = two_sites({"hub_charge_annuity_share": 1.0})
    now, later = (
        amounts(build_ledger(two, config(5, **change), moved()), "hub_charge", partner_id="nhs")
        for change in ({}, {"vintage": "6%", "timing": "mid_year"})
    )
    assert now == later
    dearer = two_sites({"hub_charge_annuity_share": 1.0, "hub_charge_rate": 0.06})
    dear = amounts(build_ledger(dearer, config(5), moved()), "hub_charge", partner_id="nhs")
    assert sum(dear) > sum(now)


def net_present(ledger: pd.DataFrame, view: str) -> float:
    factors = discount_factors("green_book_2022", 60)
    chosen = ledger[ledger["view"].isin(["both", view])]
    sign = np.where(chosen["case"] == "plan", 1.0, -1.0)
    return float((sign * chosen["amount_gbp"] * factors[chosen["t"]]).sum())


@pytest.mark.parametrize("view", ["economic", "financial"])
def test_doubling_all_money_doubles_the_npv(view):
    base = two_sites()
    tables = {
        name: frame.assign(**{c: frame[c] * 2 for c in frame if "gbp" in c})
        for name, frame in base.tables.items()
    }
    rates = {name: value * 2 if "gbp" in name else value for name, value in base.assumptions.items()}
    twice = replace(base, tables=tables, assumptions=rates)
    once_, doubled = (net_present(build_ledger(e, config(5), moved()), view) for e in (base, twice))
    assert once_ != 0
    assert doubled == pytest.approx(2 * once_)


def test_part_vacating_saves_only_variable_cost():
    ledger = ledger_of(plan([], [("B", "small", 2)], BOTH_MOVE))
    saved = sum(amounts(ledger, "running_cost")) - sum(amounts(ledger, "running_cost", "bau"))
    # Only energy has a variable part: 3200 a year, 3/4 of it for 3 years, 1/4 for 2.
    assert saved == pytest.approx(3200 * (0.75 * 3 + 0.25 * 2))


def test_business_rates_are_absent_from_the_economic_view():
    ledger = sold()
    rates = ledger[(ledger["heading"] == "business_rates") | (ledger["line"] == "empty_rates")]
    assert set(rates["view"]) == {"financial"}


def test_discounting_uses_the_chain_of_factors():
    # 12000 of rent in year 31 alone: DF(31) = 0.3459 (domain 1.1), not 1.03 ** -31 = 0.4000.
    ledger = ledger_of(Plan.empty(), years=32, tenures=[])
    last = ledger[(ledger["t"] == 31) & (ledger["heading"] == "rent") & (ledger["case"] == "bau")]
    worth = float((last["amount_gbp"] * discount_factors("green_book_2022", 32)[31]).sum())
    assert worth == pytest.approx(-12000 * 0.3459, abs=1.0)


def test_columns_and_words():
    ledger = ledger_of(moved())
    assert tuple(ledger.columns) == LEDGER_COLUMNS
    assert set(ledger["year"]) == {"2027/28", "2028/29", "2029/30", "2030/31", "2031/32"}
    assert set(ledger["basis"]) == {"real"}
    assert set(ledger["view"]) == {"both", "economic", "financial"}
    assert (ledger["amount_gbp"] != 0).all()
    assert not ledger.isna().any().any()
    assert ledger["t"].dtype == np.int64
    assert dict(zip(ledger["line"], ledger["kind"], strict=True))["fit_out"] == "capital"


def test_register_agrees_with_the_page():
    page = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    section = page.split("## 4. The ledger")[1].split("## 5.")[0]
    lines = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w ]+) \|", section, flags=re.MULTILINE)
    assert [(line.name, line.kind, line.who) for line in LEDGER_LINES] == lines
    steady = re.search(r"running cost =\s+-\(([^)]*)\)", section).group(1)
    assert {line.name for line in LEDGER_LINES if line.steady} == set(re.split(r"\s*\+\s*", steady))


def test_every_line_is_produced():
    services = [{"service_id": "advice", "space_factor": 0.5, "online_setup_gbp": 10}]
    parts = [
        ledger_of(moved()),
        sold(),
        sold("let", let_income_gbp_per_year=1),
        ledger_of(plan(moves=[("u1", "online", None, None, None, 1)]), services=services),
        ledger_of(
            plan(moves=[("u1", "move", "H", None, None, 3)]),
            sites=[{"site_id": "A"}, HOST],
            host_terms=[{"site_id": "H", "room_nia_m2": 500, "fee_gbp_per_m2_per_year": 10}],
        ),
    ]
    seen = set().union(*(part["line"] for part in parts))
    elsewhere = {"rent_between_partners", "tenant_compensation", "surrender_premium", "programme"}
    elsewhere |= {"energy_upgrade", "redundancy", "excess_travel", "carbon", "resident_travel"}
    elsewhere |= {"irrecoverable_vat", "purchase", "stamp_duty", "income_weighting"}
    assert seen | elsewhere == {line.name for line in LEDGER_LINES}


def test_six_hundred_sites_in_time():
    headings = [
        "rent",
        "service_charge",
        "business_rates",
        "insurance",
        "energy",
        "water",
        "hard_fm",
        "soft_fm",
    ]
    ids = [f"S{i:03}" for i in range(600)]
    big = estate(
        sites=[{"site_id": i, "gia_m2": 500} for i in ids],
        running_costs=[{"site_id": i, "heading": h, "gbp_per_year": 1000} for i in ids for h in headings],
        services=[{"service_id": "advice"}],
        provisions=[
            {"provision_id": f"{i}-{k}", "site_id": i, "service_id": "advice", "room_nia_m2": 100}
            for i in ids
            for k in range(2)
        ],
    )
    closed = plan(
        [(i, 5, "hold") for i in ids[:200]],
        moves=[(f"{i}-{k}", "merge", "S599", None, "S599-0", 5) for i in ids[:200] for k in range(2)],
    )
    start = time.perf_counter()
    ledger = build_ledger(big, config(35, 10), closed)
    assert time.perf_counter() - start < 5
    assert ledger.query("line == 'running_cost' and case == 'bau'")["amount_gbp"].sum() == pytest.approx(
        -600 * 8 * 35 * 1000
    )
