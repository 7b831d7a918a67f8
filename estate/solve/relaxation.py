r"""A smaller model whose bound holds for the whole one: moves without their place and year together.

The whole model has a column for every provision, place and year. Here a move
is said twice, once by year, ``go[u,g,t]`` (g: to a hub or to a host), and once by place,
``to[u,j]``:

.. math::

    \sum_t go_{ugt} = \sum_{j \in g} to_{uj}

Every plan is such a point. A row's coefficient on ``move[u,j,t]`` is replaced by a part for
(u, g, t) and a part for (u, j) whose sum is never more than it (never less than it in the
objective), so no plan is cut off and none saves more than here: the bound holds for the whole
model. What holds between the two is added in rounds where it is broken:

.. math::

    to_{uj} \le Hub_j(T), \qquad Go_{ug}(t) \le \sum_{j \in g} \min(to_{uj}, Hub_j(t))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from estate.model.blocks import Arrays, Labels

if TYPE_CHECKING:
    from estate.model.formulation import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SELDOM = ("access", "compatibility")  # rules whose rows are added when they are broken
BY_YEAR = ("capital", "affordability", "partnership")  # rules whose rows depend on when, not where


@dataclass(frozen=True)
class Relaxation:
    """The smaller model.

    Attributes
    ----------
    arrays : Arrays
        Columns: every column of the whole model but the moves, then `go`, then `to`.
    spare : Arrays
        Rows of the same columns that are seldom broken, to be added when they are.
    kept : ndarray
        Column of the whole model behind each of the first columns.
    pairs : DataFrame
        provision, place, group (0 hub, 1 host), column of ``to``; those that are possible in some year.
    goes : DataFrame
        provision, group, year, column of ``go``.
    hub : ndarray, shape (places, decision_years)
        Column that opens a place in a year; -1 where none.
    """

    arrays: Arrays
    spare: Arrays
    kept: Ints
    pairs: pd.DataFrame
    goes: pd.DataFrame
    hub: Ints
    years: int


class _Moves:
    """The move columns that are possible, arranged by pair and year."""

    def __init__(self, model: Model, upper: Floats) -> None:
        inst, move = model.inst, model.problem.blocks["move"]
        possible = upper[move.columns] > 0
        keys = move.keys[possible]
        self.years = inst.horizon.decision_years
        self.columns = move.columns[possible]
        unique, pair = np.unique(keys[["provision", "place"]].to_numpy(), axis=0, return_inverse=True)
        self.pair, self.year = pair.ravel(), keys["year"].to_numpy()
        host = (inst.places["kind"] == "host").to_numpy().astype(int)
        self.pairs = pd.DataFrame(unique, columns=["provision", "place"])
        self.pairs["group"] = host[self.pairs["place"]]
        self.leaver, self.who = np.unique(
            self.pairs[["provision", "group"]].to_numpy(), axis=0, return_inverse=True
        )
        self.who = self.who.ravel()
        self.present = np.zeros((len(self.pairs), self.years), dtype=bool)
        self.present[self.pair, self.year] = True

    def split(self, value: Floats, *, by_year: bool) -> tuple[Floats, Floats]:
        """Split coefficients into parts by (u, g, t) and by (u, j) whose sum never exceeds them.

        Parameters
        ----------
        value : ndarray, shape (moves,)
            Coefficients of the move columns.
        by_year : bool
            Whether the larger part goes to the year rather than to the place.

        Returns
        -------
        ndarray, shape (leavers, years), and ndarray, shape (pairs,)
        """
        grid = np.full(self.present.shape, np.inf)
        grid[self.pair, self.year] = value
        when = np.zeros((len(self.leaver), self.years))
        if by_year:
            when[:] = np.inf
            np.minimum.at(when, self.who, grid)
            when[~np.isfinite(when)] = 0.0
        rest = np.where(self.present, grid - when[self.who], np.inf).min(axis=1)
        return when, np.where(np.isfinite(rest), rest, 0.0)


def build_relaxation(model: Model, arrays: Arrays) -> Relaxation:
    """Build the smaller model from the arrays of the whole one.

    Parameters
    ----------
    model : Model
        Built model.
    arrays : Arrays
        Its arrays.

    Returns
    -------
    Relaxation
    """
    moves = _Moves(model, arrays.upper)
    width = len(arrays.saving)
    is_move = np.zeros(width, dtype=bool)
    is_move[model.problem.blocks["move"].columns] = True
    kept = np.flatnonzero(~is_move)
    goes = pd.DataFrame(
        {
            "provision": np.repeat(moves.leaver[:, 0], moves.years),
            "group": np.repeat(moves.leaver[:, 1], moves.years),
            "year": np.tile(np.arange(moves.years), len(moves.leaver)),
        }
    )
    goes["column"] = len(kept) + np.arange(len(goes))
    pairs = moves.pairs.assign(column=len(kept) + len(goes) + np.arange(len(moves.pairs)))
    total = len(kept) + len(goes) + len(pairs)
    when, where = moves.split(-arrays.saving[moves.columns], by_year=True)
    saving = np.concatenate([arrays.saving[kept], -when.ravel(), -where])
    possible = np.zeros((len(moves.leaver), moves.years), dtype=bool)
    np.logical_or.at(possible, moves.who, moves.present)
    upper = np.concatenate([arrays.upper[kept], possible.ravel().astype(float), np.ones(len(pairs))])
    translated = _rows(arrays.rows(~(arrays.lazy & (arrays.rule == "capacity"))), moves, kept)
    extra, extra_low, extra_high = _ties(model, moves, (kept, goes, pairs), total)
    integer = np.concatenate([arrays.integer[kept], np.zeros(len(goes), bool), np.ones(len(pairs), bool)])
    hub_block = model.problem.blocks["hub"]
    hub = np.full((len(model.inst.places), moves.years), -1, dtype=np.int64)
    hub[hub_block.keys["place"], hub_block.keys["year"]] = np.searchsorted(kept, hub_block.columns)
    columns = (saving, upper, integer)
    seldom = np.isin(translated.rule, SELDOM)
    core = _pick(translated, ~seldom)
    count = len(extra_low)
    tied = _Rows(
        sparse.vstack([core.matrix, extra], format="csr"),
        np.concatenate([core.low, extra_low]),
        np.concatenate([core.high, extra_high]),
        np.concatenate([core.rule, np.full(count, "relaxation")]),
    )
    spare = _pick(translated, seldom)
    return Relaxation(_arrays(columns, tied), _arrays(columns, spare), kept, pairs, goes, hub, moves.years)


@dataclass(frozen=True)
class _Rows:
    """Rows in the columns of the smaller model."""

    matrix: sparse.csr_matrix
    low: Floats
    high: Floats
    rule: Labels


def _pick(rows: _Rows, keep: NDArray[np.bool_]) -> _Rows:
    return _Rows(rows.matrix[keep], rows.low[keep], rows.high[keep], rows.rule[keep])


def _arrays(columns: tuple[Floats, Floats, NDArray[np.bool_]], rows: _Rows) -> Arrays:
    count = rows.matrix.shape[0]
    none = np.zeros(count, bool)
    return Arrays(*columns, rows.matrix, rows.low, rows.high, rows.rule, none, np.full(count, ""))


def _rows(arrays: Arrays, moves: _Moves, kept: Ints) -> _Rows:
    """Translate the rows of the whole model; rows that say nothing any more are left out."""
    use = np.flatnonzero(~np.isin(arrays.part, ["leave", "links"]))
    above = use[np.isfinite(arrays.row_upper[use])]
    below = use[np.isfinite(arrays.row_lower[use])]
    on_moves = arrays.matrix[:, moves.columns].tocsr()
    had = np.diff(on_moves.indptr) > 0
    blocks, high, rule = [], [], []
    for rows, sign, bound in ((above, 1.0, arrays.row_upper), (below, -1.0, -arrays.row_lower)):
        coefficients = _translated(on_moves[rows] * sign, moves, arrays.rule[rows])
        keep = ~had[rows] | (np.diff(coefficients.indptr) > 0)
        plain = arrays.matrix[rows[keep]][:, kept] * sign
        blocks.append(sparse.hstack([plain, coefficients[keep]], format="csr"))
        high.append(bound[rows[keep]])
        rule.append(arrays.rule[rows[keep]])
    upper = np.concatenate(high)
    return _Rows(
        sparse.vstack(blocks, format="csr"), np.full(len(upper), -np.inf), upper, np.concatenate(rule)
    )


def _translated(on_moves: sparse.csr_matrix, moves: _Moves, rule: Labels) -> sparse.csr_matrix:
    """Replace coefficients on moves by parts by year and by place, row by row."""
    on_moves = on_moves.tocsr()
    leavers, pairs = len(moves.leaver), len(moves.pairs)
    count = np.diff(on_moves.indptr)
    by_year = np.isin(rule, BY_YEAR) & (count > 0)
    row, column, value = [], [], []
    for r in np.flatnonzero(by_year):
        when, where = moves.split(on_moves[r].toarray().ravel(), by_year=True)
        both = np.concatenate([when.ravel(), where])
        used = np.flatnonzero(both)
        row.append(np.full(len(used), r))
        column.append(used)
        value.append(both[used])
    coo = on_moves.tocoo()
    mine = ~by_year[coo.row]
    r, pair, v = coo.row[mine], moves.pair[coo.col[mine]], coo.data[mine]
    grouped = (
        pd.DataFrame({"key": r.astype(np.int64) * pairs + pair, "v": v})
        .groupby("key")["v"]
        .agg(["min", "size"])
    )
    key = grouped.index.to_numpy()
    full = grouped["size"].to_numpy() == moves.present.sum(axis=1)[key % pairs]
    least = np.where(full, grouped["min"], np.minimum(grouped["min"], 0.0))
    used = least != 0
    row.append(key[used] // pairs)
    column.append(leavers * moves.years + key[used] % pairs)
    value.append(least[used])
    shape = (on_moves.shape[0], leavers * moves.years + pairs)
    triplets = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
    return sparse.coo_matrix(triplets, shape=shape).tocsr()


def _ties(
    model: Model, moves: _Moves, columns: tuple[Ints, pd.DataFrame, pd.DataFrame], total: int
) -> tuple[sparse.csr_matrix, Floats, Floats]:
    """Tie leaving to going, going to places, and arrivals to what is open, year by year."""
    kept, goes, pairs = columns
    inst, blocks, years = model.inst, model.problem.blocks, moves.years
    where = {name: np.searchsorted(kept, block.columns) for name, block in blocks.items() if name != "move"}
    leave = np.full((len(inst.provisions), years), -1, dtype=np.int64)
    leave[blocks["leave"].keys["provision"], blocks["leave"].keys["year"]] = np.arange(len(where["leave"]))
    n, m = len(where["leave"]), len(moves.leaver)
    row, column, value = [np.arange(n)], [where["leave"]], [np.ones(n)]
    parts = [(goes["provision"], goes["year"], goes["column"])]
    for family in ("merge", "online"):
        keys = blocks[family].keys
        parts.append((keys["provision"], keys["year"], pd.Series(where[family])))
    for provision, year, col in parts:
        row.append(leave[provision, year])
        column.append(np.asarray(col))
        value.append(np.full(len(col), -1.0))
    row += [n + np.repeat(np.arange(m), years), n + moves.who]
    column += [goes["column"].to_numpy(), pairs["column"].to_numpy()]
    value += [np.ones(len(goes)), np.full(len(pairs), -1.0)]
    hub = blocks["hub"]
    room = inst.places["room"].to_numpy()
    need = inst.provisions["need"].to_numpy()
    to_hub = goes[goes["group"] == 0]
    for t in range(years):
        early, opened = to_hub[to_hub["year"] <= t], hub.keys["year"].to_numpy() <= t
        scale = room.max(initial=1.0)
        row += [np.full(len(early), n + m + t), np.full(int(opened.sum()), n + m + t)]
        column += [early["column"].to_numpy(), where["hub"][opened]]
        value += [need[early["provision"]] / scale, -room[hub.keys["place"][opened]] / scale]
    shape = (n + m + years, total)
    triplets = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
    low = np.concatenate([np.zeros(n + m), np.full(years, -np.inf)])
    return sparse.coo_matrix(triplets, shape=shape).tocsr(), low, np.zeros(n + m + years)
