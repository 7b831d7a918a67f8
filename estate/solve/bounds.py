"""Bounds that are proofs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from estate.solve.highs import load, run

if TYPE_CHECKING:
    from estate.model.blocks import Arrays


def relaxation_bound(arrays: Arrays) -> float:
    """Return the bound of the relaxation in which every event may be a fraction [GBP]."""
    relaxed = replace(arrays, integer=np.zeros(len(arrays.integer), dtype=bool))
    answer = run(load(relaxed, {}))
    return safe_bound(arrays, -answer.row_dual) if len(answer.row_dual) else np.inf


def safe_bound(arrays: Arrays, dual: np.ndarray) -> float:
    """Return a bound that holds for any multipliers, however inexact [GBP].

    For ``max c x, l <= A x <= u, 0 <= x <= upper`` and any y: the best of ``c - y A`` over the box
    plus y times the side it presses on. Multipliers of the wrong sign for a missing side are
    set to 0, so rounding and early stops never make the bound wrong. Rows that came last may have none.
    """
    return priced(arrays, dual)[0]


def priced(arrays: Arrays, dual: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the bound of :func:`safe_bound`, and what a unit of each column gains at these multipliers.

    Where that is a loss, no point with the whole column saves more than the bound less the loss.

    Returns
    -------
    float, ndarray of shape (columns,)
        Both [GBP].
    """
    dual = np.pad(dual, (0, len(arrays.row_upper) - len(dual)))
    y = np.where(np.isinf(arrays.row_upper) & (dual > 0), 0.0, dual)
    y = np.where(np.isinf(arrays.row_lower) & (y < 0), 0.0, y)
    side = np.where(y > 0, np.where(np.isfinite(arrays.row_upper), arrays.row_upper, 0.0), 0.0)
    side = np.where(y < 0, np.where(np.isfinite(arrays.row_lower), arrays.row_lower, 0.0), side)
    reduced = arrays.saving - arrays.matrix.T @ y
    total = float(y @ side + np.maximum(reduced, 0.0) @ arrays.upper)
    return total + 1e-9 * abs(total), reduced


def stacked(
    rows: list[tuple[np.ndarray, np.ndarray, float]], width: int
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return rows, each its columns, coefficients and upper side, as a matrix and its upper sides."""
    ends = np.cumsum([0, *(len(columns) for columns, _, _ in rows)])
    columns = np.concatenate([np.zeros(0, dtype=np.int64), *(columns for columns, _, _ in rows)])
    values = np.concatenate([np.zeros(0), *(value for _, value, _ in rows)])
    matrix = sparse.csr_matrix((values, columns, ends), shape=(len(rows), width))
    return matrix, np.array([most for _, _, most in rows], dtype=float)


def with_rows(arrays: Arrays, rows: sparse.csr_matrix, high: np.ndarray) -> Arrays:
    """Return the arrays with rows ``rows x <= high`` that every plan meets."""
    count = rows.shape[0]
    return replace(
        arrays,
        matrix=sparse.vstack([arrays.matrix, rows], format="csr"),
        row_lower=np.concatenate([arrays.row_lower, np.full(count, -np.inf)]),
        row_upper=np.concatenate([arrays.row_upper, high]),
        rule=np.concatenate([arrays.rule, np.full(count, "relaxation")]),
        lazy=np.concatenate([arrays.lazy, np.zeros(count, bool)]),
        part=np.concatenate([arrays.part, np.full(count, "")]),
    )
