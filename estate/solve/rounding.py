r"""Rows that say room in whole provisions: mixed-integer rounding of rows in which every column is 0 or 1.

The relaxation fills a hub to the last square metre with a part of a provision. From a row
``sum a_j x_j <= b`` over events that happen or do not, and any divisor d, follows

.. math::

    \sum_j G(a_j / d) x_j \le \lfloor b / d \rfloor, \qquad
    G(v) = \lfloor v \rfloor + \max(v - \lfloor v \rfloor - f, 0) / (1 - f), \quad
    f = b / d - \lfloor b / d \rfloor

for every plan (Marchand, H. and Wolsey, L. A. (2001). Aggregation and mixed integer rounding to
solve MIPs. Operations Research 49, 363-371), also when some x_j are first replaced by 1 - x_j. Years and
places of one provision count as one event here, as it goes at most once. The rows are worked out
over *all* columns, those that are not in the relaxation yet included, so bounds stay proofs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.solve.bounds import stacked

if TYPE_CHECKING:
    from scipy import sparse

    from estate.model.blocks import Arrays
    from estate.model.formulation import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RULES = ("capacity",)  # whose rows are rounded
ZERO = 1e-12
WHOLE = 1e-6  # from 0 or 1: not a fraction
MARGIN = 1e-7  # of a scaled row: what a plan may be over by rounding
LEAST, MOST = 0.02, 0.95  # remainder f of the right side; outside, the row is weak or inexact
BROKEN = 1e-3  # a row broken by less, relative to its length, is not added
PARTS = np.array([1.0, 2.0, 4.0, 8.0])  # divisors: coefficients divided by these
TURNED = (0.5, 1 - WHOLE, WHOLE, 0.25, 0.75)  # what happens by more is replaced by what does not


def events_of_columns(model: Model) -> Ints:
    """Return a number that columns share of which at most one happens, -1 for no event, shape (columns,)."""
    inst, blocks = model.inst, model.problem.blocks
    provisions, sites = len(inst.provisions), len(inst.sites)
    event = np.full(model.problem.width, -1, dtype=np.int64)
    for family in ("move", "merge", "online"):
        event[blocks[family].columns] = blocks[family].keys["provision"]
    event[blocks["leave"].columns] = provisions + blocks["leave"].keys["provision"]
    event[blocks["close"].columns] = 2 * provisions + blocks["close"].keys["site"]
    where = inst.places["site"].to_numpy(dtype=int)[blocks["hub"].keys["place"]]
    where = np.where(where >= 0, where, sites + blocks["hub"].keys["place"])
    event[blocks["hub"].columns] = 2 * provisions + sites + where
    return event


class Rounding:
    """The rows of room, and what follows from them for whole provisions.

    Parameters
    ----------
    arrays : Arrays
        A model, rows scaled.
    event : ndarray, shape (columns,)
        Columns with the same number exclude one another; -1 is no event.
    """

    def __init__(self, arrays: Arrays, event: Ints) -> None:
        self.matrix, self.high, self.event = arrays.matrix, arrays.row_upper, event
        outside = abs(arrays.matrix) @ (self.event < 0).astype(float)
        self.rows_of_room = np.flatnonzero(
            np.isin(arrays.rule, RULES) & (outside == 0) & (np.diff(arrays.matrix.indptr) > 1)
        )

    def rows(self, x: Floats) -> tuple[sparse.csr_matrix, Floats]:
        """Return rows that hold for every plan and that a point breaks.

        Parameters
        ----------
        x : ndarray, shape (columns,)
            A solution of the relaxation.

        Returns
        -------
        csr_matrix, shape (found, columns), and ndarray, shape (found,)
            Rows and their upper sides.
        """
        part = ((x > WHOLE) & (x < 1 - WHOLE)).astype(float)
        split = abs(self.matrix[self.rows_of_room]) @ part > 0
        found = [self._row(row, x) for row in self.rows_of_room[split]]
        return stacked([row for row in found if row is not None], len(x))

    def _row(self, row: int, x: Floats) -> tuple[Ints, Floats, float] | None:
        """Return the row that a point breaks most, of those that follow from one row."""
        inside = slice(self.matrix.indptr[row], self.matrix.indptr[row + 1])
        columns, value = self.matrix.indices[inside], np.round(self.matrix.data[inside], 12)
        events = np.stack([self.event[columns].astype(float), value])
        (_, each), kind = np.unique(events, axis=1, return_inverse=True)
        kind = kind.ravel()
        at = np.bincount(kind, weights=x[columns], minlength=len(each)).astype(float)
        if not ((at > WHOLE) & (at < 1 - WHOLE)).any():
            return None
        found = [_best(each, at, self.high[row] + MARGIN, at > above) for above in TURNED]
        excess, coefficients, most = max(found, key=lambda one: one[0])
        if excess <= BROKEN:
            return None
        mine = coefficients[kind]
        kept = abs(mine) > ZERO
        scale = float(abs(mine).max())
        return columns[kept].astype(np.int64), mine[kept] / scale, most / scale


def _best(each: Floats, at: Floats, high: float, turned: NDArray[np.bool_]) -> tuple[float, Floats, float]:
    """Round a row by the divisor with which a point breaks it most.

    Parameters
    ----------
    each, at : ndarray, shape (events,)
        Coefficients, and how much of each event happens.
    high : float
        Upper side.
    turned : ndarray of bool, shape (events,)
        Events replaced by what does not happen of them.

    Returns
    -------
    float, ndarray, float
        By how much it is broken relative to its length, coefficients and upper side.
    """
    value, high = np.where(turned, -each, each), high - float(each[turned].sum())
    there = np.where(turned, 1 - at, at)
    divisors = np.unique(abs(each[(at > WHOLE) & (at < 1 - WHOLE)])[:, None] / PARTS)
    side = high / divisors[divisors > WHOLE]
    divisors, side = (
        part[(side % 1 > LEAST) & (side % 1 < MOST)] for part in (divisors[divisors > WHOLE], side)
    )
    if not len(side):
        return -np.inf, each, high
    seen = there > 0
    rounded = _rounded(value[seen] / divisors[:, None], side[:, None])
    excess = (rounded @ there[seen] - np.floor(side)) / np.maximum(np.linalg.norm(rounded, axis=1), ZERO)
    best = int(np.argmax(excess))
    whole = _rounded(value / divisors[best], side[best])
    coefficients = np.where(turned, -whole, whole)
    return float(excess[best]), coefficients, float(np.floor(side[best]) + coefficients[turned].sum())


def _rounded(value: Floats, side: Floats) -> Floats:
    """Return the function G of the module at values, for right sides."""
    rest, whole = side - np.floor(side), np.floor(value)
    return np.asarray(whole + np.maximum(value - whole - rest, 0.0) / (1 - rest))
