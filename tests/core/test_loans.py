"""Loans to the penny, early repayment and MRP: the worked figures of domain.md 2.1 and 2.2."""

from __future__ import annotations

import numpy as np
import pytest

from estate.core.loans import LOANS, early_repayment, loan, provision


def test_annuity_of_a_million_at_five_per_cent_over_25_years():
    annuity = loan("annuity", 1e6, 0.05, 25)
    assert np.round(annuity.payment, 2).tolist() == [35_258.06] * 50
    assert round(annuity.principal[0], 2) == 10_258.06
    assert round(annuity.interest.sum(), 2) == 762_902.85


def test_equal_instalments_of_principal():
    eip = loan("eip", 1e6, 0.05, 25)
    assert (round(eip.payment[0], 2), round(eip.payment[-1], 2)) == (45_000.00, 20_500.00)
    assert round(eip.interest.sum(), 2) == 637_500.00


def test_maturity():
    maturity = loan("maturity", 1e6, 0.05, 25)
    assert set(np.round(maturity.interest, 2)) == {25_000.00}
    assert maturity.principal[-1] == 1e6
    assert round(maturity.interest.sum(), 2) == 1_250_000.00


@pytest.mark.parametrize("kind", LOANS)
@pytest.mark.parametrize("rate", [0.0, 0.0375])
def test_every_loan_is_repaid_and_worth_what_was_lent(kind, rate):
    one = loan(kind, 740_000, rate, 12)
    assert one.principal.sum() == pytest.approx(740_000)
    assert one.balance[-1] == pytest.approx(0, abs=1e-6)
    worth = (one.payment / (1 + rate / 2) ** np.arange(1, 25)).sum()
    assert worth == pytest.approx(740_000)
    interest, principal = one.yearly()
    assert len(interest) == 12
    assert (interest.sum(), principal.sum()) == pytest.approx((one.interest.sum(), 740_000))


def test_early_repayment_to_the_penny():
    assert round(early_repayment(12e6, 0.08375, 0.115, 6, 14), 2) == -919_000.48


def test_early_repayment_at_the_rate_of_the_loan_costs_nothing():
    assert early_repayment(1e6, 0.05, 0.05, 10) == pytest.approx(0, abs=1e-6)
    assert early_repayment(1e6, 0.05, 0.0, 10) == pytest.approx(250_000)


def test_provision_by_asset_life():
    assert set(np.round(provision("equal", 1e6, 40), 2)) == {25_000.00}
    rising = provision("annuity", 1e6, 40, 0.05)
    assert np.round(rising[:2], 2).tolist() == [8_278.16, 8_692.07]
    assert rising.sum() == pytest.approx(1e6)
    assert provision("equal", 1e6, 20, made_gbp=600_000).tolist() == [20_000.0] * 20
