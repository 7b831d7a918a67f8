"""All files of a run, written whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from estate.core.errors import ConfigError, Issue
from estate.core.folders import written_whole
from estate.present.business import write_business
from estate.present.chart import write_cashflow_png
from estate.present.csvs import write_json, write_table, write_tables
from estate.present.gis import write_gpkg
from estate.present.maps import write_map_png
from estate.present.report import write_report
from estate.present.serving import write_serving
from estate.present.travel_maps import write_travel_png
from estate.present.view import View, make_view
from estate.present.workbook import write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd

    from estate.core.result import Result

LEAST_FREE_BYTES = 1_000_000
Writer = tuple[str, "Callable[[View, Path], None]"]

WRITERS: tuple[Writer, ...] = (
    ("tables", write_tables),
    ("business case", write_business),
    ("serving", write_serving),
    ("json", write_json),
    ("gpkg", write_gpkg),
    ("map", write_map_png),
    ("travel maps", write_travel_png),
    ("cashflow chart", write_cashflow_png),
    ("workbook", write_workbook),
    ("report", write_report),
)
"""What writes what, in order; each takes a view and a folder, and sees nothing else of the run."""


def write_all(
    result: Result,
    folder: Path,
    audience: str,
    only: Collection[str] = (),
    more: Mapping[str, pd.DataFrame] | None = None,
) -> list[Path]:
    """Write every file of a run into a folder, which is replaced as a whole.

    Parameters
    ----------
    result : Result
        The run.
    folder : Path
        Folder of the run; what it held before is kept if anything fails.
    audience : str
        ``internal``, ``partner`` or ``public``; honoured by every file.
    only : collection of str
        Names of the writers wanted; all where empty.
    more : mapping of str to DataFrame, optional
        Further tables for internal readers, by the name of their CSV file.

    Returns
    -------
    list of Path
        The files, sorted.

    Raises
    ------
    ConfigError
        If the audience is not known, or the disk is full or may not be written to.
    EstateError
        If the folder cannot be replaced (for example a file of it is open in a spreadsheet).
    """
    view = make_view(result, audience)
    folder = Path(folder)
    with written_whole(folder) as made:
        for name, write in WRITERS:
            if not only or name in only:
                _write_one(name, write, view, made)
        if audience == "internal":
            for name, table in (more or {}).items():
                write_table(table, made / f"{name}.csv")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _write_one(name: str, write: Callable[[View, Path], None], view: View, made: Path) -> None:
    """Let one writer write; libraries say in many ways that a disk is full."""
    try:
        write(view, made)
    except (OSError, RuntimeError) as error:
        free = shutil.disk_usage(made).free
        if isinstance(error, OSError) or free < LEAST_FREE_BYTES:
            problem = f"cannot be written to ({free / 1e6:,.1f} MB are free)"
            remedy = "make room, or choose another folder with --out"
            issue = Issue(str(made.parent), None, "", name, problem, remedy)
            raise ConfigError("The results could not be written:", [issue]) from error
        raise
