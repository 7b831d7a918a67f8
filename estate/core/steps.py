"""What one step more of a limit is: the amounts by which limits are loosened, one a kind of limit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A stated step of one kind of limit.

    Attributes
    ----------
    amount : float
        How far the limit is loosened, unless asked otherwise; judgement, rounded.
    unit : str
        Its unit.
    says : str
        What the step means, with ``{}`` for its amount.
    """

    amount: float
    unit: str
    says: str


STEPS: dict[str, Step] = {
    "capital": Step(100_000.0, "GBP", "£{:,.0f} more for capital in that year"),
    "borrowing": Step(100_000.0, "GBP", "£{:,.0f} more that may be borrowed in that year"),
    "peak": Step(100_000.0, "GBP", "£{:,.0f} more may be needed in advance"),
    "payback": Step(1.0, "year", "paid back {:g} year later"),
    "saving": Step(10_000.0, "GBP/year", "£{:,.0f} a year less is asked for"),
    "floor": Step(10_000.0, "GBP", "a floor £{:,.0f} lower"),
    "hubs": Step(1.0, "hubs", "{:g} hub more, or fewer where a least number is asked for"),
    "closures": Step(1.0, "sites", "{:g} closure more, or fewer where a least number is asked for"),
    "access": Step(0.01, "share", "a share lower by {:.1%} of these residents"),
    "each_area": Step(1.0, "share", "to hold no area to it"),
    "materiality": Step(10_000.0, "GBP/year", "£{:,.0f} a year less before a site may close"),
    "worth": Step(10_000.0, "GBP", "£{:,.0f} less of net present saving before a site may close"),
    "reach": Step(1.0, "km", "{:g} km farther"),
    "merge_reach": Step(0.5, "km", "{:g} km farther to merge"),
    "lease": Step(1.0, "year", "a break {:g} year earlier, at the same penalty"),
    "lock": Step(1.0, "locks", "with the lock lifted"),
    "room": Step(25.0, "m2", "{:g} m2 of room more, at the same cost"),
    "hours": Step(5.0, "h/week", "{:g} hours a week more, at the same fee"),
}
"""Kinds of limits that a step can loosen."""


def kind_of(line: str) -> str:
    """Return the kind of a limit from its name, as ``capital|council|2`` or ``counts|max_hubs``."""
    rule, what, *_ = [*line.split("|"), ""]
    if rule == "counts":
        return what.split("_")[1]
    if rule == "materiality" and what:
        return "worth"
    return {"affordability": what, "partnership": "floor"}.get(rule, rule)
