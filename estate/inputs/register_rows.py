"""The rows of a published register: its sheets, its header (one row or two), and what is no asset."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from estate.core.errors import InputError, Issue
from estate.core.words import plural
from estate.inputs.aliases import canonical_of, clean_text, header_row, take_columns, understood
from estate.inputs.grids import Grids, read_grids

if TYPE_CHECKING:
    from pathlib import Path

    from estate.inputs.mapping import Mapping

SOURCE = "register"
TOTAL = re.compile(  # AGGRE is the code that NHS returns give to all small sites of a trust together
    r"aggre(?:gate(?: sites?)?)?|(?:grand |sub-?)?totals?(?: number.*| count)?[\s:]*[\d,]*", re.IGNORECASE
)
IDENTITY = ("uprn", "asset_id")
WHERE = ("x", "easting", "longitude", "map_reference", "postcode")
NAMED = ("name", "street", "address")
LEAST_HEADERS = 3
ALIKE = 0.6
SAME_ASSETS = 0.5


def read_rows(path: Path, mapping: Mapping) -> tuple[pd.DataFrame, list[Issue], list[str]]:
    """Return every asset of a register under canonical names, all text.

    A workbook may hold the register on several sheets; sheets that repeat the assets of
    another one are left out, and so are footers, totals and headers repeated in the middle.

    Returns
    -------
    DataFrame
        The index counts rows as a spreadsheet does; the rows of a second sheet go on
        after those of the first (:func:`on_its_sheet` tells them apart again).
    list of Issue
        Headers that the mapping names and the file has not.
    list of str
        What was left out, and how much.

    Raises
    ------
    InputError
        If no row can be taken for the header.
    """
    frames: list[pd.DataFrame] = []
    issues: list[Issue] = []
    notes: list[str] = []
    sheets: list[tuple[int, str]] = []
    above = 0
    grids = [(name, _with_headers(grid, mapping)) for name, grid in read_grids(path)]
    added = int(_headless(mapping))
    for name, grid in _register_sheets(grids, mapping):
        frame, found, left = _rows_of(grid, path.name, mapping)
        label = f"{path.name} [{name}]" if name else path.name
        if frames and _same_assets(frame, frames):
            notes.append(f"{label} repeats assets of another sheet: left out.")
            continue
        if left:
            rows = plural(left, "row is no asset", "rows are no assets")
            notes.append(f"{label}: {rows} (totals, notes, headers again): left out.")
        issues += [replace(one, table=label) for one in found]
        frame.index = frame.index + above - added
        frames.append(frame)
        sheets.append((above, label))
        above += len(grid) - added
    if not frames:
        raise _no_header(path.name, pd.DataFrame())
    raw = pd.concat(frames).fillna("").rename_axis("row")
    raw.attrs = {"sheets": sheets, "feet": any(frame.attrs["feet"] for frame in frames)}
    return raw, issues, notes


def sheet_and_row(row: int, sheets: list[tuple[int, str]]) -> tuple[str, int]:
    """Return the sheet of a row of `read_rows`, and the row at which a spreadsheet shows it."""
    above, label = max((one for one in sheets if one[0] < row), default=sheets[0])
    return label, row - above


def on_its_sheet(issue: Issue, sheets: list[tuple[int, str]]) -> Issue:
    """Return an issue with the sheet and the row at which a spreadsheet shows it."""
    if issue.row is None or len(sheets) < 2:
        return issue
    label, row = sheet_and_row(issue.row, sheets)
    return replace(issue, table=label, row=row)


def _register_sheets(grids: Grids, mapping: Mapping) -> Grids:
    """Return the sheet that reads most like a register, and those with nearly the same headers."""
    if len(grids) == 1 or mapping.header_row or mapping.columns:
        return [max(grids, key=lambda one: understood(one[1], SOURCE, mapping.columns))] if grids else []
    scored = sorted(grids, key=lambda one: -understood(one[1]))  # stable: the file's order among equals
    least = max(LEAST_HEADERS, ALIKE * understood(scored[0][1]))
    chosen = [one for one in scored if understood(one[1]) >= least]
    return chosen or scored[:1]


def _same_assets(frame: pd.DataFrame, taken: list[pd.DataFrame]) -> bool:
    """Say whether most assets of a sheet stand on one that was taken: another year, or an extract."""
    for name in IDENTITY:
        mine = _filled(frame, name)
        others = {value for one in taken for value in _filled(one, name)}
        if len(mine) and others:
            return bool(mine.isin(others).mean() > SAME_ASSETS)
    return False


def _filled(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame.loc[frame[name] != "", name] if name in frame else pd.Series(dtype=object)


def _rows_of(grid: pd.DataFrame, table: str, mapping: Mapping) -> tuple[pd.DataFrame, list[Issue], int]:
    header = _header_of(grid, mapping)
    if header is None or header >= len(grid):
        raise _no_header(table, grid)
    whole, last = _joined_header(grid, header)
    raw, _, missing = take_columns(whole, last, SOURCE, mapping.columns)
    issues = [
        Issue(table, last + 1, name, "", "is named in the mapping but is no header", "correct columns:")
        for name in missing
    ]
    if raw.empty:
        issues.append(Issue(table, None, "", "", "has no rows below its header", "download it again"))
    none = _no_assets(raw, whole, last)
    kept = raw[~none]
    kept.attrs["feet"] = any(_FEET.search(str(cell)) for cell in whole.iloc[last])
    return kept, issues, int(none.sum())


def _headless(mapping: Mapping) -> bool:
    """Whether the mapping gives headers to a file that has none."""
    return bool(mapping.headers) and mapping.header_row is None


def _header_of(grid: pd.DataFrame, mapping: Mapping) -> int | None:
    if _headless(mapping):
        return 0
    return mapping.header_row - 1 if mapping.header_row else header_row(grid, SOURCE, mapping.columns)


def _with_headers(grid: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Put the headers that the mapping gives in place of the header row, or above a grid without one."""
    if not mapping.headers:
        return grid
    width = max(grid.shape[1], len(mapping.headers))
    head = [*mapping.headers, *[""] * (width - len(mapping.headers))]
    rows = grid.reindex(columns=range(width), fill_value="")
    if mapping.header_row is not None:
        if mapping.header_row <= len(rows):
            rows.iloc[mapping.header_row - 1] = head
        return rows
    return pd.concat([pd.DataFrame([head]), rows], ignore_index=True)


