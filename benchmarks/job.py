"""One measurement in a process of its own: reads a job from its argument, prints what it saw."""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import psutil

from benchmarks import instances

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from estate.locate import Answer, Problem

T = TypeVar("T")
COVERS = ("set-cover", "max-cover")
MOST_ARCS = 40_000  # spopt has a Python object for each


def timed(work: Callable[..., T], *words: object) -> tuple[T, dict[str, float]]:
    """Return what the work returns, and its seconds by the clock and of the processor, children's too."""
    clock, processor = time.perf_counter(), sum(os.times()[:4])
    answer = work(*words)
    used = {"seconds": time.perf_counter() - clock, "cpu_seconds": sum(os.times()[:4]) - processor}
    return answer, used


def told(answer: Answer) -> dict[str, Any]:
    """Return what an answer says."""
    return {"objective": answer.objective, "bound": answer.bound, "gap": answer.gap, "nodes": answer.nodes}


def locate(job: dict[str, Any]) -> dict[str, Any]:
    """Our engine on an invented instance, warm: the first call compiles or loads."""
    from estate.locate import Effort
    from estate.locate.again import solve_points
    from estate.locate.lists import MatrixSource, PointSource
    from estate.locate.solving import prepare

    prepare(lambda _: None)
    n, m, shape, seed = (job[key] for key in ("n", "m", "shape", "seed"))
    dense = n * m <= 5_000_000

    def source() -> MatrixSource | PointSource:
        if dense:
            return MatrixSource(matrix)
        return PointSource(*instances.points(n, m, shape, seed))

    matrix = instances.costs(n, m, shape, seed) if dense else None
    small = MatrixSource(instances.costs(60, 30, "uniform", 1))
    solve_points(small, instances.opening("p-median", small), Effort(job["gap"]))
    sites = instances.opening(job["kind"], source())
    effort = Effort(job["gap"], job["limit"], seed=1)
    answer, used = timed(lambda: solve_points(source(), sites, effort))
    return {**told(answer), **used}


def highs(job: dict[str, Any]) -> dict[str, Any]:
    """HiGHS alone on the strong formulation, handed over as arrays; building is counted."""
    from estate.locate import Effort, make_problem, solve
    from estate.locate.lists import MatrixSource

    cost = instances.costs(*(job[key] for key in ("n", "m", "shape", "seed")))
    sites = instances.opening(job["kind"], MatrixSource(cost))
    p = sites.most if job["kind"] == "p-median" else None
    problem = make_problem(job["kind"], cost, fixed=sites.fixed, p=p)
    answer, used = timed(solve, problem, Effort(job["gap"], job["limit"], solver="highs"))
    return {**told(answer), **used}


def pulp_highs(job: dict[str, Any]) -> dict[str, Any]:
    """PuLP as its manual shows it, with HiGHS."""
    import pulp

    from estate.locate.lists import MatrixSource

    cost = instances.costs(*(job[key] for key in ("n", "m", "shape", "seed")))
    fixed = instances.opening(job["kind"], MatrixSource(cost)).fixed
    p = cost.shape[1] // 10 if job["kind"] == "p-median" else None

    def work() -> float:
        problem, _ = idiomatic(cost, p, fixed)
        problem.solve(pulp.HiGHS(msg=False, gapRel=job["gap"], timeLimit=job["limit"], threads=1))
        return float(pulp.value(problem.objective))

    objective, used = timed(work)
    return {"objective": objective, **used}


def idiomatic(cost: NDArray, p: int | None, fixed: NDArray) -> tuple[Any, Any]:
    """Build the strong p-median, or without p the UFL, with one PuLP object for each arc."""
    import pulp

    n, m = cost.shape
    problem = pulp.LpProblem("p_median", pulp.LpMinimize)
    y = [pulp.LpVariable(f"y_{j}", cat="Binary") for j in range(m)]
    x = [[pulp.LpVariable(f"x_{i}_{j}", 0, 1) for j in range(m)] for i in range(n)]
    serving = pulp.lpSum(cost[i, j] * x[i][j] for i in range(n) for j in range(m))
    problem += serving + pulp.lpSum(fixed[j] * y[j] for j in range(m))
    for i in range(n):
        problem += pulp.lpSum(x[i]) == 1
        for j in range(m):
            problem += x[i][j] <= y[j]
    if p is not None:
        problem += pulp.lpSum(y) == p
    return problem, y


def question(job: dict[str, Any]) -> tuple[NDArray, dict[str, Any]]:
    """Return the matrix and the other parts of an invented problem of a kind that spopt knows too."""
    size = (job["n"], job["m"], job["shape"], job["seed"])
    clients, sites, population = instances.points(*size)
    far = np.hypot(clients[:, :1] - sites[:, 0], clients[:, 1:] - sites[:, 1])
    p = job["m"] // 10
    return {
        "p-median": (far * population[:, None], {"p": p}),
        "p-center": (far, {"p": p}),
        "set-cover": (far, {"radius": 1.5 * far.min(axis=1).max(), "fixed": np.ones(job["m"])}),
        "max-cover": (far, {"p": p, "radius": 12.0, "demand": population}),
    }[job["kind"]]


