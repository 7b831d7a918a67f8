"""Why each site stays, closes or is not counted: one code a site, in the words of ``REASONS``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from estate.core.result import Result

REASONS = {
    "closes_into_hub": "Closes; services move to a hub",
    "closes_into_host": "Closes; services move to a host or a building that stays",
    "merges": "Closes; services merge with the same service elsewhere",
    "online": "Closes; services go online",
    "closes_empty": "Closes; nothing is delivered there",
    "surplus_sold": "Surplus: sold or transferred",
    "surplus_let": "Surplus: let",
    "surplus_given_up": "Surplus: lease given up",
    "surplus_held": "Surplus: closed and held",
    "hub_at_existing": "Becomes a hub",
    "hub_at_candidate": "New hub",
    "candidate_unused": "Possible hub, not chosen",
    "host_lends": "Host that lends room in this plan",
    "host_unused": "Host, room not used in this plan",
    "outside": "Serves residents, but is not part of this estate",
    "land": "Land, not a building",
    "let_out": "Let to others",
    "allotment": "Allotment",
    "housing": "Housing",
    "out_by_scope": "Not part of the estate that is decided on",
    "school": "School or college: stays",
    "kept_by_scope": "Stays: not a service building that this plan decides on",
    "kept_no_service": "Stays: no service is recorded there",
    "assumed_cost_and_area": "Stays: cost and floor area are both assumed",
    "kept_by_decision": "Stays: named to be kept",
    "kept_lock": "Stays: a legal or other brake bars closing",
    "kept_lease": "Stays: no break or end of lease in the years of the plan",
    "kept_fixed": "Stays: holds a service that cannot move",
    "kept_receives": "Stays: takes in services from elsewhere",
    "kept_place_unknown": "Stays: its place is not known",
    "surplus_kept": "Surplus, kept: giving it up would not pay or is barred",
    "kept_cheapest": "Stays: closing would save less, or residents or another rule need it",
}
"""Every code with its meaning; written into the workbook beside the plan."""

_KIND_OUT = {
    "land": "land",
    "school": "school",
    "let_property": "let_out",
    "commercial_unit": "let_out",
    "allotment": "allotment",
    "housing": "housing",
}


def _closing_reason(result: Result, sites: pd.DataFrame) -> pd.Series:
    """Reason of closed sites, from where their provisions went (hub before host before merge)."""
    moves = result.plan.moves.merge(
        result.estate.tables["provisions"][["provision_id", "site_id"]], on="provision_id", how="left"
    )
    to_hub = moves["how"].eq("move") & moves["to_option"].fillna("").astype(str).ne("")
    rank = np.select([to_hub, moves["how"].eq("move"), moves["how"].eq("merge")], [0, 1, 2], 3)
    best = pd.Series(rank, index=moves["site_id"].astype(str)).groupby(level=0).min()
    names = {0: "closes_into_hub", 1: "closes_into_host", 2: "merges", 3: "online"}
    reason = sites["site_id"].map(best).map(names)
    surplus = sites["exit_route"].map(
        {
            "sell": "surplus_sold",
            "transfer": "surplus_sold",
            "let": "surplus_let",
            "surrender": "surplus_given_up",
        }
    )
    surplus = surplus.fillna("surplus_held").where(sites["scope"] == "surplus")
    return reason.fillna(surplus).fillna("closes_empty")


def _held_by_lease(result: Result, sites: pd.DataFrame) -> pd.Series:
    """Sites whose lease, licence or PFI contract neither ends nor breaks within the plan."""
    tenures = result.estate.tables["tenures"]
    horizon = result.horizon
    end = pd.Timestamp(horizon.first_year + horizon.decision_years - 1, 4, 1)
    names = ["expiry", "break_date", "earliest_break_date", "last_break_date"]
    dates = tenures[names].apply(pd.to_datetime, errors="coerce")
    usable = dates.le(end).any(axis=1) | dates.isna().all(axis=1) | tenures["tenure"].eq("freehold")
    # A PFI contract has no tenant's break: only its end frees the site.
    pfi = tenures["tenure"].eq("pfi") & dates["expiry"].gt(end)
    held = tenures.loc[~usable | pfi, "site_id"].astype(str)
    return sites["site_id"].isin(held)


def _locked(result: Result, sites: pd.DataFrame) -> pd.Series:
    """Sites with a lock that lasts beyond the plan."""
    brakes = result.estate.tables["brakes"]
    horizon = result.horizon
    end = pd.Timestamp(horizon.first_year + horizon.decision_years - 1, 4, 1)
    until = pd.to_datetime(brakes["until"], errors="coerce")
    locks = brakes["effect"].eq("lock") & (until.isna() | until.gt(end))
    return sites["site_id"].isin(brakes.loc[locks, "site_id"].astype(str))


def _keep_reason(result: Result, sites: pd.DataFrame) -> pd.Series:
    """Reason of sites that stay, the hardest fact first."""
    moves = result.plan.moves
    provisions = result.estate.tables["provisions"]
    fixed = provisions.loc[provisions["fixed_to_site"].astype(bool), "site_id"]
    home = provisions.set_index("provision_id")["site_id"]
    receives = set(moves["to_site_id"].dropna().astype(str)) | set(
        moves["to_provision_id"].map(home).dropna()
    )
    rules = getattr(result.config, "rules", {}) or {}
    named = {str(s) for s in (rules.get("locks") or {}).get("keep", [])}
    told = sites["scope_reason"].fillna("").astype(str).str.lower()
    stays = sites["scope"] == "keep"
    served = sites["site_id"].isin(provisions["site_id"].astype(str))
    choices = [
        (sites["status"].eq("outside"), "outside"),
        (sites["status"].eq("host") & sites["site_id"].isin(receives), "host_lends"),
        (sites["status"].eq("host"), "host_unused"),
        (stays & sites["kind"].eq("school"), "school"),
        (stays & told.str.contains("assumed"), "assumed_cost_and_area"),
        (stays & told.str.contains("no service|no provision"), "kept_no_service"),
        (stays, "kept_by_scope"),
        (sites["site_id"].isin(named), "kept_by_decision"),
        (_locked(result, sites), "kept_lock"),
        (_held_by_lease(result, sites), "kept_lease"),
        (sites["site_id"].isin(fixed.astype(str)), "kept_fixed"),
        (sites["site_id"].isin(receives), "kept_receives"),
        (sites["scope"].eq("surplus"), "surplus_kept"),
        (~served, "kept_no_service"),
        (sites["easting"].isna(), "kept_place_unknown"),
    ]
    codes = np.select([c.to_numpy(dtype=bool) for c, _ in choices], [n for _, n in choices], "kept_cheapest")
    return pd.Series(codes, index=sites.index)


def reason_codes(result: Result, sites: pd.DataFrame) -> pd.Series:
    """Return one code of ``REASONS`` for every row.

    Parameters
    ----------
    result : Result
        The run.
    sites : DataFrame
        Columns of the table ``sites`` with decision and exit_route.
    """
    decision = sites["decision"]
    hub = np.where(sites["status"] == "candidate", "hub_at_candidate", "hub_at_existing")
    out = sites["kind"].map(_KIND_OUT).fillna("out_by_scope").where(sites["status"] != "outside", "outside")
    code = _keep_reason(result, sites)
    code = code.where(decision != "close", _closing_reason(result, sites))
    code = code.where(decision != "hub", pd.Series(hub, index=sites.index))
    code = code.where(decision != "unused", "candidate_unused")
    return code.where(decision != "out", out)
