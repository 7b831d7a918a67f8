"""One limit loosened by a step: the tables and the configuration, changed as a user would change them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.errors import ConfigError, Issue
from estate.core.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estate.config import Config
    from estate.core.types import Estate

BUDGETED = {"capital": "capital_gbp", "borrowing": "borrowing_limit_gbp"}
APRIL = 4
BREAK_DATES = ("break_date", "earliest_break_date", "last_break_date")
LEAST = "saving_gbp_per_year"
AFFORDED = {
    "peak": ("peak_funding_gbp", 1),
    "payback": ("payback_year", 1),
    "saving": ("saving_gbp", -1),
}


def loosened(estate: Estate, config: Config, line: str, step: float) -> tuple[Estate, Config]:
    """Return an estate and a configuration in which one line of a rule gives by a step.

    Parameters
    ----------
    estate, config
        As they are.
    line : str
        Name of the line, from `estate.verify.limits`.
    step : float
        By how much, in the unit of its kind.
    """
    rule, _, what = line.partition("|")
    if rule in ("affordability", "counts", "materiality"):
        return estate, _easier(config, rule, what, step)
    if rule == "lock":
        return _unlocked(estate, config, what)
    if rule in ("reach", "merge_reach", "room", "hours"):
        return _wider(estate, config, line, step), config
    return _with(estate, *_eased(estate, config, line, step)), config


def _eased(estate: Estate, config: Config, line: str, step: float) -> tuple[str, pd.DataFrame]:
    """Return the table that a line is in, by its name, with that line eased."""
    rule, _, what = line.partition("|")
    if rule in BUDGETED:
        more = (BUDGETED[rule], step, config.horizon.first_year)
        return "budgets", _more_budget(estate.tables["budgets"], what, more)
    if rule == "merged":
        return "sites", _larger(estate, what, step)
    if rule == "lease":
        return "tenures", _sooner(estate, config, what, step)
    if rule == "partnership":
        return "partners", _lower_floor(estate, config, what, step)
    standards = estate.tables["standards"].copy()
    own = standards["standard_id"].astype(str) == what
    given = standards["allowance_share"].astype(float)
    standards["allowance_share"] = np.where(own, np.minimum(1.0, given + step), given)
    return "standards", standards


def _easier(config: Config, rule: str, what: str, step: float) -> Config:
    """Return the run with one option of a rule that gives by a step."""
    now = config.rules[rule]
    if rule == "affordability":
        option, sign = AFFORDED[what]
        return _option(config, rule, option, type(now[option])(now[option] + sign * step))
    if rule == "materiality" and what:
        return _option(config, rule, "npv_gbp", now["npv_gbp"] - step)
    if rule == "materiality":
        return _option(config, rule, LEAST, max(0.0, now[LEAST] - step))
    sign = 1 if what.startswith("max") else -1
    return _option(config, rule, what, max(0, now[what] + sign * int(step)))


def _lower_floor(estate: Estate, config: Config, partner_id: str, step: float) -> pd.DataFrame:
    """Return the partners, the floor of one of them lower."""
    partners = estate.tables["partners"].copy()
    own = partners["partner_id"].astype(str) == partner_id
    general = config.rules["partnership"]["floor_npv_gbp"]
    floor = pd.to_numeric(partners["floor_npv_gbp"]).astype(float)
    partners["floor_npv_gbp"] = np.where(own, floor.fillna(general or 0.0) - step, floor)
    return partners


def _unlocked(estate: Estate, config: Config, what: str) -> tuple[Estate, Config]:
    """Return the run without one lock: of the rule ``locks``, or a brake."""
    key, _, site_id = what.partition("|")
    if key != "brake":
        kept = [one for one in config.rules["locks"][key] if str(one) != site_id]
        return estate, _option(config, "locks", key, kept)
    brakes = estate.tables["brakes"]
    lifted = (brakes["site_id"].astype(str) == site_id) & (brakes["effect"] == "lock")
    return _with(estate, "brakes", brakes[~lifted].reset_index(drop=True)), config


def _sooner(estate: Estate, config: Config, site_id: str, step: float) -> pd.DataFrame:
    """Return the tenures, one with a break before the year in which it lets its site close.

    The expiry stays, and with it the rent that business as usual pays from then on.
    """
    tenures = estate.tables["tenures"].copy()
    own = tenures["site_id"].astype(str) == site_id
    notice = float(pd.to_numeric(tenures.loc[own, "notice_months"]).fillna(0).max())
    first = config.horizon.first_year
    expiry = _years(tenures.loc[own, "expiry"], first)
    leave = np.concatenate([_years(tenures.loc[own, name], first) for name in BREAK_DATES])
    run = int(np.ceil(notice / 12))
    rolling = tenures.loc[own, "rolling_break"].eq(other=True).any()
    open_yet = rolling and (len(leave) == 1 or leave.max(initial=-1) >= run)
    usable = np.maximum(leave, run) if open_yet else leave
    earliest = min([*np.maximum(expiry, run), *usable[usable >= run]]) - int(step)
    tenures["break_date"] = pd.to_datetime(tenures["break_date"])
    tenures.loc[own, "break_date"] = pd.Timestamp(config.horizon.first_year + max(0, earliest), APRIL, 1)
    tenures.loc[own, "notice_months"] = min(notice, 12.0 * max(0, earliest))
    return tenures


def _years(dates: pd.Series, first_year: int) -> np.ndarray:
    """Return the years t in which known dates take effect: at the start of their year or of the next."""
    known = pd.DatetimeIndex(pd.to_datetime(dates)).dropna()
    begun = known.year - (known.month < APRIL) - first_year
    return np.asarray(begun + ~((known.month == APRIL) & (known.day == 1)), dtype=np.int64)


def _wider(estate: Estate, config: Config, line: str, step: float) -> Estate:
    """Return the estate with a service that may move farther, or with more room or hours at a place."""
    rule, where, *option = line.split("|")
    if rule == "merge_reach":
        services = estate.tables["services"].copy()
        own = services["service_id"].astype(str) == where
        services["merge_reach_km"] = pd.to_numeric(services["merge_reach_km"]) + np.where(own, step, 0.0)
        return _with(estate, "services", services)
    if rule == "reach":
        services = estate.tables["services"].copy()
        asked = (config.rules.get("reach") or {}).get("default_km")
        default = estate.assumptions["default_move_reach_km"] if asked is None else asked
        now = pd.to_numeric(services["move_reach_km"]).astype(float).fillna(default)
        services["move_reach_km"] = now + np.where(services["service_id"].astype(str) == where, step, 0.0)
        return _with(estate, "services", services)
    name = "hub_options" if any(option) else "host_terms"
    places = estate.tables[name].copy()
    mine = places["site_id"].astype(str) == where
    if any(option):
        mine &= places["option"].astype(str) == option[0]
    column = "weekly_hours" if rule == "hours" else "room_nia_m2"
    places[column] = pd.to_numeric(places[column]).astype(float) + np.where(mine, step, 0.0)
    return _with(estate, name, places)


def _larger(estate: Estate, site_id: str, step: float) -> pd.DataFrame:
    """Return the sites, one of them with more room than it has, or than its own services take."""
    sites, provisions = estate.tables["sites"].copy(), estate.tables["provisions"]
    own = pd.to_numeric(provisions["room_nia_m2"])[provisions["site_id"].astype(str) == site_id].sum()
    now = pd.to_numeric(sites["nia_m2"]).astype(float)
    mine = sites["site_id"].astype(str) == site_id
    sites["nia_m2"] = now.mask(mine, np.fmax(now, own) + step)
    return sites


def _more_budget(budgets: pd.DataFrame, what: str, more: tuple[str, float, int]) -> pd.DataFrame:
    """Return the budgets with one more row: a year's money for capital of a purse."""
    purse, _, t = what.rpartition("|")
    column, step, first_year = more
    row = {name: [0] for name in budgets.columns} | {"purse": [purse], "year": [first_year + int(t)]}
    given = pd.DataFrame(row | {column: [step]})
    return pd.concat([budgets, given.astype(budgets.dtypes.to_dict())], ignore_index=True)


