"""The work of a scenario: one whole run, verified, appraised and written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estate.pipeline import evaluate
from estate.present.write import write_all
from estate.study.job import Answer

if TYPE_CHECKING:
    import pandas as pd

    from estate.core.result import Result
    from estate.study.job import Task

FIGURES = ("status", "saving_npv_gbp", "bound_saving_npv_gbp", "gap_gbp", "gap_share_of_saving", "npv_gbp")
"""What of ``run.json`` stands beside the headlines."""


def whole_run(task: Task) -> Answer:
    """Do a whole run; the files are those of ``estate run``.

    Returns
    -------
    Answer
        Its headlines and what was proved; the table ``plan``, one row a site with its place.
    """
    return answer_of(evaluate(task.config, task.base, stop=task.stop, estate=task.estate()))


def answer_of(result: Result) -> Answer:
    """Write a run and return its files and figures, as the audience of its configuration may read them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        paths = write_all(result, folder, result.config.audience)
        summary = _read(folder / "summary.json")
        record = _read(folder / "run.json")
        files = {path.name: path.read_bytes() for path in paths}
        plan = _plan(folder)
    figures = {row["key"]: row["value"] for row in summary["headlines"]}
    return Answer({**figures, **{key: record.get(key) for key in FIGURES}}, {"plan": plan}, files)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _plan(folder: Path) -> pd.DataFrame:
    """Return the sites of the GeoPackage: what the audience may see of each, with its place [m]."""
    from geopandas import read_file

    sites = read_file(folder / "estate.gpkg", layer="sites")
    points = sites.geometry
    plan: pd.DataFrame = sites.drop(columns="geometry").assign(easting=points.x, northing=points.y)
    return plan
