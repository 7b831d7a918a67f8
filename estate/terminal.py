"""Between the work and the terminal: what is said, what failed, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from estate.core.errors import EstateError
from estate.core.folders import drop_unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from rich.console import Console

T = TypeVar("T")
INTERRUPTED = 130


@contextmanager
def answering(*, debug: bool) -> Iterator[None]:
    """Turn failures into one message on standard error and the exit code of the contract."""
    try:
        yield
    except EstateError as error:
        fail(str(error), error.exit_code, debug=debug)
    except KeyboardInterrupt:
        fail("Stopped; nothing was written.", INTERRUPTED, debug=False)
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise typer.Exit(0) from None
    except OSError as error:
        fail(f"A file cannot be read or written: {error}", 2, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last line before the user
        what = f"{type(error).__name__}: {error}"
        fail(f"Something failed that should not have ({what}). Run again with --debug.", 1, debug=debug)


def fail(message: str, code: int, *, debug: bool) -> None:
    """Say what failed on standard error and end with the exit code."""
    if debug:
        traceback.print_exc()
    say(message, err=True)
    raise typer.Exit(code)


def say(text: str, *, err: bool = False) -> None:
    """Print text that may have come from a file: control characters never reach the terminal."""
    safe = "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in text)
    typer.echo(safe, err=err)


STOPPING = "Stopping with the best plan so far; Ctrl-C again ends at once."
WRITING = "The files of the plan are being written; Ctrl-C again ends at once, without them."


def _end_at_once(console: Console) -> NoReturn:
    """Leave the terminal and the disk tidy, and go."""
    console.show_cursor(True)
    drop_unfinished()
    os._exit(INTERRUPTED)


def watched(
    work: Callable[[Callable[[Any], None], threading.Event], T],
    reporter_kind: Callable[[Any], Any] | None = None,
    stopping: str = STOPPING,
) -> T:
    """Do work on a thread of its own, so that Ctrl-C is heard at once.

    The first Ctrl-C, or the signal to terminate that schedulers and shutdowns send, asks the work
    to stop with the best plan so far, the second ends the program.
    """
    from rich.console import Console

    from estate.progress import Reporter

    stop = threading.Event()
    answer: list[T] = []
    errors: list[BaseException] = []

    def do(progress: Callable[[Any], None]) -> None:
        try:
            answer.append(work(progress, stop))
        except BaseException as error:  # noqa: BLE001 - carried to the main thread and raised there
            errors.append(error)

    def hear(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _end_at_once(console)
        stop.set()
        say(f"\n{stopping}", err=True)

    console = Console(stderr=True)
    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with (reporter_kind or Reporter)(console) as reporter:
            thread = threading.Thread(target=do, args=(reporter,), daemon=True)
            thread.start()
            while thread.is_alive():
                thread.join(0.1)
    finally:
        for number, heard in before.items():
            signal.signal(number, heard)
    if errors:
        raise errors[0]
    return answer[0]
