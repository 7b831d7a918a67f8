"""Services, who delivers them where, and what residents ask of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estate.inputs.synthetic.draw import Numbers, Size, Whole, ids, stream
from estate.inputs.synthetic.lists import (
    FRONT,
    INDEPENDENT,
    LINKED_TRIPS,
    PARTNERS,
    SERVICES,
    STANDARDS,
    Profile,
)

#: Who sits in a council building beside the council: service, partner, share of such provisions.
GUESTS = (("health", "nhs_community", 0.9), ("benefits", "jobcentre", 0.3), ("advice", "voluntary", 0.25))
OUTSIDE_SERVICE = {"jobcentre": "benefits", "health_centre": "health", "advice_centre": "advice"}


def place_services(size: Size, existing: pd.DataFrame, drawn: list[Profile]) -> pd.DataFrame:
    """List site, service and occupier for every provision at existing sites."""
    rng = stream(size.seed, "mixes")
    draws = rng.random((len(existing), 2))
    rows = []
    for (site, owner), profile, (choice, guest) in zip(
        existing[["site_id", "partner_id"]].itertuples(index=False, name=None), drawn, draws, strict=True
    ):
        mixes = profile.mixes
        if not mixes:
            continue
        mix = mixes[int(choice * len(mixes))]
        for position, service in enumerate(mix):
            hosted = {
                name: partner for name, partner, share in GUESTS if guest < share and owner == "council"
            }
            occupier = hosted.get(service, owner) if position else owner
            rows.append((site, service, occupier, position))
    return pd.DataFrame(rows, columns=["site_id", "service_id", "partner_id", "position"])


def make_provisions(
    size: Size, existing: pd.DataFrame, outside: pd.DataFrame, drawn: list[Profile]
) -> pd.DataFrame:
    """Make the provisions with room, staff, visits, hours and digital shares."""
    rng = stream(size.seed, "provisions")
    rows = place_services(size, existing, drawn)
    rows = pd.concat([rows, beyond_services(outside)], ignore_index=True)
    count = len(rows)
    facts = (
        pd.DataFrame([service._asdict() for service in SERVICES])
        .set_index("service_id")
        .loc[rows["service_id"]]
    )
    room = divide_room(rng, rows, pd.concat([existing, outside]))
    fte = room / facts["m2_per_fte"].to_numpy() * rng.uniform(0.8, 1.2, count)
    visits = fte * facts["visits_per_fte"].to_numpy() * rng.uniform(0.6, 1.4, count)
    low, high = opening_hours(rows["partner_id"])
    digital = np.array(facts["digital"].tolist(), dtype=np.float64).reshape(-1, 2)
    share = np.round(digital[:, 0] + (digital[:, 1] - digital[:, 0]) * rng.random(count), 2)
    may_go = np.array([option[0] for option in facts["online"]], dtype=bool)
    only_online = may_go & (room < 90) & (rng.random(count) < 0.15)
    return pd.DataFrame(
        {
            "provision_id": ids("P", count),
            "site_id": rows["site_id"],
            "service_id": rows["service_id"],
            "partner_id": rows["partner_id"],
            "room_nia_m2": room,
            "staff_fte": np.maximum(np.round(fte * 2) / 2, 0.5),
            "visits_per_year": np.rint(visits / 10).astype(np.int64) * 10,
            "weekly_hours": np.rint((low + (high - low) * rng.random(count)) * 2) / 2,
            "digital_share": np.where(only_online, 1.0, share),
            "fixed_to_site": np.where(fixed(rng, rows, existing), "yes", "no"),
            "quality": np.where(rng.random(count) < 0.8, "registered", "derived"),
        }
    )


def beyond_services(outside: pd.DataFrame) -> pd.DataFrame:
    """List what is delivered beyond the edge: one service a place."""
    service = outside["kind"].map(OUTSIDE_SERVICE)
    frame = pd.DataFrame({"site_id": outside["site_id"], "service_id": service, "partner_id": INDEPENDENT})
    return frame.assign(position=0)


def opening_hours(partners: pd.Series) -> Numbers:
    """Return the fewest and most hours a week that each occupier opens, in two rows."""
    hours = {p.partner_id: p.hours for p in PARTNERS} | {INDEPENDENT: (37, 50)}
    return np.array([hours[partner] for partner in partners], dtype=np.float64).reshape(-1, 2).T


def fixed(rng: np.random.Generator, rows: pd.DataFrame, existing: pd.DataFrame) -> np.ndarray:
    """Say which provisions cannot leave: some health rooms with plant, and what stands at kept sites."""
    scope = rows["site_id"].map(existing.set_index("site_id")["scope"])
    plant = rows["service_id"].eq("health") & (rng.random(len(rows)) < 0.08)
    return (plant | scope.ne("decide")).to_numpy()


def divide_room(rng: np.random.Generator, rows: pd.DataFrame, sites: pd.DataFrame) -> Whole:
    """Divide the used part of each site's net area [m2] among its provisions."""
    count = len(rows)
    area = sites.set_index("site_id")
    nia = area["nia_m2"].fillna(area["gia_m2"] * 0.75)
    used = pd.Series(np.where(rng.random(len(area)) < 0.15, 0.75, 0.94), index=area.index)
    used = used + rng.uniform(-0.06, 0.06, len(area))
    weight = pd.Series(
        rng.uniform(0.6, 1.4, count) * np.where(rows["position"] == 0, 1.5, 1.0), index=rows.index
    )
    part = weight / weight.groupby(rows["site_id"]).transform("sum")
    whole = rows["site_id"].map(nia * used)
    room: Whole = np.maximum(np.floor((whole * part).to_numpy(dtype=np.float64)), 4).astype(np.int64)
    return room


