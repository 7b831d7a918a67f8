"""Where a study keeps what it found: one whole folder a job, and tables of all jobs."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.errors import ConfigError, Issue
from estate.core.folders import refuse_unwritable, written_whole
from estate.study.attempt import Ended
from estate.study.job import LONGEST_NAME, RESERVED, Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from estate.study.job import Job, Outcome

RECORD = "job.json"
TABLES = "study"
_UNFINISHED = ".job-"
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.,+=-]{{0,{LONGEST_NAME - 1}}}")
_FRAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def check_names(jobs: Sequence[Job]) -> None:
    """Refuse names that cannot be folders beside one another on every machine.

    Raises
    ------
    ConfigError
        For every such name.
    """
    issues, seen = [], set()
    for job in jobs:
        plain = job.name.casefold()
        if not _NAME.fullmatch(job.name) or plain.endswith(".") or plain in RESERVED:
            remedy = f"use letters, digits, _ and -, and not {' or '.join(RESERVED)}"
            issues.append(Issue("study", None, "", job.name, "is not a name for a job", remedy))
        if plain in seen:
            issues.append(Issue("study", None, "", job.name, "comes twice", "give each its own name"))
        seen.add(plain)
    if issues:
        raise ConfigError("The study has problems:", issues)


class Store:
    """The folder of a study.

    Parameters
    ----------
    folder : Path
        Made with the first that is kept. What an earlier call left unfinished is swept away.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        refuse_unwritable(folder / TABLES)
        for unfinished in folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.unlink(missing_ok=True)

    def find(self, name: str, key: str) -> Ended | None:
        """Return how the job of that name ended with that key, or None where it never did, whole."""
        here = self.folder / name
        try:
            record = json.loads((here / RECORD).read_text(encoding="utf-8"))
            whole = all((here / file).is_file() for file in record["files"])
            if record["key"] != key or not record["lasting"] or not whole:
                return None
            frames = {frame: pd.read_parquet(here / f"{frame}.parquet") for frame in record["frames"]}
            answer = Answer(record["figures"], frames) if record["status"] == "done" else None
            return Ended(record["status"], answer, record["message"], record["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def looks(self, name: str) -> list[str]:
        """Return the keys of the looks that were taken at a run since it was made."""
        try:
            record = json.loads((self.folder / name / RECORD).read_text(encoding="utf-8"))
            return [str(key) for key in record.get("looks", [])]
        except (OSError, ValueError, AttributeError, TypeError):
            return []

    def looked(self, name: str, key: str) -> bool:
        """Say whether that look was taken at a run already."""
        return key in self.looks(name)

    def stamp(self, name: str, key: str) -> None:
        """Note that a look was taken at a run which changed nothing; the record is replaced in one step."""
        path = self.folder / name / RECORD
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        made = self.folder / f"{_UNFINISHED}{name}"
        made.write_text(_plain(record | {"looks": [*self.looks(name), key]}), encoding="utf-8", newline="\n")
        made.replace(path)

    def keep(self, name: str, key: str, ended: Ended, looks: Sequence[str] = ()) -> None:
        """Write what a job found, whole: its folder is put in place in one step.

        Parameters
        ----------
        name, key
            Of the job.
        ended : Ended
            How it ended.
        looks : sequence of str
            Keys of the looks after which it stands so.

        Raises
        ------
        ConfigError
            If the folder of that name was not written by a study or a run.
        """
        place = self.folder / name
        if place.exists() and not any((place / own).is_file() for own in (RECORD, "run.json")):
            remedy = "move it away, or name the job otherwise"
            issue = Issue(str(place), None, "", "", "is there and was not written by a study", remedy)
            raise ConfigError("The results would replace a folder that is not theirs:", [issue])
        with written_whole(place, _UNFINISHED) as made:
            _write(made, key, ended, looks)

    def write_tables(self, outcomes: Iterable[Outcome]) -> list[Path]:
        """Write the tables of all jobs together, as Parquet, and those with places as GeoPackage."""
        from estate.study.together import write_tables

        with written_whole(self.folder / TABLES, _UNFINISHED) as made:
            write_tables(list(outcomes), made)
        return sorted((self.folder / TABLES).iterdir())


def _write(folder: Path, key: str, ended: Ended, looks: Sequence[str]) -> None:
    answer = ended.answer or Answer()
    for name, content in answer.files.items():
        _refuse_odd(_FILE, name)
        (folder / name).write_bytes(content)
    for name, frame in answer.frames.items():
        _refuse_odd(_FRAME, name)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    record: dict[str, Any] = {
        "key": key,
        "status": ended.status,
        "lasting": ended.lasting,
        "message": ended.message,
        "seconds": round(ended.seconds, 3),
        "figures": dict(answer.figures),
        "frames": sorted(answer.frames),
        "files": sorted(answer.files),
    }
    text = _plain(record | ({"looks": list(looks)} if looks else {}))
    (folder / RECORD).write_text(text, encoding="utf-8", newline="\n")


def _plain(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _refuse_odd(pattern: re.Pattern[str], name: str) -> None:
    if not pattern.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a table or a file of a study")
