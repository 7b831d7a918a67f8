"""Checks of what says who visits what, how far they travel, and how they are served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estate.core.cells import listed
from estate.core.errors import Issue
from estate.core.tables import nearest
from estate.core.travel import SPEED_OF_MODE
from estate.core.week import named_hours
from estate.inputs.serving import term_weeks, window_hours

if TYPE_CHECKING:
    from estate.inputs.context import Context

TIME = re.compile(r"|([01]?\d|2[0-4]):[0-5]\d(:00)?")


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


def hosts(context: Context) -> list[Issue]:
    """Find windows and terms that cannot be, and hours that do not fit their window."""
    terms, services = context["host_terms"], context["services"]
    readable = terms["opens"].str.fullmatch(TIME) & terms["closes"].str.fullmatch(TIME)
    daily = window_hours(terms[readable]).reindex(terms.index).astype(float)
    closed = terms[daily <= 0]
    week = named_hours(terms["open_days"]).fillna(daily * terms["days_per_week"].fillna(7.0))
    over = terms[(daily > 0) & (terms["weekly_hours"] > week + 1e-9)]
    unread = terms[(terms["term_dates"] != "") & terms["term_dates"].map(term_weeks).isna()]
    issues = context.issues(
        "host_terms", closed, "closes", "is not after opens", "write the end of the window, as 21:00"
    )
    issues += context.issues(
        "host_terms",
        over,
        "weekly_hours",
        "is more than its days and times of opening allow",
        "correct one of them, or leave weekly_hours blank",
    )
    issues += context.issues(
        "host_terms", unread, "term_dates", "is not a list of terms", "write 04-09/20-12; 05-01/02-04"
    )
    for column in ("core_opens", "core_closes"):
        bad = services[~services[column].str.fullmatch(TIME)]
        issues += context.issues("services", bad, column, "is not a time of day", "write for example 10:00")
    return issues


def transactions(context: Context) -> list[Issue]:
    """Find transactions that hosts permit and no service has: most likely another spelling."""
    known = {part for text in context["services"]["transactions"] for part in listed(text)}
    issues = []
    for row, text in context["host_terms"]["permitted_transactions"].items():
        for part in sorted(listed(text) - known if known else ()):
            like = nearest(part, sorted(known))
            remedy = f"did you mean {like}" if like else "name it in transactions of services, or delete it"
            place = (context.source("host_terms"), int(str(row)), "permitted_transactions", part)
            issues.append(Issue(*place, "is done in no service", remedy))
    return issues


def linked_trips(context: Context) -> list[Issue]:
    """Find linked trips of a service with itself, and pairs that stand twice."""
    table = context["linked_trips"]
    if table.empty:
        return []
    same = table[table["service_a"] == table["service_b"]]
    pairs = table[["service_a", "service_b"]].apply(sorted, axis=1, result_type="expand")
    twice = table[pairs.duplicated()]
    return [
        *context.issues("linked_trips", same, "service_b", "is the same service", "name another service"),
        *context.issues(
            "linked_trips", twice, "service_b", "repeats a pair in the other order", "delete one of the two"
        ),
    ]


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
