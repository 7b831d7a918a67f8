"""Measures of any array of yearly flows: worth, rate of return, payback, peak funding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import Polynomial

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NOISE = 1e-12
"""Amounts smaller than this share of the largest are rounding, not cash."""


@dataclass(frozen=True)
class Irr:
    """Internal rate of return.

    Attributes
    ----------
    rates : tuple of float
        Every real rate above -100% at which the net present value is nil [share/year].
    reason : str
        Why there is no single rate; empty where there is one.
    """

    rates: tuple[float, ...]
    reason: str = ""

    @property
    def value(self) -> float | None:
        """The rate [share/year], where there is exactly one."""
        return self.rates[0] if len(self.rates) == 1 else None


@dataclass(frozen=True)
class Payback:
    """Years until cumulative cash is no longer negative and stays so.

    Attributes
    ----------
    years : float or None
        Interpolated within the year of crossing [year].
    whole_years : int or None
        The year at whose end it is reached, counted from 0 [year].
    reason : str
        Why there is none; empty where there is one.
    """

    years: float | None
    whole_years: int | None
    reason: str = ""


@dataclass(frozen=True)
class PeakFunding:
    """Deepest cumulative cash need.

    Attributes
    ----------
    amount_gbp : float
        A positive number; 0 where cumulative cash is never negative [GBP].
    year : int or None
        The first year t at whose end it is reached.
    """

    amount_gbp: float
    year: int | None


def npv(flows: ArrayLike, factors: ArrayLike) -> float:
    """Return the net present value of yearly flows [GBP] with discount factors [share]."""
    return float(np.dot(np.asarray(flows, dtype=float), np.asarray(factors, dtype=float)))


def equivalent_annual(present_value_gbp: float, factors: ArrayLike) -> float | None:
    """Spread a present value evenly over years 1 .. n: NPV / sum of DF(1..n), the annuity of that value.

    Parameters
    ----------
    present_value_gbp : float
        Present value [GBP].
    factors : array_like
        Discount factors of years 0 .. n [share].

    Returns
    -------
    float or None
        [GBP/year]; None where there is no year after year 0.
    """
    total = float(np.asarray(factors, dtype=float)[1:].sum())
    return present_value_gbp / total if total > 0 else None


def irr(flows: ArrayLike) -> Irr:
    """Return all internal rates of return of yearly flows.

    With x = 1/(1 + rate) the net present value is a polynomial in x; its real positive roots
    are the rates. There may be none, or several (Descartes' rule of signs): then no single rate is reported.

    Parameters
    ----------
    flows : array_like
        Flows of years 0, 1, 2, ... [GBP].

    Returns
    -------
    Irr
    """
    cash = np.asarray(flows, dtype=float)
    largest = np.abs(cash).max(initial=0.0)
    if largest == 0:
        return Irr((), "there is no cash flow")
    cash = np.where(np.abs(cash) < NOISE * largest, 0.0, cash / largest)
    if (cash >= 0).all() or (cash <= 0).all():
        return Irr((), "all flows have the same sign")
    used = np.flatnonzero(cash)
    polynomial = Polynomial(cash[used[0] : used[-1] + 1])
    roots = _real_positive(polynomial)
    rates = tuple(sorted(float(1.0 / root - 1.0) for root in roots))
    if not rates:
        return Irr((), "no rate makes the net present value nil")
    reason = "" if len(rates) == 1 else f"{len(rates)} rates make the net present value nil"
    return Irr(rates, reason)


def _real_positive(polynomial: Polynomial) -> list[float]:
    """Return the distinct real positive roots, polished by Newton's method."""
    size = Polynomial(np.abs(polynomial.coef))
    slope = polynomial.deriv()
    found: list[float] = []
    for root in polynomial.roots():
        x = float(np.real(root))
        if x <= 0 or abs(float(np.imag(root))) > 1e-4 * (1.0 + x):
            continue
        for _ in range(4):
            step = float(slope(x))
            better = x - float(polynomial(x)) / step if step else x
            x = better if abs(float(polynomial(better))) < abs(float(polynomial(x))) else x
        real = abs(float(polynomial(x))) <= 1e-9 * float(size(x))
        if x > 0 and real and all(abs(x - other) > 1e-6 * x for other in found):
            found.append(x)
    return found


def payback(flows: ArrayLike, factors: ArrayLike | None = None) -> Payback:
    """Return the first *sustained* payback: from then on cumulative cash is never negative again.

    Parameters
    ----------
    flows : array_like
        Flows of years 0, 1, 2, ... [GBP].
    factors : array_like, optional
        Discount factors [share], for discounted payback.

    Returns
    -------
    Payback
    """
    cash = np.asarray(flows, dtype=float)
    cash = cash if factors is None else cash * np.asarray(factors, dtype=float)
    if not np.any(cash):
        return Payback(None, None, "there is no cash flow")
    total = np.cumsum(cash)
    below = np.flatnonzero(total < -NOISE * np.abs(cash).sum())
    if len(below) == 0:
        return Payback(0.0, 0, "")
    last = int(below[-1])
    if last == len(cash) - 1:
        return Payback(None, None, "not paid back within the years appraised")
    years = last - float(total[last]) / float(cash[last + 1])
    return Payback(min(years, last + 1.0), last + 1)


def peak_funding(flows: ArrayLike) -> PeakFunding:
    """Return the deepest cumulative cash need, undiscounted, and the year in which it is reached."""
    total: NDArray[np.float64] = np.cumsum(np.asarray(flows, dtype=float))
    if len(total) == 0 or total.min() >= 0:
        return PeakFunding(0.0, None)
    return PeakFunding(-float(total.min()), int(total.argmin()))
