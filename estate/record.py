"""What ``run.json`` keeps: what was asked, read and proved, and with what."""

from __future__ import annotations

import hashlib
import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estate import __version__ as estate_version
from estate.core.result import SCHEMA_VERSION

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan, Solution

LIBRARIES = ("numpy", "pandas", "pydantic", "pulp", "highspy", "geopandas", "pyogrio", "shapely", "scipy")
STUDY_KEYS = ("scenarios", "matrices", "compare", "output")
"""Keys of the configuration that say nothing of the run itself."""


def run_record(
    config: Config,
    base: Path,
    estate: Estate,
    found: tuple[Plan, Solution | None],
    npv: tuple[float, float],
) -> dict[str, Any]:
    """Return the content of ``run.json`` but for its seconds: what was asked, read, proved, and with what.

    Parameters
    ----------
    found : tuple of Plan and Solution
        The plan, and what was proved of it; None for a plan that was given.
    npv : tuple of float
        Net present value of the plan and of business as usual [GBP].
    """
    plan_npv, bau_npv = npv
    plan, solution = found
    asked = {k: v for k, v in config.portable(base).items() if k not in STUDY_KEYS}
    return {
        "schema_version": SCHEMA_VERSION,
        "name": config.name,
        "scenario": config.scenario,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": asked,
        "config_folder": _beside(base, config.folder),
        "input_hashes": dict(estate.input_hashes),
        "versions": versions(),
        "seed": config.solver.seed,
        "npv_gbp": plan_npv,
        "bau_npv_gbp": bau_npv,
        "saving_npv_gbp": plan_npv - bau_npv,
        **_proved(config, solution, plan_npv - bau_npv),
        "plan": plan.records(),
    }


def _beside(base: Path, folder: Path) -> str:
    """Return the way from the run to its configuration, where both lie below the working folder.

    Elsewhere it would name folders of this machine; `estate rerun` then asks for it.
    """
    here = Path.cwd()
    if not (base.is_relative_to(here) and folder.resolve().is_relative_to(here)):
        return ""
    return Path(os.path.relpath(base, folder.resolve())).as_posix()


def _proved(config: Config, solution: Solution | None, saving: float) -> dict[str, Any]:
    """Return what the solver proved, for ``run.json``; a plan that was given has no bound."""
    if solution is None:
        return {"status": "given", "stopped_by": "", "bound_saving_npv_gbp": None, "gap_gbp": None}
    gap = max(0.0, solution.bound_gbp - saving)
    tiny = solution.bound_gbp < 1.0
    return {
        "solver": {"asked": config.solver.engine, "engine": solution.engine, "log": list(solution.log)},
        "status": solution.status,
        "stopped_by": solution.stopped_by,
        "bound_saving_npv_gbp": solution.bound_gbp,
        "gap_gbp": gap,
        "gap_share_of_saving": None if tiny else gap / solution.bound_gbp,
        "gap_reason": "the bound on the saving is less than a pound" if tiny else "",
        "work_seconds": dict(solution.seconds),
    }


def versions() -> dict[str, str]:
    """Return the versions of everything that can change a figure."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    program = program_hash()[:12]
    found = {"estate": estate_version, "program": program, "python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found


@cache
def program_hash() -> str:
    """Return the hash of the program's own files: a changed program never takes over old results."""
    root = Path(str(files("estate")))
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*")):
        if file.suffix in {".py", ".csv", ".yaml"}:
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
