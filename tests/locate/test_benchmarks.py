"""The benchmark program: rows, records kept, limits, and the table made of them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
psutil = pytest.importorskip("psutil")

from benchmarks import elsewhere, instances, run, table  # noqa: E402
from benchmarks.rows import rows  # noqa: E402
from estate.pipeline import read_estate  # noqa: E402
from estate.settings import load_config  # noqa: E402

JOB = {
    "work": "locate",
    "n": 80,
    "m": 30,
    "kind": "p-median",
    "shape": "clustered",
    "gap": 1e-4,
    "limit": 30.0,
    "seed": 1,
    "kill": 900.0,  # the first job on a slow machine also compiles the engine
}


@pytest.mark.parametrize("kind", elsewhere.KINDS)
def test_estates_of_other_shapes_are_read_without_a_fault(kind, tmp_path):
    config, base = load_config(elsewhere.write(kind, 1, tmp_path))
    estate = read_estate(config, base)
    sites = estate.tables["sites"]
    assert (sites["scope"] == "decide").sum() == elsewhere.SITES
    assert (sites["status"] == "candidate").sum() == elsewhere.KINDS[kind].hubs
    again = elsewhere.write(kind, 1, tmp_path / "again").parent / "data" / "sites.csv"
    assert again.read_bytes() == (tmp_path / "data" / "sites.csv").read_bytes()


def test_a_job_is_done_once_and_kept(tmp_path, monkeypatch):
    first = run.measure(JOB, tmp_path)
    assert first["gap"] <= 1e-4
    assert first["peak_mb"] > 20
    monkeypatch.setattr(run, "_watch", None)
    assert run.measure(JOB, tmp_path) == first
    theirs = {**first, "seconds": first["seconds"] * 4, "gap": 0.0}
    told = table.compared([first], [theirs], 120.0)
    assert "geometric mean 4.0x" in told or first["seconds"] < 1e-3
    line = table.line("small", "estate", [first, theirs])
    table.write(tmp_path / "out", [line], [], ["numba 1"])
    with (tmp_path / "out" / "table.csv").open(encoding="utf-8", newline="") as handle:
        (row,) = csv.DictReader(handle)
    assert row["runs"] == row["finished"] == "2"


def test_a_job_beyond_its_limit_is_ended(tmp_path):
    record = run.measure({**JOB, "kill": 0.01, "seed": 2}, tmp_path)
    assert record["stopped"] == "limit"


def test_a_family_is_one_job_and_a_line_for_each_instance():
    case = {"file": "f/a.txt", "capacity": "", "best": "10", "verified": True}
    record = {
        "instances": [
            {**case, "objective": 10.0, "bound": 10.0, "gap": 0.0, "cpu_seconds": 1.0, "below": False},
            {**case, "file": "f/b.txt", "stopped": "more than 40,000 arcs"},
        ],
        "job": {"kind": "p-median", "gap": 0.0},
    }
    lines = table.instance_lines("estate", [record])
    assert [(one["instance"], one["found"], one["status"]) for one in lines] == [
        ("f/a.txt", 10.0, ""),
        ("f/b.txt", None, "more than 40,000 arcs"),
    ]
    (told,) = table.beside("all", {"estate": [record], "spopt + CBC": [record]}, 3.0)
    assert told == "all, beside spopt + CBC: 2 instances: geometric mean 1.0x by the clock, slower on 0"


def test_spopt_finds_the_same(tmp_path):
    pytest.importorskip("spopt")
    job = {"n": 40, "m": 20, "kind": "set-cover", "shape": "uniform", "gap": 0.0, "limit": 20.0, "seed": 1}
    found = {
        f"{program} set-cover": [run.measure({**job, "work": work}, tmp_path)]
        for program, work in (("estate", "textbook"), ("spopt + CBC", "spopt_cbc"))
    }
    ours, theirs = (records[0]["objective"] for records in found.values())
    assert ours == pytest.approx(theirs)
    assert table.agreed(found) == [f"set-cover, estate and spopt: {ours:.7g} and {theirs:.7g} (optimal)"]


def test_every_row_has_jobs_that_exist():
    from benchmarks.job import WORK

    for _, programs in rows(range(1, 4)).values():
        for jobs in programs.values():
            assert {job["work"] for job in jobs} <= set(WORK)


@pytest.mark.shared
def test_the_sample_is_forty_rows_of_the_index(shared, monkeypatch):
    monkeypatch.setenv("ESTATE_SHARED", str(shared))
    assert len(instances.published(only_sample=True)) == 40
    assert len(instances.published(only_sample=False)) > 400
