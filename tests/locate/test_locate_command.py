"""``estate locate`` as its users meet it."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from estate.cli import app
from estate.core.errors import SolverError
from estate.locating import locate

WIDE = "client,A,B,C\nx,1,9,4\ny,8,2,4\nz,7,3,\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wide.csv").write_text(WIDE, encoding="utf-8")
    long = "client,site,minutes\nx,A,1\nx,B,9\nx,C,4\ny,A,8\ny,B,2\ny,C,4\nz,A,7\nz,B,3\n"
    (tmp_path / "long.csv").write_text(long, encoding="utf-8")
    sites = "site,fixed_cost,capacity,state,spend\nA,5,2,,10\nB,6,2,open,20\nC,1,3,,5\n"
    (tmp_path / "sites.csv").write_text(sites, encoding="utf-8")
    (tmp_path / "clients.csv").write_text("client,demand\nx,1\ny,2\nz,1\n", encoding="utf-8")
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["locate", *words])


def record(folder, name):
    return json.loads((folder / "out" / name / "answer.json").read_text(encoding="utf-8"))


def test_wide_and_long_give_the_same_plan(folder):
    for name in ("wide", "long"):
        done = run(f"{name}.csv", "--p", "1")
        assert done.exit_code == 0, done.output
        assert record(folder, name)["objective"] == 14
        assert record(folder, name)["open"] == ["B"]
        assert record(folder, name)["status"] == "optimal"
    with (folder / "out" / "wide" / "serving.csv").open(encoding="utf-8", newline="") as handle:
        assert [row["site"] for row in csv.DictReader(handle)] == ["B", "B", "B"]


def test_tables_of_sites_and_clients_count(folder):
    done = run("wide.csv", "--sites", "sites.csv", "--clients", "clients.csv", "--problem", "sscflp")
    assert done.exit_code == 0, done.output
    # B is locked open (6) and has room for 2 units; C (1) takes y, two units at 4; z goes to B (3).
    # x goes to C (4): 6 + 1 + 3 + 8 + 4 = 22. With A instead: B takes y (4), A (5) x and z (1 + 7): 23.
    assert record(folder, "wide")["objective"] == 22
    done = run("wide.csv", "--sites", "sites.csv", "--budget", "25", "--problem", "ufl")
    assert record(folder, "wide")["open"] == ["B", "C"]


def test_a_set_cover_of_an_instance_counts_its_sites_and_takes_as_many_as_it_needs(folder):
    # a path of five nodes, 10 apart, in the format of OR-Library pmed: its p is that of the p-median
    path = folder / "path.txt"
    path.write_text("5 4 1\n1 2 10\n2 3 10\n3 4 10\n4 5 10\n", encoding="utf-8")
    for radius, sites in ((0, 5), (10, 2), (20, 1)):
        done = run(path.name, "--problem", "set-cover", "--radius", str(radius))
        assert done.exit_code == 0, done.output
        assert record(folder, "path")["objective"] == sites


def test_yaml_is_another_way_to_ask(folder):
    (folder / "ask.yaml").write_text(
        "file: wide.csv\nproblem: p-center\np: 2\nclosed: [B]\n", encoding="utf-8"
    )
    assert run("ask.yaml").exit_code == 0
    assert record(folder, "wide")["objective"] == 7
    (folder / "ask.yaml").write_text("file: wide.csv\nprobelm: p-center\np: 0\n", encoding="utf-8")
    done = run("ask.yaml")
    assert done.exit_code == 2
    assert "probelm" in done.output
    assert "write problem" in done.output
    assert "ask.yaml, p" in done.output


def test_covers(folder):
    assert run("wide.csv", "--radius", "4").exit_code == 0
    assert record(folder, "wide")["problem"] == "set-cover"
    assert record(folder, "wide")["objective"] == 2
    assert run("wide.csv", "--radius", "4", "--p", "1", "--clients", "clients.csv").exit_code == 0
    assert record(folder, "wide")["objective"] == 3


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (WIDE.replace("9", "nine"), ["--p", "1"], ["row 2, B: nine is not a number"]),
        (WIDE.replace("9", "nine").replace("8", "ate"), ["--p", "1"], ["nine", "ate"]),
        (WIDE, [], []),
        (WIDE, ["--p", "5"], ["more than there are sites (3)"]),
        (WIDE, ["--problem", "p-median"], ["is needed for p-median; give --p"]),
        (WIDE, ["--problem", "cflp"], ["give --capacity"]),
        (WIDE, ["--problem", "pmedian"], ["write p-median"]),
        (WIDE, ["--radius", "2"], ["z can be served by no site"]),
        (WIDE.replace("7,3,", ",,"), ["--p", "1"], ["z can be served by no site"]),
        (
            WIDE.replace(",1,", ",-1,"),
            ["--problem", "p-center", "--p", "1"],
            ["x to A is a negative distance"],
        ),
        (WIDE.replace("y,", "x,"), ["--p", "1"], ["row 3: x comes twice"]),
        ("client,A\nx,1,2\n", ["--p", "1"], ["row 2: 3 is the number of cells"]),
        ("", ["--p", "1"], ["is empty"]),
    ],
)
def test_bad_input_is_told_with_its_remedy(folder, text, words, told):
    (folder / "bad.csv").write_text(text, encoding="utf-8")
    done = run("bad.csv", *words)
    assert done.exit_code == (2 if told else 0), done.output
    for part in told:
        assert part in done.output
    assert (folder / "out").exists() == (not told)


def test_what_may_be_meant_so_is_told(folder):
    (folder / "odd.csv").write_text(WIDE.replace(",1,", ",-1,"), encoding="utf-8")
    (folder / "clients.csv").write_text("client,demand\nx,1\ny,0\nz,1\n", encoding="utf-8")
    done = run("odd.csv", "--p", "1", "--clients", "clients.csv")
    assert done.exit_code == 0
    assert "1 costs are negative (first x to A, -1)" in done.output
    assert "1 clients have no demand (first y)" in done.output


def test_who_asks_to_stop_gets_the_best_plan_so_far(folder):
    random = np.random.default_rng(1)
    matrix = pd.DataFrame(random.integers(0, 4, (60, 60)) * 1000.0 + random.random((60, 60)))
    matrix.to_csv(folder / "hard.csv", index_label="client")
    asked = []

    def stopped():
        asked.append(1)
        return len(asked) > 3

    options = {"p": 7, "gap": 0.0, "time_limit": 60.0, "out": folder / "out"}
    told = locate(folder / "hard.csv", options, str, stopped)
    assert any(line.startswith("Status: interrupted") for line in told), told
    found = record(folder, "hard")
    assert found["bound"] < found["objective"]
    assert len(found["open"]) == 7
    with pytest.raises(SolverError, match="stopped; nothing was written"):
        locate(folder / "hard.csv", options | {"solver": "highs"}, str, lambda: True)


def test_an_unknown_format_says_why_for_each(folder):
    (folder / "odd.txt").write_text("3 4 five\n", encoding="utf-8")
    done = run("odd.txt")
    assert done.exit_code == 2
    assert done.output.count("is not ") >= 6


def test_no_plan_is_exit_code_3(folder):
    done = run("wide.csv", "--sites", "sites.csv", "--budget", "4", "--p", "1")
    assert done.exit_code == 3
    assert not (folder / "out").exists()


def test_other_solvers_agree(folder):
    for solver in ("highs", "cbc"):
        assert run("wide.csv", "--p", "2", "--solver", solver).exit_code == 0
        assert record(folder, "wide")["objective"] == 6


def test_names_cannot_be_formulas(folder):
    (folder / "wide.csv").write_text(WIDE.replace("A", "=A1"), encoding="utf-8")
    assert run("wide.csv", "--p", "3").exit_code == 0
    assert "'=A1" in (folder / "out" / "wide" / "plan.csv").read_text(encoding="utf-8")
