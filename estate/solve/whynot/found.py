"""What the search for conflicts finds, and what is said of a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Relief:
    """What loosening one line alone does.

    Attributes
    ----------
    enough : bool or None
        Whether a plan is then possible; None where the time given did not tell.
    beyond : float
        By how much the line must give, in its own unit.
    used : tuple of int
        Barred columns that the plan then uses.
    saving_gbp : float or None
        What the best plan found then saves [GBP].
    least : bool
        Whether it was proved that less is not enough.
    short : tuple of int
        Numbers of the areas that a standard counts and that are then out of reach, in its worst year.
    surely : float
        With less than this no plan is possible, in the unit of the line; 0 where nothing was proved.
    """

    enough: bool | None
    beyond: float = 0.0
    used: tuple[int, ...] = ()
    saving_gbp: float | None = None
    least: bool = True
    short: tuple[int, ...] = ()
    surely: float = 0.0


@dataclass(frozen=True)
class Conflict:
    """Lines that cannot hold together.

    Attributes
    ----------
    lines : tuple of int
        Numbers of the lines.
    proved : bool
        Whether each was shown to be needed: without it the others hold.
    reliefs : dict of int to Relief
        What loosening each alone does, every other line of every rule held.
    given : tuple of int
        Lines held beside them that are too many to be named: leases, brakes, room, reach and permissions,
        and standards and budgets where whole events were needed to show the conflict.
    """

    lines: tuple[int, ...]
    proved: bool
    reliefs: dict[int, Relief] = field(default_factory=dict)
    given: tuple[int, ...] = ()


@dataclass(frozen=True)
class Mend:
    """The smallest change that makes a plan possible, more than one line giving at once.

    Attributes
    ----------
    reliefs : dict of int to Relief
        The lines that give, and by how much.
    saving_gbp : float or None
        What the best plan found then saves [GBP].
    least : bool
        Whether it was proved that no smaller change is enough.
    """

    reliefs: dict[int, Relief]
    saving_gbp: float | None
    least: bool


@dataclass(frozen=True)
class Words:
    """Where a line stands, what it says, and how to ask for it to give.

    Attributes
    ----------
    place : str
        Table of the data, or key of the configuration.
    about : str
        Sites, areas, services and years concerned.
    says : str
        What the line asks, after "cannot hold together with the others: it".
    mend : callable
        From how far it must give to an imperative sentence.
    """

    place: str
    about: str
    says: str
    mend: Callable[[Relief], str]
    less: Callable[[Relief], str] = lambda _: "less"
    """What a smaller change would be; blank where there is none."""
