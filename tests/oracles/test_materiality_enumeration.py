"""Closures that must be worth it over the years, against every complete plan of tiny estates.

The best plan of a case without the rule is taken, and a net present saving is asked of closures that the
one which saves least in it does not reach, alone or beside a running cost: that plan is lost, and the
optimiser must find the next best.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from enumerate import Enumeration
from random_cases import random_case, record
from test_enumeration import compare

from estate.model.rules.materiality import Options
from estate.verify import materiality
from estate.verify.buildings import cashable_cost_year_0

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate

MOST_PLANS = 3_000
SEEDS = (11, 12, 16, 17, 22, 28, 29, 42, 45, 52, 53, 55, 58)
WAYS = ("alone", "either", "both")


@cache
def best_without(seed: int) -> tuple[Estate, Config, Enumeration, float] | None:
    """Return a case without the rule, its plans with the best of them indexed, and what that is worth."""
    estate, config = random_case(seed, most_plans=MOST_PLANS, attempt=record()[seed][0])
    rules = {name: options for name, options in config.rules.items() if name not in ("materiality", "locks")}
    free = config.model_copy(update={"rules": rules})
    search = Enumeration(estate, free)
    best = search.best()
    if best.plan is None or best.value is None or not len(best.plan.closures):
        return None
    search.facts = search.facts.with_plan(best.plan)
    return estate, free, search, best.value


def asked(way: str, search: Enumeration) -> Options:
    """Return a rule which the best plan without it breaks."""
    facts = search.facts
    saved = {one.site_id: materiality.saved_by(facts, one.site_id) for one in facts.closings}
    poorest = min(saved, key=lambda site: saved[site])
    worth = round(saved[poorest] + 100.0, 2)
    cost = cashable_cost_year_0(facts, facts.sites[poorest])
    if way == "alone":
        return Options(npv_gbp=worth)
    if way == "either":  # the poorest falls short of both, by a pound of its running cost
        return Options(saving_gbp_per_year=round(cost + 1.0, 2), npv_gbp=worth)
    return Options(saving_gbp_per_year=max(0.0, round(cost - 1.0, 2)), npv_gbp=worth, enough="both")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_is_the_best_plan_whose_closures_are_worth_it(
    seed: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = best_without(seed)
    assert case is not None
    estate, config, free, before = case
    rule = asked(way, free)
    limited = config.model_copy(update={"rules": {**config.rules, "materiality": rule.model_dump()}})
    search = Enumeration(estate, limited)
    best = search.best()
    assert best.value is None or best.value <= before + 0.01
    compare(search, best, monkeypatch)
