"""The command line: reads the words of the user, calls the stage meant, says what came of it."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from estate import __version__
from estate.core.errors import EstateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

T = TypeVar("T")
INTERRUPTED = 130

app = typer.Typer(
    help="Which public buildings to give up, and where to put shared hubs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
Shared = Annotated[
    Path | None, typer.Option("--shared", help="Data folder meant by ${ESTATE_SHARED} in the configuration.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value, as --set rules.counts.max_hubs=3."),
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder in which the results get a folder of their own.")
]
Kind = Annotated[
    str | None,
    typer.Option(help="p-median, ufl, cflp, sscflp, capacitated-p-median, p-center, set-cover or max-cover."),
]
Table = Annotated[Path | None, typer.Option(help="Table of sites: site, fixed_cost, capacity, state, spend.")]


def main() -> None:
    """Start the program."""
    app()


@app.callback(invoke_without_command=True)
def _start(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"estate {__version__}")
        raise typer.Exit


@app.command()
def run(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    config: Annotated[
        Path, typer.Argument(help="Configuration in YAML, or a workbook from `estate init --excel`.")
    ],
    gap: Annotated[
        float | None, typer.Option(help="Stop when this near to the best, as a share of the saving.")
    ] = None,
    time_limit: Annotated[float | None, typer.Option(help="Stop after so many seconds of solving.")] = None,
    solver: Annotated[str | None, typer.Option(help="auto, highs, cbc, or a solver that PuLP knows.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.")] = None,
    audience: Annotated[str | None, typer.Option(help="internal, partner or public.")] = None,
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Find the best plan, check it, and write what it means."""
    with _answering(debug=debug):
        from estate import pipeline
        from estate.settings import load_config, parse_assignments

        flags = {
            "solver.gap": gap,
            "solver.time_limit": time_limit,
            "solver.engine": solver,
            "solver.seed": seed,
            "audience": audience,
            "output": None if out is None else str(out),
        }
        given = {key: value for key, value in flags.items() if value is not None}
        loaded, base = load_config(config, {**parse_assignments(sets or []), **given}, shared)
        result, folder = _watched(lambda progress, stop: pipeline.run(loaded, base, progress, stop))
        for line in pipeline.closing_lines(result, folder):
            _say(line)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A configuration, a workbook, or a bare property register.")],
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Read everything, list every problem, solve nothing."""
    with _answering(debug=debug):
        from estate import checking

        for line in checking.check(path, out, shared, sets or []):
            _say(line)


@app.command()
def example(
    seed: Annotated[int, typer.Option(help="Another seed, another estate.")] = 1,
    sites: Annotated[int, typer.Option(help="Number of properties.")] = 600,
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path("example"),
    debug: Debug = False,
) -> None:
    """Write an invented estate of any size, with its configuration."""
    with _answering(debug=debug):
        from estate import starting

        for line in starting.example(folder, seed, sites):
            _say(line)


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(help="Folder for the configuration and the empty tables.")
    ] = Path(),
    excel: Annotated[Path | None, typer.Option(help="Write one workbook instead, to be filled in.")] = None,
    debug: Debug = False,
) -> None:
    """Write the files with which an estate of your own begins."""
    with _answering(debug=debug):
        from estate import starting

        for line in starting.start(folder, excel):
            _say(line)


@app.command()
def locate(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    file: Annotated[
        Path, typer.Argument(help="Cost matrix (CSV, wide or long), instance file, or a YAML file of both.")
    ],
    problem: Kind = None,
    p: Annotated[int | None, typer.Option("--p", help="Number of sites to be open.")] = None,
    radius: Annotated[float | None, typer.Option(help="Distance within which a client is covered.")] = None,
    capacity: Annotated[float | None, typer.Option(help="Capacity of every site.")] = None,
    budget: Annotated[float | None, typer.Option(help="Limit of the sum of `spend` over open sites.")] = None,
    sites: Table = None,
    clients: Annotated[Path | None, typer.Option(help="Table of clients: client, demand.")] = None,
    gap: Annotated[float | None, typer.Option(help="Relative gap at which to stop.")] = None,
    time_limit: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.")] = None,
    solver: Annotated[str | None, typer.Option(help="auto, highs or cbc.")] = None,
    out: Out = None,
    debug: Debug = False,
) -> None:
    """Solve a textbook problem of location, with a certificate."""
    with _answering(debug=debug):
        from estate.locating import locate as run_locate

        options = {
            "problem": problem,
            "p": p,
            "radius": radius,
            "capacity": capacity,
            "budget": budget,
            "sites": sites,
            "clients": clients,
            "gap": gap,
            "time_limit": time_limit,
            "seed": seed,
            "solver": solver,
            "out": out,
        }
        given = {key: value for key, value in options.items() if value is not None}
        for line in run_locate(file, given, lambda text: _say(text, err=True)):
            _say(line)


@app.command()
def rules(debug: Debug = False) -> None:
    """List the rules a plan must keep, with what each says."""
    with _answering(debug=debug):
        from estate.schema import rule_rows

        for name, when, sentence in rule_rows():
            _say(f"{name:<14} {when:<11} {sentence}")


@app.command()
def schema(debug: Debug = False) -> None:
    """Print the JSON schema of the configuration."""
    with _answering(debug=debug):
        import json

        from estate.schema import config_schema

        typer.echo(json.dumps(config_schema(), indent=2))


@app.command()
def dictionary(
    table: Annotated[str | None, typer.Argument(help="Table; without it the tables are listed.")] = None,
    debug: Debug = False,
) -> None:
    """Explain the columns of a table."""
    with _answering(debug=debug):
        from estate.schema import dictionary_lines

        for line in dictionary_lines(table):
            _say(line)


@contextmanager
def _answering(*, debug: bool) -> Iterator[None]:
    """Turn failures into one message on standard error and the exit code of the contract."""
    try:
        yield
    except EstateError as error:
        _fail(str(error), error.exit_code, debug=debug)
    except KeyboardInterrupt:
        _fail("Stopped; nothing was written.", INTERRUPTED, debug=False)
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise typer.Exit(0) from None
    except OSError as error:
        _fail(f"A file cannot be read or written: {error}", 2, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last line before the user
        what = f"{type(error).__name__}: {error}"
        _fail(f"Something failed that should not have ({what}). Run again with --debug.", 1, debug=debug)


def _fail(message: str, code: int, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    _say(message, err=True)
    raise typer.Exit(code)


def _say(text: str, *, err: bool = False) -> None:
    """Print text that may have come from a file: control characters never reach the terminal."""
    safe = "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in text)
    typer.echo(safe, err=err)


def _watched(work: Callable[[Callable[[Any], None], threading.Event], T]) -> T:
    """Do work on a thread of its own, so that Ctrl-C is heard at once.

    The first Ctrl-C asks the work to stop with the best plan so far, the second ends
    the program.
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
            console.show_cursor(True)
            os._exit(INTERRUPTED)
        stop.set()
        _say("\nStopping with the best plan so far; Ctrl-C again ends at once.", err=True)

    console = Console(stderr=True)
    before = signal.signal(signal.SIGINT, hear)
    try:
        with Reporter(console) as reporter:
            thread = threading.Thread(target=do, args=(reporter,), daemon=True)
            thread.start()
            while thread.is_alive():
                thread.join(0.1)
    finally:
        signal.signal(signal.SIGINT, before)
    if errors:
        raise errors[0]
    return answer[0]
