"""Frames conformed to the data dictionary: every reading checked against a value worked out by hand."""

from __future__ import annotations

import csv
import datetime as dt
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estate.core.cells import normal_name, parse_date, parse_number, parse_year
from estate.core.data_dictionary import dictionary_markdown
from estate.core.tables import MOST_ISSUES, SPECS, conform, empty, fill, parse

ROOT = Path(__file__).resolve().parents[2]
DICTIONARY = ROOT / "estate" / "core" / "dictionary"


def sites(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"site_id": [f"S{i}" for i in range(len(next(iter(columns.values()))))], **columns})


def said(issues: list) -> list[tuple]:
    return [(issue.row, issue.column, issue.value) for issue in issues]


def test_every_dictionary_file_is_a_table_and_every_table_a_file():
    assert sorted(SPECS) == sorted(path.stem for path in DICTIONARY.glob("*.csv"))
    for path in DICTIONARY.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            names = [row["column"] for row in csv.DictReader(handle)]
        assert SPECS[path.stem].names == names
        assert set(SPECS[path.stem].key) <= set(names)


def test_headers_of_a_table_never_fold_into_one_another():
    for spec in SPECS.values():
        assert len({normal_name(name) for name in spec.names}) == len(spec.names)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,200", 1200.0),
        ("£1,234,567.89", 1234567.89),
        ("-£5", -5.0),
        ("£ -5", -5.0),
        ("(1,200)", -1200.0),
        ("1 200", 1200.0),
        ("450 m²", 450.0),
        ("450sqm", 450.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("£300 GBP", 300.0),
    ],
)
def test_numbers_as_people_write_them(text, value):
    assert parse_number(text, "m2") == value


@pytest.mark.parametrize(
    "text", ["12,5", "1.200,50", "12 5", "abc", "1e999", "inf", "60%", "1-2", "=1+1", "1,2345"]
)
def test_what_is_no_number_is_not_guessed(text):
    assert parse_number(text) is None


def test_shares_and_years():
    assert parse_number("60%", share=True) == pytest.approx(0.6)
    assert parse_number("0.6", share=True) == 0.6
    assert [
        parse_year(text) for text in ("2027", "2027/28", "2027-28", "2027/2028", "FY2027/28", "1999/00")
    ] == [
        2027,
        2027,
        2027,
        2027,
        2027,
        1999,
    ]
    assert [parse_year(text) for text in ("2027/29", "27/28", "next year")] == [None, None, None]


def test_dates_are_day_first_and_far_leases_fit():
    assert parse_date("01/04/2027") == np.datetime64(dt.date(2027, 4, 1), "s")
    assert parse_date("2027-04-01") == np.datetime64(dt.date(2027, 4, 1), "s")
    assert parse_date("1 April 2027") == np.datetime64(dt.date(2027, 4, 1), "s")
    assert parse_date("31/12/2999") == np.datetime64(dt.date(2999, 12, 31), "s")
    assert parse_date("13/25/2027") is None
    assert parse_date("01/04/27") is None  # which century?
    assert parse_date("46113") is None


def test_ids_stay_text():
    frame, issues = conform(pd.DataFrame({"SITE ID": ["007", " 008 ", 9, 10.0]}), SPECS["sites"], "sites.csv")
    assert issues == []
    assert frame["site_id"].tolist() == ["007", "008", "9", "10"]


def test_types_of_every_table_hold_with_and_without_rows():
    for spec in SPECS.values():
        for column in spec.columns:
            assert str(empty(spec)[column.name].dtype) == str(pd.Series(dtype=column.dtype).dtype)
    frame, _ = conform(sites(commercial=["Y"], gia_m2=["5"], imd=["x"]), SPECS["sites"], "s")
    assert list(frame.columns) == SPECS["sites"].names
    assert frame["commercial"].dtype == bool
    assert frame["confidential"].tolist() == [False]
    assert frame["name"].tolist() == [""]
    assert math.isnan(frame["nia_m2"][0])
    assert frame["status"].tolist() == ["existing"]
    budgets, _ = conform(pd.DataFrame({"purse": ["a"], "year": ["2027/28"]}), SPECS["budgets"], "b")
    assert budgets["year"].dtype == np.int64
    assert budgets["year"].tolist() == [2027]


@pytest.mark.parametrize(
    "blank", ["", "-", "N/A", "n/a", "Not Applicable", "NULL", " ", "\u00a0", None, math.nan]
)
def test_every_way_of_saying_nothing(blank):
    frame, issues = conform(sites(gia_m2=[blank], zone=[blank], condition=[blank]), SPECS["sites"], "s")
    assert issues == []
    assert (frame["zone"][0], frame["condition"][0]) == ("", "unknown")
    assert math.isnan(frame["gia_m2"][0])


