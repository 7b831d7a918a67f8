"""What keeps a site as it is where no plan decides it otherwise: no place to go, or no year to close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.model.closing import closing_years

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.explore.ask import Questions
    from estate.model.formulation import Model

SEVERAL = "several rules together"


def nowhere(model: Model, x: NDArray[np.float64], site: int) -> str:
    """Say what keeps the services of a site there: nothing in reach, or only hubs that do not open.

    Parameters
    ----------
    model : Model
        Built model.
    x : ndarray, shape (columns,)
        The plan, which says which hubs open.
    site : int
        Number of the site.
    """
    inst, blocks = model.inst, model.problem.blocks
    mine = np.flatnonzero(inst.provisions["site"].to_numpy() == site)
    open_hubs = blocks["hub"].keys["place"][x[blocks["hub"].columns] > 0.5]
    kind = (inst.places["kind"] == "hub").to_numpy()
    move = blocks["move"].keys
    usable = move[~kind[move["place"]] | move["place"].isin(open_hubs)]
    others = [blocks[family].keys["provision"] for family in ("merge", "online")]
    now, ever = (set(pd.concat([part["provision"], *others])) for part in (usable, move))
    table = inst.tables["services"].set_index("service_id")["name"].dropna()
    called = np.array([table.get(one) or one for one in inst.services], dtype=object)
    services = called[inst.provisions["service"].to_numpy(dtype=int)]
    stuck = sorted({str(services[u]) for u in mine if u not in ever})
    if stuck:
        return f"reach (no place in reach may take {', '.join(stuck)})"
    waiting = sorted({str(services[u]) for u in mine if u not in now})
    if waiting:
        return f"hubs held (no hub that opens can take {', '.join(waiting)})"
    return SEVERAL


def barred_by(questions: Questions, site: int) -> str:
    """Return the rules that leave a site no year to close."""
    inst, rules = questions.model.inst, questions.config.rules
    barred = [
        name
        for name in ("tenure", "brakes", "locks", "materiality")
        if name in rules
        and not closing_years(inst.tables, inst.sites, inst.costs, inst.horizon, {name: rules[name]})[
            [site]
        ].any()
    ]
    return " and ".join(barred) or "tenure and brakes together"
