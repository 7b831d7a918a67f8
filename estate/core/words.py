"""Words that several stages need: counts with their nouns, and what a standard asks of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.core.week import named_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


ASKS = ("min_hours_per_week", "min_days_per_week", "open_at", "open_on", "counts_at")
"""Columns of a standard that say which places count for it."""


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: 1 site, 2 sites."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def pounds(amount: float) -> str:
    """Return an amount in words, whole pounds."""
    return f"-£{-amount:,.0f}" if round(amount) < 0 else f"£{amount:,.0f}"


def saves(amount: float) -> str:
    """Return what a plan saves or costs, in words."""
    return f"{'saves' if amount >= 0 else 'costs'} {pounds(abs(amount))}"


def offer_words(standard: Mapping[Any, Any] | pd.Series) -> str:
    """Say what a standard asks of the places that count, after a comma; blank where it asks nothing.

    Parameters
    ----------
    standard : mapping, or Series
        A row of ``standards``; what it lacks of `ASKS` it does not ask.
    """
    hours, days = (float(standard.get(f"min_{unit}_per_week") or 0) for unit in ("hours", "days"))
    at, on = standard.get("open_at"), named_days(str(standard.get("open_on") or ""))
    told = [
        f"{hours:g} hours a week" * (hours > 0),
        f"{days:g} days a week" * (days > 0),
        " ".join(filter(None, [f"on {on}" * bool(on), f"at {at}" * bool(at)])),
    ]
    said = f", open {' and '.join(filter(None, told))}" if any(told) else ""
    return said + ", where room is held for them" * (standard.get("counts_at") == "with_room")
