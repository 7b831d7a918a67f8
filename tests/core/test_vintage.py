"""Dated tables: the worked figures of domain.md 1, and tables of one's own."""

from __future__ import annotations

import numpy as np
import pytest

from estate.core import vintage
from estate.core.errors import ConfigError
from estate.core.money import discount_factors


def test_the_deflator_is_the_published_index():
    index = vintage.price_index("hmt_2025_12", np.array([2019, 2023, 2024, 2026]), 0.02)
    assert index.tolist() == pytest.approx([81.1085, 96.2507, 100, 104.04])
    with pytest.raises(ConfigError, match="reach back"):
        vintage.price_index("hmt_2025_12", np.array([2018]), 0.02)


def test_carbon_values_are_those_published_and_grow_on():
    years = np.array([2024, 2030, 2032, 2050, 2060])
    central, prices = vintage.carbon_values("desnz_2023_11", "central", years)
    assert prices == 2022
    assert central[[0, 1, 3]].tolist() == [268.97, 294.50, 397.54]
    assert central[2] == pytest.approx(294.50 + 0.4 * (317.62 - 294.50))
    assert central[4] == pytest.approx(397.54 * (397.54 / 369.02) ** 2)
    low, _ = vintage.carbon_values("desnz_2023_11", "low", years[:1])
    assert low[0] == pytest.approx(268.97 / 2, abs=0.001)


def test_optimism_bias_of_a_mix_is_weighted():
    mixed = vintage.optimism_bias(
        "mott_macdonald_2002", {"non_standard_buildings": 3, "standard_buildings": 7}
    )
    assert round(mixed["capital_upper"], 3) == 0.321
    assert mixed["duration_upper"] == pytest.approx(0.145)
    with pytest.raises(ConfigError, match="cathedral"):
        vintage.optimism_bias("mott_macdonald_2002", {"cathedral": 1})
    with pytest.raises(ConfigError, match="nothing"):
        vintage.optimism_bias("mott_macdonald_2002", {"standard_buildings": 0})


def test_a_table_of_ones_own(tmp_path):
    path = tmp_path / "ours.csv"
    path.write_text("from_year,to_year,rate\n0,30,0.05\n31,9999,0.04\n", encoding="utf-8")
    assert discount_factors(str(path), 3).tolist() == pytest.approx([1, 1 / 1.05, 1 / 1.05**2])
    assert vintage.label(str(path)) == "ours"
    assert vintage.read("discount_rates", str(path))["source"].tolist() == ["ours.csv"] * 2


def test_a_table_that_cannot_be_read_says_why(tmp_path):
    path = tmp_path / "ours.csv"
    path.write_text("year,index\n2027,many\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ours.csv row 2, index: many is not a number"):
        vintage.read("deflators", str(path))
    with pytest.raises(ConfigError, match="rate: is missing"):
        vintage.read("discount_rates", str(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        vintage.read("deflators", str(tmp_path / "absent.csv"))
    with pytest.raises(ConfigError, match="is not a vintage"):
        vintage.read("deflators", "hmt_1066")


@pytest.mark.parametrize("table", list(vintage.COLUMNS))
def test_every_row_that_ships_has_a_source(table):
    for name in vintage.names(table):
        rows = vintage.read(table, name)
        assert set(vintage.COLUMNS[table]) <= set(rows.columns)
        assert rows.notna().all(axis=None)
        assert (rows["source"].str.len() > 5).all()
