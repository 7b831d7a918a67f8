"""What residents pay for travel when the provision that they visit goes elsewhere: section 8."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from estate.verify.cells import maybe, number, rows, text

if TYPE_CHECKING:
    from estate.core.types import Estate
    from estate.verify.facts import Facts
    from estate.verify.records import Provision

SPEEDS = {"walk": "walk_speed_kmh", "car": "car_speed_kmh", "public_transport": "public_transport_speed_kmh"}
SERVING = frozenset({"existing", "host", "outside"})
ALIKE_GBP = 1e-9


class Visitors:
    """Who visits which provision today, and what a way costs them."""

    def __init__(self, estate: Estate, facts: Facts, mode: str) -> None:
        self.facts, self.mode = facts, mode
        self.areas = {text(row["area_id"]): row for row in rows(estate.tables.get("areas"))}
        self.demand: dict[str, dict[str, float]] = defaultdict(dict)
        for row in rows(estate.tables.get("demand")):
            of = self.demand[text(row["service_id"])]
            area = text(row["area_id"])
            of[area] = of.get(area, 0.0) + number(row["visits_per_year"])
        self.measured = {
            (text(row["area_id"]), text(row["site_id"])): (maybe(row["km"]), maybe(row["minutes"]))
            for row in rows(estate.area_km)
            if text(row["mode"]) == mode
        }
        self._visits: dict[str, dict[str, dict[str, float]]] = {}
        self._trips: dict[tuple[str, str], float] = {}

    def extra_gbp(self, provision: Provision, to_site: str) -> float:
        """Return what the visitors of a provision pay more a year when it is at another site [GBP/year]."""
        service = provision.service_id
        if not self.facts.services[service].front_office:
            return 0.0
        if service not in self._visits:
            self._visits[service] = self._visits_of(service)
        here = [u for u in self.facts.by_service[service] if u.site_id == provision.site_id]
        total = sum(u.visits for u in here)
        share = provision.visits / total if total > 0 else 1 / len(here)
        extra = 0.0
        for area, visits in self._visits[service].get(provision.site_id, {}).items():
            away = self.trip_gbp(area, to_site)
            if math.isfinite(away):
                extra += visits * self._weight(area) * (away - self.trip_gbp(area, provision.site_id))
        return 2 * share * (1 - provision.digital_share) * extra

    def _weight(self, area: str) -> float:
        """Return what a pound of the residents of an area counts, by their income."""
        power = self.facts.assumptions["income_weight_power"]
        return math.pow(number(self.areas[area].get("income_of_median"), 1.0), -power)

    def _visits_of(self, service: str) -> dict[str, dict[str, float]]:
        """Return by site the visits from each area whose place it is today."""
        offered = sorted({u.site_id for u in self.facts.by_service[service]})
        offered = [site for site in offered if self.facts.sites[site].status in SERVING]
        lives: dict[str, list[str]] = defaultdict(list)
        for area in self.areas:
            ways = [(self.trip_gbp(area, site), site) for site in offered]
            least = min((way for way, _ in ways), default=math.inf)
            if math.isfinite(least):
                lives[next(site for way, site in ways if way <= least + ALIKE_GBP)].append(area)
        return {site: self._from(service, site, areas) for site, areas in lives.items()}

    def _from(self, service: str, site: str, areas: list[str]) -> dict[str, float]:
        if service in self.demand:
            return {area: self.demand[service].get(area, 0.0) for area in areas}
        people = {area: number(self.areas[area].get("population")) for area in areas}
        total = sum(people.values())
        known = sum(u.visits for u in self.facts.by_service[service] if u.site_id == site)
        return {area: known * count / total for area, count in people.items()} if total > 0 else {}

    def trip_gbp(self, area: str, site: str) -> float:
        """Return what one way costs [GBP]; infinite where the travel is not known."""
        key = (area, site)
        if key not in self._trips:
            self._trips[key] = self._trip(area, site)
        return self._trips[key]

    def _trip(self, area: str, site: str) -> float:
        a = self.facts.assumptions
        km, minutes = self.measured.get((area, site), (None, None))
        km = self._straight_km(area, site) if km is None else km
        if minutes is None and km is not None and self.mode in SPEEDS:
            minutes = km / a[SPEEDS[self.mode]] * 60
        cost = 0.0
        for amount, price in (
            (minutes, a["travel_time_gbp_per_hour"] / 60),
            (km, a["travel_distance_gbp_per_km"]),
        ):
            if price > 0:
                cost += math.inf if amount is None else amount * price
        return cost

    def _straight_km(self, area: str, site: str) -> float | None:
        place = self.facts.sites[site].place
        x, y = maybe(self.areas[area].get("easting")), maybe(self.areas[area].get("northing"))
        if place is None or x is None or y is None:
            return None
        return math.hypot(x - place[0], y - place[1]) * self.facts.assumptions["circuity"] / 1000
