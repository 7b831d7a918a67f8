"""Reasons of all sites of one plan, in as many processes as there are: prices held, and free on request."""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.types import Plan, Solution
from estate.explore.ask import Questions
from estate.explore.reasons import FREE, HELD, Reasons
from estate.explore.studies import csv_of
from estate.study import Answer, Job, Task
from estate.study.job import job_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from estate.config import Config
    from estate.explore.studies import Search

AT_ONCE = 8
"""Sites priced with hubs and years held by one job, which is all that a stop may lose."""


def explain_plan(
    search: Search, solution: Solution, sites: Sequence[str], *, free: bool = False, named: bool = False
) -> dict[str, pd.DataFrame]:
    """Say why sites are decided as they are in a plan.

    Parameters
    ----------
    search : Search
        The run, and the folder in which every answer is kept.
    solution : Solution
        Its plan, with the bound that was proved.
    sites : sequence of str
        Of `sites_of`.
    free : bool
        Also the price with everything free: a whole search for each site.
    named : bool
        Whether the sites were asked for by name, so that each may take longer.

    Returns
    -------
    dict of str to DataFrame
        reasons, reasons_flips, reasons_travel: see `estate.explore.reasons.Told`. A site that was not
        priced, because the study was stopped or its job failed, has a row that says so.

    Raises
    ------
    SolverError
        If no site could be priced.
    """
    known = _record(solution)
    reasons = _reasons(_Known(search.config, search.base, known, threading.Event()))
    groups = _parts(reasons, sites)
    jobs = [
        Job(
            job_name("held", str(number)),
            reasons_of,
            parameters={**known, "sites": group, "kind": HELD, "named": named},
        )
        for number, group in enumerate(groups, start=1)
    ]
    if free:
        jobs += [
            Job(job_name("free", site), reasons_of, parameters={**known, "sites": [site], "kind": FREE})
            for site in sites
        ]
    outcomes = search.do(jobs, here=len(jobs) == 1)
    answers = [one.answer.frames for one in outcomes if one.answer is not None]
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.answer is None:
            missing = reasons.unpriced(job.parameters["sites"], job.parameters["kind"], outcome.message)
            answers.append(missing.frames())
    names = ("reasons", "reasons_flips", "reasons_travel")
    tables = {name: pd.concat([frames[name] for frames in answers], ignore_index=True) for name in names}
    order = {site: number for number, site in enumerate(sites)}
    return {
        name: table.sort_values("site_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)
        for name, table in tables.items()
    }


def _parts(reasons: Reasons, sites: Sequence[str]) -> list[list[str]]:
    """Return what each job prices: at last every hub by itself, which takes longest."""
    slow = [site for site in sites if reasons.prices.asks_hub(site)]
    quick = [site for site in sites if site not in set(slow)]
    parts = [quick[start : start + AT_ONCE] for start in range(0, len(quick), AT_ONCE)]
    return parts + [[site] for site in slow]


def reasons_of(task: Task) -> Answer:
    """Price sites of a plan, by one kind of price."""
    asked = task.parameters
    reasons = _reasons(_Known(task.config, task.base, asked, task.stop))
    held = asked["kind"] == HELD
    told = reasons.rows(asked["sites"], held=held, free=not held, named=asked.get("named", False))
    frames = told.frames()
    return Answer({}, frames, {f"{name}.csv": csv_of(frame) for name, frame in frames.items()})


def sites_of(config: Config, base: Path, solution: Solution) -> list[str]:
    """Return the sites about which something is decided: those that may close or become hubs."""
    return _reasons(_Known(config, base, _record(solution), threading.Event())).prices.sites()


def _record(solution: Solution) -> dict[str, Any]:
    """Return a plan with what was proved of it as plain data."""
    return {
        "plan": solution.plan.records(),
        "status": solution.status,
        "saving_gbp": float(solution.objective_gbp),
        "bound_gbp": float(solution.bound_gbp),
    }


class _Known:
    """A plan of a configuration as a key of the cache: equal where the reasons are."""

    def __init__(self, config: Config, base: Path, record: Mapping[str, Any], stop: threading.Event) -> None:
        self.config, self.base, self.record, self.stop = config, base, record, stop
        plain = {name: record[name] for name in ("plan", "status", "saving_gbp", "bound_gbp")}
        told = config.model_dump_json(exclude={"output", "audience"})
        self._told = (told, str(base), json.dumps(plain, sort_keys=True, default=int))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self._told == other._told

    def __hash__(self) -> int:
        return hash(self._told)


@lru_cache(maxsize=1)
def _reasons(known: _Known) -> Reasons:
    """Build the model once for all jobs of this process that ask of the same plan."""
    config, told = known.config, known.record
    estate = Task(config, known.base, {}, known.stop).estate()
    questions = Questions(estate, config, known.stop)
    plan = Plan.from_records(told["plan"])
    figures = (told["saving_gbp"], told["bound_gbp"])
    solution = Solution(plan, told["status"], *figures, "gap", "found before")
    return Reasons(estate, config, questions, questions.known(solution))
