"""A provision moves no farther than its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.tolerance import DISTANCE_KM, exceeds
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "reach"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find moves that are too far.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``default_km`` [km] for services that name no limit; else the assumption.
    """
    default = options.get("default_km")
    default = facts.assumptions["default_move_reach_km"] if default is None else float(default)
    found = []
    for leaving in facts.leavings:
        if leaving.how != "move":
            continue
        provision = facts.provisions[leaving.provision_id]
        own = facts.services[provision.service_id].move_reach_km
        limit = default if own is None else own
        km = facts.km(facts.sites[provision.site_id], facts.sites[leaving.to_site])
        if km == float("inf") or exceeds(km, limit, DISTANCE_KM):
            name, to = facts.provision_name(leaving.provision_id), facts.site_name(leaving.to_site)
            far = f"{km:.2f} km" if km < float("inf") else "a place that is not known"
            message = f"{name} moves to {to}, {far} away; its limit is {limit:g} km"
            found.append(
                Violation(
                    NAME,
                    message,
                    site_id=leaving.to_site,
                    provision_id=leaving.provision_id,
                    service_id=provision.service_id,
                    year=leaving.year,
                    amount=km - limit,
                )
            )
    return found
