"""At which site each column of the model decides something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.model.formulation import Model


def site_of_columns(model: Model) -> NDArray[np.int64]:
    """Return the site of what each column decides, -1 where it is of none, shape (columns,)."""
    inst, blocks = model.inst, model.problem.blocks
    home = inst.provisions["site"].to_numpy()
    where = inst.places["site"].to_numpy(dtype=int)
    site = np.full(model.problem.width, -1, dtype=np.int64)
    site[blocks["close"].columns] = blocks["close"].keys["site"]
    site[blocks["hub"].columns] = where[blocks["hub"].keys["place"]]
    for family in ("leave", "move", "merge", "online"):
        site[blocks[family].columns] = home[blocks[family].keys["provision"]]
    return site
