"""What columns pay and save, against sums done by hand on the tiny estate."""

from __future__ import annotations

import numpy as np
import pytest
from tiny import PLAIN, config, families

from estate.model.cash import Cash, profile_shares

D1 = 1 / 1.035
D2, D3 = D1**2, D1**3
DF = np.array([1.0, D1, D2, D3])


def worth(family: str, view: str = "economic", factors: np.ndarray = DF, **keys: str | int) -> float:
    """Return the present value of the one column of a family with these keys."""
    assumptions = PLAIN | keys.pop("assumptions", {})
    model = families(config(assumptions=assumptions), **keys.pop("tables", {}))
    inst, block = model.inst, model.problem.blocks[family]
    names = {
        "provision": inst.provisions["provision_id"],
        "target": inst.provisions["provision_id"],
        "site": inst.sites["site_id"],
    }
    keep = np.ones(len(block.keys), dtype=bool)
    for key, value in keys.items():
        wanted = value if key == "year" else names[key].tolist().index(value)
        keep &= (block.keys[key] == wanted).to_numpy()
    column = block.columns[keep]
    assert len(column) == 1, block.keys[keep]
    value = getattr(model.cash, view).by_column(factors, model.problem.width)
    return float(value[column[0]])


def test_level_payments_are_discounted_year_by_year():
    one, years = np.ones(2, dtype=np.int64), np.array([3, 4])
    cash = Cash(one - 1, one, np.array([1, 0]), years, np.array([100.0, -10.0]), 0 * one, 0 * one)
    by_hand = [100 * (D1 + D2), -10 * (1 + D1 + D2 + D3)]
    assert cash.present_value(DF) == pytest.approx(by_hand)
    assert cash.by_column(DF, 3) == pytest.approx([sum(by_hand), 0, 0])


def test_a_sale_saves_the_fixed_cost_and_brings_the_price_less_its_cost():
    assert worth("close", site="A", year=1) == pytest.approx(40_000 * (D1 + D2 + D3) + 300_000 * 0.97 * D1)


def test_a_receipt_comes_after_the_lag_and_rates_fall_on_the_empty_building():
    rates = {"running_costs": [{"site_id": "D", "heading": "business_rates", "gbp_per_year": 8000}]}
    # Nothing of a surplus site stays: 8,000 is saved each year; it has had its relief from rates.
    # Rates are a transfer: bills fall, society saves nothing.
    saved, sold = 8000 * (1 + D1 + D2 + D3), 80_000 * 0.97 * D1
    assert worth("close", site="D", year=0, tables=rates) == pytest.approx(sold)
    assert worth("close", "financial", site="D", year=0, tables=rates) == pytest.approx(saved + sold - 8000)


def test_leaving_saves_its_part_of_the_variable_cost_and_pays_twice_for_the_months():
    full = 40_000 * 40 / 160  # half of 80,000 is variable; advice has 40 of the 160 m2
    assert worth("leave", provision="a_adv", year=1) == pytest.approx(full * (D1 + D2 + D3))
    twice = worth("leave", provision="a_adv", year=1, assumptions={"double_running_months": 3.0})
    assert twice == pytest.approx(full * (D1 + D2 + D3) - full * D1 / 4)


def test_a_merge_pays_for_removal_it_and_works():
    paid = 8 * (500 + 1000) + 10 * 160 * 0.5
    assert worth("merge", provision="b_lib", target="a_lib", year=0) == pytest.approx(-paid)


def test_a_hub_charge_moves_between_partners_and_sums_to_nothing():
    model = families(config())
    flows = model.cash.financial
    move = model.problem.blocks["move"]
    place = model.inst.places.index[model.inst.places["option"] == "large"][0]
    ben = model.inst.provisions["provision_id"].tolist().index("c_ben")
    at = (move.keys["place"] == place) & (move.keys["provision"] == ben)
    mine = flows.select(flows.column == move.columns[at.to_numpy()][0])
    by_partner = np.bincount(mine.partner, weights=mine.present_value(np.ones(4)), minlength=2)
    charge = 3 * 30 * 10_000 / 150  # three years, 30 m2, running cost by m2
    once = 3 * (500 + 1000) + 30 * 100
    assert by_partner == pytest.approx([charge, -charge - once])


@pytest.mark.parametrize(
    ("profile", "lead", "shares"),
    [("", 0, [1]), ("", 2, [0.5, 0.5]), ("0.4;0.6", 2, [0.4, 0.6]), ("1;3", 2, [0.25, 0.75])],
)
def test_capital_is_spread_over_the_lead_years(profile, lead, shares):
    assert profile_shares(profile, lead) == pytest.approx(shares)
