"""A plan that saves more than its bound: some proof went wrong, and none is believed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from estate.model.formulation import build_model
from estate.solve import run
from estate.solve.again import bounded, look_again
from estate.solve.clock import Clock
from estate.solve.exact import solve_exact
from estate.solve.plan import read_plan, rounded, saving_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case, record

SEED, ATTEMPT = next((seed, attempt) for seed, (attempt, feasible, _) in record().items() if feasible)


@pytest.fixture(scope="module")
def case():
    estate, config = random_case(SEED, attempt=ATTEMPT)
    model = build_model(estate, config)
    best = solve_exact(model, config.solver, Clock(60))
    return estate, config, model, best, saving_of(model, rounded(model, best.x))


def test_a_bound_below_the_plan_is_not_believed(case, monkeypatch):
    estate, config, model, best, saving = case
    assert saving > 1000
    monkeypatch.setattr(run, "_searched", lambda *_: replace(best, bound=0.9 * saving))
    found = run.solve_estate(estate, config)
    assert found.objective_gbp == pytest.approx(saving, abs=0.01)
    assert found.bound_gbp >= model.problem.saving.clip(0).sum() - 0.01 > saving
    assert (found.status, found.stopped_by) == ("time_limit", "doubt")
    assert any("not believed" in line for line in found.log)


def test_what_tolerances_take_off_a_bound_is_no_doubt(case, monkeypatch):
    estate, config, _, best, saving = case
    monkeypatch.setattr(run, "_searched", lambda *_: replace(best, bound=saving - 0.01))
    found = run.solve_estate(estate, config)
    assert (found.status, found.bound_gbp) == (best.status, found.objective_gbp)


def test_a_better_plan_of_another_run_is_no_proof_of_a_wrong_bound(case):
    """The own search called nothing at all the best; the plan of another run is taken, its bound is not."""
    estate, config, model, best, saving = case
    whole = rounded(model, best.x)
    nothing = read_plan(model, np.zeros_like(whole))
    own = replace(
        run.solution_of(model, config, replace(best, bound=saving), Clock(1.0)),
        plan=nothing,
        objective_gbp=0.0,
        bound_gbp=0.0,
        status="optimal",
    )
    found = look_again(estate, config, own, {"other": read_plan(model, whole)}, search=False)
    assert found is not None
    assert found[1].objective_gbp == pytest.approx(saving, abs=0.01)
    assert (found[1].status, found[1].stopped_by) == ("time_limit", "doubt")
    assert found[1].bound_gbp > saving


def test_a_bound_of_another_run_below_the_own_plan_is_not_taken(case):
    _, config, model, best, saving = case
    own = run.solution_of(model, config, replace(best, bound=1.1 * saving, status="time_limit"), Clock(1.0))
    kept = bounded(own, 0.9 * saving, "wide", 0.0)
    assert kept.bound_gbp == own.bound_gbp
    assert "not believed" in kept.log[-1]
    assert "wide" in kept.log[-1]
    assert bounded(own, 1.05 * saving, "wide", 0.0).bound_gbp == pytest.approx(1.05 * saving)
