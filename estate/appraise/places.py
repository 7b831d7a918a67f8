"""Where services are offered, year by year, and how far residents are from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import number, text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate, Plan

SERVING = ("existing", "host", "outside")
SPEEDS = {
    "walk": "walk_speed_kmh",
    "cycle": "cycle_speed_kmh",
    "car": "car_speed_kmh",
    "public_transport": "public_transport_speed_kmh",
}
TOLERANCE = 1e-9
"""A travel that equals the threshold but for rounding is within it."""


@dataclass(frozen=True)
class Places:
    """Where services are offered, and how far areas are from there.

    Attributes
    ----------
    area_ids, site_ids, services : ndarray
        Axes of the arrays.
    bau, plan : ndarray, shape (services, sites, years)
        Whether a service is offered in BAU, and with the plan, by year.
    outside : ndarray, shape (sites,)
        Sites that are run by others and only serve.
    straight_km : ndarray, shape (areas, sites)
        Straight line x circuity [km]; NaN where a place is not known.
    """

    area_ids: NDArray[np.object_]
    site_ids: NDArray[np.object_]
    services: NDArray[np.object_]
    bau: NDArray[np.bool_]
    plan: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    straight_km: Matrix


@dataclass(frozen=True)
class Travel:
    """Distances [km] and times [min] of one mode, shape (areas, sites), infinite where unknown.

    `known` marks the pairs that the travel table gives; the others are computed in a straight
    line and never count as within a standard.
    """

    km: Matrix
    minutes: Matrix
    known: NDArray[np.bool_]


def shown_years(config: Config, plan: Plan) -> list[int]:
    """Return year 0, each year in which something changes, and the last decision year."""
    changed = pd.concat([frame["year"] for frame in (plan.closures, plan.hubs, plan.moves)])
    last = config.horizon.appraisal_years - 1
    years = {0, config.horizon.decision_years - 1, *(int(year) for year in changed)}
    return sorted(year for year in years if 0 <= year <= last)


def read_places(estate: Estate, plan: Plan, years: list[int]) -> Places:
    """Read where each service is offered in each year, in both cases."""
    sites, areas = estate.tables["sites"], estate.tables["areas"]
    site_ids, area_ids = text(sites["site_id"]), text(areas["area_id"])
    rows = estate.tables["provisions"]
    offers = pd.DataFrame({name: text(rows[name]) for name in ("provision_id", "site_id", "service_id")})
    services = np.array(sorted(set(offers["service_id"])), dtype=object)
    moves = plan.moves
    went = pd.DataFrame({name: text(moves[name]) for name in ("provision_id", "how", "to_site_id")})
    went["leaves_t"] = number(moves["year"])
    offers = offers.merge(went, on="provision_id", how="left")
    leaves = number(offers["leaves_t"], np.inf)[:, None]
    row = pd.Index(services).get_indexer(pd.Index(offers["service_id"]))
    here = pd.Index(site_ids).get_indexer(pd.Index(offers["site_id"]))
    there = pd.Index(site_ids).get_indexer(pd.Index(text(offers["to_site_id"])))
    t = np.array(years)
    shape = (len(services), len(site_ids), len(years))
    bau, after = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    np.logical_or.at(bau, (row, here), True)
    np.logical_or.at(after, (row, here), t < leaves)
    serves = np.isin(text(sites["status"]), SERVING)[None, :, None]
    moved = (offers["how"] == "move").to_numpy(dtype=bool) & (there >= 0)
    arrived = np.zeros(shape, dtype=bool)
    np.logical_or.at(arrived, (row[moved], there[moved]), (t >= leaves)[moved])
    outside = text(sites["status"]) == "outside"
    plan_offers = (after & serves) | arrived
    return Places(area_ids, site_ids, services, bau & serves, plan_offers, outside, _straight_km(estate))


def _straight_km(estate: Estate) -> Matrix:
    """Return straight line x circuity between areas and sites [km], NaN where a place is unknown."""
    sites, areas = estate.tables["sites"], estate.tables["areas"]
    gap = [
        number(areas[axis], np.nan)[:, None] - number(sites[axis], np.nan)[None, :]
        for axis in ("easting", "northing")
    ]
    return np.asarray(np.hypot(*gap) / 1000.0 * estate.assumptions["circuity"])


def read_travel(estate: Estate, places: Places, mode: str) -> Travel:
    """Read the travel table of a mode, with straight lines where it is silent."""
    rows = estate.area_km
    shape = places.straight_km.shape
    km, minutes = np.full(shape, np.nan), np.full(shape, np.nan)
    if len(rows):
        rows = rows[text(rows["mode"]) == mode]
        area = pd.Index(places.area_ids).get_indexer(pd.Index(text(rows["area_id"])))
        site = pd.Index(places.site_ids).get_indexer(pd.Index(text(rows["site_id"])))
        found = (area >= 0) & (site >= 0)
        km[area[found], site[found]] = number(rows["km"], np.nan)[found]
        minutes[area[found], site[found]] = number(rows["minutes"], np.nan)[found]
    known = ~np.isnan(km) | ~np.isnan(minutes)
    km = np.where(np.isnan(km), _beyond(estate, places, mode), km)
    speed = estate.assumptions[SPEEDS[mode]] if mode in SPEEDS else np.nan
    minutes = np.where(np.isnan(minutes), km / speed * 60.0, minutes)
    return Travel(np.where(np.isnan(km), np.inf, km), np.where(np.isnan(minutes), np.inf, minutes), known)


def _beyond(estate: Estate, places: Places, mode: str) -> Matrix:
    """Return the straight lines [km]; no pair that a network was searched for is nearer than searched."""
    network = estate.network
    if network is None or mode not in network.farthest_km:
        return places.straight_km
    on = network.snapping[(network.snapping["mode"] == mode) & network.snapping["snapped"]]
    ids = {name: on.loc[on["table"] == name, "id"] for name in ("areas", "sites")}
    joined = np.isin(places.area_ids, ids["areas"])[:, None] & np.isin(places.site_ids, ids["sites"])[None, :]
    searched = network.farthest_km[mode]
    return np.where(joined, np.maximum(places.straight_km, searched), places.straight_km)


def nearest(measure: Matrix, known: NDArray[np.bool_], open_sites: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the column of the nearest open site of each area, -1 where there is none.

    Sites that the travel table gives come before those known by a straight line alone.
    """
    best = np.full(len(measure), -1, dtype=np.int64)
    columns = np.flatnonzero(open_sites)
    if len(columns) == 0:
        return best
    for usable in (np.ones_like(known), known):
        reach = np.where(usable[:, columns], measure[:, columns], np.inf)
        found = np.isfinite(reach).any(axis=1)
        best[found] = columns[reach[found].argmin(axis=1)]
    return best


def travels(estate: Estate, places: Places) -> dict[str, Travel]:
    """Read travel by every mode that a standard names."""
    modes = dict.fromkeys(text(estate.tables["standards"]["mode"]))
    return {mode: read_travel(estate, places, mode) for mode in modes}


def open_sites(
    places: Places, service_id: str, state: tuple[str, int], *, outside: bool = True
) -> NDArray[np.bool_]:
    """Return which sites offer a service in a case and year."""
    case, index = state
    row = np.flatnonzero(places.services == service_id)
    if len(row) == 0:
        return np.zeros(len(places.site_ids), dtype=bool)
    offered = (places.bau if case == "bau" else places.plan)[row[0], :, index]
    return offered if outside else offered & ~places.outside
