"""What the ledger needs to know of an estate and a plan, read once from the conformed tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.cells import number, text, truth
from estate.appraise.lines import NEVER, Matrix, Years
from estate.appraise.rents import DATES, lease_terms
from estate.core.money import discount_factors
from estate.core.tax import stamp_duty
from estate.core.vintage import carbon_prices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.config import Config
    from estate.core.types import Estate, Horizon, Plan

__all__ = ["Facts", "gather", "number", "text", "truth"]

COUNTED_SCOPES = ("decide", "surplus", "keep")
DECIDED_SCOPES = ("decide", "surplus")
LEASES = ("leasehold", "licence")
ROUNDING = 1e-9
"""Sums of durations such as 0.7 + 0.2 + 0.1 must not round up to an extra year."""


@dataclass(frozen=True)
class Facts:
    """An estate with a plan, ready for posting.

    Attributes
    ----------
    horizon : Horizon
        Years.
    rates : mapping
        Value in force of every assumption.
    uplift : float
        G: works cost with fees, contingency and optimism bias, per works cost [share].
    factors : ndarray
        Discount factors of years 0 .. appraisal_years - 1 [share].
    carbon : ndarray
        Value of the emissions of energy by year [GBP/kWh].
    sites : DataFrame
        Every site with owner, tenure and closing year.
    provisions : DataFrame
        Every provision with room, weight, leaving year and destination.
    closures, hubs : DataFrame
        What the plan closes and opens, with terms.
    """

    horizon: Horizon
    rates: Mapping[str, float]
    uplift: float
    factors: Matrix
    carbon: Matrix
    sites: pd.DataFrame
    provisions: pd.DataFrame
    closures: pd.DataFrame
    hubs: pd.DataFrame

    @property
    def span(self) -> int:
        """Number of appraised years."""
        return self.horizon.appraisal_years

    @property
    def two_places(self) -> float:
        """Part of a year for which the old place is paid for beside the new [year]."""
        return self.rates["double_running_months"] / 12.0 * delay(self.rates)

    @property
    def counted(self) -> pd.DataFrame:
        """Sites whose cost is counted: existing, owner in the plan, scope decide, surplus or keep."""
        return self.sites[self.sites["counted"]]


def uplift(rates: Mapping[str, float]) -> float:
    """Return G = (1 + fees)(1 + contingency)(1 + OB (1 - mitigated)) [share]."""
    bias = rates["optimism_bias_share"] * (1.0 - rates["optimism_bias_mitigated_share"])
    return (1.0 + rates["fees_share"]) * (1.0 + rates["contingency_share"]) * (1.0 + bias)


def delay(rates: Mapping[str, float]) -> float:
    """Return by how much optimism bias lengthens works: 1 + OB (1 - mitigated)."""
    return 1.0 + rates["optimism_bias_duration_share"] * (1.0 - rates["optimism_bias_mitigated_share"])


@dataclass(frozen=True, eq=False)
class _Asked:
    """An estate, a configuration and a plan, the same only where each is the same object."""

    estate: Estate
    config: Config
    plan: Plan

    def __hash__(self) -> int:
        return hash((id(self.estate), id(self.config), id(self.plan)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and all(
            mine is theirs
            for mine, theirs in (
                (self.estate, other.estate),
                (self.config, other.config),
                (self.plan, other.plan),
            )
        )


def gather(estate: Estate, config: Config, plan: Plan) -> Facts:
    """Read what the ledger needs from the tables and the plan, once for all tables of an appraisal."""
    return _gathered(_Asked(estate, config, plan))


@lru_cache(maxsize=2)
def _gathered(asked: _Asked) -> Facts:
    estate, config, plan = asked.estate, asked.config, asked.plan
    horizon = config.horizon.horizon()
    sites = _sites(estate, config, plan)
    dated = config.vintages
    return Facts(
        horizon=horizon,
        rates=estate.assumptions,
        uplift=uplift(estate.assumptions),
        factors=discount_factors(config.vintage, horizon.appraisal_years, config.timing),
        carbon=carbon_prices(
            dated.carbon,
            (dated.carbon_values, dated.deflators),
            horizon.first_year + np.arange(horizon.appraisal_years),
            estate.assumptions,
        ),
        sites=sites,
        provisions=_provisions(estate, sites, plan),
        closures=_closures(estate, sites, plan),
        hubs=_hubs(estate, config, sites, plan),
    )


def in_plan_partners(estate: Estate, partner_ids: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Say of each partner whether it takes part; one without a row does."""
    absent = _absent(estate)
    return np.array([partner not in absent for partner in partner_ids], dtype=bool)


