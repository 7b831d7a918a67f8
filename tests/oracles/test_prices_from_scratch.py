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
    closed = dict(zip(plan.closures["site_id"], plan.closures["year"], strict=True))
    left = dict(zip(plan.moves["provision_id"], plan.moves["year"], strict=True))
    opened = set(zip(plan.hubs["site_id"], plan.hubs["option"].astype(str), plan.hubs["year"], strict=True))
    hub = blocks["hub"]
    where = inst.places.iloc[hub.keys["place"]]
    at = zip(
        name[where["site"].to_numpy(dtype=int)], where["option"].astype(str), hub.keys["year"], strict=True
    )
    low[hub.columns] = high[hub.columns] = [float(one in opened) for one in at]
    close = blocks["close"]
    high[close.columns] = [
        name[s] == site or closed.get(name[s]) == t
        for s, t in zip(close.keys["site"], close.keys["year"], strict=True)
    ]
    for family in ("leave", "move", "merge", "online"):
        keys = blocks[family].keys
        high[blocks[family].columns] = [
            home[u] == site or left.get(who[u]) == t
            for u, t in zip(keys["provision"], keys["year"], strict=True)
        ]
    return low, high


def from_scratch(asked: Questions, bounds: tuple[np.ndarray, np.ndarray], site: str, closes: bool) -> float:
    """Return the most that can be saved within bounds if a site closes or stays; nan where nothing can."""
    arrays, inst = asked.model.problem.arrays(), asked.model.inst
    close = asked.model.problem.blocks["close"]
    row = np.zeros(asked.width)
    number = int(np.flatnonzero(inst.sites["site_id"].to_numpy() == site)[0])
    row[close.columns[close.keys["site"].to_numpy() == number]] = 1.0
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
    wanted = from_scratch(asked, box(asked, best.solution.plan, site), site, price.decision == "keep")
    assert np.isnan(wanted) == (site in BARRED)
    if site in BARRED:
        assert price.low_gbp == float("inf")
        return
    assert price.low_gbp - exact <= best.value - wanted <= price.high_gbp + exact
    assert price.high_gbp - price.low_gbp <= exact
