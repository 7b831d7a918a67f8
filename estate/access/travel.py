"""The travel table of an estate, rebuilt when an assumption or a standard changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from estate.core.travel import travel_table

if TYPE_CHECKING:
    from estate.core.types import Estate

__all__ = ["travel_table", "with_travel"]


def with_travel(estate: Estate) -> Estate:
    """Return the estate with its travel table computed afresh from its tables and assumptions.

    Parameters
    ----------
    estate : Estate
        Complete tables; ``sites`` and ``areas`` with easting and northing [m].
    """
    tables = estate.tables
    pairs = travel_table(
        tables["sites"], tables["areas"], tables["standards"], tables["travel"], estate.assumptions
    )
    return replace(estate, area_km=pairs)
