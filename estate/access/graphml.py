"""Read a GraphML file, as OSMnx writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

import numpy as np
import pandas as pd

from estate.access.graph import RawNetwork, refuse

if TYPE_CHECKING:
    from pathlib import Path

    from estate.config import NetworkSection

_COLUMNS = {"highway": "road_class", "maxspeed": "max_speed", "oneway": "one_way", "junction": "junction"}


class _Reader:
    """Collects nodes and edges; a document that declares entities is refused."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[str, str]] = {}
        self.graph: dict[str, str] = {}
        self.nodes: list[dict[str, str]] = []
        self.edges: list[dict[str, str]] = []
        self.owner: dict[str, str] | None = None
        self.kind = ""
        self.key = ""
        self.text: list[str] = []
        self.directed = True

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "key":
            self.names[attributes["id"]] = attributes.get("for", ""), attributes.get("attr.name", "")
        elif name == "graph":
            self.owner, self.kind = self.graph, "graph"
            self.directed = attributes.get("edgedefault", "directed") == "directed"
        elif name == "node":
            self.owner, self.kind = {"id": attributes["id"]}, "node"
            self.nodes.append(self.owner)
        elif name == "edge":
            self.owner, self.kind = {"start": attributes["source"], "end": attributes["target"]}, "edge"
            self.edges.append(self.owner)
        elif name == "data":
            self.key, self.text = attributes["key"], []

    def words(self, text: str) -> None:
        if self.key:
            self.text.append(text)

    def stop(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "data" and self.key:
            owner = self.graph if self.owner is None else self.owner
            called = self.names.get(self.key, ("", ""))[1]
            if called not in {"start", "end"}:  # the ids of the junctions are never overwritten
                owner[called] = "".join(self.text).strip()
            self.key = ""
        elif name in {"node", "edge"}:
            self.owner = self.graph


def read_graphml(path: Path, section: NetworkSection, base: Path) -> RawNetwork:
    """Read nodes with x and y, and edges with length, highway, maxspeed, oneway and geometry."""
    del section, base
    import shapely

    reader = _parsed(path)
    if not reader.edges:
        raise refuse(path, "", "", "has no edges", "save the network as GraphML again")
    edges = pd.DataFrame(reader.edges)
    nodes = pd.DataFrame(reader.nodes).reindex(columns=["id", "x", "y"])
    place = {axis: pd.to_numeric(nodes[axis], errors="coerce") for axis in ("x", "y")}
    shapes = None
    if "geometry" in edges:
        wkt = edges["geometry"].astype(object).where(edges["geometry"].notna(), None)
        shapes = np.asarray(shapely.from_wkt(wkt.to_numpy(dtype=object)))
    columns = {name: edges.get(header, pd.Series("", index=edges.index)) for header, name in _COLUMNS.items()}
    length = pd.to_numeric(edges.get("length", pd.Series(np.nan, index=edges.index)), errors="coerce")
    table = pd.DataFrame({"start": edges["start"], "end": edges["end"], "length_m": length, **columns})
    if "oneway" not in edges and reader.directed:
        table["one_way"] = "yes"  # a directed graph that says no more: every edge is one direction
    return RawNetwork(table, shapes, nodes.assign(**place), reader.graph.get("crs", ""))


def _parsed(path: Path) -> _Reader:
    reader, parser = _Reader(), expat.ParserCreate()

    def no_entities(*_: object) -> None:
        raise refuse(path, "", "", "declares entities, which a network never needs", "save it again")

    parser.EntityDeclHandler = no_entities
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.stop
    parser.CharacterDataHandler = reader.words
    parser.buffer_text = True
    try:
        with path.open("rb") as handle:
            parser.ParseFile(handle)
    except expat.ExpatError as error:
        raise refuse(path, "", "", f"is broken ({error})", "save it again; it may be cut off") from error
    return reader
