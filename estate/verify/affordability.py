"""Peak funding, payback and the saving in a named year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estate.verify.limit import Limit
from estate.verify.purses import debt_costs
from estate.verify.tolerance import MONEY_GBP, exceeds
from estate.verify.violation import Violation
from estate.verify.words import pounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.verify.facts import Facts

NAME = "affordability"


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return peak funding, payback and the saving in the named year, each with what is asked."""
    net = _net(facts, options)
    held = np.cumsum(net)
    found = []
    peak, payback, year = (options.get(name) for name in ("peak_funding_gbp", "payback_year", "saving_year"))
    if peak is not None:
        t = int(held.argmin())
        found.append(
            Limit(f"{NAME}|peak", "Most that is needed in advance", t, max(0.0, -float(held[t])), peak)
        )
    if payback is not None:
        below = np.flatnonzero(_towards_payback(facts, net, options) < -MONEY_GBP)
        back = int(below[-1]) + 1 if len(below) else 0
        about = f"Year t from which cumulative cash is never negative{_test(options)}"
        found.append(Limit(f"{NAME}|payback", about, payback, float(back), float(payback)))
    if year is not None and year < facts.appraisal_years:
        asked = float(options.get("saving_gbp") or 0.0)
        saved = float(_running(facts, options)[year])
        found.append(
            Limit(f"{NAME}|saving", "Running saving in the named year", year, saved, asked, least=True)
        )
    return found


def _net(facts: Facts, options: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the yearly cash of the plan against business as usual, as the rule counts it [GBP]."""
    cash = [facts.cash(decision) for decision in facts.decisions]
    net = sum((one.financial for one in cash), np.zeros(facts.appraisal_years))
    if not options.get("receipts", True):
        net = net - sum((one.receipts for one in cash), np.zeros(facts.appraisal_years))
    return net - debt_costs(facts)[0] if options.get("borrowing", True) else net


def _test(options: Mapping[str, Any]) -> str:
    """Say whether payback is asked for after discounting."""
    return " after discounting" if options.get("payback_test") == "discounted" else ""


def _towards_payback(
    facts: Facts, net: NDArray[np.float64], options: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return the cumulative cash that must have come back by the payback year [GBP]."""
    return np.cumsum(net * facts.factors if _test(options) else net)


def _running(facts: Facts, options: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return what is saved of running cost by year, less what borrowing costs [GBP]."""
    saved = sum((facts.cash(one).running for one in facts.decisions), np.zeros(facts.appraisal_years))
    return saved - debt_costs(facts)[1] if options.get("borrowing", True) else saved


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find years in which the plan needs too much cash or has not paid back.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``peak_funding_gbp`` [GBP], ``payback_year`` [t], ``payback_test``, ``receipts``, ``borrowing``,
        ``saving_year`` [t] and ``saving_gbp`` [GBP].
    """
    net = _net(facts, options)
    towards = _towards_payback(facts, net, options).tolist()
    found = []
    peak, payback = options.get("peak_funding_gbp"), options.get("payback_year")
    for t, held in enumerate(np.cumsum(net).tolist()):
        if peak is not None and exceeds(-held, peak, MONEY_GBP):
            message = (
                f"The plan needs {pounds(-held)} by {facts.label(t)}, more than the {pounds(peak)} that "
                "may be needed at most"
            )
            found.append(Violation(NAME, message, year=t, amount=-held - peak))
        if payback is not None and t >= payback and exceeds(-towards[t], 0.0, MONEY_GBP):
            message = (
                f"The plan is {pounds(-towards[t])} down in {facts.label(t)}{_test(options)} but must have "
                f"paid back from {facts.label(payback)}"
            )
            found.append(Violation(NAME, message, year=t, amount=-towards[t]))
    year = options.get("saving_year")
    if year is not None and year < facts.appraisal_years:
        asked = float(options.get("saving_gbp") or 0.0)
        saving = float(_running(facts, options)[year])
        if exceeds(asked, saving, MONEY_GBP):
            message = (
                f"The plan saves {pounds(saving)} of running cost in {facts.label(year)}; {pounds(asked)} "
                "are asked for"
            )
            found.append(Violation(NAME, message, year=int(year), amount=asked - saving))
    return found
