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


AS_THEY_ARE = Issue(
    "what is not named",
    None,
    "",
    "",
    "leases, brakes, room, reach and permissions, and such standards and budgets, are taken as they are",
    "more room, earlier breaks, wider permissions or more money may mend it as well",
)
NEAREST = 0.5  # of the time limit, for what is nearly a plan where nothing else was found


ASKING = ("locks", "affordability", "partnership", "counts", "materiality")  # rules a plan may fail to meet


def surely_none(estate: Estate, config: Config, clock: Clock) -> bool:
    """Return whether it is quickly seen that no plan exists; asked only where rules ask for something."""
    if not set(ASKING) & set(config.rules):
        return False
    clock.tell("asking whether the rules can hold together")
    return Search(build_wide(estate, config), clock).surely_none()


def nearly_allowed(estate: Estate, config: Config, clock: Clock) -> list[Issue]:
    """Say by how much the limits on amounts are missed by the plan that was found nearest to them.

    Asked where neither a plan nor a conflict was found; none where every point found breaks other rules.
    """
    clock = Clock(NEAREST * config.solver.time_limit, clock.progress, clock.stop)
    clock.tell("looking for what is nearly a plan")
    wide = build_wide(estate, config)
    found = Search(wide, clock).shortfall(clock.left())
    if found.x is None:
        return []
    speaker = Speaker(estate, config, wide)
    return [speaker.missed(int(line), float(found.beyond[line])) for line in found.beyond.nonzero()[0]]


def conflicting_rules(estate: Estate, config: Config, clock: Clock) -> list[Issue]:
    """Find smallest sets of lines of the rules that cannot hold together, and what each would have to give.

    Rows and bars of every rule are made elastic; whatever must give is held again until the rest
    cannot (elastic filter, Chinneck & Dravnieks 1991, ORSA J. Computing 3(2)), and of what is held
    lines are left out one by one while the conflict stays (deletion filter). Every line named is
    needed: without it the others of its conflict can hold.

    Returns
    -------
    list of Issue
        One for each line of each conflict; none where no conflict was found in the time given.
    """
    clock = Clock(config.solver.time_limit, clock.progress, clock.stop)
    wide = build_wide(estate, config)
    search = Search(wide, clock)
    conflicts = [found for found in search.conflicts() if found.lines]
    speaker = Speaker(estate, config, wide)
    several = len(conflicts) > 1
    issues = [
        speaker.issue(line, conflict, number if several else 0)
        for number, conflict in enumerate(conflicts, start=1)
        for line in conflict.lines
    ]
    issues += [AS_THEY_ARE] if any(conflict.given for conflict in conflicts) else []
    alone = [any(relief.enough for relief in one.reliefs.values()) for one in conflicts]
    if conflicts and (several or not all(alone)):
        mend = search.mend(conflicts)
        issues += [speaker.together(mend)] if mend else []
    return issues
