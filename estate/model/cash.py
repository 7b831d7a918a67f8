"""What each column of the model pays and saves, by partner and year.

Every column's money is a list of level payments: partner, first year, year after the last,
amount a year. The objective, the purses, affordability and the partners' floors are all sums
over this one list. The ledger (``estate.appraise``) computes the same money from the tables
another way, and a test ties the two within half a penny.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from estate.model.closing import BOTH, ECONOMIC, FINANCIAL
from estate.model.visitors import extra_travel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.model.blocks import ColumnBlock
    from estate.model.instance import Instance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OTHER, SPEND, RECEIPT, RUNNING = 0, 1, 2, 3


@dataclass(frozen=True)
class Cash:
    """Level payments of columns: shape (payments,) each.

    Attributes
    ----------
    column, partner : ndarray
        Which column pays, and who.
    start, stop : ndarray
        First year, and the year after the last.
    amount : ndarray
        Cash each year, outflow negative [GBP/year]; a saving is positive.
    view : ndarray
        0 both, 1 economic only, 2 financial only.
    group : ndarray
        Capital spend of the programme, receipt, running cost or other.
    """

    column: Ints
    partner: Ints
    start: Ints
    stop: Ints
    amount: Floats
    view: Ints
    group: Ints

    def select(self, keep: NDArray[np.bool_]) -> Cash:
        """Return the payments for which `keep` holds."""
        return Cash(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    @property
    def financial(self) -> Cash:
        """Return the payments that the financial view counts."""
        return self.select(self.view != ECONOMIC)

    @property
    def economic(self) -> Cash:
        """Return the payments that the economic view counts."""
        return self.select(self.view != FINANCIAL)

    def present_value(self, factors: Floats) -> Floats:
        """Return the present value of each payment [GBP], shape (payments,)."""
        to_date = np.concatenate([[0.0], np.cumsum(factors)])
        return np.asarray(self.amount * (to_date[self.stop] - to_date[self.start]))

    def by_column(self, factors: Floats, width: int) -> Floats:
        """Return the present value of each column [GBP], shape (width,)."""
        total = np.bincount(self.column, weights=self.present_value(factors), minlength=width)
        return total.astype(np.float64)


class _Payments:
    """Collects payments; years beyond the horizon are cut off."""

    def __init__(self, years: int) -> None:
        self.years = years
        self.parts: list[tuple[NDArray[np.generic], ...]] = []

    def add(
        self,
        who: tuple[ArrayLike, ArrayLike],
        when: tuple[ArrayLike, ArrayLike],
        amount: ArrayLike,
        *,
        view: ArrayLike = BOTH,
        group: int = OTHER,
    ) -> None:
        """Add payments of columns and partners `who` over the years `when`."""
        start = np.clip(np.asarray(when[0]), 0, self.years)
        stop = np.clip(np.asarray(when[1]), 0, self.years)
        parts = np.broadcast_arrays(*who, start, stop, np.asarray(amount, dtype=float), view, group)
        keep = (parts[2] < parts[3]) & (parts[4] != 0)
        self.parts.append(tuple(part[keep] for part in parts))

    def cash(self) -> Cash:
        """Return all payments."""
        columns = [np.concatenate([part[i] for part in self.parts]) for i in range(7)]
        column, partner, start, stop = (part.astype(np.int64) for part in columns[:4])
        amount = columns[4].astype(np.float64)
        view, group = (part.astype(np.int64) for part in columns[5:])
        return Cash(column, partner, start, stop, amount, view, group)


def _spans_of(costs: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Join each column (site, year) with the spans of its site's running cost that follow."""
    joined = keys.merge(costs, on="site")
    joined["from"] = np.maximum(joined["year"], joined["start"])
    return joined[joined["from"] < joined["stop"]]


def _leaving(pay: _Payments, inst: Instance, leave: ColumnBlock) -> None:
    """Variable cost saved when a provision leaves, and double running in that year."""
    keys = leave.keys.assign(column=leave.columns)
    who = inst.provisions.iloc[keys["provision"]]
    keys = keys.assign(site=who["site"].to_numpy(), weight=who["weight"].to_numpy())
    spans = _spans_of(inst.costs, keys)
    owner = inst.sites["partner"].to_numpy()[spans["site"]]
    saved = spans["variable"] * spans["weight"]
    _save(pay, spans, owner, saved)
    months = inst.assumptions["double_running_months"] / 12
    now = spans["from"] == spans["year"]
    _at_once(pay, spans[now], owner[now], -months * saved[now])


