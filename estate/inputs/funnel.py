"""From all registered assets to the sites that may be decided, each with its reason."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from estate.core.reference import kinds

if TYPE_CHECKING:
    from estate.inputs.mapping import KindRule, Mapping

DECIDED = "Decided"
FUNNEL_COLUMNS = ("step", "sites", "reason", "part")


@cache
def _rules() -> pd.DataFrame:
    with files("estate.inputs").joinpath("register_rules.csv").open(encoding="utf-8") as handle:
        rules = pd.read_csv(handle, keep_default_na=False)
    rules["priority"] = rules["priority"].astype(int)
    return rules.sort_values(["stage", "priority"], kind="stable")


def classify(sites: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Give every asset a kind and a scope with its reason.

    The first of these that speaks decides: the mapping's single sites, land without a
    building, who occupies it (vacant, let, another arrangement), what it is used for
    (the mapping's words first). An asset of which nothing says who occupies it is taken
    as occupied by the council.

    Parameters
    ----------
    sites : DataFrame
        Assets with name, detail, purpose, tenure, tenure_detail, holding_type, gia_m2.
    mapping : Mapping
        What the user has said.

    Returns
    -------
    DataFrame
        The same with kind, use_kind (what its name says, whoever holds it), scope,
        scope_reason, step (of the funnel), occupancy_known and confidential.
    """
    texts = _texts(sites)
    holding = _first_match(texts, "holding")
    occupancy = _first_match(texts, "occupancy")
    use = _with_mapping(_first_match(texts, "use"), texts, mapping)
    out = sites.copy()
    out["use_kind"] = use["kind"]
    out["confidential"] = use["confidential"].where(use["confidential"] == "yes", "no")
    out["occupancy_known"] = occupancy["kind"].notna()
    chosen = use.copy()
    elsewhere = occupancy["kind"].notna() & (occupancy["kind"] != "")
    chosen[elsewhere] = occupancy[elsewhere]
    # What is held under another arrangement keeps the kind that its name says, for the map.
    other = elsewhere & (occupancy["kind"] == "other")
    chosen.loc[other, "kind"] = use.loc[other, "kind"]
    land = holding["kind"].notna()
    chosen[land] = holding[land]
    out["kind"], out["scope"], out["step"] = chosen["kind"], chosen["scope"], chosen["step"]
    out["scope_reason"] = chosen["step"] + ": " + chosen["reason"]
    return _override(out, mapping)


def _texts(sites: pd.DataFrame) -> pd.DataFrame:
    names = ["name", "detail", "purpose", "tenure_detail", "holding_type"]
    texts = pd.DataFrame({name: sites[name].str.lower() for name in names})
    parts = texts[["detail", "purpose", "holding_type", "name"]]
    texts["any"] = [" | ".join(row) for row in parts.itertuples(index=False)]
    texts["interest"] = sites["tenure"].str.lower() + "/" + texts["tenure_detail"]
    bare = (texts["holding_type"] == "") & sites["gia_m2"].isna()
    return texts.assign(bare_name=texts["name"].where(bare, ""))


def _first_match(texts: pd.DataFrame, stage: str) -> pd.DataFrame:
    rules = _rules()
    names = ["kind", "scope", "confidential", "step", "reason"]
    found = pd.DataFrame(index=texts.index, columns=names, dtype=object)
    open_rows = pd.Series(data=True, index=texts.index)
    for rule in rules[rules["stage"] == stage].to_dict("records"):
        pattern = re.compile(rule["pattern"])
        hit = open_rows & texts[rule["column"]].map(lambda text, p=pattern: bool(p.search(text))).astype(bool)
        found.loc[hit, names] = [rule[name] for name in names]
        open_rows &= ~hit
    return found


