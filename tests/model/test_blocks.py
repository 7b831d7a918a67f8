"""Array blocks and PuLP say the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pulp
import pytest

from estate.core.errors import SolverError
from estate.model.blocks import BlockProblem, to_pulp


def problem_of(width: int = 3) -> BlockProblem:
    problem = BlockProblem("small")
    problem.add_columns("first", pd.DataFrame({"n": range(width - 1)}), integer=True)
    problem.add_columns("second", pd.DataFrame({"n": [0]}), integer=False)
    return problem


def dense(problem: BlockProblem) -> tuple[list[list[float]], list[float], list[float]]:
    arrays = problem.arrays()
    return arrays.matrix.toarray().tolist(), arrays.row_lower.tolist(), arrays.row_upper.tolist()


def test_a_constraint_in_pulp_is_the_row_in_arrays():
    by_hand, in_arrays = problem_of(), problem_of()
    x, y, z = (by_hand.variable(c) for c in range(3))
    by_hand.add_rule("r", 2 * x - y + 0.5 * z <= 3 + y)
    by_hand.add_rule("r", x + z >= 1)
    by_hand.add_rule("r", pulp.lpSum([x, y]) == 1)
    in_arrays.add_rows(
        "r",
        ([0, 0, 0, 1, 1, 2, 2], [0, 1, 2, 0, 2, 0, 1], [2, -2, 0.5, 1, 1, 1, 1]),
        lower=[-np.inf, 1, 1],
        upper=[3, np.inf, 1],
    )
    assert dense(by_hand) == dense(in_arrays)
    assert by_hand.arrays().rule.tolist() == ["r", "r", "r"]


def test_coefficients_of_one_cell_add_up():
    problem = problem_of()
    problem.add_rows("r", ([0, 0, 0], [1, 1, 2], [2.0, 3.0, -1.0]), upper=[4.0])
    assert dense(problem) == ([[0.0, 5.0, -1.0]], [-np.inf], [4.0])


@pytest.mark.parametrize("forgotten", [True, False, 1.0, None])
def test_what_is_not_a_constraint_is_refused(forgotten):
    with pytest.raises(SolverError, match=r"Rule locks: .* is not a constraint"):
        problem_of().add_rule("locks", forgotten)


def test_a_saving_that_is_no_number_names_its_family():
    with pytest.raises(SolverError, match="second"):
        problem_of().set_saving(np.array([1.0, 2.0, np.nan]))


def test_columns_know_their_family_and_whether_they_are_whole():
    problem = problem_of(4)
    assert [problem.family(c) for c in range(4)] == ["first"] * 3 + ["second"]
    arrays = problem.arrays()
    assert arrays.integer.tolist() == [True, True, True, False]
    assert arrays.upper.tolist() == [1.0] * 4


def test_a_problem_without_rows_has_the_shape_of_its_columns():
    assert problem_of().arrays().matrix.shape == (0, 3)


def test_rows_written_either_way_stand_in_the_order_of_writing():
    problem = problem_of()
    problem.add_rows("room", ([0, 1], [0, 1], 1.0), upper=[4.0, 5.0], about=["a", "b"])
    problem.add_rule("hand", problem.variable(2) >= 1)
    problem.add_columns("later", pd.DataFrame({"n": [0]}), integer=False)
    problem.add_rows("room", ([0], [3], [2.0]), upper=[6.0], part="links", lazy=True)
    arrays = problem.arrays()
    assert arrays.matrix.toarray().tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 2]]
    assert list(arrays.rule) == ["room", "room", "hand", "room"]
    assert list(arrays.part) == ["", "", "", "links"]
    assert arrays.lazy.tolist() == [False, False, False, True]
    assert [block.first for block in problem.row_blocks] == [0, 2, 3]


@pytest.mark.parametrize("seen", [False, True], ids=["not yet put together", "put together before"])
def test_rows_taken_back_leave_what_was_there(seen):
    problem = knapsack()
    before = dense(problem)
    problem.add_rows("asked", ([0], [1], [1.0]), lower=[1.0])
    if seen:
        assert len(problem.arrays().rule) == 3
    problem.take_back(2)
    problem.take_back(2)
    assert dense(problem) == before
    for _ in range(2):
        problem.add_rule("asked", problem.variable(2) >= 1)
        assert dense(problem)[0] == [*before[0], [0.0, 0.0, 1.0, 0.0]]
        problem.take_back(2)


def knapsack() -> BlockProblem:
    """Worth 60, 100 and 120 at weights 10, 20 and 30 of 50, and a part of 7: the best is 220 + 7 x 0.4."""
    problem = problem_of(4)
    problem.set_saving(np.array([60.0, 100.0, 120.0, 7.0]))
    problem.add_rows("room", ([0] * 4, range(4), [10.0, 20.0, 30.0, 5.0]), upper=[52.0])
    problem.add_rows("least", ([0, 0], [0, 1], [1.0, 1.0]), lower=[1.0], upper=[1.0])
    return problem


def test_pulp_finds_what_highs_finds_on_the_arrays():
    import highspy

    arrays = knapsack().arrays()
    problem, variables = to_pulp(arrays)
    problem.solve(pulp.PULP_CBC_CMD(msg=False))
    assert [variable.value() for variable in variables] == pytest.approx([0, 1, 1, 0.4])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = arrays.matrix.shape[1], arrays.matrix.shape[0]
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -arrays.saving, np.zeros(4), arrays.upper
    lp.row_lower_, lp.row_upper_ = arrays.row_lower, arrays.row_upper
    lp.integrality_ = [
        highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
        for whole in arrays.integer
    ]
    matrix = arrays.matrix
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    highs = highspy.Highs()
    highs.silent()
    highs.passModel(lp)
    highs.run()
    assert -highs.getInfo().objective_function_value == pytest.approx(222.8)
    assert pulp.value(problem.objective) == pytest.approx(222.8)
