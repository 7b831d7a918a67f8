r"""Services that may not share, must share or stay near each other.

For an arrival u of service a at site h, P_b the presence of service b there by arrival, and own
provisions v of b at h:

.. math::

    \text{may not share:} \quad P_a(h,t) + P_b(h,t) \le 1, \quad Move_{uh}(t) \le P_a(h,t), \quad
        Move_{uh}(t) \le Leave_v(t)

    \text{must share:} \quad Move_{uh}(t) \le \sum_{v} Move_{vh}(t) + \sum_{v \in h} (1 - Leave_v(t))

with q as in ``access`` in place of the sum over arrivals. ``within_km`` is ``must_share`` with every
site within that distance in place of h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.config import Section
from estate.model.terms import Rows, add_compact, arrived, keyed, left_to_date, to_date

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``compatibility``."""


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add the rows of every pair of services."""
    del cash
    numbers = {s: i for i, s in enumerate(inst.services)}
    for pair in inst.tables["compatibility"].itertuples():
        if pair.service_a not in numbers or pair.service_b not in numbers:
            continue
        a, b = numbers[str(pair.service_a)], numbers[str(pair.service_b)]
        if pair.relation == "may_not_share":
            _apart(problem, inst, a, b)
        else:
            _together(problem, inst, (a, b), 0.0 if pair.relation == "must_share" else float(str(pair.km)))


def _arrivals(problem: BlockProblem, inst: Instance, service: int) -> pd.DataFrame:
    """List the moves of a service with the site they go to."""
    move = keyed(problem, "move")
    move["site"] = inst.places["site"].to_numpy()[move["place"]]
    mine: pd.DataFrame = move[inst.provisions["service"].to_numpy()[move["provision"]] == service]
    return mine


def _own(inst: Instance, service: int) -> pd.DataFrame:
    own = inst.provisions.reset_index(names="provision")
    return own[own["service"] == service]


def _apart(problem: BlockProblem, inst: Instance, a: int, b: int) -> None:
    for one, other in ((a, b), (b, a)):
        _not_beside_own(problem, inst, _arrivals(problem, inst, one), _own(inst, other))
    first, second = _arrivals(problem, inst, a), _arrivals(problem, inst, b)
    sites = np.intersect1d(first["site"], second["site"])
    if not len(sites):
        return
    years = inst.horizon.decision_years
    keys = pd.DataFrame({"site": np.repeat(sites, years), "year": np.tile(np.arange(years), len(sites))})
    present = [
        problem.add_columns(f"present_{inst.services[s]}_{len(problem.blocks)}", keys, integer=False)
        for s in (a, b)
    ]
    both = Rows(len(keys))
    for block, moves in zip(present, (first, second), strict=True):
        both.add(np.arange(len(keys)), block.columns, 1.0)
        _imply_presence(problem, inst, moves[moves["site"].isin(sites)], (block.offset, sites))
    problem.add_rows("compatibility", both.triplets(), upper=np.ones(len(keys)))


def _imply_presence(
    problem: BlockProblem, inst: Instance, moves: pd.DataFrame, block: tuple[int, np.ndarray]
) -> None:
    """Arrivals of each provision at each site imply that its service is present there."""
    offset, sites = block
    years = inst.horizon.decision_years
    pairs, group = np.unique(moves[["provision", "site"]].to_numpy(), axis=0, return_inverse=True)
    rows = Rows(len(pairs) * years)
    row, column, _ = to_date(group.ravel(), moves["year"], moves["column"], years)
    rows.add(row, column, 1.0)
    first = offset + np.searchsorted(sites, pairs[:, 1]) * years
    everywhere = np.arange(len(pairs) * years)
    rows.add(everywhere, np.repeat(first, years) + everywhere % years, -1.0)
    add_compact(problem, "compatibility", rows, 0.0)


def _not_beside_own(problem: BlockProblem, inst: Instance, moves: pd.DataFrame, own: pd.DataFrame) -> None:
    """Let an arrival wait until every own provision of the other service has left."""
    years = inst.horizon.decision_years
    arriving = moves[["provision", "site"]].drop_duplicates()
    pairs = arriving.merge(own[["provision", "site"]], on="site", suffixes=("", "_own"))
    pairs["pair"] = np.arange(len(pairs))
    rows = Rows(len(pairs) * years)
    joined = moves.merge(pairs, on=["provision", "site"])
    row, column, _ = to_date(joined["pair"], joined["year"], joined["column"], years)
    rows.add(row, column, 1.0)
    row, column, _ = left_to_date(problem, inst, pairs["pair"], pairs["provision_own"])
    rows.add(row, column, -1.0)
    add_compact(problem, "compatibility", rows, 0.0)


def _together(problem: BlockProblem, inst: Instance, services: tuple[int, int], km: float) -> None:
    """Where service a has moved to, service b is present, there or within km."""
    years = inst.horizon.decision_years
    moves, own = _arrivals(problem, inst, services[0]), _own(inst, services[1])
    pairs = moves[["provision", "site"]].drop_duplicates().assign(pair=lambda f: np.arange(len(f)))
    near_own = _within(inst, pairs, own[["provision", "site"]].rename(columns={"provision": "own"}), km)
    standing = np.bincount(near_own["pair"], minlength=len(pairs)).astype(float)
    stays = ~own["mobile"].reindex(near_own["own"]).to_numpy()
    kept = np.bincount(near_own["pair"], weights=stays, minlength=len(pairs)) > 0
    pairs = pairs[~kept[pairs["pair"]]]
    rows = Rows(len(standing) * years)
    joined = moves.merge(pairs, on=["provision", "site"])
    row, column, _ = to_date(joined["pair"], joined["year"], joined["column"], years)
    rows.add(row, column, 1.0)
    near = _within(inst, pairs, arrived(problem, inst, services[1]), km)
    rows.add(near["pair"] * years + near["year"], near["column"], -1.0)
    near_own = near_own[near_own["pair"].isin(pairs["pair"])]
    row, column, _ = left_to_date(problem, inst, near_own["pair"], near_own["own"])
    rows.add(row, column, 1.0)
    add_compact(problem, "compatibility", rows, np.repeat(standing, years), lazy=True)


def _within(inst: Instance, pairs: pd.DataFrame, others: pd.DataFrame, km: float) -> pd.DataFrame:
    """Join each pair with the rows of `others` at its site, or within km of it."""
    if km <= 0:
        return pairs[["pair", "site"]].merge(others, on="site")
    here, there = np.unique(pairs["site"]), np.unique(others["site"])
    grid = pd.DataFrame({"site": np.repeat(here, len(there)), "there": np.tile(there, len(here))})
    distance = inst.km(grid["site"].to_numpy(), grid["there"].to_numpy())
    grid = grid[(distance <= km + 1e-9) | (grid["site"] == grid["there"])]
    joined = pairs[["pair", "site"]].merge(grid, on="site")
    return joined.drop(columns="site").merge(others.rename(columns={"site": "there"}), on="there")
