"""Travel over a road network, from every area to every site that may serve it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.access.cache import content_key, read_cache, sha256, write_cache
from estate.access.graph import build, refuse
from estate.access.paths import Snapped, Usable, distances, snap, usable
from estate.access.readers import read_network
from estate.access.speeds import known_classes, limits_kmh, road_classes
from estate.core.errors import InputError, Issue
from estate.core.travel import SPEED_OF_MODE, TRAVEL_COLUMNS
from estate.core.types import NetworkTravel
from estate.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from estate.access.graph import Network
    from estate.config import NetworkSection
    from estate.core.types import Estate

SNAPPING_COLUMNS = ("table", "id", "name", "mode", "metres", "snapped")
LEAST_KM = 10.0
"""A network is searched at least so far [km], so that a longer way after a closure is measured too."""
SOON_READ = 20_000_000
"""Networks up to this size are read within seconds [byte]."""
SPARE = 2.0
"""A network is searched to this many times the farthest threshold."""
MOST_DETOUR = 2.0
"""Ways that are longer than this many straight lines are usually a fault of snapping."""
FASTEST_KMH = MappingProxyType({"car": 112.654})
"""Nothing within a threshold in minutes can be farther than this speed [km/h] takes one."""
_PARTS = {"pairs": TRAVEL_COLUMNS, "snapping": SNAPPING_COLUMNS, "notes": ("note",)}


@dataclass(frozen=True)
class _Places:
    """Areas and the sites that may serve, each with its point [m]."""

    areas: pd.DataFrame
    sites: pd.DataFrame

    def points(self, table: str) -> NDArray[np.float64]:
        frame = self.areas if table == "areas" else self.sites
        return np.asarray(frame[["easting", "northing"]].to_numpy(dtype=float))


def measure_network(
    estate: Estate, section: NetworkSection, base: Path, output: Path
) -> tuple[NetworkTravel, tuple[str, ...], dict[str, str]]:
    """Measure travel over the network of a configuration, or take it from the cache.

    Parameters
    ----------
    estate : Estate
        Complete tables; ``sites`` and ``areas`` with easting and northing [m].
    section : NetworkSection
        ``data.network``.
    base : Path
        Folder of relative paths.
    output : Path
        Folder of the runs, in which the cache lies unless the configuration names another.

    Returns
    -------
    NetworkTravel
        Distances and times by mode, and what did not snap.
    tuple of str
        What a reader must know.
    dict of str to str
        SHA-256 by file read.

    Raises
    ------
    InputError
        If the network cannot be used, or no place at all joins it.
    """
    places = _Places(
        estate.tables["areas"][["area_id", "name", "easting", "northing"]].reset_index(drop=True),
        _serving(estate.tables),
    )
    limits = farthest_km(estate.tables["standards"], section, estate.assumptions)
    speeds = {
        name: estate.assumptions[name] for name in (*SPEED_OF_MODE.values(), "car_speed_of_limit_share")
    }
    files = _files(section, base)
    facts = {
        "section": section.model_dump(mode="json", exclude={"cache"}),
        "limits": limits,
        "speeds": speeds,
    }
    key = content_key(files, facts, [places.areas, places.sites])
    folder = base / section.cache if section.cache else output / ".cache"
    tables = read_cache(folder, key, _PARTS)
    if tables is None:
        tables = _measured(_built(section, base), places, section, limits, speeds)
        write_cache(folder, key, tables)
    _refuse_elsewhere(tables["snapping"], section)
    travel = NetworkTravel(tables["pairs"], tables["snapping"], limits)
    notes = (*tables["notes"]["note"].tolist(), *snapping_notes(tables["snapping"], section.snap_limit_m))
    return travel, notes, {file.name: sha256(file) for file in files}


def beside_network(error: InputError, section: NetworkSection | None, base: Path) -> InputError:
    """Return what is wrong with the tables, and with the network itself, in one error.

    A large network is not read for it: whoever mends a table should not wait.
    """
    try:
        if section is not None and sum(file.stat().st_size for file in _files(section, base)) <= SOON_READ:
            _built(section, base)
    except InputError as more:
        return InputError(str(error.args[0]), [*error.issues, *more.issues])
    return error


def _files(section: NetworkSection, base: Path) -> list[Path]:
    """Return the files of a network; one that is not there is an error."""
    files = [base / section.file, *([base / section.nodes] if section.nodes else [])]
    missing = [file for file in files if not file.is_file()]
    if missing:
        issue = Issue(
            "config", None, "data.network.file", missing[0].name, "is not there", "correct the path"
        )
        raise InputError("The road network cannot be used:", [issue])
    return files


def _built(section: NetworkSection, base: Path) -> Network:
    path = base / section.file
    return build(read_network(section, base), path, section.crs, directed=section.directed)


def _serving(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the sites at which a service is or may come."""
    ids = pd.concat([tables[name]["site_id"] for name in ("provisions", "hub_options", "host_terms")])
    sites = tables["sites"]
    shown = sites.loc[sites["site_id"].isin(ids), ["site_id", "name", "easting", "northing"]]
    return shown.reset_index(drop=True)