def _absent(estate: Estate) -> set[str]:
    """Return the partners that take no part."""
    table = estate.tables["partners"]
    return set(text(table["partner_id"])[~truth(table["in_plan"], blank=True)])


def _site_facts(estate: Estate, config: Config) -> pd.DataFrame:
    """Return what each site is, earns and needs."""
    table = estate.tables["sites"]
    sites = pd.DataFrame(
        {name: text(table[name]) for name in ("site_id", "partner_id", "status", "scope", "step_free")}
    )
    sites["gia_m2"] = number(table["gia_m2"])
    sites["income_gbp"] = number(table["income_gbp_per_year"])
    sites["step_free_cost_gbp"] = number(table["step_free_cost_gbp"])
    sites["compensation_gbp"] = number(table["tenant_compensation_gbp"])
    sites["energy_kwh"] = number(table["energy_kwh_per_year"])
    sites["relief_months"] = _relief_months(estate)
    rate = estate.assumptions["energy_upgrade_gbp_per_m2"] * sites["gia_m2"].to_numpy(dtype=float)
    band = pd.Series(text(table["energy_rating"])).str.strip().str.upper().str[:1].fillna("")
    poor = (band > config.policy.let_energy_band) & (band <= "G")
    sites["upgrade_gbp"] = np.where(poor, number(table["energy_upgrade_gbp"], rate), 0.0)
    for axis in ("easting", "northing"):
        sites[axis] = number(table[axis], np.nan)
    return sites


def _relief_months(estate: Estate) -> Matrix:
    """Return the months for which no rates are due on each site once empty; infinite where never [month]."""
    table, rates = estate.tables["sites"], estate.assumptions
    usual = np.where(text(table["scope"]) == "surplus", 0.0, rates["empty_rates_relief_months"])
    known = {"none": 0.0, "usual": rates["empty_rates_relief_months"], "listed": np.inf, "charity": np.inf}
    known["industrial"] = rates["empty_rates_industrial_months"]
    months = pd.Series(text(table["empty_rates_relief"])).map(known).to_numpy(dtype=float)
    small = number(table["rateable_value_gbp"], np.inf) < rates["empty_rates_exempt_below_gbp"]
    return np.where(small, np.inf, np.where(np.isnan(months), usual, months))


