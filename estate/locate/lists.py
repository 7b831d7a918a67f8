"""Who could be served from where: lists of the nearest sites, and what they leave out.

A list may end before the last site. Then `cap` says that nothing it leaves out is cheaper: a
multiplier that never rises above `cap` sees no arc that is missing, so a bound from short lists
is a bound of the whole problem (see :mod:`estate.locate.dual`).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from estate.locate.compiled import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Flags = NDArray[np.int8]

FREE, OPEN, CLOSED = 0, 1, -1


class Lists(NamedTuple):
    """Arcs by client, dearest last, and the same arcs by site.

    Attributes
    ----------
    start, site, cost : ndarray
        Arcs of client i stand at ``start[i]:start[i + 1]``.
    site_start, client, site_cost : ndarray
        The same arcs by site.
    cap : ndarray, shape (clients,)
        No arc that is left out costs less; infinite where none is left out.
    far : ndarray, shape (clients,)
        What the search counts for a client with no open site in its list.
    """

    start: Ints
    site: Shorts
    cost: Floats
    site_start: Ints
    client: Shorts
    site_cost: Floats
    cap: Floats
    far: Floats


class Sites(NamedTuple):
    """What opening costs, and which sets of sites are allowed.

    Attributes
    ----------
    fixed : ndarray, shape (sites,)
        Cost of opening.
    state : ndarray of int8, shape (sites,)
        FREE, OPEN or CLOSED.
    least, most : int
        Number of open sites.
    weight, limit : ndarray, shapes (rules, sites) and (rules,)
        Side rules ``weight @ open <= limit``, for example budgets.
    """

    fixed: Floats
    state: Flags
    least: int
    most: int
    weight: Floats
    limit: Floats


class Source(Protocol):
    """Costs of serving every client from every site, however they are kept."""

    clients: int
    sites: int

    def nearest(self, length: int) -> Lists:
        """Return lists of at most `length` sites a client."""
        ...

    def serve(self, opened: Ints) -> tuple[Ints, Floats]:
        """Return the cheapest of the opened sites for every client (-1: none), and its cost."""
        ...


class MatrixSource:
    """Costs as a matrix; infinite where a site cannot serve a client."""

    def __init__(self, cost: Floats) -> None:
        self.cost = cost
        self.clients, self.sites = cost.shape

    def nearest(self, length: int) -> Lists:
        """Return lists of at most `length` sites a client.

        Parameters
        ----------
        length : int
            Longest list wanted.

        Returns
        -------
        Lists
        """
        length = min(length, self.sites)
        if length < self.sites:
            part = np.argpartition(self.cost, length - 1, axis=1)[:, :length]
            near = np.take_along_axis(self.cost, part, axis=1)
            order = np.argsort(near, axis=1, kind="stable")
            part, near = np.take_along_axis(part, order, axis=1), np.take_along_axis(near, order, axis=1)
        else:
            part = np.argsort(self.cost, axis=1, kind="stable")
            near = np.take_along_axis(self.cost, part, axis=1)
        cap = near[:, -1].copy() if length < self.sites else np.full(self.clients, np.inf)
        return assemble(part, near, cap, self.sites)

    def serve(self, opened: Ints) -> tuple[Ints, Floats]:
        """Return the cheapest of the opened sites for every client (-1: none), and its cost."""
        if not len(opened):
            return np.full(self.clients, -1), np.full(self.clients, np.inf)
        part = self.cost[:, opened]
        best = np.argmin(part, axis=1)
        cost = part[np.arange(self.clients), best]
        return np.where(np.isfinite(cost), opened[best], -1), cost


class PointSource:
    """Costs as weight times the straight line between points; no matrix is ever made.

    Parameters
    ----------
    clients, sites : ndarray, shape (n, 2)
        Coordinates, in one unit.
    weight : ndarray, shape (clients,)
        Cost for each unit of distance, above zero.
    """

    def __init__(self, clients: Floats, sites: Floats, weight: Floats) -> None:
        from scipy.spatial import cKDTree

        self.points, self.places, self.weight = clients, sites, weight
        self.clients, self.sites = len(clients), len(sites)
        self._tree = cKDTree(sites)
        self._new_tree = cKDTree

    def nearest(self, length: int) -> Lists:
        """Return lists of at most `length` sites a client.

        Parameters
        ----------
        length : int
            Longest list wanted.

        Returns
        -------
        Lists
        """
        length = min(length, self.sites)
        far, part = self._tree.query(self.points, k=length)
        near = far.reshape(self.clients, length) * self.weight[:, None]
        cap = near[:, -1].copy() if length < self.sites else np.full(self.clients, np.inf)
        return assemble(part.reshape(self.clients, length), near, cap, self.sites)

    def serve(self, opened: Ints) -> tuple[Ints, Floats]:
        """Return the nearest of the opened sites for every client (-1: none), and its cost."""
        if not len(opened):
            return np.full(self.clients, -1), np.full(self.clients, np.inf)
        far, best = self._new_tree(self.places[opened]).query(self.points)
        return opened[best], far * self.weight


def assemble(site: NDArray[np.integer], cost: Floats, cap: Floats, sites: int) -> Lists:
    """Make lists from the sites of each client in order of cost.

    Parameters
    ----------
    site, cost : ndarray, shape (clients, length)
        Sites and costs, cheapest first; infinite where a site cannot serve.
    cap : ndarray, shape (clients,)
        No site that is left out costs less.
    sites : int
        Number of sites.

    Returns
    -------
    Lists
    """
    there = np.isfinite(cost)
    start = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    # A list cut short among unreachable sites leaves out nothing that could serve.
    cap = np.where(there.all(axis=1), cap, np.inf)
    kept = slice(None) if there.all() else there
    flat = np.ascontiguousarray(cost[kept]).ravel()
    return finish(start, site[kept].ravel().astype(np.int32), flat, cap, sites)


def finish(start: Ints, site: Shorts, cost: Floats, cap: Floats, sites: int) -> Lists:
    """Add the arcs by site, and what the search counts for clients beyond their list.

    Parameters
    ----------
    start, site, cost, cap : ndarray
        As in :class:`Lists`.
    sites : int
        Number of sites.

    Returns
    -------
    Lists
    """
    site_start, client, site_cost = by_site(start, site, cost, sites)
    top = float(cost.max()) if len(cost) else 0.0
    spread = top - float(cost.min()) if len(cost) else 0.0
    # Nobody unserved is ever worth it; where all sites serve, a mild figure keeps the digits of sums.
    whole = np.diff(start) == sites
    far = np.where(whole, top + spread + 1.0, top + (spread + 1.0) * (1.0 + len(cap)))
    far = np.where(np.isfinite(cap), cap + 0.25 * np.abs(cap), far)
    return Lists(start, site, cost, site_start, client, site_cost, cap, far)


@kernel
def by_site(start: Ints, site: Shorts, cost: Floats, sites: int) -> tuple[Ints, Shorts, Floats]:
    """Return the arcs by site: where each begins, the clients and the costs."""
    begin = np.zeros(sites + 1, np.int64)
    for a in range(site.size):
        begin[site[a] + 1] += 1
    for j in range(sites):
        begin[j + 1] += begin[j]
    at = begin.copy()
    client = np.empty(site.size, np.int32)
    site_cost = np.empty(site.size, np.float64)
    for i in range(start.size - 1):
        for a in range(start[i], start[i + 1]):
            where = at[site[a]]
            client[where] = i
            site_cost[where] = cost[a]
            at[site[a]] += 1
    return begin, client, site_cost


@kernel
def _kept(lists: Lists, state: Flags) -> tuple[Ints, Shorts, Floats]:
    start = np.zeros_like(lists.start)
    site = np.empty_like(lists.site)
    cost = np.empty_like(lists.cost)
    at = 0
    for i in range(start.size - 1):
        for a in range(lists.start[i], lists.start[i + 1]):
            j = lists.site[a]
            if state[j] == CLOSED:
                continue
            site[at] = j
            cost[at] = lists.cost[a]
            at += 1
            if state[j] == OPEN:
                break
        start[i + 1] = at
    return start, site[:at].copy(), cost[:at].copy()


def trim(lists: Lists, state: Flags) -> Lists:
    """Leave out closed sites, and what is dearer than a site that is open in any case.

    Parameters
    ----------
    lists : Lists
        Lists of the whole problem.
    state : ndarray of int8, shape (sites,)
        FREE, OPEN or CLOSED.

    Returns
    -------
    Lists
    """
    start, site, cost = _kept(lists, state)
    ends_open = np.zeros(len(lists.cap), bool)
    filled = np.flatnonzero(np.diff(start))
    ends_open[filled] = state[site[start[filled + 1] - 1]] == OPEN
    cap = np.where(ends_open, np.inf, lists.cap)
    trimmed = finish(start, site, cost, cap, len(lists.site_start) - 1)
    return trimmed._replace(far=lists.far)


def scaled(lists: Lists, factor: Floats) -> Lists:
    """Multiply the costs of every client by a factor above zero: the order of its list stays.

    Parameters
    ----------
    lists : Lists
        Lists to be scaled.
    factor : ndarray, shape (clients,)
        New demand per old demand.

    Returns
    -------
    Lists
    """
    by_arc = np.repeat(factor, np.diff(lists.start))
    return lists._replace(
        cost=lists.cost * by_arc,
        site_cost=lists.site_cost * factor[lists.client],
        cap=lists.cap * factor,
        far=lists.far * factor,
    )
