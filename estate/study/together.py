"""Tables of all jobs of a study together, for pandas, DuckDB and QGIS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    from estate.study.job import Outcome

PLACES = ("easting", "northing")
CRS = "EPSG:27700"


def write_tables(outcomes: list[Outcome], folder: Path) -> None:
    """Write ``results.parquet``, a Parquet file for each table, and ``study.gpkg`` where there are places.

    Parameters
    ----------
    outcomes : list of Outcome
        Of all jobs, in their order.
    folder : Path
        Where to.
    """
    results(outcomes).to_parquet(folder / "results.parquet", index=False)
    names = sorted({name for outcome in outcomes if outcome.answer for name in outcome.answer.frames})
    for name in names:
        frame = together(outcomes, name)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        if set(PLACES) <= set(frame.columns):
            _to_geopackage(frame, name, folder / "study.gpkg")


def results(outcomes: list[Outcome]) -> pd.DataFrame:
    """Return one row a job: job, status, message, seconds, key, and its single figures."""
    rows: list[dict[str, Any]] = []
    for outcome in outcomes:
        figures = outcome.answer.figures if outcome.answer else {}
        single = {k: v for k, v in figures.items() if isinstance(v, (int, float, str, bool))}
        told = {
            "job": outcome.name,
            "status": outcome.status,
            "message": outcome.message,
            "seconds": outcome.seconds,
            "key": outcome.key,
        }
        rows.append({**single, **told})
    frame = pd.DataFrame(rows)
    first = [c for c in ("job", "status", "message", "seconds", "key") if c in frame]
    frame = frame[[*first, *(c for c in frame.columns if c not in first)]]
    return frame.assign(**{c: _of_one_kind(frame[c]) for c in frame.columns})


def _of_one_kind(column: pd.Series) -> pd.Series:
    """Return numbers as numbers, and a column of words and numbers as text, which Parquet can hold."""
    kinds = {type(value) for value in column.dropna()}
    if kinds <= {int, float}:
        return column.astype("float64")
    return column if len(kinds) < 2 else column.map(str, na_action="ignore")


def together(outcomes: list[Outcome], name: str) -> pd.DataFrame:
    """Return a table of all jobs that have it, with the column ``job`` before the others."""
    parts = [
        outcome.answer.frames[name].assign(job=outcome.name)
        for outcome in outcomes
        if outcome.answer and name in outcome.answer.frames
    ]
    whole = [part for part in parts if len(part)] or parts[:1]
    frame = pd.concat(whole, ignore_index=True)
    return frame[["job", *(c for c in frame.columns if c != "job")]]


def _to_geopackage(frame: pd.DataFrame, name: str, path: Path) -> None:
    from geopandas import GeoDataFrame, points_from_xy

    east, north = PLACES
    points = points_from_xy(frame[east], frame[north])
    GeoDataFrame(frame, geometry=points, crs=CRS).to_file(path, layer=name, driver="GPKG")
