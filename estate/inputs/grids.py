"""Other people's files as grids of text, one for each sheet or layer, without choosing a header."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pandas as pd

from estate.core.cells import cell_text
from estate.core.errors import InputError, Issue
from estate.inputs.books import CORRUPT, read_book
from estate.inputs.plaintext import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LARGEST_BYTES = 200_000_000
WORKBOOKS = frozenset({".xlsx", ".xlsm"})
OTHER_BOOKS = frozenset({".xls", ".xlsb", ".ods"})
MAPS = frozenset({".geojson", ".json", ".gpkg", ".parquet"})
NO_TABLES = frozenset({".pdf", ".zip", ".doc", ".docx"})
DELIMITERS = ",;\t|"
PLACE_HEADERS = ("OS Easting", "OS Northing")

Grids = list[tuple[str, pd.DataFrame]]


def read_grids(path: Path) -> Grids:
    """Read a file as grids of text, by the name of the sheet or layer ("" for a file that is one table).

    CSV in any encoding of `read_text`; delimiter comma, semicolon, tab or bar. Workbooks of
    Excel and LibreOffice. GeoJSON, GeoPackage and Parquet: where they have shapes, a point inside
    each stands in the columns ``OS Easting`` and ``OS Northing``.

    Raises
    ------
    InputError
        If the file is missing, empty, too large, damaged or no table.
    """
    problem = _unreadable(path)
    if problem:
        raise _refusal(path, *problem)
    ending = path.suffix.lower()
    if ending in WORKBOOKS:
        return [(name, as_grid(rows)) for name, rows in read_book(path)]
    if ending in OTHER_BOOKS:
        return _read_other_book(path)
    return _read_map(path) if ending in MAPS else [("", _read_csv(path))]


def as_grid(rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Return rows of cells as a frame of text, as wide as the widest row."""
    width = max((len(row) for row in rows), default=0)
    padded = [[*(cell_text(cell) for cell in row), *[""] * (width - len(row))] for row in rows]
    return pd.DataFrame(padded, dtype=object)


def _refusal(path: Path, problem: str, remedy: str) -> InputError:
    return InputError("A table cannot be read:", [Issue(path.name, None, "", "", problem, remedy)])


def _unreadable(path: Path) -> tuple[str, str] | None:
    if not path.is_file():
        return f"is not a file ({path})", "give the path of the published file"
    size = path.stat().st_size
    if size == 0:
        return "is empty (0 bytes)", "download or export it again"
    if size > LARGEST_BYTES:
        return "is larger than 200 MB", "cut it to the area of the plan"
    if path.suffix.lower() in NO_TABLES:
        return f"is a {path.suffix.lower()} file", "save it as CSV or XLSX"
    return None


def _read_csv(path: Path) -> pd.DataFrame:
    text = read_text(path)
    first = text[:20_000]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _refusal(path, f"is no whole CSV file ({error})", "save it again as CSV UTF-8") from error
    # A last line of one cell may be a footnote.
    if len(rows) > 1 and 1 < len(rows[-1]) < len(rows[-2]) and not text.endswith(("\n", "\r")):
        issue = Issue(path.name, len(rows), "", "", "breaks off in mid-row", "download or export it again")
        raise InputError("A table cannot be read:", [issue])
    return as_grid(rows)


def _read_other_book(path: Path) -> Grids:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        sheets = [(name, book.get_sheet_by_name(name)) for name in book.sheet_names]
        return [(name, as_grid(sheet.to_python(skip_empty_area=False))) for name, sheet in sheets]
    except (*CORRUPT, CalamineError) as error:
        problem = f"is no readable {path.suffix.lower()} file; it may be cut off or protected"
        raise _refusal(path, problem, "save it again as XLSX or CSV") from error


def _read_map(path: Path) -> Grids:
    from estate.inputs.geospatial import read_layers, representative_points
    from estate.inputs.tabular import read_parquet

    grids = []
    for layer in read_parquet(path) if path.suffix.lower() == ".parquet" else read_layers(path):
        cells = layer.cells.map(cell_text).reset_index(drop=True)
        if layer.geometry is not None:
            for header, values in zip(PLACE_HEADERS, representative_points(layer.geometry), strict=True):
                cells[cells.shape[1]] = [header, *("" if x != x else f"{x:.2f}" for x in values)]  # noqa: PLR0124
        grids.append((layer.name, cells))
    return grids
