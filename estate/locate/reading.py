"""From files and options to a problem, with every problem of them told at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from estate.core.errors import ConfigError, InputError, Issue
from estate.core.yamlfile import read_yaml
from estate.locate.formats import Given, detect
from estate.locate.matrix import Matrix, read_matrix, read_rows
from estate.locate.problem import COUNTED, DISTANCES, KINDS, Problem, SideRule, make_problem
from estate.locate.programme import CAPACITATED

if TYPE_CHECKING:
    from estate.locate.lists import Floats

CLIENT_COLUMN, SITE_COLUMN = "client", "site"
SITE_NUMBERS = ("fixed_cost", "capacity", "spend")
STATES = {"": 0, "free": 0, "open": 1, "closed": -1}


class Request(BaseModel):
    """What is asked: the keys of the YAML form, and the options of the command."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    file: Path = Field(description="Cost matrix or instance file")
    problem: str | None = Field(None, description="Kind of problem")
    p: int | None = Field(None, ge=1, description="Number of sites to be open")
    radius: float | None = Field(None, ge=0, description="Distance within which a client is covered")
    capacity: float | None = Field(None, gt=0, description="Capacity of every site")
    budget: float | None = Field(None, ge=0, description="Limit of the sum of spend over open sites")
    sites: Path | None = Field(None, description="Table of sites: site, fixed_cost, capacity, state, spend")
    clients: Path | None = Field(None, description="Table of clients: client, demand")
    column: str | None = Field(None, description="Column with the costs of a long table")
    whole_costs: bool = Field(
        default=False, description="Cells are for the whole client, not a unit of demand"
    )
    open: tuple[str, ...] = Field((), description="Sites that must be open")
    closed: tuple[str, ...] = Field((), description="Sites that must not be open")
    gap: float = Field(1e-4, ge=0, le=1, description="Relative gap at which the search may end")
    time_limit: float = Field(60.0, gt=0, description="Outer stop [s]")
    seed: int = Field(1, ge=0, description="Seed of the search")
    solver: str = Field("auto", pattern="^(auto|own|highs|cbc)$", description="auto, own, highs or cbc")
    out: Path = Field(Path("out"), description="Folder in which the answer gets a folder of its own")


@dataclass(frozen=True)
class Read:
    """A problem and how it was read."""

    problem: Problem
    form: str
    notes: tuple[str, ...] = ()


def read_request(path: Path, options: dict[str, Any]) -> Request:
    """Return what is asked, from a YAML file or from options alone.

    Parameters
    ----------
    path : Path
        YAML file (``.yaml`` or ``.yml``), cost matrix or instance.
    options : dict
        Options given on the command line; they replace those of the file.

    Returns
    -------
    Request

    Raises
    ------
    ConfigError
        With every wrong key or value.
    InputError
        If the file is not there.
    """
    if not path.is_file():
        issue = Issue(path.name, None, "", "", "is not there", "check the name and the folder")
        raise InputError("The file cannot be read:", [issue])
    content: dict[str, Any] = {"file": str(path)}
    base = Path()
    if path.suffix.lower() in {".yaml", ".yml"}:
        content, _ = read_yaml(path)
        base = path.parent
        for key in ("file", "sites", "clients"):
            if isinstance(content.get(key), str):
                content[key] = str(base / content[key])
    merged = {**content, **options}
    for key in ("open", "closed"):
        if isinstance(merged.get(key), list):
            merged[key] = tuple(str(name) for name in merged[key])
    try:
        request = Request.model_validate(merged)
    except ValidationError as error:
        raise ConfigError("The request is wrong:", [_wrong(path, one) for one in error.errors()]) from None
    if request.problem is not None and request.problem not in KINDS:
        near = get_close_matches(request.problem, KINDS, 1)
        remedy = f"write {near[0]}" if near else f"write one of {', '.join(KINDS)}"
        issue = Issue(path.name, None, "problem", request.problem, "is not a kind of problem", remedy)
        raise ConfigError("The request is wrong:", [issue])
    return request


