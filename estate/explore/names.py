"""What each row of a model is about, and how far it must give, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from estate.solve.whynot.wide import receiving_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.explore.prices import Need
    from estate.model.formulation import Model


class Called(NamedTuple):
    """What readers call sites, partners and services, by id, blank where unnamed, and years, by offset."""

    sites: Mapping[str, str]
    partners: Mapping[str, str]
    services: Mapping[str, str]
    years: Mapping[int, str]


def called(tables: Mapping[str, pd.DataFrame], years: Mapping[int, str]) -> Called:
    """Return what readers call what the tables name."""

    def by(table: str, key: str) -> dict[str, str]:
        ids, names = tables[table][key].astype(str), tables[table]["name"]
        return dict(zip(ids, names.where(names.notna(), "").astype(str), strict=True))

    return Called(by("sites", "site_id"), by("partners", "partner_id"), by("services", "service_id"), years)


def row_names(model: Model) -> NDArray[np.str_]:
    """Return what every row of a model is about: for capacity ``site|part``, else as its rule says."""
    parts = []
    for block in model.problem.row_blocks:
        about = block.about.astype(object)
        if block.rule == "capacity":
            about = receiving_site(model, block).astype(object) + ("|hours" if block.part == "hours" else "|")
        parts.append(about.astype(str))
    return np.concatenate([*parts, np.zeros(0, dtype=str)])


def need_words(need: Need, called: Called) -> str:
    """Say how far a line of a rule must give, as what would have to be there."""
    first, _, second = need.about.partition("|")
    amount = need.beyond
    if need.rule == "capacity":
        unit = "hours a week" if second == "hours" else "m2 of room"
        return f"{np.ceil(amount):,.0f} {unit} more at {called.sites.get(first) or first}"
    if need.rule == "access":
        where = f" in {second}" if second else ""
        return f"standard {first}{where} lowered by {100 * amount:.2f} percentage points"
    if need.rule == "capital":
        whose = "all partners" if first == "pooled" else called.partners.get(first) or first
        return f"£{np.ceil(amount):,.0f} more capital for {whose} by {called.years[int(second)]}"
    if need.rule == "counts":
        kind = "closures" if first == "close" else "hubs"
        return f"a limit of {kind} farther by {np.ceil(amount - 1e-6):,.0f}"
    if need.rule == "partnership":
        return f"the floor of {called.partners.get(first) or first} £{np.ceil(amount):,.0f} lower"
    about = {"materiality": "the net present saving asked of a closure"}.get(need.rule, need.rule)
    return f"{about} eased by £{np.ceil(amount):,.0f}"


def lifted_words(tables: Mapping[str, pd.DataFrame], site_id: str, rule: str) -> str:
    """Say which brakes or which lease of a site would have to be otherwise where they bar closing it."""
    told = []
    if "brakes" in rule:
        brakes = tables["brakes"]
        mine = brakes[(brakes["site_id"].astype(str) == site_id) & (brakes["effect"] == "lock")]
        told += [
            f"the brake '{row['brake']}' lifted ({_until(row['until'])})" for row in mine.to_dict("records")
        ]
    if "tenure" in rule:
        tenures = tables["tenures"]
        mine = tenures[tenures["site_id"].astype(str) == site_id]
        told += [
            f"the lease ended before its time ({_lease(row['break_date'], row['expiry'])})"
            for row in mine.to_dict("records")
        ]
    return "; ".join(told)


def _until(date: Any) -> str:  # noqa: ANN401 - a cell
    return "it holds for ever" if pd.isna(date) else f"it holds until {_day(date)}"


def _lease(broken: Any, expiry: Any) -> str:  # noqa: ANN401 - cells
    ends = "no date of its end is known" if pd.isna(expiry) else f"it ends on {_day(expiry)}"
    return ends if pd.isna(broken) else f"break on {_day(broken)}, {ends}"


def _day(date: Any) -> str:  # noqa: ANN401 - a cell
    day = pd.Timestamp(str(date))
    return f"{day.day} {day:%B %Y}"
