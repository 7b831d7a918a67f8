"""The independent check: every rule proved again on the finished plan, from the raw tables.

Nothing here is shared with the optimiser or the ledger; the rules are those of
docs/model.md, one file each. Tolerances stand in ``estate.verify.tolerance``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

__all__ = ["ALWAYS_ON", "RULES", "Facts", "Violation", "check_money", "check_rules", "verify"]


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
