"""The smaller model in whole numbers, with the year in which a hub opens said exactly.

On the few columns that the prices leave, ``to[u,j]`` is said for each year s in which hub j may
open, ``to[u,j,s] <= hub[j,s]``, and nobody goes before: ``Go_u(t) <= sum_{j, s <= t} to[u,j,s]``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.restricted import Effort, Restricted

if TYPE_CHECKING:
    from estate.model.blocks import Arrays
    from estate.solve.highs import Answer, Watch
    from estate.solve.relaxation import Relaxation

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Core:
    """The smaller model on its free columns, moves to hubs by year of opening.

    Attributes
    ----------
    arrays : Arrays
        Columns: the free ones that stay as they are, then one a row of `opened`.
    plain : ndarray
        Column of the smaller model behind each of the first columns.
    opened : DataFrame
        For every later column: column of the pair, column of the hub's opening, year, provision.
    width : int
        Number of columns of the smaller model.
    """

    arrays: Arrays
    plain: NDArray[np.int64]
    opened: pd.DataFrame
    width: int

    def solve(self, effort: Effort, watch: Watch) -> Answer:
        """Solve it and give the answer in the columns of the smaller model."""
        count = len(self.arrays.saving)
        answer = Restricted(self.arrays).search(np.ones(count, dtype=bool), np.zeros(count), effort, watch)
        if answer.x is None:
            return answer
        x = np.zeros(self.width)
        x[self.plain] = answer.x[: len(self.plain)]
        np.add.at(x, self.opened["pair"], answer.x[len(self.plain) :])
        return replace(answer, x=x)


def build_core(relaxation: Relaxation, arrays: Arrays, free: Mask) -> Core:
    """Build the core of the smaller model on its free columns."""
    pairs = relaxation.pairs[(relaxation.pairs["group"] == 0) & free[relaxation.pairs["column"]]]
    place, year = np.nonzero(relaxation.hub >= 0)
    opening = pd.DataFrame({"place": place, "year": year, "hub": relaxation.hub[place, year]})
    opening = opening[free[opening["hub"]]]
    opened = pairs.rename(columns={"column": "pair"}).merge(opening, on="place")
    by_year = np.zeros(len(free), dtype=bool)
    by_year[relaxation.pairs.loc[relaxation.pairs["group"] == 0, "column"]] = True
    plain = np.flatnonzero(free & ~by_year)
    by_column = arrays.matrix.tocsc()
    base = sparse.hstack([by_column[:, plain], by_column[:, opened["pair"].to_numpy()]], format="csr")
    extra, low = _year_rows(relaxation, plain, opened)
    chosen = np.concatenate([plain, opened["pair"].to_numpy()])
    count = extra.shape[0]
    core = replace(
        arrays,
        saving=arrays.saving[chosen],
        upper=arrays.upper[chosen],
        integer=relaxation.arrays.integer[chosen],
        matrix=sparse.vstack([base, extra], format="csr"),
        row_lower=np.concatenate([arrays.row_lower, low]),
        row_upper=np.concatenate([arrays.row_upper, np.zeros(count)]),
        rule=np.concatenate([arrays.rule, np.full(count, "core")]),
        lazy=np.concatenate([arrays.lazy, np.zeros(count, dtype=bool)]),
        part=np.concatenate([arrays.part, np.full(count, "")]),
    )
    return Core(core, plain, opened, len(free))


def _year_rows(
    relaxation: Relaxation, plain: NDArray[np.int64], opened: pd.DataFrame
) -> tuple[sparse.csr_matrix, Floats]:
    """Return ``to_ujs - hub_js <= 0`` and ``Go_u(t) - sum to_ujs <= 0``."""
    years, n = relaxation.years, len(opened)
    number = np.full(int(relaxation.arrays.matrix.shape[1]), -1, dtype=np.int64)
    number[plain] = np.arange(len(plain))
    mine = len(plain) + np.arange(n)
    row, column = [np.arange(n), np.arange(n)], [mine, number[opened["hub"]]]
    value = [np.ones(n), -np.ones(n)]
    goes = relaxation.goes[relaxation.goes["group"] == 0]
    goes = goes[number[goes["column"]] >= 0]
    who = np.unique(goes["provision"])
    at = opened[opened["provision"].isin(who)]
    for t in range(years):
        early, ready = goes[goes["year"] <= t], at["year"].to_numpy() <= t
        row += [
            n + t * len(who) + np.searchsorted(who, early["provision"]),
            n + t * len(who) + np.searchsorted(who, at["provision"][ready]),
        ]
        column += [number[early["column"]], len(plain) + at.index.to_numpy()[ready]]
        value += [np.ones(len(early)), -np.ones(int(ready.sum()))]
    shape = (n + years * len(who), len(plain) + n)
    triplets = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
    return sparse.coo_matrix(triplets, shape=shape).tocsr(), np.full(shape[0], -np.inf)
