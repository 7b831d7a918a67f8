"""A recorded plan valued again under other assumptions, held fixed: nothing is solved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.appraise.receipts import later_sales
from estate.appraise.switching import assumption_values, plan_levers
from estate.core.errors import ConfigError, Issue
from estate.core.levers import LEVERS
from estate.core.result import ACCESS_COLUMNS
from estate.core.types import Plan
from estate.pipeline import evaluate_plan, read_estate, refuse_foreign
from estate.present.words import quantity
from estate.present.write import write_all
from estate.replay import base_of, read_record, same_inputs
from estate.settings import changed, parse_assignments, recorded_config, say_nearest
from estate.verify import check_money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from estate.config import Config
    from estate.core.result import Result
    from estate.core.types import Estate

HELD = "The plan is held fixed: it was not planned again under the changed assumptions."
WRITTEN = ("tables", "json", "cashflow chart", "workbook", "business case")
"""Writers of a valuation: map and report are those of the run."""

CASES = ("as_hoped", "late_and_lower", "none")
MOST_LINES = 12
_COUNTS = frozenset({"sites", "hubs", "provisions", "person"})


@dataclass(frozen=True)
class Changes:
    """What is changed before a recorded plan is valued again.

    Attributes
    ----------
    sets : mapping
        Values of the configuration, by dotted key.
    levers : mapping of str to float
        Value of levers by name [share].
    receipts : str
        ``as_hoped``, ``late_and_lower`` (by as much as the section finance of the
        configuration says) or ``none``; blank for as hoped.
    delay_years : int
        Years by which every sale is later; the empty building is held for so much longer.
    """

    sets: Mapping[str, Any] = field(default_factory=dict)
    levers: Mapping[str, float] = field(default_factory=dict)
    receipts: str = ""
    delay_years: int = 0

    def check(self) -> None:
        """See that the changes make sense.

        Raises
        ------
        ConfigError
            With every change that does not.
        """
        issues = [
            _issue(lever.name, str(value), "is out of range", f"give a share from 0 to {lever.most:g}")
            for lever in LEVERS
            if not 0.0 <= (value := self.levers.get(lever.name, 0.0)) <= lever.most
        ]
        if self.delay_years < 0:
            issues.append(_issue("--delay", str(self.delay_years), "is negative", "give whole years"))
        if self.receipts and self.receipts not in CASES:
            remedy = say_nearest(self.receipts, CASES)
            issues.append(_issue("--receipts", self.receipts, "is not a case", remedy))
        elif self.receipts and (self.delay_years or self.levers.get("receipt_haircut_share")):
            remedy = "give --receipts, or --haircut and --delay"
            issues.append(_issue("--receipts", self.receipts, "is given twice", remedy))
        if issues:
            raise ConfigError("The changes cannot be made:", issues)

    def sales(self, config: Config) -> tuple[int, float]:
        """Return by how many years sales are later, and by what share lower, before levers."""
        if self.receipts == "late_and_lower":
            return config.finance.late_years, config.finance.lower_share
        return self.delay_years, 0.0

    def all_levers(self) -> dict[str, float]:
        """Return the value of every lever that is pulled."""
        none = {"receipt_haircut_share": 1.0} if self.receipts == "none" else {}
        return {**self.levers, **none}

    def words(self) -> list[str]:
        """Say what is changed, one sentence a change."""
        said = [f"Changed: {key} = {value}." for key, value in self.sets.items()]
        labels = {lever.name: lever.label for lever in LEVERS}
        said += [f"Changed: {labels[name]} {value:.1%}." for name, value in self.levers.items() if value]
        said += [f"Changed: receipts {self.receipts.replace('_', ' ')}."] if self.receipts else []
        return said + ([f"Changed: sales {self.delay_years} years later."] if self.delay_years else [])


def _issue(what: str, value: str, problem: str, remedy: str) -> Issue:
    return Issue("command line", None, what, value, problem, remedy)


def read_changes(
    sets: Sequence[str],
    discount_rate: float | None,
    levers: Mapping[str, float],
    receipts: str = "",
    delay_years: int = 0,
) -> Changes:
    """Return the changes that the options of the command line ask for.

    Parameters
    ----------
    sets : sequence of str
        Changes of the configuration, as ``key=value``.
    discount_rate : float, optional
        One rate for all years [share/year], the same as ``--set vintage=5%``.
    levers, receipts, delay_years
        As in `Changes`.

    Raises
    ------
    ConfigError
        If a change cannot be read.
    """
    values = parse_assignments(sets)
    if discount_rate is not None:
        if not 0.0 <= discount_rate < 1.0:
            told = "give a share from 0 to less than 1, such as 0.05"
            issue = _issue("--discount-rate", f"{discount_rate:g}", "is no rate", told)
            raise ConfigError("The changes cannot be made:", [issue])
        values["vintage"] = f"{discount_rate * 100:.10g}%"
    return Changes(values, dict(levers), receipts, delay_years)


def appraise_plan(
    asked: tuple[Path, Path | None, Path | None], changes: Changes, out: Path | None = None
) -> list[str]:
    """Value the plan of a finished run again, and write the figures beside it.

    Parameters
    ----------
    asked : tuple of Path
        Folder of the run; folder of its configuration, or None for the recorded one; folder
        for ``${ESTATE_SHARED}``, or None.
    changes : Changes
        What is assumed otherwise.
    out : Path, optional
        Folder in which the results get a folder of their own; else beside that of the run.

    Returns
    -------
    list of str
        What to tell: figures before and after, switching values, where the files are.

    Raises
    ------
    ConfigError, InputError
        If the run cannot be read again or its data have changed since.
    """
    changes.check()
    folder, data, shared = asked
    record, summary = (read_record(folder / name) for name in ("run.json", "summary.json"))
    base = base_of(folder, record, data)
    config = changed(recorded_config(record["config"], base, shared), changes.sets, "command line")
    config = config.model_copy(update={"audience": "internal"})
    target = (folder.resolve().parent if out is None else out) / f"{config.name}-appraised"
    refuse_foreign(target)
    estate = read_estate(config, base)
    if not any(key == "data" or key.startswith("data.") for key in changes.sets):
        same_inputs(record["input_hashes"], estate.input_hashes)
    plan = Plan.from_records(record["plan"])
    estate = later_sales(estate, *changes.sales(config))
    result = evaluate_plan(config, base, plan, estate, None, changes.all_levers())
    told = [HELD, *changes.words(), *_broken(result, changes)]
    result = replace(
        result,
        estate=replace(estate, notes=(*told, *estate.notes)),
        access=pd.DataFrame(columns=list(ACCESS_COLUMNS)),
        business=_without_scenarios(result, changes),
        run={**result.run, "held_fixed": record.get("made", ""), "levers": changes.all_levers()},
    )
    tables = {
        "measures": compared(summary.get("headlines", []), result.summary["headlines"]),
        "switching_values": switching_values(estate, result, changes.all_levers()),
    }
    write_all(result, target, "internal", WRITTEN, tables)
    return [*told, "", *_lines(tables), *_scenarios(result), "", f"All files are in {target}."]


def switching_values(estate: Estate, result: Result, levers: Mapping[str, float]) -> pd.DataFrame:
    """Return the switching values of a plan held fixed: of levers, discount rate and assumptions."""
    config = _configured(result)
    parts = [
        plan_levers(result.ledger, config),
        assumption_values(estate, config, result.plan, levers),
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _configured(result: Result) -> Config:
    """Return the configuration of a run, which is complete where the run was made here."""
    from estate.config import Config

    if not isinstance(result.config, Config):
        raise TypeError("a run that is valued has a complete configuration")
    return result.config


def _without_scenarios(result: Result, changes: Changes) -> dict[str, pd.DataFrame]:
    """Return the business case; futures of the sales are told only where none was chosen."""
    chosen = bool(changes.receipts or changes.delay_years or changes.levers.get("receipt_haircut_share"))
    return {k: v for k, v in result.business.items() if not (chosen and k == "receipt_scenarios")}


def _broken(result: Result, changes: Changes) -> list[str]:
    """Say which rules the plan, held fixed, no longer keeps; other data must at least know its sites."""
    failed = result.checks[~result.checks["passed"].astype(bool)]
    found = {str(row["check"]): str(row["detail"]) for row in failed.to_dict("records")}
    lower = later_sales(result.estate, 0, changes.all_levers().get("receipt_haircut_share", 0.0))
    for broken in check_money(lower, _configured(result), result.plan):
        found.setdefault(broken.rule, broken.message)
    return [f"No longer kept: {rule}: {words}." for rule, words in list(found.items())[:MOST_LINES]]


def compared(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return headline figures of the run and of the valuation side by side.

    Returns
    -------
    DataFrame
        key, label, recorded, changed, difference, unit, numerator, denominator, year,
        price_base, note.
    """
    known = {row.get("key"): row for row in before}
    rows = pd.DataFrame(list(after))
    recorded = [known.get(key, {}).get("value") for key in rows["key"]]
    rows = rows.assign(recorded=pd.to_numeric(pd.Series(recorded, dtype=object), errors="coerce"))
    rows["changed"] = pd.to_numeric(rows["value"], errors="coerce")
    rows["difference"] = rows["changed"] - rows["recorded"]
    order = ["key", "label", "recorded", "changed", "difference", "unit", "numerator", "denominator"]
    return rows[[*order, "year", "price_base", "note"]]


