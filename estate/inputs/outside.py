"""How many residents are nearer to a place outside than to one of the estate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from estate.core.types import Estate


def nearest_share_outside(estate: Estate, service_id: str) -> float:
    """Return the share of residents whose nearest place with the service lies outside the estate's area.

    Straight line from the area's centroid to every site with a provision of the service;
    of two at one distance the one inside counts. Nan where nothing can be said.

    Parameters
    ----------
    estate : Estate
        Estate with sites, provisions and areas.
    service_id : str
        Service, for example ``benefits`` for jobcentres.

    Returns
    -------
    float
        Share of residents, 0 to 1.
    """
    sites, provisions, areas = estate.tables["sites"], estate.tables["provisions"], estate.tables["areas"]
    offering = set(provisions.loc[provisions["service_id"] == service_id, "site_id"])
    return share_outside(sites[sites["site_id"].isin(offering)], areas)


def share_outside(places: pd.DataFrame, areas: pd.DataFrame) -> float:
    """Return the share of residents nearer to a place of status outside than to any other, nan if unknown."""
    from scipy.spatial import cKDTree

    placed = places.dropna(subset=["easting", "northing"])
    outside = placed["status"] == "outside"
    known = areas.dropna(subset=["easting", "northing"])
    if placed.empty or known["population"].sum() <= 0:
        return float("nan")
    points = known[["easting", "northing"]].to_numpy(dtype=float)
    distance = [
        cKDTree(group[["easting", "northing"]].to_numpy(dtype=float)).query(points)[0]
        if len(group)
        else np.full(len(points), np.inf)
        for group in (placed[outside], placed[~outside])
    ]
    people = known["population"].to_numpy(dtype=float)
    return float(people[distance[0] < distance[1]].sum() / people.sum())
