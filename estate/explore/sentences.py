"""A reason in a few sentences, with money for internal readers and without it for others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from estate.explore.stuck import SEVERAL
from estate.present.words import gbp

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

MOST_AREAS = 3
MOST_INPUTS = 2
LEAST_KM = 0.1
DONE = {"keep": "Stays", "close": "Closes", "hub": "Becomes a hub", "unused": "Is not used as a hub"}
OPEN = ", an interval because the search was not closed"
VERBS = {
    "keep": "keeping it open",
    "close": "closing it",
    "hub": "making it a hub",
    "no hub": "not making it a hub",
}
PLAIN = {
    "firm": "would save less, by more than the search left open",
    "undecided by this evidence": "would save less, but by no more than the search left open",
    "would save more decided otherwise": "would be a better plan",
    "not settled": "may save more or less than the plan",
}
"""What is said of a price where no money is told, by how firm the decision is."""

RULES = {
    "access": "a standard of access",
    "affordability": "what must be saved or paid back",
    "brakes": "a legal brake",
    "capacity": "a lack of room where its services would go",
    "capital": "the capital budgets",
    "compatibility": "services that must or may not share a place",
    "counts": "a limit of hubs or closures",
    "locks": "a lock of the configuration",
    "materiality": "the least cost worth a closure",
    "partnership": "the floor of a partner",
    "tenure": "its lease",
}
"""What the rules mean, in a few words."""

More = tuple["pd.DataFrame", "pd.DataFrame", "Mapping[str, str]"]


def reason_words(row: Mapping[str, Any], more: More, *, money: bool = True) -> str:
    """Return a reason in sentences.

    Parameters
    ----------
    row : mapping
        Of ``estate.explore.reasons.REASON_COLUMNS``.
    more : tuple
        What would flip it, who travels farther, and names of sites.
    money : bool
        False tells nothing from which the value of a site could be read.
    """
    changes, farther, names = more
    lead = f"With {row['price_kind']}, {VERBS[row['otherwise']]}"
    first = f"{DONE[row['decision']]}."
    if row["robustness"] == "cannot be decided otherwise":
        need = f" It would take {row['needs']}." if row["needs"] and money else ""
        return f"{first} {lead} is barred{_barred(row['rule'])}.{need}"
    price = _costs(row["price_low_gbp"], row["price_high_gbp"]) if money else PLAIN[row["robustness"]]
    wide = OPEN if money and row["proof"] == "interval" else ""
    parts = [first, f"{lead} {price}{wide}: {row['robustness']}."]
    if row["rule"]:
        parts.append(_without(row["rule"]))
        parts += [f"Enough would be {row['needs']}."] if row["needs"] and money else []
    elif row["driver"]:
        parts.append(_driver(row, money=money))
    parts += [
        words for words in (_travel(row, farther), _flip(changes, row, names) if money else "") if words
    ]
    return " ".join(parts)


def _without(rule: str) -> str:
    if rule == SEVERAL:
        return "Without several rules together it would pay; without any one of them alone it would not."
    return f"It would pay were it not for {rule_words(rule)}."


def _barred(rule: str) -> str:
    """Say by what deciding otherwise is barred, or why; blank where it is not known."""
    found = re.fullmatch(r"[a-z ]+ \((.+)\)", rule)
    if found:
        return f": {found[1]}"
    return f" by {rule_words(rule)}" if rule else ""


def _driver(row: Mapping[str, Any], *, money: bool) -> str:
    name, way = str(row["driver"]).replace("_", " "), "in favour of" if row["driver_gbp"] > 0 else "against"
    amount = f" of {gbp(abs(row['driver_gbp']))}" if money else ""
    return f"The largest difference is {name}{amount}, {way} the plan."


def rule_words(rules: str) -> str:
    """Return what rules mean instead of their names; what is told in words already stays."""
    parts = re.split("( or | and )", rules)
    return "".join(RULES.get(part, part) for part in parts)


def _travel(row: Mapping[str, Any], farther: pd.DataFrame) -> str:
    """Say how many people have farther to go, and from where."""
    people = row["people_farther"]
    if not np.isfinite(people) or people < 0.5:
        return ""
    done = row["decision"] in ("close", "hub")
    verb = VERBS[row["otherwise"]]
    lead = (
        f"Compared with {verb}, {people:,.0f} people have"
        if done
        else f"{verb.capitalize()} gives {people:,.0f} people"
    )
    places = farther.drop_duplicates("area_id").head(MOST_AREAS)
    told = ", ".join(
        f"{one['area']} ({one['people']:,.0f}, {_far(one)})" for one in places.to_dict("records")
    )
    others = farther["area_id"].nunique() - len(places)
    rest = f" and {others} more areas" if others > 1 else " and one more area" if others else ""
    return f"{lead} farther to go: {told}{rest}."


def _far(one: Mapping[Any, Any]) -> str:
    if not np.isfinite(one["extra_km"]):
        return f"no {one['service']} left"
    km = f"{one['extra_km']:.1f} km" if one["extra_km"] >= LEAST_KM else f"less than {LEAST_KM} km"
    return f"{km} more to {one['service']}"


def _flip(changes: pd.DataFrame, row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Say what the nearest inputs would have to be."""
    told = []
    for one in changes.head(MOST_INPUTS).to_dict("records"):
        about = str(one["about"])
        whose = "its" if about == row["site_id"] else f"for {names.get(about) or about} the"
        if one["unit"]:
            now, then = (_amount(one[at], one["unit"]) for at in ("now", "flips_at"))
            told.append(f"{whose} {one['input']} is {then} (now {now})")
        else:
            way = "rises" if one["change_share"] > 0 else "falls"
            told.append(f"the {one['input']} {way} by {abs(one['change_share']):.0%}")
    return f"It flips at the latest when {', or when '.join(told)}." if told else ""


def _amount(value: float, unit: str) -> str:
    number = f"£{value:,.0f}" if unit.startswith("GBP") else f"{value:,.0f} {unit.split('/', maxsplit=1)[0]}"
    return f"{number} a year" if unit.endswith("/year") else number


def _costs(low: float, high: float) -> str:
    """Say a price, or its interval where its ends are apart."""
    if np.isnan(low) or np.isnan(high):
        return "has a price that was not found in the time given"
    if abs(high - low) <= max(1.0, 1e-3 * abs(high)):
        return f"would {'cost' if high >= 0 else 'save'} £{abs(high):,.0f}"
    return f"would cost between {_pounds(low)} and {_pounds(high)}"


def _pounds(amount: float) -> str:
    return f"-£{-amount:,.0f}" if amount < 0 else f"£{amount:,.0f}"
