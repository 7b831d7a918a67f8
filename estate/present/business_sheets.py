"""Sheets of the business case: funding, funds, staff, receipts, exits, liabilities, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.core.levers import LEVERS
from estate.present.business import heading_words
from estate.present.live import FIRST_ROW, Live, cells, column_letter, live_of, partner_names, still

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
HELD = "Held at the assumptions of the run; estate appraise --plan works it out under others."
BY_HEADING = "Running cost by heading"
NEVER = "never"
"""Cashable of what no plan saves: capital charges, depreciation, recharges."""
SAVED = next(lever for lever in LEVERS if lever.name == "saving_fall_share")
"""Columns that follow from others of their row (model.md section 7), with the sign of each."""

BUSINESS = (
    (
        "Funding",
        "How each partner pays: revenue, capital, loans and provision by year, money of the day",
        "financial",
        False,
        (
            "Effects and what is unfunded follow from their row. One purse: to and from partners is for "
            f"works. {HELD}"
        ),
    ),
    (
        "Between partners",
        "What partners pay each other by year, money of the day; each line leaves one and reaches another",
        "between_partners",
        True,
        (
            "Charges, fees and rent, plan less business as usual; with one purse, works paid for by others. "
            + HELD
        ),
    ),
    (
        "Saving by fund",
        "Yearly saving on property by fund; what releases no cash stands beside it",
        "saving_by_fund",
        False,
        "Live: adds up the sheet Running cost by heading. The plan is held fixed.",
    ),
    (
        BY_HEADING,
        "By partner, heading, fund and year: without the plan, and what the plan leaves of it",
        "running_cost_by_heading",
        False,
        (
            "Live: what buildings save follows saving_fall_share of Assumptions; the plan is held fixed. "
            "Fixed, stepped, variable: parts without the plan. Cashable never: capital charges and the like."
        ),
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
            f"purses of rule capital (else as one); later capital, and by partner: Funding, unfunded. {HELD}"
        ),
    ),
    ("Exits", "Every way out of each site that closes, side by side", "exits", True, HELD),
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
    if name == "running_cost_by_heading":
        made["plan_gbp_per_year"] = _lowered(view, frame, at)
    if name == "saving_by_fund":
        made = made.assign(**_by_fund(view, made, at))
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


def _lowered(view: View, frame: pd.DataFrame, at: Mapping[str, str]) -> pd.Series:
    """Return running cost with the plan, with what buildings save lower by the cell of Assumptions."""
    pulled = (frame["line"].isin(SAVED.lines) & (frame["cashable"] != NEVER)).to_numpy(dtype=bool)
    there = bool(live_of(view).rows["line"].isin(SAVED.lines).any())  # else there is no such cell
    money = frame[["bau_gbp_per_year", "plan_gbp_per_year"]].to_numpy(dtype=float)
    cells = [
        Live(
            f"={at['bau_gbp_per_year']}{row}-({bau - plan!r})*(1-{SAVED.name})" if moves and there else "",
            plan,
        )
        for row, (moves, (bau, plan)) in enumerate(
            zip(pulled & (money[:, 0] != money[:, 1]), money.tolist(), strict=True), start=FIRST_ROW + 2
        )
    ]
    return pd.Series(cells, index=frame.index, dtype=object).reset_index(drop=True)


def _by_fund(view: View, made: pd.DataFrame, at: Mapping[str, str]) -> dict[str, pd.Series]:
    """Return what of the saving by fund adds up the sheet of running cost by heading."""
    costs = _named(view, view.business.get("running_cost_by_heading", pd.DataFrame()))
    if costs.empty:
        return {}
    heads = [str(column) for column in costs.columns]

    def total(column: str, cashable: str, fund: object, year: object) -> str:
        tests = {"decided": "yes", "cashable": cashable, "fund": fund, "year": year}
        parts = [f'({cells(BY_HEADING, heads, head, len(costs))}="{said}")' for head, said in tests.items()]
        return f"=SUMPRODUCT({'*'.join(parts)}*{cells(BY_HEADING, heads, column, len(costs))})"

    rows = []
    for row, one in enumerate(made.to_dict("records"), start=FIRST_ROW + 2):
        bau, saving = (f"{at[column]}{row}" for column in ("bau_gbp_per_year", "saving_gbp_per_year"))
        share = f'=IF({bau}>0,{saving}/{bau},"")'
        formulas = {
            "plan_gbp_per_year": total("plan_gbp_per_year", "yes", one["fund"], one["year"]),
            "saving_share": share,
            "not_cashable_gbp_per_year": total("saving_gbp_per_year", "no", one["fund"], one["year"]),
        }
        known = {column: "" if pd.isna(one[column]) else float(one[column]) for column in formulas}
        rows.append({column: Live(formula, known[column]) for column, formula in formulas.items()})
    return {column: pd.Series([row[column] for row in rows], dtype=object) for column in rows[0]}


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
