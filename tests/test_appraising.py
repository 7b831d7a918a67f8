"""A recorded plan valued again: against sums by hand, against the workbook, and refused where it must be."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from recorded import ROOT, record
from typer.testing import CliRunner

from estate.appraise.lines import LEDGER_LINES
from estate.appraising import Changes, appraise_plan
from estate.cli import app
from estate.core.errors import ConfigError, InputError
from estate.core.levers import pull
from estate.core.reference import default_assumptions
from estate.pipeline import npv_gbp

sys.path.insert(0, str(Path(__file__).parent / "present"))
from office import edited, recalculated

PENNY = 0.005
PAGE = (ROOT / "docs" / "appraisal.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ estate (.*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Tiny beside its data, so that both can be changed."""
    base = tmp_path_factory.mktemp("project")
    for part in ("configs/tiny.yaml", "data/tiny"):
        source, target = ROOT / part, base / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    return base


@pytest.fixture(scope="module")
def run(base):
    return record(base / "configs" / "tiny.yaml", base / "out" / "tiny")


@pytest.fixture
def folder(base, run):
    assert run.run["plan"]["closures"]
    return base / "out" / "tiny"


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    """Valued again in brief but for `plain`: switching values of two assumptions, and no workbook."""
    known = default_assumptions()
    two = known[known["name"].isin(["fit_out_gbp_per_m2", "years_to_sell"])]
    monkeypatch.setattr("estate.appraise.switching.default_assumptions", lambda: two)
    monkeypatch.setattr("estate.appraising.WRITTEN", ("tables", "json"))


def valued(folder, out, **asked):
    told = appraise_plan((folder, None, None), Changes(**asked), out)
    summary = json.loads((out / "tiny-appraised" / "summary.json").read_text(encoding="utf-8"))
    return told, {row["key"]: row["value"] for row in summary["headlines"]}


def cash(folder, view="economic"):
    """Yearly plan minus business as usual, with and without receipts, from the file alone."""
    table = pd.read_csv(folder / "cashflow.csv")
    table = table[table["view"].isin(["both", view])]
    table["gbp"] = table["amount_gbp"].where(table["case"] == "plan", -table["amount_gbp"])
    years = sorted(pd.read_csv(folder / "cashflow.csv")["year"].unique())
    total = table.groupby("year")["gbp"].sum().reindex(years, fill_value=0.0)
    sales = table[table["line"] == "receipt"].groupby("year")["gbp"].sum().reindex(years, fill_value=0.0)
    return total.to_numpy(), sales.to_numpy()


@pytest.fixture(scope="module")
def plain(base, run, tmp_path_factory):
    """The run valued again with nothing changed."""
    out = tmp_path_factory.mktemp("plain")
    assert run.plan.closures.size
    valued(base / "out" / "tiny", out)
    return out / "tiny-appraised"


def test_unchanged_it_is_the_run(run, plain):
    figures = {
        r["key"]: r["value"] for r in json.loads((plain / "summary.json").read_text("utf-8"))["headlines"]
    }
    for row in run.summary["headlines"]:
        if isinstance(row["value"], float):
            assert figures[row["key"]] == pytest.approx(row["value"], abs=PENNY), row["key"]
    table = pd.read_csv(plain / "measures.csv")
    assert table["difference"].abs().max() <= PENNY


def by_page(command, folders, monkeypatch):
    """Run a command of the page as it stands, but for the folder of its results."""
    base, out = folders
    monkeypatch.chdir(base)
    done = CliRunner().invoke(app, [*shlex.split(command), "--out", str(out)])
    assert done.exit_code == 0, (command, done.output)
    return done.output


def test_another_discount_rate_and_haircut(base, folder, tmp_path, monkeypatch):
    net, sales = cash(folder)
    assert COMMANDS[1] == "appraise --plan out/tiny --haircut 0.2 --discount-rate 0.05"
    told = by_page(COMMANDS[1], (base, tmp_path), monkeypatch)
    summary = json.loads((tmp_path / "tiny-appraised" / "summary.json").read_text(encoding="utf-8"))
    figures = {row["key"]: row["value"] for row in summary["headlines"]}
    hand = float(((net - 0.2 * sales) / 1.05 ** np.arange(len(net))).sum())
    assert figures["npv_economic_gbp"] == pytest.approx(hand, abs=PENNY)
    assert "Changed: Receipts lower by 20.0%." in told
    assert "held fixed" in told


def test_no_receipts_is_the_measure_without_receipts(folder, run, tmp_path):
    _, figures = valued(folder, tmp_path, receipts="none")
    bare = run.headline("npv_financial_without_receipts_gbp")["value"]
    assert figures["npv_financial_gbp"] == pytest.approx(bare, abs=PENNY)
    cases = run.business["receipt_scenarios"].set_index("scenario")
    assert cases.loc["none", "npv_financial_gbp"] == pytest.approx(bare, abs=PENNY)


