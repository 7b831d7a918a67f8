"""Warm re-solves and problems given as points agree with solving the whole matrix anew."""

from __future__ import annotations

import numpy as np
import pytest

from estate.locate import Effort, make_problem, solve
from estate.locate.again import Again, solve_points
from estate.locate.lists import PointSource, Sites


def some_points(seed, n=150, m=90):
    random = np.random.default_rng(seed)
    return random.random((n, 2)), random.random((m, 2)), random.integers(1, 20, n) * 1.0


def matrix(clients, sites, weight):
    return np.hypot(clients[:, :1] - sites[:, 0], clients[:, 1:] - sites[:, 1]) * weight[:, None]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_points_agree_with_the_matrix(seed):
    clients, sites, weight = some_points(seed)
    rules = Sites(np.zeros(90), np.zeros(90, np.int8), 6, 6, np.zeros((0, 90)), np.zeros(0))
    ours = solve_points(PointSource(clients, sites, weight), rules, Effort(gap=0.0))
    whole = solve(make_problem("p-median", matrix(clients, sites, weight), p=6), Effort(0.0, solver="highs"))
    assert ours.objective == pytest.approx(whole.objective, rel=1e-9)
    assert ours.bound == pytest.approx(whole.objective, rel=1e-9)


def test_changed_demand_gives_what_a_fresh_solve_gives():
    clients, sites, weight = some_points(4)
    cost = matrix(clients, sites, weight)
    engine = Again(make_problem("ufl", cost, fixed=np.full(90, 20.0)), Effort(gap=0.0))
    random = np.random.default_rng(5)
    changed = 0
    for _ in range(6):
        factor, fixed = np.exp(random.normal(0, 0.5, 150)), random.uniform(10, 40, 90)
        ours = engine.solve(factor, fixed)
        fresh = make_problem("ufl", cost * factor[:, None], fixed=fixed)
        theirs = solve(fresh, Effort(0.0, solver="highs"))
        assert ours.objective == pytest.approx(theirs.objective, rel=1e-9)
        assert ours.bound == pytest.approx(theirs.objective, rel=1e-9)
        changed += set(ours.opened) != set(np.flatnonzero(engine.first.opened))
    assert changed, "the demand moved something"


def test_many_at_a_time_give_what_one_at_a_time_gives():
    clients, sites, weight = some_points(6)
    engine = Again(make_problem("p-median", matrix(clients, sites, weight), p=7), Effort(gap=1e-4))
    factors = np.exp(np.random.default_rng(7).normal(0, 0.3, (12, 150)))
    one, many = [engine.solve(factor) for factor in factors], engine.solve_all(factors, threads=3)
    assert [(a.objective, a.bound, a.nodes) for a in one] == [(a.objective, a.bound, a.nodes) for a in many]
    assert len({a.objective for a in many}) == 12