def _save(pay: _Payments, spans: pd.DataFrame, owner: Ints, saved: pd.Series) -> None:
    running = spans["running"].to_numpy()
    for group, part in ((RUNNING, running), (OTHER, ~running)):
        rows = spans[part]
        pay.add(
            (rows["column"], owner[part]),
            (rows["from"], rows["stop"]),
            saved[part],
            view=rows["view"],
            group=group,
        )


def _at_once(pay: _Payments, spans: pd.DataFrame, owner: Ints, amount: pd.Series) -> None:
    pay.add((spans["column"], owner), (spans["year"], spans["year"] + 1), amount, view=spans["view"])


def _online(pay: _Payments, inst: Instance, online: ColumnBlock) -> None:
    """Cost of going online; no double running, so what leaving charged is given back."""
    keys = online.keys.assign(column=online.columns)
    who = inst.provisions.iloc[keys["provision"]].reset_index(drop=True)
    services = inst.tables["services"].set_index("service_id").reindex(list(inst.services))
    setup = services["online_setup_gbp"].fillna(0).to_numpy()[who["service"]]
    per_visit = services["online_gbp_per_visit"].fillna(0).to_numpy()[who["service"]]
    year, column = keys["year"], (keys["column"], who["partner"])
    pay.add(column, (year, year + 1), -setup, group=RUNNING)
    pay.add(column, (year, pay.years), -per_visit * who["visits"].to_numpy(), group=RUNNING)
    keys = keys.assign(site=who["site"].to_numpy(), weight=who["weight"].to_numpy())
    spans = _spans_of(inst.costs, keys)
    spans = spans[spans["from"] == spans["year"]]
    owner = inst.sites["partner"].to_numpy()[spans["site"]]
    months = inst.assumptions["double_running_months"] / 12
    _at_once(pay, spans, owner, months * spans["variable"] * spans["weight"])


def _closing(pay: _Payments, inst: Instance, close: ColumnBlock) -> None:
    """Add the fixed cost saved when a site closes, and the costs and receipts of leaving it."""
    a = inst.assumptions
    route = inst.routes.iloc[close.keys["route"]].reset_index(drop=True)
    site = route["site"].to_numpy()
    keys = pd.DataFrame({"column": close.columns, "site": site, "year": close.keys["year"]})
    at = inst.sites.iloc[site].reset_index(drop=True)
    owner, year = at["partner"].to_numpy(), keys["year"].to_numpy()
    spans = _spans_of(inst.costs, keys)
    bare = (inst.sites["provisions"] == 0).to_numpy()[spans["site"]]
    saved = spans["fixed"] + np.where(bare, spans["variable"], 0.0)
    span_owner = inst.sites["partner"].to_numpy()[spans["site"]]
    _save(pay, spans, span_owner, saved)
    now = (spans["from"] == spans["year"]) & ~bare
    _at_once(pay, spans[now], span_owner[now], -a["double_running_months"] / 12 * spans["fixed"][now])
    who = (keys["column"], owner)
    pay.add(who, (year, pay.years), -at["income"], group=RUNNING)
    pay.add(who, (year, year + 1), -a["decommissioning_gbp_per_m2"] * at["gia"])
    _lease_end(pay, inst, keys, who)
    pay.add(who, (year, year + 1), -route["brake_cost"], group=SPEND)
    _disposal(pay, inst, route, keys, who)
    _backlog(pay, inst, keys, pd.Series(1.0, index=keys.index))


