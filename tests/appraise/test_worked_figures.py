"""Worked figures of domain.md 1 and 2 that no other test checks, and the page that lists them all."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from small_estates import amounts, config, estate, plan
from typer.testing import CliRunner

from estate.appraise.ledger import build_ledger
from estate.cli import app
from estate.core import vintage
from estate.core.money import discount_factors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "worked_figures.md").read_text(encoding="utf-8")
BANDS = (0, 31, 76, 126, 201, 301)
RATES = {
    "green_book_2022": (0.035, 0.03, 0.025, 0.02, 0.015, 0.01),
    "green_book_2022_health": (0.015, 0.0129, 0.0107, 0.0086, 0.0064, 0.0043),
    "green_book_2026_sensitivity": (0.03, 0.0257, 0.0214, 0.0171, 0.0129, 0.0086),
}
CARBON = {
    2024: 268.97, 2025: 273.06, 2026: 277.22, 2027: 281.44, 2028: 285.73, 2029: 290.08, 2030: 294.50,
    2035: 317.62, 2040: 342.55, 2045: 369.02, 2050: 397.54,
}  # fmt: skip
DEFLATOR = {2019: 81.1085, 2020: 85.2137, 2021: 85.6358, 2022: 90.5005, 2023: 96.2507, 2024: 100.0}
BIAS = {
    # duration upper, capital upper, capital lower
    "standard_buildings": (0.04, 0.24, 0.02),
    "non_standard_buildings": (0.39, 0.51, 0.04),
    "standard_civil_engineering": (0.20, 0.44, 0.03),
    "non_standard_civil_engineering": (0.25, 0.66, 0.06),
    "equipment": (0.54, 2.00, 0.10),
}


@pytest.mark.parametrize("name", list(RATES))
def test_discount_rates_step_down_as_published(name):
    factors = discount_factors(name, 303)
    yearly = factors[:-1] / factors[1:] - 1
    for rate, first, after in zip(RATES[name], (0, *BANDS[1:]), (*BANDS[1:], 302), strict=True):
        assert yearly[max(0, first - 1) : after - 1] == pytest.approx(rate)


def test_carbon_values_of_every_year_published():
    years = np.array(list(CARBON))
    for name, part in (("central", 1.0), ("low", 0.5), ("high", 1.5)):
        values, prices = vintage.carbon_values("desnz_2023_11", name, years)
        assert values == pytest.approx([part * value for value in CARBON.values()], abs=0.006)
        assert prices == 2022
    growth = (CARBON[2050] / CARBON[2024]) ** (1 / 26) - 1
    assert growth == pytest.approx(0.015, abs=0.0005)


def test_deflator_of_every_year_published():
    index = vintage.price_index("hmt_2025_12", np.array(list(DEFLATOR)), 0.02)
    assert index.tolist() == pytest.approx(list(DEFLATOR.values()))


@pytest.mark.parametrize("kind", list(BIAS))
def test_optimism_bias_of_every_kind_published(kind):
    found = vintage.optimism_bias("mott_macdonald_2002", {kind: 1})
    assert (found["duration_upper"], found["capital_upper"], found["capital_lower"]) == pytest.approx(
        BIAS[kind]
    )


def one_hub(years, decisions, opens, rates):
    """Return the ledger of works of £100 million at a site of one's own."""
    bare = {"fees_share": 0.0, "contingency_share": 0.0, "optimism_bias_share": 0.0}
    made = estate(
        bare | {"optimism_bias_duration_share": 0.0} | rates,
        partners=[{"partner_id": "council"}],
        sites=[{"site_id": "B", "partner_id": "council", "step_free": "yes"}],
        hub_options=[
            {"site_id": "B", "option": "one", "room_nia_m2": 9, "capital_gbp": 100e6, "lead_years": 0}
            | {"running_cost_gbp_per_year": 0}
        ],
    )
    return build_ledger(made, config(years, decisions), plan(hubs=[("B", "one", opens)]))


def test_works_of_100_million_with_92_per_cent_of_their_bias_mitigated():
    bias = {"optimism_bias_share": 0.51, "optimism_bias_mitigated_share": 0.92}
    spent = -sum(amounts(one_hub(5, 4, 1, bias), "hub_capital"))
    assert spent == pytest.approx(100e6 * (1 + 0.51 * 0.08))
    assert round(spent / 1e6) == 104


def test_an_item_of_15_years_renewed_in_year_10_keeps_a_third_at_year_20():
    ledger = one_hub(20, 12, 10, {"hub_life_years": 15.0})
    assert sum(amounts(ledger, "residual_value", view="economic")) == pytest.approx(100e6 / 3)


def lent(*words):
    done = CliRunner().invoke(app, ["loan", *words])
    return done.exit_code, done.output


def test_loans_of_a_million_by_the_command_line(tmp_path):
    million = ["1000000", "--rate", "0.05", "--years", "25"]
    code, said = lent(*million, "--life", "40", "--provision", "annuity", "--out", str(tmp_path))
    assert code == 0
    for figure in ("35,258.06", "10,258.06", "762,902.85", "8,278.16", "8,692.07"):
        assert f"£{figure}" in said
    assert len((tmp_path / "loan.csv").read_text(encoding="utf-8").splitlines()) == 51
    _, said = lent(*million, "--kind", "eip", "--life", "40")
    for figure in ("45,000.00", "20,500.00", "637,500.00", "25,000.00"):
        assert f"£{figure}" in said
    _, said = lent(*million, "--kind", "maturity")
    assert "£25,000.00 of interest" in said
    assert "£1,250,000.00" in said


def test_early_repayment_by_the_command_line():
    terms = ["12000000", "--rate", "0.08375", "--years", "25", "--kind", "maturity"]
    _, said = lent(*terms, "--discount-rate", "0.115", "--half-years-left", "6", "--days", "14")
    assert "discount of £919,000.48" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["5", "--rate", "5", "--years", "9"], "--rate"),
        (["5", "--rate", "0.05", "--years", "40", "--life", "10"], "no loan outlasts its asset"),
        (["5", "--rate", "0.05", "--years", "9", "--kind", "bullet"], "annuity, eip, maturity"),
        (["5", "--rate", "0.05", "--years", "9", "--discount-rate", "0.1"], "give both, or neither"),
    ],
)
def test_terms_that_no_loan_has_are_told(words, told):
    code, said = lent(*words)
    assert code == 2
    assert told in said


def test_every_test_that_the_page_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) >= 30
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), (path, test)
