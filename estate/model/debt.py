r"""What is borrowed under the rule ``capital``, and what it costs under ``affordability``.

A purse owes D(t), the running maximum of what grants, budgets and receipts leave unpaid. It costs
more and more with D, so the least D that pays for the plan is the one that counts:

.. math::

    D_p(t) \ge D_p(t-1), \qquad E_p(t) \ge D_p(t) - works_p(t)

E is what is owed beyond the works to date: fit-out and IT, which live less long. Interest is paid on
all that was ever borrowed, from the year after; provision likewise (``docs/model.md`` 6). Debt is in
money of the day; what it costs is told at the prices of the year in which it is owed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.loans import provision
from estate.model.terms import Rows, add_compact, keyed, to_date

if TYPE_CHECKING:
    from estate.config import AssetFinance, FinanceSection
    from estate.model.blocks import BlockProblem
    from estate.model.instance import Floats, Instance

LIMITED = ("peak_funding_gbp", "payback_year", "saving_year")
WORKS = ("hub", "close")


def counts_debt(inst: Instance) -> bool:
    """Return whether the rule ``affordability`` is in force, limits something and counts debt."""
    options = inst.rules.get("affordability") or {}
    return bool(options.get("borrowing")) and any(options[name] is not None for name in LIMITED)


def add_debt(problem: BlockProblem, spend: pd.DataFrame, limit: Floats) -> None:
    """Add what each purse owes, and what of it is not for works, as parts of its limit to date.

    Parameters
    ----------
    problem : BlockProblem
        The model.
    spend : DataFrame
        purse, year, column, gbp: capital spend [GBP of the day].
    limit : ndarray, shape (purses, years)
        Borrowing limits to date [GBP of the day].
    """
    years = limit.shape[1]
    purse, year = np.nonzero(limit)
    keys = pd.DataFrame({"purse": purse, "year": year, "gbp": limit[purse, year]})
    for name in ("debt", "debt_beyond_works"):
        problem.add_columns(name, keys, integer=False)
    owed, beyond = keyed(problem, "debt"), keyed(problem, "debt_beyond_works")
    row = owed["purse"] * years + owed["year"]
    growing, apart = Rows(limit.size), Rows(limit.size)
    growing.add(row, owed["column"], -owed["gbp"])
    before = owed[owed["year"] < years - 1]
    growing.add(before["purse"] * years + before["year"] + 1, before["column"], before["gbp"])
    apart.add(row, owed["column"], owed["gbp"])
    apart.add(row, beyond["column"], -beyond["gbp"])
    families = np.concatenate([problem.blocks[name].columns for name in WORKS])
    works = spend[spend["column"].isin(families)]
    at, column, source = to_date(works["purse"], works["year"], works["column"], years)
    lent = (limit > 0).ravel()[at]
    apart.add(at[lent], column[lent], -works["gbp"].to_numpy()[source][lent])
    add_compact(problem, "capital", growing, 0.0)
    add_compact(problem, "capital", apart, 0.0)


def dearest(terms: AssetFinance, finance: FinanceSection) -> float:
    """Return the most that a pound borrowed for a class of asset costs in a year [share/year]."""
    rate = finance.rate if finance.provision_rate is None else finance.provision_rate
    return finance.rate + float(provision(terms.provision, 1.0, terms.life_years, rate).max())


def debt_payments(problem: BlockProblem, inst: Instance) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what debt costs the cash of a year, and its revenue budget.

    Returns
    -------
    DataFrame, DataFrame
        column, start, stop, amount [GBP/year], negative: interest; interest and provision.
    """
    if "debt" not in problem.blocks:
        none = pd.DataFrame({name: [] for name in ("column", "start", "stop", "amount")})
        return none, none
    last, finance = inst.horizon.decision_years - 1, inst.finance
    works = dearest(finance.works, finance)
    other = max(works, dearest(finance.fit_out, finance), dearest(finance.it, finance))
    owed, beyond = (
        keyed(problem, name).assign(
            gbp=lambda rows: rows["gbp"] / inst.prices[rows["year"]],
            start=lambda rows: rows["year"] + 1,
            stop=lambda rows: np.where(rows["year"] == last, inst.horizon.appraisal_years, rows["year"] + 2),
        )
        for name in ("debt", "debt_beyond_works")
    )
    interest = owed.assign(amount=-finance.rate * owed["gbp"])
    more = beyond.assign(amount=-(other - works) * beyond["gbp"])
    return interest, pd.concat([owed.assign(amount=-works * owed["gbp"]), more])
