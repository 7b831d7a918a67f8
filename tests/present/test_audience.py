"""No public byte gives away a receipt or a confidential place; partners see no receipt by site."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from made_up import SECRET_EASTING, SECRET_NAME, SECRET_NORTHING, SECRET_RECEIPT, make_result

from estate.core.errors import ConfigError
from estate.core.result import CASHFLOW_COLUMNS, Result
from estate.present.audience import confidential_sites, may_see, visible
from estate.present.view import _held_notes, make_view

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (SECRET_NAME, "Rosemary", "100012345678", "ZZ98 7QX", "/somewhere/private")
PLACE = (SECRET_EASTING, SECRET_NORTHING)
SECRET_SITE = "S001"  # noqa: S105 (an id)


def _strings(path: Path) -> str:
    """All that a reader can get out of a file: its bytes, its parts unzipped, its tables read."""
    data = path.read_bytes()
    parts = [data.decode("utf-8", "ignore"), data.decode("utf-16-le", "ignore"), data.decode("latin-1")]
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            parts += [book.read(name).decode("utf-8", "ignore") for name in book.namelist()]
    if path.suffix == ".gpkg":
        with sqlite3.connect(path) as base:
            tables = [row[0] for row in base.execute("select name from sqlite_master where type='table'")]
            parts += [repr(base.execute(f'select * from "{table}"').fetchall()) for table in tables]  # noqa: S608
    return "\n".join(parts)


def _numbers(text: str) -> np.ndarray:
    """Every number written in a text, thousands commas taken out."""
    found = re.findall(r"\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?", text)
    return np.array([float(n.replace(",", "")) for n in found if len(n) < 30])


def _leaks(folder: Path, numbers: tuple[float, ...], words: tuple[str, ...]) -> list[str]:
    told = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".png":
            continue
        text = _strings(path)
        told += [f"{path.name}: {word}" for word in words if word.casefold() in text.casefold()]
        values = _numbers(text)
        told += [f"{path.name}: {n}" for n in numbers if (np.abs(values - n) < 0.5).any()]
    return told


def _binary(folder: Path, value: float) -> list[str]:
    """Files that hold a number in its eight bytes, either way round."""
    packed = np.float64(value).tobytes()
    return [p.name for p in folder.rglob("*") if packed in p.read_bytes() or packed[::-1] in p.read_bytes()]


def test_public_files_hold_no_secret(written: dict[str, Path]) -> None:
    numbers = (SECRET_RECEIPT, 0.03 * SECRET_RECEIPT, 0.97 * SECRET_RECEIPT, *PLACE)
    assert _leaks(written["public"], numbers, NAMES) == []
    for value in (SECRET_RECEIPT, *PLACE):
        assert _binary(written["public"], value) == []


def test_the_search_would_find_the_secrets(written: dict[str, Path]) -> None:
    """The same search over internal files finds each of them: the test above can fail."""
    found = _leaks(written["internal"], (SECRET_RECEIPT,), (SECRET_NAME,))
    assert any("cashflow.csv" in f and "1234567.89" in f for f in found)
    assert any("plan.csv" not in f and SECRET_NAME in f for f in found)
    assert "estate.gpkg" in _binary(written["internal"], SECRET_EASTING)


def test_public_tables_leave_out_the_confidential_site(written: dict[str, Path]) -> None:
    for name in ("plan.csv", "moves.csv", "cashflow.csv", "access.csv", "data_to_collect.csv", "matches.csv"):
        frame = pd.read_csv(written["public"] / name, dtype=str)
        assert not (frame == SECRET_SITE).any().any(), name
    near = pd.read_csv(written["public"] / "access.csv")
    assert near.loc[near["nearest_site_id"].isna(), "distance_km"].isna().all(), "distances would place it"
    assert near["nearest_site_id"].isna().any()


def test_public_counts_are_those_of_the_public_rows(result: Result) -> None:
    """One more closure in the headline than in the list would say that the refuge closes."""
    view = make_view(result, "public")
    row = view.headline("closures")
    assert row is not None
    assert row["value"] == (view.sites["decision"] == "close").sum() == len(result.plan.closures) - 1


def test_public_cash_flow_names_no_site(written: dict[str, Path]) -> None:
    cash = pd.read_csv(written["public"] / "cashflow.csv")
    assert tuple(cash.columns) == CASHFLOW_COLUMNS
    assert cash["site_id"].isna().all()
    assert cash["provision_id"].isna().all()


def test_public_totals_equal_the_internal_ones(written: dict[str, Path]) -> None:
    totals = [pd.read_csv(written[a] / "cashflow.csv")["amount_gbp"].sum() for a in ("internal", "public")]
    assert totals[0] == pytest.approx(totals[1], abs=0.01)


def test_partners_see_costs_but_no_receipt_by_site(written: dict[str, Path]) -> None:
    assert _leaks(written["partner"], (SECRET_RECEIPT, 0.03 * SECRET_RECEIPT), ()) == []
    cash = pd.read_csv(written["partner"] / "cashflow.csv")
    sales = cash[cash["line"].isin(["receipt", "disposal_cost"])]
    assert len(sales)
    assert sales["site_id"].isna().all()
    assert cash.loc[cash["line"] == "running_cost", "site_id"].notna().all()


def _with_sales(result: Result, sites: list[str]) -> Result:
    """The same run in which only these sites sell."""
    ledger = result.ledger
    sale = ledger["line"].isin(["receipt", "disposal_cost"])
    return dataclasses.replace(result, ledger=ledger[~sale | ledger["site_id"].isin(sites)])


def test_too_few_sales_are_withheld_with_every_figure_that_contains_them(result: Result) -> None:
    sold = result.ledger.loc[result.ledger["line"] == "receipt", "site_id"].unique()
    for count, kept in ((2, False), (3, True)):
        view = make_view(_with_sales(result, list(sold[:count])), "public")
        assert (view.cash["line"] == "receipts").any() == kept
        assert (view.headline("npv_economic_gbp") is not None) == kept
        assert ("npv_gbp" in view.run) == kept
        assert ("bound_gbp" in view.solution) == kept
        assert view.headline("payback_without_receipts") is not None


def test_status_is_proposed_until_a_decision_is_recorded(result: Result) -> None:
    closed = make_view(result, "public").sites.query("decision == 'close'")["site_id"].iloc[0]
    assert make_view(result, "public").header.status == "Proposed"
    decisions = pd.DataFrame(
        {"site_id": [closed], "state": ["approved"], "year": [2028.0], "actual_gbp": [np.nan]}
    )
    estate = dataclasses.replace(result.estate, tables={**result.estate.tables, "decisions": decisions})
    status = make_view(dataclasses.replace(result, estate=estate), "public").header.status
    assert status == "Proposed; of its actions 1 approved"


def test_parts_of_a_confidential_complex_are_hidden_too() -> None:
    sites = pd.DataFrame(
        {
            "site_id": ["a", "b", "c", "d"],
            "kind": ["office", "hall", "hall", "refuge"],
            "confidential": [True, False, False, False],
            "parent_site_id": ["", "a", "b", ""],
        }
    )
    assert confidential_sites(sites) == {"a", "b", "c", "d"}


def test_levels_follow_the_dictionary() -> None:
    assert visible("sites", "gia_m2", "public")
    assert not visible("running_costs", "gbp_per_year", "public")
    assert visible("running_costs", "gbp_per_year", "partner")
    assert not visible("valuations", "receipt_gbp", "partner")
    assert visible("valuations", "receipt_gbp", "internal")
    assert not may_see("public", "confidential")
    with pytest.raises(ConfigError, match="everybody"):
        make_view(make_result(12), "everybody")


@pytest.mark.parametrize(
    ("audience", "told"),
    [
        (
            "internal",
            "2 sites close and are held empty to year 2, because no value is given: Hall and Den.",
        ),
        ("partner", "1 site closes and is held empty to year 2, because no value is given: Hall."),
        ("public", "1 site closes and is held empty to year 2, because no value is given: Hall."),
    ],
)
def test_every_reader_is_told_what_is_held_empty_for_want_of_a_value(audience, told):
    raw = pd.DataFrame({"site_id": ["A", "B", "C"], "confidential": [False, True, False]})
    raw = raw.assign(kind="office", parent_site_id="")
    plan = raw.assign(name=["Hall", "Den", "Depot"], decision="close", exit_route="hold")
    tables = {"sites": raw, "valuations": pd.DataFrame({"site_id": ["C"]})}
    result = SimpleNamespace(
        estate=SimpleNamespace(tables=tables),
        horizon=SimpleNamespace(label="year {}".format, appraisal_years=3),
    )
    assert _held_notes(result, plan, audience) == [f"{told} A value may change the plan."]
