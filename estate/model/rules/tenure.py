r"""A leased site closes only when its lease allows.

.. math::

    close_{iet} = 0 \text{ where } t < expiry_i \text{ and } t \ne break_i, \text{ or } t < notice_i
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.config import Section

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``tenure``."""


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add no rows: years that a tenure bars have no column (``closing.closing_years``)."""
    del problem, inst, cash
