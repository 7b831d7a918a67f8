"""Travel against distances worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from estate.core.tables import SPECS, conform, empty
from estate.core.travel import travel_table

VALUES = {"circuity": 1.3, "walk_speed_kmh": 4.8, "car_speed_kmh": 25.0, "public_transport_speed_kmh": 12.0}


def table(name: str, **columns: list) -> pd.DataFrame:
    frame, issues = conform(pd.DataFrame(columns), SPECS[name], name)
    assert issues == []
    return frame


def world() -> tuple[pd.DataFrame, pd.DataFrame]:
    sites = table("sites", site_id=["S1", "S2", "S3"], easting=[3000, 0, None], northing=[4000, 0, None])
    areas = table("areas", area_id=["A", "B"], population=[5, 5], easting=[0, None], northing=[0, None])
    return sites, areas


def standard(**changes: list) -> pd.DataFrame:
    columns = {
        "standard_id": ["x"],
        "service_id": ["library"],
        "threshold": [6.5],
        "mode": ["walk"],
        **changes,
    }
    return table("standards", **columns)


def test_straight_line_times_circuity_up_to_the_threshold():
    sites, areas = world()
    found = travel_table(sites, areas, standard(), empty(SPECS["travel"]), VALUES)
    assert found[["area_id", "site_id"]].to_numpy().tolist() == [["A", "S1"], ["A", "S2"]]
    assert found["km"].tolist() == [5 * 1.3, 0.0]  # a 3-4-5 triangle, exactly on the threshold
    assert found["minutes"].tolist() == [6.5 / 4.8 * 60, 0.0]
    nearer = travel_table(sites, areas, standard(threshold=[6.4]), empty(SPECS["travel"]), VALUES)
    assert nearer["site_id"].tolist() == ["S2"]


def test_a_threshold_in_minutes_reaches_as_far_as_the_mode_goes():
    sites, areas = world()
    by_car = standard(metric=["minutes"], threshold=[16.0], mode=["car"])  # 16 min at 25 km/h = 6.67 km
    found = travel_table(sites, areas, by_car, empty(SPECS["travel"]), VALUES)
    assert found["site_id"].tolist() == ["S1", "S2"]
    by_car = standard(metric=["minutes"], threshold=[15.0], mode=["car"])  # 6.25 km
    assert travel_table(sites, areas, by_car, empty(SPECS["travel"]), VALUES)["site_id"].tolist() == ["S2"]


def test_given_travel_wins_and_is_completed():
    sites, areas = world()
    given = table(
        "travel",
        area_id=["A", "A", "B"],
        site_id=["S1", "S2", "S3"],
        mode=["walk", "walk", "walk"],
        km=[9.0, None, 1.2],
        minutes=[None, 7.0, None],
    )
    found = travel_table(sites, areas, standard(), given, VALUES).set_index(["area_id", "site_id"])
    assert found.loc[("A", "S1"), "km"] == 9.0
    assert math.isclose(found.loc[("A", "S1"), "minutes"], 9.0 / 4.8 * 60)
    assert (found.loc[("A", "S2"), "km"], found.loc[("A", "S2"), "minutes"]) == (0.0, 7.0)
    assert found.loc[("B", "S3"), "km"] == 1.2
    assert len(found) == 3


def test_no_standards_no_pairs():
    sites, areas = world()
    found = travel_table(sites, areas, empty(SPECS["standards"]), empty(SPECS["travel"]), VALUES)
    assert found.empty
    assert list(found.columns) == ["area_id", "site_id", "mode", "km", "minutes"]


def test_the_tree_finds_what_all_pairs_find():
    rng = np.random.default_rng(3)
    sites = table(
        "sites",
        site_id=[f"S{i}" for i in range(60)],
        easting=rng.uniform(0, 9e3, 60),
        northing=rng.uniform(0, 9e3, 60),
    )
    areas = table(
        "areas",
        area_id=[f"A{i}" for i in range(40)],
        population=[1] * 40,
        easting=rng.uniform(0, 9e3, 40),
        northing=rng.uniform(0, 9e3, 40),
    )
    found = travel_table(sites, areas, standard(threshold=[2.0]), empty(SPECS["travel"]), VALUES)
    slow = {
        (a.area_id, s.site_id): 1.3 * math.hypot(a.easting - s.easting, a.northing - s.northing) / 1000
        for a in areas.itertuples()
        for s in sites.itertuples()
    }
    slow = {pair: km for pair, km in slow.items() if km <= 2.0}
    assert {(row.area_id, row.site_id) for row in found.itertuples()} == set(slow)
    assert all(
        math.isclose(row.km, slow[row.area_id, row.site_id], rel_tol=1e-12) for row in found.itertuples()
    )
