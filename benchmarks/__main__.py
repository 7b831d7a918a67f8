"""``python -m benchmarks``: measure, and write one table and one chart.

Rows: build, 650x400, 2000x600, 5000x1000, 20000x5000, england, again, growth, spopt, peers, sample; and
`published` (all of them), only when named. What was measured before with the same versions is not
measured again; ``--clean`` begins anew.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from benchmarks import table
from benchmarks.rows import rows
from benchmarks.run import measure, versions


def main() -> None:
    """Read the options, measure row after row, write after each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    every = rows(range(1, 11))
    parser.add_argument(
        "--rows", nargs="+", choices=list(every), default=[r for r in every if r != "published"]
    )
    parser.add_argument("--seeds", type=int, default=10, help="seeds 1 to this")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one published instance")
    parser.add_argument("--programs", nargs="+", default=[""], help="only programs that begin so")
    parser.add_argument("--out", type=Path, default=Path("out") / "benchmarks")
    parser.add_argument("--clean", action="store_true", help="measure everything anew")
    asked = parser.parse_args()
    store = asked.out / "records"
    if asked.clean:
        shutil.rmtree(store, ignore_errors=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    chosen = {
        name: every_row
        for name, every_row in rows(range(1, asked.seeds + 1), asked.limit).items()
        if name in asked.rows
    }
    lines, instances, notes = [], [], [f"{name} {number}" for name, number in versions().items()]
    for name, (title, programs) in chosen.items():
        found = {}
        for program, jobs in programs.items():
            if not program.startswith(tuple(asked.programs)):
                continue
            found[program] = [measure(job, store) for job in jobs]
            lines.append(table.line(title, program, found[program]))
            print(lines[-1], flush=True)
            if name in {"sample", "published", "peers"}:
                instances += table.instance_lines(program, found[program])
        if name in {"sample", "published", "peers"}:
            notes += table.beside(title, found, asked.limit)
        if name == "spopt":
            notes += table.agreed(found)
        if name == "growth":
            notes.append(table.chart(asked.out / "growth.png", found["estate to 1%"]))
        table.write(asked.out, lines, instances, notes)
    print(f"All files are in {asked.out}")


if __name__ == "__main__":
    main()
