"""One run, top to bottom: read, solve, check, appraise, write."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.access.measure import beside_network
from estate.access.travel import with_network
from estate.appraise.access_summary import access_summary
from estate.appraise.access_table import access_table
from estate.appraise.business import business_headlines, business_tables, reconcile
from estate.appraise.emissions import emissions
from estate.appraise.ledger import build_ledger
from estate.appraise.measures import measures
from estate.appraise.partners import partner_summary
from estate.appraise.serving import serving_headlines, serving_tables
from estate.appraise.summary import measure_rows
from estate.appraise.summary import summary as headline_figures
from estate.appraise.switching import plan_levers
from estate.core.errors import ConfigError, InputError, Issue, VerificationError
from estate.core.folders import refuse_unwritable
from estate.core.levers import UNCHANGED, pull
from estate.core.money import discount_factors
from estate.core.result import HEADLINE_COLUMNS, Result
from estate.core.types import Progress
from estate.inputs.collect import data_to_collect
from estate.inputs.load import load_estate
from estate.present.write import write_all
from estate.record import run_record
from estate.solve import solve_estate
from estate.verify import limits, verify

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from estate.appraise.access_summary import AccessSummary
    from estate.config import Config
    from estate.core.types import Estate, Plan, Solution, Start

HALF_A_PENNY = 0.005
START = "start"  # of run.json: the run with whose plan the search began

HEADLINE_NAMES = {
    "saving_gbp_per_year": "saving_steady_gbp",
    "decided_share_of_estate_cost": "share_of_estate_decided",
    "payback_years": "payback_with_receipts",
    "payback_years_without_receipts": "payback_without_receipts",
    "discounted_payback_years": "payback_discounted_with_receipts",
    "discounted_payback_years_without_receipts": "payback_discounted_without_receipts",
    "residents_worse_off_all": "residents_worse_off",
    "residents_worse_off_three_all": "residents_worse_off_three",
    "assumed_share_of_cost": "assumed_cost_share",
}
"""Names of the appraisal to the keys of ``estate.core.result``; the others are the same."""

Watcher = Callable[[Progress], None]


def run(
    config: Config,
    base: Path,
    progress: Watcher | None = None,
    stop: threading.Event | None = None,
) -> tuple[Result, Path]:
    """Find the best plan, check it, appraise it and write everything.

    Parameters
    ----------
    config : Config
        Complete configuration, from `estate.settings.load_config`.
    base : Path
        Folder against which its relative paths are read.
    progress : callable, optional
        Told how far the run is.
    stop : threading.Event, optional
        When set, the best plan found so far is checked and reported.

    Returns
    -------
    Result
        The run, verified and appraised.
    Path
        Folder that holds the files.

    Raises
    ------
    InputError, InfeasibleError, SolverError, VerificationError
        Before anything is written.
    """
    refuse_foreign(config.folder)
    result = evaluate(config, base, progress, stop)
    write(result, config, progress)
    return result, config.folder


def write(result: Result, config: Config, progress: Watcher | None = None) -> None:
    """Write every file of a run for its audience into the folder of its configuration, all or none."""
    with _Clock(progress, None)("write", "writing the results"):
        write_all(result, config.folder, config.audience)


def read_estate(config: Config, base: Path) -> Estate:
    """Read an estate, with travel over the road network where the configuration names one.

    Parameters
    ----------
    config : Config
        Complete configuration.
    base : Path
        Folder against which its relative paths are read.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    try:
        estate = load_estate(config, base)
    except InputError as error:
        raise beside_network(error, config.data.network, base) from error
    return with_network(estate, config, base)


def evaluate(
    config: Config,
    base: Path,
    progress: Watcher | None = None,
    stop: threading.Event | None = None,
    estate: Estate | None = None,
    start: Start | None = None,
) -> Result:
    """Do a whole run and write nothing; parameters and errors as in `run`.

    Parameters
    ----------
    estate : Estate, optional
        That of the configuration, where it has been read already.
    start : Start, optional
        An earlier run, with whose plan the search begins.
    """
    clock = _Clock(progress, stop)
    with clock("read", "reading the data"):
        estate = estate or read_estate(config, base)
    clock.stop_if_asked()
    with clock("solve", "looking for the best plan"):
        plan = start.plan if start else None
        solution = solve_estate(estate, config, clock.progress, clock.stop, plan)
    result = _appraise((config, base, estate), solution.plan, solution, clock)
    return replace(result, run={**result.run, START: start.records()}) if start else result


