"""Fitness, and hosts by transaction, time, day and week: the optimiser against every plan."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from enumerate import Best, Enumeration
from test_enumeration import compare
from tiny_estates import config_of, estate_of

if TYPE_CHECKING:
    from tiny_estates import Row

SEEDS = range(16)


class Picks:
    """Draws from short lists."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng([seed, 3])

    def __call__(self, *choices: Any) -> Any:
        return choices[int(self.random.integers(len(choices)))]

    def money(self, low: float, high: float) -> float:
        return round(float(self.random.uniform(low, high)), 2)


def site(pick: Picks, name: str, east: int, **more: Any) -> Row:
    """Return a site with every field of fitness."""
    fields = {
        "step_free": pick("yes", "yes", "no", "unknown"),
        "accessible_wc": pick("yes", "yes", "no", "unknown"),
        "parking_spaces": pick(None, 2, 20, 20),
        "public_transport_stop_m": pick(None, 100, 100, 900),
        "opening_hours_per_week": pick(None, 30, 60, 60),
    }
    return {"site_id": name, "easting": east, "northing": 0, "gia_m2": 200, "nia_m2": 150} | fields | more


def tables(pick: Picks) -> dict[str, list[Row]]:
    """Return two sites with a service each, two hosts and a place where a hub may be built."""
    services = [
        {
            "service_id": name,
            "year_round": pick(True, False),
            "transactions": pick("forms", "forms;casework", ""),
            "core_opens": pick("", "10:00"),
            "core_closes": pick("", "16:30"),
            "outreach_days_per_week": pick(None, 1, 2),
        }
        for name in ("lib", "adv")
    ]
    provisions = [
        {"provision_id": u, "site_id": s, "service_id": v, "room_nia_m2": pick.money(40, 90)}
        | {"weekly_hours": pick(20, 40), "days_per_week": pick(5, 5, 2), "staff_fte": 1}
        for u, s, v in (("a", "A", "lib"), ("b", "B", "adv"))
    ]
    hosts = [
        {
            "site_id": name,
            "room_nia_m2": pick(80, 200),
            "weekly_hours": pick(8, 24, 60),
            "opens": pick("", "09:00", "17:00"),
            "closes": pick("", "21:00"),
            "days_per_week": pick(None, 1, 3),
            "term_weeks": pick(39, 52, 52),
            "permitted_transactions": pick("", "", "forms"),
            "fee_gbp_per_m2_per_year": pick.money(0, 10),
        }
        for name in ("S", "T")
    ]
    hub = {"site_id": "H", "option": "only", "room_nia_m2": 200, "capital_gbp": pick.money(0, 9_000)}
    hub |= {"running_cost_gbp_per_year": pick.money(0, 900), "lead_years": 0}
    outside = {"status": "host", "scope": "keep", "partner_id": "hall"}
    return {
        "partners": [{"partner_id": "council"}, {"partner_id": "hall", "in_plan": False}],
        "services": services,
        "provisions": provisions,
        "sites": [
            site(pick, "A", 0),
            site(pick, "B", 900),
            site(pick, "S", 400, **outside),
            site(pick, "T", 500, **outside),
            site(pick, "H", 300, status="candidate", step_free_cost_gbp=pick(None, 4_000)),
        ],
        "host_terms": hosts,
        "hub_options": [hub | {"adds_accessible_wc": pick(True, False)}],
        "running_costs": [
            {"site_id": name, "heading": "security", "gbp_per_year": pick.money(8_000, 30_000)}
            for name in ("A", "B")
        ],
    }


@cache
def drawn(seed: int) -> tuple[Enumeration, Best]:
    """Return a case with its best plan by enumeration."""
    pick = Picks(seed)
    rules = {
        "fitness": {
            "require_step_free": pick(True, False),
            "require_accessible_wc": pick(True, False),
            "min_parking_spaces": pick(None, None, 5),
            "max_stop_m": pick(None, None, 400.0),
            "min_hours_per_week": pick(None, None, 40.0),
            "lending_too": pick(True, False),
        }
    }
    search = Enumeration(estate_of(tables(pick)), config_of(rules, decision_years=2, appraisal_years=6))
    return search, search.best()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_is_the_best_of_all_plans(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(*drawn(seed), monkeypatch)


@pytest.mark.parametrize("rule", ["fitness", "permission"])
def test_the_rule_binds_in_a_quarter_of_the_cases(rule: str) -> None:
    bound = 0
    for seed in SEEDS:
        search, best = drawn(seed)
        free = Enumeration(search.estate, search.config, without=rule).best()
        bound += free.value is not None and best.value is not None and free.value > best.value + 0.01
    assert bound >= len(SEEDS) // 4
