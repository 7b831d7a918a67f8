r"""Spend to date within budgets, grants, borrowing and recycled receipts.

For every purse p and decision year t, with expected receipts after lag and haircut, all in money of
the day, because what waits in a purse does not rise with prices:

.. math::

    \sum_{\tau \le t} spend_p(\tau) \le \sum_{\tau \le t} (budget_p + grant_p)(\tau) + D_p(t)
        + share \sum_{\tau + lag \le t} receipt_p(\tau), \qquad D_p(t) \le \sum_{\tau \le t} limit_p(\tau)

Where what is left of a year's budget lapses, its place is taken by what is spent beyond it:

.. math::

    spend_p(t) \le budget_p(t) + over_p(t), \qquad \sum_{\tau \le t} over_p(\tau) \le
        \sum_{\tau \le t} grant_p(\tau) + D_p(t) + share \sum_{\tau + lag \le t} receipt_p(\tau)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from estate.config import Section
from estate.core.money import SMALL_RECEIPT_GBP
from estate.model.cash import SPEND, Cash, retention
from estate.model.debt import add_debt, counts_debt
from estate.model.terms import Rows, add_compact, keyed, to_date

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.instance import Floats, Instance


class Options(Section):
    """Options of the rule ``capital``."""

    purses: Literal["pooled", "separate"] = Field("pooled", description="One purse, or one a partner")
    carry_forward: bool = Field(
        default=True, description="False: what is left of a year's capital_gbp lapses; all else carries"
    )
    recycle_share: float = Field(0.5, ge=0, le=1, description="Part of a receipt that may be spent again")
    recycle_lag_years: int = Field(1, ge=0, description="Years from receipt to use")
    receipts: bool = Field(default=True, description="False plans as if no sale ever completes")


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add a row for every purse and decision year."""
    if inst.tables["budgets"].empty:
        return
    options, years = inst.rules["capital"], inst.horizon.decision_years
    names = ["pooled"] if options["purses"] == "pooled" else list(inst.partners)
    about = [f"{name}|{t}" for name in names for t in range(years)]
    spend, receipts = _spend(inst, cash), _recycled(problem, inst)
    limit = _to_date(inst, "borrowing_limit_gbp")
    rows = Rows(len(about))
    _sum_to_date(rows, receipts, years, -1.0)
    grants = there = _to_date(inst, "grant_gbp")
    if counts_debt(inst) and limit.any():
        add_debt(problem, spend, limit)
        owed = keyed(problem, "debt")
        rows.add(owed["purse"] * years + owed["year"], owed["column"], -owed["gbp"])
    else:
        there = there + limit
    if options["carry_forward"]:
        _sum_to_date(rows, spend, years, 1.0)
        there = there + _to_date(inst, "capital_gbp")
        add_compact(problem, "capital", rows, there.ravel(), about=about)
        return
    over = _over(problem, grants + limit + _most(receipts, limit.shape))
    yearly = Rows(len(about))
    yearly.add(spend["purse"] * years + spend["year"], spend["column"], spend["gbp"])
    yearly.add(over["purse"] * years + over["year"], over["column"], -over["gbp"])
    add_compact(problem, "capital", yearly, _yearly(inst, "capital_gbp").ravel(), about=about)
    _sum_to_date(rows, over, years, 1.0)
    add_compact(problem, "capital", rows, there.ravel())


def _sum_to_date(rows: Rows, events: pd.DataFrame, years: int, sign: float) -> None:
    row, column, source = to_date(events["purse"], events["year"], events["column"], years)
    rows.add(row, column, sign * events["gbp"].to_numpy()[source])


def _purse(inst: Instance, partner: np.ndarray) -> np.ndarray:
    """Return the number of the purse of each partner."""
    return np.zeros(len(partner), np.int64) if inst.rules["capital"]["purses"] == "pooled" else partner


def _spend(inst: Instance, cash: Cash) -> pd.DataFrame:
    """Return what each column spends of each purse, by year [GBP of the day]."""
    flows = cash.financial
    flows = flows.select((flows.group == SPEND) & (flows.start < inst.horizon.decision_years))
    purse = _purse(inst, flows.partner)
    gbp = -flows.amount * inst.prices[flows.start]
    return pd.DataFrame({"purse": purse, "year": flows.start, "column": flows.column, "gbp": gbp})


def _recycled(problem: BlockProblem, inst: Instance) -> pd.DataFrame:
    """Return what each closure lets a purse spend again, by the year from which it may [GBP of the day]."""
    options, years = inst.rules["capital"], inst.horizon.decision_years
    close = keyed(problem, "close")
    route = inst.routes.iloc[close["route"]].reset_index(drop=True)
    owner = inst.sites["partner"].to_numpy()[route["site"]]
    share = options["recycle_share"] if options["receipts"] else 0.0
    came = close["year"].to_numpy() + route["lag"].to_numpy()
    kept = (route["receipt"] * route["probability"]).to_numpy() * retention(inst)[owner]
    kept = kept * inst.prices[np.minimum(came, len(inst.prices) - 1)]
    kept, ready = share * kept * (kept > SMALL_RECEIPT_GBP), came + options["recycle_lag_years"]
    events = pd.DataFrame(
        {"purse": _purse(inst, owner), "year": ready, "column": close["column"], "gbp": kept}
    ).assign(site=route["site"].to_numpy())
    usable: pd.DataFrame = events[(ready < years) & (kept > 0)]
    return usable


def _most(receipts: pd.DataFrame, shape: tuple[int, int]) -> Floats:
    """Return the most that receipts can bring each purse by the end of each year [GBP]."""
    most = np.zeros(shape)
    for t in range(shape[1]):
        by_site = receipts[receipts["year"] <= t].groupby(["purse", "site"])["gbp"].max()
        np.add.at(most[:, t], by_site.index.get_level_values("purse").to_numpy(dtype=int), by_site.to_numpy())
    return most


def _over(problem: BlockProblem, most: Floats) -> pd.DataFrame:
    """Add what each purse spends beyond a year's budget, as parts of the most that there can be."""
    purse, year = (grid.ravel() for grid in np.indices(most.shape))
    keys = pd.DataFrame({"purse": purse, "year": year, "gbp": most.ravel()})
    problem.add_columns("over", keys, integer=False)
    return keyed(problem, "over")


def _yearly(inst: Instance, column: str) -> Floats:
    """Return a column of the budgets by purse and decision year [GBP of the day]."""
    budgets, years = inst.tables["budgets"], inst.horizon.decision_years
    pooled = inst.rules["capital"]["purses"] == "pooled"
    grid = np.zeros((1 if pooled else len(inst.partners), years))
    year = budgets["year"].to_numpy().astype(int) - inst.horizon.first_year
    number = {p: i for i, p in enumerate(inst.partners)}
    named = budgets["purse"].map(number).fillna(-1).to_numpy().astype(int)
    purse = np.zeros(len(budgets), int) if pooled else named
    inside = (year >= 0) & (year < years) & (purse >= 0)
    np.add.at(grid, (purse[inside], year[inside]), budgets[column].fillna(0).to_numpy()[inside])
    return np.asarray(grid * inst.prices[:years])


def _to_date(inst: Instance, column: str) -> Floats:
    return np.asarray(np.cumsum(_yearly(inst, column), axis=1))
