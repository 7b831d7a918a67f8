"""From fractions of hubs to whole hubs, with a relaxation made up by hand."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from estate.solve import dive
from estate.solve.dive import Dive, Times
from estate.solve.generation import Solved
from estate.solve.highs import Watch

YEARS = 3
WATCH = Watch(lambda *_: None, lambda: False)


def estate_of(sites):
    """Return a model whose places, one or two a site, may open in any of three years."""
    keys = pd.DataFrame(
        {"place": np.repeat(np.arange(len(sites)), YEARS), "year": np.tile(np.arange(YEARS), len(sites))}
    )
    blocks = {
        "hub": SimpleNamespace(columns=np.arange(len(keys)), keys=keys),
        "move": SimpleNamespace(columns=np.array([len(keys), len(keys) + 1])),
    }
    places = pd.DataFrame({"site": sites})
    return SimpleNamespace(problem=SimpleNamespace(blocks=blocks), inst=SimpleNamespace(places=places))


class Relaxation:
    """Opens what is free by the given shares, and is worth what each hub is worth.

    What is free is worth `hope` times as much as it will be once open; some sets of hubs cannot be.
    The last two columns are moves, of which the second is far too dear.
    """

    def __init__(self, shares, worth, impossible=(), hope=1.0):
        self.shares, self.worth = np.ravel(shares).astype(float), np.ravel(worth).astype(float)
        self.barred, self.hope = [set(one) for one in impossible], hope
        self.held, self.asked, self.impossible = {}, [], False
        self.inside = np.ones(len(self.worth) + 2, dtype=bool)

    def hold(self, columns, value):
        self.held.update(dict.fromkeys(np.asarray(columns).tolist(), value))

    def release(self, columns):
        for column in np.asarray(columns).tolist():
            self.held.pop(column, None)

    def solve(self, _seconds, _watch, *, afresh):
        assert afresh
        self.asked.append(dict(self.held))
        hubs = {column for column, value in self.held.items() if value == 1.0}
        self.impossible = any(one <= hubs for one in self.barred)
        return None if self.impossible else self.answer()

    def answer(self):
        x = np.append(self.shares, [0.0, 0.0])
        for column, value in self.held.items():
            x[column] = value
        free = np.array([column not in self.held for column in range(len(self.worth))])
        saving = self.worth @ np.where(free, self.hope * x[:-2], x[:-2])
        return Solved(x, np.zeros(0), np.append(np.zeros(len(x) - 1), -1e12), float(saving))

    def broken(self, _x):
        return np.zeros(0, dtype=np.int64)

    def add_rows(self, rows):
        assert not len(rows)


def chosen(sites, relaxation, trying=1.0, changing=0.0, left=1.0):
    times = Times(lambda: trying, lambda: changing, lambda: left)
    hubs, solved = Dive(estate_of(sites), relaxation, times, WATCH, seed=1).run(relaxation.answer())
    return hubs.tolist(), solved


def test_nearly_whole_hubs_open_in_their_median_year_and_rule_out_the_rest_of_their_site():
    relaxation = Relaxation([[0.2, 0.7, 0.0], [0, 0, 0], [0, 0, 0]], np.full((3, 3), 100.0))
    hubs, solved = chosen([0, 0, 1], relaxation)
    assert hubs == [1]
    held = relaxation.asked[0]
    assert held[1] == 1.0
    assert [held[column] for column in (0, 2, 3, 4, 5)] == [0.0] * 5
    assert 6 not in held
    assert solved.saving == pytest.approx(100.0)


def test_moves_that_are_far_too_dear_wait_until_the_hubs_are_chosen():
    relaxation = Relaxation([[0.9, 0, 0]], np.full((1, 3), 100.0))
    chosen([0], relaxation)
    assert relaxation.asked[0][4] == 0.0
    assert 3 not in relaxation.asked[0]
    assert 4 not in relaxation.asked[-1]


def test_of_the_largest_the_one_that_leaves_most_is_opened():
    shares = [[0.6, 0, 0], [0.4, 0, 0]]
    hubs, _ = chosen([0, 0], Relaxation(shares, [[100.0, 0, 0], [300.0, 0, 0]]))
    assert hubs == [3]
    hurried, _ = chosen([0, 0], Relaxation(shares, [[100.0, 0, 0], [300.0, 0, 0]]), trying=0.0)
    assert hurried == [0]


def test_a_place_that_is_chosen_opens_in_the_year_that_is_worth_most_of_those_the_relaxation_opens(
    monkeypatch,
):
    monkeypatch.setattr(dive, "PATIENCE", 0)
    shares, worth = [[0.5, 0.3, 0.2], [0.3, 0.02, 0.6]], [[100.0, 300.0, 50.0], [10.0, 400.0, 20.0]]
    assert chosen([0, 1], Relaxation(shares, worth), changing=1.0)[0] == [1, 5]
    assert chosen([0, 1], Relaxation(shares, worth), changing=1.0, trying=0.0)[0] == [0, 5]
    assert chosen([0, 1], Relaxation(shares, worth))[0] == [0, 5]
    barred = Relaxation(shares, worth, impossible=[{1}])
    assert chosen([0, 1], barred, changing=1.0)[0] == [0, 5]


class Wavering(Relaxation):
    """Opens a hub in other years once its place is chosen, in which it cannot be."""

    def answer(self):
        if len(self.asked) > 2:
            self.shares = np.array([0.5, 0.0, 0.5])
        return super().answer()


def test_years_that_cannot_be_leave_those_of_the_first_choice(monkeypatch):
    monkeypatch.setattr(dive, "PATIENCE", 0)
    relaxation = Wavering([[0.0, 0.9, 0.0]], [[100.0, 50.0, 0.0]], impossible=[{0}, {2}])
    assert chosen([0], relaxation, changing=1.0)[0] == [1]
    assert {0: 1.0} in [{c: v for c, v in asked.items() if v} for asked in relaxation.asked]


def test_what_is_never_worth_opening_stays_shut():
    hubs, _ = chosen([0, 1], Relaxation([[0.9, 0, 0], [0.4, 0, 0]], [[100.0, 0, 0], [-50.0, 0, 0]]))
    assert hubs == [0]


@pytest.mark.parametrize("shares", [[[0.9, 0, 0], [0, 0, 0.4]], [[0.7, 0, 0], [0, 0, 0.4]]])
def test_what_cannot_open_is_ruled_out_instead(shares):
    relaxation = Relaxation(shares, np.full((2, 3), 100.0), impossible=[{0}])
    hubs, solved = chosen([0, 1], relaxation)
    assert hubs == [5]
    assert solved.x[0] == 0.0


def test_without_time_what_is_known_is_returned():
    relaxation = Relaxation([[0.9, 0, 0]], np.full((1, 3), 100.0))
    hubs, _ = chosen([0], relaxation, left=0.0)
    assert hubs == []


@pytest.mark.parametrize("seed", range(8))
def test_single_changes_reach_the_best_of_all_choices(seed, monkeypatch):
    monkeypatch.setattr(dive, "PATIENCE", 400)
    rng = np.random.default_rng(seed)
    worth = np.round(rng.uniform(-300, 500, (5, YEARS)))
    sites = [0, 1, 1, 2, 3]
    relaxation = Relaxation(rng.dirichlet(np.ones(YEARS), 5) * 0.5, worth)
    _, solved = chosen(sites, relaxation, changing=1.0)
    best = max(
        sum(worth[place, year] for place, year in enumerate(years) if year is not None)
        for years in product([None, *range(YEARS)], repeat=5)
        if years[1] is None or years[2] is None
    )
    assert solved.saving == pytest.approx(best)
