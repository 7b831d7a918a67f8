"""Cash flows by year whose cells add up the ledger by year, and everything that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.present.cash import GROUP_LABEL, RECEIPTS
from estate.present.live import FACTORS, FIRST_ROW, Live, LiveCash, cells, column_letter, quoted, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

FACTOR_COLUMNS = ["Year", "Year t", "Rate share", "Year-end factor", "Discount factor"]
NET, BARE = "Net [£]", "Net without receipts [£]"
CUMULATIVE = {"with": "Cumulative with receipts [£]", "without": "Cumulative without receipts [£]"}
DISCOUNTED = {
    "with": "Discounted cumulative with receipts [£]",
    "without": "Discounted cumulative without receipts [£]",
}
FACTOR = "Discount factor"
_OWN = {"Year", "Year t", NET, BARE, *CUMULATIVE.values(), FACTOR, *DISCOUNTED.values()}
NET_OF = {"with": NET, "without": BARE}


def cash_columns(live: LiveCash, view: str) -> list[str]:
    """Return the headers of a cash flow by year."""
    groups = [f"{group} [£]" for group in live.groups(view)]
    return ["Year", "Year t", *groups, NET, BARE, *CUMULATIVE.values(), FACTOR, *DISCOUNTED.values()]


def cash_table(live: LiveCash, view: str) -> pd.DataFrame:
    """Return the cash flow of a view by year and group, net, cumulative and discounted, live."""
    columns = cash_columns(live, view)
    at = {header: column_letter(i) for i, header in enumerate(columns)}
    table: dict[str, Any] = {"Year": list(live.labels), "Year t": np.arange(live.span)}
    total = np.zeros(live.span)
    for group in live.groups(view):
        amounts = live.yearly(view, group)
        total += amounts
        formulas = [
            summed(live, f"$B{row}", **{view: "1", "group": quoted(group)}) for row in _rows(live.span)
        ]
        table[f"{group} [£]"] = _column(formulas, amounts)
    sales = live.yearly(view, GROUP_LABEL[RECEIPTS])
    table |= _following(live, at, total, sales)
    return pd.DataFrame(table)[columns]


def _rows(span: int) -> range:
    return range(FIRST_ROW + 2, FIRST_ROW + 2 + span)


def _column(formulas: list[str], values: NDArray[np.float64]) -> pd.Series:
    pairs = zip(formulas, values.tolist(), strict=True)
    return pd.Series([Live(formula, value) for formula, value in pairs], dtype=object)


def _following(
    live: LiveCash, at: dict[str, str], total: NDArray[np.float64], sales: NDArray[np.float64]
) -> dict[str, pd.Series]:
    """Return the columns that follow from the groups of a year: net, cumulative, discounted."""
    rows, factors = _rows(live.span), live.factors()
    groups = [letter for header, letter in at.items() if header not in _OWN]
    receipt = at.get(f"{GROUP_LABEL[RECEIPTS]} [£]")
    whole = [f"=SUM({groups[0]}{row}:{groups[-1]}{row})" if groups else "=0" for row in rows]
    bare = [f"={at[NET]}{row}" + (f"-{receipt}{row}" if receipt else "") for row in rows]
    shown = {NET: _column(whole, total), BARE: _column(bare, total - sales)}
    factor_cells = [f"='{FACTORS}'!$E{row}" for row in rows]
    shown[FACTOR] = _column(factor_cells, factors)
    for receipts, net in (("with", total), ("without", total - sales)):
        source = at[NET_OF[receipts]]
        for header, times, values in (
            (CUMULATIVE[receipts], "", np.cumsum(net)),
            (DISCOUNTED[receipts], f"*{at[FACTOR]}", np.cumsum(net * factors)),
        ):
            own = at[header]
            formulas = [
                ("=" if row == rows[0] else f"={own}{row - 1}+")
                + f"{source}{row}"
                + (f"{times}{row}" if times else "")
                for row in rows
            ]
            shown[header] = _column(formulas, values)
    return shown


def partner_table(live: LiveCash) -> pd.DataFrame:
    """Return the cash flow of every partner by year, financial view, live."""
    table: dict[str, Any] = {"Year": list(live.labels), "Year t": np.arange(live.span)}
    for partner in sorted(set(live.rows["partner"])):
        formulas = [
            summed(live, f"$B{row}", partner=quoted(partner), financial="1") for row in _rows(live.span)
        ]
        table[f"{partner} [£]"] = _column(formulas, live.yearly("financial", partner=partner))
    return pd.DataFrame(table)


def factor_cells(live: LiveCash) -> str:
    """Return the address of the discount factors."""
    return cells(FACTORS, FACTOR_COLUMNS, FACTOR, live.span)
