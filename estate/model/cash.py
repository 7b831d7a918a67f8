"""What each column of the model pays and saves, by partner and year.

Every column's money is a list of level payments: partner, first year, year after the last,
amount a year. The objective, the purses, affordability and the partners' floors are all sums
over this one list. The ledger (``estate.appraise``) computes the same money from the tables
another way, and a test ties the two within half a penny.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.money import annuity_factor
from estate.model import taxes
from estate.model.closing import ECONOMIC, FINANCIAL
from estate.model.exit_cash import backlog, closing, emissions, retention
from estate.model.payments import (
    RECEIPT,
    RUNNING,
    SPEND,
    Cash,
    Floats,
    Ints,
    Payments,
    at_once,
    save,
    spans_of,
)
from estate.model.visitors import extra_travel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from estate.model.blocks import ColumnBlock
    from estate.model.instance import Instance

__all__ = ["RECEIPT", "RUNNING", "SPEND", "Cash", "build_cash", "profile_shares", "retention"]


def _leaving(pay: Payments, inst: Instance, leave: ColumnBlock) -> None:
    """Variable cost and steps saved when a provision leaves, double running, and redundancy."""
    spans = _freed(inst, leave)
    owner = inst.sites["partner"].to_numpy()[spans["site"]]
    save(pay, spans, owner, spans["freed"])
    now = spans["from"] == spans["year"]
    at_once(pay, spans[now], owner[now], -inst.double_running * spans["freed"][now])
    who = inst.provisions.iloc[leave.keys["provision"]].reset_index(drop=True)
    year = leave.keys["year"].to_numpy()
    pay.add((leave.columns, who["partner"]), (year, year + 1), -who["redundancy"], view=FINANCIAL)


def _freed(inst: Instance, block: ColumnBlock) -> pd.DataFrame:
    """Join each column of a provision with the running cost that its leaving frees [GBP/year]."""
    who = inst.provisions.iloc[block.keys["provision"]]
    keys = pd.DataFrame({"column": block.columns, "year": block.keys["year"].to_numpy()})
    for name in ("site", "weight", "steps"):
        keys[name] = who[name].to_numpy()
    spans = spans_of(inst.costs, keys)
    spans["freed"] = spans["variable"] * spans["weight"] + spans["stepped"] * spans["steps"]
    return spans


def _online(pay: Payments, inst: Instance, online: ColumnBlock) -> None:
    """Cost of going online; no double running, so what leaving charged is given back."""
    keys = online.keys.assign(column=online.columns)
    who = inst.provisions.iloc[keys["provision"]].reset_index(drop=True)
    services = inst.tables["services"].set_index("service_id").reindex(list(inst.services))
    setup = services["online_setup_gbp"].fillna(0).to_numpy()[who["service"]]
    per_visit = services["online_gbp_per_visit"].fillna(0).to_numpy()[who["service"]]
    year, column = keys["year"], (keys["column"], who["partner"])
    pay.add(column, (year, year + 1), -setup, group=RUNNING)
    pay.add(column, (year, pay.years), -per_visit * who["visits"].to_numpy(), group=RUNNING)
    spans = _freed(inst, online)
    spans = spans[spans["from"] == spans["year"]]
    owner = inst.sites["partner"].to_numpy()[spans["site"]]
    at_once(pay, spans, owner, inst.double_running * spans["freed"])


def profile_shares(profile: str, lead: int) -> Floats:
    """Return the shares of a hub's capital by lead year; even where none are given."""
    if lead == 0:
        return np.ones(1)
    parts = [float(part) for part in profile.split(";") if part.strip()]
    shares = np.array(parts) if len(parts) == lead else np.full(lead, 1 / lead)
    return np.asarray(shares / shares.sum(), dtype=float)


