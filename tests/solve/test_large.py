"""The engine for large models, on small ones whose optimum is known."""

from __future__ import annotations

import itertools
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

import numpy as np
import pytest
from scipy import sparse

from estate.config import SolverSection
from estate.model.blocks import Arrays
from estate.model.formulation import build_model
from estate.solve import staged
from estate.solve.bounds import relaxation_bound, safe_bound
from estate.solve.clock import Clock
from estate.solve.cuts import Tightening
from estate.solve.exact import solve_exact
from estate.solve.generation import Generation
from estate.solve.highs import Watch, scaled
from estate.solve.hulls import Hulls
from estate.solve.neighbourhoods import Neighbourhoods, first_prices
from estate.solve.plan import read_plan, rounded, saving_of
from estate.solve.relaxation import build_relaxation
from estate.solve.rounding import Rounding
from estate.solve.staged import Staged, solve_staged
from estate.verify import verify

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.config import Config
    from estate.core.types import Estate
    from estate.model.formulation import Model

    Floats = NDArray[np.float64]

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case, record

CLOSE = 1e-6
WITH_A_PLAN = [(seed, attempt) for seed, (attempt, feasible, _) in record().items() if feasible]
EXACT = SolverSection(gap=0.0, time_limit=60)


WAIT = Watch(lambda *_: None, lambda: False)


def solved(seed: int, attempt: int) -> tuple[Estate, Config, Model, Floats, float]:
    """Return a case, its model, and its optimum: the point, and what it saves."""
    estate, config = random_case(seed, attempt=attempt)
    model = build_model(estate, config)
    exact = solve_exact(model, EXACT, Clock(60))
    assert exact.x is not None
    return estate, config, model, exact.x, saving_of(model, rounded(model, exact.x))


def slack(optimum: float) -> float:
    return CLOSE * max(1.0, abs(optimum))


@pytest.mark.parametrize(("seed", "attempt"), WITH_A_PLAN[::3])
def test_bound_and_plan_of_the_stages_enclose_the_optimum(seed: int, attempt: int) -> None:
    estate, config, model, _, optimum = solved(seed, attempt)
    found = solve_staged(model, EXACT.model_copy(update={"time_limit": 1.5}), Clock(1.5))
    assert found.bound >= optimum - slack(optimum)
    if found.x is not None:
        whole = rounded(model, found.x)
        assert saving_of(model, whole) <= optimum + slack(optimum)
        assert verify(estate, config, read_plan(model, whole)) == []


