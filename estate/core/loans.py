"""Loans paid half-yearly, what early repayment costs, and minimum revenue provision.

Formulae of the Public Works Loan Board (annuity, equal instalments of principal, maturity; its note
on early repayment) and of the statutory guidance on minimum revenue provision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOANS = ("annuity", "eip", "maturity")
PROVISIONS = ("equal", "annuity")


@dataclass(frozen=True)
class Loan:
    """A loan by half-year, shape (2 x term,) each.

    Attributes
    ----------
    interest, principal : ndarray
        Paid at the end of each half-year [GBP].
    balance : ndarray
        Owed after that payment [GBP].
    """

    interest: NDArray[np.float64]
    principal: NDArray[np.float64]
    balance: NDArray[np.float64]

    @property
    def payment(self) -> NDArray[np.float64]:
        """Return interest and principal together [GBP]."""
        return np.asarray(self.interest + self.principal)

    def yearly(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return interest and principal by whole year after the loan is taken [GBP]."""
        return self.interest.reshape(-1, 2).sum(axis=1), self.principal.reshape(-1, 2).sum(axis=1)


def loan(kind: str, amount_gbp: float, rate: float, term_years: int) -> Loan:
    """Return what a loan costs, half-year by half-year.

    Parameters
    ----------
    kind : str
        ``annuity``: level payments; ``eip``: level principal; ``maturity``: principal at the end.
    amount_gbp : float
        Amount borrowed [GBP].
    rate : float
        Yearly rate, half of it due each half-year [share/year].
    term_years : int
        Term [year].

    Returns
    -------
    Loan
    """
    n, i = 2 * term_years, rate / 2
    k = np.arange(n)
    if kind == "maturity":
        principal = np.where(k == n - 1, amount_gbp, 0.0)
    elif kind == "eip" or i == 0:
        principal = np.full(n, amount_gbp / n)
    else:
        principal = amount_gbp * i / ((1 + i) ** n - 1) * (1 + i) ** k
    balance = amount_gbp - np.cumsum(principal)
    interest = i * (amount_gbp - (np.cumsum(principal) - principal))
    return Loan(np.asarray(interest), np.asarray(principal), np.asarray(balance))


def early_repayment(
    amount_gbp: float, loan_rate: float, discount_rate: float, half_years: int, days: int = 0
) -> float:
    """Return the premium on repaying a maturity loan early; below 0 it is a discount [GBP].

    ``x = (1 + i_d D/182.5)(i_l A + V) - (1 + i_l D/182.5)``.

    Parameters
    ----------
    amount_gbp : float
        Amount repaid [GBP].
    loan_rate, discount_rate : float
        Rate of the loan, and rate at which it is redeemed [share/year].
    half_years : int
        Half-years to run from the last interest date.
    days : int
        Days since the last interest date.
    """
    owed, at = loan_rate / 2, discount_rate / 2
    value = (1 + at) ** -half_years
    annuity = (1 - value) / at if at else float(half_years)
    part = days / 182.5
    return amount_gbp * ((1 + at * part) * (owed * annuity + value) - (1 + owed * part))


def provision(
    kind: str, capital_gbp: float, life_years: int, rate: float = 0.0, made_gbp: float = 0.0
) -> NDArray[np.float64]:
    """Return the minimum revenue provision of each year of an asset's life.

    Parameters
    ----------
    kind : str
        ``equal``: (A - B)/C, equal instalments; ``annuity``: rising with the rate.
    capital_gbp : float
        A: capital spent and financed by debt [GBP].
    life_years : int
        C: remaining life [year].
    rate : float
        Rate of the annuity [share/year].
    made_gbp : float
        B: provision made before [GBP].

    Returns
    -------
    ndarray, shape (life_years,)
        Charge to revenue in years 1 .. life after the spend [GBP]; its sum is A - B.
    """
    left = capital_gbp - made_gbp
    if kind == "equal" or rate == 0:
        return np.full(life_years, left / life_years)
    k = np.arange(life_years)
    return np.asarray(left * rate * (1 + rate) ** k / ((1 + rate) ** life_years - 1))
