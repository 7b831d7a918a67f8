"""What a start is worth: an invented estate with changed costs, begun with the plan of before and anew.

python -m benchmarks.again --seed 1 --changed 3 --short 30 --long 150 --out out/again
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan, Start

HEAD = ("costs", "begun", "seconds", "saving_gbp", "at_most_gbp", "gap_share", "decisions_kept")
CHANGE = 0.1  # of each line of running cost, up or down at most


def changed(estate: Estate, seed: int) -> Estate:
    """Return the estate with every line of running cost up or down by up to a tenth; seed 0 as it is."""
    costs = estate.tables["running_costs"]
    draw = np.random.default_rng(seed).uniform(1 - CHANGE, 1 + CHANGE, len(costs)) if seed else 1.0
    told = costs.assign(gbp_per_year=costs["gbp_per_year"] * draw)
    return replace(estate, tables={**estate.tables, "running_costs": told})


def measured(
    config: Config, base: Path, estate: Estate, start: Start | None, seconds: float
) -> tuple[list[float], Plan]:
    """Return seconds of the search, saving, bound [GBP], gap and decisions kept; and the plan, checked."""
    from estate.pipeline import evaluate

    solver = config.solver.model_copy(update={"time_limit": seconds})
    begun = time.monotonic()
    result = evaluate(config.model_copy(update={"solver": solver}), base, estate=estate, start=start)
    solution = result.solution
    if solution is None:
        raise RuntimeError("no plan")
    took = solution.seconds.get("solve", time.monotonic() - begun)
    saving, bound = solution.objective_gbp, solution.bound_gbp
    kept = sum(start.plan.shared(result.plan).values()) if start else 0
    return [
        round(took, 1),
        round(saving),
        round(bound),
        round((bound - saving) / bound, 4),
        kept,
    ], result.plan


def main() -> None:
    """Plan once, then each change of costs both ways; write the table, a line as soon as it is known."""
    from estate.core.types import Start
    from estate.pipeline import read_estate
    from estate.settings import load_config
    from estate.starting import example

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sites", type=int, default=600)
    parser.add_argument("--changed", type=int, default=3, help="how many changes of costs")
    parser.add_argument("--short", type=float, default=30.0, help="most seconds of a search that has a start")
    parser.add_argument("--long", type=float, default=150.0, help="most seconds of a search anew")
    parser.add_argument("--out", type=Path, default=Path("out/again"))
    asked = parser.parse_args()
    folder = asked.out / f"seed-{asked.seed}"
    if not (folder / "estate.yaml").is_file():
        example(folder, asked.seed, asked.sites)
    config, base = load_config(folder / "estate.yaml")
    estate = read_estate(config, base)
    with (asked.out / "again.csv").open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(HEAD)

        def note(costs: int, begun: str, start: Start | None, seconds: float) -> Plan:
            figures, plan = measured(config, base, changed(estate, costs), start, seconds)
            row = [costs, begun, *figures]
            table.writerow(row)
            handle.flush()
            sys.stdout.write(" ".join(map(str, row)) + "\n")
            sys.stdout.flush()
            return plan

        start = Start("before", note(0, "anew", None, asked.long))
        for costs in range(1, asked.changed + 1):
            note(costs, "with the plan of before", start, asked.short)
            note(costs, "anew", None, asked.long)


if __name__ == "__main__":
    main()
