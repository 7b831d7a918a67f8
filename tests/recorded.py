"""Tiny, run once and recorded, for tests that value its plan again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from estate import pipeline
from estate.present.write import write_all
from estate.settings import load_config

if TYPE_CHECKING:
    from estate.core.result import Result

ROOT = Path(__file__).parents[1]
WRITTEN = ("tables", "json", "workbook")


def record(config_path: Path, folder: Path, **overrides: object) -> Result:
    """Run a configuration and write its tables, records and workbook; maps take their time."""
    config, base = load_config(config_path, overrides)
    result = pipeline.evaluate(config, base)
    way = Path(os.path.relpath(base, folder)).as_posix()
    result = replace(result, run={**result.run, "config_folder": way})
    write_all(result, folder, "internal", WRITTEN)
    return result
