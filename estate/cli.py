"""The command line: reads the words of the user, calls the stage meant, says what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from estate import __version__, asking
from estate.terminal import WRITING, answering, say, watched

if TYPE_CHECKING:
    from estate.config import Config

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
Flows = Annotated[
    Path | None,
    typer.Argument(help="Table of costs and benefits by year; nothing where --plan is given."),
]
Recorded = Annotated[Path | None, typer.Option(help="Folder of a finished run, such as out/tiny.")]
FlatRate = Annotated[float | None, typer.Option(help="One rate for all years, as a share: 0.05 is 5%.")]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="Mapping file, for what cannot be guessed of a register."),
]
Data = Annotated[
    Path | None, typer.Option(help="Folder of the configuration, where the run does not know it.")
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Also say of every site why, and what would change it.")
]
Inflation = Annotated[float, typer.Option(help="Of flows: growth of prices after the price index.")]


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
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME,NAME", help="Scenarios of the configuration, later ones over earlier."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="Folder of an earlier run: begin with its plan, change what pays to change."),
    ] = None,
    explain: Explain = False,
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Find the best plan, check it, and write what it means."""
    with answering(debug=debug):
        from estate.settings import load_config

        flags = {
            "solver.gap": gap,
            "solver.time_limit": time_limit,
            "solver.engine": solver,
            "solver.seed": seed,
            "audience": audience,
        }
        asked = _asked(sets, flags, out)
        loaded, base = load_config(config, asked, shared)
        if scenario is not None:
            loaded = _with_scenarios(loaded, scenario, asked)
        _run(loaded, base, start, explain=explain)


def _run(config: Config, base: Path, start: Path | None, *, explain: bool) -> None:
    """Say what the best plan does as soon as it is known, then write its files."""
    from estate import explaining, pipeline, replay
    from estate.present.summary import summary_lines

    pipeline.refuse_foreign(config.folder)
    begun = None if start is None else replay.read_start(start)
    work = explaining.evaluate_explained if explain else pipeline.evaluate
    result = watched(lambda progress, stop: work(config, base, progress, stop, start=begun))
    for line in summary_lines(result):
        say(line)
    if begun is not None:
        say(f"\n{replay.begun_line(begun, result.plan)}")
    watched(lambda progress, _: pipeline.write(result, config, progress), stopping=WRITING)
    say(f"\nAll files are in {config.folder}.")


@app.command()
def study(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    config: Annotated[Path, typer.Argument(help="Configuration with scenarios or matrices.")],
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help="Only these, and the base.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine; by default all cores.")
    ] = None,
    cluster: Annotated[str, typer.Option(help="Dask scheduler to use instead, as tcp://10.0.0.5:8786.")] = "",
    audience: Annotated[str | None, typer.Option(help="internal, partner or public.")] = None,
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Run every scenario of a configuration and put them side by side."""
    with answering(debug=debug):
        from estate.progress import StudyReporter
        from estate.settings import load_config
        from estate.study import Where
        from estate.study.scenarios import names_in
        from estate.study.session import run_scenarios

        loaded, base = load_config(config, _asked(sets, {"audience": audience}, out), shared)
        only = None if scenario is None else names_in(scenario)
        where = Where(workers, cluster)
        lines = watched(
            lambda progress, stop: run_scenarios((loaded, base), only, where, progress, stop),
            StudyReporter,
            "Stopping; what is done is kept. Ctrl-C again ends at once.",
        )
        for line in lines:
            say(line)


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, at least two.")],
    base: Annotated[
        str | None, typer.Option(help="Run with which the others are compared; by default the first.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Configuration with thresholds under `compare`.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the comparison.")] = Path("out") / "compare",
    debug: Debug = False,
) -> None:
    """Put runs side by side: inputs, plans, money, partners, access."""
    with answering(debug=debug):
        from estate.compare import compare_runs
        from estate.settings import load_config

        rules = None if config is None else load_config(config)[0].compare
        say(f"Side by side: {compare_runs(runs, out, rules, base) / 'compare.html'}")


@app.command()
def rerun(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of its configuration, against which its paths are read.")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay-only", help="Prove the recorded plan again; do not search.")
    ] = False,
    out: Out = None,
    shared: Shared = None,
    debug: Debug = False,
) -> None:
    """Prove a recorded plan again from its inputs, then solve again as it was solved."""
    with answering(debug=debug):
        from estate.replay import rerun as again

        asked = (run, data, shared)
        for line in watched(lambda progress, stop: again(asked, out, progress, stop, search=not replay)):
            say(line)


def _asked(sets: list[str] | None, flags: dict[str, Any], out: Path | None) -> dict[str, Any]:
    """Return what the command line changes, by dotted key."""
    from estate.settings import parse_assignments

    flags = {**flags, "output": None if out is None else str(out)}
    given = {key: value for key, value in flags.items() if value is not None}
    return {**parse_assignments(sets or []), **given}


def _with_scenarios(config: Config, names: str, asked: dict[str, Any]) -> Config:
    """Return the configuration with scenarios applied; the command line has the last word."""
    from estate.settings import changed
    from estate.study.scenarios import names_in, scenario_config

    made, notes = scenario_config(config, names_in(names))
    for note in notes:
        say(f"Note: {note}", err=True)
    return changed(made, asked, "command line")


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A configuration, a workbook, or a bare property register.")],
    mapping: MappingFile = None,
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Read everything, list every problem, solve nothing."""
    with answering(debug=debug):
        from estate import checking

        for line in checking.check(path, out, shared, sets or [], mapping):
            say(line)


