"""Given matrices of travel: every layout and unit, and what is wrong with them."""

from __future__ import annotations

import math
import statistics

import pandas as pd
import pytest
from small_tables import tables

from estate.config import Config
from estate.core.errors import InputError
from estate.inputs.load import load_estate

MINUTES = {("E01000001", "001"): 2.0, ("E01000001", "002"): 5.0, ("E01000002", "001"): 6.0}
MINUTES |= {("E01000002", "002"): 2.5, ("E01000003", "001"): 9.0, ("E01000003", "002"): 6.5}


def wide(factor: float = 1.0) -> pd.DataFrame:
    table = pd.Series(MINUTES).unstack() * factor  # noqa: PD010 - a matrix is what is tested
    return table.rename_axis("LSOA").reset_index()


def long(factor: float = 1.0) -> pd.DataFrame:
    table = pd.Series(MINUTES).mul(factor).rename("travel_time").rename_axis(["origin", "destination"])
    return table.reset_index()


def load(folder, frame: pd.DataFrame, *more: pd.DataFrame, travel: pd.DataFrame | None = None, **options):
    given = tables()
    standards = given["standards"].assign(mode="car", metric="minutes", threshold="10")
    for name, table in (given | {"standards": standards}).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    if travel is not None:
        travel.to_csv(folder / "travel.csv", index=False)
    matrices = []
    (folder / "matrices").mkdir(exist_ok=True)
    for number, table in enumerate([frame, *more]):
        table.to_csv(folder / "matrices" / f"m{number}.csv", index=False)
        matrices.append({"file": f"matrices/m{number}.csv", **options})
    config = Config.model_validate({"name": "m", "data": {"folder": ".", "matrices": matrices}})
    return load_estate(config, folder)


def minutes_of(estate) -> dict[tuple[str, str], float]:
    rows = estate.tables["travel"].set_index(["area_id", "site_id"])["minutes"]
    return {key: float(value) for key, value in rows.items()}


@pytest.mark.parametrize(
    ("frame", "options"),
    [
        (wide(), {}),
        (long(), {}),
        (wide(60), {"unit": "seconds"}),
        (long(1 / 60), {"unit": "hours"}),
        (wide(), {"layout": "wide", "area": "LSOA"}),
        (long(), {"area": "origin", "site": "destination", "value": "travel_time"}),
        (wide().rename(columns={"001": "Town library", "002": "mill library"}), {}),
        (wide().assign(OUTSIDE=1.0), {}),
        (pd.concat([wide(), wide().assign(LSOA="E01999999")]), {}),
    ],
)
def test_layouts_units_and_names(tmp_path, frame, options):
    found = minutes_of(load(tmp_path, frame, **options))
    assert found == pytest.approx(MINUTES)


def test_distances_and_times_of_two_files_make_one_table(tmp_path):
    estate = load(tmp_path, wide(), mode="Car")
    assert set(estate.tables["travel"]["mode"]) == {"car"}
    assert estate.tables["travel"]["km"].isna().all()
    used = estate.area_km.set_index(["area_id", "site_id"])
    assert used.loc[("E01000003", "002"), "minutes"] == 6.5
    assert used.loc[("E01000003", "002"), "km"] == pytest.approx((1000**2 + 500**2) ** 0.5 / 1000 * 1.3)


def test_metres_become_km_and_a_given_pair_wins(tmp_path):
    km = wide().assign(**{"001": [700.0, 1500, 2900], "002": [1500.0, 700, 1500]})
    own = pd.DataFrame({"area_id": ["E01000001"], "site_id": ["001"], "mode": ["car"], "km": ["0.66"]})
    estate = load(tmp_path, km, unit="metres", travel=own)
    rows = estate.tables["travel"].set_index(["area_id", "site_id"])["km"]
    assert rows.loc[("E01000001", "001")] == 0.66
    assert rows.loc[("E01000003", "001")] == 2.9


def test_missing_pairs_are_counted(tmp_path):
    frame = wide()
    frame.loc[1, "002"] = None
    estate = load(tmp_path, frame)
    note = next(note for note in estate.notes if "m0.csv has no figure" in note)
    # of 3 areas x (three provisions' sites, the host and the candidate), 5 pairs are given
    assert "10 of 15 pairs of areas and serving sites by car" in note
    assert "3 sites (003, C1, H1)" in note


def test_a_square_matrix_that_is_not_symmetric_is_told(tmp_path):
    frame = pd.DataFrame({"LSOA": ["001", "002"], "001": [0.0, 9.0], "002": [5.0, 0.0]})
    own = pd.concat([wide().astype({"LSOA": str}), frame])
    estate = load(tmp_path, own)
    assert any("001 to 002 (5 there, 9 back)" in note for note in estate.notes)


