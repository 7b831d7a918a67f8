"""Pages of frontiers and of plans nearly as good: in words and amounts that people read."""

from __future__ import annotations

import pandas as pd
import pytest

from estate.explore.commands import _notes
from estate.explore.pages import Link, change_words, limit_words, points_table, sweep_table, table


@pytest.mark.parametrize(
    ("name", "low", "high", "words"),
    [
        ("closures", 1, 1, "at most 1 closure"),
        ("closures", 5, 7, "at most 5 to 7 closures"),
        ("capital", 1e6, 1e6, "capital at most £1,000,000"),
        ("carbon", -70.2, -65.4, "emissions at least 65 to 70 tCO2e a year lower"),
        ("carbon", 3, 3, "emissions at most 3 tCO2e a year higher"),
        ("carbon", -0.2, 0.3, "emissions no higher than today"),
        ("access", 0, 0, "residents' travel no farther than today"),
        ("access", -40, 900, "residents' travel from 40 km a year less to at most 900 farther"),
        ("access", 900, 900, "residents' travel at most 900 km a year farther"),
    ],
)
def test_limits_are_said_against_today(name, low, high, words):
    assert limit_words(name, low, high) == words


def test_measures_of_plans_are_said_against_today():
    assert change_words("carbon", -64.6) == "65 lower"
    assert change_words("access", 0.3) == "as today"
    assert change_words("capital", 1_962_000.0) == "£1.96 million"
    assert change_words("closures", 3.0) == "3"
    assert change_words("capital", float("nan")) == "withheld"


def test_text_is_escaped_and_links_lead_to_the_run():
    made = table(("A", "B"), [(Link("1 & 2", "../p/report.html"), "<b>")], [1])
    assert '<a href="../p/report.html">1 &amp; 2</a>' in made
    assert "&lt;b&gt;" in made


def test_points_without_a_plan_and_withheld_money_are_told():
    found = {
        "point": 1, "closures_limit": 2.0, "closures_up_to": 2.0, "status": "found", "bound_npv_gbp": 2e6,
        "proved": False, "closures": 2.0, "hubs": 1.0, "capital": 5e4, "carbon": -3.0, "access": 10.0,
        "saving_npv_gbp": float("nan"), "dominated": False, "knee": True,
    }  # fmt: skip
    none = {"point": 2, "closures_limit": 0.0, "closures_up_to": 0.0, "status": "none"}
    made = points_table(pd.DataFrame([found, none]), ["closures"], {1: "point-01"})
    assert "../point-01/report.html" in made
    assert "withheld" in made
    assert "£2.00 million" in made
    assert "knee, not proved" in made
    assert "no plan, proved" in made
    assert "nan" not in made


def test_a_sweep_says_what_is_proved():
    row = {"share": 0.1, "year": "2033/34", "least_of": "closures", "status": "found", "closures": 2.0,
           "hubs": 0.0, "access": -5.0, "at_least": 1.0}  # fmt: skip
    made = sweep_table(pd.DataFrame([row, {**row, "at_least": 2.0}, {**row, "status": "none"}]))
    assert "not proved: 1 may do" in made
    assert "<td>proved</td>" in made
    assert "cannot be reached" in made
    assert "5 less" in made


@pytest.mark.parametrize(
    ("saving", "bound", "words"),
    [
        (0.0, 9.8e6, "Not settled: some plan may save up to £9.80 million"),
        (9e6, 9e6, "One plan is best at every limit"),
    ],
)
def test_a_frontier_says_where_nothing_can_be_concluded_or_traded(saving, bound, words):
    row = {"point": 1, "status": "found", "saving_npv_gbp": saving, "bound_npv_gbp": bound}
    told = _notes(pd.DataFrame([{**row, "proved": saving == bound}]))
    assert told[0].startswith(words)
    two = [{**row, "proved": True, "saving_npv_gbp": bound}] * 2
    assert _notes(pd.DataFrame(two)) == []
    assert _notes(pd.DataFrame([{"point": 1, "status": "none"}])) == []
