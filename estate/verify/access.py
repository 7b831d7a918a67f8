"""Standards hold in every year of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.residents import Shortfall, Standard

NAME = "access"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find standards that are not met, by year and part of the residents.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``enforce``: false holds the plan to no standard.
    """
    if not options.get("enforce", True):
        return []
    found = []
    for k, standard in enumerate(facts.residents.standards):
        for t in range(facts.decision_years):
            counted = standard.counted(facts.offers(standard.service_id, t))
            found += [_breach(facts, standard, short, t) for short in facts.residents.shortfalls(k, counted)]
    return found


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return, for every standard, the part and year in which it is held most narrowly [share]."""
    if not options.get("enforce", True):
        return []
    found = []
    for standard in facts.residents.standards:
        line, kind = f"{NAME}|{standard.standard_id}", "each_area" if standard.geography == "area" else ""
        shares = [
            Limit(line, _about(facts, standard, name), t, share, asked, least=True, kind=kind)
            for t in range(facts.decision_years)
            for name, share, asked in standard.shares(standard.counted(facts.offers(standard.service_id, t)))
        ]
        if shares:
            found.append(min(shares, key=lambda one: one.left))
    return found


def _about(facts: Facts, standard: Standard, part: str) -> str:
    service = facts.service_name(standard.service_id)
    where = f" in {part}" if part else ""
    return f"{standard.words.capitalize()}{where} within {standard.travel} of {service}{standard.offer}"


def _breach(facts: Facts, standard: Standard, short: Shortfall, t: int) -> Violation:
    service, year = facts.service_name(standard.service_id), facts.label(t)
    if standard.geography == "area":
        message = (
            f"{short.part} has no {service} within {standard.travel}{standard.offer} in {year} (standard "
            f"{standard.standard_id})"
        )
    else:
        where = f" in {short.part}" if standard.geography in ("zone", "postcode_district") else ""
        message = (
            f"{short.served:.2%} of {standard.words}{where} are within {standard.travel} of "
            f"{service}{standard.offer} in {year}; "
            f"{short.required:.2%} are asked for (standard {standard.standard_id})"
        )
    return Violation(
        NAME,
        message,
        area_id=short.part if standard.geography == "area" else "",
        service_id=standard.service_id,
        standard_id=standard.standard_id,
        year=t,
        amount=short.required - short.served,
    )
