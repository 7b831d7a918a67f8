"""Where each provision is in a year, how long it is open there, and whether a standard counts it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from estate.verify.cells import clock, number, text, week

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.cells import Week
    from estate.verify.facts import Facts
    from estate.verify.records import HostTerms, Leaving, Provision

CLOSE = 1e-9  # hours, days


@dataclass(frozen=True, slots=True)
class Offer:
    """A service at a site, for the residents of one provision; None where a time is not known."""

    provision_id: str
    site_id: str
    hours: float | None
    days: float
    opens: float | None
    closes: float | None
    week: Week


@dataclass(frozen=True, slots=True)
class Asks:
    """What a standard asks of the places that count: 0 and None ask nothing."""

    hours: float = 0.0
    days: float = 0.0
    at: float | None = None
    on: frozenset[str] = frozenset()
    with_room: bool = False

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Asks:
        """Read a row of the table ``standards``."""
        return cls(
            number(row.get("min_hours_per_week")),
            number(row.get("min_days_per_week")),
            clock(row.get("open_at")),
            frozenset(week(row.get("open_on"))),
            text(row.get("counts_at")) == "with_room",
        )

    def met_by(self, offer: Offer) -> bool:
        """Tell whether an offer is open as asked; what is not known is not."""
        if self.hours > 0 and (offer.hours is None or offer.hours < self.hours - CLOSE):
            return False
        if offer.days < self.days - CLOSE:
            return False
        if self.on - offer.week.keys():
            return False
        if self.at is None:
            return True
        windows = [offer.week[day] for day in self.on] or [(offer.opens, offer.closes)]
        return all(self._inside(*window) for window in windows)

    def _inside(self, opens: float | None, closes: float | None) -> bool:
        """Tell whether the time asked for lies in a window that is known."""
        if self.at is None or opens is None or closes is None:
            return False
        return opens <= self.at + CLOSE and self.at < closes - CLOSE


def standing(facts: Facts, provision: Provision) -> Offer:
    """Return what a provision offers where it is now."""
    hours = provision.hours if provision.hours > 0 else facts.sites[provision.site_id].open_hours
    where = (provision.provision_id, provision.site_id)
    return Offer(*where, hours, provision.days, provision.opens, provision.closes, provision.week)


def gone(facts: Facts, provision: Provision, leaving: Leaving) -> Offer | None:
    """Return what a provision offers where it has gone; None where it is online."""
    if leaving.how == "merge":
        there = standing(facts, facts.provisions[leaving.to_provision])
        return replace(there, provision_id=provision.provision_id)
    if leaving.how != "move":
        return None
    now, site = standing(facts, provision), facts.sites[leaving.to_site]
    here, times = (provision.provision_id, leaving.to_site), (now.opens, now.closes)
    if leaving.to_option or site.terms is None:
        limits = [hours for hours in (now.hours, site.open_hours) if hours is not None]
        hours = None if now.hours is None else min(limits)
        return Offer(*here, hours, now.days, *times, now.week)
    lent = site.terms
    if lent.opens > 0 or lent.closes < 24:
        times = (lent.opens, lent.closes)
    hours = None if now.hours is None else min(now.hours * min(1.0, lent.days / now.days), lent.hours)
    return Offer(*here, hours, min(now.days, lent.days), *times, _lent_week(now, lent))


def _lent_week(now: Offer, lent: HostTerms) -> Week:
    """Return on which days, and when, a service is open where room is lent; empty where nobody knows."""
    if not lent.week:
        if lent.days < 7:
            return {}
        window = (lent.opens, lent.closes) if lent.opens > 0 or lent.closes < 24 else None
        return {day: window or own for day, own in now.week.items()}
    days = lent.week if len(lent.week) <= now.days + CLOSE else lent.week.keys() & now.week.keys()
    return {
        day: lent.week[day] if None not in lent.week[day] else now.week.get(day, (None, None)) for day in days
    }
