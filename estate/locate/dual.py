"""Bounds: the Lagrangian dual of the assignment, raised by a deflected subgradient method.

With a multiplier for every client ("what it would pay to be served") and one for every side rule,
the problem falls apart into sites, each with a price, of which the cheapest are picked. Whatever
the multipliers, the sum is a bound. They move along averaged violations (Camerini, Fratta and
Maffioli 1975, "On improving relaxation methods by modified gradient techniques"), with Polyak's
step towards the best plan; as in the volume algorithm (Barahona and Anbil 2000) the averages of
the picks tend to a solution of the linear relaxation.

:func:`proven` evaluates the dual once more from given multipliers and takes off all that rounding
can have added; only what it returns is ever printed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from estate.locate.compiled import kernel
from estate.locate.lists import CLOSED, FREE, OPEN, Flags, Floats, Lists, Sites

BEST, STEP, MIX, BAD, AGE = range(5)
UNIT = 2.0**-53


class Ascent(NamedTuple):
    """State of the ascent.

    Attributes
    ----------
    centre : ndarray, shape (clients + rules,)
        Best multipliers so far.
    trial : ndarray
        Multipliers where the ascent stands.
    mean : ndarray
        Averaged violation, the direction of the next step.
    fresh : ndarray
        Violation at the trial.
    share : ndarray, shape (sites,)
        Averaged picks, between 0 and 1.
    prices : ndarray, shape (sites,)
        Price of each site at the trial.
    picked : ndarray of int8, shape (sites,)
        Picks at the trial.
    scale : ndarray, shape (clients + rules,)
        How far each multiplier moves for one unit of violation.
    number : ndarray, shape (5,)
        Best bound, step factor, weight of the newest violation, failures in a row, iterations.
    """

    centre: Floats
    trial: Floats
    mean: Floats
    fresh: Floats
    share: Floats
    prices: Floats
    picked: Flags
    scale: Floats
    number: Floats


def new_ascent(centre: Floats, sites: int, step: float = 0.25) -> Ascent:
    """Return the state before the first iteration, from given multipliers.

    Parameters
    ----------
    centre : ndarray, shape (clients + rules,)
        Multipliers to begin with.
    sites : int
        Number of sites.
    step : float
        First step, as a share of Polyak's.

    Returns
    -------
    Ascent
    """
    size = len(centre)
    number = np.array([-np.inf, step, 0.2, 0.0, 0.0])
    scale = np.abs(centre)
    scale = np.maximum(scale / max(scale.mean(), 1e-300), 0.05) ** 2 if scale.any() else np.ones(size)
    return Ascent(
        centre.astype(float),
        centre.astype(float),
        np.zeros(size),
        np.zeros(size),
        np.zeros(sites),
        np.zeros(sites),
        np.zeros(sites, np.int8),
        scale,
        number,
    )


@kernel
def weigh(lists: Lists, sites: Sites, multiplier: Floats, prices: Floats) -> None:
    """Work out the price of every site under the multipliers."""
    n = lists.cap.size
    prices[:] = sites.fixed
    for k in range(sites.limit.size):
        if multiplier[n + k] != 0.0:
            for j in range(prices.size):
                prices[j] += multiplier[n + k] * sites.weight[k, j]
    for i in range(n):
        level = multiplier[i]
        for a in range(lists.start[i], lists.start[i + 1]):
            c = lists.cost[a]
            if c >= level:
                break
            prices[lists.site[a]] += c - level


@kernel
def pick(sites: Sites, prices: Floats, picked: Flags) -> tuple[float, float, float, float]:
    """Pick the cheapest sites that the numbers allow.

    Returns
    -------
    tuple
        Sum of prices; what one pick more would let go; what one pick less would take in; sum of
        the absolute prices picked. All are infinite where there are not enough sites.
    """
    total, size = 0.0, 0.0
    taken, free = 0, 0
    values = np.empty(prices.size)
    for j in range(prices.size):
        picked[j] = 0
        if sites.state[j] == OPEN:
            picked[j] = 1
            taken += 1
            total += prices[j]
            size += abs(prices[j])
        elif sites.state[j] == FREE:
            values[free] = prices[j]
            free += 1
    low, high = max(sites.least - taken, 0), min(sites.most - taken, free)
    if low > high:
        return np.inf, np.inf, np.inf, np.inf
    values = values[:free]
    take = min(max(int(np.sum(values < 0.0)), low), high)
    dearest, cheapest = _around(values, take)
    _take(sites, prices, picked, take, dearest)
    for j in range(prices.size):
        if picked[j] and sites.state[j] == FREE:
            total += prices[j]
            size += abs(prices[j])
    leaves = dearest if take == high else max(dearest, 0.0) if take == low and take else 0.0
    enters = cheapest if take == low else min(cheapest, 0.0)
    return total, leaves, enters, size


@kernel
def _take(sites: Sites, prices: Floats, picked: Flags, take: int, dearest: float) -> None:
    """Pick the free sites below the dearest price, and as many at it as are wanted."""
    for j in range(prices.size):
        if sites.state[j] == FREE and prices[j] < dearest:
            picked[j] = 1
            take -= 1
    for j in range(prices.size):
        if take > 0 and sites.state[j] == FREE and prices[j] == dearest:
            picked[j] = 1
            take -= 1


@kernel
def _select(values: Floats, wanted: int) -> None:
    """Put the value with that rank in its place, smaller ones before it (Hoare 1961)."""
    low, high = 0, values.size - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if wanted <= j:
            high = j
        elif wanted >= i:
            low = i
        else:
            break


@kernel
def _around(values: Floats, take: int) -> tuple[float, float]:
    """Return the dearest price among the `take` cheapest, and the cheapest beyond."""
    if take == 0:
        return -np.inf, values.min() if values.size else np.inf
    if take == values.size:
        return values.max(), np.inf
    _select(values, take - 1)
    return values[take - 1], values[take:].min()


@kernel
def _violate(lists: Lists, sites: Sites, up: Ascent) -> None:
    n = lists.cap.size
    for i in range(n):
        level, short = up.trial[i], 1.0
        for a in range(lists.start[i], lists.start[i + 1]):
            if lists.cost[a] >= level:
                break
            short -= up.picked[lists.site[a]]
        up.fresh[i] = short
    for k in range(sites.limit.size):
        over = -sites.limit[k]
        for j in range(up.picked.size):
            over += sites.weight[k, j] * up.picked[j]
        up.fresh[n + k] = over


@kernel
def dual_value(sites: Sites, up: Ascent, clients: int, total: float) -> float:
    """Return the dual value at the trial, given the sum of the picked prices."""
    for i in range(clients):
        total += up.trial[i]
    for k in range(sites.limit.size):
        total -= up.trial[clients + k] * sites.limit[k]
    return total


@kernel
def move(cap: Floats, up: Ascent, gap: float) -> bool:
    """Step along the deflected violation, no client above its cap; return whether there is a way."""
    n = cap.size
    norm = 0.0
    for i in range(up.mean.size):
        up.mean[i] += up.number[MIX] * (up.fresh[i] - up.mean[i])
        # What the cap or the sign holds back is no direction to go.
        held_back = up.trial[i] >= cap[i] if i < n else up.trial[i] <= 0.0
        if held_back and (up.mean[i] > 0.0) == (i < n):
            up.mean[i] = 0.0
        norm += up.scale[i] * up.mean[i] * up.mean[i]
    if norm <= 1e-12:
        return False
    step = up.number[STEP] * max(gap, 0.0) / norm
    for i in range(n):
        up.trial[i] = min(up.trial[i] + step * up.scale[i] * up.mean[i], cap[i])
    for k in range(n, up.mean.size):
        up.trial[k] = max(up.trial[k] + step * up.scale[k] * up.mean[k], 0.0)
    return True


@kernel
def judge(up: Ascent, value: float) -> None:
    """Keep a better bound; shorten the step after ten failures in a row."""
    if value > up.number[BEST]:
        up.number[BEST] = value
        up.centre[:] = up.trial
        up.number[BAD] = 0.0
        return
    up.number[BAD] += 1.0
    if up.number[BAD] >= 10.0:
        up.number[BAD] = 0.0
        up.number[STEP] *= 0.7


@kernel
def raise_bound(lists: Lists, sites: Sites, up: Ascent, steps: int, aim: float, goal: float) -> int:
    """Raise the bound by a deflected subgradient method.

    Parameters
    ----------
    lists, sites, up
        The problem and the state, which is changed in place.
    steps : int
        Iterations at most.
    aim : float
        Value towards which steps are sized, for example the best plan's.
    goal : float
        Stop once the bound is as high as this.

    Returns
    -------
    int
        Iterations done; -1 if the numbers of sites cannot be met.
    """
    n = lists.cap.size
    for done in range(steps):
        if up.number[AGE] == 0.0:
            for i in range(n):
                up.trial[i] = min(up.centre[i], lists.cap[i])
        weigh(lists, sites, up.trial, up.prices)
        total, _, _, _ = pick(sites, up.prices, up.picked)
        if total == np.inf:
            return -1
        value = dual_value(sites, up, n, total)
        _violate(lists, sites, up)
        judge(up, value)
        weight = 1.0 / (1.0 + min(up.number[AGE], 30.0))
        for j in range(up.share.size):
            up.share[j] += weight * (up.picked[j] - up.share[j])
        if up.number[AGE] == 0.0:
            up.mean[:] = up.fresh
        up.number[AGE] += 1.0
        if up.number[BEST] >= goal or not move(lists.cap, up, aim - value):
            return done + 1
    return steps


@kernel
def proven(lists: Lists, sites: Sites, up: Ascent, cutoff: float, state: Flags) -> float:
    """Evaluate the dual at the centre, less all that rounding can have added; settle sites.

    A sum of N terms is off by at most N units of rounding times the sum of their sizes
    (Higham 2002, "Accuracy and Stability of Numerical Algorithms", 4.2). A site is settled where
    the other choice costs `cutoff` or more; `state` takes what follows.

    Returns
    -------
    float
        A bound; infinite where no set of sites is allowed.
    """
    n, m = lists.cap.size, sites.fixed.size
    for i in range(n):
        up.trial[i] = min(up.centre[i], lists.cap[i])
    weigh(lists, sites, up.trial, up.prices)
    total, leaves, enters, size = pick(sites, up.prices, up.picked)
    if total == np.inf:
        return np.inf
    bound = dual_value(sites, up, n, total)
    slack = UNIT * 2.0 * _sizes(lists, sites, up, size)
    bound -= slack
    for j in range(m):
        state[j] = sites.state[j]
        if state[j] != FREE:
            continue
        if not up.picked[j] and bound + up.prices[j] - leaves - 2 * slack >= cutoff:
            state[j] = CLOSED
        elif up.picked[j] and bound + enters - up.prices[j] - 2 * slack >= cutoff:
            state[j] = OPEN
    return bound


@kernel
def _sizes(lists: Lists, sites: Sites, up: Ascent, picked: float) -> float:
    """Return the sum of (terms x sizes) behind the dual value."""
    n, m = lists.cap.size, sites.fixed.size
    size = picked
    for i in range(up.trial.size):
        size += abs(up.trial[i])
    for k in range(sites.limit.size):
        size += abs(up.trial[n + k] * sites.limit[k])
    total = (n + m + sites.limit.size + 4.0) * size
    for j in range(m):
        terms = 4.0 + sites.limit.size + lists.site_start[j + 1] - lists.site_start[j]
        parts = abs(sites.fixed[j])
        for k in range(sites.limit.size):
            parts += abs(up.trial[n + k] * sites.weight[k, j])
        total += terms * (2.0 * parts + abs(up.prices[j]))
    return total
