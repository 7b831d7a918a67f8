"""A hub is step-free, or carries the known cost of becoming so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "fitness"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find hubs at sites that are not known to be, or to become, step-free.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``require_step_free``: false asks for nothing.
    """
    if not options.get("require_step_free", True):
        return []
    found = []
    for opening in facts.openings:
        site = facts.sites[opening.site_id]
        if site.step_free != "yes" and site.step_free_cost_gbp is None:
            state = "is not step-free" if site.step_free == "no" else "is not known to be step-free"
            message = f"{site.name} becomes a hub but {state}, and the cost of making it so is not known"
            found.append(Violation(NAME, message, site_id=site.site_id, year=opening.year))
    return found
