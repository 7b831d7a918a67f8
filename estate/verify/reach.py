"""A provision moves no farther than its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.tolerance import DISTANCE_KM, exceeds
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import Leaving

NAME = "reach"


def _limit(facts: Facts, options: Mapping[str, Any], service_id: str) -> float:
    """Return how far a service may move [km]."""
    default, own = options.get("default_km"), facts.services[service_id].move_reach_km
    default = facts.assumptions["default_move_reach_km"] if default is None else float(default)
    return default if own is None else own


def _moved(facts: Facts, leaving: Leaving) -> float:
    """Return how far a provision moves [km]."""
    home = facts.sites[facts.provisions[leaving.provision_id].site_id]
    return facts.km(home, facts.sites[leaving.to_site])


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return for every service that is decided on how far it may move and merge, and its farthest [km]."""
    decided = {
        one.service_id for one in facts.provisions.values() if facts.sites[one.site_id].scope == "decide"
    }
    farthest = dict.fromkeys(sorted(decided), 0.0)
    for leaving in facts.leavings:
        service = facts.provisions[leaving.provision_id].service_id
        if leaving.how == "move":
            farthest[service] = max(farthest.get(service, 0.0), _moved(facts, leaving))
    moves = [
        Limit(
            f"{NAME}|{one}",
            f"Farthest move of {facts.service_name(one)}",
            None,
            km,
            _limit(facts, options, one),
        )
        for one, km in farthest.items()
    ]
    return moves + [
        Limit(
            f"merge_reach|{one}",
            f"Farthest merge of {facts.service_name(one)}",
            None,
            _merged(facts, one),
            allowed,
        )
        for one in sorted(decided)
        if (allowed := facts.services[one].merge_reach_km) > 0
    ]


def _merged(facts: Facts, service_id: str) -> float:
    """Return the farthest merge of a service [km]."""
    far = 0.0
    for leaving in facts.leavings:
        provision = facts.provisions[leaving.provision_id]
        if leaving.how == "merge" and provision.service_id == service_id:
            target = facts.provisions[leaving.to_provision]
            far = max(far, facts.km(facts.sites[provision.site_id], facts.sites[target.site_id]))
    return far


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find moves that are too far.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``default_km`` [km] for services that name no limit; else the assumption.
    """
    found = []
    for leaving in facts.leavings:
        if leaving.how != "move":
            continue
        provision = facts.provisions[leaving.provision_id]
        limit, km = _limit(facts, options, provision.service_id), _moved(facts, leaving)
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
