"""A small road network whose distances can be worked out by hand, written in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

if TYPE_CHECKING:
    from pathlib import Path

WEST, SOUTH = 400_000.0, 290_000.0
NODES = {"a": (0, 0), "b": (1000, 0), "c": (1000, 1000), "d": (0, 1000), "e": (3000, 0)}
# a-b two ways, b to c fast and c to b slow one way each, c-d two ways, d-a a footpath
ROADS = [
    ("a", "b", "residential", "30 mph", "no"),
    ("b", "c", "primary", "['40 mph', '60 mph']", "yes"),
    ("c", "d", "residential", "", "no"),
    ("d", "a", "footway", "", "no"),
    ("b", "e", "trunk", "70 mph", "no"),
    ("b", "c", "residential", "20 mph", "-1"),
]
TAGS: list[dict[str, str]] = [{}] * len(ROADS)  # more of OpenStreetMap's
FORMATS = ("graphml", "gpkg", "geojson", "shapes.csv", "nodes.csv", "ends.csv", "parquet", "osm.pbf")


def place(name: str) -> tuple[float, float]:
    return WEST + NODES[name][0], SOUTH + NODES[name][1]


def _frame() -> pd.DataFrame:
    frame = pd.DataFrame(ROADS, columns=["u", "v", "highway", "maxspeed", "oneway"])
    lines = [shapely.LineString([place(u), place(v)]) for u, v, *_ in ROADS]
    return frame.assign(length=shapely.length(lines), geometry=lines)


def _degrees(xy: np.ndarray) -> np.ndarray:
    to = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    return np.column_stack(to.transform(xy[:, 0], xy[:, 1]))


def _graphml(folder: Path) -> Path:
    import networkx as nx

    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for name in NODES:
        x, y = _degrees(np.array([place(name)]))[0]
        graph.add_node(name, x=str(x), y=str(y))
    for u, v, highway, speed, oneway in ROADS:
        length = str(np.hypot(*(np.array(place(u)) - place(v))))
        # as OSMnx has it: every direction that is open is an edge of its own
        ends = [(v, u)] if oneway == "-1" else [(u, v)] if oneway == "yes" else [(u, v), (v, u)]
        for tail, head in ends:
            facts = {"highway": highway, "length": length, "oneway": str(oneway != "no")}
            graph.add_edge(tail, head, **facts, **({"maxspeed": speed} if speed else {}))
    nx.write_graphml(graph, folder / "roads.graphml")
    return folder / "roads.graphml"


def _pbf(folder: Path) -> Path:
    import osmium

    path = folder / "roads.osm.pbf"
    ids = {name: i for i, name in enumerate(NODES, start=1)}
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for name, number in ids.items():
            spot = _degrees(np.array([place(name)]))[0]
            writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=tuple(spot)))
        for number, (u, v, highway, speed, oneway) in enumerate(ROADS, start=1):
            tags = {"highway": highway, "maxspeed": speed.strip("[]").replace("'", "").replace(", ", ";")}
            tags |= {"oneway": oneway, **TAGS[number - 1]}
            kept = {key: value for key, value in tags.items() if value}
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=[ids[u], ids[v]], tags=kept))
    return path


def write_roads(folder: Path, kind: str) -> dict[str, object]:
    """Write the network in a format and return what stands under ``data.network``."""
    frame = _frame()
    shaped = gpd.GeoDataFrame(frame.drop(columns="length"), geometry="geometry", crs="EPSG:27700")
    name = f"roads.{kind}"
    if kind == "graphml":
        return {"file": _graphml(folder).name}
    if kind == "osm.pbf":
        return {"file": _pbf(folder).name}
    if kind in {"gpkg", "geojson"}:
        out = shaped if kind == "gpkg" else shaped.to_crs("EPSG:4326")
        out.to_file(folder / name, layer="roads")
    elif kind == "parquet":
        shaped.to_parquet(folder / name)
    elif kind == "shapes.csv":
        wkt = frame.assign(geometry=[line.wkt for line in frame["geometry"]])
        wkt.drop(columns=["u", "v"]).to_csv(folder / name, index=False)
    elif kind == "ends.csv":
        ends = shapely.get_coordinates(frame["geometry"].to_numpy()).reshape(-1, 4)
        spots = pd.DataFrame(ends, columns=["x1", "y1", "x2", "y2"])
        pd.concat([frame.drop(columns=["geometry", "length"]), spots], axis=1).to_csv(
            folder / name, index=False
        )
    else:
        frame.drop(columns="geometry").to_csv(folder / name, index=False)
        nodes = pd.DataFrame([(n, *place(n)) for n in NODES], columns=["id", "x", "y"])
        nodes.to_csv(folder / "places.csv", index=False)
        return {"file": name, "nodes": "places.csv"}
    return {"file": name}


def estate_tables(sites: dict[str, tuple[float, float]], areas: dict[str, tuple[float, float]]) -> dict:
    """Return raw tables of an estate with a library at every site, and areas, at places [m from a]."""
    return {
        "sites": pd.DataFrame(
            {
                "site_id": list(sites),
                "kind": "library",
                "partner_id": "council",
                "gia_m2": 100,
                "easting": [WEST + x for x, _ in sites.values()],
                "northing": [SOUTH + y for _, y in sites.values()],
            }
        ),
        "areas": pd.DataFrame(
            {
                "area_id": list(areas),
                "population": 100,
                "easting": [WEST + x for x, _ in areas.values()],
                "northing": [SOUTH + y for _, y in areas.values()],
            }
        ),
        "standards": pd.DataFrame(
            {
                "standard_id": ["w", "c"],
                "service_id": ["library"] * 2,
                "threshold": [3, 10],
                "metric": ["km", "minutes"],
                "mode": ["walk", "car"],
            }
        ),
    }
