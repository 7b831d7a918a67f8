"""Checks of costs, values, capital and budgets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from estate.core.cells import parse_number
from estate.core.errors import Issue
from estate.core.reference import headings
from estate.core.tables import SPECS
from estate.core.types import Horizon
from estate.core.words import plural

if TYPE_CHECKING:
    import pandas as pd

    from estate.inputs.context import Context

ABSURD_GBP_PER_M2_PER_YEAR = 5_000.0
ABSURD_GBP_PER_YEAR = 1e8
MOST_GBP_PER_YEAR = SPECS["running_costs"]["gbp_per_year"].maximum
RANGES = (
    ("running_costs", "low_gbp_per_year", "gbp_per_year", "high_gbp_per_year"),
    ("valuations", "receipt_low_gbp", "receipt_gbp", "receipt_high_gbp"),
    ("assumptions", "low", "value", "high"),
)


def ranges(context: Context) -> list[Issue]:
    """Find low figures above, and high figures below, the central one."""
    issues: list[Issue] = []
    for table, low, value, high in RANGES:
        frame = context.filled(table)
        issues += context.issues(
            table, frame[frame[low] > frame[value]], low, f"is above {value}", "correct one of the two"
        )
        issues += context.issues(
            table, frame[frame[high] < frame[value]], high, f"is below {value}", "correct one of the two"
        )
    return issues


def absurd_costs(context: Context) -> list[Issue]:
    """Find running costs beyond 5,000 GBP/m2/year of their site, or 100 million GBP/year."""
    costs = context["running_costs"]
    large = costs[costs["gbp_per_year"].between(ABSURD_GBP_PER_YEAR, MOST_GBP_PER_YEAR, inclusive="right")]
    remedy = "enter GBP a year, not pence or thousands"
    issues = context.issues("running_costs", large, "gbp_per_year", "is absurdly high", remedy)
    usual = costs[costs["gbp_per_year"] <= ABSURD_GBP_PER_YEAR]  # the others have been told
    yearly = usual.groupby("site_id")["gbp_per_year"].sum()
    sites = context["sites"]
    rate = sites["site_id"].map(yearly) / sites["gia_m2"].where(sites["gia_m2"] > 0)
    dear = rate > ABSURD_GBP_PER_M2_PER_YEAR
    cost = sites["site_id"].map(yearly)
    return issues + [
        Issue(
            context.source("running_costs"),
            None,
            "gbp_per_year",
            f"{gbp:,.0f}",
            f"is {per_m2:,.0f} GBP/m2/year at site {site}, beyond {ABSURD_GBP_PER_M2_PER_YEAR:,.0f}",
            f"correct the cost, or gia_m2 in {context.source('sites')} row {row}",
        )
        for row, site, gbp, per_m2 in zip(
            sites.index[dear], sites["site_id"][dear], cost[dear], rate[dear], strict=True
        )
    ]


def spend_profiles(context: Context) -> list[Issue]:
    """Find profiles that are no shares, do not sum to 1, or are not as long as the lead time."""
    options = context.filled("hub_options")
    given = options[options["spend_profile"] != ""]
    issues: list[Issue] = []
    for row, text, lead in zip(given.index, given["spend_profile"], given["lead_years"], strict=True):
        problem, remedy = _profile_problem(str(text), lead)
        if problem:
            place = (context.source("hub_options"), int(str(row)), "spend_profile", str(text))
            issues.append(Issue(*place, problem, remedy))
    return issues


def _profile_problem(text: str, lead: float) -> tuple[str, str]:
    shares = [parse_number(part.strip(), share=True) for part in text.split(";")]
    sound = [share for share in shares if share is not None and share >= 0]
    years = 1 if math.isnan(lead) else max(1, int(lead))
    if len(sound) < len(shares):
        return (
            "holds something that is not a share",
            "write shares separated by semicolons, for example 0.3;0.7",
        )
    if len(shares) != years:
        return f"has {len(shares)} shares for {years} lead years", "give one share for each lead year"
    if abs(sum(sound) - 1) > 0.001:
        return f"sums to {sum(sound):g}, not 1", "make the shares sum to 1"
    return "", ""


def lead_times(context: Context) -> list[Issue]:
    """Find hubs that could never open within the decision years."""
    options, years = context.filled("hub_options"), context.config.horizon.decision_years
    never = options[options["lead_years"] >= years]
    problem = f"is not below the {years} decision years: the hub could never open"
    return context.issues(
        "hub_options", never, "lead_years", problem, "shorten it, or set horizon.decision_years"
    )


def budget_years(context: Context) -> list[Issue]:
    """Find budgets of years that are over before the plan begins."""
    budgets, first = context["budgets"], context.config.horizon.first_year
    early = budgets[budgets["year"] < first]
    problem = f"is before the first year, {Horizon(first).label(0)}"
    remedy = "carry it into the first year, or correct horizon.first_year"
    return context.issues("budgets", early, "year", problem, remedy)


def years_asked_for(context: Context) -> list[Issue]:
    """Find years that rule affordability names and that are not appraised."""
    rule, span = context.config.rules.get("affordability", {}), context.config.horizon.appraisal_years
    problem = f"is not one of the years appraised, t = 0 to {span - 1}"
    first = context.config.horizon.horizon().label(0)
    remedy = f"count years from 0, which is {first}, or lengthen horizon.appraisal_years"
    return [
        Issue("config", None, f"rules.affordability.{name}", str(rule[name]), problem, remedy)
        for name in ("payback_year", "saving_year")
        if rule.get(name) is not None and rule[name] >= span
    ]


def leave_to_borrow(context: Context) -> list[Issue]:
    """Find borrowing limits of partners that the configuration says may not borrow."""
    budgets, barred = context["budgets"], context.config.finance.cannot_borrow
    wrong = budgets[budgets["purse"].isin(barred) & (budgets["borrowing_limit_gbp"] > 0)]
    problem = "is leave to borrow for a partner that finance.cannot_borrow names"
    remedy = "clear the limit, or take the partner off finance.cannot_borrow"
    return context.issues("budgets", wrong, "borrowing_limit_gbp", problem, remedy)


def committed_spend(context: Context) -> list[Issue]:
    """Find budgets that cannot pay for the hubs that must open, or whose works are contracted.

    Counted are the cheapest works at each, before fees, and all the money that could come: budgets,
    grants, borrowing, and every receipt as far as the rule lets it be spent again.
    """
    rule, budgets = context.config.rules.get("capital"), context["budgets"]
    decisions, options = context["decisions"], context.filled("hub_options")
    if rule is None or budgets.empty:
        return []
    bound = set(decisions.loc[decisions["state"] == "contracted", "site_id"])
    bound |= {str(site) for site in context.config.rules.get("locks", {}).get("hub", ())}
    least = options[options["site_id"].isin(bound)].groupby("site_id")["capital_gbp"].min()
    horizon = context.config.horizon
    known = budgets[budgets["year"] < horizon.first_year + horizon.decision_years]
    money = known[["capital_gbp", "grant_gbp", "borrowing_limit_gbp"]].fillna(0).to_numpy().sum()
    if rule.get("receipts", True):
        money += rule.get("recycle_share", 0.5) * context.filled("valuations")["receipt_gbp"].fillna(0).sum()
    spend = float(least.sum())
    if spend <= money:
        return []
    where = ", ".join(least.index.astype(str))
    sold = " with all receipts" if rule.get("receipts", True) else ""
    told = f"are {money:,.0f} GBP{sold}, below the {spend:,.0f} GBP of works at {where}"
    remedy = "add budget, grant or borrowing, or take these sites off locks.hub and the contracted decisions"
    return [Issue(context.source("budgets"), None, "capital_gbp", "", told, remedy)]


def receipts_of_leases(context: Context) -> list[Issue]:
    """Find receipts for giving a lease back: who surrenders is paid nothing."""
    values = context.filled("valuations")
    paid = values[(values["receipt_gbp"] > 0) & (values["exit_route"] == "surrender")]
    problem = "is a receipt for giving up a lease or licence, which brings none"
    remedy = "clear it; a premium to the landlord is premium_gbp, and only a freehold is sold or transferred"
    return context.issues("valuations", paid, "receipt_gbp", problem, remedy)


def leases_of_hubs(context: Context) -> list[Issue]:
    """Find leases for hubs whose rent is given without their years, or the other way round."""
    options = context.filled("hub_options")
    rent, years = options["lease_rent_gbp_per_year"] > 0, options["lease_years"] > 0
    remedy = "give both: the tax on a lease follows from its rent and its years"
    lonely = context.issues(
        "hub_options", options[rent & ~years], "lease_rent_gbp_per_year", "is rent for no years", remedy
    )
    return lonely + context.issues(
        "hub_options", options[years & ~rent], "lease_years", "is of a lease without a rent", remedy
    )


def warn_listed(context: Context) -> list[str]:
    """Say which listed buildings would be charged rates while empty."""
    brakes, sites = context["brakes"], context["sites"]
    words = brakes["brake"].astype("string").str.casefold()
    listed = set(brakes.loc[words.str.match(r"(grade .*)?listed").fillna(value=False), "site_id"])
    open_ = sites["empty_rates_relief"].fillna("").eq("") & sites["scope"].isin(["decide", "surplus"])
    count = int((sites["site_id"].isin(listed) & open_).sum())
    if not count:
        return []
    what = "site is listed by its brakes and is" if count == 1 else "sites are listed by their brakes and are"
    return [
        f"{count} {what} charged rates once empty: say sites.empty_rates_relief listed where none are due."
    ]


def warn_costs(context: Context) -> list[str]:
    """Say what is never a saving, and receipts on routes that pay none."""
    costs, values = context.filled("running_costs"), context.filled("valuations")
    views = headings().set_index("heading")["view"]
    memo = int((costs["heading"].map(views) == "memo").sum())
    unpaid = int(((values["receipt_gbp"] > 0) & values["exit_route"].isin(["let", "hold"])).sum())
    late, later = _beyond(context["budgets"], context), _beyond(context["decisions"], context)
    horizon, backlog = context.config.horizon, context["backlog"]
    never = int((backlog["due_year"] >= horizon.first_year + horizon.appraisal_years).sum())
    told = (
        (memo, ("row", "rows"), "of running costs: memo lines (capital charges and the like), no savings."),
        (
            *(unpaid, ("valuation names", "valuations name")),
            "a receipt on a route that brings none (let, hold): add sell.",
        ),
        (
            *(never, ("row of backlog is", "rows of backlog are")),
            "due after the last year appraised: nobody would spend that.",
        ),
        (
            *(late, ("budget row lies", "budget rows lie")),
            "after the last decision year: that holds no decision back.",
        ),
        (later, ("recorded decision is", "recorded decisions are"), _LATER),
    )
    return [f"{plural(count, *nouns)} {rest}" for count, nouns, rest in told if count]


_LATER = "of years after the last decision year: correct that, or lengthen horizon.decision_years."


def _beyond(rows: pd.DataFrame, context: Context) -> int:
    horizon = context.config.horizon
    return int((rows["year"] >= horizon.first_year + horizon.decision_years).sum())
