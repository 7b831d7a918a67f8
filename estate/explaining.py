"""``estate explain``: the plan of a run, site by site, told and put into the files of the run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from estate import pipeline
from estate.core.errors import ConfigError, InputError, Issue
from estate.core.types import Progress
from estate.explore.explain import explain_plan, sites_of
from estate.explore.reasons import BARRED, NOT_PRICED, OPEN, PROVED
from estate.explore.studies import Search
from estate.pipeline import evaluate, evaluate_plan, refuse_foreign
from estate.present.audience import confidential_sites, secret_words, without_words
from estate.present.published import published_reasons, reader_of
from estate.present.reasons import REASONS
from estate.present.tables import plan_table
from estate.present.write import write_all
from estate.progress import left_words
from estate.record import STUDY_KEYS
from estate.replay import base_of, read_record, recorded_plan, recorded_solution, same_inputs
from estate.settings import load_config, recorded_config
from estate.study import Where

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from estate.config import Config
    from estate.core.result import Result
    from estate.core.types import Start
    from estate.study import StudyProgress

UNKNOWN = "There is nothing to explain:"


@dataclass(frozen=True)
class Asked:
    """What is to be explained.

    Attributes
    ----------
    target : Path
        Folder of a finished run, or a configuration.
    sites : sequence of str
        Ids; all where none is named, and then the files of the run tell the reasons too.
    free : bool
        Also the price with everything free.
    changes : mapping
        Changes of a configuration, by dotted key.
    data, shared, out : Path or None
        Folder of the configuration of a run, where it does not know it; folder for
        ``${ESTATE_SHARED}``; folder in which the run gets a folder of its own.
    where : Where
        Where prices are worked out.
    """

    target: Path
    sites: Sequence[str] = ()
    free: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    data: Path | None = None
    shared: Path | None = None
    out: Path | None = None
    where: Where = field(default_factory=Where)


@dataclass(frozen=True)
class Run:
    """A run that is explained: configuration, its folder, the result, where it is, what to say first."""

    config: Config
    base: Path
    result: Result
    folder: Path
    words: str


Watcher = pipeline.Watcher | None


def explain(asked: Asked, progress: Watcher = None, stop: threading.Event | None = None) -> list[str]:
    """Say of sites why they are decided as they are, and what would change it.

    The plan of a finished run is taken where there is one; else it is looked for first. Without
    names of sites the folder of the run is written anew, with its reasons.

    Returns
    -------
    list of str
        What to tell.

    Raises
    ------
    ConfigError
        For an unknown site, or a run without a proved plan.
    InputError, InfeasibleError, SolverError, VerificationError
        As `estate.pipeline.run`.
    """
    if asked.target.is_dir() and (reader := reader_of(asked.target)) != "internal":
        return published_reasons(asked.target, asked.sites, reader)
    run = (_recorded if asked.target.is_dir() else _configured)(asked, progress, stop)
    told, folder = reasons_of(run, asked, progress, stop)
    lines = [run.words, *_lines(run, asked, told)]
    if not asked.sites:
        write_all(replace(run.result, reasons=told), run.folder, run.config.audience)
        return [
            *lines,
            f"The reasons are in {run.folder}: plan.csv, report.html, workbook.xlsx, reasons*.csv.",
        ]
    return [*lines, f"Figures are in {folder}."]


def evaluate_explained(
    config: Config,
    base: Path,
    progress: Watcher = None,
    stop: threading.Event | None = None,
    *,
    start: Start | None = None,
) -> Result:
    """Do what `estate.pipeline.evaluate` does, and put the reasons of all sites into its tables.

    Raises
    ------
    InputError, InfeasibleError, SolverError, VerificationError
        As there.
    """
    result = evaluate(config, base, progress, stop, start=start)
    told, _ = reasons_of(Run(config, base, result, config.folder, ""), Asked(config.folder), progress, stop)
    return replace(result, reasons=told)


def reasons_of(
    run: Run, asked: Asked, progress: Watcher = None, stop: threading.Event | None = None
) -> tuple[dict[str, pd.DataFrame], Path]:
    """Return the tables of reasons of a run, and the folder in which each answer is kept.

    Raises
    ------
    ConfigError
        For an unknown site, or a plan of which nothing was proved.
    """
    solution = run.result.solution
    if solution is None:
        issue = Issue(
            "run.json", None, "status", "given", "says nothing was proved of its plan", "run it first"
        )
        raise ConfigError(UNKNOWN, [issue])
    if progress:
        progress(Progress("building the model", None, None, 0.0))
    decided = sites_of(run.config, run.base, solution)
    sites = _named(run, asked.sites, decided)
    folder = run.folder.with_name(f"{run.folder.name}-reasons")
    search = Search(run.config, run.base, folder, asked.where, progress=_as_progress(progress), stop=stop)
    if not sites:
        return {}, search.work
    return explain_plan(search, solution, sites, free=asked.free, named=bool(asked.sites)), search.work


def _as_progress(progress: Watcher) -> Callable[[StudyProgress], None] | None:
    if progress is None:
        return None

    def tell(study: StudyProgress) -> None:
        left = f", {left_words(study)}" if study.seconds_left else ""
        stage = f"pricing sites: {study.ended} of {study.total} parts{left}"
        progress(Progress(stage, None, None, study.seconds))

    return tell


def _named(run: Run, names: Sequence[str], decided: Sequence[str]) -> list[str]:
    """Return the sites asked for about which something is decided; all where none is named.

    Raises
    ------
    ConfigError
        For every name that is no site of the estate.
    """
    every = set(run.result.estate.tables["sites"]["site_id"].astype(str))
    remedy = "name a site of plan.csv by its site_id"
    issues = [
        Issue("command line", None, "SITE", name, "is not a site", remedy)
        for name in names
        if name not in every
    ]
    if issues:
        raise ConfigError(UNKNOWN, issues)
    return [site for site in decided if site in names] if names else list(decided)


def _lines(run: Run, asked: Asked, told: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return a line a site, as the audience of the run may read it."""
    internal = run.config.audience == "internal"
    sites = run.result.estate.tables["sites"]
    hidden = set() if run.config.audience != "public" else confidential_sites(sites)
    secrets = secret_words(sites) if hidden else None
    rows = told["reasons"].to_dict("records") if told else []
    lines = [
        f"{row['site_id']} {row['name']}: "
        + without_words(str(row["sentence" if internal else "plain"]), secrets)
        for row in rows
        if row["site_id"] not in hidden
    ]
    explained = {row["site_id"] for row in rows} | hidden
    plan = plan_table(run.result).set_index("site_id")
    rest = [site for site in asked.sites if site not in explained]
    because = scope_reasons(sites, plan)
    lines += [
        f"{site} {plan['name'][site]}: "
        + without_words(f"{REASONS[plan['reason_code'][site]]}{because.get(site, '')}.", secrets)
        for site in rest
    ]
    lines += _counted(rows) if internal and not asked.sites else []
    return lines or ["No site may close or become a hub; plan.csv says why."]


