r"""No partner is left worse off than its floor, on bills.

.. math::

    \sum_t DF(t) \, net_p(t) \ge floor_p \quad \text{for every partner } p
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import Field

from estate.config import Section

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``partnership``."""

    floor_npv_gbp: float | None = Field(
        None,
        description="Least net present saving of every partner [GBP]; "
        "partners.floor_npv_gbp replaces it for one",
    )


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add a row for every partner in the plan with a floor."""
    flows = cash.financial
    value = flows.present_value(inst.factors)
    table = inst.tables["partners"].set_index("partner_id").reindex(list(inst.partners))
    own = pd.to_numeric(table["floor_npv_gbp"]).astype(float).to_numpy()
    default = inst.rules["partnership"]["floor_npv_gbp"]
    floors = np.where(np.isnan(own), np.nan if default is None else default, own)
    floors = np.where(table["in_plan"].astype(bool), floors, np.nan)
    for partner in np.flatnonzero(np.isfinite(floors)):
        mine = flows.partner == partner
        total = np.bincount(flows.column[mine], weights=value[mine], minlength=problem.width)
        used = np.flatnonzero(total)
        row = (np.zeros(len(used)), used, total[used])
        problem.add_rows("partnership", row, lower=[floors[partner]], about=inst.partners[partner])
