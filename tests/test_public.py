"""The names that ``import estate`` gives."""

from __future__ import annotations

import subprocess
import sys

import pytest
from two_libraries import hand_npv, write_two_libraries

import estate


def test_a_run_from_python_as_the_guide_shows_it(tmp_path):
    config, base = estate.load_config(write_two_libraries(tmp_path, "solver: {gap: 0}\n"))
    result, folder = estate.run(config, base)
    assert isinstance(result.plan, estate.Plan)
    assert isinstance(result.solution, estate.Solution)
    assert result.solution.objective_gbp == pytest.approx(hand_npv(150_000), abs=0.005)
    assert (folder / "plan.csv").is_file()


def test_all_names_are_there_and_no_others():
    for name in estate.__all__:
        assert getattr(estate, name) is not None
    assert set(estate.__all__) <= set(dir(estate))
    with pytest.raises(AttributeError, match="no attribute 'solve_everything'"):
        _ = estate.solve_everything


def test_importing_the_package_imports_no_library():
    script = "import sys, estate; print(sorted({'numpy', 'pandas', 'pulp', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
