r"""Every provision is somewhere, merged or online, in every year.

.. math::

    leave_{ut} = \sum_j move_{ujt} + \sum_v merge_{uvt} + online_{ut}, \qquad
    \sum_t leave_{ut} \le 1, \qquad \sum_{et} close_{iet} \le 1

    Close_i(t) \le Leave_u(t) \quad \forall u \in i, \qquad
    Merge_{uv} + Leave_v \le 1 \text{ at the end}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from estate.config import Section
from estate.model.terms import Rows, add_compact, keyed, leave_columns, left_to_date, to_date

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``assignment``."""

    merge_across_partners: bool = Field(
        default=False, description="True lets a provision merge into one of another partner"
    )


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add the rows that tie leaving, merging and closing together."""
    del cash
    _leave_once(problem, inst)
    _close_when_empty(problem, inst)
    _merge_targets_stay(problem, inst)


def _leave_once(problem: BlockProblem, inst: Instance) -> None:
    leave = problem.blocks["leave"]
    number = leave_columns(problem, inst) - leave.offset
    rows = Rows(len(leave.keys))
    rows.add(np.arange(len(leave.keys)), leave.columns, 1.0)
    for family in ("move", "merge", "online"):
        block = problem.blocks[family]
        rows.add(number[block.keys["provision"], block.keys["year"]], block.columns, -1.0)
    problem.add_rows("assignment", rows.triplets(), lower=np.zeros(rows.count), upper=0.0, part="leave")
    who, group = np.unique(leave.keys["provision"], return_inverse=True)
    problem.add_rows("assignment", (group, leave.columns, 1.0), upper=np.ones(len(who)), part="once")


def _close_when_empty(problem: BlockProblem, inst: Instance) -> None:
    close, years = keyed(problem, "close"), inst.horizon.decision_years
    sites, group = np.unique(close["site"], return_inverse=True)
    problem.add_rows("assignment", (group, close["column"], 1.0), upper=np.ones(len(sites)), part="once")
    inside = inst.provisions.reset_index(names="provision")[["provision", "site"]]
    inside = inside[inside["site"].isin(sites)].assign(slot=lambda f: np.arange(len(f)))
    closing = inside.merge(close, on="site")
    rows = Rows(len(inside) * years)
    row, column, _ = to_date(closing["slot"], closing["year"], closing["column"], years)
    rows.add(row, column, 1.0)
    row, column, _ = left_to_date(problem, inst, inside["slot"], inside["provision"])
    rows.add(row, column, -1.0)
    add_compact(problem, "assignment", rows, 0.0, part="empty")


def _merge_targets_stay(problem: BlockProblem, inst: Instance) -> None:
    merge = keyed(problem, "merge")
    pairs = inst.merges.assign(pair=np.arange(len(inst.merges)))
    rows = Rows(len(pairs))
    rows.add(merge.merge(pairs, on=["provision", "target"])["pair"], merge["column"], 1.0)
    leaving = leave_columns(problem, inst)[pairs["target"]]
    pair, year = np.nonzero(leaving >= 0)
    rows.add(pair, leaving[pair, year], 1.0)
    add_compact(problem, "assignment", rows, 1.0)
