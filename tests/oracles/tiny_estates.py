"""Tiny estates from rows of their tables, with the defaults of the data dictionary."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.config import Config
from estate.core.reference import default_assumptions
from estate.core.tables import SPECS, Column, empty
from estate.core.types import CLOSURE_COLUMNS, HUB_COLUMNS, MOVE_COLUMNS, Estate, Plan
from estate.model.rules import resolve_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]
SPEEDS = {"walk": "walk_speed_kmh", "car": "car_speed_kmh", "public_transport": "public_transport_speed_kmh"}
AREA_COLUMNS = ("area_id", "site_id", "mode", "km", "minutes")


def frame(name: str, rows: Iterable[Row]) -> pd.DataFrame:
    """Return a conformed table: every column of the dictionary, its types, its defaults."""
    listed = list(rows)
    if not listed:
        return _blank(name).copy()
    spec = SPECS[name]
    unknown = {key for row in listed for key in row} - set(spec.names)
    assert not unknown, f"{name} has no columns {unknown}"
    return pd.DataFrame({column.name: _column(column, listed) for column in spec.columns})


@cache
def _blank(name: str) -> pd.DataFrame:
    return empty(SPECS[name])


def _column(column: Column, rows: list[Row]) -> pd.Series:
    values = [row.get(column.name) for row in rows]
    if column.type == "boolean":
        default = column.default == "yes"
        return pd.Series([default if value is None else bool(value) for value in values], dtype="bool")
    if column.is_text:
        return pd.Series([column.default if value is None else str(value) for value in values], dtype="str")
    if column.type == "date":
        return pd.Series(pd.to_datetime(pd.Series(values, dtype="object")), dtype="datetime64[s]")
    blank = float(column.default) if column.default else math.nan
    numbers = pd.Series([blank if value is None else float(value) for value in values], dtype="float64")
    return numbers.astype(column.dtype)  # type: ignore[call-overload]


def estate_of(tables: Mapping[str, Iterable[Row]], assumptions: Mapping[str, float] | None = None) -> Estate:
    """Return an estate: blank tables added, floor areas and travel filled in as a run would."""
    table = default_assumptions()
    values = dict(zip(table["name"], table["value"].astype(float), strict=True)) | dict(assumptions or {})
    frames = {name: frame(name, tables.get(name, ())) for name in SPECS}
    sites = frames["sites"]
    sites["scope"] = sites["scope"].mask(sites["scope"] == "", "decide")
    sites["name"] = sites["name"].mask(sites["name"] == "", sites["site_id"])
    sites["nia_m2"] = sites["nia_m2"].fillna(sites["gia_m2"] * values["nia_per_gia"])
    owner = frames["provisions"]["site_id"].map(dict(zip(sites["site_id"], sites["partner_id"], strict=True)))
    provisions = frames["provisions"]
    provisions["partner_id"] = provisions["partner_id"].mask(provisions["partner_id"] == "", owner)
    return Estate(
        tables=frames,
        assumed=pd.DataFrame(),
        funnel=pd.DataFrame(),
        matches=pd.DataFrame(),
        assumptions=values,
        area_km=_travel(frames, values),
    )


def _travel(frames: Mapping[str, pd.DataFrame], values: Mapping[str, float]) -> pd.DataFrame:
    """Return straight line x circuity between every area and site, for every mode in use."""
    found = []
    for mode in dict.fromkeys(frames["standards"]["mode"]):
        for area in frames["areas"].itertuples():
            for site in frames["sites"].itertuples():
                metres = math.hypot(area.easting - site.easting, area.northing - site.northing)
                if math.isfinite(metres):
                    km = metres / 1000 * values["circuity"]
                    found.append((area.area_id, site.site_id, mode, km, km / values[SPEEDS[mode]] * 60))
    return pd.DataFrame(found, columns=list(AREA_COLUMNS)).astype({"km": float, "minutes": float})


def config_of(
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    first_year: int = 2027,
    decision_years: int = 3,
    appraisal_years: int = 10,
    **more: Any,
) -> Config:
    """Return a configuration with its rules resolved, solved exactly."""
    horizon = {
        "first_year": first_year,
        "decision_years": decision_years,
        "appraisal_years": appraisal_years,
    }
    settings: dict[str, Any] = {"solver": {"gap": 0.0, "time_limit": 60.0}} | more
    return Config(name="tiny", horizon=horizon, rules=resolve_rules(rules or {}), **settings)


def plan_of(
    closures: Iterable[tuple[Any, ...]] = (),
    hubs: Iterable[tuple[Any, ...]] = (),
    moves: Iterable[tuple[Any, ...]] = (),
) -> Plan:
    """Return a plan from tuples: (site, year, route), (site, option, year) and
    (provision, how, to site, to option, to provision, year)."""
    return Plan(
        pd.DataFrame(list(closures), columns=list(CLOSURE_COLUMNS)),
        pd.DataFrame(list(hubs), columns=list(HUB_COLUMNS)),
        pd.DataFrame(list(moves), columns=list(MOVE_COLUMNS)),
    )
