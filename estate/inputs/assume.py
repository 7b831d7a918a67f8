"""The record of everything that was assumed, and the values in force of the named assumptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.cells import cell_text
from estate.core.errors import Issue
from estate.core.reference import default_assumptions
from estate.core.tables import SPECS, Column, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSUMED_COLUMNS = (
    "name",
    "value",
    "low",
    "high",
    "unit",
    "quality",
    "impact",
    "source",
    "description",
    "table",
    "rows",
    "who",
    "when",
)
_WORDS = ("impact", "source", "description", "who", "when")
GAP_COLUMNS = ("table", "site_id", "column", "value", "low", "high")


@dataclass(frozen=True)
class Default:
    """One default that was used; numbers in ``unit``, NaN where the default is a word."""

    name: str
    description: str
    table: str
    rows: float
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    unit: str = ""
    quality: str = "amber"
    impact: str = "green"
    source: str = "data dictionary"
    who: str = "the program"
    when: str = ""


@dataclass
class Filling:
    """An estate while its defaults are filled in.

    Attributes
    ----------
    tables : dict of str to DataFrame
        Conformed tables; each step replaces what it fills.
    values : dict of str to float
        Value in force of every named assumption.
    defaults : list of Default
        What was used.
    gaps : list of DataFrame
        Facts filled in for single sites.
    notes : list of str
        What a reader must know.
    first : list of str
        What a reader must know before all else.
    """

    tables: dict[str, pd.DataFrame]
    values: dict[str, float]
    defaults: list[Default] = field(default_factory=list)
    gaps: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)

    def assume(self, default: Default) -> None:
        """Record a default, unless it touched nothing."""
        if default.rows != 0:
            self.defaults.append(default)

    def used(self, name: str) -> float:
        """Return the value in force of a named assumption."""
        return self.values[name]

    def gap(self, table: str, column: str, rows: pd.DataFrame) -> None:
        """Record facts of single sites; rows have site_id, value, low, high."""
        self.gaps.append(rows.assign(table=table, column=column)[list(GAP_COLUMNS)])

    def gap_table(self) -> pd.DataFrame:
        """Return every gap, sorted by table, column and site."""
        if not self.gaps:
            return pd.DataFrame({name: pd.Series(dtype=_gap_dtype(name)) for name in GAP_COLUMNS})
        table = pd.concat(self.gaps, ignore_index=True)
        return table.sort_values(["table", "column", "site_id"], kind="stable").reset_index(drop=True)


def _gap_dtype(name: str) -> str:
    return "float64" if name in {"value", "low", "high"} else "str"


def assumptions_in_force(
    given: pd.DataFrame, config: Mapping[str, float], set_by: tuple[str, str] = ("", "")
) -> tuple[pd.DataFrame, list[Issue]]:
    """Return the named assumptions: the defaults, replaced by the table, replaced by the config.

    Parameters
    ----------
    given : DataFrame
        Conformed table ``assumptions``, indexed by spreadsheet row.
    config : mapping of str to float
        Values from the configuration.
    set_by : tuple of str
        Who set these, and when.

    Returns
    -------
    DataFrame
        As the defaults: name, value, low, high, unit, quality, impact, source, description; and
        who set it, and when [yyyy-mm-dd].
    list of Issue
        Unknown names, and values that cannot be.
    """
    force = default_assumptions().set_index("name")
    force[["value", "low", "high"]] = force[["value", "low", "high"]].astype("float64")
    known = [str(name) for name in force.index]
    issues = [
        _unknown(name, known, "assumptions", int(str(row)))
        for row, name in given["name"].items()
        if name and name not in known
    ]
    issues += [_unknown(name, known, "config", None) for name in config if name not in known]
    table = given[given["name"].isin(known)].drop_duplicates("name").set_index("name")
    for column in ("low", "high"):
        table[column] = table[column].fillna(table["value"])
    force = force.assign(who="the program", when="")
    table["when"] = table["when"].dt.strftime("%Y-%m-%d").fillna("")
    for column in (*("value", "low", "high", "unit", "quality"), *_WORDS):
        said = table[column][table[column].notna() & (table[column].map(cell_text) != "")]
        force.loc[said.index, column] = said
    for name, value in config.items():
        if name in known:
            force.loc[name, ["value", "low", "high"]] = [
                value,
                min(value, force["low"][name]),
                max(value, force["high"][name]),
            ]
            force.loc[name, ["source", "quality", "who", "when"]] = [
                *("the configuration", "amber"),
                set_by[0] or "whoever wrote the configuration",
                set_by[1],
            ]
    return force.reset_index(), issues + _impossible(force)


def with_works(
    force: pd.DataFrame, bias: Mapping[str, float], given: Mapping[str, float], source: str
) -> pd.DataFrame:
    """Return the named assumptions with the optimism bias of the run's mix of works.

    Parameters
    ----------
    force : DataFrame
        From `assumptions_in_force`.
    bias : mapping
        ``capital_upper``, ``capital_lower`` and ``duration_upper`` [share].
    given : mapping
        Assumptions of the configuration: what stands there is kept.
    source : str
        Where the bias comes from.
    """
    force = force.set_index("name")
    ends = {
        "optimism_bias_share": ("capital_upper", "capital_lower", "capital_upper"),
        "optimism_bias_duration_share": ("duration_upper", "duration_upper", "duration_upper"),
    }
    for name, columns in ends.items():
        if name in force.index and name not in given:
            force.loc[name, ["value", "low", "high"]] = [bias[column] for column in columns]
            force.loc[name, "source"] = source
    return force.reset_index()


def _unknown(name: str, known: list[str], table: str, row: int | None) -> Issue:
    like = nearest(name, known)
    remedy = f"did you mean {like}" if like else f"use one of {', '.join(known)}"
    column = "name" if row is not None else "assumptions"
    return Issue(table, row, column, name, "is not an assumption", remedy)


def _impossible(force: pd.DataFrame) -> list[Issue]:
    values, units = force["value"], force["unit"]
    bad = (values < 0) | ~np.isfinite(values) | ((units == "share") & (values > 1))
    bad |= pd.Series({name: name == "circuity" for name in force.index}) & (values < 1)
    bad |= pd.Series({name: _never_nil(str(name)) for name in force.index}) & (values <= 0)
    return [
        Issue(
            "assumptions",
            None,
            str(name),
            f"{values[name]:g}",
            "cannot be",
            f"enter a value in {units[name]}, {_accepted(str(name), str(units[name]))}",
        )
        for name in force.index[bad]
    ]


def _never_nil(name: str) -> bool:
    return name.endswith("_kmh") or name in {"nia_per_gia", "desks_per_fte", "m2_per_desk"}


def _accepted(name: str, unit: str) -> str:
    """Say which values an assumption may have."""
    if name == "circuity":
        return "1 or more"
    least = "above 0" if _never_nil(name) else "0 or more"
    return f"{least}, at most 1" if unit == "share" else least


def dictionary_defaults(table: str, counts: Mapping[str, int]) -> list[Default]:
    """Return a record of each default of the dictionary that filled blanks of a table."""
    return [_of_column(table, SPECS[table][name], rows) for name, rows in counts.items()]


def _of_column(table: str, column: Column, rows: int) -> Default:
    number = column.type in {"number", "share", "integer"}
    value = float(column.default) if number else np.nan
    said = f"{column.default} {column.unit}".strip()
    return Default(
        name=f"{table}.{column.name}",
        description=f"Blank read as {said}: {column.description}",
        table=table,
        rows=rows,
        value=value,
        low=value,
        high=value,
        unit=column.unit,
        source=column.source or "data dictionary",
    )


def assumed_table(force: pd.DataFrame, touched: Mapping[str, float], defaults: list[Default]) -> pd.DataFrame:
    """Return every assumption: the named ones first, then each default that was used."""
    named = force.assign(table="assumptions", rows=force["name"].map(touched).astype("float64"))
    used = pd.DataFrame([vars(default) for default in defaults], columns=list(ASSUMED_COLUMNS))
    parts = [part[list(ASSUMED_COLUMNS)] for part in (named, used) if len(part)]
    table = pd.concat(parts, ignore_index=True)
    return table.astype(dict.fromkeys(("value", "low", "high", "rows"), "float64"))
