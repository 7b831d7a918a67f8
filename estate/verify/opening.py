"""Nothing moves to a hub before it operates; one hub a site, after its lead time, for good."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from estate.verify.violation import Violation
from estate.verify.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "opening"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find hubs opened twice or too early, hubs that close and arrivals before the opening.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        None.
    """
    del options
    return [*_hubs(facts), *_arrivals(facts)]


def _hubs(facts: Facts) -> list[Violation]:
    found = []
    for site_id, times in Counter(opening.site_id for opening in facts.openings).items():
        if times > 1:
            message = f"{facts.site_name(site_id)} becomes a hub {times} times; one option opens, once"
            found.append(Violation(NAME, message, site_id=site_id, amount=times - 1))
    for opening in facts.openings:
        site = facts.sites[opening.site_id]
        lead = site.options[opening.option].lead_years
        if opening.year < lead:
            works = f"{counted(lead, 'year')} of works first ({facts.label(lead)} at the earliest)"
            message = f"The hub at {site.name} opens in {facts.label(opening.year)} but needs {works}"
            found.append(
                Violation(NAME, message, site_id=site.site_id, year=opening.year, amount=lead - opening.year)
            )
        closing = facts.closing_of.get(site.site_id)
        if closing is not None:
            message = (
                f"{site.name} becomes a hub in {facts.label(opening.year)} but closes in "
                f"{facts.label(closing.year)}"
            )
            found.append(Violation(NAME, message, site_id=site.site_id, year=closing.year))
    return found


def _arrivals(facts: Facts) -> list[Violation]:
    opened = {(opening.site_id, opening.option): opening.year for opening in reversed(facts.openings)}
    found = []
    for leaving in facts.leavings:
        if leaving.how != "move" or not leaving.to_option:
            continue
        year = opened.get((leaving.to_site, leaving.to_option))
        if year is not None and year <= leaving.year:
            continue
        hub = f"the hub at {facts.site_name(leaving.to_site)} ({leaving.to_option})"
        state = "which never opens" if year is None else f"which opens in {facts.label(year)}"
        message = (
            f"{facts.provision_name(leaving.provision_id)} moves in {facts.label(leaving.year)} to "
            f"{hub}, {state}"
        )
        found.append(
            Violation(
                NAME, message, site_id=leaving.to_site, provision_id=leaving.provision_id, year=leaving.year
            )
        )
    return found
