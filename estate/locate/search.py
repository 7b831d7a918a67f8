"""Search for good plans on sparse lists: greedy, then adding, dropping and swapping sites, then kicks.

The search knows, for every client, its cheapest and second cheapest open site (Whitaker 1983;
Resende and Werneck 2007, "A fast swap-based local search procedure for location problems"). The
profit of opening j and closing r is ``gain(j) - loss(r) + both(r, j)``, where ``both`` counts the
clients that r serves and j could; on lists, all of it costs no more than the arcs into j.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from estate.locate.compiled import kernel
from estate.locate.lists import CLOSED, FREE, Flags, Floats, Ints, Lists, Sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Index = int | np.int64  # handed on as int64 throughout, so that each step is compiled once

NOBODY = -1


class Plan(NamedTuple):
    """Open sites, and what the search keeps up to date about them.

    Attributes
    ----------
    opened : ndarray of int8, shape (sites,)
        1 where open.
    first, second : ndarray, shape (clients,)
        Cheapest and second cheapest open site of each client in its list; -1 where none.
    near, next_near : ndarray, shape (clients,)
        Their costs.
    loss : ndarray, shape (sites,)
        What the clients of a site would pay more without it.
    used : ndarray, shape (rules,)
        Left-hand side of each side rule.
    size : ndarray, shape (1,)
        Number of open sites.
    both : ndarray, shape (sites,)
        Working room, zero between calls.
    touched : ndarray, shape (sites + 1,)
        Working room; sites whose `both` is not zero, their number last.
    queued : ndarray of int8, shape (sites,)
        Whether a site is to be looked at again.
    """

    opened: Flags
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    near: Floats
    next_near: Floats
    loss: Floats
    used: Floats
    size: Ints
    both: Floats
    touched: Ints
    queued: Flags


def new_plan(lists: Lists, sites: Sites, opened: NDArray[np.bool_]) -> Plan:
    """Return a plan with the given sites open.

    Parameters
    ----------
    lists : Lists
        Arcs.
    sites : Sites
        Costs and rules of opening.
    opened : ndarray of bool, shape (sites,)
        Open sites.

    Returns
    -------
    Plan
    """
    n, m = len(lists.cap), len(sites.fixed)
    plan = Plan(
        opened.astype(np.int8),
        np.full(n, NOBODY, np.int32),
        np.full(n, NOBODY, np.int32),
        np.zeros(n),
        np.zeros(n),
        np.zeros(m),
        np.zeros(len(sites.limit)),
        np.zeros(1, np.int64),
        np.zeros(m),
        np.zeros(m + 1, np.int64),
        np.zeros(m, np.int8),
    )
    refresh(lists, sites, plan)
    return plan


@kernel
def look(lists: Lists, plan: Plan, i: Index) -> None:
    """Find the two cheapest open sites of client i."""
    first, second = NOBODY, NOBODY
    near = next_near = lists.far[i]
    for a in range(lists.start[i], lists.start[i + 1]):
        j = lists.site[a]
        if plan.opened[j]:
            if first == NOBODY:
                first, near = j, lists.cost[a]
            else:
                second, next_near = j, lists.cost[a]
                break
    plan.first[i], plan.second[i] = first, second
    plan.near[i], plan.next_near[i] = near, max(near, next_near)


@kernel
def refresh(lists: Lists, sites: Sites, plan: Plan) -> None:
    """Work everything out anew from the open sites."""
    plan.loss[:] = 0.0
    for i in range(lists.cap.size):
        look(lists, plan, i)
        if plan.first[i] != NOBODY:
            plan.loss[plan.first[i]] += plan.next_near[i] - plan.near[i]
    plan.size[0] = plan.opened.sum()
    for k in range(sites.limit.size):
        plan.used[k] = 0.0
        for j in range(sites.fixed.size):
            plan.used[k] += sites.weight[k, j] * plan.opened[j]


@kernel
def price(sites: Sites, plan: Plan) -> float:
    """Return what the plan costs on the lists."""
    total = 0.0
    for i in range(plan.near.size):
        total += plan.near[i]
    for j in range(sites.fixed.size):
        if plan.opened[j]:
            total += sites.fixed[j]
    return total


@kernel
def turn(lists: Lists, sites: Sites, plan: Plan, j: Index, opened: Index) -> None:
    """Open or close site j, and queue the sites whose profit this may raise."""
    plan.opened[j] = opened
    plan.size[0] += 2 * opened - 1
    for k in range(sites.limit.size):
        plan.used[k] += (2 * opened - 1) * sites.weight[k, j]
    for b in range(lists.site_start[j], lists.site_start[j + 1]):
        i = lists.client[b]
        old, before, old_next = plan.first[i], plan.near[i], plan.next_near[i]
        if opened:
            cost = lists.site_cost[b]
            if cost >= old_next and plan.second[i] != NOBODY:
                continue
            if old == NOBODY or cost < before:
                plan.second[i], plan.next_near[i] = old, before
                plan.first[i], plan.near[i] = j, cost
            else:
                plan.second[i], plan.next_near[i] = j, max(before, cost)
        elif j in (old, plan.second[i]):
            look(lists, plan, np.int64(i))
        else:
            continue
        if old != NOBODY:
            plan.loss[old] -= old_next - before
        now = plan.first[i]
        if now != NOBODY:
            plan.loss[now] += plan.next_near[i] - plan.near[i]
        _queue_around(lists, plan, i, max(old_next, plan.next_near[i]))
    plan.queued[j] = 1


@kernel
def _queue_around(lists: Lists, plan: Plan, i: int, reach: float) -> None:
    for a in range(lists.start[i], lists.start[i + 1]):
        if lists.cost[a] > reach:
            break
        plan.queued[lists.site[a]] = 1


@kernel
def _gain(lists: Lists, plan: Plan, j: Index) -> float:
    """Return what opening j saves its clients; `both` and `touched` are filled."""
    gain = 0.0
    touched = 0
    for b in range(lists.site_start[j], lists.site_start[j + 1]):
        i = lists.client[b]
        cost, near, next_near = lists.site_cost[b], plan.near[i], plan.next_near[i]
        if cost >= next_near:
            continue
        if cost < near:
            gain += near - cost
        r = plan.first[i]
        if r == NOBODY:
            continue
        if plan.both[r] == 0.0:
            plan.touched[touched] = r
            touched += 1
        plan.both[r] += next_near - max(cost, near)
    plan.touched[-1] = touched
    return gain


@kernel
def _fits(sites: Sites, plan: Plan, j: Index, r: Index) -> bool:
    """Return whether the side rules let j open and r close (either may be nobody)."""
    for k in range(sites.limit.size):
        used = plan.used[k]
        if j != NOBODY:
            used += sites.weight[k, j]
        if r != NOBODY:
            used -= sites.weight[k, r]
        if used > sites.limit[k] + 1e-12 * abs(sites.limit[k]) and used > plan.used[k]:
            return False
    return True


@kernel
def best_partner(lists: Lists, sites: Sites, plan: Plan, j: Index) -> tuple[float, int]:
    """Return the profit of opening j together with the best closing (-1: none closes)."""
    gain = _gain(lists, plan, j) - sites.fixed[j]
    best, partner = -np.inf, -2
    if plan.size[0] < sites.most and _fits(sites, plan, j, np.int64(NOBODY)):
        best, partner = gain, NOBODY
    for r in range(sites.fixed.size):
        if plan.opened[r] and sites.state[r] == FREE:
            profit = gain - plan.loss[r] + plan.both[r] + sites.fixed[r]
            if profit > best and _fits(sites, plan, j, r):
                best, partner = profit, r
    for t in range(plan.touched[-1]):
        plan.both[plan.touched[t]] = 0.0
    return best, partner


@kernel
def _drop(lists: Lists, sites: Sites, plan: Plan, least_profit: float, log: Ints) -> bool:
    """Close the site that is worth least, if that pays."""
    best, where = least_profit, -1
    if plan.size[0] <= sites.least or log[-1] > log.size - 4:
        return False
    for r in range(sites.fixed.size):
        if plan.opened[r] and sites.state[r] == FREE:
            profit = sites.fixed[r] - plan.loss[r]
            if profit > best and _fits(sites, plan, np.int64(NOBODY), r):
                best, where = profit, r
    if where < 0:
        return False
    turn(lists, sites, plan, np.int64(where), np.int64(0))
    log[log[-1]] = where
    log[-1] += 1
    return True


@kernel
def settle(lists: Lists, sites: Sites, plan: Plan, log: Ints) -> int:
    """Make every profitable move among the queued sites until none is left.

    `log` takes the sites turned, in order, its last place their number; once it is full the
    search stops and returns 0, else 1.
    """
    m = sites.fixed.size
    room = log.size - 4
    quiet = False
    while not quiet:
        quiet = True
        small = 1e-11 * (1.0 + abs(price(sites, plan))) / (1.0 + plan.near.size) ** 0.5
        for j in range(m):
            if not plan.queued[j]:
                continue
            plan.queued[j] = 0
            if plan.opened[j] or sites.state[j] == CLOSED:
                continue
            profit, partner = best_partner(lists, sites, plan, j)
            if profit > small:
                _swap(lists, sites, plan, (j, partner), log)
                quiet = False
            if log[-1] > room:
                return 0
        while _drop(lists, sites, plan, small, log):
            quiet = False
    return 1


@kernel
def _swap(lists: Lists, sites: Sites, plan: Plan, pair: tuple[Index, Index], log: Ints) -> None:
    into, out = pair
    turn(lists, sites, plan, into, np.int64(1))
    log[log[-1]] = into
    log[-1] += 1
    if out >= 0:
        turn(lists, sites, plan, out, np.int64(0))
        log[log[-1]] = out
        log[-1] += 1


@kernel
def greedy(lists: Lists, sites: Sites, plan: Plan) -> None:
    """Open sites one by one, each time the one that saves most, as far as it pays or must be.

    Savings only fall as sites open, so a site is weighed again only when it comes to the top.
    """
    heap = [(-np.inf, -1)]
    heap.pop()
    for j in range(sites.fixed.size):
        if sites.state[j] == FREE and not plan.opened[j]:
            profit = _gain(lists, plan, j) - sites.fixed[j]
            for t in range(plan.touched[-1]):
                plan.both[plan.touched[t]] = 0.0
            heap.append((-profit, j))
    heapq.heapify(heap)
    while heap and plan.size[0] < sites.most:
        _, j = heapq.heappop(heap)
        if not _fits(sites, plan, j, np.int64(NOBODY)):
            continue
        profit = _gain(lists, plan, j) - sites.fixed[j]
        for t in range(plan.touched[-1]):
            plan.both[plan.touched[t]] = 0.0
        if heap and -profit > heap[0][0]:
            heapq.heappush(heap, (-profit, j))
        elif profit > 0.0 or plan.size[0] < sites.least:
            turn(lists, sites, plan, np.int64(j), np.int64(1))
        else:
            break


@kernel
def kicks(lists: Lists, sites: Sites, plan: Plan, pool: Ints, draws: Ints) -> float:
    """Try pairs of forced swaps near each other, each repaired locally; keep what is not dearer.

    Parameters
    ----------
    lists, sites, plan
        The problem and a plan; the plan is improved in place.
    pool : ndarray
        Sites worth forcing open.
    draws : ndarray, shape (tries, 3)
        Random numbers.

    Returns
    -------
    float
        Cost of the plan on the lists.
    """
    log = np.zeros(400, np.int64)
    refresh(lists, sites, plan)
    best = price(sites, plan)
    plan.queued[:] = 0
    for t in range(draws.shape[0]):
        log[-1] = 0
        j = pool[draws[t, 0] % pool.size]
        _force(lists, sites, plan, j, log)
        degree = lists.site_start[j + 1] - lists.site_start[j]
        if degree:
            i = lists.client[lists.site_start[j] + draws[t, 1] % degree]
            reach = min(lists.start[i + 1] - lists.start[i], 20)
            near = np.int64(lists.site[lists.start[i] + draws[t, 2] % reach])
            _force(lists, sites, plan, near, log)
        if log[-1] == 0:
            continue
        whole = settle(lists, sites, plan, log)
        now = price(sites, plan)
        if whole and now <= best:
            best = now
            continue
        for back in range(log[-1] - 1, -1, -1):
            turn(lists, sites, plan, log[back], 1 - plan.opened[log[back]])
        plan.queued[:] = 0
    refresh(lists, sites, plan)
    return price(sites, plan)


@kernel
def _force(lists: Lists, sites: Sites, plan: Plan, j: Index, log: Ints) -> None:
    if plan.opened[j] or sites.state[j] == CLOSED:
        return
    _, partner = best_partner(lists, sites, plan, j)
    if partner != -2:
        _swap(lists, sites, plan, (j, partner), log)
        plan.queued[j] = 0
