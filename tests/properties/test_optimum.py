"""What must hold of every optimum, on tiny estates solved to a gap of 0."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from estate.core.errors import InfeasibleError
from estate.core.reference import default_assumptions
from estate.core.tables import SPECS
from estate.model.rules import ALWAYS_ON
from estate.solve import run, solve_estate

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from random_cases import random_case

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate

SEEDS = range(0, 120, 6)
IDS = ("site_id", "provision_id", "parent_site_id")


@pytest.fixture(autouse=True)
def _no_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which rules conflict is not asked here, and takes long."""
    monkeypatch.setattr(run, "conflicting_rules", lambda *_: [])


def optimum(estate: Estate, config: Config) -> float:
    """Return the best saving [GBP]; minus infinity where there is no plan."""
    solver = config.solver.model_copy(update={"gap": 0.0, "time_limit": 60.0})
    try:
        return solve_estate(estate, config.model_copy(update={"solver": solver})).objective_gbp
    except InfeasibleError:
        return -np.inf


@cache
def drawn(seed: int) -> tuple[Estate, Config, float]:
    """Return a case and its optimum [GBP], worked out once for all properties."""
    estate, config = random_case(seed)
    return estate, config, optimum(estate, config)


def same(left: float, right: float) -> bool:
    return left == right or abs(left - right) <= 0.01 + 1e-7 * abs(right)


@pytest.mark.parametrize("seed", SEEDS)
def test_relaxing_a_rule_never_worsens_the_optimum(seed: int) -> None:
    estate, config, best = drawn(seed)
    for name in set(config.rules) - ALWAYS_ON:
        rules = {rule: options for rule, options in config.rules.items() if rule != name}
        relaxed = optimum(estate, config.model_copy(update={"rules": rules}))
        assert relaxed >= best or same(relaxed, best), f"without {name}"


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffling_rows_changes_nothing(seed: int) -> None:
    estate, config, best = drawn(seed)
    tables = {name: frame.sample(frac=1.0, random_state=seed) for name, frame in estate.tables.items()}
    shuffled = replace(estate, tables={name: frame.reset_index(drop=True) for name, frame in tables.items()})
    assert same(optimum(shuffled, config), best)


def renamed(value: Any) -> Any:
    """Give sites and provisions names that sort in another order."""
    return f"r{value[::-1]}" if isinstance(value, str) and value else value


@pytest.mark.parametrize("seed", SEEDS)
def test_renaming_sites_and_provisions_changes_no_value(seed: int) -> None:
    estate, config, best = drawn(seed)
    tables = {
        name: frame.assign(**{c: frame[c].map(renamed) for c in IDS if c in frame.columns})
        for name, frame in estate.tables.items()
    }
    area_km = estate.area_km
    if "site_id" in area_km.columns:
        area_km = area_km.assign(site_id=area_km["site_id"].map(renamed))
    rules = dict(config.rules)
    if "locks" in rules:
        rules["locks"] = {name: [renamed(site) for site in sites] for name, sites in rules["locks"].items()}
    other = replace(estate, tables=tables, area_km=area_km)
    assert same(optimum(other, config.model_copy(update={"rules": rules})), best)


@pytest.mark.parametrize("seed", SEEDS)
def test_doubling_all_money_doubles_the_optimum(seed: int) -> None:
    estate, config, best = drawn(seed)
    tables = {}
    for name, frame in estate.tables.items():
        money = [c.name for c in SPECS[name].columns if c.unit.startswith("GBP") and c.name in frame.columns]
        tables[name] = frame.assign(**{c: frame[c] * 2 for c in money})
    units = default_assumptions().set_index("name")["unit"]
    values = {
        name: value * 2 if str(units.get(name, "")).startswith("GBP") else value
        for name, value in estate.assumptions.items()
    }
    rules = {
        name: {
            key: value * 2 if "gbp" in key and value is not None else value for key, value in options.items()
        }
        for name, options in config.rules.items()
    }
    doubled = replace(estate, tables=tables, assumptions=values)
    assert same(optimum(doubled, config.model_copy(update={"rules": rules})), 2 * best)
