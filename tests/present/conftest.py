"""A small made-up run, written once for each audience."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING

from made_up import make_result

from estate.present import maps
from estate.present.write import write_all

if TYPE_CHECKING:
    from estate.core.result import Result


@pytest.fixture(scope="session")
def result() -> Result:
    return make_result(60)


@pytest.fixture(scope="session")
def written(result: Result, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("written")
    folders = {audience: base / audience for audience in ("internal", "partner", "public")}
    with pytest.MonkeyPatch.context() as patch:
        for audience, folder in folders.items():
            write_all(result, folder, audience)
            patch.setattr(maps, "DPI", 60)  # one map in full size is enough to look at
    return folders
