"""A leased site closes only when its lease allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.records import LEASED, Closing, Tenure
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "tenure"


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return for every lease or licence that binds at first when its site may close, and when it does [t].

    A lease that lets nobody out until more than a year after the last decision year has no line: a year
    earlier is worth nothing.
    """
    del options
    found = []
    for site in facts.sites.values():
        tenure = site.tenure
        known = [] if tenure.expiry is None else [max(tenure.expiry, tenure.notice_years)]
        known += [year for year in tenure.breaks if year >= tenure.notice_years]
        if not site.may_close or tenure.tenure not in LEASED or not known:
            continue
        closes, earliest = facts.closing_of.get(site.site_id), min(known)
        when = facts.decision_years if closes is None else closes.year
        if 0 < earliest <= when:
            about = f"Leaving {site.name}: years from the start, by its lease"
            found.append(Limit(f"lease|{site.site_id}", about, None, when, earliest, least=True))
    return found


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find closings that lease, licence, PFI contract or notice do not allow.

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
        tenure = facts.sites[closing.site_id].tenure
        if closing.year < tenure.notice_years:
            found.append(_breach(facts, closing, "its notice runs until", tenure.notice_years))
        elif not _allowed(tenure, closing.year) and not _paid_out(facts, closing):
            found.append(_breach(facts, closing, *_earliest(tenure, closing.year)))
    return found


def _allowed(tenure: Tenure, t: int) -> bool:
    if tenure.tenure == "freehold" or (tenure.expiry is None and not tenure.breaks):
        return True
    if tenure.expiry is not None and t >= tenure.expiry:
        return True
    return tenure.tenure in LEASED and t in tenure.breaks


def _paid_out(facts: Facts, closing: Closing) -> bool:
    """Say whether the landlord is paid to let the lease end early."""
    site = facts.sites[closing.site_id]
    named = site.valuations.get(closing.route)
    paid = closing.route == "surrender" and named is not None and named.premium_gbp > 0
    return paid and site.tenure.tenure in LEASED


def _earliest(tenure: Tenure, t: int) -> tuple[str, int | None]:
    """Return why a closing in year t is not allowed, and the next year in which one is."""
    kind = {"leasehold": "lease", "licence": "licence"}.get(tenure.tenure, "PFI contract")
    dates = [tenure.expiry]
    if tenure.tenure in LEASED:
        dates += [year for year in tenure.breaks if year > t]
    later = [date for date in dates if date is not None]
    return f"its {kind} allows no exit before", min(later) if later else None


def _breach(facts: Facts, closing: Closing, why: str, until: int | None) -> Violation:
    why = "its break has passed and no expiry is known" if until is None else f"{why} {facts.label(until)}"
    message = f"{facts.site_name(closing.site_id)} closes in {facts.label(closing.year)} but {why}"
    amount = None if until is None else until - closing.year
    return Violation(NAME, message, site_id=closing.site_id, year=closing.year, amount=amount)
