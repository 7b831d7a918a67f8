"""Models that HiGHS does not end soon: a plan by stages, then the whole model again from it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from estate.config import SolverSection
from estate.model.formulation import build_model
from estate.solve import middling
from estate.solve.clock import Clock
from estate.solve.exact import solve_exact
from estate.solve.plan import read_plan, rounded, saving_of
from estate.verify import verify

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case, record

SOLVER = SolverSection(gap=0.0, time_limit=20)
FEASIBLE = [(seed, attempt) for seed, (attempt, feasible, _) in record().items() if feasible][:4]
WITHOUT = [(seed, attempt) for seed, (attempt, feasible, _) in record().items() if not feasible][:1]


def cut_short(monkeypatch, calls):
    """Let the clock end the searches of the whole model with these numbers before they find anything."""
    starts = []

    def searched(model, solver, clock, *given):
        found = solve_exact(model, solver, clock, *given)
        start = given[0] if given else None
        starts.append(start)
        if len(starts) not in calls:
            return found
        return replace(found, x=None, bound=1.1 * abs(found.bound), status="time_limit", stopped_by="clock")

    monkeypatch.setattr(middling, "solve_exact", searched)
    return starts


def run(seed, attempt):
    estate, config = random_case(seed, attempt=attempt)
    model = build_model(estate, config)
    clock = Clock(6.0)
    return estate, config, model, clock, middling.solve_middling(model, SOLVER, clock)


@pytest.mark.parametrize(("seed", "attempt"), FEASIBLE)
def test_the_plan_of_the_stages_starts_the_whole_model(seed, attempt, monkeypatch):
    starts = cut_short(monkeypatch, {1})
    estate, config, model, clock, found = run(seed, attempt)
    optimum = solve_exact(model, SOLVER, Clock(60))
    assert saving_of(model, rounded(model, found.x)) == pytest.approx(
        saving_of(model, rounded(model, optimum.x)), abs=0.01
    )
    assert found.bound >= optimum.bound - 0.01
    assert verify(estate, config, read_plan(model, rounded(model, found.x))) == []
    assert len(starts) == 1 or starts[1] is not None
    assert any("smaller model" in line for line in clock.log)


def test_where_the_clock_ends_it_all_the_plan_of_the_stages_and_the_best_bound_are_kept(monkeypatch):
    cut_short(monkeypatch, {1, 2})
    estate, config, model, _, found = run(*FEASIBLE[0])
    assert verify(estate, config, read_plan(model, rounded(model, found.x))) == []
    assert found.bound >= saving_of(model, rounded(model, found.x)) - 0.01
    assert np.isfinite(found.bound)


@pytest.mark.parametrize(("seed", "attempt"), WITHOUT)
def test_no_plan_is_said_at_the_end_too(seed, attempt, monkeypatch):
    cut_short(monkeypatch, {1})
    assert run(seed, attempt)[4].status == "infeasible"


def test_a_bound_that_is_told_never_grows():
    estate, config = random_case(*FEASIBLE[0][:1], attempt=FEASIBLE[0][1])
    model = build_model(estate, config)
    told = []
    known = solve_exact(model, SOLVER, Clock(60)).bound + 1.0
    solve_exact(model, SOLVER, Clock(60, lambda progress: told.append(progress.bound_gbp)), None, known)
    assert told
    assert all(bound is not None and bound <= known for bound in told)
