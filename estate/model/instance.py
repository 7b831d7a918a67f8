"""From tables to sets and arrays: who may close, move, merge, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.core.money import discount_factors, price_factors
from estate.core.vintage import carbon_prices
from estate.model import hosting, taxes
from estate.model.closing import closing_years, exit_routes, running_spans
from estate.model.near import beside_target, filled, merges, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.config import Config, FinanceSection
    from estate.core.types import Estate, Horizon

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Instance:
    """An estate as numbered sets.

    Attributes
    ----------
    horizon : Horizon
        Years.
    factors : ndarray, shape (appraisal_years,)
        Discount factors [share].
    prices : ndarray, shape (appraisal_years,)
        Money of the day for a pound of base-year prices [share].
    rules : mapping
        Options of every rule in force.
    assumptions : mapping
        Values of the named assumptions.
    sites : DataFrame
        One row a site, position = number: site_id, x, y [m], partner, closable, counted, nia
        [m2], own_room [m2], provisions (how many).
    provisions : DataFrame
        provision_id, site, service, partner (numbers), room, need, merge_need [m2], fte,
        hours [h/week], visits [1/year], mobile.
    places : DataFrame
        Where provisions may move to: site, kind (hub, host), option, room [m2], hours [h/week]
        and the money of hub options and hosts.
    pairs : DataFrame
        Permitted moves: provision, place, km.
    merges : DataFrame
        Permitted merges: provision, target.
    online : ndarray
        Provisions that may be online only.
    routes : DataFrame
        Exit routes of closable sites: site, route, lag [year], receipt and its terms.
    may_close : ndarray of bool, shape (sites, decision_years)
        Whether tenure, brakes, locks and materiality allow closing at the start of a year.
    may_surrender : ndarray of bool, shape (sites, decision_years)
        The same where the landlord is paid a premium.
    costs : DataFrame
        Running cost by site in spans of years: see `running_spans`.
    carbon : ndarray, shape (appraisal_years,)
        Value of the emissions of energy [GBP/kWh]; nought where carbon is not valued.
    tables : mapping
        Conformed tables, for the rules that need more.
    resident_mode : str
        Mode by which residents travel.
    travel_is_cost : bool
        Whether that is a cost of the run.
    finance : FinanceSection
        Terms of loans.
    """

    horizon: Horizon
    factors: Floats
    prices: Floats
    economic: bool
    vintage: str
    timing: str
    rules: Mapping[str, Mapping[str, Any]]
    assumptions: Mapping[str, float]
    partners: tuple[str, ...]
    services: tuple[str, ...]
    sites: pd.DataFrame
    provisions: pd.DataFrame
    places: pd.DataFrame
    pairs: pd.DataFrame
    merges: pd.DataFrame
    online: Ints
    routes: pd.DataFrame
    may_close: NDArray[np.bool_]
    may_surrender: NDArray[np.bool_]
    costs: pd.DataFrame
    carbon: Floats
    tables: Mapping[str, pd.DataFrame]
    area_km: pd.DataFrame
    resident_mode: str
    travel_is_cost: bool
    finance: FinanceSection

    @property
    def on_costs(self) -> float:
        """Return the factor for fees, contingency and optimism bias on works."""
        a = self.assumptions
        bias = a["optimism_bias_share"] * (1 - a["optimism_bias_mitigated_share"])
        return (1 + a["fees_share"]) * (1 + a["contingency_share"]) * (1 + bias)

    @property
    def double_running(self) -> float:
        """Return the part of a year for which two places are paid for, with bias on duration."""
        return self.assumptions["double_running_months"] / 12 * longer(self.assumptions)

    def beside_target(self, provisions: Ints) -> Floats:
        """Return the room that can ever be free at the site of provisions that stay [m2]."""
        return beside_target(self.sites, self.provisions, provisions)

    def km(self, a: Ints, b: Ints) -> Floats:
        """Return travel distances between sites a and b [km]; infinite where a place is unknown."""
        xy = self.sites[["x", "y"]].to_numpy()
        metres = np.hypot(*(xy[a] - xy[b]).T)
        return np.where(np.isfinite(metres), metres * self.assumptions["circuity"] / 1000, np.inf)


def longer(a: Mapping[str, float]) -> float:
    """Return the factor of optimism bias on the duration of works."""
    return 1 + a["optimism_bias_duration_share"] * (1 - a["optimism_bias_mitigated_share"])


def _numbers(names: pd.Series) -> dict[str, int]:
    return {name: i for i, name in enumerate(names)}


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str)


def _sites(
    tables: Mapping[str, pd.DataFrame], partners: Mapping[str, int], a: Mapping[str, float]
) -> pd.DataFrame:
    raw = tables["sites"].sort_values("site_id", ignore_index=True)
    in_plan = set(tables["partners"].loc[tables["partners"]["in_plan"].astype(bool), "partner_id"])
    existing = (raw["status"] == "existing") & raw["partner_id"].isin(in_plan)
    gia = filled(raw["gia_m2"], 0.0)
    return pd.DataFrame(
        {
            "site_id": raw["site_id"].astype(str),
            "x": filled(raw["easting"], np.nan),
            "y": filled(raw["northing"], np.nan),
            "partner": raw["partner_id"].map(partners).fillna(-1).astype(int),
            "scope": raw["scope"].astype(str),
            "status": raw["status"].astype(str),
            "closable": existing & raw["scope"].isin(["decide", "surplus"]),
            "mobile": existing & (raw["scope"] == "decide"),
            "counted": existing & raw["scope"].isin(["decide", "surplus", "keep"]),
            "in_plan": raw["partner_id"].isin(in_plan),
            "gia": gia,
            "nia": filled(raw["nia_m2"], gia * a["nia_per_gia"]),
            "step_free": raw["step_free"].astype(str),
            "step_free_cost": filled(raw["step_free_cost_gbp"], np.nan),
            "income": filled(raw["income_gbp_per_year"], 0.0),
            "compensation": filled(raw["tenant_compensation_gbp"], 0.0),
            "energy": filled(raw["energy_kwh_per_year"], 0.0),
            "upgrade": filled(raw["energy_upgrade_gbp"], a["energy_upgrade_gbp_per_m2"] * gia),
            "relief_months": taxes.relief_months(raw, a),
            "band": _text(raw["energy_rating"]).str.strip().str.upper().str[:1],
            **hosting.fit_fields(raw),
        }
    )


def _provisions(
    tables: Mapping[str, pd.DataFrame],
    sites: pd.DataFrame,
    partners: Mapping[str, int],
    services: pd.DataFrame,
) -> pd.DataFrame:
    raw = tables["provisions"].sort_values("provision_id", ignore_index=True)
    site = raw["site_id"].map(_numbers(sites["site_id"])).to_numpy().astype(np.int64)
    service = raw["service_id"].map(_numbers(services["service_id"])).to_numpy().astype(np.int64)
    own = sites["partner"].to_numpy()[site]
    room = filled(raw["room_nia_m2"], 0.0)
    stays = 1 - filled(raw["digital_share"], 0.0)
    frame = pd.DataFrame(
        {
            "provision_id": raw["provision_id"].astype(str),
            "site": site,
            "service": service,
            "partner": _text(raw["partner_id"]).map(partners).fillna(pd.Series(own)).astype(int),
            "room": room,
            "need": room * stays * filled(services["space_factor"], 1.0).to_numpy()[service],
            "merge_need": room * stays * filled(services["merge_factor"], 0.8).to_numpy()[service],
            "fte": filled(raw["staff_fte"], 0.0) * stays,
            "hours": filled(raw["weekly_hours"], 0.0),
            "days": filled(raw["days_per_week"], 5.0),
            "visits": filled(raw["visits_per_year"], 0.0),
            "redundancy": filled(raw["redundancy_gbp"], 0.0),
            "digital": 1 - stays,
            **hosting.opening_times(raw, sites["open_hours"].to_numpy()[site]),
            "mobile": sites["mobile"].to_numpy()[site] & ~raw["fixed_to_site"].astype(bool).to_numpy(),
        }
    )
    total = frame.groupby("site")["room"].transform("sum")
    count = frame.groupby("site")["room"].transform("size")
    frame["weight"] = np.where(total > 0, frame["room"] / total.where(total > 0, 1.0), 1 / count)
    return frame


def _landlords(
    tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame, partners: Mapping[str, int]
) -> NDArray[np.int64]:
    """Return the partner that lets each site to its holder, -1 where none does."""
    taking_part = set(tables["partners"].loc[tables["partners"]["in_plan"].astype(bool), "partner_id"])
    rows = tables["tenures"].drop_duplicates("site_id").set_index("site_id")["landlord_partner_id"]
    named = sites["site_id"].map(rows[rows.isin(taking_part)]).map(partners).fillna(-1).astype(int)
    return np.where(named == sites["partner"], -1, named).astype(np.int64)


def _hub_places(
    tables: Mapping[str, pd.DataFrame],
    sites: pd.DataFrame,
    partners: Mapping[str, int],
    a: Mapping[str, float],
) -> pd.DataFrame:
    raw = tables["hub_options"].sort_values(["site_id", "option"], ignore_index=True)
    site = raw["site_id"].map(_numbers(sites["site_id"])).to_numpy().astype(np.int64)
    own = pd.Series(sites["partner"].to_numpy()[site], dtype=float)
    return pd.DataFrame(
        {
            "site": site,
            "kind": "hub",
            "option": raw["option"].astype(str),
            "room": raw["room_nia_m2"].astype(float),
            "hours": np.inf,
            "partner": _text(raw["lead_partner_id"]).map(partners).astype(float).fillna(own).astype(int),
            "capital": raw["capital_gbp"].astype(float),
            "running": raw["running_cost_gbp_per_year"].astype(float),
            "lead_years": np.ceil(raw["lead_years"].astype(float) * longer(a) - 1e-9).astype(int),
            "profile": _text(raw["spend_profile"]),
            "cures": filled(raw["cures_backlog_share"], 0.0),
            "life": filled(raw["life_years"], a["hub_life_years"]),
            "energy": filled(raw["energy_kwh_per_year"], 0.0),
            "purchase": filled(raw["purchase_gbp"], 0.0),
            "duty": taxes.duty(raw, a),
            "adds_wc": raw["adds_accessible_wc"].astype(bool),
            "fee": 0.0,
            "permitted": "",
            "term_weeks": 52.0,
        }
    )


def _host_places(tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame) -> pd.DataFrame:
    raw = tables["host_terms"].sort_values("site_id", ignore_index=True)
    site = raw["site_id"].map(_numbers(sites["site_id"])).to_numpy().astype(np.int64)
    frame = pd.DataFrame(
        {
            "site": site,
            "kind": "host",
            "option": "",
            "room": raw["room_nia_m2"].astype(float),
            "hours": filled(raw["weekly_hours"], 168.0),
            "partner": sites["partner"].to_numpy()[site],
            "capital": 0.0,
            "running": 0.0,
            "lead_years": 0,
            "profile": "",
            "cures": 0.0,
            "life": 0.0,
            "energy": 0.0,
            "purchase": 0.0,
            "duty": 0.0,
            "fee": filled(raw["fee_gbp_per_m2_per_year"], 0.0),
            "permitted": _text(raw["permitted_services"]),
            "term_weeks": filled(raw["term_weeks"], 52.0),
            **hosting.host_fields(raw),
        }
    )
    status, in_plan = sites["status"].to_numpy()[site], sites["in_plan"].to_numpy()[site]
    lending: pd.DataFrame = frame[(status == "host") | ((status == "existing") & in_plan)]
    return lending


def _open_places(
    places: pd.DataFrame, sites: pd.DataFrame, rules: Mapping[str, Any], *, hubs: bool
) -> pd.DataFrame:
    """Keep the places that fitness, locks and status allow."""
    at = sites.iloc[places["site"]].reset_index(drop=True)
    is_hub = (places["kind"] == "hub").to_numpy()
    barred = set(rules.get("locks", {}).get("no_hub", ()))
    allowed = at["status"].isin(["candidate", "existing"]) & ~at["site_id"].isin(barred)
    existing_in = (at["status"] != "existing") | at["counted"]
    keep = ~is_hub | (allowed & existing_in & hubs).to_numpy()
    keep &= hosting.fit_places(at, places, rules.get("fitness", {}))
    return places[keep].reset_index(drop=True)


def _sets(
    estate: Estate, config: Config, services: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return sites, provisions and the places that are open to provisions."""
    tables, a = estate.tables, estate.assumptions
    numbers = {p: i for i, p in enumerate(sorted(tables["partners"]["partner_id"].astype(str)))}
    sites = _sites(tables, numbers, a)
    provisions = _provisions(tables, sites, numbers, services)
    step = a["cost_step_share"]
    provisions["steps"] = np.floor(provisions["weight"] / step + 1e-9) * step
    sites["steps"] = provisions.groupby("site")["steps"].sum().reindex(sites.index).fillna(0.0)
    sites["landlord"] = _landlords(tables, sites, numbers)
    poor = sites["band"].between("A", "G") & (sites["band"] > config.policy.let_energy_band)
    sites["upgrade"] = sites["upgrade"].where(poor, 0.0)
    own = provisions.groupby("site")["room"].agg(["sum", "size"]).reindex(sites.index).fillna(0)
    sites["own_room"], sites["provisions"] = own["sum"], own["size"].astype(int)
    sites["closable"] &= ~sites.index.isin(provisions.loc[~provisions["mobile"], "site"])
    places = pd.concat(
        [_hub_places(tables, sites, numbers, a), _host_places(tables, sites)],
        ignore_index=True,
    )
    places = hosting.with_host_fields(places)
    return sites, provisions, _open_places(places, sites, config.rules, hubs=config.hubs_allowed)


