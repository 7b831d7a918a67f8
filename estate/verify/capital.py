"""Spend to date stays within budgets, grants, borrowing and recycled receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estate.verify.limit import Limit
from estate.verify.purses import POOLED, purses
from estate.verify.tolerance import MONEY_GBP, exceeds
from estate.verify.violation import Violation
from estate.verify.words import pounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "capital"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find purses that are overspent, by year.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``purses``, ``carry_forward``, ``recycle_share``, ``recycle_lag_years`` and ``receipts``.
        Without budget rows the rule binds nothing.
    """
    found = []
    for name, purse in purses(facts, options).items():
        pairs = zip(purse.used().tolist(), purse.there().tolist(), strict=True)
        for t, (spent, limit) in enumerate(pairs):
            if not exceeds(spent, limit, MONEY_GBP):
                continue
            year = facts.label(t)
            message = (
                f"{_whose(facts, name)} has {pounds(limit)} to {year} but {pounds(spent)} are spent by then"
                if purse.carries
                else f"{_whose(facts, name)} has {pounds(limit)} for {year}, what was left of earlier "
                f"budgets having lapsed, but {pounds(spent)} are spent then"
            )
            partner = "" if name == POOLED else name
            amount = spent - limit
            found.append(Violation(NAME, message, partner=partner, purse=name, year=t, amount=amount))
    return found


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return what every purse spends and has (by year where budgets lapse), and owes [GBP of the day]."""
    found, prices = [], facts.prices.tolist()
    for name, purse in purses(facts, options).items():
        whose = _whose(facts, name).lower()
        pairs = zip(purse.used().tolist(), purse.there().tolist(), strict=True)
        found += [
            Limit(f"{NAME}|{name}|{t}", f"Capital of {whose}", t, spent, limit, price_index=prices[t])
            for t, (spent, limit) in enumerate(pairs)
        ]
        leave = np.cumsum(purse.limit)
        found += [
            Limit(
                f"borrowing|{name}|{t}",
                f"Borrowing of {whose}",
                t,
                owed,
                float(leave[t]),
                price_index=prices[t],
            )
            for t, owed in enumerate(purse.owed().tolist())
            if leave[t] > 0
        ]
    return found


def _whose(facts: Facts, purse: str) -> str:
    return "The common purse" if purse == POOLED else f"The purse of {_name(facts, purse)}"


def _name(facts: Facts, partner_id: str) -> str:
    return facts.partners[partner_id].name if partner_id in facts.partners else partner_id
