"""Run a study: what is known is taken over, what is missing is worked out, all is kept."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from estate.core.errors import ConfigError
from estate.settings import changed
from estate.study.attempt import Call, Ended
from estate.study.job import Outcome, StudyProgress, Where
from estate.study.keys import job_key
from estate.study.local import here, on_cores
from estate.study.store import Store, check_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from estate.core.errors import Issue
    from estate.study.job import Study

    Teller = Callable[[StudyProgress], None]

STOPPED = "the study was stopped before it was done; run it again to go on"


def run_study(
    study: Study,
    where: Where | None = None,
    progress: Teller | None = None,
    stop: threading.Event | None = None,
) -> list[Outcome]:
    """Do all jobs of a study that are not done yet.

    What a job found is kept, whole, as soon as it is done. A later call takes over every answer
    that follows from the same work, inputs, configuration and versions, so that after a stop or a
    kill nothing is worked out twice. A job that fails is told and does not end the study.

    Parameters
    ----------
    study : Study
        Jobs on a base configuration, and the folder of the results.
    where : Where, optional
        In this process, on the cores of this machine (by default all), or on a cluster.
    progress : callable, optional
        Told after every job how far the study is.
    stop : threading.Event, optional
        When set, what is done is kept, and what is in work is dropped.

    Returns
    -------
    list of Outcome
        One for each job, in their order.

    Raises
    ------
    ConfigError
        Before anything is begun: for every name and override that is wrong, or a cluster that
        cannot be used.
    """
    stop = stop or threading.Event()
    calls = calls_of(study)
    store = Store(study.folder)
    outcomes: dict[int, Outcome] = {}
    for number, call in enumerate(calls):
        found = store.find(call.job.name, call.key)
        if found:
            outcomes[number] = _outcome(call, found, kept=True)
    todo = [number for number in range(len(calls)) if number not in outcomes]
    most = longest([calls[number] for number in todo], where or Where())
    pace = Pace(len(calls), progress, list(outcomes.values()), most)
    for position, ended in done([calls[number] for number in todo], where or Where(), stop):
        number = todo[position]
        store.keep(calls[number].job.name, calls[number].key, ended)
        outcomes[number] = _outcome(calls[number], ended, kept=False)
        pace.tell(calls[number].job.name, ended.status)
    everything = [
        outcomes.get(number) or Outcome(call.job.name, "left", message=STOPPED, key=call.key)
        for number, call in enumerate(calls)
    ]
    store.write_tables(everything)
    return everything


def calls_of(study: Study) -> list[Call]:
    """Return every job with its own configuration, all checked before any is begun."""
    check_names(study.jobs)
    calls: list[Call] = []
    issues: list[Issue] = []
    for job in study.jobs:
        try:
            config = changed(study.config, job.overrides, f"job {job.name}")
        except ConfigError as error:
            issues += error.issues
        else:
            calls.append(Call(job, config, study.base, job_key(job, config, study.base)))
    if issues:
        raise ConfigError("The jobs have problems:", _each_once(issues))
    return calls


def _each_once(issues: Sequence[Issue]) -> list[Issue]:
    """Return problems that many jobs share once, with the first job and the number of the others."""
    alike: dict[Issue, list[str]] = {}
    for issue in issues:
        alike.setdefault(replace(issue, table=""), []).append(issue.table)
    return [
        replace(issue, table=jobs[0] + (f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""))
        for issue, jobs in alike.items()
    ]


def done(calls: Sequence[Call], where: Where, stop: threading.Event) -> Iterator[tuple[int, Ended]]:
    """Do calls, wherever that is; yield the position and the end of each as it comes."""
    if not calls:
        return iter(())
    if where.cluster:
        from estate.study.cluster import on_cluster

        return on_cluster(calls, where.cluster, stop)
    workers = processes(where, len(calls))
    return here(calls, stop) if workers == 1 else on_cores(calls, workers, stop)


def _outcome(call: Call, ended: Ended, *, kept: bool) -> Outcome:
    answer = replace(ended.answer, files={}) if ended.answer else None
    return Outcome(call.job.name, ended.status, answer, ended.message, ended.seconds, kept, call.key)


def processes(where: Where, calls: int) -> int:
    """Return how many processes of this machine work on so many calls."""
    return min(where.workers or os.cpu_count() or 1, calls)


def longest(calls: Sequence[Call], where: Where) -> float | None:
    """Return the longest that the searches of calls can take [s]; None where there are none, or elsewhere.

    Each lasts at most as long as its time limit. Whoever is free takes the next: then the last ends no
    later than the sum over the processes and the longest search beside it (Graham 1966, Bell System
    Technical Journal 45(9)).
    """
    limits = [call.config.solver.time_limit for call in calls if call.job.searches]
    if where.cluster or not limits:
        return None
    count = processes(where, len(calls))
    return sum(limits) / count + (1 - 1 / count) * max(limits)


class Pace:
    """Counts what has ended and says how long the rest will take."""

    def __init__(
        self, total: int, progress: Teller | None, kept: list[Outcome], most: float | None = None
    ) -> None:
        self._progress = progress
        self._total = total
        self._kept = len(kept)
        self._ended = len(kept)
        self._failed = sum(outcome.status != "done" for outcome in kept)
        self._most = most
        self._begun = time.monotonic()
        self._say("")

    def tell(self, name: str, status: str) -> None:
        """Count a job that has ended."""
        self._ended += 1
        self._failed += status != "done"
        self._say(name)

    def _say(self, last: str) -> None:
        if self._progress is None:
            return
        seconds = time.monotonic() - self._begun
        fresh = self._ended - self._kept
        left = seconds / fresh * (self._total - self._ended) if fresh else None
        told = (self._total, self._ended, self._failed, self._kept, seconds, left, last)
        self._progress(StudyProgress(*told, most_seconds=None if fresh else self._most))
