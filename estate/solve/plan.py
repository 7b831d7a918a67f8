"""Between the columns of a model and the plan that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.errors import Issue, VerificationError
from estate.core.types import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.model.formulation import Model

KEYS = {
    "hub": ("place", "year"),
    "close": ("site", "route", "year"),
    "move": ("provision", "place", "year"),
    "merge": ("provision", "target", "year"),
    "online": ("provision", "year"),
}
EVENTS = tuple(KEYS)


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


def point_of(model: Model, plan: Plan) -> NDArray[np.float64]:
    """Turn a plan into a point: what `read_plan` would read it from.

    Raises
    ------
    VerificationError
        If the plan does something for which the model has no column.
    """
    found = columns_of(model, plan)
    lost = {family: int((columns < 0).sum()) for family, columns in found.items()}
    remedy = "run the plan anew"
    issues = [
        Issue("plan", None, family, f"{count} events", "are not in the model", remedy)
        for family, count in lost.items()
        if count
    ]
    if issues:
        raise VerificationError("The plan does what its own inputs do not allow:", issues)
    x = np.zeros(model.problem.width)
    x[np.concatenate(list(found.values()))] = 1.0
    return rounded(model, x)


def columns_of(model: Model, plan: Plan) -> dict[str, NDArray[np.int64]]:
    """Return the column of every event of a plan by family, -1 where the model has none."""
    found = {}
    for family, wanted in _keys_of(model, plan).items():
        block = model.problem.blocks[family]
        known = pd.MultiIndex.from_frame(block.keys[list(KEYS[family])].astype(np.int64))
        at = known.get_indexer(pd.MultiIndex.from_arrays(wanted, names=KEYS[family]))
        columns = np.append(block.columns, -1)  # the last one stands for what is not known
        found[family] = columns[at].astype(np.int64)
    return found


def _keys_of(model: Model, plan: Plan) -> dict[str, list[NDArray[np.int64]]]:
    """Return the keys of the columns of every event of a plan; -1 for what the model does not know."""
    inst, moves = model.inst, plan.moves
    sites, provisions = pd.Index(inst.sites["site_id"]), pd.Index(inst.provisions["provision_id"])
    places = pd.MultiIndex.from_arrays([inst.places["site"].astype(int), inst.places["option"].astype(str)])
    routes = pd.MultiIndex.from_arrays([inst.routes["site"].astype(int), inst.routes["route"].astype(str)])

    def year(rows: pd.DataFrame) -> NDArray[np.int64]:
        return rows["year"].to_numpy(dtype=np.int64)

    def pair(index: pd.MultiIndex, rows: pd.DataFrame, site: str, second: str) -> NDArray[np.int64]:
        both = [sites.get_indexer(pd.Index(rows[site])), rows[second].astype(str)]
        return np.asarray(index.get_indexer(pd.MultiIndex.from_arrays(both)), dtype=np.int64)

    def who(rows: pd.DataFrame, column: str = "provision_id") -> NDArray[np.int64]:
        return np.asarray(provisions.get_indexer(pd.Index(rows[column])), dtype=np.int64)

    move, merge, online = (moves[moves["how"] == how] for how in ("move", "merge", "online"))
    closed = np.asarray(sites.get_indexer(pd.Index(plan.closures["site_id"])), dtype=np.int64)
    return {
        "close": [closed, pair(routes, plan.closures, "site_id", "exit_route"), year(plan.closures)],
        "hub": [pair(places, plan.hubs, "site_id", "option"), year(plan.hubs)],
        "move": [who(move), pair(places, move, "to_site_id", "to_option"), year(move)],
        "merge": [who(merge), who(merge, "to_provision_id"), year(merge)],
        "online": [who(online), year(online)],
    }