def _wrong(path: Path, error: Any) -> Issue:  # noqa: ANN401 - pydantic's own record
    name = ".".join(str(part) for part in error["loc"])
    near = get_close_matches(name, Request.model_fields, 1)
    extra = error["type"] == "extra_forbidden"
    told = f"write {near[0]}" if near else f"use only {', '.join(Request.model_fields)}"
    value = "" if error["type"] == "missing" else str(error.get("input", ""))[:60]
    remedy = told if extra else "give a value of the kind that `estate locate --help` names"
    problem = "is not known" if extra else f"is wrong ({error['msg']})"
    return Issue(path.name, None, name, value, problem, remedy)


def read_problem(request: Request) -> Read:
    """Read the files of a request.

    Parameters
    ----------
    request : Request
        From :func:`read_request`.

    Returns
    -------
    Read

    Raises
    ------
    InputError
        With every problem of the files.
    """
    path = request.file
    if not path.is_file():
        issue = Issue(path.name, None, "file", "", "is not there", "check the name and the folder")
        raise InputError("The file cannot be read:", [issue])
    is_table = path.suffix.lower() in {".csv", ".tsv"}
    read = _from_matrix(request) if is_table else _from_instance(request)
    issues = _check(read.problem, request)
    if issues:
        raise InputError(f"{path.name} cannot be solved:", issues)
    return replace(read, problem=replace(read.problem, name=path.stem))


def _from_instance(request: Request) -> Read:
    """Read one of the instance formats; the tables of sites and clients do not go with them."""
    path = request.file
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    found = detect(text, Given(request.problem, request.p, request.capacity))
    if isinstance(found, list):
        issues = [
            Issue(path.name, None, "", "", f"is not {reason}", "see docs/locate.md for the formats")
            for reason in found
        ]
        raise InputError(f"{path.name} is in none of the formats that are known:", issues)
    form, problem = found
    names = {name: j for j, name in enumerate(problem.site_names)}
    issues = [
        Issue(path.name, None, key, "", "goes with a cost matrix only", "leave it out")
        for key in ("sites", "clients", "budget")
        if getattr(request, key) is not None
    ]
    state = problem.state.copy()
    issues += _lock(state, names, request)
    if issues:
        raise InputError(f"{path.name} cannot be solved:", issues)
    # The number of sites in a file is that of its own problem: a cover, or plants, take as many as they need.
    p = problem.p if problem.kind in COUNTED else request.p
    return Read(replace(problem, state=state, radius=request.radius, p=p), form)


def _from_matrix(request: Request) -> Read:
    """Read a cost matrix with its tables of sites and clients."""
    path = request.file
    matrix = read_matrix(read_rows(path), path.name, request.column)
    issues = list(matrix.issues)
    n, m = matrix.cost.shape
    names = {name: j for j, name in enumerate(matrix.sites)}
    sites, found = _table(request.sites, SITE_COLUMN, names, SITE_NUMBERS)
    issues += found
    who = {name: i for i, name in enumerate(matrix.clients)}
    clients, found = _table(request.clients, CLIENT_COLUMN, who, ("demand",))
    issues += found
    state = np.zeros(m, np.int8)
    issues += _states(request.sites, names, state) + _lock(state, names, request)
    if issues:
        raise InputError(f"{path.name} cannot be read:", issues)
    kind = request.problem or _kind(request, sites)
    demand = clients.get("demand", np.ones(n))
    apart = kind in DISTANCES or request.whole_costs
    cost = matrix.cost if apart or "demand" not in clients else _times(matrix.cost, demand)
    common = math.inf if request.capacity is None else request.capacity
    fixed = sites.get("fixed_cost", np.ones(m) if kind == "set-cover" else np.zeros(m))
    spend = sites.get("spend")
    problem = make_problem(
        kind,
        cost,
        fixed=fixed,
        p=request.p,
        demand=demand,
        capacity=np.where(np.isnan(room := sites.get("capacity", np.full(m, common))), common, room),
        radius=request.radius,
        state=state,
        rules=_budget(request, spend),
        client_names=tuple(matrix.clients),
        site_names=tuple(matrix.sites),
    )
    return Read(problem, "cost matrix", (*_notes(matrix), *_odd(matrix, clients)))


