"""Lines that follow from opening hubs and from provisions leaving their sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import Facts, in_plan_partners, number, text
from estate.appraise.lines import NEVER, Matrix, between, once, post
from estate.core.errors import InputError, Issue
from estate.core.money import annuity_factor

if TYPE_CHECKING:
    from estate.core.types import Estate


def hubs(facts: Facts) -> list[pd.DataFrame]:
    """Post purchase, works, running cost, life-cycle works and residual value of hubs, by lead partner."""
    rows = facts.hubs
    span = facts.span
    opens = rows["opens_t"].to_numpy(dtype=np.int64)
    end = np.full(len(rows), NEVER)
    works = rows["capital_gbp"].to_numpy(dtype=float)
    running = -rows["running_cost_gbp_per_year"].to_numpy(dtype=float)
    renewal = -facts.rates["lifecycle_share_per_year"] * works
    life = rows["life_years"].to_numpy(dtype=float)
    price, tax = (-rows[name].to_numpy(dtype=float) for name in ("purchase_gbp", "stamp_duty_gbp"))
    begins = opens - rows["lead_years"].to_numpy(dtype=np.int64)
    left = (works * facts.uplift - price) * np.maximum(0.0, 1.0 - (span - opens) / life)
    last = np.full(len(rows), span - 1)
    team = np.full(len(rows), -facts.rates["programme_gbp_per_hub"])
    return [
        post(rows, once(opens, team, span), "programme"),
        post(rows, -_spend(facts), "hub_capital"),
        post(rows, once(begins, price, span), "purchase"),
        post(rows, once(begins, tax, span), "stamp_duty", view="financial"),
        post(rows, between(opens, end, running, span), "hub_running"),
        post(rows, between(opens + 1, end, renewal, span), "lifecycle"),
        post(rows, once(last, np.where(opens < span, left, 0.0), span), "residual_value", view="economic"),
    ]


def _spend(facts: Facts) -> Matrix:
    """Return the capital of each hub over its lead years [GBP], a positive number."""
    rows = facts.hubs
    total = ((rows["capital_gbp"] + rows["step_free_cost_gbp"]) * facts.uplift).to_numpy(dtype=float)
    spend = np.zeros((len(rows), facts.span))
    opens, leads = rows["opens_t"].to_numpy(dtype=np.int64), rows["lead_years"].to_numpy(dtype=np.int64)
    # A plan opens a few dozen hubs: a loop over them reads better than ragged arrays.
    for row, (opened, lead) in enumerate(zip(opens, leads, strict=True)):
        shares = spend_shares(rows["spend_profile"].iloc[row], int(lead))
        first = opened - lead
        years = np.arange(first, first + len(shares))
        seen = (years >= 0) & (years < facts.span)
        spend[row, years[seen]] = total[row] * shares[seen]
    return spend


def spend_shares(profile: str, lead_years: int) -> Matrix:
    """Return the shares of the capital by lead year; all at once where there is no lead.

    Raises
    ------
    InputError
        If the profile does not have one number for each lead year.
    """
    if lead_years == 0:
        return np.ones(1)
    parts = [part.strip() for part in profile.split(";") if part.strip()]
    if not parts:
        return np.full(lead_years, 1.0 / lead_years)
    try:
        shares = np.array([float(part) for part in parts])
    except ValueError:
        shares = np.zeros(0)
    if len(shares) != lead_years or shares.sum() <= 0:
        remedy = f"give {lead_years} shares separated by semicolons, or leave it blank"
        issue = Issue("hub_options", None, "spend_profile", profile, "does not fit lead_years", remedy)
        raise InputError("A spend profile cannot be read:", [issue])
    # Shares such as 0.33;0.33;0.33 are meant as thirds: all of the capital is spent.
    return np.asarray(shares / shares.sum())


def moving(facts: Facts) -> list[pd.DataFrame]:
    """Post removal, IT and fit-out of provisions that leave, and what serving online costs."""
    rows = facts.provisions[facts.provisions["leaves_t"] < facts.span]
    leaves = rows["leaves_t"].to_numpy(dtype=np.int64)
    carried = np.where(rows["how"].isin(["move", "merge"]), rows["fte"], 0.0)
    hub_rate, host_rate = facts.rates["fit_out_gbp_per_m2"], facts.rates["host_fit_out_gbp_per_m2"]
    at_hub = (rows["how"] == "move") & (rows["to_option"] != "")
    room = np.where(rows["how"] == "merge", rows["merge_need_m2"], rows["need_m2"])
    fitted = np.where(at_hub, hub_rate, host_rate) * room * facts.uplift
    fitted = np.where(rows["how"].isin(["move", "merge"]), fitted, 0.0)
    online = rows["how"] == "online"
    setup = np.where(online, rows["online_setup_gbp"], 0.0)
    served = np.where(online, rows["online_gbp_per_visit"] * rows["visits"], 0.0)
    yearly = between(leaves, np.full(len(rows), NEVER), -served, facts.span)
    there = rows.assign(site_id=rows["to_site_id"])
    return [
        post(rows, once(leaves, -facts.rates["move_gbp_per_fte"] * carried, facts.span), "move"),
        post(rows, once(leaves, -facts.rates["it_gbp_per_fte"] * carried, facts.span), "it"),
        post(there, once(leaves, -fitted, facts.span), "fit_out"),
        # Two kinds of cost of one line are two rows: what is paid once and what is paid yearly.
        post(rows, once(leaves, -setup, facts.span), "online"),
        post(rows, yearly, "online"),
    ]


def people(facts: Facts) -> list[pd.DataFrame]:
    """Post redundancy and excess travel of staff."""
    rows = facts.provisions[facts.provisions["leaves_t"] < facts.span]
    leaves = rows["leaves_t"].to_numpy(dtype=np.int64)
    goes = rows["how"].isin(["move", "merge"]).to_numpy(dtype=bool)
    rates = facts.rates
    years = round(rates["excess_travel_years"])
    staff = np.where(goes, -rates["excess_travel_gbp_per_fte_per_year"] * rows["fte"], 0.0)
    paid = once(leaves, -rows["redundancy_gbp"].to_numpy(dtype=float), facts.span)
    return [
        post(rows, paid, "redundancy", view="financial"),
        post(rows, between(leaves, leaves + years, staff, facts.span), "excess_travel"),
    ]


def charges(facts: Facts, estate: Estate) -> list[pd.DataFrame]:
    """Post what occupiers pay for room in a hub to its lead, and for room lent to its host."""
    rows = facts.provisions[(facts.provisions["how"] == "move") & (facts.provisions["leaves_t"] < facts.span)]
    rows = rows.assign(site_id=rows["to_site_id"])
    return [*_hub_charges(facts, rows), *_host_fees(facts, estate, rows)]


def _hub_charges(facts: Facts, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Post a charge by room that pays for the hub's capacity, so that empty room is the lead's."""
    works = facts.hubs["capital_gbp"].to_numpy(dtype=float) * facts.uplift
    lives = annuity_factor(facts.rates["hub_charge_rate"], facts.hubs["life_years"])
    annuity = facts.rates["hub_charge_annuity_share"] * works / lives
    rate = (facts.hubs["running_cost_gbp_per_year"] + annuity) / facts.hubs["room_nia_m2"]
    hubs_by_key = pd.DataFrame(
        {
            "site_id": facts.hubs["site_id"],
            "to_option": facts.hubs["option"],
            "counterparty_id": facts.hubs["partner_id"],
            "rate": rate,
        }
    )
    items = rows.merge(hubs_by_key, on=["site_id", "to_option"])
    items = items[items["partner_id"] != items["counterparty_id"]]
    paid = items["need_m2"].to_numpy(dtype=float) * items["rate"].to_numpy(dtype=float)
    return _paid_yearly(facts, items, paid, "hub_charge")


