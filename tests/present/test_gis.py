"""estate.gpkg read back by other programs."""

from __future__ import annotations

import math
import shutil
import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree  # noqa: ICN001

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from estate.present.audience import confidential_sites

if TYPE_CHECKING:
    from pathlib import Path

    from estate.core.result import Result


def _path(written: dict[str, Path], audience: str = "internal") -> Path:
    return written[audience] / "estate.gpkg"


TRAVEL = ("travel_before", "travel_after", "travel_change")


def test_layers_and_their_places(result: Result, written: dict[str, Path]) -> None:
    found = dict(pyogrio.list_layers(_path(written)))
    assert found == {
        "areas": "Point",
        "moves": "LineString",
        "sites": "Point",
        "hubs": "Point",
        **dict.fromkeys(TRAVEL, "Point"),
        "layer_styles": None,
    }
    sites = gpd.read_file(_path(written), layer="sites").set_index("site_id")
    assert sites.crs.to_epsg() == 27700
    given = result.estate.tables["sites"].set_index("site_id")
    assert (sites.geometry.x - given["easting"]).abs().max() == 0
    assert (sites.geometry.y - given["northing"]).abs().max() == 0


def test_moves_run_from_the_old_site_to_the_new(result: Result, written: dict[str, Path]) -> None:
    moves = gpd.read_file(_path(written), layer="moves")
    given = result.estate.tables["sites"].set_index("site_id")
    for move in moves.itertuples():
        (x0, y0), (x1, y1) = move.geometry.coords
        assert (x0, y0) == tuple(given.loc[move.from_site_id, ["easting", "northing"]])
        assert (x1, y1) == tuple(given.loc[move.to_site_id, ["easting", "northing"]])


def test_every_layer_has_one_default_style_that_is_xml(written: dict[str, Path]) -> None:
    styles = pyogrio.read_dataframe(_path(written), layer="layer_styles")
    assert sorted(styles["f_table_name"]) == ["areas", "hubs", "moves", "sites", *sorted(TRAVEL)]
    assert styles["useAsDefault"].all()
    assert (styles["f_geometry_column"] == "geom").all()
    for row in styles.itertuples():
        tree = ElementTree.fromstring(row.styleQML)  # noqa: S314 (written by ourselves)
        symbols = {s.get("name") for s in tree.iter("symbol")}
        used = {c.get("symbol") for c in tree.iter("category")} or {"0"}
        assert used == symbols, row.f_table_name


def test_styles_name_every_class_that_occurs(written: dict[str, Path]) -> None:
    styles = pyogrio.read_dataframe(_path(written), layer="layer_styles").set_index("f_table_name")
    for layer, column in (("sites", "map_class"), ("areas", "deprivation")):
        tree = ElementTree.fromstring(styles.loc[layer, "styleQML"])  # noqa: S314
        values = {c.get("value") for c in tree.iter("category")}
        assert set(gpd.read_file(_path(written), layer=layer)[column].fillna("")) <= values


def test_public_layers_lack_the_refuge(written: dict[str, Path]) -> None:
    sites = gpd.read_file(_path(written, "public"), layer="sites")
    assert "S001" in set(gpd.read_file(_path(written), layer="sites")["site_id"])
    assert "S001" not in set(sites["site_id"])
    moves = pd.DataFrame(gpd.read_file(_path(written, "public"), layer="moves").drop(columns="geometry"))
    assert not moves.isin(["S001"]).any().any()


@pytest.mark.tool
def test_gdal_reads_it(written: dict[str, Path]) -> None:
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("left out: GDAL's ogrinfo is not installed")
    done = subprocess.run(
        [program, "-al", "-so", str(_path(written))], capture_output=True, text=True, check=True
    )
    assert "Layer name: hubs" in done.stdout
    assert "British National Grid" in done.stdout
    assert "ERROR" not in done.stdout + done.stderr


def test_travel_is_the_mean_of_the_services(result: Result, written: dict[str, Path]) -> None:
    ways = result.serving["travel_change"]
    for layer, column, end in zip(
        TRAVEL, ("km_before", "km_after", "extra_km"), ("before", "after", "extra"), strict=True
    ):
        drawn = gpd.read_file(_path(written), layer=layer).set_index("area_id")
        assert list(drawn.columns[:4]) == ["name", "population", "mean_km", "class"]
        for area, part in ways.groupby("area_id"):
            known = [row[column] for row in part.to_dict("records") if not math.isnan(row["extra_km"])]
            assert drawn.loc[area, "mean_km"] == pytest.approx(sum(known) / len(known))
            library = part.set_index("service_id").loc["library", column]
            assert drawn.loc[area, f"library_{end}"] == pytest.approx(library)
    words = drawn["class"]
    assert (words[drawn["mean_km"] > 0.1].str.startswith("farther")).all()
    assert len(set(words)) > 1


def test_the_public_gets_no_way_to_a_confidential_place(result: Result, written: dict[str, Path]) -> None:
    secret = confidential_sites(result.estate.tables["sites"])
    ways = {who: pd.read_csv(folder / "travel_change.csv") for who, folder in written.items()}
    near = ["nearest_before", "nearest_after"]
    assert ways["internal"][near].isin(secret).any(axis=None)
    assert not ways["public"][near].isin(secret).any(axis=None)
    assert len(ways["public"]) == (~ways["internal"][near].isin(secret).any(axis=1)).sum()
