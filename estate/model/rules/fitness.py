r"""A hub is step-free or carries the cost of becoming so.

.. math::

    hub_{jt} = 0 \text{ where the site is not step-free and the cost of becoming so is not known}
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
    """Options of the rule ``fitness``."""

    require_step_free: bool = Field(default=True, description="False allows hubs of unknown fitness")


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add no rows: places that are not fit have no column (``instance.build_instance``)."""
    del problem, inst, cash
