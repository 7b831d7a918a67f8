"""Drawing numbers that are the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.core.errors import ConfigError, Issue

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Words = NDArray[np.str_]

LEAST = {"seed": 0, "sites": 5, "areas": 1, "population": 1, "hubs": 0, "hosts": 0, "first_year": 2000}
MOST = {
    "seed": 2**63 - 1,
    "sites": 100_000,
    "areas": 50_000,
    "population": 100_000_000,
    "hubs": 10_000,
    "hosts": 50_000,
    "first_year": 2150,
}


@dataclass(frozen=True)
class Size:
    """How large an invented estate is.

    Attributes
    ----------
    seed : int
        Seed of every draw.
    sites : int
        Public properties that exist.
    areas : int
        Small areas of residents.
    population : int
        Residents [person].
    hubs : int
        Candidate places for new hubs.
    hosts : int
        Premises that lend room.
    first_year : int
        Calendar year in which financial year 0 begins.
    """

    seed: int
    sites: int
    areas: int
    population: int
    hubs: int
    hosts: int
    first_year: int

    def __post_init__(self) -> None:
        """Refuse sizes that no estate can have, all at once."""
        issues = [
            Issue(
                "estate size",
                None,
                name,
                str(value),
                "is out of range",
                f"use a whole number from {LEAST[name]} to {MOST[name]}",
            )
            for name, value in vars(self).items()
            if not isinstance(value, int) or isinstance(value, bool) or not LEAST[name] <= value <= MOST[name]
        ]
        if issues:
            raise ConfigError("An estate of this size cannot be made:", issues)


def stream(seed: int, part: str) -> np.random.Generator:
    """Return the stream of draws of one part, so that a change in one part moves no other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *part.encode()])))


def pick(rng: np.random.Generator, options: Sequence[str], weights: Sequence[float], count: int) -> Words:
    """Draw one of the options `count` times, with the given weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    where = np.searchsorted(edges, rng.random(count) * edges[-1], side="right")
    chosen: Words = np.asarray(options, dtype=np.str_)[np.minimum(where, len(options) - 1)]
    return chosen


def apportion(total: int, weights: Numbers) -> Whole:
    """Share a whole number out by weights: largest remainders, ties to the first."""
    exact = weights / weights.sum() * total
    floors = np.floor(exact)
    shares: Whole = floors.astype(np.int64)
    order = np.argsort(-(exact - floors).round(9), kind="stable")
    shares[order[: total - int(shares.sum())]] += 1
    return shares


def to_step(values: Numbers, step: int) -> Whole:
    """Round to the nearest multiple of `step`, at least one step."""
    steps: Whole = np.maximum(np.rint(values / step), 1).astype(np.int64)
    rounded: Whole = steps * step
    return rounded


def ids(prefix: str, count: int, width: int = 4, first: int = 1) -> list[str]:
    """Return running numbers such as S0001, S0002, as wide as the largest needs."""
    width = max(width, len(str(first + count - 1)))
    return [f"{prefix}{number:0{width}d}" for number in range(first, first + count)]
