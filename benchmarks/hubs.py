"""What shared hubs bring: invented estates planned with hubs allowed and barred, side by side.

python -m benchmarks.hubs --seeds 1 2 3 4 5 --time-limit 150 --out out/hubs
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.planning import planned, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

HUBS = (("allowed", {}), ("barred", {"rules.counts.max_hubs": 0}))
HEAD = ("seed", "hubs", "saving_gbp", "at_most_gbp", "closures", "hubs_open", "worse_off", "km_added")


def measured(folder: Path, overrides: dict[str, float]) -> list[float]:
    """Plan one estate; return saving and bound [GBP], closures, hubs, residents worse off and km a year."""
    result, solution = planned(folder / "estate.yaml", overrides)
    told = {
        row["key"]: float(row["value"]) for row in result.summary["headlines"] if row["value"] is not None
    }
    return [
        round(solution.objective_gbp),
        round(solution.bound_gbp),
        len(result.plan.closures),
        len(result.plan.hubs),
        round(told["residents_worse_off"]),
        round(told["km_added"]),
    ]


def rows(asked: argparse.Namespace) -> Iterable[list[object]]:
    """Plan every seed twice."""
    from estate.starting import example

    for seed in asked.seeds:
        folder = asked.out / f"seed-{seed}"
        if not (folder / "estate.yaml").is_file():
            example(folder, seed, asked.sites)
        for word, overrides in HUBS:
            yield [seed, word, *measured(folder, {"solver.time_limit": asked.time_limit, **overrides})]


def main() -> None:
    """Write the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--sites", type=int, default=600)
    parser.add_argument("--time-limit", type=float, default=150.0, help="most seconds of a search")
    parser.add_argument("--out", type=Path, default=Path("out/hubs"))
    asked = parser.parse_args()
    tell(asked.out / "hubs.csv", HEAD, rows(asked))


if __name__ == "__main__":
    main()
