"""The model: families of columns, their savings, and the rows of every rule in force.

Binary events: ``hub[j,t]`` hub option j opens at the start of year t, ``close[i,e,t]`` site i
closes by route e, ``move[u,j,t]`` provision u arrives at place j, ``merge[u,v,t]`` it merges into
provision v, ``online[u,t]`` it goes online only; and ``leave[u,t]``, their sum over places. A
capital letter is the running sum over years up to t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.model.blocks import BlockProblem
from estate.model.cash import Cash, build_cash
from estate.model.instance import Instance, build_instance
from estate.model.rules import RULES, rule_name

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate


@dataclass(frozen=True)
class Model:
    """A built model.

    Attributes
    ----------
    inst : Instance
        Sets and arrays.
    problem : BlockProblem
        Columns and rows.
    cash : Cash
        Every payment of every column.
    """

    inst: Instance
    problem: BlockProblem
    cash: Cash


def _with_years(keys: pd.DataFrame, first: np.ndarray, years: int) -> pd.DataFrame:
    """Repeat every key for the years first .. years - 1."""
    counts = np.maximum(years - first, 0)
    rows = np.repeat(np.arange(len(keys)), counts)
    start = np.concatenate([[0], np.cumsum(counts)])[:-1]
    offset = np.arange(counts.sum()) - np.repeat(start, counts)
    return keys.iloc[rows].reset_index(drop=True).assign(year=np.repeat(first, counts) + offset)


def family_keys(inst: Instance) -> dict[str, pd.DataFrame]:
    """Return what each column of each family decides.

    Returns
    -------
    dict of str to DataFrame
        hub: place, year; close: route, site, year; leave: provision, year; move: provision,
        place, year; merge: provision, target, year; online: provision, year.
    """
    years = inst.horizon.decision_years
    places = pd.DataFrame({"place": np.flatnonzero(inst.places["kind"] == "hub")})
    lead = inst.places["lead_years"].to_numpy().astype(int)
    routes = pd.DataFrame({"route": np.arange(len(inst.routes)), "site": inst.routes["site"].to_numpy()})
    close = _with_years(routes, np.zeros(len(routes), int), years)
    paid = inst.routes["premium"].to_numpy()[close["route"]] > 0
    at = (close["site"].to_numpy(), close["year"].to_numpy())
    close = close[inst.may_close[at] | (paid & inst.may_surrender[at])].reset_index(drop=True)
    pairs = inst.pairs[["provision", "place"]]
    merges, online = inst.merges, pd.DataFrame({"provision": inst.online})
    leaving = np.unique(np.concatenate([pairs["provision"], merges["provision"], inst.online]).astype(int))
    leave = pd.DataFrame({"provision": leaving})
    return {
        "hub": _with_years(places, lead[places["place"]], years),
        "close": close,
        "leave": _with_years(leave, np.zeros(len(leave), int), years),
        "move": _with_years(pairs, lead[pairs["place"]], years),
        "merge": _with_years(merges, np.zeros(len(merges), int), years),
        "online": _with_years(online, np.zeros(len(online), int), years),
    }


def build_model(estate: Estate, config: Config) -> Model:
    """Build the model of an estate: sets, columns, money and the rows of every rule.

    Parameters
    ----------
    estate : Estate
        Conformed tables with every default filled.
    config : Config
        The run, its rules resolved.

    Returns
    -------
    Model
    """
    inst = build_instance(estate, config)
    problem = BlockProblem(config.name)
    for family, keys in family_keys(inst).items():
        problem.add_columns(family, keys, integer=family != "leave")
    cash = build_cash(problem.blocks, inst)
    counted = cash.economic if inst.economic else cash.financial
    problem.set_saving(counted.by_column(inst.factors, problem.width))
    for rule in RULES:
        if rule_name(rule) in inst.rules:
            rule.add(problem, inst, cash)
    return Model(inst, problem, cash)
