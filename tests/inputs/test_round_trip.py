"""A conformed table written to any format comes back unchanged."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from estate.core.cells import clean_text
from estate.core.tables import SPECS, Column, TableSpec, conform, empty
from estate.core.types import Estate
from estate.inputs.sources import read_file
from estate.inputs.tabular import locate
from estate.inputs.template import write_template

TABLES = ("sites", "tenures", "hub_options", "budgets", "running_costs", "areas")


def is_clean(text: str) -> bool:
    return clean_text(pd.Series([text], dtype=object))[0] == text


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=12).filter(is_clean)
IDS = st.one_of(st.from_regex(r"0{0,3}[0-9]{1,6}", fullmatch=True), WORDS.filter(bool))


def values(column: Column) -> st.SearchStrategy:
    """Every value that the column accepts, blanks among them."""
    if column.allowed and column.type == "enum":
        return st.sampled_from(["", *column.allowed])
    if column.type == "boolean":
        return st.booleans()
    if column.type == "date":
        return st.one_of(st.just(""), st.dates(dt.date(1000, 1, 1), dt.date(9998, 12, 31)).map(str))
    if column.is_text:
        return IDS if column.required else WORDS
    low = -1e9 if np.isnan(column.minimum) else column.minimum
    high = 1e9 if np.isnan(column.maximum) else column.maximum
    if column.type == "year":
        number: st.SearchStrategy = st.integers(2000, 2100)
    elif column.type == "integer":
        number = st.integers(int(low), int(high))
    else:
        number = st.floats(low, high, allow_nan=False)
    return number if column.required else st.one_of(st.just(""), number)


@st.composite
def conformed(draw: st.DrawFn) -> tuple[TableSpec, pd.DataFrame]:
    spec = SPECS[draw(st.sampled_from(TABLES))]
    rows = draw(
        st.lists(
            st.tuples(*(values(column) for column in spec.columns)),
            min_size=1,
            max_size=4,
            unique_by=lambda row: row[0],
        )
    )
    frame, issues = conform(pd.DataFrame(rows, columns=spec.names, dtype=object), spec, spec.name)
    assert issues == []
    return spec, frame


def write_as(frame: pd.DataFrame, spec: TableSpec, path: Path) -> None:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False, encoding="utf-8")
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".xlsx":
        tables = {name: empty(other) for name, other in SPECS.items()} | {spec.name: frame}
        nothing = pd.DataFrame()
        write_template(path, Estate(tables, nothing, nothing, nothing, {}))
    else:
        dates = {name: frame[name].astype(str).replace("NaT", "") for name in frame.select_dtypes("datetime")}
        points = [Point(400000 + i, 290000) for i in range(len(frame))]
        gpd.GeoDataFrame(frame.assign(**dates), geometry=points, crs="EPSG:27700").to_file(path)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".xlsx", ".gpkg", ".geojson"])
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(table=conformed())
def test_written_and_read_back_unchanged(ending, table):
    spec, frame = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{spec.name}{ending}"
        write_as(frame, spec, path)
        sheets = [
            sheet for sheet in read_file(path) if sheet.name.casefold().replace(" ", "_") in {"", spec.name}
        ]
        raw, issues, _ = locate(sheets[0], spec, path.name)
        again, more = conform(raw, spec, path.name)
    assert issues + more == []
    pd.testing.assert_frame_equal(again, frame)