def _with_mapping(use: pd.DataFrame, texts: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Put the mapping's rules before the importer's own, and its scopes over them."""
    open_rows = pd.Series(data=True, index=use.index)
    for rule in mapping.kinds:
        column = rule.column if rule.column in texts else "any"
        hit = open_rows & texts[column].str.contains(rule.words.lower(), regex=False)
        use.loc[hit, ["kind", "scope", "confidential", "step", "reason"]] = _row_of(rule)
        open_rows &= ~hit
    for kind, scope in mapping.scopes.items():
        rows = (use["kind"] == kind) & (use["scope"] != scope)
        use.loc[rows, "scope"] = scope
        use.loc[rows, "step"] = _step_of(scope, kind)
        use.loc[rows, "reason"] = f"{_label(kind).lower()}; scope set in the mapping file"
    return use


def _row_of(rule: KindRule) -> list[str]:
    scope = rule.scope or default_scope(rule.kind)
    reason = rule.reason or f"{_label(rule.kind).lower()}; said in the mapping file"
    return [rule.kind, scope, "yes" if rule.kind == "refuge" else "no", _step_of(scope, rule.kind), reason]


def default_scope(kind: str) -> str:
    """Return the scope of a kind in a bare register: what is not decided or vacant stays out."""
    table = kinds().set_index("kind")["scope"]
    scope = str(table.get(kind, "out"))
    return scope if scope in {"decide", "surplus"} else "out"


def _label(kind: str) -> str:
    return str(kinds().set_index("kind")["label"].get(kind, kind))


def _step_of(scope: str, kind: str) -> str:
    if scope == "decide":
        return DECIDED
    rules = _rules()
    own = rules[(rules["kind"] == kind) & (rules["scope"] == scope)]
    return str(own["step"].iloc[0]) if len(own) else f"{_label(kind)} ({scope})"


def _override(sites: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Apply what the mapping says of single assets."""
    rows = sites["site_id"].reset_index().set_index("site_id")["row"]
    for key, values in mapping.sites.items():
        if key not in rows.index:
            continue
        row = rows[key]
        for column, value in values.items():
            if column not in sites:
                sites[column] = None
            sites.loc[row, column] = value
        if {"kind", "scope"} & values.keys():
            kind = str(sites.loc[row, "kind"])
            scope = str(values.get("scope") or default_scope(kind))
            sites.loc[row, ["scope", "step"]] = [scope, _step_of(scope, kind)]
            reason = str(values.get("scope_reason") or f"{_label(kind).lower()}; said in the mapping file")
            sites.loc[row, "scope_reason"] = f"{sites.loc[row, 'step']}: {reason}"
            sites.loc[row, "use_kind"] = kind
    return sites


def build_funnel(sites: pd.DataFrame) -> pd.DataFrame:
    """Count the sites of every step, the decided ones last.

    Parameters
    ----------
    sites : DataFrame
        site_id, step, scope, scope_reason, and `listed` (true for a site that comes
        from another list than the register) where there are such.

    Returns
    -------
    DataFrame
        step, sites, reason, part: the rows of part ``register`` add up to the registered
        assets, those of part ``added`` to the sites that only other lists name. The last
        rows are the decided sites.
    """
    listed = sites["listed"] if "listed" in sites else pd.Series(data=False, index=sites.index)
    part = listed.map({True: "added", False: "register"})
    keys = pd.DataFrame({"part": part, "step": sites["step"], "last": sites["scope"] == "decide"})
    reason = sites["scope_reason"].str.split(": ", n=1).str[-1]
    keys["reason"] = reason.str.split(r"; (?:also|may be one building with) ", n=1, regex=True).str[0]
    rows = []
    for (last, step, of), group in keys.groupby(["last", "step", "part"], sort=False):
        reasons = list(dict.fromkeys(group["reason"]))
        text = "; ".join(reasons[:3]) + ("; ..." if len(reasons) > 3 else "")
        rows.append(
            (bool(last), of == "added", _order(str(step)), -len(group), str(step), text, str(of), len(group))
        )
    rows.sort()
    return pd.DataFrame(
        [(step, count, text, of) for *_, step, text, of, count in rows], columns=list(FUNNEL_COLUMNS)
    )


def _order(step: str) -> int:
    steps = list(dict.fromkeys(_rules()["step"].where(_rules()["stage"] != "use")))
    first = [
        "Land without a building",
        "Let to others",
        "Held under another arrangement",
        "Vacant",
        "Schools",
    ]
    known = [*first, "Allotment sheds", *steps]
    return known.index(step) if step in known else len(known)


def is_listed(site_ids: pd.Series) -> pd.Series:
    """Say which sites come from another list than the register: their ids begin with a kind and a colon."""
    return site_ids.str.split(":", n=1).str[0].isin(set(kinds()["kind"])) & site_ids.str.contains(
        ":", regex=False
    )


def follow_scopes(funnel: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Carry a funnel on to sites whose scope has changed since it was counted.

    Parameters
    ----------
    funnel : DataFrame
        As :func:`build_funnel` returns it, with the sites of `before`.
    before, after : DataFrame
        site_id, scope and scope_reason then and now (sites that are kept because too
        little is known of them, or because their body takes no part).

    Returns
    -------
    DataFrame
        The same columns and the same sums by part; the decided rows are last.
    """
    now = after.set_index("site_id")[["scope", "scope_reason"]].reindex(before["site_id"])
    left = (before["scope"].to_numpy() == "decide") & (now["scope"] != "decide").to_numpy()
    moved = pd.DataFrame({"reason": now["scope_reason"].to_numpy()[left]})
    moved["part"] = is_listed(before["site_id"][left]).map({True: "added", False: "register"}).to_numpy()
    out = funnel.copy()
    for part, count in moved["part"].value_counts().items():
        rows = out.index[(out["step"] == DECIDED) & (out["part"] == part)]
        out.loc[rows, "sites"] -= int(count)
    counts = moved.value_counts().rename("sites").reset_index().assign(step="Kept: too little is known")
    last = out["step"] == DECIDED
    parts = [out[~last], counts[list(FUNNEL_COLUMNS)], out[last & (out["sites"] > 0)]]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)
