"""Cash flows put into the groups that charts and tables show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

INVESTMENT, RECEIPTS, SAVINGS, NEW_COSTS = "investment", "receipts", "running_savings", "new_running_costs"
BACKLOG, RUNNING, RESIDUAL = "backlog", "running", "residual"

GROUP_OF_LINE = {
    "running_cost": SAVINGS,
    "let_income": SAVINGS,
    "income": NEW_COSTS,
    "backlog": BACKLOG,
    "rent_between_partners": NEW_COSTS,
    "double_running": INVESTMENT,
    "surrender_premium": INVESTMENT,
    "tenant_compensation": INVESTMENT,
    "programme": INVESTMENT,
    "energy_upgrade": INVESTMENT,
    "redundancy": INVESTMENT,
    "excess_travel": INVESTMENT,
    "carbon": NEW_COSTS,
    "decommissioning": INVESTMENT,
    "dilapidations": INVESTMENT,
    "break_penalty": INVESTMENT,
    "brake_cost": INVESTMENT,
    "vacant_holding": NEW_COSTS,
    "empty_rates": NEW_COSTS,
    "receipt": RECEIPTS,
    "disposal_cost": INVESTMENT,
    "hub_capital": INVESTMENT,
    "purchase": INVESTMENT,
    "stamp_duty": INVESTMENT,
    "irrecoverable_vat": INVESTMENT,
    "hub_running": NEW_COSTS,
    "lifecycle": NEW_COSTS,
    "residual_value": RESIDUAL,
    "move": INVESTMENT,
    "it": INVESTMENT,
    "fit_out": INVESTMENT,
    "hub_charge": NEW_COSTS,
    "host_fee": NEW_COSTS,
    "online": NEW_COSTS,
    "resident_travel": NEW_COSTS,
    "income_weighting": NEW_COSTS,
}
"""Group of every line of the ledger; the cost of selling is an investment, as in the appraisal."""

GROUP_LABEL = {
    INVESTMENT: "Investment, one-off costs",
    RECEIPTS: "Receipts",
    BACKLOG: "Backlog no longer spent",
    SAVINGS: "Running savings",
    NEW_COSTS: "New running costs, lost income",
    RUNNING: "Running savings less new running costs",
    RESIDUAL: "Residual value of works",
}


def group_of(line: pd.Series) -> pd.Series:
    """Return the group of each ledger line; unknown lines count as new running costs."""
    return line.map(GROUP_OF_LINE).fillna(NEW_COSTS)


def yearly(cash: pd.DataFrame, horizon_years: int, view: str = "financial") -> pd.DataFrame:
    """Return plan minus BAU by year and group [GBP].

    Parameters
    ----------
    cash : DataFrame
        Cash flows with t, group, view, case and amount_gbp [GBP].
    horizon_years : int
        Number of years; rows of the answer are t = 0 .. horizon_years - 1.
    view : str
        ``financial`` or ``economic``; lines of view ``both`` count in either.

    Returns
    -------
    DataFrame
        Index t, one column a group that occurs, in the order of ``GROUP_LABEL``.
    """
    rows = cash[cash["view"].isin(["both", view])]
    signed = rows["amount_gbp"].where(rows["case"] == "plan", -rows["amount_gbp"])
    flat = pd.DataFrame({"t": rows["t"].astype(int), "group": rows["group"], "gbp": signed})
    table = flat.pivot_table(index="t", columns="group", values="gbp", aggfunc="sum", fill_value=0.0)
    table = table.reindex(range(horizon_years), fill_value=0.0)
    return table[[g for g in GROUP_LABEL if g in table.columns and table[g].abs().max() > 0.005]]


def payback(flows: NDArray[np.float64]) -> float | None:
    """Return the years until a cumulative flow stays at or above nought, interpolated [year].

    The first *sustained* crossing counts: the flow of year t is taken to
    arrive at its end point t, and the crossing lies between t - 1 and t. None where the plan
    never pays back; 0 where it is never below nought.
    """
    total = np.cumsum(flows)
    below = np.flatnonzero(total < -0.005)
    if below.size == 0:
        return 0.0
    last = int(below[-1])
    if last == len(total) - 1:
        return None
    return float(last + (-total[last]) / (total[last + 1] - total[last]))
