"""``estate frontier`` and ``estate alternatives``: what each does, top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.errors import ConfigError, Issue
from estate.core.words import plural
from estate.explore.alternatives import (
    HUB_IN_ALL,
    LEAVE_ALONE,
    SAFE,
    WAYS,
    Way,
    alternatives,
    frequency,
    listed,
)
from estate.explore.ask import Questions
from estate.explore.frontier import frontier, sweep, table
from estate.explore.measure import MEASURES
from estate.explore.pages import (
    WITHHELD,
    change_words,
    limit_words,
    often_table,
    page,
    picture,
    plans_table,
    points_table,
    sweep_table,
)
from estate.explore.picture import frontier_png
from estate.explore.studies import Search, csv_of, record_of, tellable
from estate.present.audience import ROUND_GBP
from estate.present.words import gbp
from estate.study import Answer, Job

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from estate.config import Config
    from estate.core.types import Estate
    from estate.explore.alternatives import Near
    from estate.study import Outcome, Task

MONEY = ("saving_npv_gbp", "bound_npv_gbp", "running_saving_gbp", "capital", "capital_limit", "capital_up_to")
"""Columns of money, as other readers than the council may not read them."""

WIDE = 0.2
"""Part of what any plan can save at most; where more is open, a frontier is not settled."""

LEAST = {"closures": "closures", "access": "farther travel"}
"""What a sweep makes least, in words."""


def explore_frontier(
    search: Search, against: Sequence[str], count: int, shares: Sequence[float]
) -> list[str]:
    """Find and write a frontier, and the sweep of savings.

    Parameters
    ----------
    search : Search
        The run and the folder.
    against : sequence of str
        One or two of ``MEASURES``.
    count : int
        Points along each.
    shares : sequence of float
        Shares of running cost of the sweep; none for no sweep.

    Returns
    -------
    list of str
        What to tell.

    Raises
    ------
    ConfigError
        For an unknown measure, or more than two.
    """
    _known(against)
    asked = {"against": list(against), "count": count, "shares": list(shares)}
    first = Job("frontier", _frontier, parameters=asked)
    told = _answer(search.do([first], here=True))
    search.plans(first, told.figures["plans"])
    return [
        *told.figures["lines"],
        f"All files are in {search.folder}; each point is a whole run in its own folder.",
    ]


def shares_of(text: str) -> list[float]:
    """Read shares such as ``2%,4%`` or ``0.02,0.04``.

    Raises
    ------
    ConfigError
        For a text that is no share between 0 and 1.
    """
    shares, issues = [], []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        try:
            share = float(part.removesuffix("%")) / (100 if part.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 < share <= 1:
            issues.append(
                Issue("command line", None, "", part, "is not a share", "write for example 2% or 0.02")
            )
        shares.append(share)
    if issues:
        raise ConfigError("The shares cannot be read:", issues)
    return shares


def _known(against: Sequence[str]) -> None:
    issues = [
        Issue("command line", None, "--against", name, "is not known", f"use one of {', '.join(MEASURES)}")
        for name in against
        if name not in MEASURES
    ]
    if not issues and not 1 <= len(set(against)) <= 2:
        issues = [
            Issue(
                "command line", None, "--against", ", ".join(against), "is not one or two", "name one or two"
            )
        ]
    if issues:
        raise ConfigError("A frontier cannot be drawn against these:", issues)


def _answer(outcomes: Sequence[Outcome]) -> Answer:
    answer = outcomes[0].answer
    return Answer() if answer is None else answer


def _frontier(task: Task) -> Answer:
    against, shares = list(task.parameters["against"]), list(task.parameters["shares"])
    estate = task.estate()
    questions = Questions(estate, task.config, task.stop)
    points = frontier(questions, against, task.parameters["count"])
    shown = table(questions, points, against)
    open_to = tellable([one.found for one in points], task.config, estate)
    shown = _withheld(shown, open_to, task.config.audience)
    plans = {
        f"point-{n:02d}": record_of(one.found, one.found.bound)
        for n, (one, told) in enumerate(zip(points, open_to, strict=True), 1)
        if one.found is not None and told
    }
    notes = _notes(shown)
    lines = [*_frontier_lines(shown, against), *notes]
    files = {"frontier.csv": csv_of(shown), "frontier.png": frontier_png(shown, against, task.config)}
    frames = {"frontier": shown}
    if shares:
        goals = ["closures", "access"]
        found = sweep(questions, shares, _running_cost(estate, task.config), goals)
        secret = [] if task.config.audience == "internal" else [name for name in MONEY if name in found]
        frames["sweep"] = found.drop(columns=secret)
        files["sweep.csv"] = csv_of(frames["sweep"])
        lines += _sweep_lines(frames["sweep"])
    title = f"What a saving takes: {task.config.title or task.config.name}"
    folders = {int(name.removeprefix("point-")): name for name in plans}
    parts = [
        ("The frontier", picture("frontier.png", title)),
        ("Its points", points_table(shown, against, folders if task.config.audience == "internal" else {})),
    ]
    if shares:
        parts.append(("What a share of running cost takes at least", sweep_table(frames["sweep"])))
    files["frontier.html"] = page(title, task.config, [*_first_lines(shown, against), *notes], parts)
    return Answer({"plans": plans, "lines": lines}, frames, files)


def _withheld(shown: pd.DataFrame, told: Sequence[bool], audience: str) -> pd.DataFrame:
    """Return the points as an audience may read them: money rounded, or withheld, outside the council."""
    money = [name for name in MONEY if name in shown]
    if audience == "internal":
        return shown
    rounded = {name: (shown[name].astype(float) / ROUND_GBP).round() * ROUND_GBP for name in money}
    return shown.assign(**{name: cells.where(np.asarray(told)) for name, cells in rounded.items()})


def _running_cost(estate: Estate, config: Config) -> float:
    """Return the running cost of decided sites in business as usual, net of their income [GBP/year]."""
    from estate.appraise.ledger import build_ledger
    from estate.appraise.steady import steady
    from estate.core.types import Plan

    plan = Plan.empty()
    return steady(build_ledger(estate, config, plan), estate, config, plan).bau_gbp


def _frontier_lines(shown: pd.DataFrame, against: Sequence[str]) -> list[str]:
    lines = []
    for row in shown.to_dict("records"):
        limits = ", ".join(_limits(row, name) for name in against)
        if row["status"] != "found":
            word = "no plan (proved)" if row["status"] == "none" else "no plan found in the time given"
            lines.append(f"{row['point']:>3}  {limits}: {word}")
            continue
        if pd.isna(row["saving_npv_gbp"]):
            lines.append(f"{row['point']:>3}  {limits}: withheld, too near to another point")
            continue
        proved = "" if row["proved"] else f", at most £{row['bound_npv_gbp']:,.0f} possible"
        marks = (" (knee)" if row["knee"] else "") + (" (dominated)" if row["dominated"] else "")
        lines.append(
            f"{row['point']:>3}  {limits}: saves £{row['saving_npv_gbp']:,.0f}{proved},"
            f" {plural(round(row['closures']), 'closure')}, {plural(round(row['hubs']), 'hub')}{marks}"
        )
    return lines


def _first_lines(shown: pd.DataFrame, against: Sequence[str]) -> list[str]:
    """Say of a frontier where it begins and ends, and where its knee is."""
    found = shown[shown["status"] == "found"]
    if found.empty:
        return []
    rows = [("Least", found.head(1)), ("Most saved", found.tail(1))][: len(found)]
    rows.append(("Knee, beyond which a saving takes more", shown[shown["knee"]]))
    return [
        f"{words}: {', '.join(_limits(row, name) for name in against)} (point {row['point']}), saves "
        f"{WITHHELD if pd.isna(row['saving_npv_gbp']) else gbp(row['saving_npv_gbp'])}."
        for words, part in rows
        for row in part.to_dict("records")
    ]


def _notes(shown: pd.DataFrame) -> list[str]:
    """Say where nothing can be concluded yet, or where there is nothing to trade."""
    found = shown[(shown["status"] == "found") & shown.get("saving_npv_gbp", pd.Series(dtype=float)).notna()]
    if found.empty:
        return []
    last = found.iloc[-1]
    if last["bound_npv_gbp"] - last["saving_npv_gbp"] > WIDE * abs(last["bound_npv_gbp"]):
        most = gbp(last["bound_npv_gbp"])
        remedy = "allow more time (solver.time_limit) before anything is concluded"
        return [f"Not settled: some plan may save up to {most}, far more than these; {remedy}."]
    if len(shown) == 1 and last["proved"]:
        return [
            "One plan is best at every limit: what saves most has the least of it; there is nothing to trade."
        ]
    return []


def _limits(row: Mapping[Hashable, Any], name: str) -> str:
    """Return the limit of a measure, or from the tightest to the loosest at which the plan is the same."""
    if pd.isna(row[f"{name}_limit"]):
        return f"{name} at most an amount that is withheld"
    return limit_words(name, row[f"{name}_limit"], row[f"{name}_up_to"])


def _sweep_lines(found: pd.DataFrame) -> list[str]:
    lines = ["Least needed to save a share of running cost:"]
    for row in found.to_dict("records"):
        name = row["least_of"]
        head = f"  {row['share']:.0%} in {row['year']}, least {LEAST[name]}"
        if row["status"] != "found":
            word = "cannot be reached" if row["status"] == "none" else "not found in the time given"
            lines.append(f"{head}: {word}")
            continue
        open_to = row[name] - row["at_least"] > 1e-6 * abs(row[name]) + 1e-6
        least = f"at best {_much(name, row['at_least'])}" if open_to else "proved"
        travel = _much("access", row["access"])
        lines.append(
            f"{head}: {plural(round(row['closures']), 'closure')}, residents travel {travel} ({least})"
        )
    return lines


def _much(name: str, value: float) -> str:
    """Return a measure of a plan in words: closures, or how much farther residents travel."""
    words = change_words(name, value)
    return (
        words if name == "closures" else words.replace(" ", " km a year ", 1) if words[0].isdigit() else words
    )


def explore_alternatives(search: Search, within: float, count: int, way: str) -> list[str]:
    """Find and write plans nearly as good; returns what to tell.

    Raises
    ------
    ConfigError
        For an unknown way of looking.
    """
    if way not in WAYS:
        issue = Issue("command line", None, "--way", way, "is not known", f"use one of {', '.join(WAYS)}")
        raise ConfigError("Alternatives cannot be found so:", [issue])
    first = Job("alternatives", _alternatives, parameters={"within": within, "count": count, "way": way})
    told = _answer(search.do([first], here=True))
    search.plans(first, told.figures["plans"])
    return [
        *told.figures["lines"],
        f"All files are in {search.folder}; each plan is a whole run in its own folder.",
    ]


def _alternatives(task: Task) -> Answer:
    from estate.present.audience import confidential_sites

    asked, hidden = task.parameters, set[str]()
    way: Way = asked["way"]
    estate = task.estate()
    questions = Questions(estate, task.config, task.stop)
    near = alternatives(questions, asked["within"], asked["count"], way)
    often = frequency(questions, near)
    if task.config.audience != "internal":
        hidden = confidential_sites(estate.tables["sites"])
        often = often[~often["site_id"].isin(hidden)]
    best = near.plans[0]
    told = tellable(near.plans, task.config, estate)
    plans = {
        f"plan-{n:02d}": record_of(one, best.bound)
        for n, (one, shown) in enumerate(zip(near.plans, told, strict=True), 1)
        if shown
    }
    lines = _near_lines(task, near, often)
    title = f"Nearly as good: {task.config.title or task.config.name}"
    internal = task.config.audience == "internal"
    table = listed(questions, near, told, hidden)
    if not internal:
        money = ["saving_npv_gbp", "below_best_gbp"]
        table[money] = (table[money] / ROUND_GBP).round() * ROUND_GBP
    parts = [
        ("The plans", plans_table(table, links=internal)),
        ("How often each site closes", often_table(often)),
    ]
    files = {
        "closes_how_often.csv": csv_of(often),
        "plans.csv": csv_of(table),
        "alternatives.html": page(title, task.config, lines, parts),
    }
    return Answer({"plans": plans, "lines": lines}, {"closes_how_often": often, "plans": table}, files)


def _near_lines(task: Task, near: Near, often: pd.DataFrame) -> list[str]:
    """Say how many plans are nearly as good, and what closes in all of them and in none."""
    best, margin = near.plans[0], task.parameters["within"]
    called = (often["site_id"] + " " + often["name"]).str.strip()
    safe, hubs, alone = (called[often["advice"] == word].tolist() for word in (SAFE, HUB_IN_ALL, LEAVE_ALONE))
    internal = task.config.audience == "internal"
    least, value, bound = (
        amount if internal else round(amount / ROUND_GBP) * ROUND_GBP
        for amount in (best.value - margin * abs(best.value), best.value, best.bound)
    )
    most = f"the best found saves £{value:,.0f}, and none can save more than £{bound:,.0f}"
    count = plural(len(near.plans), "plan found that saves", "plans found that save")
    lines = [
        f"{count} at least £{least:,.0f} ({margin:.1%} below the best: {most}).",
        "No other choice of closures and hubs is as near." if near.complete else "There may be more.",
    ]
    lines += (
        [
            f"Close in all, safe to start with: {', '.join(safe) or 'none'}.",
            f"Hubs in all: {', '.join(hubs) or 'none'}.",
            f"Close in none, leave alone: {', '.join(alone) or 'none'}.",
        ]
        if near.settled
        else ["Which sites to start with is not settled: a plan unlike these may save more than all of them."]
    )
    if task.parameters["way"] == "best" and not near.proved:
        lines.append("The order is not proved: some searches ended before their gap was closed.")
    return lines