def _paid_yearly(facts: Facts, items: pd.DataFrame, paid: Matrix, line: str) -> list[pd.DataFrame]:
    """Post a transfer between two partners: out for the one, in for the other."""
    first = items["leaves_t"].to_numpy(dtype=np.int64)
    amounts = between(first, np.full(len(items), NEVER), paid, facts.span)
    other = items.assign(partner_id=items["counterparty_id"], counterparty_id=items["partner_id"])
    return [post(items, -amounts, line, view="financial"), post(other, amounts, line, view="financial")]


def _host_fees(facts: Facts, estate: Estate, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Post fees for room lent: a transfer inside the plan, a cost where the host is outside."""
    table = estate.tables["host_terms"]
    terms = pd.DataFrame({"site_id": text(table["site_id"]), "fee": number(table["fee_gbp_per_m2_per_year"])})
    host = facts.sites.set_index("site_id")["partner_id"]
    terms["counterparty_id"] = text(terms["site_id"].map(host))
    items = rows[rows["to_option"] == ""].merge(terms, on="site_id")
    items = items[items["partner_id"] != items["counterparty_id"]]
    inside = in_plan_partners(estate, items["counterparty_id"].to_numpy(dtype=object))
    fee = (items["fee"] * items["need_m2"]).to_numpy(dtype=float)
    beyond = items[~inside]
    first = beyond["leaves_t"].to_numpy(dtype=np.int64)
    cost = between(first, np.full(len(beyond), NEVER), -fee[~inside], facts.span)
    return [*_paid_yearly(facts, items[inside], fee[inside], "host_fee"), post(beyond, cost, "host_fee")]
