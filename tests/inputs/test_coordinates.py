"""Places in every form, against a published point and distances worked out by hand."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point, box
from small_tables import SMALL, issues_of, load, tables, write

from estate.config import DataSection
from estate.inputs.coordinates import postcode_points, postcode_table
from estate.inputs.sources import read_file

# Ordnance Survey's worked example in "A guide to coordinate systems in Great Britain" is the
# Caister water tower: E 651409.903, N 313177.270 = 52 39 27.2531 N, 1 43 4.5177 E on the
# Airy ellipsoid; in WGS84 (OSTN15) 52 39 28.72 N, 1 42 57.79 E.
CAISTER = (651409.903, 313177.270)
CAISTER_WGS84 = (1 + 42 / 60 + 57.79 / 3600, 52 + 39 / 60 + 28.72 / 3600)


def moved(x: float, y: float) -> dict[str, list]:
    """Columns of sites of which the first lies at (x, y)."""
    return {"easting": [x, *SMALL["sites"]["easting"][1:]], "northing": [y, *SMALL["sites"]["northing"][1:]]}


def test_longitude_and_latitude_become_metres(tmp_path):
    n = 5
    east, north = CAISTER_WGS84
    columns = {"easting": [""] * n, "northing": [""] * n, "longitude": [east] * n, "latitude": [north] * n}
    write(tmp_path / "tables", sites=columns, areas=None, standards=None)
    place = load(tmp_path).tables["sites"][["easting", "northing"]].to_numpy()[0]
    assert place == pytest.approx(CAISTER, abs=6.0)  # without the OSTN15 grid a few metres


def test_another_declared_crs(tmp_path):
    east, north = CAISTER_WGS84
    columns = {"easting": [east] * 5, "northing": [north] * 5}
    write(tmp_path / "tables", sites=columns, areas=None, standards=None)
    data = DataSection.model_validate({"folder": "tables", "crs": "EPSG:4326"})
    place = load(tmp_path, data=data).tables["sites"][["easting", "northing"]].to_numpy()[0]
    assert place == pytest.approx(CAISTER, abs=6.0)
    data = DataSection.model_validate({"folder": "tables", "crs": "EPSG:nonsense"})
    assert [issue.column for issue in issues_of(tmp_path, data=data)] == ["data.crs"]


@pytest.mark.parametrize(
    ("x", "y", "problem"),
    [
        ("290000", "400000", "has easting and northing the wrong way round"),
        ("-1.9", "52.5", "looks like degrees, not metres"),
        ("400000", "", "gives only one of easting and northing"),
        ("900000", "1500000", "is outside Great Britain"),
        ("400000", "520000", "is more than 100 km from the middle of the estate"),
    ],
)
def test_places_that_cannot_be(tmp_path, x, y, problem):
    write(tmp_path / "tables", sites=moved(x, y))
    found = issues_of(tmp_path)
    assert [(issue.row, issue.problem) for issue in found] == [(2, problem)]
    assert found[0].remedy


def test_axes_swapped_off_the_map_and_swapped_degrees(tmp_path):
    write(tmp_path / "tables", sites=moved("1200000", "300000"))
    assert [issue.problem for issue in issues_of(tmp_path)] == [
        "has easting and northing the wrong way round"
    ]
    degrees = {"longitude": ["52.5", "", "", "", ""], "latitude": ["-1.9", "", "", "", ""]}
    write(tmp_path / "tables", sites={**moved("", ""), **degrees})
    assert [issue.problem for issue in issues_of(tmp_path)] == [
        "has longitude and latitude the wrong way round"
    ]


@pytest.mark.parametrize("degrees", [False, True])
def test_postcodes_of_the_users_own_table(tmp_path, degrees):
    write(tmp_path / "tables", sites={**moved("", ""), "postcode": ["nr30 5tt", "", "", "", ""]})
    x, y = CAISTER_WGS84 if degrees else (400100.0, 290100.0)
    names = ["Long", "LAT"] if degrees else ["Eastings", "Northings"]
    pd.DataFrame([["NR30  5TT", x, y]], columns=["PCDS", *names]).to_csv(tmp_path / "pc.csv", index=False)
    data = DataSection.model_validate({"folder": "tables", "postcodes": "pc.csv"})
    if degrees:  # Caister is more than 100 km from the rest
        assert issues_of(tmp_path, data=data)[0].value.startswith("6514")
        return
    estate = load(tmp_path, data=data)
    assert estate.tables["sites"][["easting", "northing"]].to_numpy()[0].tolist() == [400100.0, 290100.0]
    assert "pc.csv" in estate.input_hashes


def test_postcodes_as_code_point_open_has_them(tmp_path):
    write(tmp_path / "tables", sites={**moved("", ""), "postcode": ["nr30 5tt", "", "", "", ""]})
    rows = "NR305TT,10,400100,290100,E92000001\nNR305TU,90,0,0,E92000001\n"
    (tmp_path / "nr.csv").write_text(rows, encoding="utf-8")
    estate = load(tmp_path, data=DataSection.model_validate({"folder": "tables", "postcodes": "nr.csv"}))
    assert estate.tables["sites"][["easting", "northing"]].to_numpy()[0].tolist() == [400100.0, 290100.0]
    points, _ = postcode_points(postcode_table(read_file(tmp_path / "nr.csv")[0].cells), "nr.csv")
    assert points.index.tolist() == ["NR305TT"]


def test_a_table_of_postcodes_without_places(tmp_path):
    write(tmp_path / "tables")
    (tmp_path / "pc.csv").write_text("postcode,town\nB1 1AA,Birmingham\n", encoding="utf-8")
    data = DataSection.model_validate({"folder": "tables", "postcodes": "pc.csv"})
    assert [issue.problem for issue in issues_of(tmp_path, data=data)] == ["is not a table of postcodes"]


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "parquet"])
@pytest.mark.parametrize("crs", ["EPSG:27700", "EPSG:4326", "EPSG:3857"])
def test_shapes_in_their_declared_crs(tmp_path, ending, crs):
    folder = write(tmp_path / "tables", areas=None)
    frame = tables()["areas"].drop(columns=["easting", "northing"])
    shapes = [box(e - 200, 289800, e + 200, 290200) for e in (400000, 401000, 402000)]
    shaped = gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:27700").to_crs(crs)
    path = folder / f"areas.{ending}"
    if ending == "parquet":
        shaped.to_parquet(path)
    else:
        shaped.to_file(path)
    areas = load(tmp_path).tables["areas"]
    assert areas["easting"].tolist() == pytest.approx([400000, 401000, 402000], abs=0.5)
    assert areas["northing"].tolist() == pytest.approx([290000] * 3, abs=0.5)
    assert areas["area_id"].tolist() == SMALL["areas"]["area_id"]


def test_shapes_of_areas_in_a_file_of_their_own_place_them(tmp_path):
    blank = {"easting": ["", "", ""], "northing": ["", "", ""]}
    write(tmp_path / "tables", areas=blank)
    assert {issue.problem for issue in issues_of(tmp_path)} == {"has no place"}
    codes = SMALL["areas"]["area_id"]
    shapes = [Point(e, 290000).buffer(50) for e in (402000, 401000, 400000)]
    frame = gpd.GeoDataFrame({"LSOA21CD": codes[::-1]}, geometry=shapes, crs="EPSG:27700")
    frame.to_file(tmp_path / "shapes.geojson")
    data = DataSection.model_validate({"folder": "tables", "area_shapes": "shapes.geojson"})
    estate = load(tmp_path, data=data)
    assert estate.tables["areas"]["easting"].tolist() == pytest.approx([400000, 401000, 402000], abs=0.5)
    assert len(estate.geometries["areas"]) == 3


def test_shapes_without_a_crs_are_refused(tmp_path):
    folder = write(tmp_path / "tables", areas=None)
    gpd.GeoDataFrame(tables()["areas"], geometry=[Point(0, 0)] * 3).to_file(folder / "areas.gpkg")
    assert "declares no coordinate system" in {issue.problem for issue in issues_of(tmp_path)}
