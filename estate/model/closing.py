"""When a site may close, by which route, and what it costs to run until then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.reference import headings
from estate.model.calendar import NEVER, year_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.core.types import Horizon

BOTH, ECONOMIC, FINANCIAL = 0, 1, 2
LEASED = ("leasehold", "licence", "pfi")
SALE_ROUTES = ("sell", "transfer")
BREAKS = ("break_date", "earliest_break_date", "last_break_date")


def _at_sites(frame: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Join the number of the site; rows of unknown sites are left out."""
    numbers = pd.Series(sites.index, index=sites["site_id"])
    site = frame["site_id"].map(numbers)
    return frame.assign(site=site)[site.notna()].astype({"site": int})


def expiry_years(
    tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame, first_year: int
) -> NDArray[np.int64]:
    """Return the year in which each site's lease has expired; NEVER where there is none."""
    tenures = _at_sites(tables["tenures"], sites)
    years = pd.Series(year_of(tenures["expiry"], first_year), index=tenures["site"])
    leased = tenures["tenure"].isin(LEASED).to_numpy()
    return years[leased].groupby(level=0).min().reindex(sites.index).fillna(NEVER).to_numpy().astype(np.int64)


def breaks(tenures: pd.DataFrame, horizon: Horizon) -> NDArray[np.bool_]:
    """Return in which years a lease may be broken, shape (rows, decision_years).

    Each date given is one break; with ``rolling_break`` every year from the first to the last of
    them, or to the expiry where there is one alone.
    """
    t = np.arange(horizon.decision_years)
    dates = np.column_stack([year_of(tenures[name], horizon.first_year) for name in BREAKS])
    expiry = year_of(tenures["expiry"], horizon.first_year)
    first = dates.min(axis=1)
    last = np.where(dates == NEVER, -NEVER, dates).max(axis=1)
    alone = tenures[list(BREAKS)].notna().sum(axis=1).to_numpy() == 1
    end = np.where(alone, expiry - 1, last)[:, None]
    rolling = tenures["rolling_break"].astype(object).eq(other=True).to_numpy()[:, None]
    each = (dates[:, :, None] == t).any(axis=1)
    allowed: NDArray[np.bool_] = np.where(rolling, (t >= first[:, None]) & (t <= end), each)
    return allowed


def _tenure_years(
    tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame, horizon: Horizon, *, premium: bool
) -> NDArray[np.bool_]:
    """Return in which years each site's tenure lets it close, shape (sites, decision_years).

    A lease or licence whose surrender is paid for may end in any year.
    """
    tenures = _at_sites(tables["tenures"], sites)
    t = np.arange(horizon.decision_years)
    expiry = year_of(tenures["expiry"], horizon.first_year)[:, None]
    leave = breaks(tenures, horizon)
    kind = tenures["tenure"].to_numpy()
    open_ended = (expiry == NEVER) & tenures[list(BREAKS)].isna().all(axis=1).to_numpy()[:, None]
    leased = np.isin(kind, ["leasehold", "licence"])[:, None]
    pfi = (kind == "pfi")[:, None]
    allowed = np.where(leased, (t >= expiry) | leave | open_ended | premium, True)
    allowed = np.where(pfi, (t >= expiry) | open_ended, allowed)
    notice = np.ceil(pd.to_numeric(tenures["notice_months"]).fillna(0).to_numpy() / 12)[:, None]
    allowed &= t >= notice
    years = np.zeros((len(sites), len(t)), dtype=bool)
    np.logical_or.at(years, tenures["site"].to_numpy(), allowed)
    years[~sites.index.isin(tenures["site"])] = True
    return years


def closing_years(
    tables: Mapping[str, pd.DataFrame],
    sites: pd.DataFrame,
    costs: pd.DataFrame,
    horizon: Horizon,
    rules: Mapping[str, Mapping[str, Any]],
    *,
    premium: bool = False,
) -> NDArray[np.bool_]:
    """Return in which years each site may close, shape (sites, decision_years).

    With `premium`, as where the surrender of its lease is paid for.
    """
    t = np.arange(horizon.decision_years)
    allowed = np.repeat(sites["closable"].to_numpy()[:, None], len(t), axis=1)
    if "tenure" in rules:
        allowed &= _tenure_years(tables, sites, horizon, premium=premium)
    if "brakes" in rules:
        brakes = _at_sites(tables["brakes"], sites)
        locks = brakes[brakes["effect"] == "lock"]
        until = pd.Series(year_of(locks["until"], horizon.first_year), index=locks["site"])
        until = until.groupby(level=0).max().reindex(sites.index).fillna(0)
        allowed &= t >= until.to_numpy()[:, None]
    if "locks" in rules:
        allowed &= ~sites["site_id"].isin(rules["locks"]["keep"]).to_numpy()[:, None]
    if "materiality" in rules and cost_decides(rules["materiality"]):
        enough = yearly_cost(costs, sites) >= rules["materiality"]["saving_gbp_per_year"]
        allowed &= enough[:, None]
    return allowed


