"""No site closes for less than it is worth the upheaval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.buildings import cashable_cost_year_0
from estate.verify.tolerance import MONEY_GBP, exceeds
from estate.verify.violation import Violation
from estate.verify.words import pounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "materiality"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find closings of sites whose running cost is below the least saving.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``saving_gbp_per_year`` [GBP/year].
    """
    least = float(options.get("saving_gbp_per_year") or 0.0)
    found = []
    for closing in facts.closings:
        site = facts.sites[closing.site_id]
        cost = cashable_cost_year_0(facts, site)
        if exceeds(least, cost, MONEY_GBP):
            message = (
                f"{site.name} closes but costs only {pounds(cost)} a year to run; closing asks for "
                f"{pounds(least)}"
            )
            found.append(
                Violation(NAME, message, site_id=site.site_id, year=closing.year, amount=least - cost)
            )
    return found
