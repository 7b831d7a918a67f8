"""Standards that no plan can keep, and those that are not met today, with the areas that are the reason.

Nothing is solved: a place counts wherever some provision could be, alone and without regard to
capital, so what is told here holds for every plan. What only several rules together bar is found by
`estate.solve.diagnose`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.errors import Issue
from estate.core.travel import SPEED_OF_MODE
from estate.core.words import offer_words, plural
from estate.model.offers import possible
from estate.model.rules.access import (
    SLACK,
    Reach,
    asked_share,
    parts,
    target_share,
    weights,
    within_reach,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sized

    from numpy.typing import NDArray

    from estate.model.instance import Instance

    _Part = tuple[str, NDArray[np.float64], float]

NAMED = 3
"""Most areas named for one standard."""
NEVER = 10**6


@dataclass(frozen=True)
class _Held:
    """One standard: its row, the residents of each area, and the first year in which each can be served."""

    row: Any
    areas: pd.DataFrame
    weight: NDArray[np.float64]
    reach: Reach
    offers: pd.DataFrame
    first: NDArray[np.int64]

    def opens(self, area: int, sites: int) -> NDArray[np.int64]:
        """Return the first year in which each site could offer the service to the residents of an area."""
        home = self.reach.home
        offers = self.offers if home is None else self.offers[self.offers["home"] == home[area]]
        first = np.full(sites, NEVER, dtype=np.int64)
        np.minimum.at(first, offers["site"], offers["first"])
        return first

    @property
    def unit(self) -> str:
        """Return the unit of the threshold."""
        return "km" if self.row.metric == "km" else "minutes"

    def says(self) -> str:
        """Say what the standard asks."""
        row = self.row
        who = "residents" if row.group == "all" else f"residents ({row.group})"
        within = f"within {row.threshold:.3g} {self.unit} ({row.mode}){offer_words(row._asdict())}"
        return f"asks for {target_share(row):.1%} of {who} {within}"

    def short_of(self, served: NDArray[np.bool_] | NDArray[np.float64]) -> list[_Part]:
        """Return the parts in which fewer than the standard asks are served: name, residents, share."""
        found = []
        for name, part in parts(str(self.row.geography), self.areas, self.weight):
            share = float((part * served).sum() / part.sum())
            if share < asked_share(self.row, part, self.reach) * (1 - SLACK):
                found.append((name, part, share))
        return found

    def named(self, out: NDArray[np.bool_], nearest: Callable[[int], float] | None = None) -> str:
        """Name the areas that are out of reach, those with most residents first."""

        def away(i: int) -> str:
            far = nearest(i) if nearest else np.inf
            return f", {far:.3g} {self.unit} from the nearest" if np.isfinite(far) else ""

        return named_areas(self.areas, np.where(out, self.weight, 0.0), away)


def area_label(area: pd.Series) -> str:
    """Return an area's name with its id, or the id where it has no other name."""
    area_id, name = str(area["area_id"]), str(area["name"])
    return f"{name} ({area_id})" if name and name != area_id else area_id


def named_areas(
    areas: pd.DataFrame, weight: NDArray[np.float64], away: Callable[[int], str] = lambda _: ""
) -> str:
    """Name the areas with most residents, and count the others.

    Parameters
    ----------
    areas : DataFrame
        ``area_id`` and ``name``.
    weight : ndarray, shape (areas,)
        Residents that count in each; areas with none are not named [persons].
    away : callable
        What is added to an area, from its number.
    """
    found = np.flatnonzero(weight > 0)
    found = found[np.argsort(-weight[found], kind="stable")]
    told = [
        f"{area_label(areas.iloc[i])}: {plural(round(float(weight[i])), 'resident')}{away(i)}"
        for i in found[:NAMED]
    ]
    return "; ".join([*told, *_more(found)])


def impossible_standards(inst: Instance) -> list[Issue]:
    """Find the standards that cannot be kept even with every site, host and hub open.

    Parameters
    ----------
    inst : Instance
        The estate in numbers.

    Returns
    -------
    list of Issue
        One for each standard, with the share that can be reached at best and the areas out of reach.
    """
    years = inst.horizon.decision_years
    issues = []
    for held, never, at_once in _impossible(inst):
        if never:
            short, last = never, years - 1
            when = "even with every site, host and hub open"
            mend = "offer the service nearer, raise the threshold, lower the share, or write target_or_today"
        else:
            short, last = at_once, 0
            when = "in the first year, before hubs can open,"
            mend = "write target_or_today, shorten lead_years, or offer the service nearer from the start"
        areas = held.named((held.first > last) & _inside(short), partial(_nearest, inst, held, last))
        problem = f"{held.says()}; {when} {_shares(held, short, 'at most')}there is no place for {areas}"
        about = f"{held.row.standard_id}, service {held.row.service_id}"
        issues.append(Issue("standards", None, about, "", problem, mend))
    return issues


