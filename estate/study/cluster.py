"""Jobs on a Dask cluster: the same attempts, sent to a scheduler."""

from __future__ import annotations

import queue
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from estate.core.errors import ConfigError, Issue
from estate.study.attempt import Ended, attempt

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from estate.study.attempt import Call

POLL_SECONDS = 0.2
CONNECT_SECONDS = 20.0
DIED = "The machines that worked on it ended without an answer, several times; most often for lack of memory"


def on_cluster(calls: Sequence[Call], address: str, stop: threading.Event) -> Iterator[tuple[int, Ended]]:
    """Do calls on the workers of a Dask scheduler; yield the position and the end of each as it comes.

    A worker that dies loses nothing: the scheduler gives its calls to another.

    Raises
    ------
    ConfigError
        If Dask is not installed, nobody answers at the address, its workers are not fit, or it is lost.
    """
    client = _client(address)
    ready: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    try:
        _one_thread_each(client, address)
        futures = {}
        for number, call in enumerate(calls):
            futures[number] = client.submit(attempt, call, key=f"estate-{call.key}", retries=0)
            futures[number].add_done_callback(lambda done, number=number: ready.put((number, done)))
        while futures and not stop.is_set():
            try:
                number, done = ready.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            yield number, _ended(done, address)
            futures.pop(number).release()
        client.cancel(list(futures.values()))
    finally:
        client.close()


def _ended(done: Any, address: str) -> Ended:  # noqa: ANN401 - a future of Dask
    try:
        error = done.exception()
        if error is None:
            ended: Ended = done.result()
            return ended
    except (CancelledError, OSError):  # also an answer that was ready when the scheduler went
        remedy = "start it again and run the same command: what is done is kept"
        _refuse(address, "was lost before all was done", remedy)
    if type(error).__name__ == "KilledWorker":
        return Ended("failed", message=DIED, lasting=False)
    return Ended("failed", message=f"{type(error).__name__}: {error}", lasting=False)


def _client(address: str) -> Any:  # noqa: ANN401 - a client of Dask, which may not be there
    try:
        from distributed import Client
    except ImportError:
        _refuse(address, "needs Dask, which is not installed", 'install it: pip install "estate[cluster]"')
    try:
        return Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        remedy = "start a scheduler there (dask scheduler) and give its address, as tcp://10.0.0.5:8786"
        _refuse(address, f"does not answer ({type(error).__name__})", remedy)


def _one_thread_each(client: Any, address: str) -> None:  # noqa: ANN401 - a client of Dask
    """Wait for a worker; solvers and maps are not made for several threads of one process."""
    remedy = "start them with: dask worker ADDRESS --nthreads 1 --nworkers N"
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        _refuse(address, "has no workers", remedy)
    if any(count > 1 for count in client.nthreads().values()):
        _refuse(address, "has workers of several threads", remedy)


def _refuse(address: str, problem: str, remedy: str) -> None:
    raise ConfigError("The cluster cannot be used:", [Issue("--cluster", None, "", address, problem, remedy)])
