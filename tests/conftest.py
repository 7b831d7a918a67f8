"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = (
    "oracles/test_enumeration.py",
    "test_docs.py",
    "properties/test_optimum.py",
    "test_appraising.py",
    "solve/test_large.py",
    "locate/test_locate_command.py",
    "model/test_whynot.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker ends alone with one of them."""
    order = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of other people's data; tests that need it are left out where it is absent."""
    folder = Path(os.environ.get("ESTATE_SHARED") or ROOT.parent / "shared")
    if not (folder / "real").is_dir():
        pytest.skip(f"left out: no data folder at {folder} (set ESTATE_SHARED)")
    return folder
