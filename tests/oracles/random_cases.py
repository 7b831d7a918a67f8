"""Tiny estates drawn at random, with rules that bite.

Every case has a rule in focus, which is drawn tight; the others come and go. Figures have odd
pence, so that no two plans cost the same by chance.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enumerate import Enumeration
from random_tables import FOCUS, Draw, draw_tables
from tighten import CHANGES, tighten
from tiny_estates import Row, config_of, estate_of

from estate.verify import Facts, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.config import Config
    from estate.core.types import Estate


RECORD = Path(__file__).with_name("cases.csv")
MOST_PLANS = 20_000


@cache
def record() -> dict[int, tuple[int, bool, tuple[str, ...]]]:
    """Return, by seed, which draw was taken, whether a plan exists and which rules bind."""
    with RECORD.open(encoding="utf-8", newline="") as handle:
        return {
            int(row["seed"]): (int(row["attempt"]), row["feasible"] == "yes", tuple(row["binds"].split()))
            for row in csv.DictReader(handle)
        }


def random_case(seed: int, most_plans: int = MOST_PLANS, attempt: int | None = None) -> tuple[Estate, Config]:
    """Draw a tiny estate and a run.

    The rule in focus is drawn so that the best plan without it breaks it; a quarter of the cases
    must also close and open what that plan does, which leaves most of those without any plan.

    Parameters
    ----------
    seed : int
        The same seed gives the same case.
    most_plans : int
        Provisions are fixed to their sites, one by one, until there are no more complete plans.
    attempt : int, optional
        Which draw to take; when not given as recorded, or found by :func:`attempt_of`.
    """
    if attempt is None and most_plans == MOST_PLANS:
        attempt = record()[seed][0] if seed in record() else None
    chosen = attempt_of(seed, most_plans) if attempt is None else attempt
    return _attempt(Draw(seed, chosen), most_plans, hard=is_hard(seed))[0]


def is_hard(seed: int) -> bool:
    """Tell whether a case must do what the best plan without its rule in focus does."""
    return seed // len(FOCUS) % 4 == 0


def attempt_of(seed: int, most_plans: int = MOST_PLANS) -> int:
    """Return the first of six draws whose rule in focus bites as meant, else the last."""
    for attempt in range(6):
        if _attempt(Draw(seed, attempt), most_plans, hard=is_hard(seed))[1]():
            break
    return attempt


def _attempt(draw: Draw, most_plans: int, *, hard: bool) -> tuple[tuple[Estate, Config], Callable[[], bool]]:
    """Draw one case, with the question whether its rule in focus bites as meant."""
    years = 2 if draw.chance(0.25) else 3
    tables, movable = draw_tables(draw, years)
    settings = {
        "decision_years": years,
        "appraisal_years": int(draw.random.integers(6, 14)),
        "objective": draw.pick(("economic", "financial")),
        "timing": draw.pick(("year_end", "year_end", "mid_year")),
        "hubs_allowed": not draw.chance(0.05),
        "resident_travel": {
            "as_cost": bool(draw.later.random() < 0.5),
            "mode": ("walk", "car", "public_transport")[int(draw.later.integers(3))],
        },
    }
    rules, assumptions = _rules(draw, tables, settings["appraisal_years"]), _assumptions(draw)
    estate, config = estate_of(tables, assumptions), config_of(rules, **settings)
    free = Enumeration(estate, config, without=draw.focus)
    while movable and free.count() > most_plans:
        fixed = movable.pop()
        fixed["fixed_to_site"] = True
        free.leavings[fixed["provision_id"]] = []
    best = free.best(most_checks=1_000)
    if best.plan is None:
        return (estate_of(tables, assumptions), config), lambda: False
    facts = free.facts.with_plan(best.plan)
    if hard:
        _insist(draw, rules, facts)
    tighten(draw, tables, rules, facts)
    estate, config = estate_of(tables, assumptions), config_of(rules, **settings)
    plan = best.plan

    def bites() -> bool:
        if hard:
            tight = Enumeration(estate, config)
            return tight.count() <= most_plans // 5 and tight.best().value is None
        broken = {violation.rule for violation in verify(estate, config, plan)}
        return broken == {draw.focus} or draw.focus not in CHANGES

    return (estate, config), bites


def _insist(draw: Draw, rules: dict[str, dict[str, Any]], facts: Facts) -> None:
    """Ask for what the best plan without the rule in focus does."""
    closed, hubs = sorted(facts.closing_of), sorted(facts.opening_of)
    if draw.focus != "counts":
        rules["counts"] = {"min_closures": len(closed), "min_hubs": len(hubs)}
    if draw.focus != "locks":
        rules["locks"] = {"close": closed, "hub": hubs}


def _assumptions(draw: Draw) -> dict[str, float]:
    return {
        "double_running_months": float(draw.pick((0, 3, 7))),
        "fit_out_gbp_per_m2": draw.money(20, 200),
        "host_fit_out_gbp_per_m2": draw.money(5, 60),
        "optimism_bias_mitigated_share": float(draw.pick((0.0, 0.5))),
        "hub_charge_annuity_share": float(draw.pick((0.0, 0.0, 1.0))),
        "hub_life_years": float(draw.pick((8, 30, 60))),
        "empty_rates_relief_months": float(draw.pick((0, 3, 14))),
        "years_to_sell": float(draw.pick((0, 0.5, 1, 2))),
        "default_move_reach_km": float(draw.pick((1.5, 3, 6))),
        "circuity": float(draw.pick((1.0, 1.3))),
        "travel_time_gbp_per_hour": (0.0, 7.0)[int(draw.later.integers(2))],
        "travel_distance_gbp_per_km": (0.0, 0.25)[int(draw.later.integers(2))],
    }


def _rules(draw: Draw, tables: dict[str, list[Row]], horizon: int) -> dict[str, dict[str, Any]]:
    """Draw which rules are in force, and how tight."""
    across = bool(draw.later.random() < 0.3)
    rules: dict[str, dict[str, Any]] = {"assignment": {"merge_across_partners": across}}
    if draw.chance(0.15):
        rules["access"] = {"enforce": False}
    if draw.chance(0.15):
        rules["fitness"] = {"require_step_free": False}
    if draw.chance(0.15, "reach"):
        rules["reach"] = {"default_km": draw.pick((0.8, 2.0, 4.0))}
    if draw.chance(0.12, "locks"):
        rules["locks"] = _locks(draw, tables)
    if draw.chance(0.12, "counts"):
        rules["counts"] = _counts(draw)
    if draw.chance(0.2, "materiality"):
        rules["materiality"] = {"saving_gbp_per_year": draw.money(20_000, 60_000)}
    if tables["budgets"] or draw.chance(0.1):
        rules["capital"] = {
            "purses": draw.pick(("pooled", "separate")),
            "recycle_share": draw.pick((0.5, 1.0)),
            "recycle_lag_years": draw.pick((0, 0, 1)),
            "receipts": draw.chance(0.8),
        }
    _draw_money(draw, rules, horizon)
    return rules


def _draw_money(draw: Draw, rules: dict[str, dict[str, Any]], horizon: int) -> None:
    if draw.chance(0.12, "affordability"):
        rules["affordability"] = _affordability(draw, horizon)
    if draw.chance(0.12, "partnership"):
        rules["partnership"] = {"floor_npv_gbp": draw.pick((None, 0.0, draw.money(-60_000, 20_000)))}
        if draw.focus == "partnership":
            rules["partnership"]["floor_npv_gbp"] = draw.money(-20_000, 90_000)


def _locks(draw: Draw, tables: dict[str, list[Row]]) -> dict[str, list[str]]:
    decided = [row["site_id"] for row in tables["sites"] if row.get("scope") in ("decide", "surplus")]
    hubs = sorted({row["site_id"] for row in tables["hub_options"]})
    locks: dict[str, list[str]] = {}
    for kind, sites in (("keep", decided), ("close", decided), ("hub", hubs), ("no_hub", hubs)):
        taken = {site for listed in locks.values() for site in listed}
        free = [site for site in sites if site not in taken]
        if free and draw.chance(0.4 if kind in ("keep", "no_hub") else 0.15):
            locks[kind] = [draw.pick(free)]
    return locks


def _counts(draw: Draw) -> dict[str, int]:
    counts: dict[str, int] = {}
    if draw.chance(0.6):
        counts["max_closures"] = int(draw.pick((0, 1, 1, 2)))
    if draw.chance(0.15):
        # more than the most would be refused with the configuration
        counts["min_closures"] = min(int(draw.pick((1, 2))), counts.get("max_closures", 2))
    if draw.chance(0.3):
        counts["min_hubs"] = 1
    elif draw.chance(0.3):
        counts["max_hubs"] = int(draw.pick((0, 1)))
    return counts


def _affordability(draw: Draw, horizon: int) -> dict[str, Any]:
    options = {
        "peak_funding_gbp": draw.pick((None, draw.money(0, 60_000))),
        "payback_year": draw.pick((None, int(draw.random.integers(1, horizon)))),
        "receipts": draw.chance(0.6),
        "saving_year": draw.pick((None, int(draw.random.integers(1, horizon)))),
        "saving_gbp": draw.money(0, 60_000),
    }
    if options["saving_year"] is None:  # drawn all the same, so that the cases stay what they were
        del options["saving_gbp"]
    return options
