"""Read files with shapes: each row's shape, and a point that represents it, in metres."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from estate.inputs.books import CORRUPT
from estate.inputs.tabular import Sheet, frame_grid, refuse

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NATIONAL_GRID = "EPSG:27700"


def read_layers(path: Path) -> list[Sheet]:
    """Read every layer of a GeoPackage or GeoJSON; the CRS that it declares is honoured.

    Raises
    ------
    InputError
        If the file is damaged, or has shapes but declares no CRS.
    """
    import pyogrio

    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
            frames = [(name, pyogrio.read_dataframe(path, layer=name)) for name in layers]
    except (*CORRUPT, RuntimeError) as error:
        problem = "is not a readable map file; it may be cut off"
        raise refuse(path, problem, "export it again as GeoPackage or GeoJSON") from error
    return [_sheet(name if len(frames) > 1 else "", frame, path) for name, frame in frames]


def read_geoparquet(path: Path) -> list[Sheet]:
    """Read a GeoParquet file; the CRS that it declares is honoured.

    Raises
    ------
    InputError
        If it has shapes but declares no CRS.
    """
    import geopandas as gpd

    return [_sheet("", gpd.read_parquet(path), path)]


def read_shapes(path: Path) -> Any:  # noqa: ANN401 - a GeoDataFrame, whose library has no types
    """Read the first layer of a map file as a GeoDataFrame in EPSG:27700.

    Raises
    ------
    InputError
        If the file is missing, damaged, empty, or declares no CRS.
    """
    import pyogrio

    if not path.is_file() or path.stat().st_size == 0:
        raise refuse(path, "is missing or empty", "correct the path in the configuration")
    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
            frame = pyogrio.read_dataframe(path)
    except (*CORRUPT, RuntimeError) as error:
        raise refuse(
            path, "is not a readable map file", "export it again as GeoPackage or GeoJSON"
        ) from error
    if "geometry" not in frame or frame.empty:
        raise refuse(path, "has no shapes", "give a file with shapes")
    return frame.set_geometry(_to_grid(frame.geometry, path))


def with_area_ids(shapes: Any, ids: pd.Series) -> Any:  # noqa: ANN401 - a GeoDataFrame
    """Return shapes with a column area_id: the column that names most of the areas, whatever its header.

    Shapes of which no column names an area are returned without any row.
    """
    if "area_id" in shapes:
        return shapes
    known = set(ids.astype(str))
    named = {
        column: int(shapes[column].astype(str).isin(known).sum()) for column in shapes if column != "geometry"
    }
    best = max(named, key=named.__getitem__, default=None)
    if best is None or not named[best]:
        return shapes.iloc[:0].assign(area_id="")
    return shapes.assign(area_id=shapes[best].astype(str))


def _sheet(name: str, frame: pd.DataFrame, path: Path) -> Sheet:
    if "geometry" not in frame:
        return Sheet(name, frame_grid(frame))
    cells = frame_grid(frame.drop(columns="geometry"))
    shapes = _to_grid(frame.geometry, path)
    return Sheet(name, cells, shapes.set_axis(cells.index[1:]))


def _to_grid(shapes: Any, path: Path) -> Any:  # noqa: ANN401 - a GeoSeries
    if shapes.crs is None:
        raise refuse(path, "declares no coordinate system", "save it with its CRS, for example EPSG:27700")
    return shapes.to_crs(NATIONAL_GRID)


def representative_points(shapes: Any) -> tuple[pd.Series, pd.Series]:  # noqa: ANN401 - a GeoSeries
    """Return easting and northing [m] of a point within each shape, NaN where there is none."""
    points = shapes.representative_point()
    return points.x, points.y
