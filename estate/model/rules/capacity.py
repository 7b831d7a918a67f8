r"""What is there, has come and has not left fits, in every year.

At a hub option j of R_j m2, at an existing site beside the own provisions that have not left;
at a lending site by room and by hours a week; at a site that receives merges by its usable area:

.. math::

    \sum_u need_u Move_{uj}(t) \le R_j Hub_j(t)

    \sum_u need_u Move_{uh}(t) + \sum_{u \in h} room_u (1 - Leave_u(t))
        \le room_h (1 - \sum_k Hub_{hk}(t)) + \sum_k R_{hk} Hub_{hk}(t)

    \sum_u need_u Move_{uj}(t) \le R_j (1 - Close_j(t)), \qquad
    \sum_u hours_u \min(1, days_j / days_u) Move_{uj}(t) \le hours_j (1 - Close_j(t))

    \sum_u mergeneed_u Merge_{ui}(t) + \sum_{v \in i} room_v (1 - Leave_v(t))
        \le \max(nia_i, room_i) (1 - Close_i(t))

What is there shares one building: at an existing site that has two or more of hub options, terms
on which it lends, and provisions into which others merge, all that come are counted together, with
L_i the room it lends:

.. math::

    \sum_u need_u Move_{ui}(t) + \sum_u mergeneed_u Merge_{ui}(t)
        + \sum_{v \in i} room_v (1 - Leave_v(t))
        \le \max(nia_i, room_i + L_i) (1 - \sum_k Hub_{ik}(t)) + \sum_k R_{ik} Hub_{ik}(t)

A closed site has no room (implied, but without it half-left sites would lend half their room). A
target v never leaves, so it always holds its own room; said once more for each target, which
changes no plan but halves the bound of the relaxation:

.. math::

    \sum_u mergeneed_u Merge_{uv} \le (\max(nia_i, room_i) - room_v) (1 - Leave_v)

What u needs beyond the spare room of the site, others there make free by leaving (but not by the
site closing):

.. math::

    (mergeneed_u - spare_i) Merge_{uv}(t)
        \le \sum_{w \in i, w \ne v} \min(room_w, mergeneed_u - spare_i) (Leave_w(t) - Close_i(t))

A hub at an existing site is the same to what needs more than its room less the own provisions'.

Likewise, at most n provisions fit of those of which the smallest n + 1 need more than the room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.config import Section
from estate.model.hosting import hours_needed
from estate.model.terms import Rows, add_compact, keyed, leave_columns, left_to_date, to_date

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance

ROUNDING = 1e-6  # m2
IMPLIED = "implied"  # part of the rows that change no plan
MOST_COUNTED = 4  # beyond, counting provisions says little more than their room


class Options(Section):
    """Options of the rule ``capacity``."""


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add the rows of hubs, lending sites, sites that receive merges, and sites that do several of it."""
    del cash
    _hub_room(problem, inst)
    _existing_hub_room(problem, inst)
    _lent(problem, inst)
    _merged_room(problem, inst)
    _one_pool(problem, inst)
    _few_fit(problem, inst)


def _arrivals(problem: BlockProblem, inst: Instance) -> pd.DataFrame:
    move = keyed(problem, "move")
    who = inst.provisions.iloc[move["provision"]]
    move["need"] = who["need"].to_numpy()
    pair = move["provision"].to_numpy(), move["place"].to_numpy()
    move["hours"] = hours_needed(inst.provisions, inst.places, pair)
    move["site"] = inst.places["site"].to_numpy()[move["place"]]
    return move


def _add_arrivals(
    rows: Rows, inst: Instance, move: pd.DataFrame, group: np.ndarray, need: np.ndarray
) -> None:
    row, column, source = to_date(group, move["year"], move["column"], inst.horizon.decision_years)
    rows.add(row, column, need[source])


def _hub_room(problem: BlockProblem, inst: Instance) -> None:
    years, move = inst.horizon.decision_years, _arrivals(problem, inst)
    move = move[(inst.places["kind"] == "hub").to_numpy()[move["place"]]]
    rows = Rows(len(inst.places) * years)
    _add_arrivals(rows, inst, move, move["place"].to_numpy(), move["need"].to_numpy())
    hub = keyed(problem, "hub")
    room = inst.places["room"].to_numpy()
    row, column, source = to_date(hub["place"], hub["year"], hub["column"], years)
    rows.add(row, column, -room[hub["place"].to_numpy()[source]])
    add_compact(problem, "capacity", rows, 0.0, part="hub room")


