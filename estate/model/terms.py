"""Pieces of rows that several rules need: running sums over years, and who is where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from estate.model.offers import open_there

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.instance import Instance

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def to_date(group: ArrayLike, year: ArrayLike, column: ArrayLike, years: int) -> tuple[Ints, Ints, Ints]:
    """Expand events to running sums: an event of year s counts in every year t >= s.

    Parameters
    ----------
    group, year, column : array_like, shape (n,)
        What the sum is over, the year of the event, and its column.
    years : int
        Number of years.

    Returns
    -------
    row, column, source : ndarray, shape (m,)
        ``row = group * years + t``; source is the position of the event in the input.
    """
    group, year, column = (np.asarray(part, dtype=np.int64) for part in (group, year, column))
    counts = np.maximum(years - year, 0)
    source = np.repeat(np.arange(len(column)), counts)
    start = np.concatenate([[0], np.cumsum(counts)])[:-1]
    t = year[source] + np.arange(counts.sum()) - start[source]
    return group[source] * years + t, column[source], source


class Rows:
    """Collects coefficients and right-hand sides of a block of rows."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.row: list[Ints] = []
        self.column: list[Ints] = []
        self.value: list[Floats] = []

    def add(self, row: ArrayLike, column: ArrayLike, value: ArrayLike) -> None:
        """Add coefficients."""
        rows, columns, values = np.broadcast_arrays(row, column, np.asarray(value, dtype=float))
        self.row.append(rows.ravel().astype(np.int64))
        self.column.append(columns.ravel().astype(np.int64))
        self.value.append(values.ravel())

    def triplets(self) -> tuple[Ints, Ints, Floats]:
        """Return row, column and value of every coefficient."""
        empty = np.zeros(0)
        return (
            np.concatenate([*self.row, empty]).astype(np.int64),
            np.concatenate([*self.column, empty]).astype(np.int64),
            np.concatenate([*self.value, empty]),
        )

    def used(self) -> NDArray[np.bool_]:
        """Return which rows have a coefficient, shape (count,)."""
        marks = np.zeros(self.count, dtype=bool)
        for part in self.row:
            marks[part] = True
        return marks

    def kept(self, upper: ArrayLike) -> NDArray[np.bool_]:
        """Return which rows say anything: they have a coefficient, or cannot hold, shape (count,)."""
        return self.used() | (np.broadcast_to(np.asarray(upper, dtype=float), self.count) < 0)

    def compact(self, upper: ArrayLike) -> tuple[tuple[Ints, Ints, Floats], Floats]:
        """Drop the rows without a coefficient whose upper bound they meet; renumber the rest.

        A row without coefficients and a negative bound stays: it says that the rule cannot hold.
        """
        bounds = np.broadcast_to(np.asarray(upper, dtype=float), self.count)
        keep = self.kept(bounds)
        number = np.cumsum(keep) - 1
        row, column, value = self.triplets()
        return (number[row], column, value), bounds[keep]


def add_compact(  # noqa: PLR0913 - as BlockProblem.add_rows
    problem: BlockProblem,
    rule: str,
    rows: Rows,
    upper: ArrayLike,
    *,
    lazy: bool = False,
    part: str = "",
    about: ArrayLike = "",
) -> None:
    """Add the rows of `rows` that say anything, as ``rows <= upper``."""
    triplets, bounds = rows.compact(upper)
    names = np.broadcast_to(np.asarray(about, dtype=str), rows.count)[rows.kept(upper)]
    problem.add_rows(rule, triplets, upper=bounds, lazy=lazy, part=part, about=names)


def leave_columns(problem: BlockProblem, inst: Instance) -> Ints:
    """Return the leave column of every provision and year, -1 where it cannot leave.

    Returns
    -------
    ndarray, shape (provisions, decision_years)
    """
    leave = problem.blocks["leave"]
    table = np.full((len(inst.provisions), inst.horizon.decision_years), -1, dtype=np.int64)
    table[leave.keys["provision"], leave.keys["year"]] = leave.columns
    return table


def left_to_date(
    problem: BlockProblem, inst: Instance, group: ArrayLike, provision: ArrayLike
) -> tuple[Ints, Ints, Ints]:
    """Expand ``Leave_u(t)`` of provisions: rows ``group * years + t``.

    Parameters
    ----------
    group, provision : array_like, shape (n,)
        What the row is of, and whose leaving is summed.

    Returns
    -------
    row, column, source : ndarray, shape (m,)
        As :func:`to_date`; source is the position in the input.
    """
    table = leave_columns(problem, inst)[np.asarray(provision, dtype=np.int64)]
    source, year = np.nonzero(table >= 0)
    row, column, again = to_date(
        np.asarray(group)[source], year, table[source, year], inst.horizon.decision_years
    )
    return row, column, source[again]


def keyed(problem: BlockProblem, family: str) -> pd.DataFrame:
    """Return the keys of a family with the number of each column."""
    block = problem.blocks[family]
    return block.keys.assign(column=block.columns)


def arrived(
    problem: BlockProblem,
    inst: Instance,
    service: int,
    standard: Any = None,  # noqa: ANN401 - a row of a table
) -> pd.DataFrame:
    """Return columns that are at most 1 where a service is present by arrival, and else 0.

    ``q_ht <= sum_u Move_uh(t)`` over provisions u of the service; made once for a service. With a
    standard only over those that would be open at h as it asks.

    Returns
    -------
    DataFrame
        site, year, column.
    """
    move, years = keyed(problem, "move"), inst.horizon.decision_years
    allowed = np.ones(len(move), dtype=bool) if standard is None else open_there(inst, standard, move)
    name = f"arrived_{inst.services[service]}{'' if allowed.all() else f'_{len(problem.blocks)}'}"
    if name in problem.blocks:
        return keyed(problem, name)
    move = move[allowed]
    move = move[inst.provisions["service"].to_numpy()[move["provision"]] == service]
    at = inst.places["site"].to_numpy()[move["place"]]
    sites, group = np.unique(at, return_inverse=True)
    keys = pd.DataFrame({"site": np.repeat(sites, years), "year": np.tile(np.arange(years), len(sites))})
    block = problem.add_columns(name, keys, integer=False)
    rows = Rows(len(keys))
    rows.add(np.arange(len(keys)), block.columns, 1.0)
    row, column, _ = to_date(group, move["year"], move["column"], years)
    rows.add(row, column, -1.0)
    add_compact(problem, "assignment", rows, 0.0)
    return keyed(problem, name)
