r"""No site closes for less than it is worth the upheaval.

.. math::

    \text{enough a year:} \quad runningcost_i \ge X

    \text{enough over the years:} \quad
    \sum_{et} v_{iet} \, close_{iet} + \sum_{u \in i} v_u \ge Y \sum_{et} close_{iet}
    - M_i \, (1 - \sum_{et} close_{iet})

v is what an event adds to the objective, v_u what is decided for provision u of the site (leaving, and
where it goes), M_i the most that its provisions can lose by leaving while the site stays. What opening a
hub costs is in no site's sum, because sites share hubs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from estate.config import Section
from estate.model.closing import cost_decides, yearly_cost

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``materiality``."""

    saving_gbp_per_year: float = Field(
        0.0, ge=0, description="Least running cost of a site that may close [GBP/year]; 0 asks for none"
    )
    npv_gbp: float | None = Field(
        None,
        description="Least net present saving of closing a site and moving its services, hubs aside [GBP]",
    )
    enough: Literal["either", "both"] = Field(
        "either", description="Where both are given: whether one of the two is enough, or both are asked for"
    )


def held(inst: Instance) -> NDArray[np.bool_]:
    """Return which sites close only for a net present saving that is enough, shape (sites,)."""
    options = inst.rules["materiality"]
    if options["npv_gbp"] is None:
        return np.zeros(len(inst.sites), dtype=bool)
    least = options["saving_gbp_per_year"]
    if cost_decides(options) or least <= 0:
        return np.ones(len(inst.sites), dtype=bool)
    below: NDArray[np.bool_] = yearly_cost(inst.costs, inst.sites) < least
    return below


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add a row for every site held to a net present saving.

    Sites below the running cost have no column to close (``closing.closing_years``).
    """
    if inst.rules["materiality"]["npv_gbp"] is None:
        return
    view = cash.economic if inst.economic else cash.financial
    worth = view.by_column(inst.factors, problem.width)
    lost = _most_lost(problem, inst, worth)
    site, close = _site_of(problem, inst), problem.blocks["close"]
    may_close = np.isin(inst.sites.index, close.keys["site"])
    asked = np.flatnonzero(held(inst) & may_close)
    row = np.full(len(inst.sites) + 1, -1)  # the last one is that of columns of no site
    row[asked] = np.arange(len(asked))
    worth[close.columns] -= inst.rules["materiality"]["npv_gbp"] + lost[close.keys["site"]]
    used = np.flatnonzero((row[site] >= 0) & (worth != 0))
    about = [f"{name}|npv" for name in inst.sites["site_id"].iloc[asked]]
    problem.add_rows(
        "materiality", (row[site[used]], used, worth[used]), lower=0.0 - lost[asked], about=about
    )


def _site_of(problem: BlockProblem, inst: Instance) -> NDArray[np.int64]:
    """Return the site that closes, or that a provision leaves, of every column; -1 for hubs."""
    site = np.full(problem.width, -1, dtype=np.int64)
    home = inst.provisions["site"].to_numpy(dtype=int)
    for family, block in problem.blocks.items():
        if family == "close":
            site[block.columns] = block.keys["site"]
        elif "provision" in block.keys:
            site[block.columns] = home[block.keys["provision"].to_numpy(dtype=int)]
    return site


def _most_lost(problem: BlockProblem, inst: Instance, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the most that provisions lose by leaving each site, whatever year and place [GBP]."""
    best = {"leave": np.full(len(inst.provisions), np.inf), "go": np.full(len(inst.provisions), np.inf)}
    for family in ("leave", "move", "merge", "online"):
        block = problem.blocks[family]
        least = best["leave" if family == "leave" else "go"]
        np.minimum.at(least, block.keys["provision"].to_numpy(dtype=int), worth[block.columns])
    low = best["leave"] + best["go"]
    low = np.where(np.isfinite(low), np.minimum(low, 0.0), 0.0)
    home = inst.provisions["site"].to_numpy(dtype=int)
    return np.bincount(home, weights=-low, minlength=len(inst.sites)).astype(np.float64)
