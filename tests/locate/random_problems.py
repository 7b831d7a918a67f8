"""Random small problems of location of every kind, with ties, zeros, negative and huge values."""

from __future__ import annotations

import numpy as np

from estate.locate import SideRule, make_problem
from estate.locate.problem import COUNTED, DISTANCES, KINDS

NAMES = tuple(KINDS)


def costs(random, n, m):
    style = random.integers(0, 6)
    if style == 0:
        return random.integers(0, 4, (n, m)) * 1.0
    if style == 1:
        return random.random((n, m))
    if style == 2:
        return random.integers(-50, 50, (n, m)) * 1.0
    if style == 3:
        return 10.0 ** random.uniform(-3, 6, (n, m))
    return np.zeros((n, m)) if style == 4 else random.integers(1, 1000, (n, m)) * 1.0


def fixed_costs(random, m):
    style = random.integers(0, 4)
    if style == 0:
        return np.zeros(m)
    if style == 1:
        return random.integers(0, 10, m) * 1.0
    return random.normal(0, 30, m) if style == 2 else 10.0 ** random.uniform(-3, 5, m)


def random_problem(random, kind):
    n, m = int(random.integers(1, 12)), int(random.integers(1, 8))
    cost = costs(random, n, m)
    if kind in DISTANCES:
        cost = np.abs(cost)
    if random.random() < 0.2:
        cost[random.random((n, m)) < 0.4] = np.inf
    parts = {"fixed": fixed_costs(random, m)}
    if random.random() < 0.4:
        lock = random.choice(3, m, p=[0.7, 0.15, 0.15])
        parts["opened"], parts["closed"] = np.flatnonzero(lock == 1), np.flatnonzero(lock == 2)
    if kind in COUNTED or random.random() < 0.3:
        parts["p"] = int(random.integers(1, m + 1))
    if kind in {"cflp", "sscflp", "capacitated-p-median"}:
        # Whole numbers, and others, of which the engine rounds.
        part = random.choice([1.0, 1.0, 0.3, np.pi])
        parts["demand"] = random.integers(0, 10, n) * part
        parts["capacity"] = random.integers(1, 30, m) * part + random.choice([0.0, 0.4])
    if kind == "max-cover":
        parts["demand"] = random.integers(0, 10, n) * 1.0
    if kind in {"set-cover", "max-cover"}:
        there = cost[np.isfinite(cost)]
        parts["radius"] = float(random.choice(there)) if len(there) else 1.0
    if random.random() < 0.3:
        parts["rules"] = tuple(
            SideRule(f"rule {k}", random.integers(0, 10, m) * 1.0, float(random.integers(3, 30)))
            for k in range(random.integers(1, 3))
        )
    return make_problem(kind, cost, **parts)
