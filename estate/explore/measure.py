"""What a saving can be traded against, as sums over the columns of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.model.cash import RUNNING, SPEND

if TYPE_CHECKING:
    from estate.model.formulation import Model

Floats = NDArray[np.float64]

MEASURES = {
    "closures": ("Closures", "sites"),
    "capital": ("Capital spent in the decision years", "GBP"),
    "carbon": ("Change of emissions once all is done", "tCO2e a year"),
    "access": ("How far visitors' services move", "visitor km a year"),
}
"""Names with what they measure and the unit; less of each is better."""


def measure(model: Model, name: str) -> Floats:
    """Return what each column adds to a measure, shape (columns,).

    ``closures`` counts sites that close; ``capital`` is the spend of docs/model.md section 6, all
    purses and decision years, receipts aside [GBP]; ``access`` is visits a year times the distance
    by which the service moves, one way, by moves and merges [km]; ``carbon`` is what hubs emit a
    year less what sites that close emit today [tCO2e], from energy used (docs/model.md section 10).
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
        home = inst.provisions["site"].to_numpy()
        place = inst.places["site"].to_numpy(dtype=int)
        move, merge = blocks["move"], blocks["merge"]
        for block, at in ((move, place[move.keys["place"]]), (merge, home[merge.keys["target"]])):
            who = block.keys["provision"].to_numpy()
            visits = inst.provisions["visits"].to_numpy()[who]
            km = inst.km(home[who], at) if len(who) else np.zeros(0)
            total[block.columns] = np.where(visits > 0, visits * km, 0.0)
    return total


def running_saving(model: Model, t: int) -> Floats:
    """Return what each column saves of running cost in year t, financial view, cashable [GBP]."""
    flows = model.cash.financial
    now = flows.select((flows.group == RUNNING) & (flows.start <= t) & (t < flows.stop))
    return np.bincount(now.column, weights=now.amount, minlength=model.problem.width).astype(np.float64)
