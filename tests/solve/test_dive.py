"""From fractions of hubs to whole hubs, with solutions of the relaxation made up by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from estate.solve.dive import Dive
from estate.solve.generation import Solved
from estate.solve.highs import Watch

YEARS = 3
WATCH = Watch(lambda *_: None, lambda: False)


def estate_of(sites):
    """Return a model whose places, one or two a site, may open in any of three years."""
    keys = pd.DataFrame(
        {"place": np.repeat(np.arange(len(sites)), YEARS), "year": np.tile(np.arange(YEARS), len(sites))}
    )
    hub = SimpleNamespace(columns=np.arange(len(keys)), keys=keys)
    places = pd.DataFrame({"site": sites})
    return SimpleNamespace(problem=SimpleNamespace(blocks={"hub": hub}), inst=SimpleNamespace(places=places))


class Relaxation:
    """Answers in order, and what was held before each."""

    def __init__(self, *answers):
        self.answers, self.held, self.asked, self.impossible = list(answers), {}, [], False

    def hold(self, columns, value):
        self.held.update(dict.fromkeys(np.asarray(columns).tolist(), value))

    def release(self, columns):
        for column in np.asarray(columns).tolist():
            del self.held[column]

    def solve(self, _seconds, _watch):
        self.asked.append(dict(self.held))
        answer = self.answers.pop(0)
        self.impossible = answer is None
        return None if answer is None else solved(answer)

    def broken(self, _x):
        return np.zeros(0, dtype=np.int64)

    def add_rows(self, rows):
        assert not len(rows)


def solved(shares):
    x = np.array(shares, dtype=float).ravel()
    return Solved(x, np.zeros(0), np.zeros(len(x)))


def none(places):
    return [[0.0] * YEARS] * places


def dive(sites, first, *then, left=1.0):
    relaxation = Relaxation(*then)
    hubs, _ = Dive(estate_of(sites), relaxation).run(solved(first), lambda: left, lambda: 1.0, WATCH)
    return hubs.tolist(), relaxation


def test_nearly_whole_hubs_open_in_their_median_year_and_rule_out_the_rest_of_their_site():
    hubs, relaxation = dive([0, 0, 1], [[0.2, 0.7, 0.0], none(1)[0], none(1)[0]], none(3))
    assert hubs == [1]
    held = relaxation.asked[0]
    assert held[1] == 1.0
    assert [held[column] for column in (0, 2, 3, 4, 5)] == [0.0] * 5


def test_what_stays_small_is_ruled_out():
    small = [[0.3, 0.0, 0.0], [0.2, 0.0, 0.0], [0.1, 0.0, 0.0]]
    hubs, relaxation = dive([0, 1, 2], [[0.0, 0.0, 0.9], *small[1:]], [none(1)[0], *small[1:]], none(3))
    assert hubs == [2]
    assert all(relaxation.asked[1][column] == 0.0 for column in range(3, 9))


def test_when_time_presses_all_are_rounded_at_once():
    shares = [[0.6, 0.0, 0.0], [0.3, 0.1, 0.0], [0.2, 0.0, 0.0]]
    hubs, relaxation = dive([0, 1, 2], shares, none(3), left=0.0)
    assert hubs == [0]
    assert len(relaxation.asked[0]) == 3 * YEARS


def test_what_cannot_open_is_ruled_out_instead():
    shares = [[0.9, 0.0, 0.0], [0.0, 0.0, 0.4]]
    hubs, relaxation = dive([0, 1], shares, None, none(2))
    assert 0 not in hubs
    assert relaxation.held[0] == 0.0
