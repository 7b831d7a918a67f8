"""Every complete plan of a tiny estate, and the best that the independent check lets through.

Money is additive over decisions, so every decision is priced once, and the plans are a sum over
sites: for every choice of hubs, the combinations of what each site's provisions do and how the site
closes. Plans are checked from the one that saves most until one passes.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.types import CLOSURE_COLUMNS, HUB_COLUMNS, MOVE_COLUMNS, Estate, Plan
from estate.verify import ALWAYS_ON, RULES, Facts
from estate.verify import plan as plan_check
from estate.verify.records import Closing, Decision, Leaving, Opening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from estate.config import Config

# Rules that a single decision can break by itself, whatever else the plan does.
ALONE = frozenset({"plan", "permission", "reach", "tenure", "brakes", "materiality", "fitness", "locks"})
MOST_PLANS = 200_000


@dataclass(frozen=True)
class Best:
    """The best feasible plan; value None where there is none."""

    value: float | None
    plan: Plan | None
    plans: int
    checked: int
    complete: bool = True


@dataclass(frozen=True)
class _Combination:
    """What happens at one site: its provisions' leaving and its closing."""

    value: float
    leavings: tuple[Leaving, ...]
    closing: Closing | None


@dataclass
class Enumeration:
    """All complete plans of an estate under a configuration.

    Parameters
    ----------
    estate, config :
        A tiny estate and its run.
    without : str
        Name of a rule that is left out, to see whether it binds.
    """

    estate: Estate
    config: Config
    without: str = ""
    facts: Facts = field(init=False)

    def __post_init__(self) -> None:
        self.facts = Facts.of(self.estate, self.config)
        self.rules: Mapping[str, Mapping[str, Any]] = self.config.rules
        self.checks = [plan_check, *RULES]
        self.checks = [
            rule
            for rule in self.checks
            if self.without != rule.NAME
            and (rule is plan_check or rule in ALWAYS_ON or rule.NAME in self.rules)
        ]
        # A net present saving asked of a closure is that of all that is decided at its site.
        summed = (self.rules.get("materiality") or {}).get("npv_gbp") is not None
        self.alone = ALONE - {"materiality"} if summed else ALONE
        # Rules that need no year by year sums fail soonest for least.
        self._alone = {violation for _, violation in self._broken((), (), ())}
        self.years = range(self.config.horizon.decision_years)
        self.openings = self._openings()
        self.leavings = {
            u: [m for m in self._leavings(u) if self._may_be(leavings=(m,))] for u in self.facts.provisions
        }
        self.closings = {
            s: [c for c in self._closings(s) if self._may_be(closings=(c,))] for s in self.facts.sites
        }

    # -- single decisions ------------------------------------------------------------------------

    def value(self, decision: Decision) -> float:
        """Return the net present saving of one decision [GBP]."""
        cash = self.facts.cash(decision)
        flow = cash.economic if self.config.objective == "economic" else cash.financial
        return float(flow @ self.facts.factors)

    def _broken(
        self, closings: Sequence[Closing], openings: Sequence[Opening], leavings: Sequence[Leaving]
    ) -> Iterator[tuple[str, str]]:
        facts = self.facts.with_decisions(closings, openings, leavings)
        for rule in self.checks:
            if rule.NAME in self.alone:
                for violation in rule.check(facts, self.rules.get(rule.NAME) or {}):
                    yield rule.NAME, violation.message

    def _may_be(
        self,
        closings: Sequence[Closing] = (),
        openings: Sequence[Opening] = (),
        leavings: Sequence[Leaving] = (),
    ) -> bool:
        return all(message in self._alone for _, message in self._broken(closings, openings, leavings))

    def _openings(self) -> list[list[Opening | None]]:
        """Return, for every site with hub options, that it stays as it is or opens one."""
        strict = self.without != "opening"
        choices: list[list[Opening | None]] = []
        for site in self.facts.sites.values():
            options = [
                Opening(site.site_id, option.option, t)
                for option in site.options.values()
                for t in self.years
                if t >= option.lead_years or not strict
            ]
            if options:
                choices.append([None, *(o for o in options if self._may_be(openings=(o,)))])
        return choices

    def _leavings(self, provision_id: str) -> Iterator[Leaving]:
        facts = self.facts
        for t in self.years:
            for site in facts.sites.values():
                for option in site.options:
                    yield Leaving(provision_id, "move", site.site_id, option, "", t)
                if site.terms is not None:
                    yield Leaving(provision_id, "move", site.site_id, "", "", t)
            for other in facts.provisions.values():
                if other.provision_id != provision_id:
                    yield Leaving(provision_id, "merge", "", "", other.provision_id, t)
            yield Leaving(provision_id, "online", "", "", "", t)

    def _closings(self, site_id: str) -> Iterator[Closing]:
        for t in self.years:
            for route in ("sell", "surrender", "let", "transfer", "hold"):
                yield Closing(site_id, t, route)

    # -- whole plans -----------------------------------------------------------------------------

    def _at_site(self, site_id: str, hubs: Mapping[str, Opening]) -> list[_Combination]:
        """Return everything that can happen at a site, given the hubs."""
        facts = self.facts
        choices: list[list[Leaving | None]] = [
            [None, *(m for m in self.leavings[u] if self._hub_is_open(m, hubs))]
            for u in facts.sites[site_id].provisions
        ]
        found = []
        for chosen in itertools.product(*choices):
            leavings = tuple(m for m in chosen if m is not None)
            value = sum(self.value(m) for m in leavings)
            found.append(_Combination(value, leavings, None))
            empty = max((m.year for m in leavings), default=0) if all(chosen) else math.inf
            for closing in self.closings[site_id]:
                if self.without != "assignment" and closing.year < empty:
                    continue
                if self.without != "opening" and site_id in hubs:
                    continue
                found.append(_Combination(value + self.value(closing), leavings, closing))
        return found

    def _hub_is_open(self, leaving: Leaving, hubs: Mapping[str, Opening]) -> bool:
        if leaving.how != "move" or not leaving.to_option or self.without == "opening":
            return True
        hub = hubs.get(leaving.to_site)
        return hub is not None and hub.option == leaving.to_option and hub.year <= leaving.year

    def _scenes(self) -> Iterator[tuple[tuple[Opening, ...], list[list[_Combination]]]]:
        """Yield every choice of hubs with the combinations of every site at which anything happens."""
        for chosen in itertools.product(*self.openings):
            openings = tuple(o for o in chosen if o is not None)
            hubs = {o.site_id: o for o in openings}
            sites = [self._at_site(site_id, hubs) for site_id in self.facts.sites]
            yield openings, [combinations for combinations in sites if len(combinations) > 1]

    def count(self) -> int:
        """Return the number of complete plans."""
        return sum(math.prod(len(site) for site in sites) for _, sites in self._scenes())

    def best(self, above: float = -math.inf, most_checks: int = MOST_PLANS) -> Best:
        """Return the best feasible plan that saves more than ``above`` [GBP].

        Parameters
        ----------
        above : float
            Plans that save no more are not looked at.
        most_checks : int
            Give up after so many plans; the answer then says that it is not complete.
        """
        scenes = list(self._scenes())
        values = [self._values(openings, sites) for openings, sites in scenes]
        ends = np.cumsum([len(v) for v in values])
        every = np.concatenate(values)
        order = np.argsort(-every, kind="stable")
        order = order[: int(np.count_nonzero(every > above))]
        for checked, index in enumerate(order.tolist()):
            if checked >= most_checks:
                return Best(None, None, len(every), checked, complete=False)
            scene = int(np.searchsorted(ends, index, side="right"))
            openings, sites = scenes[scene]
            parts = self._decode(index - (int(ends[scene - 1]) if scene else 0), sites)
            if self._passes(openings, parts):
                return Best(float(every[index]), _plan(openings, parts), len(every), checked + 1)
        return Best(None, None, len(every), len(order))

    def some(self, random: np.random.Generator, number: int) -> Iterator[tuple[Plan, float]]:
        """Yield plans drawn at random with their values [GBP]; the check may well forbid them."""
        scenes = list(self._scenes())
        for _ in range(number):
            openings, sites = scenes[int(random.integers(len(scenes)))]
            parts = [site[int(random.integers(len(site)))] for site in sites]
            value = sum(self.value(o) for o in openings) + sum(part.value for part in parts)
            yield _plan(openings, parts), value

    def _values(self, openings: Sequence[Opening], sites: list[list[_Combination]]) -> np.ndarray:
        total = np.array([sum(self.value(o) for o in openings)])
        for site in sites:
            total = np.add.outer(total, np.array([one.value for one in site])).ravel()
        return total

    @staticmethod
    def _decode(index: int, sites: list[list[_Combination]]) -> list[_Combination]:
        parts = []
        for site in reversed(sites):
            index, position = divmod(index, len(site))
            parts.append(site[position])
        return parts

    def _passes(self, openings: Sequence[Opening], parts: Sequence[_Combination]) -> bool:
        """Check one plan, the rule that failed last time first."""
        closings = [part.closing for part in parts if part.closing is not None]
        leavings = [leaving for part in parts for leaving in part.leavings]
        facts = self.facts.with_decisions(closings, openings, leavings)
        for position, rule in enumerate(self.checks):
            if rule.check(facts, self.rules.get(rule.NAME) or {}):
                self.checks.insert(0, self.checks.pop(position))
                return False
        return True


