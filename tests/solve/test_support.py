"""Several hubs chosen at once, against every choice of hubs of small estates."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from estate.model.formulation import build_model
from estate.solve import support
from estate.solve.dive import Choice, Dive, Times
from estate.solve.generation import Generation
from estate.solve.highs import Watch, scaled

if TYPE_CHECKING:
    from estate.model.formulation import Model
    from estate.solve.generation import Solved

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case, record

WAIT = Watch(lambda *_: None, lambda: False)
CASES = [(seed, attempt) for seed, (attempt, feasible, _) in record().items() if feasible][::6]


def dive_of(seed: int, attempt: int, changing: float = 60.0) -> tuple[Model, Generation, Dive, Solved]:
    """Return a model, its relaxation whole, a dive that has not begun, and the relaxation's solution."""
    model = build_model(*random_case(seed, attempt=attempt))
    arrays, _ = scaled(model.problem.arrays())
    generation = Generation(model, arrays, np.zeros(model.problem.width), 1.0)
    solved = generation.run(lambda: 60.0, WAIT, lambda _: None, cut=False)
    assert solved is not None
    generation.add_columns(np.flatnonzero(~generation.inside))
    generation.add_rows(np.flatnonzero(generation.waiting))
    times = Times(lambda: 60.0, lambda: changing, lambda: 60.0)
    return model, generation, Dive(model, generation, times, WAIT, seed=1), solved


def every_choice(dive: Dive) -> dict[frozenset[int], Solved]:
    """Return every choice of hubs that can be, at most one a site, with its relaxation."""
    sites = np.unique(dive.site)
    options = [[None, *np.flatnonzero(dive.site == site)] for site in sites]
    choices = (frozenset(int(hub) for hub in one if hub is not None) for one in product(*options))
    found = ((hubs, dive.around(dive.columns[sorted(hubs)])) for hubs in choices)
    return {hubs: solved for hubs, solved in found if solved is not None}


@pytest.mark.parametrize(("seed", "attempt"), CASES)
def test_the_hubs_chosen_at_once_are_the_best_of_all_choices(
    seed: int, attempt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "ENOUGH", 0.0)
    model, generation, dive, _ = dive_of(seed, attempt)
    choices = every_choice(dive)
    worst = min(choices.values(), key=lambda one: one.saving)
    allowed = np.ones(len(dive.columns), dtype=bool)
    opened = support.whole_hubs(model, generation, allowed, worst.x, 60.0, WAIT)
    assert opened is not None
    best = max(one.saving for one in choices.values())
    found = choices[frozenset(int(hub) for hub in np.flatnonzero(opened))]
    assert found.saving == pytest.approx(best, abs=0.01, rel=1e-6)


def test_only_what_is_allowed_opens() -> None:
    model, generation, dive, _ = dive_of(*CASES[0])
    choices = every_choice(dive)
    allowed = np.zeros(len(dive.columns), dtype=bool)
    opened = support.whole_hubs(model, generation, allowed, choices[frozenset()].x, 60.0, WAIT)
    assert opened is not None
    assert not opened.any()


def test_what_opens_in_part_is_looked_at_with_the_years_beside() -> None:
    place, year = np.repeat([0, 1], 5), np.tile(np.arange(5), 2)
    part = np.zeros(10)
    part[[3, 5]] = 0.2, 0.005  # the second is too little
    assert np.flatnonzero(support.near_support(place, year, part)).tolist() == [2, 3, 4]


@pytest.mark.parametrize(("seed", "attempt"), CASES[::4])
def test_a_better_choice_is_taken_and_a_worse_one_left(seed: int, attempt: int) -> None:
    _, _, dive, solved = dive_of(seed, attempt)
    choices = every_choice(dive)
    worst = min(choices, key=lambda hubs: choices[hubs].saving)
    dive.best = Choice(worst, choices[worst])
    first = np.ones(len(solved.x))  # every hub may open
    better = dive.choose(first)
    best = max(one.saving for one in choices.values())
    if better is None:
        assert best <= choices[worst].saving + max(1.0, support.ENOUGH * abs(best))
    else:
        hubs, around = better
        assert around.saving > choices[worst].saving
        assert around.saving == pytest.approx(best, rel=2 * support.ENOUGH)
        assert set(hubs) == {int(dive.columns[hub]) for hub in dive.best.hubs}
        assert dive.choose(first) is None or best > around.saving + 1.0


def test_without_time_or_a_choice_to_begin_with_nothing_is_chosen() -> None:
    _, _, dive, solved = dive_of(*CASES[0], changing=0.0)
    assert dive.choose(solved.x) is None
    dive.best = Choice(frozenset(), solved)
    assert dive.choose(solved.x) is None
