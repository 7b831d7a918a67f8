"""Optimiser, ledger and workbook agree on what a plan is worth, on estates of some size."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from recorded import ROOT, record

from estate.core.money import discount_factors
from estate.starting import example

sys.path.insert(0, str(Path(__file__).parent / "present"))
from office import recalculated

PENNY = 0.005
SHORT = {"solver.gap": 0.2, "solver.time_limit": 40.0, "audience": "internal"}


def agree(run, folder, tmp_path):
    """Hold objective, ledger and the workbook as LibreOffice works it out to one figure."""
    worth = run.run["saving_npv_gbp"]
    rows = run.ledger[run.ledger["view"].isin(["both", run.config.objective])]
    factors = discount_factors(run.config.vintage, run.config.horizon.appraisal_years, run.config.timing)
    sign = np.where(rows["case"] == "plan", 1.0, -1.0)
    ledger = float((sign * rows["amount_gbp"] * factors[rows["t"].to_numpy(dtype=int)]).sum())
    assert ledger == pytest.approx(worth, abs=PENNY)
    assert run.solution.objective_gbp == pytest.approx(worth, abs=2 * PENNY)
    book = recalculated(folder / "workbook.xlsx", tmp_path)
    cells = book["Measures"].iter_rows(min_row=5, values_only=True)
    shown = next(row[3] for row in cells if row[:3] == ("Net present saving", run.config.objective, "with"))
    assert shown == pytest.approx(worth, abs=PENNY)
    between = run.ledger[(run.ledger["view"] == "financial") & (run.ledger["counterparty_id"] != "")]
    assert (between.groupby(["line", "t"])["amount_gbp"].sum().abs() <= PENNY).all()
    return worth, len(between)


@pytest.mark.slow
@pytest.mark.tool
def test_on_an_invented_estate_of_60_properties(tmp_path):
    example(tmp_path / "sixty", 3, 60)
    config = next((tmp_path / "sixty").glob("*.yaml"))
    worth, transfers = agree(record(config, tmp_path / "out", **SHORT), tmp_path / "out", tmp_path)
    assert worth > 0
    assert transfers > 0


@pytest.mark.slow
@pytest.mark.tool
@pytest.mark.shared
def test_on_trafford(shared, tmp_path):
    assert shared.is_dir()
    run = record(ROOT / "configs" / "trafford.yaml", tmp_path / "out", **SHORT)
    worth, _ = agree(run, tmp_path / "out", tmp_path)
    assert worth > 0
