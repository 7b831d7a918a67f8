"""The ground: local centres, small areas of residents, and where things stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from estate.inputs.synthetic.draw import Numbers, Size, Whole, apportion, ids, stream
from estate.inputs.synthetic.lists import STREET_FIRST, STREET_LAST

ZONES = ("Hodgemoor", "Yardbrook")
WEST, SOUTH, WIDTH_M, HEIGHT_M = 407_500, 284_000, 9_000, 8_000
#: Share of areas in each decile of deprivation, the most deprived first.
RURAL_EAST = 0.93
"""Share of the width beyond which settlements are villages."""
DECILES = np.array([0.42, 0.22, 0.13, 0.08, 0.06, 0.04, 0.02, 0.02, 0.01, 0.0])


@dataclass(frozen=True)
class Ground:
    """A rectangle with local centres.

    Attributes
    ----------
    width_m, height_m : float
        Its extent from the south-western corner [m].
    centres : ndarray
        Easting and northing of the local centres [m].
    weights : ndarray
        How much each centre draws.
    """

    width_m: float
    height_m: float
    centres: Numbers
    weights: Numbers

    def clip(self, points: Numbers) -> Whole:
        """Round to whole metres, inside the rectangle."""
        low = np.array([WEST, SOUTH], dtype=np.float64)
        high = low + np.array([self.width_m, self.height_m])
        return np.rint(np.clip(points, low, high)).astype(np.int64)

    def scatter(self, rng: np.random.Generator, count: int, clustered: float) -> Whole:
        """Place `count` points, the share `clustered` of them around local centres."""
        loose = rng.random((count, 2)) * [self.width_m, self.height_m] + [WEST, SOUTH]
        edges = np.cumsum(self.weights)
        centre = np.minimum(np.searchsorted(edges, rng.random(count) * edges[-1]), len(edges) - 1)
        near = self.centres[centre] + rng.normal(0.0, 380.0, (count, 2))
        return self.clip(np.where((rng.random(count) < clustered)[:, None], near, loose))

    def districts(self, points: Whole) -> list[str]:
        """Name the postcode district of each point: nine in rows of three."""
        parts = (points - [WEST, SOUTH]) / [self.width_m, self.height_m] * 3
        column, row = np.minimum(parts.astype(np.int64), 2).T
        return [f"TB{number}" for number in row * 3 + column + 1]

    def zones(self, points: Whole) -> list[str]:
        """Name the constituency of each point: a slanting line divides the two."""
        east = (points[:, 0] - WEST) / self.width_m
        north = (points[:, 1] - SOUTH) / self.height_m
        return [ZONES[int(value)] for value in (north < 0.55 - 0.15 * (east - 0.5))]


def grid_points(rng: np.random.Generator, count: int, size: tuple[float, float], jitter: float) -> Numbers:
    """Spread points over a rectangle: rows of cells, one point a cell, moved within it."""
    rows = max(1, round(float(np.sqrt(count * size[1] / size[0]))))
    in_row = apportion(count, np.ones(rows))
    row = np.repeat(np.arange(rows), in_row)
    column = np.arange(count) - np.repeat(np.cumsum(in_row) - in_row, in_row)
    moved = (rng.random((count, 2)) - 0.5) * jitter
    east = (column + 0.5 + moved[:, 0]) / in_row[row] * size[0]
    north = (row + 0.5 + moved[:, 1]) / rows * size[1]
    return np.column_stack([east + WEST, north + SOUTH])


def make_ground(size: Size) -> Ground:
    """Lay out the ground: as large as the number of areas needs, at the density of 130 on 9 by 8 km."""
    scale = max(0.25, float(np.sqrt(size.areas / 130)))
    extent = (WIDTH_M * scale, HEIGHT_M * scale)
    rng = stream(size.seed, "ground")
    count = max(2, round(size.areas / 9))
    centres = grid_points(rng, count, extent, 0.8)
    return Ground(extent[0], extent[1], centres, rng.uniform(0.5, 1.5, count))


def make_areas(size: Size, ground: Ground) -> pd.DataFrame:
    """Make the small areas with residents, deprivation and groups."""
    rng = stream(size.seed, "areas")
    count = size.areas
    points = ground.clip(grid_points(rng, count, (ground.width_m, ground.height_m), 0.7))
    people = apportion(size.population, rng.lognormal(0.0, 0.16, count))
    east = (points[:, 0] - WEST) / ground.width_m
    score = np.round(1.0 - east + rng.normal(0.0, 0.35, count), 9)
    rank = (np.argsort(np.argsort(-score, kind="stable"), kind="stable") + 0.5) / count
    decile = np.minimum(np.searchsorted(np.cumsum(DECILES), rank), 9) + 1
    hardship = (10 - decile) / 9
    over65 = 0.17 - 0.08 * hardship + rng.normal(0, 0.02, count)
    share = {
        "over65_share": over65,
        "no_car_share": 0.14 + 0.3 * hardship + rng.normal(0, 0.04, count),
        "disabled_share": 0.13 + 0.08 * hardship + rng.normal(0, 0.02, count),
    }
    return pd.DataFrame(
        {
            "area_id": ids("A", count),
            "name": area_names(count),
            "code_vintage": "invented",
            "population": people,
            "easting": points[:, 0],
            "northing": points[:, 1],
            "zone": ground.zones(points),
            "imd_decile": decile,
            **{name: np.round(np.clip(values, 0.02, 0.6), 3) for name, values in share.items()},
            "rurality": np.where(east > RURAL_EAST, "rural", "urban"),
            "postcode_district": ground.districts(points),
            "imd_rank_share": rank_shares(decile, rank),
            "digitally_excluded_share": np.round(0.04 + 0.1 * hardship + 0.3 * np.clip(over65, 0.02, 0.6), 3),
        }
    )


def rank_shares(decile: Whole, rank: Numbers) -> Numbers:
    """Rank areas among those of the whole country: evenly within their decile, in the order of `rank`."""
    order = pd.Series(rank).groupby(decile)
    within = (order.rank(method="first") - 0.5) / order.transform("size")
    shares: Numbers = np.round((decile - 1 + within.to_numpy(dtype=np.float64)) / 10, 4)
    return shares


def area_names(count: int) -> list[str]:
    """Name neighbourhoods after invented trades and plants."""
    ends = ("Bank", "Vale", "Heath", "Fields", "Rise", "Mead", "Brook", "Hill")
    names = [f"{first} {last}" for last in ends for first in STREET_FIRST]
    return [
        names[i % len(names)] + ("" if i < len(names) else f" {i // len(names) + 1}") for i in range(count)
    ]


def property_names(rng: np.random.Generator, labels: list[str]) -> list[str]:
    """Name properties after invented streets; a name that comes again gets a number."""
    first = rng.integers(0, len(STREET_FIRST), len(labels))
    last = rng.integers(0, len(STREET_LAST), len(labels))
    plain = pd.Series(
        [
            f"{STREET_FIRST[a]} {STREET_LAST[b]} {label}"
            for a, b, label in zip(first, last, labels, strict=True)
        ],
        dtype="object",
    )
    again = plain.groupby(plain).cumcount()
    return [
        name if number == 0 else f"{name} {number + 1}" for name, number in zip(plain, again, strict=True)
    ]


def spread(points: Whole, count: int) -> Whole:
    """Choose `count` of the points far from each other: always the farthest from those chosen."""
    chosen = [0]
    gap = np.full(len(points), np.inf)
    while len(chosen) < count:
        last = points[chosen[-1]]
        gap = np.minimum(gap, ((points - last) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(gap)))
    return points[np.array(chosen[:count], dtype=np.int64)]
