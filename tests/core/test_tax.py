"""Stamp duty land tax by bands, worked by hand."""

from __future__ import annotations

import pytest

from estate.core.money import annuity_factor
from estate.core.tax import stamp_duty

RATES = {
    "stamp_duty_free_gbp": 150_000.0,
    "stamp_duty_middle_gbp": 250_000.0,
    "stamp_duty_middle_share": 0.02,
    "stamp_duty_upper_share": 0.05,
    "stamp_duty_lease_middle_gbp": 5_000_000.0,
    "stamp_duty_lease_middle_share": 0.01,
    "stamp_duty_lease_upper_share": 0.02,
    "stamp_duty_rent_discount_share": 0.035,
}


@pytest.mark.parametrize(
    ("price", "tax"), [(150_000, 0), (200_000, 1_000), (250_000, 2_000), (1_000_000, 39_500)]
)
def test_each_band_of_a_price_is_taxed_at_its_own_rate(price: float, tax: float) -> None:
    assert float(stamp_duty(RATES, price, 0, 0)) == pytest.approx(tax)


def test_a_lease_is_taxed_on_the_present_value_of_its_rents() -> None:
    # 8.3166 is the annuity factor of ten years at 3.5%: £100,000 a year are worth £831,660.53.
    assert float(stamp_duty(RATES, 0, 100_000, 10)) == pytest.approx(6_816.61, abs=0.005)
    assert float(stamp_duty(RATES, 0, 1_000_000, 10)) == pytest.approx(48_500 + 0.02 * 3_316_605.32, abs=0.01)
    assert float(stamp_duty(RATES, 0, 0, 0)) == 0
    undiscounted = RATES | {"stamp_duty_rent_discount_share": 0.0}
    assert float(stamp_duty(undiscounted, 0, 25_000, 10)) == pytest.approx(1_000)


def test_annuity_factors_are_those_published() -> None:
    # Standard rate of 3.5%: 4.5151, 8.3166 and 18.3920 for 5, 10 and 30 years.
    assert annuity_factor(0.035, [5, 10, 30]).tolist() == pytest.approx([4.5151, 8.3166, 18.3920], abs=5e-5)
    assert annuity_factor(0.0, [1, 7]).tolist() == [1, 7]
