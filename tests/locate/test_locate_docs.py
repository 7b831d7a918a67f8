"""What docs/locate.md shows runs as shown."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from typer.testing import CliRunner

from estate.cli import app
from estate.locate.problem import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "locate.md").read_text(encoding="utf-8")


def test_commands_and_example_run(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "data" / "locate", tmp_path / "data" / "locate")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ estate (.*)$", PAGE, re.MULTILINE)
    assert len(commands) == 4
    yaml = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL).group(1)
    (tmp_path / "data" / "locate" / "ask.yaml").write_text(yaml, encoding="utf-8")
    for command in [*commands, "locate data/locate/ask.yaml"]:
        done = CliRunner().invoke(app, shlex.split(command))
        assert done.exit_code == 0, f"{command}\n{done.output}"
        assert "No plan can do better" in done.output
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1), {})  # noqa: S102 - our own page
    objective, bound = capsys.readouterr().out.split()[:2]
    assert float(objective) == float(bound) > 0


def test_the_page_names_every_problem():
    for kind in KINDS:
        assert f"| `{kind}` |" in PAGE
