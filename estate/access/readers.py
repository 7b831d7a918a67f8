"""Read road networks: GraphML, map layers, edge tables and OpenStreetMap extracts."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.access.graph import RawNetwork, refuse
from estate.access.graphml import read_graphml
from estate.access.speeds import road_classes
from estate.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from estate.config import NetworkSection

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "start": ("u", "start", "startnode", "fromnode", "from", "source", "nodea"),
        "end": ("v", "end", "endnode", "tonode", "to", "target", "nodeb"),
        "length_m": ("length", "lengthm", "metres", "meters", "distm"),
        "length_km": ("lengthkm", "km"),
        "road_class": ("highway", "roadclass", "class", "fclass", "roadfunction", "function", "roadtype"),
        "max_speed": ("maxspeed", "speedlimit", "speedlimitkmh"),
        "max_speed_mph": ("maxspeedmph", "speedlimitmph"),
        "one_way": ("oneway", "directionality"),
        "junction": ("junction", "formofway"),
        "wkt": ("wkt", "geometry", "geom", "thegeom"),
        "x1": ("x1", "fromx", "startx"),
        "y1": ("y1", "fromy", "starty"),
        "x2": ("x2", "tox", "endx"),
        "y2": ("y2", "toy", "endy"),
    }
)
TEXTS = ("road_class", "max_speed", "one_way", "junction")
NODE_ALIASES = {"id": ("id", "osmid", "node", "nodeid"), "x": ("x", "easting", "lon", "longitude")}
NODE_ALIASES |= {"y": ("y", "northing", "lat", "latitude")}
CAR_FREE = "cycleway"
"""Class of a road that OpenStreetMap closes to motor vehicles: open on foot and to bicycles."""
DAMAGED = (ValueError, OSError, KeyError, TypeError, RuntimeError, EOFError)


def read_network(section: NetworkSection, base: Path) -> RawNetwork:
    """Read the network that a configuration names.

    Parameters
    ----------
    section : NetworkSection
        ``data.network``.
    base : Path
        Folder of relative paths.

    Raises
    ------
    InputError
        If the file is missing, damaged, or of no known kind.
    """
    path = base / section.file
    if not path.is_file() or path.stat().st_size == 0:
        raise refuse(path, "", "", "is missing or empty", "correct data.network.file")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        remedy = f"give a file that ends in {', '.join(READERS)}"
        raise refuse(path, "", path.suffix, "is no kind of network that can be read", remedy)
    try:
        return reader(path, section, base)
    except DAMAGED as error:
        told = f"cannot be read ({type(error).__name__}: {str(error)[:120]})"
        raise refuse(path, "", "", told, "save it again; it may be cut off") from error


def _fold(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


def _named(
    frame: pd.DataFrame, aliases: Mapping[str, tuple[str, ...]], given: Mapping[str, str]
) -> dict[str, Any]:
    """Return columns by the name that this program gives them; names given by the user come first."""
    folded = {_fold(name): name for name in reversed(list(frame.columns))}
    found = {
        role: frame[folded[alias]]
        for role, names in aliases.items()
        for alias in reversed(names)
        if alias in folded
    }
    return found | {role: frame[folded[_fold(name)]] for role, name in given.items()}


def _edges(frame: pd.DataFrame, section: NetworkSection, path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the columns of `RawNetwork.edges` that a table of roads has, and all it has by role."""
    lost = [name for name in section.columns.values() if _fold(name) not in set(map(_fold, frame.columns))]
    if lost:
        raise refuse(path, lost[0], "", "is no column of it", "correct data.network.columns")
    found = _named(frame, ALIASES, section.columns)
    edges = pd.DataFrame({name: found.get(name, "") for name in TEXTS}, index=frame.index, dtype=object)
    edges = edges.map(_joined)
    if "max_speed_mph" in found:
        mph = found["max_speed_mph"].astype(str)
        edges["max_speed"] = mph.where(mph.isin(["", "nan", "None"]), mph + " mph")
    metres = pd.Series(np.nan, index=frame.index)
    for name, factor in (("length_km", 1000.0), ("length_m", 1.0)):
        if name in found:
            metres = pd.to_numeric(found[name], errors="coerce") * factor
    edges["length_m"] = metres
    if {"start", "end"} <= set(found):
        edges["start"], edges["end"] = found["start"].astype(str), found["end"].astype(str)
    return edges, found


def _joined(cell: object) -> object:
    """Return several values of one road as one text."""
    return ";".join(map(str, cell)) if isinstance(cell, (list, tuple, np.ndarray)) else cell


