"""Standards that ask for hours, days, a time of day or room: the optimiser against every plan."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from enumerate import Best, Enumeration
from test_enumeration import compare
from test_serving_cases import Picks
from tiny_estates import config_of, estate_of

from estate.appraise.access_summary import access_summary

if TYPE_CHECKING:
    from tiny_estates import Row

SEEDS = range(24)
NAMED = range(24, 64)  # cases with days by name
FEW = {*range(5), 24, 25, 26}  # of every day; the others take a minute
EVERY = [pytest.param(seed, marks=[] if seed in FEW else [pytest.mark.slow]) for seed in (*SEEDS, *NAMED)]


def tables(pick: Picks) -> dict[str, list[Row]]:
    """Return three sites with the same service, a host, a place for a hub, and six areas along a street."""
    sites = [
        {"site_id": name, "easting": east, "northing": 0, "gia_m2": 400, "nia_m2": 300}
        | {"opening_hours_per_week": pick(None, 20, 45, 45), "step_free": "yes", "scope": scope}
        for name, scope, east in (("A", "decide", 0), ("B", "decide", 900), ("C", "keep", 2_000))
    ]
    host = {"site_id": "S", "easting": 400, "northing": 0, "status": "host", "scope": "keep"}
    hub = {"site_id": "H", "easting": 1_500, "northing": 0, "status": "candidate", "step_free": "yes"}
    hub |= {"opening_hours_per_week": pick(None, 25, 60)}
    provisions = [
        {"provision_id": u, "site_id": site, "service_id": "lib", "room_nia_m2": pick.money(40, 90)}
        | {"weekly_hours": pick(0, 15, 40, 40), "days_per_week": pick(2, 5, 6), "staff_fte": 1}
        | {"opens": pick("", "09:00"), "closes": pick("17:00", "19:00"), "visits_per_year": pick(0, 300, 900)}
        for u, site in (("a", "A"), ("b", "B"), ("b2", "B"), ("c", "C"))
    ]
    terms = {"site_id": "S", "room_nia_m2": 200, "weekly_hours": pick(12, 60), "opens": pick("", "17:00")}
    terms |= {"closes": "21:00", "days_per_week": pick(None, 3)}
    option = {"site_id": "H", "option": "only", "room_nia_m2": 250, "lead_years": pick(0, 1)}
    standard = {"standard_id": "near", "service_id": "lib", "metric": pick("km", "minutes")}
    standard |= {"threshold": 1.0 if standard["metric"] == "km" else 13.0, "share": pick(0.5, 0.8)}
    standard |= {"basis": pick("target_or_today", "target_or_today", "no_worse")}
    standard |= {"geography": pick("overall", "zone"), "counts_at": pick("nearest", "with_room")}
    asks = pick({"min_hours_per_week": 30}, {"min_days_per_week": 5}, {"open_at": "18:00"}, {})
    return {
        "partners": [{"partner_id": "council"}],
        "services": [
            {"service_id": "lib", "merge_reach_km": 2, "merge_factor": 0.5, "outreach_days_per_week": 2}
        ],
        "provisions": provisions,
        "sites": [*sites, host, hub],
        "host_terms": [terms],
        "hub_options": [option | {"capital_gbp": pick.money(0, 9_000), "running_cost_gbp_per_year": 500}],
        "running_costs": [
            {"site_id": name, "heading": "security", "gbp_per_year": pick.money(8_000, 30_000)}
            for name in "AB"
        ],
        "areas": [
            {"area_id": f"a{i}", "easting": 150 + 550 * i, "northing": 200}
            | {"population": pick(200, 500, 900), "zone": "west" if i < 3 else "east"}
            for i in range(6)
        ],
        "standards": [standard | asks],
    }


WEEKS = {
    2: ("", "Fri 09:00-17:00; Sat 10:00-12:00", "Mon; Sat"),
    3: ("Thu; Fri 18:00-21:00; Sat 10:00-15:00", "Mon; Tue; Sat", "Mon; Tue; Wed"),
    5: ("", "Mon; Tue; Wed; Thu; Fri", "Tue; Wed; Thu; Fri; Sat 10:00-12:00"),
    6: ("Mon; Tue; Wed; Thu; Fri; Sat 10:00-16:00", "Mon; Tue; Wed; Thu; Fri; Sat"),
}


def name_days(made: dict[str, list[Row]], pick: Picks) -> None:
    """Name the days of provisions and of the host, and ask for Saturdays."""
    for row in made["provisions"]:
        row["open_days"] = pick(*WEEKS[row["days_per_week"]])
    (terms,) = made["host_terms"]
    terms["days_per_week"] = pick(None, 2, 3, 6)
    terms["open_days"] = pick(*WEEKS[terms["days_per_week"]]) if terms["days_per_week"] else ""
    made["standards"][0] |= {
        "min_hours_per_week": 0,
        "min_days_per_week": 0,
        "open_on": pick("Sat", "Fri; Sat"),
    }
    made["standards"][0]["open_at"] = pick("", "", "11:00")


@cache
def drawn(seed: int) -> tuple[Enumeration, Best]:
    """Return a case with its best plan by enumeration."""
    made = tables(Picks(seed + 100))
    if seed in NAMED:
        name_days(made, Picks(seed))
    estate = estate_of(made)
    search = Enumeration(estate, config_of({}, decision_years=2, appraisal_years=5))
    return search, search.best()


@pytest.mark.parametrize("seed", EVERY)
def test_the_optimum_is_the_best_of_all_plans(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(*drawn(seed), monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(
    "column", ["min_hours_per_week", "min_days_per_week", "open_at", "open_on", "counts_at"]
)
def test_what_a_standard_asks_of_a_place_binds(column: str) -> None:
    """Without it the best plan saves more, in at least one of the cases that ask for it."""
    bound = 0
    for seed in (*SEEDS, *NAMED):
        search, best = drawn(seed)
        standards = search.estate.tables["standards"]
        plain = {"open_at": "", "open_on": "", "counts_at": "nearest"}.get(column, 0.0)
        if best.value is None or standards[column].iloc[0] == plain:
            continue
        search.estate.tables["standards"] = standards.assign(**{column: plain})
        free = Enumeration(search.estate, search.config).best()
        search.estate.tables["standards"] = standards
        bound += free.value is not None and free.value > best.value + 0.01
    assert bound >= 1


@pytest.mark.parametrize("seed", EVERY)
def test_shares_shown_are_those_of_the_check(seed: int) -> None:
    search, _ = drawn(seed)
    standard = search.facts.residents.standards[0]
    weights = search.estate.tables["areas"]["population"].to_numpy(dtype=float)
    for plan, _ in search.some(np.random.default_rng(seed), 6):
        if set(plan.moves["to_provision_id"]) & set(plan.moves["provision_id"]):
            continue  # no plan: a target of a merge never leaves
        shown = access_summary(search.estate, search.config, plan).shares
        shown = shown[(shown["group"] == "all") & (shown["places"] == "all") & (shown["case"] == "plan")]
        facts: Any = search.facts.with_plan(plan)
        for t, share in zip(shown["t"], shown["share"], strict=True):
            counted = standard.counted(facts.offers("lib", min(int(t), 1)))
            assert share == pytest.approx(standard.served(counted) @ weights / weights.sum(), abs=1e-9)
