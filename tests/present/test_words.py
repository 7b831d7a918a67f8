"""Figures in words, and the terminal summary, as a reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_up import make_result

from estate.present.summary import funnel_lines, gap_words, summary_lines
from estate.present.words import gbp, join_words, quantity, share, years

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


def test_summary_begins_with_what_is_not_known(result: Result) -> None:
    lines = summary_lines(result)
    assert lines[0] == "What is not known"
    assert "Costs of 12 sites are assumed" in lines[1]
    closures = len(result.plan.closures)
    assert any(f"{closures} of them close" in line for line in lines)
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
