"""How residents are served, by hand on the line of places of test_access_table."""

from __future__ import annotations

import numpy as np
import pytest
from small_estates import config, plan
from test_access_table import AREAS_KM, PLACES_KM, line_estate

from estate.appraise.access_summary import access_summary
from estate.appraise.serving import serving_headlines, serving_tables
from estate.core.types import Plan

VISITS = {"advice": {"a1": 100, "a2": 200, "a3": 700}, "library": {"a1": 50, "a2": 100, "a3": 300}}
DEMAND = [
    {"area_id": area, "service_id": service, "visits_per_year": count}
    for service, by_area in VISITS.items()
    for area, count in by_area.items()
]
LINKED = [{"service_a": "library", "service_b": "advice", "share": 0.5}]
BOTH_MOVE = plan(
    moves=[("A-adv", "move", "C", "small", None, 1), ("A-lib", "move", "C", "small", None, 1)],
    hubs=[("C", "small", 1)],
)


def tables_of(estate, what):
    return serving_tables(estate, config(), what, access_summary(estate, config(), what))


def test_journeys_saved_stand_beside_the_travel_added():
    estate = line_estate(demand=DEMAND, linked_trips=LINKED)
    table = tables_of(estate, BOTH_MOVE)["front_door"].set_index("service_b")
    # Today those of a1 find both at A: half of min(100, 50). With the plan the library is at C, and their
    # advice at B: nobody finds both at the nearest place.
    pair = table.loc["library"]
    assert pair["linked_visits_per_year"] == pytest.approx(0.5 * (50 + 100 + 300))
    assert (pair["one_place_today_per_year"], pair["one_place_plan_per_year"]) == (25.0, 0.0)
    # Advice: a1 from 0 to 4 km. Library: a1 from 0 to 6, a2 from 4 to 2, a3 from 9 to 3 km. There and back.
    whole = table.loc[""]
    assert whole["journeys_saved_per_year"] == -25.0
    assert whole["km_added_per_year"] == pytest.approx(2 * (100 * 4 + 50 * 6 - 100 * 2 - 300 * 6))
    told = {row["key"]: row["value"] for row in serving_headlines(tables_of(estate, BOTH_MOVE))}
    assert told == {"journeys_saved": -25.0, "km_added": pytest.approx(-2600.0)}


def test_three_services_at_one_place_save_two_journeys_not_three():
    third = [{"service_id": name} for name in ("advice", "library", "housing")]
    offers = [
        {"provision_id": f"{site}-{name}", "site_id": site, "service_id": name}
        for site, name in (("A", "advice"), ("A", "library"), ("B", "housing"))
    ]
    estate = line_estate(
        services=third,
        provisions=offers,
        demand=[
            {"area_id": "a1", "service_id": name, "visits_per_year": 100}
            for name in ("advice", "library", "housing")
        ],
        linked_trips=[
            {"service_a": a, "service_b": b, "share": 1.0}
            for a, b in (("advice", "library"), ("advice", "housing"), ("library", "housing"))
        ],
    )
    comes = plan(moves=[("B-housing", "move", "A", "small", None, 0)])
    whole = tables_of(estate, comes)["front_door"].set_index("service_b").loc[""]
    # Today 200 visits are 100 journeys: 100 saved. With housing 300 are 100: 200 saved, not three pairs' 300.
    assert whole["one_place_today_per_year"] == 100.0
    assert whole["one_place_plan_per_year"] == 200.0


def test_without_a_share_nothing_is_claimed():
    table = tables_of(line_estate(demand=DEMAND), BOTH_MOVE)["front_door"]
    assert table["service_a"].tolist() == ["all services"]
    assert table["journeys_saved_per_year"].tolist() == [0.0]


def test_users_stand_beside_residents():
    table = tables_of(line_estate(demand=DEMAND), BOTH_MOVE)["residents"]
    last = table[(table["year"] == "2030/31") & (table["places"] == "all")].set_index("service_id")
    assert last.loc["advice", ["residents", "visits", "visits_all"]].tolist() == [100, 100, 1000]
    assert last.loc["library", ["residents", "visits", "visits_all"]].tolist() == [100, 50, 450]
    assert last.loc["at least one service", "residents"] == 100
    assert last.loc["three services or more", "residents"] == 0
    unknown = tables_of(line_estate(), BOTH_MOVE)["residents"]
    assert unknown["visits"].isna().all()


