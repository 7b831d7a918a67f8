"""Payback after discounting, against every complete plan of tiny estates.

Each case asks that the plan has paid back, after discounting at a high rate, by the year in which the
best plan has done so before it: that plan is lost, and the optimiser must find the next best.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from enumerate import Enumeration
from random_cases import random_case, record
from test_enumeration import compare

from estate.model.rules.affordability import Options
from estate.verify import Facts, affordability

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate

SEEDS = (35, 180)
"""Cases in which discounting puts payback off by a year or more."""


@cache
def asked(seed: int) -> tuple[Estate, Config, float] | None:
    """Return a case with its limit, and what the best plan is worth without it."""
    estate, config = random_case(seed, most_plans=1_000, attempt=record()[seed][0])
    config = config.model_copy(update={"vintage": "25%"})
    free = {name: options for name, options in config.rules.items() if name != "affordability"}
    best = Enumeration(estate, config.model_copy(update={"rules": free})).best()
    if best.plan is None or best.value is None:
        return None
    facts, year = Facts.of(estate, config).with_plan(best.plan), {}
    for test in ("simple", "discounted"):
        options = Options(payback_year=0, payback_test=test).model_dump()
        year[test] = affordability.limits(facts, options)[0].used
    last = config.horizon.appraisal_years - 1
    if not year["simple"] < year["discounted"] or year["simple"] > last:
        return None
    rule = Options(payback_year=int(year["simple"]), payback_test="discounted")
    limited = config.model_copy(update={"rules": {**free, "affordability": rule.model_dump()}})
    return estate, limited, best.value


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_is_the_best_plan_that_pays_back_after_discounting(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = asked(seed)
    assert case is not None
    estate, config, before = case
    search = Enumeration(estate, config)
    best = search.best()
    assert best.value is None or best.value < before - 1.0
    compare(search, best, monkeypatch)
