"""Files as they come: damaged, mislabelled, in another encoding; all problems told at once."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from small_tables import config, issues_of, load, tables, write

from estate.config import DataSection
from estate.core.errors import InputError
from estate.inputs.load import load_estate


def problems(tmp_path, **sections) -> dict[str, str]:
    return {issue.table: issue.problem for issue in issues_of(tmp_path, **sections)}


def test_the_small_estate_is_sound(tmp_path):
    write(tmp_path / "tables")
    assert issues_of(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("areas.csv", b"", "has 0 bytes"),
        ("areas.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page, not a CSV"),
        ("areas.csv", b"PK\x03\x04rest of a zip", "is a workbook named as a CSV"),
        ("areas.csv", b"area_id,population\n", "has no rows"),
        ("areas.csv", b"area_id,population\nE1,10\nE2", "breaks off in mid-row"),
        ("areas.csv", b'area_id,population,name\nE1,10,"half a na', "is broken"),
        ("areas.csv", b"colour,shape\nred,round\n", "has no header row"),
        ("areas.csv", b"area_id,population\narea_id,population\nE1,10\n", "is a second header row"),
        (
            "areas.csv",
            b"area_id,population,imd_decile\ncode,persons,decile\nE1,10,3\n",
            "is a second header row",
        ),
        ("areas.xlsx", b"PK\x03\x04 cut off", "is not a readable workbook"),
        ("areas.parquet", b"PAR1 cut off", "is not a readable Parquet file"),
        ("areas.gpkg", b"SQLite format 3\x00 cut off", "is not a readable map file"),
        (
            "areas.geojson",
            b'{"type": "FeatureCollection", "features": [{"type"',
            "is not a readable map file",
        ),
    ],
)
def test_damaged_files_are_told_with_their_remedy(tmp_path, name, content, problem):
    folder = write(tmp_path / "tables", areas=None, standards=None)
    (folder / name).write_bytes(content)
    found = [issue for issue in issues_of(tmp_path) if issue.table == name]
    assert problem in found[0].problem
    assert found[0].remedy


def test_a_truncated_workbook_and_a_truncated_parquet_file(tmp_path):
    folder = write(tmp_path / "tables", areas=None, standards=None)
    frame = tables()["areas"]
    whole = io.BytesIO()
    frame.to_excel(whole, sheet_name="areas", index=False)
    (folder / "areas.xlsx").write_bytes(whole.getvalue()[:-400])
    assert "is not a readable workbook" in problems(tmp_path)["areas.xlsx"]
    (folder / "areas.xlsx").unlink()
    frame.to_parquet(folder / "areas.parquet")
    data = (folder / "areas.parquet").read_bytes()
    (folder / "areas.parquet").write_bytes(data[:-20])
    assert "is not a readable Parquet file" in problems(tmp_path)["areas.parquet"]


def test_many_broken_tables_are_one_error(tmp_path):
    folder = write(tmp_path / "tables", provisions={"site_id": ["001", "0O2", "003"]})
    (folder / "areas.csv").write_bytes(b"")
    (folder / "brakes.csv").write_text("site_id,brake,effect\n001,Listed,blocks\n", encoding="utf-8")
    found = {(issue.table, issue.row) for issue in issues_of(tmp_path)}
    assert {("areas.csv", None), ("brakes.csv", 2), ("provisions.csv", 3)} <= found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path, encoding, delimiter):
    folder = write(tmp_path / "tables")
    frame = tables(sites={"name": ["Café £ Nord", "B", "C", "D", "E"]})["sites"]
    (folder / "sites.csv").write_bytes(frame.to_csv(index=False, sep=delimiter).encode(encoding))
    assert load(tmp_path).tables["sites"].set_index("site_id").loc["001", "name"] == "Café £ Nord"


def test_titles_above_the_header_are_left_out_and_rows_still_count(tmp_path):
    folder = write(tmp_path / "tables")
    text = (folder / "running_costs.csv").read_text(encoding="utf-8")
    (folder / "running_costs.csv").write_text("Costs 2026/27,,\nDraft,,\n" + text, encoding="utf-8")
    assert any("rows above the header (row 3)" in note for note in load(tmp_path).notes)
    (folder / "running_costs.csv").write_text(
        "Costs,,\nDraft,,\n" + text.replace("96000", "-1"), encoding="utf-8"
    )
    assert [(issue.row, issue.value) for issue in issues_of(tmp_path)] == [(6, "-1")]


def test_line_breaks_within_cells(tmp_path):
    write(tmp_path / "tables", sites={"name": ["Town\nlibrary", "B", "C", "D", "E"]})
    assert load(tmp_path).tables["sites"]["name"].tolist()[0] == "Town library"


def test_a_missing_file_an_unknown_ending_and_an_unknown_table(tmp_path):
    write(tmp_path / "tables")
    (tmp_path / "costs.docx").write_bytes(b"x")
    data = DataSection.model_validate(
        {
            "folder": "tables",
            "tables": {"backlog": "no.csv", "brakes": "costs.docx", "sties": "tables/sites.csv"},
        }
    )
    found = problems(tmp_path, data=data)
    assert found["no.csv"] == "is not there"
    assert "no importer knows" in found["costs.docx"]
    assert found["config"] == "is not a table"


def test_files_that_are_nearly_named_after_a_table(tmp_path):
    folder = write(tmp_path / "tables")
    (folder / "runing_costs.csv").write_text("site_id,gbp_per_year\n001,5\n", encoding="utf-8")
    (folder / "photographs.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    found = issues_of(tmp_path)
    assert [issue.remedy for issue in found] == ["rename the file to running_costs"]
    (folder / "runing_costs.csv").unlink()
    assert any("photographs.csv was left out" in note for note in load(tmp_path).notes)


def test_one_table_in_two_files(tmp_path):
    folder = write(tmp_path / "tables")
    tables()["sites"].to_excel(folder / "sites.xlsx", sheet_name="Sites", index=False)
    assert [issue.problem for issue in issues_of(tmp_path)] == ["holds sites, which sites.csv holds as well"]


def test_nothing_given_at_all(tmp_path):
    with pytest.raises(InputError) as error:
        load_estate(config(data=DataSection()), tmp_path)
    assert error.value.exit_code == 2
    assert error.value.issues[0].table == "sites"


def test_a_workbook_with_sheets_in_any_case_and_spacing(tmp_path):
    with pd.ExcelWriter(tmp_path / "all.xlsx") as writer:
        pd.DataFrame({"Estate": ["read me"]}).to_excel(writer, sheet_name="Start here", index=False)
        for name, frame in tables().items():
            frame.to_excel(writer, sheet_name=name.replace("_", " ").upper(), index=False)
        pd.DataFrame(columns=["site_id", "brake", "effect"]).to_excel(
            writer, sheet_name="Brakes", index=False
        )
    write(tmp_path / "tables")
    one = load(tmp_path, data=DataSection.model_validate({"workbook": "all.xlsx"}))
    for name, frame in load(tmp_path).tables.items():
        pd.testing.assert_frame_equal(one.tables[name], frame)
    assert set(one.input_hashes) == {"all.xlsx"}


def test_hashes_are_those_of_the_files(tmp_path):
    folder = write(tmp_path / "tables")
    import hashlib

    found = load(tmp_path).input_hashes
    assert found["sites.csv"] == hashlib.sha256((folder / "sites.csv").read_bytes()).hexdigest()
    assert set(found) == {path.name for path in folder.iterdir()}
