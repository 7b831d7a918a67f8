"""The straight-line default for cars beside published drive minutes: the error is that of docs/access.md."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estate.core.reference import default_assumptions

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
PLACES = {
    "Birmingham and the West Midlands": "birmingham_west_midlands",
    "Trafford": "trafford",
    "Cambridge": "cambridge_network",
}
BANDS = ((1, 5), (5, 20))


def pairs(shared: Path, folder: str) -> pd.DataFrame:
    """Return straight line [km], and published minutes, of every area and hospital."""
    base = shared / "real"
    places = base / "birmingham_west_midlands" / "stroke_hospital_coordinates.csv"
    hospitals = pd.read_csv(places).set_index("Postcode")
    areas = pd.read_csv(base / folder / "lsoa11_pop_weighted_centroids.csv").set_index("LSOA11NM")
    given = pd.read_csv(base / folder / "lsoa11_drive_minutes_to_stroke_hospitals.csv").set_index("LSOA")
    codes = [code for code in given if code in hospitals.index]
    minutes = given.loc[given.index.isin(areas.index), codes]
    here, there = areas.loc[minutes.index, ["x", "y"]], hospitals.loc[codes, ["Easting", "Northing"]]
    km = np.hypot(*(here.to_numpy()[:, None] - there.to_numpy()[None]).transpose(2, 0, 1)) / 1000
    return pd.DataFrame({"km": km.ravel(), "minutes": minutes.to_numpy(dtype=float).ravel()})


def told(shared: Path) -> dict[tuple[str, str], list[str]]:
    """Return the rows of the page: pairs, published median, error in the middle, nine in ten."""
    value = default_assumptions().set_index("name")["value"].astype(float)
    rows = {}
    for name, folder in PLACES.items():
        table = pairs(shared, folder)
        for low, high in BANDS:
            part = table[(table["km"] >= low) & (table["km"] < high)]
            if len(part) < 30:
                continue
            ours = part["km"] * value["circuity"] / value["car_speed_kmh"] * 60
            error = ours / part["minutes"] - 1
            figures = [f"{len(part):,}", f"{part['minutes'].median():.0f}", f"{error.median():+.0%}"]
            ninety = f"{error.abs().quantile(0.9):.0%}"
            rows[name, f"{low} to {high} km"] = [*figures, ninety]
    return rows


@pytest.mark.shared
def test_the_error_of_the_straight_line_is_as_the_page_tells(shared):
    cells = r" \| ".join(["([^|]+)", r"(\d+ to \d+ km)", *["([^|]+)"] * 4])
    rows = re.findall(rf"^\| {cells} \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {(name, band): figures for name, band, *figures in rows} == told(shared)
