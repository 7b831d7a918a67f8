"""Who lives within reach of what: the standards of section 5, from the raw tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.core.words import offer_words
from estate.verify.cells import maybe, number, rows, text
from estate.verify.offers import Asks, standing
from estate.verify.tolerance import SHARE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estate.core.types import Estate
    from estate.verify.facts import Facts
    from estate.verify.offers import Offer

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counted = frozenset[tuple[str, str]]
SERVING = frozenset({"existing", "host", "outside"})
ALIKE = 1e-9  # km or minutes

GROUP_WORDS = {
    "all": "residents",
    "most_deprived": "residents of the most deprived areas",
    "over65": "residents aged 65 and over",
    "no_car": "residents without a car",
    "disabled": "disabled residents",
    "urban": "urban residents",
    "rural": "rural residents",
    "deprived_urban": "residents of deprived urban areas",
}
GROUP_COLUMNS = {"over65": "over65_share", "no_car": "no_car_share", "disabled": "disabled_share"}
SPEEDS = {
    "walk": "walk_speed_kmh",
    "cycle": "cycle_speed_kmh",
    "car": "car_speed_kmh",
    "public_transport": "public_transport_speed_kmh",
}


@dataclass(frozen=True)
class Part:
    """One part of the residents over which a standard is held: all, a zone or an area."""

    name: str
    members: NDArray[np.int64]
    weights: Floats
    required: float


@dataclass(frozen=True)
class Shortfall:
    """A part of the residents of whom too few are served."""

    part: str
    served: float
    required: float


@dataclass(frozen=True)
class Standard:
    """A standard with who is within its threshold of every site."""

    standard_id: str
    service_id: str
    words: str
    travel: str
    geography: str
    reach: Mapping[str, Mask]
    parts: tuple[Part, ...]
    areas: int
    asks: Asks = field(default_factory=Asks)
    offer: str = ""
    visitors: Mapping[str, Floats] = field(default_factory=dict)

    def counted(self, offers: Iterable[Offer]) -> Counted:
        """Return where the service counts: whose residents, blank for everybody, at which site."""
        whose = self.asks.with_room
        met = [offer for offer in offers if self.asks.met_by(offer)]
        return frozenset((offer.provision_id if whose else "", offer.site_id) for offer in met)

    def served(self, counted: Counted) -> Floats:
        """Return which part of each area is served when the service counts there."""
        served = np.zeros(self.areas)
        for provision_id, site in counted:
            near = self.reach.get(site)
            if near is not None and provision_id:
                served += near * self.visitors[provision_id]
            elif near is not None:
                served = np.maximum(served, near)
        return served

    def shares(self, counted: Counted) -> list[tuple[str, float, float]]:
        """Return each part with the share that is served, and that required."""
        served = self.served(counted)
        return [(part.name, _share(served, part.members, part.weights), part.required) for part in self.parts]

    def shortfalls(self, counted: Counted) -> list[Shortfall]:
        """Return the parts that are served less than required."""
        return [Shortfall(*part) for part in self.shares(counted) if part[1] < part[2] - SHARE]


def _share(served: Floats, members: NDArray[np.int64], weights: Floats) -> float:
    return float((weights * served[members]).sum() / weights.sum())


class Residents:
    """The standards of an estate, ready to be asked about many plans."""

    def __init__(self, estate: Estate, facts: Facts) -> None:
        areas = rows(estate.tables.get("areas"))
        self.standards: tuple[Standard, ...] = ()
        self._remembered: dict[tuple[int, Counted], list[Shortfall]] = {}
        if not areas:
            return
        travel = _travel(estate)
        number_of = {text(area["area_id"]): i for i, area in enumerate(areas)}
        self.standards = tuple(
            _standard(row, areas, (travel, number_of), facts) for row in rows(estate.tables.get("standards"))
        )

    def shortfalls(self, k: int, counted: Counted) -> list[Shortfall]:
        """Return where standard k falls short when its service counts there."""
        key = (k, counted)
        if key not in self._remembered:
            self._remembered[key] = self.standards[k].shortfalls(counted)
        return self._remembered[key]


def _travel(estate: Estate) -> pd.DataFrame:
    """Return travel by area and site: as measured for the run, else straight line x circuity."""
    if not estate.area_km.empty:
        return estate.area_km
    areas, sites = estate.tables["areas"], estate.tables["sites"]
    pairs = areas[["area_id", "easting", "northing"]].merge(
        sites[["site_id", "easting", "northing"]], how="cross", suffixes=("_area", "_site")
    )
    across = pairs["easting_area"].astype(float) - pairs["easting_site"].astype(float)
    along = pairs["northing_area"].astype(float) - pairs["northing_site"].astype(float)
    km = np.hypot(across, along) * estate.assumptions["circuity"] / 1000
    modes = dict.fromkeys(text(row.get("mode")) or "walk" for row in rows(estate.tables.get("standards")))
    frames = [
        pd.DataFrame(
            {
                "area_id": pairs["area_id"],
                "site_id": pairs["site_id"],
                "mode": mode,
                "km": km,
                "minutes": km / estate.assumptions[SPEEDS[mode]] * 60 if mode in SPEEDS else np.nan,
            }
        )
        for mode in modes
    ]
    return pd.concat(frames, ignore_index=True) if frames else estate.area_km


def _reach(row: Mapping[str, object], travel: pd.DataFrame, number_of: Mapping[str, int]) -> dict[str, Mask]:
    """Return, for every site, which areas are within the threshold of a standard."""
    mode, metric = text(row.get("mode")) or "walk", text(row.get("metric")) or "km"
    if travel.empty:
        return {}
    measured = pd.to_numeric(travel[metric]).astype(float)
    near = travel[(travel["mode"].astype(str) == mode) & (measured <= number(row["threshold"]) + 1e-9)]
    reach: dict[str, Mask] = {}
    for area, site in zip(
        near["area_id"].astype(str).tolist(), near["site_id"].astype(str).tolist(), strict=True
    ):
        if area in number_of:
            reach.setdefault(site, np.zeros(len(number_of), dtype=bool))[number_of[area]] = True
    return reach


def _weights(group: str, areas: list[dict[str, object]], assumptions: Mapping[str, float]) -> Floats:
    """Return how many residents of the group live in every area."""
    people = np.array([number(area.get("population")) for area in areas])
    if group == "all":
        return people
    if group == "most_deprived":
        deciles = [maybe(area.get("imd_decile")) for area in areas]
        shares = np.array([float(decile is not None and decile <= 2) for decile in deciles])
    elif group in GROUP_COLUMNS:
        shares = np.array([number(area.get(GROUP_COLUMNS[group])) for area in areas])
    else:
        deprived = assumptions["deprived_urban_share"]
        shares = np.array([float(_lives_so(group, area, deprived)) for area in areas])
    return np.asarray(people * shares, dtype=float)


def _lives_so(group: str, area: Mapping[str, object], deprived: float) -> bool:
    """Tell whether an area is rural, urban, or urban and deprived; what is unknown is neither."""
    rurality = text(area.get("rurality"))
    if group != "deprived_urban":
        return rurality == group
    rank, decile = maybe(area.get("imd_rank_share")), maybe(area.get("imd_decile"))
    if rank is None:
        rank = 1.0 if decile is None else decile / 10
    return rurality == "urban" and rank <= deprived


def _parts(
    geography: str, areas: list[dict[str, object]], weights: Floats
) -> list[tuple[str, NDArray[np.int64]]]:
    """Return the parts of the residents over which a standard is held; those without weight are left out."""
    if geography == "area":
        named = [(text(area["area_id"]), np.array([i])) for i, area in enumerate(areas)]
    elif geography in ("zone", "postcode_district"):
        zones = np.array([text(area.get(geography)) for area in areas])
        named = [(zone, np.flatnonzero(zones == zone)) for zone in dict.fromkeys(zones.tolist())]
    else:
        named = [("", np.arange(len(areas)))]
    return [(name, members) for name, members in named if weights[members].sum() > 0]


def _visitors(
    row: Mapping[str, object],
    areas: list[dict[str, object]],
    travel: tuple[pd.DataFrame, Mapping[str, int]],
    facts: Facts,
) -> dict[str, Floats]:
    """Return which part of every area is of each provision today: of those at the nearest place."""
    provisions = facts.by_service.get(text(row["service_id"]), [])
    sites = sorted({u.site_id for u in provisions if facts.sites[u.site_id].status in SERVING})
    ways = {site: [_straight(row, area, facts, site) for area in areas] for site in sites}
    table, number_of = travel
    metric = text(row.get("metric")) or "km"
    table = table[table["mode"].astype(str) == (text(row.get("mode")) or "walk")]
    for found in rows(table):
        area, site, way = text(found["area_id"]), text(found["site_id"]), maybe(found[metric])
        if site in ways and area in number_of and way is not None:
            ways[site][number_of[area]] = way
    parts = {u.provision_id: np.zeros(len(areas)) for u in provisions}
    for i in range(len(areas)):
        least = min((ways[site][i] for site in sites), default=math.inf)
        if math.isfinite(least):
            home = next(site for site in sites if ways[site][i] <= least + ALIKE)
            here = [u for u in provisions if u.site_id == home]
            total = sum(u.visits for u in here)
            for u in here:
                parts[u.provision_id][i] = u.visits / total if total > 0 else 1 / len(here)
    return parts


def _straight(row: Mapping[str, object], area: Mapping[str, object], facts: Facts, site: str) -> float:
    """Return straight line x circuity [km], or the minutes that takes; infinite where not known."""
    place, mode = facts.sites[site].place, text(row.get("mode")) or "walk"
    x, y = maybe(area.get("easting")), maybe(area.get("northing"))
    if place is None or x is None or y is None:
        return math.inf
    km = math.hypot(x - place[0], y - place[1]) * facts.assumptions["circuity"] / 1000
    if (text(row.get("metric")) or "km") == "km":
        return km
    return km / facts.assumptions[SPEEDS[mode]] * 60 if mode in SPEEDS else math.inf


def _standard(
    row: Mapping[str, object],
    areas: list[dict[str, object]],
    travel: tuple[pd.DataFrame, Mapping[str, int]],
    facts: Facts,
) -> Standard:
    group, geography = text(row.get("group")) or "all", text(row.get("geography")) or "overall"
    service = text(row["service_id"])
    weights = _weights(group, areas, facts.assumptions)
    basis, share = text(row.get("basis")) or "target_or_today", number(row.get("share"), 1.0)
    unit = "km" if (text(row.get("metric")) or "km") == "km" else "minutes"
    asks = Asks.of(row)
    plain = Standard(
        standard_id=text(row["standard_id"]),
        service_id=service,
        words=GROUP_WORDS[group],
        travel=f"{number(row['threshold']):g} {unit} ({text(row.get('mode')) or 'walk'})",
        geography=geography,
        reach=_reach(row, *travel),
        parts=(),
        areas=len(areas),
        asks=asks,
        offer=offer_words(row),
        visitors=_visitors(row, areas, travel, facts) if asks.with_room else {},
    )
    today = plain.served(plain.counted(standing(facts, u) for u in facts.by_service.get(service, ())))
    parts = []
    for name, members in _parts(geography, areas, weights):
        target = float(share > 0) if geography == "area" else share
        now = _share(today, members, weights[members])
        required = {"target": target, "no_worse": now, "target_or_today": min(target, now)}[basis]
        accepted = max(0.0, required - number(row.get("allowance_share")))
        parts.append(Part(name, members, weights[members], accepted))
    return Standard(**{**plain.__dict__, "parts": tuple(parts)})
