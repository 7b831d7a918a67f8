"""Streams that are not property: worked figures, prices, the workbook, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from estate.cli import app
from estate.core.errors import InputError
from estate.inputs.flows import read_flows
from estate.streaming import StreamOptions, appraise_stream, stream_measures

sys.path.insert(0, str(Path(__file__).parent / "present"))
from office import edited, recalculated

ROOT = Path(__file__).parents[1]
HEAD = "item,line,year,to_year,low_gbp,central_gbp,high_gbp,price_base\n"
INVEST = (
    "Works,investment,2027/28,,,2000000,,2027/28\n"
    "Works,investment,2028/29,,,4000000,,2027/28\n"
    "Moves,investment,2029/30,,,300000,,2027/28\n"
    "Running,saving,2030/31,2057/58,800000,900000,1000000,2027/28\n"
)
RECEIPT = "Sale,receipt,2031/32,,0,2500000,2500000,2027/28\n"


def stream(folder, rows, **options):
    path = folder / "flows.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    asked = StreamOptions(**options)
    found = read_flows(path, asked.first_year, asked.years, asked.deflators, asked.inflation)
    return found, stream_measures(found, asked)


def central(measured, view="financial", receipts="with", case="central"):
    rows = measured[(measured[["case", "view", "receipts"]] == [case, view, receipts]).all(axis=1)]
    return rows.set_index("measure")["value"]


def test_level_benefits_over_fifteen_years(tmp_path):
    """The calculator check of domain.md A10: 61 to 92 million, level, are 46.84 to 70.64 million."""
    told = appraise_stream(ROOT / "data" / "parenting" / "flows.csv", StreamOptions(), tmp_path)
    assert "£46,837,471" in told[1]
    table = pd.read_csv(tmp_path / "parenting_flows" / "measures.csv")
    assert central(table, case="low")["npv_gbp"] / 1e6 == pytest.approx(46.84, abs=0.005)
    assert central(table, case="high")["npv_gbp"] / 1e6 == pytest.approx(70.64, abs=0.005)
    for case, whole in (("low", 61e6), ("high", 92e6)):
        flows = pd.read_csv(tmp_path / "parenting_flows" / "cashflow.csv")
        assert flows[f"{case}_gbp"].sum() == pytest.approx(whole, abs=1)
    reasons = table[(table["measure"] == "irr")]["reason"]
    assert reasons.str.contains("same sign").all()


def test_invest_to_save_as_worked_by_hand(tmp_path):
    """The two first rows of the oracle of domain.md 1.5."""
    _, measured = stream(tmp_path, INVEST + RECEIPT)
    found = central(measured)
    assert found["npv_gbp"] / 1e6 == pytest.approx(10.8769, abs=5e-5)
    assert found["irr"] == pytest.approx(0.1548, abs=5e-5)
    assert found["payback_years"] == pytest.approx(6.222, abs=5e-4)
    assert found["discounted_payback_years"] == pytest.approx(7.253, abs=5e-4)
    assert found["peak_funding_gbp"] == pytest.approx(6.3e6)
    bare = central(measured, receipts="without")
    assert bare["npv_gbp"] / 1e6 == pytest.approx(8.6983, abs=5e-5)
    assert bare["payback_years"] == pytest.approx(9.0, abs=5e-4)
    assert bare["discounted_payback_years"] == pytest.approx(10.6, abs=5e-4)


def test_money_of_the_day_is_deflated(tmp_path):
    """Table 1 of the Green Book (domain.md 1.3): 1,000 nominal a year at 2%."""
    found, _ = stream(tmp_path, "Fee,saving,2027/28,2032/33,,1000,,nominal\n", inflation=0.02)
    assert np.round(found.rows["central"]).tolist() == [1000, 980, 961, 942, 924, 906]


def test_what_releases_no_cash_is_in_the_economic_view_alone(tmp_path):
    rows = "A,investment,2027/28,,,100,,2027/28\nB,benefit,2028/29,,,200,,2027/28\n"
    _, measured = stream(tmp_path, rows)
    assert central(measured)["npv_gbp"] == pytest.approx(-100)
    assert central(measured, "economic")["npv_gbp"] == pytest.approx(200 / 1.035 - 100)
    assert central(measured, "economic")["benefit_cost_ratio"] == pytest.approx(2 / 1.035)


@pytest.mark.parametrize(
    ("rows", "options", "problem"),
    [
        ("A,savings,2027,,,1,,2027\n", {}, "row 2, line: savings"),
        ("A,saving,2027,,,1,,\n", {}, "price_base"),
        ("A,saving,2027,,,1,,soon\n", {}, "soon is no year; write the year of the prices"),
        ("A,saving,2027,,,ten,,2027\n", {}, "central_gbp: ten"),
        ("A,saving,2027,,,-5,,2027\n", {}, "central_gbp: -5"),
        ("A,saving,2027,,,1,,2027\nA,saving,2026,2028,,1,,2027\n", {}, "is given for 2027 in row 2 too"),
        ("A,saving,2027,2035,,1,,2027\n", {"years": 5}, "lies outside 2027 to 2031"),
        ("A,saving,2027,,,1,,2027\n", {"first_year": 2028}, "lies outside"),
        ("A,saving,2029,2027,,1,,2027\n", {}, "does not follow 2029"),
        ("A,saving,2029,2027,,1,,2027\nB,saving,2027,,,ten,,2027\n", {}, "central_gbp: ten"),
        ("A,saving,2029,2027,,1,,2027\nB,saving,2027,,,ten,,2027\n", {}, "row 2, to_year: 2027 does not"),
        ("A,saving,2027,,,1,,2027\nB,saving,2199,,,1,,2027\n", {}, "row 3, year: 2199 makes 173 years"),
        (
            "A,saving,1927,,,1,,2027\nB,saving,2027,2028,,1,,2027\nC,saving,2027,,,1,,2027\n",
            {},
            "--years 102",
        ),
        ("", {}, "has no rows"),
    ],
)
def test_bad_rows_are_told_with_their_remedy(tmp_path, rows, options, problem):
    with pytest.raises(InputError) as refused:
        stream(tmp_path, rows, **options)
    assert problem in str(refused.value)


def test_an_unknown_heading_is_told(tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(HEAD.replace("price_base", "prise_base") + INVEST, encoding="utf-8")
    answer = CliRunner().invoke(app, ["appraise", str(path), "--out", str(tmp_path / "out")])
    assert answer.exit_code == 2
    assert "price_base" in answer.stderr
    assert not (tmp_path / "out").exists()


def test_options_of_plans_are_refused(tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(HEAD + INVEST, encoding="utf-8")
    for options in ([str(path), "--haircut", "0.1"], [], [str(path), "--plan", str(tmp_path)]):
        answer = CliRunner().invoke(app, ["appraise", *options])
        assert answer.exit_code == 2, options
        assert "Nothing was valued" in answer.stderr


@pytest.mark.tool
def test_libreoffice_works_out_every_case_of_the_workbook(tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(HEAD + INVEST + RECEIPT.replace("Sale", "=Sale"), encoding="utf-8")
    appraise_stream(path, StreamOptions(), tmp_path)
    (folder,) = [one for one in tmp_path.iterdir() if (one / "workbook.xlsx").is_file()]
    measured = pd.read_csv(folder / "measures.csv")
    changed = edited(folder / "workbook.xlsx", tmp_path / "low.xlsx", case=1)
    for source, case in ((folder / "workbook.xlsx", "central"), (changed, "low")):
        rows = recalculated(source, tmp_path)["Measures"].iter_rows(min_row=5, values_only=True)
        now = {(row[0], row[1], row[2]): row[3] for row in rows}
        for view in ("economic", "financial"):
            known = central(measured, view, case=case)
            assert now["Net present saving", view, "with"] == pytest.approx(known["npv_gbp"], abs=0.005)
            assert now["Internal rate of return", view, "with"] == pytest.approx(known["irr"], abs=1e-9)
            at = now["Discounted payback, interpolated", view, "with"]
            assert at == pytest.approx(known["discounted_payback_years"], abs=0.005)
