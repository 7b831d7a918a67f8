r"""What no plan can do, found row by row.

A row ``sum a_j x_j <= b`` over events of which at most one of each kind happens says at least

.. math::

    \sum_e \min(0, \min_{j \in e} a_j x_j)

whatever the rest does. An event with which a row would exceed its side in no way happens; what only
that event makes possible does not happen either, and so on until nothing more follows (Savelsbergh,
M. W. P. (1994). Preprocessing and probing techniques for mixed integer programming problems. ORSA
Journal on Computing 6, 445-454). The relaxation opens half a hub before its whole price is there;
with this it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from estate.model.blocks import Arrays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

OVER = 1e-6  # of a scaled row: what a plan may be over by rounding
NOTHING = 1e-9  # likewise: a column that cannot be more than this is nothing


class Propagation:
    """Rows of a model, arranged to see what they rule out.

    Parameters
    ----------
    arrays : Arrays
        A model, rows scaled.
    event : ndarray, shape (columns,)
        Columns with the same number exclude one another; -1 is no event.

    Attributes
    ----------
    event : ndarray, shape (columns,)
        The same, each column that was no event now one of its own.
    """

    def __init__(self, arrays: Arrays, event: Ints) -> None:
        alone = int(event.max(initial=-1)) + 1 + np.arange(len(event))
        self.event = np.where(event >= 0, event, alone)
        above, below = np.isfinite(arrays.row_upper), np.isfinite(arrays.row_lower)
        matrix = sparse.vstack([arrays.matrix[above], -arrays.matrix[below]], format="csr")
        self.side = np.concatenate([arrays.row_upper[above], -arrays.row_lower[below]])
        counts = np.diff(matrix.indptr)
        row = np.repeat(np.arange(len(counts)), counts)
        order = np.lexsort((self.event[matrix.indices], row))
        self.column, self.value = matrix.indices[order].astype(np.int64), matrix.data[order]
        self.starts = matrix.indptr[:-1].astype(np.int64)
        self.counts = counts.astype(np.int64)
        self.whole = arrays.integer[self.column]
        self.upper = arrays.upper
        self.rows_of = matrix.tocsc()

    def ruled_out(self, shut: Mask, forced: Mask | None = None, changed: Ints | None = None) -> Mask | None:
        """Return all that cannot happen where some things cannot and others must.

        Parameters
        ----------
        shut : ndarray of bool, shape (columns,)
            Columns that are 0.
        forced : ndarray of bool, shape (events,), optional
            Events of which one column is 1.
        changed : ndarray, optional
            Columns of what was shut or forced last, where the rest has been looked at before.

        Returns
        -------
        ndarray of bool, shape (columns,), or None
            Columns that are 0 in every plan; None where there is no plan.
        """
        shut = shut.copy()
        must = np.zeros(int(self.event.max(initial=-1)) + 1, dtype=bool) if forced is None else forced
        rows = np.flatnonzero(self.counts) if changed is None else self._rows(changed)
        while len(rows):
            choices = np.bincount(self.event[~shut], minlength=len(must))
            if (must & (choices == 0)).any():
                return None
            columns = self._impossible(rows, shut, must, choices)
            if columns is None:
                return None
            shut[columns] = True
            rows = self._rows(columns)
        return shut

    def _rows(self, columns: Ints) -> Ints:
        """Return the rows of some columns."""
        return np.unique(self.rows_of[:, columns].indices).astype(np.int64)

    def _impossible(self, rows: Ints, shut: Mask, must: Mask, choices: Ints) -> Ints | None:
        """Return the columns with which one of some rows exceeds its side; None where it does anyhow."""
        entry = _ranges(self.starts[rows], self.counts[rows])
        column, value = self.column[entry], self.value[entry]
        row = np.repeat(np.arange(len(rows)), self.counts[rows])
        event, there = self.event[column], ~shut[column]
        first = np.flatnonzero(np.append(True, (event[1:] != event[:-1]) | (row[1:] != row[:-1])))
        part = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(entry))))
        scaled = value * self.upper[column]
        least = np.minimum.reduceat(np.where(there, np.minimum(scaled, 0.0), 0.0), first)
        if must.any():  # an event that must happen, and can only in this row: its least is not nothing
            inside = np.add.reduceat(there.astype(float), first)
            bound = must[event[first]] & (inside == choices[event[first]])
            least = np.where(bound, np.minimum.reduceat(np.where(there, scaled, np.inf), first), least)
        together = np.bincount(row[first], weights=least, minlength=len(rows))
        if (together > self.side[rows] + OVER).any():
            return None
        room = (self.side[rows] - together)[row] + least[part]
        whole = self.whole[entry] & (room < value - OVER)
        nothing = ~self.whole[entry] & (value > 0) & (room < NOTHING * value)
        return np.unique(column[there & (whole | nothing)])


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """Return the numbers from each start on, so many of each."""
    ends = np.cumsum(counts)
    return np.asarray(np.arange(int(ends[-1])) + np.repeat(starts - (ends - counts), counts))
