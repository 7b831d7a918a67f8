"""What a step more of a limit is worth, against every complete plan of tiny estates."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from enumerate import Enumeration
from random_cases import random_case, record

from estate.core.steps import STEPS
from estate.explore.ask import Questions
from estate.explore.constraints import NOT_SETTLED, NOTHING, WORTH, found_again, verdict_of
from estate.explore.loosen import loosened
from estate.explore.screen import screen
from estate.explore.studies import record_of
from estate.verify import limits

PENNY = 0.01
MANY = ("reach", "room", "hours", "materiality")
"""Kinds with many lines, which the slow cases hold to all plans."""
SEEDS = {"capital": 29, "affordability": 46, "partnership": 31, "counts": 27, "access": 22, "capacity": 61}
MORE = (29, 31, 22, 45, 61, 93, 109, 14, 126, 158, 191, 59, 91, 38, 54, 86, 102)
CASES = [pytest.param(seed, id=rule) for rule, seed in SEEDS.items()]


@cache
def solved(seed: int) -> tuple[Any, ...]:
    """Return a case with the saving of its best plan, the model, its plan, and its limits."""
    estate, config = random_case(seed, most_plans=1_000, attempt=record()[seed][0])
    questions = Questions(estate, config)
    best = questions.best()
    return estate, config, questions, best, limits(estate, config, best.solution.plan)


INFLATION = 1.02  # a year, as these cases have it


@pytest.mark.parametrize(
    "seed",
    [
        SEEDS["affordability"],
        SEEDS["counts"],
        *(pytest.param(seed, marks=pytest.mark.slow, id=str(seed)) for seed in MORE),
    ],
)
def test_a_step_is_worth_the_difference_of_the_best_of_all_plans(seed: int) -> None:
    estate, config, _, best, table = solved(seed)
    before = Enumeration(estate, config).best().value
    assert best.value == pytest.approx(before, abs=PENNY)
    assert len(table)
    for line, kind in zip(table["line"], table["kind"], strict=True):
        if kind in MANY and seed not in MORE:
            continue
        other = loosened(estate, config, line, STEPS[kind].amount)
        found = found_again(*other, record_of(best))
        low, high = found["value"] - best.bound, found["bound"] - best.value
        worth = Enumeration(*other).best().value - before
        assert low - PENNY <= worth <= high + PENNY
        assert high - low < 1.0
        assert verdict_of(low, high) == (WORTH if worth > PENNY else NOTHING)


@pytest.mark.parametrize("seed", CASES)
def test_a_step_loosens_its_own_limit_by_its_amount(seed: int) -> None:
    """The independent check sees the limit where it should be, and every other where it was."""
    estate, config, _, best, table = solved(seed)
    allowed = table.set_index("line")["allowed"].to_dict()
    for line, kind in zip(table["line"], table["kind"], strict=True):
        step, purse = STEPS[kind].amount, line.rpartition("|")[0]
        after = limits(*loosened(estate, config, line, step), best.solution.plan)
        for other, now in zip(after["line"], after["allowed"], strict=True):
            carried = (
                kind in ("capital", "borrowing")
                and other.split("|")[0] in ("capital", kind)
                and other.split("|")[1] == purse.split("|")[1]
                and other.rpartition("|")[2] >= line.rpartition("|")[2]
            )
            ends = kind in ("access", "each_area") or "|min_" in line
            least = min(step, allowed[line]) if ends else step
            if kind in ("capital", "borrowing"):  # said in prices of the base year, held in money of the day
                least *= INFLATION ** int(line.rpartition("|")[2])
            wanted = least if other == line or carried else 0.0
            assert abs(now - allowed[other]) == pytest.approx(wanted), (line, other)


@pytest.mark.parametrize("seed", CASES)
def test_the_screen_prices_lines_that_have_limits(seed: int) -> None:
    _, config, questions, _, table = solved(seed)
    found = screen(questions.model, config, 10.0)
    assert (found >= 0).all()
    assert set(found[found > 0].index) <= set(table["line"])


def test_an_interval_that_contains_nought_is_not_settled() -> None:
    assert verdict_of(-5.0, 7.0) == NOT_SETTLED
    assert verdict_of(1.0, 7.0) == WORTH
    assert verdict_of(-5.0, 0.0) == NOTHING
