"""Measures of flows against published and computed figures (domain.md 1.1, 1.2, 1.5)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estate.appraise.flows import equivalent_annual, irr, npv, payback, peak_funding
from estate.core.money import deflate, discount_factors, rebase

GREEN = "green_book_2022"
FACTORS = {
    0: 1.0000, 1: 0.9662, 2: 0.9335, 3: 0.9019, 4: 0.8714, 5: 0.8420, 6: 0.8135, 7: 0.7860, 8: 0.7594,
    9: 0.7337, 10: 0.7089, 15: 0.5969, 20: 0.5026, 25: 0.4231, 30: 0.3563, 31: 0.3459, 35: 0.3073,
    40: 0.2651, 50: 0.1973, 60: 0.1468, 75: 0.0942, 76: 0.0919, 100: 0.0508, 125: 0.0274, 126: 0.0269,
}  # fmt: skip
HEALTH = {1: 0.9852, 5: 0.9283, 10: 0.8617, 20: 0.7425, 30: 0.6398, 31: 0.6316, 60: 0.4355}
ANNUITIES = {
    5: 4.5151, 7: 6.1145, 10: 8.3166, 15: 11.5174, 20: 14.2124, 25: 16.4815, 30: 18.3920, 40: 21.4312,
    60: 25.3753,
}  # fmt: skip
MID_YEAR = {1: 0.9829, 2: 0.9497, 5: 0.8566, 10: 0.7212}


def test_discount_table():
    factors = discount_factors(GREEN, 127)
    assert {t: round(float(factors[t]), 4) for t in FACTORS} == FACTORS


def test_health_and_mid_year_factors():
    health = discount_factors(f"{GREEN}_health", 61)
    assert {t: round(float(health[t]), 4) for t in HEALTH} == HEALTH
    mid = discount_factors(GREEN, 11, "mid_year")
    assert {t: round(float(mid[t]), 4) for t in MID_YEAR} == MID_YEAR


def test_annuity_factors():
    factors = discount_factors(GREEN, 61)
    assert {n: round(float(factors[1 : n + 1].sum()), 4) for n in ANNUITIES} == ANNUITIES


def test_minus_100_then_30_for_five_years():
    flows = [-100.0] + [30.0] * 5
    factors = discount_factors(GREEN, 6)
    assert npv(flows, factors) == pytest.approx(35.4516, abs=5e-5)
    assert equivalent_annual(npv(flows, factors), factors) == pytest.approx(7.8519, abs=5e-5)
    assert irr(flows).value == pytest.approx(0.15238, abs=5e-6)
    assert payback(flows).years == pytest.approx(3.333, abs=5e-4)
    assert payback(flows).whole_years == 4
    assert payback(flows, factors).years == pytest.approx(3.610, abs=5e-4)


def invest_to_save(receipt: float = 0.0, year: int = 4) -> np.ndarray:
    flows = np.array([-2.0, -4.0, -0.3] + [0.9] * 28)
    flows[year] += receipt
    return flows


@pytest.mark.parametrize(
    ("receipt", "year", "worth", "rate", "simple", "discounted"),
    [
        (0.0, 4, 8.6983, 0.1183, 9.000, 10.600),
        (2.5, 4, 10.8769, 0.1548, 6.222, 7.253),
        (2.0, 7, 10.2703, 0.1371, 6.931, 8.145),
    ],
)
def test_invest_to_save(receipt, year, worth, rate, simple, discounted):
    flows = invest_to_save(receipt, year)
    factors = discount_factors(GREEN, 31)
    assert npv(flows, factors) == pytest.approx(worth, abs=5e-5)
    assert irr(flows).value == pytest.approx(rate, abs=5e-5)
    assert payback(flows).years == pytest.approx(simple, abs=5e-4)
    assert payback(flows, factors).years == pytest.approx(discounted, abs=5e-4)
    peak = peak_funding(flows)
    assert (peak.amount_gbp, peak.year) == (pytest.approx(6.3), 2)


def test_payback_at_the_very_end_of_a_year_is_that_year():
    # 7 x 0.9 = 6.3 but for rounding.
    assert payback(invest_to_save()).whole_years == 9


def test_several_rates_of_return():
    # -1 + 2.3/(1+r) - 1.32/(1+r)^2 is nil at 10% and at 20%.
    rate = irr([-1.0, 2.3, -1.32])
    assert rate.rates == pytest.approx((0.1, 0.2))
    assert rate.value is None
    assert "2 rates" in rate.reason


def test_a_rate_that_is_touched_once_is_one_rate():
    assert irr([-1.0, 2.2, -1.21]).rates == pytest.approx((0.1,), abs=1e-5)


def test_no_rate_of_return():
    assert irr([1.0, -1.0, 1.0]).value is None
    assert "no rate" in irr([1.0, -1.0, 1.0]).reason
    assert "same sign" in irr([5.0, 0.0, 3.0]).reason
    assert "no cash" in irr([0.0, 0.0]).reason


def test_negative_rate_of_return():
    assert irr([-100.0, 50.0]).value == pytest.approx(-0.5)
    assert irr([0.0, 0.0, -100.0, 121.0, 0.0]).value == pytest.approx(0.21)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=36))
def test_every_rate_makes_the_worth_nil(flows):
    for rate in irr(flows).rates:
        terms = np.array(flows, dtype=float) / (1.0 + rate) ** np.arange(len(flows))
        assert abs(terms.sum()) <= 1e-6 * np.abs(terms).sum()


@given(st.floats(-0.5, 2.0), st.integers(2, 35))
def test_the_rate_of_an_annuity_is_found(rate, years):
    yearly = 1.0 / sum((1.0 + rate) ** -t for t in range(1, years + 1))
    assert irr([-1.0] + [yearly] * years).value == pytest.approx(rate, abs=1e-6)


def test_payback_that_never_comes():
    assert payback([-10.0, 3.0, 3.0]).years is None
    assert "not paid back" in payback([-10.0, 3.0, 3.0]).reason
    assert payback([0.0, 0.0]).years is None


def test_payback_is_the_sustained_crossing():
    # Cumulative -10, 5, -5, 5: paid back for good half-way through year 3, not in year 1.
    assert payback([-10.0, 15.0, -10.0, 10.0]).years == pytest.approx(2.5)
    assert payback([-10.0, 15.0, -10.0, 10.0]).whole_years == 3
    assert payback([-10.0, 15.0, -10.0]).years is None


def test_nothing_to_fund():
    assert payback([4.0, -1.0]).years == 0
    assert peak_funding([4.0, -1.0]).amount_gbp == 0
    assert peak_funding([4.0, -1.0]).year is None


def test_peak_is_the_deepest_point_of_the_whole_line():
    peak = peak_funding([-5.0, 8.0, -10.0, 20.0])
    assert (peak.amount_gbp, peak.year) == (7.0, 2)


def test_equivalent_annual_of_one_year_is_undefined():
    assert equivalent_annual(5.0, discount_factors(GREEN, 1)) is None


def test_deflating_a_thousand_a_year():
    # HM Treasury Green Book, table 1 (domain 1.3).
    assert np.round(deflate([1000.0] * 6, 0.02)).tolist() == [1000, 980, 961, 942, 924, 906]
    assert deflate([1.0, 1.1, 1.1 * 1.2], [0.1, 0.2]) == pytest.approx([1.0, 1.0, 1.0])
    assert deflate([], 0.02).tolist() == []


def test_rebasing_by_an_index():
    # Prices of 1998-99 to those of 2003-04 (domain 1.3).
    assert rebase(7.4, 91.031, 102.789) == pytest.approx(8.36, abs=0.005)
    assert rebase(1.0, 88.480, 100.0) == pytest.approx(1.1302, abs=5e-5)
