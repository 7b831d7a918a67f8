"""The register of ledger lines (docs/model.md section 4) and how a line is posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.core.types import Horizon

Matrix = NDArray[np.float64]
Years = NDArray[np.int64]

NEVER = 10**6
"""A year that never comes: later than any horizon."""

LEDGER_COLUMNS = (
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
    "t",
)


@dataclass(frozen=True)
class LedgerLine:
    """One line of the ledger.

    Attributes
    ----------
    name : str
        Name as in docs/model.md section 4.
    kind : str
        revenue or capital.
    who : str
        Whose cash it is: owner, lead, occupier, or payer to payee.
    side : str
        invest (spent once to get the saving), save (what the plan changes from year to
        year), receipt, or residual.
    steady : bool
        Part of the running cost from which the saving in the steady year is measured.
    meaning : str
        What it is, in one line.
    """

    name: str
    kind: str
    who: str
    side: str
    steady: bool
    meaning: str


LEDGER_LINES: tuple[LedgerLine, ...] = (
    LedgerLine("running_cost", "revenue", "owner", "save", True, "Running cost of buildings, by heading"),
    LedgerLine("income", "revenue", "owner", "save", True, "Lettings, hire and trading income"),
    LedgerLine(
        "rent_between_partners", "revenue", "landlord", "save", True, "Rent a partner is paid by another"
    ),
    LedgerLine("backlog", "capital", "owner", "save", False, "Backlog works of an approved programme"),
    LedgerLine("double_running", "revenue", "owner", "invest", False, "Old place paid for beside the new"),
    LedgerLine("decommissioning", "revenue", "owner", "invest", False, "Clearing a closed building"),
    LedgerLine("dilapidations", "revenue", "owner", "invest", False, "Dilapidations on leaving a lease"),
    LedgerLine("break_penalty", "revenue", "owner", "invest", False, "Penalty for leaving at a break"),
    LedgerLine("surrender_premium", "revenue", "owner", "invest", False, "Paid to be let out of a lease"),
    LedgerLine("tenant_compensation", "revenue", "owner", "invest", False, "Compensation to tenants"),
    LedgerLine(
        "programme", "revenue", "owner or lead", "invest", False, "Programme team, by closure and hub"
    ),
    LedgerLine("brake_cost", "capital", "owner", "invest", False, "Cost of a brake, paid on closing"),
    LedgerLine("vacant_holding", "revenue", "owner", "save", True, "Holding an empty building"),
    LedgerLine("empty_rates", "revenue", "owner", "save", True, "Business rates on an empty building"),
    LedgerLine("receipt", "capital", "owner", "receipt", False, "Expected proceeds of a sale"),
    LedgerLine("disposal_cost", "capital", "owner", "invest", False, "Cost of a sale"),
    LedgerLine("let_income", "revenue", "owner", "save", True, "Net income of a closed site once let"),
    LedgerLine("energy_upgrade", "capital", "owner", "invest", False, "Works to the band that may be let"),
    LedgerLine("hub_capital", "capital", "lead", "invest", False, "Works of a hub, with fees and bias"),
    LedgerLine("purchase", "capital", "lead", "invest", False, "Land or building bought for a hub"),
    LedgerLine(
        "stamp_duty", "capital", "lead", "invest", False, "Stamp duty land tax on what is bought or leased"
    ),
    LedgerLine(
        "irrecoverable_vat", "capital", "payer", "invest", False, "Tax on works that a partner cannot recover"
    ),
    LedgerLine("hub_running", "revenue", "lead", "save", True, "Running cost of a hub"),
    LedgerLine("lifecycle", "revenue", "lead", "save", True, "Replacement of hub works over their life"),
    LedgerLine("residual_value", "capital", "lead", "residual", False, "Life of hub works left at the end"),
    LedgerLine("move", "revenue", "occupier", "invest", False, "Removal and relocation"),
    LedgerLine("it", "capital", "occupier", "invest", False, "IT and network at the new place"),
    LedgerLine("fit_out", "capital", "occupier", "invest", False, "Occupier's own fit-out at the new place"),
    LedgerLine(
        "redundancy", "revenue", "occupier", "invest", False, "Redundancy; a transfer, on bills alone"
    ),
    LedgerLine("excess_travel", "revenue", "occupier", "invest", False, "Excess travel of staff"),
    LedgerLine("hub_charge", "revenue", "occupier to lead", "save", True, "Charge for room in a hub"),
    LedgerLine("host_fee", "revenue", "occupier to host", "save", True, "Fee for room lent"),
    LedgerLine("online", "revenue", "occupier", "save", True, "Setting up and serving online"),
    LedgerLine("resident_travel", "revenue", "residents", "save", False, "Value of residents' extra travel"),
    LedgerLine(
        "income_weighting", "revenue", "residents", "save", False, "What weights by income add to that value"
    ),
    LedgerLine("carbon", "revenue", "owner or lead", "save", False, "Emissions of energy, valued"),
)

LINES: Mapping[str, LedgerLine] = {line.name: line for line in LEDGER_LINES}

_DEFAULTS: Mapping[str, str] = {
    "partner_id": "",
    "counterparty_id": "",
    "site_id": "",
    "provision_id": "",
    "fund": "general",
    "cashable": "yes",
    "view": "both",
    "case": "plan",
    "heading": "",
}


def names(side: str | None = None, *, steady: bool | None = None) -> list[str]:
    """Return the names of the lines of a side, or those that count in the steady year."""
    return [
        line.name
        for line in LEDGER_LINES
        if (side is None or line.side == side) and (steady is None or line.steady == steady)
    ]


def once(years: Years, values: Matrix, span: int) -> Matrix:
    """Return a row for each item with its value [GBP] in its one year, nothing beyond the horizon."""
    matrix = np.zeros((len(years), span))
    rows = np.flatnonzero((years >= 0) & (years < span))
    matrix[rows, years[rows]] = values[rows]
    return matrix


def between(first: Years, end: Years, values: Matrix, span: int) -> Matrix:
    """Return a row for each item with its value [GBP] in years first .. end - 1."""
    t = np.arange(span)
    return np.where((t >= first[:, None]) & (t < end[:, None]), values[:, None], 0.0)


def post(items: pd.DataFrame, amounts: Matrix, line: str, **fixed: str) -> pd.DataFrame:
    """Turn a matrix of amounts into ledger rows, leaving out zeros.

    Parameters
    ----------
    items : DataFrame, n rows
        Who, where and what: any of the ledger's text columns; those absent take the page's
        defaults (view both, fund general, cashable yes, case plan).
    amounts : ndarray, shape (n, years)
        Cash of the partner, outflow negative [GBP].
    line : str
        Name of a ledger line.
    **fixed : str
        Values that hold for all rows and replace those of `items`.

    Returns
    -------
    DataFrame
        One row for each amount.
    """
    rows, years = np.nonzero(amounts)
    given = {"line": line, "kind": LINES[line].kind, "basis": "real"} | fixed
    columns: dict[str, Any] = {}
    for column, default in _DEFAULTS.items():
        if column in items and column not in given:
            columns[column] = items[column].array.take(rows)
        else:
            given.setdefault(column, default)
    constant = pd.Series(given).array
    for position, column in enumerate(given):
        columns[column] = constant.take(np.full(len(rows), position))
    return pd.DataFrame(columns | {"t": years.astype(np.int64), "amount_gbp": amounts[rows, years]})


def join(blocks: list[pd.DataFrame], horizon: Horizon) -> pd.DataFrame:
    """Put all blocks into one ledger with the columns of cashflow.csv, heading and t."""
    ledger = pd.concat(blocks, ignore_index=True)
    labels = pd.Series([horizon.label(t) for t in range(horizon.appraisal_years)]).array
    ledger["year"] = labels.take(ledger["t"].to_numpy(dtype=np.int64))
    return ledger[list(LEDGER_COLUMNS)]
