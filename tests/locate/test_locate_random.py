"""The engine against HiGHS alone and against trying every set of sites."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from random_problems import NAMES, random_problem

from estate.locate import Effort, make_problem, solve, uncapacitated
from estate.locate.lists import CLOSED, OPEN

EACH = 70


def size_of(problem):
    there = np.abs(problem.cost[np.isfinite(problem.cost)])
    return 1e-9 * (there.max(initial=0.0) + np.abs(problem.fixed).max())


@pytest.mark.parametrize("kind", NAMES)
def test_agrees_with_highs_alone(kind):
    random = np.random.default_rng(NAMES.index(kind))
    feasible = 0
    for number in range(EACH):
        problem = random_problem(random, kind)
        ours = solve(problem, Effort(gap=0.0, time_limit=60.0))
        theirs = solve(problem, Effort(gap=0.0, time_limit=60.0, solver="highs"))
        assert (ours.status == "infeasible") == (theirs.status == "infeasible"), number
        if ours.status == "infeasible":
            continue
        feasible += 1
        near = size_of(problem) + 1e-6 * abs(theirs.objective)
        assert ours.objective == pytest.approx(theirs.objective, abs=near, rel=0), number
        assert ours.bound == pytest.approx(ours.objective, abs=near, rel=0), number
    assert feasible > EACH / 4


def by_trying(problem):
    best = math.inf
    for size in range(1, problem.sites + 1):
        for opened in itertools.combinations(range(problem.sites), size):
            chosen = np.isin(np.arange(problem.sites), opened)
            keeps = (problem.p in {None, size}) and not (chosen & (problem.state == CLOSED)).any()
            keeps = keeps and chosen[problem.state == OPEN].all()
            keeps = keeps and all(rule.weight[chosen].sum() <= rule.limit for rule in problem.rules)
            if keeps:
                cost = problem.cost[:, chosen].min(axis=1).sum() + problem.fixed[chosen].sum()
                best = min(best, float(cost))
    return best


@pytest.mark.parametrize("length", [1, 2, 3])
def test_short_lists_change_nothing(monkeypatch, length):
    monkeypatch.setattr(uncapacitated, "FIRST_LENGTH", length)
    random = np.random.default_rng(100 + length)
    for number in range(60):
        problem = random_problem(random, ("p-median", "ufl")[number % 2])
        best = by_trying(problem)
        ours = solve(problem, Effort(gap=0.0, time_limit=60.0))
        assert ours.objective == pytest.approx(best, abs=size_of(problem), rel=1e-9), number
        if math.isfinite(best):
            assert ours.bound >= best - size_of(problem) - 1e-9 * abs(best)


def test_a_bound_from_the_first_moments_is_a_bound(monkeypatch):
    monkeypatch.setattr(uncapacitated, "ROOT_STEPS", 3)
    random = np.random.default_rng(9)
    loose = 0
    for number in range(150):
        problem = random_problem(random, ("p-median", "ufl")[number % 2])
        engine = uncapacitated.Uncapacitated(
            uncapacitated_source(problem), problem.opening(), Effort(gap=0.0, time_limit=1e-9)
        )
        if not np.isfinite(problem.cost).any(axis=1).all():
            continue
        found = engine.solve()
        best = by_trying(problem)
        assert found.bound <= best + 1e-12 * abs(best), number
        loose += found.bound < best - size_of(problem)
    assert loose > 10, "the search was stopped before it had proved everything"


def uncapacitated_source(problem):
    from estate.locate.lists import MatrixSource

    return MatrixSource(problem.cost)


def test_without_numba_the_answers_are_the_same():
    script = """
import sys
sys.modules["numba"] = None
import numpy as np
from estate.locate import Effort, make_problem, solve
from estate.locate.compiled import engine_name, first_run
assert not first_run() and "plain" in engine_name()
cost = np.random.default_rng(3).integers(1, 100, (25, 12)) * 1.0
room = {"demand": np.ones(25), "capacity": np.full(12, 9.0)}
for kind, parts in (("p-median", {}), ("capacitated-p-median", room)):
    print(solve(make_problem(kind, cost, p=4, **parts), Effort(gap=0.0)).objective)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    cost = np.random.default_rng(3).integers(1, 100, (25, 12)) * 1.0
    room = {"demand": np.ones(25), "capacity": np.full(12, 9.0)}
    expected = [
        solve(make_problem(kind, cost, p=4, **parts), Effort(gap=0.0)).objective
        for kind, parts in (("p-median", {}), ("capacitated-p-median", room))
    ]
    assert [float(word) for word in said.split()] == expected
