"""Knapsacks in whole numbers, and bounds made of them, against trying every choice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from estate.locate import Effort, make_problem
from estate.locate.capacitated import Capacitated
from estate.locate.lists import CLOSED, FREE, OPEN
from estate.locate.whole import cover_whole, fill_whole, forced_cover, forced_fill


def choices(count):
    return np.array(list(itertools.product((0, 1), repeat=count)))


def least(values, fits):
    return values[fits].min() if fits.any() else np.inf


def test_a_site_filled_with_whole_clients():
    random = np.random.default_rng(1)
    for number in range(150):
        n, room = int(random.integers(1, 9)), int(random.integers(0, 25))
        cost, units = random.normal(0, 5, n), random.integers(0, 10, n)
        multiplier, taken, dearer = random.normal(0, 5, n + 1), np.empty(n), np.empty(n)
        value = fill_whole(cost, units, room, multiplier, taken)
        forced_fill(cost, units, room, multiplier, dearer)
        every = choices(n)
        values, fits = every @ (cost - multiplier[:n]), every @ units <= room
        assert value == pytest.approx(least(values, fits)), number
        assert taken @ (cost - multiplier[:n]) == pytest.approx(value)
        assert taken @ units <= room
        for i in range(n):
            assert dearer[i] == pytest.approx(least(values, fits & (every[:, i] == 1)) - value), (number, i)


def test_sites_with_room_for_everybody():
    random = np.random.default_rng(2)
    covered = 0
    for number in range(200):
        m, need = int(random.integers(1, 8)), int(random.integers(1, 40))
        prices, size = random.normal(1, 3, m), random.integers(0, 20, m)
        state = random.choice([FREE, OPEN, CLOSED], m, p=[0.7, 0.15, 0.15]).astype(np.int8)
        picked, into, out = np.empty(m, np.int8), np.empty(m), np.empty(m)
        total = cover_whole(prices, size, state, need, picked)
        every = choices(m)
        fits = (every @ size >= need) & (every[:, state == OPEN] == 1).all(axis=1)
        fits &= (every[:, state == CLOSED] == 0).all(axis=1)
        values = every @ prices
        assert total == pytest.approx(least(values, fits)), number
        if total == np.inf:
            continue
        covered += 1
        assert picked @ size >= need
        assert picked @ prices == pytest.approx(total)
        forced_cover(prices, size, state, need, (into, out))
        for j in np.flatnonzero(state == FREE):
            assert into[j] == pytest.approx(least(values, fits & (every[:, j] == 1)) - total), (number, j)
            assert out[j] == pytest.approx(least(values, fits & (every[:, j] == 0)) - total), (number, j)
    assert covered > 100


def cheapest(problem):
    """Return the least cost over every way to serve each client whole, and all that cost it."""
    n, m = problem.cost.shape
    serving = np.array(list(itertools.product(range(m), repeat=n)))
    load = np.zeros((len(serving), m))
    for i in range(n):
        load[np.arange(len(serving)), serving[:, i]] += problem.demand[i]
    used = np.zeros((len(serving), m), bool)
    np.put_along_axis(used, serving, values=True, axis=1)
    cost = problem.cost[np.arange(n), serving].sum(axis=1) + used @ problem.fixed
    return serving, np.where((load <= problem.capacity + 1e-9).all(axis=1), cost, np.inf)


@pytest.mark.parametrize("part", [1.0, 0.37])
def test_nothing_is_ruled_out_that_is_better_than_the_plan(part):
    random = np.random.default_rng(3)
    ruled_out = 0
    for number in range(60):
        n, m = int(random.integers(3, 7)), int(random.integers(2, 5))
        problem = make_problem(
            "sscflp",
            random.integers(1, 60, (n, m)) + 0.25,
            fixed=random.integers(1, 80, m),
            demand=random.integers(1, 9, n) * part,
            capacity=random.integers(5, 25, m) * part,
        )
        serving, cost = cheapest(problem)
        engine = Capacitated(problem, Effort(0.0, 60.0))
        engine.relax(60.0)
        best = cost.min()
        assert engine.bound <= best + 1e-9 * abs(best) or not np.isfinite(best), number
        if not np.isfinite(best):
            assert engine.best is None
            continue
        assert engine.ledger.upper >= best - 1e-9
        better = cost < engine.ledger.cutoff() - 1e-9
        kept = engine.kept[serving, np.arange(n)].astype(bool).all(axis=1)
        used = np.zeros((len(serving), m), bool)
        np.put_along_axis(used, serving, values=True, axis=1)
        kept &= ~used[:, engine.sites.state == CLOSED].any(axis=1)
        assert kept[better].all(), number
        ruled_out += (~kept).sum()
    assert ruled_out > 1000
