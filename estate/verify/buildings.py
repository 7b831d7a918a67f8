"""What a building costs to run, as the check reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from estate.verify.facts import Facts
    from estate.verify.records import Cost, Provision, Site

    Floats = NDArray[np.float64]


def landlord_of(facts: Facts, site: Site) -> str:
    """Return the partner that lets the site to its holder; blank where it is nobody in the plan."""
    landlord = facts.partners.get(site.tenure.landlord)
    inside = landlord is not None and landlord.in_plan and landlord.partner_id != site.partner
    return site.tenure.landlord if inside else ""


def steps_of(facts: Facts, site: Site, provision: Provision) -> float:
    """Return the share of stepped costs that one provision frees: whole steps of its room."""
    step = facts.assumptions["cost_step_share"]
    return math.floor(weight_of(facts, site, provision) / step + 1e-9) * step


def weight_of(facts: Facts, site: Site, provision: Provision) -> float:
    """Return the share of its site's room that a provision uses."""
    rooms = [facts.provisions[other].room_m2 for other in site.provisions]
    return provision.room_m2 / sum(rooms) if sum(rooms) > 0 else 1 / len(rooms)


def yearly_costs(facts: Facts, site: Site) -> Iterator[tuple[Cost, str, Floats]]:
    """Yield (row, view, cost by year [GBP]) of every part of a site's running costs.

    Cashable and non-cashable parts come apart; rents are at market from the lease's expiry, and
    a transfer where the landlord is a partner.
    """
    for cost in site.costs:
        amounts = np.full(facts.appraisal_years, cost.gbp)
        tenure = site.tenure
        if cost.heading == "rent" and tenure.tenure != "freehold" and tenure.market_rent_gbp is not None:
            amounts[max(0, facts.appraisal_years if tenure.expiry is None else tenure.expiry) :] = (
                tenure.market_rent_gbp
            )
        if cost.heading == "rent" and landlord_of(facts, site):
            yield cost, "financial", amounts * cost.cashable_share
            continue
        yield cost, cost.view, amounts * cost.cashable_share
        if cost.view == "both" and cost.cashable_share < 1:
            yield cost, "economic", amounts * (1 - cost.cashable_share)


def cashable_cost_year_0(facts: Facts, site: Site) -> float:
    """Return a site's cashable running cost in year 0 [GBP], for materiality."""
    return sum(float(amounts[0]) for _, view, amounts in yearly_costs(facts, site) if view != "economic")
