r"""A provision moves no farther than its limit.

.. math::

    move_{ujt} = 0 \text{ where } km(i(u), j) > reach_{s(u)}
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
    """Options of the rule ``reach``."""

    default_km: float | None = Field(
        None, ge=0, description="Farthest move where the service names none [km]; blank takes the assumption"
    )


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add no rows: pairs out of reach have no column (``instance.build_instance``)."""
    del problem, inst, cash
