"""A tiny estate that can be checked by eye: four sites, two possible hubs, one school that lends a room.

Two years of decisions, four of money. Distances are straight lines, prices are round, works carry no
fees, so that every figure of a golden file can be worked out in the head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.config import Config
from estate.inputs.load import estate_from_frames
from estate.model.blocks import BlockProblem
from estate.model.cash import build_cash
from estate.model.formulation import Model, family_keys
from estate.model.instance import build_instance
from estate.model.rules import RULES, resolve_rules, rule_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.core.types import Estate

Row = dict[str, Any]
PLAIN = {
    "circuity": 1.0,
    "fees_share": 0.0,
    "contingency_share": 0.0,
    "optimism_bias_share": 0.0,
    "fit_out_gbp_per_m2": 100.0,
    "host_fit_out_gbp_per_m2": 10.0,
    "move_gbp_per_fte": 500.0,
    "it_gbp_per_fte": 1000.0,
    "double_running_months": 0.0,
    "decommissioning_gbp_per_m2": 0.0,
    "dilapidations_gbp_per_m2": 0.0,
    "vacant_holding_gbp_per_m2_per_year": 0.0,
    "lifecycle_share_per_year": 0.0,
}


def _site(name: str, partner: str, east: float, north: float, **more: Any) -> Row:
    room = {"gia_m2": 250, "nia_m2": 200, "step_free": "yes"}
    return {"site_id": name, "partner_id": partner, "easting": east, "northing": north} | room | more


TABLES: dict[str, list[Row]] = {
    "partners": [{"partner_id": "council"}, {"partner_id": "trust"}],
    "services": [
        {"service_id": "library", "space_factor": 0.5, "merge_factor": 0.5, "merge_reach_km": 3},
        {"service_id": "advice", "space_factor": 0.5, "year_round": "no"},
        {"service_id": "benefits", "space_factor": 0.5},
    ],
    "sites": [
        _site("A", "council", 1000, 1000, scope="decide"),
        _site("B", "council", 2000, 1000, scope="decide"),
        _site("C", "trust", 3000, 1000, scope="decide"),
        _site("D", "council", 3000, 3000, scope="surplus"),
        _site("H", "council", 2000, 2000, scope="keep", status="candidate"),
        _site("S", "trust", 1000, 2000, scope="keep", status="host"),
    ],
    "provisions": [
        {
            "provision_id": "a_lib",
            "site_id": "A",
            "service_id": "library",
            "room_nia_m2": 120,
            "staff_fte": 6,
        },
        {
            "provision_id": "a_adv",
            "site_id": "A",
            "service_id": "advice",
            "room_nia_m2": 40,
            "weekly_hours": 25,
            "staff_fte": 2,
        },
        {
            "provision_id": "b_lib",
            "site_id": "B",
            "service_id": "library",
            "room_nia_m2": 160,
            "staff_fte": 8,
        },
        {
            "provision_id": "c_ben",
            "site_id": "C",
            "service_id": "benefits",
            "room_nia_m2": 60,
            "weekly_hours": 30,
            "staff_fte": 3,
        },
    ],
    "hub_options": [
        {
            "site_id": "H",
            "option": "large",
            "room_nia_m2": 150,
            "capital_gbp": 200_000,
            "running_cost_gbp_per_year": 10_000,
            "lead_years": 1,
        },
        {
            "site_id": "C",
            "option": "small",
            "room_nia_m2": 180,
            "capital_gbp": 50_000,
            "running_cost_gbp_per_year": 5_000,
            "lead_years": 1,
        },
    ],
    "host_terms": [{"site_id": "S", "room_nia_m2": 35, "weekly_hours": 40}],
    "valuations": [
        {"site_id": "A", "exit_route": "sell", "receipt_gbp": 300_000, "probability": 1, "years_to_sell": 0},
        {"site_id": "D", "exit_route": "sell", "receipt_gbp": 80_000, "probability": 1, "years_to_sell": 1},
    ],
    "running_costs": [
        {"site_id": site, "heading": "other", "gbp_per_year": cost, "fixed_share": 0.5}
        for site, cost in (("A", 80_000), ("B", 100_000), ("C", 60_000), ("D", 10_000))
    ],
}


@dataclass(frozen=True)
class Case:
    """What a rule needs beside the common tables, and the estate in which it bars nothing."""

    options: Row = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    filters: tuple[str, ...] = ()


AREAS = [
    {"area_id": "west", "population": 3000, "easting": 1000, "northing": 1000, "imd_decile": 1},
    {"area_id": "east", "population": 1000, "easting": 3000, "northing": 1000, "imd_decile": 5},
]


def _standard(service: str, km: float, **more: Any) -> Row:
    base = {"standard_id": f"{service}_{km}", "service_id": service, "group": "all", "metric": "km"}
    return base | {"threshold": km, "geography": "overall", "mode": "walk", "basis": "target_or_today"} | more


def _sites(**changed: Row) -> list[Row]:
    return [row | changed.get(row["site_id"], {}) for row in TABLES["sites"]]


LENT = {"site_id": "B", "room_nia_m2": 30, "weekly_hours": 30}  # a site that lends, and may close
ALSO_LENT = {"site_id": "A", "room_nia_m2": 50}  # a site that lends, and into which others merge

CASES: dict[str, Case] = {
    "assignment": Case(),
    "opening": Case(tables={"host_terms": [*TABLES["host_terms"], LENT]}),
    "capacity": Case(tables={"host_terms": [*TABLES["host_terms"], LENT, ALSO_LENT]}),
    "compatibility": Case(
        tables={
            "compatibility": [
                {"service_a": "library", "service_b": "benefits", "relation": "may_not_share"},
                {"service_a": "advice", "service_b": "library", "relation": "must_share"},
                {"service_a": "benefits", "service_b": "advice", "relation": "within_km", "km": 1.5},
            ]
        }
    ),
    "permission": Case(
        tables={"host_terms": [{**TABLES["host_terms"][0], "term_weeks": 39}]}, filters=("move",)
    ),
    "reach": Case({"default_km": 1.2}, filters=("move",)),
    "access": Case(
        tables={
            "areas": AREAS,
            "standards": [
                _standard("library", 1.5, share=0.75),
                _standard("library", 1.5, share=1, geography="area", standard_id="each"),
                _standard("benefits", 2.5, share=0.9, group="most_deprived", basis="target"),
                _standard("advice", 1.5, share=0.75, min_hours_per_week=20, counts_at="with_room"),
            ],
        }
    ),
    "tenure": Case(
        tables={
            "tenures": [
                {"site_id": "A", "tenure": "freehold"},
                {"site_id": "B", "tenure": "leasehold", "expiry": "2032-03-25", "break_date": "2028-04-01"},
                {"site_id": "C", "tenure": "pfi", "expiry": "2040-03-31"},
                {"site_id": "D", "tenure": "licence", "notice_months": 6},
            ],
            "valuations": TABLES["valuations"][:1],
        },
        filters=("close",),
    ),
    "brakes": Case(
        tables={
            "brakes": [
                {"site_id": "A", "brake": "covenant", "effect": "lock", "until": "2028-03-31"},
                {"site_id": "B", "brake": "covenant", "effect": "lock"},
                {"site_id": "D", "brake": "bats", "effect": "delay", "delay_years": 1},
            ]
        },
        filters=("close",),
    ),
    "fitness": Case(
        tables={
            "sites": _sites(C={"step_free": "unknown"}, H={"step_free": "no", "step_free_cost_gbp": 5000})
        },
        filters=("hub", "move"),
    ),
    "locks": Case(
        {"keep": ["B"], "close": ["A"], "hub": ["H"], "no_hub": ["C"]}, filters=("hub", "close", "move")
    ),
    "counts": Case({"min_hubs": 1, "max_hubs": 2, "max_closures": 3}),
    "materiality": Case(
        {"saving_gbp_per_year": 60_000, "npv_gbp": 300_000, "enough": "both"}, filters=("close",)
    ),
    "capital": Case(
        {"purses": "separate", "recycle_share": 0.5, "recycle_lag_years": 0},
        tables={
            "budgets": [
                {"purse": "council", "year": "2027/28", "capital_gbp": 150_000, "grant_gbp": 10_000},
                {"purse": "council", "year": "2028/29", "capital_gbp": 40_000},
                {"purse": "trust", "year": "2027/28", "capital_gbp": 1000, "borrowing_limit_gbp": 2000},
            ]
        },
    ),
    "affordability": Case(
        {
            "peak_funding_gbp": 100_000,
            "payback_year": 3,
            "receipts": False,
            "saving_year": 2,
            "saving_gbp": 70_000,
        }
    ),
    "partnership": Case({"floor_npv_gbp": -1000}),
}


def config(rules: Mapping[str, Row] | None = None, **more: Any) -> Config:
    """Return the run: two years of decisions from 2027/28, four of money."""
    horizon = {"first_year": 2027, "decision_years": 2, "appraisal_years": 4}
    settings: Row = {"assumptions": PLAIN, "solver": {"gap": 0.0, "time_limit": 60.0}} | more
    return Config(name="tiny", horizon=horizon, rules=resolve_rules(rules or {}), **settings)


def estate(asked: Config, **tables: list[Row]) -> Estate:
    """Return the tiny estate, with tables that replace or join the common ones."""
    frames = {name: pd.DataFrame(rows) for name, rows in (TABLES | tables).items()}
    return estate_from_frames(frames, asked)


def families(asked: Config, **tables: list[Row]) -> Model:
    """Return the model with its families of columns and no rows."""
    inst = build_instance(estate(asked, **tables), asked)
    problem = BlockProblem(asked.name)
    for family, keys in family_keys(inst).items():
        problem.add_columns(family, keys, integer=family != "leave")
    return Model(inst, problem, build_cash(problem.blocks, inst))


def with_rule(name: str) -> Model:
    """Return the columns, and the rows of one rule alone."""
    case = CASES[name]
    model = families(config({name: case.options}), **case.tables)
    rule = next(rule for rule in RULES if rule_name(rule) == name)
    rule.add(model.problem, model.inst, model.cash)
    return model


def without_rule(name: str) -> Model:
    """Return the columns of the same estate where the rule bars nothing."""
    case = CASES[name]
    if name in ("permission", "reach"):  # always in force: without the data they bar nothing
        return families(config())
    asked = config({name: case.options})
    rules = {rule: options for rule, options in asked.rules.items() if rule != name}
    return families(asked.model_copy(update={"rules": rules}), **case.tables)
