"""workbook.xlsx: the run for people who work in Excel, one table a sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.present.sheets import SHEETS, Sheet
from estate.present.words import headline_rows, headline_words, text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from estate.present.view import View

FILE = "workbook.xlsx"
FIRST_ROW = 3
"""Row of the headers, counted from 0: title and status stand above."""
MOST_ROWS = 200_000
WIDEST = 58
"""Longest line of text in a cell [character]; longer texts wrap."""
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "default_date_format": "yyyy-mm-dd",
}
_LONGEST = 32_000


def write_workbook(view: View, folder: Path) -> None:
    """Write workbook.xlsx: cover, contents, and a sheet a table."""
    import xlsxwriter

    made = [(sheet, sheet.table(view)) for sheet in SHEETS]
    with xlsxwriter.Workbook(folder / FILE, OPTIONS) as book:
        _properties(book, view)
        styles = _styles(book)
        _write_cover(book.add_worksheet("Cover"), view, styles)
        _write_contents(book.add_worksheet("Contents"), view, made, styles)
        for sheet, frame in made:
            page = book.add_worksheet(sheet.name)
            _write_sheet(page, (sheet, frame), view, styles)
            if sheet.chart is not None and len(frame):
                sheet.chart(book, page, sheet.name, frame)


def _properties(book: Workbook, view: View) -> None:
    header = view.header
    book.set_properties(
        {
            "title": header.title,
            "subject": "Plan of public buildings: what closes, stays and opens",
            "author": "Estate",
            "comments": "\n".join(header.lines()),
            "keywords": f"{header.audience}, {header.status}",
        }
    )


def _styles(book: Workbook) -> dict[str, Any]:
    """Return the formats that sheets use, by name."""
    base: dict[str, object] = {"font_name": "Arial", "font_size": 10, "valign": "top"}
    looks: dict[str, dict[str, object]] = {
        "text": {"text_wrap": True, "align": "left", "indent": 1},
        "short": {"align": "left", "indent": 1},
        "title": {"bold": True, "font_size": 16},
        "subtitle": {"bold": True, "font_size": 12},
        "note": {"font_color": "#555555"},
        "badge": {"bold": True, "bg_color": "#FFF4D6"},
        "link": {"font_color": "#0563C1", "underline": 1},
        "head": {"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "text_wrap": True},
        "gbp": {"num_format": "#,##0;[Red]-#,##0;0"},
        "share": {"num_format": "0.0%"},
        "factor": {"num_format": "0.0000"},
        "number": {"num_format": "#,##0.00"},
        "small": {"num_format": "0.000"},
        "km": {"num_format": "0.00"},
        "count": {"num_format": "#,##0"},
    }
    return {name: book.add_format(base | look) for name, look in looks.items()}


def _page(page: Worksheet, view: View, title: str, styles: dict[str, Any]) -> None:
    """Put title, status and dates on a sheet and on every printed page of it."""
    page.hide_gridlines(2)
    page.set_row(0, 24)
    page.write_string(0, 0, title, styles["title"])
    page.write_string(1, 0, " · ".join(view.header.lines()), styles["note"])
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    foot = view.header.lines()[0].replace("&", "&&")[:200]
    page.set_footer(f"&L&8{foot}&R&8&P of &N")


def _write_cover(page: Worksheet, view: View, styles: dict[str, Any]) -> None:
    """Say what this is, how far it has come, what is not known, and the first figures."""
    header = view.header
    _page(page, view, header.title, styles)
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 90)
    span = f"{view.horizon.label(0)} to {view.horizon.label(view.horizon.decision_years - 1)}"
    facts = [
        ("What", f"Plan of public buildings, {span}: what closes, stays and opens, and what it saves"),
        ("Status", header.status),
        ("Data", header.data_date),
        ("Made", header.made or "not recorded"),
        ("For", f"{header.audience} readers"),
        ("Prices", f"{header.price_base}, without inflation"),
    ]
    row = FIRST_ROW
    if header.invented:
        page.write_string(row, 0, "Invented estate", styles["badge"])
        page.write_string(row, 1, "No figure is about a real place.", styles["badge"])
        row += 2
    row = _pairs(page, row, facts, styles)
    page.write_string(row + 1, 0, "What is not known", styles["subtitle"])
    row = _pairs(page, row + 2, [("", note) for note in view.notes] or [("", "Nothing was noted.")], styles)
    page.write_string(row + 1, 0, "First figures", styles["subtitle"])
    figures = [
        (text(one.get("label")), headline_words(one)) for one in headline_rows(view.summary.get("headlines"))
    ]
    _pairs(page, row + 2, figures[:16], styles)


def _pairs(page: Worksheet, row: int, pairs: list[tuple[str, str]], styles: dict[str, Any]) -> int:
    for label, words in pairs:
        page.write_string(row, 0, label[:_LONGEST], styles["text"])
        page.write_string(row, 1, words[:_LONGEST], styles["text"])
        row += 1
    return row


def _write_contents(
    page: Worksheet, view: View, made: list[tuple[Sheet, pd.DataFrame]], styles: dict[str, Any]
) -> None:
    """List the sheets with links."""
    _page(page, view, "Contents", styles)
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 80)
    page.set_column(2, 2, 10)
    for column, words in enumerate(("Sheet", "What it holds", "Rows")):
        page.write_string(FIRST_ROW, column, words, styles["head"])
    for row, (sheet, frame) in enumerate(made, start=FIRST_ROW + 1):
        page.write_url(row, 0, f"internal:'{sheet.name}'!A1", styles["link"], sheet.name)
        page.write_string(row, 1, sheet.about, styles["text"])
        page.write_number(row, 2, len(frame), styles["count"])


def _write_sheet(
    page: Worksheet, made: tuple[Sheet, pd.DataFrame], view: View, styles: dict[str, Any]
) -> None:
    """Write one table as a real Excel table with frozen headers."""
    sheet, frame = made
    _page(page, view, f"{sheet.name}: {sheet.about}", styles)
    if frame.empty:
        page.write_string(FIRST_ROW, 0, "None.", styles["short"])
        page.set_column(0, 0, 30)
        return
    if len(frame) > MOST_ROWS:
        words = f"First {MOST_ROWS:,} of {len(frame):,} rows; all are in the CSV file."
        page.write_string(2, 0, words, styles["note"])
        frame = frame.head(MOST_ROWS)
    page.set_row(FIRST_ROW, 42)
    lines = [_write_column(page, column, frame[name], styles) for column, name in enumerate(frame.columns)]
    for row, most in enumerate(np.max(lines, axis=0).tolist(), start=FIRST_ROW + 1):
        if most > 1:
            page.set_row(row, 13.5 * most)
    last = (FIRST_ROW + len(frame), len(frame.columns) - 1)
    page.add_table(
        FIRST_ROW,
        0,
        *last,
        {
            "name": sheet.table_name,
            "style": "Table Style Light 9",
            "columns": [{"header": str(c), "header_format": styles["head"]} for c in frame.columns],
        },
    )
    page.freeze_panes(FIRST_ROW + 1, 1)
    page.repeat_rows(FIRST_ROW)


def style_of(header: str) -> str:
    """Return the number format of a column by its header."""
    low = header.lower()
    if "[£]" in low or low.endswith("gbp") or "gbp" in low:
        return "gbp"
    if "share" in low or "probability" in low:
        return "share"
    if "factor" in low:
        return "factor"
    if "km" in low or "minutes" in low:
        return "km"
    return "number"


def _write_column(
    page: Worksheet, column: int, cells: pd.Series, styles: dict[str, Any]
) -> NDArray[np.int64]:
    """Write one column and set its width; returns how many lines each of its cells needs."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        widest = _write_numbers(page, column, cells.astype(float).tolist(), (styles, str(cells.name)))
        page.set_column(column, column, max(widest, 13))
        return np.ones(len(cells), dtype=np.int64)
    words = cells.astype(object).where(cells.notna(), "").astype(str).str.slice(0, _LONGEST)
    lengths = words.str.len().to_numpy(dtype=np.int64)
    shown = styles["text" if lengths.max() > WIDEST else "short"]
    for row, value in enumerate(words.tolist(), start=FIRST_ROW + 1):
        page.write_string(row, column, value, shown)
    page.set_column(column, column, min(max(int(lengths.max()) + 3, len(str(cells.name)) + 4), WIDEST + 2))
    return np.clip(-(-lengths // WIDEST), 1, 20)


def _write_numbers(
    page: Worksheet, column: int, values: list[float], look: tuple[dict[str, Any], str]
) -> int:
    """Write numbers in the format of their header; returns the width they need."""
    styles, header = look
    kind = style_of(header)
    widest = 0
    for row, value in enumerate(values, start=FIRST_ROW + 1):
        if not math.isfinite(value):
            page.write_blank(row, column, None, styles["short"])
            continue
        plain = "count" if value == round(value) else "small" if abs(value) < 1 else "number"
        page.write_number(row, column, value, styles[plain if kind == "number" else kind])
        widest = max(widest, len(f"{value:,.2f}") + 2)
    return widest
