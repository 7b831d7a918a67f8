"""compare.xlsx: the tables of a comparison, one a sheet."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from estate.compare.tables import headed_in_words, notes
from estate.present.words import text
from estate.present.workbook import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from estate.compare.runs import Run

FILE = "compare.xlsx"
SHEETS = {
    "compare": ("Figures", "Headline figures by run, with the difference from the first run"),
    "inputs": ("Inputs", "What differs in what was asked and read"),
    "sites": ("Sites", "Sites that some run treats otherwise than the first"),
    "moves": ("Moves", "Services that some run moves otherwise than the first"),
    "partners": ("Partners", "Net present saving on bills by partner"),
    "lines": ("Lines", "Net present saving on bills by line of the ledger"),
    "access": ("Access", "Residents within the limit of each standard at the end"),
}
_COLOURS = {"red": "#F9D6CF", "amber": "#FDEDC4", "green": "#D7EFE3", "not settled": "#ECECEC"}
_FIRST_ROW = 3
_LONGEST = 32_000
_WIDEST = 36
_LINE_POINTS = 13
_PAGE_WIDTH = 200
"""Letters across a landscape page that can still be read on paper."""


def write_workbook(runs: Sequence[Run], found: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write compare.xlsx: cover, and a sheet a table."""
    import xlsxwriter

    with xlsxwriter.Workbook(folder / FILE, OPTIONS) as book:
        plain: dict[str, Any] = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        styles = {
            "title": book.add_format({**plain, "bold": True, "font_size": 16}),
            "head": book.add_format({**plain, "bold": True, "bg_color": "#DCE6F1", "text_wrap": True}),
            "text": book.add_format({**plain, "text_wrap": True, "indent": 1}),
            "gbp": book.add_format({**plain, "num_format": "#,##0;[Red]-#,##0;0"}),
            "share": book.add_format({**plain, "num_format": "0.0%"}),
            "number": book.add_format({**plain, "num_format": "#,##0.##"}),
            **{
                name: book.add_format({**plain, "indent": 1, "bg_color": tint, "text_wrap": True})
                for name, tint in _COLOURS.items()
            },
        }
        _cover(book.add_worksheet("Cover"), runs, styles)
        for key, (name, about) in SHEETS.items():
            page = book.add_worksheet(name)
            _page(page, f"{name}: {about}", styles)
            table = _wide(found[key], runs) if key == "compare" else headed_in_words(found[key], runs)
            if key == "access":
                table = table.rename(columns={run.label: f"{run.label} [share of residents]" for run in runs})
            _table(page, table, styles)


def _wide(figures: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row a figure, and for each run its value and what it means beside the base."""
    made = figures.drop_duplicates("key").set_index("key")[["label", "unit"]]
    for run in runs:
        own = figures[figures["run"] == run.name].set_index("key")
        value = own["value"].astype(object)
        made[run.label] = value.where(value.notna(), own["shown"])
        made[f"{run.label}: in words"] = own["words"]
    return made.reset_index(drop=True)


def _page(page: Worksheet, title: str, styles: dict[str, Any]) -> None:
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_row(0, 24)
    page.write_string(0, 0, title, styles["title"])


def _cover(page: Worksheet, runs: Sequence[Run], styles: dict[str, Any]) -> None:
    _page(page, f"{len(runs)} runs side by side", styles)
    page.set_column(0, 0, 30)
    page.set_column(1, 1, 100)
    rows = [("Compared with", runs[0].label), *(("Note", note) for note in notes(runs))]
    if any(run.summary.get("invented") for run in runs):
        rows.insert(0, ("Invented estate", "No figure is about a real place."))
    for run in runs:
        told = [run.summary.get("title"), run.summary.get("status"), run.summary.get("data_date")]
        rows.append((f"Run {run.name}", " · ".join([*map(text, told), f"for {run.audience} readers"])))
    for number, (label, words) in enumerate(rows, start=2):
        page.write_string(number, 0, label, styles["text"])
        page.write_string(number, 1, words[:_LONGEST], styles["text"])
        page.set_row(number, _LINE_POINTS * -(-len(words) // 100))


def _table(page: Worksheet, frame: pd.DataFrame, styles: dict[str, Any]) -> None:
    """Write a table under frozen headers; a status is tinted and stands there in words."""
    if frame.empty:
        page.write_string(_FIRST_ROW, 0, "None.", styles["text"])
        return
    deep, heads, across = [1] * len(frame), [2], 0
    for column, name in enumerate(frame.columns):
        cells = frame[name].tolist()
        page.write_string(_FIRST_ROW, column, str(name), styles["head"])
        long = [14 if isinstance(cell, float) else len(text(cell)) for cell in cells]
        width = min(max(*long, len(str(name)) // 2, 8) + 2, _WIDEST)
        page.set_column(column, column, width)
        heads.append(len(wrap(str(name), width - 3)))
        across += width
        deep = [max(lines, -(-length // (width - 3))) for lines, length in zip(deep, long, strict=True)]
        units = frame["unit"].tolist() if "unit" in frame else [_unit(str(name))] * len(cells)
        for row, (cell, unit) in enumerate(zip(cells, units, strict=True), start=_FIRST_ROW + 1):
            _cell(page, (row, column), cell, styles, unit)
    page.set_row(_FIRST_ROW, max(heads) * _LINE_POINTS)
    for row, lines in enumerate(deep, start=_FIRST_ROW + 1):
        page.set_row(row, _LINE_POINTS * lines)
    page.freeze_panes(_FIRST_ROW + 1, 1)
    page.repeat_rows(_FIRST_ROW)
    page.repeat_columns(0, 1)
    page.fit_to_pages(-(-across // _PAGE_WIDTH), 0)
    page.autofilter(_FIRST_ROW, 0, _FIRST_ROW + len(frame), len(frame.columns) - 1)


def _unit(head: str) -> str:
    """Return the unit that a head ends with, blank where it names none."""
    return next((unit for unit in ("[£]", "share", "share of residents]") if head.endswith(unit)), "")


def _cell(page: Worksheet, at: tuple[int, int], cell: object, styles: dict[str, Any], unit: str) -> None:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if math.isfinite(cell):
            kind = "gbp" if "GBP" in unit or "£" in unit else "share" if "share" in unit else "number"
            page.write_number(*at, cell, styles[kind])
        return
    words = text(cell)[:_LONGEST]
    if words:
        status = words.split(":")[0]
        page.write_string(*at, words, styles[status if status in _COLOURS else "text"])
