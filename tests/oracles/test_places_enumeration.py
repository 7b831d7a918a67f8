"""Standards for urban, rural and deprived urban residents and by postcode district: every plan is looked at.

Whether a standard holds is worked out again from the raw tables, area by area and year by year.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from enumerate import Enumeration, binds
from test_enumeration import compare
from tiny_estates import config_of, estate_of

from estate.verify import access

if TYPE_CHECKING:
    from tiny_estates import Row

    from estate.core.types import Estate, Plan

YEARS = 2
WORST = 0.15


def tables(seed: int) -> dict[str, list[Row]]:
    """Return three libraries, a host and a place for a hub among ten areas of two districts."""
    draw = np.random.default_rng([seed, 7])

    def place() -> Row:
        east, north = draw.integers(0, 40, 2) * 100.0
        return {"easting": east, "northing": north}

    def money(low: float, high: float) -> float:
        return round(float(draw.uniform(low, high)), 2)

    homes = [{"site_id": f"d{i}", "gia_m2": 300, "nia_m2": 200, "step_free": "yes"} | place() for i in "012"]
    host = {"site_id": "s", "status": "host", "scope": "keep"} | place()
    hub = {"site_id": "h", "status": "candidate", "scope": "keep", "step_free": "yes"} | place()
    areas = [
        {"area_id": f"e{i}", "population": float(draw.integers(200, 3000))}
        | {"rurality": str(draw.choice(["urban", "urban", "rural", ""]))}
        | {
            "imd_rank_share": [None, 0.02, 0.1, 0.15, 0.4][draw.integers(5)],
            "imd_decile": [1, 2, None][i % 3],
        }
        | {"postcode_district": str(draw.choice(["M31", "M32"]))}
        | place()
        for i in range(10)
    ]
    asked = (("urban", "overall"), ("rural", "overall"), ("deprived_urban", "overall"))
    asked += (("all", "postcode_district"), ("urban", "postcode_district"))
    standards = [
        {"standard_id": f"{group}_{geography}", "service_id": "lib", "group": group, "geography": geography}
        | {"threshold": float(draw.choice([0.8, 1.5, 2.5])), "share": float(draw.choice([0.5, 0.8, 0.95]))}
        | {"basis": str(draw.choice(["target_or_today", "no_worse"])), "mode": "walk"}
        for group, geography in asked
    ]
    room = {"room_nia_m2": 60, "weekly_hours": 30}
    return {
        "partners": [{"partner_id": "p"}],
        "services": [{"service_id": "lib", "merge_reach_km": 2, "move_reach_km": 6}],
        "sites": [row | {"partner_id": "p"} for row in (*homes, host, hub)],
        "provisions": [
            {"provision_id": f"u{i}", "site_id": f"d{i}", "service_id": "lib", "staff_fte": 2} | room
            for i in range(3)
        ],
        "running_costs": [
            {"site_id": f"d{i}", "heading": "energy", "gbp_per_year": money(20_000, 90_000)} for i in range(3)
        ],
        "hub_options": [
            {"site_id": "h", "option": "o", "room_nia_m2": 200, "lead_years": 1}
            | {"capital_gbp": money(5_000, 60_000), "running_cost_gbp_per_year": money(1_000, 9_000)}
        ],
        "host_terms": [{"site_id": "s", "room_nia_m2": 130, "weekly_hours": 100}],
        "areas": areas,
        "standards": standards,
    }


def people(area: Any, group: str) -> float:
    """The definition: a blank rank takes decile / 10; unknown is neither urban nor deprived."""
    rank = area.imd_rank_share
    if math.isnan(rank):
        rank = 1.0 if math.isnan(area.imd_decile) else area.imd_decile / 10
    lives = {
        "all": True,
        "urban": area.rurality == "urban",
        "rural": area.rurality == "rural",
        "deprived_urban": area.rurality == "urban" and rank <= WORST,
    }
    return float(area.population) if lives[group] else 0.0


def open_in(plan: Plan, year: int) -> set[str]:
    """Return the sites at which the library is in one year; a merged one is where its target is."""
    there = {f"u{i}": f"d{i}" for i in range(3)}
    for move in plan.moves.itertuples():
        if move.year <= year:
            there[move.provision_id] = move.to_site_id if move.how == "move" else ""
    return set(there.values()) - {""}


def broken(estate: Estate, plan: Plan) -> set[tuple[str, int]]:
    """Return the standards that a plan breaks, with the year, by straight lines and plain sums."""
    found = set()
    spot = {s.site_id: (s.easting, s.northing) for s in estate.tables["sites"].itertuples()}
    areas = list(estate.tables["areas"].itertuples())
    scenes = [{"d0", "d1", "d2"}, *(open_in(plan, t) for t in range(YEARS))]
    for row in estate.tables["standards"].itertuples():
        sums: dict[str, list[float]] = {}
        for area in areas:
            lives, here = people(area, row.group), (area.easting, area.northing)
            name = area.postcode_district if row.geography == "postcode_district" else ""
            part = sums.setdefault(name, [0.0] * (1 + len(scenes)))
            part[0] += lives
            for k, sites in enumerate(scenes, start=1):
                km = [math.dist(spot[site], here) * 1.3 / 1000 for site in sites]
                part[k] += lives if min(km, default=math.inf) <= row.threshold + 1e-9 else 0.0
        for total, now, *later in sums.values():
            asked = now if row.basis == "no_worse" else min(row.share * total, now)
            found |= {(row.standard_id, t) for t, served in enumerate(later) if served < asked - 1e-6}
    return found


@pytest.mark.parametrize(
    "seeds", [range(4), pytest.param(range(4, 64), marks=pytest.mark.slow)], ids=["few", "sixty"]
)
def test_the_optimum_is_the_best_of_all_plans(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    binding, seen = 0, set()
    for seed in seeds:
        estate = estate_of(tables(seed), {"circuity": 1.3})
        config = config_of(decision_years=YEARS, appraisal_years=8)
        search = Enumeration(estate, config)
        best = search.best()
        compare(search, best, monkeypatch)
        assert broken(estate, best.plan) == set()
        binding += binds(estate, config, "access", best)
        for plan, _ in search.some(np.random.default_rng(seed), 8):
            told = {(one.standard_id, one.year) for one in access.check(search.facts.with_plan(plan), {})}
            assert told == broken(estate, plan), seed
            seen |= {standard for standard, _ in told}
    assert binding >= len(seeds) // 2
    assert len(seen) == 5, "every standard is broken by some plan"
