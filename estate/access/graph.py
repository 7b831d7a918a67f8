"""A road network in metres: junctions, and the roads between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.errors import InputError, Issue

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NATIONAL_GRID = "EPSG:27700"
_FORWARD = frozenset({"yes", "true", "1", "t", "y", "forward", "in direction"})
_BACKWARD = frozenset({"-1", "reverse", "backward", "in opposite direction"})
_BOTH = frozenset({"", "no", "false", "0", "f", "n", "both", "both directions", "nan", "none"})


@dataclass(frozen=True)
class RawNetwork:
    """A network as a file holds it.

    Attributes
    ----------
    edges : DataFrame
        Texts start, end (ids of junctions; absent where lines tell), road_class, max_speed,
        one_way, junction, and numbers length_m [m], NaN where not given.
    shapes : ndarray of LineString or None
        Course of each edge in ``crs``, None where the file has none.
    nodes : DataFrame
        id, x, y in ``crs``; empty where shapes tell.
    crs : str
        What the file declares; blank where nothing.
    """

    edges: pd.DataFrame
    shapes: NDArray[np.object_] | None
    nodes: pd.DataFrame
    crs: str


@dataclass(frozen=True)
class Network:
    """A network ready for paths.

    Attributes
    ----------
    xy : ndarray, shape (nodes, 2)
        Junctions in EPSG:27700 [m].
    start, end : ndarray of int, shape (edges,)
        Junctions of each edge.
    length_m : ndarray, shape (edges,)
        Length [m].
    road_class, max_speed : ndarray of str, shape (edges,)
        As the file has them.
    direction : ndarray of int, shape (edges,)
        1 from start to end only, -1 from end to start only, 0 both.
    shapes : ndarray of LineString, shape (edges,)
        Course of each edge in EPSG:27700.
    notes : tuple of str
        What a reader should know of the file.
    """

    xy: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    length_m: NDArray[np.float64]
    road_class: NDArray[np.object_]
    max_speed: NDArray[np.object_]
    direction: NDArray[np.int64]
    shapes: NDArray[np.object_]
    notes: tuple[str, ...] = ()


DEGREES = 180.0
"""No longitude or latitude is larger."""


def refuse(path: Path, column: str, value: str, problem: str, remedy: str) -> InputError:
    """Return the error of a network that cannot be used."""
    return InputError(
        "The road network cannot be used:", [Issue(path.name, None, column, value, problem, remedy)]
    )


def build(raw: RawNetwork, path: Path, crs: str = "", *, directed: bool = False) -> Network:
    """Return the network in metres, its edges between numbered junctions.

    Parameters
    ----------
    raw : RawNetwork
        As read.
    path : Path
        Its file, for messages.
    crs : str
        Coordinate system, where the file declares none.
    directed : bool
        Every edge is one direction only; a street open both ways has two.

    Raises
    ------
    InputError
        If coordinates are in degrees without saying so, lengths are not metres, or nothing is left.
    """
    if raw.edges.empty:
        raise refuse(path, "", "", "has no roads", "give a file with one row for every road")
    system = _system(raw, path, crs)
    shapes = None if raw.shapes is None else _projected(raw.shapes, system)
    edges = raw.edges
    if "start" not in edges:
        edges, shapes = split_at_junctions(edges, np.asarray(shapes))
    start, end, xy = _junctions(edges, shapes, raw.nodes, system, path)
    shapes = _with_straight(shapes, start, end, xy)
    length_m, notes = _lengths(edges, shapes, path)
    direction, more = _directions(edges, directed=directed)
    texts = (
        edges[name].fillna("").astype(str).to_numpy(dtype=object) for name in ("road_class", "max_speed")
    )
    road_class, max_speed = texts
    found = Network(xy, start, end, length_m, road_class, max_speed, direction, shapes, (*notes, *more))
    return _one_row_a_road(found)


def _system(raw: RawNetwork, path: Path, given: str) -> str:
    """Return the coordinate system; degrees that do not say so are refused."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    name = raw.crs or given
    (x, y), most = _bounds(raw)
    if not name and most <= DEGREES:
        remedy = "write data.network.crs: EPSG:4326 if they are longitude and latitude"
        raise refuse(path, "", f"{x:g}, {y:g}", "are coordinates in degrees of an unnamed system", remedy)
    try:
        geographic = CRS.from_user_input(name or NATIONAL_GRID).is_geographic
    except CRSError as error:
        remedy = "write for example data.network.crs: EPSG:27700"
        raise refuse(path, "crs", name, "is not a coordinate system", remedy) from error
    if geographic and most > DEGREES:
        remedy = "the coordinates are metres: save the network with its true coordinate system"
        raise refuse(path, "crs", name, f"is in degrees, but coordinates go up to {most:,.0f}", remedy)
    return name or NATIONAL_GRID


