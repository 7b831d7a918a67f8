"""HiGHS, handed arrays: the one place that talks to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.core.errors import SolverError
from estate.core.solver import NO_AGGREGATOR, solver_unit
from estate.model.blocks import Arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Floats = NDArray[np.float64]
TOLERANCE = 1e-9  # rows and money are scaled to a largest coefficient of 1 before they are handed over
SLICE = 100_000  # rows handed over at a time
SAME = 1e-6  # [GBP] nothing more is looked for that saves so little


@dataclass(frozen=True)
class Answer:
    """What HiGHS found.

    Attributes
    ----------
    x : ndarray or None
        Best point found; None where there is none.
    saving : float
        Its objective [GBP], as the solver's float.
    bound : float
        No point saves more [GBP].
    status : str
        optimal, infeasible, limit, interrupted or unbounded.
    row_dual : ndarray
        Duals of the rows of an LP, in the scale of the arrays; empty for a MIP.
    nodes : int
        Branch-and-bound nodes.
    """

    x: Floats | None
    saving: float
    bound: float
    status: str
    row_dual: Floats
    nodes: int


@dataclass(frozen=True)
class Watch:
    """Who is told of progress and who may stop the work.

    Attributes
    ----------
    report : callable
        Receives incumbent and bound [GBP].
    stopped : callable
        Returns whether to stop now.
    """

    report: Callable[[float | None, float | None], None]
    stopped: Callable[[], bool]


def scaled(arrays: Arrays) -> tuple[Arrays, Floats]:
    """Divide every row by its largest coefficient, so that one tolerance fits all.

    Returns
    -------
    tuple
        The scaled arrays and the divisors, shape (rows,).
    """
    largest = np.ones(arrays.matrix.shape[0])
    if arrays.matrix.nnz:
        top = abs(arrays.matrix).max(axis=1).toarray().ravel()
        largest = np.where(top > 0, top, 1.0)
    matrix = sparse.diags(1 / largest) @ arrays.matrix
    return (
        Arrays(
            arrays.saving,
            arrays.upper,
            arrays.integer,
            sparse.csr_matrix(matrix),
            arrays.row_lower / largest,
            arrays.row_upper / largest,
            arrays.rule,
            arrays.lazy,
            arrays.part,
        ),
        largest,
    )


class Engine(highspy.Highs):  # type: ignore[misc]
    """HiGHS that is told of money in a unit of its own.

    Its tolerances are absolute. With costs of millions of pounds it could not meet those of its
    linear programmes, gave them up within its search, and branched without a bound.

    Attributes
    ----------
    unit : float
        One of its units of money [GBP]; a power of two, so that no figure is rounded.
    """

    unit = 1.0

    def save(self, saving: Floats) -> None:
        """Change what all its columns save [GBP]."""
        self.unit = solver_unit(saving)
        self.changeColsCost(len(saving), np.arange(len(saving), dtype=np.int32), -saving / self.unit)


def load(arrays: Arrays, options: Mapping[str, Any]) -> Engine:
    """Hand the arrays to a new HiGHS, to minimise the negative saving.

    The option ``mip_abs_gap`` is in pounds.

    Raises
    ------
    SolverError
        If HiGHS refuses the model or an option.
    """
    engine = Engine()
    engine.unit = solver_unit(arrays.saving)
    defaults = {
        "output_flag": True,  # or nobody is told of progress
        "log_to_console": False,
        "threads": 1,
        "primal_feasibility_tolerance": TOLERANCE,
        "dual_feasibility_tolerance": TOLERANCE,
        "mip_feasibility_tolerance": TOLERANCE,
        "mip_abs_gap": SAME,
        "presolve_rule_off": NO_AGGREGATOR if arrays.integer.any() else 0,
    }
    asked = {**defaults, **options}
    asked["mip_abs_gap"] /= engine.unit
    for name, value in asked.items():
        if engine.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS does not accept {name} = {value}")
    _hand_over(engine, arrays)
    return engine


def _hand_over(engine: Engine, arrays: Arrays) -> None:
    """Add the columns, then the rows in slices, so that HiGHS's copies of them stay small.

    The lists of a ``HighsLp`` are copied number by number, which takes several times as long.
    """
    columns, matrix = len(arrays.saving), arrays.matrix
    whole = np.flatnonzero(arrays.integer).astype(np.int32)
    kind = np.full(len(whole), highspy.HighsVarType.kInteger, dtype=np.uint8)
    empty = np.zeros(0, dtype=np.int32), np.zeros(0)
    taken = [
        engine.addCols(
            columns,
            -arrays.saving / engine.unit,
            np.zeros(columns),
            np.ascontiguousarray(arrays.upper),
            0,
            np.zeros(columns, dtype=np.int32),
            *empty,
        ),
        engine.changeColsIntegrality(len(whole), whole, kind),
    ]
    for first in range(0, matrix.shape[0], SLICE):
        rows = slice(first, first + SLICE)
        start = matrix.indptr[first : first + SLICE + 1]
        inside = slice(start[0], start[-1])
        taken.append(
            engine.addRows(
                len(start) - 1,
                arrays.row_lower[rows],
                arrays.row_upper[rows],
                int(start[-1] - start[0]),
                start[:-1] - start[0],
                matrix.indices[inside],
                matrix.data[inside],
            )
        )
    if highspy.HighsStatus.kError in taken:
        raise SolverError("HiGHS refused the model")


_STATUS = {
    "kOptimal": "optimal",
    "kInfeasible": "infeasible",
    "kUnboundedOrInfeasible": "infeasible",
    "kUnbounded": "unbounded",
    "kInterrupt": "interrupted",
    "kHighsInterrupt": "interrupted",
}


def run(engine: Engine, watch: Watch | None = None) -> Answer:
    """Solve what was loaded and read the answer.

    Parameters
    ----------
    engine : Engine
        From :func:`load`.
    watch : Watch, optional
        Told of incumbents and bounds; may stop the work.

    Returns
    -------
    Answer
    """
    if watch is not None:
        _attach(engine, watch)
    engine.run()
    status = _STATUS.get(engine.getModelStatus().name, "limit")
    info = engine.getInfo()
    is_mip = info.mip_node_count >= 0
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    solution = engine.getSolution()
    x = np.array(solution.col_value) if has_point else None
    saving = -info.objective_function_value * engine.unit if has_point else -np.inf
    bound = -info.mip_dual_bound * engine.unit if is_mip else saving if status == "optimal" else np.inf
    dual = np.array(solution.row_dual) * engine.unit if not is_mip and solution.dual_valid else np.zeros(0)
    return Answer(x, saving, float(bound), status, dual, int(max(info.mip_node_count, 0)))


def _attach(engine: Engine, watch: Watch) -> None:
    def logged(event: Any) -> None:  # noqa: ANN401 - highspy gives no type
        data = event.data_out
        found, bound = (
            -value * engine.unit if abs(value) < highspy.kHighsInf else None
            for value in (data.mip_primal_bound, data.mip_dual_bound)
        )
        watch.report(found, bound)

    def interrupt(event: Any) -> None:  # noqa: ANN401 - highspy gives no type
        if watch.stopped():
            event.interrupt()

    engine.cbMipLogging.subscribe(logged)
    engine.cbMipImprovingSolution.subscribe(logged)
    engine.cbMipInterrupt.subscribe(interrupt)
    engine.cbSimplexInterrupt.subscribe(interrupt)
    engine.cbIpmInterrupt.subscribe(interrupt)
