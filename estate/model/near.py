"""Which provisions are near enough to which places and to one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from estate.model import hosting

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def filled(column: pd.Series, value: float | pd.Series) -> pd.Series:
    """Return a column of numbers with a value for its blanks."""
    return pd.to_numeric(column).astype(float).fillna(value)


def near(start: Floats, end: Floats, farthest: Floats) -> pd.DataFrame:
    """Return the pairs of places near enough: provision, place, metres in a straight line.

    A provision without a farthest way, and whatever has no place, is near nothing.
    """
    mobile = np.flatnonzero(np.isfinite(start[:, 0]) & np.isfinite(farthest))
    known = np.flatnonzero(np.isfinite(end[:, 0]))
    if not len(mobile) or not len(known):
        return pd.DataFrame({"provision": np.zeros(0, int), "place": np.zeros(0, int), "metres": np.zeros(0)})
    near = cKDTree(start[mobile]).sparse_distance_matrix(
        cKDTree(end[known]), farthest[mobile].max() + 1e-6, output_type="ndarray"
    )
    return pd.DataFrame({"provision": mobile[near["i"]], "place": known[near["j"]], "metres": near["v"]})


def pairs(inst: Mapping[str, Any], services: pd.DataFrame, reach_km: float) -> pd.DataFrame:
    """List the permitted moves by reach, permission, and whether the provision alone fits."""
    provisions, places, sites = inst["provisions"], inst["places"], inst["sites"]
    xy = sites[["x", "y"]].to_numpy()
    metres = 1000 / inst["assumptions"]["circuity"]
    limit = filled(services["move_reach_km"], reach_km).to_numpy()[provisions["service"]]
    # What goes online as a whole keeps no counter: it moves nowhere (docs/model.md 2).
    farthest = np.where(provisions["mobile"] & (provisions["digital"] < 1), limit * metres, np.nan)
    pairs = near(xy[provisions["site"]], xy[places["site"]], farthest)
    pairs["km"] = pairs.pop("metres") / metres
    u, j = pairs["provision"].to_numpy(), pairs["place"].to_numpy()
    keep = pairs["km"].to_numpy() <= limit[u] + 1e-9
    keep &= provisions["site"].to_numpy()[u] != places["site"].to_numpy()[j]
    keep &= hosting.permitted(places, services)[provisions["service"].to_numpy()[u], j]
    keep &= hosting.often_enough(provisions, places, services, (u, j))
    keep &= provisions["need"].to_numpy()[u] <= places["room"].to_numpy()[j] + 1e-6
    keep &= hosting.hours_needed(provisions, places, (u, j)) <= places["hours"].to_numpy()[j] + 1e-6
    kept: pd.DataFrame = pairs[keep].sort_values(["provision", "place"], ignore_index=True)
    return kept


def beside_target(sites: pd.DataFrame, provisions: pd.DataFrame, targets: Ints) -> Floats:
    """Return the room that can ever be free at the site of provisions that stay [m2]."""
    site = provisions["site"].to_numpy()[targets]
    whole = np.maximum(sites["nia"].fillna(0).to_numpy(), sites["own_room"].to_numpy())[site]
    return np.asarray(whole - provisions["room"].to_numpy()[targets])


def merges(inst: Mapping[str, Any], services: pd.DataFrame) -> pd.DataFrame:
    """List the permitted merges: same service (and partner), another existing site, in reach."""
    provisions, sites = inst["provisions"], inst["sites"]
    reach = filled(services["merge_reach_km"], 0.0).to_numpy()
    existing = (sites["status"] == "existing").to_numpy() & sites["counted"].to_numpy()
    known = np.isfinite(sites["x"].to_numpy())
    open_to = provisions[(existing & known)[provisions["site"]] & (reach[provisions["service"]] > 0)]
    frame = open_to.reset_index(names="number")[["number", "site", "service", "partner", "mobile", "digital"]]
    alike = ["service"] if inst["across"] else ["service", "partner"]
    leaving = frame[frame["mobile"] & (frame["digital"] < 1)]
    joined = leaving.merge(frame, on=alike, suffixes=("", "_to"))
    xy = sites[["x", "y"]].to_numpy()
    metres = np.hypot(*(xy[joined["site"]] - xy[joined["site_to"]]).T)
    km = metres * inst["assumptions"]["circuity"] / 1000
    keep = (km <= reach[joined["service"]] + 1e-9) & (joined["site"] != joined["site_to"]).to_numpy()
    need = provisions["merge_need"].to_numpy()[joined["number"]]
    keep &= need <= beside_target(sites, provisions, joined["number_to"].to_numpy()) + 1e-6
    pairs = joined.loc[keep, ["number", "number_to"]].set_axis(["provision", "target"], axis=1)
    listed: pd.DataFrame = pairs.sort_values(["provision", "target"], ignore_index=True)
    return listed
