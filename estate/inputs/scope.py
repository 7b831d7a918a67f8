"""What may happen to each site, in plain words, and the way from all sites to the decided ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.cells import normal_name
from estate.core.reference import kinds
from estate.core.words import plural
from estate.inputs.assume import Default

if TYPE_CHECKING:
    from estate.inputs.assume import Filling

REASON_OF_SCOPE = {
    "decide": "may be decided",
    "keep": "stays, unless you say otherwise",
    "surplus": "may be sold without change to a service",
    "out": "not a service building",
}
REASON_OF_STATUS = {
    "candidate": "Candidate place for a new hub",
    "host": "Lends room to others",
    "outside": "Outside the plan: may serve residents, is never decided",
}
NO_SERVICE = "No service recorded there"
BOTH_ASSUMED = "Cost and floor area are both assumed: too little is known to propose closing it"
FUNNEL_COLUMNS = ("step", "sites", "reason")


def fill_kinds(filling: Filling) -> None:
    """Write kinds as the table of kinds does; unknown ones become ``other``, with a note."""
    sites = filling.tables["sites"]
    found = kind_codes(sites["kind"])
    strange = found == ""
    if strange.any():
        words = ", ".join(sorted(set(sites["kind"][strange]))[:10])
        filling.notes.append(
            f"{int(strange.sum())} sites have a kind that the table of kinds lacks ({words}): read as other."
        )
    filling.tables["sites"] = sites.assign(kind=found.where(~strange, "other"))


def kind_codes(words: pd.Series) -> pd.Series:
    """Return kinds as the table of kinds writes them, from code or label in any case; "" where unknown."""
    table = kinds()
    names = {
        normal_name(name): kind
        for kind, label in zip(table["kind"], table["label"], strict=True)
        for name in (label, kind)
    }
    return words.map(lambda text: names.get(normal_name(text), ""))


def fill_scope(filling: Filling, user_scope: pd.Series) -> None:
    """Fill scope and its reason from status, partner and kind, where the user gave none.

    Parameters
    ----------
    filling : Filling
        Tables so far.
    user_scope : Series of bool
        Whether the user gave the scope of each site, aligned with ``sites``.
    """
    sites = filling.tables["sites"]
    partners = filling.tables["partners"]
    strangers = sites["partner_id"].isin(partners["partner_id"][~partners["in_plan"]]) & (
        sites["status"] == "existing"
    )
    if strangers.any():
        filling.notes.append(
            f"{int(strangers.sum())} sites belong to partners that take no part in the plan: read as outside."
        )
    status = sites["status"].mask(strangers, "outside")
    table = kinds().set_index("kind")
    of_kind = sites["kind"].map(table["scope"])
    existing = status == "existing"
    overridden = user_scope & ~existing & sites["scope"].isin(["decide", "surplus"])
    if overridden.any():
        filling.notes.append(
            f"{int(overridden.sum())} sites were marked decide or surplus that are candidates, hosts "
            "or outside the plan: they are never decided."
        )
    scope = sites["scope"].where(user_scope, of_kind)
    scope = scope.where(existing, status.map({"outside": "out"}).fillna("keep"))
    housed = sites["site_id"].isin(filling.tables["provisions"]["site_id"])
    scope = scope.mask(existing & ~user_scope & (scope == "surplus") & housed, "decide")
    label = sites["kind"].map(table["label"])
    reason = (label + ": " + scope.map(REASON_OF_SCOPE)).where(~user_scope, "As the sites table says")
    reason = reason.where(existing, status.map(REASON_OF_STATUS))
    reason = sites["scope_reason"].where((sites["scope_reason"] != "") & ~strangers, reason)
    filling.tables["sites"] = sites.assign(status=status, scope=scope, scope_reason=reason)
    by_kind = existing & ~user_scope
    filling.assume(
        Default(
            "scope_by_kind",
            "Scope follows from the kind of building",
            "sites",
            int(by_kind.sum()),
            impact="amber",
            source="kinds",
        )
    )


def keep_without_service(filling: Filling, user_scope: pd.Series) -> None:
    """Keep every site in which no service is recorded, unless the user said what may happen to it."""
    sites = filling.tables["sites"]
    housed = sites["site_id"].isin(filling.tables["provisions"]["site_id"])
    bare = (sites["scope"] == "decide") & ~housed & ~user_scope
    filling.tables["sites"] = _keep(sites, bare, NO_SERVICE)


def keep_where_all_is_assumed(filling: Filling) -> None:
    """Keep every site whose cost and floor area are both assumed: nothing is known to propose it on."""
    sites = filling.tables["sites"]
    gaps = filling.gap_table()
    areas = gaps["site_id"][(gaps["table"] == "sites") & (gaps["column"] == "gia_m2")]
    costs = gaps["site_id"][(gaps["table"] == "running_costs")]
    blind = (
        sites["scope"].isin(["decide", "surplus"])
        & sites["site_id"].isin(areas)
        & sites["site_id"].isin(costs)
    )
    filling.tables["sites"] = _keep(sites, blind, BOTH_ASSUMED)
    if blind.any():
        kept = plural(int(blind.sum()), "site is", "sites are")
        filling.notes.append(
            f"{kept} kept because cost and floor area are both assumed; "
            "enter one of the two, or set policy.allow_assumed."
        )


def _keep(sites: pd.DataFrame, rows: pd.Series, reason: str) -> pd.DataFrame:
    return sites.assign(
        scope=sites["scope"].mask(rows, "keep"), scope_reason=sites["scope_reason"].mask(rows, reason)
    )


def funnel_table(sites: pd.DataFrame) -> pd.DataFrame:
    """Return the way from all registered sites to the decided ones.

    Returns
    -------
    DataFrame
        step, sites, reason. The first row counts all sites; the others (``set aside`` by
        reason, ``surplus``, ``decided``) add up to it exactly.
    """
    step = pd.Series(
        np.select(
            [sites["scope"] == "decide", sites["scope"] == "surplus"], ["decided", "surplus"], "set aside"
        )
    )
    reason = (
        sites["scope_reason"]
        .reset_index(drop=True)
        .where(
            step == "set aside",
            step.map(
                {
                    "decided": "Service buildings that may be decided",
                    "surplus": "May be sold without change to a service",
                }
            ),
        )
    )
    counts = pd.DataFrame({"step": step, "reason": reason}).value_counts().rename("sites").reset_index()
    counts["order"] = counts["step"].map({"set aside": 0, "surplus": 1, "decided": 2})
    counts = counts.sort_values(["order", "sites", "reason"], ascending=[True, False, True])
    last = pd.DataFrame(
        [("decided", 0, "Service buildings that may be decided")], columns=list(FUNNEL_COLUMNS)
    )
    parts = [
        pd.DataFrame([("registered", len(sites), "Rows of the sites table")], columns=list(FUNNEL_COLUMNS)),
        counts[list(FUNNEL_COLUMNS)],
        *([] if (step == "decided").any() else [last]),
    ]
    return pd.concat(parts, ignore_index=True)