def cost_decides(materiality: Mapping[str, Any]) -> bool:
    """Return whether running cost alone bars closing under the rule ``materiality``."""
    return materiality.get("npv_gbp") is None or materiality["enough"] == "both"


def yearly_cost(costs: pd.DataFrame, sites: pd.DataFrame) -> NDArray[np.float64]:
    """Return the cashable running cost of every site in year 0 [GBP/year], shape (sites,)."""
    running = costs[costs["running"] & (costs["start"] == 0)]
    yearly = running["part"].groupby(running["site"]).sum()
    return np.asarray(yearly.reindex(sites.index).fillna(0.0), dtype=np.float64)


def running_spans(tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame, horizon: Horizon) -> pd.DataFrame:
    """Return running costs by site, view and span of years.

    Returns
    -------
    DataFrame
        site, heading, start, stop (years), part (the whole), fixed, variable, stepped [GBP/year],
        view, running (cashable), payee (partner that is the landlord, else -1). `stepped` goes by
        whole steps with provisions; what no provision frees is in `fixed`.
    """
    reference = headings().set_index("heading")
    rows = _at_sites(tables["running_costs"], sites)
    rows = rows[
        (rows["heading"].map(reference["view"]) != "memo") & sites["counted"].to_numpy()[rows["site"]]
    ]
    base = pd.DataFrame(
        {
            "site": rows["site"],
            "heading": rows["heading"],
            "start": 0,
            "stop": horizon.appraisal_years,
            "amount": rows["gbp_per_year"].astype(float),
            "fixed_share": pd.to_numeric(rows["fixed_share"]).fillna(
                rows["heading"].map(reference["fixed_share"])
            ),
            "cashable_share": pd.to_numeric(rows["cashable_share"]).fillna(1.0),
            "stepped_share": pd.to_numeric(rows["stepped_share"]).fillna(0.0),
            "view": np.where(rows["heading"].map(reference["view"]) == "financial", FINANCIAL, BOTH),
            "payee": np.where(rows["heading"] == "rent", sites["landlord"].to_numpy()[rows["site"]], -1),
        }
    )
    base["view"] = base["view"].where(base["payee"] < 0, FINANCIAL)
    spans = _by_view(_rents_in_force(base, tables, sites, horizon))
    spans["fixed"] += spans["stepped"] * (1 - sites["steps"].to_numpy()[spans["site"]])
    return spans


def _rents_in_force(
    base: pd.DataFrame, tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame, horizon: Horizon
) -> pd.DataFrame:
    """Split rents wherever they change: at reviews, and at the expiry to the market rent."""
    terms = _at_sites(tables["tenures"], sites)
    terms = terms[terms["tenure"].isin(LEASED)].drop_duplicates("site").set_index("site")
    let = (base["heading"] == "rent") & base["site"].isin(terms.index)
    rents = base[let]
    yearly = _rent_by_year(rents["amount"].to_numpy(), terms.loc[rents["site"]], horizon)
    changes = np.column_stack([np.ones(len(rents), dtype=bool), np.diff(yearly, axis=1) != 0])
    row, start = np.nonzero(changes)
    next_row = np.append(row[1:] != row[:-1], True) if len(row) else np.zeros(0, dtype=bool)
    stop = np.where(next_row, horizon.appraisal_years, np.roll(start, -1))
    spans = rents.iloc[row].assign(start=start, stop=stop, amount=yearly[row, start])
    return pd.concat([base[~let], spans], ignore_index=True)


def _rent_by_year(rent: NDArray[np.float64], terms: pd.DataFrame, horizon: Horizon) -> NDArray[np.float64]:
    """Return the rents of leases by year, shape (rents, appraisal_years) [GBP/year]; docs/model.md 4."""
    expiry = year_of(terms["expiry"], horizon.first_year)[:, None]
    first = year_of(terms["review_date"], horizon.first_year)[:, None]
    every = pd.to_numeric(terms["review_years"]).astype(float).to_numpy()[:, None]
    basis = terms["review_basis"].to_numpy()[:, None]
    market = pd.to_numeric(terms["market_rent_gbp_per_year"]).astype(float).to_numpy()[:, None]
    growth = (
        pd.to_numeric(terms["review_growth_share_per_year"]).fillna(0.0).astype(float).to_numpy()[:, None]
    )
    t = np.arange(-1, horizon.appraisal_years)
    since = np.minimum(t, expiry - 1) - first
    held = np.where(since < 0, 0.0, 1.0 + np.nan_to_num(np.floor(since / every)))
    reviews = held[:, 1:] - held[:, :1]  # those before year 0 are in today's rent
    now = rent[:, None]
    level = np.where(np.isnan(market), now, np.where(basis == "upward", np.maximum(now, market), market))
    indexed = now * (1.0 + growth) ** (np.nan_to_num(every) * reviews)
    reviewed = np.where(basis == "index", indexed, np.where(reviews > 0, level, now))
    return np.where((t[1:] >= expiry) & ~np.isnan(market), market, reviewed)


