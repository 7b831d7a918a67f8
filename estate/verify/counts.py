"""At least, at most or exactly n hubs or closures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.violation import Violation
from estate.verify.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "counts"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find numbers of hubs and closures at the end that are not within their limits.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``min_hubs``, ``max_hubs``, ``min_closures``, ``max_closures``.
    """
    found = []
    for limit in limits(facts, options):
        if limit.left < 0:
            word = "fewer" if limit.least else "more"
            what = limit.line.split("_")[1].removesuffix("s")
            message = f"The plan has {counted(int(limit.used), what)}, {word} than {limit.allowed:g}"
            found.append(Violation(NAME, message, amount=-limit.left))
    return found


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return the numbers of hubs and closures that are asked for or allowed, and those of the plan."""
    found = []
    for word, number in (("hub", len(facts.opening_of)), ("closure", len(facts.closing_of))):
        for side, least in (("min", True), ("max", False)):
            asked = options.get(f"{side}_{word}s")
            if asked is not None:
                about = f"{'Least' if least else 'Greatest'} number of {word}s"
                found.append(Limit(f"{NAME}|{side}_{word}s", about, None, number, asked, least=least))
    return found
