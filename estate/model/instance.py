"""From tables to sets and arrays: who may close, move, merge, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from estate.core.money import discount_factors
from estate.model.closing import closing_years, exit_routes, running_spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.config import Config
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
    costs : DataFrame
        Running cost by site in spans of years: site, start, stop, fixed, variable [GBP/year],
        view (0 both, 1 economic, 2 financial), running (cashable).
    tables : mapping
        Conformed tables, for the rules that need more.
    resident_mode : str
        Mode by which residents' travel is a cost; blank where it is none.
    """

    horizon: Horizon
    factors: Floats
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
    costs: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    area_km: pd.DataFrame
    resident_mode: str

    @property
    def on_costs(self) -> float:
        """Return the factor for fees, contingency and optimism bias on works (domain.md 1.6)."""
        a = self.assumptions
        bias = a["optimism_bias_share"] * (1 - a["optimism_bias_mitigated_share"])
        return (1 + a["fees_share"]) * (1 + a["contingency_share"]) * (1 + bias)

    def beside_target(self, provisions: Ints) -> Floats:
        """Return the room that can ever be free at the site of provisions that stay [m2]."""
        return _beside_target(self.sites, self.provisions, provisions)

    def km(self, a: Ints, b: Ints) -> Floats:
        """Return travel distances between sites a and b [km]; infinite where a place is unknown."""
        xy = self.sites[["x", "y"]].to_numpy()
        metres = np.hypot(*(xy[a] - xy[b]).T)
        return np.where(np.isfinite(metres), metres * self.assumptions["circuity"] / 1000, np.inf)


def _numbers(names: pd.Series) -> dict[str, int]:
    return {name: i for i, name in enumerate(names)}


def _filled(column: pd.Series, value: float | pd.Series) -> pd.Series:
    return pd.to_numeric(column).astype(float).fillna(value)


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str)