def scope_reasons(sites: pd.DataFrame, plan: pd.DataFrame) -> dict[str, str]:
    """Return why sites are not decided on, as their table says, in brackets; where the plan says no more.

    Parameters
    ----------
    sites : DataFrame
        site_id and scope_reason.
    plan : DataFrame
        reason_code, by site_id.
    """
    code = sites["site_id"].map(plan["reason_code"])
    known = sites[code.isin(["kept_by_scope", "out_by_scope"]) & sites["scope_reason"].fillna("").ne("")]
    return {str(row["site_id"]): f" ({row['scope_reason']})" for row in known.to_dict("records")}


def _counted(rows: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Say of how many sites the price is exact, an interval, or not known."""
    told = {
        PROVED: "exact (with hubs and years held: to 0.01% of the saving)",
        OPEN: "intervals, because the search was not closed in the time given (a site by name is given more)",
        BARRED: "cannot be decided otherwise",
        NOT_PRICED: "not priced",
    }
    count = Counter(row["proof"] or row["robustness"] for row in rows)
    return [f"Prices: {', '.join(f'{count[key]} {words}' for key, words in told.items() if count[key])}."]


def _recorded(asked: Asked, progress: Watcher, stop: threading.Event | None) -> Run:
    """Return the run of a folder, its plan proved again from the same inputs."""
    del stop
    if asked.changes:
        remedy = "give the configuration instead of the folder of a run"
        issue = Issue(
            "command line", None, "--set", ", ".join(asked.changes), "changes a run that is done", remedy
        )
        raise ConfigError(UNKNOWN, [issue])
    record = read_record(asked.target / "run.json")
    base = base_of(asked.target, record, asked.data)
    config = recorded_config(record["config"], base, asked.shared)
    folder = asked.target
    if asked.out is not None:
        config = config.model_copy(update={"output": asked.out})
        folder = config.folder
        refuse_foreign(folder)
    return _replayed((config, base), record, folder, progress)


def _replayed(run: tuple[Config, Path], record: Mapping[str, Any], folder: Path, progress: Watcher) -> Run:
    if progress:
        progress(Progress("proving the recorded plan again", None, None, 0.0))
    config, base = run
    estate = pipeline.read_estate(config, base)
    same_inputs(record["input_hashes"], estate.input_hashes)
    result = evaluate_plan(config, base, recorded_plan(record), estate, recorded_solution(record))
    return Run(config, base, replace(result, run=record), folder, f"The plan of {folder}, proved again.")


def _configured(asked: Asked, progress: Watcher, stop: threading.Event | None) -> Run:
    """Return the run of a configuration: the one that is there, else a new one, written first."""
    changes = {**asked.changes, **({} if asked.out is None else {"output": str(asked.out)})}
    config, base = load_config(asked.target, changes, asked.shared)
    folder = config.folder
    refuse_foreign(folder)
    record = read_record(folder / "run.json") if (folder / "run.json").is_file() else {}
    wanted = {key: value for key, value in config.portable(base).items() if key not in STUDY_KEYS}
    if (
        record.get("config") == wanted
        and record.get("audience") == "internal"
        and record.get("status") != "given"
    ):
        try:
            return _replayed((config, base), record, folder, progress)
        except InputError:
            pass  # the inputs have changed since: the run is done anew
    result, folder = pipeline.run(config, base, progress, stop)
    return Run(config, base, result, folder, f"The plan of {folder}, newly found.")
