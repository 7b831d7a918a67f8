"""Headers of other people's tables: matched in any case and spacing, read in any encoding."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from estate.inputs.grids import read_grids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HEADER_ROWS = 40
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_BLANKS = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u2060\ufeff]+")
_NOTHING = frozenset(
    {"n/a", "na", "nan", "none", "null", "-", "--", "not applicable", "not known", "unknown", "tbc", "#n/a"}
)


@cache
def alias_table(source: str) -> dict[str, str]:
    """Return ``{folded alias: canonical name}`` of the kind of source: register, places or areas."""
    with files("estate.inputs").joinpath("header_aliases.csv").open(encoding="utf-8") as handle:
        frame = pd.read_csv(handle, dtype=str, keep_default_na=False)
    frame = frame[frame["source"] == source]
    table = {fold(name): name for name in frame["canonical"]}
    table.update({fold(alias): name for alias, name in zip(frame["alias"], frame["canonical"], strict=True)})
    return table


def fold(text: str) -> str:
    """Reduce a header to its letters and digits in lower case, so that spellings compare equal."""
    plain = unicodedata.normalize("NFKD", str(text)).lower()
    return re.sub(r"[^a-z0-9+]", "", plain)


def canonical_of(header: str, source: str) -> str | None:
    """Return the canonical name of a header, with or without what stands in brackets; None if unknown."""
    table = alias_table(source)
    return table.get(fold(header)) or table.get(fold(_BRACKETS.sub("", str(header))))


def clean_text(values: pd.Series) -> pd.Series:
    """Trim, join lines, turn every kind of blank into one space, and "n/a" into nothing."""
    text = values.astype(str).str.replace(_BLANKS, " ", regex=True).str.strip()
    return text.mask(text.str.lower().isin(_NOTHING), "")


def read_grid(path: Path) -> pd.DataFrame:
    """Read a file as one grid of text: of several sheets the one whose header is best understood.

    Raises
    ------
    InputError
        As :func:`estate.inputs.grids.read_grids`.
    """
    grids = [grid for _, grid in read_grids(path)]
    if len(grids) == 1:
        return grids[0]
    return max(grids, key=understood, default=pd.DataFrame())


def understood(
    grid: pd.DataFrame, source: str = "register", given: Mapping[str, object] | None = None
) -> int:
    """Return how many headers the best row of a grid has that are known, or given as in `take_columns`."""
    told = _told(given or {})
    return max((_known(row, source, told) for row in _head(grid)), default=0)


def _head(grid: pd.DataFrame) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in grid.head(HEADER_ROWS).to_numpy().tolist()]


def _known(row: Sequence[str], source: str, told: Mapping[str, str]) -> int:
    return len({told.get(fold(cell)) or canonical_of(cell, source) for cell in row if cell.strip()} - {None})


def _told(given: Mapping[str, object]) -> dict[str, str]:
    """Return ``{folded header: canonical name}`` of what the user has said of headers."""
    return {
        fold(str(text)): canonical
        for canonical, value in given.items()
        for text in (value if isinstance(value, list) else [value])
    }


def header_row(grid: pd.DataFrame, source: str, given: Mapping[str, object] | None = None) -> int | None:
    """Return the row whose cells are best understood as headers, None where no row has two."""
    told = _told(given or {})
    scores = [_known(row, source, told) for row in _head(grid)]
    best = max(scores, default=0)
    return scores.index(best) if best >= 2 else None


def take_columns(
    grid: pd.DataFrame, header: int, source: str, given: Mapping[str, object] | None = None
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the rows below the header under canonical names.

    Columns of one meaning (duplicated headers, "If freehold" beside "If leasehold") are
    put together: the first that is not blank counts. The frame's index is the row as a
    spreadsheet shows it.

    Parameters
    ----------
    grid : DataFrame
        Text, as :func:`read_grid` returns it.
    header : int
        Position of the header row.
    source : str
        Which aliases: register, places or areas.
    given : mapping, optional
        ``{canonical: header or list of headers}``, which wins over the aliases.

    Returns
    -------
    DataFrame
        Columns by canonical name; unknown headers are left out.
    list of str
        Headers that are not understood.
    list of str
        Names given that are not among the headers.
    """
    headers = [str(cell) for cell in grid.iloc[header].tolist()]
    names, missing = _assign(headers, source, given or {})
    body = grid.iloc[header + 1 :]
    body.index = pd.Index(range(header + 2, header + 2 + len(body)), name="row")
    columns: dict[str, pd.Series] = {}
    for position, name in enumerate(names):
        if name is None:
            continue
        values = clean_text(body.iloc[:, position])
        columns[name] = columns[name].where(columns[name] != "", values) if name in columns else values
    frame = pd.DataFrame(columns, index=body.index)
    unknown = [
        text.strip() for text, name in zip(headers, names, strict=True) if name is None and text.strip()
    ]
    filled = (frame != "").any(axis=1) if len(frame.columns) else pd.Series(data=False, index=frame.index)
    return frame[filled], unknown, missing


def _assign(
    headers: Sequence[str], source: str, given: Mapping[str, object]
) -> tuple[list[str | None], list[str]]:
    """Return the canonical name of every header, and the given headers that are not there."""
    wanted = _told(given)
    found = {fold(header) for header in headers}
    missing = [text for text in wanted if text not in found]
    taken = {wanted[text] for text in wanted if text in found}
    names: list[str | None] = []
    for header in headers:
        name = wanted.get(fold(header))
        guess = canonical_of(header, source)
        names.append(name or (None if guess in taken else guess))
    return names, missing