def _lease_end(pay: _Payments, inst: Instance, keys: pd.DataFrame, who: tuple[ArrayLike, ArrayLike]) -> None:
    """Dilapidations of leased sites, and the penalty of a break."""
    from estate.model.calendar import year_of
    from estate.model.closing import expiry_years

    tenures = inst.tables["tenures"]
    tenures = tenures[tenures["tenure"].isin(["leasehold", "licence"])]
    site_ids = inst.sites["site_id"].to_numpy()[keys["site"]]
    given = pd.to_numeric(tenures["dilapidations_gbp"]).set_axis(tenures["site_id"]).groupby(level=0).first()
    rate = inst.assumptions["dilapidations_gbp_per_m2"] * inst.sites["gia"].to_numpy()[keys["site"]]
    leased = pd.Series(site_ids).isin(tenures["site_id"])
    amount = pd.Series(site_ids).map(given).fillna(pd.Series(rate)).where(leased, 0.0)
    year = keys["year"].to_numpy()
    pay.add(who, (year, year + 1), -amount.to_numpy())
    breaks = tenures.assign(at=year_of(tenures["break_date"], inst.horizon.first_year))
    penalty = breaks.groupby(["site_id", "at"])["break_penalty_gbp"].sum()
    paid = penalty.reindex(pd.MultiIndex.from_arrays([site_ids, year])).fillna(0).to_numpy().astype(float)
    expiry = expiry_years(inst.tables, inst.sites, inst.horizon.first_year)[keys["site"]]
    pay.add(who, (year, year + 1), -np.where(year < expiry, paid, 0.0))


def _disposal(
    pay: _Payments, inst: Instance, route: pd.DataFrame, keys: pd.DataFrame, who: tuple[ArrayLike, ArrayLike]
) -> None:
    """Add what holding an empty building costs, and what selling or letting it brings."""
    year = keys["year"].to_numpy()
    lag = np.where(route["route"] == "hold", pay.years, route["lag"])
    lag = np.where(route["route"] == "surrender", 0, lag)
    end = year + lag
    pay.add(who, (year, end), -route["holding"], group=RUNNING)
    rates = inst.costs[(inst.costs["heading"] == "business_rates") & inst.costs["running"]]
    yearly = (rates["fixed"] + rates["variable"]).groupby(rates["site"]).sum()
    empty = pd.Series(keys["site"]).map(yearly).fillna(0.0).to_numpy()
    first = max(0.0, 1 - inst.assumptions["empty_rates_relief_months"] / 12)
    pay.add(who, (year, np.minimum(end, year + 1)), -empty * first, view=FINANCIAL, group=RUNNING)
    pay.add(who, (year + 1, end), -empty, view=FINANCIAL, group=RUNNING)
    expected = route["receipt"] * route["probability"]
    keeps = retention(inst)[np.asarray(who[1])]
    pay.add(who, (end, end + 1), expected * keeps, group=RECEIPT)
    pay.add(who, (end, end + 1), expected * (1 - keeps), view=ECONOMIC, group=RECEIPT)
    pay.add(who, (end, end + 1), -expected * route["disposal"], group=SPEND)
    pay.add(who, (end, pay.years), route["let_income"], group=RUNNING)


def retention(inst: Instance) -> Floats:
    """Return the part of a receipt that each partner keeps [share], shape (partners,)."""
    partners = inst.tables["partners"].set_index("partner_id").reindex(list(inst.partners))
    return partners["receipt_retention_share"].fillna(1.0).to_numpy().astype(float)


def _backlog(pay: _Payments, inst: Instance, keys: pd.DataFrame, share: pd.Series) -> None:
    """Funded backlog that is not spent once the site has closed (or a hub has cured it)."""
    rows = inst.tables["backlog"]
    numbers = pd.Series(inst.sites.index, index=inst.sites["site_id"])
    by_priority = pd.to_numeric(rows["priority"]).fillna(3).astype(int).map({1: 0, 2: 1, 3: 3, 4: 6})
    due = (pd.to_numeric(rows["due_year"]) - inst.horizon.first_year).fillna(by_priority).clip(lower=0)
    funded = rows["backlog_gbp"].astype(float) * pd.to_numeric(rows["funded_share"]).fillna(0)
    works = pd.DataFrame({"site": pd.to_numeric(rows["site_id"].map(numbers)), "due": due, "funded": funded})
    works = works[works["site"].notna() & (works["funded"] > 0)]
    joined = keys.assign(share=share.to_numpy()).merge(works, on="site")
    joined = joined[joined["year"] <= joined["due"]]
    owner = inst.sites["partner"].to_numpy()[joined["site"].astype(int)]
    due_year = joined["due"].astype(int)
    pay.add((joined["column"], owner), (due_year, due_year + 1), joined["funded"] * joined["share"])