def _bounds(raw: RawNetwork) -> tuple[tuple[float, float], float]:
    """Return the first coordinates, and the largest of all without its sign."""
    if raw.shapes is not None:
        import shapely

        xy = shapely.get_coordinates(raw.shapes)
    else:
        xy = raw.nodes[["x", "y"]].to_numpy(dtype=float)
    if not len(xy):
        return (np.inf, np.inf), np.inf
    return (float(xy[0, 0]), float(xy[0, 1])), float(np.nanmax(np.abs(xy)))


def _to_grid(x: NDArray[np.float64], y: NDArray[np.float64], system: str) -> NDArray[np.float64]:
    from pyproj import Transformer

    if system.upper() == NATIONAL_GRID:
        return np.column_stack([x, y])
    return np.column_stack(Transformer.from_crs(system, NATIONAL_GRID, always_xy=True).transform(x, y))


def _projected(shapes: NDArray[np.object_], system: str) -> NDArray[np.object_]:
    import shapely

    return np.asarray(shapely.transform(shapes, lambda xy: _to_grid(xy[:, 0], xy[:, 1], system)))


def split_at_junctions(
    edges: pd.DataFrame, shapes: NDArray[np.object_]
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Cut lines wherever one meets another: at shared vertices and at their ends.

    Bridges and tunnels, which share no vertex with what they cross, are not joined to it.
    """
    import shapely

    single, of = shapely.get_parts(shapes, return_index=True)
    single, of = single[shapely.get_num_points(single) > 1], of[shapely.get_num_points(single) > 1]
    xy, line = shapely.get_coordinates(single, return_index=True)
    spot = pd.DataFrame(np.round(xy, 2)).groupby([0, 1], sort=False).ngroup().to_numpy()
    ends = np.r_[True, line[1:] != line[:-1]] | np.r_[line[1:] != line[:-1], True]
    cut = ends | (np.bincount(spot)[spot] > 1)
    first = np.flatnonzero(cut[:-1] & (line[:-1] == line[1:]))
    following = np.flatnonzero(cut)
    last = following[np.searchsorted(following, first, side="right")]
    counts = last - first + 1
    pieces = np.repeat(np.arange(len(first)), counts)
    at = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    parts = shapely.linestrings(xy[at], indices=pieces)
    table = edges.iloc[of[line[first]]].reset_index(drop=True)
    names = {"start": spot[first].astype(str), "end": spot[last].astype(str), "length_m": np.nan}
    return table.assign(**names), np.asarray(parts)


def _junctions(
    edges: pd.DataFrame,
    shapes: NDArray[np.object_] | None,
    nodes: pd.DataFrame,
    system: str,
    path: Path,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the number of each end of every road, and the place of each junction."""
    codes, ids = pd.factorize(pd.concat([edges["start"], edges["end"]], ignore_index=True).astype(str))
    start, end = codes[: len(edges)], codes[len(edges) :]
    if len(nodes):
        table = nodes.drop_duplicates("id").set_index("id").reindex(ids)
        lost = table[["x", "y"]].isna().any(axis=1)
        if lost.any():
            remedy = "give every junction a row with id, x and y, or data.network.nodes"
            name = str(table.index[lost][0])
            raise refuse(
                path, "start", name, f"and {int(lost.sum()) - 1} more junctions have no place", remedy
            )
        return start, end, _to_grid(table["x"].to_numpy(float), table["y"].to_numpy(float), system)
    if shapes is None:
        remedy = "give data.network.nodes (id, x, y), or a column of shapes as WKT"
        raise refuse(path, "", "", "says nothing of where its junctions are", remedy)
    import shapely

    xy = np.full((len(ids), 2), np.nan)
    for side, place in ((start, 0), (end, -1)):
        xy[side] = shapely.get_coordinates(shapely.get_point(shapes, place))
    return start, end, xy


def _with_straight(
    shapes: NDArray[np.object_] | None,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    xy: NDArray[np.float64],
) -> NDArray[np.object_]:
    """Return the course of every edge, a straight line where none is known."""
    import shapely

    lines = shapely.linestrings(np.stack([xy[start], xy[end]], axis=1))
    if shapes is None:
        return np.asarray(lines)
    return np.where(shapely.is_missing(shapes) | shapely.is_empty(shapes), lines, shapes)


def _lengths(
    edges: pd.DataFrame, shapes: NDArray[np.object_], path: Path
) -> tuple[NDArray[np.float64], list[str]]:
    """Return lengths [m], measured on the map where not given; those in another unit are refused."""
    import shapely

    drawn = shapely.length(shapes)
    given = pd.to_numeric(edges["length_m"], errors="coerce").to_numpy(dtype=float)
    if (given < 0).any():
        raise refuse(path, "length", f"{given[given < 0][0]:g}", "is negative", "correct the lengths")
    both = np.isfinite(given) & (drawn > 10)
    ratio = float(np.median(given[both] / drawn[both])) if both.any() else 1.0
    if not 0.5 < ratio < 2:
        remedy = "give lengths in metres, or leave the column out: lengths are then measured on the map"
        told = f"is {ratio:.3g} times the length of the lines on the map"
        raise refuse(path, "length", f"{given[both][0]:g}", told, remedy)
    known = np.isfinite(given)
    notes = [f"{path.name}: {int((~known).sum())} roads have no length: measured on the map."]
    return np.where(known, given, drawn), notes if known.any() and not known.all() else []


def _directions(edges: pd.DataFrame, *, directed: bool) -> tuple[NDArray[np.int64], list[str]]:
    """Return 1 for start to end only, -1 for the other way only, 0 for both."""
    if directed:
        return np.ones(len(edges), dtype=np.int64), []
    text = edges["one_way"].fillna("").astype(str).str.strip().str.casefold()
    strange = sorted(set(text) - _FORWARD - _BACKWARD - _BOTH)
    circle = edges["junction"].astype(str).isin(["roundabout", "circular"])
    motorway = edges["road_class"].astype(str).isin(["motorway", "motorway_link"])
    ahead = text.isin(_FORWARD) | ((text == "") & (circle | motorway))
    direction = ahead.astype(np.int64) - text.isin(_BACKWARD).astype(np.int64)
    notes = [f"One-way text not understood, taken as both ways: {', '.join(strange[:5])}."] if strange else []
    return np.asarray(direction, dtype=np.int64), notes


def _one_row_a_road(network: Network) -> Network:
    """Fold the two rows of a street that is open both ways into one, so that places share it."""
    n = len(network.start)
    ends = np.sort(np.column_stack([network.start, network.end]), axis=1)
    table = pd.DataFrame(
        {
            "a": ends[:, 0],
            "b": ends[:, 1],
            "dm": np.round(network.length_m * 10),
            "both": network.direction == 0,
            "kind": pd.factorize(network.road_class)[0],
            "limit": pd.factorize(network.max_speed)[0],
            "turned": network.start > network.end,
        }
    )
    table["turned"] ^= network.direction < 0
    table["row"] = np.arange(n)
    same = ["a", "b", "dm", "both", "kind", "limit"]
    table["nth"] = table.groupby([*same, "turned"]).cumcount()
    keys = [*same, "nth"]
    pairs = table[~table["turned"]].merge(table[table["turned"]], on=keys)
    kept = np.ones(n, dtype=bool)
    kept[pairs["row_y"]] = False
    direction = network.direction.copy()
    direction[pairs["row_x"]] = 0
    return replace(
        network,
        start=network.start[kept],
        end=network.end[kept],
        length_m=network.length_m[kept],
        road_class=network.road_class[kept],
        max_speed=network.max_speed[kept],
        direction=direction[kept],
        shapes=network.shapes[kept],
    )