def read_layer(path: Path, section: NetworkSection, base: Path) -> RawNetwork:
    """Read lines of a GeoPackage, GeoJSON or shapefile: the layer named, ``edges``, or the first of lines."""
    import pyogrio

    del base
    layers = {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    lines = [name for name, kind in layers.items() if "LineString" in kind]
    wanted = section.layer or next((name for name in lines if name.casefold() == "edges"), "")
    name = wanted or (lines[0] if lines else next(iter(layers)))
    if name not in layers:
        raise refuse(path, "layer", name, "is not in it", f"use one of {', '.join(layers)}")
    return _from_shapes(pyogrio.read_dataframe(path, layer=name), section, path)


def _from_shapes(frame: Any, section: NetworkSection, path: Path) -> RawNetwork:  # noqa: ANN401 - a GeoDataFrame
    import shapely

    shapes = shapely.line_merge(frame.geometry.to_numpy())
    wrong = ~np.isin(shapely.get_type_id(shapes), (1, 5))
    if wrong.any():
        raise refuse(path, "", "", f"has {int(wrong.sum())} rows that are not lines", "keep the roads alone")
    edges, _ = _edges(frame.drop(columns=frame.geometry.name), section, path)
    if (shapely.get_type_id(shapes) == 5).any():
        edges = edges.drop(columns=["start", "end"], errors="ignore")
    crs = "" if frame.crs is None else frame.crs.to_string()
    return RawNetwork(edges, np.asarray(shapes), pd.DataFrame(), crs)


def read_openstreetmap(path: Path, section: NetworkSection, base: Path) -> RawNetwork:
    """Read the roads of an OpenStreetMap extract through GDAL's driver."""
    import pyogrio

    del base
    frame = pyogrio.read_dataframe(
        path, layer="lines", columns=["highway", "other_tags"], where="highway IS NOT NULL"
    )
    tags = frame["other_tags"].fillna("").astype(str)
    for tag in ("oneway", "maxspeed", "junction", "access", "foot", "bicycle", "motor_vehicle", "area"):
        frame[tag] = tags.str.extract(rf'"{tag}"=>"([^"]*)"', expand=False).fillna("")
    silent = frame["motor_vehicle"] == ""
    barred = frame["access"].isin(["no", "private"])
    no_cars = frame["motor_vehicle"].isin(["no", "private"]) | (barred & silent)
    frame["highway"] = frame["highway"].mask(no_cars & frame["highway"].isin(_for_cars()), CAR_FREE)
    shut = barred & silent & (frame["foot"] == "")
    open_ = frame[~shut & (frame["area"] != "yes")].reset_index(drop=True)
    return _from_shapes(open_.drop(columns="other_tags"), section, path)


def _for_cars() -> list[str]:
    table = road_classes()
    return [str(name) for name in table.index[table["car"] == "yes"]]


def read_table(path: Path, section: NetworkSection, base: Path) -> RawNetwork:
    """Read a table of edges, as CSV or Parquet, with shapes as WKT or junctions in a second table."""
    if path.suffix.lower() == ".parquet":
        from pyarrow import parquet

        if b"geo" in (parquet.read_schema(path).metadata or {}):
            import geopandas as gpd

            return _from_shapes(gpd.read_parquet(path), section, path)
    frame = _cells(path)
    edges, found = _edges(frame, section, path)
    shapes = _shapes_of(found, path)
    nodes = pd.DataFrame()
    if section.nodes is not None:
        table = _cells(base / section.nodes)
        columns = _named(table, NODE_ALIASES, {})
        if set(columns) != set(NODE_ALIASES):
            raise refuse(base / section.nodes, "", "", "lacks id, x or y", "name its columns id, x and y")
        place = {axis: pd.to_numeric(columns[axis], errors="coerce") for axis in ("x", "y")}
        nodes = pd.DataFrame({"id": columns["id"].astype(str), **place})
    if shapes is None and nodes.empty:
        remedy = "give data.network.nodes (id, x, y), a column of shapes as WKT, or x1, y1, x2, y2"
        raise refuse(path, "", "", "says nothing of where its junctions are", remedy)
    return RawNetwork(edges, shapes, nodes, "")


def _cells(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(
        path, dtype=str, keep_default_na=False, encoding="utf-8-sig", sep=None, engine="python"
    )


def _shapes_of(found: Mapping[str, Any], path: Path) -> NDArray[np.object_] | None:
    import shapely

    if "wkt" in found:
        try:
            return np.asarray(shapely.from_wkt(found["wkt"].astype(str).to_numpy()))
        except shapely.errors.ShapelyError as error:
            raise refuse(
                path, "geometry", "", "holds text that is no WKT", "write LINESTRING (...)"
            ) from error
    if {"x1", "y1", "x2", "y2"} <= set(found):
        columns = [
            pd.to_numeric(found[name], errors="coerce").to_numpy() for name in ("x1", "y1", "x2", "y2")
        ]
        ends = np.column_stack(columns)
        if bare := int(np.isnan(ends).any(axis=1).sum()):
            remedy = "fill x1, y1, x2 and y2 in every row, or delete the rows"
            raise refuse(path, "x1", "", f"or another end is no number in {plural(bare, 'row')}", remedy)
        return np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)))
    return None


READERS: Mapping[str, Callable[[Path, NetworkSection, Path], RawNetwork]] = MappingProxyType(
    {
        ".graphml": read_graphml,
        ".gpkg": read_layer,
        ".geojson": read_layer,
        ".shp": read_layer,
        ".pbf": read_openstreetmap,
        ".osm": read_openstreetmap,
        ".csv": read_table,
        ".parquet": read_table,
    }
)
"""What reads which ending."""
