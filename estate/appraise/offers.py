"""Where a service counts for a standard: open as it asks, and with room where it asks for that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.appraise.facts import number, text
from estate.appraise.places import (
    SERVING,
    SPEEDS,
    TOLERANCE,
    Places,
    Travel,
    nearest,
    open_sites,
    read_places,
)
from estate.appraise.visitors import homes, parts_of_site
from estate.core.cells import clock_hours

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from numpy.typing import NDArray

    from estate.appraise.lines import Matrix
    from estate.core.types import Estate, Plan

    Standard = Mapping[Hashable, Any]

EVERY_DAY = 7.0
MIDNIGHT = 24.0
NO_TIMES = "-"
LEAST = {"hours": "min_hours_per_week", "days": "min_days_per_week"}


@dataclass(frozen=True)
class Offers:
    """Every provision, where it is before and after it leaves, and how it is open there.

    Attributes
    ----------
    places : Places
        Where services are offered, whatever the hours.
    years : ndarray
        Years of `places`.
    now, then : DataFrame
        A row a provision: service_id, home and site (columns, -1 where nowhere), part of the visitors of its
        site, leaves_t, hours [h/week], days [day/week], opens, closes [h], NaN where not known; week (days
        by name, as ``open_days``).
    speeds : dict
        Speed of each mode [km/h].
    """

    places: Places
    years: NDArray[np.int64]
    now: pd.DataFrame
    then: pd.DataFrame
    speeds: dict[str, float]
    _homes: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def counted(
        self, standard: Standard, how: Travel, state: tuple[str, int], *, outside: bool = True
    ) -> Matrix:
        """Return which part of the residents of areas counts at each site, for one standard.

        Parameters
        ----------
        standard : mapping
            A row of ``standards``.
        how : Travel
            Travel in its mode.
        state : tuple
            Case, and position of the year.
        outside : bool
            Whether sites of others serve.

        Returns
        -------
        ndarray, shape (areas, sites), or (1, sites) where all areas are alike
        """
        service, (case, index) = str(standard["service_id"]), state
        with_room = standard["counts_at"] == "with_room"
        if not (with_room or _asks(standard)):
            return open_sites(self.places, service, state, outside=outside)[None, :].astype(float)
        frames = []
        for frame, there in ((self.now, False), (self.then, True)):
            left = (case == "plan") & (frame["leaves_t"] <= self.years[index])
            keep = (frame["service_id"] == service) & (left == there) & (frame["site"] >= 0)
            frames.append(frame[keep & _open_as_asked(frame, standard)])
        offers = pd.concat(frames)
        if not outside:
            offers = offers[~self.places.outside[offers["site"]]]
        sites = len(self.places.site_ids)
        if not with_room:
            return (np.bincount(offers["site"], minlength=sites) > 0)[None, :].astype(float)
        whose = np.zeros((sites + 1, sites))  # the last row is of areas without a place today
        np.add.at(whose, (offers["home"], offers["site"]), offers["part"])
        return whose[self._home(standard, how)]

    def _home(self, standard: Standard, how: Travel) -> NDArray[np.int64]:
        """Return the column of each area's place today by the travel of a standard."""
        key = str(standard["standard_id"])
        if key not in self._homes:
            straight = np.where(np.isnan(self.places.straight_km), np.inf, self.places.straight_km)
            if standard["metric"] == "minutes":
                straight = straight / self.speeds.get(str(standard["mode"]), np.nan) * 60.0
            measure = np.where(how.known, how.km if standard["metric"] == "km" else how.minutes, straight)
            measure = np.where(np.isnan(measure), np.inf, measure)
            offered = open_sites(self.places, str(standard["service_id"]), ("bau", 0))
            self._homes[key] = homes(measure, offered, self.places.site_ids)
        return self._homes[key]


def within(how: Travel, standard: Standard, counted: Matrix) -> Matrix:
    """Return which part of each area is within a standard, by the travel table alone, shape (areas,)."""
    measure = how.km if standard["metric"] == "km" else how.minutes
    near = how.known & (measure <= float(standard["threshold"]) + TOLERANCE)
    return np.asarray(np.minimum(1.0, (near * counted).sum(axis=1).round(12)))


def nearest_counted(how: Travel, standard: Standard, counted: Matrix) -> NDArray[np.int64]:
    """Return the column of the nearest site that counts for each area, -1 where there is none."""
    measure = how.km if standard["metric"] == "km" else how.minutes
    counts = counted > 0
    anywhere = np.asarray(counts.any(axis=0))
    return nearest(np.where(counts, measure, np.inf), how.known, anywhere)


def read_offers(estate: Estate, plan: Plan, years: list[int]) -> Offers:
    """Read where every provision is, in business as usual and with the plan, and how it is open."""
    places = read_places(estate, plan, years)
    rows, sites = estate.tables["provisions"], estate.tables["sites"]
    column = pd.Series(range(len(places.site_ids)), index=places.site_ids)
    building = pd.Series(number(sites["opening_hours_per_week"], np.nan), index=text(sites["site_id"]))
    serves = pd.Series(np.isin(text(sites["status"]), SERVING), index=text(sites["site_id"]))
    now = pd.DataFrame({name: text(rows[name]) for name in ("provision_id", "site_id", "service_id")})
    hours = number(rows["weekly_hours"])
    now["hours"] = np.where(hours > 0, hours, now["site_id"].map(building))
    now["days"] = number(rows["days_per_week"], 5.0)
    for name in ("opens", "closes"):
        now[name] = [clock_hours(cell, np.nan) for cell in text(rows[name])]
    now["week"] = text(rows["open_days"])
    now["site"] = now["home"] = now["site_id"].map(column).where(now["site_id"].map(serves), -1).astype(int)
    now["part"] = parts_of_site(now.assign(visits=number(rows["visits_per_year"])))
    moves = pd.DataFrame(
        {name: text(plan.moves[name]) for name in ("provision_id", "how", "to_site_id", "to_option")}
    ).assign(into=text(plan.moves["to_provision_id"]), leaves_t=number(plan.moves["year"]))
    now = now.merge(moves, on="provision_id", how="left")
    now["leaves_t"] = now["leaves_t"].fillna(np.inf)
    then = now[now["how"].isin(["move", "merge"])]
    then = pd.concat([_moved(estate, then[then["how"] == "move"], building), _merged(then, now)])
    then["site"] = then["site_id"].map(column).fillna(-1).astype(int)
    speeds = {mode: estate.assumptions[name] for mode, name in SPEEDS.items()}
    return Offers(places, np.array(years), now, then, speeds)


