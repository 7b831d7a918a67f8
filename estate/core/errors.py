"""What can go wrong, in the user's words, with the exit code that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_SHOWN = 100


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
        shown = self.value if len(self.value) <= LONGEST_SHOWN else f"{self.value[:LONGEST_SHOWN]}..."
        value = f"{shown} " if shown else ""
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


PLAIN_WORDS = {
    "bool_parsing": "not yes or no (true or false)",
    "bool_type": "not yes or no (true or false)",
    "int_parsing": "not a whole number",
    "int_type": "not a whole number",
    "int_from_float": "not a whole number",
    "int_parsing_size": "too large",
    "float_parsing": "not a number",
    "float_type": "not a number",
    "finite_number": "not a finite number",
    "string_type": "not text; put it in quotes",
    "tuple_type": "not a list; write it as [first, second]",
    "list_type": "not a list; write it as [first, second]",
    "dict_type": "not a map of `key: value` lines",
    "model_type": "not a map of `key: value` lines",
    "path_type": "not a path",
    "string_pattern_mismatch": "it holds other letters than it may",
}
"""Words of the validator that only programmers know, by its types of error."""


def say_refusal(detail: Mapping[str, Any]) -> str:
    """Say what is wrong with a value, from one finding of pydantic."""
    message = str(detail["msg"]).removeprefix("Value error, ")
    told = PLAIN_WORDS.get(str(detail["type"]), f"{message[:1].lower()}{message[1:]}")
    return f"is not accepted ({told})"