def textbook(job: dict[str, Any]) -> dict[str, Any]:
    """Our engine on any kind of problem that spopt knows, compiled code loaded."""
    from estate.locate import Effort, make_problem, solve
    from estate.locate.solving import prepare

    prepare(lambda _: None)
    cost, parts = question(job)
    work = lambda: solve(make_problem(job["kind"], cost, **parts), Effort(job["gap"], job["limit"]))  # noqa: E731
    answer, used = timed(work)
    return {**told(answer), **used}


def spopt_answer(kind: str, cost: NDArray, parts: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """Solve a problem with PySAL spopt and CBC; building counts."""
    import pulp
    from spopt.locate import LSCP, MCLP, PCenter, PMedian

    each = np.ones(len(cost))
    make: dict[str, Callable[[], Any]] = {
        "p-median": lambda: PMedian.from_cost_matrix(cost, each, p_facilities=parts["p"]),
        "p-center": lambda: PCenter.from_cost_matrix(cost, p_facilities=parts["p"]),
        "set-cover": lambda: LSCP.from_cost_matrix(cost, parts["radius"]),
        "max-cover": lambda: MCLP.from_cost_matrix(cost, parts["demand"], parts["radius"], parts["p"]),
    }

    def work() -> Any:  # noqa: ANN401 - spopt's own
        solver = pulp.PULP_CBC_CMD(msg=False, gapRel=job["gap"], timeLimit=job["limit"], threads=1)
        return make[kind]().solve(solver, results=False).problem

    try:
        problem, used = timed(work)
    except RuntimeError as error:  # what spopt raises where the time ends without a plan
        return {"objective": math.inf, "status": str(error).partition(".")[0]}
    done = problem.sol_status == pulp.LpSolutionOptimal
    status = "optimal" if done else pulp.LpSolution[problem.sol_status].lower()
    return {"objective": float(problem.objective.value()), "status": status, **used}


def spopt_cbc(job: dict[str, Any]) -> dict[str, Any]:
    """PySAL spopt on an invented problem."""
    cost, parts = question(job)
    return spopt_answer(job["kind"], cost, parts, job)


def covered(problem: Problem, job: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a cover made of the distances of a published p-median."""
    ones = np.ones(len(problem.cost))
    if job["kind"] == "set-cover":
        return {"radius": job["radius"], "fixed": np.ones(problem.cost.shape[1])}
    return {"p": problem.p, "radius": job["radius"], "demand": ones}


def instance(job: dict[str, Any], case: dict[str, Any] | None = None) -> dict[str, Any]:
    """Solve a published instance: by our engine, by HiGHS alone or by spopt."""
    from estate.locate import Effort, make_problem, solve
    from estate.locate.reading import Request, read_problem
    from estate.locate.solving import rehearse

    case = case or job
    folder = instances.shared()
    if folder is None:
        raise FileNotFoundError("benchmarks")
    room = float(case["capacity"]) if case["capacity"] else None
    p = int(case["p"]) if case["p"] else None
    asked = "p-median" if job["kind"] in COVERS else job["kind"]
    problem = read_problem(Request(file=folder / case["file"], problem=asked, capacity=room, p=p)).problem
    parts: dict[str, Any] = {"p": problem.p}
    if job["kind"] in COVERS:
        parts = covered(problem, job)
        problem = make_problem(job["kind"], problem.cost, **parts)
    if job["solver"] == "spopt":
        if problem.cost.size > MOST_ARCS:
            return {"stopped": f"more than {MOST_ARCS:,} arcs"}
        found = spopt_answer(job["kind"], problem.cost, parts, job)
    else:
        rehearse()
        answer, used = timed(solve, problem, Effort(job["gap"], job["limit"], solver=job["solver"]))
        found = {**told(answer), **used, "status": answer.status}
    if not case["best"]:
        return found
    best = float(case["best"])
    size = 1e-6 * abs(best) + 10.0 ** -case["digits"]
    return {**found, "below": found["objective"] < best - size}


def family(job: dict[str, Any]) -> dict[str, Any]:
    """Solve all published instances of one family, one after the other."""
    found = [{**case, **instance(job, case)} for case in job["instances"]]
    seconds = [one.get("seconds", 0.0) for one in found]
    return {"instances": found, "seconds": sum(seconds)}


def again(job: dict[str, Any]) -> dict[str, Any]:
    """Solve again with lognormal demand, each certified: ours warm, or HiGHS anew."""
    from estate.locate import Effort, make_problem, solve
    from estate.locate.again import Again

    cost = instances.costs(*(job[key] for key in ("n", "m", "shape", "seed")))
    problem = make_problem("p-median", cost, p=cost.shape[1] // 10)
    factors = np.exp(np.random.default_rng(job["seed"]).normal(0, 0.1, (job["times"], len(cost))))
    effort = Effort(job["gap"], job["limit"])
    if job["solver"] == "auto":
        engine = Again(problem, effort)
        answers, used = timed(engine.solve_all, factors)
    else:
        effort = Effort(job["gap"], job["limit"], solver=job["solver"])
        anew = [make_problem("p-median", cost * factor[:, None], p=problem.p) for factor in factors]
        answers, used = timed(lambda: [solve(one, effort) for one in anew])
    return {**used, "gap": max(answer.gap for answer in answers), "times": len(answers)}


def build(job: dict[str, Any]) -> dict[str, Any]:
    """Build a strong p-median and hand it to HiGHS; ``extra_mb`` is what that took beyond the costs."""
    n, m = job["n"], job["m"]
    cost = instances.costs(n, m, "uniform", job["seed"])
    routes = {"raw": _raw, "blocks": _blocks, "pulp": _pulp}
    for name in ("estate.model.blocks", "estate.solve.highs", "pulp"):
        importlib.import_module(name)  # loading programs is not what is measured
    before = psutil.Process().memory_info().rss
    rows, used = timed(routes[job["route"]], cost)
    extra = max(peak_bytes() - before, 0) / 2**20
    return {**used, "rows": rows, "arcs": n * m, "extra_mb": round(extra)}


def _raw(cost: NDArray) -> int:
    import highspy

    n, m = cost.shape
    arcs = n * m
    number = np.arange(arcs, dtype=np.int32)
    index = [m + number, np.column_stack([m + number, number % m]).ravel(), np.arange(m, dtype=np.int32)]
    value = [np.ones(arcs), np.tile([1.0, -1.0], arcs), np.ones(m)]
    start = np.r_[np.arange(n) * m, arcs + 2 * np.arange(arcs + 1), 3 * arcs + m].astype(np.int32)
    whole = np.zeros(m + arcs, dtype=np.int32)
    whole[:m] = 1
    engine = highspy.Highs()
    engine.setOptionValue("output_flag", False)
    by_row, least = 2, 1
    engine.passModel(
        *(m + arcs, n + arcs + 1, 3 * arcs + m, by_row, least, 0.0),
        np.r_[np.zeros(m), cost.ravel()],
        np.zeros(m + arcs),
        np.ones(m + arcs),
        np.r_[np.ones(n), np.full(arcs, -highspy.kHighsInf), [m // 10]],
        np.r_[np.ones(n), np.zeros(arcs), [m // 10]],
        *(start, np.concatenate(index), np.concatenate(value), whole),
    )
    return int(engine.getNumRow())


def _blocks(cost: NDArray) -> int:
    import pandas as pd

    from estate.model.blocks import BlockProblem
    from estate.solve.highs import load

    n, m = cost.shape
    arcs = np.arange(n * m, dtype=np.int32)
    problem = BlockProblem("p_median")
    opened = problem.add_columns("open", pd.DataFrame({"site": np.arange(m)}), integer=True)
    keys = pd.DataFrame({"client": (arcs // m).astype(np.int16), "site": (arcs % m).astype(np.int16)})
    served = problem.add_columns("serve", keys, integer=False)
    problem.set_saving(np.r_[np.zeros(m), -cost.ravel()])
    once = np.ones(n)
    problem.add_rows("serve", (keys["client"], served.columns, 1.0), lower=once, upper=once)
    ends = np.column_stack([served.offset + arcs, opened.offset + keys["site"]]).ravel()
    problem.add_rows("link", (np.repeat(arcs, 2), ends, np.tile([1.0, -1.0], n * m)), upper=np.zeros(n * m))
    del arcs, ends, keys
    problem.add_rule("count", sum(problem.variable(int(j)) for j in opened.columns) == m // 10)
    return int(load(problem.arrays(), {}).getNumRow())


def _pulp(cost: NDArray) -> int:
    import pulp

    problem, _ = idiomatic(cost, cost.shape[1] // 10, np.zeros(cost.shape[1]))
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(problem)
    solver.buildSolverModel(problem)
    return int(problem.solverModel.getNumRow())


WORK = {
    "locate": locate,
    "highs": highs,
    "pulp_highs": pulp_highs,
    "spopt_cbc": spopt_cbc,
    "textbook": textbook,
    "instance": instance,
    "family": family,
    "again": again,
    "build": build,
}


def peak_bytes() -> int:
    """Return the most memory this process ever held; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def finite(value: Any) -> Any:  # noqa: ANN401 - whatever a record holds
    """Return a record with nothing in place of numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main() -> None:
    """Do one job and print its record."""
    job = json.loads(sys.argv[1])
    record = {**WORK[job["work"]](job), "peak_bytes": peak_bytes()}
    Path(sys.argv[2]).write_text(json.dumps(finite(record)), encoding="utf-8")


if __name__ == "__main__":
    main()
