"""Commands that ask: what a saving takes, what else would do, why each site, what a loan costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estate.terminal import answering, say, watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.explore.studies import Search

Asked = Annotated[Path, typer.Argument(help="Configuration in YAML, or a workbook.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes on this machine; by default all cores.")]
Cluster = Annotated[str, typer.Option(help="Dask scheduler to use instead, as tcp://10.0.0.5:8786.")]
Out = Annotated[Path | None, typer.Option(help="Folder in which the results get a folder of their own.")]
Shared = Annotated[
    Path | None, typer.Option(help="Data folder meant by ${ESTATE_SHARED} in the configuration.")
]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one value.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]


def frontier(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    config: Asked,
    against: Annotated[
        list[str] | None, typer.Option(help="closures, capital, carbon or access; may be given twice.")
    ] = None,
    points: Annotated[int, typer.Option(min=2, help="Points along each.")] = 6,
    sweep: Annotated[
        str, typer.Option(help="Shares of running cost to be saved, as 0.02,0.04; blank for none.")
    ] = "",
    workers: Workers = None,
    cluster: Cluster = "",
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Trade the saving against closures, capital, carbon or access: plans along the frontier."""
    with answering(debug=debug):
        from estate.explore.commands import explore_frontier, shares_of

        shares = shares_of(sweep)
        _explore(
            (config, "frontier"),
            (sets, out, shared, workers, cluster),
            lambda search: explore_frontier(search, against or ["closures"], points, shares),
        )


def alternatives(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    config: Asked,
    within: Annotated[str, typer.Option(help="Margin below the best saving, as 2% or 0.02.")] = "2%",
    count: Annotated[int, typer.Option(min=2, help="Most plans, the best among them.")] = 8,
    way: Annotated[str, typer.Option(help="different, spores, or best (the N best in order).")] = "different",
    workers: Workers = None,
    cluster: Cluster = "",
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Find plans nearly as good as the best: what closes in all, what in none."""
    with answering(debug=debug):
        from estate.explore.commands import explore_alternatives, shares_of

        margin = shares_of(within)[0]
        _explore(
            (config, "alternatives"),
            (sets, out, shared, workers, cluster),
            lambda search: explore_alternatives(search, margin, count, way),
        )


def explain(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    run: Annotated[Path, typer.Argument(help="Folder of a finished run, or a configuration.")],
    sites: Annotated[list[str] | None, typer.Argument(help="Site ids; all where none is named.")] = None,
    free: Annotated[bool, typer.Option("--free", help="Also the price with everything free.")] = False,
    workers: Workers = None,
    cluster: Cluster = "",
    data: Annotated[
        Path | None, typer.Option(help="Folder of the configuration, where the run does not know it.")
    ] = None,
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Say of each site what deciding otherwise would cost, why, and what would change it."""
    with answering(debug=debug):
        from estate.explaining import Asked, explain
        from estate.settings import parse_assignments
        from estate.study import Where

        changes = parse_assignments(sets or [])
        asked = Asked(run, sites or [], free, changes, data, shared, out, Where(workers, cluster))
        for line in watched(lambda progress, stop: explain(asked, progress, stop)):
            say(line)


def constraints(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    config: Asked,
    step: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=AMOUNT", help="Another step, as capital=250000; may be given again."),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            min=0, help="Most limits asked about: first what --step names, then what promises most."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Ask about every limit, also where much is left.")
    ] = False,
    gap: Annotated[
        float, typer.Option(help="Gap of every search; small, for steps are worth little.")
    ] = 1e-6,
    workers: Workers = None,
    cluster: Cluster = "",
    out: Out = None,
    shared: Shared = None,
    sets: Sets = None,
    debug: Debug = False,
) -> None:
    """Say what a step more of each budget, limit or standard that may bind is worth."""
    with answering(debug=debug):
        from estate.explore.constraints import ALL, BINDING, explore_constraints
        from estate.explore.loosen import steps_of

        steps = steps_of(step or [])
        named = [one.partition("=")[0] for one in step or []]
        chosen = ALL if every else BINDING if most is None else most
        _explore(
            (config, "constraints"),
            ([*(sets or []), f"solver.gap={gap}"], out, shared, workers, cluster),
            lambda search: explore_constraints(search, steps, named, chosen),
        )


def loan(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    amount: Annotated[float, typer.Argument(help="Amount borrowed [GBP].")],
    rate: Annotated[float, typer.Option(help="Yearly rate, as a share: 0.05 is 5%.")],
    years: Annotated[int, typer.Option(help="Term [year].")],
    kind: Annotated[str, typer.Option(help="annuity, eip (equal instalments of principal) or maturity.")] = (
        "annuity"
    ),
    life: Annotated[int | None, typer.Option(help="Life of the asset; the term where not given.")] = None,
    provision: Annotated[str, typer.Option(help="Minimum revenue provision: equal or annuity.")] = "equal",
    discount_rate: Annotated[
        float | None, typer.Option(help="Repaid early: rate at which a maturity loan is redeemed.")
    ] = None,
    half_years_left: Annotated[
        int | None, typer.Option(help="Repaid early: half-years to run from the last interest date.")
    ] = None,
    days: Annotated[int, typer.Option(help="Repaid early: days since the last interest date.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for loan.csv, a row for each half-year.")] = None,
    debug: Debug = False,
) -> None:
    """Say what a loan costs half-year by half-year, its provision, and what early repayment costs."""
    with answering(debug=debug):
        from estate.lending import Terms, lend

        terms = Terms(amount, rate, years, kind, provision, life, discount_rate, half_years_left, days)
        for line in lend(terms, out):
            say(line)


def _explore(
    what: tuple[Path, str],
    flags: tuple[list[str] | None, Path | None, Path | None, int | None, str],
    work: Callable[[Search], list[str]],
) -> None:
    from estate.explore.studies import Search
    from estate.progress import StudyReporter
    from estate.settings import load_config, parse_assignments
    from estate.study import Where

    (path, name), (sets, out, shared, workers, cluster) = what, flags
    given = {} if out is None else {"output": str(out)}
    loaded, base = load_config(path, {**parse_assignments(sets or []), **given}, shared)
    folder = loaded.output / f"{loaded.name}-{name}"

    where = Where(workers, cluster)
    lines = watched(
        lambda progress, stop: work(Search(loaded, base, folder, where, progress=progress, stop=stop)),
        StudyReporter,
        "Stopping; what is done is kept. Ctrl-C again ends at once.",
    )
    for line in lines:
        say(line)
