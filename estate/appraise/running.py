"""Lines that follow from what buildings cost and earn today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import Facts, number, text
from estate.appraise.lines import Matrix, between, once, post
from estate.appraise.rents import TERMS, rent_by_year
from estate.core.reference import headings

if TYPE_CHECKING:
    from estate.core.types import Estate

PRIORITY_YEARS = {1: 0, 2: 1, 3: 3, 4: 6}
"""Year in which backlog of a priority falls due: now, within 2 years, in years 3 to 5, later (unverified)."""


@dataclass(frozen=True)
class CostRows:
    """Running costs split into what goes with the building and what goes with each provision.

    Attributes
    ----------
    fixed, variable : DataFrame
        Who, where and what of each part, with the year in which it ends.
    fixed_gbp, variable_gbp : ndarray, shape (rows, years)
        Yearly cost as a positive number, at rents in force [GBP/year].
    """

    fixed: pd.DataFrame
    fixed_gbp: Matrix
    variable: pd.DataFrame
    variable_gbp: Matrix

    @property
    def whole_gbp(self) -> Matrix:
        """Yearly cost of every row, whatever it goes with [GBP/year]."""
        whole = self.fixed_gbp.copy()
        np.add.at(whole, self.variable["row"].to_numpy(dtype=np.int64), self.variable_gbp)
        return whole


def cost_rows(facts: Facts, table: pd.DataFrame, column: str = "gbp_per_year") -> CostRows:
    """Split the rows of `running_costs` by cashability and by what they go with.

    Parameters
    ----------
    facts : Facts
        Estate and plan.
    table : DataFrame
        Conformed ``running_costs``.
    column : str
        Column of the yearly cost; ``low_gbp_per_year`` and ``high_gbp_per_year`` take the
        central value where blank.

    Returns
    -------
    CostRows
        Memo headings left out.
    """
    rows = _posted_rows(facts, table, column)
    yearly = np.repeat(rows["gbp"].to_numpy(dtype=float)[:, None], facts.span, axis=1)
    rent = (rows["heading"] == "rent").to_numpy(dtype=bool)
    yearly[rent] = rent_by_year(rows[rent], facts.span)
    kept = facts.provisions[["site_id", "provision_id", "weight", "steps", "leaves_t", "how"]]
    rows["occupied"] = rows["site_id"].isin(kept["site_id"])
    freed = number(rows["site_id"].map(kept.groupby("site_id")["steps"].sum()))
    rest = rows["fixed_share"] + rows["stepped_share"] * (1.0 - freed)
    fixed_part = np.where(rows["occupied"], rest, 1.0)
    rows["row"] = np.arange(len(rows))
    variable = rows.merge(kept, on="site_id")
    index = variable["row"].to_numpy(dtype=np.int64)
    flowing = (1.0 - variable["fixed_share"] - variable["stepped_share"]) * variable["weight"]
    part = (flowing + variable["stepped_share"] * variable["steps"]).to_numpy(dtype=float)
    return CostRows(rows, fixed_part[:, None] * yearly, variable, part[:, None] * yearly[index])


def _posted_rows(facts: Facts, table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the cashable and the non-cashable part of every row, each with its view."""
    rows = pd.DataFrame({name: text(table[name]) for name in ("site_id", "heading", "fund", "quality")})
    rows["gbp"] = number(table[column], number(table["gbp_per_year"]))
    cashable = number(table["cashable_share"], 1.0)
    known = headings().set_index("heading")
    rows["view"] = rows["heading"].map(known["view"])
    default = rows["heading"].map(known["fixed_share"]).to_numpy(dtype=float)
    rows["fixed_share"] = number(table["fixed_share"], default)
    rows["stepped_share"] = number(table["stepped_share"])
    landlord = dict(zip(facts.sites["site_id"], facts.sites["landlord_id"], strict=True))
    named = pd.Series(text(rows["site_id"].map(landlord)))
    rows["counterparty_id"] = named.where(rows["heading"] == "rent", "")
    rows["view"] = rows["view"].where(rows["counterparty_id"] == "", "financial")
    cash = rows.assign(part=cashable, cashable="yes")
    rest = rows.assign(part=1.0 - cashable, cashable="no", view="economic")[rows["view"] == "both"]
    both = pd.concat([cash[cash["view"] != "memo"], rest], ignore_index=True)
    both = both[both["part"] > 0].assign(gbp=lambda frame: frame["gbp"] * frame["part"])
    place = ["site_id", "partner_id", "closes_t", "decided", *TERMS]
    return both.merge(facts.counted[place], on="site_id").reset_index(drop=True)


