"""No site closes for less than it is worth the upheaval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.buildings import cashable_cost_year_0
from estate.verify.limit import Limit
from estate.verify.tolerance import MONEY_GBP, exceeds
from estate.verify.violation import Violation
from estate.verify.words import pounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "materiality"


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return the least saving, with the dearest site that is decided on and costs less [GBP/year]."""
    least = float(options.get("saving_gbp_per_year") or 0.0)
    decided = [site for site in facts.sites.values() if site.existing and site.scope in {"decide", "surplus"}]
    costs = {site.name: cashable_cost_year_0(facts, site) for site in decided}
    below = {name: cost for name, cost in costs.items() if exceeds(least, cost, MONEY_GBP)}
    if not below:
        return []
    name = max(below, key=lambda one: below[one])
    about = f"Running cost below which nothing closes; the dearest below it is {name}"
    return [Limit(NAME, about, None, below[name], least)]


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
