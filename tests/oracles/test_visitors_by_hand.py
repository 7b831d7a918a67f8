"""Residents' travel as a cost, with a pencil: visitors follow their provision (docs/model.md 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_by_hand import D0, D1, D2, D3, D4, both_find, case, library
from tiny_estates import plan_of

from estate.appraise.ledger import build_ledger

if TYPE_CHECKING:
    from test_by_hand import Tables

YEARS = D0 + D1 + D2 + D3 + D4
ASKED: dict[str, Any] = {
    "resident_travel": {"as_cost": True, "mode": "walk"},
    "assumptions": {"travel_time_gbp_per_hour": 6.0, "walk_speed_kmh": 4.8},
}


def lent() -> Tables:
    """A library that may move 1 km to a hall; a street beside it, and one 2 km away beyond the hall."""
    tables = library() | {
        "running_costs": [{"site_id": "A", "heading": "security", "gbp_per_year": 6_000}],
        "areas": [
            {"area_id": "beside", "population": 600, "easting": 0, "northing": 0},
            {"area_id": "beyond", "population": 400, "easting": 2000, "northing": 0},
        ],
        "demand": [
            {"area_id": "beside", "service_id": "lib", "visits_per_year": 1_000},
            {"area_id": "beyond", "service_id": "lib", "visits_per_year": 500},
        ],
        "host_terms": [{"site_id": "S", "room_nia_m2": 200}],
    }
    tables["partners"].append({"partner_id": "hall", "in_plan": False})
    hall = {"site_id": "S", "status": "host", "scope": "keep", "partner_id": "hall"}
    tables["sites"].append(hall | {"easting": 1000, "northing": 0})
    tables["provisions"][0]["digital_share"] = 0.2
    return tables


def test_those_beside_walk_farther_and_those_beyond_less() -> None:
    # A km on foot is 12.5 minutes or 1.25. Of 1,000 + 500 visits a fifth goes online and is not counted:
    # 2 ways x 0.8 x (1,000 x 1.25 - 500 x 1.25) = 1,000 a year. The move costs 3 x 0.8 x 1,200 for staff
    # and 80 m2 x 10 of fit-out; 6,000 a year are saved.
    plan = both_find(*case(lent(), **ASKED), (6_000 - 1_000) * YEARS - 2_880 - 800)
    assert plan.closures["site_id"].tolist() == ["A"]
    # At 36 an hour the residents lose 6,000 a year, as much as is saved: the library stays.
    dear = ASKED | {"assumptions": {"travel_time_gbp_per_hour": 36.0, "walk_speed_kmh": 4.8}}
    both_find(*case(lent(), **dear), 0.0)
    # On bills their travel is no cost.
    both_find(*case(lent(), **dear, objective="financial"), 6_000 * YEARS - 2_880 - 800)


def test_half_the_median_income_counts_two_and_a_half_times() -> None:
    # As above, but the street beside has half the median income: a pound of its residents counts 2 ** 1.3.
    tables = lent()
    tables["areas"][0]["income_of_median"] = 0.5
    weighted = ASKED | {"assumptions": ASKED["assumptions"] | {"income_weight_power": 1.3}}
    counts = 2**1.3
    assert round(counts, 4) == 2.4623
    travel = 2 * 0.8 * 1.25 * (1_000 * counts - 500)
    gbp = (6_000 - travel) * YEARS - 2_880 - 800
    plan = both_find(*(asked := case(tables, **weighted)), gbp)
    ledger = build_ledger(*asked, plan)
    yearly = ledger[ledger["t"] == 0].groupby("line")["amount_gbp"].sum()
    assert yearly["resident_travel"] == pytest.approx(-1_000), "unweighted beside it"
    assert yearly["income_weighting"] == pytest.approx(-2 * 0.8 * 1_250 * (counts - 1))
    # Nobody is weighted unless it is asked for.
    both_find(*case(tables, **ASKED), 5_000 * YEARS - 2_880 - 800)


def test_visits_of_the_provision_are_shared_by_population() -> None:
    tables = lent()
    tables["demand"] = []
    tables["provisions"][0]["visits_per_year"] = 1_500
    # 900 from beside, 600 from beyond: 2 x 0.8 x 300 x 1.25 = 600 a year.
    both_find(*case(tables, **ASKED), (6_000 - 600) * YEARS - 2_880 - 800)
    # A kiosk of somebody else beyond, and those beyond never visited A: 1,500 x 1.25 x 2 x 0.8 = 3,000.
    tables["sites"].append({"site_id": "K", "status": "outside", "easting": 2000, "northing": 0})
    tables["provisions"].append({"provision_id": "k", "site_id": "K", "service_id": "lib"})
    both_find(*case(tables, **ASKED), (6_000 - 3_000) * YEARS - 2_880 - 800)


def test_a_measured_way_and_a_price_by_distance() -> None:
    tables = lent()
    estate, config = case(
        tables,
        resident_travel={"as_cost": True, "mode": "bus"},
        assumptions={"travel_time_gbp_per_hour": 0.0, "travel_distance_gbp_per_km": 0.5},
    )
    # By bus those beside go 3 km where the straight line is 1: 2 x 0.8 x (1,000 x 1.5 - 500 x 0.5) = 2,000.
    rows = [("beside", "S", "bus", 3.0, 20.0)]
    table = type(estate.area_km)(rows, columns=["area_id", "site_id", "mode", "km", "minutes"])
    estate = type(estate)(**{**estate.__dict__, "area_km": table})
    both_find(estate, config, (6_000 - 2_000) * YEARS - 2_880 - 800)


def test_the_line_is_nobodys_bill() -> None:
    estate, config = case(lent(), **ASKED)
    plan = plan_of([("A", 1, "hold")], moves=[("a", "move", "S", "", "", 1)])
    ledger = build_ledger(estate, config, plan)
    rows = ledger[ledger["line"] == "resident_travel"]
    assert rows["amount_gbp"].tolist() == pytest.approx([-1_000.0] * 4)
    assert rows[["view", "cashable", "counterparty_id", "case"]].drop_duplicates().to_numpy().tolist() == [
        ["economic", "no", "residents", "plan"]
    ]


def test_back_offices_have_no_visitors() -> None:
    tables = lent()
    tables["services"][0]["front_office"] = False
    both_find(*case(tables, **ASKED), 6_000 * YEARS - 2_880 - 800)


def test_what_is_all_online_keeps_no_counter() -> None:
    """At a digital share of 1 a move would need no room, cost nothing and still count for access."""
    tables = lent()
    tables["provisions"][0]["digital_share"] = 1.0
    both_find(*case(tables), 0.0)
    tables["services"][0] |= {"online_allowed": True, "online_setup_gbp": 1_000.0}
    plan = both_find(*case(tables), 6_000 * YEARS - 1_000)
    assert plan.moves["how"].tolist() == ["online"]


def test_hub_and_merges_share_one_building() -> None:
    """A and B may each come to C by themselves; together they need more than C has."""
    tables = library() | {
        "running_costs": [
            {"site_id": "A", "heading": "security", "gbp_per_year": 9_000},
            {"site_id": "B", "heading": "security", "gbp_per_year": 8_000},
        ],
        "hub_options": [
            {"site_id": "C", "option": "small", "room_nia_m2": 160, "capital_gbp": 0, "lead_years": 0}
            | {"running_cost_gbp_per_year": 100, "life_years": 1}
        ],
    }
    tables["services"] = [
        {"service_id": "lib", "merge_reach_km": 5, "merge_factor": 1.0, "move_reach_km": 0},
        {"service_id": "adv", "move_reach_km": 5},
    ]
    tables["sites"] += [
        {"site_id": "B", "easting": 100, "northing": 0, "gia_m2": 200, "nia_m2": 100},
        {"site_id": "C", "scope": "keep", "easting": 200, "northing": 0, "gia_m2": 200, "nia_m2": 160}
        | {"step_free": "yes"},
    ]
    adv = {"provision_id": "b", "site_id": "B", "service_id": "adv", "room_nia_m2": 100, "staff_fte": 0}
    kept = {"provision_id": "c", "site_id": "C", "service_id": "lib", "room_nia_m2": 20}
    tables["provisions"] += [adv, kept]
    # The library of A merges into C's (20 + 100 <= 160), or advice moves to C's hub (20 + 100 <= 160); both
    # would need 220. The merge saves 9,000 a year for 3,600 of staff and 1,000 of works; the hub 7,900 a year
    # for 10,000 of works.
    both_find(*case(tables), 9_000 * YEARS - 3_600 - 1_000)
    # With 60 m2 more they fit.
    tables["hub_options"][0]["room_nia_m2"] = 220
    tables["sites"][2]["nia_m2"] = 220
    both_find(*case(tables), 9_000 * YEARS - 4_600 + 7_900 * YEARS - 10_000)


def test_merges_between_partners_where_the_config_says_so() -> None:
    tables = library() | {"running_costs": [{"site_id": "A", "heading": "security", "gbp_per_year": 9_000}]}
    tables["services"][0] |= {"merge_reach_km": 5, "merge_factor": 0.5, "move_reach_km": 0}
    tables["partners"].append({"partner_id": "trust"})
    there = {"site_id": "T", "partner_id": "trust", "scope": "keep", "easting": 300, "northing": 0}
    tables["sites"].append(there | {"gia_m2": 200, "nia_m2": 160})
    tables["provisions"].append(tables["provisions"][0] | {"provision_id": "t", "site_id": "T"})
    both_find(*case(tables), 0.0)
    estate, config = case(tables, {"assignment": {"merge_across_partners": True}})
    plan = both_find(estate, config, 9_000 * YEARS - 3_600 - 500)
    assert plan.moves["to_provision_id"].tolist() == ["t"]
