"""Which runs of a study allow every plan that another allows: what no plan of theirs exceeds holds there too.

Decided by the configurations alone, and only where it is certain: everything that can change a plan's
money or what is possible is the same, but for limits of which each is known to become only tighter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from estate.config import Config

Options = Mapping[str, Any]
LIMITS = ("peak_funding_gbp", "payback_year", "saving_year")

ASIDE = frozenset(
    {
        *("name", "title", "scenario", "scenarios", "matrices", "compare", "output", "solver", "audience"),
        *("fewest_people", "invented", "source", "data_date", "assumed_by", "assumed_on"),
        *("rules", "hubs_allowed"),
    }
)
"""Keys that change no plan and no money, and those that are compared one by one."""

MOST = {
    "counts": ("max_hubs", "max_closures"),
    "affordability": ("peak_funding_gbp", "payback_year"),
}
"""Limits of which a smaller one is tighter; none is loosest."""

LEAST = {
    "counts": ("min_hubs", "min_closures"),
    "affordability": ("saving_gbp",),
    "partnership": ("floor_npv_gbp",),
    "materiality": ("saving_gbp_per_year",),
}
"""Limits of which a larger one is tighter; none is loosest."""

LISTS = {"locks": ("keep", "close", "hub", "no_hub")}
"""Lists of sites of which a longer one is tighter."""

ADDED = ("counts", "locks", "partnership", "materiality")
"""Rules that leave a model without them as it is, but for their own limits."""


class Terms(NamedTuple):
    """What decides which plans a run allows and what they are worth, ready to be held against others.

    Attributes
    ----------
    rest : str
        Everything that must be the same.
    hubs_allowed : bool
        Whether hubs may open.
    rules : mapping
        Options of every rule in force.
    """

    rest: str
    hubs_allowed: bool
    rules: Mapping[str, Options]


def terms_of(config: Config) -> Terms:
    """Return the terms of a run."""
    rest = config.model_dump(mode="json", exclude=set(ASIDE))
    return Terms(json.dumps(rest, sort_keys=True), config.hubs_allowed, config.rules)


def contains(looser: Terms, tighter: Terms) -> bool:
    """Return whether every plan that `tighter` allows is allowed, at the same worth, by `looser`.

    The files that their configurations name must be the same, which they are within one study.
    """
    if looser.rest != tighter.rest or (tighter.hubs_allowed and not looser.hubs_allowed):
        return False
    if set(looser.rules) - set(tighter.rules):
        return False
    return all(_rule(name, looser.rules.get(name), tighter.rules[name]) for name in tighter.rules)


def _rule(name: str, looser: Options | None, tighter: Options) -> bool:
    if looser is None:
        return name in ADDED
    return all(_option(name, option, looser, tighter) for option in {**looser, **tighter})


def _option(rule: str, option: str, looser: Options, tighter: Options) -> bool:
    """Return whether one option of a rule is the same, or tighter."""
    one, other = looser.get(option), tighter.get(option)
    if one == other:
        return True
    if option in LISTS.get(rule, ()):
        return {str(site) for site in one or ()} <= {str(site) for site in other or ()}
    ways = {name: sign for table, sign in ((MOST, 1.0), (LEAST, -1.0)) for name in table.get(rule, ())}
    if option not in ways or (rule == "materiality" and tighter.get("npv_gbp") is not None):
        return False
    if rule == "affordability" and _limited(looser) != _limited(tighter):
        return False  # which limits there are decides whether debt is counted
    if one is None or other is None:
        return one is None
    return bool(ways[option] * (float(one) - float(other)) >= 0)


def _limited(affordability: Options) -> bool:
    return any(affordability.get(name) is not None for name in LIMITS)
