"""The published register of Trafford: every figure that is known of it, from outside this program."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from estate.inputs.assembly import assemble
from estate.inputs.load import load_estate
from estate.inputs.outside import nearest_share_outside
from estate.inputs.register import check_register, read_register
from estate.settings import load_config

pytestmark = pytest.mark.shared
ROOT = Path(__file__).resolve().parents[2]
REGISTERED = 608


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "real" / "trafford"


@pytest.fixture(scope="module")
def config(shared: Path):
    return load_config(ROOT / "configs" / "trafford.yaml", shared=shared)


@pytest.fixture(scope="module")
def assembled(config):
    return assemble(*config)


@pytest.fixture(scope="module")
def estate(config):
    return load_estate(*config)


def test_the_bare_register(folder: Path) -> None:
    path = folder / "council_land_and_building_assets.csv"
    frames, funnel, issues, notes = check_register(path)
    assert issues == []
    counts = dict(zip(funnel["step"], funnel["sites"], strict=True))
    assert counts["Land without a building"] == 309
    assert counts["Let to others"] == 85
    assert counts["Held under another arrangement"] == 57
    assert counts["Vacant"] == 27
    assert counts["Schools"] == 54
    assert counts["Allotment sheds"] == 22
    occupied = REGISTERED - 309 - 85 - 57 - 27
    assert occupied == 130
    assert funnel["sites"].sum() == REGISTERED == len(frames["sites"])
    assert sum(funnel["sites"].iloc[4:]) == occupied
    assert funnel.iloc[-1]["step"] == "Decided"
    assert any("336 of 608 assets have no UPRN" in note and "at most 4" in note for note in notes)


def test_the_counts_are_those_of_the_raw_columns(folder: Path) -> None:
    """Counted again with the csv module alone, asset by asset."""
    path = folder / "council_land_and_building_assets.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        raw = {row["AssetCode"]: row for row in csv.DictReader(handle)}
    sites = read_register(path)[0].set_index("site_id")
    assert set(raw) == set(sites.index)
    for code, row in raw.items():
        detail, step = row["TenureDetail"].lower(), sites.loc[code, "step"]
        expected = {
            "leasehold out": "Let to others",
            "other": "Held under another arrangement",
            "vacant": "Vacant",
        }
        if row["HoldingType"] == "Land":
            assert step == "Land without a building"
        elif detail in expected:
            assert step == expected[detail]
        elif row["OtherDetail"] == "School":
            assert step == "Schools"
        elif row["OtherDetail"] == "Managed allotments":
            assert step == "Allotment sheds"
        else:
            assert step not in {*expected.values(), "Schools", "Allotment sheds", "Land without a building"}


def test_no_decided_site_is_land_let_a_school_or_an_allotment(assembled, folder: Path) -> None:
    sites = assembled[0]["sites"]
    decided = set(sites.loc[sites["scope"].isin(["decide", "surplus"]), "site_id"])
    with (folder / "council_land_and_building_assets.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if row["AssetCode"] in decided:
                assert row["HoldingType"] != "Land"
                assert row["TenureDetail"].lower() not in {"leasehold out", "other"}
                assert row["OtherDetail"] not in {"School", "Managed allotments"}


def test_the_funnel_adds_up_with_the_other_lists(assembled) -> None:
    frames, funnel, *_ = assembled
    of_register = funnel[funnel["part"] == "register"]
    assert of_register["sites"].sum() == REGISTERED
    assert funnel["sites"].sum() == len(frames["sites"])
    assert funnel.iloc[-1]["step"] == "Decided"
    decided = funnel.loc[funnel["step"] == "Decided", "sites"].sum()
    assert decided == (frames["sites"]["scope"] == "decide").sum()
    assert set(of_register.head(6)["sites"]) == {309, 85, 57, 27, 54, 22}


def test_the_register_keeps_every_one_of_its_ids(assembled, folder: Path) -> None:
    with (folder / "council_land_and_building_assets.csv").open(encoding="utf-8", newline="") as handle:
        codes = {row["AssetCode"] for row in csv.DictReader(handle)}
    sites = assembled[0]["sites"]
    assert sites["site_id"].is_unique
    assert codes <= set(sites["site_id"])


@pytest.mark.parametrize(
    ("asset", "record"),
    [
        ("TMBC0216", "library:altrincham-library"),
        ("TMBC0223/J0000022", "library:stretford-library"),
        ("TMBC0008/T0000001", "library:trafford-town-hall-library"),
        ("TMBC0082/K0000008", "childrens_centre:stretford-childrens-centre"),
        ("TMBC0154/J0000010", "leisure_centre:sale-leisure-centre"),
        ("TMBC0334", "school:springfield-primary-school"),
    ],
)
def test_known_buildings_are_merged(assembled, asset: str, record: str) -> None:
    matches = assembled[2]
    row = matches[(matches["left_id"] == asset) & (matches["right_id"] == record)]
    assert row["decision"].tolist() == ["merge"]
    assert record not in set(assembled[0]["sites"]["site_id"])


def test_a_surgery_in_a_library_is_asked_and_counts_once(assembled) -> None:
    frames, _, matches, *_ = assembled
    row = matches[matches["right_id"] == "gp_surgery:park-medical-practice"]
    assert row.loc[row["left_id"] == "TMBC0224/TN000077", "decision"].tolist() == ["ask"]
    sites = frames["sites"].set_index("site_id")
    assert "gp_surgery:park-medical-practice" not in sites.index
    assert "unresolved" in sites.loc["TMBC0224/TN000077", "scope_reason"]


def test_every_near_pair_is_answered(assembled, folder: Path) -> None:
    """Every library and surgery within 100 m of an asset is in matches: all pairs, in plain arithmetic."""
    frames, _, matches, *_ = assembled
    register = read_register(folder / "council_land_and_building_assets.csv")[0].dropna(subset=["easting"])
    pairs = set(zip(matches["left_id"], matches["right_name"], strict=True))
    for name in ("libraries_trafford.csv", "general_practices.csv"):
        for place in pd.read_csv(folder / name).itertuples():
            for asset in register.itertuples():
                north = (asset.latitude - place.lat) * 111_250.0
                east = (asset.longitude - place.lon) * 111_320.0 * math.cos(math.radians(place.lat))
                if math.hypot(east, north) < 98.0:
                    assert (asset.site_id, place.name) in pairs
    assert len(frames["sites"])


def test_no_library_service_where_the_councils_own_list_has_none(assembled) -> None:
    sites = assembled[0]["sites"].set_index("site_id")
    assert sites.loc["TMBC0218/J0000003", "name"] == "Davyhulme Library"
    assert sites.loc["TMBC0218/J0000003", "scope"] == "out"
    provisions = assembled[0]["provisions"]
    inside = sites.index[sites["status"] != "outside"]
    libraries = provisions[(provisions["service_id"] == "library") & provisions["site_id"].isin(inside)]
    assert (
        len(libraries) == 12
    )  # 13 on the list, of which Sale Library and the Local Studies Centre may be one


def test_residents(assembled, folder: Path) -> None:
    areas = assembled[0]["areas"].set_index("area_id")
    assert len(areas) == 139
    assert areas["population"].sum() == 236_301
    imd = pd.read_csv(folder / "lsoa11_imd2019.csv", index_col=0).iloc[:, -1]
    same = areas.index.intersection(imd.index)
    assert len(same) == 137  # one area of 2011 was split in two
    assert (areas.loc[same, "imd_decile"] == imd[same]).all()
    assert any("published 236,301: the same" in note for note in assembled[6])


def test_centroids_lie_in_their_areas_of_2021(assembled, folder: Path) -> None:
    import geopandas as gpd

    shapes = gpd.read_file(folder / "lsoa21_boundaries.geojson").to_crs(27700).set_index("area_code")
    areas = assembled[0]["areas"].set_index("area_id")
    points = gpd.GeoSeries(
        gpd.points_from_xy(areas["easting"], areas["northing"], crs=27700), index=areas.index
    )
    away = points.distance(shapes.geometry.reindex(areas.index))
    assert (away < 150).sum() >= 138
    assert away.max() < 1_000


def test_a_quarter_live_nearer_to_a_jobcentre_outside(estate, folder: Path) -> None:
    share = nearest_share_outside(estate, "benefits")
    assert share == pytest.approx(0.25, abs=0.01)
    # Again by great circles from the published degrees, all jobcentres of Greater Manchester.
    jobs = pd.read_csv(folder / "jobcentres_greater_manchester.csv")
    areas = estate.tables["areas"]
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(27700, 4326, always_xy=True).transform(
        areas["easting"].to_numpy(), areas["northing"].to_numpy()
    )
    outside = 0.0
    for x, y, people in zip(lon, lat, areas["population"], strict=True):
        squares = ((jobs["lon"] - x) * math.cos(math.radians(y))) ** 2 + (jobs["lat"] - y) ** 2
        outside += people * (jobs.loc[squares.idxmin(), "area_name"] != "Trafford")
    assert share == pytest.approx(outside / areas["population"].sum(), abs=0.005)
    assert any(f"{share:.1%} of residents live nearer" in note for note in estate.notes)


def test_the_loaded_estate_starts_with_what_is_not_known(estate) -> None:
    assert estate.notes[0].startswith("The running cost is known for 0 of ")
    assert "floor area" in estate.notes[1]
    of_register = estate.funnel[estate.funnel["part"] == "register"]
    assert of_register["sites"].sum() == REGISTERED
    sites = estate.tables["sites"]
    decided = sites[sites["scope"] == "decide"]
    assert estate.funnel.loc[estate.funnel["step"] == "Decided", "sites"].sum() == len(decided)
    assert set(decided["status"]) == {"existing"}
    costs = estate.tables["running_costs"].merge(sites, on="site_id")
    assert set(costs["scope"]) <= {"decide", "surplus", "keep"}
    assert not set(costs["kind"]) & {"land", "let_property", "school", "allotment"}


def test_a_childrens_home_is_confidential(estate) -> None:
    sites = estate.tables["sites"]
    home = sites[sites["name"].str.contains("Childrens Home")]
    assert len(home) == 1
    assert home["confidential"].all()
    assert set(home["scope"]) == {"out"}


def test_the_shapes_of_areas_are_named(estate) -> None:
    assert set(estate.geometries["areas"]["area_id"]) == set(estate.tables["areas"]["area_id"])
    assert len(estate.geometries["boundary"]) == 1


def test_answers_change_what_counts_once(config, tmp_path: Path) -> None:
    loaded, base = config
    answers = tmp_path / "matches.csv"
    answers.write_text(
        "left_id,right_id,decision\nTMBC0224/TN000077,gp_surgery:park-medical-practice,apart\n",
        encoding="utf-8",
    )
    data = loaded.data.model_copy(update={"matches": answers})
    frames, *_ = assemble(loaded.model_copy(update={"data": data}), base)
    assert "gp_surgery:park-medical-practice" in set(frames["sites"]["site_id"])


def test_the_options_of_ours_belong_to_assets_of_the_register(estate) -> None:
    options = estate.tables["hub_options"]
    sites = estate.tables["sites"].set_index("site_id")
    assert set(options["site_id"]) <= set(sites.index)
    room = options.set_index("site_id")["room_nia_m2"]
    assert (room > sites["nia_m2"].reindex(room.index)).all()


def test_nothing_of_the_register_is_copied_here(folder: Path) -> None:
    """Only the references of single assets stand in our files, never a UPRN or a coordinate."""
    ours = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "configs" / "trafford").iterdir())
    with (folder / "council_land_and_building_assets.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert not [row["UPRN"] for row in rows if row["UPRN"] and row["UPRN"] in ours]
    assert not [row["GeoX"] for row in rows if row["GeoX"] and row["GeoX"] in ours]
    assert json.dumps(ours)
