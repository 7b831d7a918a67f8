"""The saving in the steady year: docs/model.md section 4, and how well its cost is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise import running
from estate.appraise.facts import Facts, gather, text
from estate.appraise.lines import names

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan

ILLUSTRATIVE_ABOVE = 0.2
"""Share of assumed cost above which a headline is printed as a range (contract, Saving)."""


@dataclass(frozen=True)
class SteadyYear:
    """Running cost of the decided sites and of what replaces them, in the steady year.

    Attributes
    ----------
    t : int
        First year after the last action, at most the last appraised year.
    bau_gbp, plan_gbp : float
        Running cost net of income, financial view, cashable [GBP/year].
    low_gbp, high_gbp : float
        Range of the saving, from the low and high running costs [GBP/year].
    low_share, high_share : float or None
        The same as shares of running cost [share].
    assumed_share : float
        Part of the decided sites' running cost whose quality is ``assumed`` [share].
    decided_share : float or None
        Decided sites' part of the running cost of the whole estate [share].
    estate_gbp, decided_gbp : float
        Running cost of the whole estate and of the decided sites in BAU [GBP/year].
    """

    t: int
    bau_gbp: float
    plan_gbp: float
    low_gbp: float
    high_gbp: float
    low_share: float | None
    high_share: float | None
    assumed_share: float
    decided_share: float | None
    estate_gbp: float
    decided_gbp: float

    @property
    def saving_gbp(self) -> float:
        """Yearly saving [GBP/year]."""
        return self.bau_gbp - self.plan_gbp

    @property
    def saving_share(self) -> float | None:
        """1 - plan / BAU [share]; None where business as usual costs nothing."""
        return ratio(self.saving_gbp, self.bau_gbp)

    @property
    def illustrative(self) -> bool:
        """Whether more than a fifth of the cost behind the saving is assumed."""
        return self.assumed_share > ILLUSTRATIVE_ABOVE


OWN_LINES = ("running_cost", "income", "rent_between_partners")
"""Lines of a building, counted only where it is decided on; the others follow from the plan."""


def ratio(numerator: float, denominator: float) -> float | None:
    """Return a share, None where its denominator is not positive."""
    return numerator / denominator if denominator > 0 else None


def steady_year(plan: Plan, span: int) -> int:
    """Return the first year after the last closure, opening or move, at most the last appraised."""
    years = pd.concat([frame["year"] for frame in (plan.closures, plan.hubs, plan.moves)])
    return 0 if years.empty else min(int(years.max()) + 1, span - 1)


def steady_cost(ledger: pd.DataFrame, decided: set[str], t: int) -> pd.DataFrame:
    """Return running cost in year t by partner and case, financial view, cashable.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    decided : set of str
        Sites of scope decide or surplus; running cost and income of other sites are left out.
    t : int
        Year.

    Returns
    -------
    DataFrame
        Index partner_id; columns bau and plan, running cost as a positive number [GBP/year].
    """
    rows = ledger[ledger["t"] == t]
    rows = rows[rows["line"].isin(names(steady=True)) & rows["view"].isin(["both", "financial"])]
    rows = rows[rows["cashable"] == "yes"]
    own = rows["line"].isin(OWN_LINES)
    rows = rows[~own | rows["site_id"].isin(decided)]
    cost = -rows.pivot_table(index="partner_id", columns="case", values="amount_gbp", aggfunc="sum")
    return cost.reindex(columns=["bau", "plan"]).fillna(0.0)


def steady(ledger: pd.DataFrame, estate: Estate, config: Config, plan: Plan) -> SteadyYear:
    """Measure the saving in the steady year and how well its cost is known.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate, config, plan
        As given to `build_ledger`.

    Returns
    -------
    SteadyYear
    """
    facts = gather(estate, config, plan)
    t = steady_year(plan, facts.span)
    decided = set(facts.sites.loc[facts.sites["decided"], "site_id"])
    cost = steady_cost(ledger, decided, t).sum()
    table = estate.tables["running_costs"]
    central = _building_cost(facts, table, "gbp_per_year", t)
    ends = [_building_cost(facts, table, f"{end}_gbp_per_year", t) for end in ("low", "high")]
    # Only the cost of buildings has a range; the cost of hubs stays as it is.
    bau = [float(cost["bau"]) + end["bau"] - central["bau"] for end in ends]
    plans = [float(cost["plan"]) + end["plan"] - central["plan"] for end in ends]
    savings = [b - p for b, p in zip(bau, plans, strict=True)]
    shares = [share for b, s in zip(bau, savings, strict=True) if (share := ratio(s, b)) is not None]
    return SteadyYear(
        t=t,
        bau_gbp=float(cost["bau"]),
        plan_gbp=float(cost["plan"]),
        low_gbp=min(savings),
        high_gbp=max(savings),
        low_share=min(shares, default=None),
        high_share=max(shares, default=None),
        assumed_share=ratio(central["assumed"], central["bau"]) or 0.0,
        decided_share=ratio(central["bau"], central["estate"]),
        estate_gbp=central["estate"],
        decided_gbp=central["bau"],
    )


def _building_cost(facts: Facts, table: pd.DataFrame, column: str, t: int) -> dict[str, float]:
    """Return the cost of buildings in year t: BAU and plan of decided sites, assumed part, all."""
    costs = running.cost_rows(facts, table, column)
    totals = {"bau": 0.0, "plan": 0.0, "assumed": 0.0, "estate": 0.0}
    parts = ((costs.fixed, costs.fixed_gbp, "closes_t"), (costs.variable, costs.variable_gbp, "leaves_t"))
    for items, yearly, end in parts:
        gbp = np.where((items["cashable"] == "yes") & (items["view"] != "economic"), yearly[:, t], 0.0)
        decided = items["decided"].to_numpy(dtype=bool)
        totals["estate"] += float(gbp.sum())
        totals["bau"] += float(gbp[decided].sum())
        totals["assumed"] += float(gbp[decided & (items["quality"] == "assumed").to_numpy(dtype=bool)].sum())
        totals["plan"] += float(gbp[decided & (items[end] > t).to_numpy(dtype=bool)].sum())
    for block in running.empty_rates(facts, table, column):
        totals["plan"] -= float(block.loc[block["t"] == t, "amount_gbp"].sum())
    return totals


def decided_sites(estate: Estate, config: Config, plan: Plan) -> set[str]:
    """Return the sites that may close: scope decide or surplus, existing, owner in the plan."""
    sites = gather(estate, config, plan).sites
    return set(text(sites.loc[sites["decided"], "site_id"]))