def farthest_km(
    standards: pd.DataFrame, section: NetworkSection, assumptions: Mapping[str, float]
) -> dict[str, float]:
    """Return how far each mode is searched [km]: twice the farthest threshold, 10 km at least."""
    limits: dict[str, float] = {}
    for mode in section.modes:
        own = standards[standards["mode"] == mode]
        speed = FASTEST_KMH.get(mode, assumptions[SPEED_OF_MODE[mode]])
        km = own["threshold"].where(own["metric"] == "km", own["threshold"] / 60 * speed)
        usual = max(LEAST_KM, SPARE * float(km.max()) if len(km) else 0.0)
        limits[mode] = usual if section.farthest_km is None else section.farthest_km
    return limits


def _measured(
    network: Network,
    places: _Places,
    section: NetworkSection,
    limits: Mapping[str, float],
    speeds: Mapping[str, float],
) -> dict[str, pd.DataFrame]:
    pairs, snapping, notes = [], [], list(network.notes)
    for mode in section.modes:
        minutes, told = minutes_of(network, mode, section.speeds, speeds)
        notes += told
        if not np.isfinite(minutes).any():
            remedy = f"take {mode} out of data.network.modes, or give a network that has its roads"
            raise refuse(section.file, "road_class", "", f"has no road that is open to {mode}", remedy)
        km = np.where(np.isfinite(minutes), network.length_m / 1000, np.nan)
        roads = usable(network, km, both_ways=mode == "walk")
        if roads.left_out:
            notes.append(f"Left out: {plural(roads.left_out, 'road')} open to {mode}, cut off from the rest.")
        at = {
            name: snap(network, roads, places.points(name), section.snap_limit_m)
            for name in ("areas", "sites")
        }
        snapping += [_snapping(places, name, mode, at[name]) for name in ("areas", "sites")]
        pairs.append(_pairs(network, roads, minutes, at, (mode, limits[mode], speeds["walk_speed_kmh"])))
    table = _with_ids(pairs, places)
    notes += _detours(table, places)
    return {
        "pairs": table,
        "snapping": pd.concat(snapping, ignore_index=True),
        "notes": pd.DataFrame({"note": list(dict.fromkeys(notes))}, dtype=object),
    }


def minutes_of(
    network: Network, mode: str, own_speeds: Mapping[str, float], speeds: Mapping[str, float]
) -> tuple[NDArray[np.float64], list[str]]:
    """Return the time on every road [min], NaN where the mode may not use it, and notes.

    On foot and by bicycle the speed is the same everywhere. A car goes at ``own_speeds`` [km/h] of
    the class where given, else at ``car_speed_of_limit_share`` of the speed limit, which is the one
    told, else the usual one of the class.
    """
    classes, strange = known_classes(network.road_class)
    table = road_classes()
    codes = table.index.get_indexer(pd.Index(classes))
    allowed = (table[mode] == "yes").to_numpy()[codes]
    if mode != "car":
        speed = np.full(len(allowed), speeds[SPEED_OF_MODE[mode]])
        notes: list[str] = []
    else:
        told, unread = limits_kmh(network.max_speed)
        limit = np.where(np.isfinite(told), told, table["limit_kmh"].to_numpy()[codes])
        speed = limit * speeds["car_speed_of_limit_share"]
        for name, kmh in own_speeds.items():
            at = pd.Series(network.road_class).str.casefold() == name.casefold()
            speed = np.where(at | (classes == name.casefold()), kmh, speed)
        share = np.isfinite(told).mean()
        notes = [f"A speed limit is given for {share:.0%} of the roads; the others take that of their class."]
        if unread:
            notes.append(f"Speed limits not understood, the class's is taken: {_few(unread)}.")
        unknown = [name for name in strange if name.casefold() not in {n.casefold() for n in own_speeds}]
        if unknown:
            notes.append(f"Classes of road not known, taken as roads of 30 mph: {_few(unknown)}.")
    return np.where(allowed, network.length_m / 1000 / speed * 60, np.nan), notes


