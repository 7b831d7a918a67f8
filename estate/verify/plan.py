"""A plan is well formed: known ids, years within the horizon, places that are places.

This is section 2 of docs/model.md, what may be decided at all. Limits by distance of a
merge stand here too, because they say what a merge target is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.tolerance import DISTANCE_KM, exceeds
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import Leaving, Provision

NAME = "plan"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find everything in the plan that could not have been decided.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        None.
    """
    del options
    return [*facts.problems, *_closings(facts), *_openings(facts), *_leavings(facts)]


def _closings(facts: Facts) -> list[Violation]:
    found = []
    for closing in facts.closings:
        site = facts.sites[closing.site_id]
        if not site.may_close:
            why = (
                f"it is {site.status} with scope {site.scope or 'blank'}"
                if site.in_plan
                else "its partner is not in the plan"
            )
            message = f"{site.name} closes in {facts.label(closing.year)} but is not for decision ({why})"
            found.append(Violation(NAME, message, site_id=site.site_id, year=closing.year))
        elif closing.route not in site.routes:
            open_to = ", ".join(sorted(site.routes))
            message = (
                f"{site.name} leaves by {closing.route or '(blank)'}, which is not open to it (open: "
                f"{open_to})"
            )
            found.append(Violation(NAME, message, site_id=site.site_id, year=closing.year))
    return found


def _openings(facts: Facts) -> list[Violation]:
    found = []
    for opening in facts.openings:
        site = facts.sites[opening.site_id]
        problem = ""
        if not facts.hubs_allowed:
            problem = f"{site.name} becomes a hub but this run allows none"
        elif not site.may_be_hub:
            problem = (
                f"{site.name} becomes a hub but is neither a candidate nor an existing site of the "
                "plan that is decided or kept"
            )
        if problem:
            found.append(Violation(NAME, problem, site_id=site.site_id, year=opening.year))
    return found


def _leavings(facts: Facts) -> list[Violation]:
    found = []
    for leaving in facts.leavings:
        provision = facts.provisions[leaving.provision_id]
        problems = [_stays(facts, provision, leaving)]
        if leaving.how == "move":
            problems.append(_no_place(facts, provision, leaving))
        elif leaving.how == "merge":
            problems.append(_no_target(facts, provision, leaving))
        else:
            problems.append(_not_online(facts, provision))
        name = facts.provision_name(leaving.provision_id)
        found += [
            Violation(
                NAME,
                f"{name} {problem}",
                site_id=provision.site_id,
                provision_id=leaving.provision_id,
                service_id=provision.service_id,
                year=leaving.year,
            )
            for problem in problems
            if problem
        ]
    return found


def _stays(facts: Facts, provision: Provision, leaving: Leaving) -> str:
    site = facts.sites[provision.site_id]
    if provision.fixed:
        return "leaves but is fixed to its site"
    if leaving.how != "online" and provision.digital_share >= 1:
        return "has nothing to move or merge: its whole demand goes online"
    if not (site.existing and site.scope == "decide"):
        return "leaves but its site is not for decision"
    return ""


def _no_place(facts: Facts, provision: Provision, leaving: Leaving) -> str:
    place = facts.sites[leaving.to_site]
    if leaving.to_site == provision.site_id:
        return "moves to its own site"
    if leaving.to_option:
        return (
            ""
            if leaving.to_option in place.options
            else f"moves to {place.name}, which has no hub option {leaving.to_option}"
        )
    return "" if place.lends else f"moves to {place.name}, which lends no room"


def _no_target(facts: Facts, provision: Provision, leaving: Leaving) -> str:
    target = facts.provisions[leaving.to_provision]
    site, here = facts.sites[target.site_id], facts.sites[provision.site_id]
    name = facts.provision_name(leaving.to_provision)
    if target.service_id != provision.service_id:
        return f"merges into {name}, another service"
    if target.partner != provision.partner and not facts.merge_across_partners:
        return f"merges into {name} of another partner"
    if target.site_id == provision.site_id:
        return "merges within its own site"
    if not site.existing:
        return f"merges into {name}, which is not at an existing site of the plan"
    reach, km = facts.services[provision.service_id].merge_reach_km, facts.km(here, site)
    if reach <= 0 or exceeds(km, reach, DISTANCE_KM):
        return f"merges into {name}, {km:.2f} km away; the farthest merge is {reach:g} km"
    return ""


def _not_online(facts: Facts, provision: Provision) -> str:
    if not facts.services[provision.service_id].online_allowed:
        return "goes online but its service may not"
    if provision.digital_share < 1:
        return f"goes online but only {provision.digital_share:.0%} of its demand can"
    return ""
