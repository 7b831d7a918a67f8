"""Ready-made standards, chosen by name, and copies of standards for the groups to protect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.core.reference import standard_sets
from estate.core.tables import SPECS, parse

if TYPE_CHECKING:
    from estate.config import Config
    from estate.inputs.sources import Raw

GEOGRAPHIES = {
    "group": "overall",
    "every zone": "zone",
    "every_zone": "zone",
    "every postcode district": "postcode_district",
    "nobody beyond": "area",
    "nobody_beyond": "area",
}
"""Other words for the geographies of a standard."""


def plain_geographies(frame: pd.DataFrame) -> pd.DataFrame:
    """Return raw standards with the geographies in the words of the dictionary."""
    if "geography" not in frame:
        return frame
    words = frame["geography"].map(lambda cell: GEOGRAPHIES.get(str(cell).strip().casefold(), cell))
    return frame.assign(geography=words)


def add_standards(typed: dict[str, pd.DataFrame], config: Config, raw: Raw) -> None:
    """Add the ready-made standards that the configuration names, and one for each protected group.

    A protected group keeps, for every standard of all residents, at least the share that it has
    today (basis ``no_worse``), over the whole group.
    """
    ready = pd.concat([_ready(chosen) for chosen in config.standards]) if config.standards else pd.DataFrame()
    table = typed["standards"]
    if len(ready):
        table = pd.concat([table, _typed(ready, raw)], ignore_index=False)
    everyone = table[table["group"].isin(["all", ""])]
    copies = [_protected(everyone, group) for group in config.protect]
    typed["standards"] = pd.concat([table, *(copy for copy in copies if len(copy))])
    raw.sources.setdefault("standards", "standards of the configuration")


def _ready(chosen: object) -> pd.DataFrame:
    """Return the rows of one set, with what the configuration changes in them."""
    name, changes = (chosen, {}) if isinstance(chosen, str) else (chosen.set, chosen.changes())  # type: ignore[attr-defined]
    table = standard_sets()
    rows = table[table["set"] == name].drop(columns=["set", "status"])
    return rows.assign(**changes).astype(str)


def _typed(rows: pd.DataFrame, raw: Raw) -> pd.DataFrame:
    """Return rows as the data dictionary has them."""
    numbered = rows.set_index(pd.RangeIndex(1, len(rows) + 1, name="row"))
    typed, issues = parse(numbered, SPECS["standards"], "standards of the configuration")
    raw.issues += issues
    return typed


def _protected(standards: pd.DataFrame, group: str) -> pd.DataFrame:
    source = "Protected group of the configuration: no worse than today"
    return standards.assign(
        standard_id=standards["standard_id"] + f"_{group}", group=group, basis="no_worse", source=source
    ).drop_duplicates(["service_id", "metric", "threshold", "mode"])
