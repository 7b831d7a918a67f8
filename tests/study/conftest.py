"""What the tests of studies share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from estate.settings import load_config

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def loaded():
    return load_config(ROOT / "configs" / "tiny.yaml")


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Let the processes of a study find the work of these tests."""
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
