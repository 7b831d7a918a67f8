"""The facts that are missing or unsure, ranked by how much they could change the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.money import discount_factors
from estate.core.reference import headings
from estate.core.tables import SPECS
from estate.inputs.scope import BOTH_ASSUMED

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.config import Config
    from estate.core.types import Estate

COLLECT_COLUMNS = (
    "rank",
    "site_id",
    "name",
    "table",
    "column",
    "value",
    "low",
    "high",
    "unit",
    "swing_gbp",
    "why",
    "sensitivity",
)
MOST_FACTS = 20
RECEIPT_TOLERANCE = 0.2  # either way, where a valuation comes without a range
HIGH_QUANTILE = 0.9


class _Facts:
    """What every kind of fact is worked out from: the sites that may be decided, and their money."""

    def __init__(self, estate: Estate, config: Config) -> None:
        self.tables = estate.tables
        self.gaps = estate.gaps
        self.assumed = estate.assumptions
        horizon = config.horizon
        self.factors = discount_factors(config.vintage, horizon.appraisal_years, config.timing)
        self.annuity = float(self.factors.sum())
        self.decision_annuity = float(self.factors[: horizon.decision_years].sum())
        sites = estate.tables["sites"]
        may = sites["scope"].isin(["decide", "surplus"]) | (sites["scope_reason"] == BOTH_ASSUMED)
        self.sites = sites[may & (sites["status"] == "existing")].set_index("site_id")
        costs = estate.tables["running_costs"]
        memo = costs["heading"].map(headings().set_index("heading")["view"]) == "memo"
        self.costs = costs[~memo & costs["site_id"].isin(self.sites.index)]
        self.yearly = (
            self.costs.groupby("site_id")["gbp_per_year"].sum().reindex(self.sites.index).fillna(0.0)
        )
        self.receipts = self._receipts()

    def _receipts(self) -> pd.DataFrame:
        """Best paying sale of each site, with its present value per pound [GBP/GBP]."""
        table = self.tables["valuations"]
        sales = table[
            table["exit_route"].isin(["sell", "transfer"]) & table["site_id"].isin(self.sites.index)
        ]
        best = (
            sales.sort_values(["receipt_gbp", "exit_route"])
            .drop_duplicates("site_id", keep="last")
            .set_index("site_id")
        )
        lag = np.ceil(best["years_to_sell"].fillna(self.assumed["years_to_sell"])).clip(
            upper=len(self.factors) - 1
        )
        chance = best["probability"].fillna(self.assumed["sale_probability"])
        return best.assign(worth=chance * self.factors[lag.astype(int)])

    def without_row(self, table: str) -> pd.DataFrame:
        """Sites for which a table says nothing."""
        return self.sites[~self.sites.index.isin(self.tables[table]["site_id"])]

    def receipt_value(self, index: pd.Index) -> pd.Series:
        """Present value of the expected receipt [GBP], 0 where none is known."""
        return (self.receipts["receipt_gbp"] * self.receipts["worth"]).reindex(index).fillna(0.0)


def data_to_collect(estate: Estate, config: Config) -> pd.DataFrame:
    """Return the twenty facts most able to change the plan.

    Parameters
    ----------
    estate : Estate
        Complete.
    config : Config
        Its horizon and table of discount rates turn ranges into present values.

    Returns
    -------
    DataFrame
        rank, site_id, name, table, column, value used, low, high, unit, swing_gbp (present
        value [GBP] of the range, over the appraisal years where it is yearly; NaN where no
        range is known), why, and sensitivity of the column in the data dictionary.
    """
    facts = _Facts(estate, config)
    found = [kind(facts) for kind in KINDS_OF_FACT]
    table = pd.concat(
        [part for part in found if len(part)] or [_frame(facts.sites.iloc[:0], "sites", "name", "")]
    )
    table = table.sort_values(
        ["swing_gbp", "site_id", "table", "column"], ascending=[False, True, True, True], na_position="last"
    )
    table = table[table["swing_gbp"].isna() | (table["swing_gbp"] > 0)]
    table = table.drop_duplicates(["site_id", "table", "column"]).head(MOST_FACTS).reset_index(drop=True)
    table["rank"] = np.arange(1, len(table) + 1)
    table["sensitivity"] = [
        SPECS[name][column].sensitivity for name, column in zip(table["table"], table["column"], strict=True)
    ]
    return table[list(COLLECT_COLUMNS)]


def _frame(
    rows: pd.DataFrame, table: str, column: str, why: str, **figures: pd.Series | float
) -> pd.DataFrame:
    """Return facts for sites, indexed by site_id; figures are value, low, high and swing_gbp."""
    blank = pd.Series(np.nan, index=rows.index, dtype="float64")
    names = ("value", "low", "high", "swing_gbp")
    numbers = {
        name: blank + 0.0 if name not in figures else blank.fillna(0.0) + figures[name] for name in names
    }
    return pd.DataFrame(
        {
            "site_id": rows.index.to_series(),
            "name": rows["name"],
            "table": table,
            "column": column,
            **numbers,
            "unit": SPECS[table][column].unit,
            "why": why,
        }
    ).reset_index(drop=True)


def _costs(facts: _Facts) -> pd.DataFrame:
    """List running costs that are assumed, or given as a range."""
    by_site = facts.costs.groupby("site_id")
    low, high = (by_site[name].sum() for name in ("low_gbp_per_year", "high_gbp_per_year"))
    assumed = facts.costs[facts.costs["quality"] == "assumed"]["site_id"].unique()
    parts = []
    for guessed, why in (
        (True, "The running cost is assumed from the kind of building and its floor area"),
        (False, "The running cost is a range"),
    ):
        rows = facts.sites[facts.sites.index.isin(assumed) == guessed]
        rows = rows[rows.index.isin(low.index)]
        a, b = low.reindex(rows.index), high.reindex(rows.index)
        value, swing = facts.yearly.reindex(rows.index), (b - a) * facts.annuity
        parts.append(
            _frame(rows, "running_costs", "gbp_per_year", why, value=value, low=a, high=b, swing_gbp=swing)
        )
    return pd.concat(parts)


def _areas(facts: _Facts) -> pd.DataFrame:
    """Floor areas taken from the kind of building; where the cost is assumed they drive it too."""
    gaps = facts.gaps
    if gaps.empty:
        return pd.DataFrame()
    rows = gaps[(gaps["table"] == "sites") & (gaps["column"] == "gia_m2")].set_index("site_id")
    rows = rows[rows.index.isin(facts.sites.index)]
    sites = facts.sites.reindex(rows.index)
    assumed = facts.costs[facts.costs["quality"] == "assumed"].groupby("site_id")["gbp_per_year"].sum()
    per_m2 = (assumed.reindex(rows.index).fillna(0.0) / rows["value"]) * facts.annuity
    named = facts.assumed
    once = (
        named["decommissioning_gbp_per_m2"]
        + named["vacant_holding_gbp_per_m2_per_year"] * named["years_to_sell"]
    )
    swing = (rows["high"] - rows["low"]) * (per_m2 + once)
    why = "The floor area is assumed from the kind of building"
    return _frame(
        sites,
        "sites",
        "gia_m2",
        why,
        value=rows["value"],
        low=rows["low"],
        high=rows["high"],
        swing_gbp=swing,
    )


def _receipts(facts: _Facts) -> pd.DataFrame:
    """Receipts with a range, and those that lack one."""
    table = facts.receipts[facts.receipts["receipt_gbp"] > 0]
    bare = table["receipt_low_gbp"].isna() | table["receipt_high_gbp"].isna()
    parts = []
    for lacking, why in (
        (True, f"The receipt has no range; {RECEIPT_TOLERANCE:.0%} either way is taken"),
        (False, "The receipt is a range"),
    ):
        rows = table[bare == lacking]
        central = rows["receipt_gbp"]
        low = rows["receipt_low_gbp"].fillna(central * (1 - RECEIPT_TOLERANCE))
        high = rows["receipt_high_gbp"].fillna(central * (1 + RECEIPT_TOLERANCE))
        swing = (high - low) * rows["worth"]
        sites = facts.sites.reindex(rows.index)
        parts.append(
            _frame(
                sites, "valuations", "receipt_gbp", why, value=central, low=low, high=high, swing_gbp=swing
            )
        )
    return pd.concat(parts)


def _unvalued(facts: _Facts) -> pd.DataFrame:
    """Sites without a valuation: from nothing to what a dear m2 of this estate fetches."""
    rows = facts.without_row("valuations")
    table = facts.receipts
    rate = (table["receipt_gbp"] / facts.sites["gia_m2"].reindex(table.index)).replace(
        [np.inf, -np.inf], np.nan
    )
    high = rows["gia_m2"] * float(rate.quantile(HIGH_QUANTILE))
    worth = facts.assumed["sale_probability"] * float(facts.factors[min(2, len(facts.factors) - 1)])
    why = "No valuation: the site is held empty after closing, and brings nothing"
    return _frame(
        rows, "valuations", "receipt_gbp", why, value=0.0, low=0.0, high=high, swing_gbp=high * worth
    )


def _tenures(facts: _Facts) -> pd.DataFrame:
    """Sites of unknown tenure: on a lease there is no receipt, and dilapidations are due."""
    rows = facts.without_row("tenures")
    swing = rows["gia_m2"] * facts.assumed["dilapidations_gbp_per_m2"] + facts.receipt_value(rows.index)
    return _frame(
        rows, "tenures", "tenure", "No tenure: read as freehold, to be left in any year", swing_gbp=swing
    )


def _expiries(facts: _Facts) -> pd.DataFrame:
    """Leases without an end: they are taken to end when the plan likes."""
    table = facts.tables["tenures"]
    leased = table[
        table["tenure"].isin(["leasehold", "licence", "pfi"])
        & table["expiry"].isna()
        & table[["break_date", "earliest_break_date", "last_break_date"]].isna().all(axis=1)
    ]
    rows = facts.sites[facts.sites.index.isin(leased["site_id"])]
    swing = facts.yearly.reindex(rows.index) * facts.decision_annuity
    why = "No expiry and no break: taken as free to leave in any year"
    return _frame(rows, "tenures", "expiry", why, swing_gbp=swing)


def _conditions(facts: _Facts) -> pd.DataFrame:
    """Sites of unknown condition without backlog rows: a bad one would cost what others' backlog does."""
    rows = facts.without_row("backlog")
    rows = rows[rows["condition"] == "unknown"]
    backlog = facts.tables["backlog"]
    funded = (backlog["backlog_gbp"] * backlog["funded_share"]).groupby(backlog["site_id"]).sum()
    gia = facts.tables["sites"].set_index("site_id")["gia_m2"].reindex(funded.index)
    rate = (funded / gia).replace([np.inf, -np.inf], np.nan).quantile(HIGH_QUANTILE)
    why = "Condition unknown and no backlog recorded: its repair is taken as nothing"
    return _frame(rows, "sites", "condition", why, swing_gbp=rows["gia_m2"] * rate)


