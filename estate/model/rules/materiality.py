r"""No site closes for less than it is worth the upheaval.

.. math::

    close_{iet} = 0 \text{ where } runningcost_i < X
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from estate.config import Section

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``materiality``."""

    saving_gbp_per_year: float = Field(
        0.0, ge=0, description="Least running cost of a site that may close [GBP/year]"
    )


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add no rows: sites below the limit have no column (``closing.closing_years``)."""
    del problem, inst, cash
