"""Level payments of columns, by partner and year: what all money of the model is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estate.model.closing import BOTH, ECONOMIC, FINANCIAL

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OTHER, SPEND, RECEIPT, RUNNING = 0, 1, 2, 3


@dataclass(frozen=True)
class Cash:
    """Level payments of columns: shape (payments,) each.

    Attributes
    ----------
    column, partner : ndarray
        Which column pays, and who.
    start, stop : ndarray
        First year, and the year after the last.
    amount : ndarray
        Cash each year, outflow negative [GBP/year]; a saving is positive.
    view : ndarray
        0 both, 1 economic only, 2 financial only.
    group : ndarray
        Capital spend of the programme, receipt, running cost or other.
    """

    column: Ints
    partner: Ints
    start: Ints
    stop: Ints
    amount: Floats
    view: Ints
    group: Ints

    def select(self, keep: NDArray[np.bool_]) -> Cash:
        """Return the payments for which `keep` holds."""
        return Cash(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    @property
    def financial(self) -> Cash:
        """Return the payments that the financial view counts."""
        return self.select(self.view != ECONOMIC)

    @property
    def economic(self) -> Cash:
        """Return the payments that the economic view counts."""
        return self.select(self.view != FINANCIAL)

    def present_value(self, factors: Floats) -> Floats:
        """Return the present value of each payment [GBP], shape (payments,)."""
        to_date = np.concatenate([[0.0], np.cumsum(factors)])
        return np.asarray(self.amount * (to_date[self.stop] - to_date[self.start]))

    def by_column(self, factors: Floats, width: int) -> Floats:
        """Return the present value of each column [GBP], shape (width,)."""
        total = np.bincount(self.column, weights=self.present_value(factors), minlength=width)
        return total.astype(np.float64)


class Payments:
    """Collects payments; years beyond the horizon are cut off."""

    def __init__(self, years: int) -> None:
        self.years = years
        self.parts: list[tuple[NDArray[np.generic], ...]] = []

    def add(
        self,
        who: tuple[ArrayLike, ArrayLike],
        when: tuple[ArrayLike, ArrayLike],
        amount: ArrayLike,
        *,
        view: ArrayLike = BOTH,
        group: int = OTHER,
    ) -> None:
        """Add payments of columns and partners `who` over the years `when`."""
        start = np.clip(np.asarray(when[0]), 0, self.years)
        stop = np.clip(np.asarray(when[1]), 0, self.years)
        parts = np.broadcast_arrays(*who, start, stop, np.asarray(amount, dtype=float), view, group)
        keep = (parts[2] < parts[3]) & (parts[4] != 0)
        self.parts.append(tuple(part[keep] for part in parts))

    def cash(self) -> Cash:
        """Return all payments."""
        columns = [np.concatenate([part[i] for part in self.parts]) for i in range(7)]
        column, partner, start, stop = (part.astype(np.int64) for part in columns[:4])
        amount = columns[4].astype(np.float64)
        view, group = (part.astype(np.int64) for part in columns[5:])
        return Cash(column, partner, start, stop, amount, view, group)


def spans_of(costs: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Join each column (site, year) with the spans of its site's running cost that follow."""
    joined = keys.merge(costs, on="site")
    joined["from"] = np.maximum(joined["year"], joined["start"])
    return joined[joined["from"] < joined["stop"]]


def save(pay: Payments, spans: pd.DataFrame, owner: Ints, saved: pd.Series) -> None:
    """Add running cost that is saved from the year of the column on; rent to a partner is its loss."""
    running = spans["running"].to_numpy()
    for group, part in ((RUNNING, running), (OTHER, ~running)):
        rows = spans[part]
        _both_sides(pay, rows, owner[part], (rows["from"], rows["stop"]), (saved[part], group))


def at_once(pay: Payments, spans: pd.DataFrame, owner: Ints, amount: pd.Series) -> None:
    """Add an amount in the year of the column."""
    _both_sides(pay, spans, owner, (spans["year"], spans["year"] + 1), (amount, OTHER))


def _both_sides(
    pay: Payments,
    spans: pd.DataFrame,
    owner: Ints,
    when: tuple[pd.Series, pd.Series],
    what: tuple[pd.Series, int],
) -> None:
    """Pay the owner, and the other way round its landlord where that is a partner."""
    amount, group = what
    pay.add((spans["column"], owner), when, amount, view=spans["view"], group=group)
    let = (spans["payee"] >= 0).to_numpy()
    rows = spans[let]
    years = (when[0][let], when[1][let])
    pay.add((rows["column"], rows["payee"]), years, -amount[let], view=rows["view"], group=group)
