"""Where the time ends before a plan is found, business as usual is the plan."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from estate.config import SolverSection
from estate.core.errors import SolverError
from estate.core.types import Plan
from estate.model.formulation import build_model
from estate.solve import solve_estate
from estate.solve.highs import scaled
from estate.solve.idle import ceiling, idle_point
from estate.solve.outcome import Outcome
from estate.solve.restricted import Restricted
from estate.verify import verify

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case, record


@pytest.mark.parametrize(("seed", "allowed"), [(16, True), (22, True), (32, False), (150, True)])
def test_with_no_time_business_as_usual_is_the_plan_where_it_is_allowed(seed, allowed, monkeypatch):
    estate, config = random_case(seed, attempt=record()[seed][0])
    best = solve_estate(estate, config)
    from estate.solve import run as engine

    late = Outcome(None, np.inf, "time_limit", "clock", "none")
    monkeypatch.setattr(engine, "_searched", lambda *_: late)
    model = build_model(estate, config)
    arrays, _ = scaled(model.problem.arrays())
    assert ceiling(arrays) >= best.objective_gbp
    idle = idle_point(model, Restricted(arrays), 10.0)
    assert (idle is not None) is allowed
    assert (verify(estate, config, Plan.empty()) == []) is allowed, "by the independent check too"
    if not allowed:
        monkeypatch.setattr(engine, "conflicting_rules", lambda *_: [])
        with pytest.raises(SolverError, match="in the time given"):
            engine.solve_estate(estate, config)
        return
    found = engine.solve_estate(estate, config)
    assert (len(found.plan.closures), len(found.plan.hubs), len(found.plan.moves)) == (0, 0, 0)
    assert verify(estate, config, found.plan) == []
    assert (found.stopped_by, found.objective_gbp) == ("clock", 0.0)
    assert best.objective_gbp <= found.bound_gbp < np.inf


def test_an_hour_glass_that_has_run_out():
    estate, config = random_case(22, attempt=record()[22][0])
    hasty = config.model_copy(update={"solver": SolverSection(gap=0.0, time_limit=1e-6)})
    found = solve_estate(estate, hasty)
    assert verify(estate, config, found.plan) == []
    assert found.bound_gbp >= solve_estate(estate, config).objective_gbp - 0.01
