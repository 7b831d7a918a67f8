"""What runs shown together give away, against sums of them with small whole weights."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from estate.core.types import Plan
from estate.present.apart import gives_away, not_together, states_of_money, states_of_plan


def worth(states):
    """Return a matrix of runs by sites and states: 1 where a run has a site in a state."""
    return np.array(
        [
            [
                states.loc[site, run] == state
                for site in states.index
                for state in sorted(set(states.loc[site]))
            ]
            for run in states.columns
        ],
        dtype=int,
    ), [site for site in states.index for _ in sorted(set(states.loc[site]))]


def by_trial(states):
    """Say whether some sum of the runs, with weights of -3 to 3, is one of fewer than three sites."""
    matrix, site = worth(states)
    for weights in product(range(-3, 4), repeat=len(matrix)):
        left = {site[i] for i in np.flatnonzero(np.array(weights) @ matrix)}
        if 0 < len(left) < 3:
            return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_what_a_sum_of_runs_gives_away_is_seen(seed):
    rng = np.random.default_rng(seed)
    seen = set()
    for _ in range(6):
        runs, sites = rng.integers(2, 5), rng.integers(3, 9)
        drawn = rng.integers(0, rng.integers(2, 4), (sites, runs)) * (rng.random((sites, 1)) < 0.8)
        states = pd.DataFrame(drawn.astype(str), columns=[f"r{n}" for n in range(runs)])
        seen.add(gives_away(states))
        assert gives_away(states) == by_trial(states)
    assert seen


def test_runs_that_are_far_apart_two_by_two_may_still_give_a_site_away():
    closed = {"base": "", "one": "ABC", "two": "CDE", "three": "ABDE"}
    states = {
        run: pd.DataFrame({"all": {site: str(int(site in sites)) for site in "ABCDEFG"}})
        for run, sites in closed.items()
    }
    assert not_together(states) == {"three"}, "one + two - three - base is twice C"
    del states["two"]
    assert not_together(states) == set()


def test_money_of_a_site_is_told_apart_by_total_and_amounts_of_no_site_are_not():
    rows = [
        ("A", "running_cost", 10.0),
        ("A", "receipt", 5.0),
        ("B", "running_cost", 7.0),
        ("", "running_cost", 1.0),
    ]
    ledger = pd.DataFrame(rows, columns=["site_id", "line", "amount_gbp"])
    ledger = ledger.assign(partner_id="council", view="both", case="plan", t=0)
    before = states_of_money(ledger)
    assert list(before.index) == ["A", "B"]
    other = ledger.assign(amount_gbp=[10.0, 5.02, 7.001, 2.0])
    changed = before != states_of_money(other.sample(frac=1, random_state=1))
    assert changed.loc["A", ["all", "receipts"]].all()
    assert changed.to_numpy().sum() == 2
    assert before.loc["B", "receipts"] == "0"


def test_a_plan_differs_at_the_home_of_what_moves():
    plan = Plan.from_records(
        {
            "closures": [{"site_id": "A", "year": 1, "exit_route": "sell"}],
            "hubs": [],
            "moves": [
                {
                    "provision_id": "p",
                    "how": "online",
                    "to_site_id": "",
                    "to_option": "",
                    "to_provision_id": "",
                    "year": 1,
                }
            ],
        }
    )
    states = states_of_plan(plan, {"p": "B"})
    assert sorted(states.index) == ["A", "B"]
    assert states_of_plan(Plan.empty(), {}).empty