def _step_free(facts: _Facts) -> pd.DataFrame:
    """Possible hubs of which nobody knows whether they are step-free."""
    sites = facts.tables["sites"].set_index("site_id")
    hubs = sites[sites.index.isin(facts.tables["hub_options"]["site_id"])]
    rows = hubs[(hubs["step_free"] == "unknown") & hubs["step_free_cost_gbp"].isna()]
    known = sites["step_free_cost_gbp"]
    cost = float(known[known > 0].quantile(HIGH_QUANTILE))
    why = "Step-free access unknown at a possible hub, and no cost to make it so: it may not open"
    return _frame(rows, "sites", "step_free", why, low=0.0, high=cost, swing_gbp=cost)


def _brakes(facts: _Facts) -> pd.DataFrame:
    """Sites whose legal brakes nobody has checked: the receipt is at risk, and a year."""
    rows = facts.without_row("brakes")
    swing = facts.receipt_value(rows.index) + facts.yearly.reindex(rows.index)
    why = "Brakes never checked (listing, covenant, grant, ...): the receipt and a year's delay are at risk"
    return _frame(rows, "brakes", "effect", why, swing_gbp=swing)


KINDS_OF_FACT: tuple[Callable[[_Facts], pd.DataFrame], ...] = (
    _costs,
    _areas,
    _receipts,
    _unvalued,
    _tenures,
    _expiries,
    _conditions,
    _step_free,
    _brakes,
)
