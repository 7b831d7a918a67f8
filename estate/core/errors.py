"""What can go wrong, in the user's words, with the exit code that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, order=True)
class Issue:
    """One problem of the input: where it is, what it is, and how to mend it.

    Attributes
    ----------
    table : str
        Table or file, for example ``sites.csv``.
    row : int or None
        Row as a spreadsheet shows it (the header is row 1); None for the whole table.
    column : str
        Column; empty for the whole row.
    value : str
        Offending value as it was read.
    problem : str
        What is wrong, for example ``is negative``.
    remedy : str
        How to mend it, an imperative sentence without full stop.
    """

    table: str
    row: int | None
    column: str
    value: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Say where, what, the value and how to mend it, on one line."""
        place = self.table if self.row is None else f"{self.table} row {self.row}"
        place = f"{place}, {self.column}" if self.column else place
        value = f"{self.value} " if self.value else ""
        return f"{place}: {value}{self.problem}; {self.remedy}"


class EstateError(Exception):
    """Any failure that a user can act on; never shown with a traceback.

    Parameters
    ----------
    message : str
        One sentence.
    issues : sequence of Issue
        All problems found, when the failure is one of the input.
    """

    exit_code = 1

    def __init__(self, message: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.issues = tuple(issues)

    def __str__(self) -> str:
        """Give the message, then every issue on a line of its own."""
        lines = [str(self.args[0]), *(f"  - {issue}" for issue in self.issues)]
        return "\n".join(lines)


class ConfigError(EstateError):
    """The configuration is wrong."""

    exit_code = 2


class InputError(EstateError):
    """The data are wrong."""

    exit_code = 2


class InfeasibleError(EstateError):
    """No plan satisfies the rules."""

    exit_code = 3


class SolverError(EstateError):
    """The solver failed or is not there."""

    exit_code = 4


class VerificationError(EstateError):
    """A plan failed the independent check; it is not reported."""

    exit_code = 5
