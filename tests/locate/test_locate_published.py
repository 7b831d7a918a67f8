"""Published optima: found or approached, never undercut, with a bound that holds."""

from __future__ import annotations

import csv

import pytest

from estate.locate import Effort, solve
from estate.locate.reading import Request, read_problem

KIND = {
    "UFL (uncapacitated)": "ufl",
    "CFLP (multi-source)": "cflp",
    "SSCFLP (single-source)": "sscflp",
    "p-median": "p-median",
    "p-center": "p-center",
    "capacitated p-median": "capacitated-p-median",
}
QUICK = (
    ("orlib_cap/cap101.txt", "cflp"),
    ("orlib_cap/cap101.txt", "sscflp"),
    ("orlib_cap/cap102.txt", "ufl"),
    ("orlib_cap/cap41.txt", "cflp"),
    ("orlib_pmed/pmed1.txt", "p-median"),
    ("orlib_pmed/pmed1.txt", "p-center"),
    ("orlib_pmedcap/pmedcap01.txt", "capacitated-p-median"),
    ("ufllib_BildeKrarup_Dq/D1.1", "ufl"),
    ("ufllib_Euclid/111EuclS", "ufl"),
    ("sscflp_holmberg/p1", "sscflp"),
    ("sscflp_diaz_fernandez/p1", "sscflp"),
    ("kratica_m/Kcapmo1.txt", "ufl"),
    ("ufllib_M/MP1", "ufl"),
)


def published(shared, file, kind):
    with (shared / "benchmarks" / "optima.csv").open(encoding="utf-8", newline="") as handle:
        return next(r for r in csv.DictReader(handle) if r["file"] == file and KIND[r["kind"]] == kind)


@pytest.mark.shared
@pytest.mark.parametrize(("file", "kind"), QUICK)
def test_meets_the_published_optimum(shared, file, kind):
    row = published(shared, file, kind)
    room = float(row["capacity"]) if row["capacity"] else None
    request = Request(file=shared / "benchmarks" / file, problem=kind, capacity=room)
    answer = solve(read_problem(request).problem, Effort(gap=0.0, time_limit=60.0))
    best = float(row["verified_value"] or row["optimum"])
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, rel=1e-6)
    assert answer.bound <= best * (1 + 1e-9)


@pytest.mark.slow
@pytest.mark.shared
def test_no_visible_instance_comes_out_below_its_published_optimum(shared):
    """All verified instances, a second each (they end when proved): plans and bounds on their own side."""
    with (shared / "benchmarks" / "optima.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["verified"]]
    assert len(rows) == 361
    proved = 0
    for row in rows:
        room = float(row["capacity"]) if row["capacity"] else None
        request = Request(file=shared / "benchmarks" / row["file"], problem=KIND[row["kind"]], capacity=room)
        answer = solve(read_problem(request).problem, Effort(gap=0.0, time_limit=1.0))
        best = float(row["verified_value"] or row["optimum"])
        printed = 10.0 ** -len(row["optimum"].partition(".")[2])
        told = f"{row['file']} {row['kind']}: {answer.objective} with bound {answer.bound}, published {best}"
        assert answer.objective >= best * (1 - 1e-6) - printed, told
        assert answer.bound <= best * (1 + 1e-6), told
        proved += answer.status == "optimal"
    assert proved >= 150
