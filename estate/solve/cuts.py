"""The bound of the smaller model, tightened in rounds where it is broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.bounds import safe_bound, with_rows
from estate.solve.highs import load, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.solve.relaxation import Relaxation

Floats = NDArray[np.float64]
BROKEN = 0.02  # a link broken by less is not worth a row
SPARE_BROKEN = 1e-4


@dataclass(frozen=True)
class Bound:
    """What the smaller model says.

    Attributes
    ----------
    bound : float
        No plan saves more [GBP].
    x : ndarray
        Its solution, over its columns.
    reduced : ndarray
        Reduced value of its columns [GBP]; never above 0 where a column is left at 0.
    rounds : int
        Rounds of links added.
    """

    bound: float
    x: Floats
    reduced: Floats
    rounds: int


class Tightening:
    """The relaxation in HiGHS, to which broken links are added.

    Parameters
    ----------
    relaxation : Relaxation
        The smaller model.
    seconds : float
        Most time for one solve [s].
    """

    def __init__(self, relaxation: Relaxation, seconds: float) -> None:
        arrays = relaxation.arrays
        self.relaxation = relaxation
        self.arrays = replace(arrays, integer=np.zeros(len(arrays.integer), dtype=bool))
        options = {"solver": "simplex", "time_limit": seconds, "dual_feasibility_tolerance": 1e-7}
        options["primal_feasibility_tolerance"] = 1e-7
        self.engine = load(self.arrays, options)
        self.best: Bound | None = None
        self.waiting = np.ones(relaxation.spare.matrix.shape[0], dtype=bool)

    def run(self, rounds: int, tell: Callable[[float], None], stopped: Callable[[], bool]) -> Bound | None:
        """Solve, add what is broken, and again; return the best bound proved."""
        for number in range(rounds):
            answer = run(self.engine)
            if answer.status != "optimal" or answer.x is None:
                return self.best
            bound = safe_bound(self.arrays, -answer.row_dual)
            reduced = self.arrays.saving + self.arrays.matrix.T @ answer.row_dual
            if self.best is None or bound < self.best.bound:
                self.best = Bound(bound, answer.x, np.asarray(reduced), number)
            else:
                self.best = replace(self.best, x=answer.x, rounds=number)
            tell(self.best.bound)
            if stopped() or not self._add_broken(answer.x):
                return self.best
        return self.best

    def _add_broken(self, x: Floats) -> int:
        links = sparse.vstack([self._unopened(x), self._too_early(x)], format="csr")
        spare = self.relaxation.spare
        excess = spare.matrix @ x - spare.row_upper
        broken = np.flatnonzero(self.waiting & (excess > SPARE_BROKEN))
        self.waiting[broken] = False
        rows = sparse.vstack([links, spare.matrix[broken]], format="csr")
        high = np.concatenate([np.zeros(links.shape[0]), spare.row_upper[broken]])
        count = int(rows.shape[0])
        if count:
            low = np.full(count, -highspy.kHighsInf)
            self.engine.addRows(count, low, high, rows.nnz, rows.indptr[:-1], rows.indices, rows.data)
            self.arrays = with_rows(self.arrays, rows, high)
        return count

    def _opened(self, x: Floats) -> Floats:
        """Return how far every place is open by the end of each year, shape (places, years)."""
        hub = self.relaxation.hub
        return np.cumsum(np.where(hub >= 0, x[hub], 0.0), axis=1)

    def _unopened(self, x: Floats) -> sparse.csr_matrix:
        """Return rows ``to_uj <= Hub_j(T)`` that are broken."""
        pairs = self.relaxation.pairs[self.relaxation.pairs["group"] == 0]
        place, column = pairs["place"].to_numpy(), pairs["column"].to_numpy()
        excess = x[column] - self._opened(x)[place, -1]
        broken = np.flatnonzero(excess > BROKEN)
        hub = self.relaxation.hub[place[broken]]
        at, year = np.nonzero(hub >= 0)
        row = np.concatenate([np.arange(len(broken)), at])
        col = np.concatenate([column[broken], hub[at, year]])
        value = np.concatenate([np.ones(len(broken)), -np.ones(len(at))])
        return sparse.coo_matrix((value, (row, col)), shape=(len(broken), len(x))).tocsr()

    def _too_early(self, x: Floats) -> sparse.csr_matrix:
        """Return rows ``Go_u(t) <= sum_j min(to_uj, Hub_j(t))`` that are broken."""
        relaxation = self.relaxation
        goes = relaxation.goes[relaxation.goes["group"] == 0]
        pairs = relaxation.pairs[relaxation.pairs["group"] == 0]
        years = relaxation.years
        go = goes["column"].to_numpy().reshape(-1, years)
        leavers = goes["provision"].to_numpy()[::years]
        who = np.searchsorted(leavers, pairs["provision"].to_numpy())
        to, place = pairs["column"].to_numpy(), pairs["place"].to_numpy()
        opened = self._opened(x)[place]
        use_open = opened < x[to][:, None]
        least = np.zeros((len(leavers), years))
        np.add.at(least, who, np.where(use_open, opened, x[to][:, None]))
        excess = np.cumsum(x[go], axis=1) - least
        u, t = np.nonzero(excess > BROKEN)
        number = np.full(excess.shape, -1)
        number[u, t] = np.arange(len(u))
        row, col, value = [], [], []
        for year in np.unique(t):
            mine = u[t == year]
            n = number[mine, year]
            row.append(np.repeat(n, year + 1))
            col.append(go[mine, : year + 1].ravel())
            value.append(np.ones(len(n) * (year + 1)))
            of = number[who, year]
            by_to = (of >= 0) & ~use_open[:, year]
            row.append(of[by_to])
            col.append(to[by_to])
            value.append(-np.ones(int(by_to.sum())))
            by_hub = np.flatnonzero((of >= 0) & use_open[:, year])
            hub = relaxation.hub[place[by_hub]][:, : year + 1]
            at, when = np.nonzero(hub >= 0)
            row.append(of[by_hub[at]])
            col.append(hub[at, when])
            value.append(-np.ones(len(at)))
        if not row:
            return sparse.csr_matrix((0, len(x)))
        triplets = (np.concatenate(value), (np.concatenate(row), np.concatenate(col)))
        return sparse.coo_matrix(triplets, shape=(len(u), len(x))).tocsr()
