"""Dates as years of the plan."""

from __future__ import annotations

import pandas as pd
import pytest

from estate.model.calendar import NEVER, year_of


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2027-04-01", 0),
        ("2027-04-02", 1),
        ("2028-03-31", 1),
        ("2028-04-01", 1),
        ("2027-03-31", 0),
        ("2026-04-01", -1),
        ("2029-12-25", 3),
        (None, NEVER),
    ],
)
def test_a_date_takes_effect_on_the_next_first_of_april(date, year):
    assert year_of(pd.Series([date]), 2027).tolist() == [year]


def test_no_dates_at_all():
    assert year_of(pd.Series([], dtype="datetime64[ns]"), 2027).tolist() == []
