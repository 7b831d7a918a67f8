"""Checks of leases: breaks, rent reviews, and who repairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.core.words import plural

if TYPE_CHECKING:
    from estate.core.errors import Issue
    from estate.inputs.context import Context

BREAKS = ("earliest_break_date", "break_date", "last_break_date")


def breaks(context: Context) -> list[Issue]:
    """Find breaks after the end of the lease or out of order, and rolling breaks without a date."""
    tenures = context["tenures"]
    issues: list[Issue] = []
    for name in BREAKS:
        late = tenures[tenures[name] > tenures["expiry"]]
        issues += context.issues("tenures", late, name, "is after the expiry", "correct one of the two dates")
    early = tenures[tenures["break_date"] < tenures["earliest_break_date"]]
    over = tenures[tenures["last_break_date"] < tenures[list(BREAKS[:2])].max(axis=1)]
    lonely = tenures[tenures["rolling_break"].eq(other=True) & tenures[list(BREAKS)].isna().all(axis=1)]
    remedy = "put the dates in order: earliest, actual, last"
    return [
        *issues,
        *context.issues("tenures", early, "break_date", "is before earliest_break_date", remedy),
        *context.issues("tenures", over, "last_break_date", "is before another break", remedy),
        *context.issues(
            "tenures",
            lonely,
            "rolling_break",
            "has no date from which on the lease may be broken",
            "enter earliest_break_date, or no",
        ),
    ]


def reviews(context: Context) -> list[Issue]:
    """Find rent reviews without a date, and indexed rents of which not all is known."""
    tenures, filled = context["tenures"], context.filled("tenures")
    undated = tenures[tenures["review_years"].notna() & tenures["review_date"].isna()]
    index = (filled["review_basis"] == "index").to_numpy() & tenures["review_date"].notna()
    blank = tenures[index & tenures["review_years"].isna()]
    grows = tenures[~index & (tenures["review_growth_share_per_year"] > 0)]
    return [
        *context.issues(
            "tenures",
            undated,
            "review_years",
            "is the frequency of reviews without a date",
            "enter review_date, the next review",
        ),
        *context.issues(
            "tenures",
            blank,
            "review_years",
            "is blank, and the rent goes by an index",
            "enter the years from one review to the next: the rent grows for as many at each",
        ),
        *context.issues(
            "tenures",
            grows,
            "review_growth_share_per_year",
            "is growth of a rent that goes by no index",
            "write index as review_basis and give review_date, or clear it",
        ),
    ]


def warn(context: Context) -> list[str]:
    """Say which reviews change nothing, and which landlords repair what is charged to the tenant."""
    tenures = context.filled("tenures")
    reviewed = tenures["review_date"].notna() & (tenures["review_basis"] != "index")
    idle = int((reviewed & tenures["market_rent_gbp_per_year"].isna()).sum())
    theirs = tenures["repair_liability"] == "landlord"
    charged = int((theirs & (tenures["dilapidations_gbp"] > 0)).sum())
    told = (
        (
            *(idle, ("rent review has", "rent reviews have")),
            "no market_rent_gbp_per_year: the rent stays as it is.",
        ),
        (
            *(charged, ("lease has", "leases have")),
            "dilapidations although the landlord repairs: they are counted.",
        ),
    )
    return [f"{plural(count, *nouns)} {rest}" for count, nouns, rest in told if count]
