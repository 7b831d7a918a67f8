"""Which lines of the user's rules conflict, when no plan satisfies them all, and what would mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.core.errors import Issue
from estate.solve.clock import Clock
from estate.solve.whynot.search import Search
from estate.solve.whynot.wide import build_wide
from estate.solve.whynot.words import Speaker

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate

ALL_RULES = Issue(
    "rules",
    None,
    "",
    "",
    "cannot hold all together; which of them conflict was not found in the time given",
    "allow more time, or leave rules out one by one",
)


def conflicting_rules(estate: Estate, config: Config, clock: Clock) -> list[Issue]:
    """Find smallest sets of lines of the rules that cannot hold together, and what each would have to give.

    Rows and bars of every rule are made elastic; whatever must give is held again until the rest
    cannot (elastic filter, Chinneck & Dravnieks 1991, ORSA J. Computing 3(2)), and of what is held
    lines are left out one by one while the conflict stays (deletion filter). Every line named is
    needed: without it the others of its conflict can hold.

    Returns
    -------
    list of Issue
        One for each line of each conflict.
    """
    wide = build_wide(estate, config)
    clock = Clock(config.solver.time_limit, clock.progress, clock.stop)
    conflicts = [found for found in Search(wide, clock).conflicts() if found.lines]
    speaker = Speaker(estate, config, wide)
    several = len(conflicts) > 1
    issues = [
        speaker.issue(line, conflict, number if several else 0)
        for number, conflict in enumerate(conflicts, start=1)
        for line in conflict.lines
    ]
    return issues or [ALL_RULES]
