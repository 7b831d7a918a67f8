"""What the energy of buildings emits, in business as usual and with the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.appraise.facts import gather

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan

UNIT = "tCO2e/year"


def emissions(estate: Estate, config: Config, plan: Plan) -> dict[str, dict[str, Any]]:
    """Return emissions of buildings a year once the plan is done, as headline figures.

    Energy used x ``carbon_kg_per_kwh`` / 1000 (docs/model.md section 10): of counted sites that have
    not closed, and of hubs. Empty where no energy is known.

    Returns
    -------
    dict
        By key: label, value, unit, year, note, and numerator and denominator of the saving [tCO2e/year].
    """
    facts = gather(estate, config, plan)
    rate = facts.rates["carbon_kg_per_kwh"] / 1000
    energy = facts.counted["energy_kwh"].to_numpy(dtype=float)
    hubs = facts.hubs["energy_kwh_per_year"].to_numpy(dtype=float).sum()
    if not energy.any() and not hubs:
        return {}
    closed = facts.counted["site_id"].isin(plan.closures["site_id"]).to_numpy(dtype=bool)
    before = float(rate * energy.sum())
    after = float(rate * (energy[~closed].sum() + hubs))
    horizon = config.horizon.horizon()
    known = int((energy > 0).sum())
    note = f"Energy is known of {known} of {len(energy)} sites; {rate * 1000:g} kg/kWh"
    shared = {"unit": UNIT, "year": horizon.label(horizon.decision_years - 1), "note": note}
    return {
        "emissions_bau_tonnes": {
            "label": "Emissions of buildings, business as usual",
            "value": before,
            **shared,
        },
        "emissions_plan_tonnes": {"label": "Emissions of buildings, plan", "value": after, **shared},
        "carbon_saving_tonnes": {
            "label": "Emissions saved by the plan",
            "value": before - after,
            "numerator": before - after,
            "denominator": before,
            **shared,
        },
    }
