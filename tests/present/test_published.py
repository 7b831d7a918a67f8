"""``estate explain`` on the folder of a run for other readers: what it tells, and what it withholds."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from estate.cli import app


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"audience": "public"}), encoding="utf-8")
    plan = "site_id,decision,reason_code\nS1,close,merges\nS2,keep,kept_lease\n"
    (tmp_path / "plan.csv").write_text(plan, encoding="utf-8")
    return tmp_path


def explained(*arguments):
    answer = CliRunner().invoke(app, ["explain", *map(str, arguments)])
    return answer.exit_code, answer.output


def test_prices_are_said_to_be_withheld_and_how_the_council_gets_them(folder):
    code, words = explained(folder, "S1")
    assert code == 0
    assert "S1: Closes; services merge with the same service elsewhere." in words
    assert "No reasons were published" in words
    assert "for public readers" in words
    assert "withheld" in words
    assert "--explain --set audience=public" in words


def test_what_was_published_is_told_and_an_unknown_site_is_named(folder):
    told = "site_id,name,sentence\nS1,Old Library,Closes. Firm.\n"
    (folder / "reasons.csv").write_text(told, encoding="utf-8")
    code, words = explained(folder)
    assert (code, words.splitlines()[0]) == (0, "S1 Old Library: Closes. Firm.")
    assert "S2: Stays: no break or end of lease" in explained(folder, "S2")[1]
    code, words = explained(folder, "S9")
    assert code == 2
    assert "S9 is not a site of this run" in words
