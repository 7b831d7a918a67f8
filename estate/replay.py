"""A recorded run once more: its plan proved again from the inputs, then solved again."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from estate.core.errors import ConfigError, InputError, Issue, SolverError, VerificationError
from estate.core.types import Plan, Solution, Start
from estate.pipeline import HALF_A_PENNY, START, evaluate, evaluate_plan, read_estate, refuse_foreign
from estate.present.words import gbp
from estate.present.write import write_all
from estate.record import versions
from estate.settings import recorded_config
from estate.solve import solve_estate
from estate.solve.again import LOOKS, Look, taken
from estate.solve.run import NOTHING_FOUND

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from estate.config import Config
    from estate.core.result import Result
    from estate.core.types import Estate, Progress

MESSAGE = "The run cannot be repeated:"
FAULT = "report this as a fault of the program"
NO_START = "There is no plan to begin with:"
SAME = "Same versions."
WITHIN = "within_a_search"
PART = (
    "Not searched again: this plan is one of a frontier or of plans nearly as good, best within limits that "
    "its configuration does not hold. The same command as then finds all of them again."
)


def rerun(
    asked: tuple[Path, Path | None, Path | None],
    out: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    *,
    search: bool = True,
) -> list[str]:
    """Replay the recorded plan, prove it again, and solve again under the same limits.

    Parameters
    ----------
    asked : tuple of Path
        Folder of the run; folder of its configuration, or None for the recorded one; folder
        for ``${ESTATE_SHARED}``, or None.
    out : Path, optional
        Folder in which the new run gets a folder of its own name; without it nothing is written.
    progress, stop
        As for `estate.pipeline.run`.
    search : bool
        False only replays.

    Returns
    -------
    list of str
        What was found, for the terminal.

    Raises
    ------
    ConfigError, InputError
        If the record is not one of an internal run, or the inputs are not those that were read.
    VerificationError
        If the recorded plan breaks a rule, any figure differs, or the two searches contradict.
    """
    folder, data, shared = asked
    record, summary = (read_record(folder / name) for name in ("run.json", "summary.json"))
    base = base_of(folder, record, data)
    config = recorded_config(record["config"], base, shared)
    if out is not None:
        config = config.model_copy(update={"output": out})
        refuse_foreign(config.folder)
        if config.folder.resolve() == folder.resolve():
            issue = Issue("--out", None, "", str(out), "would replace the run", "give another folder")
            raise ConfigError(MESSAGE, [issue])
    estate = read_estate(config, base)
    same_inputs(record["input_hashes"], estate.input_hashes)
    lines = _version_lines(record.get("versions", {}))
    try:
        lines += _same_figures(summary, _replay((config, base, estate), record))
    except VerificationError as error:
        raise _changed_since(error, lines[0]) from error
    if not search or record["status"] == "given":
        return lines
    if record.get(WITHIN):
        return [*lines, PART]
    looks, start = looks_of(record), start_of(record)
    again = _solved((config, base, estate), (start, looks), progress, stop)
    lines += [f"Begun with the plan of {start.run}, as then."] if start else []
    lines += [f"Looked at again as in its study, with {told.words}." for told in looks]
    lines += _search_lines(record, again)
    if looks:
        again = replace(again, run={**again.run, LOOKS: record[LOOKS]})
    if out is not None:
        write_all(again, config.folder, config.audience)
        lines.append(f"The new run is in {config.folder}.")
    return lines


def read_record(path: Path) -> dict[str, Any]:
    """Return one of the two records of a run.

    Raises
    ------
    ConfigError
        If it is not there or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        issue = Issue(str(path), None, "", "", "is not there or is damaged", "give the folder of a run")
        raise ConfigError(MESSAGE, [issue])
    return content


