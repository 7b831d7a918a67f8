r"""Standards hold in every year of the plan.

For a standard with service s and the places within its threshold of area a, w the weight of the
area (residents of the group), q the presence of the service by arrival at site h:

.. math::

    served_{at} \le \sum_{u \text{ in reach}} (1 - Leave_u(t)) + \sum_{h \text{ in reach}} q_{ht}, \qquad
    q_{ht} \le \sum_u Move_{uh}(t), \qquad
    \sum_a w_a served_{at} \ge share \sum_a w_a

Provisions that never leave serve their areas in every year. The share is that of the standard,
that of business as usual, or the lower of the two (``basis``), less the allowance of the standard.
Only offers that are open as the standard asks count (`estate.model.offers`). Where a standard counts
residents at places with room, they follow the provisions u of their place today i(a), k_u their parts:

.. math::

    served_{at} \le \sum_{u \in i(a)} k_u ([i(a) \text{ in reach}] (1 - Leave_u(t))
    + \sum_{h \text{ in reach}} Move_{uh}(t) + \sum_{v \text{ in reach}} Merge_{uv}(t))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from estate.config import Section
from estate.core.words import ASKS
from estate.model.offers import WITH_ROOM, homes, open_here, open_there
from estate.model.terms import Rows, add_compact, arrived, keyed, left_to_date, to_date
from estate.model.visitors import share_of_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance

SLACK = 1e-9  # relative, so that a share met exactly is not lost to rounding
MOST_DEPRIVED = 2  # deciles 1 and 2
DIGITS = 12  # so that parts of a place make a whole


class Options(Section):
    """Options of the rule ``access``."""

    enforce: bool = Field(
        default=True, description="False reports the standards without holding the plan to them"
    )


@dataclass(frozen=True)
class Reach:
    """Who is in reach of a service within one threshold: area and site numbers, pair by pair.

    Attributes
    ----------
    area, site : ndarray, shape (pairs,)
        Numbers of areas, by their ids in order, and of sites.
    always, today : ndarray, shape (areas,)
        Which part of an area provisions that never leave serve, and which part is served today:
        0 or 1, but where residents are counted with room and several provisions share their place.
    home : ndarray, shape (areas,), or None
        Number of the site that is an area's place today, where residents are counted with room.
    """

    area: NDArray[np.int64]
    site: NDArray[np.int64]
    always: NDArray[np.float64]
    today: NDArray[np.float64]
    home: NDArray[np.int64] | None = None


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add the standards, sharing columns between those with one service and threshold."""
    del cash
    standards, areas = inst.tables["standards"], inst.tables["areas"]
    if not inst.rules["access"]["enforce"] or standards.empty or areas.empty:
        return
    areas = areas.sort_values("area_id", ignore_index=True)
    numbers = {s: i for i, s in enumerate(inst.services)}
    alike = ["service_id", "mode", "metric", "threshold", *ASKS]
    for key, group in standards.groupby(alike, sort=True):
        if key[0] not in numbers:
            continue
        service, asks = numbers[str(key[0])], next(group.itertuples())
        reach = within_reach(inst, areas, service, asks)
        needs = [
            _needs(standard, areas, weights(str(standard.group), areas, inst.assumptions), reach)
            for standard in group.itertuples()
        ]
        if any(len(need) for need in needs):
            served = _served(problem, inst, service, (asks, reach))
            for rows in needs:
                _hold(problem, inst, rows, served)


def within_reach(
    inst: Instance,
    areas: pd.DataFrame,
    service: int,
    standard: Any,  # noqa: ANN401 - a row of a table
) -> Reach:
    """Return who is in reach of a service, as a standard measures it."""
    table = inst.area_km
    column = "km" if standard.metric == "km" else "minutes"
    near = table[(table["mode"] == standard.mode) & (table[column] <= standard.threshold + 1e-9)]
    area = near["area_id"].map({a: i for i, a in enumerate(areas["area_id"])})
    site = near["site_id"].map({s: i for i, s in enumerate(inst.sites["site_id"])})
    known = (area.notna() & site.notna()).to_numpy()
    at, to = area[known].to_numpy().astype(np.int64), site[known].to_numpy().astype(np.int64)
    own = inst.provisions[inst.provisions["service"] == service]
    home = homes(inst, areas, service, standard) if standard.counts_at == WITH_ROOM else None
    part = np.ones(len(own)) if home is None else share_of_site(own)
    part = part * open_here(inst, standard)[own.index]
    counts = slice(None) if home is None else home[at] == to
    found = []
    for given in (part * ~own["mobile"], part):
        there = np.bincount(own["site"], weights=given, minlength=len(inst.sites))
        served = np.zeros(len(areas))
        np.maximum.at(served, at[counts], np.minimum(1.0, there.round(DIGITS))[to[counts]])
        found.append(served)
    return Reach(at, to, found[0], found[1], home)


