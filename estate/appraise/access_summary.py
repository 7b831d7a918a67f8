"""Shares within standards, and residents who have farther to travel, each person once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.appraise.facts import number, text, truth
from estate.appraise.offers import read_offers, within
from estate.appraise.places import nearest, open_sites, read_travel, shown_years, travels
from estate.appraise.visitors import visits_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from numpy.typing import NDArray

    from estate.appraise.lines import Matrix
    from estate.appraise.places import Places, Travel
    from estate.appraise.visitors import Visits
    from estate.config import Config
    from estate.core.types import Estate, Plan

GROUPS = ("all", "most_deprived", "over65", "no_car", "disabled", "urban", "rural", "deprived_urban")
SEVERAL = 3
"""Services for which somebody is worse off, from which on it is told apart."""
FARTHER_KM = 1e-6
"""Smaller differences are rounding, not farther travel."""
PLACES = {"all": True, "without_outside": False}
SHARE_COLUMNS = (
    "standard_id",
    "service_id",
    "places",
    "year",
    "t",
    "case",
    "group",
    "protected",
    "served",
    "weight",
    "share",
)
WORSE_COLUMNS = (
    "service_id",
    "places",
    "year",
    "t",
    "residents",
    "mean_extra_km",
    "p90_extra_km",
    "max_extra_km",
    "unserved",
    "population",
    "visits",
    "visits_all",
)
ANY_COLUMNS = ("places", "year", "t", "residents", "residents_three", "population")


@dataclass(frozen=True)
class AccessSummary:
    """Access of residents, by case and year.

    Attributes
    ----------
    shares : DataFrame
        standard_id, service_id, year, t, case, group, protected (the group that the standard
        protects), places (all, without_outside), served, weight [person], share.
    worse_off : DataFrame
        service_id, year, t, places, residents [person] that travel farther than in BAU, their
        mean, 90th percentile and maximum extra distance [km], unserved [person] for whom no
        place is left, population [person]; visits of the residents who travel farther and
        visits_all of all residents [1/year], NaN where no visits are known.
    any_service : DataFrame
        year, t, places, residents worse off for at least one service, each person once,
        residents_three worse off for three or more, population [person].
    """

    shares: pd.DataFrame
    worse_off: pd.DataFrame
    any_service: pd.DataFrame


def group_weights(estate: Estate) -> dict[str, Matrix]:
    """Return the residents of each group by area [person]; unknown shares count as none."""
    areas = estate.tables["areas"]
    people = number(areas["population"])
    deprived = number(areas["imd_decile"], 99.0) <= 2
    shares = {name: number(areas[f"{name}_share"]) for name in ("over65", "no_car", "disabled")}
    found = {"all": people, "most_deprived": people * deprived}
    found |= {name: people * share for name, share in shares.items()}
    rurality = text(areas["rurality"])
    if (rurality != "").any():
        rank = number(areas["imd_rank_share"], np.nan)
        rank = np.where(np.isnan(rank), number(areas["imd_decile"], 10.0) / 10, rank)
        worst = rank <= estate.assumptions["deprived_urban_share"]
        urban = rurality == "urban"
        rural = people * (rurality == "rural")
        found |= {"urban": people * urban, "rural": rural, "deprived_urban": people * (urban & worst)}
    return found


def access_summary(estate: Estate, config: Config, plan: Plan) -> AccessSummary:
    """Summarise access by standard, group, case and year, and who has farther to travel.

    Parameters
    ----------
    estate, config, plan
        As given to `access_table`.

    Returns
    -------
    AccessSummary
        Each with all places, and with outside places left out.
    """
    years = shown_years(config, plan)
    offers = read_offers(estate, plan, years)
    places = offers.places
    travel = travels(estate, places)
    weights = group_weights(estate)
    horizon = config.horizon.horizon()
    labels = [(index, {"year": horizon.label(t), "t": t}) for index, t in enumerate(years)]
    shares = []
    for standard, (index, year) in product(estate.tables["standards"].to_dict("records"), labels):
        for name, outside in PLACES.items():
            for case in ("bau", "plan"):
                how = travel[str(standard["mode"])]
                reached = within(how, standard, offers.counted(standard, how, (case, index), outside=outside))
                shares += _share_rows(standard, weights, reached, {"places": name, "case": case} | year)
    worse, at_least_one = _worse_off(estate, places, travel, labels)
    return AccessSummary(
        pd.DataFrame(shares, columns=list(SHARE_COLUMNS)),
        pd.DataFrame(worse, columns=list(WORSE_COLUMNS)),
        pd.DataFrame(at_least_one, columns=list(ANY_COLUMNS)),
    )


def _share_rows(
    standard: Mapping[Hashable, Any],
    weights: dict[str, Matrix],
    reached: Matrix,
    where: dict[str, object],
) -> list[dict[str, object]]:
    """Return the share of every group within one standard, in one case and year."""
    rows = []
    for group, weight in weights.items():
        total, served = float(weight.sum()), float(weight @ reached)
        share = served / total if total > 0 else np.nan
        known = {"standard_id": standard["standard_id"], "service_id": standard["service_id"], "group": group}
        result = {"protected": group == standard["group"], "served": served, "weight": total, "share": share}
        rows.append(known | result | where)
    return rows


def _front_services(estate: Estate) -> list[str]:
    """Return the services that residents visit: front office, or with a standard."""
    table = estate.tables["services"]
    front = set(text(table["service_id"])[truth(table["front_office"], blank=True)])
    return sorted(front | set(text(estate.tables["standards"]["service_id"])))


def service_travel(estate: Estate, places: Places, travel: dict[str, Travel]) -> dict[str, Travel]:
    """Return by which travel a service is judged: the mode of its first standard, else straight lines."""
    standards = estate.tables["standards"].sort_values("standard_id")
    first = standards.drop_duplicates("service_id").set_index("service_id")["mode"]
    straight = read_travel(estate, places, "")
    services = _front_services(estate)
    return {name: travel[str(first[name])] if name in first.index else straight for name in services}


def _worse_off(
    estate: Estate, places: Places, travel: dict[str, Travel], labels: list[tuple[int, dict[str, object]]]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return who travels farther for each service, and for at least one, by year."""
    people = number(estate.tables["areas"]["population"])
    modes = service_travel(estate, places, travel)
    visits = {name: visits_of(estate, places, how.km, name) for name, how in modes.items()}
    worse, at_least_one = [], []
    for (name, outside), (index, year) in product(PLACES.items(), labels):
        services = np.zeros(len(people))
        where = {"places": name, "population": float(people.sum())} | year
        for service_id, how in modes.items():
            now, then = (
                nearest_km(how, open_sites(places, service_id, (case, index), outside=outside))
                for case in ("bau", "plan")
            )
            extra = np.where(np.isfinite(now), then - np.where(np.isfinite(now), now, 0.0), 0.0)
            farther = extra > FARTHER_KM
            services += farther
            users = _users(visits[service_id], farther)
            worse.append(
                {"service_id": service_id} | _extra_km(extra[farther], people[farther]) | users | where
            )
        counts = {"residents": services >= 1, "residents_three": services >= SEVERAL}
        at_least_one.append({key: float(people[mask].sum()) for key, mask in counts.items()} | where)
    return worse, at_least_one


