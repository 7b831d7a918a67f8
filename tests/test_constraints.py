"""``estate constraints`` from end to end: what each limit of a small run is worth, kept and written."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from estate.cli import app
from estate.core.types import Plan
from estate.explore.loosen import loosened
from estate.pipeline import read_estate
from estate.settings import load_config
from estate.verify import LIMIT_COLUMNS, limits, verify

ROOT = Path(__file__).parents[1]
SMALL = ["horizon.decision_years=3", "horizon.appraisal_years=8", "hubs_allowed=false"]
SMALL += ["rules.counts.max_closures=2", "rules.affordability.peak_funding_gbp=20000"]


def ask(out: Path, *more: str):
    words = ["constraints", str(ROOT / "configs" / "tiny.yaml"), "--out", str(out), "--workers", "1"]
    settings = [part for one in SMALL for part in ("--set", one)]
    return CliRunner().invoke(app, [*words, *settings, *more])


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    out = tmp_path_factory.mktemp("constraints")
    done = ask(out, "--most", "2", "--step", "peak=30000")
    assert done.exit_code == 0, done.output
    return out / "tiny-constraints", done.output


def test_limits_with_what_a_step_is_worth_stand_in_file_sheet_and_report(asked):
    folder, said = asked
    table = pd.read_csv(folder / "plan" / "constraints.csv")
    assert list(table.columns[: len(LIMIT_COLUMNS)]) == list(LIMIT_COLUMNS)
    closures = table.set_index("line").loc["counts|max_closures"]
    assert closures["left"] == 0
    assert 0 < closures["worth_low_gbp"] <= closures["worth_high_gbp"]
    assert closures["verdict"] == "worth it"
    assert table.set_index("line")["step"]["affordability|peak"] == 30_000
    assert (table["verdict"] == "not asked").sum() == len(table) - 2
    assert table["line"][0] == "affordability|peak", "what --step names comes first"
    assert "1 closure more" in said
    book = openpyxl.load_workbook(folder / "plan" / "workbook.xlsx", read_only=True)
    assert book["Constraints"].max_row >= len(table)
    page = (folder / "plan" / "report.html").read_text(encoding="utf-8")
    assert "Limits that hold the plan" in page
    assert "worth it" in page


def test_what_is_worth_is_the_difference_of_two_runs(asked):
    """The interval from the command, against a whole search of the same run with one closure more."""
    from estate.settings import parse_assignments
    from estate.solve import solve_estate

    folder, _ = asked
    first = json.loads((folder / "plan" / "run.json").read_text(encoding="utf-8"))
    changes = {**parse_assignments(SMALL), "rules.counts.max_closures": 3, "solver.gap": 0}
    config, base = load_config(ROOT / "configs" / "tiny.yaml", changes)
    more = solve_estate(read_estate(config, base), config).objective_gbp
    row = pd.read_csv(folder / "plan" / "constraints.csv").set_index("line").loc["counts|max_closures"]
    assert row["worth_low_gbp"] - 1 <= more - first["saving_npv_gbp"] <= row["worth_high_gbp"] + 1


def test_a_second_call_takes_over_what_was_found(asked):
    folder, said = asked
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/job.json")}
    assert len(before) == 4
    again = ask(folder.parent, "--most", "2", "--step", "peak=30000")
    assert again.exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*/job.json")} == before
    assert said.splitlines()[-1] == again.output.splitlines()[-1]


def test_locks_leases_and_merges_give_by_a_step():
    """A break a year earlier, a lock lifted, half a km: what was against the rules keeps them then."""
    changes = {"rules.locks.keep": ["S07"], "rules.locks.no_hub": ["S05"]}
    config, base = load_config(ROOT / "configs" / "tiny.yaml", changes)
    estate = read_estate(config, base)
    none = Plan.from_records({"closures": [], "hubs": [], "moves": []})
    table = limits(estate, config, none).set_index("line")
    assert table.loc["lease|S03", ["used", "allowed"]].tolist() == [6, 2]
    for line, site, year, rule in (
        ("lease|S03", "S03", 1, "tenure"),
        ("lease|S04", "S04", 2, "tenure"),
        ("lock|brake|S11", "S11", 1, "brakes"),
        ("lock|keep|S07", "S07", 1, "locks"),
    ):
        closed = {
            "closures": [{"site_id": site, "year": year, "exit_route": "hold"}],
            "hubs": [],
            "moves": [],
        }
        plan, step = Plan.from_records(closed), table["step"][line]
        assert any(one.rule == rule for one in verify(estate, config, plan)), line
        assert not any(one.rule == rule for one in verify(*loosened(estate, config, line, step), plan)), line
    assert loosened(estate, config, "lock|no_hub|S05", 1)[1].rules["locks"]["no_hub"] == []
    services, line = estate.tables["services"].set_index("service_id"), "merge_reach|health"
    wider = loosened(estate, config, line, 0.5)[0].tables["services"].set_index("service_id")
    assert wider["merge_reach_km"]["health"] == services["merge_reach_km"]["health"] + 0.5
    assert limits(*loosened(estate, config, line, 0.5), none).set_index("line")["allowed"][line] == 2.0


def test_wrong_steps_and_readers_are_told(tmp_path):
    wrong = ask(tmp_path, "--step", "capitol=5", "--step", "hubs=1.5")
    assert wrong.exit_code == 2
    assert "capitol" in wrong.output
    assert "hubs=1.5" in wrong.output
    outside = ask(tmp_path, "--set", "audience=public")
    assert outside.exit_code == 2
    assert "audience: internal" in outside.output
    assert not list(tmp_path.iterdir())
