"""Smaller models beside the wide one: years taken together, and only some years.

With years taken together an event happens or not, with the coefficients of the year that suits each
row best: what cannot hold then, cannot hold at all. With only some years an event may happen in its
first, its middle or its last year alone: what can hold then, can hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.plan import KEYS

if TYPE_CHECKING:
    from estate.model.blocks import Arrays
    from estate.model.formulation import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DATED = {**KEYS, "leave": ("provision", "year")}


@dataclass(frozen=True)
class Years:
    """Which event each column is, and in which year.

    Attributes
    ----------
    event : ndarray, shape (columns,)
        Number of the event, the same in every year; a column that is no event has one of its own.
    year : ndarray, shape (columns,)
        Year; -1 for a column that is no event.
    """

    event: Ints
    year: Ints

    def few(self, columns: Ints) -> Ints:
        """Return of these columns each event's first, middle and last year, and what is no event."""
        order = columns[np.lexsort((self.year[columns], self.event[columns]))]
        event = self.event[order]
        start = np.flatnonzero(np.append(True, event[1:] != event[:-1])) if len(order) else order
        count = np.diff(np.append(start, len(order)))
        chosen = np.unique(np.concatenate([start, start + count // 2, start + count - 1]))
        return np.sort(order[chosen])

    def near(self, columns: Ints, x: Floats) -> Ints:
        """Return of these columns the events that a point uses, in whichever year, and what is no event."""
        used = np.unique(self.event[: len(x)][x > 0.5])
        mine: Ints = columns[np.isin(self.event[columns], used) | (self.year[columns] < 0)]
        return mine

    def together(
        self, arrays: Arrays, columns: Ints, barred: Floats, groups: int
    ) -> tuple[Arrays, sparse.csr_matrix]:
        """Return a smaller model in which whatever these arrays allow is possible, and perhaps more.

        Parameters
        ----------
        arrays : Arrays
            Of the columns that may be used, in order.
        columns : ndarray
            Their numbers in the wide model.
        barred : ndarray
            For each column of the wide model which lines bar it; what differs is not put together.
        groups : int
            How many groups of years.

        Returns
        -------
        tuple
            The arrays, and the matrix that gives each event to the cheapest of its years.
        """
        span = self.year.max(initial=0) + 1
        keys = {
            "event": self.event[columns],
            "barred": barred[columns],
            "when": self.year[columns] * groups // span,
        }
        group = pd.DataFrame(keys).groupby(list(keys), sort=False).ngroup().to_numpy(dtype=np.int64)
        size = np.bincount(group)
        upper = np.isfinite(arrays.row_upper)
        lower = np.isfinite(arrays.row_lower)
        matrix = sparse.vstack(
            [
                _least(arrays.matrix[upper], group, size),
                _least(-arrays.matrix[lower], group, size),
            ],
            format="csr",
        )
        high = np.concatenate([arrays.row_upper[upper], -arrays.row_lower[lower]])
        order = np.lexsort((-arrays.saving, group))
        cheapest = order[np.append(0, np.cumsum(size)[:-1])] if len(size) else order
        top = np.zeros(len(size))
        np.maximum.at(top, group, arrays.upper)
        rows = np.flatnonzero(_needed(matrix, high, top))
        smaller = replace(
            arrays,
            saving=arrays.saving[cheapest],
            upper=top,
            integer=arrays.integer[cheapest],
            matrix=matrix[rows],
            row_lower=np.full(len(rows), -np.inf),
            row_upper=high[rows],
        )
        triplets = (np.ones(len(size)), (cheapest, np.arange(len(size))))
        return smaller, sparse.csr_matrix(triplets, shape=(len(columns), len(size)))


def years_of(model: Model, extra: int) -> Years:
    """Return the events and years of a model's columns, and of so many more that are no events."""
    width = model.problem.width + extra
    event, year = np.arange(width), np.full(width, -1, dtype=np.int64)
    for family, names in DATED.items():
        block = model.problem.blocks[family]
        if len(block.keys):
            same = [name for name in names if name != "year"]
            number = block.keys.groupby(same, sort=False).ngroup().to_numpy()
            first = pd.Series(block.columns).groupby(number).transform("min").to_numpy()
            event[block.columns], year[block.columns] = first, block.keys["year"].to_numpy()
    return Years(event, year)


def _least(matrix: sparse.csr_matrix, group: NDArray[Any], size: NDArray[Any]) -> sparse.csr_matrix:
    """Return the least coefficient of each row and group; a column without a coefficient counts as 0."""
    coo = matrix.tocoo()
    key = coo.row.astype(np.int64) * len(size) + group[coo.col]
    order = np.argsort(key, kind="stable")
    key, value = key[order], coo.data[order]
    start = np.flatnonzero(np.append(True, key[1:] != key[:-1])) if len(key) else np.zeros(0, dtype=np.int64)
    least = np.minimum.reduceat(value, start) if len(start) else value
    row, column = np.divmod(key[start], len(size))
    all_there = np.diff(np.append(start, len(key))) == size[column]
    least = np.where(all_there, least, np.minimum(least, 0.0))
    shape = (matrix.shape[0], len(size))
    found = sparse.csr_matrix((least, (row, column)), shape=shape)
    found.eliminate_zeros()
    return found


def _needed(matrix: sparse.csr_matrix, high: Floats, top: Floats) -> NDArray[np.bool_]:
    """Return which rows say something: not what always holds, nor what another row says."""
    bounded = np.where(np.isfinite(top), top, 0.0)
    positive = matrix.maximum(0)
    endless = positive @ (~np.isfinite(top)).astype(float) > 0
    keep = endless | (positive @ bounded > high + 1e-9)
    # rows alike have the same product with random numbers; a mistake would only loosen the model
    alike = matrix @ np.random.default_rng(1).random(len(top))
    rows = pd.DataFrame({"alike": np.round(alike, 9), "high": high, "keep": keep})
    rows = rows[rows["keep"]].sort_values("high").drop_duplicates("alike")
    chosen = np.zeros(len(high), dtype=bool)
    chosen[rows.index] = True
    return chosen
