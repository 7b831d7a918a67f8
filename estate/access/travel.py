"""The travel table of an estate, rebuilt when an assumption or a standard changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from estate.access.measure import measure_network
from estate.core.travel import travel_needs, travel_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from estate.config import Config
    from estate.core.types import Estate

__all__ = ["travel_table", "with_network", "with_travel"]


def with_network(estate: Estate, config: Config, base: Path) -> Estate:
    """Return the estate with travel measured over the road network that the configuration names.

    Without a network, or without areas, the estate is returned as it is.

    Parameters
    ----------
    estate : Estate
        Complete tables.
    config : Config
        ``data.network`` and ``output``.
    base : Path
        Folder of relative paths.

    Raises
    ------
    InputError
        If the network cannot be used.
    """
    section = config.data.network
    if section is None or estate.tables["areas"].empty:
        return estate
    network, notes, hashes = measure_network(estate, section, base, config.output)
    measured = replace(
        estate,
        network=network,
        notes=tuple(dict.fromkeys([*estate.notes, *notes])),
        input_hashes=dict(sorted({**estate.input_hashes, **hashes}.items())),
    )
    asked = config.resident_travel
    mode = asked.mode if asked.as_cost else ""
    return with_travel(measured, travel_needs(estate.tables["standards"], mode, asked.farthest_km))


def with_travel(estate: Estate, needs: pd.DataFrame | None = None) -> Estate:
    """Return the estate with its travel table computed afresh from its tables and assumptions.

    Parameters
    ----------
    estate : Estate
        Complete tables; ``sites`` and ``areas`` with easting and northing [m].
    needs : DataFrame, optional
        Modes and thresholds from `travel_needs`; those of the standards where not given.
    """
    tables = estate.tables
    pairs = travel_table(
        tables["sites"],
        tables["areas"],
        tables["standards"] if needs is None else needs,
        tables["travel"],
        estate.assumptions,
        estate.network,
    )
    return replace(estate, area_km=pairs)
