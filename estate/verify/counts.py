"""At least, at most or exactly n hubs or closures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    for word, number in (("hub", len(facts.opening_of)), ("closure", len(facts.closing_of))):
        least, most = options.get(f"min_{word}s"), options.get(f"max_{word}s")
        if least is not None and number < least:
            found.append(
                Violation(
                    NAME, f"The plan has {counted(number, word)}, fewer than {least}", amount=least - number
                )
            )
        if most is not None and number > most:
            found.append(
                Violation(
                    NAME, f"The plan has {counted(number, word)}, more than {most}", amount=number - most
                )
            )
    return found
