"""Read CSV, workbooks and Parquet into plain cells, and find the header row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.cells import cell_text, clean_text, normal_name, parse_number
from estate.core.errors import InputError, Issue
from estate.inputs.books import CORRUPT, read_book
from estate.inputs.plaintext import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from estate.core.tables import TableSpec

HEADER_WITHIN_ROWS = 20
csv.field_size_limit(10_000_000)


@dataclass(frozen=True)
class Sheet:
    """One table as it stands in a file.

    Attributes
    ----------
    name : str
        Name of the sheet or layer; "" where the file is the table.
    cells : DataFrame
        Every cell, the header among them; the index holds rows as a spreadsheet counts them.
    geometry : GeoSeries or None
        Shapes in EPSG:27700 by row, where the file has them.
    """

    name: str
    cells: pd.DataFrame
    geometry: Any = None


def refuse(path: Path, problem: str, remedy: str) -> InputError:
    """Return the error for a file that cannot be read at all."""
    issue = Issue(path.name, None, "", "", problem, remedy)
    return InputError(f"{path.name} cannot be read:", [issue])


def grid(rows: Iterable[Iterable[object]]) -> pd.DataFrame:
    """Return rows of cells as a frame whose index counts as a spreadsheet does."""
    listed = [list(row) for row in rows]
    width = max((len(row) for row in listed), default=0)
    full = [row + [""] * (width - len(row)) for row in listed]
    return pd.DataFrame(full, index=pd.RangeIndex(1, len(full) + 1, name="row"), dtype=object)


def frame_grid(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as a grid whose first row is its header."""
    return grid([list(frame.columns), *frame.astype(object).to_numpy().tolist()])


def read_csv(path: Path) -> list[Sheet]:
    """Read a CSV in any encoding of `read_text`; commas, semicolons or tabs.

    Raises
    ------
    InputError
        If it is not text, is a web page, or breaks off.
    """
    text = read_text(path)
    delimiter = _delimiter(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        message = f"is broken ({error}); the file may have been cut off"
        raise refuse(path, message, "export it again, with every quote closed") from error
    width = max((len(row) for row in rows), default=0)
    if rows and width > 1 and 0 < len(rows[-1]) < len(rows[0]) and not text.endswith(("\n", "\r")):
        issue = Issue(path.name, len(rows), "", "", "breaks off in mid-row", "export the file again")
        raise InputError(f"{path.name} cannot be read:", [issue])
    return [Sheet("", grid(rows))]


def _delimiter(text: str) -> str:
    lines = text.splitlines()[:HEADER_WITHIN_ROWS]
    counts = {mark: max((line.count(mark) for line in lines), default=0) for mark in ",;\t"}
    return max(counts, key=lambda mark: (counts[mark], mark == ","))


def read_workbook(path: Path) -> list[Sheet]:
    """Read every sheet of a workbook; values, not formulas.

    Raises
    ------
    InputError
        If it is damaged, protected by a password, no workbook, or holds unsolved formulas.
    """
    return [Sheet(name, grid(rows)) for name, rows in read_book(path)]


def read_parquet(path: Path) -> list[Sheet]:
    """Read a Parquet file, with its shapes where it is GeoParquet.

    Raises
    ------
    InputError
        If it is damaged.
    """
    from pyarrow import ArrowException, parquet

    try:
        shaped = b"geo" in (parquet.read_schema(path).metadata or {})
        if shaped:
            from estate.inputs.geospatial import read_geoparquet

            return read_geoparquet(path)
        table = parquet.read_table(path)
    except (*CORRUPT, ArrowException) as error:
        raise refuse(path, "is not a readable Parquet file; it may be cut off", "export it again") from error
    columns = [[cell_text(value) for value in column.to_pylist()] for column in table.columns]
    return [Sheet("", grid([table.column_names, *zip(*columns, strict=True)]))]


def locate(sheet: Sheet, spec: TableSpec, source: str) -> tuple[pd.DataFrame, list[Issue], list[str]]:
    """Find the header row and return the frame beneath it.

    Returns
    -------
    frame : DataFrame
        Raw cells with the file's own headers; the index, named ``row``, counts as a spreadsheet.
    issues : list of Issue
        No header, two headers, no rows.
    notes : list of str
        That rows above the header were left out.
    """
    cells = sheet.cells
    known = {normal_name(name) for name in spec.names}
    top = cells.iloc[:HEADER_WITHIN_ROWS]
    scores = [sum(normal_name(cell) in known for cell in row if cell_text(cell)) for row in top.to_numpy()]
    if not scores or max(scores) == 0:
        issue = Issue(
            source, None, "", "", "has no header row", f"name the columns, for example {spec.names[0]}"
        )
        return pd.DataFrame(columns=spec.names).rename_axis("row"), [issue], []
    at = scores.index(max(scores))
    header = [cell_text(cell).strip() for cell in cells.iloc[at]]
    body = cells.iloc[at + 1 :].set_axis(pd.Index(header, dtype=object), axis=1)
    body = body.loc[:, [bool(name) or _filled(body.iloc[:, i]) for i, name in enumerate(header)]]
    notes = []
    if any(cell_text(cell).strip() for row in cells.iloc[:at].to_numpy() for cell in row):
        notes.append(f"{source}: rows above the header (row {cells.index[at]}) were left out.")
    again = _header_rows(body, spec)
    issues = [
        Issue(source, int(row), "", "", "is a second header row", "keep one header row and delete this one")
        for row in body.index[again].tolist()
    ]
    body = body[~again]
    if body.empty or not (body.map(cell_text) != "").to_numpy().any():
        issues.append(Issue(source, None, "", "", "has no rows", "fill it in, or leave the table out"))
    return body, issues, notes


def _filled(column: pd.Series) -> bool:
    return bool((clean_text(column) != "").any())


def _header_rows(body: pd.DataFrame, spec: TableSpec) -> pd.Series:
    """Mark rows that repeat the names of the columns, and a row of units below the header."""
    names = [normal_name(name) for name in body.columns]
    known = {normal_name(name) for name in spec.names}
    wanted = [i for i, name in enumerate(names) if name in known]
    same = sum((body.iloc[:, i].map(normal_name) == names[i]).astype(int) for i in wanted)
    again = pd.Series(data=False, index=body.index) | (same >= max(2, (len(wanted) + 1) // 2))
    if len(body) and _is_units_row(body, spec):
        again.iloc[0] = True
    return again


def _is_units_row(body: pd.DataFrame, spec: TableSpec) -> bool:
    """Whether the first row holds words in every column of numbers that it fills, two at least."""
    figures = {
        normal_name(column.name) for column in spec.columns if column.type in {"number", "share", "integer"}
    }
    wanted = [i for i, name in enumerate(body.columns) if normal_name(name) in figures]
    first = [text for text in clean_text(body.iloc[0, wanted]) if text]
    words = [text for text in first if parse_number(text, share=True) is None]
    return len(words) >= 2 and len(words) == len(first) and len(body) > 1
