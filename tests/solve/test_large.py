"""The engine for large models, on small ones whose optimum is known."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from estate.config import SolverSection
from estate.model.formulation import build_model
from estate.solve.bounds import relaxation_bound, safe_bound
from estate.solve.clock import Clock
from estate.solve.cuts import Tightening
from estate.solve.exact import solve_exact
from estate.solve.generation import Generation
from estate.solve.highs import Watch, scaled
from estate.solve.neighbourhoods import first_prices
from estate.solve.plan import read_plan, rounded, saving_of
from estate.solve.relaxation import build_relaxation
from estate.solve.staged import solve_staged
from estate.verify import verify

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case

CLOSE = 1e-6
RECORD = Path(__file__).resolve().parents[1] / "oracles" / "cases.csv"
WITH_A_PLAN = [
    (int(row["seed"]), int(row["attempt"]))
    for row in csv.DictReader(RECORD.read_text(encoding="utf-8").splitlines())
    if row["feasible"] == "yes"
]
EXACT = SolverSection(gap=0.0, time_limit=60)


@pytest.mark.parametrize(("seed", "attempt"), WITH_A_PLAN[::3])
def test_bound_and_plan_of_the_stages_enclose_the_optimum(seed: int, attempt: int) -> None:
    estate, config = random_case(seed, attempt=attempt)
    model = build_model(estate, config)
    exact = solve_exact(model, EXACT, Clock(60))
    assert exact.x is not None
    optimum = saving_of(model, rounded(model, exact.x))
    slack = CLOSE * max(1.0, abs(optimum))
    found = solve_staged(model, EXACT.model_copy(update={"time_limit": 3}), Clock(3))
    assert found.bound >= optimum - slack
    if found.x is not None:
        whole = rounded(model, found.x)
        assert saving_of(model, whole) <= optimum + slack
        assert verify(estate, config, read_plan(model, whole)) == []


@pytest.mark.parametrize(("seed", "attempt"), WITH_A_PLAN[:12])
def test_smaller_model_never_saves_less_than_the_optimum(seed: int, attempt: int) -> None:
    estate, config = random_case(seed, attempt=attempt)
    model = build_model(estate, config)
    exact = solve_exact(model, EXACT, Clock(60))
    assert exact.x is not None
    optimum = saving_of(model, rounded(model, exact.x))
    arrays, _ = scaled(model.problem.arrays())
    relaxation = build_relaxation(model, arrays)
    tightening = Tightening(relaxation, 30)
    proved = tightening.run(20, lambda _: None, lambda: False)
    assert proved is not None
    slack = CLOSE * max(1.0, abs(optimum))
    assert proved.bound >= optimum - slack
    price = first_prices(model, relaxation, proved)
    generation = Generation(model, arrays, price, proved.bound)
    generation.run(lambda: 30.0, Watch(lambda *_: None, lambda: False), lambda _: None)
    assert generation.bound >= optimum - slack
    plain = relaxation_bound(arrays)
    assert generation.bound == pytest.approx(plain, rel=1e-4, abs=10), (
        "no better and no worse than all at once"
    )


@pytest.mark.parametrize(("seed", "attempt"), WITH_A_PLAN[12:20])
def test_safe_bound_holds_for_any_multipliers(seed: int, attempt: int) -> None:
    estate, config = random_case(seed, attempt=attempt)
    model = build_model(estate, config)
    exact = solve_exact(model, EXACT, Clock(60))
    assert exact.x is not None
    optimum = saving_of(model, rounded(model, exact.x))
    arrays, _ = scaled(model.problem.arrays())
    rng = np.random.default_rng(seed)
    for scale in (0.0, 1.0, 1e3, 1e6):
        multipliers = rng.normal(size=arrays.matrix.shape[0]) * scale
        assert safe_bound(arrays, multipliers) >= optimum - CLOSE * max(1.0, abs(optimum))
