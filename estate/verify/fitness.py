"""A hub, and a place that lends room where that is asked, is fit for everybody; unknown is not good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import HubOption, Site

NAME = "fitness"
SLACK = 1e-6


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find hubs, and places that lend room, at sites that are not known to be fit.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        As the rule names them.
    """
    found = []
    for opening in facts.openings:
        site = facts.sites[opening.site_id]
        lacks = _lacks(site, options, site.options[opening.option])
        if lacks:
            message = f"{site.name} becomes a hub but {lacks}"
            found.append(Violation(NAME, message, site_id=site.site_id, year=opening.year))
    for leaving in facts.leavings if options.get("lending_too", False) else ():
        if leaving.how == "move" and not leaving.to_option:
            site = facts.sites[leaving.to_site]
            lacks = _lacks(site, options, None)
            if lacks:
                name = facts.provision_name(leaving.provision_id)
                message = f"{name} moves to {site.name}, which {lacks}"
                found.append(
                    Violation(
                        NAME,
                        message,
                        site_id=site.site_id,
                        provision_id=leaving.provision_id,
                        year=leaving.year,
                    )
                )
    return found


def _lacks(site: Site, options: Mapping[str, Any], works: HubOption | None) -> str:
    """Say what a place lacks of what is asked; empty where it lacks nothing."""
    adapted = works is not None and site.step_free_cost_gbp is not None
    if options.get("require_step_free", True) and site.step_free != "yes" and not adapted:
        state = "is not step-free" if site.step_free == "no" else "is not known to be step-free"
        return state if works is None else f"{state}, and the cost of making it so is not known"
    wc = site.accessible_wc == "yes" or (works is not None and works.adds_wc)
    if options.get("require_accessible_wc", False) and not wc:
        return "has no accessible WC, or none that is known"
    spaces, stop, hours = (
        options.get(name) for name in ("min_parking_spaces", "max_stop_m", "min_hours_per_week")
    )
    if spaces is not None and (site.parking_spaces is None or site.parking_spaces < spaces - SLACK):
        return f"is not known to have {spaces} parking spaces"
    if stop is not None and (site.stop_m is None or site.stop_m > stop + SLACK):
        return f"is not known to be within {stop:g} m of a stop"
    if hours is not None and (site.open_hours is None or site.open_hours < hours - SLACK):
        return f"is not known to be open {hours:g} hours a week"
    return ""
