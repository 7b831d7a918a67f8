"""The frozen records that travel between stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOSURE_COLUMNS = ("site_id", "year", "exit_route")
HUB_COLUMNS = ("site_id", "option", "year")
MOVE_COLUMNS = ("provision_id", "how", "to_site_id", "to_option", "to_provision_id", "year")


@dataclass(frozen=True)
class Horizon:
    """Years of the plan, counted from 0.

    Attributes
    ----------
    first_year : int
        Calendar year in which financial year 0 begins (1 April).
    decision_years : int
        Years in which something may happen, t = 0 .. decision_years - 1.
    appraisal_years : int
        Years over which money is counted, t = 0 .. appraisal_years - 1.
    """

    first_year: int
    decision_years: int = 10
    appraisal_years: int = 35

    def label(self, t: int) -> str:
        """Name year t as the financial year, for example ``2027/28``."""
        year = self.first_year + int(t)
        return f"{year}/{(year + 1) % 100:02d}"


@dataclass(frozen=True)
class NetworkTravel:
    """Travel measured over a road network.

    Attributes
    ----------
    pairs : DataFrame
        area_id, site_id, mode, km [km], minutes [min], up to ``farthest_km``.
    snapping : DataFrame
        table (areas, sites), id, name, mode, metres [m] to the nearest road (NaN where none is
        within the limit), snapped.
    farthest_km : mapping of str to float
        By mode, how far was searched: a pair of snapped places that is not in ``pairs`` is
        farther than this [km], or has no way at all.
    """

    pairs: pd.DataFrame
    snapping: pd.DataFrame
    farthest_km: Mapping[str, float]


@dataclass(frozen=True)
class Estate:
    """An estate whose every default has been filled, rows sorted by their keys.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Every table of the dictionary, empty where not given; columns as in the
        dictionary. ``sites`` and ``areas`` have easting and northing [m] filled
        wherever a place is known.
    assumed : DataFrame
        One row for each default used: name, value, low, high, unit, quality,
        impact, source, description, table, rows (how many rows it touched).
    funnel : DataFrame
        step, sites, reason: from all registered assets to decided sites.
    matches : DataFrame
        Pairs of records that may be one building; empty where nothing was matched.
    assumptions : mapping of str to float
        Value in force of every named assumption.
    area_km : DataFrame
        area_id, site_id, mode, km, minutes for every pair that a standard needs.
    geometries : mapping of str to GeoDataFrame
        areas and boundary, where shapes were given.
    input_hashes : mapping of str to str
        SHA-256 of every file read.
    notes : tuple of str
        What a reader must know before the first figure.
    gaps : DataFrame
        One row for each fact that was filled in for lack of data: table, site_id,
        column, value, low, high.
    network : NetworkTravel or None
        Travel over a road network, where one was given; ``area_km`` follows from it.
    """

    tables: Mapping[str, pd.DataFrame]
    assumed: pd.DataFrame
    funnel: pd.DataFrame
    matches: pd.DataFrame
    assumptions: Mapping[str, float]
    area_km: pd.DataFrame = field(default_factory=pd.DataFrame)
    geometries: Mapping[str, Any] = field(default_factory=dict)
    input_hashes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    network: NetworkTravel | None = None


@dataclass(frozen=True)
class Plan:
    """What happens to every site, hub and provision, and when.

    Attributes
    ----------
    closures : DataFrame
        site_id, year (offset t), exit_route.
    hubs : DataFrame
        site_id, option, year (offset t of opening).
    moves : DataFrame
        provision_id, how (move, merge, online), to_site_id, to_option (blank at a
        host), to_provision_id (for a merge), year (offset t).
    """

    closures: pd.DataFrame
    hubs: pd.DataFrame
    moves: pd.DataFrame

    @classmethod
    def empty(cls) -> Plan:
        """Return the plan in which nothing happens (business as usual)."""
        return cls(
            pd.DataFrame(columns=list(CLOSURE_COLUMNS)),
            pd.DataFrame(columns=list(HUB_COLUMNS)),
            pd.DataFrame(columns=list(MOVE_COLUMNS)),
        )

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Return the plan as plain data, from which `from_records` makes it again."""
        tables = {"closures": self.closures, "hubs": self.hubs, "moves": self.moves}
        plain = {name: frame.astype(object).where(frame.notna(), "") for name, frame in tables.items()}
        return {
            name: [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
            for name, frame in plain.items()
        }

    def shared(self, other: Plan) -> dict[str, int]:
        """Return how many closures, hubs and moves are the same in another plan."""
        tables = ("closures", "hubs", "moves")
        return {name: len(getattr(self, name).merge(getattr(other, name))) for name in tables}

    @classmethod
    def from_records(cls, records: Mapping[str, list[dict[str, Any]]]) -> Plan:
        """Return the plan that `records` told.

        Raises
        ------
        ValueError
            If the records are not those of a plan.
        """
        columns = {"closures": CLOSURE_COLUMNS, "hubs": HUB_COLUMNS, "moves": MOVE_COLUMNS}
        frames = []
        for name, known in columns.items():
            rows = records[name]
            if any(set(row) != set(known) for row in rows):
                raise ValueError(f"{name} has other columns than a plan")
            frame = pd.DataFrame(rows, columns=list(known))
            frames.append(frame.astype({"year": "int64"}))
        return cls(*frames)


@dataclass(frozen=True)
class Progress:
    """How far a run has come, for people who wait.

    Attributes
    ----------
    stage : str
        What is being done, in plain words.
    incumbent_gbp : float or None
        Net present saving of the best plan so far [GBP]; None while there is none.
    bound_gbp : float or None
        No plan saves more than this [GBP]; None while nothing is proved.
    seconds : float
        Time since the stage began [s].
    """

    stage: str
    incumbent_gbp: float | None
    bound_gbp: float | None
    seconds: float


@dataclass(frozen=True)
class Start:
    """The plan of an earlier run, with which a search begins.

    Attributes
    ----------
    run : str
        Name of that run.
    plan : Plan
        What it decided; it need not be possible any more.
    """

    run: str
    plan: Plan

    def records(self) -> dict[str, Any]:
        """Return it as plain data, for the record of the run that begins with it."""
        return {"run": self.run, "plan": self.plan.records()}


@dataclass(frozen=True)
class Solution:
    """A plan with what the solver proved of it.

    Attributes
    ----------
    plan : Plan
        The best plan found.
    status : str
        optimal, within_gap, time_limit or interrupted.
    objective_gbp : float
        Net present saving of the rounded plan by the model's own coefficients [GBP].
    bound_gbp : float
        No plan saves more than this [GBP]; a proof, safe under tolerances.
    stopped_by : str
        gap, work, clock, user, or doubt where a bound was not believed.
    engine : str
        Which engine proved what.
    seconds : mapping of str to float
        Time by stage [s].
    log : tuple of str
        What each stage reported.
    """

    plan: Plan
    status: str
    objective_gbp: float
    bound_gbp: float
    stopped_by: str
    engine: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    log: tuple[str, ...] = ()

    @property
    def gap_gbp(self) -> float:
        """Distance between the bound and the plan [GBP], never negative."""
        return max(0.0, self.bound_gbp - self.objective_gbp)

    @property
    def gap_share_of_saving(self) -> float | None:
        """The gap as a share of the bound on the saving; None where that is tiny."""
        if self.bound_gbp < 1.0:
            return None
        return self.gap_gbp / self.bound_gbp
