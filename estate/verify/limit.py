"""What a line of a rule allows, and what the plan uses of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of one rule in one year.

    Attributes
    ----------
    line : str
        The rule and what it is about, parted by ``|``.
    about : str
        The same in words.
    year : int or None
        Year t; None where it is of the whole plan.
    used, allowed : float
        What the plan has and what it may have, in the unit of the line.
    least : bool
        Whether it must have at least, rather than at most, what is allowed.
    kind : str
        Kind of step that loosens it (`estate.core.steps`), where not that of its name.
    price_index : float
        Pounds in which it is held for a pound of base-year prices, in which a step is given.
    """

    line: str
    about: str
    year: int | None
    used: float
    allowed: float
    least: bool = False
    kind: str = ""
    price_index: float = 1.0

    @property
    def left(self) -> float:
        """How far the plan is from the limit; below 0 where it breaks it."""
        return self.used - self.allowed if self.least else self.allowed - self.used
