"""What is there, has come and has not left fits, in every year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.tolerance import HOURS, ROOM_M2, exceeds
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import HostTerms, Leaving, Opening

NAME = "capacity"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find hubs, lending sites and merge targets that are too full, by year.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        None.
    """
    del options
    found = []
    for opening in facts.openings:
        found += _hub(facts, opening)
    for site_id, moves in facts.moves_to.items():
        lent = [move for move in moves if not move.to_option]
        if lent and facts.sites[site_id].terms is not None:
            found += _lending(facts, site_id, lent)
    for site_id, merges in facts.merges_into.items():
        found += _merging(facts, site_id, merges)
    told = {violation.site_id for violation in found}
    for site_id in dict.fromkeys([*facts.moves_to, *facts.merges_into]):
        # a site that is too full in one way is told once
        if site_id not in told and facts.sites[site_id].status == "existing":
            found += _together(facts, site_id)
    return found


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return what is used of hubs that open, of rooms lent and of sites merged into, at their fullest."""
    del options
    found = [_merge_limit(facts, site_id, merges) for site_id, merges in facts.merges_into.items()]
    for opening in facts.openings:
        site = facts.sites[opening.site_id]
        year, used = max(_hub_use(facts, opening), key=lambda one: one[1])
        about = f"Room of the hub at {site.name} ({opening.option})"
        line = f"room|{site.site_id}|{opening.option}"
        found.append(Limit(line, about, year, used, site.options[opening.option].room_m2))
    for site_id, moves in facts.moves_to.items():
        terms, lent = facts.sites[site_id].terms, [move for move in moves if not move.to_option]
        if terms is not None and lent:
            used = sum(facts.need_m2(facts.provisions[move.provision_id]) for move in lent)
            year, about = max(move.year for move in lent), f"Room lent at {facts.site_name(site_id)}"
            found.append(Limit(f"room|{site_id}|", about, year, used, terms.room_m2))
            about, hours = f"Hours a week at {facts.site_name(site_id)}", _hours(facts, terms, lent)
            found.append(Limit(f"hours|{site_id}", about, year, hours, terms.hours))
    return found


def _merge_limit(facts: Facts, site_id: str, merges: list[Leaving]) -> Limit:
    """Return the room of a site that receives merges, in the year in which it is fullest [m2]."""
    year, used = max(_merge_use(facts, site_id, merges), key=lambda one: one[1])
    about, room = f"Room at {facts.site_name(site_id)} for what merges into it", _merge_room(facts, site_id)
    return Limit(f"merged|{site_id}", about, year, used, room, kind="room")


def _merge_room(facts: Facts, site_id: str) -> float:
    site = facts.sites[site_id]
    return max(site.nia_m2, sum(facts.provisions[own].room_m2 for own in site.provisions))


def _merge_use(facts: Facts, site_id: str, merges: list[Leaving]) -> list[tuple[int, float]]:
    """Return the room that own and merged provisions take, by year [m2]."""
    needs = [(one.year, facts.merge_need_m2(facts.provisions[one.provision_id])) for one in merges]
    return [
        (t, _own_room(facts, site_id, t) + sum(need for year, need in needs if year <= t))
        for t in _years(facts, min(year for year, _ in needs))
    ]


def _hours(facts: Facts, terms: HostTerms, moves: list[Leaving]) -> float:
    """Return the hours a week that arrivals take of a lent room."""
    arrived = [facts.provisions[move.provision_id] for move in moves]
    return float(sum(u.hours * min(1.0, terms.days / u.days) for u in arrived))


def _own_room(facts: Facts, site_id: str, t: int) -> float:
    """Return the room [m2] of a site's own provisions that have not left in year t."""
    here = facts.sites[site_id].provisions
    return sum(facts.provisions[own].room_m2 for own in here if facts.left_in(own) > t)


def _years(facts: Facts, first: int) -> range:
    return range(first, facts.decision_years)


