"""The ranking of missing facts, with present values worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from small_tables import config, tables

from estate.config import HorizonSection
from estate.core.tables import SPECS
from estate.inputs.collect import COLLECT_COLUMNS, data_to_collect
from estate.inputs.load import estate_from_frames

# 1 + 1/1.035 + 1/1.035^2 (Green Book 3.5%)
THREE_YEARS = 1 + 1 / 1.035 + 1 / 1.035**2


def collected(**changes):
    settings = config(horizon=HorizonSection(decision_years=2, appraisal_years=3))
    found = data_to_collect(estate_from_frames(tables(**changes), settings), settings)
    return found.set_index(["site_id", "table", "column"])


def test_an_assumed_cost_swings_by_its_range_over_the_years():
    found = collected(
        running_costs={"site_id": ["001", "002"], "heading": ["", ""], "gbp_per_year": ["110000", "55000"]}
    )
    row = found.loc[("003", "running_costs", "gbp_per_year")]
    assert row[["value", "low", "high"]].tolist() == [
        96000,
        64000,
        144000,
    ]  # office of 800 m2 at 120, 80, 180
    assert row["swing_gbp"] == pytest.approx((144000 - 64000) * THREE_YEARS)
    assert "assumed" in row["why"]
    assert ("001", "running_costs", "gbp_per_year") not in found.index  # known, without a range


def test_an_assumed_area_drives_an_assumed_cost():
    found = collected(sites={"gia_m2": ["1000", "", "800", "", ""]}, running_costs=None)
    row = found.loc[("002", "sites", "gia_m2")]
    # 150 to 1500 m2 at 110 GBP/m2/year, and once 12 GBP/m2 clearing and 2 years x 25 GBP/m2 empty
    assert row["swing_gbp"] == pytest.approx(1350 * (110 * THREE_YEARS + 12 + 50))


def test_receipts_without_a_range_and_with_one():
    found = collected(
        valuations={
            "site_id": ["001", "003"],
            "receipt_gbp": ["500000", "100000"],
            "receipt_low_gbp": ["", "50000"],
            "receipt_high_gbp": ["", "150000"],
            "probability": ["1", "0.5"],
            "years_to_sell": ["2", "1"],
        }
    )
    assert found.loc[("001", "valuations", "receipt_gbp"), "swing_gbp"] == pytest.approx(200000 / 1.035**2)
    assert found.loc[("003", "valuations", "receipt_gbp"), "swing_gbp"] == pytest.approx(100000 * 0.5 / 1.035)


def test_what_nobody_has_looked_at_is_listed():
    found = collected(tenures={"tenure": ["freehold", "leasehold", "freehold"]})
    for fact in (("001", "brakes", "effect"), ("002", "tenures", "expiry"), ("C1", "sites", "step_free")):
        assert fact in found.index
    assert found.loc[("002", "tenures", "expiry"), "swing_gbp"] == pytest.approx(55000 * (1 + 1 / 1.035))
    bare = collected(tenures=None)
    # 1000 m2 at 150 GBP/m2 of dilapidations
    assert bare.loc[("001", "tenures", "tenure"), "swing_gbp"] == pytest.approx(150000)


def test_ranked_at_most_twenty_each_once():
    many = {
        "site_id": [f"S{i:02d}" for i in range(40)],
        "kind": ["office"] * 40,
        "gia_m2": [str(100 + i) for i in range(40)],
    }
    settings = config()
    frames = {"sites": pd.DataFrame(many)}
    found = data_to_collect(estate_from_frames(frames, settings), settings)
    assert list(found.columns) == list(COLLECT_COLUMNS)
    assert found["rank"].tolist() == list(range(1, 21))
    assert found["swing_gbp"].is_monotonic_decreasing
    assert found["site_id"].iloc[0] == "S39"
    assert not found.duplicated(["site_id", "table", "column"]).any()
    for row in found.itertuples():
        assert row.sensitivity == SPECS[row.table][row.column].sensitivity
