"""Bounds and plans with capacities: one knapsack a site, and shifting and swapping of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from estate.locate.compiled import kernel
from estate.locate.dual import AGE, BEST, UNIT, Ascent, dual_value, judge, move, pick
from estate.locate.lists import CLOSED, FREE, OPEN, Flags, Floats, Ints, Sites
from estate.locate.whole import cover_whole, fill_whole, forced_cover, forced_fill

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOBODY = -1


@kernel
def fill(cost: Floats, demand: Floats, room: float, multiplier: Floats, taken: Floats) -> tuple[float, float]:
    """Fill one site with the clients that are worth most for their demand (Dantzig 1957).

    Parameters
    ----------
    cost, demand : ndarray, shape (clients,)
        Costs of serving from this site, and what each client takes.
    room : float
        Capacity.
    multiplier : ndarray
        What each client would pay.
    taken : ndarray, shape (clients,)
        Receives the share of each client that is taken.

    Returns
    -------
    tuple
        Sum of the reduced costs taken, and the worth of a unit of room (zero or less).
    """
    taken[:] = 0.0
    who = np.flatnonzero(cost < multiplier[: cost.size])
    worth = np.empty(who.size)
    for k in range(who.size):
        i = who[k]
        worth[k] = (cost[i] - multiplier[i]) / demand[i] if demand[i] > 0.0 else -np.inf
    total = 0.0
    for k in np.argsort(worth):
        i = who[k]
        if demand[i] <= room:
            taken[i] = 1.0
            room -= demand[i]
            total += cost[i] - multiplier[i]
        else:
            taken[i] = room / demand[i]
            return total + taken[i] * (cost[i] - multiplier[i]), worth[k]
    return total, 0.0


class Rooms(NamedTuple):
    """Costs and capacities of a problem.

    Attributes
    ----------
    cost : ndarray, shape (sites, clients)
        Costs of serving, by site.
    demand, room : ndarray
        Demands and capacities.
    units, size : ndarray of int
        Demands and capacities in whole units, such that whatever fits, fits in these too.
    whole, cover : bool
        Whether a site is filled with whole clients, and sites are chosen whole.
    """

    cost: Floats
    demand: Floats
    room: Floats
    units: Ints
    size: Ints
    whole: bool
    cover: bool


@kernel
def weigh_full(rooms: Rooms, sites: Sites, up: Ascent, taken: Floats) -> None:
    """Work out the price of every site: what opening costs, its share of side rules, and its clients."""
    n = rooms.demand.size
    up.prices[:] = sites.fixed
    for k in range(sites.limit.size):
        for j in range(up.prices.size):
            up.prices[j] += up.trial[n + k] * sites.weight[k, j]
    for j in range(rooms.room.size):
        if rooms.whole:
            value = fill_whole(rooms.cost[j], rooms.units, rooms.size[j], up.trial, taken[j])
        else:
            value, _ = fill(rooms.cost[j], rooms.demand, rooms.room[j], up.trial, taken[j])
        up.prices[j] += value


@kernel
def price_room(sites: Sites, up: Ascent, clients: int) -> tuple[int, float]:
    """Give the last side rule, room for everybody, the multiplier that is best for the bound.

    Returns
    -------
    tuple
        The site of which only a part is needed (-1: none), and that part; infinite where all
        sites together have too little room.
    """
    rule, m = sites.limit.size - 1, up.prices.size
    ratio = np.full(m, np.inf)
    short = -sites.limit[rule]
    for j in range(m):
        size, price = -sites.weight[rule, j], up.prices[j]
        if sites.state[j] == OPEN or (sites.state[j] == FREE and price <= 0.0):
            short -= size
        elif sites.state[j] == FREE and size > 0.0:
            ratio[j] = price / size
    if short <= 0.0:
        return NOBODY, 0.0
    for j in np.argsort(ratio):
        if ratio[j] == np.inf:
            break
        size = -sites.weight[rule, j]
        if size >= short:
            up.trial[clients + rule] = ratio[j]
            up.prices[:] += ratio[j] * sites.weight[rule]
            up.prices[j] = 0.0
            return int(j), short / size
        short -= size
    return NOBODY, np.inf


@kernel
def choose(rooms: Rooms, sites: Sites, up: Ascent, opened: Floats) -> float:
    """Open the sites that the prices and the room needed ask for; return the sum of their prices.

    Where the number of sites is free, the last side rule, room for everybody, is met at once
    instead of by its multiplier.
    """
    n, rule = rooms.demand.size, sites.limit.size - 1
    if sites.least == sites.most:
        total, _, _, _ = pick(sites, up.prices, up.picked)
        opened[:] = up.picked
        return total
    up.prices[:] -= up.trial[n + rule] * sites.weight[rule]
    up.trial[n + rule] = 0.0
    if rooms.cover:
        total = cover_whole(up.prices, rooms.size, sites.state, rooms.units.sum(), up.picked)
        opened[:] = up.picked
        return total
    last, part = price_room(sites, up, n)
    total, _, _, _ = pick(sites, up.prices, up.picked)
    opened[:] = up.picked
    if last != NOBODY:
        opened[last] = part
    return np.inf if part == np.inf else total


@kernel
def raise_full(rooms: Rooms, sites: Sites, up: Ascent, plan: tuple[int, float, float]) -> int:
    """Raise the bound as :func:`estate.locate.dual.raise_bound` does, with capacities.

    Parameters
    ----------
    rooms : Rooms
        Costs and capacities.
    sites, up
        As there; the last side rule is that the open sites have room for everybody.
    plan : tuple
        Iterations at most, value to aim at, bound at which to stop.

    Returns
    -------
    int
        Iterations done; -1 where the sites have too little room.
    """
    steps, aim, goal = plan
    n, m = rooms.demand.size, rooms.room.size
    cap, taken, opened = np.full(n, np.inf), np.empty((m, n)), np.empty(m)
    for done in range(steps):
        weigh_full(rooms, sites, up, taken)
        total = choose(rooms, sites, up, opened)
        if total == np.inf:
            return -1
        value = dual_value(sites, up, n, total)
        _violate_full(sites, up, taken, opened)
        judge(up, value)
        weight = 1.0 / (1.0 + min(up.number[AGE], 30.0))
        for j in range(m):
            up.share[j] += weight * (opened[j] - up.share[j])
        if up.number[AGE] == 0.0:
            up.mean[:] = up.fresh
        up.number[AGE] += 1.0
        if up.number[BEST] >= goal or not move(cap, up, aim - value):
            return done + 1
    return steps


@kernel
def _violate_full(sites: Sites, up: Ascent, taken: Floats, opened: Floats) -> None:
    m, n = taken.shape
    up.fresh[:n] = 1.0
    for j in range(m):
        if opened[j] > 0.0:
            for i in range(n):
                up.fresh[i] -= opened[j] * taken[j, i]
    for k in range(sites.limit.size):
        up.fresh[n + k] = -sites.limit[k]
        for j in range(m):
            up.fresh[n + k] += sites.weight[k, j] * opened[j]


@kernel
def _rounding(rooms: Rooms, sites: Sites, up: Ascent) -> float:
    """Return all that rounding can have added to the dual value."""
    n, m = rooms.demand.size, rooms.room.size
    size = np.abs(up.trial).sum() * (m + 2.0) + np.abs(sites.fixed).sum()
    size += np.abs(np.minimum(rooms.cost, 0.0)).sum()
    for k in range(sites.limit.size):
        size += abs(up.trial[n + k]) * (abs(sites.limit[k]) + np.abs(sites.weight[k]).sum())
    return float(8.0 * UNIT * (n + m) * size)


@kernel
def _forced(rooms: Rooms, sites: Sites, up: Ascent) -> tuple[float, Floats, Floats]:
    """Return the sum of the prices picked, and what each site forced to open and to close adds to it."""
    into, out = np.zeros(up.prices.size), np.zeros(up.prices.size)
    if rooms.cover and sites.least != sites.most:
        need = rooms.units.sum()
        total = cover_whole(up.prices, rooms.size, sites.state, need, up.picked)
        if total < np.inf:
            forced_cover(up.prices, rooms.size, sites.state, need, (into, out))
        return total, into, out
    total, leaves, enters, _ = pick(sites, up.prices, up.picked)
    for j in range(up.prices.size):
        if up.picked[j]:
            out[j] = max(enters - up.prices[j], 0.0)
        else:
            into[j] = max(up.prices[j] - leaves, 0.0)
    return total, into, out


@kernel
def proven_full(rooms: Rooms, sites: Sites, up: Ascent, settled: tuple[float, Flags, Flags]) -> float:
    """Evaluate the dual at the centre, less rounding; settle sites, and arcs for whole clients.

    Parameters
    ----------
    rooms, sites, up
        As in :func:`raise_full`.
    settled : tuple
        Cutoff; states of the sites and arcs (sites x clients) to be kept, both filled here. An
        arc is dropped where a plan that serves the whole client by it costs the cutoff or more.

    Returns
    -------
    float
        A bound; infinite where no set of sites is allowed.
    """
    cutoff, state, kept = settled
    n, m = rooms.demand.size, rooms.room.size
    up.trial[:] = up.centre
    taken = np.empty((m, n))
    weigh_full(rooms, sites, up, taken)
    total, into, out = _forced(rooms, sites, up)
    if total == np.inf:
        return np.inf
    slack = _rounding(rooms, sites, up)
    bound = dual_value(sites, up, n, total) - slack
    dearer = np.empty(n)
    for j in range(m):
        state[j] = sites.state[j]
        if state[j] == FREE and bound + into[j] - slack >= cutoff:
            state[j] = CLOSED
        elif state[j] == FREE and bound + out[j] - slack >= cutoff:
            state[j] = OPEN
        _dearer(rooms, up, j, dearer)
        extra = into[j] if sites.state[j] == FREE else 0.0
        for i in range(n):
            kept[j, i] = state[j] != CLOSED and bound + extra + dearer[i] - slack < cutoff
    return float(bound)


@kernel
def _dearer(rooms: Rooms, up: Ascent, j: int, dearer: Floats) -> None:
    """Work out what forcing each client into one site adds to its price."""
    if rooms.whole:
        forced_fill(rooms.cost[j], rooms.units, rooms.size[j], up.trial, dearer)
        return
    taken = np.empty(dearer.size)
    _, worth = fill(rooms.cost[j], rooms.demand, rooms.room[j], up.trial, taken)
    for i in range(dearer.size):
        dearer[i] = max(rooms.cost[j, i] - up.trial[i] - worth * rooms.demand[i], 0.0)


@kernel
def assign(cost: Floats, demand: Floats, room: Floats, opened: NDArray[np.bool_], order: Ints) -> Ints:
    """Give each client whole to the cheapest open site with room, in the given order.

    Parameters
    ----------
    cost : ndarray, shape (sites, clients)
        Costs of serving.
    demand, room : ndarray
        Demands and capacities.
    opened : ndarray of bool
        Open sites.
    order : ndarray
        Clients, the most urgent first.

    Returns
    -------
    ndarray
        Site of each client; -1 where there was no room.
    """
    left = room.copy()
    site = np.full(demand.size, NOBODY)
    for i in order:
        best = np.inf
        for j in range(room.size):
            if opened[j] and left[j] >= demand[i] and cost[j, i] < best:
                best, site[i] = cost[j, i], j
        if site[i] != NOBODY:
            left[site[i]] -= demand[i]
    return site


@kernel
def rearrange(cost: Floats, demand: Floats, room: Floats, opened: NDArray[np.bool_], site: Ints) -> float:
    """Shift clients and swap pairs of them as long as that pays; return the cost of serving.

    Clients without a site come in as soon as some room is found for them.
    """
    n, m = demand.size, room.size
    left = room.copy()
    for i in range(n):
        if site[i] != NOBODY:
            left[site[i]] -= demand[i]
    better = True
    while better:
        better = False
        for i in range(n):
            for j in range(m):
                better = (opened[j] and _shift(cost, demand, left, site, (i, j))) or better
        for i in range(n):
            for k in range(i + 1, n):
                better = _swap_pair(cost, demand, left, site, (i, k)) or better
    total = 0.0
    for i in range(n):
        total += cost[site[i], i] if site[i] != NOBODY else np.inf
    return total


@kernel
def _shift(cost: Floats, demand: Floats, left: Floats, site: Ints, pair: tuple[int, int]) -> bool:
    i, j = pair
    now = cost[site[i], i] if site[i] != NOBODY else np.inf
    if left[j] < demand[i] or cost[j, i] >= now - 1e-9 * (1.0 + min(abs(now), 1e300)):
        return False
    if site[i] != NOBODY:
        left[site[i]] += demand[i]
    left[j] -= demand[i]
    site[i] = j
    return True


@kernel
def _swap_pair(cost: Floats, demand: Floats, left: Floats, site: Ints, pair: tuple[int, int]) -> bool:
    i, k = pair
    a, b = site[i], site[k]
    if NOBODY in (a, b) or a == b:
        return False
    change = demand[k] - demand[i]
    if left[a] < change or left[b] < -change:
        return False
    old, new = cost[a, i] + cost[b, k], cost[b, i] + cost[a, k]
    if new >= old - 1e-9 * (1.0 + abs(old)):
        return False
    site[i], site[k] = b, a
    left[a] -= change
    left[b] += change
    return True
