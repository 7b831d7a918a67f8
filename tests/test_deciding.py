"""Every command that docs/deciding.md shows runs and writes what it says."""

from __future__ import annotations

import json

import pytest
from test_docs import ROOT, run_all


@pytest.mark.slow
def test_the_commands_of_the_page_run(tmp_path):
    run_all((ROOT / "docs" / "deciding.md").read_text(encoding="utf-8"), tmp_path)
    out = tmp_path / "out"
    assert (out / "tiny-reasons" / "held-1" / "reasons.csv").is_file()
    assert (out / "tiny-frontier" / "frontier" / "frontier.png").is_file()
    assert (out / "tiny-alternatives" / "alternatives" / "closes_how_often.csv").is_file()
    for name in ("tiny-frontier", "tiny-alternatives"):
        runs = [path for path in (out / name).glob("p*-*") if path.is_dir()]
        assert runs
        for run in runs:
            record = json.loads((run / "run.json").read_text(encoding="utf-8"))
            assert record["saving_npv_gbp"] <= record["bound_saving_npv_gbp"] + 0.01
            assert record["within_a_search"] is True, "a whole search would find more than its limits allow"
