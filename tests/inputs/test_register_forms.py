"""Registers in the forms in which other councils publish them; all invented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from estate.cli import app
from estate.core.errors import InputError
from estate.inputs.mapping import Mapping
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


def headless(path: Path, *rows: list[object]) -> Path:
    """Write the rows of a register without headers."""
    path.write_text("".join(f"{','.join(map(str, row))}\n" for row in rows), encoding="utf-8")
    return path


def test_headers_come_from_the_mapping_where_a_file_has_none(tmp_path: Path) -> None:
    told = Mapping(headers=("uprn", "asset_id", "name", "", "easting", "northing"))
    wrong = ["", "A4", "Annexe", "", "here", 394800, ""]
    sites, issues = read_register(headless(tmp_path / "r.csv", *ROWS, wrong), told)
    assert sites["site_id"].tolist() == ["A1", "A2", "A3", "A4"], "blanks of the headers are no match"
    assert sites["easting"].tolist()[:3] == [379500, 379600, 379700]
    assert sites["postcode"].tolist() == [""] * 4, "a column with a blank header is left out"
    assert [one.row for one in issues] == [4], "rows count as in the file"


@pytest.mark.parametrize(
    "told",
    [
        Mapping(columns={"asset_id": "col2", "name": "col3"}),
        Mapping(headers=("uprn", "asset_id", "name"), header_row=1),
    ],
)
def test_headers_that_say_nothing_are_named_in_the_mapping(tmp_path: Path, told: Mapping) -> None:
    path = headless(tmp_path / "r.csv", [f"col{n}" for n in range(1, 8)], *ROWS)
    sites, _ = read_register(path, told)
    assert sites["name"].tolist() == [row[2] for row in ROWS]
    assert sites.index.tolist() == [2, 3, 4]


def test_estate_check_takes_a_mapping_for_a_bare_register(tmp_path: Path) -> None:
    path = headless(tmp_path / "r.csv", *ROWS)
    words = ["check", str(path), "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 2
    assert "100010001, A1, Mill Lane Library" in refused.output, "shows what it found"
    assert "--mapping" in refused.output
    told = tmp_path / "mapping.yaml"
    told.write_text(
        "headers: [uprn, asset_id, name, postcode, easting, northing, tenure]\n", encoding="utf-8"
    )
    done = CliRunner().invoke(app, [*words, "--mapping", str(told)])
    assert done.exit_code == 0, done.output
    assert "3 sites to decide" in done.output


def test_all_small_sites_of_a_trust_together_are_no_asset(tmp_path: Path) -> None:
    small = [["", "AGGRE", "Aggregate Site", "", "", "", ""]] * 2
    sites, issues = read_register(book(tmp_path / "r.xlsx", Assets=[HEADS, *ROWS, *small]))
    assert issues == []
    assert sites["site_id"].tolist() == ["A1", "A2", "A3"]


def test_a_map_file_without_features_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    told = CliRunner().invoke(app, ["check", str(path), "--out", str(tmp_path / "out")])
    assert told.exit_code == 2
    assert "r.geojson: has no rows" in told.output


def test_a_national_list_is_one_problem_and_a_lone_stray_names_its_row(tmp_path: Path) -> None:
    spread = [["", f"B{n}", "Library", "", 300_000 + 40_000 * n, 200_000, ""] for n in range(7)]
    stray = [["", "C1", "Library", "", 600_000, 250_000, ""]]
    near = [["", f"D{n}", "Library", "", 379_500 + n, 394_800, ""] for n in range(5)]
    problems = []
    for name, rows in (("spread", spread), ("stray", [*near, *stray])):
        path = book(tmp_path / f"{name}.xlsx", Assets=[["Assets of Anytown"], [], HEADS, *rows])
        told = CliRunner().invoke(app, ["check", str(path), "--out", str(tmp_path / "out")])
        assert told.exit_code == 2
        problems.append(
            [line for line in told.output.splitlines() if line.startswith("  - ") and "100 km" in line]
        )
    (told_once,) = problems[0]
    assert "spread.xlsx [Assets], easting: has 2 of 7 places more than 100 km from their middle" in told_once
    assert len(problems[1]) == 1
    assert problems[1][0].startswith("  - stray.xlsx [Assets] row 9, easting: 600000, 250000 ")


def test_a_small_table_below_the_register_is_no_asset(tmp_path: Path) -> None:
    heads, rows = ["Organisation", *HEADS], [["Anytown", *row] for row in ROWS]
    below = [[], ["Summary"], ["Tenure", "", "", "", "", "", "", "Count"], ["Freehold", *[""] * 6, 2]]
    sites, _ = read_register(book(tmp_path / "r.xlsx", Assets=[heads, *rows, *below]))
    assert sites["site_id"].tolist() == ["A1", "A2", "A3"]


def test_rounded_uprns_are_told(tmp_path: Path) -> None:
    rows = [["1.00013E+11", *row[1:]] for row in ROWS]
    sites, _ = read_register(book(tmp_path / "r.xlsx", Assets=[HEADS, *rows]))
    assert sites["uprn"].tolist() == [""] * 3
    assert any(note.startswith("3 UPRNs were rounded") for note in sites.attrs["notes"])


def test_a_parquet_register_is_placed_by_its_shapes(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=HEADS)
    points = gpd.points_from_xy(frame.pop("Easting"), frame.pop("Northing"), crs=27700)
    gpd.GeoDataFrame(frame, geometry=points).to_crs(4326).to_parquet(tmp_path / "r.parquet")
    sites, issues = read_register(tmp_path / "r.parquet")
    assert issues == []
    assert sites["northing"].tolist() == pytest.approx([394800, 394900, 394950], abs=0.5)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "r.csv"
    rows = [[*ROWS[0][:2], "Café Library", *ROWS[0][3:]], *ROWS[1:]]
    path.write_bytes("".join(f"{','.join(map(str, row))}\n" for row in [HEADS, *rows]).encode(encoding))
    sites, issues = read_register(path)
    assert (issues, sites["name"].tolist()[0]) == ([], "Café Library")


def test_a_register_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"{','.join(HEADS)}\n{','.join(map(str, ROWS[0]))}\n1001,A2,Town H", encoding="utf-8")
    with pytest.raises(InputError, match="row 3: breaks off in mid-row"):
        read_register(path)


def test_a_register_named_after_a_device_of_windows(tmp_path: Path) -> None:
    path = headless(tmp_path / "con.csv", HEADS, *ROWS)
    done = CliRunner().invoke(app, ["check", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "con_-check" / "data_quality.html").is_file()
