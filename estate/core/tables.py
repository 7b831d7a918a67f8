"""The data dictionary as specifications, and frames conformed to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rapidfuzz import process

from estate.core import cells
from estate.core.errors import Issue
from estate.core.repeats import repeats, unread

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sites": ("site_id",),
        "running_costs": ("site_id", "heading", "fund"),
        "provisions": ("provision_id",),
        "services": ("service_id",),
        "compatibility": ("service_a", "service_b", "relation"),
        "hub_options": ("site_id", "option"),
        "host_terms": ("site_id",),
        "tenures": ("site_id",),
        "brakes": ("site_id", "brake", "effect"),
        "valuations": ("site_id", "exit_route"),
        "backlog": (),  # several works of one priority are usual
        "partners": ("partner_id",),
        "budgets": ("purse", "year"),
        "areas": ("area_id",),
        "demand": ("area_id", "service_id"),
        "linked_trips": ("service_a", "service_b"),
        "evidence": ("subject", "source"),
        "standards": ("standard_id",),
        "travel": ("area_id", "site_id", "mode"),
        "assumptions": ("name",),
        "decisions": ("site_id", "state"),
    }
)
IGNORED_HEADERS = frozenset({"geometry", "geom", "wkb", "fid", "note", "notes", "comment", "comments"})
MOST_ISSUES = 200
LONGEST = {"id": 200, "text": 2_000}  # characters; more comes from a broken file
_KINDS_OF_VALUE = {
    "number": "a number",
    "share": "a share",
    "integer": "a whole number",
    "year": "a financial year",
    "date": "a date",
    "boolean": "yes or no",
}


@dataclass(frozen=True)
class Column:
    """One column of a table, as the data dictionary defines it.

    Attributes
    ----------
    name, type, unit : str
        Type is id, text, enum, boolean, number, share, integer, year or date.
    required : bool
        Whether every row needs a value.
    default : str
        What a blank means; "" where a blank stays blank.
    minimum, maximum : float
        Accepted range [unit of the column]; NaN where open.
    allowed : tuple of str
        Choices of an enum.
    sensitivity : str
        public, partner, internal or confidential.
    description, source : str
        What it is, and where the definition comes from.
    """

    name: str
    type: str
    unit: str = ""
    required: bool = False
    default: str = ""
    minimum: float = math.nan
    maximum: float = math.nan
    allowed: tuple[str, ...] = ()
    sensitivity: str = "public"
    description: str = ""
    source: str = ""

    @property
    def is_text(self) -> bool:
        """Whether values are text, blank as ""."""
        return self.type in {"id", "text", "enum"}

    @property
    def dtype(self) -> str:
        """Type of the conformed column; whole numbers that may be blank are float64."""
        if self.is_text:
            return "str"
        if self.type in {"integer", "year"}:
            return "int64" if self.required or self.default else "float64"
        return {"boolean": "bool", "date": "datetime64[s]"}.get(self.type, "float64")


@dataclass(frozen=True)
class TableSpec:
    """A table of the data dictionary.

    Attributes
    ----------
    name : str
        Name of the table, and of its file or sheet.
    columns : tuple of Column
        In the order of the dictionary.
    key : tuple of str
        Columns that together are unique.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]

    def __getitem__(self, name: str) -> Column:
        """Return the column of that name; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]


def _number(text: str) -> float:
    return float(text) if text else math.nan


@cache
def _spec(name: str) -> TableSpec:
    with files("estate.core").joinpath(f"dictionary/{name}.csv").open(encoding="utf-8") as handle:
        rows = pd.read_csv(handle, dtype=str, keep_default_na=False)
    return spec_of(name, rows, KEYS[name])


def spec_of(name: str, rows: pd.DataFrame, key: tuple[str, ...] = ()) -> TableSpec:
    """Return the specification of a table from the rows of its dictionary, all text."""
    columns = tuple(
        Column(
            name=str(row["column"]),
            required=row["required"] == "yes",
            minimum=_number(str(row["minimum"])),
            maximum=_number(str(row["maximum"])),
            allowed=tuple(filter(None, str(row["allowed"]).split(";"))),
            **{n: str(row[n]) for n in ("type", "unit", "default", "sensitivity", "description", "source")},
        )
        for row in rows.to_dict("records")
    )
    return TableSpec(name, columns, key)


class _Specs(Mapping[str, TableSpec]):
    """Every table by name; each dictionary file is read when it is first asked for."""

    def __getitem__(self, name: str) -> TableSpec:
        if name not in KEYS:
            raise KeyError(name)
        return _spec(name)

    def __iter__(self) -> Iterator[str]:
        return iter(KEYS)

    def __len__(self) -> int:
        return len(KEYS)


SPECS: Mapping[str, TableSpec] = _Specs()


def nearest(word: str, known: list[str], cutoff: float = 60.0) -> str:
    """Return the known word most like the one given, "" where none is near."""
    found = process.extractOne(
        word.casefold(), {name: name.casefold() for name in known}, score_cutoff=cutoff
    )
    return str(found[2]) if found else ""


def empty(spec: TableSpec) -> pd.DataFrame:
    """Return the table without rows, with the right columns and types."""
    return pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in spec.columns})


def conform(frame: pd.DataFrame, spec: TableSpec, source: str) -> tuple[pd.DataFrame, list[Issue]]:
    """Bring a frame to the data dictionary: headers, types, ranges, keys, defaults.

    Parameters
    ----------
    frame : DataFrame
        Cells of any type; best all text. An index named ``row`` holds the rows as a
        spreadsheet shows them, otherwise the first row counts as row 2.
    spec : TableSpec
        The table.
    source : str
        Name of the file or sheet, for the messages.

    Returns
    -------
    frame : DataFrame
        Exactly the columns of the dictionary, in its order. Text and ids are text with ""
        for blank; numbers and shares float64 with NaN; whole numbers and years int64 where
        they are required or have a default, else float64 with NaN; booleans bool; dates
        datetime64[s] (leases of 999 years fit). Blanks with a default are filled.
    issues : list of Issue
        Every problem found.
    """
    typed, issues = parse(frame, spec, source)
    filled, _ = fill(typed, spec)
    return filled.reset_index(drop=True), issues


def parse(frame: pd.DataFrame, spec: TableSpec, source: str) -> tuple[pd.DataFrame, list[Issue]]:
    """Do what `conform` does, but leave blanks blank and keep spreadsheet rows as the index."""
    rows = pd.Index(frame.index if frame.index.name == "row" else np.arange(len(frame)) + 2, name="row")
    named, strange = _match_headers(frame.set_axis(rows), spec, source)
    issues = list(strange)
    text = pd.DataFrame({name: cells.clean_text(named[name]) for name in named}, index=rows)
    text = text[(text != "").any(axis=1)] if len(text.columns) else text.iloc[:0]
    data: dict[str, pd.Series] = {}
    for column in spec.columns:
        given = column.name in text.columns
        cell = text[column.name] if given else pd.Series("", index=text.index, dtype=object)
        data[column.name], found = _column(cell, column, source, given=given)
        issues += found
    typed = pd.DataFrame(data, index=text.index)
    known = typed[~unread(text, typed, spec, strange=bool(strange))]
    return typed, issues + repeats(fill(known, spec)[0], spec, source)


def fill(typed: pd.DataFrame, spec: TableSpec) -> tuple[pd.DataFrame, dict[str, int]]:
    """Fill blanks with the defaults of the dictionary, and count them by column."""
    counts: dict[str, int] = {}
    data: dict[str, pd.Series] = {}
    for column in spec.columns if len(typed) else ():
        values = typed[column.name]
        blank = (values == "") if column.is_text else values.isna()
        if column.default and blank.any():
            counts[column.name] = int(blank.sum())
            values = values.mask(blank, _default_value(column))
        data[column.name] = _cast(values, column)
    return (pd.DataFrame(data, index=typed.index) if data else empty(spec)), counts


def _default_value(column: Column) -> object:
    if column.is_text:
        return column.default
    return column.default == "yes" if column.type == "boolean" else float(column.default)


def _cast(values: pd.Series, column: Column) -> pd.Series:
    if column.type == "boolean":
        return values.fillna(value=False).astype(bool)
    if column.dtype == "int64" and values.isna().any():
        return values.astype("float64")  # a required value is missing: the issue says so
    return values.astype(column.dtype)  # type: ignore[call-overload, no-any-return]


def _match_headers(
    frame: pd.DataFrame, spec: TableSpec, source: str
) -> tuple[dict[str, pd.Series], list[Issue]]:
    known = {cells.normal_name(name): name for name in spec.names}
    named: dict[str, pd.Series] = {}
    issues: list[Issue] = []
    for position, header in enumerate(frame.columns):
        values = frame.iloc[:, position]
        plain = cells.normal_name(header)
        if plain in known and known[plain] not in named:
            named[known[plain]] = values
        elif plain in known:
            place = (source, None, known[plain], str(header), "is a column twice")
            issues.append(Issue(*place, "delete or rename one of them"))
        elif plain not in IGNORED_HEADERS and not (plain == "" and (cells.clean_text(values) == "").all()):
            issues.append(_unknown_header(str(header), spec, source))
    return named, issues


def _unknown_header(header: str, spec: TableSpec, source: str) -> Issue:
    like = nearest(header, spec.names)
    remedy = (
        f"rename it to {like}, or delete it" if like else "delete it; the data dictionary lists the columns"
    )
    return Issue(source, None, "", header or "(no header)", "is not a column of this table", remedy)


def _column(text: pd.Series, column: Column, source: str, *, given: bool) -> tuple[pd.Series, list[Issue]]:
    """Read one column; returns typed values and every problem in it."""
    if column.required and not given:
        problem = f"is missing ({column.description})"
        return _read(text, column)[0], [
            Issue(source, None, column.name, "", problem, f"add the column {column.name}")
        ]
    values, bad = _read(text, column)
    issues = _issues(text, bad, column, source, (_bad_problem(column), _bad_remedy(column)))
    blank = (text == "").to_numpy()
    if column.required:
        issues += _issues(text, blank, column, source, ("is blank", f"enter {column.description.lower()}"))
    if column.type in LONGEST:
        most = LONGEST[column.type]
        long = (text.str.len() > most).to_numpy()
        issues += _issues(text, long, column, source, (f"is longer than {most:,} characters", "shorten it"))
    elif not column.is_text and column.type not in {"boolean", "date"}:
        issues += _range_issues(text, values, column, source)
    return values, issues


def _read(text: pd.Series, column: Column) -> cells.Parsed:
    if column.type in {"number", "share", "integer"}:
        values, bad = cells.numbers(text, column.unit, share=column.type == "share")
        if column.type == "integer":
            bad = bad | (values.notna() & (values % 1 != 0)).to_numpy()
        return values, bad
    if column.type == "enum":
        return cells.choices(text, column.allowed)
    readers = {"year": cells.years, "date": cells.dates, "boolean": cells.booleans}
    if column.type in readers:
        return readers[column.type](text)
    return text, np.zeros(len(text), dtype=bool)


def _bad_problem(column: Column) -> str:
    named = f"one of {', '.join(column.allowed)}"
    return f"is not {named if column.type == 'enum' else _KINDS_OF_VALUE.get(column.type, 'text')}"


def _bad_remedy(column: Column) -> str:
    return {
        "number": "write digits only, for example 1200 or 1,200.50",
        "share": "write a share between 0 and 1, for example 0.6 or 60%",
        "integer": "write a whole number",
        "year": "write 2027 or 2027/28",
        "date": "write 2027-04-01 or 01/04/2027, with four digits for the year",
        "boolean": "write yes or no",
        "enum": "choose one of them",
    }.get(column.type, "correct it")


def _range_issues(text: pd.Series, values: pd.Series, column: Column, source: str) -> list[Issue]:
    low = (values < column.minimum).to_numpy()
    high = (values > column.maximum).to_numpy()
    unit = f" {column.unit}" if column.unit else ""
    below = "is negative" if column.minimum == 0 else f"is below {column.minimum:g}"
    remedy = f"enter {column.description.lower()} of at least {column.minimum:g}{unit}"
    upper = f"enter {column.description.lower()} of at most {column.maximum:g}{unit}"
    if column.type == "share":
        upper = "write a share between 0 and 1, for example 0.6 or 60%"
    return [
        *_issues(text, low, column, source, (below, remedy)),
        *_issues(text, high, column, source, (f"is above {column.maximum:g}", upper)),
    ]


def _issues(
    text: pd.Series, where: NDArray[np.bool_], column: Column, source: str, words: tuple[str, str]
) -> list[Issue]:
    """Give an Issue for every marked cell; beyond `MOST_ISSUES` the rest is counted."""
    marked = text[where]
    found = [
        Issue(source, int(str(row)), column.name, str(value)[: LONGEST["id"]], *words)
        for row, value in marked.head(MOST_ISSUES).items()
    ]
    if len(marked) > MOST_ISSUES:
        rest = f"{len(marked) - MOST_ISSUES:,} more rows have the same problem ({words[0]})"
        found.append(Issue(source, None, column.name, "", rest, words[1]))
    return found
