"""Who may read what: the one place of the rules on audience, sensitivity and confidence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.errors import ConfigError, Issue
from estate.core.tables import SPECS
from estate.present.cash import BACKLOG, INVESTMENT, RECEIPTS, RESIDUAL, RUNNING, group_of
from estate.present.pooling import SEVERAL, pool, pool_changes, pool_partners

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AUDIENCES = ("public", "partner", "internal")
CONFIDENTIAL_KINDS = ("refuge",)
"""Kinds whose places are hidden from the public even where nobody has marked them."""

STRUCK = "[confidential]"
_LEVEL = {"public": 0, "partner": 1, "internal": 2, "confidential": 2}
_LINE_SOURCE = {
    "receipt": ("valuations", "receipt_gbp"),
    "disposal_cost": ("valuations", "receipt_gbp"),
    "let_income": ("valuations", "let_income_gbp_per_year"),
    "surrender_premium": ("valuations", "premium_gbp"),
}
_RECEIPT_FREE = frozenset(
    {
        "decided_sites",
        "surplus_sites",
        "closures",
        "hubs",
        "saving_steady_gbp",
        "saving_share",
        "share_of_estate_decided",
        "payback_without_receipts",
        "payback_discounted_without_receipts",
        "residents_worse_off",
        "assumed_cost_share",
        "emissions_bau_tonnes",
        "emissions_plan_tonnes",
        "carbon_saving_tonnes",
    }
)
"""Headlines that no receipt enters; any other is withheld where too few sales hide one sale."""

_FINANCIAL = frozenset(
    {
        "npv_financial_gbp",
        "npv_financial_without_receipts_gbp",
        "payback_with_receipts",
        "payback_discounted_with_receipts",
        "peak_funding_gbp",
        "peak_funding_gbp_without_receipts",
        "capital_gbp",
        "receipts_gbp",
    }
)
"""Headlines of the financial view, told where only the economic part of receipts is withheld."""

_PUBLIC_RUN = (
    "schema_version",
    "versions",
    "seed",
    "solver",
    "engine",
    "status",
    "stopped_by",
    "gap_share_of_saving",
    "seconds",
    "audience",
)
_PLANS = ("plan", "start", "second_looks")
"""Keys of the record that hold plans, which may name sites."""
ROUND_SHARE = 3  # decimals of shares, ratios and years outside the council
ROUND_GBP = 1000
"""Headlines outside the council are rounded to this [GBP]: an exact total invites subtraction."""


def check_audience(audience: str) -> str:
    """Return the audience, or raise ConfigError where it is not one."""
    if audience in AUDIENCES:
        return audience
    choices = ", ".join(AUDIENCES)
    raise ConfigError(
        "The audience is not known:",
        [Issue("config", None, "audience", audience, "is not an audience", f"use one of {choices}")],
    )


def may_see(audience: str, sensitivity: str) -> bool:
    """Say whether an audience may read a column of that sensitivity."""
    return _LEVEL[sensitivity] <= _LEVEL[audience]


def visible(table: str, column: str, audience: str) -> bool:
    """Say whether an audience may read a column of the data dictionary."""
    return may_see(audience, SPECS[table][column].sensitivity)


def hidden_columns(table: str, columns: Iterable[str], audience: str) -> list[str]:
    """Return those columns of a dictionary table that the audience may not read."""
    known = set(SPECS[table].names)
    return [c for c in columns if c in known and not visible(table, c, audience)]


def confidential_sites(sites: pd.DataFrame) -> set[str]:
    """Return the sites whose place is hidden from the public, parts of such a complex included."""
    marked = sites["confidential"].astype(bool) | sites["kind"].isin(CONFIDENTIAL_KINDS)
    ids = set(sites.loc[marked, "site_id"].astype(str))
    parent = sites["parent_site_id"].fillna("").astype(str)
    while True:
        more = set(sites.loc[parent.isin(ids), "site_id"].astype(str)) - ids
        if not more:
            return ids
        ids |= more


def secret_words(sites: pd.DataFrame) -> re.Pattern[str] | None:
    """Return what would name a confidential site (id, name, UPRN, postcode), as whole words."""
    rows = sites[sites["site_id"].astype(str).isin(confidential_sites(sites))]
    columns = [c for c in ("site_id", "name", "uprn", "postcode") if c in rows.columns]
    words = sorted({str(v).strip() for c in columns for v in rows[c].dropna()}, key=len, reverse=True)
    parts = "|".join(re.escape(word) for word in words if len(word) > 2)
    return re.compile(rf"(?<!\w)(?:{parts})(?!\w)", re.IGNORECASE) if parts else None


def _text_columns(frame: pd.DataFrame) -> list[str]:
    kinds = pd.api.types
    return [c for c in frame.columns if kinds.is_object_dtype(frame[c]) or kinds.is_string_dtype(frame[c])]


def without_secrets(frame: pd.DataFrame, secrets: re.Pattern[str] | None) -> pd.DataFrame:
    """Return the rows of a frame in which no text names a confidential site."""
    if frame.empty or secrets is None:
        return frame
    bad = np.zeros(len(frame), dtype=bool)
    for column in _text_columns(frame):
        cells = frame[column].astype(object).where(frame[column].notna(), "").astype(str)
        bad |= cells.str.contains(secrets).to_numpy(dtype=bool)
    return frame[~bad].reset_index(drop=True)


def struck_out(frame: pd.DataFrame, secrets: re.Pattern[str] | None) -> pd.DataFrame:
    """Return the frame with the names of confidential sites struck out of its texts."""
    if frame.empty or secrets is None:
        return frame
    texts = {c: frame[c].astype(object).where(frame[c].notna(), "").astype(str) for c in _text_columns(frame)}
    return frame.assign(**{c: t.str.replace(secrets, STRUCK, regex=True) for c, t in texts.items()})


def without_words(text: str, secrets: re.Pattern[str] | None) -> str:
    """Return text with the names of confidential sites struck out."""
    return text if secrets is None else secrets.sub(STRUCK, text)


def cash_for(
    cash: pd.DataFrame, audience: str, labels: dict[int, str]
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Return the cash flows that the audience may read, and the views from which receipts are withheld.

    Internal readers see every row. Partners see all but amounts that follow from receipts or
    lettings, which are pooled (``pooling.pool``). The public sees no site at all: running
    costs, investment and backlog by partner and year, receipts pooled.

    Parameters
    ----------
    cash : DataFrame
        The ledger with t and group.
    audience : str
        ``internal``, ``partner`` or ``public``.
    labels : dict
        Name of each offset t.
    """
    cash = cash.assign(group=group_of(cash["line"]))
    if audience == "internal":
        return cash, frozenset()
    guarded = cash["line"].isin(guarded_lines(audience))
    blank = {"fund": "", "counterparty_id": "", "cashable": "yes", "heading": ""}
    sales, others = cash[guarded].assign(**blank), cash[~guarded]
    if audience == "public":
        others = _coarse(others)
        sales = sales.assign(line=sales["line"].replace({"receipt": RECEIPTS}))
    # The economic part of receipts comes from partners that do not keep all: pooled by itself.
    shown, lost = [], set()
    for (_, _, view), part in sales.groupby(["line", "case", "view"]):
        pooled = pool(part, labels)
        if abs(float(pooled["amount_gbp"].sum()) - float(part["amount_gbp"].sum())) > 0.005:
            lost.add(str(view))
        if not pooled.empty:
            shown.append(pooled)
    withheld = {"economic", "financial"} if lost - {"economic"} else lost
    return pd.concat([others, *shown], ignore_index=True), frozenset(withheld)


