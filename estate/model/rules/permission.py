r"""Hosts take the services they permit, in the weeks, on the days and at the times they are open.

.. math::

    move_{ujt} = 0 \text{ where } s(u) \notin permitted_j
        \text{ or } transactions_{s(u)} \not\subseteq transactions_j
        \text{ or } (yearround_{s(u)} \text{ and } weeks_j < 52)

    \text{or } [core_{s(u)}] \not\subseteq [opens_j, closes_j]
        \text{ or } days_j < \min(days_u, outreach_{s(u)})

A service of which no transactions are known goes to no place that permits only some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.config import Section

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``permission``."""


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add no rows: pairs that a host does not permit have no column (``instance.build_instance``)."""
    del problem, inst, cash
