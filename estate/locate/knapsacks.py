"""Bounds and plans with capacities: one knapsack a site, and shifting and swapping of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.locate.compiled import kernel
from estate.locate.dual import AGE, BEST, UNIT, Ascent, dual_value, judge, move, pick
from estate.locate.lists import CLOSED, FREE, OPEN, Flags, Floats, Ints, Sites

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


@kernel
def weigh_full(
    cost: Floats, demand: Floats, room: Floats, multiplier: Floats, up: Ascent, taken: Floats
) -> None:
    """Work out the price of every site, of which `up.prices` holds the cost of opening."""
    for j in range(room.size):
        value, _ = fill(cost[j], demand, room[j], multiplier, taken[j])
        up.prices[j] += value


@kernel
def open_prices(sites: Sites, up: Ascent, clients: int) -> None:
    """Begin the prices: what opening costs, with the side rules' multipliers."""
    up.prices[:] = sites.fixed
    for k in range(sites.limit.size):
        for j in range(up.prices.size):
            up.prices[j] += up.trial[clients + k] * sites.weight[k, j]


@kernel
def raise_full(
    cost: Floats, demand: Floats, room: Floats, sites: Sites, up: Ascent, plan: tuple[int, float, float]
) -> int:
    """Raise the bound as :func:`estate.locate.dual.raise_bound` does, with capacities.

    Parameters
    ----------
    cost : ndarray, shape (sites, clients)
        Costs of serving, by site.
    demand, room : ndarray
        Demands and capacities.
    sites, up
        Rules of opening, and the state.
    plan : tuple
        Iterations, the value towards which steps are sized, and the value at which to stop.

    Returns
    -------
    int
        Iterations done; -1 if the numbers of sites cannot be met.
    """
    steps, aim, goal = plan
    n, m = demand.size, room.size
    cap = np.full(n, np.inf)
    taken = np.empty((m, n))
    for done in range(steps):
        open_prices(sites, up, n)
        weigh_full(cost, demand, room, up.trial, up, taken)
        total, _, _, _ = pick(sites, up.prices, up.picked)
        if total == np.inf:
            return -1
        value = dual_value(sites, up, n, total)
        _violate_full(sites, up, taken)
        judge(up, value)
        weight = 1.0 / (1.0 + min(up.number[AGE], 30.0))
        for j in range(m):
            up.share[j] += weight * (up.picked[j] - up.share[j])
        if up.number[AGE] == 0.0:
            up.mean[:] = up.fresh
        up.number[AGE] += 1.0
        if up.number[BEST] >= goal or not move(cap, up, aim - value):
            return done + 1
    return steps


@kernel
def _violate_full(sites: Sites, up: Ascent, taken: Floats) -> None:
    m, n = taken.shape
    up.fresh[:n] = 1.0
    for j in range(m):
        if up.picked[j]:
            for i in range(n):
                up.fresh[i] -= taken[j, i]
    for k in range(sites.limit.size):
        up.fresh[n + k] = -sites.limit[k]
        for j in range(m):
            up.fresh[n + k] += sites.weight[k, j] * up.picked[j]


@kernel
def proven_full(
    cost: Floats, demand: Floats, room: Floats, sites: Sites, up: Ascent, settled: tuple[float, Flags, Flags]
) -> float:
    """Evaluate the dual at the centre, less rounding; settle sites, and arcs for whole clients.

    Parameters
    ----------
    cost, demand, room, sites, up
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
    n, m = demand.size, room.size
    up.trial[:] = up.centre
    open_prices(sites, up, n)
    taken = np.empty((m, n))
    weigh_full(cost, demand, room, up.trial, up, taken)
    total, leaves, enters, _ = pick(sites, up.prices, up.picked)
    if total == np.inf:
        return np.inf
    size = (
        np.abs(up.trial).sum() * (m + 2.0) + np.abs(sites.fixed).sum() + np.abs(np.minimum(cost, 0.0)).sum()
    )
    for k in range(sites.limit.size):
        size += abs(up.trial[n + k]) * (abs(sites.limit[k]) + np.abs(sites.weight[k]).sum())
    slack = 8.0 * UNIT * (n + m) * size
    bound = dual_value(sites, up, n, total) - slack
    for j in range(m):
        state[j] = sites.state[j]
        into = max(up.prices[j] - leaves, 0.0) if not up.picked[j] and state[j] == FREE else 0.0
        if state[j] == FREE and bound + up.prices[j] - leaves - slack >= cutoff and not up.picked[j]:
            state[j] = CLOSED
        elif state[j] == FREE and up.picked[j] and bound + enters - up.prices[j] - slack >= cutoff:
            state[j] = OPEN
        _, worth = fill(cost[j], demand, room[j], up.trial, taken[j])
        for i in range(n):
            dearer = cost[j, i] - up.trial[i] - worth * demand[i]
            kept[j, i] = state[j] != CLOSED and bound + into + max(dearer, 0.0) - slack < cutoff
    return float(bound)


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
