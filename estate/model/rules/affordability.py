r"""Peak funding, payback and saving in a named year.

With net(t) the financial cash of the plan against business as usual, all partners together, less
interest on what the rule ``capital`` lets them borrow; running(y) is less interest and provision:

.. math::

    \sum_{\tau \le t} net(\tau) \ge -peak \;\; \forall t, \qquad
    \sum_{\tau \le t} w(\tau) net(\tau) \ge 0 \;\; \forall t \ge payback, \qquad running(y) \ge saving

w is 1, or the discount factor where payback is asked for after discounting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from estate.config import Section
from estate.model.cash import RECEIPT, RUNNING, Cash
from estate.model.debt import debt_payments

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.instance import Floats, Instance


class Options(Section):
    """Options of the rule ``affordability``."""

    peak_funding_gbp: float | None = Field(None, ge=0, description="Deepest cumulative cash need [GBP]")
    payback_year: int | None = Field(
        None, ge=0, description="Year t from which cumulative cash is never negative"
    )
    payback_test: Literal["simple", "discounted"] = Field(
        "simple", description="Whether the cash of payback_year is discounted"
    )
    receipts: bool = Field(default=True, description="False counts no receipts")
    borrowing: bool = Field(
        default=True, description="Count what borrowing under the rule capital costs, as finance has it"
    )
    saving_year: int | None = Field(None, ge=0, description="Year t in which the saving is asked for")
    saving_gbp: float = Field(0.0, description="Least running saving in that year [GBP]")

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.saving_gbp and self.saving_year is None:
            raise ValueError("saving_gbp asks for nothing without saving_year, the year t (0 is the first)")
        return self


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add a row for every year in which cumulative cash is limited, and one for the saving."""
    options, years = inst.rules["affordability"], inst.horizon.appraisal_years
    interest, charges = debt_payments(problem, inst)
    flows = cash.financial
    counted = _with(flows if options["receipts"] else flows.select(flows.group != RECEIPT), interest)
    peak, payback = options["peak_funding_gbp"], options["payback_year"]
    simple, back = np.arange(years + 1.0), np.arange(years) >= (years if payback is None else payback)
    floor = np.where(back, 0.0, -np.inf) if options["payback_test"] == "simple" else np.full(years, -np.inf)
    if peak is not None:
        floor = np.maximum(floor, -peak)
    for t in np.flatnonzero(np.isfinite(floor)).tolist():
        _floor_row(problem, _to_date(counted, simple, t), floor[t], f"cash|{t}")
    if options["payback_test"] == "discounted":
        worth = np.concatenate([[0.0], np.cumsum(inst.factors)])
        for t in np.flatnonzero(back).tolist():
            _floor_row(problem, _to_date(counted, worth, t), 0.0, f"payback|{t}")
    if options["saving_year"] is not None:
        year = options["saving_year"]
        now = _with(flows.select(flows.group == RUNNING), charges)
        now = now[(now["start"] <= year) & (year < now["stop"])]
        _floor_row(problem, now.assign(paid=now["amount"]), options["saving_gbp"], f"saving|{year}")


def _with(flows: Cash, debt: pd.DataFrame) -> pd.DataFrame:
    """Return payments with those of debt beside them."""
    names = ("column", "start", "stop", "amount")
    return pd.concat([pd.DataFrame({name: getattr(flows, name) for name in names}), debt[list(names)]])


def _to_date(flows: pd.DataFrame, weights: Floats, t: int) -> pd.DataFrame:
    """Return what is paid up to year t; `weights` are sums of the weight of the years before each."""
    start, stop = (np.minimum(flows[name].to_numpy(dtype=np.int64), t + 1) for name in ("start", "stop"))
    return flows.assign(paid=flows["amount"] * (weights[stop] - weights[start]))


def _floor_row(problem: BlockProblem, paid: pd.DataFrame, floor: float, about: str) -> None:
    column = paid["column"].to_numpy(dtype=np.int64)
    total = np.bincount(column, weights=paid["paid"].to_numpy(), minlength=problem.width)
    used = np.flatnonzero(total)
    problem.add_rows("affordability", (np.zeros(len(used)), used, total[used]), lower=[floor], about=about)