def evaluate_plan(
    config: Config,
    base: Path,
    plan: Plan,
    estate: Estate | None = None,
    solution: Solution | None = None,
    levers: Mapping[str, float] | None = None,
) -> Result:
    """Check and appraise a plan that is given, without looking for a better one.

    Parameters
    ----------
    config, base, estate
        As in `evaluate`.
    plan : Plan
        For example that of an earlier run, or the empty one: business as usual.
    solution : Solution, optional
        What was proved of it; then it must keep every rule and be worth what it says. Without it
        the rules it breaks are told in its checks.
    levers : mapping of str to float, optional
        Changes of the cash flow besides (`estate.core.levers`) [share].

    Raises
    ------
    InputError
        For the data.
    VerificationError
        If a solved plan breaks a rule, or the ledger prices it otherwise.
    """
    clock = _Clock(None, None)
    estate = estate or read_estate(config, base)
    return _appraise((config, base, estate), plan, solution, clock, levers or {})


def _appraise(
    asked: tuple[Config, Path, Estate],
    plan: Plan,
    solution: Solution | None,
    clock: _Clock,
    levers: Mapping[str, float] = UNCHANGED,
) -> Result:
    config, base, estate = asked
    with clock("verify", "checking the plan against every rule"):
        checks = check_plan(estate, config, plan) if solution else rules_kept(estate, config, plan)
    with clock("appraise", "working out what the plan costs and saves"):
        ledger = pull(build_ledger(estate, config, plan), levers)
        npv = npv_gbp(ledger, config, "plan"), npv_gbp(ledger, config, "bau")
        if solution:
            checks = pd.concat([checks, tie(solution, npv[0] - npv[1])], ignore_index=True)
        access = access_table(estate, config, plan)
        residents = access_summary(estate, config, plan) if len(estate.tables["areas"]) else None
        summary = headline_summary(estate, config, plan, ledger, residents)
        serving = serving_tables(estate, config, plan, residents)
        summary["headlines"] += full_headlines(serving_headlines(serving))
        partners = partner_summary(ledger, estate, config, plan)
        business = business_tables(ledger, estate, config, plan) | {
            "constraints": limits(estate, config, plan)
        }
        summary["headlines"] += full_headlines(business_headlines(business, summary["price_base"]))
        checks = pd.concat([checks, agreed(business, ledger, config)], ignore_index=True)
        collect = data_to_collect(estate, config)
    record = {**run_record(config, base, estate, (plan, solution), npv), "seconds": clock.seconds}
    tables = (ledger, summary, access, partners, collect, record, checks, business, serving)
    return Result(config, estate, plan, solution, *tables)


