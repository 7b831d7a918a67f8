"""The wide model in HiGHS, every line held, loosened at a price, or left out, from one solve to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.highs import Watch, load, run, scaled
from estate.solve.whynot.years import years_of

if TYPE_CHECKING:
    from estate.model.blocks import Arrays
    from estate.solve.clock import Clock
    from estate.solve.whynot.wide import Wide

Floats = NDArray[np.float64]
Modes = NDArray[np.int8]
HELD, LOOSE, OUT = 0, 1, 2
USED = 1e-5
WHOLE, FEW, NEAR, RELAXED = 0, -1, -2, -3  # views of the model, see `Question`
SECONDS = 20.0  # for one question
SETTLED = 1e-4  # parts of its size by which lines are surely exceeded: far above what tolerances do
PRICED = 1e-7  # price of a row, per its largest coefficient, and of a column, from which they count


@dataclass(frozen=True)
class Found:
    """What one solve said.

    Attributes
    ----------
    status : str
        optimal, infeasible, limit or interrupted.
    x : ndarray or None
        Point over the columns of the wide model.
    beyond : ndarray, shape (lines,)
        How far each line is exceeded, in its own unit; for a line that bars columns, 1 and more.
    cost, least : float
        What the point costs, and what every point costs at least.
    support : tuple of int
        Lines by which a relaxation proves that; the others do not matter to the proof.
    """

    status: str
    x: Floats | None = None
    beyond: Floats = field(default_factory=lambda: np.zeros(0))
    cost: float = np.inf
    least: float = 0.0
    support: tuple[int, ...] = ()


@dataclass(frozen=True)
class Question:
    """What is asked of a model.

    Attributes
    ----------
    modes : ndarray, shape (lines,)
        HELD, LOOSE or OUT.
    seconds : float
        Most time [s].
    gap : float
        Stop at this relative gap.
    view : int
        `WHOLE`, `FEW` years, only events `NEAR` a point, `RELAXED` (events by halves), or 1 and more:
        all years taken together in so many groups.
    saving : ndarray, optional
        Objective in place of the cost of loose lines [GBP].
    most : ndarray, optional
        Most by which loose lines may be exceeded, as `Found.beyond`.
    near : ndarray, optional
        The point, over the columns of the wide model.
    settle : bool
        Whether to stop once it is certain that a point exceeds nothing, or that every point does.
    """

    modes: Modes
    seconds: float
    gap: float = 1e-6
    view: int = WHOLE
    saving: Floats | None = None
    most: Floats | None = None
    near: Floats | None = None
    settle: bool = False


class Elastic:
    """A wide model of which every line can be held, loosened or left out.

    A loose line costs as much as it is exceeded, in parts of its own size; a line left out costs
    nothing. Both are bounds and costs of columns alone, so every solve starts from the last one.

    Parameters
    ----------
    wide : Wide
        The model.
    clock : Clock
        Who may stop the work.
    """

    def __init__(self, wide: Wide, clock: Clock) -> None:
        self.wide, self.clock = wide, clock
        self.width, self.count = wide.arrays.matrix.shape[1], len(wide.lines)
        self.unit = self._units()
        self.arrays = self._with_slack()
        self.by_column = self.arrays.matrix.tocsc()
        self.years = years_of(wide.model, 2 * self.count)

    def _units(self) -> Floats:
        """Return the size of each line: its largest bound, else its largest coefficient."""
        arrays, unit = self.wide.arrays, np.zeros(self.count)
        top = abs(arrays.matrix).max(axis=1).toarray().ravel() if arrays.matrix.nnz else np.zeros(0)
        for line, bound in ((self.wide.low, arrays.row_lower), (self.wide.high, arrays.row_upper)):
            mine = line >= 0
            np.maximum.at(unit, line[mine], np.where(bound[mine] == 0, 0.0, abs(bound[mine])))
        for line in (self.wide.low, self.wide.high):
            none = (line >= 0) & (unit[line] == 0)
            largest = np.zeros(self.count)
            np.maximum.at(largest, line[none], top[none])
            unit = np.where(unit == 0, largest, unit)
        return np.where(unit > 0, unit, 1.0)

    def _with_slack(self) -> Arrays:
        """Add a column by which each line may be exceeded, and one for rows that are only implied."""
        wide = self.wide
        arrays, largest = scaled(wide.arrays)
        rows, columns, values = [], [], []
        for line, sign in ((wide.low, 1.0), (wide.high, -1.0)):
            mine = np.flatnonzero(line >= 0)
            of, implied = line[mine], wide.implied[mine]
            rows.append(mine)
            columns.append(of + np.where(implied, self.count, 0))
            values.append(sign * np.where(implied, 1.0, 1 / largest[mine]))
        carried = self._carried()
        rows.append(carried[0])
        columns.append(carried[1])
        values.append(-1 / largest[carried[0]])
        shape = (arrays.matrix.shape[0], 2 * self.count)
        triplets = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        slack = sparse.coo_matrix(triplets, shape=shape).tocsc()
        # a column's largest coefficient is 1, as everywhere: far larger ones made HiGHS err
        self.step = 1 / np.maximum(abs(slack[:, : self.count]).max(axis=0).toarray().ravel(), 1e-12)
        slack = slack @ sparse.diags(np.concatenate([self.step, np.ones(self.count)]))
        extra = 2 * self.count
        return replace(
            arrays,
            saving=np.zeros(self.width + extra),
            upper=np.concatenate([arrays.upper, np.zeros(extra)]),
            integer=np.concatenate([arrays.integer, np.zeros(extra, bool)]),
            matrix=sparse.hstack([arrays.matrix, slack], format="csr"),
        )

    def _carried(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return rows of later years to which more money in a year of the same purse is carried."""
        rule = self.wide.model.inst.rules.get("capital") or {}
        if not rule.get("carry_forward", True):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        names = pd.Series(self.wide.lines).str.split("|", expand=True).reindex(columns=[0, 1, 2])
        lines = names[names[0] == "capital"].reset_index(names="line")
        row = pd.DataFrame({"row": np.arange(len(self.wide.high)), "line": self.wide.high}).merge(
            lines, on="line"
        )
        both = row.merge(lines, on=1, suffixes=("", "_from"))
        later = both[both["2_from"].astype(int) < both["2"].astype(int)] if len(both) else both
        return later["row"].to_numpy(dtype=np.int64), later["line_from"].to_numpy(dtype=np.int64)

    def exceeded_by_nothing(self) -> list[int]:
        """Return the lines that the plan in which nothing happens does not satisfy."""
        arrays, wide = self.wide.arrays, self.wide
        asks = np.concatenate([wide.low[arrays.row_lower > USED], wide.high[arrays.row_upper < -USED]])
        return [int(line) for line in np.unique(asks[asks >= 0])]

    def solve(self, question: Question) -> Found:
        """Find the point that exceeds the loose lines least, or saves most."""
        modes, view = question.modes, question.view
        upper, cost = self._bounds(modes, question.most)
        if question.saving is not None:
            cost = np.concatenate([-question.saving, np.zeros(2 * self.count)])
        columns, low, high = np.flatnonzero(upper > 0), *self._sides(modes)
        if view == FEW:
            columns = self.years.few(columns)
        if view == NEAR and question.near is not None:
            columns = self.years.near(columns, question.near)
        rows = np.flatnonzero(np.isfinite(low) | np.isfinite(high))
        arrays = replace(
            self.arrays,
            saving=-cost[columns],
            upper=upper[columns],
            integer=self.arrays.integer[columns] & (view != RELAXED),
            matrix=self.by_column[:, columns].tocsr()[rows],
            row_lower=low[rows],
            row_upper=high[rows],
        )
        spread = None
        if view > 0:
            arrays, spread = self.years.together(arrays, columns, self._barred(modes), view)
        # a new engine each time, so that every solve begins with presolve
        seconds = max(0.1, min(question.seconds, self.clock.left()))
        options = {"time_limit": seconds, "mip_rel_gap": question.gap}
        answer = run(load(arrays, options), _settling(self.clock) if question.settle else None)
        x = None
        if answer.x is not None:
            x = np.zeros(len(upper))
            x[columns] = answer.x if spread is None else spread @ answer.x
        point = None if x is None else x[: self.width]
        support = self._support(modes, cost, rows, answer.row_dual) if view == RELAXED else ()
        return Found(answer.status, point, self._beyond(x), -answer.saving, -answer.bound, support)

    def _support(self, modes: Modes, cost: Floats, rows: NDArray[Any], dual: Floats) -> tuple[int, ...]:
        """Return the lines that a proof by prices of rows needs: priced rows, and bars that would pay."""
        price = np.zeros(self.arrays.matrix.shape[0])
        if len(dual):
            price[rows] = dual
        side = np.where(price > 0, self.wide.low, self.wide.high)[abs(price) > PRICED]
        bars = self.wide.bars[modes[self.wide.bars["line"]] == HELD]
        column = bars["column"].to_numpy()
        gains = (cost - price @ self.arrays.matrix)[column] < -PRICED
        found = np.unique(np.concatenate([side[side >= 0], bars["line"].to_numpy()[gains]]))
        return tuple(int(line) for line in found)

    def _barred(self, modes: Modes) -> Floats:
        """Return a number for each column, the same for columns that the same loose lines bar."""
        bars = self.wide.bars[modes[self.wide.bars["line"]] == LOOSE]
        number = np.random.default_rng(2).random(self.count)
        width = self.arrays.matrix.shape[1]
        mark = np.zeros(width)
        np.add.at(mark, bars["column"].to_numpy(), number[bars["line"].to_numpy()])
        return mark.round(9)

    def _sides(self, modes: Modes) -> tuple[Floats, Floats]:
        """Return the sides of all rows without those of the lines left out."""
        wide = self.wide
        padded = np.append(modes, HELD)  # line -1 always holds
        low = np.where(padded[wide.low] == OUT, -np.inf, self.arrays.row_lower)
        high = np.where(padded[wide.high] == OUT, np.inf, self.arrays.row_upper)
        return low, high

    def _bounds(self, modes: Modes, most: Floats | None) -> tuple[Floats, Floats]:
        bars = self.wide.bars
        mode = modes[bars["line"]]
        held = (
            (mode == HELD)
            if most is None
            else (mode == HELD) | ((mode == LOOSE) & (bars["cost"].to_numpy() > most[bars["line"]] + USED))
        )
        upper = self.wide.arrays.upper.copy()
        upper[bars["column"].to_numpy()[held]] = 0.0
        loose = mode == LOOSE
        price = np.bincount(
            bars["column"].to_numpy()[loose], weights=bars["cost"].to_numpy()[loose], minlength=self.width
        )
        free = np.where(modes == LOOSE, highspy.kHighsInf, 0.0)
        limit = (
            free if most is None else np.where(modes == LOOSE, (most + USED * self.unit) / self.step, free)
        )
        slack_cost = np.where(modes == LOOSE, self.step / self.unit, 0.0)
        return (
            np.concatenate([upper, limit, free]),
            np.concatenate([price, slack_cost, np.zeros(self.count)]),
        )

    def _beyond(self, x: Floats | None) -> Floats:
        beyond = np.zeros(self.count)
        if x is None:
            return beyond
        amount = x[self.width : self.width + self.count] * self.step
        beyond += np.where(amount > USED * self.unit, amount, 0.0)
        bars = self.wide.bars
        used = x[bars["column"].to_numpy()] > USED
        np.maximum.at(beyond, bars["line"].to_numpy()[used], bars["cost"].to_numpy()[used])
        return beyond


def _settling(clock: Clock) -> Watch:
    """Stop a search once its best point exceeds nothing, or its bound says that every point does."""
    settled = False

    def report(found: float | None, bound: float | None) -> None:
        nonlocal settled
        none = found is not None and -found < SETTLED / 10
        settled = settled or none or (bound is not None and -bound > SETTLED)

    return Watch(report, lambda: settled or clock.stop.is_set())