def test_a_list_of_pairs_with_both_ways_is_told_too(tmp_path):
    pairs = long()
    back = pairs.head(1).set_axis(["b", "a", *pairs.columns[2:]], axis=1)
    back = back.rename(columns={"a": pairs.columns[0], "b": pairs.columns[1]})[pairs.columns]
    back.iloc[0, 2] = 60.0
    estate = load(tmp_path, pd.concat([pairs.astype({pairs.columns[2]: float}), back]))
    assert any("is not symmetric: 1 pairs" in note and "swap the two" in note for note in estate.notes)


def test_how_far_given_km_are_beyond_the_straight_line_is_told(tmp_path):
    estate = load(tmp_path, wide(0.4), unit="km")
    told = [note for note in estate.notes if "see that they are not minutes" in note]
    at = {name: estate.tables[name].set_index(f"{name[:-1]}_id") for name in ("areas", "sites")}
    ratios = []
    for (area, site), minutes in MINUTES.items():
        here, there = at["areas"].loc[area], at["sites"].loc[site]
        metres = math.hypot(here["easting"] - there["easting"], here["northing"] - there["northing"])
        ratios += [0.4 * minutes * 1000 / metres] if metres >= 1000 else []
    assert [f"by car are {statistics.median(ratios):.2f} times" in note for note in told] == [True]


@pytest.mark.parametrize(
    ("frame", "options", "told"),
    [
        (wide().assign(**{"001": [2, -6, 9]}), {}, "m0.csv row 3, 001: -6 is negative"),
        (wide().assign(**{"001": ["2", "far", "9"]}), {}, "m0.csv row 3, 001: far is no figure"),
        (wide(), {"unit": "km"}, "times the straight line in the middle: not km"),
        (
            wide().assign(**{"001": [0.6, 1.5, 1.2], "002": [1.4, 0.6, 1.5]}),
            {"unit": "km"},
            "in the middle, and 25% are shorter than it: not km",
        ),
        (wide(), {"unit": "seconds"}, "km/h in a straight line in the middle: not minutes"),
        (wide(60), {}, "km/h in a straight line in the middle: not minutes"),
        (wide().rename(columns={"001": "X", "002": "Y"}), {"layout": "wide"}, "no column named after a site"),
        (wide().rename(columns={"001": "X", "002": "Y"}), {}, "names no site of the estate"),
        (wide().assign(LSOA=["x", "y", "z"]), {}, "names no area of the estate"),
        (wide(), {"area": "OA"}, "is no column of it; correct area of the matrix"),
        (long(), {"value": "minutes"}, "is no column of figures in it"),
        (wide().set_axis(["LSOA", "001", "001"], axis=1), {}, "is the header of two columns"),
        (wide().iloc[:0], {}, "has no rows under a header"),
    ],
)
def test_what_is_wrong_is_told_with_the_remedy(tmp_path, frame, options, told):
    with pytest.raises(InputError) as caught:
        load(tmp_path, frame, **options)
    assert told in str(caught.value)
    assert all(issue.remedy for issue in caught.value.issues)


@pytest.mark.shared
def test_drive_minutes_of_trafford_by_name_of_area(shared, tmp_path):
    """The published matrix names areas by their names and hospitals by postcodes without spaces."""
    folder = shared / "real" / "trafford"
    centroids = pd.read_csv(folder / "lsoa11_pop_weighted_centroids.csv")
    given = pd.read_csv(folder / "lsoa11_drive_minutes_to_stroke_hospitals.csv").set_index("LSOA")
    hospitals = pd.read_csv(shared / "real" / "birmingham_west_midlands" / "stroke_hospital_coordinates.csv")
    near = hospitals[hospitals["Postcode"].isin(["M68HD", "SK27JE", "OL12JH"])]
    assert len(near) >= 2
    pd.DataFrame(
        {
            "site_id": near["Postcode"].map(lambda code: f"H-{code}"),
            "postcode": near["Postcode"],
            "kind": "clinic",
            "partner_id": "nhs",
            "gia_m2": 500,
            "easting": near["Easting"],
            "northing": near["Northing"],
        }
    ).to_csv(tmp_path / "sites.csv", index=False)
    pd.DataFrame(
        {
            "area_id": centroids["LSOA11CD"],
            "name": centroids["LSOA11NM"],
            "population": 1500,
            "easting": centroids["x"],
            "northing": centroids["y"],
        }
    ).to_csv(tmp_path / "areas.csv", index=False)
    matrix = {"file": str(folder / "lsoa11_drive_minutes_to_stroke_hospitals.csv"), "mode": "car"}
    config = Config.model_validate({"name": "m", "data": {"folder": ".", "matrices": [matrix]}})
    rows = load_estate(config, tmp_path).tables["travel"].set_index(["area_id", "site_id"])["minutes"]
    assert len(rows) == len(centroids) * len(near)
    one = centroids.iloc[17]
    for code in near["Postcode"]:
        assert rows.loc[(one["LSOA11CD"], f"H-{code}")] == given.loc[one["LSOA11NM"], code]
