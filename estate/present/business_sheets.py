"""Sheets of the business case: funding, funds, staff, receipts, exits, liabilities, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.present.business import heading_words
from estate.present.live import FIRST_ROW, Live, column_letter, partner_names, still

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.present.view import View

EFFECTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "budget_effect_gbp": (
        ("+", "revenue_gbp"),
        ("-", "interest_gbp"),
        ("-", "provision_gbp"),
        ("+", "flexible_receipts_gbp"),
        ("+", "reserve_used_gbp"),
        ("-", "reserve_repaid_gbp"),
    ),
    "cash_effect_gbp": (
        ("+", "revenue_gbp"),
        ("+", "receipts_gbp"),
        ("+", "capital_released_gbp"),
        ("-", "capital_spend_gbp"),
        ("+", "from_grant_gbp"),
        ("+", "from_borrowing_gbp"),
        ("+", "from_partners_gbp"),
        ("-", "to_partners_gbp"),
        ("-", "interest_gbp"),
        ("-", "principal_gbp"),
    ),
    "unfunded_gbp": (
        ("+", "capital_spend_gbp"),
        ("+", "to_partners_gbp"),
        ("-", "from_grant_gbp"),
        ("-", "from_budget_gbp"),
        ("-", "from_receipts_gbp"),
        ("-", "from_partners_gbp"),
        ("-", "from_borrowing_gbp"),
    ),
    "saving_gbp_per_year": (("+", "bau_gbp_per_year"), ("-", "plan_gbp_per_year")),
}
"""Columns that follow from others of their row (model.md section 7), with the sign of each."""

BUSINESS = (
    (
        "Funding",
        "How each partner pays: revenue, capital, loans and provision by year, money of the day",
        "financial",
        False,
        "Effects and what is unfunded follow from their row. One purse: to and from partners is for works.",
    ),
    (
        "Between partners",
        "What partners pay each other by year, money of the day; each line leaves one and reaches another",
        "between_partners",
        True,
        "Charges, fees and rent, plan less business as usual; with one purse, works paid for by others.",
    ),
    (
        "Saving by fund",
        "Yearly saving on property by fund; what releases no cash stands beside it",
        "saving_by_fund",
        False,
        "",
    ),
    (
        "Running cost by heading",
        "By partner, heading, fund and year: without the plan, and what the plan leaves of it",
        "running_cost_by_heading",
        False,
        "Fixed, stepped, variable: parts without the plan. Cashable never: capital charges and the like.",
    ),
    (
        "Saving on staff",
        "Staff cost saved by partner; never added to a saving on property",
        "staff_saving",
        False,
        "",
    ),
    (
        "Receipt scenarios",
        "The plan held fixed: receipts as hoped, late and lower, and none",
        "receipt_scenarios",
        False,
        (
            "Base-year prices, short in money of the day. Judges capital of the decision years, by the "
            "purses of rule capital (else as one); later capital, and by partner: Funding, unfunded."
        ),
    ),
    ("Exits", "Every way out of each site that closes, side by side", "exits", True, ""),
    (
        "Liabilities",
        "Backlog and energy works: saved where they would have been spent, else avoided, in no saving",
        "liabilities",
        False,
        "",
    ),
    (
        "Constraints",
        "What each limit allows, what the plan uses, and what a step more is worth",
        "constraints",
        True,
        (
            "Screen: a dual of the linear relaxation, no value. Worth: found by estate constraints. Capital "
            "and borrowing: used and allowed in money of the day; a step in base-year prices x price index."
        ),
    ),
)
"""Sheets: name, what it holds, table of the business case, whether internal only, note."""


def table(view: View, name: str) -> pd.DataFrame:
    """Return a table of the business case; what follows from a row is a formula for internal readers."""
    frame = view.business.get(name, pd.DataFrame())
    if frame.empty:
        return frame
    made = _named(view, frame[_busy(frame)] if name == "financial" else frame)
    at = {str(column): column_letter(i) for i, column in enumerate(made.columns)}
    for column, parts in EFFECTS.items():
        if column not in at or any(part not in at for _, part in parts):
            continue
        made[column] = pd.Series(
            [
                Live(f"=ROUND({''.join(f'{sign}{at[part]}{row}' for sign, part in parts)},6)", float(value))
                for row, value in enumerate(made[column], start=FIRST_ROW + 2)
            ],
            dtype=object,
        )
    return made if view.header.audience == "internal" else still(made)


def _busy(frame: pd.DataFrame) -> pd.Series:
    """Say which rows are of partners for whom anything changes."""
    money = frame.filter(regex="_gbp$").abs().sum(axis=1)
    return money.groupby(frame["partner_id"]).transform("sum") > 0


def _spaced(words: str) -> str:
    return words.replace("_", " ")


def _named(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with partners and sites by their names, and no priority where works have none."""
    made = frame.reset_index(drop=True).copy()
    if "partner_id" in made:
        names = partner_names(view)
        called = [names.get(one, one) for one in made["partner_id"].astype(str)]
        made = made.assign(partner_id=called).rename(columns={"partner_id": "partner"})
    for side in ("from", "to"):
        if f"{side}_partner_id" in made:
            names = partner_names(view)
            made[f"{side}_partner_id"] = [
                names.get(one, one) for one in made[f"{side}_partner_id"].astype(str)
            ]
            made = made.rename(columns={f"{side}_partner_id": f"{side}_partner"})
    for words in {"line", "heading", "fund"} & set(made.columns):
        made[words] = made[words].astype(str).map(heading_words if words == "heading" else _spaced)
    if "priority" in made:
        made["priority"] = made["priority"].where(made["priority"] > 0)
    if "site_id" in made:
        sites = dict(zip(view.sites["site_id"], view.sites["name"], strict=True))
        at = list(made.columns).index("site_id") + 1
        made.insert(at, "name", [sites.get(one, "") for one in made["site_id"]])
    return made
