"""What it costs residents when the provision that they visit goes elsewhere (docs/model.md 8).

Visitors follow their provision: each area visits the place of a service that is cheapest for it to
reach today, and goes on to wherever that place's provision moves or merges to. The cost is then one
number for every pair of a provision and a site, and no columns are added to the model; nobody is
counted at a place whose room is full, because the provision takes its room along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.core.travel import SPEED_OF_MODE

if TYPE_CHECKING:
    from estate.model.instance import Instance

Floats = NDArray[np.float64]
SERVES = ("existing", "host", "outside")
ALIKE_GBP = 1e-9  # places that differ by less are the same to residents: the first by id is taken


def extra_travel(inst: Instance, *, weighted: bool = False) -> Floats:
    """Return what residents pay more for travel when a provision is at another site [GBP/year].

    With nought a minute and 1 a kilometre it is how far they travel more [km/year]. Weighted, a
    pound of residents counts by their income.

    Returns
    -------
    ndarray, shape (provisions, sites)
        Negative where they would travel less; all 0 where there are no areas.
    """
    who = inst.provisions
    extra = np.zeros((len(who), len(inst.sites)))
    areas = inst.tables["areas"].sort_values("area_id", ignore_index=True)
    if areas.empty:
        return extra
    trip = _trip_gbp(inst, areas)
    known = np.isfinite(trip)
    front = inst.tables["services"].set_index("service_id")["front_office"].reindex(list(inst.services))
    serves = inst.sites["status"].isin(SERVES).to_numpy()[who["site"]]
    for service in np.flatnonzero(front.fillna(value=True).astype(bool)):
        of = who[(who["service"] == service).to_numpy() & serves]
        sites = np.unique(of["site"])
        if not len(sites):
            continue
        visits, cost = _visitors(inst, areas, trip[:, sites], of)
        visits = visits * income_weights(inst, areas) if weighted else visits
        away = visits @ np.where(known, trip, 0.0) - (visits * np.where(visits > 0, cost, 0.0)) @ known
        share = share_of_site(of) * (1 - of["digital"].to_numpy())
        extra[of.index] = 2 * share[:, None] * away[np.searchsorted(sites, of["site"])]
    return extra


def income_weights(inst: Instance, areas: pd.DataFrame) -> Floats:
    """Return what a pound of each area's residents counts: (median / their income) to a power."""
    income = areas["income_of_median"].astype(float).fillna(1.0).to_numpy()
    return np.asarray((1.0 / income) ** inst.assumptions["income_weight_power"])


def _trip_gbp(inst: Instance, areas: pd.DataFrame) -> Floats:
    """Return what one way costs from every area to every site [GBP]; infinite where not known."""
    a, mode = inst.assumptions, inst.resident_mode
    at, to = areas[["easting", "northing"]].to_numpy(dtype=float), inst.sites[["x", "y"]].to_numpy()
    km = np.hypot(*(at[:, None, :] - to[None, :, :]).transpose(2, 0, 1)) * a["circuity"] / 1000
    minutes = km / a.get(SPEED_OF_MODE.get(mode, ""), np.nan) * 60
    table = inst.area_km
    table = table[table["mode"] == mode] if len(table) else table
    if len(table):
        area = pd.Index(areas["area_id"]).get_indexer(table["area_id"])
        site = pd.Index(inst.sites["site_id"]).get_indexer(table["site_id"])
        both = (area >= 0) & (site >= 0)
        km[area[both], site[both]] = table["km"].to_numpy(dtype=float)[both]
        minutes[area[both], site[both]] = table["minutes"].to_numpy(dtype=float)[both]
    cost = _priced(minutes / 60, a["travel_time_gbp_per_hour"]) + _priced(km, a["travel_distance_gbp_per_km"])
    return np.where(np.isfinite(cost), cost, np.inf)


def _priced(amount: Floats, price: float) -> Floats:
    """Return amount x price; what has no price need not be known."""
    return amount * price if price > 0 else np.zeros_like(amount)


def _visitors(inst: Instance, areas: pd.DataFrame, trip: Floats, of: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the visits from each area to each site today [1/year], and what a way costs there [GBP].

    Returns
    -------
    ndarray, shape (sites, areas), twice
    """
    least = trip.min(axis=1)
    home = (trip <= least[:, None] + ALIKE_GBP).argmax(axis=1)
    lives = (np.arange(trip.shape[1])[:, None] == home) & np.isfinite(least)
    name = inst.services[int(of["service"].iloc[0])]
    rows = inst.tables["demand"]
    rows = rows[rows["service_id"] == name]
    if len(rows):
        asked = rows.groupby("area_id")["visits_per_year"].sum()
        visits = areas["area_id"].map(asked).fillna(0.0).to_numpy(dtype=float) * lives
    else:
        people = areas["population"].fillna(0.0).to_numpy(dtype=float) * lives
        total = people.sum(axis=1, keepdims=True)
        known = of.groupby("site")["visits"].sum().to_numpy()
        visits = np.divide(people, total, out=np.zeros_like(people), where=total > 0) * known[:, None]
    return visits, trip.T


def share_of_site(of: pd.DataFrame) -> Floats:
    """Return which part of its site's visits to the service each provision has."""
    total = of.groupby("site")["visits"].transform("sum").to_numpy()
    count = of.groupby("site")["visits"].transform("size").to_numpy()
    return np.where(total > 0, of["visits"].to_numpy() / np.where(total > 0, total, 1.0), 1 / count)
