"""The command line: what it answers, where, how fast, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from two_libraries import write_two_libraries
from typer.testing import CliRunner

from estate import __version__, pipeline
from estate.cli import app
from estate.core.types import Progress
from estate.model.rules import RULES, rule_name
from estate.progress import Reporter, cells
from estate.verify import Violation

PROGRAM = Path(sys.executable).with_name("estate.exe" if os.name == "nt" else "estate")


def ask(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_help_names_every_command_and_answers_at_once():
    begun = time.monotonic()
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    seconds = time.monotonic() - begun
    for command in ("run", "check", "example", "init", "rules", "schema", "dictionary"):
        assert re.search(rf"^\s+{command}\s+\S", done.stdout, re.MULTILINE)
    assert seconds < 3, "the busiest machine answers in three seconds, a quiet one in a quarter"


def test_version_rules_schema_and_dictionary():
    assert ask("--version").stdout == f"estate {__version__}\n"
    told = ask("rules").stdout
    assert [line.split()[0] for line in told.splitlines()] == [rule_name(rule) for rule in RULES]
    assert json.loads(ask("schema").stdout)["properties"]["solver"]
    assert "sites" in ask("dictionary").stdout
    assert "gia_m2 [m2]: number, may be blank. Gross internal area." in ask("dictionary", "sites").stdout
    wrong = ask("dictionary", "sitez")
    assert wrong.exit_code == 2
    assert "did you mean sites?" in wrong.stderr


def test_a_run_says_what_it_found_and_where(tmp_path):
    config = write_two_libraries(tmp_path)
    answer = ask(
        "run", config, "--gap", "0", "--time-limit", "60", "--seed", "7", "--out", tmp_path / "there"
    )
    assert answer.exit_code == 0, answer.stderr
    folder = tmp_path / "there" / "libraries"
    assert answer.stdout.splitlines()[-1] == f"All files are in {folder}."
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (record["seed"], record["config"]["solver"]["time_limit"]) == (7, 60.0)
    assert "reading the data" in answer.stderr
    assert "reading the data" not in answer.stdout
    again = ask("run", config, "--out", tmp_path / "there", "--audience", "public")
    assert again.exit_code == 0, again.stderr
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["audience"] == "public"


def test_wrong_configuration_is_two_with_every_problem_on_standard_error(tmp_path):
    config = write_two_libraries(tmp_path, "rules: {count: {}}\n")
    answer = ask("run", config, "--gap", "7", "--set", "titel=x")
    assert answer.exit_code == 2
    assert answer.stdout == ""
    for words in ("did you mean counts?", "command line, solver.gap: 7", "did you mean title?"):
        assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "out").exists()
    assert ask("run", tmp_path / "absent.yaml").exit_code == 2
    assert ask("run").exit_code == 2


def test_wrong_data_is_two_with_every_problem(tmp_path):
    config = write_two_libraries(tmp_path)
    costs = tmp_path / "tables" / "running_costs.csv"
    costs.write_text("site_id,heading,gbp_per_year\nA,all_running_costs,-5\nZ,rent,many\n", encoding="utf-8")
    for command in ("run", "check"):
        answer = ask(command, config)
        assert answer.exit_code == 2
        assert re.search(r"running_costs.csv row 2, gbp_per_year: -5 .*;", answer.stderr)
        assert re.search(r"running_costs.csv row 3, gbp_per_year: many .*;", answer.stderr)
        assert re.search(r"running_costs.csv row 3, site_id: Z .*;", answer.stderr)
        assert not (tmp_path / "out" / "libraries").exists()
    assert "many" in (tmp_path / "out" / "libraries-check" / "problems.csv").read_text(encoding="utf-8")


def test_conflicting_rules_are_three_and_named(tmp_path):
    answer = ask("run", write_two_libraries(tmp_path), "--set", "rules.counts.min_closures=2")
    assert answer.exit_code == 3
    assert "counts" in answer.stderr
    assert not (tmp_path / "out").exists()


def test_a_solver_that_is_not_there_is_four(tmp_path):
    answer = ask("run", write_two_libraries(tmp_path), "--solver", "GUROBI_CMD")
    assert answer.exit_code == 4, answer.stderr
    assert "GUROBI_CMD" in answer.stderr
    assert not (tmp_path / "out").exists()


def test_a_plan_that_the_check_refuses_is_five(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "verify", lambda *_: [Violation("reach", "PA moves too far")])
    answer = ask("run", write_two_libraries(tmp_path))
    assert answer.exit_code == 5
    assert "PA moves too far" in answer.stderr


def test_no_traceback_without_debug_and_no_control_characters_ever(tmp_path, monkeypatch):
    def fail(*_):
        message = "a name with \x1b[2J in it"
        raise RuntimeError(message)

    monkeypatch.setattr(pipeline, "verify", fail)
    config = write_two_libraries(tmp_path)
    quiet = ask("run", config)
    assert quiet.exit_code == 1
    assert "Traceback" not in quiet.stderr
    assert "Run again with --debug" in quiet.stderr
    assert "\x1b" not in quiet.stderr
    assert "Traceback" in ask("run", config, "--debug").stderr


def test_first_files_are_written_once_and_accepted(tmp_path):
    assert ask("init", tmp_path / "mine").exit_code == 0
    names = {path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*.*")}
    assert {"estate.yaml", "tables/sites.csv", "templates/budgets.csv"} <= names
    again = ask("init", tmp_path / "mine")
    assert again.exit_code == 2
    assert "exists" in again.stderr
    empty = ask("check", tmp_path / "mine" / "estate.yaml", "--out", tmp_path / "out")
    assert empty.exit_code == 2, "a table of sites without a site is a problem"
    assert "sites" in empty.stderr


def test_the_workbook_is_written_once_and_asks_to_be_filled_in(tmp_path):
    book = tmp_path / "mine.xlsx"
    assert ask("init", "--excel", book).exit_code == 0
    assert book.read_bytes()[:2] == b"PK"
    assert ask("init", "--excel", book).exit_code == 2
    assert ask("init", "--excel", tmp_path / "mine.ods").exit_code == 2
    answer = ask("run", book, "--out", tmp_path / "out")
    assert answer.exit_code == 2
    assert "Traceback" not in answer.stderr


def test_an_example_of_any_size_checks_out(tmp_path):
    answer = ask("example", "--sites", "30", "--seed", "5", "--folder", tmp_path / "made")
    assert answer.exit_code == 0, answer.stderr
    sites = (tmp_path / "made" / "tables" / "sites.csv").read_text(encoding="utf-8").splitlines()
    assert sum(",existing," in line for line in sites) == 30
    checked = ask("check", tmp_path / "made" / "estate.yaml", "--out", tmp_path / "out")
    assert checked.exit_code == 0, checked.stderr
    assert checked.stdout.startswith("What is not known:")
    folder = tmp_path / "out" / "example_5-check"
    assert {"data_quality.html", "map.png", "funnel.csv", "data_to_collect.csv"} <= {
        p.name for p in folder.iterdir()
    }
    assert ask("check", tmp_path / "made" / "estate.yaml", "--out", tmp_path / "out").exit_code == 0
    assert ask("example", "--folder", tmp_path / "made").exit_code == 2


def test_check_never_replaces_a_folder_of_somebody_else(tmp_path):
    config = write_two_libraries(tmp_path)
    theirs = tmp_path / "out" / "libraries-check" / "notes.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine", encoding="utf-8")
    assert ask("check", config).exit_code == 2
    assert theirs.read_text(encoding="utf-8") == "mine"


WAITING = """
import sys, time
from estate import pipeline
real = pipeline.solve_estate
def slow(estate, config, progress, stop, start):
    print("solving", flush=True)
    heard = stop.wait(60)
    solution = real(estate, config, progress)
    told = {"status": "interrupted", "stopped_by": "user"} if heard else {}
    return type(solution)(**{**vars(solution), **told})
