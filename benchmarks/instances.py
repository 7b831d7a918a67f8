"""Invented instances, from a size, a shape and a seed; and the fixed sample of published ones.

n clients and m sites in a square of 100 x 100; cost = population x straight line. `uniform`: points
anywhere; `clustered`: Gaussian clusters whose sizes follow Pareto's law. p = m / 10; in UFL one cost
of opening, set so that about m / 10 sites open.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.lists import MatrixSource, PointSource, Sites
from estate.locate.search import greedy, new_plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE = Path(__file__).with_name("sample.csv")


def points(n: int, m: int, shape: str, seed: int) -> tuple[NDArray, NDArray, NDArray]:
    """Return clients, sites and population."""
    random = np.random.default_rng([seed, n, m])
    population = random.integers(500, 3000, n).astype(float)
    if shape == "uniform":
        return random.random((n, 2)) * 100, random.random((m, 2)) * 100, population
    count = max(5, m // 20)
    centres = random.random((count, 2)) * 100
    size = random.pareto(1.5, count) + 1
    spread = random.uniform(1, 5, count)
    clients, sites = (
        np.clip(centres[at] + random.normal(size=(len(at), 2)) * spread[at, None], 0, 100)
        for at in (random.choice(count, k, p=size / size.sum()) for k in (n, m))
    )
    return clients, sites, population


def costs(n: int, m: int, shape: str, seed: int) -> NDArray:
    """Return the whole matrix of costs."""
    clients, sites, population = points(n, m, shape, seed)
    return np.hypot(clients[:, :1] - sites[:, 0], clients[:, 1:] - sites[:, 1]) * population[:, None]


def opening_cost(source: MatrixSource | PointSource) -> float:
    """Return the cost of opening at which about a tenth of the sites pays."""
    m = source.sites
    lists = source.nearest(40)
    none = np.zeros((0, m))
    sites = Sites(np.zeros(m), np.zeros(m, np.int8), m // 10, m // 10, none, np.zeros(0))
    plan = new_plan(lists, sites, np.zeros(m, bool))
    greedy(lists, sites, plan)
    return float(np.median(plan.loss[plan.opened == 1])) * 0.6


def opening(kind: str, source: MatrixSource | PointSource) -> Sites:
    """Return the rules of opening of a p-median or a ufl."""
    m = source.sites
    state, none = np.zeros(m, np.int8), np.zeros((0, m))
    if kind == "p-median":
        return Sites(np.zeros(m), state, m // 10, m // 10, none, np.zeros(0))
    return Sites(np.full(m, opening_cost(source)), state, 1, m, none, np.zeros(0))


def shared() -> Path | None:
    """Return the folder of published instances, where it is there."""
    folder = Path(os.environ.get("ESTATE_SHARED") or Path(__file__).parents[2] / "shared") / "benchmarks"
    return folder if (folder / "optima.csv").is_file() else None


def published(only_sample: bool) -> list[dict[str, str]]:
    """Return the rows of optima.csv; only those of the fixed sample if asked."""
    folder = shared()
    if folder is None:
        return []
    with (folder / "optima.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    if not only_sample:
        return rows
    with SAMPLE.open(encoding="utf-8", newline="") as handle:
        wanted = {tuple(row.values()) for row in csv.DictReader(handle)}
    return [row for row in rows if (row["file"], row["kind"], row["capacity"]) in wanted]