def _no_header(table: str, grid: pd.DataFrame) -> InputError:
    """Return the error for a file of which no row reads like headers; it shows the first row."""
    rows = (", ".join(cell for cell in row if cell.strip()) for row in grid.head(20).to_numpy().tolist())
    first = next((row for row in rows if row), "")
    problem = "has no row that reads like the headers of a register"
    remedy = (
        "say what its columns are in a mapping file: `columns: {name: its header}`, or "
        "`headers: [asset_id, name, postcode]` where it has no headers; estate check takes it with --mapping"
    )
    return InputError("The register cannot be read:", [Issue(table, None, "", first, problem, remedy)])


_FEET = re.compile(r"sq\.?\s*f(ee|oo)?t|ft2|ft²", re.IGNORECASE)


def _joined_header(grid: pd.DataFrame, header: int) -> tuple[pd.DataFrame, int]:
    """Put a header that stands in two rows into one: a title over "Easting" and "Northing", for example.

    Returns
    -------
    DataFrame
        The grid, its header in the lower of the two rows.
    int
        Position of that row.
    """
    cells = clean_text(grid.iloc[header])
    names = cells.map(lambda cell: canonical_of(cell, SOURCE))
    if header + 1 < len(grid):
        below = clean_text(grid.iloc[header + 1])
        known = below.map(lambda cell: canonical_of(cell, SOURCE))
        told = known.notna()
        if (told | (below == "")).all() and names[told].isna().any():
            joined = grid.copy()
            joined.iloc[header + 1] = below.where(told, cells)
            return joined, header + 1
    if header:
        above = clean_text(grid.iloc[header - 1])
        useful = above.map(lambda cell: canonical_of(cell, SOURCE)).notna() & (cells == "")
        if useful.any():
            joined = grid.copy()
            joined.iloc[header] = cells.where(~useful, above)
            return joined, header
    return grid, header


def _no_assets(raw: pd.DataFrame, grid: pd.DataFrame, header: int) -> pd.Series:
    """Mark totals, notes below the table, and headers that are repeated further down."""
    if raw.empty:
        return pd.Series(data=False, index=raw.index)
    body = grid.iloc[raw.index.to_numpy() - 1]
    text = pd.DataFrame({column: clean_text(body[column]) for column in body}).set_axis(raw.index)
    head = clean_text(grid.iloc[header])
    told = (head != "").to_numpy()
    same = text.loc[:, told] == head.to_numpy()[told]
    again = same.sum(axis=1) >= max(2, int(told.sum()) // 2)
    named = [name for name in (*IDENTITY, *WHERE) if name in raw]
    known = raw[named].apply(lambda column: (column != "") & ~column.str.fullmatch(TOTAL))
    nameless = ~known.any(axis=1)
    total = text.apply(lambda column: column.str.fullmatch(TOTAL)).any(axis=1)
    filled = (text != "").sum(axis=1)
    note = (filled <= 1) & (nameless | (int(filled.median()) >= LEAST_HEADERS))
    silent = nameless & (raw[[name for name in NAMED if name in raw]] == "").all(axis=1)
    # A small table below the register, such as counts by tenure, fills some of its columns.
    other = silent & (silent.mean() <= SAME_ASSETS)
    return pd.Series(again | (total & nameless) | note | other, index=raw.index, dtype=bool)
