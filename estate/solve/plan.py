"""Between the columns of a model and the plan that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.types import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.model.formulation import Model

EVENTS = ("hub", "close", "move", "merge", "online")


def rounded(model: Model, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round the events of a point and let every other column follow from them.

    Returns
    -------
    ndarray, shape (columns,)
        Events 0 or 1, leaving as the sum of its events; columns that cost nothing stay 0.
    """
    whole = np.zeros(model.problem.width)
    for family in EVENTS:
        columns = model.problem.blocks[family].columns
        whole[columns] = np.round(x[columns])
    leave = model.problem.blocks["leave"]
    table = np.full((len(model.inst.provisions), model.inst.horizon.decision_years), -1, dtype=np.int64)
    table[leave.keys["provision"], leave.keys["year"]] = leave.columns
    for family in ("move", "merge", "online"):
        block = model.problem.blocks[family]
        np.add.at(whole, table[block.keys["provision"], block.keys["year"]], whole[block.columns])
    return whole


def saving_of(model: Model, whole: NDArray[np.float64]) -> float:
    """Return the saving of a rounded point by the model's own coefficients [GBP]."""
    return float(model.problem.saving @ whole[: len(model.problem.saving)])


def _chosen(model: Model, family: str, whole: NDArray[np.float64]) -> pd.DataFrame:
    block = model.problem.blocks[family]
    return block.keys[whole[block.columns] > 0.5].reset_index(drop=True)


def read_plan(model: Model, whole: NDArray[np.float64]) -> Plan:
    """Turn a rounded point into a plan, rows sorted by id."""
    inst = model.inst
    site_id = inst.sites["site_id"].to_numpy()
    provision_id = inst.provisions["provision_id"].to_numpy()
    place_site = site_id[inst.places["site"].to_numpy(dtype=int)] if len(inst.places) else np.zeros(0, object)
    place_option = inst.places["option"].to_numpy()
    close, hub = _chosen(model, "close", whole), _chosen(model, "hub", whole)
    closures = pd.DataFrame(
        {
            "site_id": site_id[close["site"]],
            "year": close["year"],
            "exit_route": inst.routes["route"].to_numpy()[close["route"]],
        }
    )
    hubs = pd.DataFrame(
        {"site_id": place_site[hub["place"]], "option": place_option[hub["place"]], "year": hub["year"]}
    )
    move, merge, online = (_chosen(model, family, whole) for family in ("move", "merge", "online"))
    target_site = inst.provisions["site"].to_numpy()[merge["target"]]
    parts = [
        _moves(provision_id, move, "move", (place_site[move["place"]], place_option[move["place"]], "")),
        _moves(provision_id, merge, "merge", (site_id[target_site], "", provision_id[merge["target"]])),
        _moves(provision_id, online, "online", ("", "", "")),
    ]
    moves = pd.concat(parts, ignore_index=True)
    return Plan(
        closures.sort_values("site_id", ignore_index=True),
        hubs.sort_values("site_id", ignore_index=True),
        moves.sort_values("provision_id", ignore_index=True),
    )


def _moves(
    names: NDArray[np.object_], keys: pd.DataFrame, how: str, to: tuple[object, object, object]
) -> pd.DataFrame:
    n = len(keys)
    site, option, target = (np.broadcast_to(np.asarray(part, dtype=object), n) for part in to)
    return pd.DataFrame(
        {
            "provision_id": names[keys["provision"]],
            "how": np.full(n, how, dtype=object),
            "to_site_id": site,
            "to_option": option,
            "to_provision_id": target,
            "year": keys["year"].to_numpy(),
        }
    )
