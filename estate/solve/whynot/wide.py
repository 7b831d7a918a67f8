"""The model with everything that a rule bars put back, and each line of the user's rules known by name.

Most rules leave out what they bar (a site that must stay has no column to close). To say which of
them conflict, their columns are put back and marked with the line that bars them. Lines that are rows
of the model carry their names already (``about``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from estate.model.blocks import Arrays, BlockProblem, RowBlock
from estate.model.cash import build_cash
from estate.model.closing import cost_decides
from estate.model.formulation import Model, family_keys
from estate.model.hosting import fit_sites, often_enough, permitted
from estate.model.instance import Instance, build_instance
from estate.model.near import near
from estate.model.rules import RULES, rule_name
from estate.model.rules.capacity import IMPLIED
from estate.model.terms import keyed
from estate.solve.whynot.bars import Lifted, bars_of

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate

Ints = NDArray[np.int64]
HARD = ("assignment", "opening")  # what a plan is, not what anybody asks of it
FILTERS = ("tenure", "brakes", "materiality")  # rules that bar columns, which are put back
BEYOND = 3  # nearest places out of reach that are looked at, for each provision
COUNTED = {"hub": "hubs", "close": "closures"}
LIMITS = {"peak_funding_gbp": "peak", "payback_year": "payback", "saving_year": "saving"}


@dataclass(frozen=True)
class Wide:
    """A model in which every line of the user's rules can be held, loosened or left out.

    Attributes
    ----------
    model : Model
        Columns and rows, barred columns among them.
    arrays : Arrays
        Its arrays, unscaled.
    lines : tuple of str
        Names of the lines: rule, then what it is about, parted by ``|``.
    low, high : ndarray, shape (rows,)
        Line to which the lower and the upper side of a row belong; -1 where it always holds.
    implied : ndarray of bool, shape (rows,)
        Rows that say again what others say: left out when their line is loosened.
    bars : DataFrame
        line, column, cost: which line bars which column, and how far the column goes beyond it.
    """

    model: Model
    arrays: Arrays
    lines: tuple[str, ...]
    low: Ints
    high: Ints
    implied: NDArray[np.bool_]
    bars: pd.DataFrame


def build_wide(estate: Estate, config: Config) -> Wide:
    """Build the model of an estate with everything that its rules bar put back."""
    lifted = _lift(estate, config)
    inst = build_instance(lifted.estate, lifted.config)
    pairs = _pairs(inst, estate, config)
    inst = replace(inst, pairs=pairs)
    problem = BlockProblem(config.name)
    for family, keys in family_keys(inst).items():
        problem.add_columns(family, keys, integer=family != "leave")
    cash = build_cash(problem.blocks, inst)
    counted = cash.economic if inst.economic else cash.financial
    problem.set_saving(counted.by_column(inst.factors, problem.width))
    model = Model(inst, problem, cash)
    names = _add_rows(model, config)
    arrays, low, high = _one_side_each(problem.arrays(), names["low"], names["high"])
    bars = bars_of(model, estate, config, lifted)
    lines = np.unique(np.concatenate([low[low != ""], high[high != ""], bars["line"].to_numpy(dtype=str)]))
    number = {name: i for i, name in enumerate(lines)}
    first, last = (np.array([number.get(name, -1) for name in side], dtype=np.int64) for side in (low, high))
    bars["line"] = bars["line"].map(number).astype(int)
    implied = np.asarray(arrays.part == IMPLIED, dtype=bool)
    return Wide(model, arrays, tuple(lines.tolist()), first, last, implied, bars)


def _one_side_each(
    arrays: Arrays, low: NDArray[np.str_], high: NDArray[np.str_]
) -> tuple[Arrays, NDArray[np.str_], NDArray[np.str_]]:
    """Part rows of which each side is a line of its own: the two may contradict each other."""
    both = np.flatnonzero((low != "") & (high != ""))
    upper = arrays.row_upper.copy()
    upper[both] = np.inf
    parted = replace(
        arrays,
        matrix=sparse.vstack([arrays.matrix, arrays.matrix[both]], format="csr"),
        row_lower=np.concatenate([arrays.row_lower, np.full(len(both), -np.inf)]),
        row_upper=np.concatenate([upper, arrays.row_upper[both]]),
        rule=np.concatenate([arrays.rule, arrays.rule[both]]),
        lazy=np.concatenate([arrays.lazy, arrays.lazy[both]]),
        part=np.concatenate([arrays.part, arrays.part[both]]),
    )
    first_high = high.copy()
    first_high[both] = ""
    blank = np.full(len(both), "", dtype=str)
    return parted, np.concatenate([low, blank]), np.concatenate([first_high, high[both]])


def _lift(estate: Estate, config: Config) -> Lifted:
    """Take away what bars without a row: scope and fixed provisions of sites that must close, fitness."""
    tables = dict(estate.tables)
    must = set((config.rules.get("locks") or {}).get("close", ()))
    sites, provisions, terms = (tables[name].copy() for name in ("sites", "provisions", "host_terms"))
    stays = sites["site_id"].isin(must) & (sites["status"] == "existing")
    stays &= ~sites["scope"].isin(["decide", "surplus"])
    sites.loc[stays, "scope"] = "decide"
    asked = config.rules.get("fitness") or {}
    unfit = ~fit_sites(sites, tables["hub_options"], asked)
    no_ramp = (sites["step_free"] != "yes") & bool(asked.get("require_step_free"))
    sites.loc[no_ramp & sites["step_free_cost_gbp"].isna(), "step_free_cost_gbp"] = 0.0
    if asked.get("lending_too"):
        terms = terms[terms["site_id"].isin(sites.loc[fit_sites(sites, None, asked), "site_id"])]
    fixed = provisions["fixed_to_site"].astype(bool) & provisions["site_id"].isin(must)
    provisions.loc[fixed, "fixed_to_site"] = False
    terms["permitted_services"] = ""
    terms["term_weeks"] = 52.0
    tables |= {"sites": sites, "provisions": provisions, "host_terms": terms}
    rules = {name: options for name, options in config.rules.items() if name not in (*FILTERS, "locks")}
    if not cost_decides(config.rules.get("materiality") or {}):
        rules["materiality"] = config.rules["materiality"]
    elif (config.rules.get("materiality") or {}).get("npv_gbp") is not None:
        rules["materiality"] = {**config.rules["materiality"], "saving_gbp_per_year": 0.0}
    if asked:
        rules["fitness"] = {"require_step_free": asked.get("require_step_free", True)}
    return Lifted(
        replace(estate, tables=tables),
        config.model_copy(update={"rules": rules, "hubs_allowed": True}),
        frozenset(sites.loc[stays, "site_id"]),
        frozenset(provisions.loc[fixed, "provision_id"]),
        frozenset(sites.loc[unfit, "site_id"]),
    )


def _pairs(inst: Instance, estate: Estate, config: Config) -> pd.DataFrame:
    """List moves in reach, whether permitted and fitting or not, and the nearest few out of reach."""
    services = estate.tables["services"].sort_values("service_id", ignore_index=True)
    provisions, places = inst.provisions, inst.places
    default = (config.rules.get("reach") or {}).get("default_km")
    default = inst.assumptions["default_move_reach_km"] if default is None else default
    limit = pd.to_numeric(services["move_reach_km"]).astype(float).fillna(default).to_numpy()
    limit = limit[provisions["service"]]
    metres = 1000 / inst.assumptions["circuity"]
    xy = inst.sites[["x", "y"]].to_numpy()
    start, end = xy[provisions["site"]], xy[places["site"].to_numpy(dtype=int)]
    moves = (provisions["mobile"] & (provisions["digital"] < 1)).to_numpy()
    pairs = near(start, end, np.where(moves, limit * metres, np.nan))
    pairs = pd.concat([pairs, _nearest(start, end, moves)])
    pairs = pairs.drop_duplicates(["provision", "place"])
    u, j = pairs["provision"].to_numpy(dtype=int), pairs["place"].to_numpy(dtype=int)
    terms = estate.tables["host_terms"].drop_duplicates("site_id").set_index("site_id")
    at = inst.sites["site_id"].to_numpy()[places["site"].to_numpy(dtype=int)]
    asked = places.assign(
        permitted=pd.Series(at).map(terms["permitted_services"]).astype(object).fillna("").to_numpy(),
        term_weeks=pd.Series(at).map(terms["term_weeks"]).astype(float).fillna(52.0).to_numpy(),
    )
    lends = asked["kind"] == "host"
    asked["permitted"] = asked["permitted"].where(lends, "")
    asked["term_weeks"] = asked["term_weeks"].where(lends, 52.0)
    pairs = pairs.assign(
        km=pairs["metres"] / metres,
        limit=limit[u],
        allowed=permitted(asked, services)[provisions["service"].to_numpy()[u], j]
        & often_enough(provisions, asked, services, (u, j))
        if len(pairs)
        else True,
    )
    elsewhere = provisions["site"].to_numpy()[u] != places["site"].to_numpy()[j]
    kept: pd.DataFrame = pairs[elsewhere].sort_values(["provision", "place"], ignore_index=True)
    return kept


def _nearest(start: NDArray[np.float64], end: NDArray[np.float64], mobile: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the nearest places of every provision that may leave, however far."""
    who = np.flatnonzero(mobile & np.isfinite(start[:, 0]))
    where = np.flatnonzero(np.isfinite(end[:, 0]))
    if not len(who) or not len(where):
        return pd.DataFrame({"provision": np.zeros(0, int), "place": np.zeros(0, int), "metres": np.zeros(0)})
    count = min(BEYOND, len(where))
    metres, place = cKDTree(end[where]).query(start[who], k=np.arange(1, count + 1))
    return pd.DataFrame(
        {"provision": np.repeat(who, count), "place": where[place.ravel()], "metres": metres.ravel()}
    )