def test_every_problem_is_told_at_once_with_its_spreadsheet_row():
    frame = pd.DataFrame(
        {
            "site_id": ["A", "A", "", "B"],
            "gia m2": ["-1200", "lots", "600000", "5"],
            "Condition": ["E", "b", "", "C"],
            "commercial": ["perhaps", "1", "0", "true"],
            "floor_aera": ["1", "2", "3", "4"],
        }
    )
    _, issues = conform(frame, SPECS["sites"], "sites.csv")
    assert set(said(issues)) == {
        (None, "", "floor_aera"),
        (3, "site_id", "A"),
        (4, "site_id", ""),
        (2, "gia_m2", "-1200"),
        (3, "gia_m2", "lots"),
        (4, "gia_m2", "600000"),
        (2, "condition", "E"),
        (2, "commercial", "perhaps"),
    }
    assert str(next(issue for issue in issues if issue.value == "-1200")) == (
        "sites.csv row 2, gia_m2: -1200 is negative; enter gross internal area of at least 0 m2"
    )
    assert "row 2" in next(issue.problem for issue in issues if issue.value == "A")


def test_a_column_with_an_unknown_name_gets_its_nearest():
    _, issues = conform(sites(conditon=["A"]), SPECS["sites"], "sites.csv")
    assert "rename it to condition" in issues[0].remedy
    _, none = conform(sites(notes=["mine"], geometry=["POINT (0 0)"]), SPECS["sites"], "sites.csv")
    assert none == []


def test_a_column_given_twice_and_a_needed_one_missing():
    frame = pd.DataFrame([["A", "B"]], columns=["name", "Name"])
    _, issues = conform(frame, SPECS["sites"], "s")
    assert [(issue.column, issue.problem.split(" (")[0]) for issue in issues] == [
        ("name", "is a column twice"),
        ("site_id", "is missing"),
    ]


def test_keys_of_two_columns_count_a_blank_as_its_default():
    frame = pd.DataFrame(
        {"site_id": ["A", "A"], "heading": ["", "all running costs"], "gbp_per_year": ["1", "2"]}
    )
    _, issues = conform(frame, SPECS["running_costs"], "running_costs.csv")
    assert [(issue.row, issue.problem) for issue in issues] == [
        (3, "repeats the site_id and heading and fund of row 2")
    ]


def test_many_issues_of_one_kind_are_counted():
    frame = sites(gia_m2=["x"] * (MOST_ISSUES + 7))
    _, issues = conform(frame, SPECS["sites"], "s")
    assert len(issues) == MOST_ISSUES + 1
    assert issues[-1].problem.startswith("7 more rows")


def test_defaults_are_counted_and_conforming_twice_changes_nothing():
    typed, _ = parse(sites(status=["", "host", ""]), SPECS["sites"], "s")
    filled, counts = fill(typed, SPECS["sites"])
    assert (counts["status"], counts["condition"]) == (2, 3)
    again, issues = conform(filled, SPECS["sites"], "s")
    assert issues == []
    pd.testing.assert_frame_equal(again, filled.reset_index(drop=True))


def test_the_page_of_the_dictionary_is_up_to_date():
    page = (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8")
    assert page == dictionary_markdown(), "write docs/data_dictionary.md again with dictionary_markdown()"


def test_a_heading_that_is_not_known_is_told_once_and_repeats_nothing():
    """Two costs of one site whose headings cannot be read are not the same cost twice."""
    rows = {"site_id": ["A", "A"], "heading": ["cleening", "lighting"], "gbp_per_year": ["1", "2"]}
    _, issues = conform(pd.DataFrame(rows), SPECS["running_costs"], "costs.csv")
    assert sorted(issue.value for issue in issues) == ["cleening", "lighting"]
    rows = {"site_id": ["A", "A"], "headng": ["rent", "energy"], "gbp_per_year": ["1", "2"]}
    _, issues = conform(pd.DataFrame(rows), SPECS["running_costs"], "costs.csv")
    assert [issue.value for issue in issues] == ["headng"]
    rows = {"site_id": ["A", "A"], "heading": ["rent", "rent"], "gbp_per_year": ["1", "2"]}
    _, issues = conform(pd.DataFrame(rows), SPECS["running_costs"], "costs.csv")
    assert ["repeats" in issue.problem for issue in issues] == [True]
