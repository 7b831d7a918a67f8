"""Work for studies that takes no solver, for tests of the runner alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pandas as pd

from estate.core.errors import ConfigError, InfeasibleError
from estate.study import Answer, Task


def count(task: Task) -> Answer:
    """Say how many hubs may open, and leave a mark that the work was done."""
    note(task)
    time.sleep(task.parameters.get("sleep", 0.0))
    most = task.config.rules["counts"]["max_hubs"]
    places = pd.DataFrame(
        {"site_id": ["A", "B"], "hubs": [most, 0], "easting": [4e5, 4.1e5], "northing": 3e5}
    )
    return Answer({"max_hubs": most, "list": [1, 2]}, {"sites": places}, {"note.txt": str(most).encode()})


def read(task: Task) -> Answer:
    note(task)
    return Answer({"sites": len(task.estate().tables["sites"])})


def fail(task: Task) -> Answer:
    note(task)
    kind = {"infeasible": InfeasibleError, "config": ConfigError, "any": RuntimeError}
    raise kind[task.parameters["how"]]("as planned")


def die(task: Task) -> Answer:
    note(task)
    os._exit(9)


def die_once(task: Task) -> Answer:
    """End the process the first time, answer the second."""
    note(task)
    mark = Path(task.parameters["marks"]) / "died"
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return Answer({"pid": os.getpid()})


def note(task: Task) -> None:
    with (Path(task.parameters["marks"]) / "done.txt").open("a", encoding="utf-8") as handle:
        handle.write(f"{task.parameters.get('name', '')}\n")


CEILING = 100
"""What no plan of `begin` and `better` is worth more than."""


def begin(task: Task) -> Answer:
    """Find a plan that is worth as much as hubs may open."""
    note(task)
    return _worth(task.config.rules["counts"]["max_hubs"])


def better(task: Task) -> Answer:
    """Find a plan that is worth one more than the best of the others, where that is better than the own."""
    most = max(int(plan["closures"][0]["site_id"]) for plan in task.parameters["others"].values())
    earlier = task.parameters["earlier"]
    if most <= earlier[-1]["objective_gbp"]:
        return Answer()
    found = _worth(min(most + 1, CEILING))
    return Answer({**found.figures, "earlier": earlier}, {}, found.files)


def _worth(number: int) -> Answer:
    plan = {"closures": [{"site_id": str(number)}], "hubs": [], "moves": []}
    found = {"plan": plan, "objective_gbp": float(number), "bound_gbp": 1000.0}
    return Answer({"found": found}, {}, {"note.txt": str(number).encode()})
