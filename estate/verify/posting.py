"""One line of the ledger as the check sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from estate.verify.facts import Facts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Posting:
    """One ledger line of one partner, by year; outflow negative [GBP]."""

    line: str
    partner: str
    view: str
    amounts: Floats


def once(facts: Facts, t: int, amount: float) -> Floats:
    """Return an amount in one year, nothing beyond the horizon [GBP by year]."""
    amounts = np.zeros(facts.appraisal_years)
    if 0 <= t < facts.appraisal_years:
        amounts[t] = amount
    return amounts


def from_year(facts: Facts, start: int, amount: float, stop: int | None = None) -> Floats:
    """Return an amount in every year from one on, until another [GBP by year]."""
    amounts = np.zeros(facts.appraisal_years)
    amounts[start:stop] = amount
    return amounts
