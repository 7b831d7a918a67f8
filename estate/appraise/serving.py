"""Who is served how: travel by users, one front door, fitness for everybody, and what goes online."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.access_summary import WORSE_COLUMNS, nearest_km, service_travel
from estate.appraise.equality import equality_tables
from estate.appraise.evidence import evidence_table
from estate.appraise.facts import number, text
from estate.appraise.places import nearest, open_sites, read_places, shown_years, travels
from estate.appraise.visitors import front_services, visits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.appraise.access_summary import AccessSummary
    from estate.appraise.lines import Matrix
    from estate.appraise.places import Places, Travel
    from estate.appraise.visitors import Visits
    from estate.config import Config
    from estate.core.types import Estate, Plan

ALL_PAIRS = "all services"
RESIDENTS = tuple(name for name in WORSE_COLUMNS if name != "t")
FRONT_DOOR = (
    "service_a",
    "service_b",
    "year",
    "linked_share",
    "linked_visits_per_year",
    "one_place_today_per_year",
    "one_place_plan_per_year",
    "journeys_saved_per_year",
    "km_added_per_year",
)
FITNESS = ("field", "asked", "case", "yes", "no", "unknown")
ONLINE = (
    "provision_id",
    "site_id",
    "service_id",
    "how",
    "year",
    "digital_share",
    "visits_online_per_year",
    "residents",
    "digitally_excluded",
)
BY_AREA = (
    "area_id",
    "service_id",
    "year",
    "nearest_before",
    "km_before",
    "nearest_after",
    "km_after",
    "extra_km",
    "minutes_before",
    "minutes_after",
)
STOP_M = 400.0
"""A stop is near within this way [m] where the rule fitness asks for none (usual planning distance to a
bus stop; unverified)."""


@dataclass(frozen=True)
class _Scene:
    """The last year shown, today and with the plan, service by service."""

    places: Places
    last: int
    how: dict[str, Travel]
    visits: dict[str, Visits]

    def home(self, service: str, case: str) -> NDArray[np.int64]:
        """Return the column of the nearest place of each area, -1 where there is none."""
        how = self.how[service]
        return nearest(how.km, how.known, open_sites(self.places, service, (case, self.last)))

    def minutes(self, service: str, case: str) -> Matrix:
        """Return how long each area takes to that place [min], blank where it is not known."""
        home, minutes = self.home(service, case), self.how[service].minutes
        there = np.where(home >= 0, minutes[np.arange(len(home)), home], np.inf)
        return np.where(np.isfinite(there), there, np.nan)

    def km(self, service: str, case: str) -> Matrix:
        """Return the way to the nearest place of each area [km]."""
        return nearest_km(self.how[service], open_sites(self.places, service, (case, self.last)))


def serving_tables(
    estate: Estate, config: Config, plan: Plan, access: AccessSummary | None
) -> dict[str, pd.DataFrame]:
    """Return the tables of how residents are served, by the name of their file.

    Parameters
    ----------
    estate, config, plan
        As given to `access_table`.
    access : AccessSummary or None
        From `access_summary`; None where no areas are given.

    Returns
    -------
    dict of str to DataFrame
        residents: who travels how much farther, by service and year, with outside places and
        without, residents beside visits. front_door: journeys that one place for several
        services saves, by pair, and the travel that nearest places add [km/year], in the last year
        shown. fitness: at how many places each field is met, is not, and is not known. online: what
        goes online wholly or in part, and who is digitally excluded. travel_change: way of every area
        to the nearest place of each service [km], before and after, in the last year shown. equality and
        equality_standards: see `equality_tables`; equality_evidence: see `evidence_table`.
    """
    years = shown_years(config, plan)
    places = read_places(estate, plan, years)
    fitness = _fitness(estate, config, plan, places)
    if access is None:
        blank = {"residents": RESIDENTS, "front_door": FRONT_DOOR, "online": ONLINE}
        return {name: pd.DataFrame(columns=list(columns)) for name, columns in blank.items()} | {
            "fitness": fitness
        }
    how = service_travel(estate, places, travels(estate, places))
    visits = {name: visits_of(estate, places, one.km, name) for name, one in how.items()}
    scene = _Scene(places, len(years) - 1, how, visits)
    label = config.horizon.horizon().label(years[-1])
    return {
        "residents": _residents(access),
        "front_door": _front_door(estate, scene, label),
        "fitness": fitness,
        "online": _online(estate, config, plan, scene),
        "travel_change": _by_area(scene, label),
        **equality_tables(estate, config, plan),
        "equality_evidence": evidence_table(estate, config),
    }


def serving_headlines(tables: dict[str, pd.DataFrame]) -> list[dict[str, object]]:
    """Return journeys saved by one front door beside the travel that nearest places add."""
    rows = tables.get("front_door", pd.DataFrame(columns=list(FRONT_DOOR)))
    whole = rows[rows["service_a"] == ALL_PAIRS]
    if whole.empty:
        return []
    last = whole.iloc[0]
    return [
        {
            "key": "journeys_saved",
            "label": "Journeys saved by one front door, people who need two services or more",
            "value": float(last["journeys_saved_per_year"]),
            "unit": "journeys/year",
            "numerator": float(last["journeys_saved_per_year"]),
            "year": last["year"],
            "note": "Linked trips whose services are at one place with the plan, less those today",
        },
        {
            "key": "km_added",
            "label": "Travel added by nearest places, there and back",
            "value": float(last["km_added_per_year"]),
            "unit": "km/year",
            "year": last["year"],
            "note": "All visits to the nearest place that offers the service; below 0 where it is nearer",
        },
    ]


def _residents(access: AccessSummary) -> pd.DataFrame:
    """Put the services together with those who are worse off for several, each person once."""
    once = access.any_service.drop(columns=["residents_three"]).assign(service_id="at least one service")
    several = access.any_service.drop(columns=["residents"]).rename(columns={"residents_three": "residents"})
    parts = [access.worse_off, once, several.assign(service_id="three services or more")]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return table.reindex(columns=list(RESIDENTS))


def _by_area(scene: _Scene, label: str) -> pd.DataFrame:
    """Return nearest place and way [km] of every area and service, before and after; blank where none is."""
    ids = np.append(scene.places.site_ids, "")
    tables = []
    for service in scene.how:
        facts: dict[str, object] = {"area_id": scene.places.area_ids, "service_id": service, "year": label}
        for case, when in (("bau", "before"), ("plan", "after")):
            km = scene.km(service, case)
            facts[f"nearest_{when}"] = ids[scene.home(service, case)]
            facts[f"km_{when}"] = np.where(np.isfinite(km), km, np.nan)
            facts[f"minutes_{when}"] = scene.minutes(service, case)
        tables.append(pd.DataFrame(facts))
    if not tables:
        return pd.DataFrame(columns=list(BY_AREA))
    table = pd.concat(tables, ignore_index=True)
    return table.assign(extra_km=table["km_after"] - table["km_before"])[list(BY_AREA)]


def _pairs(estate: Estate, services: list[str]) -> list[tuple[str, str, float]]:
    """Return every pair of services with its share of linked trips."""
    table = estate.tables["linked_trips"]
    rows = zip(text(table["service_a"]), text(table["service_b"]), number(table["share"]), strict=True)
    given = {frozenset((a, b)): share for a, b, share in rows}
    usual = estate.assumptions["linked_trip_share"]
    return [(a, b, given.get(frozenset((a, b)), usual)) for a, b in combinations(sorted(services), 2)]


def _front_door(estate: Estate, scene: _Scene, label: str) -> pd.DataFrame:
    """Count the journeys that people save who need two services which are at one place.

    People who need both a and b make share x min(visits to a, visits to b) linked visits; where both
    are at the nearest place of their area, one journey does for two. All pairs together save no more
    at a place than all visits there but those to its most visited service.
    """
    services = [name for name, visits in scene.visits.items() if visits.source]
    pairs = [pair for pair in _pairs(estate, services) if pair[2] > 0]
    homes = {case: {s: scene.home(s, case) for s in services} for case in ("bau", "plan")}
    rows = []
    for a, b, share in pairs:
        linked = share * np.minimum(scene.visits[a].yearly, scene.visits[b].yearly)
        at_one = [
            float(linked[(home[a] == home[b]) & (home[a] >= 0)].sum())
            for home in (homes["bau"], homes["plan"])
        ]
        rows.append((a, b, label, share, float(linked.sum()), *at_one, at_one[1] - at_one[0], np.nan))
    saved = {case: _saved(scene, pairs, home) for case, home in homes.items()}
    added = sum(_km_added(scene, service) for service in services)
    if services:
        whole = (np.nan, np.nan, saved["bau"], saved["plan"], saved["plan"] - saved["bau"], added)
        rows.append((ALL_PAIRS, "", label, *whole))
    return pd.DataFrame(rows, columns=list(FRONT_DOOR))


def _saved(scene: _Scene, pairs: list[tuple[str, str, float]], home: dict[str, NDArray[np.int64]]) -> float:
    """Return the journeys saved by all pairs together [1/year], each place of each area capped."""
    services = sorted({name for a, b, _ in pairs for name in (a, b)})
    if not services:
        return 0.0
    at = np.array([home[s] for s in services])
    visits = np.array([scene.visits[s].yearly for s in services])
    total = 0.0
    for k in range(len(services)):
        # Each place is counted once, at the first service whose nearest it is.
        here = (at == at[k]) & (at[k] >= 0)
        new = ~here[:k].any(axis=0) & (at[k] >= 0)
        linked = np.zeros(at.shape[1])
        for a, b, share in pairs:
            both = here[services.index(a)] & here[services.index(b)]
            least = np.minimum(scene.visits[a].yearly, scene.visits[b].yearly)
            linked += share * np.where(both, least, 0.0)
        there = np.where(here, visits, 0.0)
        total += float(np.minimum(linked, there.sum(axis=0) - there.max(axis=0))[new].sum())
    return total


def _km_added(scene: _Scene, service: str) -> float:
    """Return how much farther visitors travel there and back to the nearest place [km/year]."""
    now, then = (scene.km(service, case) for case in ("bau", "plan"))
    both = np.isfinite(now) & np.isfinite(then)
    return float((2 * scene.visits[service].yearly[both] * (then - now)[both]).sum())


def _fitness(estate: Estate, config: Config, plan: Plan, places: Places) -> pd.DataFrame:
    """Count at how many places with front-office services each field is met, is not, or is not known."""
    front = [i for i, name in enumerate(places.services) if name in set(front_services(estate))]
    cases = {"bau": places.bau[front, :, -1], "plan": places.plan[front, :, -1]}
    rows = []
    for name, rule, state, better in _fields(estate, config, plan, places):
        for case, offered in cases.items():
            mine = np.where(better, 1, state) if case == "plan" else state
            here = mine[offered.any(axis=0) & ~places.outside]
            counts = [int((here == value).sum()) for value in (1, -1, 0)]
            rows.append((name, "no" if rule is None or rule is False else "yes", case, *counts))
    return pd.DataFrame(rows, columns=list(FITNESS))


def _fields(
    estate: Estate, config: Config, plan: Plan, places: Places
) -> list[tuple[str, object, NDArray[np.int64], NDArray[np.bool_]]]:
    """Return each field: name, what the rule asks, 1, -1 or 0 by site, and where a hub's works meet it."""
    sites, asked = estate.tables["sites"], config.rules.get("fitness", {})
    hubs, none = set(text(plan.hubs["site_id"])), np.zeros(len(places.site_ids), dtype=bool)
    ramp = np.isin(places.site_ids.astype(str), list(hubs)) & bool(asked.get("require_step_free", True))
    adapted = np.isin(places.site_ids.astype(str), list(_adding_wc(estate, plan)))
    spaces, stop = asked.get("min_parking_spaces") or 1, asked.get("max_stop_m") or STOP_M
    hours = asked.get("min_hours_per_week") or 0.0
    near = -_at_least(sites["public_transport_stop_m"], stop + 1e-6)
    return [
        ("step-free", asked.get("require_step_free", True), _words(sites["step_free"]), ramp),
        ("accessible WC", asked.get("require_accessible_wc"), _words(sites["accessible_wc"]), adapted),
        (
            f"{spaces} parking spaces or more" if spaces > 1 else "parking for visitors",
            asked.get("min_parking_spaces"),
            _at_least(sites["parking_spaces"], spaces),
            none,
        ),
        (f"stop of public transport within {stop:g} m", asked.get("max_stop_m"), near, none),
        (
            f"open {hours:g} hours a week" if hours else "opening hours",
            asked.get("min_hours_per_week"),
            _at_least(sites["opening_hours_per_week"], hours),
            none,
        ),
    ]