def _hubs(pay: Payments, inst: Instance, hubs: ColumnBlock) -> None:
    """Capital, running cost, life-cycle works and residual value of hubs."""
    place = inst.places.iloc[hubs.keys["place"]].reset_index(drop=True)
    at = inst.sites.iloc[place["site"]].reset_index(drop=True)
    year, who = hubs.keys["year"].to_numpy(), (hubs.columns, place["partner"])
    asks = inst.rules.get("fitness", {}).get("require_step_free", False)
    ramp = at["step_free_cost"].where((at["step_free"] != "yes") & asks, 0.0).fillna(0.0)
    capital = ((place["capital"] + ramp) * inst.on_costs).to_numpy()
    lead = place["lead_years"].to_numpy()
    shares = np.zeros((len(place), max(1, int(lead.max(initial=0)))))
    for i, (profile, years) in enumerate(zip(place["profile"], lead, strict=True)):
        parts = profile_shares(profile, int(years))
        shares[i, : len(parts)] = parts
    tax = taxes.vat(inst)[place["partner"]]
    for k in range(shares.shape[1]):
        spent = year - lead + k
        pay.add(who, (spent, spent + 1), -capital * shares[:, k], group=SPEND)
        pay.add(who, (spent, spent + 1), -tax * capital * shares[:, k], view=FINANCIAL, group=SPEND)
    first = (year - lead, year - lead + 1)
    pay.add(who, first, -place["purchase"], group=SPEND)
    duty = place["duty"] * taxes.duty_payers(inst)[place["partner"]]
    pay.add(who, first, -duty, view=FINANCIAL, group=SPEND)
    pay.add(who, (year, pay.years), -place["running"], group=RUNNING)
    yearly = inst.assumptions["lifecycle_share_per_year"] * place["capital"]
    pay.add(who, (year + 1, pay.years), -yearly, group=RUNNING)
    left = np.maximum(0.0, 1 - (pay.years - year) / place["life"])
    worth = (place["capital"] * inst.on_costs + place["purchase"]) * left
    pay.add(who, (pay.years - 1, pay.years), worth, view=ECONOMIC)
    pay.add(who, (year, year + 1), -inst.assumptions["programme_gbp_per_hub"])
    emissions(pay, inst, (hubs.columns, place["partner"].to_numpy()), (year, -place["energy"].to_numpy()))
    keys = pd.DataFrame({"column": hubs.columns, "site": place["site"], "year": year})
    existing = at["counted"].to_numpy()
    backlog(pay, inst, keys[existing], place["cures"][existing])


def _moves(pay: Payments, inst: Instance, moves: ColumnBlock) -> None:
    """Add removal, IT, fit-out, hub charges and host fees of moves."""
    a = inst.assumptions
    who = inst.provisions.iloc[moves.keys["provision"]].reset_index(drop=True)
    place = inst.places.iloc[moves.keys["place"]].reset_index(drop=True)
    year, partner = moves.keys["year"].to_numpy(), who["partner"].to_numpy()
    payer = (moves.columns, partner)
    hub = (place["kind"] == "hub").to_numpy()
    rate = np.where(hub, a["fit_out_gbp_per_m2"], a["host_fit_out_gbp_per_m2"]) * inst.on_costs
    need = who["need"].to_numpy()
    pay.add(payer, (year, year + 1), -a["move_gbp_per_fte"] * who["fte"])
    _fitting_out(pay, inst, payer, (year, a["it_gbp_per_fte"] * who["fte"] + rate * need))
    _staff_travel(pay, inst, moves, who)
    lead = place["partner"].to_numpy()
    charge = np.where(hub, need * _charge_per_m2(inst, place), 0.0)
    charge = np.where(lead == partner, 0.0, charge)
    pay.add(payer, (year, pay.years), -charge, view=FINANCIAL, group=RUNNING)
    pay.add((moves.columns, lead), (year, pay.years), charge, view=FINANCIAL, group=RUNNING)
    _host_fees(pay, inst, payer, (year, place, np.where(hub, 0.0, need * place["fee"])))


def _fitting_out(
    pay: Payments, inst: Instance, payer: tuple[ArrayLike, ArrayLike], spend: tuple[Ints, pd.Series]
) -> None:
    """Add IT and fit-out of who leaves, and the tax on them that is not recovered."""
    year, gbp = spend
    pay.add(payer, (year, year + 1), -gbp, group=SPEND)
    tax = taxes.vat(inst)[np.asarray(payer[1])]
    pay.add(payer, (year, year + 1), -tax * gbp, view=FINANCIAL, group=SPEND)


