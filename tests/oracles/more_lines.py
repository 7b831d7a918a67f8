"""Random amounts in the lines of the ledger that the other draws leave at nought."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate


def _taxes(tables: dict[str, pd.DataFrame], draw: np.random.Generator) -> None:
    """Draw who loses value added tax, what is bought and leased, and how long nobody pays rates."""
    partners, options, sites = tables["partners"], tables["hub_options"], tables["sites"]
    partners["irrecoverable_vat_share"] = draw.choice([0.0, 0.4, 1.0], len(partners))
    partners["pays_stamp_duty"] = draw.random(len(partners)) < 0.7
    options["purchase_gbp"] = draw.choice([0.0, 160_000.0, 9_000.0], len(options))
    options["lease_rent_gbp_per_year"] = draw.choice([0.0, 40_000.0], len(options))
    options["lease_years"] = draw.choice([0.0, 5.0, 10.0], len(options))
    options["stamp_duty_gbp"] = draw.choice([np.nan, np.nan, 700.0], len(options))
    relief = ["", "", "usual", "industrial", "listed", "charity", "none"]
    sites["empty_rates_relief"] = draw.choice(relief, len(sites))
    tables["areas"]["income_of_median"] = draw.choice([np.nan, 0.5, 1.0, 1.7], len(tables["areas"]))
    sites["rateable_value_gbp"] = draw.choice([np.nan, 2_000.0, 2_900.0, 50_000.0], len(sites))


def _leases(tables: dict[str, pd.DataFrame], draw: np.random.Generator) -> None:
    """Draw rent reviews, further breaks and who repairs."""
    tenures = tables["tenures"]
    dates = pd.to_datetime(pd.Series(["2024-06-24", "2027-04-01", "2028-06-24", "2029-03-31", None]))
    for name in ("review_date", "earliest_break_date", "last_break_date"):
        tenures[name] = dates.iloc[draw.integers(0, len(dates), len(tenures))].to_numpy()
    tenures["review_years"] = draw.choice([np.nan, 1.0, 3.0], len(tenures))
    tenures["review_basis"] = draw.choice(["upward", "market", "index"], len(tenures))
    tenures["review_growth_share_per_year"] = draw.choice([0.0, 0.013, 0.2], len(tenures))
    tenures["rolling_break"] = draw.random(len(tenures)) < 0.4
    tenures["repair_liability"] = draw.choice(["full", "internal", "landlord"], len(tenures))


def with_more_lines(estate: Estate, config: Config, seed: int) -> tuple[Estate, Config]:
    """Return a case in which every line of the ledger may be posted."""
    draw = np.random.default_rng(seed)
    tables = {name: frame.copy() for name, frame in estate.tables.items()}

    def fill(table: str, column: str, high: float, often: float = 0.6) -> None:
        frame = tables[table]
        some = draw.random(len(frame)) < often
        frame[column] = np.where(some, draw.uniform(0, high, len(frame)).round(2), 0.0)

    fill("sites", "tenant_compensation_gbp", 20_000)
    fill("sites", "energy_kwh_per_year", 90_000)
    fill("sites", "energy_upgrade_gbp", 30_000)
    fill("provisions", "redundancy_gbp", 15_000)
    fill("valuations", "premium_gbp", 25_000)
    fill("hub_options", "energy_kwh_per_year", 40_000)
    costs = tables["running_costs"]
    fill("running_costs", "stepped_share", 0.4)
    costs["fixed_share"] = costs["fixed_share"].fillna(0.5).clip(upper=0.6)
    sites, values, tenures = tables["sites"], tables["valuations"], tables["tenures"]
    sites["energy_rating"] = draw.choice(["", "C", "E", "F", "G", "g (2019)"], len(sites))
    values["exit_route"] = values["exit_route"].replace("hold", "let")
    values["let_income_gbp_per_year"] = np.where(values["exit_route"] == "let", 30_000.0, 0.0)
    values["subject_to_tenancy"] = draw.random(len(values)) < 0.4
    tenures["landlord_partner_id"] = draw.choice(["", "p0", "p1", "px", "nobody"], len(tenures))
    rates = {
        "optimism_bias_duration_share": float(draw.choice([0.0, 0.04, 0.6])),
        "programme_gbp_per_closure": float(draw.uniform(0, 4_000)),
        "programme_gbp_per_hub": float(draw.uniform(0, 9_000)),
        "excess_travel_gbp_per_fte_per_year": float(draw.uniform(0, 900)),
        "excess_travel_years": float(draw.choice([0, 2, 3])),
        "income_weight_power": 1.3,
        "cost_step_share": float(draw.choice([0.1, 0.25, 0.4, 1.0])),
    }
    _taxes(tables, draw)
    _leases(tables, draw)
    changed = replace(estate, tables=tables, assumptions={**estate.assumptions, **rates})
    dated = config.vintages.model_copy(update={"carbon": str(draw.choice(["none", "central", "high"]))})
    return changed, config.model_copy(update={"vintages": dated})
