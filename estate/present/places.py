"""Shapes of areas and of the whole place; drawn around population centres where none were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

    from estate.present.view import View


def area_shapes(view: View) -> tuple[GeoDataFrame | None, bool]:
    """Return the areas with population and decile, and whether their outlines are real.

    Where no shapes were given each area is the part of the place that is nearest to its
    centroid (Thiessen polygons), within 0.8 km of where residents live.
    """
    import geopandas as gpd

    shapes, areas = view.geometries.get("areas"), view.areas
    columns = ["area_id", "name", "population", "imd_decile"]
    known = areas.loc[areas["easting"].notna() & areas["northing"].notna()]
    if shapes is not None and len(shapes):
        facts = areas[columns].astype({"area_id": str})
        drawn = shapes[["area_id", "geometry"]].assign(area_id=shapes["area_id"].astype(str))
        return gpd.GeoDataFrame(drawn.merge(facts, on="area_id", how="inner"), crs=view.crs), True
    if len(known) < 4:
        return None, False
    return _around_centres(known, view), False


def _around_centres(known: pd.DataFrame, view: View) -> GeoDataFrame:
    import geopandas as gpd
    import shapely

    points = shapely.points(known["easting"].to_numpy(float), known["northing"].to_numpy(float))
    limit = outline(view)
    if limit is None:
        # Wide circles joined and drawn back: one smooth outline without holes between centres.
        limit = shapely.buffer(shapely.union_all(shapely.buffer(points, 2000.0)), -1200.0)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=limit))
    frame = gpd.GeoDataFrame(geometry=shapely.intersection(cells, limit), crs=view.crs)
    centres = gpd.GeoDataFrame(
        known[["area_id", "name", "population", "imd_decile"]].reset_index(drop=True),
        geometry=points,
        crs=view.crs,
    )
    return frame.sjoin(centres, predicate="contains").drop(columns="index_right").drop_duplicates("area_id")


def outline(view: View) -> Any:  # noqa: ANN401 (a shapely geometry or None)
    """Return the boundary as one shape, or None where none was given."""
    boundary = view.geometries.get("boundary")
    if boundary is None or not len(boundary):
        return None
    return boundary.geometry.union_all()


def placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a place."""
    return frame[np.isfinite(frame["easting"].astype(float) + frame["northing"].astype(float))]


def move_ends(view: View) -> pd.DataFrame:
    """Return the moves between two known places: provision_id, how, year, service, x0, y0, x1, y1 [m]."""
    spots = placed(view.sites).set_index("site_id")[["easting", "northing"]].astype(float)
    rows = view.moves[view.moves["how"] != "online"]
    rows = rows.join(spots.set_axis(["x0", "y0"], axis=1), on="from_site_id")
    rows = rows.join(spots.set_axis(["x1", "y1"], axis=1), on="to_site_id")
    return rows.dropna(subset=["x0", "y0", "x1", "y1"]).reset_index(drop=True)
