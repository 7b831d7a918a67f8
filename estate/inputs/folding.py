"""One site for one building: records of other lists folded into the register's assets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.reference import kinds
from estate.inputs.funnel import DECIDED

if TYPE_CHECKING:
    from estate.inputs.mapping import Mapping

GENERIC = frozenset({"other", "community_centre", "office", "hall"})
UNCLEAR = "Use not clear"
UNLISTED = "Not on the list of places"
ASK = " (unresolved: answer in matches.csv)"
RANK = {"existing": 0, "host": 1, "candidate": 2, "outside": 3}
STEPS = {
    "existing": "Stays, not a kind that is decided",
    "host": "Hosts that lend room or serve",
    "outside": "Places outside that serve",
    "candidate": "Candidate places for new hubs",
}
TABLE_COLUMNS = (
    "site_id",
    "name",
    "uprn",
    "partner_id",
    "parent_site_id",
    "kind",
    "scope",
    "scope_reason",
    "status",
    "confidential",
    "easting",
    "northing",
    "longitude",
    "latitude",
    "postcode",
    "gia_m2",
    "energy_rating",
)


def unlisted(register: pd.DataFrame, members: pd.DataFrame, complete: dict[str, str]) -> pd.DataFrame:
    """Take out of the decision what bears the name of a service that a complete list does not have there.

    Parameters
    ----------
    register : DataFrame
        Classified assets.
    members : DataFrame
        Records of lists with their primary record.
    complete : dict
        ``{kind: file}`` of the lists that are said to be complete.
    """
    out = register.copy()
    for kind, file in complete.items():
        listed = members.loc[members["use_kind"] == kind, "primary"]
        rows = (out["scope"] == "decide") & (out["use_kind"] == kind) & ~out["site_id"].isin(listed)
        label = str(kinds().set_index("kind")["label"].get(kind, kind)).lower()
        reason = f"named a {label}, but {file}, said to be complete, has none there"
        out.loc[rows, ["scope", "step", "scope_reason"]] = ["out", UNLISTED, f"{UNLISTED}: {reason}"]
    return out


def fold_sites(register: pd.DataFrame, members: pd.DataFrame, partner: str) -> pd.DataFrame:
    """Return one row a site: every asset of the register, and the buildings that only lists name.

    Parameters
    ----------
    register : DataFrame
        Classified assets.
    members : DataFrame
        Records of lists with `primary` and `unresolved`.
    partner : str
        Body that holds the register's assets.

    Returns
    -------
    DataFrame
        Columns of the dictionary, and step, listed (true for sites of lists alone).
    """
    ordered = members.assign(rank=members["status"].map(RANK)).sort_values(
        ["unresolved", "rank"], kind="stable"
    )
    inside = ordered[ordered["primary"].isin(register["site_id"])]
    alone = ordered[~ordered["primary"].isin(register["site_id"])]
    own = _with_members(register.assign(partner_id=partner, status="existing", listed=False), inside)
    return _with_parts(pd.concat([own, _alone(alone)], ignore_index=True))


def _with_members(sites: pd.DataFrame, inside: pd.DataFrame) -> pd.DataFrame:
    """Let the records of lists speak for the assets they are folded into."""
    first = inside.drop_duplicates("primary").set_index("primary")
    facts = first.reindex(sites["site_id"]).set_axis(sites.index, axis=0)
    has, clear = facts["use_kind"].notna(), facts["unresolved"].eq(other=False)
    service = facts["use_kind"].isin(_decidable()) & (facts["status"] == "existing")
    decide = sites["scope"] == "decide"
    found = has & clear & service & (sites["step"] == UNCLEAR)
    serving = has & ~decide & ~found
    kind = sites["kind"].mask(
        found | (decide & clear & service & sites["kind"].isin(GENERIC)), facts["use_kind"]
    )
    out = sites.assign(
        kind=kind.mask(serving & clear, facts["use_kind"]),
        scope=sites["scope"].mask(found, "decide").mask(serving, "keep"),
        step=sites["step"].mask(found, DECIDED),
        status=sites["status"].mask(serving, "host"),
        gia_m2=sites["gia_m2"].fillna(facts["gia_m2"].astype(float)),
    )
    reason = out["scope_reason"].mask(found, f"{DECIDED}: listed as a service that is decided")
    reason = _with_others(reason, sites["site_id"], inside)
    return out.assign(
        scope_reason=reason, unresolved=sites["site_id"].isin(inside.loc[inside["unresolved"], "primary"])
    )


def _with_others(reason: pd.Series, site_ids: pd.Series, others: pd.DataFrame) -> pd.Series:
    """Add to the reasons which records are, or may be, the same building."""
    for unresolved, words, ending in ((False, "; also ", ""), (True, "; may be one building with ", ASK)):
        names = others[others["unresolved"] == unresolved].groupby("primary")["name"].agg(", ".join)
        text = site_ids.map(names).astype(object)
        reason = reason.where(text.isna(), reason + words + text.fillna("") + ending)
    return reason


def _told_apart(names: pd.Series, labels: pd.Series) -> pd.Series:
    """Put the kind behind a name that does not hold it, as Altrincham (jobcentre)."""
    word = labels.str.split().str[-1].str.lower()
    bare = [mark not in name.lower() for name, mark in zip(names, word, strict=True)]
    told: pd.Series = names.mask(
        pd.Series(bare, index=names.index), names + " (" + labels.str[:1].str.lower() + labels.str[1:] + ")"
    )
    return told


def _decidable() -> set[str]:
    table = kinds()
    return set(table.loc[table["scope"] == "decide", "kind"])


def _alone(members: pd.DataFrame) -> pd.DataFrame:
    """Return the buildings that no asset of the register stands for."""
    lead = members[members["record_id"] == members["primary"]].assign(
        primary_id=lambda frame: frame["primary"]
    )
    lead = lead.set_index("primary")
    scope = lead["use_kind"].map(kinds().set_index("kind")["scope"])
    existing = lead["status"] == "existing"
    decide = existing & (scope == "decide")
    label = lead["use_kind"].map(kinds().set_index("kind")["label"]).astype(str)
    step = lead["status"].map(STEPS).mask(decide, DECIDED).astype(str)
    others = members[members["record_id"] != members["primary"]]
    return lead.assign(
        site_id=lead.index,
        kind=lead["use_kind"],
        scope=np.where(decide, "decide", np.where(lead["status"] == "outside", "out", "keep")),
        step=step,
        name=_told_apart(lead["name"], label),
        scope_reason=_with_others(step + ": " + label + " of " + lead["source"], lead["primary_id"], others),
        confidential=np.where(lead["use_kind"] == "refuge", "yes", "no"),
        listed=True,
        energy_rating="",
        unresolved=lead.index.isin(members.loc[members["unresolved"], "primary"]),
    ).reset_index(drop=True)


def _with_parts(sites: pd.DataFrame) -> pd.DataFrame:
    """Group what shares a UPRN under the largest of it; nothing is merged by a shared UPRN alone."""
    uprn = sites["uprn"].where((sites["uprn"] != "") & sites["uprn"].duplicated(keep=False))
    largest = (
        sites.assign(key=uprn).dropna(subset="key").sort_values("gia_m2", ascending=False, kind="stable")
    )
    parent = uprn.map(largest.drop_duplicates("key").set_index("key")["site_id"]).astype(object)
    return sites.assign(parent_site_id=parent.mask(parent == sites["site_id"]).fillna(""))


def build_provisions(sites: pd.DataFrame, members: pd.DataFrame, nia_per_gia: float) -> pd.DataFrame:
    """Return who delivers what where: as listed, else what follows from the kind of a decided site.

    A record of a host or outside body cannot leave its building. Where several share one
    building, all but the main one take the usual room of their kind, at most an equal
    share; the main one has the rest.

    Parameters
    ----------
    sites : DataFrame
        Folded sites.
    members : DataFrame
        Records of lists with `primary`.
    nia_per_gia : float
        Usable per gross area [m2/m2].
    """
    service = kinds().set_index("kind")["service_id"]
    listed = members[members["service_id"] != ""].assign(quality="registered")
    listed = listed.rename(columns={"primary": "site_id"})[
        ["site_id", "service_id", "partner_id", "use_kind", "fixed", "quality"]
    ]
    decided = sites[(sites["scope"] == "decide") & (sites["status"] == "existing")]
    derived = decided.assign(service_id=decided["kind"].map(service).fillna(""), use_kind=decided["kind"])
    derived = derived[derived["service_id"] != ""].assign(fixed=False, quality="derived")[listed.columns]
    both = pd.concat([listed, derived], ignore_index=True)
    both = both.drop_duplicates(["site_id", "service_id", "partner_id"])
    # A list that names the service already says who delivers it.
    told = both["site_id"] + "|" + both["service_id"]
    repeat = (both["quality"] == "derived") & told.isin(told[both["quality"] == "registered"])
    both = both[~repeat].reset_index(drop=True)
    both["room_nia_m2"] = _rooms(both, sites, nia_per_gia)
    ids = both["site_id"] + "/" + both["service_id"]
    both["provision_id"] = ids.mask(ids.duplicated(keep=False), ids + "/" + both["partner_id"])
    both["fixed_to_site"] = both["fixed"].map({True: "yes", False: "no"})
    return both[
        ["provision_id", "site_id", "service_id", "partner_id", "room_nia_m2", "fixed_to_site", "quality"]
    ]


def _rooms(provisions: pd.DataFrame, sites: pd.DataFrame, nia_per_gia: float) -> pd.Series:
    """Return room [m2] where several share one building of known area, blank elsewhere."""
    table = kinds().set_index("kind")
    known = sites.set_index("site_id")
    nia = provisions["site_id"].map(known["gia_m2"]).astype(float) * nia_per_gia
    count = provisions.groupby("site_id")["site_id"].transform("size")
    usual = (
        provisions["use_kind"].map(table["gia_m2"]).fillna(float(str(table.loc["other", "gia_m2"])))
        * nia_per_gia
    )
    room = usual.where(usual < nia / count, nia / count)
    of_site = provisions["site_id"].map(known["kind"]).map(table["service_id"]).fillna("")
    main = provisions["service_id"] == of_site
    order = provisions.assign(main=~main, room=-usual).sort_values(["site_id", "main", "room"], kind="stable")
    lead = order.drop_duplicates("site_id").index
    rest = room.where(~provisions.index.isin(lead), 0.0).groupby(provisions["site_id"]).transform("sum")
    room = room.where(~provisions.index.isin(lead), nia - rest)
    return room.where((count > 1) & nia.notna()).round(1)


def build_tenures(sites: pd.DataFrame) -> pd.DataFrame:
    """Return the tenure of every asset in the plan whose register names one; no dates are published."""
    rows = sites[
        (sites["scope"] != "out") & (sites["status"] == "existing") & (sites["tenure"].fillna("") != "")
    ]
    text = rows["tenure"].str.lower()
    held = rows["tenure_detail"].fillna("").str.lower()
    leased = text.str.contains("lease|rent") & ~text.str.contains("free") | held.str.contains(
        r"leased? in|leasehold in"
    )
    kind = np.select(
        [leased, text.str.contains(r"licen[cs]e"), text.str.contains("pfi")],
        ["leasehold", "licence", "pfi"],
        "freehold",
    )
    return pd.DataFrame({"site_id": rows["site_id"], "tenure": kind}).reset_index(drop=True)


def build_costs(sites: pd.DataFrame) -> pd.DataFrame:
    """Return the running costs that the register itself publishes (recommended by the code)."""
    rows = sites[(sites["scope"] != "out") & (sites["status"] == "existing") & sites["running_cost"].notna()]
    return pd.DataFrame(
        {"site_id": rows["site_id"], "gbp_per_year": rows["running_cost"], "quality": "registered"}
    ).reset_index(drop=True)


def sites_table(sites: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Return the sites in the columns of the dictionary, with what the mapping adds to single sites."""
    from estate.core.tables import SPECS

    added = [
        name
        for values in mapping.sites.values()
        for name in values
        if name in SPECS["sites"].names and name not in TABLE_COLUMNS
    ]
    columns = [*TABLE_COLUMNS, *dict.fromkeys(added)]
    table = sites.reindex(columns=columns).reset_index(drop=True)
    named = table["name"].fillna("")
    return table.assign(name=named.where(named != "", table["site_id"]))
