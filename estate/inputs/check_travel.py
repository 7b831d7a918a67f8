"""Checks of given travel: whether its figures can be of the unit that they claim."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.core.errors import Issue
    from estate.inputs.context import Context

PLAUSIBLE_KMH: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"walk": (1.5, 8.0), "cycle": (4.0, 35.0), "car": (6.0, 120.0), "public_transport": (2.0, 100.0)}
)
"""Speeds in a straight line [km/h] between which the middle one of given times must lie."""
ANY_KMH = (0.5, 1000.0)
CIRCUITY = (0.95, 2.5)
"""Given distances per straight line between which the middle one must lie; over roads 1.2 to 1.6."""
MOST_SHORTER = 0.1
"""No way is shorter than the straight line, but for centroids that lie elsewhere: so few pairs may be."""
LEAST_KM = 1.0
"""Pairs nearer than this [km] tell nothing of the unit."""
LEAST_PAIRS = 3


def travel_units(context: Context) -> list[Issue]:
    """Find modes whose distances or times cannot be km or minutes: miles, seconds, the one for the other."""
    issues: list[Issue] = []
    for mode, given in context["travel"].groupby("mode", sort=True):
        straight, rows = _far_apart(given, context)
        circuity = _middle(rows["km"] / straight)
        speed = _middle(straight / (rows["minutes"] / 60).replace(0, np.nan))
        low, high = PLAUSIBLE_KMH.get(str(mode), ANY_KMH)
        shorter = float((rows["km"] < CIRCUITY[0] * straight).mean())
        if not np.isnan(circuity) and not (
            CIRCUITY[0] <= circuity <= CIRCUITY[1] and shorter <= MOST_SHORTER
        ):
            less = f", and {shorter:.0%} are shorter than it" if shorter > MOST_SHORTER else ""
            told = f"by {mode} are {circuity:.2g} times the straight line in the middle{less}: not km"
            issues += context.whole("travel", "km", "", told, _remedy("km", "minutes, metres or miles"))
        if not np.isnan(speed) and not low <= speed <= high:
            told = f"by {mode} mean {speed:.3g} km/h in a straight line in the middle: not minutes"
            issues += context.whole("travel", "minutes", "", told, _remedy("minutes", "km, seconds or hours"))
    return issues


def travel_ratios(context: Context) -> list[str]:
    """Say how given distances compare with the straight line: minutes by car look much like km."""
    notes = []
    for mode, given in context["travel"].groupby("mode", sort=True):
        straight, rows = _far_apart(given, context)
        circuity = _middle(rows["km"] / straight)
        if CIRCUITY[0] <= circuity <= CIRCUITY[1]:
            notes.append(
                f"Given km by {str(mode).replace('_', ' ')} are {circuity:.2f} times the straight line in "
                "the middle (over roads 1.2 to 1.6 is usual): see that they are not minutes, which can look "
                "alike."
            )
    return notes


def _remedy(column: str, others: str) -> str:
    return (
        f"enter {column}; if the figures are {others}, name their unit under data.matrices, and if they are "
        "right, correct the coordinates"
    )


def _middle(values: pd.Series) -> float:
    known = values.dropna()
    return float(known.median()) if len(known) >= LEAST_PAIRS else float("nan")


def _far_apart(rows: pd.DataFrame, context: Context) -> tuple[pd.Series, pd.DataFrame]:
    """Return straight lines [km] and rows of the pairs that are far enough apart to tell of the unit."""
    ends = []
    for table, key in (("areas", "area_id"), ("sites", "site_id")):
        places = context[table].drop_duplicates(key).set_index(key)[["easting", "northing"]]
        ends.append(places.reindex(rows[key]).to_numpy(dtype=float))
    straight = pd.Series(np.hypot(*(ends[0] - ends[1]).T) / 1000, index=rows.index)
    far = straight >= LEAST_KM
    return straight[far], rows[far]
