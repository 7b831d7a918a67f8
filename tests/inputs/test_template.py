"""The officer's workbook: what it holds, what its settings mean, and that text never becomes a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
from small_tables import config, tables

from estate.core.errors import ConfigError
from estate.core.tables import SPECS
from estate.inputs.load import estate_from_frames, load_estate
from estate.inputs.officer import SETTINGS
from estate.inputs.template import read_settings, write_template
from estate.settings import load_config

if TYPE_CHECKING:
    from pathlib import Path


def answer(path: Path, **answers: object) -> None:
    """Write answers into the sheet Settings, by the start of the question."""
    book = openpyxl.load_workbook(path)
    sheet = book["Settings"]
    rows = {str(sheet.cell(row, 1).value): row for row in range(1, sheet.max_row + 1)}
    for start, value in answers.items():
        row = next(row for label, row in rows.items() if label.startswith(start.replace("_", " ")))
        sheet.cell(row, 2).value = value
    book.save(path)


def test_the_empty_workbook_has_a_tab_for_everything(tmp_path):
    path = tmp_path / "my_estate.xlsx"
    write_template(path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:3] == ["Start here", "Settings", "Sites"]
    for name, spec in SPECS.items():
        sheet = book[name.replace("_", " ").capitalize()]
        assert [cell.value for cell in sheet[1]] == spec.names
        assert all(cell.comment for cell in sheet[1])
    lists = {next(iter(rule.sqref.ranges)).min_col for rule in book["Sites"].data_validations.dataValidation}
    names = SPECS["sites"].names
    assert {names.index(name) + 1 for name in ("kind", "scope", "status", "condition", "step_free")} <= lists
    assert [path.name for path in tmp_path.iterdir()] == ["my_estate.xlsx"]


def test_its_settings_are_a_valid_configuration(tmp_path):
    path = tmp_path / "my_estate.xlsx"
    write_template(path)
    found, base = load_config(path)
    assert (found.name, found.horizon.first_year, base) == ("my_estate", 2027, tmp_path)
    assert found.objective == "economic"
    assert found.rules["capital"]["purses"] == "pooled"


def test_every_setting_has_a_place_in_the_configuration(tmp_path):
    path = tmp_path / "full.xlsx"
    write_template(path)
    answer(
        path,
        Name="north_2030",
        First="2030/31",
        What="cash of the bodies",
        Who_pays="Each body its own",
        Part="25%",
        Most_hubs=4,
        Deepest="£2,500,000",
        Sites_that_must_stay="001; 002",
        May_shared="no",
    )
    found, _ = load_config(path)
    assert (found.name, found.horizon.first_year, found.objective) == ("north_2030", 2030, "financial")
    assert not found.hubs_allowed
    assert found.rules["capital"]["purses"] == "separate"
    assert found.rules["capital"]["recycle_share"] == 0.25
    assert found.rules["counts"]["max_hubs"] == 4
    assert found.rules["affordability"]["peak_funding_gbp"] == 2_500_000
    assert list(found.rules["locks"]["keep"]) == ["001", "002"]


def test_all_wrong_answers_are_told_at_once(tmp_path):
    path = tmp_path / "bad.xlsx"
    write_template(path)
    answer(path, First="soon", What="riches", May="perhaps", Most_hubs="2.5", How_near="three")
    with pytest.raises(ConfigError) as error:
        read_settings(path)
    assert {issue.value for issue in error.value.issues} == {"soon", "riches", "perhaps", "2.5", "three"}
    assert all(issue.row and issue.remedy for issue in error.value.issues)


def test_a_workbook_that_runs(tmp_path):
    path = tmp_path / "small.xlsx"
    whole = estate_from_frames(tables(), config())
    write_template(path, whole)
    answer(path, Capital_for="250,000")
    found, base = load_config(path)
    estate = load_estate(found, base)
    budgets = estate.tables["budgets"]
    assert budgets["year"].tolist() == list(range(2027, 2037))
    assert set(budgets["capital_gbp"]) == {250_000.0}
    for name in set(SPECS) - {"budgets"}:
        pd.testing.assert_frame_equal(estate.tables[name], whole.tables[name])


def test_hostile_text_stays_text(tmp_path):
    evil = ['=HYPERLINK("http://example.org","x")', "+1+1", "@SUM(A1)", "http://example.org", "-1+1"]
    whole = estate_from_frames(tables(sites={"name": evil}), config())
    path = tmp_path / "evil.xlsx"
    write_template(path, whole)
    sheet = openpyxl.load_workbook(path)["Sites"]
    cells = [sheet.cell(row, 2) for row in range(2, 7)]
    assert {cell.value for cell in cells} == set(evil)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


def test_settings_have_different_questions():
    assert (
        len({setting.label for setting in SETTINGS})
        == len(SETTINGS)
        == len({setting.key for setting in SETTINGS})
    )
