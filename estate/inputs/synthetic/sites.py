"""Existing properties: what they are, where they stand, what state they are in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estate.inputs.synthetic.draw import Size, apportion, ids, pick, stream
from estate.inputs.synthetic.lists import FRONT, INDEPENDENT, Profile, profiles
from estate.inputs.synthetic.places import Ground, property_names

#: Kinds that are never labelled commercial.
NOT_COMMERCIAL = ("allotment", "care_home", "refuge", "park_building", "cemetery", "public_toilet")
COMMERCIAL_SHARE = 2 / 3


def draw_profiles(size: Size) -> list[Profile]:
    """Choose the profile of each existing property: shares as in the list, in mixed order."""
    rng = stream(size.seed, "profiles")
    counts = apportion(size.sites, np.array([profile.weight for profile in profiles()]))
    order = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    return [profiles()[index] for index in order]


def commercial(rng: np.random.Generator, kinds: pd.Series) -> np.ndarray:
    """Label two properties in three commercial; the label decides nothing."""
    count = round(len(kinds) * COMMERCIAL_SHARE)
    order = np.argsort(rng.random(len(kinds)) + kinds.isin(NOT_COMMERCIAL).to_numpy(), kind="stable")
    labels = np.full(len(kinds), "no", dtype=object)
    labels[order[:count]] = "yes"
    return labels


def fitness(rng: np.random.Generator, gia: np.ndarray) -> pd.DataFrame:
    """Draw step-free access, its cost where it is missing and known, and other fitness."""
    count = len(gia)
    step_free = pick(rng, ("yes", "no", "unknown"), (0.55, 0.3, 0.15), count)
    cost = np.rint((8_000 + 25 * gia * rng.uniform(0.5, 2.0, count)) / 500) * 500
    known = (step_free == "no") & (rng.random(count) < 0.7)
    return pd.DataFrame(
        {
            "step_free": step_free,
            "step_free_cost_gbp": pd.array(np.where(known, cost, np.nan), dtype="Int64"),
            "accessible_wc": pick(rng, ("yes", "no", "unknown"), (0.5, 0.3, 0.2), count),
            "parking_spaces": np.rint(gia / 60 * rng.uniform(0.0, 1.5, count)).astype(np.int64),
            "energy_rating": pick(rng, tuple("ABCDEFG"), (0.01, 0.05, 0.2, 0.32, 0.24, 0.12, 0.06), count),
            "energy_kwh_per_year": np.rint(gia * rng.uniform(90, 260, count) / 100).astype(np.int64) * 100,
        }
    )


def make_existing(size: Size, ground: Ground, drawn: list[Profile]) -> pd.DataFrame:
    """Make the rows of `sites` with status existing."""
    rng = stream(size.seed, "sites")
    count = len(drawn)
    points = ground.scatter(rng, count, 0.6)
    gia = np.rint([p.gia_m2 for p in drawn] * np.clip(rng.lognormal(0.0, 0.42, count), 0.35, 2.6)).astype(
        np.int64
    )
    kinds = pd.Series([p.kind for p in drawn])
    lets = kinds.isin(["library", "community_centre", "community_hub", "town_hall", "leisure_centre", "hall"])
    income = np.rint(gia * rng.uniform(5, 28, count) / 100).astype(np.int64) * 100
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "site_id": ids("S", count),
                    "name": property_names(rng, [p.label for p in drawn]),
                    "partner_id": [p.partner_id for p in drawn],
                    "kind": kinds,
                    "scope": [p.scope for p in drawn],
                    "scope_reason": [p.reason for p in drawn],
                    "status": "existing",
                    "commercial": commercial(rng, kinds),
                    "confidential": np.where(kinds == "refuge", "yes", "no"),
                    "easting": points[:, 0],
                    "northing": points[:, 1],
                    "zone": ground.zones(points),
                    "gia_m2": gia,
                    "nia_m2": np.rint(gia * rng.uniform(0.72, 0.84, count)).astype(np.int64),
                    "condition": pick(
                        rng, ("A", "B", "C", "D", "unknown"), (0.03, 0.17, 0.44, 0.31, 0.05), count
                    ),
                }
            ),
            fitness(rng, gia),
            pd.DataFrame({"income_gbp_per_year": np.where(lets & (rng.random(count) < 0.5), income, 0)}),
        ],
        axis=1,
    )


def make_outside(size: Size, ground: Ground) -> pd.DataFrame:
    """Make places beyond the edge that serve residents and are never decided."""
    rng = stream(size.seed, "outside")
    count = round(size.sites / 100)
    points = ground.scatter(rng, count, 0.0)
    side = rng.random(count) < 0.5
    points[side, 0] = points[:, 0].max(initial=0) + rng.integers(200, 900, int(side.sum()))
    points[~side, 1] = points[:, 1].min(initial=10**7) - rng.integers(200, 900, int((~side).sum()))
    kinds = pick(rng, ("jobcentre", "health_centre", "advice_centre"), (0.4, 0.4, 0.2), count)
    labels = {"jobcentre": "Jobcentre", "health_centre": "Health Centre", "advice_centre": "Advice Centre"}
    return pd.DataFrame(
        {
            "site_id": ids("O", count),
            "name": property_names(rng, [f"{labels[kind]} (beyond the edge)" for kind in kinds]),
            "partner_id": INDEPENDENT,
            "kind": kinds,
            "scope": "keep",
            "scope_reason": "beyond the edge of the estate",
            "status": "outside",
            "easting": points[:, 0],
            "northing": points[:, 1],
            "gia_m2": rng.integers(200, 900, count),
        }
    )


def decided(sites: pd.DataFrame) -> pd.Series:
    """Say which sites may be decided: existing, with scope decide or surplus."""
    return sites["status"].eq("existing") & sites["scope"].isin(["decide", "surplus"])


def front_office(services: pd.Series) -> pd.Series:
    """Say which services residents visit."""
    return services.isin(FRONT)
