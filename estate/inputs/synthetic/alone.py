"""Which sites could close where no hub may open: a rough count, smallest gain first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from estate.inputs.synthetic.value import closing_value, free_to_close, kilometres, points

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray


class Offer(NamedTuple):
    """Room [m2] and hours a week that a provision would take at a place."""

    place: str
    room: float
    hours: float


def closing_alone(tables: Mapping[str, pd.DataFrame], leaving: pd.DataFrame) -> set[str]:
    """Name the sites that could close without hubs: empty ones, and those that merge or find a host.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Raw tables.
    leaving : DataFrame
        Provisions that may leave, from `movable`.

    Returns
    -------
    set of str
        Site ids.
    """
    sites, value = tables["sites"].set_index("site_id"), closing_value(tables)
    value = value[free_to_close(tables).reindex(value.index)]
    empty = set(value.index[sites["scope"].reindex(value.index).eq("surplus") & value.gt(0)])
    offers = merging(tables, leaving), hosting(tables, leaving)
    room, hours = spare(tables)
    whole = tables["provisions"].groupby("site_id").size()
    mobile = leaving.groupby("site_id").indices
    order = [site for site in value[value > 0].sort_values(kind="stable").index if site in mobile]
    closed: set[str] = set()
    receiving: set[str] = set()
    for site_id in order:
        rows = mobile[site_id]
        if len(rows) < whole[site_id] or site_id in receiving:
            continue
        both = [[*offers[0].get(row, ()), *offers[1].get(row, ())] for row in rows]
        taken = [first_fit(each, room, hours, closed) for each in both]
        if take(taken, room, hours):
            receiving |= {offer.place for offer in taken if offer is not None}
            closed.add(str(site_id))
    return empty | closed


def take(taken: list[Offer | None], room: dict[str, float], hours: dict[str, float]) -> bool:
    """Take the room of the offers, where every provision has one and no two share a place."""
    offers = [offer for offer in taken if offer is not None]
    if len(offers) < len(taken) or len({offer.place for offer in offers}) < len(offers):
        return False
    for offer in offers:
        room[offer.place] -= offer.room
        hours[offer.place] = hours.get(offer.place, np.inf) - offer.hours
    return True


def first_fit(
    offers: list[Offer], room: Mapping[str, float], hours: Mapping[str, float], closed: set[str]
) -> Offer | None:
    """Return the first place that still stands and has the room and the hours."""
    for offer in offers:
        fits = room[offer.place] >= offer.room and hours.get(offer.place, np.inf) >= offer.hours
        if fits and offer.place not in closed:
            return offer
    return None


def spare(tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the room to spare at each site and host [m2], and the hours a week that hosts lend."""
    area = tables["sites"].set_index("site_id")["nia_m2"].astype(float)
    used = tables["provisions"].groupby("site_id")["room_nia_m2"].sum()
    terms = tables["host_terms"].set_index("site_id")
    left = (area.reindex(used.index) - used).clip(lower=0).fillna(0.0)
    room = {**left.to_dict(), **terms["room_nia_m2"].astype(float).to_dict()}
    return {str(k): float(v) for k, v in room.items()}, {
        str(k): float(v) for k, v in terms["weekly_hours"].to_dict().items()
    }


def by_row(rows: NDArray[np.int64], offers: list[Offer]) -> dict[int, list[Offer]]:
    """Group offers by the row of the provision to which they are made."""
    grouped: dict[int, list[Offer]] = {}
    for row, offer in zip(rows.tolist(), offers, strict=True):
        grouped.setdefault(row, []).append(offer)
    return grouped


def merging(tables: Mapping[str, pd.DataFrame], leaving: pd.DataFrame) -> dict[int, list[Offer]]:
    """List the existing sites of the same service and partner within reach of each provision."""
    there = tables["provisions"]
    same = (leaving["service_id"].to_numpy()[:, None] == there["service_id"].to_numpy()[None, :]) & (
        leaving["partner_id"].to_numpy()[:, None] == there["partner_id"].to_numpy()[None, :]
    )
    other = leaving["site_id"].to_numpy()[:, None] != there["site_id"].to_numpy()[None, :]
    far = kilometres(tables, points(tables, leaving["site_id"]), points(tables, there["site_id"]))
    rows, targets = np.nonzero(same & other & (far <= leaving["merge_reach_km"].to_numpy()[:, None]))
    need, site = leaving["merge_need"].to_numpy(), there["site_id"].to_numpy()
    return by_row(
        rows, [Offer(str(site[b]), float(need[a]), 0.0) for a, b in zip(rows, targets, strict=True)]
    )


def hosting(tables: Mapping[str, pd.DataFrame], leaving: pd.DataFrame) -> dict[int, list[Offer]]:
    """List the hosts within reach of each provision that accept its service."""
    terms = tables["host_terms"]
    names = terms["permitted_services"].astype("string").str.split(";")
    accepts = np.array(
        [[service in listed for listed in names] for service in leaving["service_id"]], dtype=bool
    )
    weeks = (
        terms["term_weeks"].ge(52).to_numpy()[None, :] | leaving["year_round"].eq("no").to_numpy()[:, None]
    )
    far = kilometres(tables, points(tables, leaving["site_id"]), points(tables, terms["site_id"]))
    near = far <= leaving["move_reach_km"].to_numpy()[:, None]
    rows, hosts = np.nonzero(accepts.reshape(near.shape) & weeks & near)
    need, open_hours = leaving["need"].to_numpy(), leaving["weekly_hours"].to_numpy()
    place = terms["site_id"].to_numpy()
    return by_row(
        rows,
        [
            Offer(str(place[b]), float(need[a]), float(open_hours[a]))
            for a, b in zip(rows, hosts, strict=True)
        ],
    )
