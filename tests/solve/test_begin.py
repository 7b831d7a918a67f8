"""Searches that begin with the plan of an earlier run."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estate.config import SolverSection
from estate.model.formulation import build_model
from estate.solve import solve_estate
from estate.solve.begin import beginning
from estate.solve.clock import Clock
from estate.solve.dive import Dive
from estate.solve.exact import solve_exact
from estate.solve.plan import read_plan, rounded, saving_of
from estate.solve.staged import solve_staged
from estate.verify import verify

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case, record

FEASIBLE = [(seed, attempt) for seed, (attempt, feasible, _) in record().items() if feasible][:12]
COUNTS = {"min_hubs": 0, "max_hubs": None, "min_closures": 0, "max_closures": None}
SOLVER = SolverSection(gap=0.0, time_limit=20)


def best(seed, attempt):
    """Return a random estate, its configuration and model, and the point of its best plan."""
    estate, config = random_case(seed, attempt=attempt)
    model = build_model(estate, config)
    return estate, config, model, rounded(model, solve_exact(model, SOLVER, Clock(60)).x)


@pytest.mark.parametrize(("seed", "attempt"), FEASIBLE)
def test_a_plan_that_keeps_the_rules_is_kept_whole(seed, attempt):
    estate, config, model, point = best(seed, attempt)
    clock = Clock(60)
    begun = rounded(model, beginning(model, read_plan(model, point), clock))
    assert (begun == point).all()
    assert "all of it" in clock.log[-1]
    assert verify(estate, config, read_plan(model, begun)) == []


def test_of_a_plan_that_breaks_rules_what_they_allow_is_kept():
    """Every event at any time or not at all: less is done, nothing else, and no rule is broken."""
    mended = 0
    for seed, attempt in FEASIBLE:
        estate, config, model, point = best(seed, attempt)
        plan = read_plan(model, point)
        if len(plan.closures) < 2:
            continue
        counts = config.rules.get("counts", COUNTS)
        fewer = len(plan.closures) - 1
        rules = {**config.rules, "counts": {**counts, "max_closures": fewer}}
        tight = config.model_copy(update={"rules": rules})
        model = build_model(estate, tight)
        clock = Clock(60)
        begun = beginning(model, plan, clock)
        if begun is None:  # a lock may ask for a closure
            assert "nothing" in clock.log[-1]
            continue
        found = read_plan(model, rounded(model, begun))
        assert verify(estate, tight, found) == []
        assert len(found.closures) <= fewer
        assert set(found.closures["site_id"]) <= set(plan.closures["site_id"])
        assert set(found.hubs["site_id"]) <= set(plan.hubs["site_id"])
        whom = ["provision_id", "how", "to_site_id", "to_provision_id"]
        assert set(map(tuple, found.moves[whom].to_numpy())) <= set(map(tuple, plan.moves[whom].to_numpy()))
        mended += 1
    assert mended > 2


def test_what_is_not_there_any_more_is_left_out():
    estate, _, model, point = best(*FEASIBLE[0])
    plan = read_plan(model, point)
    gone = pd.DataFrame({"site_id": ["demolished"], "year": [0], "exit_route": ["sell"]})
    more = replace(plan, closures=pd.concat([plan.closures, gone], ignore_index=True))
    clock = Clock(60)
    begun = rounded(model, beginning(model, more, clock))
    assert (begun == point).all()
    events = len(plan.closures) + len(plan.hubs) + len(plan.moves)
    assert f"{events} of {events + 1} events" in clock.log[-1]
    assert len(estate.tables["sites"])


@pytest.mark.parametrize(("seed", "attempt"), FEASIBLE[:4])
def test_the_start_changes_no_proved_optimum(seed, attempt):
    estate, config, model, point = best(seed, attempt)
    config = config.model_copy(update={"solver": SOLVER})
    found = solve_estate(estate, config, start=read_plan(model, point))
    assert found.status == "optimal"
    assert found.objective_gbp == pytest.approx(saving_of(model, point), abs=0.01)
    assert any("begun from a plan" in line for line in found.log)


@pytest.mark.parametrize(("seed", "attempt"), FEASIBLE[:4])
def test_the_stages_hold_the_hubs_of_the_start_and_never_lose_it(seed, attempt, monkeypatch):
    _, _, model, point = best(seed, attempt)

    def dived(*_):
        raise AssertionError("hubs are known")

    monkeypatch.setattr(Dive, "run", dived)
    found = solve_staged(model, SOLVER, Clock(3.0), point)
    assert saving_of(model, rounded(model, found.x)) >= saving_of(model, point) - 1e-6
    assert found.bound >= saving_of(model, point) - 1e-6
    assert np.isfinite(found.bound)


def test_another_solver_says_that_it_takes_no_start():
    estate, config, model, point = best(*FEASIBLE[0])
    config = config.model_copy(update={"solver": SOLVER.model_copy(update={"engine": "cbc"})})
    found = solve_estate(estate, config, start=read_plan(model, point))
    assert found.objective_gbp == pytest.approx(saving_of(model, point), abs=0.01)
    assert any("cbc takes no plan" in line for line in found.log)