def _sites(
    tables: Mapping[str, pd.DataFrame], partners: Mapping[str, int], a: Mapping[str, float]
) -> pd.DataFrame:
    raw = tables["sites"].sort_values("site_id", ignore_index=True)
    in_plan = set(tables["partners"].loc[tables["partners"]["in_plan"].astype(bool), "partner_id"])
    existing = (raw["status"] == "existing") & raw["partner_id"].isin(in_plan)
    gia = _filled(raw["gia_m2"], 0.0)
    return pd.DataFrame(
        {
            "site_id": raw["site_id"].astype(str),
            "x": _filled(raw["easting"], np.nan),
            "y": _filled(raw["northing"], np.nan),
            "partner": raw["partner_id"].map(partners).fillna(-1).astype(int),
            "scope": raw["scope"].astype(str),
            "status": raw["status"].astype(str),
            "closable": existing & raw["scope"].isin(["decide", "surplus"]),
            "mobile": existing & (raw["scope"] == "decide"),
            "counted": existing & raw["scope"].isin(["decide", "surplus", "keep"]),
            "in_plan": raw["partner_id"].isin(in_plan),
            "gia": gia,
            "nia": _filled(raw["nia_m2"], gia * a["nia_per_gia"]),
            "step_free": raw["step_free"].astype(str),
            "step_free_cost": _filled(raw["step_free_cost_gbp"], np.nan),
            "income": _filled(raw["income_gbp_per_year"], 0.0),
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
    room = _filled(raw["room_nia_m2"], 0.0)
    stays = 1 - _filled(raw["digital_share"], 0.0)
    frame = pd.DataFrame(
        {
            "provision_id": raw["provision_id"].astype(str),
            "site": site,
            "service": service,
            "partner": _text(raw["partner_id"]).map(partners).fillna(pd.Series(own)).astype(int),
            "room": room,
            "need": room * stays * _filled(services["space_factor"], 1.0).to_numpy()[service],
            "merge_need": room * stays * _filled(services["merge_factor"], 0.8).to_numpy()[service],
            "fte": _filled(raw["staff_fte"], 0.0) * stays,
            "hours": _filled(raw["weekly_hours"], 0.0),
            "visits": _filled(raw["visits_per_year"], 0.0),
            "digital": 1 - stays,
            "mobile": sites["mobile"].to_numpy()[site] & ~raw["fixed_to_site"].astype(bool).to_numpy(),
        }
    )
    total = frame.groupby("site")["room"].transform("sum")
    count = frame.groupby("site")["room"].transform("size")
    frame["weight"] = np.where(total > 0, frame["room"] / total.where(total > 0, 1.0), 1 / count)
    return frame


def _hub_places(
    tables: Mapping[str, pd.DataFrame], sites: pd.DataFrame, partners: Mapping[str, int], life: float
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
            "lead_years": raw["lead_years"].astype(int),
            "profile": _text(raw["spend_profile"]),
            "cures": _filled(raw["cures_backlog_share"], 0.0),
            "life": _filled(raw["life_years"], life),
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
            "hours": _filled(raw["weekly_hours"], 168.0),
            "partner": sites["partner"].to_numpy()[site],
            "capital": 0.0,
            "running": 0.0,
            "lead_years": 0,
            "profile": "",
            "cures": 0.0,
            "life": 0.0,
            "fee": _filled(raw["fee_gbp_per_m2_per_year"], 0.0),
            "permitted": _text(raw["permitted_services"]),
            "term_weeks": _filled(raw["term_weeks"], 52.0),
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
    fit = (at["step_free"] == "yes").to_numpy() | np.isfinite(at["step_free_cost"].to_numpy())
    barred = set(rules.get("locks", {}).get("no_hub", ()))
    allowed = at["status"].isin(["candidate", "existing"]) & ~at["site_id"].isin(barred)
    if rules.get("fitness", {}).get("require_step_free", False):
        allowed &= fit
    existing_in = (at["status"] != "existing") | at["counted"]
    keep = ~is_hub | (allowed & existing_in & hubs).to_numpy()
    return places[keep].reset_index(drop=True)


def near(start: Floats, end: Floats, farthest: Floats) -> pd.DataFrame:
    """Return the pairs of places near enough: provision, place, metres in a straight line.

    A provision without a farthest way, and whatever has no place, is near nothing.
    """
    mobile = np.flatnonzero(np.isfinite(start[:, 0]) & np.isfinite(farthest))
    known = np.flatnonzero(np.isfinite(end[:, 0]))
    if not len(mobile) or not len(known):
        return pd.DataFrame({"provision": np.zeros(0, int), "place": np.zeros(0, int), "metres": np.zeros(0)})
    near = cKDTree(start[mobile]).sparse_distance_matrix(
        cKDTree(end[known]), farthest[mobile].max() + 1e-6, output_type="ndarray"
    )
    return pd.DataFrame({"provision": mobile[near["i"]], "place": known[near["j"]], "metres": near["v"]})


def _pairs(inst: Mapping[str, Any], services: pd.DataFrame, reach_km: float) -> pd.DataFrame:
    """List the permitted moves by reach, permission, and whether the provision alone fits."""
    provisions, places, sites = inst["provisions"], inst["places"], inst["sites"]
    xy = sites[["x", "y"]].to_numpy()
    metres = 1000 / inst["assumptions"]["circuity"]
    limit = _filled(services["move_reach_km"], reach_km).to_numpy()[provisions["service"]]
    # What goes online as a whole keeps no counter: it moves nowhere (docs/model.md 2).
    farthest = np.where(provisions["mobile"] & (provisions["digital"] < 1), limit * metres, np.nan)
    pairs = near(xy[provisions["site"]], xy[places["site"]], farthest)
    pairs["km"] = pairs.pop("metres") / metres
    u, j = pairs["provision"].to_numpy(), pairs["place"].to_numpy()
    keep = pairs["km"].to_numpy() <= limit[u] + 1e-9
    keep &= provisions["site"].to_numpy()[u] != places["site"].to_numpy()[j]
    keep &= permitted(places, services)[provisions["service"].to_numpy()[u], j]
    keep &= provisions["need"].to_numpy()[u] <= places["room"].to_numpy()[j] + 1e-6
    keep &= provisions["hours"].to_numpy()[u] <= places["hours"].to_numpy()[j] + 1e-6
    kept: pd.DataFrame = pairs[keep].sort_values(["provision", "place"], ignore_index=True)
    return kept


def permitted(places: pd.DataFrame, services: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which service may be at which place, shape (services, places)."""
    allowed = np.ones((len(services), len(places)), dtype=bool)
    year_round = services["year_round"].astype(bool).to_numpy()
    for j, (listed, weeks) in enumerate(zip(places["permitted"], places["term_weeks"], strict=True)):
        names = {part.strip() for part in listed.split(";") if part.strip()}
        if names:
            allowed[:, j] = services["service_id"].isin(names)
        if weeks < 52:
            allowed[:, j] &= ~year_round
    return allowed


def _beside_target(sites: pd.DataFrame, provisions: pd.DataFrame, targets: Ints) -> Floats:
    site = provisions["site"].to_numpy()[targets]
    whole = np.maximum(sites["nia"].fillna(0).to_numpy(), sites["own_room"].to_numpy())[site]
    return np.asarray(whole - provisions["room"].to_numpy()[targets])


def _merges(inst: Mapping[str, Any], services: pd.DataFrame) -> pd.DataFrame:
    """List the permitted merges: same service (and partner), another existing site, in reach."""
    provisions, sites = inst["provisions"], inst["sites"]
    reach = _filled(services["merge_reach_km"], 0.0).to_numpy()
    existing = (sites["status"] == "existing").to_numpy() & sites["counted"].to_numpy()
    known = np.isfinite(sites["x"].to_numpy())
    open_to = provisions[(existing & known)[provisions["site"]] & (reach[provisions["service"]] > 0)]
    frame = open_to.reset_index(names="number")[["number", "site", "service", "partner", "mobile", "digital"]]
    alike = ["service"] if inst["across"] else ["service", "partner"]
    leaving = frame[frame["mobile"] & (frame["digital"] < 1)]
    joined = leaving.merge(frame, on=alike, suffixes=("", "_to"))
    xy = sites[["x", "y"]].to_numpy()
    metres = np.hypot(*(xy[joined["site"]] - xy[joined["site_to"]]).T)
    km = metres * inst["assumptions"]["circuity"] / 1000
    keep = (km <= reach[joined["service"]] + 1e-9) & (joined["site"] != joined["site_to"]).to_numpy()
    need = provisions["merge_need"].to_numpy()[joined["number"]]
    keep &= need <= _beside_target(sites, provisions, joined["number_to"].to_numpy()) + 1e-6
    pairs = joined.loc[keep, ["number", "number_to"]].set_axis(["provision", "target"], axis=1)
    listed: pd.DataFrame = pairs.sort_values(["provision", "target"], ignore_index=True)
    return listed


def _sets(
    estate: Estate, config: Config, services: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return sites, provisions and the places that are open to provisions."""
    tables, a = estate.tables, estate.assumptions
    numbers = {p: i for i, p in enumerate(sorted(tables["partners"]["partner_id"].astype(str)))}
    sites = _sites(tables, numbers, a)
    provisions = _provisions(tables, sites, numbers, services)
    own = provisions.groupby("site")["room"].agg(["sum", "size"]).reindex(sites.index).fillna(0)
    sites["own_room"], sites["provisions"] = own["sum"], own["size"].astype(int)
    sites["closable"] &= ~sites.index.isin(provisions.loc[~provisions["mobile"], "site"])
    places = pd.concat(
        [_hub_places(tables, sites, numbers, a["hub_life_years"]), _host_places(tables, sites)],
        ignore_index=True,
    )
    return sites, provisions, _open_places(places, sites, config.rules, hubs=config.hubs_allowed)


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
    partner_ids = tuple(sorted(tables["partners"]["partner_id"].astype(str)))
    services = tables["services"].sort_values("service_id", ignore_index=True)
    sites, provisions, places = _sets(estate, config, services)
    across = config.rules.get("assignment", {}).get("merge_across_partners", False)
    parts = {"sites": sites, "provisions": provisions, "places": places, "assumptions": a, "across": across}
    reach = config.rules.get("reach", {}).get("default_km")
    pairs = _pairs(parts, services, a["default_move_reach_km"] if reach is None else reach)
    can_online = services["online_allowed"].astype(bool).to_numpy()[provisions["service"]]
    online = np.flatnonzero(provisions["mobile"] & can_online & (provisions["digital"] >= 1))
    costs = running_spans(tables, sites, horizon)
    return Instance(
        horizon=horizon,
        factors=discount_factors(config.vintage, horizon.appraisal_years, config.timing),
        economic=config.objective == "economic",
        vintage=config.vintage,
        timing=config.timing,
        rules=config.rules,
        assumptions=a,
        partners=partner_ids,
        services=tuple(services["service_id"].astype(str)),
        sites=sites,
        provisions=provisions,
        places=places,
        pairs=pairs,
        merges=_merges(parts, services),
        online=online,
        routes=exit_routes(tables, sites, a),
        may_close=closing_years(tables, sites, costs, horizon, config.rules),
        costs=costs,
        tables=tables,
        area_km=estate.area_km,
        resident_mode=config.resident_travel.mode if config.resident_travel.as_cost else "",
    )