def _lines(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say the figures before and after, and the first switching values."""
    lines = ["Measure: as recorded, as changed"]
    for row in tables["measures"].to_dict("records"):
        unit = str(row["unit"])
        if unit not in _COUNTS:
            before, after = quantity(row["recorded"], unit), quantity(row["changed"], unit)
            lines.append(f"  {row['label']}: {before}, {after}")
    lines += ["", "Switching values: the plan is worth nothing if ..., all else as it is"]
    known = tables["switching_values"].dropna(subset=["switching_value"])
    told = [f"  {_switch(row)}" for row in known.head(MOST_LINES).to_dict("records")]
    return lines + (told or ["  No single assumption does it within what can be imagined."])


def _switch(row: Mapping[Any, Any]) -> str:
    """Say one switching value in words."""
    unit = str(row["unit"])
    if unit.startswith("share"):
        return f"{row['label']}: {row['switching_value']:.1%}"
    return f"{row['label']}: {row['switching_value']:,.4g} {unit} (here {row['value']:,.4g})"


def _scenarios(result: Result) -> list[str]:
    """Say whether the purses can pay when receipts come, come late, or never do."""
    lines = ["", "Receipts, the plan held fixed"]
    if "receipt_scenarios" not in result.business:
        return []
    for row in result.business["receipt_scenarios"].to_dict("records"):
        dry = f", runs dry in {row['dry_year']}" if row["dry_year"] else ""
        worth = quantity(row["npv_financial_gbp"], "GBP")
        lines.append(f"  {row['scenario']}, purse {row['purse']}: net present saving {worth}{dry}")
    return lines