def _plan(openings: Sequence[Opening], parts: Sequence[_Combination]) -> Plan:
    closings = [(p.closing.site_id, p.closing.year, p.closing.route) for p in parts if p.closing is not None]
    moves = [
        (
            m.provision_id,
            m.how,
            m.to_site,
            m.to_option,
            m.to_provision,
            m.year,
        )
        for p in parts
        for m in p.leavings
    ]
    hubs = [(o.site_id, o.option, o.year) for o in openings]
    return Plan(
        pd.DataFrame(closings, columns=list(CLOSURE_COLUMNS)),
        pd.DataFrame(hubs, columns=list(HUB_COLUMNS)),
        pd.DataFrame(moves, columns=list(MOVE_COLUMNS)),
    )


def best_plan(estate: Estate, config: Config) -> Best:
    """Return the best feasible plan of a tiny estate by full enumeration."""
    return Enumeration(estate, config).best()


def binds(estate: Estate, config: Config, rule: str, best: Best, most_checks: int = 3_000) -> bool:
    """Tell whether leaving a rule out changes the optimum (or makes a plan possible at all).

    False also where the search gave up, so that counting the cases that bind errs low.
    """
    above = -math.inf if best.value is None else best.value + 0.01
    search = Enumeration(estate, config, without=rule)
    return search.count() <= 5 * MOST_PLANS and search.best(above, most_checks).value is not None
