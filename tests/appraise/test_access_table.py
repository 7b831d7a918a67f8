"""Access of residents, by hand on a line of places."""

from __future__ import annotations

import numpy as np
import pytest
from small_estates import config, estate, plan

from estate.appraise.access_summary import access_summary
from estate.appraise.access_table import ACCESS_COLUMNS, access_table
from estate.core.types import Plan

PLACES_KM = {"A": 0.0, "B": 4.0, "X": 10.0, "C": 6.0, "S": 8.0}
AREAS_KM = {"a1": 0.0, "a2": 4.0, "a3": 9.0}


def line_estate(*, limit_km: float = 3.0, **change):
    """Sites A, B (existing), X (outside), C (candidate), S (host) on a line, circuity 1."""
    status = {"X": "outside", "C": "candidate", "S": "host"}
    tables = {
        "sites": [
            {"site_id": name, "status": status.get(name, "existing"), "easting": 1000 * km, "northing": 0}
            for name, km in PLACES_KM.items()
        ],
        "areas": [
            {
                "area_id": name,
                "population": people,
                "easting": 1000 * AREAS_KM[name],
                "northing": 0,
                "imd_decile": decile,
                "over65_share": 0.5,
            }
            for name, people, decile in (("a1", 100, 1), ("a2", 200, 2), ("a3", 700, 9))
        ],
        "services": [
            {"service_id": "advice"},
            {"service_id": "library"},
            {"service_id": "back", "front_office": "no"},
        ],
        "provisions": [
            {"provision_id": "A-adv", "site_id": "A", "service_id": "advice"},
            {"provision_id": "B-adv", "site_id": "B", "service_id": "advice"},
            {"provision_id": "X-adv", "site_id": "X", "service_id": "advice"},
            {"provision_id": "A-lib", "site_id": "A", "service_id": "library"},
            {"provision_id": "A-back", "site_id": "A", "service_id": "back"},
        ],
        "standards": [
            {"standard_id": "adv2", "service_id": "advice", "threshold": 2.0, "group": "most_deprived"}
        ],
        "travel": [
            {"area_id": a, "site_id": s, "mode": "walk", "km": abs(x - y), "minutes": abs(x - y) * 12.5}
            for a, x in AREAS_KM.items()
            for s, y in PLACES_KM.items()
            if abs(x - y) <= limit_km
        ],
    }
    return estate({"circuity": 1.0}, **(tables | change))


def a_moves_to_candidate(year: int = 1):
    return plan(hubs=[("C", "small", year)], moves=[("A-adv", "move", "C", "small", None, year)])


def rows_of(table, case, year):
    return table[(table["case"] == case) & (table["year"] == year)].set_index("area_id")


def test_columns_years_and_cases():
    table = access_table(line_estate(), config(), a_moves_to_candidate())
    assert tuple(table.columns) == ACCESS_COLUMNS
    assert sorted(set(table["year"])) == ["2027/28", "2028/29", "2030/31"]
    assert len(table) == 3 * 2 * 3


def test_nearest_before_and_after_a_move():
    table = access_table(line_estate(), config(), a_moves_to_candidate())
    before, after = (rows_of(table, "plan", year) for year in ("2027/28", "2028/29"))
    assert before["nearest_site_id"].to_dict() == {"a1": "A", "a2": "B", "a3": "X"}
    assert set(before["within"]) == {"yes"}
    # a1 has lost A; B is 4 km away, beyond the travel table, so that the straight line tells.
    assert after["nearest_site_id"].to_dict() == {"a1": "B", "a2": "B", "a3": "X"}
    assert after["distance_km"].to_list() == pytest.approx([4.0, 0.0, 1.0])
    assert after.loc["a1", "minutes"] == pytest.approx(4.0 / 4.8 * 60)
    assert after["within"].to_list() == ["no", "yes", "yes"]
    bau = rows_of(table, "bau", "2030/31")
    assert bau["nearest_site_id"].to_dict() == {"a1": "A", "a2": "B", "a3": "X"}


def test_straight_lines_never_count_as_within():
    wide = [{"standard_id": "adv9", "service_id": "advice", "threshold": 9.0}]
    silent = line_estate(limit_km=-1.0, standards=wide)
    table = access_table(silent, config(), Plan.empty())
    assert set(table["within"]) == {"no"}
    assert rows_of(table, "bau", "2027/28")["nearest_site_id"].to_dict() == {"a1": "A", "a2": "B", "a3": "X"}


def test_minutes_metric_and_threshold_that_is_just_met():
    standards = [{"standard_id": "m", "service_id": "advice", "metric": "minutes", "threshold": 12.5}]
    table = access_table(line_estate(standards=standards), config(), Plan.empty())
    assert rows_of(table, "bau", "2027/28")["within"].to_list() == ["yes", "yes", "yes"]
    closer = access_table(line_estate(standards=[standards[0] | {"threshold": 12.4}]), config(), Plan.empty())
    assert rows_of(closer, "bau", "2027/28")["within"].to_list() == ["yes", "yes", "no"]