def _existing_hub_room(problem: BlockProblem, inst: Instance) -> None:
    years, hub = inst.horizon.decision_years, keyed(problem, "hub")
    hub["site"] = inst.places["site"].to_numpy()[hub["place"]]
    occupied = inst.sites["own_room"].to_numpy()
    hub = hub[occupied[hub["site"]] > 0]
    move = _arrivals(problem, inst)
    move = move[(inst.places["kind"] == "hub").to_numpy()[move["place"]] & move["site"].isin(hub["site"])]
    rows = Rows(len(inst.sites) * years)
    _add_arrivals(rows, inst, move, move["site"].to_numpy(), move["need"].to_numpy())
    row, column, source = to_date(hub["site"], hub["year"], hub["column"], years)
    gain = inst.places["room"].to_numpy()[hub["place"]] - occupied[hub["site"]]
    rows.add(row, column, -gain[source])
    _own_leaving(rows, problem, inst, np.unique(hub["site"]))
    _closed_has_none(rows, problem, inst, (np.unique(hub["site"]), occupied))
    add_compact(problem, "capacity", rows, 0.0)
    move["lack"] = move["need"] - (inst.places["room"].to_numpy()[move["place"]] - occupied[move["site"]])
    _own_make_room(problem, inst, move[move["lack"] > ROUNDING])


def _own_make_room(problem: BlockProblem, inst: Instance, move: pd.DataFrame) -> None:
    """Let what needs more than the room beside a hub's own provisions wait until they make it."""
    years = inst.horizon.decision_years
    pairs = move[["provision", "place", "site", "lack"]].drop_duplicates(["provision", "place"])
    pairs = pairs.assign(pair=np.arange(len(pairs)))
    rows = Rows(len(pairs) * years)
    arriving = move.merge(pairs[["provision", "place", "pair"]], on=["provision", "place"])
    row, column, source = to_date(arriving["pair"], arriving["year"], arriving["column"], years)
    rows.add(row, column, arriving["lack"].to_numpy()[source])
    own = inst.provisions.reset_index(names="own")[["own", "site", "room"]]
    frees = pairs[["pair", "site", "lack"]].merge(own, on="site")
    row, column, source = left_to_date(problem, inst, frees["pair"], frees["own"])
    rows.add(row, column, -frees[["room", "lack"]].min(axis=1).to_numpy()[source])
    add_compact(problem, "capacity", rows, 0.0, lazy=True, part=IMPLIED)


def _own_leaving(rows: Rows, problem: BlockProblem, inst: Instance, sites: np.ndarray) -> None:
    """Give back the room of own provisions that have left, at these sites."""
    own = inst.provisions.reset_index(names="provision")
    own = own[own["site"].isin(sites)]
    row, column, source = left_to_date(problem, inst, own["site"], own["provision"])
    rows.add(row, column, -own["room"].to_numpy()[source])


def _lent(problem: BlockProblem, inst: Instance) -> None:
    years, move = inst.horizon.decision_years, _arrivals(problem, inst)
    move = move[(inst.places["kind"] == "host").to_numpy()[move["place"]]]
    lends = inst.places.reset_index(names="place")
    lends = lends[lends["kind"] == "host"][["place", "site"]]
    shuts = lends.merge(keyed(problem, "close"), on="site")
    for resource, need in (("room", "need"), ("hours", "hours")):
        limit = inst.places[resource].to_numpy().astype(float)
        rows = Rows(len(inst.places) * years)
        _add_arrivals(rows, inst, move, move["place"].to_numpy(), move[need].to_numpy())
        row, column, source = to_date(shuts["place"], shuts["year"], shuts["column"], years)
        rows.add(row, column, limit[shuts["place"].to_numpy()[source]])
        most = np.repeat(np.where(np.isfinite(limit), limit, 0.0), years)
        add_compact(problem, "capacity", rows, most, part=resource)


