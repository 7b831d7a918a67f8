"""Areas carried between vintages of codes, on tables small enough to work out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from estate.config import Config, DataSection
from estate.inputs.load import load_estate
from estate.inputs.outside import nearest_share_outside
from estate.inputs.residents import read_residents

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "people.csv": (
        "area_code,area_name,sex,all_ages,aged_65_and_over\n"
        "N1,One,Females,60,10\nN1,One,Males,40,10\nN1,One,Persons,100,20\n"
        "N2,Two,Females,100,50\nN2,Two,Males,100,0\nN2,Two,Persons,200,50\n"
        "N3,Three,Females,200,3\nN3,Three,Males,200,0\nN3,Three,Persons,400,3\n"
    ),
    # O1 was split into N1 and N2; O2 and O3 were merged into N3.
    "lookup.csv": "LSOA11CD,LSOA11NM,LSOA21CD\nO1,a,N1\nO1,a,N2\nO2,b,N3\nO3,c,N3\n",
    "centroids.csv": "LSOA11CD,x,y\nO1,400000,300000\nO2,401000,301000\nO3,402000,304000\n",
    "weights.csv": "Code,Mid-2018 population\nO1,300\nO2,300\nO3,100\n",
    "ranks.csv": "LSOA code (2011),Index of Multiple Deprivation (IMD) Rank\nO1,3284\nO2,3285\nO3,32844\n",
    "cars.csv": (
        "area_code,availability_category,value\n"
        "N1,No cars or vans in household,10\nN1,1 car,30\nN2,No cars or vans in household,0\nN2,1 car,5\n"
        "N3,No cars or vans in household,3\nN3,1 car,1\nN3,Total,4\n"
    ),
    "zones.csv": (
        "lsoa_code,locality,postcode\nN1,North,M33 1AA\nN1,South,M34 1AA\nN1,North,m331AB\n"
        "N2,South,WA14 5XY\nN3,North,M3 1AA\n"
    ),
    "ruc.csv": "LSOA11CD,RUC11CD,RUC11\nO1,C1,Urban city\nO2,D1,Rural town\nO3,A1,Urban conurbation\n",
    # O2 and O3 together: 400 persons on 3 km2, by their 300 / 150 + 100 / 100.
    "density.csv": "Code,Mid-2018 population,People per Sq Km\nO1,300,5000\nO2,300,150\nO3,100,100\n",
}
RECIPE = {
    "population": "people.csv", "filter": {"sex": "Persons"}, "centroids": "centroids.csv",
    "lookup": "lookup.csv",
    "weights": "weights.csv", "deprivation": "ranks.csv", "cars": "cars.csv", "zones": "zones.csv",
    "zone": "locality", "vintage": "NEW", "published_total": 700,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_splits_and_merges_are_carried_over(folder: Path) -> None:
    areas, issues, notes, _ = read_residents(RECIPE, folder)
    assert issues == []
    areas = areas.set_index("area_id")
    assert areas["population"].to_dict() == {"N1": 100, "N2": 200, "N3": 400}
    assert areas.loc["N1", ["easting", "northing"]].tolist() == [400_000, 300_000]
    # (300 x 401000 + 100 x 402000) / 400 and (300 x 301000 + 100 x 304000) / 400
    assert areas.loc["N3", ["easting", "northing"]].tolist() == [401_250, 301_750]
    # Rank 3284 of 32844 ends the first tenth; (300 x 3285 + 100 x 32844) / 400 = 10674.75 is in the 4th.
    assert areas["imd_decile"].to_dict() == {"N1": 1, "N2": 1, "N3": 4}
    assert areas["imd_rank_share"].tolist() == pytest.approx([3284 / 32844, 3284 / 32844, 10674.75 / 32844])
    assert areas["over65_share"].to_dict() == {"N1": 0.2, "N2": 0.25, "N3": 0.0075}
    assert areas["no_car_share"].to_dict() == {"N1": 0.25, "N2": 0.0, "N3": 0.75}
    assert areas["zone"].to_dict() == {"N1": "North", "N2": "South", "N3": "North"}
    assert areas["postcode_district"].to_dict() == {"N1": "M33", "N2": "WA14", "N3": "M3"}
    assert "rurality" not in areas
    assert "700 residents in 3 areas; published 700: the same." in notes[0]
    assert "2 come from an area that was split" in notes[1]
    assert "1 from areas that were merged" in notes[1]


def problems(folder: Path, **changes: object) -> list[str]:
    recipe = {name: value for name, value in (RECIPE | changes).items() if value is not None}
    return [str(issue) for issue in read_residents(recipe, folder)[1]]


def test_totals_beside_parts_are_refused_with_the_filter_that_mends_it(folder: Path) -> None:
    (said,) = problems(folder, filter={})
    assert "totals beside parts" in said
    assert "data.residents.filter: {sex: ...} (Females, Males, Persons)" in said


def test_mixed_vintages_without_a_lookup_are_refused(folder: Path) -> None:
    said = problems(folder, lookup=None)
    assert len(said) == 2
    assert all("lookup" in one and "vintage" in one for one in said)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"population": "absent.csv"}, "is not a file"),
        ({"persons": "Everybody"}, "is no header"),
        ({"filter": {"gender": "Persons"}}, "is no header"),
        ({"filter": {"sex": "persons in all"}}, "has no rows left"),
        ({"no_car": "pedestrian"}, "is in no category"),
        ({"zone": "ward"}, "is no header"),
        ({"centroid": "x.csv"}, "is not accepted"),
        ({"weights": "people.csv"}, "comes twice"),
        ({"weights": None, "rural_below_per_km2": 300}, "is needed for density"),
        ({"rural_below_per_km2": 300}, "is not among the headers"),
        ({"rurality": "ranks.csv"}, "is not among the headers"),
    ],
)
def test_every_mistake_says_how_to_mend_it(folder: Path, changes: dict[str, object], words: str) -> None:
    said = problems(folder, **changes)
    assert any(words in one for one in said)


def rurality(folder: Path, **more: object) -> tuple[dict[str, str], list[str]]:
    areas, issues, notes, _ = read_residents(RECIPE | more, folder)
    assert issues == []
    return areas.set_index("area_id")["rurality"].to_dict(), notes


def test_urban_and_rural_come_by_class_of_either_vintage_or_by_density(folder: Path) -> None:
    # 300 of the 400 persons of N3 lived in O2, a rural town.
    carried = {"N1": "urban", "N2": "urban", "N3": "rural"}
    assert rurality(folder, rurality="ruc.csv")[0] == carried
    (folder / "ruc.csv").write_text(
        "LSOA21CD,RUC21CD\nN1,UN1\nN2,RSN1\nN3,Larger rural: further from a city\n", encoding="utf-8"
    )
    assert rurality(folder, rurality="ruc.csv")[0] == {"N1": "urban", "N2": "rural", "N3": "rural"}
    by_density, notes = rurality(folder, weights="density.csv", rural_below_per_km2=134)
    assert by_density == carried
    assert "Assumed: areas with fewer than 134 persons per km2 are rural" in " ".join(notes)
    assert rurality(folder, weights="density.csv", rural_below_per_km2=133)[0]["N3"] == "urban"


def test_a_wrong_total_is_said(folder: Path) -> None:
    notes = read_residents(RECIPE | {"published_total": 707}, folder)[2]
    assert "a difference of -7" in notes[0]


def test_the_order_of_rows_changes_nothing(folder: Path) -> None:
    before = read_residents(RECIPE, folder)[0]
    for name, text in FILES.items():
        header, *rows = text.strip().split("\n")
        (folder / name).write_text("\n".join([header, *rows[::-1]]) + "\n", encoding="utf-8")
    pd.testing.assert_frame_equal(before, read_residents(RECIPE, folder)[0])


def test_share_of_residents_nearer_to_a_place_outside() -> None:
    sites = pd.DataFrame(
        {"site_id": ["in", "out", "other"], "status": ["existing", "outside", "outside"],
         "easting": [0.0, 1000.0, 1.0], "northing": 0.0}
    )  # fmt: skip
    provisions = pd.DataFrame({"site_id": ["in", "out"], "service_id": ["benefits", "benefits"]})
    areas = pd.DataFrame({"easting": [0.0, 500.0, 900.0], "northing": 0.0, "population": [10.0, 20.0, 30.0]})
    estate = SimpleNamespace(tables={"sites": sites, "provisions": provisions, "areas": areas})
    # Half way counts as inside: 30 of 60.
    assert nearest_share_outside(estate, "benefits") == pytest.approx(0.5)


def test_the_recipe_makes_the_areas_of_tables_of_ones_own(folder: Path) -> None:
    (folder / "t").mkdir()
    sites = "site_id,kind,easting,northing,gia_m2\nA,library,400100,300000,300\n"
    (folder / "t" / "sites.csv").write_text(sites, encoding="utf-8")
    data = DataSection(folder="t", residents=RECIPE)
    estate = load_estate(Config(name="x", data=data), folder)
    assert estate.tables["areas"].set_index("area_id")["population"].to_dict() == {
        "N1": 100,
        "N2": 200,
        "N3": 400,
    }
    assert "people.csv" in estate.input_hashes
    (folder / "t" / "areas.csv").write_text("area_id,population,easting,northing\nZ,5,400000,300000\n")
    assert load_estate(Config(name="x", data=data), folder).tables["areas"]["area_id"].tolist() == ["Z"]
