"""Standards that no plan can keep, and those not met today: the areas are named before anything is solved."""

from __future__ import annotations

import pandas as pd
import pytest
from tiny import AREAS, config, estate

from estate.checking import check
from estate.core.errors import InfeasibleError
from estate.model.attainable import impossible_standards, unmet_today
from estate.model.instance import build_instance
from estate.solve import solve_estate

NAMED = [{**AREAS[0], "name": "Westfield"}, {**AREAS[1], "name": "Eastgate", "rurality": "urban"}]
STANDARDS = {
    "near": {},
    "one_km": {"threshold": 1.0},
    "few": {"share": 0.75},
    "allowed": {"allowance_share": 0.15},
    "timed": {"metric": "minutes", "threshold": 5},
    "each": {"geography": "area"},
    "town": {"group": "urban"},
    "as_today": {"basis": "target_or_today"},
    "no_worse": {"basis": "no_worse"},
}


def row(standard_id, **changed):
    """Return a standard: library within 0.5 km for 90%, as a target."""
    base = {"standard_id": standard_id, "service_id": "library", "metric": "km", "threshold": 0.5}
    return base | {"share": 0.9, "mode": "walk", "geography": "overall", "basis": "target"} | changed


@pytest.fixture(scope="module")
def made():
    """Libraries stand at A in the west and B, 1 km from the east; a hub at C, in the east, takes a year."""
    return estate(config(), areas=NAMED, standards=[row(name, **more) for name, more in STANDARDS.items()])


def told(made, **rules):
    """Return what is told of each standard, by its name."""
    issues = impossible_standards(build_instance(made, config(rules)))
    return {issue.column.split(",")[0]: str(issue) for issue in issues}


def test_an_area_that_nobody_can_ever_serve_is_named_with_its_distance(made):
    rules = {"locks": {"no_hub": ["C"]}}
    issues = told(made, **rules)
    for part in (
        "near, service library: asks for 90.0% of residents within 0.5 km (walk)",
        "even with every site, host and hub open at most 75.0% are",
        "there is no place for Eastgate (east): 1,000 residents, 1 km from the nearest;",
        "offer the service nearer",
    ):
        assert part in issues["near"]
    assert "Westfield" not in str(issues)
    with pytest.raises(InfeasibleError, match="Eastgate") as raised:
        solve_estate(made, config(rules))
    assert raised.value.exit_code == 3


def test_what_conflicts_besides_a_standard_that_cannot_be_kept_is_told_too(made):
    rules = {"locks": {"no_hub": ["C"]}, "counts": {"min_closures": 40}}
    with pytest.raises(InfeasibleError, match="Eastgate") as raised:
        solve_estate(made, config(rules))
    besides = [str(issue) for issue in raised.value.issues if issue.table.startswith("besides, ")]
    assert len(besides) == 1
    assert "rules.counts.min_closures: asks for at least 40 closures; set min_closures to" in besides[0]
    assert not [one for one in raised.value.issues if one.table == "rules"]


def test_what_opens_too_late_is_told_apart_and_what_can_be_kept_is_not_told(made):
    issues = told(made)
    assert set(issues) == {"near", "timed", "each", "town"}
    assert "in the first year, before hubs can open, at most 75.0% are" in issues["near"]
    assert "shorten lead_years" in issues["near"]
    assert "1,000 residents, 12.5 minutes from the nearest" in issues["timed"], "1 km at 4.8 km/h"
    assert "before hubs can open, there is no place for Eastgate (east)" in issues["each"]
    assert "asks for 90.0% of residents (urban) within 0.5 km (walk); in the first year" in issues["town"]
    assert not told(made, access={"enforce": False})


def test_what_today_breaks_is_told_and_stops_nothing_where_today_is_what_holds(made):
    lines = {line.split(",")[0]: line for line in unmet_today(build_instance(made, config()))}
    assert set(lines) == {"near", "timed", "each", "town", "as_today"}
    line = lines["as_today"]
    assert line.startswith("as_today, service library, asks for 90.0% of residents within 0.5 km (walk)")
    assert "today 75.0% are: out of reach are Eastgate (east): 1,000 residents" in line
    assert line.endswith("(no plan may fall below that).")
    assert lines["near"].endswith("(a plan must mend it at once).")


def test_check_tells_it_and_still_writes_its_report(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    pd.DataFrame(
        [
            {"site_id": "S1", "name": "Library", "kind": "library", "easting": 410000, "northing": 287000},
            {"site_id": "S2", "name": "Library 2", "kind": "library", "easting": 411000, "northing": 287000},
        ]
    ).assign(gia_m2=500).to_csv(folder / "sites.csv", index=False)
    pd.DataFrame(
        [
            {"area_id": "A1", "name": "Near", "population": 900, "easting": 410000, "northing": 287000},
            {"area_id": "A2", "name": "Far", "population": 100, "easting": 410000, "northing": 290000},
        ]
    ).to_csv(folder / "areas.csv", index=False)
    standard = {"standard_id": "all", "service_id": "library", "threshold": 2, "share": 1, "basis": "target"}
    pd.DataFrame([standard]).to_csv(folder / "standards.csv", index=False)
    with pytest.raises(InfeasibleError, match=r"Far \(A2\): 100 residents, 3.9 km from the nearest"):
        check(folder, tmp_path, None, [])
    problems = pd.read_csv(tmp_path / "tables-check" / "problems.csv")
    assert problems["problem"].str.contains("at most 90.0%").all()
    assert (tmp_path / "tables-check" / "map.png").is_file()
