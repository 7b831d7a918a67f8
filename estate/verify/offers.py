"""Where each provision is in a year, how long it is open there, and whether a standard counts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estate.verify.cells import clock, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import Leaving, Provision

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


@dataclass(frozen=True, slots=True)
class Asks:
    """What a standard asks of the places that count: 0 and None ask nothing."""

    hours: float = 0.0
    days: float = 0.0
    at: float | None = None
    with_room: bool = False

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Asks:
        """Read a row of the table ``standards``."""
        return cls(
            number(row.get("min_hours_per_week")),
            number(row.get("min_days_per_week")),
            clock(row.get("open_at")),
            text(row.get("counts_at")) == "with_room",
        )

    def met_by(self, offer: Offer) -> bool:
        """Tell whether an offer is open as asked; what is not known is not."""
        if self.hours > 0 and (offer.hours is None or offer.hours < self.hours - CLOSE):
            return False
        if offer.days < self.days - CLOSE:
            return False
        if self.at is None:
            return True
        if offer.opens is None or offer.closes is None:
            return False
        return offer.opens <= self.at + CLOSE and self.at < offer.closes - CLOSE


def standing(facts: Facts, provision: Provision) -> Offer:
    """Return what a provision offers where it is now."""
    hours = provision.hours if provision.hours > 0 else facts.sites[provision.site_id].open_hours
    where = (provision.provision_id, provision.site_id)
    return Offer(*where, hours, provision.days, provision.opens, provision.closes)


def gone(facts: Facts, provision: Provision, leaving: Leaving) -> Offer | None:
    """Return what a provision offers where it has gone; None where it is online."""
    if leaving.how == "merge":
        there = standing(facts, facts.provisions[leaving.to_provision])
        return Offer(
            provision.provision_id, there.site_id, there.hours, there.days, there.opens, there.closes
        )
    if leaving.how != "move":
        return None
    now, site = standing(facts, provision), facts.sites[leaving.to_site]
    here, times = (provision.provision_id, leaving.to_site), (now.opens, now.closes)
    if leaving.to_option or site.terms is None:
        limits = [hours for hours in (now.hours, site.open_hours) if hours is not None]
        return Offer(*here, None if now.hours is None else min(limits), now.days, *times)
    lent = site.terms
    if lent.opens > 0 or lent.closes < 24:
        times = (lent.opens, lent.closes)
    hours = None if now.hours is None else min(now.hours * min(1.0, lent.days / now.days), lent.hours)
    return Offer(*here, hours, min(now.days, lent.days), *times)
