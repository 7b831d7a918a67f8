"""One new thing, one new file, one line in a register: the registers and what must stand behind each line."""

from __future__ import annotations

import inspect
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from estate.core.tables import KEYS, SPECS
from estate.model import rules as model_rules
from estate.model.rules import RULES, rule_name
from estate.verify import ALWAYS_ON as CHECKED_ALWAYS
from estate.verify import RULES as CHECKS

ROOT = Path(__file__).parents[2]
NAMES = [rule_name(rule) for rule in RULES]
CONTRACT_TABLES = (
    *("sites", "running_costs", "provisions", "services", "compatibility", "hub_options", "host_terms"),
    *("tenures", "brakes", "valuations", "backlog", "partners", "budgets", "areas", "demand", "standards"),
    *("travel", "assumptions", "decisions", "linked_trips", "evidence"),
)
TYPES = {"id", "text", "enum", "boolean", "number", "share", "integer", "year", "date"}
DICTIONARY_HEADER = [
    *("column", "type", "unit", "required", "default", "minimum", "maximum", "allowed"),
    *("sensitivity", "description", "source"),
]


def files_in(package: str, apart: set[str]) -> set[str]:
    return {path.stem for path in (ROOT / "estate" / package).glob("*.py")} - apart - {"__init__"}


def test_every_rule_file_is_registered_once_and_checked():
    assert files_in("model/rules", set()) == set(NAMES)
    assert len(NAMES) == len(set(NAMES))
    assert [check.NAME for check in CHECKS] == NAMES, "the check keeps the order of the model"
    assert {check.NAME for check in CHECKED_ALWAYS} == model_rules.ALWAYS_ON


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_every_rule_states_its_equation_and_its_options(rule):
    told = inspect.getdoc(rule) or ""
    assert ".. math::" in told, "the equation stands in the docstring"
    assert told.split("\n")[0].endswith("."), "and a sentence leads it"
    for option, field in rule.Options.model_fields.items():
        assert field.description, f"{option} is not explained"
    assert callable(rule.add)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_stands_in_the_definition(name):
    assert f"| `{name}` |" in (ROOT / "docs" / "model.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.NAME)
def test_every_check_is_its_own_code(check):
    source = inspect.getsource(check)
    assert "estate.model" not in source
    assert "estate.solve" not in source
    assert (inspect.getdoc(check) or "").strip()


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_golden_lp(name):
    golden = ROOT / "tests" / "golden" / f"{name}.lp"
    assert golden.is_file()
    assert golden.read_text(encoding="utf-8").strip()


def test_the_dictionary_holds_the_tables_of_the_contract():
    assert sorted(CONTRACT_TABLES) == sorted(KEYS)
    entries = files("estate.core").joinpath("dictionary").iterdir()
    assert sorted(entry.name for entry in entries) == sorted(f"{name}.csv" for name in KEYS)


@pytest.mark.parametrize("name", CONTRACT_TABLES)
def test_every_column_is_defined(name):
    path = ROOT / "estate" / "core" / "dictionary" / f"{name}.csv"
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert list(raw.columns) == DICTIONARY_HEADER
    assert raw["column"].is_unique
    assert set(raw["type"]) <= TYPES
    assert set(raw["sensitivity"]) <= {"public", "partner", "internal", "confidential"}
    assert (raw["description"].str.len() > 0).all()
    assert ((raw["allowed"] != "") == (raw["type"].isin({"enum", "boolean"}))).all()
    for column, unit in raw[["column", "unit"]].itertuples(index=False):
        assert not column.endswith("_gbp") or unit == "GBP", f"{column} has unit {unit}"
        assert not column.endswith("_m2") or unit == "m2", f"{column} has unit {unit}"
    assert set(KEYS[name]) <= set(SPECS[name].names)


def test_default_assumptions_are_complete():
    table = pd.read_csv(ROOT / "estate" / "core" / "default_assumptions.csv")
    assert table["name"].is_unique
    assert table.notna().all(axis=None)
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert set(table["quality"]) | set(table["impact"]) <= {"red", "amber", "green"}
