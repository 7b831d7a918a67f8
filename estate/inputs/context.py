"""What every check of the input sees: typed tables, where they came from, and the run asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from estate.core.cells import cell_text
from estate.core.errors import Issue
from estate.core.tables import SPECS, fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.config import Config


@dataclass(frozen=True)
class Context:
    """Tables under check.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Every table, typed, blanks still blank, indexed by spreadsheet row.
    sources : mapping of str to str
        File of each table that was given; a table that is absent here was not given.
    config : Config
        The run.
    values : mapping of str to float
        Named assumptions in force.
    """

    tables: Mapping[str, pd.DataFrame]
    sources: Mapping[str, str]
    config: Config
    values: Mapping[str, float]
    _filled: dict[str, pd.DataFrame] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table."""
        return self.tables[name]

    def filled(self, name: str) -> pd.DataFrame:
        """Return a table with the defaults of the dictionary."""
        if name not in self._filled:
            self._filled[name] = fill(self.tables[name], SPECS[name])[0]
        return self._filled[name]

    def given(self, name: str) -> bool:
        """Return whether a table has rows."""
        return not self.tables[name].empty

    def source(self, name: str) -> str:
        """Return the file of a table, or its name."""
        return self.sources.get(name, name)

    def issues(self, table: str, rows: pd.DataFrame, column: str, problem: str, remedy: str) -> list[Issue]:
        """Return the same issue for every row of a table that is passed."""
        values = rows[column] if column in rows else pd.Series("", index=rows.index)
        return [
            Issue(*self.place(table, row), column, cell_text(value), problem, remedy)
            for row, value in values.items()
        ]

    def place(self, table: str, row: object) -> tuple[str, int | None]:
        """Return the file and the row of a table's row; what the configuration adds has neither."""
        number = int(str(row))
        return (self.source(table), number) if number > 0 else (f"{table} of the configuration", None)

    def whole(self, table: str, column: str, value: str, problem: str, remedy: str) -> list[Issue]:
        """Return one issue of a whole table."""
        return [Issue(self.source(table), None, column, value, problem, remedy)]

    def of_site(self, table: str, column: str) -> pd.Series:
        """Return a column of ``sites`` for every row of a table that names a site."""
        sites = self.tables["sites"].drop_duplicates("site_id").set_index("site_id")
        return self.tables[table]["site_id"].map(sites[column])
