r"""Spend to date within budgets, grants, borrowing and recycled receipts.

For every purse p and decision year t, with receipts known after lag and haircut:

.. math::

    \sum_{\tau \le t} spend_p(\tau) \le \sum_{\tau \le t} (budget_p + grant_p + borrowing_p)(\tau)
        + share \sum_{\tau + lag \le t} receipt_p(\tau)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from estate.config import Section
from estate.model.cash import SPEND, Cash, retention
from estate.model.terms import Rows, add_compact, keyed, to_date

if TYPE_CHECKING:
    import pandas as pd

    from estate.model.blocks import BlockProblem
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``capital``."""

    purses: Literal["pooled", "separate"] = Field("pooled", description="One purse, or one a partner")
    recycle_share: float = Field(0.5, ge=0, le=1, description="Part of a receipt that may be spent again")
    recycle_lag_years: int = Field(1, ge=0, description="Years from receipt to use")
    receipts: bool = Field(default=True, description="False plans as if no sale ever completes")


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add a row for every purse and decision year."""
    budgets = inst.tables["budgets"]
    if budgets.empty:
        return
    pooled = inst.rules["capital"]["purses"] == "pooled"
    years = inst.horizon.decision_years
    purses = 1 if pooled else len(inst.partners)
    rows = Rows(purses * years)
    spend = cash.financial
    spend = spend.select((spend.group == SPEND) & (spend.start < years))
    purse = np.zeros(len(spend.column), np.int64) if pooled else spend.partner
    row, column, source = to_date(purse, spend.start, spend.column, years)
    rows.add(row, column, -spend.amount[source])
    if inst.rules["capital"]["receipts"]:
        _recycled(rows, problem, inst, pooled=pooled)
    names = ["pooled"] if pooled else inst.partners
    about = [f"{name}|{t}" for name in names for t in range(years)]
    add_compact(problem, "capital", rows, _budget_to_date(inst, budgets, pooled=pooled), about=about)


def _recycled(rows: Rows, problem: BlockProblem, inst: Instance, *, pooled: bool) -> None:
    options, years = inst.rules["capital"], inst.horizon.decision_years
    close = keyed(problem, "close")
    route = inst.routes.iloc[close["route"]].reset_index(drop=True)
    owner = inst.sites["partner"].to_numpy()[route["site"]]
    amount = options["recycle_share"] * route["receipt"].to_numpy() * retention(inst)[owner]
    ready = close["year"].to_numpy() + route["lag"].to_numpy() + options["recycle_lag_years"]
    use = (ready < years) & (amount > 0)
    purse = np.zeros(len(close), np.int64) if pooled else owner
    row, column, source = to_date(purse[use], ready[use], close["column"].to_numpy()[use], years)
    rows.add(row, column, -amount[use][source])


def _budget_to_date(inst: Instance, budgets: pd.DataFrame, *, pooled: bool) -> np.ndarray:
    """Return the money available to each purse by the end of each year [GBP], flat."""
    years = inst.horizon.decision_years
    yearly = np.zeros((1 if pooled else len(inst.partners), years))
    year = budgets["year"].to_numpy().astype(int) - inst.horizon.first_year
    money = budgets[["capital_gbp", "borrowing_limit_gbp", "grant_gbp"]].fillna(0).sum(axis=1).to_numpy()
    number = {p: i for i, p in enumerate(inst.partners)}
    purse = (
        np.zeros(len(budgets), int)
        if pooled
        else budgets["purse"].map(number).fillna(-1).to_numpy().astype(int)
    )
    inside = (year >= 0) & (year < years) & (purse >= 0)
    np.add.at(yearly, (purse[inside], year[inside]), money[inside])
    return np.cumsum(yearly, axis=1).ravel()
