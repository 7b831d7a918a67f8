"""The work of a scenario: one whole run, verified, appraised and written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estate.core.errors import InputError
from estate.core.types import Plan
from estate.pipeline import evaluate, evaluate_plan, read_estate
from estate.present.apart import states_of_money
from estate.present.write import write_all
from estate.settings import changed
from estate.study.job import Answer
from estate.study.readers import STATES

if TYPE_CHECKING:
    import pandas as pd

    from estate.config import Config
    from estate.core.result import Result
    from estate.study.job import Task

FIGURES = ("status", "saving_npv_gbp", "bound_saving_npv_gbp", "gap_gbp", "gap_share_of_saving", "npv_gbp")
"""What of ``run.json`` stands beside the headlines."""

FOUND = "found"
"""Figure that holds the plan with what was proved of it, exact; the council's alone."""


def whole_run(task: Task) -> Answer:
    """Do a whole run; the files are those of ``estate run``.

    Returns
    -------
    Answer
        Its headlines and what was proved; the table ``plan``, one row a site with its place.
    """
    return answer_of(evaluate(task.config, task.base, stop=task.stop, estate=task.estate()))


def answer_of(result: Result) -> Answer:
    """Write a run and return its files and figures, as the audience of its configuration may read them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        paths = write_all(result, folder, result.config.audience)
        summary = _read(folder / "summary.json")
        record = _read(folder / "run.json")
        files = {path.name: path.read_bytes() for path in paths}
        plan = _plan(folder)
    figures = {row["key"]: row["value"] for row in summary["headlines"]}
    frames = {"plan": plan}
    if result.config.audience != "internal":
        frames[STATES] = states_of_money(result.ledger).reset_index()
    told = {**figures, **{key: record.get(key) for key in FIGURES}, FOUND: found_of(result)}
    return Answer(told, frames, files)


def found_of(result: Result) -> dict[str, Any]:
    """Return the plan with what was proved of it as plain data; only the plan where it was given."""
    solution, plan = result.solution, {"plan": result.plan.records()}
    if solution is None:
        return plan
    return plan | {
        "objective_gbp": float(solution.objective_gbp),
        "bound_gbp": float(solution.bound_gbp),
        "status": solution.status,
        "stopped_by": solution.stopped_by,
        "engine": solution.engine,
        "log": list(solution.log),
    }


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _plan(folder: Path) -> pd.DataFrame:
    """Return the sites of the GeoPackage: what the audience may see of each, with its place [m]."""
    from geopandas import read_file

    sites = read_file(folder / "estate.gpkg", layer="sites")
    points = sites.geometry
    plan: pd.DataFrame = sites.drop(columns="geometry").assign(easting=points.x, northing=points.y)
    return plan


def bau_run(task: Task) -> Answer:
    """Appraise business as usual: nothing closes, nothing opens, nothing is looked for."""
    return answer_of(evaluate_plan(task.config, task.base, Plan.empty(), task.estate()))


def do_minimum_run(task: Task) -> Answer:
    """Do a whole run in which only what is decided already may happen.

    Sites close that the rule ``locks`` or the table of decisions (contracted or done) says must;
    every other site stays, with what is in it. Targets (least numbers, savings asked for) are not
    asked of it. Where nothing is decided it is business as usual.
    """
    estate = task.estate()
    sites, decisions = estate.tables["sites"], estate.tables["decisions"]
    bound = set(decisions[decisions["state"].isin(["contracted", "done"])]["site_id"])
    free = set(sites[sites["scope"].isin(["decide", "surplus"]) & (sites["status"] == "existing")]["site_id"])
    locks = task.config.rules.get("locks", {})
    hubs = set(estate.tables["hub_options"]["site_id"])
    close = set(locks.get("close", [])) | (bound & free - hubs)
    opened = set(locks.get("hub", [])) | (bound & hubs)
    if not close | opened:
        return bau_run(task)
    overrides: dict[str, Any] = {
        "rules.locks.close": sorted(close),
        "rules.locks.hub": sorted(opened),
        "rules.locks.keep": sorted({*locks.get("keep", []), *(free - close)}),
        "rules.locks.no_hub": sorted(hubs - opened),
        "rules.affordability": None,
        "rules.counts.min_hubs": None,
        "rules.counts.min_closures": None,
    }
    config = changed(task.config, overrides, "do-minimum")
    return answer_of(evaluate(_nothing_else_moves(config, task, free - close), task.base, stop=task.stop))


def _nothing_else_moves(config: Config, task: Task, stay: set[str]) -> Config:
    """Return the configuration with everything at the sites that stay fixed there.

    Where provisions follow from the kind of a site, no table holds them: then the site is kept.
    """
    before = [edit.model_dump(mode="json") for edit in config.edits]
    where = {"site_id": sorted(stay)}
    fixed = {"table": "provisions", "where": where, "set": {"fixed_to_site": "yes"}}
    kept = {"table": "sites", "where": where, "set": {"scope": "keep"}}
    if not stay:
        return config
    made = changed(config, {"edits": [*before, fixed]}, "do-minimum")
    try:
        read_estate(made, task.base)
    except InputError:
        return changed(config, {"edits": [*before, kept]}, "do-minimum")
    return made
