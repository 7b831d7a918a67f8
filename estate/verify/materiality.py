"""No site closes for less than it is worth the upheaval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from estate.verify.buildings import cashable_cost_year_0
from estate.verify.limit import Limit
from estate.verify.tolerance import MONEY_GBP, exceeds
from estate.verify.violation import Violation
from estate.verify.words import pounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estate.verify.facts import Facts
    from estate.verify.records import Site

NAME = "materiality"


def limits(facts: Facts, options: Mapping[str, Any]) -> list[Limit]:
    """Return the least saving a year and the least net present saving, where they are asked for.

    Told of the first is the dearest site that is decided on and costs less [GBP/year], of the second the
    closure of the plan that saves least among those held to it [GBP].
    """
    least, worth = _asked(options)
    return [*_by_year(facts, least, worth, options), *_over_years(facts, least, worth, options)]


def _by_year(facts: Facts, least: float, worth: float | None, options: Mapping[str, Any]) -> Iterator[Limit]:
    decided = [site for site in facts.sites.values() if site.existing and site.scope in {"decide", "surplus"}]
    costs = {site.name: cashable_cost_year_0(facts, site) for site in decided}
    below = {name: cost for name, cost in costs.items() if exceeds(least, cost, MONEY_GBP)}
    if below:
        name = max(below, key=lambda one: below[one])
        about = f"Running cost below which nothing closes; the dearest below it is {name}"
        if worth is not None and not _both(options):
            about += " (a closure with enough net present saving may)"
        yield Limit(NAME, about, None, below[name], least)


def _over_years(
    facts: Facts, least: float, worth: float | None, options: Mapping[str, Any]
) -> Iterator[Limit]:
    if worth is None:
        return
    saved = {
        facts.sites[closing.site_id].name: saved_by(facts, closing.site_id)
        for closing in facts.closings
        if _both(options)
        or least <= 0
        or exceeds(least, cashable_cost_year_0(facts, facts.sites[closing.site_id]), MONEY_GBP)
    }
    name = min(saved, key=lambda one: saved[one], default="")
    told = f"the closure that saves least is {name}" if saved else "no closure of the plan is held to it"
    about = f"Net present saving below which nothing closes; {told}"
    yield Limit(f"{NAME}|npv", about, None, saved.get(name, worth), worth, least=True)


def check(facts: Facts, options: Mapping[str, Any]) -> list[Violation]:
    """Find closings that save too little: a year, over the years, or both, as the rule asks.

    Parameters
    ----------
    facts : Facts
        The indexed tables with a plan.
    options : mapping
        ``saving_gbp_per_year`` [GBP/year], ``npv_gbp`` [GBP], ``enough`` (either, both).
    """
    least, worth = _asked(options)
    either = least > 0 and worth is not None and not _both(options)
    found = []
    for closing in facts.closings:
        site = facts.sites[closing.site_id]
        short = list(_short(facts, site, least, worth))
        if len(short) > int(either):
            message = f"{site.name} closes but {', and '.join(words for words, _ in short)}"
            amount = short[0][1]
            found.append(Violation(NAME, message, site_id=site.site_id, year=closing.year, amount=amount))
    return found


def _short(facts: Facts, site: Site, least: float, worth: float | None) -> Iterator[tuple[str, float]]:
    """Yield in what a site that closes saves too little, and by how much."""
    cost = cashable_cost_year_0(facts, site)
    if exceeds(least, cost, MONEY_GBP):
        words = f"costs only {pounds(cost)} a year to run; closing asks for {pounds(least)}"
        yield words, least - cost
    saved = math.inf if worth is None else saved_by(facts, site.site_id)
    if worth is not None and exceeds(worth, saved, MONEY_GBP):
        words = f"saves only {pounds(saved)} in net present value; closing asks for {pounds(worth)}"
        yield words, worth - saved


def saved_by(facts: Facts, site_id: str) -> float:
    """Return what closing a site and moving its services saves in present value, hubs aside [GBP]."""
    mine = facts.sites[site_id].provisions
    closings = [facts.cash(one) for one in facts.closings if one.site_id == site_id]
    flows = closings + [facts.cash(one) for one in facts.leavings if one.provision_id in mine]
    economic = facts.objective == "economic"
    return sum(float((one.economic if economic else one.financial) @ facts.factors) for one in flows)


def _asked(options: Mapping[str, Any]) -> tuple[float, float | None]:
    """Return the least saving a year [GBP/year] and the least net present saving [GBP], if any."""
    worth = options.get("npv_gbp")
    return float(options.get("saving_gbp_per_year") or 0.0), None if worth is None else float(worth)


def _both(options: Mapping[str, Any]) -> bool:
    return options.get("enough") == "both"
