"""``estate constraints``: what a stated step more of each limit is worth, by solving again.

The value of a step is the difference of two optima, of which each search knows a plan and a bound:
it lies between *new plan - old bound* and *new bound - old plan*. Where that interval contains
nought the value is not settled.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.errors import ConfigError, Issue, VerificationError
from estate.core.steps import STEPS
from estate.explore.ask import Questions
from estate.explore.loosen import loosened
from estate.explore.screen import screen
from estate.explore.studies import record_of, solution_of
from estate.study import Answer, Job, job_name
from estate.verify import limits, verify

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from estate.config import Config
    from estate.core.types import Estate, Plan
    from estate.explore.studies import Search
    from estate.study import Outcome, Task

WORTH, NOTHING, NOT_SETTLED = "worth it", "worth nothing", "not settled"
NOT_ASKED, NOT_FOUND = "not asked", "not found in the time given"
LEFT = "left"
PENNY = 0.01
LONG_MINUTES = 90.0
BINDING, ALL = "binding", "all"
VALUE_COLUMNS = ("screen_gbp", "worth_low_gbp", "worth_high_gbp", "verdict", "changes")
"""Columns that follow those of `estate.verify.LIMIT_COLUMNS` in ``constraints.csv``."""


def explore_constraints(
    search: Search, steps: Mapping[str, float], named: Sequence[str], chosen: int | str
) -> list[str]:
    """Find the plan, loosen the limits that may bind one by one, and write what each step is worth.

    Parameters
    ----------
    search : Search
        The run and the folder.
    steps : mapping of str to float
        Step of each kind of limit, from `steps_of`.
    named : sequence of str
        Kinds that are asked about first.
    chosen : int or str
        ``binding`` for every limit that may bind, ``all`` for every limit, else the most that are
        asked about: of those that may bind first what is named, then what promises most.

    Returns
    -------
    list of str
        What to tell.

    Raises
    ------
    ConfigError
        If the audience may not read values by partner.
    SolverError, InfeasibleError
        If there is no plan to begin with.
    """
    _internal_only(search.config)
    first = Job("first", _first, parameters={"steps": dict(steps), "named": list(named)})
    begun = search.do([first], here=True)[0]
    figures: Mapping[str, Any] = {} if begun.answer is None else begun.answer.figures
    base, rows = figures["plan"], pd.DataFrame(figures["limits"])
    asks = rows if chosen == ALL else rows[rows["asked"]]
    asks = asks.head(chosen) if isinstance(chosen, int) else asks
    asked = {
        job_name("step", line): {"line": line, "step": step, "base": base}
        for line, step in zip(asks["line"], asks["step"], strict=True)
    }
    jobs = [Job(name, _again, parameters=given) for name, given in asked.items()]
    search.tell(_ahead(len(jobs), len(rows), begun.seconds, search.where.workers))
    outcomes = search.do([first, *jobs])[1:] if jobs else []
    table = _valued(rows, base, dict(zip((given["line"] for given in asked.values()), outcomes, strict=True)))
    last = Job("plan", _written, parameters={"base": base, "table": _plain(table)})
    ended = [job for job, outcome in zip(jobs, outcomes, strict=True) if outcome.status != LEFT]
    search.do([first, *ended, last], here=True, whole=True)
    lines = _told(table, base, search.config.horizon.horizon().label(0))
    if len(ended) < len(jobs):
        lines.append(f"Stopped with {len(jobs) - len(ended)} to go: the same command goes on from here.")
    return [*lines, f"The plan with its constraints.csv and workbook is in {search.folder / 'plan'}."]


def _ahead(asked: int, known: int, seconds: float, workers: int | None) -> str:
    """Say how many limits are asked about, and about how long that takes at the pace of the first plan."""
    minutes = asked * seconds / min(workers or os.cpu_count() or 1, max(1, asked)) / 60
    long = "less than a minute" if minutes < 1 else f"about {minutes:,.0f} minutes"
    if minutes > LONG_MINUTES:
        long = f"about {minutes / 60:,.1f} hours"
    return (
        f"{asked} of {known} limits are asked about, what promises most first: {long}, each at most "
        "as long as solver.time_limit. Ctrl-C keeps what is answered; --most asks fewer."
    )


def _internal_only(config: Config) -> None:
    if config.audience != "internal":
        problem, remedy = "may not read what limits are worth", "use audience: internal"
        issue = Issue("config", None, "audience", config.audience, problem, remedy)
        raise ConfigError("These are values by partner, which are internal:", [issue])


def _first(task: Task) -> Answer:
    """Find the plan, and what it uses of each limit; the relaxation screens which are asked first."""
    estate, config = task.estate(), task.config
    questions = Questions(estate, config, task.stop)
    best = questions.best()
    table = limits(estate, config, best.solution.plan)
    steps = task.parameters["steps"]
    table["step"] = table["kind"].map(steps).astype(float).fillna(table["step"])
    step = table["step"] * table["price_index"]
    table["within_step"] = np.where(table["left"] < step, "yes", "no")
    price = screen(questions.model, config, config.solver.time_limit)
    table["screen_gbp"] = table["line"].map(price) * step if len(price) else np.nan
    table["asked"] = (table["within_step"] == "yes") | (table["screen_gbp"] > PENNY)
    table["named"] = table["kind"].isin(task.parameters["named"])
    table["near"] = table["left"] / step
    order = ["named", "screen_gbp", "near"]
    table = table.sort_values(order, ascending=[False, False, True], kind="stable")
    return Answer({"plan": record_of(best), "limits": _plain(table.drop(columns=["named", "near"]))})


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows that JSON can hold."""
    known = table.astype(object).where(table.notna(), None)
    return [{str(name): cell for name, cell in row.items()} for row in known.to_dict("records")]


