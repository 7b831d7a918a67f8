"""Workbooks as grids of values: formulas by their stored result, merged cells by the value they show."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from estate.core.errors import InputError, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CORRUPT = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, ParseError, TypeError)
LARGEST_BYTES = 1_500_000_000
MOST_FORMULAS = 20
_FORMULA = re.compile(rb"<f[ >/]")
_MERGED = b"<mergeCell "

Rows = list[list[Any]]


def read_book(path: Path) -> list[tuple[str, Rows]]:
    """Return the name and the rows of every sheet.

    Parameters
    ----------
    path : Path
        An .xlsx or .xlsm file.

    Returns
    -------
    list of (str, list of list)
        Values as Excel last stored them; a cell merged over several rows stands in each.

    Raises
    ------
    InputError
        If it is damaged, protected by a password, no workbook, or holds formulas whose
        results were never stored.
    """
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        formulas, merged = _traits(path)
        sheets = _merged_sheets(path) if merged else list(_plain_sheets(path, values=True))
        unsolved = _unsolved(path, sheets) if formulas else []
    except (*CORRUPT, InvalidFileException) as error:
        problem = f"is not a readable workbook ({type(error).__name__}); it may be cut off or protected"
        remedy = "open it, save it as .xlsx without a password, and try again"
        raise _refusal(path, [Issue(path.name, None, "", "", problem, remedy)]) from error
    if unsolved:
        raise _refusal(path, unsolved)
    return sheets


def _refusal(path: Path, issues: list[Issue]) -> InputError:
    return InputError(f"{path.name} cannot be read:", issues)


def _traits(path: Path) -> tuple[bool, bool]:
    """Say whether any sheet has formulas, and whether any has merged cells."""
    formulas = merged = False
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST_BYTES:
            message = "unpacks to more than 1.5 GB"
            raise ValueError(message)
        for part in archive.infolist():
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                content = archive.read(part)
                formulas |= _FORMULA.search(content) is not None
                merged |= _MERGED in content
    return formulas, merged


def _plain_sheets(path: Path, *, values: bool) -> Iterator[tuple[str, Rows]]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=values)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some programs write a size that cuts the sheet off
            yield sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)]
    finally:
        book.close()


def _merged_sheets(path: Path) -> list[tuple[str, Rows]]:
    """Read sheets of which some have merged cells: what spans rows is repeated in each of them."""
    from openpyxl import load_workbook

    sheets = []
    for sheet in load_workbook(path, data_only=True).worksheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        for span in sheet.merged_cells.ranges:
            if span.max_row > span.min_row:
                shown = rows[span.min_row - 1][span.min_col - 1]
                for row in rows[span.min_row - 1 : span.max_row]:
                    row[span.min_col - 1] = shown
        sheets.append((sheet.title, rows))
    return sheets


def _unsolved(path: Path, sheets: list[tuple[str, Rows]]) -> list[Issue]:
    """Find formulas without a stored result: a blank would be taken for not known."""
    from openpyxl.utils import get_column_letter

    found = []
    for (name, shown), (_, written) in zip(sheets, _plain_sheets(path, values=False), strict=True):
        for row, cells in enumerate(written):
            for column, cell in enumerate(cells):
                if isinstance(cell, str) and cell.startswith("=") and _blank(shown, row, column):
                    place = (f"{path.name} [{name}]", row + 1, get_column_letter(column + 1), cell)
                    remedy = "open the workbook in Excel or LibreOffice and save it, or enter the value"
                    found.append(Issue(*place, "is a formula whose result was never stored", remedy))
    rest = len(found) - MOST_FORMULAS
    if rest > 0:
        told = (path.name, None, "", "", f"has {rest:,} more formulas whose results were never stored")
        return [*found[:MOST_FORMULAS], Issue(*told, "save it in Excel or LibreOffice")]
    return found


def _blank(rows: Rows, row: int, column: int) -> bool:
    return row >= len(rows) or column >= len(rows[row]) or rows[row][column] is None