def _merged_room(problem: BlockProblem, inst: Instance) -> None:
    years, merge = inst.horizon.decision_years, keyed(problem, "merge")
    who = inst.provisions
    merge["site"] = who["site"].to_numpy()[merge["target"]]
    rows = Rows(len(inst.sites) * years)
    need = who["merge_need"].to_numpy()[merge["provision"]]
    _add_arrivals(rows, inst, merge, merge["site"].to_numpy(), need)
    receiving = np.unique(merge["site"])
    _own_leaving(rows, problem, inst, receiving)
    own = inst.sites["own_room"].to_numpy()
    spare = np.maximum(inst.sites["nia"].fillna(0).to_numpy(), own) - own
    _closed_has_none(rows, problem, inst, (receiving, spare + own))
    add_compact(problem, "capacity", rows, np.repeat(spare, years))
    _merged_beside_target(problem, inst, merge)
    _others_make_room(problem, inst, pd.Series(spare))


def _one_pool(problem: BlockProblem, inst: Instance) -> None:
    """Count all that come to a site together, where it may be a hub, lend room and receive merges."""
    years, who, hub = inst.horizon.decision_years, inst.provisions, keyed(problem, "hub")
    move, merge = _arrivals(problem, inst), keyed(problem, "merge")
    merge["site"] = who["site"].to_numpy()[merge["target"]]
    hub["site"] = inst.places["site"].to_numpy()[hub["place"]]
    lends = inst.places[inst.places["kind"] == "host"]
    ways = pd.concat([pd.Series(part["site"].unique()) for part in (hub, lends, merge)]).value_counts()
    existing = (inst.sites["status"] == "existing").to_numpy()
    shared = np.array([site for site in sorted(ways.index[ways > 1]) if existing[site]], dtype=np.int64)
    own = inst.sites["own_room"].to_numpy()
    lent = lends.groupby("site")["room"].sum().reindex(inst.sites.index).fillna(0.0).to_numpy()
    whole = np.maximum(inst.sites["nia"].fillna(0).to_numpy(), own + lent)
    rows = Rows(len(inst.sites) * years)
    move, merge, hub = (part[part["site"].isin(shared)] for part in (move, merge, hub))
    _add_arrivals(rows, inst, move, move["site"].to_numpy(), move["need"].to_numpy())
    need = who["merge_need"].to_numpy()[merge["provision"]]
    _add_arrivals(rows, inst, merge, merge["site"].to_numpy(), need)
    row, column, source = to_date(hub["site"], hub["year"], hub["column"], years)
    gain = inst.places["room"].to_numpy()[hub["place"]] - whole[hub["site"]]
    rows.add(row, column, -gain[source])
    _own_leaving(rows, problem, inst, shared)
    add_compact(
        problem,
        "capacity",
        rows,
        np.repeat(np.where(np.isin(inst.sites.index, shared), whole - own, 0.0), years),
    )


def _closed_has_none(
    rows: Rows, problem: BlockProblem, inst: Instance, room: tuple[np.ndarray, np.ndarray]
) -> None:
    """Take all the room of a site away when it has closed."""
    sites, whole = room
    close = keyed(problem, "close")
    close = close[close["site"].isin(sites)]
    row, column, source = to_date(close["site"], close["year"], close["column"], inst.horizon.decision_years)
    rows.add(row, column, whole[close["site"].to_numpy()[source]])


def _merged_beside_target(problem: BlockProblem, inst: Instance, merge: pd.DataFrame) -> None:
    who = inst.provisions
    targets, group = np.unique(merge["target"], return_inverse=True)
    room = inst.beside_target(targets)
    rows = Rows(len(targets))
    rows.add(group, merge["column"], who["merge_need"].to_numpy()[merge["provision"]])
    leaving = leave_columns(problem, inst)[targets]
    target, year = np.nonzero(leaving >= 0)
    rows.add(target, leaving[target, year], room[target])
    add_compact(problem, "capacity", rows, room, part=IMPLIED)


