"""Stamp duty land tax on what is bought or leased for a hub: bands that are assumptions, not constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.core.money import annuity_factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


def stamp_duty(
    rates: Mapping[str, float], price_gbp: ArrayLike, rent_gbp: ArrayLike, years: ArrayLike
) -> NDArray[np.float64]:
    """Return the tax on non-residential purchases and leases, each band taxed at its own rate.

    Parameters
    ----------
    rates : mapping of str to float
        Assumptions in force: ``stamp_duty_...`` (bands [GBP], rates [share]).
    price_gbp : array_like
        Price of what is bought [GBP].
    rent_gbp, years : array_like
        Rent of what is leased [GBP/year], and for how many years; taxed on its net present value.

    Returns
    -------
    ndarray
        Tax [GBP].

    Notes
    -----
    Bands as generally known, 0% to £150,000, 2% to £250,000, 5% above; of the net present value of
    rents 0% to £150,000, 1% to £5 million, 2% above; rents discounted at 3.5%: unverified, inputs.
    """
    price, rent = np.asarray(price_gbp, dtype=float), np.asarray(rent_gbp, dtype=float)
    annuity = annuity_factor(rates["stamp_duty_rent_discount_share"], years)
    free = rates["stamp_duty_free_gbp"]
    bought = (free, rates["stamp_duty_middle_gbp"])
    leased = (free, rates["stamp_duty_lease_middle_gbp"])
    return _banded(price, bought, (rates["stamp_duty_middle_share"], rates["stamp_duty_upper_share"])) + (
        _banded(
            rent * annuity,
            leased,
            (rates["stamp_duty_lease_middle_share"], rates["stamp_duty_lease_upper_share"]),
        )
    )


def _banded(
    value: NDArray[np.float64], bands: tuple[float, float], shares: tuple[float, float]
) -> NDArray[np.float64]:
    """Tax what lies between the two bands at the first rate, and what lies above at the second."""
    middle = np.clip(value, bands[0], max(bands)) - bands[0]
    return np.asarray(shares[0] * middle + shares[1] * np.maximum(0.0, value - max(bands)))
