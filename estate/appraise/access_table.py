"""How far residents travel, in business as usual and with the plan, from the tables alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.appraise.offers import Offers, nearest_counted, read_offers, within
from estate.appraise.places import Travel, shown_years, travels

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from numpy.typing import NDArray

    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate, Plan

ACCESS_COLUMNS = (
    "area_id",
    "service_id",
    "standard_id",
    "year",
    "case",
    "nearest_site_id",
    "distance_km",
    "minutes",
    "within",
)


def access_table(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return the nearest place of every area for every standard, by year and case.

    Parameters
    ----------
    estate : Estate
        Conformed tables and travel.
    config : Config
        Horizon.
    plan : Plan
        What happens, and when.

    Returns
    -------
    DataFrame
        Columns of ``access.csv``, for year 0, every year in which something changes and the
        last decision year: distance [km], time [min], and whether (yes or no) a place is
        within the standard. The nearest is of the places that count for the standard, blank
        where there is none.
    """
    years = shown_years(config, plan)
    offers = read_offers(estate, plan, years)
    horizon = config.horizon.horizon()
    travel = travels(estate, offers.places)
    parts = []
    for standard in estate.tables["standards"].to_dict("records"):
        for index, t in enumerate(years):
            for case in ("bau", "plan"):
                table = _nearest_table(offers, travel, standard, (case, index))
                table.insert(3, "year", horizon.label(t))
                parts.append(table)
    if not parts:
        return pd.DataFrame(columns=list(ACCESS_COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(ACCESS_COLUMNS)]


def _nearest_table(
    offers: Offers, travel: dict[str, Travel], standard: Mapping[Hashable, Any], state: tuple[str, int]
) -> pd.DataFrame:
    """Return nearest place, distance, time and whether within, for one standard, year and case."""
    how = travel[str(standard["mode"])]
    counted = offers.counted(standard, how, state)
    best = nearest_counted(how, standard, counted)
    places = offers.places
    rows = np.arange(len(best))
    ids = np.append(places.site_ids, "")
    found = best >= 0
    return pd.DataFrame(
        {
            "area_id": places.area_ids,
            "service_id": standard["service_id"],
            "standard_id": standard["standard_id"],
            "case": state[0],
            "nearest_site_id": ids[best],
            "distance_km": _blank(how.km[rows, best], found),
            "minutes": _blank(how.minutes[rows, best], found),
            "within": np.where(within(how, standard, counted) >= 1, "yes", "no"),
        }
    )


def _blank(values: Matrix, found: NDArray[np.bool_]) -> Matrix:
    """Return values where there is a place and they are known, else NaN."""
    return np.where(found & np.isfinite(values), values, np.nan)
