"""What every council would cost with many scenarios each: measured on given estates, then multiplied.

python -m benchmarks.councils configs/tiny.yaml out/example/estate.yaml --time-limit 150
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

COUNCILS, SCENARIOS = 317, 1_000
"""Councils of all tiers in England before the reorganisations under way: an assumption."""

HEAD = (
    "estate",
    "sites",
    "all but the search [s]",
    "search [s]",
    "peak MB",
    "files [MB]",
    "core-hours",
    "files [TB]",
)


def measured(asked: tuple[str, float, str]) -> tuple[str, int, float, float, float, float]:
    """Run one estate in this process and return name, sites, processor seconds, peak and files [MB]."""
    from estate.pipeline import evaluate
    from estate.present.write import write_all
    from estate.settings import load_config

    path, limit, folder = asked
    config, base = load_config(Path(path), {"solver.time_limit": limit})
    marks: dict[str, float] = {}
    begun = time.process_time()
    result = evaluate(config, base, lambda told: marks.setdefault(told.stage, time.process_time()))
    files = write_all(result, Path(folder) / "run", config.audience)
    spent = time.process_time() - begun
    search = marks["checking the plan against every rule"] - marks["looking for the best plan"]
    unit = 1e6 if sys.platform == "darwin" else 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    size = sum(file.stat().st_size for file in files) / 1e6
    return config.name, len(result.estate.tables["sites"]), spent - search, search, peak, size


def main() -> None:
    """Measure every estate in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", nargs="+")
    parser.add_argument("--time-limit", type=float, default=150.0, help="most seconds of a search")
    asked = parser.parse_args()
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    for path in asked.configs:
        with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.map(measured, [(path, asked.time_limit, folder)])
        name, sites, rest, search, peak, size = found[0]
        runs = COUNCILS * SCENARIOS
        hours, stored = runs * (rest + search) / 3600, runs * size / 1e6
        cells = (name, sites, f"{rest:.1f}", f"{search:.1f}", f"{peak:,.0f}", f"{size:.1f}")
        lines.append(
            "| " + " | ".join(str(cell) for cell in (*cells, f"{hours:,.0f}", f"{stored:.1f}")) + " |"
        )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
