"""Jobs in this process, or on the cores of this machine."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from estate.study.attempt import Ended, attempt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from estate.study.attempt import Call

F = TypeVar("F")
POLL_SECONDS = 0.2
DIED = (
    "The process that worked on it ended without an answer, also when it was alone; most often the machine "
    "ran out of memory: allow fewer processes with --workers"
)


def here(calls: Sequence[Call], stop: threading.Event) -> Iterator[tuple[int, Ended]]:
    """Do calls one after the other in this process; yield the position and the end of each."""
    for number, call in enumerate(calls):
        if stop.is_set():
            return
        ended = attempt(call, stop)
        if stop.is_set():
            return  # a search cut short answers otherwise than a whole one
        yield number, ended


def on_cores(calls: Sequence[Call], workers: int, stop: threading.Event) -> Iterator[tuple[int, Ended]]:
    """Do calls in processes of their own; yield the position and the end of each as it comes.

    A process that dies takes down those beside it. What was being worked on is then tried again
    one by one, so that only the job at fault is told as failed.
    """
    left = dict(enumerate(calls))
    while left and not stop.is_set():
        suspects: list[int] = []
        for number, ended in _pool(dict(left), workers, stop):
            if ended is None:
                suspects.append(number)
            else:
                left.pop(number)
                yield number, ended
        for number in suspects:
            if stop.is_set():
                return
            alone = {number: left.pop(number)}
            for _, ended in _pool(alone, 1, stop):
                yield number, ended or Ended("failed", message=DIED, lasting=False)


def _pool(calls: dict[int, Call], workers: int, stop: threading.Event) -> Iterator[tuple[int, Ended | None]]:
    """Do calls in one pool until they are done, the user stops, or a process dies.

    None stands for the end of a call that was in work when a process died.
    """
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    line, held = context.Pipe(duplex=False)
    ready: queue.SimpleQueue[tuple[int, Future[Ended]]] = queue.SimpleQueue()
    todo = iter(calls.items())
    working = 0
    pool = ProcessPoolExecutor(workers, context, _begin, (line,))

    def give() -> int:
        number, call = next(todo, (-1, None))
        if call is None:
            return 0
        try:
            future = pool.submit(attempt, call)
        except BrokenProcessPool:
            return 0
        future.add_done_callback(partial(_announce, ready, number))
        return 1

    try:
        working = sum(give() for _ in range(workers))
        while working and not stop.is_set():
            try:
                number, future = ready.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            working -= 1
            try:
                ended = future.result()
            except BrokenProcessPool:
                yield number, None
                continue
            yield number, ended
            working += give()
    finally:
        held.close()
        pool.shutdown(wait=False, cancel_futures=True)


def _announce(ready: queue.SimpleQueue[tuple[int, F]], number: int, future: F) -> None:
    ready.put((number, future))


def _begin(line: Connection) -> None:
    """Leave Ctrl-C to the study, and end with it: when it lets go of the line, or is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(line,), daemon=True).start()


def _watch(line: Connection) -> None:
    with suppress(EOFError, OSError):
        line.recv_bytes()  # nothing is ever sent: it ends when the other end is closed
    os._exit(1)
