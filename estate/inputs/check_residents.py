"""Checks of areas, standards and travel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from estate.core.errors import Issue
from estate.core.reference import kinds
from estate.core.tables import nearest
from estate.core.travel import SPEED_OF_MODE
from estate.core.words import plural
from estate.inputs.rates import needs_provisions
from estate.inputs.scope import kind_codes

if TYPE_CHECKING:
    from estate.inputs.context import Context

TOTAL = re.compile(
    r"\b(?:grand |sub-?)?totals?\b|\ball areas\b|\bwhole (?:borough|city|county|district)\b", re.IGNORECASE
)
GSS_CODE = re.compile(r"[EWSN]\d{8}")
SHARE_OF_GROUP = {
    "most_deprived": "imd_decile",
    "over65": "over65_share",
    "no_car": "no_car_share",
    "disabled": "disabled_share",
    "urban": "rurality",
    "rural": "rurality",
    "deprived_urban": "rurality",
}
SHOWN = 5
ZONES = {
    "zone": "enter the district, ward or constituency",
    "postcode_district": "enter the postcode district, for example M33",
}


def totals_beside_parts(context: Context) -> list[Issue]:
    """Find rows of areas that are totals of others: by name, by sum, or by the level of their code."""
    areas = context["areas"]
    if areas.empty:
        return []
    named = areas["name"].str.contains(TOTAL) | areas["area_id"].str.contains(TOTAL)
    population = areas["population"].fillna(0.0)
    rest = population.sum() - population
    sums = (len(areas) >= 3) & (population > 0) & np.isclose(population, rest, rtol=1e-9, atol=0.5)
    level = areas["area_id"].where(areas["area_id"].str.fullmatch(GSS_CODE)).str[1:3]
    usual = level.mode().iloc[0] if level.notna().any() else ""
    other = level.notna() & (level != usual)
    found = areas[named | sums | other]
    remedy = "delete totals; keep one level of area"
    return context.issues(
        "areas", found, "area_id", "is a total beside its parts, or an area of another level", remedy
    )


def mixed_vintages(context: Context) -> list[Issue]:
    """Find codes of different years joined without a lookup."""
    areas = context["areas"]
    counts = areas["code_vintage"][areas["code_vintage"] != ""].value_counts()
    if len(counts) < 2:
        return []
    odd = areas[(areas["code_vintage"] != "") & (areas["code_vintage"] != counts.index[0])]
    problem = f"is mixed with {counts.index[0]} (the most frequent)"
    return context.issues(
        "areas", odd, "code_vintage", problem, "carry all areas to one vintage with a lookup first"
    )


def populations(context: Context) -> list[Issue]:
    """Find a table of areas in which nobody lives."""
    areas = context["areas"]
    if areas.empty or (areas["population"] > 0).any():
        return []
    return context.whole("areas", "population", "", "is nowhere above 0", "enter the residents of each area")


def places_of_areas(context: Context) -> list[Issue]:
    """Find areas without a place for which no travel is given either."""
    areas = context["areas"]
    lost = areas[areas["easting"].isna() & ~areas["area_id"].isin(context["travel"]["area_id"])]
    remedy = "enter easting and northing, or longitude and latitude, of its population-weighted centroid"
    return context.issues("areas", lost, "area_id", "has no place", remedy)


def offered(context: Context) -> set[str]:
    """Return every service that somebody provides, also where provisions will follow from kinds."""
    sites, provisions = context.filled("sites"), context["provisions"]
    sites = sites.assign(kind=kind_codes(sites["kind"]))
    table = kinds().set_index("kind")
    scope = sites["scope"].where(sites["scope"] != "", sites["kind"].map(table["scope"]))
    services = set(provisions["service_id"])
    if needs_provisions(sites.assign(scope=scope), provisions):
        services |= set(sites["kind"].map(table["service_id"]).dropna())
    return services - {""}


def standards(context: Context) -> list[Issue]:
    """Find standards whose service nobody provides or whose mode nobody can time."""
    table, known = context.filled("standards"), offered(context)
    issues: list[Issue] = []
    lost = table[~table["service_id"].isin(known) & (table["service_id"] != "")]
    for row, service in lost["service_id"].items():
        like = nearest(str(service), sorted(known))
        remedy = (
            f"did you mean {like}" if like else "record who provides it in provisions, or delete the standard"
        )
        place = (*context.place("standards", row), "service_id", str(service))
        issues.append(Issue(*place, "is provided nowhere", remedy))
    travelled = set(context["travel"]["mode"])
    strange = table[~table["mode"].isin([*SPEED_OF_MODE, *travelled])]
    remedy = f"use one of {', '.join(SPEED_OF_MODE)}, or give the table travel for this mode"
    return issues + context.issues("standards", strange, "mode", "is not a known mode of travel", remedy)


def groups(context: Context) -> list[Issue]:
    """Find standards for groups or zones of which areas says nothing."""
    table, areas = context.filled("standards"), context["areas"]
    if areas.empty:
        return []
    issues: list[Issue] = []
    for group, column in SHARE_OF_GROUP.items():
        if areas[column].isna().all() or areas[column].astype(object).eq("").all():
            bare = table[table["group"] == group]
            remedy = f"fill {column} in {context.source('areas')}"
            issues += context.issues(
                "standards", bare, "group", f"needs {column}, which is blank in every area", remedy
            )
    for column, remedy in ZONES.items():
        bare = areas[areas[column] == ""]
        if len(bare) and (table["geography"] == column).any():
            held = f"and a standard is held in every {column.replace('_', ' ')}"
            if len(bare) == len(areas):
                issues += context.whole("areas", column, "", f"is blank in every area, {held}", remedy)
            else:
                issues += context.issues("areas", bare, column, f"is blank, {held}", remedy)
    return issues


def warn_residents(context: Context) -> list[str]:
    """Say what is switched off for want of areas or standards."""
    if not context.given("areas"):
        return ["There is no table of areas: access rules are off, and nobody's travel is known."]
    told = _empty_areas(context)
    silent = int((context["areas"]["rurality"] == "").sum())
    if silent and context["standards"]["group"].isin(["urban", "rural", "deprived_urban"]).any():
        told.append(
            f"{plural(silent, 'area does', 'areas do')} not say whether urban or rural: counted as neither."
        )
    if not context.given("standards"):
        told.append("There is no table of standards: no plan is held to any travel distance.")
    return told


def _empty_areas(context: Context) -> list[str]:
    """Say which areas have no residents: without visits they count nowhere, with them they lie beyond."""
    areas = context["areas"]
    empty = areas.loc[~(areas["population"] > 0), "area_id"].astype(str)
    visited = empty.isin(context["demand"]["area_id"].astype(str))
    told = {
        "they count nowhere": empty[~visited],
        "their visits are of people beyond the boundary": empty[visited],
    }
    return [
        f"Areas without residents ({', '.join(ids[:SHOWN])}{', ...' if len(ids) > SHOWN else ''}): "
        f"{what}; enter their population if somebody lives there."
        for what, ids in told.items()
        if len(ids)
    ]
