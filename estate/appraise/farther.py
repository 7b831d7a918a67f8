"""Who has farther to go under one plan than under another: areas by name, people, kilometres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.access_summary import FARTHER_KM, nearest_km, service_travel
from estate.appraise.facts import number, text
from estate.appraise.places import open_sites, read_places, travels
from estate.core.types import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate

FARTHER_COLUMNS = ("service_id", "area_id", "area", "people", "before_km", "extra_km")


class Nearest:
    """How far residents are from the nearest place of each service, under any plan of one estate.

    Parameters
    ----------
    estate, config
        As given to `estate.appraise.access_table.access_table`; travel is read once.
    """

    def __init__(self, estate: Estate, config: Config) -> None:
        horizon = config.horizon
        self.estate = estate
        self.year = min(horizon.decision_years, horizon.appraisal_years) - 1
        self.areas = estate.tables["areas"]
        if len(self.areas):
            places = read_places(estate, Plan.empty(), [self.year])
            self.travel = service_travel(estate, places, travels(estate, places))

    def km(self, plan: Plan) -> dict[str, Matrix]:
        """Return for each service the distance of every area in the last decision year [km].

        Infinite where no place is left; empty where the estate has no areas.
        """
        if not len(self.areas):
            return {}
        places = read_places(self.estate, plan, [self.year])
        return {
            service: nearest_km(how, open_sites(places, service, ("plan", 0)))
            for service, how in self.travel.items()
        }

    def farther(self, than: Mapping[str, Matrix], now: Mapping[str, Matrix]) -> pd.DataFrame:
        """Return the areas from which a service is farther `now` than in `than`, most people first.

        Returns
        -------
        DataFrame
            ``FARTHER_COLUMNS``: people [person], before_km and extra_km [km]; extra_km is infinite
            where no place is left.
        """
        parts = [pd.DataFrame(columns=list(FARTHER_COLUMNS))]
        names = text(self.areas["name"]) if len(self.areas) else np.zeros(0, object)
        for service in now:
            before, after = than[service], now[service]
            at = np.flatnonzero(after > np.where(np.isfinite(before), before + FARTHER_KM, np.inf))
            if len(at):
                ids = text(self.areas["area_id"])[at]
                part = pd.DataFrame({"service_id": service, "area_id": ids})
                part["area"] = np.where(names[at] == "", ids, names[at])
                part["people"] = number(self.areas["population"])[at]
                part["before_km"], part["extra_km"] = before[at], after[at] - before[at]
                parts.append(part)
        whole = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
        return whole.sort_values(
            ["people", "area_id", "service_id"], ascending=[False, True, True], ignore_index=True
        )
