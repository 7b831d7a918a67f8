"""What is ruled out row by row is in no plan."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from estate.model.blocks import Arrays
from estate.model.formulation import build_model
from estate.solve.highs import load, run, scaled
from estate.solve.propagation import Propagation
from estate.solve.rounding import events_of_columns

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case, record

CASES = list(record().items())[:24]


def arrays_of(rows, low, high, *, upper=None, whole=None):
    matrix = sparse.csr_matrix(np.array(rows, dtype=float))
    count, width = matrix.shape
    names = np.full(count, "")
    return Arrays(
        np.ones(width),
        np.ones(width) if upper is None else np.array(upper, dtype=float),
        np.ones(width, dtype=bool) if whole is None else np.array(whole),
        matrix,
        np.array(low, dtype=float),
        np.array(high, dtype=float),
        names,
        np.zeros(count, dtype=bool),
        names,
    )


def ruled_out(arrays, events, *given):
    return Propagation(arrays, np.array(events)).ruled_out(arrays.upper <= 0, *given)


INF = np.inf


def test_what_costs_more_than_there_is_does_not_happen_nor_what_needs_it():
    arrays = arrays_of([[0.8, 0.3, 0.0], [-1.0, 0.0, 1.0]], [-INF, -INF], [0.5, 0.0])
    assert ruled_out(arrays, [-1, -1, -1]).tolist() == [True, False, True]


def test_of_an_event_only_the_best_choice_gives_way_to_another():
    # two receipts of one event: one of them comes, not both, and does not pay for the first
    rows = [[1.0, -0.4, -0.3]]
    assert ruled_out(arrays_of(rows, [-INF], [0.5]), [0, 1, 1]).tolist() == [True, False, False]
    assert ruled_out(arrays_of(rows, [-INF], [0.5]), [0, 1, 2]).tolist() == [False, False, False]


def test_a_lower_side_rules_out_too_and_a_whole_row_may_be_impossible():
    # at least 1 of what the second and third do: without the second the third may not be left out
    arrays = arrays_of([[0.0, 0.6, 0.5]], [1.0], [INF])
    assert ruled_out(arrays, [-1, -1, -1]).tolist() == [False, False, False]
    assert ruled_out(arrays_of([[0.0, 0.6, 0.3]], [1.0], [INF]), [-1, -1, -1]) is None


def test_what_must_happen_takes_what_it_takes():
    rows, high = [[0.6, 0.7, 0.3, 0.5]], [1.0]
    arrays, events = arrays_of(rows, [-INF], high), [0, 0, 1, 2]
    must = np.array([True, False, False])
    assert ruled_out(arrays, events).tolist() == [False] * 4
    assert ruled_out(arrays, events, must).tolist() == [False, False, False, True]
    dear = replace(arrays, row_upper=np.array([0.5]))
    assert ruled_out(dear, events).tolist() == [True, True, False, False]
    assert ruled_out(dear, events, must) is None


def test_what_must_happen_elsewhere_perhaps_takes_nothing_here():
    arrays = arrays_of([[0.9, 0.0, 0.4]], [-INF], [1.0])
    must = np.array([True, False])
    assert ruled_out(arrays, [0, 0, 1], must).tolist() == [False, False, False]


def test_a_column_in_parts_is_shut_only_where_nothing_of_it_is_left():
    rows, whole = [[1.0, 0.0], [-1.0, 1.0]], [False, True]
    for most, gone in ((0.4, False), (0.0, True)):
        arrays = arrays_of(rows, [-INF] * 2, [most, 0.0], whole=whole)
        assert ruled_out(arrays, [-1, -1]).tolist() == [gone, gone]


def test_only_the_rows_that_changed_are_enough_and_numbers_of_columns_may_be_above_one():
    arrays = arrays_of([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]], [-INF, -INF], [0.0, 0.0], upper=[1.0, 3.0, 2.0])
    shut = np.array([False, False, True])
    propagation = Propagation(arrays, np.array([-1, -1, -1]))
    assert propagation.ruled_out(shut, None, np.array([2])).tolist() == [True, True, True]
    assert propagation.ruled_out(shut, None, np.array([0])).tolist() == [False, False, True]


@pytest.mark.parametrize(("seed", "found"), CASES)
def test_no_plan_has_what_is_ruled_out(seed, found):
    """A solver looks for a plan with each column that is shut, hubs ruled out and forced at random."""
    estate, config = random_case(seed, attempt=found[0])
    model = build_model(estate, config)
    arrays, _ = scaled(model.problem.arrays())
    propagation = Propagation(arrays, events_of_columns(model))
    hubs = model.problem.blocks["hub"].columns
    rng = np.random.default_rng(seed)
    must = np.zeros(propagation.event.max(initial=-1) + 1, dtype=bool)
    for some in range(3):
        shut = arrays.upper <= 0
        forced = must.copy()
        if some and len(hubs):
            hub = rng.choice(hubs)
            same = propagation.event == propagation.event[hub]
            shut[same] = True
            shut[hub] = some == 1
            forced[propagation.event[hub]] = some == 2
        found_out = propagation.ruled_out(shut, forced)
        held = replace(arrays, upper=np.where(shut, 0.0, arrays.upper))
        asked = held if some < 2 or not len(hubs) else with_one(held, hub)
        if found_out is None:
            assert run(load(asked, {})).status == "infeasible"
            continue
        for column in rng.permutation(np.flatnonzero(found_out & ~shut))[:12]:
            assert most_of(asked, column) <= (1e-5 if not arrays.integer[column] else 0.5)


def with_one(arrays, column):
    """Ask for a column."""
    row = sparse.csr_matrix(([1.0], ([0], [column])), shape=(1, len(arrays.saving)))
    return replace(
        arrays,
        matrix=sparse.vstack([arrays.matrix, row], format="csr"),
        row_lower=np.append(arrays.row_lower, 1.0),
        row_upper=np.append(arrays.row_upper, np.inf),
        rule=np.append(arrays.rule, ""),
        lazy=np.append(arrays.lazy, False),
        part=np.append(arrays.part, ""),
    )


def most_of(arrays, column):
    """Return the most of a column that a plan has; 0 where there is no plan."""
    saving = np.zeros(len(arrays.saving))
    saving[column] = 1.0
    answer = run(load(replace(arrays, saving=saving), {}))
    assert answer.status in ("optimal", "infeasible")
    return 0.0 if answer.x is None else answer.saving
