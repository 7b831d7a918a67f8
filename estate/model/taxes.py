"""Taxes on leaving, buying and building: rates of empty buildings, stamp duty, tax that is not recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.core.tax import stamp_duty
from estate.model.near import filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from estate.model.instance import Floats, Instance


def relief_months(sites: pd.DataFrame, a: Mapping[str, float]) -> Floats:
    """Return for how long each site pays no rates once empty; infinite where never [month]."""
    given = sites["empty_rates_relief"].astype(object).fillna("").astype(str).to_numpy()
    said = np.where(given != "", given, np.where(sites["scope"] == "surplus", "none", "usual"))
    months = np.select(
        [said == "usual", said == "industrial", said == "none"],
        [a["empty_rates_relief_months"], a["empty_rates_industrial_months"], 0.0],
        np.inf,
    )
    value = filled(sites["rateable_value_gbp"], np.inf).to_numpy()
    return np.asarray(np.where(value < a["empty_rates_exempt_below_gbp"], np.inf, months), dtype=float)


def empty_shares(inst: Instance) -> tuple[Floats, Floats]:
    """Return the part of a year's rates that is due in the first year empty, and in later ones, by site."""
    months = inst.sites["relief_months"].to_numpy(dtype=float)
    later = np.where(np.isfinite(months), 1.0, 0.0)
    return np.maximum(0.0, later - np.where(np.isfinite(months), months, 0.0) / 12), later


def duty(options: pd.DataFrame, a: Mapping[str, float]) -> Floats:
    """Return stamp duty land tax on what each hub option buys or leases, if its lead pays it [GBP]."""
    price, rent, years = (
        filled(options[name], 0.0) for name in ("purchase_gbp", "lease_rent_gbp_per_year", "lease_years")
    )
    worked_out = stamp_duty(a, price, rent, years)
    given = filled(options["stamp_duty_gbp"], np.nan).to_numpy()
    return np.where(np.isnan(given), worked_out, given)


def duty_payers(inst: Instance) -> Floats:
    """Return 1 for partners that pay stamp duty land tax, else 0, shape (partners,)."""
    told = inst.tables["partners"].set_index("partner_id").reindex(list(inst.partners))["pays_stamp_duty"]
    return told.astype(object).ne(other=False).to_numpy().astype(float)


def vat(inst: Instance) -> Floats:
    """Return tax per pound of works that each partner cannot recover [share], shape (partners,)."""
    partners = inst.tables["partners"].set_index("partner_id").reindex(list(inst.partners))
    lost = partners["irrecoverable_vat_share"].fillna(0.0).to_numpy().astype(float)
    return np.asarray(inst.assumptions["vat_rate_share"] * lost)