def make_services() -> pd.DataFrame:
    """Make the table of services."""
    return pd.DataFrame(
        [
            {
                "service_id": s.service_id,
                "name": s.name,
                "front_office": "yes" if s.front else "no",
                "space_factor": s.space_factor,
                "merge_factor": s.merge_factor,
                "merge_reach_km": s.merge_reach_km,
                "move_reach_km": s.move_reach_km,
                "online_allowed": "yes" if s.online[0] else "no",
                "online_setup_gbp": s.online[1],
                "online_gbp_per_visit": s.online[2],
                "year_round": "yes" if s.year_round else "no",
            }
            for s in SERVICES
        ]
    )


def make_standards(provisions: pd.DataFrame) -> pd.DataFrame:
    """Make the standards of the services that somebody provides."""
    frame = pd.DataFrame(
        STANDARDS, columns=["standard_id", "service_id", "group", "threshold", "share", "geography"]
    ).assign(metric="km", mode="walk", basis="target_or_today", source="invented")
    columns = [
        "standard_id",
        "service_id",
        "group",
        "metric",
        "threshold",
        "share",
        "geography",
        "mode",
        "basis",
        "source",
    ]
    return frame.loc[frame["service_id"].isin(provisions["service_id"]), columns].reset_index(drop=True)


def make_compatibility() -> pd.DataFrame:
    """Make the two relations between services: housing brings advice, benefits keep advice near."""
    return pd.DataFrame(
        [("housing", "advice", "must_share", None), ("benefits", "advice", "within_km", 2.0)],
        columns=["service_a", "service_b", "relation", "km"],
    )


def make_linked_trips() -> pd.DataFrame:
    """Make the shares of people who need two services."""
    table = pd.DataFrame(LINKED_TRIPS, columns=["service_a", "service_b", "share"])
    return table.assign(source="invented")


def make_demand(size: Size, areas: pd.DataFrame, provisions: pd.DataFrame) -> pd.DataFrame:
    """Share the visits of each front-office service among areas, more to the deprived."""
    rng = stream(size.seed, "demand")
    visits = provisions.groupby("service_id")["visits_per_year"].sum()
    need = (areas["population"] * (1.6 - 0.08 * areas["imd_decile"])).to_numpy(dtype=np.float64)
    frames = []
    for service in FRONT:
        weight = need * rng.lognormal(0.0, 0.1, len(areas))
        if service in visits.index:
            each = np.rint(weight / max(weight.sum(), 1.0) * visits[service]).astype(np.int64)
            frames.append(
                pd.DataFrame({"area_id": areas["area_id"], "service_id": service, "visits_per_year": each})
            )
    columns = ["area_id", "service_id", "visits_per_year"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