pipeline.solve_estate = slow
from estate.cli import main
sys.argv = ["estate", "run", sys.argv[1]]
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="left out: signals are sent otherwise on Windows")
def test_the_first_ctrl_c_reports_the_best_plan_so_far(tmp_path):
    config = write_two_libraries(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", WAITING, config], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "solving\n"
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    record = json.loads((tmp_path / "out" / "libraries" / "run.json").read_text(encoding="utf-8"))
    assert (record["status"], record["stopped_by"]) == ("interrupted", "user")
    assert "All files are in" in said


@pytest.mark.skipif(os.name == "nt", reason="left out: signals are sent otherwise on Windows")
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_second_ctrl_c_ends_at_once_and_writes_nothing(tmp_path, first):
    config = write_two_libraries(tmp_path)
    stubborn = WAITING.replace("stop.wait(60)", "time.sleep(60)")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    child = subprocess.Popen([sys.executable, "-c", stubborn, config], **pipes)
    assert child.stdout.readline() == "solving\n"
    child.send_signal(first)
    while "Ctrl-C again ends at once" not in child.stderr.readline():
        pass
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert time.monotonic() - begun < 15
    assert child.returncode == 130
    assert not (tmp_path / "out").exists()


def test_progress_in_plain_lines(capsys):
    from rich.console import Console

    with Reporter(Console(stderr=True, force_terminal=False)) as reporter:
        reporter(Progress("reading [red]the data", None, None, 0.2))
        reporter(Progress("searching", 900_000.0, 1_000_000.0, 4.0))
        reporter(Progress("searching", 950_000.0, 1_000_000.0, 4.5))
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "reading [red]the data, 0 s",
        "searching, best plan saves £0.90m, no plan saves more than £1.00m, gap 10.0%, 4 s",
    ]
    assert cells(Progress("x", -1.0, -0.5, 1.0))[3] == "", "no gap is shown against a bound of nothing"