def guarded_lines(audience: str) -> list[str]:
    """Return the lines that an audience may not read by site.

    The public sees running costs of many sites in one sum, lettings among them; only what
    follows from receipts is pooled apart.
    """
    lines = [line for line, source in _LINE_SOURCE.items() if not visible(*source, audience)]
    return [line for line in lines if audience != "public" or line != "let_income"]


def _changes(placed: pd.DataFrame) -> pd.DataFrame:
    """Return partner, site and t wherever what a site saves is not what it saved the year before."""
    signed = placed["amount_gbp"].where(placed["case"] == "plan", -placed["amount_gbp"])
    running = ~placed["group"].isin([INVESTMENT, BACKLOG, RECEIPTS])
    rows = placed.assign(gbp=signed, partner=placed["partner_id"].astype(str), site=placed["site_id"])[
        running
    ]
    table = rows.pivot_table(
        index=["partner", "site"], columns="t", values="gbp", aggfunc="sum", fill_value=0.0
    )
    steps = table.diff(axis=1).fillna(table)
    moved = steps.reset_index().melt(["partner", "site"], value_name="gbp")
    return moved[moved["gbp"].abs() > 0.005]


def _coarse(cash: pd.DataFrame) -> pd.DataFrame:
    """Cash flows by year, partner and group; partners with few sites are put together."""
    placed = cash[cash["site_id"].fillna("").astype(str) != ""]
    names = pool_partners(placed["site_id"].astype(str), placed["partner_id"])
    partner = cash["partner_id"].fillna("").astype(str)
    every = {name: names.get(name, name) or SEVERAL for name in partner.unique()}
    shown = partner.map(pool_changes(_changes(placed), every))
    group = cash["group"].where(cash["group"].isin([INVESTMENT, BACKLOG, RECEIPTS, RESIDUAL]), RUNNING)
    blank = dict.fromkeys(("site_id", "provision_id", "counterparty_id", "fund", "heading"), "")
    cash = cash.assign(group=group, line=group, partner_id=shown, **blank)
    keys = [c for c in cash.columns if c != "amount_gbp"]
    return cash.groupby(keys, as_index=False, dropna=False).agg(amount_gbp=("amount_gbp", "sum"))