def test_late_sales_cost_what_the_empty_building_costs(base, folder, tmp_path, monkeypatch):
    """Three more years of holding and empty rates, and the receipt three years later."""
    assert COMMANDS[2].startswith("appraise --plan out/tiny --receipts late_and_lower --set ")
    by_page(COMMANDS[2], (base, tmp_path), monkeypatch)
    before, after = (pd.read_csv(one / "cashflow.csv") for one in (folder, tmp_path / "tiny-appraised"))
    sums = [
        table[table["line"] == "receipt"].groupby("year")["amount_gbp"].sum() for table in (before, after)
    ]
    assert [int(y[:4]) for y in sums[1].index] == [int(y[:4]) + 3 for y in sums[0].index]
    assert sums[1].to_numpy() == pytest.approx(0.8 * sums[0].to_numpy())
    holding = [
        table[table["line"] == "vacant_holding"].groupby("site_id")["amount_gbp"] for table in (before, after)
    ]
    sold = before.loc[before["line"] == "receipt", "site_id"].unique()
    for site in sold:
        yearly = holding[0].min()[site]
        assert holding[1].sum()[site] - holding[0].sum()[site] == pytest.approx(3 * yearly)


def test_a_switching_value_makes_the_plan_worth_nothing(folder, run, plain, tmp_path):
    table = pd.read_csv(plain / "switching_values.csv").set_index("name")
    at = float(table.loc["fit_out_gbp_per_m2", "switching_value"])
    sets = {"assumptions.fit_out_gbp_per_m2": at}
    _, figures = valued(folder, tmp_path, sets=sets)
    assert figures["npv_economic_gbp"] == pytest.approx(0.0, abs=1.0)
    for name in ("works_rise_share", "saving_fall_share"):
        pulled = pull(run.ledger, {name: float(table.loc[name, "switching_value"])})
        worth = npv_gbp(pulled, run.config, "plan") - npv_gbp(pulled, run.config, "bau")
        assert worth == pytest.approx(0.0, abs=1.0), name
    rate = float(table.loc["discount_rate", "switching_value"])
    net, _ = cash(folder)
    assert (net / (1 + rate) ** np.arange(len(net))).sum() == pytest.approx(0.0, abs=1.0)


def test_it_says_which_rule_the_plan_no_longer_keeps(folder, tmp_path):
    sets = {"rules.affordability.payback_year": 8}
    told, _ = valued(folder, tmp_path, sets=sets, receipts="none")
    assert [line for line in told if line.startswith("No longer kept: affordability: The plan is £")]


def test_changed_data_are_refused_unless_they_are_asked_for(base, run, tmp_path):
    assert run.plan.closures.size
    other = tmp_path / "moved"
    shutil.copytree(base, other)
    table = other / "data" / "tiny" / "running_costs.csv"
    table.write_text(table.read_text(encoding="utf-8") + "S01,security,1,,,\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        appraise_plan((other / "out" / "tiny", None, None), Changes(), tmp_path)
    assert "running_costs.csv: has changed since" in str(refused.value)
    assert not (tmp_path / "tiny-appraised").exists()
    told = appraise_plan(
        (other / "out" / "tiny", None, None), Changes(sets={"data.folder": "../data/tiny"}), tmp_path
    )
    assert any("held fixed" in line for line in told)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--receipts", "lat"], "did you mean late_and_lower?"),
        (["--receipts", "none", "--haircut", "0.2"], "--receipts, or --haircut and --delay"),
        (["--haircut", "20"], "give a share from 0 to 1"),
        (["--discount-rate", "5"], "such as 0.05"),
        (["--delay", "-1"], "is negative"),
        (["--set", "assumptions.circuty=1"], "circuity"),
        (["--set", "vintage=green_bok"], "green_book_2022"),
    ],
)
def test_wrong_options_are_told(folder, tmp_path, options, problem):
    answer = CliRunner().invoke(app, ["appraise", "--plan", str(folder), "--out", str(tmp_path), *options])
    assert answer.exit_code == 2
    assert problem in answer.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_plan_is_refused(folder, tmp_path):
    with pytest.raises(ConfigError, match="is not there or is damaged"):
        appraise_plan((tmp_path, None, None), Changes())
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del record["plan"]
    shutil.copy(folder / "summary.json", tmp_path)
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ConfigError, match="internal run"):
        appraise_plan((tmp_path, None, None), Changes())


KEYS = {
    "Net present saving": "npv_gbp",
    "Equivalent annual saving": "equivalent_annual_gbp",
    "Number of rates of return": "irr_count",
    "Internal rate of return": "irr",
    "Payback, interpolated": "payback_years",
    "Payback, whole years": "payback_whole_years",
    "Discounted payback, interpolated": "discounted_payback_years",
    "Discounted payback, whole years": "discounted_payback_whole_years",
    "Peak funding": "peak_funding_gbp",
    "Peak funding reached in year t": "peak_funding_t",
    "Present value of benefits": "benefits_gbp",
    "Present value of costs": "costs_gbp",
    "Benefit-cost ratio": "benefit_cost_ratio",
}


