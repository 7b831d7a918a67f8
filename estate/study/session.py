"""All scenarios of a configuration: what to run, and what to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.core.errors import ConfigError, InfeasibleError, Issue, SolverError
from estate.core.words import plural
from estate.settings import say_nearest
from estate.solve.again import LOOKS
from estate.study.job import Job, Study, Where
from estate.study.readers import council_folder, publish
from estate.study.run import run_study
from estate.study.scenarios import BASE, check_scenarios, matrix_cells, scenario_overrides
from estate.study.second import FROM, second_looks
from estate.study.whole import bau_run, do_minimum_run, whole_run

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from estate.config import Config
    from estate.study.job import Outcome, StudyProgress

GIVEN = {
    "bau": (bau_run, "business as usual"),
    "do-minimum": (do_minimum_run, "only what is decided already"),
}


def scenario_jobs(config: Config) -> list[Job]:
    """Return a job for the base, business as usual, do-minimum, every scenario and every cell of a matrix.

    Raises
    ------
    ConfigError
        With everything that is wrong with any scenario or matrix.
    """
    check_scenarios(config, list(config.scenarios))
    blank = {"scenarios": None, "matrices": None}
    jobs = [Job(BASE, whole_run, {"scenario": BASE, **blank}, searches=True)]
    for name, (work, words) in GIVEN.items():
        title = f"{config.title or config.name}: {words}"[:200]
        jobs.append(Job(name, work, {"scenario": name, "title": title, **blank}))
    jobs += [
        Job(name, whole_run, scenario_overrides(config, [name]), searches=True) for name in config.scenarios
    ]
    jobs += [
        Job(name, whole_run, overrides, searches=True) for name, overrides in matrix_cells(config).items()
    ]
    return jobs


def run_scenarios(
    loaded: tuple[Config, Path],
    only: Sequence[str] | None,
    where: Where,
    progress: Callable[[StudyProgress], None] | None = None,
    stop: threading.Event | None = None,
) -> list[str]:
    """Run the scenarios of a configuration, put them side by side, and say what came of it.

    Parameters
    ----------
    loaded : tuple of Config and Path
        From `estate.settings.load_config`.
    only : sequence of str or None
        Names of the scenarios and cells wanted besides the base; None for all.
    where, progress, stop
        As for `run_study`.

    Raises
    ------
    ConfigError
        With everything that is wrong with the scenarios, before anything is begun.
    InfeasibleError, SolverError
        Where no scenario has a plan; what was found is kept.
    """
    config, base = loaded
    jobs = chosen(scenario_jobs(config), only, config.compare.base)
    folder, first = config.output / config.name, config.compare.base
    work = council_folder(folder, config.audience)
    study = Study(config, base, jobs, work)
    again = second_looks(study, run_study(study, where, progress, stop), where, progress, stop)
    outcomes = again.outcomes
    if work != folder:
        outcomes = publish(outcomes, work, folder, first, known="bau")
    done = [outcome.name for outcome in outcomes if outcome.status == "done"]
    told = [f"Each run has its folder in {folder}; the tables of all are in {folder / 'study'}."]
    if work != folder:
        told.append(f"{work} has what was worked out, exact and whole: it is for the council alone.")
    if first in done and len(done) > 1:
        from estate.compare import compare_runs

        made = compare_runs([folder / name for name in done], folder / "compare", config.compare)
        told.append(f"Side by side: {made / 'compare.html'}")
    lines = [line for outcome in outcomes for line in outcome_lines(outcome)]
    _fail_where_none_has_a_plan(outcomes, lines)
    return [*lines, *again.notes, "", *told]


def _fail_where_none_has_a_plan(outcomes: Sequence[Outcome], lines: Sequence[str]) -> None:
    """Tell by the exit code that no plan was found anywhere; business as usual is none."""
    ended = {outcome.status for outcome in outcomes if outcome.name not in GIVEN}
    if ended and ended <= {"infeasible", "failed"}:
        none = ended == {"infeasible"}
        kind, told = (InfeasibleError, "has a plan") if none else (SolverError, "was worked out")
        raise kind("\n".join([f"No scenario {told}.", *lines]))


def chosen(jobs: list[Job], only: Sequence[str] | None, base: str) -> list[Job]:
    """Return the jobs of those names and of the base.

    Raises
    ------
    ConfigError
        For every name that is not known.
    """
    known = [job.name for job in jobs]
    wanted = known if only is None else [base, *only]
    issues = [
        Issue("--scenario", None, "", name, "is not a scenario", say_nearest(name, known))
        for name in wanted
        if name not in known
    ]
    if issues:
        raise ConfigError("The scenarios have problems:", issues)
    return [job for job in jobs if job.name in wanted]


def outcome_lines(outcome: Outcome) -> list[str]:
    """Return what the terminal says of one scenario."""
    head = f"{outcome.name}: {outcome.status}" + (", kept from before" if outcome.kept else "")
    if outcome.answer is None:
        return [head, *(f"  {line}" for line in outcome.message.splitlines())]
    figures: dict[str, Any] = dict(outcome.answer.figures)
    saving, closures, gap = (figures.get(key) for key in ("saving_npv_gbp", "closures", "gap_gbp"))
    parts = [head]
    if closures is not None:
        parts.append(plural(closures, "site closes", "sites close"))
    if saving is not None:
        parts.append(f"saves £{saving / 1e6:,.2f} million (net present)")
    if gap is not None:
        parts.append(f"at most £{gap / 1e6:,.2f} million more is possible")
    if FROM in figures:
        parts.append(f"looked at again from the plan of {figures[FROM]}")
    bounds = [told["bound_run"] for told in figures.get(LOOKS, []) if "bound_run" in told]
    if bounds:
        parts.append(f"no more than {bounds[-1]} could save at best, which allows all that is allowed here")
    return [", ".join(parts)]
