"""What benchmarks that plan whole estates share: one plan, and a table told line by line."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from estate.core.result import Result
    from estate.core.types import Solution


def planned(path: Path, overrides: Mapping[str, float]) -> tuple[Result, Solution]:
    """Plan an estate by its configuration; return all that is known of it, and what was proved."""
    from estate.pipeline import evaluate
    from estate.settings import load_config

    config, base = load_config(path, dict(overrides))
    result = evaluate(config, base)
    if result.solution is None:
        raise RuntimeError(f"{path}: no plan")
    return result, result.solution


def tell(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table and print it, each line as soon as it is known."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(head)
        for row in rows:
            table.writerow(row)
            handle.flush()
            sys.stdout.write(" ".join(map(str, row)) + "\n")
            sys.stdout.flush()