def headlines_for(
    rows: list[Mapping[str, Any]], audience: str, withheld: frozenset[str]
) -> list[dict[str, Any]]:
    """Return the headlines the audience may read, money rounded outside the council."""
    if audience == "internal":
        return [dict(row) for row in rows]
    return [_rounded(row) for row in rows if _may_tell(str(row.get("key")), withheld)]


def _may_tell(key: str, withheld: frozenset[str]) -> bool:
    """Say whether a headline gives away no withheld receipt."""
    if not withheld or key in _RECEIPT_FREE:
        return True
    return "financial" not in withheld and key in _FINANCIAL


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    money = str(row.get("unit", "")).startswith("GBP")
    answer = dict(row)
    for name in ("value", "numerator", "denominator", "low", "high"):
        value = answer.get(name)
        big = isinstance(value, (int, float)) and abs(value) >= ROUND_GBP and (money or name != "value")
        if big and (money or "saving" in str(row.get("key"))):
            answer[name] = round(float(value) / ROUND_GBP) * ROUND_GBP  # type: ignore[arg-type]
        elif isinstance(value, float) and not money:
            answer[name] = round(value, ROUND_SHARE)  # an exact ratio of rounded pounds gives the pounds away
    return answer


def collect_for(collect: pd.DataFrame, audience: str) -> pd.DataFrame:
    """Return the facts to collect, without the amounts that the audience may not read.

    What a fact can change (``swing_gbp``) may follow from a receipt whatever the fact is: it is
    for internal readers. Partners see the figures of facts they may read, the public none.
    """
    if audience == "internal" or collect.empty:
        return collect
    facts = zip(collect["table"].astype(str), collect["column"].astype(str), strict=True)
    seen = [_known_visible(table, column, audience) for table, column in facts]
    shown = pd.Series(seen, index=collect.index) & (audience == "partner")
    amounts = [c for c in ("value", "low", "high") if c in collect.columns]
    answer = collect.assign(**{c: collect[c].where(shown) for c in amounts})
    return answer.drop(columns="swing_gbp", errors="ignore")


def _known_visible(table: str, column: str, audience: str) -> bool:
    """Say whether a column may be read; what the dictionary does not know may not."""
    known = table in SPECS and column in SPECS[table].names
    return known and visible(table, column, audience)


def run_for(run: Mapping[str, Any], audience: str, *, withheld: bool) -> dict[str, Any]:
    """Return the record of the run that the audience may read.

    The public gets neither paths nor the configuration, whose lists may name sites.
    """
    if audience == "internal":
        return {**run, "audience": audience}
    money = {k: v for k, v in run.items() if k.endswith("_gbp") and isinstance(v, (int, float))}
    rounded = {} if withheld else {k: round(v / ROUND_GBP) * ROUND_GBP for k, v in money.items()}
    base = {k: v for k, v in run.items() if k not in money and k not in _PLANS}
    if audience == "public":
        base = {k: v for k, v in run.items() if k in _PUBLIC_RUN}
    return {**base, **rounded, "audience": audience}