def _sites(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Every site with its owner, whether it is counted, its tenure and its closing year."""
    horizon = config.horizon.horizon()
    sites = _site_facts(estate, config)
    sites["in_plan"] = in_plan_partners(estate, sites["partner_id"].to_numpy(dtype=object))
    sites["counted"] = (
        (sites["status"] == "existing") & sites["in_plan"] & sites["scope"].isin(COUNTED_SCOPES)
    )
    sites["decided"] = sites["counted"] & sites["scope"].isin(DECIDED_SCOPES)
    sites = sites.merge(
        lease_terms(estate.tables["tenures"], estate.assumptions, horizon.first_year),
        on="site_id",
        how="left",
    )
    sites["tenure"] = text(sites["tenure"])
    for name in DATES:
        sites[name] = number(sites[name], NEVER).astype(np.int64)
    sites["rolling_break"] = truth(sites["rolling_break"], blank=False)
    sites["repair_share"] = number(sites["repair_share"], 1.0)
    sites["break_penalty_gbp"] = number(sites["break_penalty_gbp"])
    landlord = pd.Series(text(sites["landlord_id"]))
    inside = set(text(estate.tables["partners"]["partner_id"])) - {"", *_absent(estate)}
    sites["landlord_id"] = landlord.where(landlord.isin(inside) & (landlord != sites["partner_id"]), "")
    closing = dict(zip(text(plan.closures["site_id"]), number(plan.closures["year"]), strict=True))
    sites["closes_t"] = number(sites["site_id"].map(closing), NEVER).astype(np.int64)
    return sites


def _provisions(estate: Estate, sites: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Every provision with its weight at its site, the room it needs, and where it goes when."""
    table = estate.tables["provisions"]
    rows = pd.DataFrame(
        {name: text(table[name]) for name in ("provision_id", "site_id", "service_id", "partner_id")}
    )
    owner = rows["site_id"].map(sites.set_index("site_id")["partner_id"])
    rows["partner_id"] = rows["partner_id"].where(rows["partner_id"] != "", owner)
    room = number(table["room_nia_m2"])
    total = pd.Series(room).groupby(rows["site_id"]).transform("sum").to_numpy(dtype=float)
    count = rows.groupby("site_id")["site_id"].transform("size").to_numpy(dtype=float)
    rows["weight"] = np.where(total > 0, room / np.where(total > 0, total, 1.0), 1.0 / count)
    rows = rows.merge(_services(estate), on="service_id", how="left")
    stays = 1.0 - number(table["digital_share"])
    rows["need_m2"] = room * number(rows["space_factor"], 1.0) * stays
    rows["merge_need_m2"] = room * number(rows["merge_factor"], 0.8) * stays
    step = estate.assumptions["cost_step_share"]
    rows["steps"] = np.floor(rows["weight"] / step + ROUNDING) * step
    rows["redundancy_gbp"] = number(table["redundancy_gbp"])
    rows["fte"] = number(table["staff_fte"]) * stays
    rows["stays"] = stays
    rows["visits"] = number(table["visits_per_year"])
    moves = plan.moves
    went = pd.DataFrame(
        {
            name: text(moves[name])
            for name in ("provision_id", "how", "to_site_id", "to_option", "to_provision_id")
        }
    )
    went["leaves_t"] = number(moves["year"])
    rows = rows.merge(went, on="provision_id", how="left")
    rows["leaves_t"] = number(rows["leaves_t"], NEVER).astype(np.int64)
    for name in ("how", "to_site_id", "to_option", "to_provision_id"):
        rows[name] = text(rows[name])
    return rows


def _services(estate: Estate) -> pd.DataFrame:
    """Return what the ledger needs of each service."""
    table = estate.tables["services"]
    return pd.DataFrame(
        {
            "service_id": text(table["service_id"]),
            "space_factor": number(table["space_factor"], 1.0),
            "merge_factor": number(table["merge_factor"], 0.8),
            "online_setup_gbp": number(table["online_setup_gbp"]),
            "online_gbp_per_visit": number(table["online_gbp_per_visit"]),
        }
    )


def _closures(estate: Estate, sites: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Every closure with its route's terms, its lag to sale or letting, and its brakes."""
    rates = estate.assumptions
    rows = pd.DataFrame({name: text(plan.closures[name]) for name in ("site_id", "exit_route")})
    rows = rows.merge(sites, on="site_id", how="left", validate="one_to_one")
    value = estate.tables["valuations"]
    terms = pd.DataFrame({name: text(value[name]) for name in ("site_id", "exit_route")})
    for name in _TERMS:
        terms[name] = number(value[name], np.nan)
    terms["subject_to_tenancy"] = truth(value["subject_to_tenancy"], blank=False)
    rows = rows.merge(terms, on=["site_id", "exit_route"], how="left", validate="one_to_one")
    rows["receipt_gbp"] = number(rows["receipt_gbp"])
    rows["let_income_gbp_per_year"] = number(rows["let_income_gbp_per_year"])
    rows["probability"] = number(rows["probability"], rates["sale_probability"])
    rows["disposal_cost_share"] = number(rows["disposal_cost_share"], rates["disposal_cost_share"])
    holding = rates["vacant_holding_gbp_per_m2_per_year"] * rows["gia_m2"].to_numpy(dtype=float)
    rows["holding_gbp_per_year"] = number(rows["holding_gbp_per_year"], holding)
    rows["premium_gbp"] = np.where(rows["exit_route"] == "surrender", number(rows["premium_gbp"]), 0.0)
    sold = rows["exit_route"].isin(["sell", "transfer"]).to_numpy(dtype=bool)
    rows["tenanted"] = truth(rows["subject_to_tenancy"], blank=False) & sold
    brakes = _brakes(estate)
    delay = number(rows["site_id"].map(brakes["delay_years"]))
    wait = number(rows["years_to_sell"], rates["years_to_sell"]) + delay
    rows["lag"] = np.ceil(wait - ROUNDING).astype(np.int64)
    rows["receipt_factor"] = number(rows["site_id"].map(brakes["receipt_factor"]), 1.0)
    partners = estate.tables["partners"]
    kept = dict(
        zip(text(partners["partner_id"]), number(partners["receipt_retention_share"], 1.0), strict=True)
    )
    rows["retention"] = number(rows["partner_id"].map(kept), 1.0)
    rows["vacant_end"] = _vacant_end(rows)
    return rows


_TERMS = (
    "receipt_gbp",
    "probability",
    "years_to_sell",
    "disposal_cost_share",
    "let_income_gbp_per_year",
    "holding_gbp_per_year",
    "premium_gbp",
)


def _vacant_end(rows: pd.DataFrame) -> Years:
    """Return the year in which an empty building is off the owner's hands."""
    route = rows["exit_route"]
    closes = rows["closes_t"].to_numpy(dtype=np.int64)
    leaves = np.where(route == "hold", NEVER, closes + rows["lag"].to_numpy(dtype=np.int64))
    return np.where(route == "surrender", closes, leaves)


def _brakes(estate: Estate) -> pd.DataFrame:
    """Sum the delays and multiply the receipt factors of the brakes of each site."""
    table = estate.tables["brakes"]
    effect = text(table["effect"])
    rows = pd.DataFrame({"site_id": text(table["site_id"])})
    rows["delay_years"] = np.where(effect == "delay", number(table["delay_years"]), 0.0)
    rows["receipt_factor"] = np.where(effect == "receipt", number(table["receipt_factor"], 1.0), 1.0)
    return rows.groupby("site_id").agg(
        delay_years=("delay_years", "sum"), receipt_factor=("receipt_factor", "prod")
    )


def _hubs(estate: Estate, config: Config, sites: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Every hub that opens, with its lead partner, works cost and life."""
    table = estate.tables["hub_options"]
    options = pd.DataFrame({"site_id": text(table["site_id"]), "option": text(table["option"])})
    options["lead_id"] = text(table["lead_partner_id"])
    options["spend_profile"] = text(table["spend_profile"])
    figures = ("room_nia_m2", "capital_gbp", "running_cost_gbp_per_year", "cures_backlog_share")
    for name in (*figures, "energy_kwh_per_year", "purchase_gbp"):
        options[name] = number(table[name])
    meant = number(table["lead_years"], 1)
    options["lead_years"] = np.ceil(meant * delay(estate.assumptions) - ROUNDING).astype(np.int64)
    # A profile is of the years meant; over a longer time the capital is spread evenly.
    options.loc[options["lead_years"] != meant, "spend_profile"] = ""
    bought = (options["purchase_gbp"], number(table["lease_rent_gbp_per_year"]), number(table["lease_years"]))
    options["stamp_duty_gbp"] = number(table["stamp_duty_gbp"], stamp_duty(estate.assumptions, *bought))
    options["life_years"] = number(table["life_years"], estate.assumptions["hub_life_years"]).astype(np.int64)
    opened = pd.DataFrame({name: text(plan.hubs[name]) for name in ("site_id", "option")})
    opened["opens_t"] = number(plan.hubs["year"]).astype(np.int64)
    rows = opened.merge(options, on=["site_id", "option"], how="left", validate="one_to_one")
    known = ["site_id", "partner_id", "step_free", "step_free_cost_gbp"]
    rows = rows.merge(sites[known], on="site_id", how="left")
    rows["partner_id"] = rows["lead_id"].where(rows["lead_id"] != "", rows["partner_id"])
    partners = estate.tables["partners"]
    exempt = set(text(partners["partner_id"])[~truth(partners["pays_stamp_duty"], blank=True)])
    rows["stamp_duty_gbp"] = rows["stamp_duty_gbp"].where(~rows["partner_id"].isin(exempt), 0.0)
    asked = config.rules.get("fitness", {}).get("require_step_free", True)
    needed = (rows["step_free"] != "yes") & bool(asked)
    rows["step_free_cost_gbp"] = np.where(needed, rows["step_free_cost_gbp"], 0.0)
    return rows
