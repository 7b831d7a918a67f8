"""Rough values, by arithmetic alone, of closing each site and of a square metre of hub.

They tell whether an invented estate is worth solving. They are no plan: the optimiser and
the ledger, which share nothing with this page, say what a plan is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.money import discount_factors
from estate.core.reference import default_assumptions, headings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.inputs.synthetic.draw import Numbers

YEARS = 35
DECIDED_YEARS = 10
ACTS = 2  # the year in which everything is taken to happen


def assumptions(tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return the value of every assumption, the estate's own before the defaults."""
    known = pd.concat([default_assumptions(), tables["assumptions"]]).drop_duplicates("name", keep="last")
    return {str(name): float(value) for name, value in zip(known["name"], known["value"], strict=True)}


def first_year(tables: Mapping[str, pd.DataFrame]) -> int:
    """Return the calendar year in which the budgets begin."""
    return int(tables["budgets"]["year"].astype(str).str[:4].astype(int).min())


def free_to_close(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Say by site whether its tenure lets it close within ten years, and no lock bars it."""
    tenures = tables["tenures"].set_index("site_id")
    start = first_year(tables)
    ends = tenures["expiry"].astype("string").str[:4].astype("Float64")
    breaks = tenures["break_date"].astype("string").str[:4].astype("Float64")
    open_ended = ends.isna() & breaks.isna()
    in_time = (ends < start + DECIDED_YEARS - 1) | breaks.between(start, start + DECIDED_YEARS - 2)
    free = tenures["tenure"].eq("freehold") | open_ended | in_time.fillna(value=False)
    brakes = tables["brakes"]
    barred = brakes.loc[brakes["effect"].eq("lock") & brakes["until"].isna(), "site_id"]
    return free & ~tenures.index.isin(barred)


def yearly_cost(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return the running cost of each site that counts in the economic view [GBP/year], net of income."""
    views = headings().set_index("heading")["view"]
    costs = tables["running_costs"]
    counted = costs[costs["heading"].map(views).eq("both")]
    income = tables["sites"].set_index("site_id")["income_gbp_per_year"].astype(float)
    return counted.groupby("site_id")["gbp_per_year"].sum().sub(income, fill_value=0.0)


def closing_value(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return the present value of closing each decided site [GBP], before its services find a place."""
    sites = tables["sites"]
    sites = sites[sites["status"].eq("existing") & sites["scope"].isin(["decide", "surplus"])].set_index(
        "site_id"
    )
    rate, factor = assumptions(tables), discount_factors("green_book_2022", YEARS)
    gia = sites["gia_m2"].astype(float)
    cost = yearly_cost(tables).reindex(sites.index).fillna(0.0)
    leased = (
        tables["tenures"].set_index("site_id")["tenure"].isin(["leasehold", "licence"]).reindex(sites.index)
    )
    sale = tables["valuations"].query("exit_route == 'sell'").set_index("site_id").reindex(sites.index)
    lag = np.ceil(sale["years_to_sell"].fillna(rate["years_to_sell"]).to_numpy(dtype=float)).astype(int)
    receipt = sale["receipt_gbp"].fillna(0.0).astype(float)
    chance = sale["probability"].fillna(rate["sale_probability"]).astype(float)
    empty = gia * rate["vacant_holding_gbp_per_m2_per_year"] * lag * receipt.gt(0)
    works = tables["backlog"].assign(spent=lambda rows: rows["backlog_gbp"] * rows["funded_share"])
    spared = works.groupby("site_id")["spent"].sum().reindex(sites.index).fillna(0.0) / 2
    leaving = gia * (rate["decommissioning_gbp_per_m2"] + rate["dilapidations_gbp_per_m2"] * leased)
    double = cost * rate["double_running_months"] / 12
    kept = receipt * chance * (1 - rate["disposal_cost_share"]) * factor[ACTS + lag]
    value: pd.Series = cost * factor[ACTS:].sum() + kept + (spared - leaving - double - empty) * factor[ACTS]
    return value


def on_costs(rate: Mapping[str, float]) -> float:
    """Return the factor from works to works with fees, contingency and optimism bias."""
    bias = rate["optimism_bias_share"] * (1 - rate["optimism_bias_mitigated_share"])
    return (1 + rate["fees_share"]) * (1 + rate["contingency_share"]) * (1 + bias)


def hub_cost_per_m2(tables: Mapping[str, pd.DataFrame]) -> float:
    """Return the present cost of a square metre of the median hub option [GBP/m2]."""
    options, rate = tables["hub_options"], assumptions(tables)
    factor = discount_factors("green_book_2022", YEARS)
    capital = options["capital_gbp"] / options["room_nia_m2"]
    running = options["running_cost_gbp_per_year"] / options["room_nia_m2"]
    left = max(0.0, 1 - (YEARS - ACTS) / rate["hub_life_years"]) * factor[-1]
    upkeep = rate["lifecycle_share_per_year"] * factor[ACTS + 1 :].sum()
    cost = capital * (on_costs(rate) * (factor[ACTS - 1] - left) + upkeep) + running * factor[ACTS:].sum()
    return float(cost.median()) if len(cost) else float("inf")


def movable(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List the provisions that may leave, with need and merge_need [m2], reach [km] and moving cost [GBP]."""
    rate = assumptions(tables)
    rows = tables["provisions"].merge(tables["services"], on="service_id", validate="many_to_one")
    sites = tables["sites"].set_index("site_id")
    may = rows["site_id"].map(sites["scope"]).eq("decide") & rows["site_id"].map(sites["status"]).eq(
        "existing"
    )
    rows = rows[may & rows["fixed_to_site"].eq("no")].reset_index(drop=True)
    stays = 1 - rows["digital_share"]
    per_fte = rate["move_gbp_per_fte"] + rate["it_gbp_per_fte"]
    return rows.assign(
        need=rows["room_nia_m2"] * rows["space_factor"] * stays,
        merge_need=rows["room_nia_m2"] * rows["merge_factor"] * stays,
        it_gbp=rows["staff_fte"] * stays * rate["it_gbp_per_fte"],
        moving_gbp=rows["staff_fte"] * stays * per_fte,
    )


def points(tables: Mapping[str, pd.DataFrame], site_ids: pd.Series | pd.Index) -> Numbers:
    """Return easting and northing of sites [m]."""
    places = tables["sites"].set_index("site_id")[["easting", "northing"]].astype(float)
    return places.loc[site_ids].to_numpy(dtype=np.float64)


def kilometres(tables: Mapping[str, pd.DataFrame], one: Numbers, other: Numbers) -> Numbers:
    """Return travel distances between two sets of points [km]."""
    apart = one[:, None, :] - other[None, :, :]
    straight: Numbers = np.hypot(apart[..., 0], apart[..., 1]).astype(np.float64)
    return straight / 1000 * assumptions(tables)["circuity"]
