"""Small estates written by hand, with the defaults of the data dictionary."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pandas as pd

from estate.config import Config
from estate.core.reference import default_assumptions
from estate.core.types import CLOSURE_COLUMNS, HUB_COLUMNS, MOVE_COLUMNS, Estate, Plan

Rows = list[dict[str, Any]]
NUMBERS = {"number", "share", "integer"}


def table(name: str, rows: Rows) -> pd.DataFrame:
    """Conform rows to the dictionary: every column, defaults filled."""
    path = files("estate.core").joinpath("dictionary", f"{name}.csv")
    with path.open(encoding="utf-8") as handle:
        spec = pd.read_csv(handle, dtype=str, keep_default_na=False)
    frame = pd.DataFrame(rows, columns=list(spec["column"]))
    defaults = spec["default"]
    if name == "sites":
        defaults = defaults.where(spec["column"] != "scope", "decide")  # the importer fills it from the kind
    for column, kind, default in zip(spec["column"], spec["type"], defaults, strict=True):
        if default:
            frame[column] = frame[column].astype(object).where(frame[column].notna(), default)
        if kind in NUMBERS:
            frame[column] = pd.to_numeric(frame[column])
        elif kind == "boolean":
            frame[column] = frame[column].astype(str).str.lower().isin(["yes", "true"])
        elif kind == "date":
            frame[column] = pd.to_datetime(frame[column])
        elif kind != "year":
            frame[column] = frame[column].astype("str" if frame.empty else object)
    return frame


def estate(assumptions: dict[str, float] | None = None, **tables: Rows) -> Estate:
    """Build an estate from rows of its tables."""
    names = [path.name.removesuffix(".csv") for path in files("estate.core").joinpath("dictionary").iterdir()]
    values = dict(
        zip(default_assumptions()["name"], default_assumptions()["value"].astype(float), strict=True)
    )
    travel = table("travel", tables.get("travel", []))
    return Estate(
        tables={name: table(name, tables.get(name, [])) for name in names},
        assumed=pd.DataFrame(),
        funnel=pd.DataFrame(),
        matches=pd.DataFrame(),
        assumptions=values | (assumptions or {}),
        area_km=travel,
    )


def plan(closures: list[tuple] = (), hubs: list[tuple] = (), moves: list[tuple] = ()) -> Plan:
    """Build a plan from tuples in the order of its columns."""
    return Plan(
        pd.DataFrame(list(closures), columns=list(CLOSURE_COLUMNS)),
        pd.DataFrame(list(hubs), columns=list(HUB_COLUMNS)),
        pd.DataFrame(list(moves), columns=list(MOVE_COLUMNS)),
    )


def config(years: int = 5, decisions: int = 4, step_free: bool = True, **more: Any) -> Config:
    """Build a configuration from year 2027 on, with its rules already resolved."""
    return Config(
        name="tiny",
        horizon={"first_year": 2027, "decision_years": decisions, "appraisal_years": years},
        rules={"fitness": {"require_step_free": step_free}},
        **more,
    )


def amounts(ledger: pd.DataFrame, line: str, case: str = "plan", **where: str) -> list[float]:
    """Return the yearly amounts of a line [GBP]."""
    chosen = ledger[(ledger["line"] == line) & (ledger["case"] == case)]
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    last = int(ledger["t"].max())
    return [
        float(value)
        for value in chosen.groupby("t")["amount_gbp"].sum().reindex(range(last + 1), fill_value=0.0)
    ]