def _times(cost: Floats, demand: Floats) -> Floats:
    """Multiply, where an absent pair stays absent even without demand."""
    return np.where(np.isfinite(cost), np.where(np.isfinite(cost), cost, 0.0) * demand[:, None], np.inf)


def _budget(request: Request, spend: Floats | None) -> tuple[SideRule, ...]:
    if request.budget is None or spend is None:
        return ()
    return (SideRule("budget", np.nan_to_num(spend), request.budget),)


def _notes(matrix: Matrix) -> tuple[str, ...]:
    missing = int((~np.isfinite(matrix.cost)).sum())
    notes = [f"{missing} of {matrix.cost.size} pairs have no cost: that site cannot serve that client."]
    same = matrix.clients == matrix.sites and np.isfinite(matrix.cost).all()
    if same and not np.allclose(matrix.cost, matrix.cost.T):
        far = float(np.abs(matrix.cost - matrix.cost.T).max())
        notes.append(f"The matrix is not symmetric (by up to {far:.6g}); it is read as client to site.")
    return tuple(notes if missing else notes[1:])


def _odd(matrix: Matrix, clients: dict[str, Floats]) -> list[str]:
    """Say what can be meant so, but often is not: costs below nought, clients without demand."""
    notes = []
    below = np.argwhere(matrix.cost < 0)
    if len(below):
        i, j = below[0]
        first = f"{matrix.clients[i]} to {matrix.sites[j]}, {matrix.cost[i, j]:g}"
        notes.append(f"{len(below)} costs are negative (first {first}) and count as gains; mend them if not.")
    none = np.flatnonzero(clients.get("demand", np.ones(1)) == 0)
    if len(none):
        notes.append(
            f"{len(none)} clients have no demand (first {matrix.clients[none[0]]}): they count nothing."
        )
    return notes


def _kind(request: Request, sites: dict[str, Floats]) -> str:
    """Guess the kind from what is given."""
    if request.radius is not None:
        return "max-cover" if request.p is not None else "set-cover"
    limited = request.capacity is not None or "capacity" in sites
    if request.p is not None:
        return "capacitated-p-median" if limited else "p-median"
    return "cflp" if limited else "ufl"


def _table(
    path: Path | None, key: str, names: dict[str, int], columns: tuple[str, ...]
) -> tuple[dict[str, Floats], list[Issue]]:
    """Read the numbers of a table by name; those not given are NaN, demands not given are an issue."""
    if path is None:
        return {}, []
    if not path.is_file():
        return {}, [Issue(path.name, None, "", "", "is not there", "check the name and the folder")]
    rows = read_rows(path)
    headers = [cell.lower() for cell in rows[0]] if rows else []
    if key not in headers:
        return {}, [Issue(path.name, 1, key, "", "is not among the headers", f"add a column {key}")]
    values = {name: np.full(len(names), np.nan) for name in columns if name in headers}
    issues = []
    for number, row in enumerate(rows[1:], start=2):
        if not row or len(row) != len(headers):
            continue
        who = row[headers.index(key)]
        if who not in names:
            remedy = "use the names of the matrix, or take the row out"
            issues.append(Issue(path.name, number, key, who, "is not in the matrix", remedy))
            continue
        for name, column in values.items():
            issues += _put(
                column, names[who], row[headers.index(name)], Issue(path.name, number, name, "", "", "")
            )
    for name, column in values.items():
        if name != "capacity" and np.isnan(column).any():
            first = next(who for who, k in names.items() if np.isnan(column[k]))
            short = f"is missing for {int(np.isnan(column).sum())}, first {first}"
            issues.append(Issue(path.name, None, name, "", short, "give a number for each"))
    return values, issues


