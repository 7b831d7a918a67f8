"""The measures of a plan: worth, return, payback, funding and the yearly saving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estate.appraise import flows
from estate.appraise.cashflow import changes, flow
from estate.appraise.facts import text, truth
from estate.appraise.steady import SteadyYear, ratio, steady
from estate.core.money import discount_factors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from estate.appraise.flows import Irr, Payback, PeakFunding
    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate, Plan

CAPITAL_LINES = (
    *("hub_capital", "purchase", "stamp_duty", "irrecoverable_vat"),
    *("fit_out", "it", "brake_cost", "disposal_cost", "energy_upgrade"),
)
"""Lines that purses pay for (docs/model.md section 6)."""


@dataclass(frozen=True)
class FlowMeasures:
    """Measures of one view, with or without receipts.

    Attributes
    ----------
    flows : ndarray
        Net cash of plan minus BAU by year [GBP].
    npv_gbp : float
        Net present value [GBP].
    equivalent_annual_gbp : float or None
        NPV / sum of DF(1..n); a cost has a negative sign [GBP/year].
    irr : Irr
        Internal rates of return [share/year].
    payback, discounted_payback : Payback
        First sustained crossing [year].
    peak_funding : PeakFunding
        Deepest cumulative cash need, undiscounted [GBP].
    """

    flows: Matrix
    npv_gbp: float
    equivalent_annual_gbp: float | None
    irr: Irr
    payback: Payback
    discounted_payback: Payback
    peak_funding: PeakFunding


@dataclass(frozen=True)
class Measures:
    """All measures of a plan against business as usual, in real base-year prices.

    Attributes
    ----------
    economic, financial : FlowMeasures
        With receipts.
    economic_without_receipts, financial_without_receipts : FlowMeasures
        Without the proceeds of sales (their cost stays, which is prudent).
    npv_by_partner_gbp : mapping of str to float
        Net present value on bills: financial view [GBP].
    benefits_gbp, costs_gbp : float
        Present value of savings, receipts and residual value, and of what is spent once to get
        them, economic view [GBP].
    capital_gbp : float
        Capital for the programme: works, fit-out, IT, brakes and cost of sale, undiscounted [GBP].
    receipts_gbp : float
        Expected receipts that partners keep, undiscounted [GBP].
    steady : SteadyYear
        Saving in the steady year.
    """

    economic: FlowMeasures
    financial: FlowMeasures
    economic_without_receipts: FlowMeasures
    financial_without_receipts: FlowMeasures
    npv_by_partner_gbp: Mapping[str, float]
    benefits_gbp: float
    costs_gbp: float
    capital_gbp: float
    receipts_gbp: float
    steady: SteadyYear

    @property
    def benefit_cost_ratio(self) -> float | None:
        """PV of benefits / PV of costs; None where nothing is spent."""
        return ratio(self.benefits_gbp, self.costs_gbp)


def measure_flows(yearly_gbp: Matrix, factors: Matrix) -> FlowMeasures:
    """Return every measure of yearly net cash [GBP] with discount factors [share]."""
    worth = flows.npv(yearly_gbp, factors)
    return FlowMeasures(
        flows=yearly_gbp,
        npv_gbp=worth,
        equivalent_annual_gbp=flows.equivalent_annual(worth, factors),
        irr=flows.irr(yearly_gbp),
        payback=flows.payback(yearly_gbp),
        discounted_payback=flows.payback(yearly_gbp, factors),
        peak_funding=flows.peak_funding(yearly_gbp),
    )


def view_measures(ledger: pd.DataFrame, config: Config, view: str, *, receipts: bool = True) -> FlowMeasures:
    """Measure one view of a ledger, all partners together.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    config : Config
        Horizon, discount rates and timing.
    view : str
        economic or financial.
    receipts : bool
        False leaves out the proceeds of sales.
    """
    span = config.horizon.appraisal_years
    factors = discount_factors(config.vintage, span, config.timing)
    return measure_flows(flow(changes(ledger), span, view, receipts=receipts), factors)


def measures(ledger: pd.DataFrame, estate: Estate, config: Config, plan: Plan) -> Measures:
    """Measure a plan against business as usual.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    Measures
    """
    span = config.horizon.appraisal_years
    factors = discount_factors(config.vintage, span, config.timing)
    rows = changes(ledger)

    by_side = {
        side: flows.npv(flow(rows, span, "economic", side=side), factors)
        for side in ("invest", "save", "receipt", "residual")
    }
    financial = rows[rows["view"] != "economic"]
    return Measures(
        economic=view_measures(ledger, config, "economic"),
        financial=view_measures(ledger, config, "financial"),
        economic_without_receipts=view_measures(ledger, config, "economic", receipts=False),
        financial_without_receipts=view_measures(ledger, config, "financial", receipts=False),
        npv_by_partner_gbp=npv_by_partner(rows, estate, factors),
        benefits_gbp=by_side["save"] + by_side["receipt"] + by_side["residual"],
        costs_gbp=-by_side["invest"],
        capital_gbp=-float(financial.loc[financial["line"].isin(CAPITAL_LINES), "amount_gbp"].sum()),
        receipts_gbp=float(financial.loc[financial["line"] == "receipt", "amount_gbp"].sum()),
        steady=steady(ledger, estate, config, plan),
    )


def npv_by_partner(rows: pd.DataFrame, estate: Estate, factors: Matrix) -> dict[str, float]:
    """Return the net present value on bills of each partner [GBP], also of those without cash.

    Parameters
    ----------
    rows : DataFrame
        From `changes`.
    estate : Estate
        Its partners that take part are all named.
    factors : ndarray
        Discount factors [share].
    """
    table = estate.tables["partners"]
    taking_part = set(text(table["partner_id"])[truth(table["in_plan"], blank=True)])
    return {
        partner: flows.npv(flow(rows, len(factors), "financial", partner_id=partner), factors)
        for partner in sorted(taking_part | set(rows["partner_id"]))
    }
