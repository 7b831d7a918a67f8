"""Legal and other brakes, decisions taken already, a few assumptions, and what evidence there is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estate.inputs.synthetic.draw import Size, stream
from estate.inputs.synthetic.lists import BRAKES, EVIDENCE
from estate.inputs.synthetic.sites import decided

BRAKE_COLUMNS = ["site_id", "brake", "effect", "until", "delay_years", "cost_gbp", "receipt_factor", "source"]


def make_brakes(size: Size, existing: pd.DataFrame) -> pd.DataFrame:
    """Make the brakes; half of the other decided sites are on record as checked and free."""
    rng = stream(size.seed, "brakes")
    sites = existing.loc[decided(existing), "site_id"].to_numpy()
    frames = []
    for brake in BRAKES:
        hit = sites[rng.random(len(sites)) < brake.share]
        count = len(hit)
        until = None
        if brake.until_years is not None:
            years = size.first_year + rng.integers(*brake.until_years, count, endpoint=True)
            until = [f"{year}-03-31" for year in years]
        delay = np.rint(rng.uniform(*brake.delay_years, count) * 2) / 2
        cost = np.rint(rng.uniform(*brake.cost_gbp, count) / 1000) * 1000
        factor = np.round(rng.uniform(*brake.receipt_factor, count), 2)
        frames.append(
            pd.DataFrame(
                {
                    "site_id": hit,
                    "brake": brake.brake,
                    "effect": brake.effect,
                    "until": until,
                    "delay_years": delay,
                    "cost_gbp": cost.astype(np.int64),
                    "receipt_factor": factor,
                    "source": "invented",
                }
            )
        )
    braked = np.concatenate([frame["site_id"].to_numpy() for frame in frames])
    free = sites[~np.isin(sites, braked) & (rng.random(len(sites)) < 0.5)]
    checked = pd.DataFrame({"site_id": free, "brake": "checked, none found", "effect": "none", "until": None})
    checked = checked.assign(delay_years=0.0, cost_gbp=0, receipt_factor=1.0, source="invented")
    table = pd.concat([frame.astype({"until": "object"}) for frame in [*frames, checked]])
    return table.sort_values(["site_id", "brake"], kind="stable", ignore_index=True)[BRAKE_COLUMNS]


def make_decisions(size: Size, existing: pd.DataFrame) -> pd.DataFrame:
    """Record how far the talk of closing has come for one decided site in a hundred."""
    rng = stream(size.seed, "decisions")
    sites = existing.loc[decided(existing), "site_id"].to_numpy()
    count = max(1, len(sites) // 100)
    chosen = np.sort(rng.permutation(sites)[:count])
    states = [("proposed", "consulting")[int(value)] for value in rng.integers(0, 2, len(chosen))]
    years = size.first_year + rng.integers(0, 4, len(chosen))
    return pd.DataFrame(
        {"site_id": chosen, "state": states, "year": [f"{y}/{(y + 1) % 100:02d}" for y in years]}
    )


def make_assumptions() -> pd.DataFrame:
    """State the assumptions that this estate sets for itself."""
    return pd.DataFrame(
        [
            (
                "nia_per_gia",
                0.74,
                0.68,
                0.8,
                "m2/m2",
                "amber",
                "green",
                "Usable per gross internal area of old buildings",
            ),
            (
                "vacant_holding_gbp_per_m2_per_year",
                22,
                12,
                32,
                "GBP/m2 GIA/year",
                "amber",
                "amber",
                "Empty building",
            ),
            ("years_to_sell", 2, 1, 4, "year", "amber", "amber", "From closing to receipt, any kind"),
        ],
        columns=["name", "value", "low", "high", "unit", "quality", "impact", "description"],
    ).assign(source="invented", who="generator")


def make_evidence(size: Size) -> pd.DataFrame:
    """Say of every fact on residents that it was drawn, and how."""
    return pd.DataFrame(EVIDENCE, columns=["subject", "note"]).assign(
        source="invented", said_by="generator", as_at=str(size.first_year - 1), quality="assumed"
    )[["subject", "source", "said_by", "as_at", "quality", "note"]]
