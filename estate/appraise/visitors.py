"""Who visits what today, and what residents pay for travel when it goes elsewhere (docs/model.md 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import Facts, number, text, truth
from estate.appraise.lines import NEVER, Matrix, between, post
from estate.appraise.places import SPEEDS, Places, open_sites, read_places, read_travel
from estate.core.types import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.config import Config
    from estate.core.types import Estate

ALIKE = 1e-9
"""Places whose measures differ by less are alike to residents: the first by id is taken."""
RESIDENTS = "residents"


@dataclass(frozen=True)
class Visits:
    """Visits of residents to one service, from the areas to their places today.

    Attributes
    ----------
    home : ndarray, shape (areas,)
        Column of the place, -1 where there is none.
    yearly : ndarray, shape (areas,)
        Visits [1/year]; 0 where nothing is known.
    source : str
        ``demand`` where the table demand has rows for the service, ``provisions`` where the visits
        of provisions are shared out by population, else blank.
    """

    home: NDArray[np.int64]
    yearly: Matrix
    source: str


def front_services(estate: Estate) -> list[str]:
    """Return the services that residents visit, by id."""
    table = estate.tables["services"]
    return sorted(set(text(table["service_id"])[truth(table["front_office"], blank=True)]))


def homes(measure: Matrix, offered: NDArray[np.bool_], site_ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the column of each area's place: the one of least measure, of several the first by id."""
    columns = np.flatnonzero(offered)
    columns = columns[np.argsort(site_ids[columns].astype(str), kind="stable")]
    if not len(columns):
        return np.full(len(measure), -1, dtype=np.int64)
    near = measure[:, columns]
    least = near.min(axis=1)
    first = columns[(near <= least[:, None] + ALIKE).argmax(axis=1)]
    return np.where(np.isfinite(least), first, -1)


def visits_of(estate: Estate, places: Places, measure: Matrix, service: str) -> Visits:
    """Return who visits a service today.

    Parameters
    ----------
    estate : Estate
        Conformed tables.
    places : Places
        Where services are offered; year 0 first.
    measure : ndarray, shape (areas, sites)
        What residents keep small when they choose a place.
    service : str
        Service.
    """
    demand = estate.tables["demand"]
    home = homes(measure, open_sites(places, service, ("bau", 0)), places.site_ids)
    rows = demand[text(demand["service_id"]) == service]
    if len(rows):
        asked = pd.Series(number(rows["visits_per_year"])).groupby(text(rows["area_id"])).sum()
        yearly, source = number(pd.Series(places.area_ids).map(asked)), "demand"
    else:
        people = number(estate.tables["areas"]["population"])
        yearly, source = _shared_out(estate, places, service, home, people), "provisions"
    yearly = np.where(home >= 0, yearly, 0.0)
    return Visits(home, yearly, source if yearly.any() else "")


def _shared_out(
    estate: Estate, places: Places, service: str, home: NDArray[np.int64], people: Matrix
) -> Matrix:
    """Return the visits of the provisions at each place, shared over its areas by population."""
    table = estate.tables["provisions"]
    rows = table[text(table["service_id"]) == service]
    at = pd.Series(number(rows["visits_per_year"])).groupby(text(rows["site_id"])).sum()
    total = np.bincount(home[home >= 0], weights=people[home >= 0], minlength=len(places.site_ids))
    known = number(pd.Series(places.site_ids).map(at))
    rate = np.divide(known, total, out=np.zeros_like(known), where=total > 0)
    return np.where(home >= 0, rate[home], 0.0) * people


def trip_gbp(estate: Estate, places: Places, mode: str) -> Matrix:
    """Return what one way costs residents [GBP], shape (areas, sites), infinite where not known."""
    how, rates = read_travel(estate, places, mode), estate.assumptions
    straight = np.where(np.isnan(places.straight_km), np.inf, places.straight_km)
    speed = rates[SPEEDS[mode]] if mode in SPEEDS else 0.0
    km = np.where(how.known, how.km, straight)
    hours = np.where(how.known, how.minutes / 60.0, straight / speed if speed else np.inf)
    cost = np.zeros_like(km)
    for amount, price in (
        (hours, rates["travel_time_gbp_per_hour"]),
        (km, rates["travel_distance_gbp_per_km"]),
    ):
        cost = cost + (amount * price if price > 0 else 0.0)
    return cost


def travel(facts: Facts, estate: Estate, config: Config) -> list[pd.DataFrame]:
    """Post the value of residents' extra travel: visitors follow the provision that they visit today."""
    gone = facts.provisions[
        facts.provisions["how"].isin(["move", "merge"]) & (facts.provisions["leaves_t"] < facts.span)
    ]
    if not config.resident_travel.as_cost or gone.empty or estate.tables["areas"].empty:
        return []
    places = read_places(estate, Plan.empty(), [0])
    trip = trip_gbp(estate, places, config.resident_travel.mode)
    visits = {name: visits_of(estate, places, trip, name) for name in front_services(estate)}
    column = {site: i for i, site in enumerate(places.site_ids)}
    home_of = facts.provisions.set_index("provision_id")["site_id"]
    to = gone["to_site_id"].where(gone["how"] == "move", gone["to_provision_id"].map(home_of))
    share = parts_of_site(facts.provisions).loc[gone.index] * gone["stays"]
    # A plan moves some hundred provisions: a loop over them reads better than one large join.
    ways = list(zip(gone["service_id"], gone["site_id"], to, strict=True))
    words: Mapping[str, str] = {"view": "economic", "cashable": "no", "counterparty_id": RESIDENTS}
    weight = income_weights(estate)
    blocks = []
    # What weights add stands beside what the travel is worth, so that both are seen.
    for line, counts in (("resident_travel", np.ones_like(weight)), ("income_weighting", weight - 1.0)):
        extra = [
            _extra(visits.get(what), trip, column[here], column[there], counts) for what, here, there in ways
        ]
        first = gone["leaves_t"].to_numpy(dtype=np.int64)
        amounts = -2.0 * share.to_numpy(dtype=float) * np.array(extra)
        yearly = between(first, np.full(len(gone), NEVER), amounts, facts.span)
        blocks.append(post(gone, yearly, line, **words))
    return blocks


def income_weights(estate: Estate) -> Matrix:
    """Return what a pound of each area's residents counts by their income, 1 where it is not known."""
    income = number(estate.tables["areas"]["income_of_median"], 1.0)
    return np.asarray(np.exp(-estate.assumptions["income_weight_power"] * np.log(income)))


def parts_of_site(provisions: pd.DataFrame) -> pd.Series:
    """Return which part of its site's visits to the service each provision has."""
    of = provisions.groupby(["site_id", "service_id"])["visits"]
    total, count = of.transform("sum"), of.transform("size")
    return (provisions["visits"] / total.where(total > 0)).fillna(1.0 / count)


def _extra(visits: Visits | None, trip: Matrix, here: int, there: int, counts: Matrix) -> float:
    """Return what one way to another place costs more for the visitors of a place [GBP/year]."""
    if visits is None:
        return 0.0
    mine = (visits.home == here) & np.isfinite(trip[:, there])
    return float((visits.yearly[mine] * counts[mine] * (trip[mine, there] - trip[mine, here])).sum())