def _add_rows(model: Model, config: Config) -> dict[str, NDArray[np.str_]]:
    """Add the rows of every rule and return to which line the lower and upper side of each belong."""
    problem, low, high = model.problem, [], []
    for rule in RULES:
        name = rule_name(rule)
        for prefix, inst in _parts(name, model.inst, config):
            before = len(problem.row_blocks)
            if name == "locks":
                _add_locks(model, config)
            else:
                rule.add(problem, inst, model.cash)
            for block in problem.row_blocks[before:]:
                low.append(_line_names(model, block, prefix, "low"))
                high.append(_line_names(model, block, prefix, "high"))
    empty = np.zeros(0, dtype=str)
    return {"low": np.concatenate([*low, empty]), "high": np.concatenate([*high, empty])}


def _parts(rule: str, inst: Instance, config: Config) -> list[tuple[str, Instance]]:
    """Return a rule line by line where one row speaks for several lines, else whole."""
    if rule == "locks":
        return [("", inst)] if rule in config.rules else []
    if rule not in inst.rules:
        return []
    options = inst.rules[rule]
    if rule == "affordability":
        plain = {**options, **dict.fromkeys(LIMITS)}
        given = [key for key in LIMITS if options[key] is not None]
        return [
            (LIMITS[key], replace(inst, rules={**inst.rules, rule: {**plain, key: options[key]}}))
            for key in given
        ]
    if rule == "compatibility":
        table = inst.tables["compatibility"]
        return [
            (
                f"{pair.service_a}|{pair.relation}|{pair.service_b}",
                replace(inst, tables={**inst.tables, "compatibility": table.iloc[[i]]}),
            )
            for i, pair in enumerate(table.itertuples())
        ]
    return [("", inst)]


