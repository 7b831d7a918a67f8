"""Registers in the forms in which other councils publish them; all invented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from estate.cli import app
from estate.core.errors import InputError
from estate.inputs.register import read_register

if TYPE_CHECKING:
    from pathlib import Path

HEADS = ["UPRN", "Asset ID", "Property Name", "Postcode", "Easting", "Northing", "Tenure"]
ROWS = [
    [100010001, "A1", "Mill Lane Library", "AN1 1AA", 379500, 394800, "Freehold"],
    [100010002, "A2", "Town Hall", "AN1 1AB", 379600, 394900, "Freehold"],
    [100010003, "A3", "Park Road Day Centre", "AN1 1AC", 379700, 394950, "Leasehold"],
]


def book(path: Path, **sheets: list[list[object]]) -> Path:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def test_two_sheets_of_one_register_are_read_together_and_last_years_is_not(tmp_path: Path) -> None:
    more = [[100010009, "B1", "Old Baths", "AN1 1AD", 379800, 394990, "Freehold"]]
    path = book(
        tmp_path / "r.xlsx",
        Contents=[["About these data"], ["Produced by the council"]],
        Freehold=[["Anytown: land and buildings"], [], HEADS, *ROWS],
        Leasehold=[HEADS, *more],
        Last_year=[HEADS, *ROWS[:2]],
    )
    sites, issues = read_register(path)
    assert issues == []
    assert sites["site_id"].tolist() == ["A1", "A2", "A3", "B1"]
    assert any("Last_year" in note for note in sites.attrs["notes"])


def test_a_problem_on_a_second_sheet_names_that_sheet_and_its_row(tmp_path: Path) -> None:
    wrong = [["", "B1", "Old Baths", "", "here", 394990, "Freehold"]]
    path = book(tmp_path / "r.xlsx", One=[HEADS, *ROWS], Two=[HEADS, *wrong])
    _, issues = read_register(path)
    assert [(one.table, one.row, one.column) for one in issues] == [("r.xlsx [Two]", 2, "easting")]


def test_totals_notes_and_headers_again_are_no_assets(tmp_path: Path) -> None:
    tail = [HEADS, ["", "", "Grand Total: 3"], [], ["Note: updated yearly. Crown copyright."]]
    sites, issues = read_register(book(tmp_path / "r.xlsx", Assets=[HEADS, *ROWS, *tail]))
    assert issues == []
    assert sites["site_id"].tolist() == ["A1", "A2", "A3"]
    assert any("3 rows are no assets" in note for note in sites.attrs["notes"])


def test_a_place_whose_name_begins_with_total_is_an_asset(tmp_path: Path) -> None:
    gym = [100010009, "B1", "Total Fitness Centre", "AN1 1AD", 379800, 394990, "Freehold"]
    sites, _ = read_register(book(tmp_path / "r.xlsx", Assets=[HEADS, *ROWS, gym]))
    assert "B1" in sites["site_id"].tolist()


def test_a_header_in_two_rows(tmp_path: Path) -> None:
    top = ["UPRN", "Asset ID", "Property Name", "Postcode", "Map reference", "", "Tenure"]
    below = ["", "", "", "", "Easting", "Northing", ""]
    sites, issues = read_register(book(tmp_path / "r.xlsx", Assets=[top, below, *ROWS]))
    assert issues == []
    assert sites["easting"].tolist() == [379500, 379600, 379700]
    assert sites["uprn"].tolist() == ["100010001", "100010002", "100010003"]


def test_cells_merged_over_rows_count_in_each(tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", Assets=[HEADS, *ROWS])
    from openpyxl import load_workbook

    made = load_workbook(path)
    made["Assets"].merge_cells("G2:G3")
    made.save(path)
    sites, _ = read_register(path)
    assert sites["tenure"].tolist() == ["Freehold", "Freehold", "Leasehold"]


def test_a_formula_without_a_result_is_told_with_its_cell(tmp_path: Path) -> None:
    rows = [[*ROWS[0][:4], "=379000+500", *ROWS[0][5:]], *ROWS[1:]]
    with pytest.raises(InputError) as refused:
        read_register(book(tmp_path / "r.xlsx", Assets=[HEADS, *rows]))
    (one,) = refused.value.issues
    assert (one.table, one.row, one.column, one.value) == ("r.xlsx [Assets]", 2, "E", "=379000+500")


def test_geojson_gives_places_from_its_shapes(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"Asset ID": row[1], "Property Name": row[2], "UPRN": str(row[0])},
            "geometry": {"type": "Point", "coordinates": [-2.3 + i / 100, 53.45]},
        }
        for i, row in enumerate(ROWS)
    ]
    path = tmp_path / "r.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    sites, issues = read_register(path)
    assert issues == []
    assert sites["site_id"].tolist() == ["A1", "A2", "A3"]
    assert sites["longitude"].round(4).tolist() == [-2.3, -2.29, -2.28]


def test_a_register_with_problems_still_shows_its_funnel(tmp_path: Path) -> None:
    rows = [*ROWS, [100010004, "A1", "Court Row Library", "", 379800, 394990, "Freehold"]]
    path = book(tmp_path / "r.xlsx", Assets=[HEADS, *rows])
    told = CliRunner().invoke(app, ["check", str(path), "--out", str(tmp_path / "out")])
    assert told.exit_code == 2
    assert "r.xlsx row 5, asset_id: A1 comes twice" in told.output.replace(" [Assets]", "")
    assert "4  Decided" in told.output