def impossible_ids(inst: Instance) -> set[str]:
    """Return the ids of the standards of which `impossible_standards` tells."""
    return {str(held.row.standard_id) for held, _, _ in _impossible(inst)}


def _impossible(inst: Instance) -> Iterator[tuple[_Held, list[_Part], list[_Part]]]:
    """Give the standards that cannot be kept, with the parts that are short ever, and in the first year."""
    for held in _standards(inst):
        never = held.short_of(held.first < inst.horizon.decision_years)
        at_once = held.short_of(held.first <= 0)
        if never or at_once:
            yield held, never, at_once


def unmet_today(inst: Instance) -> list[str]:
    """Say which standards are not met today, where, and what a plan is held to."""
    lines = []
    for held in _standards(inst):
        row = held.row
        if row.basis == "no_worse":
            continue
        asked = replace(held, row=row._replace(basis="target"))
        short = asked.short_of(held.reach.today)
        if not short:
            continue
        then = (
            "no plan may fall below that" if row.basis == "target_or_today" else "a plan must mend it at once"
        )
        areas = held.named((held.reach.today < 1) & _inside(short))
        lines.append(
            f"{row.standard_id}, service {row.service_id}, {held.says()}; "
            f"today {_shares(held, short, '')}out of reach are {areas} ({then})."
        )
    return lines


def _standards(inst: Instance) -> Iterator[_Held]:
    """Give the standards in force, one by one."""
    standards, areas = inst.tables["standards"], inst.tables["areas"]
    if not inst.rules["access"]["enforce"] or standards.empty or areas.empty:
        return
    areas = areas.sort_values("area_id", ignore_index=True)
    numbers = {name: i for i, name in enumerate(inst.services)}
    for row in standards.itertuples():
        if row.service_id not in numbers:
            continue
        service = numbers[str(row.service_id)]
        reach = within_reach(inst, areas, service, row)
        offers = possible(inst, service, row)
        offers = offers[offers["first"] < inst.horizon.decision_years]
        weight = weights(str(row.group), areas, inst.assumptions)
        yield _Held(row, areas, weight, reach, offers, _first(reach, offers, len(areas)))


def _first(reach: Reach, offers: pd.DataFrame, areas: int) -> NDArray[np.int64]:
    """Return the first year in which each area could be served, in part at least."""
    pairs = pd.DataFrame({"area": reach.area, "site": reach.site})
    if reach.home is None:
        soonest = offers.groupby("site")["first"].min().reset_index()
        served = pairs.merge(soonest, on="site")
    else:
        soonest = offers.groupby(["home", "site"])["first"].min().reset_index()
        served = pairs.assign(home=reach.home[reach.area]).merge(soonest, on=["home", "site"])
    first = np.full(areas, NEVER, dtype=np.int64)
    np.minimum.at(first, served["area"], served["first"])
    return first


def _nearest(inst: Instance, held: _Held, last: int, area: int) -> float:
    """Return how far one area is from the nearest site that can offer the service by a year [km or min].

    Infinite where nothing is known of the way.
    """
    able = held.opens(area, len(inst.sites)) <= last
    here = held.areas.iloc[area]
    metres = np.hypot(inst.sites["x"] - here["easting"], inst.sites["y"] - here["northing"])
    speed = inst.assumptions.get(SPEED_OF_MODE.get(str(held.row.mode), ""), np.nan)
    far = metres.astype(float) / 1000 * inst.assumptions["circuity"]
    far = pd.Series(
        far.to_numpy() if held.unit == "km" else far.to_numpy() / speed * 60, inst.sites["site_id"]
    )
    table = inst.area_km
    known = table[(table["mode"] == held.row.mode) & (table["area_id"] == here["area_id"])]
    far.update(known.set_index("site_id")["km" if held.unit == "km" else "minutes"])
    return float(far[able].min()) if far[able].notna().any() else float("inf")


def _inside(short: list[_Part]) -> NDArray[np.bool_]:
    """Return the areas of the parts that fall short."""
    return np.asarray(np.sum([part for _, part, _ in short], axis=0) > 0, dtype=bool)


def _shares(held: _Held, short: list[_Part], most: str) -> str:
    """Say which share is reached in the parts that fall short; of areas there is none to tell."""
    if held.row.geography == "area":
        return ""
    where = [f"{share:.1%}{f' in {name}' if name else ''}" for name, _, share in short[:NAMED]]
    return f"{most} {', '.join([*where, *_more(short)])} are: ".lstrip()


def _more(found: Sized) -> list[str]:
    return [f"{len(found) - NAMED} more"] if len(found) > NAMED else []
