r"""Sites that must keep, close, be a hub or not be one.

.. math::

    \sum_{et} close_{iet} = 1 \; (i \in close), \qquad \sum_{kt} hub_{hkt} = 1 \; (h \in hub)

``keep`` and ``no_hub`` leave no column to choose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulp
from pydantic import Field

from estate.config import Section
from estate.model.terms import keyed

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``locks``."""

    keep: tuple[str, ...] = Field((), description="Sites that never close")
    close: tuple[str, ...] = Field((), description="Sites that must have closed by the last decision year")
    hub: tuple[str, ...] = Field((), description="Sites that must become a hub")
    no_hub: tuple[str, ...] = Field((), description="Sites that must not become a hub")


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add one row for every site that must close or become a hub."""
    del cash
    close, hub = keyed(problem, "close"), keyed(problem, "hub")
    hub["site"] = inst.places["site"].to_numpy()[hub["place"]]
    numbers = {name: i for i, name in enumerate(inst.sites["site_id"])}
    for wanted, columns in ((inst.rules["locks"]["close"], close), (inst.rules["locks"]["hub"], hub)):
        for name in wanted:
            mine = columns.loc[columns["site"] == numbers.get(name, -1), "column"]
            if mine.empty:
                problem.add_rows("locks", ([], [], []), lower=[1.0], upper=[1.0])
            else:
                problem.add_rule("locks", pulp.lpSum(problem.variable(int(c)) for c in mine) == 1)
