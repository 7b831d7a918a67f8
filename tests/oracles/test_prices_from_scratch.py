"""Prices of an invented estate against whole models handed to HiGHS anew, what is held fixed by bounds."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from estate.explore.ask import Questions
from estate.explore.prices import EXACT, Prices
from estate.pipeline import read_estate
from estate.settings import load_config
from estate.starting import example

SITES, SEED = 60, 4
PRICED = {"S0008": "close", "S0010": "close", "S0036": "close", "S0028": "keep", "S0030": "keep"}
BARRED = ("S0040", "S0050")
PENNY = 0.01


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("invented") / "estate"
    example(folder, seed=SEED, sites=SITES)
    config, base = load_config(folder / "estate.yaml", {"rules.counts.max_hubs": 0})
    asked = Questions(read_estate(config, base), config)
    return asked, Prices(asked, asked.best())


def box(asked: Questions, plan, site: str) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of every column by what a plan does in which year, all of one site being free."""
    inst, blocks = asked.model.inst, asked.model.problem.blocks
    name, who = inst.sites["site_id"].to_numpy(), inst.provisions["provision_id"].to_numpy()
    home = name[inst.provisions["site"].to_numpy(dtype=int)]
    low, high = np.zeros(asked.width), np.ones(asked.width)
    closed = set(plan.closures[["site_id", "year", "exit_route"]].itertuples(index=False, name=None))
    left = dict(zip(plan.moves["provision_id"], plan.moves["year"], strict=True))
    opened = set(zip(plan.hubs["site_id"], plan.hubs["option"].astype(str), plan.hubs["year"], strict=True))
    hub = blocks["hub"]
    where = inst.places.iloc[hub.keys["place"]]
    at = zip(
        name[where["site"].to_numpy(dtype=int)], where["option"].astype(str), hub.keys["year"], strict=True
    )
    low[hub.columns] = high[hub.columns] = [float(one in opened) for one in at]
    close, route = blocks["close"], inst.routes["route"].to_numpy()
    high[close.columns] = [
        name[j] == site or (name[j], t, route[r]) in closed
        for j, t, r in zip(close.keys["site"], close.keys["year"], close.keys["route"], strict=True)
    ]
    for family in ("leave", "move", "merge", "online"):
        keys = blocks[family].keys
        high[blocks[family].columns] = [
            home[u] == site or left.get(who[u]) == t
            for u, t in zip(keys["provision"], keys["year"], strict=True)
        ]
    return low, high


def held_rows(asked: Questions, plan, site: str) -> list[tuple[list[int], list[int]]]:
    """Return which columns may be 1 only where one of others is: all not as planned, beside arrivals."""
    inst, blocks = asked.model.inst, asked.model.problem.blocks
    name, who = inst.sites["site_id"].to_numpy(), inst.provisions["provision_id"].to_numpy()
    home = dict(zip(who, name[inst.provisions["site"].to_numpy(dtype=int)], strict=True))
    place = name[inst.places["site"].to_numpy(dtype=int)]
    option = inst.places["option"].astype(str).to_numpy()
    # every way out of a building: column, who, where to, and as the plan would say it
    ways = []
    for family, second in (("move", "place"), ("merge", "target"), ("online", "year")):
        keys = blocks[family].keys
        for c, u, to in zip(blocks[family].columns, who[keys["provision"]], keys[second], strict=True):
            if family == "move":
                ways.append((c, u, place[to], ("move", place[to], option[to], "")))
            elif family == "merge":
                ways.append((c, u, home[who[to]], ("merge", who[to])))
            else:
                ways.append((c, u, "", ("online",)))
    goes = {
        m["provision_id"]: {
            "move": ("move", m["to_site_id"], m["to_option"], ""),
            "merge": ("merge", m["to_provision_id"]),
            "online": ("online",),
        }[m["how"]]
        for m in plan.moves.to_dict("records")
    }
    there = {u: to for _, u, to, way in ways if goes.get(u) == way}
    shared = {j: ({j} | {to for u, to in there.items() if home[u] == j}) - {""} for j in name}
    given = ({site} | {to for u, to in there.items() if home[u] == site}) - {""}
    here = {j: [c for c, u, to, _ in ways if home[u] == site and to in shared[j]] for j in name}
    others = [(c, u) for c, u, to, way in ways if home[u] != site and goes.get(u) != way and to not in given]
    rows = [([c], here[home[u]]) for c, u in others]
    close, leave = blocks["close"], blocks["leave"]
    whose = name[close.keys["site"]]
    for c, u in zip(leave.columns, who[leave.keys["provision"]], strict=True):
        if home[u] in set(plan.closures["site_id"]) - {site}:
            rows.append(([c], here[home[u]] + close.columns[whose == home[u]].tolist()))
    return rows


def from_scratch(asked: Questions, held, site: str, closes: bool) -> float:
    """Return the most that can be saved within bounds if a site closes or stays; nan where nothing can."""
    arrays, inst = asked.model.problem.arrays(), asked.model.inst
    close = asked.model.problem.blocks["close"]
    row = np.zeros(asked.width)
    number = int(np.flatnonzero(inst.sites["site_id"].to_numpy() == site)[0])
    row[close.columns[close.keys["site"].to_numpy() == number]] = 1.0
    bounds, rows = held
    engine, lp = highspy.Highs(), highspy.HighsLp()
    engine.silent()
    engine.setOptionValue("threads", 1)
    engine.setOptionValue("mip_rel_gap", 1e-6)
    lp.num_col_, lp.num_row_ = asked.width, len(arrays.rule)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_, (lp.col_lower_, lp.col_upper_) = arrays.saving, bounds
    lp.row_lower_, lp.row_upper_ = arrays.row_lower, arrays.row_upper
    matrix = arrays.matrix.tocsc()
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in arrays.integer]
    engine.passModel(lp)
    used = np.flatnonzero(row)
    engine.addRow(float(closes), float(closes), len(used), used.astype(np.int32), row[used])
    for only, where in rows:
        columns = np.array(only + where, dtype=np.int32)
        engine.addRow(-np.inf, 0.0, len(columns), columns, np.repeat([1.0, -1.0], [len(only), len(where)]))
    engine.run()
    if engine.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return float("nan")
    assert engine.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(engine.getInfo().objective_function_value)


@pytest.mark.parametrize("site", [*PRICED, *BARRED])
def test_a_price_with_hubs_and_years_held_is_that_of_a_model_built_anew(priced, site):
    asked, prices = priced
    best, exact = prices.best, EXACT * abs(prices.best.value) + PENNY
    price = prices.held(site)
    assert price.decision == PRICED.get(site, "keep")
    plan = best.solution.plan
    rows = held_rows(asked, plan, site)
    wanted = from_scratch(asked, (box(asked, plan, site), rows), site, price.decision == "keep")
    assert np.isnan(wanted) == (site in BARRED)
    if site in BARRED:
        assert price.low_gbp == float("inf")
        return
    assert price.low_gbp - exact <= best.value - wanted <= price.high_gbp + exact
    assert price.high_gbp - price.low_gbp <= exact
