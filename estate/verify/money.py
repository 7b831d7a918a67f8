"""The cash of one decision against business as usual: sections 4 and 6 of docs/model.md.

A third computation beside the optimiser's coefficients and the ledger, on purpose: every
line adds up over decisions, so the cash of a plan is the sum over its closings, openings
and leavings, and business as usual never needs to be written out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from estate.core.money import annuity_factor
from estate.verify.buildings import landlord_of, steps_of, weight_of, yearly_costs
from estate.verify.cells import whole_years
from estate.verify.loading import duration_factor
from estate.verify.posting import Floats, Posting, from_year, once
from estate.verify.records import (
    LEASED,
    Closing,
    Cost,
    Decision,
    HubOption,
    Leaving,
    Opening,
    Provision,
    Site,
    Valuation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estate.verify.facts import Facts

RUNNING_LINES = frozenset(
    {
        "running_cost",
        "rent_between_partners",
        "income",
        "hub_running",
        "lifecycle",
        "let_income",
        "host_fee",
        "hub_charge",
        "vacant_holding",
        "empty_rates",
        "online",
    }
)
TAXED_LINES = frozenset({"hub_capital", "fit_out", "it", "energy_upgrade"})
SPENDING_LINES = TAXED_LINES | {"purchase", "stamp_duty", "irrecoverable_vat", "brake_cost", "disposal_cost"}
SALE_ROUTES = frozenset({"sell", "transfer"})


@dataclass(frozen=True)
class Cash:
    """The cash of one decision against BAU [GBP by year].

    Attributes
    ----------
    net : dict
        Financial net cash of every partner touched.
    receipts : ndarray
        Of it, receipts of sales, all partners.
    running : ndarray
        Running saving, all partners, financial view.
    spend : dict
        Capital spend of every partner, a positive number.
    economic : ndarray
        Economic net cash, all partners.
    """

    net: dict[str, Floats]
    receipts: Floats
    running: Floats
    spend: dict[str, Floats]
    economic: Floats

    @property
    def financial(self) -> Floats:
        """Return the financial net cash of all partners together [GBP by year]."""
        total: Floats = np.sum([*self.net.values()], axis=0) if self.net else np.zeros_like(self.economic)
        return total


def cash_of(facts: Facts, decision: Decision) -> Cash:
    """Return the cash of one decision against business as usual.

    Parameters
    ----------
    facts : Facts
        The indexed tables.
    decision : Closing, Opening or Leaving
        What is decided.
    """
    zero = np.zeros(facts.appraisal_years)
    net: dict[str, Floats] = {}
    spend: dict[str, Floats] = {}
    receipts, running, economic = zero.copy(), zero.copy(), zero.copy()
    for posting in postings(facts, decision):
        if posting.view != "financial":
            economic += posting.amounts
        if posting.view == "economic":
            continue
        net[posting.partner] = net.get(posting.partner, zero) + posting.amounts
        if posting.line == "receipt":
            receipts += posting.amounts
        if posting.line in RUNNING_LINES:
            running += posting.amounts
        if posting.line in SPENDING_LINES:
            spend[posting.partner] = spend.get(posting.partner, zero) - posting.amounts
    return Cash(net, receipts, running, spend, economic)


def postings(facts: Facts, decision: Decision) -> Iterator[Posting]:
    """Yield every ledger line that one decision changes, plan minus BAU."""
    for posting in _before_tax(facts, decision):
        yield posting
        payer = facts.partners.get(posting.partner)
        if payer is not None and payer.vat_lost_share > 0 and posting.line in TAXED_LINES:
            tax = payer.vat_lost_share * facts.assumptions["vat_rate_share"] * posting.amounts
            yield Posting("irrecoverable_vat", posting.partner, "financial", tax)


def _before_tax(facts: Facts, decision: Decision) -> Iterator[Posting]:
    if isinstance(decision, Closing):
        yield from _closing(facts, facts.sites[decision.site_id], decision)
    elif isinstance(decision, Opening):
        yield from _opening(facts, facts.sites[decision.site_id], decision)
    else:
        yield from _leaving(facts, facts.provisions[decision.provision_id], decision)


def on_costs(facts: Facts) -> float:
    """Return G: works with fees, contingency and what is left of the optimism bias."""
    a = facts.assumptions
    bias = a["optimism_bias_share"] * (1 - a["optimism_bias_mitigated_share"])
    return (1 + a["fees_share"]) * (1 + a["contingency_share"]) * (1 + bias)


def _paid(facts: Facts, site: Site, cost: Cost, posting: Posting) -> Iterator[Posting]:
    """Yield a running cost that changes, and the other side of rent between partners."""
    yield posting
    landlord = landlord_of(facts, site)
    if cost.heading == "rent" and landlord:
        yield Posting("rent_between_partners", landlord, posting.view, -posting.amounts)


def lag_years(site: Site, valuation: Valuation) -> int:
    """Return whole years from closing to the receipt or the letting."""
    delay = sum(brake.delay_years for brake in site.brakes if brake.effect == "delay")
    return whole_years(valuation.years_to_sell + delay)


def receipt_factor(site: Site) -> float:
    """Return the share of a receipt that brakes leave."""
    left = 1.0
    for brake in site.brakes:
        if brake.effect == "receipt":
            left *= brake.receipt_factor
    return left


def valuation_of(facts: Facts, site: Site, route: str) -> Valuation:
    """Return what a route brings; nothing is known of a route that is not listed."""
    return site.valuations.get(route) or Valuation(years_to_sell=facts.assumptions["years_to_sell"])


def _closing(facts: Facts, site: Site, closing: Closing) -> Iterator[Posting]:
    t, owner, a = closing.year, site.partner, facts.assumptions
    stay = 1 - sum(steps_of(facts, site, facts.provisions[one]) for one in site.provisions)
    for cost, view, amounts in yearly_costs(facts, site):
        fixed = amounts * (cost.fixed_share + cost.stepped_share * stay if site.provisions else 1.0)
        saved = np.where(np.arange(len(fixed)) >= t, fixed, 0.0)
        yield from _paid(facts, site, cost, Posting("running_cost", owner, view, saved))
        if site.provisions:
            twice = once(facts, t, -_double_running(facts) * fixed[t])
            yield from _paid(facts, site, cost, Posting("double_running", owner, view, twice))
    yield from _tenants(facts, site, closing)
    yield Posting("programme", owner, "both", once(facts, t, -a["programme_gbp_per_closure"]))
    emitted = np.where(np.arange(facts.appraisal_years) >= t, facts.carbon_gbp_per_kwh, 0.0)
    yield Posting("carbon", owner, "economic", site.energy_kwh * emitted)
    for due, amount in site.backlog:
        if t <= due:
            yield Posting("backlog", owner, "both", once(facts, due, amount))
    yield Posting(
        "decommissioning", owner, "both", once(facts, t, -a["decommissioning_gbp_per_m2"] * site.gia_m2)
    )
    yield from _lease_end(facts, site, closing)
    brakes = sum(brake.cost_gbp for brake in site.brakes if brake.effect == "cost")
    yield Posting("brake_cost", owner, "both", once(facts, t, -brakes))
    yield from _exit(facts, site, closing)


def _double_running(facts: Facts) -> float:
    """Return the part of a year for which two places are paid for."""
    return facts.assumptions["double_running_months"] / 12 * duration_factor(facts.assumptions)


def _tenants(facts: Facts, site: Site, closing: Closing) -> Iterator[Posting]:
    """Yield the income lost, and what tenants are paid to go; a sale with tenants keeps them."""
    valuation = valuation_of(facts, site, closing.route)
    stay = closing.route in SALE_ROUTES and valuation.tenanted
    t = closing.year + (lag_years(site, valuation) if stay else 0)
    yield Posting("income", site.partner, "both", from_year(facts, t, -site.income_gbp))
    if not stay:
        paid = once(facts, closing.year, -site.compensation_gbp)
        yield Posting("tenant_compensation", site.partner, "both", paid)


def _lease_end(facts: Facts, site: Site, closing: Closing) -> Iterator[Posting]:
    """Yield dilapidations, the penalty of a break, and the premium of an early surrender."""
    tenure, t, owner, a = site.tenure, closing.year, site.partner, facts.assumptions
    if tenure.tenure in LEASED:
        given = tenure.dilapidations_gbp
        part = {"landlord": 0.0, "internal": a["internal_repair_share"]}.get(tenure.repairs, 1.0)
        cost = a["dilapidations_gbp_per_m2"] * site.gia_m2 * part if given is None else given
        yield Posting("dilapidations", owner, "both", once(facts, t, -cost))
    if t in tenure.breaks and (tenure.expiry is None or t < tenure.expiry):
        yield Posting("break_penalty", owner, "both", once(facts, t, -tenure.break_penalty_gbp))
    early = t not in tenure.breaks and (tenure.expiry is None or t < tenure.expiry)
    if closing.route == "surrender" and early:
        premium = valuation_of(facts, site, "surrender").premium_gbp
        yield Posting("surrender_premium", owner, "both", once(facts, t, -premium))


def _exit(facts: Facts, site: Site, closing: Closing) -> Iterator[Posting]:
    """Yield what leaving the empty building brings and costs."""
    t, route, owner = closing.year, closing.route, site.partner
    valuation = valuation_of(facts, site, route)
    sold = t + lag_years(site, valuation)
    if route != "surrender":
        until = None if route == "hold" else sold
        yield from _empty(facts, site, closing, until)
    if route in SALE_ROUTES:
        expected = valuation.receipt_gbp * receipt_factor(site) * valuation.probability
        kept = facts.partners[owner].retention if owner in facts.partners else 1.0
        yield Posting("receipt", owner, "both", once(facts, sold, expected * kept))
        yield Posting("receipt", owner, "economic", once(facts, sold, expected * (1 - kept)))
        yield Posting(
            "disposal_cost", owner, "both", once(facts, sold, -valuation.disposal_cost_share * expected)
        )
    if route == "let":
        yield Posting("let_income", owner, "both", from_year(facts, sold, valuation.let_income_gbp))
        if facts.least_band < site.energy_band <= "G":
            yield Posting("energy_upgrade", owner, "both", once(facts, sold, -site.upgrade_gbp))


def _empty(facts: Facts, site: Site, closing: Closing, until: int | None) -> Iterator[Posting]:
    """Yield holding cost and empty rates from closing until the building is gone."""
    t, a = closing.year, facts.assumptions
    given = valuation_of(facts, site, closing.route).holding_gbp
    holding = a["vacant_holding_gbp_per_m2_per_year"] * site.gia_m2 if given is None else given
    yield Posting("vacant_holding", site.partner, "both", from_year(facts, t, -holding, until))
    rates = sum(cost.gbp * cost.cashable_share for cost in site.costs if cost.heading == "business_rates")
    amounts = from_year(facts, t, -rates, until)
    if math.isinf(site.relief_months):
        amounts[:] = 0.0
    amounts[t] *= max(0.0, 1 - site.relief_months / 12)
    yield Posting("empty_rates", site.partner, "financial", amounts)


def _opening(facts: Facts, site: Site, opening: Opening) -> Iterator[Posting]:
    option, t, a = site.options[opening.option], opening.year, facts.assumptions
    lead, works = option.lead_partner, option.capital_gbp
    step_free = 0.0
    if site.step_free != "yes" and facts.require_step_free:
        step_free = site.step_free_cost_gbp or 0.0
    yield Posting(
        "hub_capital", lead, "both", -(works + step_free) * on_costs(facts) * _profile(facts, option, t)
    )
    begins = t - option.lead_years
    yield Posting("purchase", lead, "both", once(facts, begins, -option.purchase_gbp))
    if lead not in facts.partners or facts.partners[lead].pays_stamp_duty:
        yield Posting("stamp_duty", lead, "financial", once(facts, begins, -option.stamp_duty_gbp))
    yield Posting("programme", lead, "both", once(facts, t, -a["programme_gbp_per_hub"]))
    emitted = np.where(np.arange(facts.appraisal_years) >= t, facts.carbon_gbp_per_kwh, 0.0)
    yield Posting("carbon", lead, "economic", -option.energy_kwh * emitted)
    yield Posting("hub_running", lead, "both", from_year(facts, t, -option.running_gbp))
    yield Posting("lifecycle", lead, "both", from_year(facts, t + 1, -a["lifecycle_share_per_year"] * works))
    left = max(0.0, 1 - (facts.appraisal_years - t) / option.life_years)
    residual = (works * on_costs(facts) + option.purchase_gbp) * left
    yield Posting("residual_value", lead, "economic", once(facts, facts.appraisal_years - 1, residual))
    if site.existing:
        for due, amount in site.backlog:
            if t <= due:
                yield Posting("backlog", site.partner, "both", once(facts, due, option.cures_share * amount))


def _profile(facts: Facts, option: HubOption, t: int) -> Floats:
    """Return the share of the capital that is spent in every year."""
    shares = np.zeros(facts.appraisal_years)
    lead = option.lead_years
    if lead == 0:
        shares[t] = 1.0
    elif t >= lead:
        # Shares such as 0.33;0.33;0.33 are meant as thirds; a profile that does not fit is no profile.
        given = np.array(option.profile if len(option.profile) == lead else (1.0,) * lead)
        shares[t - lead : t] = given / given.sum()
    return shares


def _leaving(facts: Facts, provision: Provision, leaving: Leaving) -> Iterator[Posting]:
    site, t, a = facts.sites[provision.site_id], leaving.year, facts.assumptions
    who, service = provision.partner, facts.services[provision.service_id]
    yield from _vacated(facts, site, provision, leaving)
    yield Posting("redundancy", who, "financial", once(facts, t, -provision.redundancy_gbp))
    if leaving.how == "online":
        yield Posting("online", who, "both", once(facts, t, -service.online_setup_gbp))
        yield Posting(
            "online", who, "both", from_year(facts, t, -service.online_gbp_per_visit * provision.visits)
        )
        return
    fte = provision.fte * (1 - provision.digital_share)
    yield Posting("move", who, "both", once(facts, t, -a["move_gbp_per_fte"] * fte))
    yield Posting("it", who, "both", once(facts, t, -a["it_gbp_per_fte"] * fte))
    yield from _staff_travel(facts, provision, t)
    need = facts.merge_need_m2(provision) if leaving.how == "merge" else facts.need_m2(provision)
    at_hub = leaving.how == "move" and leaving.to_option
    rate = a["fit_out_gbp_per_m2" if at_hub else "host_fit_out_gbp_per_m2"]
    yield Posting("fit_out", who, "both", once(facts, t, -rate * need * on_costs(facts)))
    yield from _travel(facts, provision, leaving)
    if at_hub:
        yield from _hub_charge(facts, provision, leaving, need)
    elif leaving.how == "move":
        yield from _host_fee(facts, provision, leaving, need)


def _travel(facts: Facts, provision: Provision, leaving: Leaving) -> Iterator[Posting]:
    """Yield the value of what the visitors travel more, where that is a cost of the run."""
    if facts.visitors is not None:
        to = leaving.to_site if leaving.how == "move" else facts.provisions[leaving.to_provision].site_id
        extra = facts.visitors.extra_gbp(provision, to)
        yield Posting(
            "resident_travel", provision.partner, "economic", from_year(facts, leaving.year, -extra)
        )


def _staff_travel(facts: Facts, provision: Provision, t: int) -> Iterator[Posting]:
    """Yield excess travel of staff whose place of work moves."""
    a = facts.assumptions
    staff = provision.fte * (1 - provision.digital_share)
    yearly = a["excess_travel_gbp_per_fte_per_year"] * staff
    until = t + round(a["excess_travel_years"])
    yield Posting("excess_travel", provision.partner, "both", from_year(facts, t, -yearly, until))


def _vacated(facts: Facts, site: Site, provision: Provision, leaving: Leaving) -> Iterator[Posting]:
    """Yield the variable running cost that goes when a provision leaves."""
    if not (site.existing and site.scope in {"decide", "surplus", "keep"}):
        return
    weight, steps = weight_of(facts, site, provision), steps_of(facts, site, provision)
    t, owner = leaving.year, site.partner
    for cost, view, amounts in yearly_costs(facts, site):
        share = (1 - cost.fixed_share - cost.stepped_share) * weight + cost.stepped_share * steps
        freed = np.where(np.arange(len(amounts)) >= t, amounts * share, 0.0)
        yield from _paid(facts, site, cost, Posting("running_cost", owner, view, freed))
        if leaving.how != "online":
            twice = once(facts, t, -_double_running(facts) * freed[t])
            yield from _paid(facts, site, cost, Posting("double_running", owner, view, twice))


def _hub_charge(facts: Facts, provision: Provision, leaving: Leaving, need: float) -> Iterator[Posting]:
    option = facts.sites[leaving.to_site].options.get(leaving.to_option)
    if option is None or option.lead_partner == provision.partner:
        return
    a = facts.assumptions
    annuity = (
        a["hub_charge_annuity_share"]
        * option.capital_gbp
        * on_costs(facts)
        / float(annuity_factor(a["hub_charge_rate"], option.life_years))
    )
    charge = from_year(facts, leaving.year, need * (option.running_gbp + annuity) / option.room_m2)
    yield Posting("hub_charge", provision.partner, "financial", -charge)
    yield Posting("hub_charge", option.lead_partner, "financial", charge)


def _host_fee(facts: Facts, provision: Provision, leaving: Leaving, need: float) -> Iterator[Posting]:
    host = facts.sites[leaving.to_site]
    if host.terms is None or host.partner == provision.partner:
        return
    fee = from_year(facts, leaving.year, host.terms.fee_gbp_per_m2 * need)
    yield Posting("host_fee", provision.partner, "financial" if host.in_plan else "both", -fee)
    if host.in_plan:
        yield Posting("host_fee", host.partner, "financial", fee)