def _carbon(config: Config, horizon: Horizon, a: Mapping[str, float]) -> Floats:
    """Return the value of the emissions of energy by year [GBP/kWh]."""
    years = horizon.first_year + np.arange(horizon.appraisal_years)
    dated = config.vintages
    return carbon_prices(dated.carbon, (dated.carbon_values, dated.deflators), years, a)


def build_instance(estate: Estate, config: Config) -> Instance:
    """Turn an estate into numbered sets.

    Parameters
    ----------
    estate : Estate
        Conformed tables with every default filled.
    config : Config
        The run, its rules resolved.

    Returns
    -------
    Instance
    """
    tables, a = estate.tables, estate.assumptions
    horizon = config.horizon.horizon()
    services = tables["services"].sort_values("service_id", ignore_index=True)
    sites, provisions, places = _sets(estate, config, services)
    across = config.rules.get("assignment", {}).get("merge_across_partners", False)
    parts = {"sites": sites, "provisions": provisions, "places": places, "assumptions": a, "across": across}
    reach = config.rules.get("reach", {}).get("default_km")
    reachable = pairs(parts, services, a["default_move_reach_km"] if reach is None else reach)
    can_online = services["online_allowed"].astype(bool).to_numpy()[provisions["service"]]
    online = np.flatnonzero(provisions["mobile"] & can_online & (provisions["digital"] >= 1))
    costs = running_spans(tables, sites, horizon)
    return Instance(
        horizon=horizon,
        factors=discount_factors(config.vintage, horizon.appraisal_years, config.timing),
        prices=price_factors(config.vintages.deflators, horizon, a["inflation_share_per_year"]),
        economic=config.objective == "economic",
        vintage=config.vintage,
        timing=config.timing,
        rules=config.rules,
        assumptions=a,
        partners=tuple(sorted(tables["partners"]["partner_id"].astype(str))),
        services=tuple(services["service_id"].astype(str)),
        sites=sites,
        provisions=provisions,
        places=places,
        pairs=reachable,
        merges=merges(parts, services),
        online=online,
        routes=exit_routes(tables, sites, a),
        may_close=closing_years(tables, sites, costs, horizon, config.rules),
        may_surrender=closing_years(tables, sites, costs, horizon, config.rules, premium=True),
        costs=costs,
        carbon=_carbon(config, horizon, a),
        tables=tables,
        area_km=estate.area_km,
        resident_mode=config.resident_travel.mode,
        travel_is_cost=config.resident_travel.as_cost,
        finance=config.finance,
    )
