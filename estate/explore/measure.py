"""What a saving can be traded against, as sums over the columns of the model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.model.cash import RUNNING, SPEND
from estate.model.visitors import extra_travel

if TYPE_CHECKING:
    from estate.model.formulation import Model
    from estate.model.instance import Instance

Floats = NDArray[np.float64]

MEASURES = {
    "closures": ("Closures", "sites"),
    "capital": ("Capital spent in the decision years", "GBP"),
    "carbon": ("Change of emissions once all is done", "tCO2e a year"),
    "access": ("Farther travel of residents", "km a year"),
}
"""Names with what they measure and the unit; less of each is better."""


def measure(model: Model, name: str) -> Floats:
    """Return what each column adds to a measure, shape (columns,).

    ``closures`` counts sites that close; ``capital`` is the spend of docs/model.md section 6, all
    purses and decision years, receipts aside [GBP]; ``access`` is how much farther residents travel
    in a year once all is done, there and back, each following the provision that it visits
    (docs/model.md section 8), every resident once a year where no visits are known; where no areas
    are given it is visits times how far services move [km];
    ``carbon`` is what hubs emit a year less what sites that close emit today [tCO2e], from energy
    used (docs/model.md section 10).
    """
    blocks, inst = model.problem.blocks, model.inst
    total = np.zeros(model.problem.width)
    if name == "closures":
        total[blocks["close"].columns] = 1.0
    elif name == "carbon":
        tonnes = inst.assumptions["carbon_kg_per_kwh"] / 1000
        close, hub = blocks["close"], blocks["hub"]
        energy = np.where(inst.sites["counted"], inst.sites["energy"], 0.0)
        total[close.columns] = -tonnes * energy[close.keys["site"]]
        total[hub.columns] = tonnes * inst.places["energy"].to_numpy(dtype=float)[hub.keys["place"]]
    elif name == "capital":
        flows = model.cash.financial
        flows = flows.select((flows.group == SPEND) & (flows.start < inst.horizon.decision_years))
        total += np.bincount(flows.column, weights=-flows.amount, minlength=len(total))
    else:
        extra = _farther(inst)
        home, place = inst.provisions["site"].to_numpy(), inst.places["site"].to_numpy(dtype=int)
        move, merge = blocks["move"], blocks["merge"]
        for block, at in ((move, place[move.keys["place"]]), (merge, home[merge.keys["target"]])):
            total[block.columns] = extra[block.keys["provision"], at]
    return total


def _farther(inst: Instance) -> Floats:
    """Return how much farther visitors of a provision travel when it is at another site [km/year].

    Returns
    -------
    ndarray, shape (provisions, sites)
    """
    who, visits = inst.provisions["site"].to_numpy(), inst.provisions["visits"].to_numpy()
    areas = inst.tables["areas"]
    if len(areas):
        prices = {"travel_time_gbp_per_hour": 0.0, "travel_distance_gbp_per_km": 1.0}
        asked = replace(inst, assumptions={**inst.assumptions, **prices})
        if inst.tables["demand"].empty and not (visits > 0).any():
            once = areas[["area_id", "population"]].set_axis(["area_id", "visits_per_year"], axis=1)
            demand = once.merge(pd.DataFrame({"service_id": inst.services}), how="cross")
            asked = replace(asked, tables={**inst.tables, "demand": demand})
        return extra_travel(asked)
    sites = np.arange(len(inst.sites))
    km = inst.km(np.repeat(who, len(sites)), np.tile(sites, len(who))).reshape(len(who), len(sites))
    return np.where(np.isfinite(km), km, 0.0) * np.where(visits > 0, visits, 0.0)[:, None]


def running_saving(model: Model, t: int) -> Floats:
    """Return what each column saves of running cost in year t, financial view, cashable [GBP]."""
    flows = model.cash.financial
    now = flows.select((flows.group == RUNNING) & (flows.start <= t) & (t < flows.stop))
    return np.bincount(now.column, weights=now.amount, minlength=model.problem.width).astype(np.float64)
