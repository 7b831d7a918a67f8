"""What shared hubs bring: invented estates planned with hubs allowed and barred, side by side.

python -m benchmarks.hubs --seeds 1 2 3 4 5 --time-limit 150 --out out/hubs
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

HUBS = (("allowed", {}), ("barred", {"rules.counts.max_hubs": 0}))
HEAD = ("seed", "hubs", "saving_gbp", "at_most_gbp", "closures", "hubs_open", "worse_off", "km_added")


def measured(folder: Path, seed: int, overrides: dict[str, float]) -> list[float]:
    """Plan one estate; return saving and bound [GBP], closures, hubs, residents worse off and km a year."""
    from estate.pipeline import evaluate
    from estate.settings import load_config

    config, base = load_config(folder / "estate.yaml", overrides)
    result = evaluate(config, base)
    solution = result.solution
    if solution is None:
        raise RuntimeError(f"seed {seed}: no plan")
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


def main() -> None:
    """Plan every seed twice and write the table, a line as soon as it is known."""
    from estate.starting import example

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--sites", type=int, default=600)
    parser.add_argument("--time-limit", type=float, default=150.0, help="most seconds of a search")
    parser.add_argument("--out", type=Path, default=Path("out/hubs"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with (asked.out / "hubs.csv").open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(HEAD)
        for seed in asked.seeds:
            folder = asked.out / f"seed-{seed}"
            if not (folder / "estate.yaml").is_file():
                example(folder, seed, asked.sites)
            for word, overrides in HUBS:
                row = [
                    seed,
                    word,
                    *measured(folder, seed, {"solver.time_limit": asked.time_limit, **overrides}),
                ]
                table.writerow(row)
                handle.flush()
                sys.stdout.write(" ".join(map(str, row)) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
