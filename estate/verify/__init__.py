"""The independent check: every rule proved again on the finished plan, from the raw tables.

Nothing here is shared with the optimiser or the ledger; the rules are those of
docs/model.md, one file each. Tolerances stand in ``estate.verify.tolerance``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.steps import STEPS, kind_of
from estate.verify import (
    access,
    affordability,
    assignment,
    brakes,
    capacity,
    capital,
    compatibility,
    counts,
    fitness,
    locks,
    materiality,
    opening,
    partnership,
    permission,
    reach,
    tenure,
)
from estate.verify import plan as plan_check
from estate.verify.facts import Facts
from estate.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from estate.config import Config
    from estate.core.types import Estate, Plan

RULES: tuple[ModuleType, ...] = (
    assignment,
    opening,
    capacity,
    compatibility,
    permission,
    reach,
    access,
    tenure,
    brakes,
    fitness,
    locks,
    counts,
    materiality,
    capital,
    affordability,
    partnership,
)

ALWAYS_ON: tuple[ModuleType, ...] = (
    assignment,
    opening,
    capacity,
    compatibility,
    permission,
    reach,
    access,
    tenure,
    brakes,
    fitness,
)

LIMITED: tuple[ModuleType, ...] = (
    counts,
    capital,
    affordability,
    partnership,
    access,
    materiality,
    reach,
    capacity,
    tenure,
    brakes,
    locks,
)
"""Rules with lines that a step loosens, in the order of ``constraints.csv``."""

LIMIT_COLUMNS = (
    *("line", "kind", "about", "year", "used", "allowed", "left", "unit"),
    *("step", "price_index", "within_step"),
)
"""Columns of ``constraints.csv``; `estate constraints` adds what a step is worth."""

__all__ = ["ALWAYS_ON", "RULES", "Facts", "Violation", "check_money", "check_rules", "limits", "verify"]


def check_rules(facts: Facts, rules: Mapping[str, Mapping[str, Any]]) -> list[Violation]:
    """Check a plan that is already indexed against every rule in force.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    rules : mapping
        ``{name: options}``; the rules that are always on need not be named.

    Returns
    -------
    list of Violation
        Empty for a plan that keeps to every rule.
    """
    found = plan_check.check(facts, {})
    for rule in RULES:
        if rule.NAME in rules or rule in ALWAYS_ON:
            found += rule.check(facts, rules.get(rule.NAME) or {})
    return found


def check_money(estate: Estate, config: Config, plan: Plan) -> list[Violation]:
    """Check only the rules on money that are in force: whose purse runs dry in which year, and payback."""
    facts = Facts.of(estate, config).with_plan(plan)
    chosen = [rule for rule in (capital, affordability, partnership) if rule.NAME in config.rules]
    return [broken for rule in chosen for broken in rule.check(facts, config.rules[rule.NAME])]


def limits(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return what the lines of the rules allow, what the plan uses of it, and what a step more would be.

    Returns
    -------
    DataFrame
        ``LIMIT_COLUMNS``: one row a line that a step can loosen. A step is in base-year prices;
        times ``price_index`` it is in those of the line (capital and borrowing: money of the day).
        ``within_step`` says that less than a step is left, so that more might change the plan.
    """
    facts = Facts.of(estate, config).with_plan(plan)
    found = [
        limit
        for rule in LIMITED
        if rule.NAME in config.rules
        for limit in rule.limits(facts, config.rules[rule.NAME])
    ]
    kinds = [one.kind or kind_of(one.line) for one in found]
    rows = [
        (
            *(one.line, kind, one.about, "" if one.year is None else facts.label(one.year)),
            *(one.used, one.allowed, one.left, STEPS[kind].unit, STEPS[kind].amount, one.price_index),
            "yes" if one.left < STEPS[kind].amount * one.price_index else "no",
        )
        for one, kind in zip(found, kinds, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(LIMIT_COLUMNS))


def verify(estate: Estate, config: Config, plan: Plan) -> list[Violation]:
    """Prove a plan again, from the raw tables alone.

    Parameters
    ----------
    estate : Estate
        Conformed tables with every default filled.
    config : Config
        The run, its rules resolved.
    plan : Plan
        What is checked.

    Returns
    -------
    list of Violation
        Everything that the plan does against the rules; empty where it may be reported.
    """
    return check_rules(Facts.of(estate, config).with_plan(plan), config.rules)
