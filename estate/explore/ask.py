"""One model, built once and asked many things: other goals, rows beside its rules."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.core.errors import InfeasibleError, Issue, SolverError, VerificationError
from estate.explore.measure import measure
from estate.model.formulation import Model, build_model
from estate.solve.clock import Clock
from estate.solve.highs import load, run, scaled
from estate.solve.plan import point_of, rounded, saving_of
from estate.solve.run import search_model, solution_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estate.config import Config
    from estate.core.types import Estate, Solution
    from estate.solve.outcome import Outcome
    from estate.solve.restricted import Row

Floats = NDArray[np.float64]
HALF_A_PENNY = 0.005


@dataclass(frozen=True)
class Found:
    """The best point under what was asked.

    Attributes
    ----------
    x : ndarray
        Events 0 or 1, shape (columns,).
    value, bound : float
        The goal at the point, and what no point exceeds.
    solution : Solution
        The plan, priced as a run prices it; its bound is that of the saving where that was the
        goal, else infinite.
    """

    x: Floats
    value: float
    bound: float
    solution: Solution

    @property
    def exact(self) -> bool:
        """Whether nothing better exists, to the solver's last digit."""
        return self.bound - self.value <= 1e-6 * max(1.0, abs(self.value))


class Questions:
    """A built model that can be asked for the best plan under further rows.

    Parameters
    ----------
    estate : Estate
        Conformed tables with every default filled.
    config : Config
        The run, its rules resolved.
    stop : Event, optional
        When set, the best plan so far is taken.
    """

    def __init__(self, estate: Estate, config: Config, stop: threading.Event | None = None) -> None:
        self.model: Model = build_model(estate, config)
        self.config = config
        self.stop = stop or threading.Event()
        self._measures: dict[str, Floats] = {}
        self.width = self.model.problem.width
        self.saving = np.pad(self.model.problem.saving, (0, self.width - len(self.model.problem.saving)))

    def columns(self, family: str) -> NDArray[np.int64]:
        """Return the columns of a family."""
        return self.model.problem.blocks[family].columns

    def measure(self, name: str) -> Floats:
        """Return what each column adds to a measure, worked out once."""
        if name not in self._measures:
            self._measures[name] = measure(self.model, name)
        return self._measures[name]

    def best(
        self,
        rows: Sequence[Row] = (),
        goal: Floats | None = None,
        gap: float | None = None,
        start: Floats | None = None,
    ) -> Found:
        """Return the plan that saves most, or does most for another goal.

        Parameters
        ----------
        rows : sequence of Row
            What must hold besides the rules.
        goal : ndarray, optional
            What to make greatest, in place of the saving; one a column.
        gap : float, optional
            In place of the gap of the configuration.
        start : ndarray, optional
            A point that satisfies rules and rows, from which a small model begins.

        Raises
        ------
        InfeasibleError
            If no plan satisfies rules and rows.
        SolverError
            If none was found in the time given.
        """
        solver = self.config.solver
        config = self.config.model_copy(
            update={"solver": solver if gap is None else solver.model_copy(update={"gap": gap})}
        )
        clock = Clock(solver.time_limit, None, self.stop)
        with self._asked(rows, goal):
            outcome = search_model(self.model, config, clock, start)
        if outcome.status == "infeasible":
            raise InfeasibleError(f"No plan satisfies the rules and what was asked besides: {_told(rows)}")
        if outcome.x is None:
            raise SolverError(f"No plan was found in the time given with what was asked: {_told(rows)}")
        return self._found(outcome, goal, clock)

    def relaxed(self) -> Floats | None:
        """Return the best point in which buildings may close by halves; None where time runs out."""
        arrays, _ = scaled(self.model.problem.arrays())
        whole = replace(arrays, integer=np.zeros(len(arrays.integer), dtype=bool))
        return run(load(whole, {"time_limit": self.config.solver.time_limit})).x

    def _found(self, outcome: Outcome, goal: Floats | None, clock: Clock) -> Found:
        solution = solution_of(self.model, self.config, outcome, clock)
        x = rounded(self.model, outcome.x) if outcome.x is not None else np.zeros(self.width)
        if goal is None:
            return Found(x, solution.objective_gbp, solution.bound_gbp, solution)
        value = float(goal @ x)
        return Found(x, value, max(value, outcome.bound), replace(solution, bound_gbp=np.inf))

    @contextmanager
    def _asked(self, rows: Sequence[Row], goal: Floats | None) -> Iterator[None]:
        """Put rows and goal into the model for as long as one question takes."""
        problem = self.model.problem
        before, saving = len(problem.row_blocks), problem.saving
        try:
            for row in rows:
                used = np.flatnonzero(row.coefficients)
                where = (np.zeros(len(used)), used, row.coefficients[used])
                problem.add_rows("asked", where, lower=[row.low], upper=[row.high], about=row.name)
            if goal is not None:
                problem.set_saving(goal)
            yield
        finally:
            problem.take_back(before)
            problem.set_saving(saving)

    def known(self, solution: Solution) -> Found:
        """Return a plan that was found before, as `best` would have.

        Raises
        ------
        VerificationError
            If the model prices it otherwise.
        """
        x = point_of(self.model, solution.plan)
        value = saving_of(self.model, x)
        if abs(value - solution.objective_gbp) > HALF_A_PENNY:
            told = f"recorded £{solution.objective_gbp:,.4f}, now £{value:,.4f}"
            issue = Issue("plan", None, "objective", told, "differ", "report this as a fault of the program")
            raise VerificationError("The model prices the recorded plan differently:", [issue])
        return Found(x, value, max(value, solution.bound_gbp), solution)


def _told(rows: Sequence[Row]) -> str:
    return "; ".join(row.name for row in rows) or "nothing"
