r"""Legal and other locks hold.

.. math::

    close_{iet} = 0 \text{ where } t < until_i
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.config import Section

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``brakes``."""


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add no rows: years that are locked have no column (``closing.closing_years``)."""
    del problem, inst, cash
