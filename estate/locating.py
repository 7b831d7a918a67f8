"""``estate locate``: read a textbook problem, solve it, write the answer."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from estate import __version__
from estate.core.errors import InfeasibleError, SolverError
from estate.locate import Answer, Effort, Problem, solve
from estate.locate.compiled import engine_name
from estate.locate.reading import Request, read_problem, read_request
from estate.locate.solving import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from estate.locate.reading import Read

DIGITS = 12


def locate(
    path: Path,
    options: dict[str, Any],
    say: Callable[[str], None],
    stopped: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Solve the problem in a file and write plan and certificate.

    Parameters
    ----------
    path : Path
        Cost matrix, instance or YAML file.
    options : dict
        Options of the command, by the keys of :class:`estate.locate.reading.Request`.
    say : callable
        Receives sentences while the work goes on.
    stopped : callable
        Returns whether somebody asks to stop with the best plan so far.

    Returns
    -------
    list of str
        What came of it.

    Raises
    ------
    InfeasibleError
        If no set of sites keeps the rules.
    SolverError
        If nothing was found in the time given.
    """
    request = read_request(path, options)
    read = read_problem(request)
    problem = read.problem
    say(f"{problem.name}: {problem.kind}, {problem.clients:,} clients, {problem.sites:,} sites ({read.form})")
    for note in read.notes:
        say(note)
    prepare(say)
    effort = Effort(request.gap, request.time_limit, request.seed, request.solver, stopped)
    answer = solve(problem, effort)
    if answer.status == "time_limit" and stopped():
        answer = replace(answer, status="interrupted")
    if answer.status == "infeasible":
        raise InfeasibleError(
            "No set of sites keeps these rules; allow more sites, room, radius or budget, or unlock some."
        )
    if answer.status == "unknown":
        raise SolverError(
            "Nothing had been found when the search was stopped; nothing was written."
            if stopped()
            else "Nothing was found in the time given; allow more with --time-limit."
        )
    folder = request.out / problem.name
    write_answer(read, request, answer, folder)
    return [*summary_lines(problem, answer), f"All files are in {folder}"]


def summary_lines(problem: Problem, answer: Answer) -> list[str]:
    """Return the answer in words.

    Parameters
    ----------
    problem : Problem
        What was asked.
    answer : Answer
        What was found.

    Returns
    -------
    list of str
    """
    names = [problem.site_names[j] for j in answer.opened[:20]]
    more = f" and {len(answer.opened) - 20} more" if len(answer.opened) > 20 else ""
    side = "most" if problem.kind == "max-cover" else "least"
    return [
        f"Objective: {answer.objective:,.{DIGITS}g}",
        f"No plan can do better than {answer.bound:,.{DIGITS}g} ({side} possible); gap {answer.gap:.4%}",
        f"Status: {answer.status.replace('_', ' ')}, {answer.seconds:.2f} s",
        f"Open: {len(answer.opened)} of {problem.sites} sites: {', '.join(names)}{more}",
        *(f"- {engine}" for engine in answer.engines),
    ]


def write_answer(read: Read, request: Request, answer: Answer, folder: Path) -> None:
    """Write plan.csv, serving.csv and answer.json, all or none.

    Parameters
    ----------
    read : Read
        What was read.
    request : Request
        What was asked.
    answer : Answer
        What was found.
    folder : Path
        Folder of the answer, replaced as a whole.
    """
    from estate.core.folders import written_whole

    with written_whole(folder) as made:
        _write_plan(read.problem, answer, made / "plan.csv")
        _write_serving(read.problem, answer, made / "serving.csv")
        record = json.dumps(_record(read, request, answer), indent=2, allow_nan=False)
        (made / "answer.json").write_text(record + "\n", encoding="utf-8")


def _parts(answer: Answer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return client, site and share of everything that is served."""
    if answer.parts is not None:
        return answer.parts[:, 0].astype(int), answer.parts[:, 1].astype(int), answer.parts[:, 2]
    client = np.flatnonzero(answer.serving >= 0)
    return client, answer.serving[client], np.ones(len(client))


def _write_plan(problem: Problem, answer: Answer, path: Path) -> None:
    client, site, share = _parts(answer)
    load = np.bincount(site, share * problem.demand[client], problem.sites)
    many = np.bincount(site, minlength=problem.sites)
    chosen = np.zeros(problem.sites, bool)
    chosen[answer.opened] = True
    locks = {0: "", 1: "open", -1: "closed"}
    rows = (
        (
            _safe(problem.site_names[j]),
            "open" if chosen[j] else "closed",
            locks[int(problem.state[j])],
            _number(problem.fixed[j]),
            _number(problem.capacity[j]),
            int(many[j]),
            _number(load[j]),
        )
        for j in range(problem.sites)
    )
    _write(path, ("site", "decision", "locked", "fixed_cost", "capacity", "clients", "demand"), rows)


def _write_serving(problem: Problem, answer: Answer, path: Path) -> None:
    client, site, share = _parts(answer)
    rows = (
        (
            _safe(problem.client_names[i]),
            _safe(problem.site_names[j]),
            _number(part),
            _number(problem.cost[i, j]),
            _number(problem.demand[i]),
        )
        for i, j, part in zip(client, site, share, strict=True)
    )
    _write(path, ("client", "site", "share", "cost", "demand"), rows)


def _write(path: Path, headers: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(headers)
        writer.writerows(rows)


def _safe(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    from estate.present.words import RISKY_STARTS

    return f"'{name}" if name.startswith(RISKY_STARTS) else name


def _number(value: float) -> object:
    """Return a number in full; nothing where it is infinite."""
    if not math.isfinite(value):
        return ""
    return int(value) if value == int(value) and abs(value) < 2**53 else float(value)


def _record(read: Read, request: Request, answer: Answer) -> dict[str, Any]:
    """Return what answer.json holds: question, certificate, engines and versions."""
    problem = read.problem
    return {
        "schema_version": 1,
        "instance": problem.name,
        "format": read.form,
        "problem": problem.kind,
        "clients": problem.clients,
        "sites": problem.sites,
        "p": problem.p,
        "radius": problem.radius,
        "status": answer.status,
        "objective": answer.objective,
        "bound": answer.bound if math.isfinite(answer.bound) else None,
        "gap": answer.gap if math.isfinite(answer.gap) else None,
        "open": [problem.site_names[j] for j in answer.opened],
        "engines": list(answer.engines),
        "nodes": answer.nodes,
        "seconds": answer.seconds,
        "asked": {
            "gap": request.gap,
            "time_limit": request.time_limit,
            "seed": request.seed,
            "solver": request.solver,
        },
        "versions": {"estate": __version__, "kernels": engine_name(), "numpy": np.__version__},
    }
