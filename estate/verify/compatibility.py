"""Services that may not share a building, must share one, or must stay near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.tolerance import DISTANCE_KM, exceeds
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import Leaving

NAME = "compatibility"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find arrivals beside services they may not be with, or without those they must be with.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        None.
    """
    del options
    found = []
    for pair in facts.pairs:
        for move in (leaving for leaving in facts.leavings if leaving.how == "move"):
            service = facts.provisions[move.provision_id].service_id
            if pair["relation"] == "may_not_share":
                if service in (pair["a"], pair["b"]):
                    found += _apart(facts, move, pair["b"] if service == pair["a"] else pair["a"])
            elif service == pair["a"]:
                reach = None if pair["relation"] == "must_share" else float(pair["km"])
                found += _together(facts, move, pair["b"], reach)
    return found


def _offered_here(facts: Facts, move: Leaving, other: str, t: int) -> bool:
    """Tell whether another provision of service ``other`` is at the place of a move in year t."""
    here = move.to_site
    own = any(
        facts.provisions[u].service_id == other and facts.left_in(u) > t for u in facts.sites[here].provisions
    )
    return own or any(
        facts.provisions[arrival.provision_id].service_id == other and arrival.year <= t
        for arrival in facts.moves_to.get(here, ())
        if arrival.provision_id != move.provision_id
    )


def _breach(facts: Facts, move: Leaving, t: int, message: str) -> Violation:
    service = facts.provisions[move.provision_id].service_id
    return Violation(
        NAME, message, site_id=move.to_site, provision_id=move.provision_id, service_id=service, year=t
    )


def _apart(facts: Facts, move: Leaving, other: str) -> list[Violation]:
    found = []
    for t in range(move.year, facts.decision_years):
        if _offered_here(facts, move, other, t):
            name, site = facts.provision_name(move.provision_id), facts.site_name(move.to_site)
            message = (
                f"{name} is at {site} in {facts.label(t)} together with {facts.service_name(other)}; "
                "they may not share"
            )
            found.append(_breach(facts, move, t, message))
    return found


def _together(facts: Facts, move: Leaving, other: str, reach_km: float | None) -> list[Violation]:
    found = []
    place, name = facts.sites[move.to_site], facts.provision_name(move.provision_id)
    for t in range(move.year, facts.decision_years):
        present = facts.present(other, t)
        if reach_km is None:
            if move.to_site not in present:
                message = (
                    f"{name} is at {place.name} in {facts.label(t)} without {facts.service_name(other)}; "
                    "it must share with it"
                )
                found.append(_breach(facts, move, t, message))
        elif all(exceeds(facts.km(place, facts.sites[site]), reach_km, DISTANCE_KM) for site in present):
            message = (
                f"{name} is at {place.name} in {facts.label(t)} with no {facts.service_name(other)} "
                f"within {reach_km:g} km"
            )
            found.append(_breach(facts, move, t, message))
    return found
