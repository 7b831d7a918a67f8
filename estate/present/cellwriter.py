"""Columns of a table into a worksheet: text that stays text, numbers, formulas, cells to change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.present.live import FIRST_ROW, Entry, Live

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

WIDEST = 58
"""Longest line of text in a cell [character]; longer texts wrap."""
NARROW = 30
"""The same where text stands among figures."""
LONGEST = 32_000
MOST_DIGITS = 20
HALF_A_PENNY = 0.005
PENNIES_BELOW = 10_000.0
"""Figures from this on are shown whole."""
LINE_HEIGHT = 13.5
"""Height of a line of text [point]."""

_LOOKS: dict[str, dict[str, object]] = {
    "text": {"text_wrap": True, "align": "left", "indent": 1},
    "short": {"align": "left", "indent": 1},
    "title": {"bold": True, "font_size": 16},
    "subtitle": {"bold": True, "font_size": 12},
    "note": {"font_color": "#555555"},
    "badge": {"bold": True, "bg_color": "#FFF4D6"},
    "link": {"font_color": "#0563C1", "underline": 1},
    "head": {"bold": True, "valign": "vcenter", "bg_color": "#DCE6F1", "bottom": 1, "text_wrap": True},
    "head_number": {
        "bold": True,
        "align": "right",
        "valign": "vcenter",
        "bg_color": "#DCE6F1",
        "bottom": 1,
        "text_wrap": True,
    },
    "gbp": {"num_format": "#,##0;[Red]-#,##0;0", "text_wrap": True},
    "wide": {"num_format": "[>=1E+12]0.0E+00;[<=-1E+12]-0.0E+00;#,##0"},
    "share": {"num_format": "0.0%"},
    "rate": {"num_format": "0.00%", "text_wrap": True},
    "factor": {"num_format": "0.0000"},
    "number": {"num_format": "#,##0.00", "text_wrap": True},
    "small": {"num_format": "0.000"},
    "km": {"num_format": "#,##0.00"},
    "count": {"num_format": "#,##0"},
    "entry_rate": {"num_format": "0.00%", "bg_color": "#FFF2CC", "border": 1},
    "entry_count": {"num_format": "0", "bg_color": "#FFF2CC", "border": 1},
}


def styles(book: Workbook) -> dict[str, Any]:
    """Return the formats that sheets use, by name."""
    base: dict[str, object] = {"font_name": "Arial", "font_size": 10, "valign": "top"}
    return {name: book.add_format(base | look) for name, look in _LOOKS.items()}


def lines_of(words: str, width: int) -> int:
    """Return how many lines a text takes in a column of so many characters, to be on the safe side."""
    return sum(max(1, math.ceil(len(line) / width)) for line in words.split("\n"))


def style_of(header: str) -> str:
    """Return the number format of a column by its header."""
    low = header.lower()
    if "[£" in low or low.endswith("gbp") or "gbp" in low:
        return "gbp"
    if low == "year t" or (low.startswith("worse") and "km" in low):  # people by how much farther
        return "count"
    if "share" in low or "probability" in low:
        return "share"
    if "factor" in low:
        return "factor"
    if "km" in low or "minutes" in low:
        return "km"
    return "number"


def head_of(cells: pd.Series) -> str:
    """Return the format of a header: above figures it stands to the right, as they do."""
    if pd.api.types.is_bool_dtype(cells):
        return "head"
    figures = pd.api.types.is_numeric_dtype(cells)
    return (
        "head_number" if figures or not cells.map(lambda one: isinstance(_value(one), str)).any() else "head"
    )


def write_column(
    book: Workbook, page: Worksheet, column: int, cells: pd.Series, looks: dict[str, Any]
) -> NDArray[np.int64]:
    """Write one column under its header and set its width.

    Returns
    -------
    ndarray
        How many lines each of its cells needs.
    """
    header = str(cells.name)
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        widest = _write_numbers(page, column, cells.astype(float).tolist(), (looks, header))
        page.set_column(column, column, max(widest, 13))
        return np.ones(len(cells), dtype=np.int64)
    if cells.map(lambda cell: isinstance(cell, (Live, Entry))).any():
        widest = _write_mixed(book, (page, column), cells, looks)
        page.set_column(column, column, max(widest, 13))
        told = [_value(cell) for cell in cells]
        return np.array([lines_of(one, NARROW - 4) if isinstance(one, str) else 1 for one in told])
    words = cells.astype(object).where(cells.notna(), "").astype(str).str.slice(0, LONGEST)
    lengths = words.str.len().to_numpy(dtype=np.int64)
    shown = looks["text" if lengths.max() > WIDEST else "short"]
    for row, value in enumerate(words.tolist(), start=FIRST_ROW + 1):
        page.write_string(row, column, value, shown)
    page.set_column(column, column, min(max(int(lengths.max()) + 3, len(header) + 4), WIDEST + 2))
    return np.clip(-(-lengths // WIDEST), 1, 20)


def _number_look(value: float, kind: str) -> str:
    """Return the format of a number: that of its header, else by its size."""
    if not math.isfinite(value):
        return "short"
    whole = value == round(value) or abs(value) >= PENNIES_BELOW
    plain = "count" if whole else "small" if abs(value) < 1 else "number"
    return plain if kind == "number" else kind


def _write_numbers(
    page: Worksheet, column: int, values: list[float], look: tuple[dict[str, Any], str]
) -> int:
    """Write numbers in the format of their header; returns the width they need."""
    looks, header = look
    kind = style_of(header)
    widest = 0
    for row, value in enumerate(values, start=FIRST_ROW + 1):
        if not math.isfinite(value):
            page.write_blank(row, column, None, looks["short"])
            continue
        value = 0.0 if kind == "gbp" and abs(value) < HALF_A_PENNY else value  # noqa: PLW2901 - else -0 in red
        page.write_number(row, column, value, looks[_number_look(value, kind)])
        widest = max(widest, len(f"{value:,.2f}") + 2)
    return widest


def _write_mixed(
    book: Workbook, place: tuple[Worksheet, int], cells: pd.Series, looks: dict[str, Any]
) -> int:
    """Write formulas with what they came to, cells to change, numbers and text; returns the width."""
    page, column = place
    kind = style_of(str(cells.name))
    widest = 0
    for row, cell in enumerate(cells.tolist(), start=FIRST_ROW + 1):
        value = _value(cell)
        words = value if isinstance(value, str) else f"{value:,.2f}" if math.isfinite(value) else ""
        widest = max(widest, len(words) + 2 if isinstance(value, str) else min(len(words) + 2, MOST_DIGITS))
        if isinstance(cell, Entry):
            _write_entry(book, (page, row, column), cell, looks)
            continue
        look = looks["text" if isinstance(value, str) else _number_look(value, kind)]
        if isinstance(cell, Live):
            look = looks[cell.look] if cell.look else look
            if cell.formula:
                page.write_formula(row, column, cell.formula, look, value)
                continue
        if isinstance(value, str):
            page.write_string(row, column, value[:LONGEST], look)
        elif math.isfinite(value):
            page.write_number(row, column, value, look)
    return min(widest, NARROW)


def _value(cell: Live | Entry | str | float) -> str | float:
    """Return what a cell shows."""
    return cell.value if isinstance(cell, (Live, Entry)) else cell


def _write_entry(
    book: Workbook, place: tuple[Worksheet, int, int], entry: Entry, looks: dict[str, Any]
) -> None:
    """Write a cell that the reader may change, with its name and its limits."""
    page, row, column = place
    counted = entry.whole
    page.write_number(row, column, entry.value, looks["entry_count" if counted else "entry_rate"])
    limits = {
        "validate": "integer" if counted else "decimal",
        "criteria": "between",
        "minimum": entry.least,
        "maximum": entry.most,
        "error_title": "Out of range",
        "error_message": f"Give a number from {entry.least:g} to {entry.most:g}.",
    }
    page.data_validation(row, column, row, column, limits)
    book.define_name(entry.name, f"='{page.get_name()}'!${chr(65 + column)}${row + 1}")