def _others_make_room(problem: BlockProblem, inst: Instance, spare: pd.Series) -> None:
    who = inst.provisions.reset_index(names="other")[["other", "site", "room"]]
    pairs = inst.merges.assign(site=inst.provisions["site"].to_numpy()[inst.merges["target"]])
    pairs["lack"] = inst.provisions["merge_need"].to_numpy()[pairs["provision"]] - pairs["site"].map(spare)
    pairs = pairs[pairs["lack"] > ROUNDING].assign(pair=lambda f: np.arange(len(f)))
    years = inst.horizon.decision_years
    rows = Rows(len(pairs) * years)
    merge = keyed(problem, "merge").merge(pairs, on=["provision", "target"])
    row, column, source = to_date(merge["pair"], merge["year"], merge["column"], years)
    rows.add(row, column, merge["lack"].to_numpy()[source])
    others = pairs.merge(who, on="site")
    others = others[others["other"] != others["target"]]
    others["frees"] = np.minimum(others["room"], others["lack"])
    row, column, source = left_to_date(problem, inst, others["pair"], others["other"])
    rows.add(row, column, -others["frees"].to_numpy()[source])
    freed = others.groupby("pair")["frees"].sum().reindex(pairs["pair"]).fillna(0.0)
    close = pairs[["pair", "site"]].merge(keyed(problem, "close"), on="site")
    row, column, source = to_date(close["pair"], close["year"], close["column"], years)
    rows.add(row, column, freed.to_numpy()[close["pair"].to_numpy()[source]])
    add_compact(problem, "capacity", rows, 0.0, part=IMPLIED)


def _few_fit(problem: BlockProblem, inst: Instance) -> None:
    """Say in whole provisions what the room says in m2: implied, but it tightens the bound."""
    move, merge = _arrivals(problem, inst), keyed(problem, "merge")
    move["room"] = inst.places["room"].to_numpy()[move["place"]]
    merge["need"] = inst.provisions["merge_need"].to_numpy()[merge["provision"]]
    merge["room"] = inst.beside_target(merge["target"].to_numpy())
    opens = keyed(problem, "hub")[["place", "column"]].set_axis(["at", "column"], axis=1)
    leaving = leave_columns(problem, inst)
    target, year = np.nonzero(leaving >= 0)
    leaves = pd.DataFrame({"at": target, "column": leaving[target, year]})
    hosts = (inst.places["kind"] == "host").to_numpy()
    move["at"], merge["at"] = move["place"], merge["target"]
    moved, merged = _largest_first(move), _largest_first(merge)
    for most in range(1, MOST_COUNTED + 1):
        _count_big(problem, (move, moved), (opens, -1.0), (most, np.where(hosts, most, 0.0)))
        whole = np.full(len(inst.provisions), float(most))
        _count_big(problem, (merge, merged), (leaves, 1.0), (most, whole))


def _count_big(
    problem: BlockProblem,
    who: tuple[pd.DataFrame, pd.DataFrame],
    gate: tuple[pd.DataFrame, float],
    limit: tuple[int, np.ndarray],
) -> None:
    (arrivals, each), (most, upper) = who, limit
    too_big = _together_too_big(each, most)
    if too_big.empty:
        return
    big = arrivals.merge(too_big, on=["at", "provision"])
    crowded = np.unique(big["at"])
    gates = gate[0][gate[0]["at"].isin(crowded)]
    rows = Rows(len(crowded))
    rows.add(np.searchsorted(crowded, big["at"]), big["column"], 1.0)
    rows.add(np.searchsorted(crowded, gates["at"]), gates["column"], gate[1] * most)
    add_compact(problem, "capacity", rows, upper[crowded], part=IMPLIED)


def _largest_first(arrivals: pd.DataFrame) -> pd.DataFrame:
    """Return the provisions that may come to each place, by need, with their rank from 0."""
    each = arrivals[["at", "provision", "need", "room"]].drop_duplicates(["at", "provision"])
    each = each.sort_values(["at", "need", "provision"], ascending=[True, False, True], ignore_index=True)
    return each.assign(rank=each.groupby("at").cumcount())


def _together_too_big(each: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the largest provisions of each place of which any most + 1 need more than its room."""
    rank = each["rank"].to_numpy()
    to_date_sum = np.concatenate([[0.0], np.cumsum(each["need"].to_numpy())])
    last = np.arange(1, len(each) + 1)
    together = to_date_sum[last] - to_date_sum[np.maximum(last - most - 1, 0)]
    too_big = (rank >= most) & (together > each["room"].to_numpy() + ROUNDING)
    if not too_big.any():
        return each[["at", "provision"]].iloc[:0]
    furthest = pd.Series(np.where(too_big, rank, -1)).groupby(each["at"]).transform("max").to_numpy()
    return each.loc[rank <= furthest, ["at", "provision"]]
