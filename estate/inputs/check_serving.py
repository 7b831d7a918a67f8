"""Checks of what says who visits what, how far they travel, and how they are served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.core.errors import Issue
from estate.core.travel import SPEED_OF_MODE

if TYPE_CHECKING:
    from estate.inputs.context import Context


def resident_travel(context: Context) -> list[Issue]:
    """Find what is missing where residents' travel is asked for as a cost."""
    asked = context.config.resident_travel
    if not asked.as_cost:
        return []
    issues = []
    if not context.given("areas"):
        issues.append(("as_cost", "true", "needs to know where residents live", "give the table areas"))
    if not visited(context):
        remedy = "give the table demand, or fill visits_per_year in provisions"
        issues.append(("as_cost", "true", "needs visits, and none are given", remedy))
    modes = sorted({*SPEED_OF_MODE, *context["travel"]["mode"]} - {""})
    if asked.mode not in modes:
        issues.append(("mode", asked.mode, "is not a known mode of travel", f"use one of {', '.join(modes)}"))
    return [Issue("config", None, f"resident_travel.{key}", *words) for key, *words in issues]


def visited(context: Context) -> set[str]:
    """Return the services of which some visits are known."""
    tables = (context["provisions"], context["demand"])
    return {service for table in tables for service in table.loc[table["visits_per_year"] > 0, "service_id"]}


def warn_visits(context: Context) -> list[str]:
    """Say whose visits are known, and whose are not counted."""
    if not context.given("areas"):
        return []
    services, known = context.filled("services"), visited(context)
    back = set(services.loc[~services["front_office"], "service_id"])
    silent = set(context["provisions"]["service_id"]) - known - back - {""}
    notes = []
    if silent and known:
        names = ", ".join(sorted(silent))
        notes.append(f"No visits are known for {names}: their figures count residents, not users.")
    if known:
        notes.append(
            "Visits by people who live elsewhere are not told apart; they count where demand names areas "
            "beyond the boundary (population 0 with their visits)."
        )
    if context.config.resident_travel.as_cost and context.config.objective == "financial":
        notes.append("Residents' travel is in the economic figures; the plan is chosen on bills without it.")
    return notes


def warn_digital(context: Context) -> list[str]:
    """Say which provisions can never leave: all online, in a service that may not be."""
    services, provisions = context.filled("services"), context["provisions"]
    allowed = set(services.loc[services["online_allowed"], "service_id"])
    held = (provisions["digital_share"] >= 1) & ~provisions["service_id"].isin(allowed)
    if not held.any():
        return []
    told = "provisions have a digital share of 1 in a service that may not be online"
    return [f"{int(held.sum())} {told}: they keep no counter to move, and never leave."]