def _hub_use(facts: Facts, opening: Opening) -> list[tuple[int, float]]:
    """Return the room that is used at a hub, by year [m2]."""
    site = facts.sites[opening.site_id]
    moves = [move for move in facts.moves_to.get(site.site_id, ()) if move.to_option == opening.option]
    needs = [(move.year, facts.need_m2(facts.provisions[move.provision_id])) for move in moves]
    own = site.status == "existing"
    return [
        (
            t,
            sum(need for year, need in needs if year <= t)
            + (_own_room(facts, site.site_id, t) if own else 0.0),
        )
        for t in _years(facts, opening.year)
    ]


def _hub(facts: Facts, opening: Opening) -> list[Violation]:
    site = facts.sites[opening.site_id]
    room = site.options[opening.option].room_m2
    found = []
    for t, used in _hub_use(facts, opening):
        if exceeds(used, room, ROOM_M2):
            message = (
                f"The hub at {site.name} ({opening.option}) has {room:,.1f} m2 but {used:,.1f} m2 are "
                f"needed in {facts.label(t)}"
            )
            found.append(Violation(NAME, message, site_id=site.site_id, year=t, amount=used - room))
    return found


def _lending(facts: Facts, site_id: str, moves: list[Leaving]) -> list[Violation]:
    site, found = facts.sites[site_id], []
    terms = site.terms
    if terms is None:
        return []
    for t in _years(facts, min(move.year for move in moves)):
        arrived = [move for move in moves if move.year <= t]
        used = sum(facts.need_m2(facts.provisions[move.provision_id]) for move in arrived)
        hours = _hours(facts, terms, arrived)
        if exceeds(used, terms.room_m2, ROOM_M2):
            message = (
                f"{site.name} lends {terms.room_m2:,.1f} m2 but {used:,.1f} m2 are needed in {facts.label(t)}"
            )
            found.append(Violation(NAME, message, site_id=site_id, year=t, amount=used - terms.room_m2))
        if exceeds(hours, terms.hours, HOURS):
            message = (
                f"{site.name} lends room for {terms.hours:g} hours a week but {hours:g} are needed in "
                f"{facts.label(t)}"
            )
            found.append(Violation(NAME, message, site_id=site_id, year=t, amount=hours - terms.hours))
    return found


def _merging(facts: Facts, site_id: str, merges: list[Leaving]) -> list[Violation]:
    site, found = facts.sites[site_id], []
    room = _merge_room(facts, site_id)
    for t, used in _merge_use(facts, site_id, merges):
        if exceeds(used, room, ROOM_M2):
            message = (
                f"{site.name} has {room:,.1f} m2 but {used:,.1f} m2 are needed in {facts.label(t)} "
                "with what merges into it"
            )
            found.append(Violation(NAME, message, site_id=site_id, year=t, amount=used - room))
    return found


def _together(facts: Facts, site_id: str) -> list[Violation]:
    """Count all that come to one building, by whatever way, with what is still there."""
    site, found = facts.sites[site_id], []
    opening = facts.opening_of.get(site_id)
    lent = 0.0 if site.terms is None else site.terms.room_m2
    own = sum(facts.provisions[u].room_m2 for u in site.provisions)
    comes = [
        (m.year, facts.need_m2(facts.provisions[m.provision_id])) for m in facts.moves_to.get(site_id, ())
    ]
    comes += [
        (m.year, facts.merge_need_m2(facts.provisions[m.provision_id]))
        for m in facts.merges_into.get(site_id, ())
    ]
    for t in _years(facts, min(year for year, _ in comes)):
        is_hub = opening is not None and opening.year <= t
        room = site.options[opening.option].room_m2 if opening and is_hub else max(site.nia_m2, own + lent)
        used = _own_room(facts, site_id, t) + sum(need for year, need in comes if year <= t)
        if exceeds(used, room, ROOM_M2):
            message = (
                f"{site.name} has {room:,.1f} m2 but {used:,.1f} m2 are needed in {facts.label(t)} by what "
                "is still there and all that move or merge into it"
            )
            found.append(Violation(NAME, message, site_id=site_id, year=t, amount=used - room))
    return found
