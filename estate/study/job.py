"""The records of a study: what is asked, what a job sees, what it answers, how it ended."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    import pandas as pd

    from estate.config import Config
    from estate.core.types import Estate

LONGEST_NAME = 100
NOT_IN_ESTATE = {
    "solver",
    "output",
    "name",
    "title",
    "audience",
    "scenario",
    "scenarios",
    "matrices",
    "compare",
}
"""Keys of the configuration on which the tables of an estate do not depend."""

RESERVED = ("study", "compare")
"""Folders beside those of the jobs; no job may have such a name."""


@dataclass(frozen=True)
class Answer:
    """What a job found: plain figures, tables, and files for people.

    Attributes
    ----------
    figures : mapping of str to plain data
        What JSON can hold; single values become columns of ``results.parquet``.
    frames : mapping of str to DataFrame
        Tables by name (letters, digits, _ and -); those of all jobs are put together.
    files : mapping of str to bytes
        Files of the job's own folder by name, for example those of a run.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What the work of a job sees.

    Attributes
    ----------
    config : Config
        The base configuration with the overrides of the job.
    base : Path
        Folder against which its relative paths are read.
    parameters : mapping of str to plain data
        Those of the job.
    stop : Event
        Set when the user stops the study; what is answered after that is not kept.
    """

    config: Config
    base: Path
    parameters: Mapping[str, Any]
    stop: threading.Event

    def estate(self) -> Estate:
        """Return the estate, read once for all jobs of this process that ask for the same.

        Raises
        ------
        InputError
            With every problem of the data.
        """
        return _estate_of(_SameEstate(self.config, self.base))


Work = Callable[[Task], Answer]


@dataclass(frozen=True)
class Job:
    """One piece of a study.

    Attributes
    ----------
    name : str
        Unlike any other of the study; the job's folder has this name (see `job_name`).
    work : callable
        A function of a module (not a lambda, not local), from `Task` to `Answer`.
    overrides : mapping
        Changes of the configuration, by dotted key, as ``--set`` takes them.
    parameters : mapping of str to plain data
        Whatever the work wants to know besides; only what JSON can hold.
    searches : bool
        Whether it searches once for a plan, for as long as ``solver.time_limit`` at most.
    """

    name: str
    work: Work
    overrides: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    searches: bool = False


@dataclass(frozen=True)
class Study:
    """Jobs on one base configuration.

    Attributes
    ----------
    config : Config
        Base, from `estate.settings.load_config`.
    base : Path
        Folder against which its relative paths are read.
    jobs : sequence of Job
        In the order in which they are begun and told.
    folder : Path
        Where each job gets a folder of its own, and the tables of all a folder ``study``.
    """

    config: Config
    base: Path
    jobs: Sequence[Job]
    folder: Path


@dataclass(frozen=True)
class Where:
    """Where jobs are done.

    Attributes
    ----------
    workers : int or None
        Processes on this machine; 1 stays in this process, None takes all cores.
    cluster : str
        Address of a Dask scheduler, for example ``tcp://10.0.0.5:8786``; blank for none.
    """

    workers: int | None = None
    cluster: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    name : str
        Name of the job.
    status : str
        ``done``; ``infeasible``: no plan satisfies its rules; ``failed``; ``left``: the
        study was stopped before it was done.
    answer : Answer or None
        What it found, where it is done. Files stay in the job's folder and are not repeated here.
    message : str
        Why it was not done, in the user's words.
    seconds : float
        Time the work took [s].
    kept : bool
        Whether it was found from an earlier call instead of being worked out.
    key : str
        Hash of all that the answer follows from: work, inputs, configuration, versions.
    """

    name: str
    status: str
    answer: Answer | None = None
    message: str = ""
    seconds: float = 0.0
    kept: bool = False
    key: str = ""


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is.

    Attributes
    ----------
    total, ended, failed, kept : int
        Jobs: all, ended in any way, of these not done, and of these found from earlier.
    seconds : float
        Time since the study began [s].
    seconds_left : float or None
        Time that the rest will take at the pace so far [s]; None while nothing is known.
    last : str
        Name of the job that ended last.
    note : str
        What to say in place of all this.
    most_seconds : float or None
        Longest that the searches can take [s], as long as no job of this call has ended.
    """

    total: int
    ended: int
    failed: int
    kept: int
    seconds: float
    seconds_left: float | None
    last: str = ""
    note: str = ""
    most_seconds: float | None = None


def job_name(*parts: str) -> str:
    """Return a name for a job that is fit for a folder on every machine, unlike for unlike parts.

    Letters, digits and ``_ . , + = -`` stay; where anything had to be changed, a few letters of a
    hash are added, so that ``YB/1`` and ``YB 1`` stay apart.
    """
    whole = "-".join(parts)
    name = re.sub(r"[^A-Za-z0-9_.,+=-]+", "_", whole).strip("._ ")[: LONGEST_NAME - 9]
    if name == whole and name:
        return name
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{name or 'job'}-{digest}"


class _SameEstate:
    """A configuration as a key of the cache: equal where the tables it leads to are."""

    def __init__(self, config: Config, base: Path) -> None:
        self.config = config
        self.base = base
        told = config.model_dump_json(exclude=NOT_IN_ESTATE)
        self._told = (told, str(base))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameEstate) and self._told == other._told

    def __hash__(self) -> int:
        return hash(self._told)


@lru_cache(maxsize=2)
def _estate_of(same: _SameEstate) -> Estate:
    from estate.pipeline import read_estate

    return read_estate(same.config, same.base)