def _users(visits: Visits, farther: NDArray[np.bool_]) -> dict[str, object]:
    """Return the visits of those who travel farther, and of all, NaN where none are known."""
    if not visits.source:
        return {"visits": np.nan, "visits_all": np.nan}
    return {"visits": float(visits.yearly[farther].sum()), "visits_all": float(visits.yearly.sum())}


def nearest_km(how: Travel, offered: NDArray[np.bool_]) -> Matrix:
    """Return the distance from each area to its nearest place [km], infinite where there is none."""
    best = nearest(how.km, how.known, offered)
    return np.where(best >= 0, how.km[np.arange(len(best)), best], np.inf)


def _extra_km(extra: Matrix, people: Matrix) -> dict[str, object]:
    """Return how many travel how much farther; those left without any place are counted apart."""
    reached = np.isfinite(extra)
    km, weight = extra[reached], people[reached]
    order = np.argsort(km)
    upto = np.cumsum(weight[order])
    some = len(km) > 0 and upto[-1] > 0
    ninth = km[order][np.searchsorted(upto, 0.9 * upto[-1])] if some else np.nan
    return {
        "residents": float(people.sum()),
        "mean_extra_km": float(np.average(km, weights=weight)) if some else np.nan,
        "p90_extra_km": float(ninth),
        "max_extra_km": float(km[weight > 0].max()) if some else np.nan,
        "unserved": float(people[~reached].sum()),
    }