def check_measures(book, told):
    """Every measure of the workbook, worked out by LibreOffice, is Estate's."""
    known = {(row["measure"], row["view"], row["receipts"]): row["value"] for row in told}
    seen = set()
    for name, view, receipts, now, *_ in book["Measures"].iter_rows(min_row=5, values_only=True):
        if name not in KEYS:
            continue
        key = (KEYS[name], view, receipts)
        seen.add(key)
        if known[key] is None:
            assert isinstance(now, str), key
        else:
            tight = 1e-9 if KEYS[name] in {"irr", "benefit_cost_ratio"} else PENNY
            assert now == pytest.approx(known[key], abs=tight, rel=0), key
    assert len(seen) == 4 * 10 + 3


@pytest.mark.tool
def test_libreoffice_works_out_the_same_figures(folder, run, tmp_path):
    book = recalculated(folder / "workbook.xlsx", tmp_path)
    check_measures(book, run.summary["measures"])
    for sheet, view in (("Cash flow by year", "financial"), ("Cash flow economic", "economic")):
        rows = list(book[sheet].iter_rows(min_row=4, values_only=True))
        net = [row[rows[0].index("Net [£]")] for row in rows[1:]]
        assert net == pytest.approx(cash(folder, view)[0].tolist(), abs=PENNY)
    rows = list(book["Partners"].iter_rows(min_row=4, values_only=True))
    worth = [row[rows[0].index("Net present saving [£]")] for row in rows[1:]]
    assert worth == pytest.approx(run.partners["npv_gbp"].tolist(), abs=PENNY)
    npv = next(row[3] for row in book["Measures"].iter_rows(min_row=5, values_only=True))
    assert npv == pytest.approx(run.run["saving_npv_gbp"], abs=PENNY)
    assert npv == pytest.approx(run.solution.objective_gbp, abs=2 * PENNY)


@pytest.mark.tool
def test_a_changed_cell_agrees_with_the_plan_valued_again(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("estate.appraising.WRITTEN", ("json", "workbook"))
    levers = {"receipt_haircut_share": 0.35, "works_rise_share": 0.1, "saving_fall_share": 0.05}
    sets = {"vintage": "6%", "timing": "mid_year"}
    appraise_plan((folder, None, None), Changes(sets, levers), tmp_path)
    summary = json.loads((tmp_path / "tiny-appraised" / "summary.json").read_text(encoding="utf-8"))
    cells = {"discount_rate_1": 0.06, "mid_year": 1, **levers}
    book = recalculated(edited(folder / "workbook.xlsx", tmp_path / "edited.xlsx", **cells), tmp_path)
    check_measures(book, summary["measures"])
    assert "held fixed" in str(book["Measures"]["A3"].value)
    planned = openpyxl.load_workbook(tmp_path / "tiny-appraised" / "workbook.xlsx", data_only=True)
    before = openpyxl.load_workbook(folder / "workbook.xlsx", data_only=True)
    for sheet in ("Running cost by heading", "Saving by fund"):
        for head in ("Plan [£ a year]", "Saving [£ a year]"):
            now, again, was = (column_of(one[sheet], head) for one in (book, planned, before))
            assert now == pytest.approx(again, abs=PENNY), (sheet, head)
            assert now != pytest.approx(was, abs=PENNY), (sheet, head)
    by_partner, again, was = (figures_of(one["Cash flow by partner"]) for one in (book, planned, before))
    assert by_partner == pytest.approx(again, abs=PENNY)
    assert by_partner != pytest.approx(was, abs=PENNY)


def figures_of(sheet):
    """Return all figures of a sheet, row by row."""
    rows = sheet.iter_rows(min_row=5, values_only=True)
    return [cell for row in rows for cell in row if isinstance(cell, int | float)]


def column_of(sheet, head):
    """Return the figures of a column by its header."""
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    return [row[rows[0].index(head)] for row in rows[1:]]


def test_streams_and_loans_of_the_page_run(base, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "data" / "parenting", base / "data" / "parenting")
    assert COMMANDS[0] == "run configs/tiny.yaml"
    assert len(COMMANDS) == 6, "the two with --plan run above"
    said = [by_page(command, (base, tmp_path), monkeypatch) for command in COMMANDS[3:]]
    assert "£46,837,471" in said[0]
    shown = re.findall(r"£[\d,]+\.\d\d", PAGE.split("## One loan")[1].split("## ")[0])
    assert len(shown) == 4
    assert all(figure in "".join(said) for figure in shown)


def test_the_snippet_of_the_docs_rebuilds_the_net_present_saving(base, run):
    code = PAGE.split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=base, capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(run.run["saving_npv_gbp"], abs=PENNY)


def test_transfers_between_partners_net_to_nothing(run):
    charges = run.ledger[run.ledger["line"].isin(["hub_charge", "host_fee"])]
    between = charges[(charges["view"] == "financial") & (charges["counterparty_id"] != "")]
    assert len(between)
    assert between.groupby(["line", "t"])["amount_gbp"].sum().abs().max() <= PENNY


def test_the_page_names_the_lines_of_which_the_ratio_is_made():
    told = PAGE.split("Spent once, and so the costs of the benefit-cost ratio")[1].split("All others")[0]
    spent = {line.name for line in LEDGER_LINES if line.side == "invest"}
    assert set(re.findall(r"`(\w+)`", told)) == spent