def _moved(estate: Estate, rows: pd.DataFrame, building: pd.Series) -> pd.DataFrame:
    """Return how provisions are open where they move to."""
    terms = estate.tables["host_terms"].drop_duplicates("site_id").set_index("site_id")
    lent = rows["to_option"].eq("") & rows["to_site_id"].isin(terms.index)
    at = terms.reindex(rows["to_site_id"]).set_index(rows.index)
    days = at["days_per_week"].astype(float).fillna(EVERY_DAY).where(lent, EVERY_DAY)
    most = at["weekly_hours"].astype(float).where(lent, rows["to_site_id"].map(building))
    hours = np.minimum(rows["hours"] * np.minimum(1.0, days / rows["days"]), most.fillna(np.inf))
    begins = at["opens"].map(lambda cell: clock_hours(cell, 0.0) if isinstance(cell, str) else 0.0)
    ends = at["closes"].map(lambda cell: clock_hours(cell, MIDNIGHT) if isinstance(cell, str) else MIDNIGHT)
    window = lent & ((begins > 0) | (ends < MIDNIGHT))
    weeks = pd.DataFrame({"own": rows["week"], "lent": at["open_days"].where(lent, "").fillna("")})
    weeks = weeks.assign(most=rows["days"], every=days >= EVERY_DAY, window=NO_TIMES)
    edges = [text(at[name][window]) for name in ("opens", "closes")]
    weeks.loc[window, "window"] = [f"{a or '00:00'}-{z or '24:00'}" for a, z in zip(*edges, strict=True)]
    return rows.assign(
        site_id=rows["to_site_id"],
        week=[_week_there(week) for week in weeks.to_dict("records")],
        hours=hours,
        days=np.minimum(rows["days"], days),
        opens=begins.where(window, rows["opens"]),
        closes=ends.where(window, rows["closes"]),
    )


def _week_there(week: Mapping[Hashable, Any]) -> str:
    """Return the days on which a provision is open where it has moved, as ``open_days`` has them."""
    own, lent = _windows(week["own"]), _windows(week["lent"])
    if not lent:
        shown = {
            day: own[day] if week["window"] == NO_TIMES else week["window"] for day in own if week["every"]
        }
    else:
        kept = [day for day in lent if len(lent) <= week["most"] + TOLERANCE or day in own]
        shown = {day: lent[day] or own.get(day, "") for day in kept}
    return "; ".join(f"{day} {window}".strip() for day, window in shown.items())


def _windows(week: str) -> dict[str, str]:
    """Return the window of each day that is named, "" where it is not known."""
    return {entry[:3]: entry[4:] for entry in week.split("; ") if entry}


def _merged(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return how provisions are open that merge: as those into which they merge."""
    rows = then[then["how"] == "merge"]
    target = now.set_index("provision_id").reindex(rows["into"]).set_index(rows.index)
    return rows.assign(
        **{name: target[name] for name in ("site_id", "hours", "days", "opens", "closes", "week")}
    )


def _asks(standard: Standard) -> bool:
    """Tell whether a standard asks for hours, a number of days, days by name or a time of day."""
    least = any(float(standard[name]) > 0 for name in LEAST.values())
    return least or bool(_asked_days(standard)) or not np.isnan(_asked_time(standard))


def _asked_time(standard: Standard) -> float:
    """Return the time of day at which a place must be open [h], NaN where none is asked for."""
    cell = standard["open_at"]
    return clock_hours(cell, np.nan) if isinstance(cell, str) else np.nan


def _asked_days(standard: Standard) -> list[str]:
    """Return the days on which a place must be open, as ``Sat``."""
    cell = standard["open_on"]
    return list(_windows(cell)) if isinstance(cell, str) else []


def _open_as_asked(frame: pd.DataFrame, standard: Standard) -> pd.Series:
    """Return which rows are open as a standard asks; what is not known is not."""
    found = pd.Series(data=True, index=frame.index)
    for name, asked in LEAST.items():
        least = float(standard[asked])
        if least > 0:
            found &= frame[name] >= least - TOLERANCE
    at, on = _asked_time(standard), _asked_days(standard)
    if on:
        answers = {week: _on_days(_windows(week), on, at) for week in frame["week"].unique()}
        found &= frame["week"].map(answers).astype(bool)
    elif not np.isnan(at):
        found &= (frame["opens"] <= at + TOLERANCE) & (at < frame["closes"] - TOLERANCE)
    return found


def _on_days(week: Mapping[str, str], days: list[str], at: float) -> bool:
    """Tell whether a week has all days, at a time of day where one is asked for [h]."""
    if not set(days) <= set(week):
        return False
    if np.isnan(at):
        return True
    edges = [[clock_hours(edge, np.nan) for edge in week[day].split("-")] for day in days if week[day]]
    return len(edges) == len(days) and all(
        opens <= at + TOLERANCE and at < closes - TOLERANCE for opens, closes in edges
    )
