r"""Standards hold in every year of the plan.

For a standard with service s and the places within its threshold of area a, w the weight of the
area (residents of the group), q the presence of the service by arrival at site h:

.. math::

    served_{at} \le \sum_{u \text{ in reach}} (1 - Leave_u(t)) + \sum_{h \text{ in reach}} q_{ht}, \qquad
    q_{ht} \le \sum_u Move_{uh}(t), \qquad
    \sum_a w_a served_{at} \ge share \sum_a w_a

Provisions that never leave serve their areas in every year. The share is that of the standard,
that of business as usual, or the lower of the two (``basis``), less the allowance of the standard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from estate.config import Section
from estate.model.terms import Rows, add_compact, arrived, left_to_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance

SLACK = 1e-9  # relative, so that a share met exactly is not lost to rounding
MOST_DEPRIVED = 2  # deciles 1 and 2


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
    always, today : ndarray of bool, shape (areas,)
        Areas that a provision which never leaves serves, and those that are served today.
    """

    area: NDArray[np.int64]
    site: NDArray[np.int64]
    always: NDArray[np.bool_]
    today: NDArray[np.bool_]


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add the standards, sharing columns between those with one service and threshold."""
    del cash
    standards, areas = inst.tables["standards"], inst.tables["areas"]
    if not inst.rules["access"]["enforce"] or standards.empty or areas.empty:
        return
    areas = areas.sort_values("area_id", ignore_index=True)
    numbers = {s: i for i, s in enumerate(inst.services)}
    for key, group in standards.groupby(["service_id", "mode", "metric", "threshold"], sort=True):
        if key[0] not in numbers:
            continue
        service = numbers[str(key[0])]
        reach = within_reach(inst, areas, service, key[1:])
        needs = [
            _needs(standard, areas, weights(str(standard.group), areas, inst.assumptions), reach)
            for standard in group.itertuples()
        ]
        if any(len(need) for need in needs):
            served = _served(problem, inst, service, reach)
            for rows in needs:
                _hold(problem, inst, rows, served)


def within_reach(inst: Instance, areas: pd.DataFrame, service: int, key: tuple[Any, ...]) -> Reach:
    """Return who is in reach of a service, by a key of mode, metric and threshold [km or min]."""
    mode, metric, threshold = key
    table = inst.area_km
    column = "km" if metric == "km" else "minutes"
    near = table[(table["mode"] == mode) & (table[column] <= threshold + 1e-9)]
    area = near["area_id"].map({a: i for i, a in enumerate(areas["area_id"])})
    site = near["site_id"].map({s: i for i, s in enumerate(inst.sites["site_id"])})
    known = (area.notna() & site.notna()).to_numpy()
    at, to = area[known].to_numpy().astype(np.int64), site[known].to_numpy().astype(np.int64)
    own = inst.provisions[inst.provisions["service"] == service]
    stays, there = np.zeros(len(inst.sites), bool), np.zeros(len(inst.sites), bool)
    there[own["site"]] = True
    stays[own.loc[~own["mobile"], "site"]] = True
    always, today = np.zeros(len(areas), bool), np.zeros(len(areas), bool)
    always[at[stays[to]]] = True
    today[at[there[to]]] = True
    return Reach(at, to, always, today)


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


def _served(problem: BlockProblem, inst: Instance, service: int, reach: Reach) -> NDArray[np.int64]:
    """Add the columns and links of one service and threshold.

    Returns
    -------
    ndarray, shape (areas, decision_years)
        Column that says how far an area is served; -1 where it always is.
    """
    years, n = inst.horizon.decision_years, len(reach.always)
    open_areas = np.flatnonzero(~reach.always)
    keys = pd.DataFrame(
        {"area": np.repeat(open_areas, years), "year": np.tile(np.arange(years), len(open_areas))}
    )
    block = problem.add_columns(f"served_{len(problem.blocks)}", keys, integer=False)
    columns = np.full((n, years), -1, dtype=np.int64)
    columns[keys["area"], keys["year"]] = block.columns
    present = arrived(problem, inst, service)
    rows = Rows(n * years)
    rows.add(keys["area"] * years + keys["year"], block.columns, 1.0)
    pairs = pd.DataFrame({"area": reach.area, "site": reach.site})
    pairs = pairs[~reach.always[pairs["area"]]]
    arrive = pairs.merge(present, on="site")
    rows.add(arrive["area"] * years + arrive["year"], arrive["column"], -1.0)
    own = inst.provisions.reset_index(names="provision")
    own = own[(own["service"] == service) & own["mobile"]]
    leaving = pairs.merge(own[["site", "provision"]], on="site")
    row, column, _ = left_to_date(problem, inst, leaving["area"], leaving["provision"])
    rows.add(row, column, 1.0)
    standing = np.repeat(np.bincount(leaving["area"], minlength=n).astype(float), years)
    add_compact(problem, "access", rows, standing)
    return columns


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