def running_cost(facts: Facts, costs: CostRows) -> list[pd.DataFrame]:
    """Post what buildings cost to run, in both cases.

    Business as usual stands in one row by site and heading, and so does the plan where it changes
    nothing at a site; elsewhere the plan's variable part is posted by provision. A large estate's
    ledger stays small, and business as usual is the same whatever the plan.
    """
    t = np.arange(facts.span)
    moving = costs.variable.loc[costs.variable["leaves_t"] < facts.span, "site_id"]
    closing = costs.fixed.loc[costs.fixed["closes_t"] < facts.span, "site_id"]
    changes = {*moving, *closing}
    split = costs.variable["site_id"].isin(changes).to_numpy(dtype=bool)
    whole = costs.whole_gbp
    parted = costs.fixed["site_id"].isin(changes).to_numpy(dtype=bool)
    fixed = np.where(parted[:, None], costs.fixed_gbp, whole)
    blocks = [post(costs.fixed, -whole, "running_cost", case="bau"), _to_landlords(costs.fixed, whole, "bau")]
    for items, yearly, end in (
        (costs.fixed, fixed, "closes_t"),
        (costs.variable[split], costs.variable_gbp[split], "leaves_t"),
    ):
        stays = t < items[end].to_numpy(dtype=np.int64)[:, None]
        paid = np.where(stays, yearly, 0.0)
        blocks += [post(items, -paid, "running_cost"), _to_landlords(items, paid, "plan")]
    return blocks


def _to_landlords(items: pd.DataFrame, paid: Matrix, case: str) -> pd.DataFrame:
    """Post rent that one partner pays as what the other is paid."""
    let = (items["counterparty_id"] != "").to_numpy(dtype=bool)
    rows = items[let].assign(
        partner_id=items["counterparty_id"][let], counterparty_id=items["partner_id"][let]
    )
    return post(rows, paid[let], "rent_between_partners", case=case)


def double_running(facts: Facts, costs: CostRows) -> list[pd.DataFrame]:
    """Post the months in which the old place is paid for beside the new one."""
    share = facts.two_places
    t = np.arange(facts.span)
    closes = t == costs.fixed["closes_t"].to_numpy(dtype=np.int64)[:, None]
    closes &= costs.fixed["occupied"].to_numpy(dtype=bool)[:, None]
    leaves = t == costs.variable["leaves_t"].to_numpy(dtype=np.int64)[:, None]
    leaves &= costs.variable["how"].isin(["move", "merge"]).to_numpy(dtype=bool)[:, None]
    blocks = []
    for items, paid in (
        (costs.fixed, np.where(closes, share * costs.fixed_gbp, 0.0)),
        (costs.variable, np.where(leaves, share * costs.variable_gbp, 0.0)),
    ):
        blocks += [post(items, -paid, "double_running"), _to_landlords(items, paid, "plan")]
    return blocks


def empty_rates(facts: Facts, table: pd.DataFrame, column: str = "gbp_per_year") -> list[pd.DataFrame]:
    """Post business rates of empty buildings: none for the months of relief, if not for ever, then full."""
    rows = _posted_rows(facts, table, column).drop(columns="closes_t")
    rows = rows[(rows["heading"] == "business_rates") & (rows["cashable"] == "yes")]
    empty = facts.closures[["site_id", "closes_t", "vacant_end", "relief_months"]]
    items = rows.merge(empty, on="site_id")
    first = items["closes_t"].to_numpy(dtype=np.int64)
    amounts = between(
        first, items["vacant_end"].to_numpy(dtype=np.int64), -items["gbp"].to_numpy(float), facts.span
    )
    months = items["relief_months"].to_numpy(dtype=float)[:, None]
    due = np.where(np.arange(facts.span) == first[:, None], np.maximum(0.0, 1.0 - months / 12.0), 1.0)
    amounts = np.where(np.isinf(months), 0.0, amounts * due)
    return [post(items, amounts, "empty_rates", view="financial")]


