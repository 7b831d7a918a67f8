"""Rows that cut off fractions of merges: what a few sites together can gain in whole numbers.

A service merges only into the same service near by, so merges join sites into small groups. At
given prices of everything that a group shares with the rest (hubs, room, capital, access) the best
that it can do in whole numbers is found exactly in milliseconds; where the relaxation makes more
of it, the row "these columns at these prices gain at most that" holds for every plan and cuts the
relaxation off. Repeated, the bound tends to that of the Lagrangian relaxation of what groups share
(Geoffrion, A. M. (1974). Lagrangean relaxation for integer programming. Mathematical Programming
Study 2, 82-114).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from estate.solve.bounds import stacked
from estate.solve.highs import load, run
from estate.solve.sites import site_of_columns

if TYPE_CHECKING:
    from estate.model.blocks import Arrays
    from estate.model.formulation import Model
    from estate.solve.highs import Engine

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_COLUMNS = 4_000  # of a group, alike ones counted once; larger groups are left as they are
SECONDS = 5.0  # for one group
WORTH = 1_000.0  # [GBP] a row that cuts off less is not added
ROUNDING = 0.01  # [GBP] added to what a group can gain
WHOLE = 1e-6


@dataclass(frozen=True)
class _Group:
    """Sites joined by merges.

    Attributes
    ----------
    columns : ndarray
        What is decided at them.
    kind : ndarray, shape (columns,)
        Moves of a provision in a year, where they stand in the group's own rows alike: at most one
        is made, so only the best of them matters.
    engine : Engine
        The group's own rows, a column for each kind, in whole numbers.
    """

    columns: Ints
    kind: Ints
    engine: Engine


def groups_of_columns(model: Model) -> Ints:
    """Return the group of sites at which each column decides something, -1 for none, shape (columns,)."""
    inst = model.inst
    home = inst.provisions["site"].to_numpy()
    ends = home[inst.merges["provision"]], home[inst.merges["target"]]
    sites = len(inst.sites)
    joined = sparse.coo_matrix((np.ones(len(ends[0])), ends), shape=(sites, sites))
    group = connected_components(joined, directed=False)[1]
    site = site_of_columns(model)
    return np.where(site < 0, -1, group[site])


class Hulls:
    """Groups of sites, and what they can gain at most.

    Parameters
    ----------
    model : Model
        Built model.
    arrays : Arrays
        Its arrays, rows scaled.
    """

    def __init__(self, model: Model, arrays: Arrays) -> None:
        self.saving, self.transposed = arrays.saving, arrays.matrix.T.tocsr()
        of_column = groups_of_columns(model)
        owner = _owner_of_rows(arrays.matrix, of_column)
        self.own = owner >= 0
        merging = np.unique(of_column[model.problem.blocks["merge"].columns])
        alike = _alike(model)
        found = [
            _group(arrays, np.flatnonzero(of_column == g), np.flatnonzero(owner == g), alike) for g in merging
        ]
        self.groups = [group for group in found if group is not None]

    def rows(self, x: Floats, dual: Floats) -> tuple[sparse.csr_matrix, Floats]:
        """Return rows that hold for every plan and that a point breaks.

        Parameters
        ----------
        x : ndarray, shape (columns,)
            A solution of the relaxation.
        dual : ndarray, shape (rows,)
            Its prices of the model's rows.

        Returns
        -------
        csr_matrix, shape (found, columns), and ndarray, shape (found,)
            Rows and their upper sides.
        """
        price = self.saving - self.transposed @ np.where(self.own, 0.0, dual)
        found = [self._row(group, x, price) for group in self.groups]
        return stacked([row for row in found if row is not None], len(x))

    @staticmethod
    def _row(group: _Group, x: Floats, price: Floats) -> tuple[Ints, Floats, float] | None:
        at, mine = x[group.columns], price[group.columns]
        if abs(at - np.round(at)).max(initial=0.0) < WHOLE:
            return None
        best = np.full(int(group.kind.max()) + 1, -np.inf)
        np.maximum.at(best, group.kind, mine)
        group.engine.save(best)
        group.engine.setOptionValue("time_limit", group.engine.getRunTime() + SECONDS)
        answer = run(group.engine)
        most = answer.bound + ROUNDING
        scale = float(abs(mine).max(initial=0.0))
        if not np.isfinite(most) or scale <= 0 or mine @ at - most < WORTH:
            return None
        return group.columns, mine / scale, most / scale


def _owner_of_rows(matrix: sparse.csr_matrix, of_column: Ints) -> Ints:
    """Return the group that has all the columns of a row, -1 where none has, shape (rows,)."""
    entries = matrix.tocoo()
    low = np.full(matrix.shape[0], np.iinfo(np.int64).max)
    high = np.full(matrix.shape[0], -1)
    np.minimum.at(low, entries.row, of_column[entries.col])
    np.maximum.at(high, entries.row, of_column[entries.col])
    return np.where(low == high, high, -1)


def _alike(model: Model) -> Ints:
    """Return one number for the moves of a provision in a year, and for each other column its own."""
    number = -1 - np.arange(model.problem.width)
    move = model.problem.blocks["move"]
    years = model.inst.horizon.decision_years
    number[move.columns] = move.keys["provision"].to_numpy() * years + move.keys["year"].to_numpy()
    return number


def _group(arrays: Arrays, columns: Ints, rows: Ints, alike: Ints) -> _Group | None:
    part = arrays.matrix[rows][:, columns].tocsc()
    part.sort_indices()
    seen: dict[tuple[int, bytes, bytes], int] = {}
    first: list[int] = []
    kind = np.empty(len(columns), dtype=np.int64)
    for j, column in enumerate(columns):
        inside = slice(part.indptr[j], part.indptr[j + 1])
        mine = (int(alike[column]), part.indices[inside].tobytes(), part.data[inside].tobytes())
        if mine not in seen:
            seen[mine] = len(first)
            first.append(j)
        kind[j] = seen[mine]
    if len(first) > MOST_COLUMNS:
        return None
    one = columns[first]
    own = replace(
        arrays,
        saving=np.zeros(len(one)),
        upper=arrays.upper[one],
        integer=arrays.integer[one],
        matrix=part[:, first].tocsr(),
        row_lower=arrays.row_lower[rows],
        row_upper=arrays.row_upper[rows],
        rule=arrays.rule[rows],
        lazy=arrays.lazy[rows],
        part=arrays.part[rows],
    )
    return _Group(columns, kind, load(own, {"mip_rel_gap": 1e-6}))
