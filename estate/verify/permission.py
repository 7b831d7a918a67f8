"""Lending sites take the services they permit, in the weeks, on the days and at the times they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import HostTerms, Provision, Service

NAME = "permission"
DAYS = 1e-6


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find arrivals that a lending site does not permit, or not in all the weeks, days or hours needed.

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
        provision = facts.provisions[leaving.provision_id]
        service = facts.services[provision.service_id]
        name, host = facts.provision_name(leaving.provision_id), facts.site_name(leaving.to_site)
        problems = _problems(name, host, (provision, service), terms)
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


def _problems(
    name: str, host: str, who: tuple[Provision, Service], terms: HostTerms
) -> list[tuple[str, float | None]]:
    """Say what the terms of a host do not allow, and by how much."""
    provision, service = who
    problems: list[tuple[str, float | None]] = []
    if terms.permitted and service.service_id not in terms.permitted:
        problems.append((f"{name} moves to {host}, which does not permit {service.name}", None))
    if terms.transactions and (not service.transactions or service.transactions - terms.transactions):
        more = (
            ", ".join(sorted(service.transactions - terms.transactions)) or "what is done there is not known"
        )
        problems.append((f"{name} moves to {host}, which permits not all that is done: {more}", None))
    if service.year_round and terms.term_weeks < 52:
        message = f"{name} is needed all year but {host} lends room in {terms.term_weeks:g} weeks only"
        problems.append((message, 52 - terms.term_weeks))
    late = service.core_opens is not None and service.core_opens < terms.opens
    early = service.core_closes is not None and service.core_closes > terms.closes
    if late or early:
        problems.append((f"{name} must be open at times of day at which {host} lends no room", None))
    least = provision.days if service.outreach_days is None else min(provision.days, service.outreach_days)
    if terms.days < least - DAYS:
        message = f"{name} needs {least:g} days a week but {host} lends room on {terms.days:g}"
        problems.append((message, least - terms.days))
    return problems
