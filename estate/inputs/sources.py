"""Find the file or sheet of every table, read it, and keep the hash of every file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from estate.core.cells import cell_text, normal_name
from estate.core.errors import InputError, Issue
from estate.core.tables import SPECS, nearest
from estate.inputs.geospatial import read_layers
from estate.inputs.tabular import Sheet, locate, read_csv, read_parquet, read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from estate.config import DataSection

IMPORTERS: Mapping[str, Callable[[Path], list[Sheet]]] = MappingProxyType(
    {
        ".csv": read_csv,
        ".txt": read_csv,
        ".tsv": read_csv,
        ".xlsx": read_workbook,
        ".xlsm": read_workbook,
        ".parquet": read_parquet,
        ".gpkg": read_layers,
        ".geojson": read_layers,
        ".json": read_layers,
    }
)
NOT_TABLES = frozenset(
    {"starthere", "settings", "notes", "contents", "cover", "readme", "dictionary", "lists"}
)
TABLE_NAMES = {normal_name(name): name for name in SPECS}


@dataclass
class Raw:
    """What was found in the files, before anything is conformed.

    Attributes
    ----------
    frames : dict of str to DataFrame
        Raw cells by table; the index, named ``row``, counts as a spreadsheet does.
    sources : dict of str to str
        File (and sheet) of each table, for messages.
    shapes : dict of str to GeoSeries
        Shapes in EPSG:27700 by table, indexed by row.
    hashes : dict of str to str
        SHA-256 by file.
    issues, notes : list
        Problems, and what a reader should know.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, table: str, sheet: Sheet, source: str) -> None:
        """Take a sheet as a table; a table that was already given is an issue."""
        if table in self.frames:
            problem = f"holds {table}, which {self.sources[table]} holds as well"
            self.issues.append(Issue(source, None, "", "", problem, "keep one of them"))
            return
        frame, issues, notes = locate(sheet, SPECS[table], source)
        self.frames[table], self.sources[table] = frame, source
        self.issues += issues
        self.notes += notes
        if sheet.geometry is not None:
            self.shapes[table] = sheet.geometry


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_file(path: Path) -> list[Sheet]:
    """Read any file that an importer knows.

    Raises
    ------
    InputError
        If the file is missing, has 0 bytes, is damaged, or no importer knows its ending.
    """
    message = f"{path.name} cannot be read:"
    if not path.is_file():
        issue = Issue(path.name, None, "", "", "is not there", f"correct the path; looked in {path.parent}")
        raise InputError(message, [issue])
    if path.stat().st_size == 0:
        raise InputError(message, [Issue(path.name, None, "", "", "has 0 bytes", "export it again")])
    reader = IMPORTERS.get(path.suffix.lower())
    if reader is None:
        remedy = f"save it as one of {', '.join(IMPORTERS)}"
        raise InputError(
            message, [Issue(path.name, None, "", "", "has an ending that no importer knows", remedy)]
        )
    return reader(path)


def read_tables(data: DataSection, base: Path) -> Raw:
    """Read every table that the configuration points to; problems are collected in the result.

    Parameters
    ----------
    data : DataSection
        A folder, a workbook, and a file for a table, each optional; a file named for one
        table wins over the folder and the workbook.
    base : Path
        Folder of the configuration; other paths are relative to it.
    """
    raw = Raw()
    for name, path in data.tables.items():
        table = TABLE_NAMES.get(normal_name(name))
        if table is None:
            remedy = f"use a table of the data dictionary, perhaps {nearest(name, list(SPECS)) or 'sites'}"
            raw.issues.append(Issue("config", None, "data.tables", name, "is not a table", remedy))
        else:
            _take(raw, base / path, table)
    if data.workbook is not None:
        _take(raw, base / data.workbook, None, given=frozenset(raw.frames))
    if data.folder is not None:
        _take_folder(raw, base / data.folder)
    return raw


def _take(raw: Raw, path: Path, table: str | None, given: frozenset[str] = frozenset()) -> None:
    """Read one file: the named table, or a sheet for each table."""
    try:
        sheets = read_file(path)
    except InputError as error:
        raw.issues += error.issues
        return
    raw.hashes[path.name] = sha256(path)
    if table is not None and (len(sheets) == 1 or path.suffix.lower() not in {".xlsx", ".xlsm", ".gpkg"}):
        raw.add(table, sheets[0], path.name)
        return
    for sheet in sheets:
        plain = normal_name(sheet.name)
        found = TABLE_NAMES.get(plain)
        if found and (found == table or table is None) and found not in given and not _untouched(sheet):
            raw.add(found, sheet, f"{path.name} [{sheet.name}]")
        elif found is None and table is None and plain not in NOT_TABLES and not sheet.cells.empty:
            raw.issues.append(_unknown(f"{path.name} [{sheet.name}]", sheet.name, "sheet"))
    if table is not None and table not in raw.frames:
        remedy = f"name the sheet {table}"
        raw.issues.append(Issue(path.name, None, "", "", f"has no sheet named {table}", remedy))


def _take_folder(raw: Raw, folder: Path) -> None:
    if not folder.is_dir():
        issue = Issue("config", None, "data.folder", str(folder.name), "is not a folder", "correct the path")
        raw.issues.append(issue)
        return
    given = frozenset(raw.frames)
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.suffix.lower() not in IMPORTERS or path.name.startswith(("~$", ".")):
            continue
        table = TABLE_NAMES.get(normal_name(path.stem))
        if table is None:
            if nearest(path.stem, list(SPECS), cutoff=85.0):
                raw.issues.append(_unknown(path.name, path.stem, "file"))
            else:
                raw.notes.append(f"{path.name} was left out: it is not named after a table.")
        elif table not in given:
            _take(raw, path, table)


def _untouched(sheet: Sheet) -> bool:
    """Whether an optional tab of a workbook has nothing below its first filled row."""
    filled = (sheet.cells.map(lambda value: cell_text(value).strip()) != "").any(axis=1)
    return normal_name(sheet.name) != "sites" and int(filled.sum()) <= 1


def _unknown(source: str, name: str, what: str) -> Issue:
    like = nearest(name, list(SPECS))
    remedy = f"rename the {what} to {like}" if like else f"rename the {what} after a table, or delete it"
    return Issue(source, None, "", name, "is not a table of the data dictionary", remedy)
