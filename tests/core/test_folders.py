"""Folders are written whole or not at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from estate.core.folders import drop_unfinished, written_whole


def test_a_folder_takes_its_place_when_all_is_written(tmp_path):
    place = tmp_path / "run"
    with written_whole(place) as made:
        (made / "a.txt").write_text("first")
        assert not place.exists()
    with written_whole(place) as made:
        (made / "b.txt").write_text("second")
        assert [path.name for path in place.iterdir()] == ["a.txt"]
    assert [path.name for path in place.iterdir()] == ["b.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def write_half(place):
    with written_whole(place) as made:
        (made / "b.txt").write_text("half")
        raise ValueError("full")


def test_a_failure_leaves_what_was_there(tmp_path):
    place = tmp_path / "run"
    with written_whole(place) as made:
        (made / "a.txt").write_text("first")
    with pytest.raises(ValueError, match="full"):
        write_half(place)
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "a.txt"]


def test_a_program_that_ends_at_once_leaves_nothing_half_written(tmp_path):
    script = """
import os, sys
from pathlib import Path
from estate.core.folders import drop_unfinished, written_whole
with written_whole(Path(sys.argv[1]) / "run") as made:
    (made / "a.txt").write_text("half")
    if sys.argv[2] == "tidy":
        drop_unfinished()
    os._exit(130)
"""
    for how, left in (("untidy", 1), ("tidy", 0)):
        folder = tmp_path / how
        subprocess.run([sys.executable, "-c", script, str(folder), how], check=False)
        assert len(list(folder.iterdir())) == left
    drop_unfinished()
