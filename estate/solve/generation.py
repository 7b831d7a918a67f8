"""The relaxation of the whole model, solved by adding the columns and rows that matter.

Most moves are never worth their price and most links are never broken. So the relaxation starts
with the moves that the smaller model (:mod:`estate.solve.relaxation`) does not rule out and
without the links of moves to hubs; after each solution the columns that would gain and the rows
that are broken come in, and once the bound hardly falls the rows of :mod:`estate.solve.hulls` and
:mod:`estate.solve.rounding`. The bound of every round is worked out from its multipliers over *all* columns
(:func:`estate.solve.bounds.safe_bound`), so it holds however early the rounds end.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.bounds import safe_bound, with_rows
from estate.solve.highs import Engine, Watch, load, run
from estate.solve.hulls import Hulls
from estate.solve.rounding import Rounding, events_of_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.model.blocks import Arrays
    from estate.model.formulation import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

SELDOM = ("access", "compatibility", "opening")  # rules whose rows on moves are added when they are broken
BROKEN = 1e-3  # a row broken by less is not worth adding
GAIN = 1.0  # [GBP] a column that gains less is not worth adding
MOST_COLUMNS = 4_000  # added in one round
SLOW = 0.01  # of the bound: where a round brings less, fractions of merges are cut off
MOVE_SHARE, HUB_SHARE = 1.6e-4, 8e-4  # of the bound: what costs more does not start in the relaxation


@dataclass(frozen=True)
class Solved:
    """What a round found.

    Attributes
    ----------
    x : ndarray, shape (columns,)
        Its solution.
    dual : ndarray, shape (rows,)
        Its prices of the rows.
    reduced : ndarray, shape (columns,)
        What a unit of each column would gain at the round's prices [GBP].
    saving : float
        What its solution saves [GBP].
    """

    x: Floats
    dual: Floats
    reduced: Floats
    saving: float


class Generation:
    """The relaxation in HiGHS, to which columns and rows are added.

    Parameters
    ----------
    model : Model
        Built model.
    arrays : Arrays
        Its arrays, rows scaled.
    price : ndarray, shape (columns,)
        First prices of the columns, from the smaller model [GBP].
    worth : float
        What the prices are measured against, the bound so far [GBP].
    """

    def __init__(self, model: Model, arrays: Arrays, price: Floats, worth: float) -> None:
        self.arrays = arrays
        self.by_column = arrays.matrix.tocsc()
        self.hulls, self.rounding = Hulls(model, arrays), Rounding(arrays, events_of_columns(model))
        self.bound, self.impossible = np.inf, False
        self.inside = self._first_columns(model, price, abs(worth))
        self.columns = np.flatnonzero(self.inside)
        self.rows = self._first_rows(model)
        self.waiting = np.ones(len(arrays.rule), dtype=bool)
        self.waiting[self.rows] = False
        self.held = np.zeros(len(price), dtype=bool)
        self.engine = self._loaded()

    def _loaded(self) -> Engine:
        """Hand what is in to a new solver."""
        part = replace(
            self.arrays,
            saving=self.arrays.saving[self.columns],
            upper=self.arrays.upper[self.columns],
            integer=np.zeros(len(self.columns), dtype=bool),
            matrix=self.arrays.matrix[self.rows][:, self.columns],
            row_lower=self.arrays.row_lower[self.rows],
            row_upper=self.arrays.row_upper[self.rows],
        )
        tolerances = {"primal_feasibility_tolerance": 1e-7, "dual_feasibility_tolerance": 1e-7}
        return load(part, {"solver": "simplex", **tolerances})

    def twin(self) -> Generation:
        """Return another one in the same state, to be changed on its own."""
        other = copy(self)
        other.inside, other.waiting, other.held = self.inside.copy(), self.waiting.copy(), self.held.copy()
        other.engine = other._loaded()  # noqa: SLF001 - of its own kind
        other.engine.setBasis(self.engine.getBasis())
        return other

    def _first_columns(self, model: Model, price: Floats, worth: float) -> Mask:
        move, hub = model.problem.blocks["move"], model.problem.blocks["hub"]
        inside = self.arrays.upper > 0
        inside[move.columns] &= price[move.columns] > -MOVE_SHARE * worth
        inside[hub.columns] &= price[hub.columns] > -HUB_SHARE * worth
        at = np.isin(move.keys["place"], hub.keys["place"][inside[hub.columns]])
        lent = (model.inst.places["kind"] == "host").to_numpy()[move.keys["place"]]
        inside[move.columns] &= at | lent
        return inside

    def _first_rows(self, model: Model) -> Ints:
        is_move = np.zeros(len(self.arrays.saving), dtype=bool)
        is_move[model.problem.blocks["move"].columns] = True
        on_moves = np.diff(self.arrays.matrix.indptr) > 0
        on_moves &= (abs(self.arrays.matrix) @ is_move.astype(float)) > 0
        seldom = np.isin(self.arrays.rule, SELDOM) & (on_moves | (self.arrays.rule != "opening"))
        seldom |= self.arrays.lazy
        return np.flatnonzero(~seldom & (np.diff(self.arrays.matrix.indptr) > 0))

    def solve(self, seconds: float, watch: Watch | None, *, afresh: bool = False) -> Solved | None:
        """Solve the columns and rows that are in; None where that cannot be, or time ends (`impossible`).

        From the last basis, or afresh, with presolve: sooner where much was held or released.
        """
        if afresh:
            self.engine.clearSolver()
        self.engine.setOptionValue("time_limit", self.engine.getRunTime() + seconds)
        answer = run(self.engine, watch)
        self.impossible = answer.status == "infeasible"
        if answer.status != "optimal" or answer.x is None:
            return None
        dual = np.zeros(len(self.arrays.rule))
        dual[self.rows] = -answer.row_dual
        x = np.zeros(len(self.arrays.saving))
        x[self.columns] = answer.x
        return Solved(x, dual, self.arrays.saving - self.by_column.T @ dual, float(self.arrays.saving @ x))

    def broken(self, x: Floats) -> Ints:
        """Return the rows outside that a point breaks."""
        activity = self.arrays.matrix @ x
        excess = np.maximum(activity - self.arrays.row_upper, self.arrays.row_lower - activity)
        return np.flatnonzero(self.waiting & (excess > BROKEN))

    def add_rows(self, rows: Ints) -> None:
        """Add rows."""
        if not len(rows):
            return
        part = self.arrays.matrix[rows][:, self.columns].tocsr()
        low, high = (
            np.clip(side[rows], -highspy.kHighsInf, highspy.kHighsInf)
            for side in (self.arrays.row_lower, self.arrays.row_upper)
        )
        self.engine.addRows(len(rows), low, high, part.nnz, part.indptr[:-1], part.indices, part.data)
        self.rows = np.concatenate([self.rows, rows])
        self.waiting[rows] = False

    def add_cuts(self, solved: Solved) -> int:
        """Add rows that cut off fractions of merges and of provisions; return how many."""
        merges, merged = self.hulls.rows(solved.x, solved.dual[: len(self.hulls.own)])
        rooms, rounded = self.rounding.rows(solved.x)
        return self.cut_off(sparse.vstack([merges, rooms], format="csr"), np.concatenate([merged, rounded]))

    def cut_off(self, found: sparse.csr_matrix, high: Floats) -> int:
        """Add rows that every plan meets; return how many."""
        if len(high):
            first = len(self.arrays.rule)
            self.arrays = with_rows(self.arrays, found, high)
            self.by_column = self.arrays.matrix.tocsc()
            self.waiting = np.concatenate([self.waiting, np.ones(len(high), dtype=bool)])
            self.add_rows(np.arange(first, first + len(high)))
        return len(high)

    def let_in(self, solved: Solved) -> int:
        """Add the rows that are broken and the columns that would gain; return how many."""
        rows = self.broken(solved.x)
        possible = ~self.inside & ~self.held & (self.arrays.upper > 0)
        gaining = np.flatnonzero(possible & (solved.reduced > GAIN))
        gaining = gaining[np.argsort(-solved.reduced[gaining], kind="stable")][:MOST_COLUMNS]
        self.add_rows(rows)
        self.add_columns(gaining)
        return len(rows) + len(gaining)

    def round_off(
        self, solved: Solved, rounds: int, left: Callable[[], float], watch: Watch, *, afresh: bool = False
    ) -> Solved:
        """Cut fractions of provisions off, round after round; return the last solution."""
        for _ in range(rounds):
            if left() <= 0 or watch.stopped() or not self.cut_off(*self.rounding.rows(solved.x)):
                break
            self.let_in(solved)
            again = self.solve(left(), watch, afresh=afresh)
            if again is None:
                break
            solved = again
        return solved

    def add_columns(self, columns: Ints) -> None:
        """Add columns."""
        if not len(columns):
            return
        part = self.by_column[:, columns].tocsr()[self.rows].tocsc()
        count = len(columns)
        self.engine.addCols(
            count,
            -self.arrays.saving[columns] / self.engine.unit,
            np.zeros(count),
            self.arrays.upper[columns],
            part.nnz,
            part.indptr[:-1],
            part.indices,
            part.data,
        )
        self.columns = np.concatenate([self.columns, columns])
        self.inside[columns] = True

    def hold(self, columns: Ints, value: float) -> None:
        """Hold columns at a value; those that are not in stay out."""
        self.held[columns] = True
        mine = np.flatnonzero(np.isin(self.columns, columns)).astype(np.int32)
        held = np.full(len(mine), float(value))
        self.engine.changeColsBounds(len(mine), mine, held, held)

    def release(self, columns: Ints) -> None:
        """Let columns take any value again."""
        self.held[columns] = False
        mine = np.flatnonzero(np.isin(self.columns, columns)).astype(np.int32)
        self.engine.changeColsBounds(
            len(mine), mine, np.zeros(len(mine)), self.arrays.upper[self.columns[mine]]
        )

    def run(
        self,
        left: Callable[[], float],
        watch: Watch,
        tell: Callable[[float], None],
        *,
        cut: bool = True,
        enough: float = 0.0,
    ) -> Solved | None:
        """Solve and add, round after round, until nothing comes in or no time is left.

        Parameters
        ----------
        left : callable
            Seconds that may still be used.
        watch : Watch
            May stop the work.
        tell : callable
            Receives the bound after each round [GBP].
        cut : bool
            Whether fractions of merges are cut off; otherwise the rounds end where one brings little.
        enough : float
            The rounds end where two in a row bring less than this share of the bound, and no more columns
            than those inside hold it up.

        Returns
        -------
        Solved or None
            The last round; None where not even the first was finished.
        """
        found, little = None, 0
        while left() > 0 and not watch.stopped() and little < 2:
            solved = self.solve(left(), watch)
            if solved is None:
                break
            found = solved
            before, self.bound = self.bound, min(self.bound, safe_bound(self.arrays, solved.dual))
            tell(self.bound)
            # columns outside may still hold the bound above what those inside save
            open_ = max(before - self.bound, self.bound - solved.saving)
            little = little + 1 if open_ < enough * abs(self.bound) else 0
            slow = before - self.bound < SLOW * abs(self.bound)
            if slow and not cut:
                break
            cuts = self.add_cuts(solved) if slow else 0
            if not self.let_in(solved) + cuts:
                break
        return found
