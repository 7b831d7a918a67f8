"""Where a service is offered as a standard asks: on enough hours and days, at a time of day, with room.

The section *Open as asked* of docs/model.md 5. What is not known is never taken as open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.core.cells import clock_hours
from estate.core.travel import SPEED_OF_MODE
from estate.core.week import week_hours
from estate.model.hosting import ALL_WEEK
from estate.model.visitors import SERVES

if TYPE_CHECKING:
    from estate.model.instance import Instance

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Week = tuple[Floats, Floats]

WITH_ROOM = "with_room"
SLACK = 1e-9  # hours, days
ALIKE = 1e-9  # km or minutes: places that differ by less are the same to residents
MIDNIGHT = 24.0


def open_here(inst: Instance, standard: Any) -> Mask:  # noqa: ANN401 - a row of a table
    """Return which provisions are open as a standard asks where they are now, shape (provisions,)."""
    of = inst.provisions
    when = (of["opens"].to_numpy(), of["closes"].to_numpy())
    week = week_hours(of["week"]) if standard.open_on else None
    return _as_asked(standard, of["open_hours"].to_numpy(), of["days"].to_numpy(), when, week)


def open_there(inst: Instance, standard: Any, pairs: pd.DataFrame) -> Mask:  # noqa: ANN401 - a row of a table
    """Return whether provisions would be open as asked at places to which they may move.

    A hub is open no longer than its site is known to be; a place that lends room no longer and on no
    more days than it lends, and within its window where it names one.

    Parameters
    ----------
    pairs : DataFrame
        Numbers of provisions and places, row by row.
    """
    of = inst.provisions.iloc[pairs["provision"].to_numpy(dtype=int)]
    at = inst.places.iloc[pairs["place"].to_numpy(dtype=int)]
    days, lent = of["days"].to_numpy(), (at["kind"] == "host").to_numpy()
    building = inst.sites["open_hours"].to_numpy()[at["site"].to_numpy(dtype=int)]
    most = np.where(lent, at["hours"].to_numpy(dtype=float), np.where(np.isnan(building), np.inf, building))
    hours = of["open_hours"].to_numpy() * np.minimum(1.0, at["days"].to_numpy() / days)
    begins, ends = at["opens"].to_numpy(), at["closes"].to_numpy()
    window = lent & ((begins > 0) | (ends < MIDNIGHT))
    when = (
        np.where(window, begins, of["opens"].to_numpy()),
        np.where(window, ends, of["closes"].to_numpy()),
    )
    week = _week_there(of, at, (begins, ends)) if standard.open_on else None
    return _as_asked(standard, np.minimum(hours, most), np.minimum(days, at["days"].to_numpy()), when, week)


def _week_there(of: pd.DataFrame, at: pd.DataFrame, window: Week) -> Week:
    """Return when provisions would be open on each day at the places to which they may move.

    A place that names its days gives those, or of more than the provision needs those it has now; one that
    lends every day, and a hub, gives the days that it has now.
    """
    own, lent = week_hours(of["week"]), week_hours(at["week"])
    has, gives = _named(own), _named(lent)
    named, days = gives.any(axis=1, keepdims=True), of["days"].to_numpy()[:, None]
    few = gives.sum(axis=1, keepdims=True) <= days + SLACK
    every = at["days"].to_numpy()[:, None] >= ALL_WEEK - SLACK
    opened = np.where(named, gives & (has | few), has & every)
    limited = ((window[0] > 0) | (window[1] < MIDNIGHT))[:, None]
    found = []
    for mine, theirs, edge, shut in zip(own, lent, window, (np.inf, -np.inf), strict=True):
        known = np.where(has, mine, np.nan)
        there = np.where(named, theirs, np.where(limited, edge[:, None], np.nan))
        found.append(np.where(opened, np.where(np.isfinite(there), there, known), shut))
    return found[0], found[1]


def _named(week: Week) -> Mask:
    """Return which days of weeks are named, at times known or not."""
    return np.asarray(~np.isposinf(week[0]))


def _as_asked(
    standard: Any,  # noqa: ANN401
    hours: Floats,
    days: Floats,
    when: tuple[Floats, Floats],
    week: Week | None,
) -> Mask:
    """Return which offers are open as asked; comparisons with what is not known are false."""
    found = np.ones(len(hours), dtype=bool)
    if standard.min_hours_per_week > 0:
        found &= hours >= standard.min_hours_per_week - SLACK
    if standard.min_days_per_week > 0:
        found &= days >= standard.min_days_per_week - SLACK
    if week is not None:
        asked = _named(week_hours([standard.open_on]))[0]
        when = (week[0][:, asked], week[1][:, asked])
        found &= _named(when).all(axis=1)
    if standard.open_at:
        at = clock_hours(standard.open_at, 0.0)
        then = (when[0] <= at + SLACK) & (at < when[1] - SLACK)
        found &= then if week is None else then.all(axis=1)
    return found


def homes(inst: Instance, areas: pd.DataFrame, service: int, standard: Any) -> Ints:  # noqa: ANN401
    """Return the place of each area today, by the travel of a standard; -1 where there is none.

    Returns
    -------
    ndarray, shape (areas,)
        Number of the site that offers the service with least travel; of places alike the first by id.
    """
    serves = inst.sites["status"].isin(SERVES).to_numpy()
    own = inst.provisions.loc[inst.provisions["service"] == service, "site"].to_numpy(dtype=int)
    sites = np.unique(own[serves[own]])
    if not len(sites):
        return np.full(len(areas), -1, dtype=np.int64)
    xy = inst.sites[["x", "y"]].to_numpy()[sites]
    at = areas[["easting", "northing"]].to_numpy(dtype=float)
    far = (
        np.hypot(*(at[:, None, :] - xy[None, :, :]).transpose(2, 0, 1)) * inst.assumptions["circuity"] / 1000
    )
    if standard.metric == "minutes":
        far = far / inst.assumptions.get(SPEED_OF_MODE.get(str(standard.mode), ""), np.nan) * 60
    table = inst.area_km[inst.area_km["mode"] == standard.mode]
    area = pd.Index(areas["area_id"]).get_indexer(table["area_id"])
    site = pd.Index(inst.sites["site_id"][sites]).get_indexer(table["site_id"])
    given = table["km" if standard.metric == "km" else "minutes"].to_numpy(dtype=float)
    both = (area >= 0) & (site >= 0) & np.isfinite(given)
    far[area[both], site[both]] = given[both]
    far = np.where(np.isfinite(far), far, np.inf)
    least = far.min(axis=1)
    nearest = (far <= least[:, None] + ALIKE).argmax(axis=1)
    return np.where(np.isfinite(least), sites[nearest], -1).astype(np.int64)


def possible(inst: Instance, service: int, standard: Any) -> pd.DataFrame:  # noqa: ANN401
    """Return where a service could be offered as asked, and from when, whatever else a plan does.

    Returns
    -------
    DataFrame
        home (site of the provision now), site, first (year).
    """
    of = inst.provisions
    mine, here = (of["service"] == service).to_numpy(), open_here(inst, standard)
    home = of["site"].to_numpy(dtype=np.int64)
    stay = np.flatnonzero(mine & here)
    pairs = inst.pairs[mine[inst.pairs["provision"].to_numpy(dtype=int)]]
    pairs = pairs[open_there(inst, standard, pairs)]
    place = inst.places.iloc[pairs["place"].to_numpy(dtype=int)]
    merges = inst.merges[mine[inst.merges["provision"].to_numpy(dtype=int)]]
    merges = merges[here[merges["target"].to_numpy(dtype=int)]]
    parts = [
        (home[stay], home[stay], np.zeros(len(stay), np.int64)),
        (home[pairs["provision"]], place["site"].to_numpy(), place["lead_years"].to_numpy()),
        (home[merges["provision"]], home[merges["target"]], np.zeros(len(merges), np.int64)),
    ]
    columns = ("home", "site", "first")
    return pd.concat([pd.DataFrame(dict(zip(columns, part, strict=True))) for part in parts]).astype(np.int64)
