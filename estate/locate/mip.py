"""Integer programmes as arrays, for HiGHS and, through PuLP, for CBC."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from estate.core.errors import SolverError
from estate.core.solver import NO_AGGREGATOR, solver_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    import highspy
    from numpy.typing import NDArray

    from estate.locate.lists import Floats

TOLERANCE = 1e-9


@dataclass
class Model:
    """Minimise ``cost @ x`` with ``row_lower <= matrix @ x <= row_upper`` and bounds on x.

    Attributes
    ----------
    cost, lower, upper : ndarray, shape (columns,)
        Objective and bounds.
    integer : ndarray of bool, shape (columns,)
        Columns that take whole values.
    matrix : csr_matrix, shape (rows, columns)
        Coefficients.
    row_lower, row_upper : ndarray, shape (rows,)
        Bounds of the rows.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    matrix: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats


@dataclass(frozen=True)
class Solved:
    """What a solver of integer programmes said.

    Attributes
    ----------
    x : ndarray or None
        Best point.
    objective, bound : float
        Its objective, and the bound.
    status : str
        optimal, infeasible or limit.
    nodes : int
        Branch-and-bound nodes.
    """

    x: Floats | None
    objective: float
    bound: float
    status: str
    nodes: int


@dataclass(frozen=True)
class Limits:
    """When a solver stops.

    Attributes
    ----------
    gap : float
        Relative gap.
    seconds : float
        Time [s].
    cutoff : float
        Only points below this are of interest.
    seed : int
        Seed.
    stopped : callable
        Returns whether somebody asks to stop.
    """

    gap: float
    seconds: float
    cutoff: float = math.inf
    seed: int = 1
    stopped: Callable[[], bool] | None = None


def stack(rows: list[tuple[sparse.spmatrix, Floats, Floats]]) -> tuple[sparse.csr_matrix, Floats, Floats]:
    """Put blocks of rows under one another.

    Parameters
    ----------
    rows : list
        Matrix, lower and upper bounds of each block.

    Returns
    -------
    tuple
        Matrix and bounds of all.
    """
    matrix = sparse.vstack([block for block, _, _ in rows], format="csr")
    lower = np.concatenate([np.broadcast_to(low, block.shape[0]) for block, low, _ in rows])
    upper = np.concatenate([np.broadcast_to(high, block.shape[0]) for block, _, high in rows])
    return matrix, lower, upper


def solve_with_highs(model: Model, limits: Limits, start: Floats | None = None) -> Solved:
    """Solve with HiGHS.

    Parameters
    ----------
    model : Model
        The programme.
    limits : Limits
        When to stop.
    start : ndarray, optional
        A point to begin with.

    Returns
    -------
    Solved

    Raises
    ------
    SolverError
        If HiGHS refuses the programme.
    """
    import highspy

    engine = highspy.Highs()
    options = {
        "output_flag": False,
        "threads": 1,
        "random_seed": limits.seed,
        "mip_rel_gap": limits.gap,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": TOLERANCE,
        "primal_feasibility_tolerance": TOLERANCE,
        "dual_feasibility_tolerance": TOLERANCE,
        "presolve_rule_off": NO_AGGREGATOR,
        "time_limit": max(limits.seconds, 0.01),
    }
    for name, value in options.items():
        engine.setOptionValue(name, value)
    unit = solver_unit(model.cost)
    if math.isfinite(limits.cutoff):
        engine.setOptionValue("objective_bound", limits.cutoff / unit)
    _hand_over(engine, model, unit)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = list(start)
        engine.setSolution(solution)
    if limits.stopped is not None:
        stopped = limits.stopped
        for signal in (engine.cbMipInterrupt, engine.cbSimplexInterrupt, engine.cbIpmInterrupt):
            signal.subscribe(lambda event: event.interrupt() if stopped() else None)
    engine.run()
    return _read_highs(engine, model, unit)


def _hand_over(engine: highspy.Highs, model: Model, unit: float) -> None:
    """Pass the arrays as they are; the lists of a ``HighsLp`` are copied number by number."""
    import highspy

    (rows, columns), matrix = model.matrix.shape, model.matrix
    by_row, least = int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize)
    status = engine.passModel(
        *(columns, rows, matrix.nnz, by_row, least, 0.0),
        *(model.cost / unit, model.lower, model.upper, model.row_lower, model.row_upper),
        *(matrix.indptr, matrix.indices, matrix.data, model.integer.astype(np.int32)),
    )
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the model; check the costs for very large numbers")


def _read_highs(engine: highspy.Highs, model: Model, unit: float) -> Solved:
    import highspy

    info = engine.getInfo()
    status = engine.getModelStatus()
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(engine.getSolution().col_value) if has_point else None
    objective = math.inf if x is None else float(model.cost @ x)
    infeasible = status in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    )
    done = status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kObjectiveBound)
    bound = float(info.mip_dual_bound * unit) if model.integer.any() else objective if done else -math.inf
    if infeasible:
        return Solved(None, math.inf, math.inf, "infeasible", 0)
    return Solved(x, objective, bound, "optimal" if done else "limit", max(int(info.mip_node_count), 0))


def solve_with_cbc(model: Model, limits: Limits) -> Solved:
    """Solve with CBC through PuLP: slow to hand over, and a second opinion.

    CBC tells PuLP no bound: one is known only where CBC ends with a proof within the gap.

    Parameters
    ----------
    model : Model
        The programme.
    limits : Limits
        When to stop.

    Returns
    -------
    Solved

    Raises
    ------
    SolverError
        If CBC is not there.
    """
    import pulp

    solver = pulp.PULP_CBC_CMD(
        msg=False, gapRel=limits.gap, timeLimit=max(limits.seconds, 1.0), threads=1, keepFiles=False
    )
    if not solver.available():
        raise SolverError("CBC is not installed; leave --solver out, or name highs")
    problem, variables = _pulp_problem(model)
    begun = time.monotonic()
    problem.solve(solver)
    if problem.sol_status == pulp.LpSolutionInfeasible:
        return Solved(None, math.inf, math.inf, "infeasible", 0)
    if problem.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return Solved(None, math.inf, -math.inf, "limit", 0)
    x = np.array([variable.value() or 0.0 for variable in variables])
    objective = float(model.cost @ x)
    # PuLP calls a run that stopped on the clock optimal too.
    proved = problem.sol_status == pulp.LpSolutionOptimal and time.monotonic() - begun < limits.seconds
    bound = objective - limits.gap * abs(objective) if proved else -math.inf
    return Solved(x, objective, bound, "optimal" if proved else "limit", 0)


def _pulp_problem(model: Model) -> tuple[Any, list[Any]]:
    import pulp

    problem = pulp.LpProblem("locate", pulp.LpMinimize)
    variables = [
        problem.add_variable(
            f"x{k}", low, None if math.isinf(high) else high, "Integer" if whole else "Continuous"
        )
        for k, (low, high, whole) in enumerate(zip(model.lower, model.upper, model.integer, strict=True))
    ]
    problem.setObjective(pulp.LpAffineExpression(list(zip(variables, model.cost.tolist(), strict=True))))
    matrix = model.matrix
    for i in range(matrix.shape[0]):
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        terms = [(variables[k], a) for k, a in zip(matrix.indices[part], matrix.data[part], strict=True)]
        low, high = model.row_lower[i], model.row_upper[i]
        if math.isfinite(high):
            problem += pulp.LpAffineExpression(terms) <= high
        if math.isfinite(low):
            problem += pulp.LpAffineExpression(terms) >= low
    return problem, variables