def _few(words: list[str]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ", ".join(sorted(words)[:5]) + more


def _snapping(places: _Places, table: str, mode: str, at: Snapped) -> pd.DataFrame:
    frame = places.areas if table == "areas" else places.sites
    return pd.DataFrame(
        {
            "table": table,
            "id": frame["area_id" if table == "areas" else "site_id"].astype(str),
            "name": frame["name"].fillna("").astype(str),
            "mode": mode,
            "metres": np.where(np.isfinite(at.metres), at.metres, np.nan),
            "snapped": at.edge >= 0,
        }
    )


def _pairs(
    network: Network,
    roads: Usable,
    minutes: NDArray[np.float64],
    at: Mapping[str, Snapped],
    how: tuple[str, float, float],
) -> pd.DataFrame:
    """Return positions of area and site, km and minutes of one mode, up to its farthest distance."""
    mode, farthest, walking = how
    offroad = (at["areas"].metres[:, None] + at["sites"].metres[None, :]) / 1000
    km = distances(network, roads, at["areas"], at["sites"], farthest) + offroad
    if mode == "car":
        cost = minutes[roads.edges]
        timed = Usable(
            roads.edges,
            np.where(np.isfinite(roads.forward), cost, np.inf),
            np.where(np.isfinite(roads.backward), cost, np.inf),
            0,
        )
        slowest = (network.length_m[roads.edges] / 1000 / np.maximum(cost, 1e-12) * 60).min()
        time = distances(network, timed, at["areas"], at["sites"], farthest / slowest * 60)
    else:
        speed = network.length_m[roads.edges].sum() / 1000 / minutes[roads.edges].sum() * 60
        time = (
            np.where(np.isfinite(km), km - np.where(np.isfinite(offroad), offroad, 0.0), np.inf) / speed * 60
        )
    area, site = np.nonzero(km <= farthest)
    found = pd.DataFrame({"area": area, "site": site, "km": km[area, site]})
    found["minutes"] = (time + offroad / walking * 60)[area, site]
    return found.assign(mode=mode)


def _with_ids(pairs: list[pd.DataFrame], places: _Places) -> pd.DataFrame:
    table = pd.concat(pairs, ignore_index=True)
    table["area_id"] = places.areas["area_id"].to_numpy()[table["area"]]
    table["site_id"] = places.sites["site_id"].to_numpy()[table["site"]]
    return table[list(TRAVEL_COLUMNS)]


def _detours(pairs: pd.DataFrame, places: _Places) -> list[str]:
    """Name sites to which most ways are twice as long as the straight line: they may have snapped badly."""
    spot = {"area_id": places.areas.set_index("area_id"), "site_id": places.sites.set_index("site_id")}
    at = [spot[key].loc[pairs[key], ["easting", "northing"]].to_numpy(dtype=float) for key in spot]
    straight = np.hypot(*(at[0] - at[1]).T) / 1000
    far = pairs.assign(ratio=pairs["km"] / np.where(straight > 1, straight, np.nan)).dropna(subset="ratio")
    middle = far.groupby("site_id")["ratio"].median()
    odd = middle[middle > MOST_DETOUR].index.tolist()
    if not odd:
        return []
    names = places.sites.set_index("site_id")["name"].reindex(odd)
    told = _few([str(name) if name else str(site) for site, name in names.items()])
    return [
        (
            f"Most ways to {len(odd)} sites are over {MOST_DETOUR:g} times the straight line; they may have "
            f"joined the wrong side of a railway or river, so check their coordinates: {told}."
        )
    ]


def _refuse_elsewhere(snapping: pd.DataFrame, section: NetworkSection) -> None:
    """Refuse a network that no area or no site lies on: it is of another place."""
    some = snapping.groupby("table")["snapped"].any()
    for table in ("areas", "sites"):
        if not some.get(table, True):
            told = f"lies farther than {section.snap_limit_m:g} m from every {table[:-1]}"
            remedy = "give the network of this area, its true data.network.crs, or a larger snap_limit_m"
            issue = Issue(section.file.name, None, "", "", told, remedy)
            raise InputError("The road network cannot be used:", [issue])


def snapping_notes(snapping: pd.DataFrame, limit_m: float) -> list[str]:
    """Say how many areas and sites lie on no road of a mode, and name some."""
    notes = []
    for (mode, table), part in snapping.groupby(["mode", "table"], sort=True):
        lost = part[~part["snapped"]]
        if len(lost):
            names = lost["name"].where(lost["name"] != "", lost["id"]).tolist()
            notes.append(
                f"Farther than {limit_m:g} m from any road for {mode}, with travel in a straight line x "
                f"circuity: {len(lost)} of {len(part)} {table}: {_few(names)}."
            )
    return notes
