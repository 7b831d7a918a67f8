"""workbook.xlsx: figures for people who work in Excel, one table a sheet, worked out by formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.present.cellwriter import LINE_HEIGHT, LONGEST, head_of, lines_of, styles, write_column
from estate.present.live import FIRST_ROW
from estate.present.sheets import SHEETS, Sheet
from estate.present.summary import decided_words
from estate.present.words import headline_rows, headline_words, text

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from estate.present.view import Header, View

FILE = "workbook.xlsx"
COLUMNS_ACROSS = 14
"""Columns that can be read on one printed page; wider tables go over several, side by side."""
REPEATED = 2
"""First columns, which every such page repeats."""
MOST_ROWS = 200_000
LABEL_WIDTH, WORDS_WIDTH = 34, 90
"""Widths of the two columns of the cover [character]."""

MOST_FIGURES = 16
_COUNTED_ABOVE = {"decided_sites", "surplus_sites", "closures"}
"""Headlines that the cover tells in the words of the summary."""

OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "default_date_format": "yyyy-mm-dd",
}

Made = list[tuple[Sheet, pd.DataFrame]]


@dataclass(frozen=True)
class Cover:
    """What stands on the first sheet.

    Attributes
    ----------
    header : Header
        Title, status and dates; they stand on every sheet.
    what : str
        What the workbook is about.
    facts : list of tuple
        Label and words, at the top.
    parts : list of tuple
        Heading, and the labels and words under it.
    """

    header: Header
    what: str
    facts: list[tuple[str, str]]
    parts: list[tuple[str, list[tuple[str, str]]]]


def write_workbook(view: View, folder: Path) -> None:
    """Write workbook.xlsx of a run: cover, contents, and a sheet a table."""
    internal = view.header.audience == "internal"
    made = [(sheet, sheet.table(view)) for sheet in SHEETS if internal or not sheet.internal]
    made = [(sheet, frame) for sheet, frame in made if len(frame) or not sheet.asked]
    write_book(folder / FILE, _cover(view), made)


def write_book(path: Path, cover: Cover, made: Made) -> None:
    """Write a workbook: cover, contents, and a sheet a table."""
    import xlsxwriter

    header = cover.header
    with xlsxwriter.Workbook(path, OPTIONS) as book:
        book.set_properties(
            {
                "title": header.title,
                "subject": cover.what,
                "author": "Estate",
                "comments": "\n".join(header.lines()),
                "keywords": f"{header.audience}, {header.status}",
            }
        )
        looks = styles(book)
        _write_cover(book.add_worksheet("Cover"), cover, looks)
        _write_contents(book.add_worksheet("Contents"), header, made, looks)
        for sheet, frame in made:
            page = book.add_worksheet(sheet.name)
            _write_sheet(book, page, (sheet, frame), header, looks)
            if sheet.chart is not None and len(frame):
                sheet.chart(book, page, sheet.name, frame)


def _cover(view: View) -> Cover:
    """Say what a run is, how far it has come, what is not known, and the first figures."""
    header = view.header
    span = f"{view.horizon.label(0)} to {view.horizon.label(view.horizon.decision_years - 1)}"
    facts = [
        ("What", f"Plan of public buildings, {span}: what closes, stays and opens, and what it saves"),
        ("Status", header.status),
        ("Data", header.data_date),
        ("Made", header.made or "not recorded"),
        ("For", f"{header.audience} readers"),
        ("Prices", f"{header.price_base}, without inflation"),
    ]
    if header.audience == "internal":
        how = "Change the yellow cells of the sheet Assumptions: cash flows, worth and payback follow."
        facts.append(("How to use it", f"{how} The plan is held fixed: it is not planned again."))
    rows = [one for one in headline_rows(view.summary.get("headlines")) if one["key"] not in _COUNTED_ABOVE]
    figures = [(text(one.get("label")), headline_words(one)) for one in rows[:MOST_FIGURES]]
    notes = [("", note) for note in view.notes] or [("", "Nothing was noted.")]
    decided = [("", words) for words in decided_words(view)]
    what = "Plan of public buildings: what closes, stays and opens"
    parts = [("What is not known", notes), ("First figures, as the run has them", [*decided, *figures])]
    return Cover(header, what, facts, parts)


def _page(page: Worksheet, header: Header, title: str, looks: dict[str, Any]) -> None:
    """Put title, status and dates on a sheet and on every printed page of it."""
    page.hide_gridlines(2)
    page.set_row(0, 24)
    page.write_string(0, 0, title, looks["title"])
    page.write_string(1, 0, " · ".join(header.lines()), looks["note"])
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    foot = header.lines()[0].replace("&", "&&")[:200]
    page.set_footer(f"&L&8{foot}&R&8&P of &N")


def _write_cover(page: Worksheet, cover: Cover, looks: dict[str, Any]) -> None:
    _page(page, cover.header, cover.header.title, looks)
    page.fit_to_pages(1, 1)
    page.set_column(0, 0, LABEL_WIDTH)
    page.set_column(1, 1, WORDS_WIDTH)
    row = FIRST_ROW
    if cover.header.invented:
        page.write_string(row, 0, "Invented estate", looks["badge"])
        page.write_string(row, 1, "No figure is about a real place.", looks["badge"])
        row += 2
    row = _pairs(page, row, cover.facts, looks)
    for heading, pairs in cover.parts:
        page.write_string(row + 1, 0, heading, looks["subtitle"])
        row = _pairs(page, row + 2, pairs, looks)


def _pairs(page: Worksheet, row: int, pairs: list[tuple[str, str]], looks: dict[str, Any]) -> int:
    """Write labels with their words, each row as high as its longer text."""
    for label, words in pairs:
        page.write_string(row, 0, label[:LONGEST], looks["text"])
        page.write_string(row, 1, words[:LONGEST], looks["text"])
        most = max(lines_of(label, LABEL_WIDTH - 4), lines_of(words, WORDS_WIDTH - 8))
        page.set_row(row, LINE_HEIGHT * most)
        row += 1
    return row


def _write_contents(page: Worksheet, header: Header, made: Made, looks: dict[str, Any]) -> None:
    """List the sheets with links."""
    _page(page, header, "Contents", looks)
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 80)
    page.set_column(2, 2, 10)
    for column, words in enumerate(("Sheet", "What it holds", "Rows")):
        page.write_string(FIRST_ROW, column, words, looks["head"])
    for row, (sheet, frame) in enumerate(made, start=FIRST_ROW + 1):
        page.write_url(row, 0, f"internal:'{sheet.name}'!A1", looks["link"], sheet.name)
        page.write_string(row, 1, sheet.about, looks["text"])
        page.write_number(row, 2, len(frame), looks["count"])


def _write_sheet(
    book: Workbook,
    page: Worksheet,
    made: tuple[Sheet, pd.DataFrame],
    header: Header,
    looks: dict[str, Any],
) -> None:
    """Write one table as a real Excel table with frozen headers."""
    sheet, frame = made
    _page(page, header, f"{sheet.name}: {sheet.about}", looks)
    if sheet.note and header.audience == "internal":
        page.write_string(2, 0, sheet.note, looks["note"])
    if frame.empty:
        page.write_string(FIRST_ROW, 0, "None.", looks["short"])
        page.set_column(0, 0, 30)
        return
    if len(frame) > MOST_ROWS:
        words = f"First {MOST_ROWS:,} of {len(frame):,} rows; all are in the CSV file."
        page.write_string(2, 0, words, looks["note"])
        frame = frame.head(MOST_ROWS)
    page.set_row(FIRST_ROW, 42)
    lines = [
        write_column(book, page, column, frame[name], looks) for column, name in enumerate(frame.columns)
    ]
    for row, most in enumerate(np.max(lines, axis=0).tolist(), start=FIRST_ROW + 1):
        if most > 1:
            page.set_row(row, LINE_HEIGHT * most)
    last = (FIRST_ROW + len(frame), len(frame.columns) - 1)
    heads = [{"header": str(name), "header_format": looks[head_of(frame[name])]} for name in frame.columns]
    given = {"name": sheet.table_name, "style": "Table Style Light 9", "columns": heads}
    page.add_table(FIRST_ROW, 0, *last, given)
    page.freeze_panes(FIRST_ROW + 1, 1)
    _print(page, len(frame.columns), whole=sheet.chart is not None)


def _print(page: Worksheet, columns: int, *, whole: bool) -> None:
    """Print headers on every page, and wide tables without a chart over several pages side by side."""
    page.repeat_rows(FIRST_ROW)
    across = math.ceil(columns / COLUMNS_ACROSS)
    if across > 1 and not whole:
        page.fit_to_pages(across, 0)
        page.repeat_columns(0, REPEATED - 1)
