"""The engine and HiGHS at once: whichever is sooner, and never less than either knows."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from random_problems import random_problem

from estate.core.errors import SolverError
from estate.locate import Effort, beside, make_problem, solve
from estate.locate.beside import better_of, solve_beside, worth_both

KINDS = ("p-median", "ufl", "cflp", "sscflp", "capacitated-p-median")
COST = np.array([[1.0, 5.0], [4.0, 2.0], [3.0, 3.0]])


@pytest.fixture
def problem():
    return make_problem("ufl", COST, fixed=np.ones(2))


@pytest.mark.parametrize("kind", KINDS)
def test_both_at_once_find_what_one_finds(kind, monkeypatch):
    monkeypatch.setattr(beside, "HEAD_START", 0.0)
    random = np.random.default_rng(20 + KINDS.index(kind))
    feasible = 0
    for number in range(25):
        problem = random_problem(random, kind)
        one = solve(problem, Effort(gap=0.0))
        monkeypatch.setattr("estate.locate.solving.worth_both", lambda _problem: True)
        two = solve(problem, Effort(gap=0.0, solver="auto"))
        assert (one.status == "infeasible") == (two.status == "infeasible"), number
        if one.status != "infeasible":
            feasible += 1
            size = np.abs(problem.cost[np.isfinite(problem.cost)]).max() + np.abs(problem.fixed).max()
            near = 1e-9 * size + 1e-6 * abs(one.objective)
            assert two.objective == pytest.approx(one.objective, abs=near, rel=0), number
            assert two.bound == pytest.approx(two.objective, abs=near, rel=0), number
    assert feasible > 5


@pytest.mark.parametrize("sooner", ["own", "highs"])
def test_the_sooner_proof_stops_the_other(problem, sooner):
    stopped = threading.Event()

    def work(asked, effort):
        if effort.solver != sooner:
            until = time.monotonic() + 20
            while not effort.stopped() and time.monotonic() < until:
                time.sleep(0.005)
            if effort.stopped():
                stopped.set()
        return replace(solve(asked), engines=(effort.solver,))

    assert solve_beside(problem, Effort(), work).engines == (sooner,)
    assert stopped.wait(20)


def test_where_highs_fails_the_engine_answers(problem):
    def work(asked, effort):
        if effort.solver == "highs":
            raise SolverError("refused")
        return solve(asked)

    assert solve_beside(problem, Effort(), work).objective == solve(problem).objective

    def fail(_asked, effort):
        raise SolverError(effort.solver)

    with pytest.raises(SolverError):
        solve_beside(problem, Effort(), fail)


def test_where_time_ends_the_better_plan_has_the_better_bound(problem):
    whole = solve(problem)
    dear = replace(whole, status="time_limit", objective=12.0, bound=7.5, engines=("a",))
    cheap = replace(whole, status="time_limit", objective=8.0, bound=2.0, engines=("b",))
    told = better_of([dear, cheap], 0.1)
    assert (told.objective, told.bound, told.status, told.engines) == (8.0, 7.5, "within_gap", ("a", "b"))
    assert better_of([dear, cheap], 0.01).status == "time_limit"
    assert better_of([replace(dear, bound=8.0 + 1e-7), cheap], 0.0).bound == 8.0
    # one of both went wrong: it is left for the check to find
    assert better_of([replace(dear, bound=8.1), cheap], 0.0).bound == 8.1


def test_large_problems_and_single_processors_are_left_to_the_engine(problem, monkeypatch):
    assert worth_both(problem, 2)
    assert not worth_both(problem, 1)
    monkeypatch.setattr(beside, "MOST_ARCS", problem.cost.size - 1)
    assert not worth_both(problem, 2)
