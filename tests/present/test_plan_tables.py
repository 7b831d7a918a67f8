"""One row a site and a move, years and reasons as the plan and the model say."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd
from made_up import table

from estate.core.types import Plan
from estate.present.reasons import REASONS
from estate.present.tables import MOVE_COLUMNS, PLAN_COLUMNS, hubs_table, moves_table, plan_table

if TYPE_CHECKING:
    from pathlib import Path

    from estate.core.result import Result


def test_plan_has_every_site_once_and_known_codes(result: Result, written: dict[str, Path]) -> None:
    plan = pd.read_csv(written["internal"] / "plan.csv", dtype=str)
    assert tuple(plan.columns) == PLAN_COLUMNS
    assert sorted(plan["site_id"]) == sorted(result.estate.tables["sites"]["site_id"])
    assert set(plan["decision"]) <= {"keep", "close", "hub", "unused", "out"}
    assert set(plan["reason_code"]) <= set(REASONS)
    assert (plan["decision"] == "close").sum() == len(result.plan.closures)


def test_years_of_a_sale_by_hand(result: Result) -> None:
    """Closing in year 3 with 2 years to sell and a brake of 1.5: sold in year 3 + ceil(3.5) = 7."""
    site = result.plan.closures["site_id"].iloc[0]
    closures = pd.DataFrame({"site_id": [site], "year": [3], "exit_route": ["sell"]})
    brakes = table("brakes", [{"site_id": site, "brake": "covenant", "effect": "delay", "delay_years": 1.5}])
    estate = dataclasses.replace(result.estate, tables={**result.estate.tables, "brakes": brakes})
    empty = Plan.empty()
    plan = Plan(closures, empty.hubs, empty.moves)
    row = plan_table(dataclasses.replace(result, estate=estate, plan=plan)).set_index("site_id").loc[site]
    assert (row["year"], row["exit_year"], row["sold_year"]) == ("2030/31", "2034/35", "2034/35")
    assert row["reason_code"] == "closes_empty"


def test_a_lease_given_up_has_no_sale(result: Result) -> None:
    site = result.plan.closures["site_id"].iloc[0]
    closures = pd.DataFrame({"site_id": [site], "year": [2], "exit_route": ["surrender"]})
    plan = Plan(closures, Plan.empty().hubs, Plan.empty().moves)
    row = plan_table(dataclasses.replace(result, plan=plan)).set_index("site_id").loc[site]
    assert (row["exit_year"], row["sold_year"]) == ("2029/30", "")


def test_reasons_of_sites_that_stay(result: Result) -> None:
    sites = result.estate.tables["sites"]
    ids = sites.loc[sites["scope"] == "decide", "site_id"].tolist()[:4]
    brakes = table("brakes", [{"site_id": ids[0], "brake": "trust", "effect": "lock"}])
    tenures = table(
        "tenures",
        [
            {"site_id": ids[1], "tenure": "leasehold", "expiry": "2060-04-01"},
            {"site_id": ids[2], "tenure": "leasehold", "expiry": "2060-04-01", "break_date": "2030-04-01"},
            {"site_id": ids[3], "tenure": "freehold"},
        ],
    )
    estate = dataclasses.replace(
        result.estate, tables={**result.estate.tables, "brakes": brakes, "tenures": tenures}
    )
    plan = plan_table(dataclasses.replace(result, estate=estate, plan=Plan.empty())).set_index("site_id")
    codes = plan.loc[ids, "reason_code"].tolist()
    assert codes == ["kept_lock", "kept_lease", "kept_cheapest", "kept_cheapest"]
    assert (plan.loc[plan["kind"] == "land", "reason_code"] == "land").all()
    assert (plan.loc[plan["kind"] == "school", "reason_code"] == "school").all()


def test_moves_need_room_by_the_model(result: Result, written: dict[str, Path]) -> None:
    """need = room x space_factor x (1 - digital_share); the made-up space factor is 0.7."""
    moves = pd.read_csv(written["internal"] / "moves.csv")
    assert tuple(moves.columns) == MOVE_COLUMNS
    rooms = result.estate.tables["provisions"].set_index("provision_id")["room_nia_m2"]
    assert (moves["room_nia_m2"] - moves["provision_id"].map(rooms) * 0.7).abs().max() < 1e-9
    assert (moves["cost_gbp"] == 55_600).all(), "a move of 3,600 and a fit-out of 52,000 each"


def test_a_merge_names_the_site_of_its_target(result: Result) -> None:
    provisions = result.estate.tables["provisions"]
    here, there = provisions.iloc[0], provisions.iloc[6]
    moves = pd.DataFrame(
        [[here["provision_id"], "merge", "", "", there["provision_id"], 1]], columns=result.plan.moves.columns
    )
    run = dataclasses.replace(result, plan=Plan(Plan.empty().closures, Plan.empty().hubs, moves))
    row = moves_table(run).iloc[0]
    assert row["to_site_id"] == there["site_id"]
    assert abs(row["room_nia_m2"] - 0.8 * here["room_nia_m2"]) < 1e-9, "merge factor of the dictionary is 0.8"


def test_hubs_count_what_moves_in(result: Result) -> None:
    plan, moves = plan_table(result), moves_table(result)
    hubs = hubs_table(result, plan, moves)
    assert len(hubs) == len(result.plan.hubs)
    into = result.plan.moves[result.plan.moves["to_option"] != ""]
    assert hubs["arrivals"].sum() == len(into)
