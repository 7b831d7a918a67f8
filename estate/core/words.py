"""Counts with their nouns."""


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: 1 site, 2 sites."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