def rules_kept(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Return for each rule in force whether a given plan keeps it: check, passed, detail."""
    broken: dict[str, list[str]] = {}
    for violation in verify(estate, config, plan):
        broken.setdefault(violation.rule, []).append(violation.message)
    rows = [
        {"check": rule, "passed": rule not in broken, "detail": "; ".join(broken.get(rule, ["kept"])[:3])}
        for rule in config.rules
    ]
    return pd.DataFrame(rows)


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder that cannot be written, or that no run has written.

    Raises
    ------
    ConfigError
        If the folder is there and holds files, but no ``run.json`` (folders in it, scenarios, stay),
        or if none can be made there.
    """
    refuse_unwritable(folder)
    empty = folder.is_dir() and all(path.is_dir() for path in folder.iterdir())
    if folder.exists() and not empty and not (folder / "run.json").is_file():
        remedy = "choose another folder with --out, or move it away"
        issue = Issue(str(folder), None, "", "", "is there and holds no earlier run", remedy)
        raise ConfigError("The results would replace a folder that is not theirs:", [issue])


def check_plan(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Prove the plan against every rule, from the tables alone.

    Returns
    -------
    DataFrame
        check, passed, detail: one row for each rule in force.

    Raises
    ------
    VerificationError
        If any rule is broken; such a plan is never reported.
    """
    violations = verify(estate, config, plan)
    if violations:
        issues = [
            Issue(
                "plan",
                None,
                broken.rule,
                broken.site_id,
                broken.message,
                "report this as a fault of the program",
            )
            for broken in violations
        ]
        raise VerificationError("The plan failed the independent check and is not reported:", issues)
    detail = "no breach found by the independent check"
    return pd.DataFrame([{"check": rule, "passed": True, "detail": detail} for rule in config.rules])


def npv_gbp(ledger: pd.DataFrame, config: Config, case: str) -> float:
    """Return the net present value of one case of the ledger [GBP], in the view of the objective."""
    factors = discount_factors(config.vintage, config.horizon.appraisal_years, config.timing)
    rows = ledger[(ledger["case"] == case) & ledger["view"].isin(["both", config.objective])]
    return math.fsum(rows["amount_gbp"].to_numpy(dtype=float) * factors[rows["t"].to_numpy(dtype=int)])


def tie(solution: Solution, saving_gbp: float) -> pd.DataFrame:
    """Prove that the optimiser and the ledger, which share no code, price the plan alike.

    Returns
    -------
    DataFrame
        check, passed, detail: one row.

    Raises
    ------
    VerificationError
        If the two differ by more than half a penny.
    """
    apart = abs(solution.objective_gbp - saving_gbp)
    told = f"optimiser £{solution.objective_gbp:,.4f}, ledger £{saving_gbp:,.4f}"
    if not apart <= HALF_A_PENNY:
        issue = Issue("plan", None, "objective", told, "differ", "report this as a fault of the program")
        raise VerificationError("The optimiser and the ledger price the plan differently:", [issue])
    return pd.DataFrame([{"check": "objective equals ledger", "passed": True, "detail": told}])


def agreed(business: Mapping[str, pd.DataFrame], ledger: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Prove that the financial view and the ledger tell of the same cash.

    Returns
    -------
    DataFrame
        check, passed, detail: one row for each comparison.

    Raises
    ------
    VerificationError
        If any of them differ by more than a penny.
    """
    found = reconcile(business["financial"], ledger, config)
    broken = found[~found["passed"]]
    if len(broken):
        remedy = "report this as a fault of the program"
        issues = [
            Issue("financial", None, "", str(row["detail"]), f"fails: {row['check']}", remedy)
            for row in broken.to_dict("records")
        ]
        raise VerificationError("The financial view does not agree with the ledger:", issues)
    return found


def headline_summary(
    estate: Estate, config: Config, plan: Plan, ledger: pd.DataFrame, access: AccessSummary | None
) -> dict[str, Any]:
    """Return the content of ``summary.json``: headline figures under the keys that readers look for."""
    measured = measures(ledger, estate, config, plan)
    figures = headline_figures(measured, config, plan, access) | emissions(estate, config, plan)
    price_base = f"{config.horizon.horizon().label(0)} prices"
    named = ({"key": HEADLINE_NAMES.get(name, name), **figure} for name, figure in figures.items())
    return {
        "price_base": price_base,
        "headlines": full_headlines([*site_counts(estate), *named]),
        "measures": measure_rows(measured),
        "switching_values": plan_levers(ledger, config).to_dict("records"),
    }


def site_counts(estate: Estate) -> list[dict[str, Any]]:
    """Return how many existing sites are decided on, and apart from them how many stand empty."""
    sites = estate.tables["sites"]
    existing = sites[sites["status"] == "existing"]
    labels = (
        ("decided_sites", "decide", "Sites decided on, those that stand empty (surplus) apart"),
        ("surplus_sites", "surplus", "More sites that stand empty (surplus) and may be given up"),
    )
    counts = [(key, label, int((existing["scope"] == scope).sum())) for key, scope, label in labels]
    note = "Of all existing sites of the tables, decided on or not"
    more = {"unit": "sites", "denominator": len(existing), "note": note}
    return [
        {"key": key, "label": label, "value": count, "numerator": count, **more}
        for key, label, count in counts
    ]


def full_headlines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return headlines with every column, blank where there is nothing to say."""
    blank = dict.fromkeys(HEADLINE_COLUMNS, "")
    return [{**blank, **row} for row in rows]


class _Clock:
    """Tells what is being done, and keeps how long each stage took [s]."""

    def __init__(self, progress: Watcher | None, stop: threading.Event | None) -> None:
        self.seconds: dict[str, float] = {}
        self.progress = progress
        self.stop = stop

    @contextmanager
    def __call__(self, name: str, words: str) -> Iterator[None]:
        begun = time.monotonic()
        if self.progress:
            self.progress(Progress(words, None, None, 0.0))
        yield
        self.seconds[name] = round(time.monotonic() - begun, 3)

    def stop_if_asked(self) -> None:
        """End the run where nothing can be reported yet."""
        if self.stop and self.stop.is_set():
            raise KeyboardInterrupt
