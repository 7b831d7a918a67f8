"""What a plan does that a rule forbids."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of one rule, in the user's words.

    Attributes
    ----------
    rule : str
        Name of the rule; ``plan`` for a plan that is not well formed.
    message : str
        A sentence that a user understands.
    site_id, provision_id, area_id, service_id, standard_id, partner, purse : str
        What is concerned; empty where it does not apply.
    year : int or None
        Year t of the breach; None where it is of the whole plan.
    amount : float or None
        By how much the limit is missed, in the unit of the rule ([m2], [h/week], [km],
        [share], [years], [GBP], or a number of sites).
    """

    rule: str
    message: str
    site_id: str = ""
    provision_id: str = ""
    area_id: str = ""
    service_id: str = ""
    standard_id: str = ""
    partner: str = ""
    purse: str = ""
    year: int | None = None
    amount: float | None = None

    def __str__(self) -> str:
        """Give the sentence, led by the name of the rule."""
        return f"{self.rule}: {self.message}"
