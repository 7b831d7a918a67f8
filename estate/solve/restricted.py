"""The whole model with most columns held: every rule stays, only the choice is smaller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.highs import Answer, Watch, load, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estate.model.blocks import Arrays

Floats = NDArray[np.float64]
USED = 1e-6
ROUGH, ROUGH_NODES = 1e-3, 200  # relative gap and nodes of a search that only finds a start
PROVING = {"mip_allow_restart": False, "mip_heuristic_effort": 0.0, "mip_pscost_minreliable": 2}


@dataclass(frozen=True)
class Row:
    """A row beside the rules: ``low <= coefficients @ x <= high``.

    Attributes
    ----------
    name : str
        What it is about.
    coefficients : ndarray, shape (columns,)
        One a column of the model.
    low, high : float
        Its sides.
    """

    name: str
    coefficients: Floats
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Rows:
    """Many rows beside the rules: ``matrix @ x >= low``.

    Attributes
    ----------
    name : str
        What they are about.
    matrix : csr_matrix, shape (rows, columns)
        One column a column of the model.
    low : ndarray, shape (rows,)
        Their lower sides.
    """

    name: str
    matrix: sparse.csr_matrix
    low: Floats


@dataclass(frozen=True)
class Effort:
    """How hard to look.

    Attributes
    ----------
    seconds : float
        Outer stop [s].
    gap : float
        Stop at this relative gap.
    nodes : int
        Most branch-and-bound nodes; a work limit, so that runs repeat.
    heuristics : float
        Share of the effort that goes into finding points rather than proving.
    relaxed : bool
        Whether buildings may close by halves, for a guide.
    proving : bool
        Whether the start is good, so that all effort goes into the proof.
    """

    seconds: float
    gap: float = 1e-4
    nodes: int = 2_000
    heuristics: float = 0.05
    relaxed: bool = False
    proving: bool = False


class Restricted:
    """A model of which any part of the columns can be searched while the rest is held.

    Parameters
    ----------
    arrays : Arrays
        The whole model, rows scaled.
    """

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.by_column = arrays.matrix.tocsc()

    def search(
        self,
        free: NDArray[np.bool_],
        held: Floats,
        effort: Effort,
        watch: Watch | None = None,
        more: Sequence[Row | Rows] = (),
    ) -> Answer:
        """Find the best point that agrees with `held` outside the free columns.

        Parameters
        ----------
        free : ndarray of bool, shape (columns,)
            Columns that may change.
        held : ndarray, shape (columns,)
            A point; where it satisfies every row it is also the start.
        effort : Effort
            Limits.
        watch : Watch, optional
            Told of progress.
        more : sequence of Row or Rows
            What must hold besides the rows of the model.

        Returns
        -------
        Answer
            With x over all columns; None where nothing was found.
        """
        columns = np.flatnonzero(free)
        if not len(columns):
            return self._as_it_is(held, more)
        part = self.by_column[:, columns].tocsr()
        rest = np.where(free, 0.0, held)
        activity = self.arrays.matrix @ rest
        rows = np.flatnonzero(np.diff(part.indptr))
        asked, low, high = _stacked(more, len(held))
        there = asked @ rest
        sub = replace(
            self.arrays,
            saving=self.arrays.saving[columns],
            upper=self.arrays.upper[columns],
            integer=self.arrays.integer[columns] & (not effort.relaxed),
            matrix=sparse.vstack([part[rows], asked[:, columns]], format="csr"),
            row_lower=np.append(self.arrays.row_lower[rows] - activity[rows], low - there),
            row_upper=np.append(self.arrays.row_upper[rows] - activity[rows], high - there),
        )
        engine = load(sub, _options(effort))
        if sub.integer.any():  # HiGHS does not presolve a linear programme that has a start
            engine.setSolution(len(columns), np.arange(len(columns), dtype=np.int32), held[columns])
        answer = run(engine, watch)
        if answer.x is None:
            return answer
        x = rest
        x[columns] = np.where(sub.integer, np.round(answer.x), answer.x)
        return replace(answer, x=x, saving=float(self.arrays.saving @ x))

    def _as_it_is(self, x: Floats, more: Sequence[Row | Rows]) -> Answer:
        """Answer for a point of which nothing may change: a solver calls such a model empty."""
        asked, low, high = _stacked(more, len(x))
        there = asked @ x
        if (there < low - USED).any() or (there > high + USED).any() or len(self.broken(x)):
            return Answer(None, -np.inf, -np.inf, "infeasible", np.zeros(0), 0)
        saving = float(self.arrays.saving @ x)
        return Answer(x.copy(), saving, saving, "optimal", np.zeros(0), 0)

    def settle(
        self,
        free: NDArray[np.bool_],
        held: Floats,
        effort: Effort,
        watch: Watch | None = None,
        more: Sequence[Row | Rows] = (),
    ) -> Answer:
        """Find what `search` finds, sooner: first among what the relaxation or the held point uses.

        With the point found there as the start, the search of all free columns only has to prove.
        """
        guide = self.search(free, held, replace(effort, relaxed=True), watch, more)
        if guide.status == "infeasible":
            return guide
        if guide.x is not None:
            used = free & ((guide.x > USED) | (held > USED))
            first = self.search(used, held, replace(effort, gap=ROUGH, nodes=ROUGH_NODES), watch, more)
            if first.x is not None:
                return self.search(free, first.x, replace(effort, proving=True), watch, more)
        return self.search(free, held, effort, watch, more)

    def broken(self, x: Floats, tolerance: float = 1e-6) -> NDArray[np.str_]:
        """Return the rules of the rows that a point breaks."""
        activity = self.arrays.matrix @ x
        bad = (activity > self.arrays.row_upper + tolerance) | (activity < self.arrays.row_lower - tolerance)
        return np.unique(self.arrays.rule[bad])


def _stacked(more: Sequence[Row | Rows], width: int) -> tuple[sparse.csr_matrix, Floats, Floats]:
    """Return rows beside the rules as one matrix, with their sides."""
    parts, low, high = [sparse.csr_matrix((0, width))], [np.zeros(0)], [np.zeros(0)]
    for row in more:
        if isinstance(row, Rows):
            parts, low = [*parts, row.matrix], [*low, row.low]
            high.append(np.full(len(row.low), np.inf))
        else:
            parts.append(sparse.csr_matrix(row.coefficients))
            low, high = [*low, np.array([row.low])], [*high, np.array([row.high])]
    return sparse.vstack(parts, format="csr"), np.concatenate(low), np.concatenate(high)


def _options(effort: Effort) -> dict[str, object]:
    options: dict[str, object] = {
        "time_limit": effort.seconds,
        "mip_rel_gap": effort.gap,
        "mip_max_nodes": effort.nodes,
        "mip_heuristic_effort": effort.heuristics,
        "random_seed": 1,
    }
    if effort.proving:
        options |= PROVING
    return options