def _words(column: pd.Series) -> NDArray[np.int64]:
    """Return 1 for yes, -1 for no, 0 for what is not known."""
    known = pd.Series(text(column)).map({"yes": 1.0, "no": -1.0})
    return number(known).astype(np.int64)


def _at_least(column: pd.Series, limit: float) -> NDArray[np.int64]:
    """Return 1 for what reaches the limit, -1 for what does not, 0 for what is not known."""
    values = number(column, np.nan)
    reached = np.where(values >= limit, 1, -1)
    return np.asarray(np.where(np.isnan(values), 0, reached), dtype=np.int64)


def _adding_wc(estate: Estate, plan: Plan) -> set[str]:
    options = estate.tables["hub_options"]
    keys = set(zip(text(plan.hubs["site_id"]), text(plan.hubs["option"]), strict=True))
    rows = zip(text(options["site_id"]), text(options["option"]), options["adds_accessible_wc"], strict=True)
    return {site for site, option, adds in rows if adds and (site, option) in keys}


def _online(estate: Estate, config: Config, plan: Plan, scene: _Scene) -> pd.DataFrame:
    """List what goes online wholly or in part, with the residents of its areas who are excluded."""
    table, horizon = estate.tables["provisions"], config.horizon.horizon()
    columns = ["provision_id", "site_id", "service_id", "digital_share", "visits_per_year"]
    went = plan.moves[["provision_id", "how", "year"]].merge(table[columns], on="provision_id")
    went = went[(number(went["digital_share"]) > 0) & went["service_id"].isin(list(scene.visits))]
    people = number(estate.tables["areas"]["population"])
    excluded = number(estate.tables["areas"]["digitally_excluded_share"], np.nan)
    column = {site: i for i, site in enumerate(scene.places.site_ids)}
    rows = []
    for row in went.sort_values("provision_id").to_dict("records"):
        visits = scene.visits[str(row["service_id"])]
        mine = visits.home == column[str(row["site_id"])]
        known = not np.isnan(excluded[mine]).any()
        part = float((people * excluded)[mine].sum()) if known else np.nan
        used = float(row["digital_share"]) * float(row["visits_per_year"])
        where = [row[name] for name in ("provision_id", "site_id", "service_id", "how")]
        facts = [row["digital_share"], used, float(people[mine].sum()), part]
        rows.append([*where, horizon.label(int(row["year"])), *facts])
    return pd.DataFrame(rows, columns=list(ONLINE))
