"""What closing a site saves, costs and brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.model import taxes
from estate.model.closing import ECONOMIC, FINANCIAL, breaks, expiry_years
from estate.model.payments import RECEIPT, RUNNING, SPEND, Floats, Payments, at_once, save, spans_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from estate.model.blocks import ColumnBlock
    from estate.model.instance import Instance


def closing(pay: Payments, inst: Instance, close: ColumnBlock) -> None:
    """Add the fixed cost saved when a site closes, and the costs and receipts of leaving it."""
    a = inst.assumptions
    route = inst.routes.iloc[close.keys["route"]].reset_index(drop=True)
    site = route["site"].to_numpy()
    keys = pd.DataFrame({"column": close.columns, "site": site, "year": close.keys["year"]})
    at = inst.sites.iloc[site].reset_index(drop=True)
    owner, year = at["partner"].to_numpy(), keys["year"].to_numpy()
    spans = spans_of(inst.costs, keys)
    bare = (inst.sites["provisions"] == 0).to_numpy()[spans["site"]]
    saved = spans["fixed"] + np.where(bare, spans["variable"], 0.0)
    span_owner = inst.sites["partner"].to_numpy()[spans["site"]]
    save(pay, spans, span_owner, saved)
    now = (spans["from"] == spans["year"]) & ~bare
    at_once(pay, spans[now], span_owner[now], -inst.double_running * spans["fixed"][now])
    who = (keys["column"], owner)
    stays = np.where(route["tenanted"], route["lag"], 0)
    pay.add(who, (year + stays, pay.years), -at["income"], group=RUNNING)
    pay.add(who, (year, year + 1), -at["compensation"].where(~route["tenanted"], 0.0))
    pay.add(who, (year, year + 1), -a["programme_gbp_per_closure"])
    emissions(pay, inst, who, (year, at["energy"].to_numpy()))
    pay.add(who, (year, year + 1), -a["decommissioning_gbp_per_m2"] * at["gia"])
    _lease_end(pay, inst, keys.assign(premium=route["premium"]), who)
    pay.add(who, (year, year + 1), -route["brake_cost"], group=SPEND)
    _disposal(pay, inst, route, keys, who)
    backlog(pay, inst, keys, pd.Series(1.0, index=keys.index))


def _lease_end(pay: Payments, inst: Instance, keys: pd.DataFrame, who: tuple[ArrayLike, ArrayLike]) -> None:
    """Dilapidations of leased sites, the penalty of a break, and the premium of a surrender."""
    tenures = inst.tables["tenures"]
    tenures = tenures[tenures["tenure"].isin(["leasehold", "licence"])]
    site_ids = inst.sites["site_id"].to_numpy()[keys["site"]]
    given = pd.to_numeric(tenures["dilapidations_gbp"]).set_axis(tenures["site_id"]).groupby(level=0).first()
    rate = inst.assumptions["dilapidations_gbp_per_m2"] * inst.sites["gia"].to_numpy()[keys["site"]]
    leased = pd.Series(site_ids).isin(tenures["site_id"])
    owed = tenures["repair_liability"].map(
        {"landlord": 0.0, "internal": inst.assumptions["internal_repair_share"]}
    )
    part = owed.fillna(1.0).astype(float).set_axis(tenures["site_id"]).groupby(level=0).first()
    due = pd.Series(rate) * pd.Series(site_ids).map(part)
    amount = pd.Series(site_ids).map(given).fillna(due).where(leased, 0.0)
    year = keys["year"].to_numpy()
    pay.add(who, (year, year + 1), -amount.to_numpy())
    row, at = np.nonzero(breaks(tenures, inst.horizon))
    ends = tenures.iloc[row][["site_id", "break_penalty_gbp"]].assign(at=at)
    penalty = ends.groupby(["site_id", "at"])["break_penalty_gbp"].sum()
    paid = penalty.reindex(pd.MultiIndex.from_arrays([site_ids, year])).fillna(0).to_numpy().astype(float)
    expiry = expiry_years(inst.tables, inst.sites, inst.horizon.first_year)[keys["site"]]
    pay.add(who, (year, year + 1), -np.where(year < expiry, paid, 0.0))
    at_break = pd.MultiIndex.from_arrays([site_ids, year]).isin(penalty.index)
    early = (year < expiry) & ~at_break
    pay.add(who, (year, year + 1), -np.where(early, keys["premium"], 0.0))


def _disposal(
    pay: Payments, inst: Instance, route: pd.DataFrame, keys: pd.DataFrame, who: tuple[ArrayLike, ArrayLike]
) -> None:
    """Add what holding an empty building costs, and what selling or letting it brings."""
    year = keys["year"].to_numpy()
    lag = np.where(route["route"] == "hold", pay.years, route["lag"])
    lag = np.where(route["route"] == "surrender", 0, lag)
    end = year + lag
    pay.add(who, (year, end), -route["holding"], group=RUNNING)
    rates = inst.costs[(inst.costs["heading"] == "business_rates") & inst.costs["running"]]
    yearly = rates["part"].groupby(rates["site"]).sum()
    empty = pd.Series(keys["site"]).map(yearly).fillna(0.0).to_numpy()
    first, later = (share[keys["site"]] for share in taxes.empty_shares(inst))
    pay.add(who, (year, np.minimum(end, year + 1)), -empty * first, view=FINANCIAL, group=RUNNING)
    pay.add(who, (year + 1, end), -empty * later, view=FINANCIAL, group=RUNNING)
    expected = route["receipt"] * route["probability"]
    keeps = retention(inst)[np.asarray(who[1])]
    pay.add(who, (end, end + 1), expected * keeps, group=RECEIPT)
    pay.add(who, (end, end + 1), expected * (1 - keeps), view=ECONOMIC, group=RECEIPT)
    pay.add(who, (end, end + 1), -expected * route["disposal"], group=SPEND)
    pay.add(who, (end, pay.years), route["let_income"], group=RUNNING)
    pay.add(who, (end, end + 1), -route["upgrade"], group=SPEND)
    tax = taxes.vat(inst)[np.asarray(who[1])] * route["upgrade"].to_numpy()
    pay.add(who, (end, end + 1), -tax, view=FINANCIAL, group=SPEND)


def retention(inst: Instance) -> Floats:
    """Return the part of a receipt that each partner keeps [share], shape (partners,)."""
    partners = inst.tables["partners"].set_index("partner_id").reindex(list(inst.partners))
    return partners["receipt_retention_share"].fillna(1.0).to_numpy().astype(float)


def backlog(pay: Payments, inst: Instance, keys: pd.DataFrame, share: pd.Series) -> None:
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


def emissions(
    pay: Payments, inst: Instance, who: tuple[ArrayLike, ArrayLike], what: tuple[ArrayLike, ArrayLike]
) -> None:
    """Add the value of emissions that end (or begin) with a year: energy [kWh/year] by column."""
    year, energy = (np.asarray(part) for part in what)
    if not inst.carbon.any():
        return
    column, partner = (np.asarray(part) for part in who)
    for t in range(pay.years):
        on = (year <= t) & (energy != 0)
        pay.add((column[on], partner[on]), (t, t + 1), energy[on] * inst.carbon[t], view=ECONOMIC)