def profile_shares(profile: str, lead: int) -> Floats:
    """Return the shares of a hub's capital by lead year; even where none are given."""
    if lead == 0:
        return np.ones(1)
    parts = [float(part) for part in profile.split(";") if part.strip()]
    shares = np.array(parts) if len(parts) == lead else np.full(lead, 1 / lead)
    return np.asarray(shares / shares.sum(), dtype=float)


def _hubs(pay: _Payments, inst: Instance, hubs: ColumnBlock) -> None:
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
    for k in range(shares.shape[1]):
        spent = year - lead + k
        pay.add(who, (spent, spent + 1), -capital * shares[:, k], group=SPEND)
    pay.add(who, (year, pay.years), -place["running"], group=RUNNING)
    yearly = inst.assumptions["lifecycle_share_per_year"] * place["capital"]
    pay.add(who, (year + 1, pay.years), -yearly, group=RUNNING)
    left = np.maximum(0.0, 1 - (pay.years - year) / place["life"])
    worth = place["capital"] * inst.on_costs * left
    pay.add(who, (pay.years - 1, pay.years), worth, view=ECONOMIC)
    keys = pd.DataFrame({"column": hubs.columns, "site": place["site"], "year": year})
    existing = at["counted"].to_numpy()
    _backlog(pay, inst, keys[existing], place["cures"][existing])


def _moves(pay: _Payments, inst: Instance, moves: ColumnBlock) -> None:
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
    pay.add(payer, (year, year + 1), -a["it_gbp_per_fte"] * who["fte"] - rate * need, group=SPEND)
    lead = place["partner"].to_numpy()
    charge = np.where(hub, need * _charge_per_m2(inst, place), 0.0)
    charge = np.where(lead == partner, 0.0, charge)
    pay.add(payer, (year, pay.years), -charge, view=FINANCIAL, group=RUNNING)
    pay.add((moves.columns, lead), (year, pay.years), charge, view=FINANCIAL, group=RUNNING)
    _host_fees(pay, inst, payer, (year, place, np.where(hub, 0.0, need * place["fee"])))


def _host_fees(
    pay: _Payments, inst: Instance, payer: tuple[Ints, Ints], terms: tuple[Ints, pd.DataFrame, Floats]
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
    share = inst.assumptions["hub_charge_annuity_share"]
    annuity = np.zeros(len(place))
    if share > 0:
        lives = place["life"].round().astype(int)
        sums = {life: _annuity_sum(inst, life) for life in lives.unique()}
        annuity = share * place["capital"] * inst.on_costs / lives.map(sums).to_numpy()
    return np.asarray((place["running"] + annuity) / place["room"].where(place["room"] > 0, 1.0))


def _annuity_sum(inst: Instance, life: int) -> float:
    """Return the sum of the discount factors of years 1 .. life."""
    if life < len(inst.factors):
        return float(inst.factors[1 : life + 1].sum())
    from estate.core.money import discount_factors

    return float(discount_factors(inst.vintage, life + 1, inst.timing)[1:].sum()) if life > 0 else 1.0


def _merging(pay: _Payments, inst: Instance, merges: ColumnBlock) -> None:
    """Add removal, IT and fit-out of merges."""
    a = inst.assumptions
    who = inst.provisions.iloc[merges.keys["provision"]].reset_index(drop=True)
    year, payer = merges.keys["year"].to_numpy(), (merges.columns, who["partner"])
    works = a["host_fit_out_gbp_per_m2"] * inst.on_costs * who["merge_need"]
    pay.add(payer, (year, year + 1), -a["move_gbp_per_fte"] * who["fte"])
    pay.add(payer, (year, year + 1), -a["it_gbp_per_fte"] * who["fte"] - works, group=SPEND)


def _residents(pay: _Payments, inst: Instance, blocks: Mapping[str, ColumnBlock]) -> None:
    """Add what visitors pay for travel to where their provision goes: nobody's bill."""
    extra, at = extra_travel(inst), inst.places["site"].to_numpy(dtype=int)
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
    pay = _Payments(inst.horizon.appraisal_years)
    _hubs(pay, inst, blocks["hub"])
    _closing(pay, inst, blocks["close"])
    _leaving(pay, inst, blocks["leave"])
    _moves(pay, inst, blocks["move"])
    _merging(pay, inst, blocks["merge"])
    _online(pay, inst, blocks["online"])
    if inst.resident_mode:
        _residents(pay, inst, blocks)
    return pay.cash()
