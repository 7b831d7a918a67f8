"""Lines that follow from closing a site and leaving it by its exit route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import LEASES, Facts, number, text
from estate.appraise.lines import NEVER, between, once, post
from estate.appraise.rents import broken_in

if TYPE_CHECKING:
    from estate.core.types import Estate


def leaving(facts: Facts, estate: Estate) -> list[pd.DataFrame]:
    """Post decommissioning, dilapidations, break penalties and costs of brakes, in the closing year."""
    rows = facts.closures
    closes = rows["closes_t"].to_numpy(dtype=np.int64)
    gia = rows["gia_m2"].to_numpy(dtype=float)
    cleared = -facts.rates["decommissioning_gbp_per_m2"] * gia
    usual = facts.rates["dilapidations_gbp_per_m2"] * gia * rows["repair_share"].to_numpy(dtype=float)
    repair = number(rows["dilapidations_gbp"], usual)
    repair = np.where(rows["tenure"].isin(LEASES), -repair, 0.0)
    breaks = broken_in(rows, closes)
    unexpired = rows["closes_t"] < rows["expiry_t"]
    penalty = np.where(breaks & unexpired, -rows["break_penalty_gbp"], 0.0)
    table = estate.tables["brakes"]
    brakes = pd.DataFrame({"site_id": text(table["site_id"]), "gbp": number(table["cost_gbp"])})
    brakes = brakes[text(table["effect"]) == "cost"].merge(rows, on="site_id")
    paid = -brakes["gbp"].to_numpy(dtype=float)
    premium = np.where(unexpired & ~breaks, -rows["premium_gbp"], 0.0)
    compensation = np.where(rows["tenanted"], 0.0, -rows["compensation_gbp"])
    team = np.full(len(rows), -facts.rates["programme_gbp_per_closure"])
    return [
        post(rows, once(closes, premium, facts.span), "surrender_premium"),
        post(rows, once(closes, compensation, facts.span), "tenant_compensation"),
        post(rows, once(closes, team, facts.span), "programme"),
        post(rows, once(closes, cleared, facts.span), "decommissioning"),
        post(rows, once(closes, repair, facts.span), "dilapidations"),
        post(rows, once(closes, penalty, facts.span), "break_penalty"),
        post(brakes, once(brakes["closes_t"].to_numpy(dtype=np.int64), paid, facts.span), "brake_cost"),
    ]


def exits(facts: Facts) -> list[pd.DataFrame]:
    """Post what follows from the exit route: holding, receipt, cost of sale, letting."""
    rows = facts.closures
    span = facts.span
    closes = rows["closes_t"].to_numpy(dtype=np.int64)
    done = closes + rows["lag"].to_numpy(dtype=np.int64)
    held = between(
        closes,
        rows["vacant_end"].to_numpy(dtype=np.int64),
        -rows["holding_gbp_per_year"].to_numpy(float),
        span,
    )
    sold = rows["exit_route"].isin(["sell", "transfer"]).to_numpy(dtype=bool)
    proceeds = rows["receipt_gbp"] * rows["receipt_factor"] * rows["probability"]
    expected = np.where(sold, proceeds, 0.0)
    retention = rows["retention"].to_numpy(dtype=float)
    fees = -rows["disposal_cost_share"].to_numpy(dtype=float) * expected
    let = (rows["exit_route"] == "let").to_numpy(dtype=bool)
    rent = np.where(let, rows["let_income_gbp_per_year"], 0.0)
    works = np.where(let, -rows["upgrade_gbp"], 0.0)
    return [
        post(rows, once(done, works, span), "energy_upgrade"),
        post(rows, held, "vacant_holding"),
        post(rows, once(done, expected * retention, span), "receipt"),
        post(rows, once(done, expected * (1.0 - retention), span), "receipt", view="economic"),
        post(rows, once(done, fees, span), "disposal_cost"),
        post(rows, between(done, np.full(len(rows), NEVER), rent, span), "let_income"),
    ]
