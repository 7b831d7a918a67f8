"""Candidate hubs, places that lend room, and the purses that pay for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estate.inputs.synthetic.draw import Numbers, Size, apportion, ids, pick, stream, to_step
from estate.inputs.synthetic.lists import HOSTS, PARTNERS, SERVICES
from estate.inputs.synthetic.places import Ground, property_names, spread

#: Room of the large candidates per room that what could move would need.
ROOM_SHARE = 0.5
#: Capital of ten years per capital of all large candidates with fees, contingency and optimism bias.
BUDGET_SHARE = 0.3
GROSS_UP = 1.12 * 1.075 * 1.24
#: Budget of each of the ten years relative to the mean.
PACE = (0.7, 0.9, 1.1, 1.1, 1.1, 1.1, 1.0, 1.0, 1.0, 1.0)


def needed_room(provisions: pd.DataFrame, existing: pd.DataFrame) -> pd.Series:
    """Return the room that each provision would need at a new place [m2], 0 where it cannot leave."""
    factor = provisions["service_id"].map({service.service_id: service.space_factor for service in SERVICES})
    scope = provisions["site_id"].map(existing.set_index("site_id")["scope"])
    free = scope.eq("decide") & provisions["fixed_to_site"].eq("no")
    return (provisions["room_nia_m2"] * factor * (1 - provisions["digital_share"])).where(free, 0.0)


def make_candidates(size: Size, ground: Ground) -> pd.DataFrame:
    """Make the sites on which a hub could be built or bought, spread over the ground."""
    rng = stream(size.seed, "candidates")
    points = ground.scatter(rng, max(1, 4 * size.hubs), 0.55)
    points = spread(points, size.hubs) if size.hubs else points[:0]
    return pd.DataFrame(
        {
            "site_id": ids("H", size.hubs),
            "name": property_names(rng, ["Hub Site"] * size.hubs),
            "partner_id": pick(
                rng, ("council", "nhs_community", "nhs_property"), (0.75, 0.15, 0.1), size.hubs
            ),
            "kind": "candidate",
            "scope": "keep",
            "scope_reason": "place for a new hub",
            "status": "candidate",
            "easting": points[:, 0],
            "northing": points[:, 1],
            "zone": ground.zones(points),
            "condition": "A",
            "step_free": "yes",
            "accessible_wc": "yes",
        }
    )


def make_hub_options(
    size: Size, candidates: pd.DataFrame, existing: pd.DataFrame, tenures: pd.DataFrame, need_m2: float
) -> pd.DataFrame:
    """Make a small and a large option for every candidate and one option for some existing sites."""
    rng = stream(size.seed, "hub options")
    count = len(candidates)
    weight = rng.lognormal(0.0, 0.25, count)
    room_m2 = ROOM_SHARE * need_m2 / max(float(weight.sum()), 1e-9)
    wanted: Numbers = np.maximum(room_m2 * weight, 120.0).astype(np.float64)
    room, dear = to_step(wanted, 10), rng.random((2, count))
    frames = []
    for option, part, capital, running, lead in (
        ("large", 1.0, (1_800, 2_600), (110, 165), 2),
        ("small", 0.5, (1_950, 2_800), (120, 180), 1),
    ):
        area = to_step((room * part).astype(np.float64), 10)
        frames.append(
            pd.DataFrame(
                {
                    "site_id": candidates["site_id"],
                    "option": option,
                    "room_nia_m2": area,
                    "capital_gbp": to_step(area * between(capital, dear[0]), 10_000),
                    "running_cost_gbp_per_year": to_step(area * between(running, dear[1]), 1_000),
                    "lead_years": lead,
                    "spend_profile": "0.4;0.6" if lead == 2 else "",
                    "lead_partner_id": candidates["partner_id"],
                    "cures_backlog_share": 0.0,
                }
            )
        )
    frames.append(make_conversions(rng, existing, tenures, size.hubs))
    return pd.concat(frames).sort_values(["site_id", "option"], ignore_index=True)


def between(ends: tuple[float, float], draw: Numbers) -> Numbers:
    """Turn draws from 0 to 1 into numbers between two ends."""
    return ends[0] + (ends[1] - ends[0]) * draw


def make_conversions(
    rng: np.random.Generator, existing: pd.DataFrame, tenures: pd.DataFrame, hubs: int
) -> pd.DataFrame:
    """Make hub options at large freehold sites: gross of what is there, running cost on top."""
    owned = tenures["tenure"].eq("freehold").to_numpy() & existing["scope"].eq("decide").to_numpy()
    large = existing[owned & existing["partner_id"].isin(["council", "nhs_community", "nhs_property"])]
    large = large.sort_values(["nia_m2", "site_id"], ascending=[False, True]).head(4 * round(hubs / 5))
    chosen = np.sort(rng.permutation(len(large))[: min(round(hubs / 5), len(existing) // 5)])
    rows = large.iloc[chosen]
    count = len(rows)
    area = to_step(rows["nia_m2"].to_numpy(dtype=np.float64) * rng.uniform(1.05, 1.35, count), 5)
    return pd.DataFrame(
        {
            "site_id": rows["site_id"],
            "option": "conversion",
            "room_nia_m2": area,
            "capital_gbp": to_step(area * rng.uniform(900, 1_400, count), 10_000),
            "running_cost_gbp_per_year": to_step(area * rng.uniform(15, 40, count), 1_000),
            "lead_years": 1,
            "spend_profile": "",
            "lead_partner_id": rows["partner_id"],
            "cures_backlog_share": np.rint(rng.uniform(6, 9, count)) / 10,
        }
    )


def make_hosts(size: Size, ground: Ground) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the sites with status host, and the terms on which they lend room."""
    rng = stream(size.seed, "hosts")
    count = size.hosts
    kinds = rng.permutation(
        np.repeat(np.arange(len(HOSTS)), apportion(count, np.array([h.weight for h in HOSTS])))
    )
    listed = [HOSTS[index] for index in kinds]
    points = ground.scatter(rng, count, 0.35)
    draw = rng.random((3, count))
    low, high = np.array([(*h.room, *h.hours, *h.fee) for h in listed], dtype=np.float64).reshape(-1, 3, 2).T
    room, hours, fee = np.rint(low + (high - low) * draw)
    sites = pd.DataFrame(
        {
            "site_id": ids("L", count),
            "name": property_names(rng, [h.label for h in listed]),
            "partner_id": [h.partner_id for h in listed],
            "kind": [h.kind for h in listed],
            "scope": "keep",
            "scope_reason": "lends room",
            "status": "host",
            "easting": points[:, 0],
            "northing": points[:, 1],
            "zone": ground.zones(points),
            "gia_m2": np.rint(room * rng.uniform(3, 12, count)).astype(np.int64),
            "step_free": pick(rng, ("yes", "no", "unknown"), (0.7, 0.1, 0.2), count),
        }
    )
    terms = pd.DataFrame(
        {
            "site_id": sites["site_id"],
            "room_nia_m2": room.astype(np.int64),
            "weekly_hours": hours.astype(np.int64),
            "opens": [h.window[0] for h in listed],
            "closes": [h.window[1] for h in listed],
            "term_weeks": [h.term_weeks for h in listed],
            "permitted_services": [h.services for h in listed],
            "fee_gbp_per_m2_per_year": fee.astype(np.int64),
        }
    )
    return sites, terms


def make_budgets(size: Size, options: pd.DataFrame) -> pd.DataFrame:
    """Make the capital of ten years: a purse a partner, and one pooled purse with a grant and borrowing."""
    large = options.loc[options["option"] != "small", "capital_gbp"].sum()
    whole = max(float(large) * GROSS_UP * BUDGET_SHARE, 500_000.0)
    weight = np.array([p.budget_weight for p in PARTNERS])
    rows = []
    for offset, pace in enumerate(PACE):
        year = size.first_year + offset
        label = f"{year}/{(year + 1) % 100:02d}"
        yearly = whole / len(PACE) * pace
        parts = to_step(yearly * 0.9 * weight / weight.sum(), 5_000)
        rows += [(p.partner_id, label, int(part), 0, 0) for p, part in zip(PARTNERS, parts, strict=True)]
        borrowed, granted = to_step(np.array([yearly * 0.06, yearly * 0.04]), 5_000)
        rows.append(("pooled", label, 0, int(borrowed), int(granted)))
    return pd.DataFrame(rows, columns=["purse", "year", "capital_gbp", "borrowing_limit_gbp", "grant_gbp"])
