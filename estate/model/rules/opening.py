r"""Nothing moves to a hub before it operates.

.. math::

    \sum_{kt} hub_{hkt} + \sum_{et} close_{het} \le 1, \qquad Move_{uj}(t) \le Hub_j(t), \qquad
    Move_{uj}(t) \le 1 - Close_{i(j)}(t) \text{ at a lending site}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.config import Section
from estate.model.terms import Rows, add_compact, keyed, to_date

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``opening``."""


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add one opening a site, and the links between arrivals and what is open."""
    del cash
    hub, close = keyed(problem, "hub"), keyed(problem, "close")
    hub["site"] = inst.places["site"].to_numpy()[hub["place"]]
    once = Rows(len(inst.sites))
    once.add(hub["site"], hub["column"], 1.0)
    both = close[close["site"].isin(hub["site"])]
    once.add(both["site"], both["column"], 1.0)
    add_compact(problem, "opening", once, 1.0)
    _links(problem, inst)


def _links(problem: BlockProblem, inst: Instance) -> None:
    years = inst.horizon.decision_years
    pairs = inst.pairs[["provision", "place"]].assign(pair=np.arange(len(inst.pairs)))
    pairs["site"] = inst.places["site"].to_numpy()[pairs["place"]]
    move = keyed(problem, "move").merge(pairs, on=["provision", "place"])
    rows = Rows(len(pairs) * years)
    row, column, _ = to_date(move["pair"], move["year"], move["column"], years)
    rows.add(row, column, 1.0)
    opens = pairs[["pair", "place"]].merge(keyed(problem, "hub"), on="place")
    row, column, _ = to_date(opens["pair"], opens["year"], opens["column"], years)
    rows.add(row, column, -1.0)
    lends = pairs[(inst.places["kind"] == "host").to_numpy()[pairs["place"]]]
    shuts = lends[["pair", "site"]].merge(keyed(problem, "close"), on="site")
    row, column, _ = to_date(shuts["pair"], shuts["year"], shuts["column"], years)
    rows.add(row, column, 1.0)
    upper = np.zeros(len(pairs))
    upper[lends["pair"]] = np.where(lends["pair"].isin(shuts["pair"]), 1.0, np.inf)
    upper = np.repeat(upper, years)
    keep = np.isfinite(upper) & rows.used()
    number = np.cumsum(keep) - 1
    row, column, value = rows.triplets()
    part = keep[row]
    problem.add_rows(
        "opening", (number[row[part]], column[part], value[part]), upper=upper[keep], lazy=True, part="links"
    )
