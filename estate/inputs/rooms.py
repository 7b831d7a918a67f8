"""Room of provisions where none is given: from staff, or from what is left of the building."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.inputs.assume import Default

if TYPE_CHECKING:
    from estate.inputs.assume import Filling

BACK_OFFICE = "back_office"
SHARED = "Blank shares what is left of the site's nia_m2 equally"
OF_STAFF = "Back office: FTE x desks_per_fte x m2_per_desk / space_factor, at most what is left of nia_m2"


def fill_rooms(filling: Filling) -> None:
    """Fill the owner as occupier, and the rooms that are not known.

    Back-office staff need FTE x desks for each x m2 for each desk at a new place (domain.md 3.2), so
    the room used now is that over the service's ``space_factor``, at most what is left of nia_m2
    where that is known. All others share what is then left equally.
    """
    provisions, sites = filling.tables["provisions"], filling.tables["sites"]
    if provisions.empty:
        return
    owner = provisions["site_id"].map(sites.set_index("site_id")["partner_id"])
    occupier = provisions["partner_id"].where(provisions["partner_id"] != "", owner)
    usable = provisions["site_id"].map(sites.set_index("site_id")["nia_m2"])
    given = provisions["room_nia_m2"]
    staff = _room_of_staff(filling, provisions).where(given.isna())
    wanted = staff.fillna(0.0).groupby(provisions["site_id"]).transform("sum")
    left = (usable - _sum(given, provisions)).clip(lower=0)
    known = given.fillna(staff * (left / wanted.where(wanted > 0)).clip(upper=1).where(usable > 0, 1.0))
    rest = known.isna()
    sharers = rest.groupby(provisions["site_id"]).transform("sum").clip(lower=1)
    equal = (usable.fillna(0.0) - _sum(known, provisions)).clip(lower=0) / sharers
    filling.tables["provisions"] = provisions.assign(partner_id=occupier, room_nia_m2=known.fillna(equal))
    derived = int((staff.notna() & given.isna()).sum())
    for name, words, rows, source in (
        (
            "room_nia_m2",
            "Blank shares what is left of the site's nia_m2 equally",
            rest.sum(),
            "data dictionary",
        ),
        ("room_of_staff", OF_STAFF, derived, "unverified"),
    ):
        filling.assume(
            Default(
                f"provisions.{name}",
                words,
                "provisions",
                int(rows),
                quality="red",
                impact="amber",
                unit="m2",
                source=source,
            )
        )


def _sum(room: pd.Series, provisions: pd.DataFrame) -> pd.Series:
    """Return the room that is known at the site of each provision [m2]."""
    return room.fillna(0.0).groupby(provisions["site_id"]).transform("sum")


def _room_of_staff(filling: Filling, provisions: pd.DataFrame) -> pd.Series:
    """Return the room that back-office staff use by the standard, blank where there are none [m2]."""
    services = filling.tables["services"].set_index("service_id")
    visited = provisions["service_id"].map(services["front_office"])
    back = (visited == False) | (visited.isna() & (provisions["service_id"] == BACK_OFFICE))  # noqa: E712
    factor = pd.to_numeric(provisions["service_id"].map(services["space_factor"])).fillna(1.0)
    need = provisions["staff_fte"] * filling.used("desks_per_fte") * filling.used("m2_per_desk")
    return need.where(back & (need > 0) & (factor > 0)) / factor.where(factor > 0, np.nan)
