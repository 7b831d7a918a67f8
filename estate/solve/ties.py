"""Of plans that save the same: the one with fewer closures, then later events, then the first ids.

Each wish in turn is the objective of the model whose saving, and whose earlier wishes, are held at
what was reached; ``docs/model.md`` 9.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.highs import Watch, load, run
from estate.solve.plan import EVENTS, rounded, saving_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estate.model.blocks import Arrays
    from estate.model.formulation import Model
    from estate.solve.clock import Clock

Floats = NDArray[np.float64]
SAME_GBP = 0.0025  # plans that differ by less save the same
MOST_NODES = 2_000  # a count, not a time: the same input gives the same plan
IDS_AT_ONCE = 16  # sites in one wish, by powers of 2


def break_ties(model: Model, arrays: Arrays, x: Floats, clock: Clock, seed: int) -> Floats:
    """Return the plan that is preferred among those that save as much as `x`.

    Parameters
    ----------
    model : Model
        The built model.
    arrays : Arrays
        Its arrays, scaled.
    x : ndarray
        An optimal point.
    clock : Clock
        Time left and who may stop.
    seed : int
        Seed of the solver.

    Returns
    -------
    ndarray
        An optimal point; `x` itself where a wish could not be proved.
    """
    best = saving_of(model, rounded(model, x))
    held = _with_row(arrays, arrays.saving, best - SAME_GBP)
    for wish in _wishes(model):
        answer = _reach(replace(held, saving=wish), x, clock, seed)
        if answer is None or saving_of(model, rounded(model, answer)) < best - 2 * SAME_GBP:
            break
        x = answer
        held = _with_row(held, wish, float(wish @ np.round(x)) - 0.5)
    return x


def _reach(arrays: Arrays, start: Floats, clock: Clock, seed: int) -> Floats | None:
    """Return the point that fulfils a wish best, None where that is not proved."""
    options = {
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.5,
        "mip_max_nodes": MOST_NODES,
        "time_limit": max(0.1, clock.left()),
        "random_seed": seed,
    }
    engine = load(arrays, options)
    known = highspy.HighsSolution()
    known.col_value = list(start)
    engine.setSolution(known)
    answer = run(engine, Watch(lambda _found, _bound: None, clock.stop.is_set))
    return answer.x if answer.status == "optimal" else None


def _wishes(model: Model) -> Iterator[Floats]:
    """Give what to make greatest, one after the other; whole numbers on the columns of events."""
    blocks, width = model.problem.blocks, model.problem.width
    close = blocks["close"]
    fewer = np.zeros(width)
    fewer[close.columns] = -1.0
    yield fewer
    later = np.zeros(width)
    for family in EVENTS:
        # counted from the end, so that an event more never makes a plan later
        later[blocks[family].columns] = blocks[family].keys["year"] - model.inst.horizon.decision_years
    yield later
    site = close.keys["site"].to_numpy()  # sites are in the order of their ids
    closing = np.unique(site)
    for first in range(0, len(closing), IDS_AT_ONCE):
        some = closing[first : first + IDS_AT_ONCE]
        rank = {number: 2.0 ** (len(some) - 1 - i) for i, number in enumerate(some)}
        early = np.zeros(width)
        early[close.columns] = [rank.get(number, 0.0) for number in site]
        yield early
    near = np.zeros(width)
    for family, target in (("hub", "place"), ("move", "place"), ("merge", "target")):
        near[blocks[family].columns] = -1.0 - blocks[family].keys[target]
    yield near


def _with_row(arrays: Arrays, row: Floats, lower: float) -> Arrays:
    """Return the arrays with one more row, ``row @ x >= lower``, scaled as the others are."""
    top = float(np.abs(row).max()) or 1.0
    return replace(
        arrays,
        matrix=sparse.vstack([arrays.matrix, sparse.csr_matrix(row / top)], format="csr"),
        row_lower=np.append(arrays.row_lower, lower / top),
        row_upper=np.append(arrays.row_upper, np.inf),
        rule=np.append(arrays.rule, "ties"),
        lazy=np.append(arrays.lazy, values=False),
        part=np.append(arrays.part, ""),
    )