def _add_locks(model: Model, config: Config) -> None:
    """Add one row for every site that must close or become a hub; what must not has bars."""
    problem, inst = model.problem, model.inst
    close, hub = keyed(problem, "close"), keyed(problem, "hub")
    hub["site"] = inst.places["site"].to_numpy(dtype=int)[hub["place"]]
    numbers = {name: i for i, name in enumerate(inst.sites["site_id"])}
    for option, columns in (("close", close), ("hub", hub)):
        for name in config.rules["locks"][option]:
            mine = columns.loc[columns["site"] == numbers.get(name, -1), "column"].to_numpy()
            row = (np.zeros(len(mine)), mine, np.ones(len(mine)))
            problem.add_rows("locks", row, lower=[1.0], about=f"{option}|{name}")


def _line_names(model: Model, block: RowBlock, prefix: str, side: str) -> NDArray[np.str_]:
    """Return the line of every row of a block; blank where the row always holds."""
    bound = block.lower if side == "low" else block.upper
    about = block.about.astype(object)
    if block.rule in HARD:
        return np.full(len(bound), "", dtype=str)
    if block.rule == "capacity":
        about = receiving_site(model, block).astype(object) + ("|hours" if block.part == "hours" else "")
    if block.rule == "affordability":
        about = np.full(len(bound), "", dtype=object)  # its rows of all years are one line
    if block.rule == "materiality":
        about = np.full(len(bound), "npv", dtype=object)  # one amount, whichever site it bars
    if block.rule == "counts":
        about = np.array([f"{'min' if side == 'low' else 'max'}_{COUNTED[name]}" for name in about], object)
    parts = [block.rule, *([prefix] if prefix else [])]
    names = np.array(["|".join([*parts, *([name] if name else [])]) for name in about], dtype=str)
    structural = (about == "") & (block.rule in ("access", "capital"))
    return np.where(np.isfinite(bound) & ~structural, names, "")


def receiving_site(model: Model, block: RowBlock) -> NDArray[np.str_]:
    """Return the site whose room or hours each row of the rule capacity speaks of."""
    inst, blocks = model.inst, model.problem.blocks
    site = np.full(model.problem.width, -1, dtype=np.int64)
    place = inst.places["site"].to_numpy(dtype=int)
    site[blocks["move"].columns] = place[blocks["move"].keys["place"]]
    site[blocks["hub"].columns] = place[blocks["hub"].keys["place"]]
    site[blocks["merge"].columns] = inst.provisions["site"].to_numpy()[blocks["merge"].keys["target"]]
    used = model.problem.matrix[block.first : block.first + len(block.lower)].tocoo()
    of_row = np.full(len(block.lower), -1, dtype=np.int64)
    np.maximum.at(of_row, used.row, site[used.col])
    site[blocks["leave"].columns] = inst.provisions["site"].to_numpy()[blocks["leave"].keys["provision"]]
    site[blocks["close"].columns] = blocks["close"].keys["site"]
    here = np.full(len(block.lower), -1, dtype=np.int64)
    np.maximum.at(here, used.row, site[used.col])
    of_row = np.where(of_row >= 0, of_row, here)
    return np.append(inst.sites["site_id"].to_numpy(dtype=str), "")[of_row]
