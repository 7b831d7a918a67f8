"""Discount factors and price bases, shared by the optimiser and the appraisal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.core.vintage import price_index, read

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from estate.core.types import Horizon

SMALL_RECEIPT_GBP = 10_000.0
"""Receipts up to this are revenue (Local Authorities (Capital Finance) Regulations 2003, reg 10)."""


def discount_factors(vintage: str, years: int, timing: str = "year_end") -> NDArray[np.float64]:
    """Return discount factors for years 0 .. years - 1 by kinked compounding.

    ``DF(0) = 1``, ``DF(t) = DF(t-1) / (1 + r_t)`` with r_t the rate of the band of year t
    (HM Treasury Green Book, annex on discounting). Mid-year factors are
    ``DF(t-1) / (1 + r_t) ** 0.5`` for t >= 1.

    Parameters
    ----------
    vintage : str
        Table of rates: a name, for example ``green_book_2022``, or a CSV file of one's own.
    years : int
        Number of factors.
    timing : str
        ``year_end`` or ``mid_year``.

    Returns
    -------
    ndarray, shape (years,)
        Factors [share].

    Raises
    ------
    ConfigError
        If the vintage is not known.
    """
    chosen = read("discount_rates", vintage)
    t = np.arange(1, years)
    band = np.searchsorted(chosen["from_year"].to_numpy(), t, side="right") - 1
    growth = 1.0 + chosen["rate"].to_numpy()[band]
    ends = np.concatenate([[1.0], 1.0 / np.cumprod(growth)])
    if timing == "mid_year":
        return np.concatenate([[1.0], ends[:-1] / np.sqrt(growth)])
    return ends


def price_factors(vintage: str, horizon: Horizon, growth: float) -> NDArray[np.float64]:
    """Return what base-year prices are multiplied by to be money of the day, year 0 at 1.

    Parameters
    ----------
    vintage : str
        Deflators: a name, or a CSV file of one's own.
    horizon : Horizon
        Its first year, and the years appraised.
    growth : float
        Growth of prices after the last year of the table [share/year].

    Returns
    -------
    ndarray, shape (appraisal_years,)
        Factors [share].

    Raises
    ------
    ConfigError
        If the vintage is not known or begins later than the first year.
    """
    index = price_index(vintage, horizon.first_year + np.arange(horizon.appraisal_years), growth)
    return np.asarray(index / index[0])


def annuity_factor(rate: float, years: ArrayLike) -> NDArray[np.float64]:
    """Return what one pound a year, at the end of years 1 to n, is worth today: ``(1 - (1+r)^-n) / r``.

    Parameters
    ----------
    rate : float
        Rate r [share/year]; 0 gives n.
    years : array_like
        Number of years n [year].
    """
    term = np.asarray(years, dtype=float)
    return np.asarray(term if rate == 0 else (1.0 - (1.0 + rate) ** -term) / rate, dtype=float)


def deflate(nominal: ArrayLike, inflation: ArrayLike) -> NDArray[np.float64]:
    """Turn money of the day into base-year prices: ``real(t) = nominal(t) / (1 + g_1)...(1 + g_t)``.

    Parameters
    ----------
    nominal : array_like, shape (years,)
        Amounts of years 0, 1, ... in money of the day [GBP].
    inflation : array_like
        Growth of the deflator in each year 1 .. years - 1, or one rate for all [share/year]
        (HM Treasury Green Book 5.11: the GDP deflator).

    Returns
    -------
    ndarray, shape (years,)
        Amounts in prices of year 0 [GBP].
    """
    amounts = np.asarray(nominal, dtype=float)
    growth = 1.0 + np.broadcast_to(np.asarray(inflation, dtype=float), (max(0, len(amounts) - 1),))
    return np.asarray(amounts / np.concatenate([[1.0], np.cumprod(growth)])[: len(amounts)])


def rebase(amount_gbp: float, index_from: float, index_to: float) -> float:
    """Move an amount from the prices of one year to those of another by a price index [GBP]."""
    return amount_gbp * index_to / index_from
