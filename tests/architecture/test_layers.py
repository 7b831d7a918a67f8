"""The shape of the code, as rules that a machine checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "estate").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DISTRIBUTION = {"yaml": "pyyaml", "mpl_toolkits": "matplotlib", "python_calamine": "python-calamine"}
REQUIRED = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["cluster"]
LONGEST_FUNCTION, LONGEST_FILE, MOST_ARGUMENTS = 40, 400, 6


def distribution_names(requirements: list[str]) -> dict[str, str]:
    return {re.split(r"[<>=\[ ]", text, maxsplit=1)[0].lower(): text for text in requirements}


def test_import_contracts_hold():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 3 kept, 0 broken." in done.stdout


def test_everything_imported_is_declared():
    declared = distribution_names(REQUIRED)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top != "estate":
                    assert DISTRIBUTION.get(top, top) in declared, f"{path.name} imports {top}"


def test_every_dependency_is_bounded_and_has_its_decision():
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "decisions").glob("*.md"))
    for name, text in distribution_names(REQUIRED).items():
        assert ">=" in text, text
        assert "<" in text, text
        assert f"`{name}" in pages.lower(), f"no decision names {name}"


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert length(node) <= LONGEST_FUNCTION, f"{node.name} has {length(node)} lines"


def test_first_answer_needs_no_heavy_library():
    heavy = {"numpy", "pandas", "pulp", "geopandas", "pydantic"}
    script = f"import sys, estate.cli; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
