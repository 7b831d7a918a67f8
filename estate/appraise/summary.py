"""The headline figures of summary.json, each with what it is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estate.core import vintage

if TYPE_CHECKING:
    from estate.appraise.access_summary import AccessSummary
    from estate.appraise.flows import Irr
    from estate.appraise.measures import FlowMeasures, Measures
    from estate.config import Config
    from estate.core.types import Horizon, Plan

Headline = dict[str, Any]

WITHOUT = "Sales bring nothing; their cost stays"


def summary(
    measures: Measures, config: Config, plan: Plan, access: AccessSummary | None = None
) -> dict[str, Headline]:
    """Return the headline figures for summary.json.

    Parameters
    ----------
    measures : Measures
        From `measures`.
    config : Config
        Horizon, vintage and timing.
    plan : Plan
        What happens.
    access : AccessSummary, optional
        From `access_summary`; without it the residents' figures are left out.

    Returns
    -------
    dict
        By name: label, value, unit, numerator, denominator, year, price_base, note. A value
        that is not defined is None, and the note says why. Saving shares are shares of 1.
    """
    horizon = config.horizon.horizon()
    base = f"{horizon.label(0)} prices"
    whole = f"{horizon.label(0)} to {horizon.label(horizon.appraisal_years - 1)}"
    figures = {
        **_saving(measures, horizon.label(measures.steady.t)),
        **_worth(measures, config),
        **_returns(measures),
        **_funding(measures, horizon),
        **_counts(plan),
        **(_residents(access) if access is not None else {}),
    }
    money = {"GBP", "GBP/year"}
    for figure in figures.values():
        figure.setdefault("year", whole)
        figure["price_base"] = base if figure["unit"] in money or figure.get("real") else ""
        figure.pop("real", None)
    return figures


def measure_rows(measures: Measures) -> list[dict[str, Any]]:
    """Return every measure of both views, with and without receipts, one row each.

    Returns
    -------
    list of dict
        measure, view, receipts (with, without), value (None where undefined), reason.
    """
    views = (
        ("economic", "with", measures.economic),
        ("economic", "without", measures.economic_without_receipts),
        ("financial", "with", measures.financial),
        ("financial", "without", measures.financial_without_receipts),
    )
    rows = [
        {"view": view, "receipts": receipts, **row}
        for view, receipts, found in views
        for row in flow_rows(found)
    ]
    ratio = measures.benefit_cost_ratio
    parts = (
        ("benefits_gbp", measures.benefits_gbp, ""),
        ("costs_gbp", measures.costs_gbp, ""),
        ("benefit_cost_ratio", ratio, "" if ratio is not None else "undefined: nothing is spent"),
    )
    whole = {"view": "economic", "receipts": "with"}
    return rows + [{**whole, "measure": name, "value": value, "reason": why} for name, value, why in parts]


def flow_rows(found: FlowMeasures) -> list[dict[str, Any]]:
    """Return the measures of one flow: measure, value (None where undefined), reason."""
    rate, peak = found.irr, found.peak_funding
    rows: list[tuple[str, Any, str]] = [
        ("npv_gbp", found.npv_gbp, ""),
        ("equivalent_annual_gbp", found.equivalent_annual_gbp, "there is one year only"),
        ("irr_count", len(rate.rates), ""),
        ("irr", rate.value, _rates(rate)),
    ]
    for name, when in (("payback", found.payback), ("discounted_payback", found.discounted_payback)):
        never = len(found.flows) - 1 if np.any(found.flows) else -1
        last = never if when.whole_years is None else when.whole_years - 1
        rows.append((f"{name}_last", last, ""))
        rows.append((f"{name}_years", when.years, when.reason))
        rows.append((f"{name}_whole_years", when.whole_years, when.reason))
    rows += [
        ("peak_funding_gbp", peak.amount_gbp, ""),
        ("peak_funding_t", peak.year, "never negative"),
    ]
    return [
        {"measure": name, "value": value, "reason": why if value is None else ""} for name, value, why in rows
    ]


def _headline(label: str, value: float | None, unit: str, note: str = "", **more: Any) -> Headline:  # noqa: ANN401
    """Return one headline; `more` replaces the blank parts."""
    figure = {"label": label, "value": value, "unit": unit, "numerator": None, "denominator": None}
    return figure | {"note": note} | more


def _saving(measures: Measures, year: str) -> dict[str, Headline]:
    """Return the yearly saving, its range and what it is a share of, and running costs."""
    s, where = measures.steady, "running cost of decided sites"
    why = "" if s.saving_share is not None else "Business as usual costs nothing"
    note = ""
    if s.illustrative:
        note = f"Illustrative: {s.assumed_share:.0%} of the cost behind it is assumed"
    extent: Headline = {"illustrative": s.illustrative, "year": year}
    extent |= {"numerator": s.saving_gbp, "denominator": s.bau_gbp}
    money, parts = extent, extent
    if s.illustrative:
        extent = extent | {"assumed_share": s.assumed_share}
        money = extent | {"low": s.low_gbp, "high": s.high_gbp}
        parts = extent | {"low": s.low_share, "high": s.high_share}
    return {
        "saving_gbp_per_year": _headline(
            f"Yearly saving in {where}", s.saving_gbp, "GBP/year", note, **money
        ),
        "saving_share": _headline(
            f"Saving as a share of {where}", s.saving_share, "share", note or why, real=True, **parts
        ),
        "running_cost_bau_gbp_per_year": _headline(
            "Net running cost of decided sites, business as usual", s.bau_gbp, "GBP/year", year=year
        ),
        "running_cost_plan_gbp_per_year": _headline(
            "Net running cost of decided sites and hubs, plan", s.plan_gbp, "GBP/year", year=year
        ),
        **_coverage(measures, year),
    }


def _coverage(measures: Measures, year: str) -> dict[str, Headline]:
    """Return how much of the estate's cost was decided on, and how much of that is assumed."""
    s = measures.steady
    return {
        "decided_share_of_estate_cost": _headline(
            "Share of the whole estate's running cost that was decided on",
            s.decided_share,
            "share",
            "Sites out of scope are in neither part",
            year=year,
            numerator=s.decided_gbp,
            denominator=s.estate_gbp,
        ),
        "assumed_share_of_cost": _headline(
            "Share of the decided sites' running cost that is assumed",
            s.assumed_share,
            "share",
            year=year,
            numerator=s.assumed_share * s.decided_gbp,
            denominator=s.decided_gbp,
        ),
    }