def weights(group: str, areas: pd.DataFrame, assumptions: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the residents of a group in each area [persons], shape (areas,).

    Parameters
    ----------
    assumptions : mapping of str to float
        ``deprived_urban_share``: most deprived part of all areas ranked, for ``deprived_urban``.
    """
    people = areas["population"].to_numpy(dtype=np.float64)
    if group == "all":
        return np.asarray(people, dtype=np.float64)
    if group == "most_deprived":
        decile = pd.to_numeric(areas["imd_decile"]).fillna(10).to_numpy().astype(float)
        return np.asarray(np.where(decile <= MOST_DEPRIVED, people, 0.0), dtype=np.float64)
    if group in {"urban", "rural", "deprived_urban"}:
        live_there = areas["rurality"].astype(object) == ("rural" if group == "rural" else "urban")
        if group == "deprived_urban":
            rank = pd.to_numeric(areas["imd_rank_share"])
            rank = rank.fillna(pd.to_numeric(areas["imd_decile"]) / 10).fillna(1)
            live_there &= rank <= assumptions["deprived_urban_share"]
        return np.asarray(np.where(live_there, people, 0.0), dtype=np.float64)
    share = pd.to_numeric(areas[f"{group}_share"]).fillna(0).to_numpy().astype(float)
    return np.asarray(people * share, dtype=np.float64)


@dataclass(frozen=True)
class _Need:
    """What one row of a standard asks: residents of each area, how many must be served, and where."""

    weight: NDArray[np.float64]
    served: float
    about: str


def _needs(
    standard: Any,  # noqa: ANN401 - a row of a table
    areas: pd.DataFrame,
    weight: NDArray[np.float64],
    reach: Reach,
) -> list[_Need]:
    """Return the needs of a standard that are not always met: one, or one for each zone or area."""
    needs = []
    for name, part in parts(str(standard.geography), areas, weight):
        needed = asked_share(standard, part, reach) * part.sum()
        if (part * reach.always).sum() < needed * (1 - SLACK):
            needs.append(_Need(part, needed, f"{standard.standard_id}|{name}"))
    return needs


def parts(
    geography: str, areas: pd.DataFrame, weight: NDArray[np.float64]
) -> list[tuple[str, NDArray[np.float64]]]:
    """Return the parts in which a standard is held, by name, with the residents of each area [persons]."""
    names, zones = np.array([""]), np.zeros(len(areas), int)
    if geography in {"zone", "postcode_district"}:
        names, zones = np.unique(areas[geography].fillna("").astype(str), return_inverse=True)
    elif geography == "area":
        names, zones = areas["area_id"].astype(str).to_numpy(), np.arange(len(areas))
    held = [(str(names[zone]), np.where(zones == zone, weight, 0.0)) for zone in np.unique(zones)]
    return [(name, part) for name, part in held if part.sum() > 0]


def asked_share(standard: Any, part: NDArray[np.float64], reach: Reach) -> float:  # noqa: ANN401
    """Return the share of one part that a standard, a row of the table, asks to be served."""
    asked = _share(standard, float((part * reach.today).sum() / part.sum()))
    return max(0.0, asked - float(standard.allowance_share))


def _share(standard: Any, today: float) -> float:  # noqa: ANN401
    target = target_share(standard)
    if standard.basis == "no_worse":
        return today
    return min(target, today) if standard.basis == "target_or_today" else target


def target_share(standard: Any) -> float:  # noqa: ANN401
    """Return the share that a standard, a row of the table, names; in an area it is all or nobody."""
    return 1.0 if standard.geography == "area" and standard.share > 0 else float(standard.share)


def _served(
    problem: BlockProblem,
    inst: Instance,
    service: int,
    asked: tuple[Any, Reach],
) -> NDArray[np.int64]:
    """Add the columns and links of one service, threshold and way of counting.

    Parameters
    ----------
    asked : tuple
        A row of the standards, and who is in reach.

    Returns
    -------
    ndarray, shape (areas, decision_years)
        Column that says how far an area is served; -1 where it always is.
    """
    years, reach = inst.horizon.decision_years, asked[1]
    n = len(reach.always)
    open_areas = np.flatnonzero(reach.always < 1)
    keys = pd.DataFrame(
        {"area": np.repeat(open_areas, years), "year": np.tile(np.arange(years), len(open_areas))}
    )
    block = problem.add_columns(f"served_{len(problem.blocks)}", keys, integer=False)
    columns = np.full((n, years), -1, dtype=np.int64)
    columns[keys["area"], keys["year"]] = block.columns
    rows = Rows(n * years)
    rows.add(keys["area"] * years + keys["year"], block.columns, 1.0)
    link = _any_place if reach.home is None else _with_room
    standing = link(problem, inst, service, asked, rows)
    add_compact(problem, "access", rows, np.repeat(standing, years))
    return columns


def _any_place(
    problem: BlockProblem, inst: Instance, service: int, asked: tuple[Any, Reach], rows: Rows
) -> NDArray[np.float64]:
    """Let an area be served by any place in reach; returns how many stand there today, by area."""
    years, (standard, reach) = inst.horizon.decision_years, asked
    pairs = pd.DataFrame({"area": reach.area, "site": reach.site})
    pairs = pairs[reach.always[pairs["area"]] < 1]
    arrive = pairs.merge(arrived(problem, inst, service, standard), on="site")
    rows.add(arrive["area"] * years + arrive["year"], arrive["column"], -1.0)
    own = inst.provisions[open_here(inst, standard)].reset_index(names="provision")
    own = own[(own["service"] == service) & own["mobile"]]
    leaving = pairs.merge(own[["site", "provision"]], on="site")
    row, column, _ = left_to_date(problem, inst, leaving["area"], leaving["provision"])
    rows.add(row, column, 1.0)
    return np.bincount(leaving["area"], minlength=len(reach.always)).astype(float)


def _with_room(
    problem: BlockProblem, inst: Instance, service: int, asked: tuple[Any, Reach], rows: Rows
) -> NDArray[np.float64]:
    """Let an area be served where the provisions of its place are; returns the part served today."""
    years, (standard, reach) = inst.horizon.decision_years, asked
    n = len(reach.always)
    near = np.zeros((n, len(inst.sites)), dtype=bool)
    near[reach.area, reach.site] = True
    own = inst.provisions[inst.provisions["service"] == service]
    visitors = pd.DataFrame({"provision": own.index, "home": own["site"], "part": share_of_site(own)})
    visitors = pd.DataFrame({"area": np.arange(n), "home": reach.home}).merge(visitors, on="home")
    visitors = visitors[reach.always[visitors["area"]] < 1]
    here = open_here(inst, standard)
    stay = visitors[near[visitors["area"], visitors["home"]] & here[visitors["provision"]]]
    row, column, source = left_to_date(problem, inst, stay["area"], stay["provision"])
    rows.add(row, column, stay["part"].to_numpy()[source])
    move, merge = keyed(problem, "move"), keyed(problem, "merge")
    move = move[open_there(inst, standard, move)]
    merge = merge[here[merge["target"]]]
    move = move.assign(site=inst.places["site"].to_numpy()[move["place"]])
    merge = merge.assign(site=inst.provisions["site"].to_numpy()[merge["target"]])
    for went in (move, merge):
        gone = visitors.merge(went, on="provision")
        gone = gone[near[gone["area"], gone["site"]]]
        row, column, source = to_date(gone["area"], gone["year"], gone["column"], years)
        rows.add(row, column, -gone["part"].to_numpy()[source])
    return np.bincount(stay["area"], weights=stay["part"], minlength=n).astype(float)


def _hold(
    problem: BlockProblem,
    inst: Instance,
    needs: list[_Need],
    served: NDArray[np.int64],
) -> None:
    """Add one row a year for each need."""
    years = inst.horizon.decision_years
    for need in needs:
        weight = need.weight
        free = np.flatnonzero((weight > 0) & (served[:, 0] >= 0))
        given = weight[served[:, 0] < 0].sum()
        rows = Rows(years)
        rows.add(np.tile(np.arange(years), len(free)), served[free].ravel(), np.repeat(weight[free], years))
        # scaled to shares, so that the solver's tolerance means the same everywhere
        scale = weight.sum()
        row, column, value = rows.triplets()
        lower = np.full(years, (need.served * (1 - SLACK) - given) / scale)
        problem.add_rows("access", (row, column, value / scale), lower=lower, about=need.about)
