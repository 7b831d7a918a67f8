"""Spend to date stays within budgets, grants, borrowing and recycled receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estate.verify.limit import Limit
from estate.verify.money import SALE_ROUTES, lag_years, receipt_factor, valuation_of
from estate.verify.tolerance import MONEY_GBP, exceeds
from estate.verify.violation import Violation
from estate.verify.words import pounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from estate.verify.facts import Facts

    Floats = NDArray[np.float64]

NAME = "capital"
POOLED = "pooled"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find purses that are overspent, by year.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``purses``, ``recycle_share``, ``recycle_lag_years`` and ``receipts``. Without budget
        rows the rule binds nothing.
    """
    if not facts.budgets:
        return []
    pooled = options.get("purses", POOLED) == POOLED
    found = []
    for purse, used, there in _to_date(facts, options, _spend(facts, pooled=pooled)):
        for t, (spent, limit) in enumerate(zip(used.tolist(), there.tolist(), strict=True)):
            if exceeds(spent, limit, MONEY_GBP):
                message = (
                    f"{_whose(facts, purse)} has {pounds(limit)} to {facts.label(t)} but {pounds(spent)} "
                    "are spent by then"
                )
                partner = "" if pooled else purse
                amount = spent - limit
                found.append(Violation(NAME, message, partner=partner, purse=purse, year=t, amount=amount))
    return found


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return what every purse may have spent by the end of each year, and what it has [GBP]."""
    pooled = options.get("purses", POOLED) == POOLED
    purses = [POOLED] if pooled else [p.partner_id for p in facts.partners.values() if p.in_plan]
    spend = {purse: np.zeros(facts.decision_years) for purse in purses if facts.budgets}
    spend |= _spend(facts, pooled=pooled) if facts.budgets else {}
    return [
        Limit(f"{NAME}|{purse}|{t}", f"Capital of {_whose(facts, purse).lower()}", t, spent, limit)
        for purse, used, there in _to_date(facts, options, spend)
        for t, (spent, limit) in enumerate(zip(used.tolist(), there.tolist(), strict=True))
    ]


def _to_date(
    facts: Facts, options: Mapping[str, Any], spend: Mapping[str, Floats]
) -> Iterator[tuple[str, Floats, Floats]]:
    """Yield purses with what is spent, and what may be, by the end of each year [GBP]."""
    funds = _funds(facts, options, pooled=options.get("purses", POOLED) == POOLED)
    for purse, spent in spend.items():
        there = funds.get(purse, np.zeros(facts.decision_years))
        yield purse, np.cumsum(spent), np.cumsum(there)


def _whose(facts: Facts, purse: str) -> str:
    return "The common purse" if purse == POOLED else f"The purse of {_name(facts, purse)}"


def _name(facts: Facts, partner_id: str) -> str:
    return facts.partners[partner_id].name if partner_id in facts.partners else partner_id


def _spend(facts: Facts, *, pooled: bool) -> dict[str, NDArray[np.float64]]:
    """Return capital spend by purse and decision year [GBP]."""
    spend: dict[str, NDArray[np.float64]] = {}
    for decision in facts.decisions:
        for partner, amounts in facts.cash(decision).spend.items():
            purse = POOLED if pooled else partner
            spend[purse] = spend.get(purse, 0.0) + amounts[: facts.decision_years]
    return spend


def _funds(facts: Facts, options: Mapping[str, Any], *, pooled: bool) -> dict[str, NDArray[np.float64]]:
    """Return budgets with recycled receipts by purse and decision year [GBP]."""
    funds: dict[str, NDArray[np.float64]] = {}

    def add(purse: str, t: int, amount: float) -> None:
        key = POOLED if pooled else purse
        if t < facts.decision_years:
            funds.setdefault(key, np.zeros(facts.decision_years))[max(0, t)] += amount

    for purse, t, amount in facts.budgets:
        add(purse, t, amount)
    share = float(options.get("recycle_share", 0.5)) if options.get("receipts", True) else 0.0
    for closing in facts.closings:
        site = facts.sites[closing.site_id]
        if closing.route in SALE_ROUTES and share > 0:
            valuation = valuation_of(facts, site, closing.route)
            kept = facts.partners[site.partner].retention if site.partner in facts.partners else 1.0
            amount = share * valuation.receipt_gbp * receipt_factor(site) * kept
            lag = lag_years(site, valuation) + int(options.get("recycle_lag_years", 1))
            add(site.partner, closing.year + lag, amount)
    return funds
