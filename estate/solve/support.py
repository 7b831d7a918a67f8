"""Hubs in whole numbers and all else in parts, among the hubs that the relaxation opens in part.

Where the budget of a year pays for one or two hubs, a choice of hubs is not made better by changing
one of them: another is then no longer paid for. HiGHS changes several at once. It is asked only for
hubs that the relaxation opens in part, in these years and the ones beside them, so that presolve
leaves little (Berthold, RENS, Mathematical Programming Computation 6, 2014, with years beside).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.highs import load, run

if TYPE_CHECKING:
    from estate.model.blocks import Arrays
    from estate.model.formulation import Model
    from estate.solve.generation import Generation
    from estate.solve.highs import Watch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FAINT = 0.01  # of a hub that the relaxation opens: less is not looked at
BESIDE = 1  # years before and after that are looked at too
ENOUGH = 5e-3  # relative gap at which a choice is good enough
HALF = 0.5
HEURISTICS = 0.3  # share of the effort that goes into finding choices rather than proving


def near_support(place: NDArray[np.int64], year: NDArray[np.int64], opened: Floats) -> Mask:
    """Return the hubs of which a part opens, or of the same place and size in a year beside.

    Parameters
    ----------
    place, year : ndarray, shape (hubs,)
        Of each hub column.
    opened : ndarray, shape (hubs,)
        How much of it the relaxation opens.
    """
    near = np.zeros(len(place), dtype=bool)
    for one in np.flatnonzero(opened > FAINT):
        near |= (place == place[one]) & (abs(year - year[one]) <= BESIDE)
    return near


def whole_hubs(
    model: Model, generation: Generation, allowed: Mask, start: Floats, seconds: float, watch: Watch
) -> Mask | None:
    """Choose among some hubs the ones that open, all else in parts.

    Parameters
    ----------
    model : Model
        Built model.
    generation : Generation
        Its relaxation: the columns and rows that are in are looked at.
    allowed : ndarray of bool, shape (hubs,)
        Hub columns that may open.
    start : ndarray, shape (columns,)
        A solution of the relaxation with hubs in whole numbers, all of them allowed.
    seconds : float
        Outer stop [s].
    watch : Watch
        May stop the work.

    Returns
    -------
    ndarray of bool, shape (hubs,), or None
        Which open; None where nothing was found.
    """
    hub = model.problem.blocks["hub"]
    inside = generation.inside & ~_shut(model, allowed) | (start > 0)
    inside[hub.columns[allowed]] = True
    columns = np.flatnonzero(inside)
    among = np.searchsorted(columns, hub.columns[allowed])
    place, year = (hub.keys[name].to_numpy()[allowed] for name in ("place", "year"))
    open_by = (place[:, None] == place) & (year[:, None] >= year)
    options = {"time_limit": seconds, "mip_rel_gap": ENOUGH, "mip_heuristic_effort": HEURISTICS}
    engine = load(_stepped(generation, columns, among, open_by), options)
    known = np.append(start[columns], open_by @ start[columns[among]])
    engine.setSolution(len(known), np.arange(len(known), dtype=np.int32), known)
    answer = run(engine, watch)
    return None if answer.x is None else _opened(answer.x[among], allowed)


def _stepped(generation: Generation, columns: Ints, among: Ints, open_by: Mask) -> Arrays:
    """Return the relaxation with whole numbers for whether a hub is open by a year.

    Branched on, they halve what is left; whether it opens in a year says little where it does not.
    """
    arrays, rows, count = generation.arrays, generation.rows, len(among)
    opening = sparse.csr_matrix((np.ones(count), (np.arange(count), among)), shape=(count, len(columns)))
    steps = [sparse.csr_matrix(open_by, dtype=float) @ opening, -sparse.eye(count)]
    return replace(
        arrays,
        saving=np.append(arrays.saving[columns], np.zeros(count)),
        upper=np.append(arrays.upper[columns], np.ones(count)),
        integer=np.arange(len(columns) + count) >= len(columns),
        matrix=sparse.bmat([[arrays.matrix[rows][:, columns], None], steps], format="csr"),
        row_lower=np.append(arrays.row_lower[rows], np.zeros(count)),
        row_upper=np.append(arrays.row_upper[rows], np.zeros(count)),
    )


def _opened(x: Floats, allowed: Mask) -> Mask:
    """Return which hubs open, from those that were allowed."""
    opened = np.zeros(len(allowed), dtype=bool)
    opened[allowed] = x > HALF
    return opened


def _shut(model: Model, allowed: Mask) -> Mask:
    """Return the hubs that are not allowed, and the moves to where none of the allowed is open by then."""
    blocks = model.problem.blocks
    hub, move = blocks["hub"], blocks["move"]
    kind = (model.inst.places["kind"] == "hub").to_numpy()
    since = np.where(kind, np.iinfo(np.int64).max, 0)
    np.minimum.at(since, hub.keys["place"].to_numpy()[allowed], hub.keys["year"].to_numpy()[allowed])
    shut = np.zeros(model.problem.width, dtype=bool)
    shut[hub.columns] = ~allowed
    shut[move.columns] = move.keys["year"].to_numpy() < since[move.keys["place"].to_numpy()]
    return shut