def test_residents_worse_off_for_three_services_are_told_apart():
    names = ("advice", "library", "housing")
    estate = line_estate(
        services=[{"service_id": name} for name in names],
        provisions=[
            {"provision_id": f"{site}-{name}", "site_id": site, "service_id": name}
            for site, name in (("A", "advice"), ("A", "library"), ("A", "housing"), ("B", "advice"))
        ],
        standards=[],
        travel=[],
    )
    away = plan(moves=[(f"A-{name}", "move", "X", "small", None, 0) for name in names])
    found = access_summary(estate, config(), away).any_service
    last = found[(found["t"] == 3) & (found["places"] == "all")].iloc[0]
    # a1 loses all three; a2 (4 km from A) goes 6 km for two of them and keeps advice at B; a3 gains.
    assert last["residents"] == 300
    assert last["residents_three"] == 100


def test_visits_of_provisions_are_shared_by_population():
    offers = [
        {"provision_id": "A-adv", "site_id": "A", "service_id": "advice", "visits_per_year": 600},
        {"provision_id": "X-adv", "site_id": "X", "service_id": "advice", "visits_per_year": 70},
    ]
    table = tables_of(line_estate(provisions=offers), plan())["residents"]
    row = table[table["service_id"] == "advice"].iloc[0]
    assert row["visits_all"] == pytest.approx(670)


def test_fitness_counts_what_is_not_known():
    fields = {"A": ("yes", "no", 3, 100), "B": ("no", "unknown", None, 900), "C": ("no", "no", None, None)}
    sites = [
        {"site_id": name, "status": {"C": "candidate"}.get(name, "existing"), "easting": 1000 * km}
        | {"northing": 0}
        | dict(
            zip(
                ("step_free", "accessible_wc", "parking_spaces", "public_transport_stop_m"),
                fields[name],
                strict=True,
            )
        )
        for name, km in PLACES_KM.items()
        if name in fields
    ]
    hub = {"site_id": "C", "option": "small", "room_nia_m2": 100, "adds_accessible_wc": "yes"}
    estate = line_estate(
        sites=sites,
        provisions=[
            {"provision_id": "A-adv", "site_id": "A", "service_id": "advice"},
            {"provision_id": "B-adv", "site_id": "B", "service_id": "advice"},
        ],
        hub_options=[hub | {"capital_gbp": 0, "running_cost_gbp_per_year": 0}],
        travel=[],
    )
    went = plan(hubs=[("C", "small", 1)], moves=[("B-adv", "move", "C", "small", None, 1)])
    table = serving_tables(estate, config(), went, None)["fitness"].set_index(["field", "case"])
    counts = table[["yes", "no", "unknown"]]
    assert counts.loc[("step-free", "bau")].tolist() == [1, 1, 0]
    assert counts.loc[("step-free", "plan")].tolist() == [2, 0, 0]
    assert counts.loc[("accessible WC", "bau")].tolist() == [0, 1, 1]
    assert counts.loc[("accessible WC", "plan")].tolist() == [1, 1, 0]
    assert counts.loc[("parking for visitors", "bau")].tolist() == [1, 0, 1]
    assert counts.loc[("stop of public transport within 400 m", "bau")].tolist() == [1, 1, 0]
    assert counts.loc[("stop of public transport within 400 m", "plan")].tolist() == [1, 0, 1]


def test_the_digitally_excluded_are_counted():
    areas = [
        {"area_id": name, "population": people, "easting": 1000 * AREAS_KM[name], "northing": 0}
        | {"digitally_excluded_share": share}
        for name, people, share in (("a1", 100, 0.2), ("a2", 200, 0.1), ("a3", 700, None))
    ]
    offers = [
        {"provision_id": "A-adv", "site_id": "A", "service_id": "advice"},
        {"provision_id": "X-adv", "site_id": "X", "service_id": "advice"},
        {"provision_id": "A-lib", "site_id": "A", "service_id": "library"},
    ]
    offers[0] |= {"digital_share": 0.25, "visits_per_year": 400}
    offers[2] |= {"digital_share": 1.0, "visits_per_year": 900}
    estate = line_estate(areas=areas, provisions=offers)
    went = plan(moves=[("A-adv", "move", "C", "small", None, 1), ("A-lib", "online", None, None, None, 2)])
    table = tables_of(estate, went)["online"].set_index("provision_id")
    assert table.loc["A-adv", ["visits_online_per_year", "residents"]].tolist() == [100.0, 300.0]
    assert table.loc["A-adv", "digitally_excluded"] == pytest.approx(20 + 20)
    assert table.loc["A-lib", "residents"] == 1000.0
    assert np.isnan(table.loc["A-lib", "digitally_excluded"]), "a3 is not known"


def test_without_areas_fitness_alone():
    bare = line_estate(areas=[], standards=[], travel=[])
    tables = serving_tables(bare, config(), Plan.empty(), None)
    assert [name for name, table in tables.items() if len(table)] == ["fitness"]
