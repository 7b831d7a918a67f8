"""Branch and bound over hubs: its bounds hold, and it ends with the best plan."""

from __future__ import annotations

import itertools
import math
import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import highspy
import numpy as np
import pytest

from estate.config import SolverSection
from estate.model.formulation import build_model
from estate.pipeline import read_estate
from estate.settings import load_config
from estate.solve import tree as branching
from estate.solve.clock import Clock
from estate.solve.exact import solve_exact
from estate.solve.generation import Generation
from estate.solve.highs import Watch, load, run
from estate.solve.staged import Staged
from estate.solve.tree import Talk, Tree
from estate.starting import example

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case

SOLVER = SolverSection(gap=0.0, time_limit=60)
QUIET = Watch(lambda *_: None, lambda: False)
IN_PART = (35, 46, 58, 126, 158, 189, 190)  # tiny cases in which the relaxation opens hubs in part


def invented(sites, folder):
    """Build an invented estate of so many properties."""
    example(folder, sites=sites)
    config, base = load_config(folder / "estate.yaml")
    return build_model(read_estate(config, base), config)


@cache
def prepared(seed):
    """Build a tiny case; return its model and what it saves at most."""
    model = build_model(*random_case(seed))
    return model, solve_exact(model, SOLVER, Clock(60)).bound


class Heard:
    """What a tree tells, and the best plan that it is told of."""

    def __init__(self, arrays, worth=-math.inf, seconds=math.inf):
        self.arrays, self.best, self.bounds = arrays, worth, []
        self.talk = Talk(lambda: self.best, self.keep, self.bounds.append, lambda: seconds)

    def keep(self, x):
        if x is not None:
            self.best = max(self.best, float(self.arrays.saving @ x))


def planted(model, worth=-math.inf, gap=0.0, leaf=20.0):
    """Return a tree of a model at its relaxation, and what it tells; None where no relaxation is left."""
    staged = Staged(model, SOLVER, Clock(60))
    price = staged.price()
    if price is None:
        return None
    generation = Generation(model, staged.arrays, price, staged.bound)
    if generation.run(lambda: 60.0, QUIET, lambda _: None) is None:
        return None
    heard = Heard(staged.arrays, worth)
    return Tree(model, generation, staged.propagation, gap, leaf, heard.talk), heard


@pytest.fixture(scope="module")
def divided():
    """Return cases in which a hub opens in part, searched."""
    found = [(*prepared(seed), *planted(prepared(seed)[0])) for seed in IN_PART]
    for _, _, tree, _ in found:
        tree.run()
    return found


def test_the_best_plan_is_found_and_proved_on_cases_in_which_hubs_open_in_part(divided):
    for _, optimum, tree, heard in divided:
        assert tree.divided > 0
        assert heard.best == pytest.approx(optimum, abs=0.05)
        assert tree.bound() == pytest.approx(optimum, rel=1e-6, abs=0.05)
        assert all(bound >= optimum - 0.05 for bound in heard.bounds)


@pytest.mark.parametrize("sites", [10, 12, 14])
def test_it_ends_where_the_whole_model_does_on_invented_estates(sites, tmp_path):
    model = invented(sites, tmp_path)
    tree, heard = planted(model)
    tree.run()
    whole = solve_exact(model, SOLVER, Clock(120))
    assert whole.status == "optimal"
    assert tree.divided > 5
    assert heard.best == pytest.approx(whole.bound, rel=1e-6)
    assert tree.bound() == pytest.approx(whole.bound, rel=1e-6)
    assert all(bound >= whole.bound * (1 - 1e-9) for bound in heard.bounds)
    assert all(later <= sooner for sooner, later in itertools.pairwise(heard.bounds))


@pytest.mark.parametrize(("name", "value"), [("PLUNGE", 1), ("PLUNGE", 3), ("BASES", 0), ("TRIED", 1)])
def test_it_ends_there_too_on_other_ways_through_the_tree(name, value, tmp_path, monkeypatch):
    """Down to whole hubs from every node, or seldom; without a basis; without looking at several sites."""
    model = invented(12, tmp_path)
    before, _ = planted(model)
    before.run()
    monkeypatch.setattr(branching, name, value)
    tree, heard = planted(model)
    tree.run()
    assert heard.best == pytest.approx(before.bound(), rel=2e-6)
    assert tree.bound() == pytest.approx(before.bound(), rel=2e-6)
    assert all(bound >= heard.best for bound in heard.bounds)


@pytest.mark.parametrize("share", [0.3, 0.9, 1.0])
def test_a_plan_known_before_shuts_what_is_no_better_and_no_more(divided, share):
    for model, optimum, _, _ in divided:
        tree, heard = planted(model, share * optimum if optimum > 0 else optimum)
        tree.run()
        assert heard.best == pytest.approx(optimum, abs=0.05)
        assert tree.bound() >= optimum - 0.05


def test_a_gap_that_is_enough_is_kept_and_its_bound_holds(divided):
    for model, optimum, _, _ in divided:
        tree, heard = planted(model, gap=0.2)
        tree.run()
        assert tree.bound() >= optimum - 0.05
        assert tree.bound() - heard.best <= 0.2 * tree.bound() + 0.05


def test_nodes_without_time_keep_the_bound_of_what_they_come_from(divided):
    for model, optimum, _, _ in divided:
        tree, heard = planted(model)
        seconds = iter([math.inf] * 7)
        tree.talk = replace(heard.talk, left=partial(next, seconds, 0.0))
        tree.run()
        assert all(bound >= optimum - 0.05 for bound in heard.bounds)


def test_what_a_solver_calls_impossible_is_not_believed_without_multipliers(divided, monkeypatch):
    """A node of which nothing is proved is searched with every rule, and nothing is lost."""
    model, optimum, _, _ = divided[0]
    tree, heard = planted(model)
    real = tree.generation.solve
    lies = iter([False, True, True])

    def solve(*given, **named):
        if not next(lies, False):
            return real(*given, **named)
        tree.generation.impossible = True
        return None

    monkeypatch.setattr(tree.generation, "solve", solve)
    tree.run()
    assert heard.best == pytest.approx(optimum, abs=0.05)
    assert tree.bound() >= optimum - 0.05


def test_multipliers_of_what_is_impossible_prove_it(divided):
    model, _, _, _ = divided[0]
    tree, _ = planted(model)
    forced = np.zeros(int(tree.propagation.event.max()) + 1, dtype=bool)
    forced[tree.events[0]] = True
    shut = tree.generation.arrays.upper <= 0
    shut[tree.columns[tree.site == 0]] = True
    arrays = tree._held(shut, forced, None)
    assert tree.generation.solve(9.0, None) is None
    assert tree.generation.impossible
    assert tree._surely_impossible(arrays)
    assert not tree._surely_impossible(tree.generation.arrays)
    assert tree.generation.engine.getModelStatus() == highspy.HighsModelStatus.kInfeasible


def test_where_no_hub_may_open_it_searches_the_whole_once():
    model, _ = prepared(IN_PART[0])
    tree, heard = planted(model)
    closed = replace(tree.generation.arrays, upper=tree.generation.arrays.upper.copy())
    closed.upper[tree.columns] = 0.0
    tree.generation.arrays = closed
    tree.run()
    barred = run(load(replace(heard.arrays, upper=closed.upper), {}))
    assert (tree.divided, tree.searched) == (0, 1)
    assert heard.best == pytest.approx(barred.saving, abs=0.05)
    assert tree.bound() == pytest.approx(barred.bound, abs=0.05)