def income(facts: Facts) -> list[pd.DataFrame]:
    """Post lettings, hire and trading income, lost when the site closes."""
    items = facts.counted
    start = np.zeros(len(items), dtype=np.int64)
    value = items["income_gbp"].to_numpy(dtype=float)
    bau = between(start, start + facts.span, value, facts.span)
    sold = facts.closures[facts.closures["tenanted"]]
    until = items["site_id"].map(dict(zip(sold["site_id"], sold["closes_t"] + sold["lag"], strict=True)))
    ends = number(until, items["closes_t"].to_numpy(dtype=float)).astype(np.int64)
    plan = between(start, ends, value, facts.span)
    return [post(items, bau, "income", case="bau"), post(items, plan, "income")]


def carbon(facts: Facts) -> list[pd.DataFrame]:
    """Post the value of emissions: of buildings while they are open, of hubs from their opening."""
    items = facts.counted
    price, t = facts.carbon, np.arange(facts.span)
    worth = items["energy_kwh"].to_numpy(dtype=float)[:, None] * price
    stays = t < items["closes_t"].to_numpy(dtype=np.int64)[:, None]
    hubs = facts.hubs
    used = hubs["energy_kwh_per_year"].to_numpy(dtype=float)[:, None] * price
    runs = t >= hubs["opens_t"].to_numpy(dtype=np.int64)[:, None]
    apart = {"view": "economic", "cashable": "no"}
    return [
        post(items, -worth, "carbon", case="bau", **apart),
        post(items, np.where(stays, -worth, 0.0), "carbon", **apart),
        post(hubs, np.where(runs, -used, 0.0), "carbon", **apart),
    ]


def backlog_rows(facts: Facts, estate: Estate) -> pd.DataFrame:
    """Return the backlog of counted sites: site, priority, total, funded, due year, and what is left.

    ``left_gbp`` of ``funded_gbp`` is still spent with the plan: none where the site has closed, less
    where a hub has cured it by then.
    """
    table = estate.tables["backlog"]
    rows = pd.DataFrame({"site_id": text(table["site_id"]), "priority": number(table["priority"], 3.0)})
    rows["total_gbp"] = number(table["backlog_gbp"])
    rows["funded_gbp"] = rows["total_gbp"] * number(table["funded_share"])
    usual = np.asarray(rows["priority"].map(PRIORITY_YEARS) + facts.horizon.first_year, dtype=float)
    due = number(table["due_year"], usual) - facts.horizon.first_year
    rows["due_t"] = np.maximum(due, 0).astype(np.int64)
    rows = rows.merge(facts.counted[["site_id", "partner_id", "closes_t"]], on="site_id")
    rows = rows.merge(facts.hubs[["site_id", "opens_t", "cures_backlog_share"]], on="site_id", how="left")
    on_time = rows["opens_t"].fillna(np.inf) <= rows["due_t"]
    cured = np.where(on_time, rows["cures_backlog_share"].fillna(0.0), 0.0)
    rows["left_gbp"] = np.where(rows["closes_t"] <= rows["due_t"], 0.0, rows["funded_gbp"] * (1.0 - cured))
    return rows


def backlog(facts: Facts, estate: Estate) -> list[pd.DataFrame]:
    """Post the backlog works that an approved programme funds, less what the plan makes needless."""
    rows = backlog_rows(facts, estate)
    due_t = rows["due_t"].to_numpy(dtype=np.int64)
    spent, left = (-rows[name].to_numpy(dtype=float) for name in ("funded_gbp", "left_gbp"))
    return [
        post(rows, once(due_t, spent, facts.span), "backlog", case="bau"),
        post(rows, once(due_t, left, facts.span), "backlog"),
    ]
