"""Sites that must keep, close, be a hub or not be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "locks"


SAYS = {"keep": "must stay", "close": "must close", "hub": "must be a hub", "no_hub": "must be no hub"}


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return every site of which the user has settled what happens."""
    del facts
    return [
        Limit(f"lock|{key}|{site_id}", f"{site_id} {words}", None, 1, 1)
        for key, words in SAYS.items()
        for site_id in options.get(key) or ()
    ]


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find sites that do what the user ruled out, or do not do what the user asked for.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``keep``, ``close``, ``hub`` and ``no_hub``: lists of site_id.
    """
    closed, hubs = set(facts.closing_of), set(facts.opening_of)
    cases = (
        ("keep", closed, True, "closes but must be kept"),
        ("close", closed, False, "does not close but must"),
        ("hub", hubs, False, "does not become a hub but must"),
        ("no_hub", hubs, True, "becomes a hub but must not"),
    )
    return [
        Violation(NAME, f"{facts.site_name(site_id)} {words}", site_id=site_id)
        for key, chosen, wrong, words in cases
        for site_id in options.get(key) or ()
        if (site_id in chosen) is wrong
    ]