def _again(task: Task) -> Answer:
    told = task.parameters
    estate, config = loosened(task.estate(), task.config, told["line"], told["step"])
    return Answer(found_again(estate, config, told["base"], task.stop))


def found_again(
    estate: Estate, config: Config, base: Mapping[str, Any], stop: threading.Event | None = None
) -> dict[str, Any]:
    """Find the plan again where a limit has been loosened, and check it.

    Parameters
    ----------
    estate, config
        From `loosened`.
    base : mapping
        The plan before, from `record_of`.
    stop : Event, optional
        When set, the best plan so far is taken.

    Returns
    -------
    dict
        value: what the best plan found saves, the one before among them where it keeps the rules
        still; bound: what no plan exceeds [GBP]; changes: which sites are decided otherwise.

    Raises
    ------
    VerificationError
        If the plan found breaks a rule.
    """
    best = Questions(estate, config, stop).best()
    broken = verify(estate, config, best.solution.plan)
    if broken:
        issues = [
            Issue("plan", None, one.rule, one.site_id, one.message, "report this as a fault")
            for one in broken
        ]
        raise VerificationError("The plan found with one limit loosened fails the check:", issues)
    before, plan = solution_of(base).plan, best.solution.plan
    stands = not verify(estate, config, before)
    value = max(best.value, base["saving_gbp"]) if stands else best.value
    changes = _changes(before, plan) if best.value > base["saving_gbp"] + PENNY else ""
    return {"value": value, "bound": best.bound, "changes": changes}


def _changes(before: Plan, after: Plan) -> str:
    """Say which sites are decided otherwise."""
    told = []
    for word, name in (("closes", "closures"), ("hub at", "hubs")):
        old, new = (set(getattr(plan, name)["site_id"].astype(str)) for plan in (before, after))
        told += [f"{word} {site}" for site in sorted(new - old)]
        told += [f"no longer {word} {site}" for site in sorted(old - new)]
    return "; ".join(told) or "the same closures and hubs, at other times or with other moves"


def _valued(rows: pd.DataFrame, base: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """Add to the limits what a step of each is worth."""
    found = []
    for line in rows["line"]:
        outcome = outcomes.get(line)
        if outcome is None or outcome.answer is None:
            verdict = NOT_ASKED if outcome is None or outcome.status == LEFT else NOT_FOUND
            found.append((np.nan, np.nan, verdict, ""))
            continue
        figures = outcome.answer.figures
        low, high = figures["value"] - base["bound_gbp"], figures["bound"] - base["saving_gbp"]
        found.append((low, high, verdict_of(low, high), figures["changes"]))
    table = rows.drop(columns="asked").reset_index(drop=True)
    return table.join(pd.DataFrame(found, columns=list(VALUE_COLUMNS[1:])))


def verdict_of(low: float, high: float) -> str:
    """Say what an interval of values proves: something, nothing, or neither."""
    if low > PENNY:
        return WORTH
    return NOTHING if high <= PENNY else NOT_SETTLED


def _written(task: Task) -> Answer:
    """Write the plan as a run, with what the steps are worth among its tables."""
    from estate.pipeline import evaluate_plan
    from estate.study import answer_of

    base = task.parameters["base"]
    result = evaluate_plan(task.config, task.base, solution_of(base).plan, task.estate(), solution_of(base))
    table = pd.DataFrame(task.parameters["table"])
    return answer_of(replace(result, business={**result.business, "constraints": table}))


def _told(table: pd.DataFrame, base: Mapping[str, Any], first_year: str) -> list[str]:
    """Say what each step is worth, first what is worth most."""
    lines = [
        f"The plan saves £{base['saving_gbp']:,.0f}; no plan can save more than £{base['bound_gbp']:,.0f}."
    ]
    asked = table[table["verdict"] != NOT_ASKED].sort_values("worth_high_gbp", ascending=False, kind="stable")
    lines += [sentence(row, first_year) for row in _plain(asked)]
    rest = len(table) - len(asked)
    if rest:
        lines.append(f"{rest} more limits were not asked about: {NOT_ASKED_WHY}.")
    return lines


NOT_ASKED_WHY = "more than a step of them is left and the screen promises nothing, or --most was reached"


def sentence(row: Mapping[str, Any], first_year: str) -> str:
    """Say of one limit what a step more is worth, pounds at the prices of the first year."""
    where = f"{row['about']}, {row['year']}" if row["year"] else row["about"]
    prices = f" (at {first_year} prices)" if row["unit"].startswith("GBP") else ""
    says = f"{where}: {STEPS[row['kind']].says.format(row['step'])}{prices}"
    low, high = row["worth_low_gbp"], row["worth_high_gbp"]
    if row["verdict"] == NOT_FOUND:
        return f"{says}: {NOT_FOUND}."
    if row["verdict"] == NOTHING:
        return f"{says} is worth nothing."
    if abs(high - low) <= max(1.0, 1e-3 * abs(high)):
        return f"{says} is worth £{high:,.0f} ({row['verdict']}): {row['changes']}."
    return f"{says} is worth between {_pounds(low)} and {_pounds(high)} ({row['verdict']})."


def _pounds(amount: float) -> str:
    return f"-£{-amount:,.0f}" if amount < 0 else f"£{amount:,.0f}"