def _by_view(spans: pd.DataFrame) -> pd.DataFrame:
    """Part cashable from non-cashable, each with its view."""
    cash = spans.assign(part=spans["amount"] * spans["cashable_share"], running=True)
    rest = spans.assign(part=spans["amount"] * (1 - spans["cashable_share"]), running=False)
    rest = rest[(rest["view"] == BOTH) & (rest["part"] > 0)].assign(view=ECONOMIC)
    both = pd.concat([cash, rest], ignore_index=True)
    both["fixed"] = both["part"] * both["fixed_share"]
    both["stepped"] = both["part"] * both["stepped_share"]
    both["variable"] = both["part"] - both["fixed"] - both["stepped"]
    columns = ["site", "heading", "start", "stop", "part", "fixed", "variable", "stepped"]
    return both[[*columns, "view", "running", "payee"]].sort_values(
        ["site", "heading", "start", "view"], ignore_index=True
    )


def _listed_routes(tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame) -> pd.DataFrame:
    """Return the valuations of closable sites by route, and the plain route of those without any."""
    tenures = _at_sites(tables["tenures"], sites)
    leased = set(tenures.loc[tenures["tenure"].isin(LEASED), "site"])
    values = _at_sites(tables["valuations"], sites).assign(route=lambda f: f["exit_route"].astype(str))
    values = values[~(values["route"].isin(["sell", "let", "transfer"]) & values["site"].isin(leased))]
    closable = sites.index[sites["closable"]]
    listed = values[values["site"].isin(closable)]
    rest = closable[~closable.isin(listed["site"])]
    plain = pd.DataFrame({"site": rest, "route": np.where(rest.isin(list(leased)), "surrender", "hold")})
    return pd.concat([listed, plain], ignore_index=True).reindex(columns=[*listed.columns])


def exit_routes(
    tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame, a: Mapping[str, float]
) -> pd.DataFrame:
    """Return the exit routes of closable sites with their terms.

    Returns
    -------
    DataFrame
        site, route, lag [year], receipt [GBP] before probability, probability, disposal
        [share], let_income, holding [GBP/year], brake_cost, premium, upgrade [GBP], tenanted.
    """
    frame = _listed_routes(tables, sites)
    brakes = _at_sites(tables["brakes"], sites)
    delay = brakes[brakes["effect"] == "delay"].groupby("site")["delay_years"].sum()
    factor = brakes[brakes["effect"] == "receipt"].groupby("site")["receipt_factor"].prod()
    cost = brakes[brakes["effect"] == "cost"].groupby("site")["cost_gbp"].sum()
    number = {c: pd.to_numeric(frame[c]).astype(float) for c in _TERMS}
    sale = frame["route"].isin(SALE_ROUTES)
    gia = pd.Series(sites["gia"].to_numpy()[frame["site"].astype(int)])
    upgrade = pd.Series(sites["upgrade"].to_numpy()[frame["site"].astype(int)])
    lag = np.ceil(
        number["years_to_sell"].fillna(a["years_to_sell"]) + frame["site"].map(delay).fillna(0) - 1e-9
    )
    result = pd.DataFrame(
        {
            "site": frame["site"].astype(int),
            "route": frame["route"],
            "lag": lag.astype(int),
            "receipt": (number["receipt_gbp"].fillna(0) * frame["site"].map(factor).fillna(1)).where(
                sale, 0.0
            ),
            "probability": number["probability"].fillna(a["sale_probability"]),
            "disposal": number["disposal_cost_share"].fillna(a["disposal_cost_share"]).where(sale, 0.0),
            "let_income": number["let_income_gbp_per_year"].fillna(0).where(frame["route"] == "let", 0.0),
            "holding": number["holding_gbp_per_year"].fillna(a["vacant_holding_gbp_per_m2_per_year"] * gia),
            "brake_cost": frame["site"].map(cost).fillna(0).astype(float),
            "premium": number["premium_gbp"].fillna(0).where(frame["route"] == "surrender", 0.0),
            "upgrade": upgrade.where(frame["route"] == "let", 0.0),
            "tenanted": frame["subject_to_tenancy"].astype(object).eq(other=True) & sale,
        }
    )
    return result.sort_values(["site", "route"], ignore_index=True)


_TERMS = (
    "receipt_gbp",
    "probability",
    "years_to_sell",
    "disposal_cost_share",
    "let_income_gbp_per_year",
    "holding_gbp_per_year",
    "premium_gbp",
)