def _worth(measures: Measures, config: Config) -> dict[str, Headline]:
    """Return net present values, the benefit-cost ratio and equivalent annual savings."""
    how = f"Discount rates {vintage.label(config.vintage)}, {config.timing.replace('_', ' ')}"
    ratio = measures.benefit_cost_ratio
    figures = {}
    for name, view in (("economic", measures.economic), ("financial", measures.financial)):
        bare = (
            measures.economic_without_receipts if name == "economic" else measures.financial_without_receipts
        )
        figures[f"npv_{name}_gbp"] = _headline(f"Net present saving, {name}", view.npv_gbp, "GBP", how)
        figures[f"npv_{name}_without_receipts_gbp"] = _headline(
            f"Net present saving, {name}, without receipts", bare.npv_gbp, "GBP", f"{how}. {WITHOUT}"
        )
        figures[f"equivalent_annual_{name}_gbp"] = _headline(
            f"Equivalent annual saving, {name}", view.equivalent_annual_gbp, "GBP/year", how
        )
    figures["benefit_cost_ratio"] = _headline(
        "Benefit-cost ratio, economic",
        ratio,
        "ratio",
        how if ratio is not None else "Nothing is spent",
        numerator=measures.benefits_gbp,
        denominator=measures.costs_gbp,
        real=True,
    )
    return figures


