"""Money is handed to HiGHS in a unit in which its tolerances can be met, and comes back in pounds."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import highspy
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from estate.core.errors import SolverError
from estate.core.solver import solver_unit
from estate.model.blocks import Arrays
from estate.model.formulation import build_model
from estate.pipeline import read_estate
from estate.settings import load_config
from estate.solve.highs import Watch, load, run, scaled
from estate.starting import example

if TYPE_CHECKING:
    from pathlib import Path

SAVING = np.array([12_345_678.25, 9_000_001.5, -4_000_000.0, 250.75, 7_777_777.0])
ROWS = np.array([[1.0, 0.6, -0.5, 0.2, 0.7], [0.3, 1.0, -0.9, 0.4, 0.5]])
MOST = np.array([1.1, 0.9])


def arrays(*, integer: bool) -> Arrays:
    count = len(SAVING)
    return Arrays(
        SAVING,
        np.ones(count),
        np.full(count, integer),
        sparse.csr_matrix(ROWS),
        np.full(2, -np.inf),
        MOST,
        np.full(2, "room"),
        np.zeros(2, bool),
        np.full(2, ""),
    )


@pytest.mark.parametrize("slice_", [1, 2, 3, 100])
def test_highs_holds_what_it_was_handed(slice_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estate.solve.highs.SLICE", slice_)
    random = np.random.default_rng(slice_)
    dense = random.integers(-3, 4, (7, 5)) * (random.random((7, 5)) < 0.5)
    dense[3] = 0  # an empty row
    low = np.array([-np.inf, 0, 1, -np.inf, 2, 0, -1])
    high = np.array([1, np.inf, 1, 0, 5, 3, np.inf])
    kinds = (np.full(7, "room"), np.zeros(7, bool), np.full(7, ""))
    whole = np.array([True, False, True, True, False])
    upper = np.broadcast_to(1.0, 5)
    asked = Arrays(SAVING, upper, whole, sparse.csr_matrix(dense, dtype=float), low, high, *kinds)
    engine = load(asked, {})
    lp = engine.getLp()
    matrix = lp.a_matrix_
    by_row = matrix.format_ == highspy.MatrixFormat.kRowwise
    kind = sparse.csr_matrix if by_row else sparse.csc_matrix
    held = kind((matrix.value_, matrix.index_, matrix.start_), shape=dense.shape)
    assert (held.toarray() == dense).all()
    assert (lp.row_lower_, lp.row_upper_) == (list(low), list(high))
    assert (lp.col_lower_, lp.col_upper_) == ([0.0] * 5, [1.0] * 5)
    assert (-np.array(lp.col_cost_) * engine.unit == SAVING).all()
    assert [int(kind) for kind in lp.integrality_] == whole.astype(int).tolist()


def test_what_highs_refuses_is_told() -> None:
    asked = arrays(integer=True)
    asked.matrix.data[2] = 1e20  # more than it takes
    with pytest.raises(SolverError, match="refused"):
        load(asked, {})


def test_a_linear_programme_answers_in_pounds() -> None:
    engine = load(arrays(integer=False), {})
    assert abs(np.array(engine.getLp().col_cost_)).max() <= 1
    answer = run(engine)
    other = linprog(-SAVING, A_ub=ROWS, b_ub=MOST, bounds=(0, 1), method="highs-ipm")
    assert answer.saving == pytest.approx(-other.fun, abs=0.01)
    assert answer.row_dual == pytest.approx(other.ineqlin.marginals, abs=0.01)


def test_whole_numbers_answer_in_pounds() -> None:
    told = []
    answer = run(load(arrays(integer=True), {}), Watch(lambda *both: told.append(both), lambda: False))
    best = max(SAVING @ x for x in product((0, 1), repeat=5) if (ROWS @ x <= MOST).all())
    assert answer.saving == pytest.approx(best, abs=1e-6)
    assert answer.bound == pytest.approx(best, abs=1e-6)
    assert max(found for found, _ in told if found is not None) == pytest.approx(best, abs=1e-6)


def test_another_objective_has_a_unit_of_its_own() -> None:
    engine = load(arrays(integer=False), {})
    engine.save(SAVING * 1e-5)
    other = linprog(-SAVING * 1e-5, A_ub=ROWS, b_ub=MOST, bounds=(0, 1))
    assert run(engine).saving == pytest.approx(-other.fun, abs=1e-6)
    assert [solver_unit(np.array([most])) for most in (0.0, 1.0, 3.0, -1e6)] == [1, 1, 4, 2**20]


def test_the_gap_that_ends_a_search_is_in_pounds() -> None:
    engine = load(arrays(integer=True), {"mip_abs_gap": 50.0})
    assert engine.getOptionValue("mip_abs_gap")[1] * engine.unit == pytest.approx(50.0)


def test_the_search_of_an_estate_begins_with_a_bound(tmp_path: Path) -> None:
    """In pounds HiGHS gave up its linear programmes here, and told a bound of 65.6 million instead of 10."""
    example(tmp_path, 7, 60)
    config, base = load_config(tmp_path / "estate.yaml")
    model = build_model(read_estate(config, base), config)
    whole, _ = scaled(model.problem.arrays())
    assert run(load(whole, {"mip_max_nodes": 1})).bound < 11e6
