"""Legal and other locks hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "brakes"


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return every site that would be free to close but for a legal or other lock."""
    del options
    return [
        Limit(f"lock|brake|{site.site_id}", f"Lock on {site.name}: {locks[0].brake or 'brake'}", None, 1, 1)
        for site in facts.sites.values()
        if site.may_close
        and (
            locks := [
                one for one in site.brakes if one.effect == "lock" and (one.until is None or one.until > 0)
            ]
        )
    ]


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find closings of sites that are locked.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        None.
    """
    del options
    found = []
    for closing in facts.closings:
        for brake in facts.sites[closing.site_id].brakes:
            if brake.effect != "lock" or (brake.until is not None and closing.year >= brake.until):
                continue
            until = "for good" if brake.until is None else f"until {facts.label(brake.until)}"
            name = facts.site_name(closing.site_id)
            message = (
                f"{name} closes in {facts.label(closing.year)} but is locked {until} "
                f"({brake.brake or 'brake'})"
            )
            amount = None if brake.until is None else brake.until - closing.year
            found.append(Violation(NAME, message, site_id=closing.site_id, year=closing.year, amount=amount))
    return found
