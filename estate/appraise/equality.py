"""Who bears the change: travel before and after by deprivation, age, disability, car and rurality."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.access_summary import FARTHER_KM, SEVERAL, nearest_km, service_travel
from estate.appraise.facts import number, text
from estate.appraise.offers import read_offers, within
from estate.appraise.places import nearest, open_sites, shown_years, travels

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from estate.appraise.lines import Matrix
    from estate.appraise.offers import Offers
    from estate.appraise.places import Places, Travel
    from estate.config import Config
    from estate.core.types import Estate, Plan

BANDS_KM = (0.5, 1.0, 2.0, 5.0)
"""Upper ends of the bands of extra travel [km]; farther than the last is a band of its own."""
BAND_COLUMNS = (
    "worse_to_0_5_km",
    "worse_0_5_to_1_km",
    "worse_1_to_2_km",
    "worse_2_to_5_km",
    "worse_over_5_km",
)
SHARES = (
    ("age", "over65_share", "65 and over", "under 65"),
    ("disability", "disabled_share", "disabled", "not disabled"),
    ("car availability", "no_car_share", "no car", "car"),
)
"""Characteristic, column of ``areas``, the group, and everybody else."""
UNKNOWN = "not known"
WHEN = ("before", "after")
LONGER_MINUTES = 0.5
"""Who needs less than this more [min] takes as long as before: the timing is no finer."""
ONCE = ("at least one service", "three services or more")
"""Names under which each person is counted once over all services."""
EQUALITY = (
    "characteristic",
    "group",
    "service_id",
    "year",
    "residents",
    *(f"{of}_{unit}_{when}" for unit in ("km", "minutes") for of in ("mean", "p90", "max") for when in WHEN),
    "worse_off",
    "worse_off_share",
    "times_all_residents",
    "mean_extra_km",
    *BAND_COLUMNS,
    "no_place_left",
    "no_place_today",
    "better_off",
    "takes_longer",
    "mean_extra_minutes",
)
IN_REACH = (
    "standard_id",
    "service_id",
    "characteristic",
    "group",
    "year",
    "residents",
    "share_before",
    "share_after",
    "change",
)


@dataclass(frozen=True)
class Groups:
    """Residents of every group by area; those of one characteristic add up to all residents.

    Attributes
    ----------
    names : list of tuple of str
        Characteristic and group; the first are all residents.
    people : ndarray, shape (groups, areas)
        Residents [person].
    """

    names: list[tuple[str, str]]
    people: Matrix


def equality_groups(estate: Estate) -> Groups:
    """Return the residents of every group; whom the data do not know is a group of its own.

    Within an area the members of a group are taken to live where all its residents live.
    """
    areas = estate.tables["areas"]
    people = number(areas["population"])
    found: dict[tuple[str, str], Matrix] = {("all residents", "all residents"): people}
    decile = number(areas["imd_decile"], np.nan)
    for ten in range(1, 11):
        words = {1: "1 (most deprived)", 10: "10 (least deprived)"}.get(ten, str(ten))
        found["deprivation decile", words] = people * (decile == ten)
    found["deprivation decile", UNKNOWN] = people * np.isnan(decile)
    for characteristic, column, members, others in SHARES:
        share = number(areas[column], np.nan)
        known = ~np.isnan(share)
        found[characteristic, members] = people * np.where(known, share, 0.0)
        found[characteristic, others] = people * np.where(known, 1.0 - share, 0.0)
        found[characteristic, UNKNOWN] = people * ~known
    rurality = text(areas["rurality"])
    for word in ("urban", "rural", ""):
        found["rurality", word or UNKNOWN] = people * (rurality == word)
    kept = {name: row for name, row in found.items() if row.any() or name[1] == "all residents"}
    return Groups(list(kept), np.array(list(kept.values())))


def equality_tables(estate: Estate, config: Config, plan: Plan) -> dict[str, pd.DataFrame]:
    """Return who bears the change, by the name of the file.

    Parameters
    ----------
    estate, config, plan
        As given to `access_table`.

    Returns
    -------
    dict of str to DataFrame
        equality: travel of every group to the nearest place [km] and to the quickest [min, by the
        mode of the service's first standard; blank where its speed is not known], before (BAU) and
        after (plan), by service and year; how many are worse off [person], by how much, and how that
        share compares with all residents'. Mean, 90th percentile and greatest are of those who have a
        place both times; who has none today or is left without one is counted apart. Over all services each
        person is counted once. equality_standards: share of every group in reach by standard.
    """
    years = shown_years(config, plan)
    offers = read_offers(estate, plan, years)
    places = offers.places
    by_mode = travels(estate, places)
    how = service_travel(estate, places, by_mode)
    groups = equality_groups(estate)
    horizon = config.horizon.horizon()
    labels = [(index, horizon.label(t)) for index, t in enumerate(years)]
    travelled = [table for index, year in labels for table in _year(places, how, groups, (index, year))]
    reach = [
        _in_reach(offers, by_mode[str(standard["mode"])], standard, groups, year)
        for standard, year in product(estate.tables["standards"].to_dict("records"), labels)
    ]
    return {
        "equality": _stacked(travelled, EQUALITY),
        "equality_standards": _stacked(reach, IN_REACH),
    }


def _stacked(tables: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(tables, ignore_index=True)[list(columns)]


def _year(places: Places, how: dict[str, Travel], groups: Groups, at: tuple[int, str]) -> list[pd.DataFrame]:
    """Return the tables of one year: of each service, and of each person once."""
    index, year = at
    services = np.zeros(groups.people.shape[1])
    tables = []
    for service, travel in how.items():
        offered = [open_sites(places, service, (case, index)) for case in ("bau", "plan")]
        now, then = (nearest_km(travel, sites) for sites in offered)
        farther = _extra(now, then) > FARTHER_KM
        services += farther
        told = _told(groups, now, then) | _timed(groups, *(_quickest(travel, sites) for sites in offered))
        tables.append(_table(groups, (service, year), told))
    for words, least in zip(ONCE, (1, SEVERAL), strict=True):
        tables.append(_table(groups, (words, year), {"worse_off": groups.people @ (services >= least)}))
    return tables


def _quickest(how: Travel, offered: NDArray[np.bool_]) -> Matrix:
    """Return the time from each area to the place reached first [min], infinite where none is known."""
    best = nearest(how.minutes, how.known, offered)
    return np.where(best >= 0, how.minutes[np.arange(len(best)), best], np.inf)


def _timed(groups: Groups, now: Matrix, then: Matrix) -> dict[str, Matrix]:
    """Return the time before and after of those who know both, how many take longer, and by how much."""
    both = np.isfinite(now) & np.isfinite(then)
    told = _spread(now, groups.people * both, "minutes_before")
    told |= _spread(then, groups.people * both, "minutes_after")
    extra = np.where(both, then - np.where(both, now, 0.0), 0.0)
    longer = extra > LONGER_MINUTES
    total = groups.people @ longer
    sums = groups.people[:, longer] @ extra[longer]
    mean = np.divide(sums, total, out=np.full(len(sums), np.nan), where=total > 0)
    return told | {"takes_longer": total, "mean_extra_minutes": mean}


def _extra(now: Matrix, then: Matrix) -> Matrix:
    """Return how much farther the nearest place is [km]: infinite where none is left, 0 where none was."""
    served_now = np.isfinite(now)
    return np.where(served_now, then - np.where(served_now, now, 0.0), 0.0)


def _table(groups: Groups, at: tuple[str, str], told: dict[str, Matrix]) -> pd.DataFrame:
    """Return one service in one year: a row for every group, blank where nothing is told."""
    frame = pd.DataFrame(groups.names, columns=["characteristic", "group"])
    residents = groups.people.sum(axis=1)
    frame = frame.assign(service_id=at[0], year=at[1], residents=residents, **told)
    frame["worse_off_share"] = frame["worse_off"] / frame["residents"].where(frame["residents"] > 0)
    everybody = float(frame["worse_off_share"].iloc[0])
    frame["times_all_residents"] = frame["worse_off_share"] / everybody if everybody > 0 else np.nan
    return frame.reindex(columns=list(EQUALITY))


def _told(groups: Groups, now: Matrix, then: Matrix) -> dict[str, Matrix]:
    """Return travel before and after, and who is worse off by how much, of every group."""
    people, extra = groups.people, _extra(now, then)
    both = np.isfinite(now) & np.isfinite(then)
    told = _spread(now, people * both, "km_before") | _spread(then, people * both, "km_after")
    farther, left = extra > FARTHER_KM, np.isfinite(now) & ~np.isfinite(then)
    some = farther & ~left
    total = people @ some
    sums = people[:, some] @ extra[some]
    told["mean_extra_km"] = np.divide(sums, total, out=np.full(len(sums), np.nan), where=total > 0)
    band = np.searchsorted(BANDS_KM, extra - FARTHER_KM)
    told |= {name: people @ (some & (band == k)) for k, name in enumerate(BAND_COLUMNS)}
    return told | {
        "worse_off": people @ farther,
        "no_place_left": people @ left,
        "no_place_today": people @ ~np.isfinite(now),
        "better_off": people @ ((extra < -FARTHER_KM) | (np.isfinite(then) & ~np.isfinite(now))),
    }


def _spread(km: Matrix, people: Matrix, name: str) -> dict[str, Matrix]:
    """Return mean, 90th percentile and greatest of every group, blank where it has nobody."""
    used = people.any(axis=0)
    km, people = km[used], people[:, used]
    order = np.argsort(km, kind="stable")
    upto = np.cumsum(people[:, order], axis=1)
    total = people.sum(axis=1)
    blank = np.full(len(people), np.nan)
    mean = np.divide(people @ km, total, out=blank.copy(), where=total > 0)
    ninth, most = blank.copy(), blank.copy()
    for row in np.flatnonzero(total > 0):
        ninth[row] = km[order][_first(upto[row], 0.9 * total[row])]
        most[row] = km[people[row] > 0].max()
    return {f"mean_{name}": mean, f"p90_{name}": ninth, f"max_{name}": most}


def _first(upto: NDArray[np.float64], least: float) -> int:
    """Return the first place at which a running sum reaches a value, but for rounding."""
    return int(np.searchsorted(upto, least * (1.0 - 1e-12)))


def _in_reach(
    offers: Offers, how: Travel, standard: Mapping[Hashable, Any], groups: Groups, at: tuple[int, str]
) -> pd.DataFrame:
    """Return the share of every group within one standard, before and after."""
    index, year = at
    frame = pd.DataFrame(groups.names, columns=["characteristic", "group"])
    known = {name: str(standard[name]) for name in ("standard_id", "service_id")}
    frame = frame.assign(year=year, residents=groups.people.sum(axis=1), **known)
    total = frame["residents"].where(frame["residents"] > 0)
    for case, column in (("bau", "share_before"), ("plan", "share_after")):
        counted = offers.counted(standard, how, (case, index))
        frame[column] = groups.people @ within(how, standard, counted) / total
    return frame.assign(change=frame["share_after"] - frame["share_before"])
