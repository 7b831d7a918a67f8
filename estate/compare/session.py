"""Put runs side by side and write what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.compare import tables
from estate.compare.page import write_page
from estate.compare.picture import write_layer, write_map
from estate.compare.runs import read_runs
from estate.compare.sheets import write_workbook
from estate.config import CompareSection
from estate.core.errors import ConfigError, Issue
from estate.core.folders import written_whole
from estate.present.csvs import safe_frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

MARK = "compare.csv"


def compare_runs(
    folders: Sequence[Path], out: Path, rules: CompareSection | None = None, base: str | None = None
) -> Path:
    """Compare runs and write CSV files, a workbook, a page, a map and its layer.

    Parameters
    ----------
    folders : sequence of Path
        Folders of at least two runs. What each may show is what was written there for its
        audience; nothing else is read.
    out : Path
        Folder of the comparison, replaced as a whole.
    rules : CompareSection, optional
        Thresholds, and the name of the base.
    base : str, optional
        Name of the run with which the others are compared; else that of the rules where it is
        among them, else the first.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    InputError, ConfigError
        For folders without a run, an unknown base, and a folder that is not a comparison's.
    """
    rules = rules or CompareSection()
    runs = read_runs(folders)
    names = [run.name for run in runs]
    first = base or (rules.base if rules.base in names else names[0])
    if first not in names:
        remedy = f"use one of {', '.join(names)}"
        raise ConfigError("The base is not known:", [Issue("--base", None, "", first, "is no run", remedy)])
    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        remedy = "choose another folder with --out, or move it away"
        issue = Issue(str(out), None, "", "", "is there and holds no comparison", remedy)
        raise ConfigError("The comparison would replace a folder that is not its own:", [issue])
    runs.sort(key=lambda run: run.name != first)
    found = {
        "compare": tables.figures(runs, rules),
        "inputs": tables.inputs(runs),
        "sites": tables.sites(runs),
        "moves": tables.moves(runs),
        "partners": tables.money(runs, "partner_id"),
        "lines": tables.money(runs, "line"),
        "access": tables.access(runs),
    }
    with written_whole(out) as made:
        _write_csvs(found, made)
        write_map(runs, made)
        write_layer(runs, made)
        write_workbook(runs, found, made)
        write_page(runs, found, made)
    return out


def _write_csvs(found: dict[str, pd.DataFrame], folder: Path) -> None:
    for name, frame in found.items():
        safe_frame(frame).to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
