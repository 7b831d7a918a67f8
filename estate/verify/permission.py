"""Lending sites take the services they permit, in the weeks they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "permission"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find arrivals that a lending site does not permit, or not all year.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        None.
    """
    del options
    found = []
    for leaving in facts.leavings:
        terms = (
            facts.sites[leaving.to_site].terms if leaving.how == "move" and not leaving.to_option else None
        )
        if terms is None:
            continue
        service = facts.services[facts.provisions[leaving.provision_id].service_id]
        name, host = facts.provision_name(leaving.provision_id), facts.site_name(leaving.to_site)
        problems: list[tuple[str, float | None]] = []
        if terms.permitted and service.service_id not in terms.permitted:
            problems.append((f"{name} moves to {host}, which does not permit {service.name}", None))
        if service.year_round and terms.term_weeks < 52:
            message = f"{name} is needed all year but {host} lends room in {terms.term_weeks:g} weeks only"
            problems.append((message, 52 - terms.term_weeks))
        found += [
            Violation(
                NAME,
                message,
                site_id=leaving.to_site,
                provision_id=leaving.provision_id,
                service_id=service.service_id,
                year=leaving.year,
                amount=amount,
            )
            for message, amount in problems
        ]
    return found
