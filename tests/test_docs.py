"""What the documentation shows: every command runs, every figure and link is right."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from estate.cli import app
from estate.model.rules import RULES, rule_name
from estate.schema import refresh
from estate.settings import load_config
from estate.starting import starter_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
STUDIES = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "data").rglob("*.md"),
    ]
)


def commands(page: str) -> list[str]:
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [
        line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")
    ]


def run_all(page: str, folder: Path, run: Callable[[list[str], Path], str] | None = None) -> dict[str, str]:
    """Run the commands of a page one after the other, in a folder with what a checkout has."""
    for part in ("configs", "data"):
        shutil.copytree(ROOT / part, folder / part)
    shown = [command for command in commands(page) if not command.startswith("pip install")]
    return {command: (run or here)(shlex.split(command), folder) for command in shown}


def here(words: list[str], folder: Path) -> str:
    """Run a command of the program in this process, which has loaded the libraries already."""
    assert words[0] == "estate"
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, f"{words}\n{done.output}"
    return done.stdout


def installed(words: list[str], folder: Path) -> str:
    """Run a command as a user does, in a process of its own."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": programs, "PYTHONUTF8": "1"}
    program = shutil.which(words[0], path=programs) or words[0]
    done = subprocess.run(
        [program, *words[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    assert done.returncode == 0, f"{words}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def ten_minutes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    return folder, run_all(README, folder, installed)


def test_readme_shows_exactly_two_set_up_commands():
    assert [command for command in commands(README) if command.startswith("pip")] == [
        "pip install . && estate run configs/east_birmingham.yaml",
        'pip install ".[test]" && pytest',
    ]
    assert (ROOT / "configs" / "east_birmingham.yaml").is_file()


def test_the_first_ten_minutes_are_as_readme_tells_them(ten_minutes):
    folder, said = ten_minutes
    assert len(said) == 5
    first, second, third, fourth, _ = said.values()
    assert "Nothing was solved." in first
    assert "Nothing was solved." in second
    assert (folder / "out" / "register-check" / "data_quality.html").is_file()
    assert "illustrative" in third
    collect = pd.read_csv(folder / "out" / "first_register" / "data_to_collect.csv")
    assert len(collect) == 20, "the twenty facts"
    assert (collect["swing_gbp"].diff().dropna() <= 0).all(), "ranked"
    assert "All files are in" in fourth
    assert (folder / "out" / "compare" / "compare.html").is_file()
    assert "The running cost is known for 0 of 59 sites to decide" in third
    assert "The running cost is known for 1 of 59 sites to decide" in fourth, "the cost that was added counts"
    before = pd.read_csv(folder / "out" / "first_register" / "plan.csv", index_col="site_id")["decision"]
    after = pd.read_csv(
        folder / "out" / "with_one_cost" / "first_register" / "plan.csv", index_col="site_id"
    )["decision"]
    assert (before != after).any(), "one real cost moves something"
    with (folder / "data" / "first_register" / "one_real_cost.csv").open(
        encoding="utf-8", newline=""
    ) as handle:
        (row,) = csv.DictReader(handle)
    assert before[row["site_id"]] != after[row["site_id"]]


def files_told():
    """Return the files that README names in its table, and those with areas of residents only."""
    told = README.split("## What comes out")[1].split("## ")[0]
    table, _, residents = told.partition("Where areas of residents are given")
    always, with_residents = (set(re.findall(r"`([a-z_]+\.[a-z]+)`", part)) for part in (table, residents))
    return always, with_residents


def test_readme_lists_every_file_that_comes_out(ten_minutes):
    folder, _ = ten_minutes
    told, _ = files_told()
    assert told == {path.name for path in (folder / "out" / "first_register").iterdir()}


def test_every_command_of_the_guide_runs(tmp_path):
    said = run_all(GUIDE, tmp_path)
    assert len(said) == 10
    assert (tmp_path / "my_estate" / "estate.yaml").is_file()
    assert (tmp_path / "my_estate.xlsx").is_file()


def test_every_command_of_the_page_on_studies_runs(tmp_path):
    said = run_all(STUDIES, tmp_path)
    assert len(said) == 4
    run, study, compare, rerun = said.values()
    assert (tmp_path / "out" / "tiny" / "no-receipts+keep-libraries" / "report.html").is_file()
    assert "passed" in run
    assert study.count(": done") == 4
    assert (tmp_path / "out" / "tiny" / "compare" / "compare.html").is_file()
    assert "compare.html" in compare
    assert "figures are the same" in rerun
    results = pd.read_parquet(tmp_path / "out" / "tiny" / "study" / "results.parquet").set_index("job")
    assert {"closures", "saving_npv_gbp", "gap_gbp"} <= set(results.columns)
    assert results.loc["bau", "saving_npv_gbp"] == 0


def test_the_page_on_studies_shows_the_configuration_that_is_there():
    shown = re.findall(r"^```yaml\n(.*?)^```", STUDIES, re.MULTILINE | re.DOTALL)
    config, _ = load_config(ROOT / "configs" / "tiny.yaml")
    for text in shown:
        for key, content in yaml.safe_load(text).items():
            there = getattr(config, key)
            assert {name: there[name] for name in content} == content


def test_the_cost_of_every_council_follows_from_the_seconds_measured():
    rows = [
        [cell.strip().replace(",", "") for cell in line.strip("|").split("|")]
        for line in STUDIES.splitlines()
    ]
    measured = {row[0].split(":")[0]: row for row in rows if row[0].startswith(("small:", "middle:"))}
    told = [row for row in rows if row[0] in measured]
    assert len(told) == 4
    for name, _, fixed, search, hours, on_1000, terabytes in told:
        parts = [float(cell.removesuffix(" s")) for cell in measured[name][2:6]]
        assert float(fixed) == pytest.approx(sum(parts[:3]))
        assert parts[3] == pytest.approx(sum(parts[:3]))
        expected = 317_000 * (float(fixed) + float(search)) / 3600
        assert float(hours) == round(expected)
        assert float(on_1000) == pytest.approx(expected / 1000, abs=0.051)
        size = float(measured[name][7].removesuffix(" MB"))
        assert float(terabytes) == pytest.approx(317_000 * size / 1e6, abs=0.051)


def test_every_command_of_the_page_on_serving_runs(tmp_path):
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    (said,) = run_all(page, tmp_path).values()
    assert "Journeys saved by one front door" in said
    cash = pd.read_csv(tmp_path / "with_travel" / "tiny" / "cashflow.csv")
    assert set(cash.loc[cash["line"] == "resident_travel", "view"]) == {"economic"}
    always, with_residents = files_told()
    written = {path.name for path in (tmp_path / "with_travel" / "tiny").iterdir()}
    assert written == always | with_residents


def test_the_figures_of_readme_are_those_of_the_data():
    with (ROOT / "data" / "first_register" / "register.csv").open(encoding="cp1252", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 120
    sites = pd.read_csv(ROOT / "data" / "east_birmingham" / "sites.csv")
    assert (sites["status"] == "existing").sum() == 600
    assert len(starter_yaml().splitlines()) <= 25
    assert len(RULES) == 16
    assert "under sixteen rules" in " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    config, _ = load_config(ROOT / "configs" / "east_birmingham.yaml")
    assert config.invented


def test_what_hubs_bring_is_as_it_was_measured():
    table = pd.read_csv(ROOT / "benchmarks" / "hubs.csv").set_index(["seed", "hubs"])
    for seed in table.index.levels[0]:
        allowed, barred = table.loc[(seed, "allowed")], table.loc[(seed, "barred")]
        money = [f"{row.saving_gbp / 1e6:.1f} ({row.at_most_gbp / 1e6:.1f})" for row in (allowed, barred)]
        closed = [f"{row.closures:.0f}" for row in (allowed, barred)]
        farther = [f"{row.worse_off:,.0f}" for row in (allowed, barred)]
        assert f"| {seed} | {' | '.join(money + closed + farther)} |" in README


def test_the_made_parts_of_the_guide_are_current():
    assert refresh(GUIDE) == GUIDE, "write docs/guide.md again with estate.schema.refresh"
    assert refresh(GUIDE.replace("Greatest number of hubs", "x")) == GUIDE
    for rule in RULES:
        assert f"#### {rule_name(rule)}\n" in GUIDE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_options_of_the_guide_are_those_of_the_program():
    told = set(re.findall(r"^\| `(--[a-z-]+)", GUIDE, re.MULTILINE))
    program = subprocess.run(
        [Path(sys.executable).with_name("estate"), "run", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told == set(re.findall(r"^ {2}(--[a-z-]+)", program, re.MULTILINE)) - {"--help"}
