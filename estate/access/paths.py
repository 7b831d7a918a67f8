"""Which roads a mode may use, where places join them, and the shortest ways from many to many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.access.graph import Network

    Floats = NDArray[np.float64]

CELLS_AT_ONCE = 20_000_000
"""Distances held at a time, so that a large network does not fill the memory."""
_TINY = 1e-9  # a road of no length is still a road


@dataclass(frozen=True)
class Usable:
    """The roads of one mode: those in its largest part in which every place reaches every other.

    Attributes
    ----------
    edges : ndarray of int
        Edges of the network.
    forward, backward : ndarray, shape (edges,)
        Cost from start to end, and from end to start; infinite where not allowed.
    left_out : int
        Edges open to the mode but cut off from the rest.
    """

    edges: NDArray[np.int64]
    forward: Floats
    backward: Floats
    left_out: int


@dataclass(frozen=True)
class Snapped:
    """Where places join the roads.

    Attributes
    ----------
    metres : ndarray, shape (places,)
        Straight line to the nearest road [m]; infinite where none is within the limit.
    edge : ndarray of int
        Position in `Usable.edges`; -1 where there is none.
    along : ndarray
        Share of the road from its start.
    """

    metres: Floats
    edge: NDArray[np.int64]
    along: Floats


def usable(network: Network, costs: Floats, both_ways: bool) -> Usable:
    """Return the roads that a mode may use.

    Parameters
    ----------
    network : Network
        All roads.
    costs : ndarray, shape (edges,)
        Cost of each edge, NaN where the mode may not use it.
    both_ways : bool
        One-way streets are ignored, as on foot.
    """
    edges = np.flatnonzero(np.isfinite(costs))
    cost = np.maximum(costs[edges], _TINY)
    direction = np.zeros(len(edges), dtype=np.int64) if both_ways else network.direction[edges]
    forward, backward = np.where(direction >= 0, cost, np.inf), np.where(direction <= 0, cost, np.inf)
    found = Usable(edges, forward, backward, 0)
    part = connected_components(matrix(network, found), directed=True, connection="strong")[1]
    main = part == np.bincount(part[np.r_[network.start[edges], network.end[edges]]]).argmax()
    kept = main[network.start[edges]] & main[network.end[edges]]
    return Usable(edges[kept], forward[kept], backward[kept], int((~kept).sum()))


def matrix(network: Network, roads: Usable) -> csr_array:
    """Return the cost between neighbouring junctions, the least where several roads join two."""
    start, end = network.start[roads.edges], network.end[roads.edges]
    tail, head = np.r_[start, end], np.r_[end, start]
    cost = np.r_[roads.forward, roads.backward]
    open_ = np.isfinite(cost) & (tail != head)
    tail, head, cost = tail[open_], head[open_], cost[open_]
    order = np.lexsort((cost, head, tail))
    tail, head, cost = tail[order], head[order], cost[order]
    first = np.r_[True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])] if len(tail) else np.ones(0, bool)
    size = len(network.xy)
    return csr_array((cost[first], (tail[first], head[first])), shape=(size, size))


def snap(network: Network, roads: Usable, points: Floats, limit_m: float) -> Snapped:
    """Join places [m] to the nearest point of the nearest road within a limit [m]."""
    import shapely

    metres, edge = np.full(len(points), np.inf), np.full(len(points), -1, dtype=np.int64)
    along = np.zeros(len(points))
    shapes = network.shapes[roads.edges]
    place = shapely.points(points)
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(known) and len(shapes):
        tree = shapely.STRtree(shapes)
        (of, to), gap = tree.query_nearest(
            place[known], max_distance=limit_m, return_distance=True, all_matches=False
        )
        at = known[of]
        metres[at], edge[at] = gap, to
        along[at] = shapely.line_locate_point(shapes[to], place[at], normalized=True)
    return Snapped(metres, edge, along)


def distances(network: Network, roads: Usable, origins: Snapped, targets: Snapped, limit: float) -> Floats:
    """Return the least cost over the roads from every origin to every target.

    Origins and targets lie on roads, not at junctions: a way leaves an origin by either end of
    its road (as far as the direction allows), and a target is reached from either end of its own;
    between two on one road the way may lead along it.

    Parameters
    ----------
    network, roads
        Roads and their costs.
    origins, targets : Snapped
        Places; those without a road are infinitely far.
    limit : float
        Ways that cost more are not looked for.

    Returns
    -------
    ndarray, shape (origins, targets)
        Cost, infinite where there is no way within the limit.
    """
    table = np.full((len(origins.edge), len(targets.edge)), np.inf)
    to, of = np.flatnonzero(targets.edge >= 0), np.flatnonzero(origins.edge >= 0)
    if len(to) == 0 or len(of) == 0:
        return table
    back = matrix(network, roads).T.tocsr()  # from the targets backwards: they are fewer
    edge = origins.edge[of]
    ahead = _part_of(roads.forward[edge], 1 - origins.along[of])
    behind = _part_of(roads.backward[edge], origins.along[of])
    start, end = network.start[roads.edges[edge]], network.end[roads.edges[edge]]
    size = len(network.xy)
    joined = _with_targets(back, network, roads, targets)
    for part in np.array_split(to, int(np.ceil(len(to) * joined.shape[0] / CELLS_AT_ONCE))):
        cost = dijkstra(joined, indices=size + part, limit=limit)
        found = np.minimum(cost[:, end] + ahead, cost[:, start] + behind)
        table[np.ix_(of, part)] = found.T
    table = np.minimum(table, _along_one_road(roads, origins, targets))
    return np.where(table <= limit, table, np.inf)


def _with_targets(back: csr_array, network: Network, roads: Usable, targets: Snapped) -> csr_array:
    """Return the reversed network with one more junction for each target, joined to the ends of its road."""
    on = np.flatnonzero(targets.edge >= 0)
    edge, along = targets.edge[on], targets.along[on]
    cost = np.r_[_part_of(roads.forward[edge], along), _part_of(roads.backward[edge], 1 - along)]
    cost = np.maximum(cost, _TINY)
    ends = np.r_[network.start[roads.edges[edge]], network.end[roads.edges[edge]]]
    tail = len(network.xy) + np.r_[on, on]
    open_ = np.isfinite(cost)
    size = len(network.xy) + len(targets.edge)
    old = back.tocoo()
    row, column = np.r_[old.coords[0], tail[open_]], np.r_[old.coords[1], ends[open_]]
    return csr_array((np.r_[old.data, cost[open_]], (row, column)), shape=(size, size))


def _part_of(cost: Floats, share: Floats) -> Floats:
    """Return the cost of a part of a road; at the end of a closed direction one stands at the junction."""
    return np.where(share > 0, cost * np.where(share > 0, share, 1.0), 0.0)


def _along_one_road(roads: Usable, origins: Snapped, targets: Snapped) -> Floats:
    """Return the cost between places on one and the same road along it, infinite for all others."""
    table = np.full((len(origins.edge), len(targets.edge)), np.inf)
    one, other = np.nonzero((origins.edge[:, None] == targets.edge[None, :]) & (origins.edge >= 0)[:, None])
    edge, step = origins.edge[one], targets.along[other] - origins.along[one]
    ahead = np.where(step >= 0, _part_of(roads.forward[edge], np.abs(step)), np.inf)
    behind = np.where(step <= 0, _part_of(roads.backward[edge], np.abs(step)), np.inf)
    table[one, other] = np.minimum(ahead, behind)
    return table
