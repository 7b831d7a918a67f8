"""The sheet Settings of the officer's workbook: plain questions, and the configuration they make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estate.core.cells import (
    FALSE_WORDS,
    TRUE_WORDS,
    cell_text,
    clean_text,
    normal_name,
    parse_number,
    parse_year,
)
from estate.core.errors import ConfigError, InputError, Issue
from estate.core.tables import nearest
from estate.inputs.sources import read_file

SETTINGS_SHEET = "Settings"
YEARLY_CAPITAL = "yearly_capital"


@dataclass(frozen=True)
class Setting:
    """One question of the sheet.

    Attributes
    ----------
    key : str
        Place in the configuration, by dots.
    label, help : str
        The question, and what it means.
    kind : str
        text, number, whole, share, year, boolean, choice or ids.
    default : str
        What the new workbook says; "" leaves the question open.
    choices : tuple of (str, str)
        Answers in plain words to values of the configuration.
    """

    key: str
    label: str
    help: str
    kind: str = "text"
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "name",
        "Name of this run",
        "Letters, digits, _ and -; the results go into a folder of this name",
        default="my_estate",
    ),
    Setting("title", "Title", "Printed on every page"),
    Setting("data_date", "Date of the data", "For example 31 March 2027; printed on every page"),
    Setting(
        "source",
        "Source of the data",
        "Whom maps and pages name, as a licence may ask: for example Ordnance Survey",
    ),
    Setting(
        "horizon.first_year",
        "First financial year",
        "2027 or 2027/28; it begins on 1 April",
        "year",
        "2027/28",
    ),
    Setting(
        "horizon.decision_years",
        "Years in which something may happen",
        "Buildings close and hubs open in these years",
        "whole",
        "10",
    ),
    Setting(
        "horizon.appraisal_years", "Years over which money is counted", "At least as many", "whole", "35"
    ),
    Setting(
        "objective",
        "What the plan should save",
        "Value for the public counts costs to society; cash counts the bills of the bodies",
        "choice",
        "Value for the public",
        (("Value for the public", "economic"), ("Cash of the bodies", "financial")),
    ),
    Setting("hubs_allowed", "May shared hubs open", "No compares with a plan without hubs", "boolean", "yes"),
    Setting(
        YEARLY_CAPITAL,
        "Capital for each year of decisions (GBP)",
        "Leave open where the tab Budgets says it by year",
        "number",
    ),
    Setting(
        "rules.capital.purses",
        "Who pays for capital",
        "One purse pools all budgets; otherwise each body spends its own",
        "choice",
        "One purse for all",
        (("One purse for all", "pooled"), ("Each body its own", "separate")),
    ),
    Setting(
        "rules.capital.recycle_share",
        "Part of a sale that may be spent again",
        "For example 50%",
        "share",
        "50%",
    ),
    Setting(
        "rules.capital.recycle_lag_years",
        "Years until a sale may be spent",
        "Whole years after the money comes in",
        "whole",
        "1",
    ),
    Setting(
        "rules.capital.receipts",
        "Count on sales to pay for works",
        "No plans as if no sale ever completes",
        "boolean",
        "yes",
    ),
    Setting(
        "rules.access.enforce",
        "Hold the plan to the travel standards",
        "No only reports them",
        "boolean",
        "yes",
    ),
    Setting("rules.counts.max_hubs", "Most hubs", "Open: no limit", "whole"),
    Setting("rules.counts.min_closures", "Fewest closures", "Open: none asked for", "whole"),
    Setting("rules.counts.max_closures", "Most closures", "Open: no limit", "whole"),
    Setting(
        "rules.materiality.saving_gbp_per_year",
        "Smallest running cost worth a closure (GBP/year)",
        "Open: no limit",
        "number",
    ),
    Setting(
        "rules.materiality.npv_gbp",
        "Smallest net present saving worth a closure (GBP)",
        "Open: no limit. Where both limits are given, a closure that meets one of them is allowed",
        "number",
    ),
    Setting(
        "rules.affordability.peak_funding_gbp",
        "Deepest cash need (GBP)",
        "Most that may be spent before savings pay it back",
        "number",
    ),
    Setting("rules.locks.keep", "Sites that must stay", "Their site_id, separated by semicolons", "ids"),
    Setting("rules.locks.close", "Sites that must close", "Their site_id, separated by semicolons", "ids"),
    Setting(
        "rules.locks.no_hub",
        "Sites that must not become hubs",
        "Their site_id, separated by semicolons",
        "ids",
    ),
    Setting(
        "policy.allow_assumed",
        "Propose sites whose cost and area are both assumed",
        "Better no: such a proposal rests on averages",
        "boolean",
        "no",
    ),
    Setting(
        "solver.gap",
        "How near to the best plan",
        "3% stops when no plan can save more than 3% more",
        "share",
        "3%",
    ),
    Setting(
        "solver.time_limit",
        "Longest search (seconds)",
        "The best plan found so far is given",
        "number",
        "150",
    ),
    Setting(
        "audience",
        "Who will read the results",
        "Public hides values by site and confidential places",
        "choice",
        "Our own team",
        (("Our own team", "internal"), ("The partners", "partner"), ("The public", "public")),
    ),
)


def read_settings(path: Path) -> dict[str, Any]:
    """Turn the sheet Settings of a workbook into a configuration.

    Parameters
    ----------
    path : Path
        The officer's workbook; its tabs are the tables of the estate.

    Returns
    -------
    dict
        As a YAML configuration would be, with ``data.workbook`` the workbook itself,
        relative to its own folder. Without a sheet Settings, every default.

    Raises
    ------
    ConfigError
        With every answer that cannot be read.
    """
    answers, issues = _answers(Path(path))
    config: dict[str, Any] = {
        "name": _file_name(Path(path)),
        "data": {"workbook": Path(path).name},
        "rules": {"capital": {}},
    }
    for setting, (row, text) in answers.items():
        if setting.key == YEARLY_CAPITAL:
            continue
        value, problem = _value(setting, text)
        if problem:
            issues.append(Issue(SETTINGS_SHEET, row, setting.label, text, problem, setting.help))
        else:
            _put(config, setting.key, value)
    if issues:
        raise ConfigError(f"The sheet {SETTINGS_SHEET} has problems:", issues)
    return config


def yearly_capital(path: Path) -> tuple[float | None, list[Issue]]:
    """Return the capital for each year of decisions [GBP] that a workbook names, None where it names none."""
    try:
        answers, _ = _answers(path)
    except ConfigError:
        return None, []
    for setting, (row, text) in answers.items():
        if setting.key == YEARLY_CAPITAL:
            value, problem = _value(setting, text)
            issue = Issue(SETTINGS_SHEET, row, setting.label, text, problem, setting.help)
            return (None, [issue]) if problem else (float(value), [])
    return None, []


def _answers(path: Path) -> tuple[dict[Setting, tuple[int, str]], list[Issue]]:
    """Return the row and text of every setting that is answered."""
    try:
        sheets = read_file(path)
    except InputError as error:
        raise ConfigError(str(error.args[0]), error.issues) from error
    found = [sheet for sheet in sheets if normal_name(sheet.name) == normal_name(SETTINGS_SHEET)]
    known = {normal_name(setting.label): setting for setting in SETTINGS}
    answers: dict[Setting, tuple[int, str]] = {}
    issues: list[Issue] = []
    for sheet in found:
        for row, cells in zip(sheet.cells.index, sheet.cells.to_numpy(), strict=True):
            label, text = ([cell_text(cell).strip() for cell in cells] + ["", ""])[:2]
            setting = known.get(normal_name(label))
            text = str(clean_text(_series(text)).iloc[0])
            if setting and text:
                answers[setting] = (int(row), text)
            elif setting is None and text and normal_name(label) not in {"setting", "question", ""}:
                like = nearest(label, [one.label for one in SETTINGS])
                remedy = f'did you mean "{like}"' if like else "delete the row"
                issues.append(Issue(SETTINGS_SHEET, int(row), "", label, "is not a setting", remedy))
    return answers, issues


def _series(text: str) -> Any:  # noqa: ANN401 - a Series of one
    import pandas as pd

    return pd.Series([text], dtype=object)


def _value(setting: Setting, text: str) -> tuple[Any, str]:
    """Return the value of an answer, or what is wrong with it."""
    if setting.kind == "choice":
        plain = {normal_name(word): value for label, value in setting.choices for word in (label, value)}
        value = plain.get(normal_name(text))
        return value, "" if value else f"is not one of: {', '.join(label for label, _ in setting.choices)}"
    if setting.kind == "boolean":
        word = text.casefold()
        return word in TRUE_WORDS, "" if word in TRUE_WORDS | FALSE_WORDS else "is not yes or no"
    if setting.kind == "ids":
        return [part.strip() for part in re.split(r"[;\n]", text) if part.strip()], ""
    if setting.kind == "text":
        return text, ""
    return _figure(setting, text)


def _figure(setting: Setting, text: str) -> tuple[Any, str]:
    number = parse_year(text) if setting.kind == "year" else parse_number(text, share=setting.kind == "share")
    if number is None:
        return None, "is not a financial year" if setting.kind == "year" else "is not a number"
    if setting.kind in {"whole", "year"}:
        return int(number), "" if number == int(number) else "is not a whole number"
    return number, ""


def _put(config: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - any value of a config
    *path, last = key.split(".")
    for part in path:
        config = config.setdefault(part, {})
    config[last] = value


def _file_name(path: Path) -> str:
    """Return the name of the file as the name of a run."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem).strip("_-")[:64]
    return name or "estate"
