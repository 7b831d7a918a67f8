"""A provision leaves once; a site closes once and empty; a merge target stays."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from estate.verify.facts import NEVER, Facts
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "assignment"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find provisions that leave twice, sites that close with something inside, moving targets.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        None.
    """
    del options
    return [*_twice(facts), *_occupied(facts), *_lent(facts), *_targets(facts)]


def _twice(facts: Facts) -> list[Violation]:
    found = []
    for provision_id, times in Counter(leaving.provision_id for leaving in facts.leavings).items():
        if times > 1:
            message = f"{facts.provision_name(provision_id)} leaves {times} times; it may leave once"
            found.append(Violation(NAME, message, provision_id=provision_id, amount=times - 1))
    for site_id, times in Counter(closing.site_id for closing in facts.closings).items():
        if times > 1:
            message = f"{facts.site_name(site_id)} closes {times} times; it may close once"
            found.append(Violation(NAME, message, site_id=site_id, amount=times - 1))
    return found


def _occupied(facts: Facts) -> list[Violation]:
    found = []
    for closing in facts.closings:
        for provision_id in facts.sites[closing.site_id].provisions:
            left = facts.left_in(provision_id)
            if left <= closing.year:
                continue
            until = "never leaves" if left == NEVER else f"leaves only in {facts.label(left)}"
            name = facts.site_name(closing.site_id)
            service = facts.service_name(facts.provisions[provision_id].service_id)
            message = (
                f"{name} closes in {facts.label(closing.year)} but its {service} ({provision_id}) {until}"
            )
            found.append(
                Violation(
                    NAME, message, site_id=closing.site_id, provision_id=provision_id, year=closing.year
                )
            )
    return found


def _lent(facts: Facts) -> list[Violation]:
    """Find sites that close although they lend room: they are not empty, and a closed one lends none."""
    found = []
    for closing in facts.closings:
        for arrival in facts.moves_to.get(closing.site_id, ()):
            name = facts.site_name(closing.site_id)
            moved = facts.provision_name(arrival.provision_id)
            message = (
                f"{name} closes in {facts.label(closing.year)} but {moved} moves into it in "
                f"{facts.label(arrival.year)}"
            )
            found.append(
                Violation(
                    NAME,
                    message,
                    site_id=closing.site_id,
                    provision_id=arrival.provision_id,
                    year=closing.year,
                )
            )
    return found


def _targets(facts: Facts) -> list[Violation]:
    found = []
    for leaving in facts.leavings:
        left = facts.left_in(leaving.to_provision) if leaving.how == "merge" else NEVER
        if left != NEVER:
            name, target = (
                facts.provision_name(leaving.provision_id),
                facts.provision_name(leaving.to_provision),
            )
            message = f"{name} merges into {target}, which itself leaves in {facts.label(left)}"
            found.append(Violation(NAME, message, provision_id=leaving.provision_id, year=left))
    return found
