"""What bars a site, in words: which brake until when, which lease."""

from __future__ import annotations

import pandas as pd
import pytest

from estate.explaining import scope_reasons
from estate.explore.names import called, lifted_words, need_words
from estate.explore.prices import Need

TABLES = {
    "brakes": pd.DataFrame(
        [
            ("A", "charitable trust", "lock", None),
            ("A", "listed building", "delay", None),
            ("B", "consultation", "lock", pd.Timestamp("2029-03-31")),
        ],
        columns=["site_id", "brake", "effect", "until"],
    ),
    "tenures": pd.DataFrame(
        [("B", None, pd.Timestamp("2042-12-25")), ("C", "2033-12-25", "2039-03-25")],
        columns=["site_id", "break_date", "expiry"],
    ),
    "sites": pd.DataFrame({"site_id": ["A", "B"], "name": ["Kiln House", None]}),
    "partners": pd.DataFrame({"partner_id": ["council"], "name": ["Tiny Council"]}),
    "services": pd.DataFrame({"service_id": ["advice"], "name": ["Advice and information"]}),
}


@pytest.mark.parametrize(
    ("site", "rule", "words"),
    [
        ("A", "brakes", "the brake 'charitable trust' lifted (it holds for ever)"),
        ("B", "brakes", "the brake 'consultation' lifted (it holds until 31 March 2029)"),
        ("B", "tenure", "the lease ended before its time (it ends on 25 December 2042)"),
        (
            "C",
            "tenure",
            "the lease ended before its time (break on 25 December 2033, it ends on 25 March 2039)",
        ),
        (
            "B",
            "tenure and brakes",
            (
                "the brake 'consultation' lifted (it holds until 31 March 2029); "
                "the lease ended before its time (it ends on 25 December 2042)"
            ),
        ),
        ("A", "capacity", ""),
    ],
)
def test_what_bars_a_site_is_named(site, rule, words):
    assert lifted_words(TABLES, site, rule) == words


def test_partners_and_sites_are_called_by_name_where_they_have_one():
    names = called(TABLES, {8: "2035/36"})
    assert (
        need_words(Need("partnership", "council", 113919.5), names)
        == "the floor of Tiny Council £113,920 lower"
    )
    assert need_words(Need("capacity", "A|", 16.2), names) == "17 m2 of room more at Kiln House"
    assert need_words(Need("capacity", "B|hours", 2.0), names) == "2 hours a week more at B"
    assert (
        need_words(Need("capital", "council|8", 10.0), names)
        == "£10 more capital for Tiny Council by 2035/36"
    )


def test_why_a_site_is_not_decided_on_is_told_where_the_plan_says_no_more():
    sites = pd.DataFrame(
        {"site_id": ["A", "B", "C"], "scope_reason": ["people live there", None, "let to others"]}
    )
    codes = ["kept_by_scope", "kept_by_scope", "let_out"]
    plan = pd.DataFrame({"reason_code": codes}, index=["A", "B", "C"])
    assert scope_reasons(sites, plan) == {"A": " (people live there)"}
