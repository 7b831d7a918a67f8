"""Travel between areas and sites: given, or straight line x circuity."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.core.types import NetworkTravel

TRAVEL_COLUMNS = ("area_id", "site_id", "mode", "km", "minutes")
SPEED_OF_MODE: Mapping[str, str] = MappingProxyType(
    {
        "walk": "walk_speed_kmh",
        "cycle": "cycle_speed_kmh",
        "car": "car_speed_kmh",
        "public_transport": "public_transport_speed_kmh",
    }
)
_ROUNDING = 1e-9  # so that a place exactly on a threshold is never lost


def travel_needs(standards: pd.DataFrame, mode: str, farthest_km: float) -> pd.DataFrame:
    """Return for which modes and how far travel is needed: the standards, and a mode that is a cost.

    Parameters
    ----------
    standards : DataFrame
        Conformed.
    mode : str
        Mode by which residents' travel is a cost; blank where it is none.
    farthest_km : float
        How far that is measured [km].

    Returns
    -------
    DataFrame
        mode, metric, threshold [km or min].
    """
    columns = ["mode", "metric", "threshold"]
    if not mode:
        return standards
    row = pd.DataFrame({"mode": [mode], "metric": ["km"], "threshold": [farthest_km]})
    return pd.concat([standards[columns], row], ignore_index=True) if len(standards) else row


def travel_table(
    sites: pd.DataFrame,
    areas: pd.DataFrame,
    standards: pd.DataFrame,
    travel: pd.DataFrame,
    assumptions: Mapping[str, float],
    network: NetworkTravel | None = None,
) -> pd.DataFrame:
    """Return how far and how long it is from every area to the sites that its standards may need.

    A pair of ``travel`` is taken as it stands. What it leaves blank, and every other pair, is what
    was measured on the road network of the mode; between places that did not snap to it, and
    without a network, it is the straight line times ``circuity``, and time follows from the speed
    of the mode. Straight lines beyond the largest threshold that a standard sets on the mode are
    left out. The modes are those of the standards and of the network.

    Parameters
    ----------
    sites, areas : DataFrame
        Conformed, with easting and northing [m]; rows without a place are in reach of nothing
        unless ``travel`` names them.
    standards, travel : DataFrame
        Conformed tables; either may be empty.
    assumptions : mapping of str to float
        ``circuity`` [km/km] and the speeds [km/h].
    network : NetworkTravel, optional
        What was measured on a road network.

    Returns
    -------
    DataFrame
        area_id, site_id, mode, km [km], minutes [min], sorted by mode, area and site.
    """
    modes = sorted({*standards["mode"], *(network.farthest_km if network else ())})
    parts = [
        _mode_table(
            _Ends(sites, areas, assumptions),
            standards[standards["mode"] == mode],
            travel[travel["mode"] == mode],
            (mode, network),
        )
        for mode in modes
    ]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=_dtype(name)) for name in TRAVEL_COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _dtype(name: str) -> str:
    return "float64" if name in {"km", "minutes"} else "str"


@dataclass(frozen=True)
class _Ends:
    """Both ends of the ways, and what is assumed of them."""

    sites: pd.DataFrame
    areas: pd.DataFrame
    assumptions: Mapping[str, float]


def _mode_table(
    ends: _Ends,
    standards: pd.DataFrame,
    given: pd.DataFrame,
    how: tuple[str, NetworkTravel | None],
) -> pd.DataFrame:
    mode, network = how
    areas, sites, circuity = ends.areas, ends.sites, ends.assumptions["circuity"]
    speed = float(ends.assumptions.get(SPEED_OF_MODE.get(mode, ""), np.nan))
    threshold = standards["threshold"]  # one in minutes of a mode without a speed needs given rows
    reach = threshold.where(standards["metric"] == "km", threshold / 60 * speed).max()
    pairs = _straight_pairs(areas, sites, float(reach), circuity)
    if network is not None and mode in network.farthest_km:
        pairs = _over_the_network(pairs, network, mode)
    known = given["area_id"].isin(areas["area_id"]) & given["site_id"].isin(sites["site_id"])
    own = _completed(_with_measured(given[known], pairs), areas, sites, circuity)
    index = pd.MultiIndex.from_frame(pairs[["area_id", "site_id"]])
    taken = index.isin(pd.MultiIndex.from_frame(own[["area_id", "site_id"]]))
    both = pd.concat([own, pairs[~taken]], ignore_index=True) if len(own) else pairs
    both["mode"] = mode
    both["minutes"] = both["minutes"].fillna(both["km"] / speed * 60)
    table = both[list(TRAVEL_COLUMNS)].sort_values(["area_id", "site_id"], kind="stable")
    return table.reset_index(drop=True)


def _over_the_network(straight: pd.DataFrame, network: NetworkTravel, mode: str) -> pd.DataFrame:
    """Return the measured pairs, and straight lines for places that did not snap."""
    columns = ["area_id", "site_id", "km", "minutes"]
    on = network.snapping[(network.snapping["mode"] == mode) & network.snapping["snapped"]]
    joined = straight["area_id"].isin(on.loc[on["table"] == "areas", "id"]) & straight["site_id"].isin(
        on.loc[on["table"] == "sites", "id"]
    )
    measured = network.pairs.loc[network.pairs["mode"] == mode, columns]
    return pd.concat([measured, straight.loc[~joined, columns]], ignore_index=True)


def _with_measured(given: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Fill what a given pair leaves blank from the pairs measured otherwise."""
    keys = ["area_id", "site_id"]
    own = given[[*keys, "km", "minutes"]].merge(pairs, on=keys, how="left", suffixes=("", "_too"))
    blank = own["km"].isna()
    km = own["km"].where(~blank, own["km_too"])
    minutes = own["minutes"].fillna(own["minutes_too"])
    return own.assign(km=km, minutes=minutes)[[*keys, "km", "minutes"]]


def _straight_pairs(areas: pd.DataFrame, sites: pd.DataFrame, reach: float, circuity: float) -> pd.DataFrame:
    """Pairs within reach [km] by straight line x circuity."""
    a = areas[areas["easting"].notna() & areas["northing"].notna()]
    s = sites[sites["easting"].notna() & sites["northing"].notna()]
    columns = ["area_id", "site_id", "km", "minutes"]
    if a.empty or s.empty or np.isnan(reach):
        return pd.DataFrame({name: pd.Series(dtype=_dtype(name)) for name in columns})
    near = cKDTree(a[["easting", "northing"]].to_numpy()).sparse_distance_matrix(
        cKDTree(s[["easting", "northing"]].to_numpy()),
        reach * 1000 / circuity + _ROUNDING,
        output_type="ndarray",
    )
    return pd.DataFrame(
        {
            "area_id": a["area_id"].to_numpy()[near["i"]],
            "site_id": s["site_id"].to_numpy()[near["j"]],
            "km": near["v"] / 1000 * circuity,
            "minutes": np.nan,
        }
    )


def _completed(
    given: pd.DataFrame, areas: pd.DataFrame, sites: pd.DataFrame, circuity: float
) -> pd.DataFrame:
    """Given pairs, with a blank distance taken from the straight line."""
    place = ["easting", "northing"]
    a = areas.set_index("area_id")[place].reindex(given["area_id"]).to_numpy()
    s = sites.set_index("site_id")[place].reindex(given["site_id"]).to_numpy()
    straight = np.hypot(a[:, 0] - s[:, 0], a[:, 1] - s[:, 1]) / 1000 * circuity
    table = given[["area_id", "site_id", "km", "minutes"]].reset_index(drop=True)
    return table.assign(km=table["km"].fillna(pd.Series(straight, index=table.index)))
