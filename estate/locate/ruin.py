"""Whole plans with capacities made better: part of a plan is undone and made again.

Ruin and recreate (Schrimpf, Schneider, Stamm-Wilbrandt and Dueck 2000, "Record breaking
optimization results using the ruin and recreate principle"): the clients of a few neighbouring
sites are taken out and put back one by one where they cost least, with a site closed or another
opened now and then; a worse plan is taken on with a chance that falls as the search cools.
Every client is served whole. Nothing here bounds anything.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from estate.locate.compiled import kernel
from estate.locate.knapsacks import NOBODY, Rooms
from estate.locate.lists import CLOSED, OPEN, Flags, Floats, Ints, Sites

COST, OPENED, AT = range(3)
NEIGHBOURS, RUINED, MOST_SITES, SINGLE = 30, 1000, 4, 100
EMPTIED, REOPENED, ADDED, BLINK = 0.5, 0.5, 0.4, 0.04
WARM, COLD = 1.0, 0.03
DICE, STRIDE = 1 << 17, 7919


class Ground(NamedTuple):
    """What does not change while plans are searched for.

    Attributes
    ----------
    cost : ndarray, shape (sites, clients)
        Costs of serving.
    demand, room, fixed : ndarray
        Demands; capacities and costs of opening.
    state : ndarray of int8, shape (sites,)
        FREE, OPEN or CLOSED.
    near : ndarray, shape (clients, k)
        Sites of each client, the cheapest first.
    weight, limit : ndarray, shape (rules, sites) and (rules,)
        What an open site uses of each side rule, and what there is.
    most : int
        Sites that may be open.
    dice : ndarray
        Random numbers between 0 and 1.
    """

    cost: Floats
    demand: Floats
    room: Floats
    fixed: Floats
    state: Flags
    near: Ints
    weight: Floats
    limit: Floats
    most: int
    dice: Floats


class Standing(NamedTuple):
    """A plan while it is changed.

    Attributes
    ----------
    site : ndarray, shape (clients,)
        Site of each client.
    left, held : ndarray, shape (sites,)
        Room left, and clients.
    spare : ndarray, shape (rules,)
        What is left of each side rule.
    number : ndarray, shape (3,)
        Cost, number of open sites, place in the dice.
    """

    site: Ints
    left: Floats
    held: Ints
    spare: Floats
    number: Floats


def new_ground(rooms: Rooms, sites: Sites, most: int) -> Ground:
    """Return the ground of a search.

    Parameters
    ----------
    rooms : Rooms
        Costs and capacities.
    sites : Sites
        States, costs of opening and side rules; the last rule, room for everybody, is left out
        as it follows from the capacities.
    most : int
        Sites that may be open.

    Returns
    -------
    Ground
    """
    near = np.ascontiguousarray(np.argsort(rooms.cost, axis=0, kind="stable")[:NEIGHBOURS].T)
    dice = np.random.default_rng(1).random(DICE)
    rules = (np.ascontiguousarray(sites.weight[:-1]), sites.limit[:-1].copy())
    return Ground(rooms.cost, rooms.demand, rooms.room, sites.fixed, sites.state, near, *rules, most, dice)


def stand(ground: Ground, site: Ints, turn: int) -> Standing:
    """Return a plan ready to be changed.

    Parameters
    ----------
    ground : Ground
        Costs and capacities.
    site : ndarray
        Site of each client.
    turn : int
        Number of the search: each has other luck.

    Returns
    -------
    Standing
    """
    held = np.bincount(site, minlength=len(ground.room))
    opened = (held > 0) | (ground.state == OPEN)
    left = ground.room - np.bincount(site, ground.demand, len(ground.room))
    cost = ground.cost[site, np.arange(len(site))].sum() + ground.fixed[opened].sum()
    number = np.array([cost, opened.sum(), turn * STRIDE % DICE])
    return Standing(site.copy(), left, held, ground.limit - ground.weight @ opened, number)


@kernel
def _roll(ground: Ground, plan: Standing) -> float:
    at = int(plan.number[AT])
    plan.number[AT] = float((at + 1) % ground.dice.size)
    return float(ground.dice[at])


@kernel
def _leave(ground: Ground, plan: Standing, i: int) -> None:
    j = plan.site[i]
    plan.site[i] = NOBODY
    plan.left[j] += ground.demand[i]
    plan.held[j] -= 1
    plan.number[COST] -= ground.cost[j, i]
    if plan.held[j] == 0 and ground.state[j] != OPEN:
        plan.number[COST] -= ground.fixed[j]
        plan.number[OPENED] -= 1.0
        plan.spare[:] += ground.weight[:, j]


@kernel
def _join(ground: Ground, plan: Standing, i: int, j: int) -> None:
    if plan.held[j] == 0 and ground.state[j] != OPEN:
        plan.number[COST] += ground.fixed[j]
        plan.number[OPENED] += 1.0
        plan.spare[:] -= ground.weight[:, j]
    plan.site[i] = j
    plan.left[j] -= ground.demand[i]
    plan.held[j] += 1
    plan.number[COST] += ground.cost[j, i]


@kernel
def _ruin(ground: Ground, plan: Standing, out: Ints, was: Ints) -> tuple[int, int, int]:
    """Take out clients of sites near one client; return how many, a site not to be used, and that client."""
    n = plan.site.size
    centre = int(_roll(ground, plan) * n)
    wanted = 1 + int(_roll(ground, plan) * MOST_SITES)
    emptied = _roll(ground, plan) < EMPTIED
    partly = _roll(ground, plan)
    barred, found, taken = NOBODY, 0, 0
    for j in ground.near[centre]:
        if plan.held[j] == 0 or _roll(ground, plan) < BLINK:
            continue
        whole = emptied and found == 0 and plan.held[j] <= out.size
        for i in range(n):
            if taken < out.size and plan.site[i] == j and (whole or _roll(ground, plan) < partly):
                out[taken], was[taken] = i, j
                taken += 1
        if whole and ground.state[j] != OPEN and _roll(ground, plan) < REOPENED:
            barred = j
        found += 1
        if found == wanted:
            break
    for k in range(taken):
        _leave(ground, plan, out[k])
    return taken, barred, centre


@kernel
def _may_open(ground: Ground, plan: Standing, j: int) -> bool:
    if ground.state[j] == CLOSED or plan.number[OPENED] >= ground.most:
        return False
    return bool((ground.weight[:, j] <= plan.spare).all())


@kernel
def _price(ground: Ground, plan: Standing, pair: tuple[int, int], wish: tuple[int, int, float]) -> float:
    """Return what a client costs at a site as it is judged now; infinite where it cannot go there."""
    i, j = pair
    barred, added, part = wish
    if j == barred or plan.left[j] < ground.demand[i]:
        return np.inf
    if plan.held[j] > 0 or ground.state[j] == OPEN:
        return float(ground.cost[j, i])
    if not _may_open(ground, plan, j):
        return np.inf
    if j == added:
        return float(ground.cost[j, i])
    share = max(part, ground.demand[i] / ground.room[j]) if ground.room[j] > 0.0 else 1.0
    return float(ground.cost[j, i] + ground.fixed[j] * share)


@kernel
def _cheapest(ground: Ground, plan: Standing, i: int, wish: tuple[int, int, float]) -> int:
    best, chosen = np.inf, NOBODY
    for j in ground.near[i]:
        if ground.cost[j, i] >= best:
            break
        price = _price(ground, plan, (i, j), wish)
        if price < best and _roll(ground, plan) >= BLINK:
            best, chosen = price, j
    if chosen != NOBODY:
        return int(chosen)
    for j in range(ground.room.size):
        price = _price(ground, plan, (i, j), wish)
        if price < best:
            best, chosen = price, j
    return int(chosen)


@kernel
def _recreate(ground: Ground, plan: Standing, out: Ints, ruined: tuple[int, int, int]) -> bool:
    """Put the clients back, the largest first by and large; return whether all found a place."""
    taken, barred, centre = ruined
    added = NOBODY
    if _roll(ground, plan) < ADDED:
        added = ground.near[centre, int(_roll(ground, plan) * ground.near.shape[1])]
        if plan.held[added] > 0 or added == barred:
            added = NOBODY
    wish = (barred, added, _roll(ground, plan))
    key = np.empty(taken)
    noise = 2.0 * _roll(ground, plan)
    for k in range(taken):
        key[k] = -ground.demand[out[k]] * (1.0 + noise * _roll(ground, plan))
    for k in np.argsort(key):
        j = _cheapest(ground, plan, out[k], wish)
        if j == NOBODY:
            return False
        _join(ground, plan, out[k], j)
    return True


@kernel
def _worth_it(ground: Ground, plan: Standing, dearer: float, warmth: float) -> bool:
    return dearer <= 0.0 or (warmth > 0.0 and _roll(ground, plan) < np.exp(-dearer / warmth))


@kernel
def _move_one(ground: Ground, plan: Standing, warmth: float) -> None:
    """Shift a client to another open site, or swap it with one there; a dearer move has less of a chance."""
    i = int(_roll(ground, plan) * plan.site.size)
    a = plan.site[i]
    b = ground.near[i, int(_roll(ground, plan) * ground.near.shape[1])]
    if a == b or (plan.held[b] == 0 and ground.state[b] != OPEN):
        return
    dearer = ground.cost[b, i] - ground.cost[a, i]
    if plan.left[b] >= ground.demand[i]:
        if plan.held[a] > 1 and _worth_it(ground, plan, dearer, warmth):
            _leave(ground, plan, i)
            _join(ground, plan, i, b)
        return
    other = int(_roll(ground, plan) * plan.site.size)
    for _ in range(plan.site.size):
        other = other + 1 if other + 1 < plan.site.size else 0
        if plan.site[other] == b:
            break
    else:
        return
    change = ground.demand[other] - ground.demand[i]
    if plan.left[a] < change or plan.left[b] < -change:
        return
    dearer += ground.cost[a, other] - ground.cost[b, other]
    if _worth_it(ground, plan, dearer, warmth):
        plan.site[i], plan.site[other] = b, a
        plan.left[a] -= change
        plan.left[b] += change
        plan.number[COST] += dearer


@kernel
def ruin_and_recreate(
    ground: Ground, plan: Standing, best: Ints, steps: int, warmth: tuple[float, float]
) -> float:
    """Search from a plan for a better one.

    Parameters
    ----------
    ground : Ground
        Costs and capacities.
    plan : Standing
        Where the search stands; changed.
    best : ndarray, shape (clients,)
        Receives the sites of the best plan.
    steps : int
        Tries.
    warmth : tuple
        First and last temperature, in units of cost.

    Returns
    -------
    float
        Cost of the best plan.
    """
    least = plan.number[COST]
    best[:] = plan.site
    now = plan.site.copy()
    out, was = np.empty(min(RUINED, now.size), np.int64), np.empty(min(RUINED, now.size), np.int64)
    warm, cold = warmth
    for step in range(steps):
        heat = warm * (cold / warm) ** (step / steps)
        before = plan.number[COST]
        ruined = _ruin(ground, plan, out, was)
        good = _recreate(ground, plan, out, ruined)
        worst = before - heat * np.log(max(_roll(ground, plan), 1e-12))
        if not good or plan.number[COST] > worst or (plan.spare < -1e-9).any():
            _restore(ground, plan, now)
        for _ in range(SINGLE):
            _move_one(ground, plan, heat)
        now[:] = plan.site
        if plan.number[COST] < least - 1e-9 * abs(least):
            least = plan.number[COST]
            best[:] = plan.site
    return float(least)


@kernel
def _restore(ground: Ground, plan: Standing, now: Ints) -> None:
    for i in range(now.size):
        if plan.site[i] != now[i] and plan.site[i] != NOBODY:
            _leave(ground, plan, i)
    for i in range(now.size):
        if plan.site[i] != now[i]:
            _join(ground, plan, i, now[i])
