"""workbook.xlsx read back by openpyxl and by LibreOffice."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
from made_up import make_result
from office import converted

from estate.core.types import Plan
from estate.present.sheets import SHEETS
from estate.present.view import make_view
from estate.present.workbook import COLUMNS_ACROSS, FIRST_ROW, write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from estate.core.result import Result


@pytest.fixture(scope="module")
def book(written: dict[str, Path]) -> openpyxl.Workbook:
    return openpyxl.load_workbook(written["internal"] / "workbook.xlsx")


def test_sheets_in_order_with_links(book: openpyxl.Workbook) -> None:
    every = [sheet.name for sheet in SHEETS if not sheet.asked]
    assert book.sheetnames == ["Cover", "Contents", *every]
    links = {
        cell.hyperlink.location for row in book["Contents"].iter_rows() for cell in row if cell.hyperlink
    }
    assert links == {f"'{name}'!A1" for name in every}


NONE_HERE = {"Between partners", "Front door", "Online", "Equality standards"}
"""Sheets of which the made-up run has no row: it has no charges, no visits, nothing online, no standard."""


def test_one_real_table_a_sheet_and_no_merged_cells(book: openpyxl.Workbook) -> None:
    for page in book.worksheets:
        assert not page.merged_cells.ranges, page.title
        if page.title in NONE_HERE:
            assert page.cell(FIRST_ROW + 1, 1).value == "None.", page.title
        elif page.title not in {"Cover", "Contents"}:
            assert len(page.tables) == 1, page.title
            assert page.freeze_panes == "B5", page.title
        assert "Status: Proposed" in str(page["A2"].value), page.title
        assert "1 April 2026" in str(page.oddFooter.left.text), page.title


LIVE_SHEETS = {
    "Funding",
    "Saving by fund",
    "Running cost by heading",
    "Cash flow by year",
    "Cash flow economic",
    "Cash flow by partner",
    "Discount factors",
    "Ledger by year",
    "Measures",
    "Partners",
    "Worth by rate",
}


def formulas(book: openpyxl.Workbook) -> set[str]:
    return {
        page.title
        for page in book.worksheets
        for row in page.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def test_formulas_stand_on_the_live_sheets_alone_and_text_stays_text(book: openpyxl.Workbook) -> None:
    assert formulas(book) <= LIVE_SHEETS
    assert {"Cash flow by year", "Measures", "Ledger by year"} <= formulas(book)
    cells = [cell for page in book.worksheets for row in page.iter_rows() for cell in row]
    assert any(c.value == '=HYPERLINK("http://x")' and c.data_type == "s" for c in cells), "kept as text"


def test_sheets_say_what_follows_the_yellow_cells_and_what_does_not(book: openpyxl.Workbook) -> None:
    says = {page.title: str(page["A3"].value) for page in book.worksheets}
    assert says["Measures"].startswith("Live: follows the yellow cells")
    assert says["Cash flow by partner"].startswith("Live: follows the yellow cells")
    assert says["Partners"].startswith("Net present saving follows the yellow cells")
    for name in ("Summary", "Receipt scenarios", "Exits", "Between partners"):
        assert "Held at the assumptions of the run" in says[name], name
        assert name not in formulas(book)
    cover = [cell.value for cell in book["Cover"]["A"]]
    assert "First figures, as the run has them" in cover


@pytest.mark.parametrize("audience", ["partner", "public"])
def test_other_readers_get_figures_and_no_formulas(written: dict[str, Path], audience: str) -> None:
    book = openpyxl.load_workbook(written[audience] / "workbook.xlsx")
    assert not formulas(book)
    assert not {"Measures", "Ledger by year", "Worth by rate", "Switching values"} & set(book.sheetnames)
    assert not book.defined_names
    text = " ".join(str(c.value) for c in book["Assumptions"]["A"])
    assert "receipt_haircut_share" not in text


def test_plan_and_cash_flow_agree_with_the_run(result: Result, written: dict[str, Path]) -> None:
    path = written["internal"] / "workbook.xlsx"
    plan = pd.read_excel(path, sheet_name="Plan", header=FIRST_ROW)
    assert len(plan) == len(result.estate.tables["sites"])
    cash = pd.read_excel(path, sheet_name="Cash flow by year", header=FIRST_ROW).dropna(subset=["Year"])
    ledger = result.ledger
    net = ledger["amount_gbp"].where(ledger["case"] == "plan", -ledger["amount_gbp"]).sum()
    assert cash["Net [£]"].sum() == pytest.approx(net)
    assert cash["Cumulative with receipts [£]"].iloc[-1] == pytest.approx(net)
    partners = pd.read_excel(path, sheet_name="Cash flow by partner", header=FIRST_ROW)
    assert partners.drop(columns=["Year", "Year t"]).to_numpy().sum() == pytest.approx(net)


def test_the_cash_flow_sheet_has_a_native_chart(written: dict[str, Path]) -> None:
    with zipfile.ZipFile(written["internal"] / "workbook.xlsx") as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
        assert len(charts) == 4, "by year in both views, by partner, worth by rate"
        assert b"Cumulative with receipts" in b"".join(parts.read(name) for name in charts)
        drawings = [parts.read(n) for n in parts.namelist() if n.startswith("xl/drawings/drawing")]
        assert all(b'descr="' in one for one in drawings), "each is told in words"


def test_an_empty_plan_has_a_workbook_without_a_chart(tmp_path: Path) -> None:
    result = make_result(12)
    bau = result.ledger[result.ledger["case"] == "bau"]
    nothing = pd.concat([bau, bau.assign(case="plan")], ignore_index=True)
    view = make_view(replace(result, plan=Plan.empty(), ledger=nothing), "internal")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_workbook(view, tmp_path)
    with zipfile.ZipFile(tmp_path / "workbook.xlsx") as parts:
        charts = [parts.read(name) for name in parts.namelist() if name.startswith("xl/charts/chart")]
    assert not any(b"Cumulative" in one for one in charts)
    assert len(openpyxl.load_workbook(tmp_path / "workbook.xlsx").sheetnames) > 2


def test_the_cover_counts_as_the_summary_does(book: openpyxl.Workbook, result: Result) -> None:
    words = [str(cell.value) for cell in book["Cover"]["B"]]
    sites = result.estate.tables["sites"].query("status == 'existing'")["scope"].value_counts()
    assert any(word.startswith(f"{sites['decide']} sites of ") for word in words)
    assert any(word.startswith(f"{sites['surplus']} more site") for word in words)
    assert not any(word.startswith(f"{sites['decide'] + sites['surplus']} sites") for word in words)


def test_rows_of_the_cover_are_as_high_as_their_text(tmp_path: Path) -> None:
    result = make_result(12)
    told = "Nothing is known of it, and what is said of it is long. " * 12
    view = make_view(replace(result, estate=replace(result.estate, notes=(told,))), "internal")
    write_workbook(view, tmp_path)
    page = openpyxl.load_workbook(tmp_path / "workbook.xlsx")["Cover"]
    (cell,) = [one for one in page["B"] if one.value == told]
    assert page.row_dimensions[cell.row].height >= 13 * len(told) / 90


def test_document_properties(book: openpyxl.Workbook) -> None:
    assert book.properties.title == "Made-up estate"
    assert "Proposed" in str(book.properties.keywords)


@pytest.mark.tool
def test_libreoffice_opens_it(written: dict[str, Path], tmp_path: Path) -> None:
    page = converted(written["public"] / "workbook.xlsx", tmp_path, "pdf")
    assert page.stat().st_size > 20_000


def test_wide_tables_are_printed_on_several_pages_that_name_their_rows(book: openpyxl.Workbook) -> None:
    wide = [page for page in book.worksheets if page.max_column > COLUMNS_ACROSS]
    assert "Funding" in [page.title for page in wide]
    for page in book.worksheets[2:]:
        across = -(-page.max_column // COLUMNS_ACROSS)
        assert page.page_setup.fitToWidth in (across, None if across == 1 else across), page.title
        assert (page.print_title_cols == "$A:$B") is (across > 1), page.title