def test_merged_and_online_provisions_serve_nowhere_new():
    went = plan(
        moves=[("A-adv", "merge", "B", None, "B-adv", 0), ("A-lib", "online", None, None, None, 0)],
    )
    standards = [
        {"standard_id": "adv", "service_id": "advice", "threshold": 2.0},
        {"standard_id": "lib", "service_id": "library", "threshold": 2.0},
    ]
    table = access_table(line_estate(standards=standards), config(), went)
    library = table[(table["service_id"] == "library") & (table["case"] == "plan")]
    assert (library["nearest_site_id"] == "").all()
    assert library["distance_km"].isna().all()
    advice = rows_of(table[table["service_id"] == "advice"], "plan", "2027/28")
    assert advice["nearest_site_id"].to_dict() == {"a1": "B", "a2": "B", "a3": "X"}


def test_shares_by_group():
    found = access_summary(line_estate(), config(), a_moves_to_candidate()).shares
    last = found[(found["t"] == 3) & (found["places"] == "all")].set_index(["case", "group"])
    assert last.loc[("bau", "all"), "share"] == pytest.approx(1.0)
    assert last.loc[("plan", "all"), "share"] == pytest.approx(0.9)
    assert last.loc[("plan", "most_deprived"), "share"] == pytest.approx(200 / 300)
    assert last.loc[("plan", "over65"), "weight"] == pytest.approx(500)
    assert np.isnan(last.loc[("plan", "no_car"), "share"])
    assert last.loc[("plan", "most_deprived"), "protected"]
    assert not last.loc[("plan", "all"), "protected"]


def test_shares_without_outside_places():
    found = access_summary(line_estate(), config(), Plan.empty()).shares
    bau = found[(found["case"] == "bau") & (found["group"] == "all") & (found["t"] == 0)].set_index("places")
    assert bau["share"].to_dict() == {"all": pytest.approx(1.0), "without_outside": pytest.approx(0.3)}


def test_worse_off_by_service_and_each_person_once():
    # Both services leave A for C: a1 loses both, a2 loses the library, a3 gains on both.
    went = plan(moves=[("A-adv", "move", "C", "small", None, 1), ("A-lib", "move", "C", "small", None, 1)])
    found = access_summary(line_estate(), config(), went)
    last = found.worse_off[(found.worse_off["t"] == 3) & (found.worse_off["places"] == "all")].set_index(
        "service_id"
    )
    assert "back" not in last.index
    assert last.loc["advice", "residents"] == 100
    assert last.loc["advice", "mean_extra_km"] == pytest.approx(4.0)  # 0 km to A, then 4 km to B
    # Library: a1 from 0 to 6 km; a2 from 4 to 2 km, a3 from 9 to 3 km, both nearer.
    assert last.loc["library", "residents"] == 100
    assert last.loc["library", "max_extra_km"] == pytest.approx(6.0)
    once = found.any_service[(found.any_service["t"] == 3) & (found.any_service["places"] == "all")]
    assert once["residents"].to_list() == [100]
    assert once["population"].to_list() == [1000]


def test_worse_off_spread_and_unserved():
    # The library goes to the host at 8 km for a1 (+8), a2 (4 to 4, the same), a3 nearer; then
    # advice leaves B too: a2 goes from 0 to 4 km.
    went = plan(
        moves=[
            ("A-lib", "online", None, None, None, 0),
            ("A-adv", "merge", "B", None, "B-adv", 0),
            ("B-adv", "move", "S", None, None, 2),
        ]
    )
    found = access_summary(line_estate(), config(), went)
    last = found.worse_off[(found.worse_off["t"] == 3) & (found.worse_off["places"] == "all")].set_index(
        "service_id"
    )
    assert last.loc["library", "residents"] == last.loc["library", "unserved"] == 1000
    assert np.isnan(last.loc["library", "mean_extra_km"])
    # a1: 0 to 8 km (100 people), a2: 0 to 4 km (200 people), a3: X at 1 km in BAU, S at 1 km too.
    assert last.loc["advice", "residents"] == 300
    assert last.loc["advice", "mean_extra_km"] == pytest.approx((100 * 8 + 200 * 4) / 300)
    assert last.loc["advice", "p90_extra_km"] == pytest.approx(8.0)
    assert last.loc["advice", "max_extra_km"] == pytest.approx(8.0)
    once = found.any_service[(found.any_service["t"] == 3) & (found.any_service["places"] == "all")]
    assert once["residents"].to_list() == [1000]


def test_empty_plan_leaves_nobody_worse_off():
    found = access_summary(line_estate(), config(), Plan.empty())
    assert (found.worse_off["residents"] == 0).all()
    assert (found.any_service["residents"] == 0).all()


def test_without_areas_and_standards():
    bare = line_estate(areas=[], standards=[], travel=[])
    assert access_table(bare, config(), Plan.empty()).empty
    assert (access_summary(bare, config(), Plan.empty()).any_service["residents"] == 0).all()