def test_a_plan_whose_parts_bring_nothing_is_searched_at_once_and_never_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From business as usual, parts of one building: what they cannot find, all at once must not lose."""
    monkeypatch.setattr(staged, "STUCK", 1)
    searched, gained = 0, 0
    phase = Staged.phase

    def seen(self: Staged, free: staged.Mask, held: Floats, *limits: float) -> Floats | None:
        nonlocal searched, gained
        assert free[held > 0.5].all()  # what the plan does may change
        before = self.saving
        found = phase(self, free, held, *limits)
        searched, gained = searched + 1, gained + (self.saving > before + 1.0)
        assert self.saving >= before
        return found

    for seed, attempt in WITH_A_PLAN[:40:4]:
        _, _, model, point, optimum = solved(seed, attempt)
        search = Staged(model, EXACT.model_copy(update={"time_limit": 1.0}), Clock(1.0))
        search.start()
        if search.best is None or optimum <= search.saving + 1.0:
            continue
        monkeypatch.setattr(Staged, "phase", seen)
        near = Neighbourhoods(model, np.zeros(len(point)), optimum)
        nothing = np.zeros(len(point), dtype=bool)
        monkeypatch.setattr(near, "random", Mock(return_value=nothing))
        search.bound = optimum
        search.likely = partial(near.with_likely_hubs, price=np.zeros(len(point)), x=np.ones(len(point)))
        search.improve(near, seed)
        monkeypatch.setattr(Staged, "phase", phase)
        assert search.saving == pytest.approx(optimum, rel=2e-3)  # the gap to which it searches
        assert search.likely is None
    assert searched == gained > 2


@pytest.mark.parametrize(("seed", "attempt"), WITH_A_PLAN[:12])
def test_relaxations_never_save_less_than_the_optimum(seed: int, attempt: int) -> None:
    _, _, model, point, optimum = solved(seed, attempt)
    arrays, _ = scaled(model.problem.arrays())
    relaxation = build_relaxation(model, arrays)
    proved = Tightening(relaxation, 30).run(20, lambda _: None, lambda: False)
    assert proved is not None
    assert proved.bound >= optimum - slack(optimum)
    price = first_prices(model, relaxation, proved)
    plain = Generation(model, arrays, price, proved.bound)
    plain.hulls.groups, plain.rounding.rows_of_room = [], np.zeros(0, dtype=np.int64)
    plain.run(lambda: 30.0, WAIT, lambda _: None)
    all_at_once = relaxation_bound(arrays)
    assert plain.bound == pytest.approx(all_at_once, rel=1e-4, abs=10), "as good as all at once"
    generation = Generation(model, arrays, price, proved.bound)
    generation.run(lambda: 30.0, WAIT, lambda _: None)
    assert optimum - slack(optimum) <= generation.bound <= plain.bound + 10
    assert (generation.arrays.matrix @ point <= generation.arrays.row_upper + CLOSE).all(), "cuts keep it"


def test_groups_cut_off_fractions_of_merges() -> None:
    """On a made-up estate in which merges matter: the bound falls, and the optimum stays inside."""
    fell = 0
    for seed, attempt in WITH_A_PLAN[:5]:
        _, _, model, point, _ = solved(seed, attempt)
        arrays, _ = scaled(model.problem.arrays())
        rng = np.random.default_rng(seed)
        hulls = Hulls(model, arrays)
        rows, high = hulls.rows(rng.random(len(point)), rng.normal(size=len(arrays.rule)) * 1e4)
        assert (rows @ point <= high + CLOSE).all(), "holds for the optimum at any prices"
        fell += rows.shape[0]
    assert fell > 0


def test_rounded_rows_hold_for_every_choice_and_cut_off_fractions() -> None:
    """Against all choices of ten columns, of which some exclude one another."""
    every = np.array(list(itertools.product((0.0, 1.0), repeat=10)))
    cut = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        event = np.sort(rng.integers(0, 7, size=10))
        value = np.where(rng.random(10) < 0.3, -1, 1) * rng.choice([0.1, 0.25, 0.3, 0.5, 1.0], size=10)
        high = float(rng.choice([0.0, 0.4, 0.75, 1.0, 1.3]))
        alone = (np.stack([every[:, event == e].sum(axis=1) for e in range(7)]) <= 1).all(axis=0)
        allowed = every[alone & (every @ value <= high)]
        rows, most = Rounding(one_row(value, high), event).rows(
            rng.dirichlet(np.ones(10)) * rng.uniform(1, 3)
        )
        assert (rows @ allowed.T <= most[:, None] + CLOSE).all()
        cut += len(most)
    assert cut > 30


def one_row(value: Floats, high: float) -> Arrays:
    """Return a model that is a row of room."""
    return Arrays(
        saving=np.zeros(len(value)),
        upper=np.ones(len(value)),
        integer=np.ones(len(value), dtype=bool),
        matrix=sparse.csr_matrix(value[None, :]),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([high]),
        rule=np.array(["capacity"]),
        lazy=np.zeros(1, dtype=bool),
        part=np.array([""]),
    )


@pytest.mark.parametrize(("seed", "attempt"), WITH_A_PLAN[12:20])
def test_safe_bound_holds_for_any_multipliers(seed: int, attempt: int) -> None:
    _, _, model, _, optimum = solved(seed, attempt)
    arrays, _ = scaled(model.problem.arrays())
    rng = np.random.default_rng(seed)
    for scale in (0.0, 1.0, 1e3, 1e6):
        multipliers = rng.normal(size=arrays.matrix.shape[0]) * scale
        assert safe_bound(arrays, multipliers) >= optimum - slack(optimum)
        fewer = multipliers[: len(multipliers) // 2]  # rows that came after a solve that the clock ended
        assert safe_bound(arrays, fewer) >= optimum - slack(optimum)


def test_hubs_that_leave_no_plan_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no plan is found around the hubs chosen, the next search frees every hub and holds none."""
    asked: list[tuple[NDArray[np.bool_], Floats]] = []

    def none_found(self: Staged, free: NDArray[np.bool_], held: Floats, seconds: float) -> None:
        del self, seconds
        asked.append((free, held))

    monkeypatch.setattr(Staged, "phase", none_found)
    for seed, attempt in WITH_A_PLAN:
        estate, config = random_case(seed, attempt=attempt)
        model = build_model(estate, config)
        hubs = model.problem.blocks["hub"].columns
        if len(hubs) == 0:
            continue
        asked.clear()
        Staged(model, EXACT, Clock(5.0)).search()
        if len(asked) == 3:
            break
    free, held = asked[2]
    assert free[hubs].all()
    assert not held.any()
