"""One measurement in a process of its own: reads a job from its argument, prints what it saw."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from benchmarks import instances

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from estate.locate import Answer

T = TypeVar("T")


def timed(work: Callable[..., T], *words: object) -> tuple[T, dict[str, float]]:
    """Return what the work returns, and its seconds by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    answer = work(*words)
    used = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - processor}
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

    cost = instances.costs(*(job[key] for key in ("n", "m", "shape", "seed")))

    def work() -> float:
        problem, _ = idiomatic(cost, cost.shape[1] // 10)
        problem.solve(pulp.HiGHS(msg=False, gapRel=job["gap"], timeLimit=job["limit"], threads=1))
        return float(pulp.value(problem.objective))

    objective, used = timed(work)
    return {"objective": objective, **used}


def idiomatic(cost: NDArray, p: int) -> tuple[Any, Any]:
    """Build the strong p-median with one PuLP object for each arc."""
    import pulp

    n, m = cost.shape
    problem = pulp.LpProblem("p_median", pulp.LpMinimize)
    y = [pulp.LpVariable(f"y_{j}", cat="Binary") for j in range(m)]
    x = [[pulp.LpVariable(f"x_{i}_{j}", 0, 1) for j in range(m)] for i in range(n)]
    problem += pulp.lpSum(cost[i, j] * x[i][j] for i in range(n) for j in range(m))
    for i in range(n):
        problem += pulp.lpSum(x[i]) == 1
        for j in range(m):
            problem += x[i][j] <= y[j]
    problem += pulp.lpSum(y) == p
    return problem, y


def spopt_cbc(job: dict[str, Any]) -> dict[str, Any]:
    """PySAL spopt's p-median with CBC."""
    import pulp
    from spopt.locate import PMedian

    cost = instances.costs(*(job[key] for key in ("n", "m", "shape", "seed")))

    def work() -> float:
        model = PMedian.from_cost_matrix(cost, np.ones(len(cost)), p_facilities=cost.shape[1] // 10)
        solver = pulp.PULP_CBC_CMD(msg=False, gapRel=job["gap"], timeLimit=job["limit"], threads=1)
        return float(model.solve(solver).problem.objective.value())

    objective, used = timed(work)
    return {"objective": objective, **used}


def instance(job: dict[str, Any]) -> dict[str, Any]:
    """Solve a published instance, by our engine or by HiGHS alone."""
    from estate.locate import Effort, solve
    from estate.locate.reading import Request, read_problem
    from estate.locate.solving import prepare

    folder = instances.shared()
    if folder is None:
        raise FileNotFoundError("benchmarks")
    room = float(job["capacity"]) if job["capacity"] else None
    p = int(job["p"]) if job["p"] else None
    problem = read_problem(
        Request(file=folder / job["file"], problem=job["kind"], capacity=room, p=p)
    ).problem
    prepare(lambda _: None)
    effort = Effort(job["gap"], job["limit"], solver=job["solver"])
    answer, used = timed(solve, problem, effort)
    best = float(job["best"])
    size = 1e-6 * abs(best) + 10.0 ** -job["digits"]
    known = math.isfinite(answer.objective)
    return {
        **told(answer),
        **used,
        "status": answer.status,
        "below": known and answer.objective < best - size,
    }


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
        answers, used = timed(lambda: [engine.solve(factor) for factor in factors])
    else:
        effort = Effort(job["gap"], job["limit"], solver=job["solver"])
        anew = [make_problem("p-median", cost * factor[:, None], p=problem.p) for factor in factors]
        answers, used = timed(lambda: [solve(one, effort) for one in anew])
    return {**used, "gap": max(answer.gap for answer in answers), "times": len(answers)}


def build(job: dict[str, Any]) -> dict[str, Any]:
    """Build a strong p-median and hand it to HiGHS, which then is stopped."""
    n, m = job["n"], job["m"]
    cost = instances.costs(n, m, "uniform", job["seed"])
    rows, used = timed({"raw": _raw, "blocks": _blocks, "pulp": _pulp}[job["route"]], cost)
    return {**used, "rows": rows, "arcs": n * m}


def _raw(cost: NDArray) -> int:
    import highspy
    from scipy import sparse

    n, m = cost.shape
    arcs = n * m
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = m + arcs, n + arcs + 1
    lp.col_cost_ = np.r_[np.zeros(m), cost.ravel()]
    lp.col_lower_, lp.col_upper_ = np.zeros(m + arcs), np.ones(m + arcs)
    lp.row_lower_ = np.r_[np.ones(n), np.full(arcs, -highspy.kHighsInf), [m // 10]]
    lp.row_upper_ = np.r_[np.ones(n), np.zeros(arcs), [m // 10]]
    number = np.arange(arcs, dtype=np.int32)
    index = np.r_[m + number, np.column_stack([m + number, number % m]).ravel(), np.arange(m)].astype(
        np.int32
    )
    value = np.r_[np.ones(arcs), np.tile([1.0, -1.0], arcs), np.ones(m)]
    start = np.r_[np.arange(n) * m, arcs + 2 * np.arange(arcs + 1), 3 * arcs + m].astype(np.int32)
    matrix = sparse.csr_matrix((value, index, start), shape=(n + arcs + 1, m + arcs))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    engine = highspy.Highs()
    engine.setOptionValue("output_flag", False)
    engine.passModel(lp)
    engine.changeColsIntegrality(m, np.arange(m, dtype=np.int32), np.ones(m, dtype=np.uint8))
    return int(engine.getNumRow())


def _blocks(cost: NDArray) -> int:
    import pandas as pd

    from estate.model.blocks import BlockProblem
    from estate.solve.highs import load

    n, m = cost.shape
    arcs = np.arange(n * m)
    problem = BlockProblem("p_median")
    opened = problem.add_columns("open", pd.DataFrame({"site": np.arange(m)}), integer=True)
    keys = pd.DataFrame({"client": arcs // m, "site": arcs % m})
    served = problem.add_columns("serve", keys, integer=False)
    problem.set_saving(np.r_[np.zeros(m), -cost.ravel()])
    once = np.ones(n)
    problem.add_rows("serve", (arcs // m, served.columns, 1.0), lower=once, upper=once)
    ends = np.concatenate([served.columns, opened.columns[arcs % m]])
    value = np.repeat([1.0, -1.0], n * m)
    problem.add_rows("link", (np.r_[arcs, arcs], ends, value), upper=np.zeros(n * m))
    problem.add_rule("count", sum(problem.variable(int(j)) for j in opened.columns) == m // 10)
    return int(load(problem.arrays(), {}).getNumRow())


def _pulp(cost: NDArray) -> int:
    import pulp

    problem, _ = idiomatic(cost, cost.shape[1] // 10)
    solver = pulp.HiGHS(msg=False)
    solver.buildSolverModel(problem)
    return int(problem.solverModel.getNumRow())


WORK = {
    "locate": locate,
    "highs": highs,
    "pulp_highs": pulp_highs,
    "spopt_cbc": spopt_cbc,
    "instance": instance,
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


def main() -> None:
    """Do one job and print its record."""
    job = json.loads(sys.argv[1])
    record = {**WORK[job["work"]](job), "peak_bytes": peak_bytes()}
    clean = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }
    Path(sys.argv[2]).write_text(json.dumps(clean), encoding="utf-8")


if __name__ == "__main__":
    main()