def _put(column: Floats, at: int, cell: str, place: Issue) -> list[Issue]:
    try:
        value = float(cell.replace(",", "")) if cell else math.nan
    except ValueError:
        return [replace(place, value=cell, problem="is not a number", remedy="enter a number")]
    if value < 0 and place.column != "fixed_cost":
        return [replace(place, value=cell, problem="is negative", remedy="enter zero or more")]
    column[at] = value
    return []


def _states(path: Path | None, names: dict[str, int], state: np.ndarray) -> list[Issue]:
    """Read the column `state` of the table of sites."""
    if path is None or not path.is_file():
        return []
    rows = read_rows(path)
    headers = [cell.lower() for cell in rows[0]] if rows else []
    if "state" not in headers or SITE_COLUMN not in headers:
        return []
    issues = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(headers) or row[headers.index(SITE_COLUMN)] not in names:
            continue
        word = row[headers.index("state")].lower()
        if word not in STATES:
            issues.append(
                Issue(path.name, number, "state", word, "is not known", "write open, closed or free")
            )
            continue
        state[names[row[headers.index(SITE_COLUMN)]]] = STATES[word]
    return issues


def _lock(state: np.ndarray, names: dict[str, int], request: Request) -> list[Issue]:
    """Set the sites that must and must not be open."""
    issues = []
    for key, value in (("open", 1), ("closed", -1)):
        for name in getattr(request, key):
            if name not in names:
                near = get_close_matches(name, names, 1)
                remedy = f"write {near[0]}" if near else "use a name of the matrix"
                issues.append(Issue(request.file.name, None, key, name, "is not a site", remedy))
            elif state[names[name]] == -value:
                remedy = "let it be the one or the other"
                issues.append(Issue(request.file.name, None, key, name, "must be open and closed", remedy))
            else:
                state[names[name]] = value
    return issues


def _check(problem: Problem, request: Request) -> list[Issue]:
    """Return what makes the question meaningless."""
    name = request.file.name
    issues = []
    if problem.kind in COUNTED and problem.p is None:
        issues.append(Issue(name, None, "p", "", f"is needed for {problem.kind}", "give --p"))
    if problem.p is not None and problem.p > problem.sites:
        limit = f"is more than there are sites ({problem.sites})"
        issues.append(Issue(name, None, "p", str(problem.p), limit, "give a smaller number"))
    if problem.kind in {"set-cover", "max-cover"} and problem.radius is None:
        issues.append(Issue(name, None, "radius", "", f"is needed for {problem.kind}", "give --radius"))
    if problem.kind in CAPACITATED and not np.isfinite(problem.capacity).any():
        remedy = "give --capacity, or a column capacity in --sites"
        issues.append(Issue(name, None, "capacity", "", f"is needed for {problem.kind}", remedy))
    if request.budget is not None and not problem.rules:
        issues.append(
            Issue(name, None, "budget", "", "needs the spend of each site", "add a column spend to --sites")
        )
    if problem.kind in DISTANCES and (problem.cost < 0).any():
        at = np.argwhere(problem.cost < 0)[0]
        told = f"{problem.client_names[at[0]]} to {problem.site_names[at[1]]}"
        issues.append(Issue(name, None, "", told, "is a negative distance", "give distances of zero or more"))
    if problem.kind != "max-cover":
        issues += _out_of_reach(problem, name)
    return issues


def _out_of_reach(problem: Problem, name: str) -> list[Issue]:
    """Name the clients that no allowed site can serve."""
    limit = math.inf if problem.radius is None or problem.kind != "set-cover" else problem.radius
    allowed = problem.cost[:, problem.state != -1]
    out = np.flatnonzero(~(np.isfinite(allowed) & (allowed <= limit)).any(axis=1))
    remedy = "give a site that reaches it, or leave the client out"
    return [
        Issue(name, None, "", problem.client_names[i], "can be served by no site", remedy) for i in out[:20]
    ]
