"""The raw tables and a plan, indexed once for every rule."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Self

import numpy as np

from estate.core.money import discount_factors
from estate.core.vintage import carbon_prices
from estate.verify import loading
from estate.verify.cells import maybe, rows, text
from estate.verify.money import Cash, cash_of
from estate.verify.offers import Offer, gone, standing
from estate.verify.prices import money_of_the_day
from estate.verify.records import Closing, Decision, Leaving, Opening, Provision, Site
from estate.verify.residents import Residents
from estate.verify.violation import Violation
from estate.verify.visitors import Visitors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estate.config import Config
    from estate.core.types import Estate, Plan

NEVER = 10**6


class Facts:
    """Indexed plain views of the tables, and of one plan.

    Parameters are read by :meth:`of`; :meth:`with_plan` and :meth:`with_decisions` add a
    plan and cost little, so that many plans of one estate can be checked.

    Attributes
    ----------
    first_year, decision_years, appraisal_years : int
        The horizon.
    sites, provisions, services, partners : dict
        Records by id.
    closings, openings, leavings : tuple
        The well-formed decisions of the plan, in its order.
    problems : tuple of Violation
        What is wrong with the plan's own rows.
    """

    def __init__(self, estate: Estate, config: Config) -> None:
        tables = estate.tables
        horizon = config.horizon.horizon()
        self.horizon = horizon
        self.first_year = horizon.first_year
        self.decision_years = horizon.decision_years
        self.appraisal_years = horizon.appraisal_years
        self.assumptions = dict(estate.assumptions)
        self.rules, self.finance, self.hubs_allowed = config.rules, config.finance, config.hubs_allowed
        assignment = config.rules.get("assignment", {})
        self.merge_across_partners = bool(assignment.get("merge_across_partners", False))
        self.require_step_free = bool(config.rules.get("fitness", {}).get("require_step_free", True))
        self.timing, self.vintage, self.objective = config.timing, config.vintage, config.objective
        self.factors = discount_factors(config.vintage, self.appraisal_years, config.timing)
        growth = self.assumptions["inflation_share_per_year"]
        self.prices = money_of_the_day(config.vintages.deflators, horizon, growth)
        self.least_band = config.policy.let_energy_band
        dated = config.vintages
        self.carbon_gbp_per_kwh = carbon_prices(
            dated.carbon,
            (dated.carbon_values, dated.deflators),
            self.first_year + np.arange(self.appraisal_years),
            self.assumptions,
        )
        self.partners = loading.read_partners(tables)
        self.services = loading.read_services(tables)
        self.sites = loading.read_sites(tables, self.partners, self.assumptions, self.first_year)
        owners = {site.site_id: site.partner for site in self.sites.values()}
        self.provisions = loading.read_provisions(tables, owners)
        self.budgets = loading.read_budgets(tables, self.first_year)
        self.pairs = loading.read_pairs(tables)
        self.by_service: dict[str, list[Provision]] = defaultdict(list)
        for provision in self.provisions.values():
            self.by_service[provision.service_id].append(provision)
        self._residents = Residents(estate, self)
        travel = config.resident_travel
        self.visitors = Visitors(estate, self, travel.mode) if travel.as_cost else None
        self._cash: dict[Decision, Cash] = {}
        self._index((), (), (), ())

    @classmethod
    def of(cls, estate: Estate, config: Config) -> Self:
        """Read the tables once.

        Parameters
        ----------
        estate : Estate
            Conformed tables with every default filled.
        config : Config
            The run, its rules resolved.
        """
        return cls(estate, config)

    def with_plan(self, plan: Plan) -> Self:
        """Return the facts with a plan, read from its three tables."""
        problems: list[Violation] = []
        closings = [
            Closing(text(row["site_id"]), year, text(row["exit_route"]))
            for row in rows(plan.closures)
            if (
                year := self._year(
                    row["year"], f"The closing of {self.site_name(text(row['site_id']))}", problems
                )
            )
            is not None
        ]
        openings = [
            Opening(text(row["site_id"]), text(row["option"]), year)
            for row in rows(plan.hubs)
            if (
                year := self._year(
                    row["year"], f"The hub at {self.site_name(text(row['site_id']))}", problems
                )
            )
            is not None
        ]
        leavings = [
            Leaving(
                text(row["provision_id"]),
                text(row["how"]),
                text(row["to_site_id"]),
                text(row["to_option"]),
                text(row["to_provision_id"]),
                year,
            )
            for row in rows(plan.moves)
            if (
                year := self._year(
                    row["year"], f"The leaving of {self.provision_name(text(row['provision_id']))}", problems
                )
            )
            is not None
        ]
        return self.with_decisions(closings, openings, leavings, problems)

    def with_decisions(
        self,
        closings: Iterable[Closing],
        openings: Iterable[Opening],
        leavings: Iterable[Leaving],
        problems: Iterable[Violation] = (),
    ) -> Self:
        """Return the facts with a plan given as records; rows of unknown ids become problems."""
        new = copy.copy(self)
        new._index(closings, openings, leavings, problems)  # noqa: SLF001 -- a copy of its own class
        return new

    def _index(
        self,
        closings: Iterable[Closing],
        openings: Iterable[Opening],
        leavings: Iterable[Leaving],
        problems: Iterable[Violation],
    ) -> None:
        found = list(problems)
        self.closings = tuple(c for c in closings if self._known_site(c.site_id, "closes", found))
        self.openings = tuple(o for o in openings if self._known_option(o, found))
        self.leavings = tuple(m for m in leavings if self._known_leaving(m, found))
        self.problems = tuple(found)
        self.closing_of: dict[str, Closing] = {}
        self.opening_of: dict[str, Opening] = {}
        self.leaving_of: dict[str, Leaving] = {}
        for closing in self.closings:
            self.closing_of.setdefault(closing.site_id, closing)
        for opening in self.openings:
            self.opening_of.setdefault(opening.site_id, opening)
        self.moves_to: dict[str, list[Leaving]] = defaultdict(list)
        self.merges_into: dict[str, list[Leaving]] = defaultdict(list)
        for leaving in self.leavings:
            self.leaving_of.setdefault(leaving.provision_id, leaving)
            if leaving.how == "move":
                self.moves_to[leaving.to_site].append(leaving)
            elif leaving.how == "merge":
                self.merges_into[self.provisions[leaving.to_provision].site_id].append(leaving)
        self._present: dict[tuple[str, int], frozenset[str]] = {}
        self._offers: dict[tuple[str, int], tuple[Offer, ...]] = {}

    def _year(self, cell: object, what: str, problems: list[Violation]) -> int | None:
        value = maybe(cell)
        if value is None or value != int(value):
            problems.append(Violation("plan", f"{what} has no whole year ({cell})"))
            return None
        if not 0 <= value < self.decision_years:
            last = self.horizon.label(self.decision_years - 1)
            problems.append(
                Violation(
                    "plan",
                    f"{what} is in year {int(value)}, outside {self.horizon.label(0)} to {last}",
                    year=int(value),
                )
            )
            return None
        return int(value)

    def _known_site(self, site_id: str, what: str, problems: list[Violation]) -> bool:
        if site_id in self.sites:
            return True
        problems.append(
            Violation("plan", f"Site {site_id or '(blank)'} {what} but is not in the estate", site_id=site_id)
        )
        return False

    def _known_option(self, opening: Opening, problems: list[Violation]) -> bool:
        if not self._known_site(opening.site_id, "becomes a hub", problems):
            return False
        if opening.option in self.sites[opening.site_id].options:
            return True
        name = self.sites[opening.site_id].name
        problems.append(
            Violation(
                "plan",
                f"{name} has no hub option called {opening.option or '(blank)'}",
                site_id=opening.site_id,
            )
        )
        return False

    def _known_leaving(self, leaving: Leaving, problems: list[Violation]) -> bool:
        unknown = ""
        if leaving.provision_id not in self.provisions:
            unknown = f"Provision {leaving.provision_id or '(blank)'} leaves but is not in the estate"
        elif leaving.how not in {"move", "merge", "online"}:
            unknown = (
                f"{self.provision_name(leaving.provision_id)} leaves in an unknown way "
                f"({leaving.how or 'blank'})"
            )
        elif leaving.how == "move" and leaving.to_site not in self.sites:
            unknown = (
                f"{self.provision_name(leaving.provision_id)} moves to {leaving.to_site or '(blank)'}, "
                "not in the estate"
            )
        elif leaving.how == "merge" and leaving.to_provision not in self.provisions:
            target = leaving.to_provision or "(blank)"
            unknown = f"{self.provision_name(leaving.provision_id)} merges into {target}, not in the estate"
        if unknown:
            problems.append(Violation("plan", unknown, provision_id=leaving.provision_id, year=leaving.year))
        return not unknown

    # -- words ------------------------------------------------------------------------------

    def label(self, t: int) -> str:
        """Name year t as the financial year."""
        return self.horizon.label(t)

    def site_name(self, site_id: str) -> str:
        """Return the name by which people know a site."""
        return self.sites[site_id].name if site_id in self.sites else (site_id or "(blank)")

    def service_name(self, service_id: str) -> str:
        """Return the name of a service."""
        return self.services[service_id].name if service_id in self.services else service_id

    def provision_name(self, provision_id: str) -> str:
        """Return what a provision is: its service and where it is today."""
        provision = self.provisions.get(provision_id)
        if provision is None:
            return f"Provision {provision_id or '(blank)'}"
        return f"{self.service_name(provision.service_id)} at {self.site_name(provision.site_id)}"

    # -- quantities -------------------------------------------------------------------------

    def need_m2(self, provision: Provision) -> float:
        """Return the room [m2] that a provision needs at a place to which it moves."""
        return (
            provision.room_m2
            * self.services[provision.service_id].space_factor
            * (1 - provision.digital_share)
        )

    def merge_need_m2(self, provision: Provision) -> float:
        """Return the room [m2] that a provision needs where it is merged."""
        return (
            provision.room_m2
            * self.services[provision.service_id].merge_factor
            * (1 - provision.digital_share)
        )

    def km(self, a: Site, b: Site) -> float:
        """Return the travel distance between two sites [km]; infinite where a place is unknown."""
        if a.place is None or b.place is None:
            return math.inf
        metres = math.hypot(a.place[0] - b.place[0], a.place[1] - b.place[1])
        return metres * self.assumptions["circuity"] / 1000

    def left_in(self, provision_id: str) -> int:
        """Return the year in which a provision leaves; NEVER where it stays."""
        leaving = self.leaving_of.get(provision_id)
        return NEVER if leaving is None else leaving.year

    def present(self, service_id: str, t: int) -> frozenset[str]:
        """Return the sites at which a service is offered in year t."""
        key = (service_id, t)
        if key not in self._present:
            here = set()
            for provision in self.by_service.get(service_id, ()):
                leaving = self.leaving_of.get(provision.provision_id)
                if leaving is None or leaving.year > t:
                    here.add(provision.site_id)
                elif leaving.how == "move":
                    here.add(leaving.to_site)
            self._present[key] = frozenset(here)
        return self._present[key]

    def offers(self, service_id: str, t: int) -> tuple[Offer, ...]:
        """Return what each provision of a service offers in year t.

        Nothing where it is online, or has merged into one that has left.
        """
        key = (service_id, t)
        if key not in self._offers:
            found: list[Offer | None] = []
            for provision in self.by_service.get(service_id, ()):
                leaving = self.leaving_of.get(provision.provision_id)
                if leaving is None or leaving.year > t:
                    found.append(standing(self, provision))
                elif leaving.how != "merge" or self.left_in(leaving.to_provision) > t:
                    found.append(gone(self, provision, leaving))
            self._offers[key] = tuple(offer for offer in found if offer is not None)
        return self._offers[key]

    @property
    def residents(self) -> Residents:
        """Return who lives within reach of what."""
        return self._residents

    # -- money ------------------------------------------------------------------------------

    def cash(self, decision: Decision) -> Cash:
        """Return the cash of one decision against BAU, remembered for the next plan."""
        found = self._cash.get(decision)
        if found is None:
            found = self._cash[decision] = cash_of(self, decision)
        return found

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Return every decision of the plan."""
        return (*self.closings, *self.openings, *self.leavings)