def _staff_travel(pay: Payments, inst: Instance, block: ColumnBlock, who: pd.DataFrame) -> None:
    """Add excess travel of staff whose place of work moves."""
    a, year = inst.assumptions, block.keys["year"].to_numpy()
    until = year + round(a["excess_travel_years"])
    yearly = a["excess_travel_gbp_per_fte_per_year"] * who["fte"]
    pay.add((block.columns, who["partner"].to_numpy()), (year, until), -yearly)


def _host_fees(
    pay: Payments, inst: Instance, payer: tuple[Ints, Ints], terms: tuple[Ints, pd.DataFrame, Floats]
) -> None:
    year, place, fee = terms
    host = place["partner"].to_numpy()
    inside = inst.sites["in_plan"].to_numpy()[place["site"]]
    same, within = host == payer[1], inside & (host != payer[1])
    outside = np.where(same | within, 0.0, fee)
    pay.add(payer, (year, pay.years), -outside, group=RUNNING)
    between = np.where(within, fee, 0.0)
    pay.add(payer, (year, pay.years), -between, view=FINANCIAL, group=RUNNING)
    pay.add((payer[0], host), (year, pay.years), between, view=FINANCIAL, group=RUNNING)


def _charge_per_m2(inst: Instance, place: pd.DataFrame) -> Floats:
    """Return the hub charge by room [GBP/m2/year]: running cost and part of the annuity."""
    a = inst.assumptions
    lives = annuity_factor(a["hub_charge_rate"], np.maximum(place["life"].round(), 1.0))
    annuity = a["hub_charge_annuity_share"] * place["capital"] * inst.on_costs / lives
    return np.asarray((place["running"] + annuity) / place["room"].where(place["room"] > 0, 1.0))


def _merging(pay: Payments, inst: Instance, merges: ColumnBlock) -> None:
    """Add removal, IT and fit-out of merges."""
    a = inst.assumptions
    who = inst.provisions.iloc[merges.keys["provision"]].reset_index(drop=True)
    year, payer = merges.keys["year"].to_numpy(), (merges.columns, who["partner"])
    works = a["host_fit_out_gbp_per_m2"] * inst.on_costs * who["merge_need"]
    pay.add(payer, (year, year + 1), -a["move_gbp_per_fte"] * who["fte"])
    _fitting_out(pay, inst, payer, (year, a["it_gbp_per_fte"] * who["fte"] + works))
    _staff_travel(pay, inst, merges, who)


def _residents(pay: Payments, inst: Instance, blocks: Mapping[str, ColumnBlock]) -> None:
    """Add what visitors pay for travel to where their provision goes: nobody's bill."""
    extra, at = extra_travel(inst, weighted=True), inst.places["site"].to_numpy(dtype=int)
    home, occupier = inst.provisions["site"].to_numpy(), inst.provisions["partner"].to_numpy()
    for block, to in ((blocks["move"], at), (blocks["merge"], home)):
        who, year = block.keys["provision"].to_numpy(), block.keys["year"]
        where = to[block.keys["place" if block.family == "move" else "target"]]
        pay.add((block.columns, occupier[who]), (year, pay.years), -extra[who, where], view=ECONOMIC)


def build_cash(blocks: Mapping[str, ColumnBlock], inst: Instance) -> Cash:
    """Return every payment of every column.

    Parameters
    ----------
    blocks : mapping of str to ColumnBlock
        Families hub, close, leave, move, merge and online.
    inst : Instance
        Sets and arrays.

    Returns
    -------
    Cash
    """
    pay = Payments(inst.horizon.appraisal_years)
    _hubs(pay, inst, blocks["hub"])
    closing(pay, inst, blocks["close"])
    _leaving(pay, inst, blocks["leave"])
    _moves(pay, inst, blocks["move"])
    _merging(pay, inst, blocks["merge"])
    _online(pay, inst, blocks["online"])
    if inst.travel_is_cost:
        _residents(pay, inst, blocks)
    return pay.cash()
