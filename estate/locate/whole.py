"""Knapsacks in whole numbers: which clients fill a site, and which sites have room for everybody.

Dynamic programmes over units of demand (Bellman 1957). Their values are what a site or a set of
sites is worth where clients and sites come whole, so that bounds made of them (Holmberg,
Rönnqvist and Yuan 1999, "An exact algorithm for the capacitated facility location problems with
single sourcing") lie above those of the linear relaxation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.locate.compiled import kernel
from estate.locate.lists import FREE, OPEN, Flags, Floats, Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def _worths(worth: Floats, size: Ints, room: int) -> NDArray[np.float64]:
    """Return the greatest worth of the first k things in each room, shape (things + 1, room + 1)."""
    table = np.zeros((size.size + 1, room + 1))
    for k in range(size.size):
        heavy, value = size[k], worth[k]
        for c in range(room + 1):
            best = table[k, c]
            if c >= heavy and table[k, c - heavy] + value > best:
                best = table[k, c - heavy] + value
            table[k + 1, c] = best
    return table


@kernel
def fill_whole(cost: Floats, units: Ints, room: int, multiplier: Floats, taken: Floats) -> float:
    """Fill one site with whole clients that are worth most.

    Parameters
    ----------
    cost : ndarray, shape (clients,)
        Costs of serving from this site.
    units : ndarray of int, shape (clients,)
        What each client takes.
    room : int
        Capacity in the same units.
    multiplier : ndarray
        What each client would pay.
    taken : ndarray, shape (clients,)
        Receives 1 for each client that is taken.

    Returns
    -------
    float
        Sum of the reduced costs taken.
    """
    taken[:] = 0.0
    who = np.flatnonzero(cost < multiplier[: cost.size])
    table = _worths(multiplier[who] - cost[who], units[who], room)
    left = room
    for k in range(who.size - 1, -1, -1):
        if table[k + 1, left] != table[k, left]:
            taken[who[k]] = 1.0
            left -= units[who[k]]
    return -float(table[who.size, room])


@kernel
def forced_fill(cost: Floats, units: Ints, room: int, multiplier: Floats, dearer: Floats) -> None:
    """Work out how much dearer a site is with each client forced into it (infinite: it has no room)."""
    who = np.flatnonzero(cost < multiplier[: cost.size])
    worth, size = multiplier[who] - cost[who], units[who]
    before = _worths(worth, size, room)
    after = _worths(worth[::-1].copy(), size[::-1].copy(), room)
    best = before[who.size, room]
    for i in range(cost.size):
        if units[i] <= room:
            dearer[i] = cost[i] - multiplier[i] + best - before[who.size, room - units[i]]
        else:
            dearer[i] = np.inf
    for k in range(who.size):
        rest = room - units[who[k]]
        if rest < 0:
            continue
        most = 0.0
        for c in range(rest + 1):
            most = max(most, before[k, c] + after[who.size - k - 1, rest - c])
        dearer[who[k]] = best - worth[k] - most


@kernel
def _covers(prices: Floats, size: Ints, most: int) -> NDArray[np.float64]:
    """Return the least price of the first k sites with each room, shape (sites + 1, most + 1)."""
    table = np.full((size.size + 1, most + 1), np.inf)
    table[0, 0] = 0.0
    for k in range(size.size):
        for c in range(most + 1):
            table[k + 1, c] = min(table[k, c], table[k, max(c - size[k], 0)] + prices[k])
    return table


@kernel
def _split(prices: Floats, size: Ints, state: Flags, need: int, picked: Flags) -> tuple[Ints, int]:
    """Pick what must be open or costs nothing; return the other free sites, and the room still needed."""
    others = np.empty(prices.size, np.int64)
    count = 0
    for j in range(prices.size):
        picked[j] = 0
        if state[j] == OPEN or (state[j] == FREE and prices[j] <= 0.0):
            picked[j] = 1
            need -= size[j]
        elif state[j] == FREE and size[j] > 0:
            others[count] = j
            count += 1
    return others[:count], need


@kernel
def cover_whole(prices: Floats, size: Ints, state: Flags, need: int, picked: Flags) -> float:
    """Pick the cheapest sites that together have the room needed.

    Parameters
    ----------
    prices : ndarray, shape (sites,)
        Price of each site.
    size : ndarray of int, shape (sites,)
        Capacities.
    state : ndarray of int8
        FREE, OPEN or CLOSED.
    need : int
        Room needed.
    picked : ndarray of int8
        Receives 1 for each site that is picked.

    Returns
    -------
    float
        Sum of the prices; infinite where there is not enough room.
    """
    others, need = _split(prices, size, state, need, picked)
    if need > 0:
        table = _covers(prices[others], size[others], need)
        if table[others.size, need] == np.inf:
            return np.inf
        for k in range(others.size - 1, -1, -1):
            if table[k + 1, need] != table[k, need]:
                picked[others[k]] = 1
                need = max(need - size[others[k]], 0)
    total = 0.0
    for j in range(prices.size):
        if picked[j]:
            total += prices[j]
    return total


@kernel
def forced_cover(prices: Floats, size: Ints, state: Flags, need: int, dearer: tuple[Floats, Floats]) -> None:
    """Work out how much dearer the cheapest cover is with each site forced to open, and to close.

    Parameters
    ----------
    prices, size, state, need
        As in :func:`cover_whole`; there must be a cover.
    dearer : tuple of ndarray, shape (sites,)
        Receive the two.
    """
    into, out = dearer
    picked = np.empty(prices.size, np.int8)
    others, need = _split(prices, size, state, need, picked)
    short = max(need, 0)
    most = short + int(size.max())
    before = _covers(prices[others], size[others], most)
    after = _covers(prices[others][::-1].copy(), size[others][::-1].copy(), most)
    best = before[others.size, short]
    into[:], out[:] = 0.0, 0.0
    for j in range(prices.size):
        if picked[j]:
            out[j] = before[others.size, max(need + size[j], 0)] - best - prices[j]
        else:
            into[j] = prices[j]
    for k in range(others.size):
        j = others[k]
        rest = others.size - k - 1
        into[j] = prices[j] + _joined(before[k], after[rest], max(need - size[j], 0)) - best
        out[j] = _joined(before[k], after[rest], short) - best


@kernel
def _joined(before: Floats, after: Floats, need: int) -> float:
    """Return the least price of the room needed, part from one table's row and part from another's."""
    best = np.inf
    for c in range(need + 1):
        best = min(best, before[c] + after[need - c])
    return best
