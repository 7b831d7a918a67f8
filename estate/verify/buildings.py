"""What a building costs to run, as the check reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from estate.verify.facts import Facts
    from estate.verify.records import Cost, Provision, Site, Tenure

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

    Cashable and non-cashable parts come apart; rents go from review to review and are at market from
    the lease's expiry, and a transfer where the landlord is a partner.
    """
    for cost in site.costs:
        amounts = np.full(facts.appraisal_years, cost.gbp)
        tenure = site.tenure
        if cost.heading == "rent" and tenure.tenure != "freehold":
            amounts = np.array([rent_in(tenure, cost.gbp, t) for t in range(facts.appraisal_years)])
        if cost.heading == "rent" and landlord_of(facts, site):
            yield cost, "financial", amounts * cost.cashable_share
            continue
        yield cost, cost.view, amounts * cost.cashable_share
        if cost.view == "both" and cost.cashable_share < 1:
            yield cost, "economic", amounts * (1 - cost.cashable_share)


def rent_in(tenure: Tenure, today_gbp: float, t: int) -> float:
    """Return the rent of a lease in year t [GBP]: today's as reviewed so far, the market's once over."""
    market, ended = tenure.market_rent_gbp, tenure.expiry is not None and t >= tenure.expiry
    if ended and market is not None:
        return market
    held = sum(1 for year in _reviews(tenure, t) if year >= 0)
    if tenure.review_basis == "index":
        years = held * (tenure.review_every or 0)
        return today_gbp * (1 + tenure.review_growth) ** years
    if held == 0 or market is None:
        return today_gbp
    return max(today_gbp, market) if tenure.review_basis == "upward" else market


def _reviews(tenure: Tenure, t: int) -> list[int]:
    """Return the years of the rent reviews up to year t, none once the lease has ended."""
    if tenure.review is None:
        return []
    until = t if tenure.expiry is None else min(t, tenure.expiry - 1)
    if tenure.review_every is None:
        return [tenure.review] if tenure.review <= until else []
    return list(range(tenure.review, until + 1, tenure.review_every))


def cashable_cost_year_0(facts: Facts, site: Site) -> float:
    """Return a site's cashable running cost in year 0 [GBP], for materiality."""
    return sum(float(amounts[0]) for _, view, amounts in yearly_costs(facts, site) if view != "economic")
