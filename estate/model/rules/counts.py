r"""At least, at most or exactly n hubs or closures.

.. math::

    n_{min} \le \sum_{jt} hub_{jt} \le n_{max}, \qquad m_{min} \le \sum_{iet} close_{iet} \le m_{max}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from estate.config import Section

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``counts``."""

    min_hubs: int | None = Field(None, ge=0, description="Least number of hubs at the end")
    max_hubs: int | None = Field(None, ge=0, description="Greatest number of hubs at the end")
    min_closures: int | None = Field(None, ge=0, description="Least number of closures at the end")
    max_closures: int | None = Field(None, ge=0, description="Greatest number of closures at the end")

    @model_validator(mode="after")
    def _least_below_greatest(self) -> Self:
        for what in ("hubs", "closures"):
            least, most = getattr(self, f"min_{what}"), getattr(self, f"max_{what}")
            if least is not None and most is not None and least > most:
                message = f"min_{what} {least} is more than max_{what} {most}"
                raise ValueError(message)
        return self


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add a row for hubs and one for closures, where they are limited."""
    del cash
    options = inst.rules["counts"]
    for family, least, most in (
        ("hub", options["min_hubs"], options["max_hubs"]),
        ("close", options["min_closures"], options["max_closures"]),
    ):
        if least is None and most is None:
            continue
        columns = problem.blocks[family].columns
        lower = -np.inf if least is None else float(least)
        upper = np.inf if most is None else float(most)
        problem.add_rows(
            "counts", (np.zeros(len(columns)), columns, 1.0), lower=[lower], upper=[upper], about=family
        )
