"""estate.gpkg: sites, hubs, moves, areas, residents' travel and boundary as styled layers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.present import styles
from estate.present.maps import BANDS, site_classes
from estate.present.palette import TRAVEL
from estate.present.places import move_ends
from estate.present.tables import MOVE_COLUMNS, PLAN_COLUMNS
from estate.present.travel import (
    UNKNOWN,
    area_travel,
    change_classes,
    class_words,
    classed,
    limits_of,
    service_travel,
)
from estate.present.travel_maps import CHANGE_LOOKS

if TYPE_CHECKING:
    from pathlib import Path

    from geopandas import GeoDataFrame

    from estate.present.view import View

FILE = "estate.gpkg"
_ABOUT = ("name", "kind", "kind_label", "partner", "status", "zone", "scope_reason", "state", "map_class")


def _points(frame: pd.DataFrame, view: View) -> GeoDataFrame:
    """Return rows as points; rows without a place keep their attributes and have no geometry."""
    import geopandas as gpd
    import shapely

    x, y = (frame[c].to_numpy(dtype=float) for c in ("easting", "northing"))
    known = np.isfinite(x) & np.isfinite(y)
    geometry = np.full(len(frame), None, dtype=object)
    geometry[known] = shapely.points(x[known], y[known])
    return gpd.GeoDataFrame(frame.drop(columns=["easting", "northing"]), geometry=geometry, crs=view.crs)


def sites_layer(view: View) -> GeoDataFrame:
    """Return every site with its plan and ``map_class``, which the style follows."""
    sites = view.sites.assign(map_class=np.where(view.sites["decision"] == "hub", "hub", "other"))
    for name, rows in site_classes(view).items():
        sites.loc[sites["site_id"].isin(rows["site_id"]), "map_class"] = name
    return _points(sites[[*PLAN_COLUMNS, *_ABOUT, "easting", "northing"]], view)


def moves_layer(view: View) -> GeoDataFrame:
    """Return moves between known places as lines from the old site to the new."""
    import geopandas as gpd
    import shapely

    ends = move_ends(view)
    lines = shapely.linestrings(ends[["x0", "y0", "x1", "y1"]].to_numpy(dtype=float).reshape(-1, 2, 2))
    columns = [*MOVE_COLUMNS, "service_id", "service", "partner_id"]
    return gpd.GeoDataFrame(ends[columns], geometry=lines, crs=view.crs)


def areas_layer(view: View) -> GeoDataFrame:
    """Return the areas as given shapes, else as points, with their band of deprivation."""
    import geopandas as gpd

    areas = view.areas.assign(deprivation=_bands(view.areas["imd_decile"]))
    shapes = view.geometries.get("areas")
    if shapes is None or not len(shapes):
        return _points(areas, view)
    drawn = shapes[["area_id", "geometry"]].assign(area_id=shapes["area_id"].astype(str))
    facts = areas.drop(columns=["easting", "northing"]).astype({"area_id": str})
    return gpd.GeoDataFrame(drawn.merge(facts, on="area_id"), crs=shapes.crs).to_crs(view.crs)


def _bands(decile: pd.Series) -> pd.Series:
    """Return the words of each decile's band, blank where it is not known."""
    band = ((decile.astype(float) - 1) // 2).clip(0, 4)
    return band.map(dict(enumerate(BANDS))).astype(object).where(band.notna(), "")


def layers(view: View) -> dict[str, tuple[GeoDataFrame, str]]:
    """Return every layer with its style, the lowest first."""
    found: dict[str, tuple[GeoDataFrame, str]] = {}
    boundary = view.geometries.get("boundary")
    if boundary is not None and len(boundary):
        found["boundary"] = (boundary[["geometry"]].to_crs(view.crs), styles.boundary_style())
    if len(view.areas):
        areas = areas_layer(view)
        points = bool((areas.geometry.geom_type == "Point").any())
        found |= travel_layers(view, areas)
        found["areas"] = (areas, styles.areas_style(points=points))
    if len(view.moves):
        found["moves"] = (moves_layer(view), styles.moves_style())
    found["sites"] = (sites_layer(view), styles.sites_style())
    if len(view.hubs):
        found["hubs"] = (_points(view.hubs, view), styles.hubs_style())
    return found


def travel_layers(view: View, areas: GeoDataFrame) -> dict[str, tuple[GeoDataFrame, str]]:
    """Return residents' travel before, after and its change [km]: mean of all services, and each."""
    travel = area_travel(view)
    if travel.empty:
        return {}
    points = bool((areas.geometry.geom_type == "Point").any())
    by_service = service_travel(view)
    places = areas[["area_id", "name", "population", "geometry"]].astype({"area_id": str})
    limits = limits_of(travel)
    words = class_words(limits)
    unknown = {UNKNOWN: CHANGE_LOOKS[UNKNOWN]}
    km = {w: (c, "") for w, c in zip(words, TRAVEL, strict=True)} | unknown
    found = {}
    for name, column, end, looks in (
        ("travel_before", "km_before", "_before", km),
        ("travel_after", "km_after", "_after", km),
        ("travel_change", "extra_km", "_extra", CHANGE_LOOKS),
    ):
        shown = classed(travel[column], limits, words) if looks is km else change_classes(travel)
        facts = travel[[column]].rename(columns={column: "mean_km"}).assign(**{"class": shown})
        facts = facts.join(by_service[[c for c in by_service.columns if c.endswith(end)]])
        layer = places.join(facts, on="area_id")
        found[name] = (layer, styles.travel_style(looks, points=points))
    return found


def _style_rows(found: dict[str, tuple[GeoDataFrame, str]]) -> pd.DataFrame:
    """Return the table that QGIS reads styles from; its columns are fixed by QGIS."""
    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": name,
            "f_geometry_column": "geom",
            "styleName": name,
            "styleQML": style,
            "styleSLD": "",
            "useAsDefault": True,
            "description": "Style of the plan's map",
            "owner": "",
            "ui": "",
            "update_time": datetime.now(UTC).replace(microsecond=0),
        }
        for name, (_, style) in found.items()
    ]
    return pd.DataFrame(rows)


def write_gpkg(view: View, folder: Path) -> None:
    """Write estate.gpkg, layers in the declared CRS, each with its default style."""
    import pyogrio

    path, found = folder / FILE, layers(view)
    about = "; ".join(view.header.lines())
    for name, (frame, _) in found.items():
        kinds = set(frame.geometry.geom_type.dropna())
        more = {"append": True} if path.exists() else {"dataset_options": {"VERSION": "1.2"}}
        text = dict.fromkeys(frame.select_dtypes(include=["object", "string"]).columns, "object")
        pyogrio.write_dataframe(
            frame.astype(text),
            path,
            layer=name,
            driver="GPKG",
            geometry_type=next(iter(kinds)) if len(kinds) == 1 else "Unknown",
            layer_options={"GEOMETRY_NAME": "geom", "DESCRIPTION": about, "IDENTIFIER": name},
            **more,
        )
    pyogrio.write_dataframe(
        _style_rows(found),
        path,
        layer="layer_styles",
        driver="GPKG",
        layer_options={"FID": "id"},
        append=True,
    )
