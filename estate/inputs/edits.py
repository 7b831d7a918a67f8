"""Changes of cells that a configuration asks for, made before anything is checked or filled in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.cells import cell_text
from estate.core.errors import Issue
from estate.core.tables import SPECS, nearest, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estate.config import EditSection
    from estate.core.tables import TableSpec

SOURCE = "config"
NUMBERS = frozenset({"number", "share", "integer", "year"})


def with_edits(
    typed: Mapping[str, pd.DataFrame], edits: Sequence[EditSection]
) -> tuple[dict[str, pd.DataFrame], list[Issue], list[str]]:
    """Return the tables with every edit made, one after the other.

    Parameters
    ----------
    typed : mapping of str to DataFrame
        Typed tables, blanks still blank.
    edits : sequence of EditSection
        In their order; later ones see what earlier ones did.

    Returns
    -------
    dict of str to DataFrame
        All tables.
    list of Issue
        Names that are not known, values that cannot be, and edits that no row answers to.
    list of str
        What was changed, for the reader.
    """
    tables = dict(typed)
    issues: list[Issue] = []
    notes: list[str] = []
    for number, edit in enumerate(edits):
        place = f"edits.{number}"
        unknown = unknown_names(edit, place)
        issues += unknown
        if unknown:
            continue
        spec, frame = SPECS[edit.table], tables[edit.table]
        rows, found = _rows(frame, edit, spec, place)
        issues += found
        if found:
            continue
        for name, value in edit.set.items():
            column, found = _changed(frame[name], rows, value, (spec, f"{place}.set.{name}"))
            frame = frame.assign(**{name: column})
            issues += found
            notes.append(_note(edit, name, value, int(rows.sum())))
        tables[edit.table] = frame
    return tables, issues, notes


def _note(edit: EditSection, name: str, value: object, rows: int) -> str:
    how = (
        f"multiplied by {value['multiply']}"
        if isinstance(value, dict) and "multiply" in value
        else f"set to {value}"
    )
    count = "1 row" if rows == 1 else f"{rows:,} rows"
    return f"Changed by the configuration: {name} in {count} of {edit.table} {how}."


def _issue(key: str, value: object, problem: str, remedy: str) -> Issue:
    return Issue(SOURCE, None, key, "" if value is None else str(value)[:60], problem, remedy)


def _like(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    return f"did you mean {close}?" if close else f"use one of {', '.join(known)}"


def unknown_names(edit: EditSection, place: str) -> list[Issue]:
    """Return every table and column of an edit that cannot be meant; no data are needed for that."""
    spec = SPECS.get(edit.table)
    if spec is None:
        return [_issue(f"{place}.table", edit.table, "is not a table", _like(edit.table, list(SPECS)))]
    names = [(f"{place}.{part}.{name}", name) for part in ("where", "set") for name in getattr(edit, part)]
    issues = [
        _issue(key, name, f"is not a column of {edit.table}", _like(name, list(spec.names)))
        for key, name in names
        if name not in spec.names
    ]
    keys = [name for name in edit.set if name in spec.key]
    remedy = "change other columns, or give another file for the table"
    return issues + [_issue(f"{place}.set.{name}", name, "is the key of the table", remedy) for name in keys]


def _rows(
    frame: pd.DataFrame, edit: EditSection, spec: TableSpec, place: str
) -> tuple[pd.Series, list[Issue]]:
    """Return which rows an edit means, and a problem where it means none."""
    rows = pd.Series(data=True, index=frame.index)
    issues: list[Issue] = []
    for name, wanted in edit.where.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        read = [_read(value, spec, name) for value in values]
        bad = [issue for _, found in read for issue in found if issue.value]
        issues += [_issue(f"{place}.where.{name}", one.value, one.problem, one.remedy) for one in bad]
        known = pd.Series([value for value, _ in read], dtype=object)
        rows &= frame[name].isin(known.dropna()) | (frame[name].isna() & bool(known.isna().any()))
    if not issues and not rows.any():
        told = ", ".join(f"{name}: {value}" for name, value in edit.where.items())
        problem = f"matches no row of {edit.table}" if told else f"{edit.table} has no rows"
        issues.append(_issue(f"{place}.where", told, problem, "correct it, or take the edit out"))
    return rows, issues


def _read(value: object, spec: TableSpec, name: str) -> tuple[Any, list[Issue]]:
    """Return one value as the table would hold it, and what is wrong with it there."""
    column = spec[name]
    words = "yes" if value is True else "no" if value is False else cell_text(value).strip()
    if not words:
        blank = [Issue(SOURCE, None, name, "", "is blank", "give a value")] if column.required else []
        return ("" if column.is_text else math.nan), blank
    typed, issues = parse(pd.DataFrame({name: [words]}), spec, SOURCE)
    return typed[name].iloc[0], [one for one in issues if one.column == name]


def _factor(value: dict[str, object]) -> float | None:
    """Return the number of {multiply: number}, None for anything else."""
    factor = value.get("multiply")
    known = isinstance(factor, (int, float)) and not isinstance(factor, bool) and math.isfinite(factor)
    return float(factor) if known and set(value) == {"multiply"} else None  # type: ignore[arg-type]


def _changed(
    cells: pd.Series,
    rows: pd.Series,
    value: object,
    about: tuple[TableSpec, str],
) -> tuple[pd.Series, list[Issue]]:
    """Return a column with the rows changed; `about` is the table of the dictionary and the key."""
    spec, key = about
    column = spec[str(cells.name)]
    if not isinstance(value, dict):
        read, found = _read(value, spec, column.name)
        issues = [_issue(key, one.value, one.problem, one.remedy) for one in found]
        return (cells if issues else cells.mask(rows, read)), issues
    factor = _factor(value)
    if factor is None or column.type not in NUMBERS:
        remedy = "write a value, or for numbers {multiply: 0.8}"
        return cells, [_issue(key, value, "cannot be set", remedy)]
    if cells[rows].isna().all():
        remedy = "set a value, or change the assumption that fills the blank"
        return cells, [_issue(key, value, "has only blanks to multiply", remedy)]
    whole = column.type in {"integer", "year"}
    product = cells.astype("float64") * factor
    product = product.round() if whole else product
    changed = cells.astype("float64").mask(rows, product)
    known = changed[rows].dropna()
    found = [one for product in known.unique() for one in _read(product, spec, column.name)[1]]
    return changed, [_issue(key, one.value, one.problem, one.remedy) for one in found]
