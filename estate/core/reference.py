"""Small tables that ship with the package: headings, kinds and default assumptions."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd


@cache
def _read(name: str) -> pd.DataFrame:
    with files("estate.core").joinpath(name).open(encoding="utf-8") as handle:
        return pd.read_csv(handle, keep_default_na=True)


def headings() -> pd.DataFrame:
    """Return the cost headings: heading, view, fixed_share [share], description, source."""
    return _read("headings.csv").copy()


def kinds() -> pd.DataFrame:
    """Return the kinds of building with default scope, service, rates [GBP/m2] and areas [m2]."""
    return _read("kinds.csv").copy()


def standard_sets() -> pd.DataFrame:
    """Return the ready-made standards: set, the columns of ``standards``, and status."""
    return _read("standard_sets.csv").copy()


def default_assumptions() -> pd.DataFrame:
    """Return the default assumptions: name, value, low, high, unit, quality, impact, source."""
    return _read("default_assumptions.csv").copy()
