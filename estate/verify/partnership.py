"""No partner is left worse off than its floor, on bills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.verify.limit import Limit
from estate.verify.tolerance import MONEY_GBP, exceeds
from estate.verify.violation import Violation
from estate.verify.words import pounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.verify.facts import Facts

NAME = "partnership"


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find partners whose net present saving is below their floor.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``floor_npv_gbp`` [GBP] for every partner in the plan; a partner's own floor replaces it.
    """
    found = []
    for limit in limits(facts, options):
        if exceeds(limit.allowed, limit.used, MONEY_GBP):
            partner = facts.partners[limit.line.partition("|")[2]]
            message = (
                f"{partner.name} saves {pounds(limit.used)} in present value; its floor is "
                f"{pounds(limit.allowed)}"
            )
            found.append(Violation(NAME, message, partner=partner.partner_id, amount=-limit.left))
    return found


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return what every partner with a floor saves in present value, and its floor [GBP]."""
    general = options.get("floor_npv_gbp")
    saving = dict.fromkeys(facts.partners, 0.0)
    for decision in facts.decisions:
        for who, amounts in facts.cash(decision).net.items():
            saving[who] = saving.get(who, 0.0) + float(amounts @ facts.factors)
    found = []
    for partner in facts.partners.values():
        floor = general if partner.floor_gbp is None else partner.floor_gbp
        if floor is None or not partner.in_plan:
            continue
        line, about = f"{NAME}|{partner.partner_id}", f"Net present saving of {partner.name}"
        found.append(Limit(line, about, None, saving[partner.partner_id], floor, least=True))
    return found