def _returns(measures: Measures) -> dict[str, Headline]:
    """Return rates of return and paybacks, with and without receipts, on bills."""
    figures = {}
    for suffix, words, view in _financial(measures):
        rate, simple, discounted = view.irr, view.payback, view.discounted_payback
        figures[f"irr{suffix}"] = _headline(
            f"Internal rate of return{words}", rate.value, "share/year", _rates(rate), rates=list(rate.rates)
        )
        figures[f"payback_years{suffix}"] = _headline(
            f"Payback{words}", simple.years, "year", simple.reason, whole_years=simple.whole_years
        )
        figures[f"discounted_payback_years{suffix}"] = _headline(
            f"Discounted payback{words}",
            discounted.years,
            "year",
            discounted.reason,
            whole_years=discounted.whole_years,
        )
    return figures


def _financial(measures: Measures) -> tuple[tuple[str, str, FlowMeasures], ...]:
    """Return the financial view twice: with receipts, and without."""
    return (
        ("", ", financial", measures.financial),
        ("_without_receipts", ", financial, without receipts", measures.financial_without_receipts),
    )


def _rates(rate: Irr) -> str:
    """Say why there is no single rate, and which rates there are."""
    told = ", ".join(f"{one:.2%}" for one in rate.rates)
    listed = f" ({told})" if len(rate.rates) > 1 else ""
    return f"Undefined: {rate.reason}{listed}" if rate.reason else ""


def _funding(measures: Measures, horizon: Horizon) -> dict[str, Headline]:
    """Return peak funding, capital and receipts."""
    figures = {}
    for suffix, words, view in _financial(measures):
        peak = view.peak_funding
        when = "Cash is never negative"
        if peak.year is not None:
            when = f"At the end of {horizon.label(peak.year)}, year t = {peak.year}"
        figures[f"peak_funding_gbp{suffix}"] = _headline(
            f"Peak funding{words}", peak.amount_gbp, "GBP", when, t=peak.year
        )
    figures["capital_gbp"] = _headline(
        "Capital spent", measures.capital_gbp, "GBP", "Undiscounted: works, fit-out, IT, brakes, cost of sale"
    )
    figures["receipts_gbp"] = _headline(
        "Expected capital receipts",
        measures.receipts_gbp,
        "GBP",
        "Undiscounted; never part of the yearly saving",
    )
    return figures


def _counts(plan: Plan) -> dict[str, Headline]:
    """Return how much happens."""
    counts = (
        ("closures", "Sites that close", plan.closures, "sites"),
        ("hubs", "Hubs that open", plan.hubs, "hubs"),
        ("moves", "Provisions that leave", plan.moves, "provisions"),
    )
    return {name: _headline(label, len(rows), unit) for name, label, rows, unit in counts}


def _residents(access: AccessSummary) -> dict[str, Headline]:
    """Return how many residents have farther to travel to at least one service, each once."""
    figures = {}
    for places, words in (("all", ""), ("without_outside", ", outside places left out")):
        rows = access.any_service[access.any_service["places"] == places]
        if rows.empty:
            continue
        last = rows.sort_values("t").iloc[-1]
        worse, everyone = float(last["residents"]), float(last["population"])
        figures[f"residents_worse_off_{places}"] = _headline(
            f"Residents with farther to travel to at least one service{words}",
            worse,
            "person",
            "Each person once, whatever the number of services",
            numerator=worse,
            denominator=everyone,
            year=str(last["year"]),
            share=worse / everyone if everyone > 0 else None,
        )
        several = float(last["residents_three"])
        figures[f"residents_worse_off_three_{places}"] = _headline(
            f"Residents with farther to travel to three services or more{words}",
            several,
            "person",
            "Each person once; they are among those with farther to travel to at least one",
            numerator=several,
            denominator=everyone,
            year=str(last["year"]),
        )
    return figures


def plain(value: object) -> object:
    """Return a figure as plain Python, so that it can be written as JSON; NaN becomes None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
