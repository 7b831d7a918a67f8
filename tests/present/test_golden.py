"""Small outputs word for word; after a wanted change write them anew with ESTATE_GOLDEN=1."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_up import make_result

from estate.present.csvs import write_tables
from estate.present.summary import summary_lines
from estate.present.view import make_view

GOLDEN = Path(__file__).parent / "golden"


def _compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("ESTATE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_plan_and_moves(audience: str, tmp_path: Path) -> None:
    write_tables(make_view(make_result(20), audience), tmp_path)
    for name in ("plan", "moves"):
        _compare(f"{name}_{audience}.csv", (tmp_path / f"{name}.csv").read_text(encoding="utf-8"))


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_summary(audience: str) -> None:
    lines = summary_lines(make_result(20, audience=audience))
    _compare(f"summary_{audience}.txt", "\n".join(lines) + "\n")
