"""Other solvers that PuLP knows: the arrays written out as a plain PuLP problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pulp

from estate.core.errors import SolverError
from estate.model.blocks import to_pulp
from estate.solve.highs import scaled
from estate.solve.outcome import Outcome

if TYPE_CHECKING:
    from estate.config import SolverSection
    from estate.model.formulation import Model
    from estate.solve.clock import Clock

NAMES = {"cbc": ("COIN_CMD", "PULP_CBC_CMD")}
"""Names of PuLP, best first: the second ships with PuLP 3 alone, the first finds any CBC with 3 and 4."""


def solve_other(model: Model, solver: SolverSection, clock: Clock) -> Outcome:
    """Solve the whole model with a solver that PuLP knows.

    These solvers report no bound through PuLP, so the bound is that of the relaxation (every
    event may be a fraction), solved by HiGHS.

    Raises
    ------
    SolverError
        If the solver is not known or not installed.
    """
    from estate.solve.bounds import relaxation_bound

    available = pulp.listSolvers(onlyAvailable=True)
    asked = NAMES.get(solver.engine.lower(), (solver.engine,))
    name = next((one for one in asked if one in available), "")
    if not name:
        raise SolverError(f"Solver {solver.engine} is not available; use one of {', '.join(available)}")
    arrays, _ = scaled(model.problem.arrays())
    problem, variables = to_pulp(arrays)
    engine = pulp.getSolver(name, msg=False, timeLimit=max(1.0, clock.left()))
    problem.solve(engine)
    if problem.sol_status == pulp.LpSolutionInfeasible:
        return Outcome(None, np.inf, "infeasible", "gap", name)
    if problem.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return Outcome(None, np.inf, "time_limit", "clock", name)
    x = np.array([v.varValue or 0.0 for v in variables])
    proved = problem.sol_status == pulp.LpSolutionOptimal and clock.left() > 0
    bound = (
        float(arrays.saving @ np.where(arrays.integer, np.round(x), x))
        if proved
        else relaxation_bound(arrays)
    )
    status = ("optimal", "gap") if proved else ("time_limit", "clock")
    return Outcome(
        x, bound, *status, f"{name}: plan" + ("" if proved else "; HiGHS: bound of the relaxation")
    )
