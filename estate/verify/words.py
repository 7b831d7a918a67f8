"""Amounts and numbers as people write them."""

from __future__ import annotations


def pounds(amount: float) -> str:
    """Return an amount as £1,000, £1,000.50 or -£1,000 (pence where there are any)."""
    digits = f"{abs(amount):,.2f}".removesuffix(".00")
    return f"-£{digits}" if amount < 0 and digits != "0" else f"£{digits}"


def counted(number: float, word: str) -> str:
    """Return a number with its word: 1 hub, 2 hubs."""
    return f"{number:g} {word}" if number == 1 else f"{number:g} {word}s"