def base_of(folder: Path, record: Mapping[str, Any], data: Path | None) -> Path:
    """Return the folder of the configuration, once the record holds all that a repetition needs."""
    needed = ("config", "plan", "input_hashes", "saving_npv_gbp", "status")
    lacking = [name for name in needed if name not in record]
    if lacking or record.get("audience", "internal") != "internal":
        problem = "holds no plan and configuration that can be repeated"
        remedy = "repeat the internal run (other readers get less), made by this version or a later one"
        raise ConfigError(MESSAGE, [Issue(str(folder / "run.json"), None, "", "", problem, remedy)])
    told = str(record.get("config_folder", ""))
    base = data or (folder / told if told else None)
    if base is None or not base.is_dir():
        remedy = "give the folder of its configuration with --data FOLDER"
        issue = Issue(str(folder / "run.json"), None, "config_folder", told, "is not there", remedy)
        raise ConfigError(MESSAGE, [issue])
    return base.resolve()


def same_inputs(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """See that every file is the one that the run read.

    Raises
    ------
    InputError
        With every file that is not.
    """
    issues = []
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            words = "has changed since" if name in before and name in now else "was not read then"
            words = words if name in now else "is not there any more"
            issues.append(Issue(name, None, "", "", words, "bring back the file as it was, or run anew"))
    if issues:
        raise InputError("The inputs are not those of the recorded run:", issues)


def recorded_plan(record: Mapping[str, Any]) -> Plan:
    """Return the plan of a run.

    Raises
    ------
    ConfigError
        If the record of it is damaged.
    """
    try:
        return Plan.from_records(record["plan"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        issue = Issue("run.json", None, "plan", "", f"is damaged ({error})", "run it anew")
        raise ConfigError(MESSAGE, [issue]) from error


def recorded_solution(record: Mapping[str, Any]) -> Solution | None:
    """Return the plan of a run with what was proved of it; None for a plan that was given.

    Raises
    ------
    ConfigError
        If the record of it is damaged.
    """
    if record["status"] == "given":
        return None
    return Solution(
        plan=recorded_plan(record),
        status=str(record["status"]),
        objective_gbp=float(record["saving_npv_gbp"]),
        bound_gbp=float(record["bound_saving_npv_gbp"]),
        stopped_by=str(record["stopped_by"]),
        engine="replay",
    )


def _replay(asked: tuple[Config, Path, Estate], record: Mapping[str, Any]) -> Result:
    config, base, estate = asked
    return evaluate_plan(config, base, recorded_plan(record), estate, recorded_solution(record))


def looks_of(record: Mapping[str, Any]) -> list[Look]:
    """Return what a run of a study took from other runs, in order; none for a run by itself.

    Raises
    ------
    ConfigError
        If the record of it is damaged.
    """
    try:
        looks = [Look(**told) for told in record.get(LOOKS) or []]
        for told in looks:
            Plan.from_records(told.plan or {"closures": [], "hubs": [], "moves": []})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        issue = Issue("run.json", None, LOOKS, "", f"is damaged ({error})", "run it anew")
        raise ConfigError(MESSAGE, [issue]) from error
    return looks


def _solved(
    asked: tuple[Config, Path, Estate],
    known: tuple[Start | None, Sequence[Look]],
    progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
) -> Result:
    """Solve again from what was known then, and look again at what was looked at again."""
    config, base, estate = asked
    start, looks = known
    if not looks:
        return evaluate(config, base, progress, stop, estate, start)
    own: Solution | None = None
    try:
        own = solve_estate(estate, config, progress, stop)
    except SolverError as error:
        if not str(error).startswith(NOTHING_FOUND):
            raise
    for told in looks:
        own = taken((estate, config), own, told, stop)
    if own is None:
        raise SolverError(f"{NOTHING_FOUND}, nor from {looks[-1].words}")
    return evaluate_plan(config, base, own.plan, estate, own)


def read_start(folder: Path) -> Start:
    """Return the plan of a finished run, for another search to begin with.

    Raises
    ------
    ConfigError
        If there is none, or it is damaged.
    """
    path = folder / "run.json"
    record = read_record(path)
    if "plan" not in record:
        remedy = "give the folder of an internal run: other readers get less"
        raise ConfigError(NO_START, [Issue(str(path), None, "plan", "", "is not told", remedy)])
    return Start(str(record.get("name", folder.name)), recorded_plan(record))


def start_of(record: Mapping[str, Any]) -> Start | None:
    """Return with what plan a recorded run began; None where it began with none.

    Raises
    ------
    ConfigError
        If the record of it is damaged.
    """
    told = record.get(START)
    if not told:
        return None
    try:
        return Start(str(told["run"]), recorded_plan(told))
    except (KeyError, TypeError) as error:
        issue = Issue("run.json", None, START, "", f"is damaged ({error})", "run it anew")
        raise ConfigError(MESSAGE, [issue]) from error


def begun_line(start: Start, plan: Plan) -> str:
    """Say how much of the plan with which a search began is in the one that it found."""
    words = {"closures": "closures", "hubs": "hubs", "moves": "moves of services"}
    told = "; ".join(
        f"{same} of {len(getattr(start.plan, name))} {words[name]} stay, "
        f"{len(getattr(plan, name)) - same} are new"
        for name, same in start.plan.shared(plan).items()
    )
    return f"Begun with the plan of {start.run}: {told}."


def _same_figures(summary: Mapping[str, Any], replayed: Result) -> list[str]:
    """Compare every headline with the recorded one.

    Raises
    ------
    VerificationError
        For every figure that is not the same within half a penny (or a part in a million million).
    """
    now = {row["key"]: row.get("value") for row in replayed.summary["headlines"]}
    before = {row["key"]: row.get("value") for row in summary["headlines"]}
    issues = [
        Issue("summary.json", None, key, str(before.get(key)), f"is now {now.get(key)}", FAULT)
        for key in sorted({*before, *now})
        if not _alike(before.get(key), now.get(key))
    ]
    if issues:
        raise VerificationError("The recorded plan no longer gives the recorded figures:", issues)
    rules = int(replayed.checks["passed"].astype(bool).sum())
    return [
        f"Replayed: the recorded plan passes {rules} of {len(replayed.checks)} checks, from the same inputs.",
        f"All {len(before)} headline figures are the same.",
    ]


def _changed_since(error: VerificationError, line: str) -> VerificationError:
    """Say that the program is another, where it is: that, and no fault, is why figures differ."""
    if line == SAME:
        return error
    remedy = "repeat it with the program of that time, or run anew and compare the two"
    issues = [replace(issue, remedy=remedy) for issue in error.issues]
    return VerificationError(f"{line} With the program as it is now: {error.args[0]}", issues)


def _alike(one: object, other: object) -> bool:
    numbers = [x for x in (one, other) if isinstance(x, (int, float)) and math.isfinite(x)]
    if len(numbers) == 2:
        return math.isclose(*numbers, rel_tol=1e-12, abs_tol=HALF_A_PENNY)
    blanks = [x is None or (isinstance(x, float) and math.isnan(x)) for x in (one, other)]
    return all(blanks) or str(one) == str(other)


def _version_lines(before: Mapping[str, str]) -> list[str]:
    now = versions()
    changed = [
        f"{name} {before.get(name, 'none')} to {now.get(name, 'none')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    return [f"Versions have changed since: {', '.join(changed)}."] if changed else [SAME]


def _search_lines(record: Mapping[str, Any], again: Result) -> list[str]:
    """Say what the second search found beside the first.

    Raises
    ------
    VerificationError
        If one search found a plan better than the other proved possible.
    """
    found, bound = float(again.run["saving_npv_gbp"]), float(again.run["bound_saving_npv_gbp"])
    first, limit = float(record["saving_npv_gbp"]), float(record["bound_saving_npv_gbp"])
    if found > limit + HALF_A_PENNY or first > bound + HALF_A_PENNY:
        told = f"plans {gbp(first)} and {gbp(found)}, bounds {gbp(limit)} and {gbp(bound)}"
        raise VerificationError(
            "The two searches contradict:", [Issue("run.json", None, "", told, "differ", FAULT)]
        )
    if again.plan.records() == record["plan"]:
        return ["Solved again: the same plan."]
    most = gbp(min(limit, bound))
    return [
        f"Solved again: another plan, worth {gbp(found)}, not {gbp(first)}; none is worth more than {most}.",
        "Sites decided otherwise are undecided by this evidence: `estate compare` shows them.",
    ]
