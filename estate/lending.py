"""``estate loan``: what a loan costs half-year by half-year, its provision, and its early repayment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.errors import ConfigError, Issue
from estate.core.loans import LOANS, PROVISIONS, Loan, early_repayment, loan, provision
from estate.present.csvs import write_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PENNY = 0.005


@dataclass(frozen=True)
class Terms:
    """What is asked of a loan.

    Attributes
    ----------
    amount_gbp : float
        Amount borrowed [GBP].
    rate : float
        Yearly rate, half of it due each half-year [share/year].
    years : int
        Term [year].
    kind, provided : str
        One of ``LOANS``, and of ``PROVISIONS``.
    life_years : int or None
        Life of the asset [year]; the term where none is given.
    discount_rate : float or None
        Rate at which the loan is redeemed early [share/year]; None where it is not.
    half_years_left, days : int
        Half-years to run from the last interest date, and days since then.
    """

    amount_gbp: float
    rate: float
    years: int
    kind: str = "annuity"
    provided: str = "equal"
    life_years: int | None = None
    discount_rate: float | None = None
    half_years_left: int | None = None
    days: int = 0


def lend(terms: Terms, out: Path | None = None) -> list[str]:
    """Say what a loan costs, and write its schedule.

    Parameters
    ----------
    terms : Terms
        The loan.
    out : Path, optional
        Folder for ``loan.csv``, a row for each half-year.

    Returns
    -------
    list of str
        What to tell.

    Raises
    ------
    ConfigError
        For terms that no loan has, all at once.
    """
    issues = _issues(terms)
    if issues:
        raise ConfigError("The loan cannot be worked out:", issues)
    one = loan(terms.kind, terms.amount_gbp, terms.rate, terms.years)
    life = terms.life_years or terms.years
    charge = provision(terms.provided, terms.amount_gbp, life, terms.rate)
    lines = [*_cost(terms, one), *_budget(terms, one, charge), *_early(terms)]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_table(schedule(one), out / "loan.csv")
        lines.append(f"Every half-year is in {out / 'loan.csv'}.")
    return lines


def schedule(one: Loan) -> pd.DataFrame:
    """Return half_year, interest_gbp, principal_gbp, payment_gbp and balance_gbp of a loan [GBP]."""
    table = {"interest": one.interest, "principal": one.principal, "payment": one.payment}
    table |= {"balance": one.balance}
    named = {f"{name}_gbp": amounts for name, amounts in table.items()}
    return pd.DataFrame({"half_year": np.arange(1, len(one.balance) + 1), **named})


def _cost(terms: Terms, one: Loan) -> list[str]:
    first, last = float(one.payment[0]), float(one.payment[-1])
    level = abs(first - last) < PENNY
    paid = f"£{first:,.2f} each" if level else f"£{first:,.2f} at first, £{last:,.2f} at the end"
    whole = f"{NAMES[terms.kind]} of £{terms.amount_gbp:,.2f} at {terms.rate:.3%} over {terms.years} years"
    parts = f"£{one.interest[0]:,.2f} of interest and £{one.principal[0]:,.2f} of principal"
    return [
        f"{whole}: {len(one.payment)} half-yearly payments, {paid}.",
        f"The first is {parts}. Interest in all: £{one.interest.sum():,.2f}.",
    ]


def _budget(terms: Terms, one: Loan, charge: NDArray[np.float64]) -> list[str]:
    interest, principal = one.yearly()
    second = f", £{charge[1]:,.2f} in the second" if len(charge) > 1 else ""
    budget, cash = interest[0] + charge[0], interest[0] + principal[0]
    borne = f"£{budget:,.2f} (interest and provision), cash £{cash:,.2f} (interest and principal)"
    return [
        f"Provision over {len(charge)} years ({terms.provided}): £{charge[0]:,.2f} in the first{second}.",
        f"In the first year the budget bears {borne}.",
    ]


def _early(terms: Terms) -> list[str]:
    if terms.discount_rate is None or terms.half_years_left is None:
        return []
    x = early_repayment(terms.amount_gbp, terms.rate, terms.discount_rate, terms.half_years_left, terms.days)
    word = f"is a {'premium' if x > 0 else 'discount'} of £{abs(x):,.2f}"
    early = f"Repaid with {terms.half_years_left} half-years to run, redeemed at {terms.discount_rate:.3%}"
    return [f"{early}: {word if abs(x) >= PENNY else 'costs nothing'}."]


NAMES = {"annuity": "Annuity", "eip": "Equal instalments of principal", "maturity": "Maturity loan"}


def _issues(terms: Terms) -> list[Issue]:
    """Find terms that no loan has."""
    life = terms.life_years or terms.years
    shorter, whole = "is shorter than the loan", "no loan outlasts its asset: shorten --years"
    asked = (
        (terms.amount_gbp <= 0, "AMOUNT", terms.amount_gbp, "is not above nought", "give pounds"),
        (not 0 <= terms.rate <= 1, "--rate", terms.rate, "is no share", "write 0.05 for 5%"),
        (terms.years < 1, "--years", terms.years, "is no term", "give whole years"),
        (terms.kind not in LOANS, "--kind", terms.kind, UNKNOWN, f"use {', '.join(LOANS)}"),
        (terms.provided not in PROVISIONS, "--provision", terms.provided, UNKNOWN, "use equal or annuity"),
        (life < terms.years, "--life", life, shorter, whole),
        *_early_issues(terms),
    )
    return [
        Issue("command line", None, option, str(value), problem, remedy)
        for wrong, option, value, problem, remedy in asked
        if wrong
    ]


def _early_issues(terms: Terms) -> tuple[tuple[bool, str, object, str, str], ...]:
    left, both = terms.half_years_left or 0, "give both, or neither"
    apart = (terms.discount_rate is None) != (terms.half_years_left is None)
    other = terms.half_years_left is not None and terms.kind != "maturity"
    beyond, days = not 0 <= left <= 2 * terms.years, not 0 <= terms.days < MOST_DAYS
    return (
        (apart, "--discount-rate", "", "goes with --half-years-left", both),
        (other, "--kind", terms.kind, "is not repaid early here", "the formula is that of maturity loans"),
        (beyond, "--half-years-left", left, "is beyond the term", "count from the last interest date"),
        (days, "--days", terms.days, "is no part of a half-year", f"give 0 to {MOST_DAYS - 1}"),
    )


UNKNOWN = "is not known"
MOST_DAYS = 184
