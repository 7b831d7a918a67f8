"""Plans that save the same: fewer closures, then later, then the first ids."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
from two_libraries import TABLES, write_two_libraries

from estate.inputs.load import load_estate
from estate.model.formulation import build_model
from estate.settings import load_config
from estate.solve import solve_estate, ties
from estate.solve.clock import Clock
from estate.solve.exact import solve_exact
from estate.solve.highs import scaled
from estate.solve.plan import read_plan, rounded, saving_of

EXACT = "solver: {gap: 0}\n"
EMPTY_SITE = "C,Old lodge,council,vacant,surplus,412000,287000,100\n"


def plan_of(path):
    config, base = load_config(path)
    solution = solve_estate(load_estate(config, base), config)
    assert solution.status == "optimal"
    return solution.plan, solution


def write(folder, tables, extra=EXACT):
    path = write_two_libraries(folder, extra)
    for name, text in tables.items():
        (folder / "tables" / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")
    return path


def costs(a, b, c=None):
    head = TABLES["running_costs"].splitlines()[0]
    rows = {"A": a, "B": b, "C": c}
    lines = [f"{site},all_running_costs,{gbp}" for site, gbp in rows.items() if gbp is not None]
    return "\n".join([head, *lines, ""])


def test_of_two_libraries_alike_the_first_id_closes_whatever_the_order_of_rows(tmp_path):
    like = {"running_costs": costs(150_000, 150_000)}
    plan, solution = plan_of(write(tmp_path / "one", like))
    assert plan.closures["site_id"].tolist() == ["A"]
    head, *rows = TABLES["sites"].splitlines()
    turned = {**like, "sites": "\n".join([head, *reversed(rows), ""])}
    again, same = plan_of(write(tmp_path / "two", turned))
    assert again.closures.equals(plan.closures)
    assert same.objective_gbp == solution.objective_gbp


def test_a_closure_that_saves_nothing_is_left_undone(tmp_path):
    tables = {"sites": TABLES["sites"] + EMPTY_SITE, "running_costs": costs(100_000, 150_000, 0)}
    plan, _ = plan_of(write(tmp_path, tables))
    assert plan.closures["site_id"].tolist() == ["B"]


def test_what_must_close_for_nothing_closes_in_the_last_year(tmp_path):
    tables = {"sites": TABLES["sites"] + EMPTY_SITE, "running_costs": costs(100_000, 150_000, 0)}
    locked = EXACT + "rules: {locks: {close: [C]}}\n"
    plan, solution = plan_of(write(tmp_path, tables, locked))
    years = dict(zip(plan.closures["site_id"], plan.closures["year"], strict=True))
    assert years == {"B": 0, "C": 9}
    assert np.isclose(solution.objective_gbp, solution.bound_gbp, atol=0.01)


def test_the_same_run_twice_is_the_same_plan_also_where_it_stops_on_its_gap(tmp_path):
    path = write(tmp_path, {"running_costs": costs(150_000, 150_000)}, "solver: {gap: 0.2}\n")
    config, base = load_config(path)
    first, second = (solve_estate(load_estate(config, base), config) for _ in range(2))
    for name in ("closures", "hubs", "moves"):
        assert getattr(first.plan, name).equals(getattr(second.plan, name))


def test_from_the_least_wanted_of_equal_plans_the_wanted_one_is_found(tmp_path):
    tables = {"sites": TABLES["sites"] + EMPTY_SITE, "running_costs": costs(150_000, 150_000, 0)}
    config, base = load_config(write(tmp_path, tables))
    model = build_model(load_estate(config, base), config)
    arrays, _ = scaled(model.problem.arrays())
    clock = Clock(60.0, None, threading.Event())
    best = solve_exact(model, config.solver, clock).x
    worth = saving_of(model, rounded(model, best))
    unwanted = -sum(ties._wishes(model))
    held = ties._with_row(arrays, arrays.saving, worth - ties.SAME_GBP)
    worst = ties._reach(replace(held, saving=unwanted), best, clock, 1)
    spoilt = read_plan(model, rounded(model, worst))
    assert spoilt.closures["site_id"].tolist() == ["B", "C"]
    mended = ties.break_ties(model, arrays, worst, clock, 1)
    assert read_plan(model, rounded(model, mended)).closures["site_id"].tolist() == ["A"]
    assert np.isclose(saving_of(model, rounded(model, mended)), worth, atol=0.005)
