"""The tables of the business case: who may read what of them, their files, and their part of the report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from estate.present import audience as rules
from estate.present.csvs import safe_frame
from estate.present.words import gbp, is_missing, number, share, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from estate.present.view import View

TOGETHER = "all partners"
_HIDDEN = {
    "partner": ("exits", "constraints", "between_partners"),
    "public": (
        "exits",
        "constraints",
        "between_partners",
        "running_cost_by_heading",
        "liabilities",
        "staff_saving",
    ),
}
"""Tables that an audience never sees: values by site or partner, running costs and backlog, as the dictionary
says."""


def business_for(
    tables: Mapping[str, pd.DataFrame], audience: str, withheld: frozenset[str]
) -> dict[str, pd.DataFrame]:
    """Return the tables that an audience may read.

    Outside the council the financial view is told of all partners together, money is rounded, and
    what contains receipts is withheld where too few sales would hide a single one.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        From the appraisal.
    audience : str
        ``internal``, ``partner`` or ``public``.
    withheld : frozenset of str
        Views from which receipts are withheld.
    """
    if audience == "internal":
        return dict(tables)
    shown = {name: table for name, table in tables.items() if name not in _HIDDEN[audience]}
    if "financial" in shown:
        whole = shown["financial"]["partner_id"] == TOGETHER
        shown["financial"] = shown["financial"][whole & ("financial" not in withheld)]
    if "receipt_scenarios" in shown and "financial" in withheld:
        told = shown["receipt_scenarios"]
        shown["receipt_scenarios"] = told[["scenario", "purse", "payable", "dry_year"]]
    if "running_cost_by_heading" in shown:
        costs = shown["running_cost_by_heading"]
        shown["running_cost_by_heading"] = costs[~costs["line"].isin(rules.guarded_lines(audience))]
    return {name: _rounded(table) for name, table in shown.items()}


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    money = [c for c in table.columns if "_gbp" in str(c) and pd.api.types.is_numeric_dtype(table[c])]
    coarse = (table[money].astype(float) / rules.ROUND_GBP).round() * rules.ROUND_GBP
    return table.assign(**{c: coarse[c] for c in money}).reset_index(drop=True)


def write_business(view: View, folder: Path) -> None:
    """Write each table of the business case as a CSV file of its name."""
    for name, table in view.business.items():
        safe_frame(table).to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")


FUND_NOTE = (
    "Yearly, base-year prices. What releases no cash stands beside the saving, and so do capital charges, "
    "depreciation and recharges: they are never in it."
)
PAYING_NOTE = (
    "Money of the day, all years. Each capital pound is funded once: by grants, budgets, receipts, and "
    "then borrowing. With one purse partners pay for works of each other: what one passes on another gets. "
    "Without funding counts every year, also those after the last decision."
)
SCENARIO_NOTE = (
    "The plan held fixed, base-year prices, short by in money of the day. Late and lower keeps empty "
    "buildings until they are sold. Judged is the capital of the decision years, by the purses of rule "
    "capital (else as one purse); what comes later stands above: Without funding."
)

Rows = tuple[list[str], list[list[object]]]
"""Headings of a table of the report, and its cells in words."""


def paying(view: View) -> Rows:
    """Return how each partner pays for its capital, and what that costs, over all years."""
    table = view.business.get("financial", pd.DataFrame())
    if table.empty:
        return [], []
    names = {
        "capital_spend_gbp": "Capital",
        "from_grant_gbp": "From grants",
        "from_budget_gbp": "From budgets",
        "from_receipts_gbp": "From receipts",
        "from_partners_gbp": "From partners",
        "from_borrowing_gbp": "Borrowed",
        "to_partners_gbp": "Passed on",
        "unfunded_gbp": "Without funding",
        "interest_gbp": "Interest",
    }
    sums = table.groupby("partner_id", sort=False)[list(names)].sum()
    sums["most"] = table.groupby("partner_id", sort=False)["debt_gbp"].max()
    sums = sums[(sums.abs() > 0.5).any(axis=1) | (sums.index == TOGETHER)]
    called, first = _called(view), table[table["unfunded_gbp"] > 0.5].groupby("partner_id")["year"].first()
    rows: list[list[object]] = [
        [called.get(who) or who, *(gbp(cell) for cell in row), first.get(who, "")]
        for who, row in zip(sums.index, sums.to_numpy(), strict=True)
    ]
    return ["Partner", *names.values(), "Most debt", "First year without funding"], rows


def _called(view: View) -> dict[str, str]:
    """Return the names of partners."""
    named = view.partners if "name" in view.partners else pd.DataFrame(columns=["partner_id", "name"])
    return dict(zip(named["partner_id"], named["name"].map(text), strict=True))


def scenarios(view: View) -> Rows:
    """Return whether each purse can pay when receipts come, come late, or never do."""
    table = view.business.get("receipt_scenarios", pd.DataFrame())
    names = {
        "scenario": "Receipts",
        "purse": "Purse",
        "payable": "Payable",
        "dry_year": "Runs dry in",
        "short_gbp": "Short by",
        "npv_financial_gbp": "Net present saving",
        "payback_years": "Payback, years",
    }
    shown = [c for c in names if c in table.columns]
    called = {"pooled": "one for all"} | _called(view)
    rows: list[list[object]] = [
        [called.get(row[c]) or row[c] if c == "purse" else _cell(c, row[c]) for c in shown]
        for row in table.to_dict("records")
    ]
    return [names[c] for c in shown] if rows else [], rows


def _cell(column: str, value: object) -> object:
    if column == "payable":
        return text(value) or "no budgets given"
    if is_missing(value):
        return ""
    if column.endswith("_gbp"):
        return gbp(value)
    return number(round(float(str(value)), 1)) if column == "payback_years" else text(value)


FUNDS = {
    "general": "General fund",
    "hra": "Housing revenue account",
    "schools": "Schools",
    "nhs": "NHS",
    "ring_fenced": "Ring-fenced",
}
"""Funds of the data dictionary as readers know them."""


def by_fund(view: View) -> Rows:
    """Return the yearly saving by fund."""
    table = view.business.get("saving_by_fund", pd.DataFrame())
    rows: list[list[object]] = [
        [
            FUNDS.get(text(r["fund"]), text(r["fund"])),
            gbp(r["bau_gbp_per_year"]),
            gbp(r["plan_gbp_per_year"]),
            gbp(r["saving_gbp_per_year"]),
            "" if is_missing(r["saving_share"]) else share(r["saving_share"]),
            gbp(r["not_cashable_gbp_per_year"]),
            gbp(r["memo_gbp_per_year"]),
        ]
        for r in table.to_dict("records")
    ]
    heads = ["Fund", "Cost today", "With the plan", "Saves a year", "Share", "Releases no cash"]
    heads.append("Never a saving")
    return heads if rows else [], rows


HEADING_NOTE = (
    "Cashable running cost of decided sites and of what replaces them, in the steady year, base-year prices. "
    "Fixed goes when the building closes, stepped and variable with services that leave. By partner, fund "
    "and year, with sites that are kept, what releases no cash and what is never a saving: "
    "running_cost_by_heading.csv."
)


def by_heading(view: View) -> Rows:
    """Return running cost by heading in the steady year, all partners and funds together."""
    table = view.business.get("running_cost_by_heading", pd.DataFrame())
    funds = view.business.get("saving_by_fund", pd.DataFrame())
    if table.empty or funds.empty:
        return [], []
    now = table[(table["year"] == funds["year"].iloc[0]) & (table["decided"] == "yes")]
    money = [str(column) for column in table.columns if str(column).endswith("_gbp_per_year")]
    ranked = now.assign(later=now["line"] != "running_cost").sort_values(["later", "heading"])
    sums = ranked[ranked["cashable"] == "yes"].groupby("heading", sort=False)[money].sum()
    sums = sums[(sums.abs() > 0.5).any(axis=1)]
    sums.loc["all together"] = sums.sum()
    rows: list[list[object]] = [
        [heading_words(str(heading)), *(gbp(cell) for cell in cells)]
        for heading, cells in zip(sums.index, sums.to_numpy(), strict=True)
    ]
    heads = ["Heading", "Fixed", "Stepped", "Variable", "Without the plan", "With the plan", "Saves a year"]
    return heads, rows


def heading_words(heading: str) -> str:
    """Return a heading of running cost as people write it."""
    words = re.sub(r"\b(fm|it|pfi)\b", lambda found: found.group().upper(), heading.replace("_", " "))
    return words[:1].upper() + words[1:]


CONSTRAINT_NOTE = (
    "Limits of which less than a step is left, from the independent check. What a step more is worth is "
    "found by the command estate constraints, which plans again with each limit loosened; the value lies "
    "between the two figures, and an interval that contains nought is not settled. A step is in prices of "
    "the first year; what is used and allowed of capital and borrowing is money of the day."
)


def constraints(view: View) -> Rows:
    """Return the limits that are nearly used up, or that were asked about."""
    table = view.business.get("constraints", pd.DataFrame())
    if table.empty:
        return [], []
    asked = table.get("verdict", pd.Series("not asked", index=table.index)) != "not asked"
    told = asked.any()
    chosen = table[asked if told else table["within_step"] == "yes"]
    names = {"about": "Limit", "year": "Year", "used": "Used", "allowed": "Allowed", "step": "One step"}
    more = {"worth_low_gbp": "Worth at least", "worth_high_gbp": "At most", "verdict": "Verdict"}
    names |= more if told else {}
    rows: list[list[object]] = [
        [_in_unit(column, row[column], text(row["unit"])) for column in names]
        for row in chosen.to_dict("records")
    ]
    return list(names.values()) if rows else [], rows


def _in_unit(column: str, value: object, unit: str) -> object:
    """Return a cell in the unit of its limit, whole pounds or a share."""
    if column in ("about", "year", "verdict") or is_missing(value):
        return "" if is_missing(value) else text(value)
    if column.startswith("worth_") or unit.startswith("GBP"):
        return gbp(value)
    if unit == "share":
        return share(value)
    return f"{number(value)} {unit.removesuffix('s') if value == 1 else unit}"


PARTS = (
    ("Saving by fund", FUND_NOTE, by_fund, ()),
    ("Running cost by heading", HEADING_NOTE, by_heading, ()),
    ("How it is paid for", PAYING_NOTE, paying, (11,)),
    ("If receipts come late, or not at all", SCENARIO_NOTE, scenarios, (0, 1, 2, 3)),
    ("Limits that hold the plan", CONSTRAINT_NOTE, constraints, (0, 1, 7)),
)
"""Parts of the report: title, note, what makes the table, and its columns of words beside the first."""
