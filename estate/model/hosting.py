"""Which places are fit, and what may be done where, when and how often (rules fitness and permission)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estate.core.cells import clock_hours, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ALL_WEEK, WHOLE_YEAR = 7.0, 52.0
SLACK = 1e-9  # days


def fit_fields(raw: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what the rule fitness asks of sites, NaN where not known."""
    return {
        "accessible_wc": raw["accessible_wc"].astype(str),
        "parking": raw["parking_spaces"].astype(float),
        "stop_m": raw["public_transport_stop_m"].astype(float),
        "open_hours": raw["opening_hours_per_week"].astype(float),
    }


def fit_places(at: pd.DataFrame, places: pd.DataFrame, options: Mapping[str, Any]) -> Mask:
    """Return which places are fit; what is not known is not taken as good.

    Parameters
    ----------
    at : DataFrame
        The site of each place.
    places : DataFrame
        Hub options and places that lend room.
    options : mapping
        Options of the rule; empty where it is not in force.
    """
    fit = np.ones(len(places), dtype=bool)
    hub = (places["kind"] == "hub").to_numpy()
    if options.get("require_step_free", False):
        ramp = hub & np.isfinite(at["step_free_cost"].to_numpy())
        fit &= (at["step_free"] == "yes").to_numpy() | ramp
    if options.get("require_accessible_wc", False):
        fit &= (at["accessible_wc"] == "yes").to_numpy() | (hub & places["adds_wc"].to_numpy(dtype=bool))
    for name, column, sign in (
        ("min_parking_spaces", "parking", 1.0),
        ("max_stop_m", "stop_m", -1.0),
        ("min_hours_per_week", "open_hours", 1.0),
    ):
        limit = options.get(name)
        if limit is not None:
            fit &= sign * at[column].to_numpy() >= sign * limit - SLACK
    return fit | (~hub & (not options.get("lending_too", False)))


def fit_sites(sites: pd.DataFrame, options: pd.DataFrame | None, asked: Mapping[str, Any]) -> Mask:
    """Return which sites are fit for some hub option of theirs, or without options as they stand.

    Parameters
    ----------
    sites, options : DataFrame
        Conformed tables ``sites`` and ``hub_options``.
    asked : mapping
        Options of the rule.
    """
    adds = np.zeros(len(sites), dtype=bool)
    if options is not None:
        adding = options.loc[options["adds_accessible_wc"].astype(bool), "site_id"]
        adds = sites["site_id"].isin(adding).to_numpy()
    at = sites.assign(step_free_cost=sites["step_free_cost_gbp"].astype(float), **fit_fields(sites))
    kind = "host" if options is None else "hub"
    return fit_places(at, at.assign(kind=kind, adds_wc=adds), {**asked, "lending_too": True})


def host_fields(raw: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the terms of lending sites beside room, hours and fee."""
    days = raw["days_per_week"].astype(float).fillna(ALL_WEEK)
    return {
        "days": days,
        "opens": raw["opens"].map(lambda text: clock_hours(text, 0.0)),
        "closes": raw["closes"].map(lambda text: clock_hours(text, 24.0)),
        "week": raw["open_days"].astype(str),
        "transactions": raw["permitted_transactions"].astype(str),
    }


def opening_times(raw: pd.DataFrame, of_site: Floats) -> dict[str, Any]:
    """Return when provisions are open where they are now, NaN where not known.

    Parameters
    ----------
    raw : DataFrame
        Conformed table ``provisions``.
    of_site : ndarray, shape (provisions,)
        Opening hours of their sites [h/week], taken where theirs are not known.
    """
    hours = raw["weekly_hours"].astype(float).fillna(0.0).to_numpy()
    return {
        "open_hours": np.where(hours > 0, hours, of_site),
        "opens": raw["opens"].map(lambda text: clock_hours(text, np.nan)).astype(float),
        "closes": raw["closes"].map(lambda text: clock_hours(text, np.nan)).astype(float),
        "week": raw["open_days"].astype(str),
    }


def with_host_fields(places: pd.DataFrame) -> pd.DataFrame:
    """Fill in the fields of the other kind of place: a hub permits everything at any time."""
    free = {"days": ALL_WEEK, "opens": 0.0, "closes": 24.0, "week": "", "transactions": "", "adds_wc": False}
    return places.assign(
        **{
            name: places[name].astype(object).where(places[name].notna(), value)
            for name, value in free.items()
        }
    ).astype(
        {"days": float, "opens": float, "closes": float, "week": str, "transactions": str, "adds_wc": bool}
    )


def permitted(places: pd.DataFrame, services: pd.DataFrame) -> Mask:
    """Return which service may be at which place, shape (services, places)."""
    allowed = np.ones((len(services), len(places)), dtype=bool)
    year_round = services["year_round"].astype(bool).to_numpy()
    begins = services["core_opens"].map(lambda text: clock_hours(text, 24.0)).to_numpy(dtype=float)
    ends = services["core_closes"].map(lambda text: clock_hours(text, 0.0)).to_numpy(dtype=float)
    done = [listed(text) for text in services["transactions"]]
    for j, place in enumerate(places.to_dict("records")):
        names, only = listed(place["permitted"]), listed(place["transactions"])
        if names:
            allowed[:, j] = services["service_id"].isin(names)
        if only:
            allowed[:, j] &= [bool(parts) and parts <= only for parts in done]
        if place["term_weeks"] < WHOLE_YEAR:
            allowed[:, j] &= ~year_round
        allowed[:, j] &= (place["opens"] <= begins) & (place["closes"] >= ends)
    return allowed


def often_enough(
    provisions: pd.DataFrame, places: pd.DataFrame, services: pd.DataFrame, pair: tuple[Ints, Ints]
) -> Mask:
    """Return for pairs of a provision and a place whether the place is open on enough days."""
    who, where = pair
    days = places["days"].to_numpy()[where]
    least = services["outreach_days_per_week"].to_numpy(dtype=float)[provisions["service"].to_numpy()[who]]
    own = provisions["days"].to_numpy()[who]
    return np.asarray((days >= own - SLACK) | (days >= least - SLACK))


def hours_needed(provisions: pd.DataFrame, places: pd.DataFrame, pair: tuple[Ints, Ints]) -> Floats:
    """Return the hours that a provision needs at a place: those of the days it is there [h/week]."""
    who, where = pair
    part = np.minimum(1.0, places["days"].to_numpy()[where] / provisions["days"].to_numpy()[who])
    return np.asarray(provisions["hours"].to_numpy()[who] * part)
