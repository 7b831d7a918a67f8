"""How fast a car may go: speed limits as text, and what each class of road is open to."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

KMH_PER_MPH = 1.609344
UNKNOWN_CLASS = "road"
"""Class taken for a road whose class is blank or not in the table."""
_NAMED = {
    "walk": 5.0,
    "national": 60 * KMH_PER_MPH,  # Highway Code rule 124: single carriageways
    "nsl": 60 * KMH_PER_MPH,
    "nsl_single": 60 * KMH_PER_MPH,
    "nsl_dual": 70 * KMH_PER_MPH,
    "nsl_restricted": 30 * KMH_PER_MPH,
    "motorway": 70 * KMH_PER_MPH,
    "urban": 30 * KMH_PER_MPH,
    "rural": 60 * KMH_PER_MPH,
}
_SILENT = frozenset({"", "none", "nan", "signals", "variable", "unknown", "unposted"})
_FIGURE = re.compile(r"(\d+(?:\.\d+)?)\s*(mph|km/?h|kph|kmph)?")
_ZONE = re.compile(r"zone:?\s*(\d+)")


def limit_kmh(text: str) -> float | None:
    """Return a speed limit [km/h] from the text of OpenStreetMap's ``maxspeed``.

    Parameters
    ----------
    text : str
        For example ``30 mph``, ``50``, ``['30 mph', '20 mph']``, ``national`` or ``walk``; a figure
        alone is km/h, and of several the mean is taken.

    Returns
    -------
    float or None
        NaN where the text says nothing (``signals``, blank), None where it is not understood.

    References
    ----------
    OpenStreetMap wiki, Key:maxspeed; national limits of Great Britain from Highway Code rule 124.
    """
    parts = [part.strip().casefold() for part in re.split(r"[;|,]", re.sub(r"[\[\]'\"]", "", text))]
    told = [_one(part) for part in parts if part not in _SILENT]
    if any(value is None for value in told):
        return None
    figures = [value for value in told if value is not None]
    return sum(figures) / len(figures) if figures else float("nan")


def _one(text: str) -> float | None:
    country, _, rest = text.rpartition(":")
    if rest in _NAMED:
        return _NAMED[rest]
    zone = _ZONE.fullmatch(rest) if not country.endswith("zone") else re.fullmatch(r"(\d+)", rest)
    if zone:
        return float(zone[1]) * (KMH_PER_MPH if country.startswith("gb") else 1.0)
    figure = _FIGURE.fullmatch(rest)
    if not figure or not float(figure[1]) > 0:
        return None
    return float(figure[1]) * (KMH_PER_MPH if figure[2] == "mph" else 1.0)


def limits_kmh(texts: NDArray[np.object_]) -> tuple[NDArray[np.float64], list[str]]:
    """Return the limit of every edge [km/h], NaN where nothing is told, and texts not understood."""
    codes, levels = pd.factorize(texts)
    read = [limit_kmh(str(level)) for level in levels]
    strange = [str(level) for level, value in zip(levels, read, strict=True) if value is None]
    values = np.array([np.nan if value is None else value for value in read] + [np.nan])
    return values[codes], strange


@cache
def _road_classes() -> pd.DataFrame:
    with files("estate.access").joinpath("road_classes.csv").open(encoding="utf-8") as handle:
        return pd.read_csv(handle).set_index("road_class")


def road_classes() -> pd.DataFrame:
    """Return limit_kmh [km/h] where none is told, and whether car, cycle and walk may use it, by class."""
    return _road_classes().copy()


def known_classes(texts: NDArray[np.object_]) -> tuple[NDArray[np.object_], list[str]]:
    """Return the class of every edge as the table names it, and the names that it does not have.

    Of several classes (``['residential', 'service']``) the first known one is taken.
    """
    table = set(road_classes().index)
    codes, levels = pd.factorize(texts)
    found, strange = [], []
    for level in levels:
        parts = [part.strip().casefold() for part in re.split(r"[;|,]", re.sub(r"[\[\]'\"]", "", str(level)))]
        named = next((part for part in parts if part in table), UNKNOWN_CLASS)
        if named == UNKNOWN_CLASS and any(part not in {"", UNKNOWN_CLASS, "nan", "none"} for part in parts):
            strange.append(str(level))
        found.append(named)
    return np.array([*found, UNKNOWN_CLASS], dtype=object)[codes], strange
