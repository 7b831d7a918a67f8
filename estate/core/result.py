"""The frozen record that travels from the run to everything that is written or shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.core.types import Estate, Horizon, Plan, Solution

SCHEMA_VERSION = "1.0"

CASHFLOW_COLUMNS = (
    "year",
    "partner_id",
    "counterparty_id",
    "site_id",
    "provision_id",
    "line",
    "kind",
    "fund",
    "cashable",
    "view",
    "basis",
    "case",
    "amount_gbp",
    "heading",
)
"""Columns of ``cashflow.csv``; the ledger in memory has the offset ``t`` besides."""

ACCESS_COLUMNS = (
    "area_id",
    "service_id",
    "standard_id",
    "year",
    "case",
    "nearest_site_id",
    "distance_km",
    "minutes",
    "within",
)

HEADLINE_COLUMNS = (
    "key",
    "label",
    "value",
    "unit",
    "numerator",
    "denominator",
    "year",
    "price_base",
    "note",
)

HEADLINE_KEYS = (
    "decided_sites",
    "surplus_sites",
    "closures",
    "hubs",
    "saving_steady_gbp",
    "saving_share",
    "share_of_estate_decided",
    "npv_economic_gbp",
    "npv_financial_gbp",
    "payback_with_receipts",
    "payback_without_receipts",
    "payback_discounted_with_receipts",
    "payback_discounted_without_receipts",
    "peak_funding_gbp",
    "residents_worse_off",
    "assumed_cost_share",
)
"""Keys that the terminal summary and the report look for; others are shown after them."""


class RunHorizon(Protocol):
    """What is read of the years of a run."""

    def horizon(self) -> Horizon:
        """Return the years."""


class RunConfig(Protocol):
    """What is read of a configuration by everything that presents a run."""

    @property
    def name(self) -> str:
        """Name of the run."""

    @property
    def title(self) -> str:
        """Title in words; may be blank."""

    @property
    def data_date(self) -> str:
        """As-at date of the data; may be blank."""

    @property
    def source(self) -> str:
        """Where the data come from; may be blank."""

    @property
    def invented(self) -> bool:
        """Whether the estate is made up."""

    @property
    def horizon(self) -> RunHorizon:
        """Years of the plan."""

    @property
    def vintage(self) -> str:
        """Table of discount rates."""

    @property
    def timing(self) -> str:
        """``year_end`` or ``mid_year``."""

    @property
    def objective(self) -> str:
        """``economic`` or ``financial``."""

    @property
    def fewest_people(self) -> int:
        """Least count of people that the public is told [person]."""

    @property
    def audience(self) -> str:
        """``internal``, ``partner`` or ``public``."""


@dataclass(frozen=True)
class Result:
    """A verified, appraised run.

    Attributes
    ----------
    config : RunConfig
        Configuration used (``estate.config.Config``).
    estate : Estate
        Tables with every default filled.
    plan : Plan
        What happens, years as offsets t.
    solution : Solution or None
        What the solver proved; None for a plan made by hand.
    ledger : DataFrame
        ``CASHFLOW_COLUMNS`` plus integer ``t``; ``year`` is the label
        (``2027/28``), ``amount_gbp`` [GBP] outflow negative, ``cashable`` yes or no.
    summary : mapping
        Content of ``summary.json``: ``headlines``, a list of mappings with
        ``HEADLINE_COLUMNS`` (keys: ``HEADLINE_KEYS`` where known), ``price_base``, and
        whatever else the appraisal adds.
    access : DataFrame
        ``ACCESS_COLUMNS``; ``year`` is a label, ``case`` bau or plan, ``within`` yes or no.
    partners : DataFrame
        One row a partner: partner_id and measures by partner [GBP].
    collect : DataFrame
        ``data_to_collect.csv``, most important first.
    run : mapping
        Content of ``run.json``.
    checks : DataFrame
        check, passed, detail: what was proved of the plan; may be empty.
    business : mapping of str to DataFrame
        Tables of the business case by the name of their file: financial, between_partners,
        running_cost_by_heading, saving_by_fund, staff_saving, receipt_scenarios, exits,
        liabilities, constraints.
    serving : mapping of str to DataFrame
        Tables of how residents are served by the name of their file: residents, front_door,
        fitness, online, travel_change, equality, equality_standards, equality_evidence.
    reasons : mapping of str to DataFrame
        Where they were asked for: reasons, reasons_flips, reasons_travel (see docs/deciding.md).
    """

    config: RunConfig
    estate: Estate
    plan: Plan
    solution: Solution | None
    ledger: pd.DataFrame
    summary: Mapping[str, Any]
    access: pd.DataFrame
    partners: pd.DataFrame
    collect: pd.DataFrame
    run: Mapping[str, Any]
    checks: pd.DataFrame = field(default_factory=pd.DataFrame)
    business: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    serving: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    reasons: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def horizon(self) -> Horizon:
        """Years of the run."""
        return self.config.horizon.horizon()

    def headline(self, key: str) -> Mapping[str, Any] | None:
        """Return the headline of that key, or None where the run has none."""
        rows: list[Mapping[str, Any]] = list(self.summary.get("headlines", []))
        return next((row for row in rows if row.get("key") == key), None)
