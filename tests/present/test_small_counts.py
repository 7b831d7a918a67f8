"""Counts of people for the public: small ones withheld, none to be found by subtraction."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from estate.present.access import _weights
from estate.present.small_counts import public_counts, public_headline
from estate.present.travel_maps import residents_of


def tables() -> dict[str, pd.DataFrame]:
    groups = {"residents": [1000.0, 996.0, 4.0], "worse_off": [104.0, 101.0, 3.0], "better_off": [0, 0, 0.0]}
    equality = pd.DataFrame(groups).assign(
        service_id="advice", year="2030/31", worse_1_to_2_km=[104, 101, 3.0], mean_extra_km=[1.2, 1.1, 1.9]
    )
    equality["worse_off_share"] = equality["worse_off"] / equality["residents"]
    equality["times_all_residents"] = equality["worse_off_share"] / 0.104
    equality["mean_km_after"] = [1.0, 1.0, 2.5]
    within = pd.DataFrame(
        {"residents": [1000.0, 1000.0], "share_before": [0.997, 0.5], "share_after": [0.997, 0.254]}
    ).assign(change=0.0)
    return {"equality": equality, "equality_standards": within, "fitness": pd.DataFrame({"yes": [1]})}


def test_small_counts_are_withheld_with_what_follows_from_them_and_others_are_rounded():
    shown = public_counts(tables(), 10)["equality"]
    assert shown["residents"].tolist()[:2] == [1000, 1000]
    assert shown["worse_off"].tolist()[:2] == [100, 100]
    assert shown["better_off"].tolist() == [0, 0, 0]
    assert shown["worse_1_to_2_km"].tolist()[:2] == [100, 100]
    assert shown["worse_off_share"].tolist()[:2] == [0.1, 0.1]
    assert shown["times_all_residents"].tolist()[:2] == [1, 1]
    few = shown.iloc[2][["residents", "worse_off", "worse_1_to_2_km", "mean_extra_km", "mean_km_after"]]
    assert few.isna().all()
    assert shown.loc[2, ["worse_off_share", "times_all_residents"]].isna().all()


def test_shares_in_reach_tell_no_small_count_on_either_side():
    shown = public_counts(tables(), 10)["equality_standards"]
    assert np.isnan(shown.loc[0, "share_before"]), "3 people would be told to be out of reach"
    assert shown.loc[1, ["share_before", "share_after", "change"]].round(9).tolist() == [0.5, 0.25, -0.25]


def test_the_key_of_the_maps_tells_residents_as_the_tables_do():
    shapes = pd.DataFrame(
        {"population": [1004.0, 2.0, 4.0], "shown": ["up to 1 km", "1 to 2 km", "1 to 2 km"]}
    )
    for audience, fewest, far, near in (("internal", 0, "6", "1,004"), ("public", 10, "withheld", "1,000")):
        view = SimpleNamespace(fewest_people=fewest, header=SimpleNamespace(audience=audience))
        assert residents_of(view, shapes) == {"1 to 2 km": far, "up to 1 km": near}


def test_nothing_is_changed_where_no_least_count_is_set_and_nothing_is_changed_in_place():
    given = tables()
    assert public_counts(given, 0)["equality"] is given["equality"]
    public_counts(given, 10)
    pd.testing.assert_frame_equal(given["equality"], tables()["equality"])


def test_the_public_is_told_of_deprived_urban_areas_though_values_of_assumptions_are_hidden():
    areas = pd.DataFrame({"area_id": ["a", "b", "c"], "population": [100, 50, 20], "imd_decile": [1, 1, 9]})
    areas = areas.assign(rurality=["urban", "rural", "urban"], imd_rank_share=[0.1, 0.1, np.nan])
    hidden = pd.DataFrame({"name": ["deprived_urban_share"], "value": [""]})
    view = SimpleNamespace(areas=areas, assumed=hidden, deprived_urban_share=0.15)
    assert _weights(view, "deprived_urban").tolist() == [100, 0, 0]


def test_headlines_that_count_people_are_rounded_and_small_ones_withheld():
    row = {"unit": "person", "value": 143_379.0, "denominator": 236_301.0, "share": 0.6068}
    shown = public_headline(row, 10)
    assert (shown["value"], shown["denominator"]) == (143_380, 236_300)
    assert shown["share"] == 143_380 / 236_300
    few = public_headline(row | {"value": 7.0}, 10)
    assert (few["value"], few["share"]) == ("withheld", "withheld")
    assert public_headline(row | {"unit": "site"}, 10)["value"] == 143_379
