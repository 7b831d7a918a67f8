"""Figures in words, and the terminal summary, as a reader sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from made_up import make_result

from estate.present.headed import headed
from estate.present.summary import decided_words, funnel_lines, gap_words, summary_lines
from estate.present.view import make_view
from estate.present.words import gbp, headline_words, join_words, quantity, share, years

if TYPE_CHECKING:
    from estate.core.result import Result


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0.4, "£0"),
        (-0.4, "£0"),
        (950.4, "£950"),
        (12_345, "£12,300"),
        (-45_678, "-£45,700"),
        (999_951, "£1.00 million"),
        (12_345_678, "£12.35 million"),
        (None, "not known"),
    ],
)
def test_money_in_words(amount: float | None, words: str) -> None:
    assert gbp(amount) == words


def test_quantities_in_words() -> None:
    assert quantity(0.2789, "share") == "27.9%"
    assert quantity(None, "years") == "never within the years counted"
    assert quantity(1_200_000.0, "GBP/year") == "£1.20 million a year"
    assert quantity(12.0, "sites") == "12 sites"
    assert years(6.42) == "6.4 years"
    assert share(None) == "not known"
    assert join_words(["a", "b", "c", "d"], limit=3) == "a, b and 2 more"


def test_where_there_is_no_rate_of_return_the_reason_is_told() -> None:
    rate = {"value": None, "unit": "share/year", "note": "Undefined: 3 rates make it nil (20%, 51%, 165%)"}
    assert headline_words(rate) == "undefined: 3 rates make it nil (20%, 51%, 165%)"
    assert headline_words({**rate, "note": ""}) == "undefined"
    assert headline_words({**rate, "value": 0.2}) == "20.0% a year"


def test_headers_of_sheets_are_words() -> None:
    frame = pd.DataFrame({"bau_gbp_per_year": [1.0], "npv_economic_gbp": [2.0], "t": [0], "case": ["bau"]})
    shown = headed(frame.assign(worse_0_5_to_1_km=[3.0]))
    assert list(shown.columns) == [
        "Business as usual [£ a year]",
        "Net present saving economic [£]",
        "Year t",
        "Case",
        "Worse 0.5 to 1 [km]",
    ]
    assert shown["Case"].tolist() == ["business as usual"]


def test_the_gap_in_words() -> None:
    told = {
        "status": "within_gap",
        "bound_gbp": 10_300_000,
        "objective_gbp": 1e7,
        "gap_share_of_saving": 0.029126,
    }
    assert gap_words(told) == [
        "No plan can save more than £10.30 million; this one saves £10.00 million (within 2.9%)."
    ]
    assert gap_words({**told, "status": "optimal"}) == ["No plan saves more than this one."]
    assert "time limit" in gap_words({**told, "status": "time_limit"})[0]
    assert "contradicted itself" in gap_words({**told, "status": "time_limit", "stopped_by": "doubt"})[0]


def test_summary_begins_with_what_is_not_known(result: Result) -> None:
    lines = summary_lines(result)
    assert lines[0] == "What is not known"
    assert "Costs of 12 sites are assumed" in lines[1]
    closures = len(result.plan.closures)
    assert any(line.strip().startswith(f"{closures} of ") and "close" in line for line in lines)
    saved = result.headline("saving_steady_gbp")
    assert saved is not None
    assert any(gbp(saved["value"]) in line for line in lines)
    assert any("with receipts and" in line and "without receipts" in line for line in lines)
    assert any(line.startswith("  No plan can save more than") for line in lines)


def test_a_public_summary_names_no_refuge() -> None:
    lines = "\n".join(
        [
            *summary_lines(make_result(60, audience="public")),
            *funnel_lines(make_result(60, audience="public")),
        ]
    )
    assert "Rosemary" not in lines
    assert "Rosemary" in "\n".join(summary_lines(make_result(60)))


def test_funnel_lines(result: Result) -> None:
    sites = len(result.estate.tables["sites"])
    assert funnel_lines(result)[0] == f"  {sites:>6,}  Registered assets"


def test_surplus_sites_are_counted_apart_from_those_decided_on(result: Result) -> None:
    view = make_view(result, "internal")
    sites = view.sites.copy()
    existing = sites.index[sites["status"] == "existing"]
    sites.loc[existing, ["scope", "decision"]] = ["keep", "keep"]
    sites.loc[existing[:4], "scope"] = ["decide", "decide", "surplus", "surplus"]
    sites.loc[existing[1:3], "decision"] = "close"
    funnel = pd.DataFrame(
        [("Land", 600, "", "register"), ("Hosts", 85, "", "added"), ("Decided", 2, "", "register")],
        columns=["step", "sites", "reason", "part"],
    )
    assert decided_words(replace(view, sites=sites, funnel=funnel)) == [
        "2 sites of 602 registered assets are decided on.",
        "2 more sites stand empty (surplus) and may be given up.",
        "2 of these 4 close.",
    ]


def test_a_large_gap_is_not_called_near_the_best() -> None:
    told = {
        "status": "time_limit",
        "objective_gbp": 750_000.0,
        "bound_gbp": 10e6,
        "gap_share_of_saving": 0.925,
    }
    words = " ".join(gap_words(told))
    assert "the best possible may be up to £10.00 million: not settled" in words
    assert "within" not in words


def test_a_range_says_how_much_is_assumed() -> None:
    row = {"value": 181_000, "unit": "GBP/year", "low": 86_000, "high": 319_000, "assumed_share": 0.41}
    assert headline_words(row) == (
        "£181,000 a year (illustrative: 41% of the cost behind this is assumed; "
        "between £86,000 a year and £319,000 a year)"
    )


def test_funds_have_names_and_payback_says_where_there_is_nothing_to_pay_back():
    from estate.core.tables import SPECS
    from estate.present.business import FUNDS
    from estate.present.words import headline_words

    assert set(FUNDS) == set(SPECS["running_costs"]["fund"].allowed)
    row = {"key": "payback_with_receipts", "unit": "year", "value": None, "note": "there is no cash flow"}
    assert headline_words(row) == "nothing has to be paid back"
    assert headline_words({**row, "value": 0.0, "note": ""}) == "nothing has to be paid back"
    assert headline_words({**row, "note": "not paid back"}) == "never within the years counted"
    assert headline_words({**row, "value": 2.5}) == "2.5 years"