def _with(estate: Estate, name: str, table: pd.DataFrame) -> Estate:
    return replace(estate, tables={**estate.tables, name: table})


def _option(config: Config, rule: str, option: str, value: Any) -> Config:  # noqa: ANN401 - a rule's own
    rules = {**config.rules, rule: {**config.rules[rule], option: value}}
    return config.model_copy(update={"rules": rules})


def steps_of(asked: Sequence[str]) -> dict[str, float]:
    """Read steps such as ``capital=250000``; the others are as `estate.core.steps` has them.

    Returns
    -------
    dict
        Step of every kind of limit, first of those that are named.

    Raises
    ------
    ConfigError
        For an unknown kind of limit, or an amount that is not above nought.
    """
    found = {}
    issues = []
    for text in asked:
        name, _, amount = text.partition("=")
        try:
            value = float(amount.replace(",", ""))
        except ValueError:
            value = 0.0
        if name not in STEPS:
            remedy = f"use one of {', '.join(STEPS)}"
            issues.append(Issue("command line", None, "--step", name, "is not a kind of limit", remedy))
        elif not 0 < value < np.inf or (STEPS[name].unit in WHOLE and value != int(value)):
            remedy = f"write {name}={STEPS[name].amount:g} for example"
            issues.append(
                Issue("command line", None, "--step", text, "is not an amount above nought", remedy)
            )
        found[name] = value
    if issues:
        raise ConfigError("The steps cannot be read:", issues)
    return {**found, **{name: step.amount for name, step in STEPS.items() if name not in found}}


WHOLE = ("year", "hubs", "sites", "locks")
"""Units of which there are only whole ones."""
