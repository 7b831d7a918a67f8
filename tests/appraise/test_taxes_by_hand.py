"""Taxes worked out with a pencil: rates of empty buildings, tax that is not recovered, stamp duty."""

from __future__ import annotations

import pytest
from small_estates import amounts, config, estate, plan

from estate.appraise.financial import financial_view
from estate.appraise.ledger import build_ledger

RATES = {"optimism_bias_duration_share": 0.0, "optimism_bias_share": 0.0, "fees_share": 0.1}
RATES |= {"contingency_share": 0.0, "fit_out_gbp_per_m2": 100.0, "it_gbp_per_fte": 1_000.0}
PLAN = plan(
    closures=[("A", 2, "sell")],
    hubs=[("H", "small", 2)],
    moves=[("u", "move", "H", "small", "", 2)],
)


def made(site=None, **partner):
    return estate(
        RATES,
        partners=[{"partner_id": "council"}, {"partner_id": "nhs"} | partner],
        sites=[
            {"site_id": "A", "partner_id": "council", "gia_m2": 100} | (site or {}),
            {"site_id": "H", "partner_id": "nhs", "step_free": "yes"},
        ],
        running_costs=[{"site_id": "A", "heading": "business_rates", "gbp_per_year": 1_200}],
        services=[{"service_id": "adv"}],
        provisions=[
            {"provision_id": "u", "site_id": "A", "service_id": "adv", "partner_id": "nhs"}
            | {"room_nia_m2": 50, "staff_fte": 3}
        ],
        hub_options=[
            {"site_id": "H", "option": "small", "room_nia_m2": 100, "capital_gbp": 40_000, "lead_years": 2}
            | {"running_cost_gbp_per_year": 0, "purchase_gbp": 300_000, "life_years": 10}
        ],
        valuations=[{"site_id": "A", "exit_route": "sell", "receipt_gbp": 0, "years_to_sell": 2}],
    )


@pytest.mark.parametrize(
    ("site", "due"),
    [
        ({}, [-900, -1_200]),
        ({"empty_rates_relief": "industrial"}, [-600, -1_200]),
        ({"empty_rates_relief": "listed"}, [0, 0]),
        ({"empty_rates_relief": "charity"}, [0, 0]),
        ({"empty_rates_relief": "none"}, [-1_200, -1_200]),
        ({"scope": "surplus"}, [-1_200, -1_200]),
        ({"scope": "surplus", "empty_rates_relief": "usual"}, [-900, -1_200]),
        ({"rateable_value_gbp": 2_899}, [0, 0]),
        ({"rateable_value_gbp": 2_900}, [-900, -1_200]),
    ],
)
def test_rates_of_an_empty_building_follow_its_relief(site, due):
    ledger = build_ledger(made(site), config(years=6), PLAN)
    assert amounts(ledger, "empty_rates") == [0, 0, *due, 0, 0]


def test_tax_that_is_not_recovered_falls_on_works_fit_out_and_it_of_that_partner():
    run = config(years=6, finance={"fit_out": {"life_years": 5}})
    ledger = build_ledger(there := made(irrecoverable_vat_share=0.5), run, PLAN)
    tax = amounts(ledger, "irrecoverable_vat")
    # 40,000 x 1.1 over two years, then 100 x 50 x 1.1 of fit-out and 3,000 of IT; half of 20% each.
    assert tax == pytest.approx([-2_200, -2_200, -850, 0, 0, 0])
    rows = ledger[ledger["line"] == "irrecoverable_vat"]
    assert set(rows["view"]) == {"financial"}
    assert set(rows["heading"]) == {"hub_capital", "fit_out", "it"}
    money = financial_view(ledger, there, run)
    spent = money[money["partner_id"] == "nhs"].set_index("t")
    price = spent["price_index"]
    assert spent.loc[2, "capital_spend_gbp"] == pytest.approx(9_350 * price[2])
    without = build_ledger(made(), run, PLAN)
    assert "irrecoverable_vat" not in set(without["line"])


def test_what_is_bought_is_paid_first_taxed_by_bands_and_worth_something_at_the_end():
    ledger = build_ledger(made(), config(years=6), PLAN)
    assert amounts(ledger, "purchase") == [-300_000, 0, 0, 0, 0, 0]
    assert amounts(ledger, "stamp_duty") == [-(2_000 + 2_500), 0, 0, 0, 0, 0]
    assert set(ledger.loc[ledger["line"] == "stamp_duty", "view"]) == {"financial"}
    assert amounts(ledger, "residual_value")[5] == pytest.approx((44_000 + 300_000) * 0.6)
    exempt = build_ledger(made(pays_stamp_duty="no"), config(years=6), PLAN)
    assert "stamp_duty" not in set(exempt["line"])
