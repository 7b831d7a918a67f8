"""Words and numbers as people read them; text from files made harmless."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

RISKY_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet may take a cell that begins so for a formula."""

NOT_KNOWN = "not known"


def is_missing(value: object) -> bool:
    """Say whether a value is blank, None or not a number."""
    return (
        value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    )


def text(value: object) -> str:
    """Return a value as text, blank where it is missing."""
    return "" if is_missing(value) else str(value)


def escape(value: object) -> str:
    """Return text that a page shows as it stands, whatever it holds."""
    return html.escape(text(value), quote=True)


def gbp(amount: object) -> str:
    """Return an amount [GBP] in words a manager reads: £950, £12,300, £1.25 million."""
    if is_missing(amount) or isinstance(amount, str):
        return text(amount) or NOT_KNOWN
    value = float(amount)  # type: ignore[arg-type]
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size >= 999_950:
        return f"{sign}£{size / 1e6:,.2f} million"
    if size >= 10_000:
        return f"{sign}£{round(size, -2):,.0f}"
    return f"{sign}£{size:,.0f}" if round(size) else "£0"


def share(value: object) -> str:
    """Return a share (0 to 1) as a percentage with one decimal."""
    return NOT_KNOWN if is_missing(value) else f"{100 * float(value):.1f}%"  # type: ignore[arg-type]


def years(value: object) -> str:
    """Return a number of years in words."""
    if is_missing(value):
        return "never within the years counted"
    number = float(value)  # type: ignore[arg-type]
    return f"{number:.1f} years" if number % 1 else f"{number:.0f} years"


def number(value: object) -> str:
    """Return a number with thousands commas and at most one decimal."""
    if is_missing(value):
        return NOT_KNOWN
    amount = float(value)  # type: ignore[arg-type]
    return f"{amount:,.0f}" if amount == round(amount) else f"{amount:,.1f}"


def quantity(value: object, unit: str) -> str:
    """Return a figure of a headline in words, by its unit."""
    if isinstance(value, str):
        return value
    if unit.startswith("GBP"):
        return gbp(value) + (" a year" if unit.endswith("/year") and not is_missing(value) else "")
    if unit in {"share", "%", "share/year"}:
        return share(value) + (" a year" if unit.endswith("/year") and not is_missing(value) else "")
    if unit in {"year", "years"}:
        return years(value)
    if unit == "ratio" and not is_missing(value):
        return f"{float(value):.2f}"  # type: ignore[arg-type]
    if unit.endswith("/year") and not is_missing(value):  # journeys and km: no part of one is known
        value, unit = round(float(value)), f"{unit.removesuffix('/year')} a year"  # type: ignore[arg-type]
    one = not is_missing(value) and float(value) == 1.0  # type: ignore[arg-type]
    noun = {"person": "people", "count": "", "site": "sites"}.get(unit, unit)
    noun = {"people": "person", "sites": "site", "hubs": "hub"}.get(noun, noun) if one else noun
    return number(value) if is_missing(value) else f"{number(value)} {noun}".strip()


MEASURED = ("share/year", "ratio")
"""Units of rates of return and ratios: where there is none, the note says why."""


NO_CASH = "there is no cash flow"
NOTHING_TO_PAY_BACK = "nothing has to be paid back"


def nothing_to_pay_back(row: Mapping[str, Any]) -> bool:
    """Return whether a headline is a payback where cash is never below nought, or where there is none."""
    if not text(row.get("key")).startswith(("payback_", "discounted_payback_")):
        return False
    value = row.get("value")
    return text(row.get("note")) == NO_CASH if is_missing(value) else float(str(value)) == 0


def headline_words(row: Mapping[str, Any]) -> str:
    """Return the figure of a headline in words, with its range where it is illustrative."""
    unit = text(row.get("unit"))
    low, high = row.get("low"), row.get("high")
    if is_missing(row.get("value")) and unit in MEASURED:
        why = text(row.get("note"))
        return why[:1].lower() + why[1:] or "undefined"
    if nothing_to_pay_back(row):
        return NOTHING_TO_PAY_BACK
    if is_missing(low) or is_missing(high):
        return quantity(row.get("value"), unit)
    assumed = row.get("assumed_share")
    why = "" if is_missing(assumed) else f"{assumed:.0%} of the cost behind this is assumed; "
    between = f"between {quantity(low, unit)} and {quantity(high, unit)}"
    return f"{quantity(row.get('value'), unit)} (illustrative: {why}{between})"


def sentence(words: str) -> str:
    """Return the words with a capital first letter."""
    return words[:1].upper() + words[1:]


def join_words(items: list[str], limit: int = 6) -> str:
    """Return a list in words; what exceeds the limit is counted."""
    if len(items) > limit:
        items = [*items[: limit - 1], f"{len(items) - limit + 1} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def headline_rows(rows: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 (part of a JSON value)
    """Return a list of headlines, empty where there is none."""
    return list(rows or [])
