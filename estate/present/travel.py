"""Residents' travel by area, before and after: what the maps of travel and their layers show."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.present.serving import table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.present.view import View

COLUMNS = ("km_before", "km_after", "extra_km")
LADDERS = (
    (0.25, 0.5, 0.75, 1.0),
    (0.5, 1.0, 1.5, 2.0),
    (1.0, 2.0, 3.0, 4.0),
    (2.0, 4.0, 6.0, 8.0),
    (5.0, 10.0, 15.0, 20.0),
    (10.0, 20.0, 30.0, 40.0),
)
"""Limits of the classes of travel [km]; a map takes the finest that leaves few areas beyond the last."""
FEW = 0.1
SAME_KM = 0.1
"""A mean that differs by less is shown as the same: less than two minutes on foot."""
CHANGE_LIMITS = (-SAME_KM, SAME_KM, 0.5, 1.0, 2.0)
CHANGES = (
    "nearer by more than 0.1 km",
    "the same within 0.1 km",
    "farther by 0.1 to 0.5 km",
    "farther by 0.5 to 1 km",
    "farther by 1 to 2 km",
    "farther by more than 2 km",
)
LOST, UNKNOWN = "a service has no place left", "not known"


def area_travel(view: View) -> pd.DataFrame:
    """Return the way of every area to the nearest places, as the mean of its services.

    Returns
    -------
    DataFrame
        Indexed by area_id: km_before and km_after, means of the services that have a place both
        times, extra_km between them [km], and lost, how many services are left without a place.
    """
    table = table_of(view, "travel_change")
    if table.empty:
        return pd.DataFrame(columns=[*COLUMNS, "lost"])
    both = table["extra_km"].notna()
    by_area = table[both].groupby(table["area_id"].astype(str))[list(COLUMNS)].mean()
    lost = table["km_before"].notna() & table["km_after"].isna()
    return by_area.reindex(sorted(set(table["area_id"].astype(str)))).assign(
        lost=lost.groupby(table["area_id"].astype(str)).sum()
    )


def service_travel(view: View) -> pd.DataFrame:
    """Return the way of every area by service [km]: columns <service>_before, _after and _extra."""
    table = table_of(view, "travel_change")
    if table.empty:
        return pd.DataFrame()
    wide = table.assign(area_id=table["area_id"].astype(str)).pivot_table(
        index="area_id", columns="service_id", values=list(COLUMNS), dropna=False
    )
    ends = {"km_before": "before", "km_after": "after", "extra_km": "extra"}
    kinds, services = (wide.columns.get_level_values(level) for level in (0, 1))
    names = [f"{service}_{ends[kind]}" for kind, service in zip(kinds, services, strict=True)]
    return wide.set_axis(names, axis=1)


def limits_of(travel: pd.DataFrame) -> tuple[float, ...]:
    """Return the limits of the classes [km] that serve both times."""
    km = travel[["km_before", "km_after"]].to_numpy(dtype=float)
    km = km[np.isfinite(km)]
    fit = [ladder for ladder in LADDERS if not len(km) or (km > ladder[-1]).mean() <= FEW]
    return fit[0] if fit else LADDERS[-1]


def class_words(limits: tuple[float, ...]) -> list[str]:
    """Return the classes in words, the nearest first."""
    between = [f"{low:g} to {high:g} km" for low, high in pairwise(limits)]
    return [f"up to {limits[0]:g} km", *between, f"over {limits[-1]:g} km"]


def classed(km: pd.Series, limits: tuple[float, ...], words: list[str]) -> NDArray[np.object_]:
    """Return the class of each value in words; the upper limit belongs to its class."""
    values = km.to_numpy(dtype=float)
    found = np.array(words, dtype=object)[np.searchsorted(limits, np.nan_to_num(values) - 1e-9)]
    return np.where(np.isfinite(values), found, UNKNOWN)


def change_classes(travel: pd.DataFrame) -> NDArray[np.object_]:
    """Return how the travel of each area changes, in words."""
    found = classed(travel["extra_km"], CHANGE_LIMITS, list(CHANGES))
    return np.where(travel["lost"].to_numpy(dtype=float) > 0, LOST, found)
