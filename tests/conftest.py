"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of other people's data; tests that need it are left out where it is absent."""
    folder = Path(os.environ.get("ESTATE_SHARED") or ROOT.parent / "shared")
    if not (folder / "real").is_dir():
        pytest.skip(f"left out: no data folder at {folder} (set ESTATE_SHARED)")
    return folder
