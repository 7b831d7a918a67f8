"""Reasons as people read them: sentences without names of rules or of options."""

from __future__ import annotations

import pandas as pd
import pytest

from estate.explore.reasons import FREE, HELD
from estate.explore.sentences import reason_words
from estate.explore.stuck import SEVERAL

NOTHING = (pd.DataFrame(), pd.DataFrame({"area_id": []}), {})


LEAD = "Stays. With hubs and years held, closing it "
ROW = {
    "site_id": "S1",
    "decision": "keep",
    "otherwise": "close",
    "price_kind": HELD,
    "price_low_gbp": 1_000.0,
    "price_high_gbp": 1_000.0,
    "proof": "exact",
    "robustness": "firm",
    "rule": "",
    "needs": "",
    "driver": "",
    "driver_gbp": 0.0,
    "people_farther": float("nan"),
}


def row(**more):
    return {**ROW, **more}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("capital", "is barred by the capital budgets."),
        (
            "tenure and brakes",
            "is barred by its lease and a legal brake.",
        ),
        (SEVERAL, "is barred by several rules together."),
        (
            "reach (no place in reach may take Advice and capital)",
            "is barred: no place in reach may take Advice and capital.",
        ),
        ("", "is barred."),
    ],
)
def test_what_is_barred_reads_as_a_sentence(rule, told):
    assert reason_words(row(robustness="cannot be decided otherwise", rule=rule), NOTHING) == LEAD + told


def test_a_price_reads_as_a_sentence():
    assert reason_words(row(rule="capacity"), NOTHING) == (
        "Stays. With hubs and years held, closing it would cost £1,000: firm. "
        "It would pay were it not for a lack of room where its services would go."
    )
    wide = row(price_kind=FREE, price_low_gbp=-500.0, proof="interval", robustness="not settled")
    assert reason_words(wide, NOTHING) == (
        "Stays. With everything free, closing it would cost between -£500 and £1,000, an interval because "
        "the search was not closed: not settled."
    )
