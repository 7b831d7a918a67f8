"""Ready-made standards, chosen by name: for residents, and for how far a service may move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.core.reference import standard_sets
from estate.core.tables import SPECS, parse
from estate.core.travel import SPEED_OF_MODE
from estate.core.words import ASKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.config import Config
    from estate.inputs.sources import Raw

SAME = ["service_id", "metric", "threshold", "mode", *ASKS]
"""Standards of one group that are alike in these have the same residents in reach."""
FROM_OLD_SITE = "old_site"
"""Geography of a ready-made standard that limits how far a service goes from the site that it leaves."""
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
    ready = _all_ready(config)
    ready = ready[ready["geography"] != FROM_OLD_SITE].drop(columns="or_minutes")
    table = typed["standards"]
    if len(ready):
        table = pd.concat([table, _typed(ready, raw)], ignore_index=False)
    everyone = table[table["group"].isin(["all", ""])]
    copies = [_protected(everyone, group) for group in config.protect]
    typed["standards"] = pd.concat([table, *(copy for copy in copies if len(copy))])
    raw.sources.setdefault("standards", "standards of the configuration")


def limit_moves(
    tables: dict[str, pd.DataFrame], config: Config, assumptions: Mapping[str, float]
) -> list[str]:
    """Lower the reach of services to what the chosen standards allow between the old and the new site.

    A standard may give a distance or a time; the farther of the two is allowed, the time at the assumed
    speed of its mode, as nothing else is known of ways between sites.

    Parameters
    ----------
    tables : dict of DataFrame
        Filled tables; ``services`` is replaced.
    config : Config
        Names the sets.
    assumptions : mapping of str to float
        ``default_move_reach_km``, and the speed of each mode [km/h].

    Returns
    -------
    list of str
        What was limited, for the reader.
    """
    asked = assumptions["default_move_reach_km"]
    if (own := config.rules.get("reach", {}).get("default_km")) is not None:
        asked = float(own)
    notes, services = [], tables["services"].copy()
    ready = _all_ready(config)
    for row in ready[ready["geography"] == FROM_OLD_SITE].itertuples():
        mine = services["service_id"] == str(row.service_id)
        far, minutes = float(str(row.threshold)), float(str(row.or_minutes))
        in_time = minutes / 60 * assumptions[SPEED_OF_MODE[str(row.mode)]]
        limit = max(far, in_time)
        for column, blank in (("move_reach_km", asked), ("merge_reach_km", 0.0)):
            reach = services.loc[mine, column].astype(float).fillna(blank)
            services.loc[mine, column] = reach.clip(upper=limit)
        way = f"{far:.2f} km, or {minutes:g} minutes, which are {in_time:.2f} km"
        held = f"{row.service_id} moves and merges at most {limit:.2f} km from its old site ({way})"
        notes.append(f"{row.standard_id}: {held if mine.any() else f'nobody provides {row.service_id}'}.")
    tables["services"] = services
    return notes


def _all_ready(config: Config) -> pd.DataFrame:
    """Return the rows of all sets that the configuration names."""
    if not config.standards:
        return standard_sets().iloc[:0].drop(columns=["set", "status"]).astype(str)
    return pd.concat([_ready(chosen) for chosen in config.standards])


def _ready(chosen: object) -> pd.DataFrame:
    """Return the rows of one set, with what the configuration changes in them."""
    name, changes = (chosen, {}) if isinstance(chosen, str) else (chosen.set, chosen.changes())  # type: ignore[attr-defined]
    table = standard_sets()
    rows = table[table["set"] == name].drop(columns=["set", "status"])
    return rows.assign(**changes).astype(str)


def _typed(rows: pd.DataFrame, raw: Raw) -> pd.DataFrame:
    """Return rows as the data dictionary has them."""
    numbered = rows.set_index(pd.RangeIndex(-len(rows), 0, name="row"))  # of no file: see Context.place
    typed, issues = parse(numbered, SPECS["standards"], "standards of the configuration")
    raw.issues += issues
    return typed


def _protected(standards: pd.DataFrame, group: str) -> pd.DataFrame:
    source = "Protected group of the configuration: no worse than today"
    return standards.assign(
        standard_id=standards["standard_id"] + f"_{group}", group=group, basis="no_worse", source=source
    ).drop_duplicates(SAME)
