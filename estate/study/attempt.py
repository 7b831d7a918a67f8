"""One job, wherever it is done: in this process, in another, or on another machine."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estate.core.errors import ConfigError, EstateError, InfeasibleError, InputError, Issue
from estate.record import program_hash
from estate.study.job import Answer, Task
from estate.study.keys import input_hashes, job_key

if TYPE_CHECKING:
    from pathlib import Path

    from estate.config import Config
    from estate.study.job import Job


@dataclass(frozen=True)
class Call:
    """A job with its own configuration, ready to be sent anywhere."""

    job: Job
    config: Config
    base: Path
    key: str


@dataclass(frozen=True)
class Ended:
    """How an attempt ended; `lasting` where another attempt would end alike."""

    status: str
    answer: Answer | None = None
    message: str = ""
    seconds: float = 0.0
    lasting: bool = True


def attempt(call: Call, stop: threading.Event | None = None) -> Ended:
    """Do the work of a job; whatever goes wrong is told, nothing is raised."""
    begun = time.monotonic()
    try:
        _same_everywhere(call)
        answer = call.job.work(Task(call.config, call.base, call.job.parameters, stop or threading.Event()))
    except InfeasibleError as error:
        return Ended("infeasible", message=str(error), seconds=time.monotonic() - begun)
    except (ConfigError, InputError) as error:
        return Ended("failed", message=str(error), seconds=time.monotonic() - begun)
    except EstateError as error:
        return Ended("failed", message=str(error), seconds=time.monotonic() - begun, lasting=False)
    except Exception as error:  # noqa: BLE001 - one job must not sink the study
        told = f"{type(error).__name__}: {error}"
        return Ended("failed", message=told, seconds=time.monotonic() - begun, lasting=False)
    return Ended("done", answer, seconds=time.monotonic() - begun)


def _same_everywhere(call: Call) -> None:
    """Refuse to work with another program or other files than those the study began with."""
    if job_key(call.job, call.config, call.base) == call.key:
        return
    found = input_hashes(call.config, call.base)
    problem = f"do not match those of the study ({len(found)} files, program {program_hash()[:8]})"
    remedy = "install the same versions on every machine, keep the data where all of them read the same files"
    issue = Issue("study", None, "", "", f"the files or the versions at hand {problem}", remedy)
    raise EstateError("The job was not begun:", [issue])
