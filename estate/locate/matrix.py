"""Cost matrices as people keep them: a CSV with a column for each site, or a row for each pair."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from estate.core.errors import Issue

if TYPE_CHECKING:
    from pathlib import Path

    from estate.locate.lists import Floats

ABSENT = {"", "inf", "-", "na", "n/a", "nan", "none", "null"}
CLIENT_WORDS = {
    "client",
    "client_id",
    "area",
    "area_id",
    "from",
    "from_id",
    "origin",
    "customer",
    "customer_id",
}
SITE_WORDS = {"site", "site_id", "to", "to_id", "facility", "facility_id", "destination", "place", "hub"}
COST_WORDS = {"cost", "km", "minutes", "distance", "distance_km", "distance_m", "time", "value", "weight"}
MOST_TOLD = 50


@dataclass
class Matrix:
    """A matrix read from a file, with every problem of it.

    Attributes
    ----------
    cost : ndarray, shape (clients, sites)
        Infinite where the pair is missing.
    clients, sites : list of str
        Names.
    issues : list of Issue
        What is wrong.
    """

    cost: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    clients: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def read_rows(path: Path) -> list[list[str]]:
    """Return the cells of a CSV file, whose separator is a comma, a semicolon or a tab."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    return [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=separator)]


def read_matrix(rows: list[list[str]], name: str, column: str | None = None) -> Matrix:
    """Read a matrix, wide or long.

    Parameters
    ----------
    rows : list of list of str
        Cells; the first row holds the headers.
    name : str
        Name of the file, for messages.
    column : str, optional
        In a long table, the column with the costs.

    Returns
    -------
    Matrix
    """
    if len(rows) < 2:
        problem = "has no rows below its header" if rows else "is empty"
        return Matrix(issues=[Issue(name, None, "", "", problem, "give a header and a row for each client")])
    headers = [cell.lower() for cell in rows[0]]
    at = [_position(headers, words) for words in (CLIENT_WORDS, SITE_WORDS)]
    cost = (
        headers.index(column.lower())
        if column and column.lower() in headers
        else _position(headers, COST_WORDS)
    )
    if None not in at and cost is not None:
        return _long(rows, name, (at[0] or 0, at[1] or 0, cost))
    return _wide(rows, name)


def _position(headers: list[str], words: set[str]) -> int | None:
    return next((k for k, header in enumerate(headers) if header in words), None)


def _value(cell: str) -> float | None:
    """Return the number in a cell, infinite where it says that there is none; None if it is neither."""
    if cell.lower() in ABSENT:
        return math.inf
    try:
        value = float(cell.replace(",", "")) if cell.count(",") else float(cell)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _ragged(rows: list[list[str]], name: str, width: int) -> list[Issue]:
    remedy = f"give {width} columns, as in the header"
    return [
        Issue(name, k + 2, "", str(len(row)), "is the number of cells in the row", remedy)
        for k, row in enumerate(rows[1:])
        if row and len(row) != width
    ]


def _wide(rows: list[list[str]], name: str) -> Matrix:
    """Read a row for each client and a column for each site; the first column names the clients."""
    issues = _ragged(rows, name, len(rows[0]))
    sites = rows[0][1:]
    body = [(k + 2, row) for k, row in enumerate(rows[1:]) if row]
    issues += _repeated(sites, name, None) + _repeated([row[0] for _, row in body], name, 2)
    cost = np.full((len(body), len(sites)), np.inf)
    for i, (number, row) in enumerate(body):
        for j, cell in enumerate(row[1 : len(sites) + 1]):
            value = _value(cell)
            if value is None:
                issues.append(_not_a_number(name, number, sites[j], cell))
            else:
                cost[i, j] = value
    return Matrix(cost, [row[0] for _, row in body], sites, _shortened(issues, name))


def _long(rows: list[list[str]], name: str, at: tuple[int, int, int]) -> Matrix:
    """Read a row for each pair."""
    issues = _ragged(rows, name, len(rows[0]))
    clients: dict[str, int] = {}
    sites: dict[str, int] = {}
    pairs: dict[tuple[int, int], tuple[float, int]] = {}
    for k, row in enumerate(rows[1:]):
        if len(row) != len(rows[0]):
            continue
        client, site, cell = (row[a] for a in at)
        value = _value(cell)
        if value is None:
            issues.append(_not_a_number(name, k + 2, rows[0][at[2]], cell))
            continue
        pair = (clients.setdefault(client, len(clients)), sites.setdefault(site, len(sites)))
        if pair in pairs and pairs[pair][0] != value:
            problem = f"is a second cost of {client} from {site} (the other is in row {pairs[pair][1]})"
            issues.append(Issue(name, k + 2, rows[0][at[2]], cell, problem, "keep one of the two"))
        pairs[pair] = (value, k + 2)
    cost = np.full((len(clients), len(sites)), np.inf)
    for (i, j), (value, _) in pairs.items():
        cost[i, j] = value
    return Matrix(cost, list(clients), list(sites), _shortened(issues, name))


def _not_a_number(name: str, row: int, column: str, cell: str) -> Issue:
    remedy = "enter a number, or leave the cell blank where the site cannot serve the client"
    return Issue(name, row, column, cell, "is not a number", remedy)


def _repeated(names: list[str], file: str, first_row: int | None) -> list[Issue]:
    seen: set[str] = set()
    issues = []
    for k, text in enumerate(names):
        if not text or text in seen:
            row = None if first_row is None else first_row + k
            problem = "comes twice" if text else "a name is missing"
            issues.append(Issue(file, row, "", text, problem, "give each client and each site one name"))
        seen.add(text)
    return issues


def _shortened(issues: list[Issue], name: str) -> list[Issue]:
    if len(issues) <= MOST_TOLD:
        return issues
    more = Issue(
        name, None, "", str(len(issues) - MOST_TOLD), "more problems of this kind", "mend those first"
    )
    return [*issues[:MOST_TOLD], more]