@app.command()
def appraise(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    flows: Flows = None,
    plan: Recorded = None,
    discount_rate: FlatRate = None,
    first_year: Annotated[int | None, typer.Option(help="Of flows: financial year 0.")] = None,
    years: Annotated[int | None, typer.Option(help="Of flows: number of years counted.")] = None,
    mid_year: Annotated[bool, typer.Option(help="Of flows: discount at mid-year.")] = False,
    inflation: Inflation = 0.02,
    receipts: Annotated[str, typer.Option(help="as_hoped, late_and_lower or none.")] = "",
    haircut: Annotated[float, typer.Option(help="Share taken off every receipt.")] = 0.0,
    delay: Annotated[int, typer.Option(help="Years by which every sale is later.")] = 0,
    works_rise: Annotated[float, typer.Option(help="Share put on the cost of works and fit-out.")] = 0.0,
    saving_fall: Annotated[float, typer.Option(help="Share taken off what buildings save a year.")] = 0.0,
    data: Data = None,
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Value a finished plan again, held fixed, or any stream of costs and benefits."""
    with answering(debug=debug):
        from estate import appraising, streaming

        levers = {
            "receipt_haircut_share": haircut,
            "works_rise_share": works_rise,
            "saving_fall_share": saving_fall,
        }
        changes = appraising.read_changes(sets or [], discount_rate, levers, receipts, delay)
        if plan is not None and flows is None:
            lines = appraising.appraise_plan((plan, data, shared), changes, out)
        else:
            asked = (first_year, years, "mid_year" if mid_year else "year_end", inflation)
            lines = streaming.appraise_one(flows, plan, changes, asked, out)
        for line in lines:
            say(line)


@app.command()
def example(
    seed: Annotated[int, typer.Option(help="Another seed, another estate.")] = 1,
    sites: Annotated[int, typer.Option(help="Number of properties.")] = 600,
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path("example"),
    debug: Debug = False,
) -> None:
    """Write an invented estate of any size, with its configuration."""
    with answering(debug=debug):
        from estate import starting

        for line in starting.example(folder, seed, sites):
            say(line)


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(help="Folder for the configuration and the empty tables.")
    ] = Path(),
    excel: Annotated[Path | None, typer.Option(help="Write one workbook instead, to be filled in.")] = None,
    debug: Debug = False,
) -> None:
    """Write the files with which an estate of your own begins."""
    with answering(debug=debug):
        from estate import starting

        for line in starting.start(folder, excel):
            say(line)


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
    solver: Annotated[str | None, typer.Option(help="auto, own, highs or cbc.")] = None,
    out: Out = None,
    debug: Debug = False,
) -> None:
    """Solve a textbook problem of location, with a certificate."""
    with answering(debug=debug):
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
        for line in watched(
            lambda _, stop: run_locate(file, given, lambda text: say(text, err=True), stop.is_set)
        ):
            say(line)


@app.command()
def rules(debug: Debug = False) -> None:
    """List the rules a plan must keep, with what each says."""
    with answering(debug=debug):
        from estate.schema import rule_rows

        for name, when, sentence in rule_rows():
            say(f"{name:<14} {when:<11} {sentence}")


@app.command()
def schema(debug: Debug = False) -> None:
    """Print the JSON schema of the configuration."""
    with answering(debug=debug):
        import json

        from estate.schema import config_schema

        typer.echo(json.dumps(config_schema(), indent=2))


@app.command()
def dictionary(
    table: Annotated[str | None, typer.Argument(help="Table; without it the tables are listed.")] = None,
    debug: Debug = False,
) -> None:
    """Explain the columns of a table."""
    with answering(debug=debug):
        from estate.schema import dictionary_lines

        for line in dictionary_lines(table):
            say(line)


for _command in (asking.frontier, asking.alternatives, asking.explain, asking.constraints, asking.loan):
    app.command()(_command)
