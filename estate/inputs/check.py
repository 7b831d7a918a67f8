"""Check the tables against one another; every problem is collected, none stops the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from estate.core.errors import Issue
from estate.core.tables import nearest
from estate.core.types import Horizon
from estate.core.words import plural
from estate.inputs import (
    check_leases,
    check_money,
    check_opening,
    check_residents,
    check_serving,
    check_sites,
    check_travel,
    open_days,
    repairs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.inputs.context import Context

REFERENCES = (
    ("sites", "parent_site_id", "sites"),
    ("sites", "partner_id", "partners"),
    ("running_costs", "site_id", "sites"),
    ("provisions", "site_id", "sites"),
    ("provisions", "service_id", "services"),
    ("provisions", "partner_id", "partners"),
    ("compatibility", "service_a", "services"),
    ("compatibility", "service_b", "services"),
    ("hub_options", "site_id", "sites"),
    ("hub_options", "lead_partner_id", "partners"),
    ("host_terms", "site_id", "sites"),
    ("host_terms", "permitted_services", "services"),
    ("tenures", "site_id", "sites"),
    ("brakes", "site_id", "sites"),
    ("valuations", "site_id", "sites"),
    ("backlog", "site_id", "sites"),
    ("budgets", "purse", "partners"),
    ("demand", "area_id", "areas"),
    ("demand", "service_id", "services"),
    ("linked_trips", "service_a", "services"),
    ("linked_trips", "service_b", "services"),
    ("standards", "service_id", "services"),
    ("travel", "area_id", "areas"),
    ("travel", "site_id", "sites"),
    ("decisions", "site_id", "sites"),
)
KEY_OF = {"sites": "site_id", "partners": "partner_id", "services": "service_id", "areas": "area_id"}
POOLED = "pooled"
CLOCK = re.compile(r"([01]?\d|2[0-4]):[0-5]\d(:00)?")


def check_tables(context: Context) -> tuple[list[Issue], list[str]]:
    """Run every check.

    Returns
    -------
    issues : list of Issue
        Errors: the run stops with them.
    notes : list of str
        Warnings: what a reader must know.
    """
    issues = [issue for check in CHECKS for issue in check(context)]
    notes = [note for warn in WARNINGS for note in warn(context)]
    return issues, notes


def references(context: Context) -> list[Issue]:
    """Find ids that the table they point to does not have; optional tables bind only where given."""
    issues: list[Issue] = []
    for table, column, target in REFERENCES:
        known = _known(context, target, column)
        if not known or not context.given(table):
            continue
        parts = context.filled(table)[column].str.split(";").explode().str.strip()
        strange = parts[~parts.isin(known) & (parts != "")]
        for row, value in strange.items():
            like = nearest(str(value), sorted(known))
            remedy = f"did you mean {like}" if like else f"add it to {target}, or correct it"
            place = (*context.place(table, row), column, str(value))
            issues.append(Issue(*place, f"is not in {context.source(target)}", remedy))
    return issues


def _known(context: Context, target: str, column: str) -> set[str]:
    known = set(context[target][KEY_OF[target]]) - {""}
    return known | {POOLED} if column == "purse" and known else known


def locked_sites(context: Context) -> list[Issue]:
    """Find site ids of the rule locks that no site has."""
    known = set(context["sites"]["site_id"])
    issues: list[Issue] = []
    for name, listed in context.config.rules.get("locks", {}).items():
        for site in listed if isinstance(listed, (list, tuple)) else []:
            if str(site) not in known:
                like = nearest(str(site), sorted(known))
                remedy = f"did you mean {like}" if like else "use a site_id of the table of sites"
                issues.append(
                    Issue("config", None, f"rules.locks.{name}", str(site), "is not a site", remedy)
                )
    return issues


def repeated_sites(context: Context) -> list[Issue]:
    """Find sites that stand twice under different ids: every other column is the same."""
    sites = context["sites"]
    if context.config.data.property_register is not None:
        return []  # the register's own matching asks about them
    full = sites[(sites["name"] != "") & sites["easting"].notna() & sites["gia_m2"].notna()]
    others = [name for name in full.columns if name not in {"site_id", "uprn"}]
    twice = full[full.duplicated(others) & ~full["site_id"].duplicated()]
    return context.issues(
        "sites", twice, "site_id", "repeats another row under a new id", "delete one of the two"
    )


def site_facts(context: Context) -> list[Issue]:
    """Find sites that contradict themselves."""
    sites = context["sites"]
    larger = sites[sites["nia_m2"] > sites["gia_m2"]]
    own = sites[(sites["parent_site_id"] != "") & (sites["parent_site_id"] == sites["site_id"])]
    housed = sites[(sites["scope"] == "surplus") & sites["site_id"].isin(context["provisions"]["site_id"])]
    begins = context.config.horizon.first_year
    unborn = sites[sites["surplus_since"] >= pd.Timestamp(begins + 1, 4, 1)]
    return [
        *context.issues(
            "sites",
            larger,
            "nia_m2",
            "is larger than gia_m2",
            "swap the two, or enter the usable part as nia_m2",
        ),
        *context.issues(
            "sites", own, "parent_site_id", "is the site itself", "leave it blank, or name the whole complex"
        ),
        *context.issues(
            "sites",
            housed,
            "scope",
            "is the scope of a site that has provisions",
            "write decide, or delete its provisions",
        ),
        *context.issues(
            "sites",
            unborn,
            "surplus_since",
            f"is after the first year, {Horizon(begins).label(0)}",
            "enter the day on which it was declared, or clear it: what closes later counts from its closing",
        ),
    ]


def rooms(context: Context) -> list[Issue]:
    """Find sites whose provisions use half as much again as the floor area that they have."""
    provisions = context["provisions"]
    used = provisions.groupby("site_id")["room_nia_m2"].sum()
    sites = context["sites"]
    area = sites["nia_m2"].fillna(sites["gia_m2"])
    room = sites["site_id"].map(used)
    over = room > 1.5 * area
    return [
        Issue(
            context.source("sites"),
            int(str(row)),
            "nia_m2",
            f"{had:g}",
            f"is far less than the room of the provisions there ({needed:g} m2)",
            "correct the area, or room_nia_m2 in provisions",
        )
        for row, had, needed in zip(sites.index[over], area[over], room[over], strict=True)
    ]


def hosts_and_hubs(context: Context) -> list[Issue]:
    """Find terms and hub options at sites that cannot have them, and hours that are no hours."""
    terms, options = context["host_terms"], context["hub_options"]
    status = context.of_site("host_terms", "status").replace("", "existing")
    wrong_host = terms[status.isin(["candidate", "outside"])]
    of_option = context.of_site("hub_options", "status").replace("", "existing")
    scope = context.of_site("hub_options", "scope")
    wrong_hub = options[of_option.isin(["host", "outside"]) | scope.isin(["out", "surplus"])]
    issues = context.issues(
        "host_terms",
        wrong_host,
        "site_id",
        "is neither a host nor an existing site",
        "set its status to host, or delete the row",
    )
    issues += context.issues(
        "hub_options",
        wrong_hub,
        "site_id",
        "cannot become a hub: its status is host or outside, or its scope out or surplus",
        "make it a candidate, or an existing site of scope decide or keep, or delete the row",
    )
    return issues


def opening_hours(context: Context) -> list[Issue]:
    """Find times that are none, and hosts that close before they open."""
    terms = context["host_terms"]
    issues: list[Issue] = []
    clear = terms["opens"].ne("") & terms["closes"].ne("")
    for column in ("opens", "closes"):
        wrong = (terms[column] != "") & ~terms[column].str.fullmatch(CLOCK)
        clear &= ~wrong
        remedy = "write for example 17:00"
        issues += context.issues("host_terms", terms[wrong], column, "is not a time of day", remedy)
    opens, closes = (terms[column].str.zfill(5).str[:5] for column in ("opens", "closes"))
    problem = "is not after the time at which it opens"
    return issues + context.issues(
        "host_terms", terms[clear & (closes <= opens)], "closes", problem, "correct one of the two"
    )


def leases(context: Context) -> list[Issue]:
    """Find breaks after the end of the lease, and sales of what is not owned."""
    tenures = context["tenures"]
    valuations = context["valuations"]
    held = tenures.drop_duplicates("site_id").set_index("site_id")["tenure"].replace("", "freehold")
    owned = valuations["site_id"].map(held).astype(object).fillna("freehold") == "freehold"
    route = valuations["exit_route"].replace("", "sell")
    named = valuations.assign(exit_route=route)
    unowned = named[~owned & route.isin(["sell", "let", "transfer"])]
    return [
        *check_leases.breaks(context),
        *check_leases.reviews(context),
        *context.issues(
            "valuations",
            unowned,
            "exit_route",
            "needs a freehold, and tenures says that the site is not",
            "write surrender or hold, or correct the tenure",
        ),
    ]


def pairs_of_services(context: Context) -> list[Issue]:
    """Find distances that are missing, services paired with themselves, and pairs told two ways."""
    pairs = context["compatibility"]
    bare = pairs[(pairs["relation"] == "within_km") & pairs["km"].isna()]
    alone = pairs[(pairs["service_a"] == pairs["service_b"]) & (pairs["service_a"] != "")]
    both_ways = zip(pairs["service_a"], pairs["service_b"], strict=True)
    pair = pd.Series(["/".join(sorted(names)) for names in both_ways], index=pairs.index, dtype=object)
    apart = set(pair[pairs["relation"] == "may_not_share"])
    both = pairs[(pairs["relation"] == "must_share") & pair.isin(apart)]
    return [
        *context.issues(
            "compatibility",
            bare,
            "km",
            "is blank where the relation is within_km",
            "enter the distance in km",
        ),
        *context.issues(
            "compatibility", alone, "service_b", "is the same service", "name two services, or delete the row"
        ),
        *context.issues(
            "compatibility",
            both,
            "relation",
            "contradicts the row that says may_not_share",
            "delete one of the two",
        ),
    ]


def warn_sites(context: Context) -> list[str]:
    """Say which sites have no place, which hosts no terms, which candidates no options."""
    sites = context.filled("sites")
    placeless = int((sites["easting"].isna() & sites["scope"].ne("out")).sum())
    hosts = _without(sites[sites["status"] == "host"], context["host_terms"])
    candidates = _without(sites[sites["status"] == "candidate"], context["hub_options"])
    told = (
        (placeless, ("site has", "sites have"), "no place: in reach of nothing."),
        (hosts, ("host has", "hosts have"), "no row in host_terms: nothing can move there."),
        (candidates, ("candidate has", "candidates have"), "no row in hub_options: never used."),
    )
    return [f"{plural(count, *nouns)} {rest}" for count, nouns, rest in told if count]


def warn_surplus(context: Context) -> list[str]:
    """Say which sites have been surplus for longer than they should be."""
    sites = context["sites"]
    limit = dict(context.values)["surplus_sale_years"]
    first = pd.Timestamp(context.config.horizon.first_year, 4, 1)
    years = (first - sites["surplus_since"]).dt.days / 365.25
    over = sites.loc[years > limit, "site_id"]
    if over.empty:
        return []
    names = ", ".join(over[:5])
    return [
        f"Declared surplus more than {limit:g} years before the first year: {names} ({len(over)} in all)."
    ]


def _without(sites: pd.DataFrame, table: pd.DataFrame) -> int:
    return int((~sites["site_id"].isin(table["site_id"])).sum())


def warn_leases(context: Context) -> list[str]:
    """Say how many leases have run out before the first year, and what of them is not as it could be."""
    tenures = context["tenures"]
    ended = int((tenures["expiry"].dt.year < context.config.horizon.first_year).sum()) if len(tenures) else 0
    which = plural(ended, "lease ends", "leases end")
    told = [f"{which} before the first year and may be left in any year."] if ended else []
    return told + check_leases.warn(context)


CHECKS: tuple[Callable[[Context], list[Issue]], ...] = (
    references,
    locked_sites,
    repeated_sites,
    site_facts,
    rooms,
    hosts_and_hubs,
    opening_hours,
    leases,
    pairs_of_services,
    check_sites.total_rows,
    check_sites.misspelt_kinds,
    check_sites.contradicting_locks,
    check_sites.far_from_residents,
    check_money.ranges,
    check_money.absurd_costs,
    check_money.spend_profiles,
    check_money.lead_times,
    check_money.budget_years,
    check_money.years_asked_for,
    check_money.leave_to_borrow,
    check_money.receipts_of_leases,
    check_money.leases_of_hubs,
    check_money.committed_spend,
    check_residents.totals_beside_parts,
    check_residents.mixed_vintages,
    check_residents.populations,
    check_residents.places_of_areas,
    check_residents.standards,
    check_residents.groups,
    check_opening.times_of_day,
    open_days.days_by_name,
    check_opening.hours_known,
    check_serving.resident_travel,
    check_travel.travel_units,
    check_serving.hosts,
    check_serving.transactions,
    check_serving.linked_trips,
)
WARNINGS: tuple[Callable[[Context], list[str]], ...] = (
    warn_sites,
    warn_surplus,
    warn_leases,
    repairs.warn_repairs,
    check_money.warn_costs,
    check_money.warn_listed,
    check_residents.warn_residents,
    check_opening.warn_opening,
    check_serving.warn_visits,
    check_travel.travel_ratios,
    check_serving.warn_digital,
)
