"""Measures as formulas over the live cash flows, beside what the run itself worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.present.live import ECONOMIC, FIRST_ROW, SHEET_OF, Live, LiveCash, cells
from estate.present.live_cash import CUMULATIVE, DISCOUNTED, NET_OF, cash_columns, factor_cells
from estate.present.words import is_missing, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RATES, MEASURES = "Worth by rate", "Measures"
RATE_COLUMNS = ["Rate share"]
COMBINATIONS = tuple(
    (view, receipts) for view in ("economic", "financial") for receipts in ("with", "without")
)
LOWEST, HIGHEST, POINTS = 0.01, 11.0, 120
"""Growth factors 1 + rate between which rates of return are looked for."""
MOST_LOG = 600.0
"""Logarithm of the greatest number that a discount factor may come to, or one over it."""

LOOKS = {"£": "gbp", "£ a year": "gbp", "share a year": "rate", "ratio": "number", "years": "number"}
NEVER = "not within the years appraised"
NO_CASH = "there is no cash flow"
NOISE = "1E-12"
BENEFITS = "all groups but investment"


def _rate_header(view: str, receipts: str) -> str:
    return f"{view.capitalize()}, {receipts} receipts [£]"


def net_cells(live: LiveCash, view: str, header: str) -> str:
    """Return the address of a column of a cash flow by year."""
    return cells(SHEET_OF[view], cash_columns(live, view), header, live.span)


def _net(live: LiveCash, view: str, receipts: str) -> np.ndarray:
    from estate.present.cash import GROUP_LABEL, RECEIPTS

    total = live.yearly(view)
    return total if receipts == "with" else total - live.yearly(view, GROUP_LABEL[RECEIPTS])


def rate_table(live: LiveCash) -> pd.DataFrame:
    """Return what the cash flows are worth at every rate: nil where a rate of return lies."""
    rates = np.exp(np.linspace(np.log(LOWEST), np.log(HIGHEST), POINTS)) - 1.0
    fine = np.arange(-0.05, 0.5001, 0.005)
    rates = np.unique(np.round(np.concatenate([rates, fine]), 6))
    # Over very many years the factors of extreme rates are beyond what a spreadsheet can hold.
    rates = rates[np.abs(live.span * np.log1p(rates)) < MOST_LOG]
    table: dict[str, Any] = {"Rate share": rates}
    t = np.arange(live.span)
    for view, receipts in COMBINATIONS:
        net = _net(live, view, receipts)
        where, years = net_cells(live, view, NET_OF[receipts]), net_cells(live, view, "Year t")
        worth = (net / (1.0 + rates[:, None]) ** t).sum(axis=1)
        formulas = [
            Live(f"=SUMPRODUCT({where}/(1+$A{row})^{years})", float(value), "wide")
            for row, value in enumerate(worth, start=FIRST_ROW + 2)
        ]
        table[_rate_header(view, receipts)] = pd.Series(formulas, dtype=object)
    return pd.DataFrame(table)


def measure_table(live: LiveCash, told: Iterable[Mapping[Any, Any]]) -> pd.DataFrame:
    """Return every measure as a formula, with what the run says of it.

    Parameters
    ----------
    live : LiveCash
        The changes.
    told : iterable of mapping
        Measures of the run: measure, view, receipts, value, reason.
    """
    known = {(row["measure"], row["view"], row["receipts"]): row for row in told}
    rates = rate_table(live)
    rows: list[dict[str, Any]] = []
    for view, receipts in COMBINATIONS:
        first = FIRST_ROW + 2 + len(rows)
        for key, name, unit, formula, how in _formulas(live, view, receipts, (rates, first)):
            run = known.get((key, view, receipts), {})
            said: float | str = text(run.get("reason")) if is_missing(run.get("value")) else run["value"]
            rows.append(
                {
                    "Measure": name,
                    "View": view,
                    "Receipts": receipts,
                    "Now": Live(f"={formula}", said, LOOKS.get(unit, "")),
                    "As the run has it": Live("", said, LOOKS.get(unit, "")),
                    "Unit": unit,
                    "How": how,
                }
            )
    return pd.DataFrame(rows)


Row = tuple[str, str, str, str, str]


def _formulas(live: LiveCash, view: str, receipts: str, place: tuple[pd.DataFrame, int]) -> list[Row]:
    """Return key, name, unit, formula and explanation of every measure of one view."""
    rates, first = place
    net = net_cells(live, view, NET_OF[receipts])
    factor = factor_cells(live)
    worth = f"SUMPRODUCT({net},{factor})"
    rows: list[Row] = [
        ("npv_gbp", "Net present saving", "£", worth, "Sum of net x discount factor"),
        (
            "equivalent_annual_gbp",
            "Equivalent annual saving",
            "£ a year",
            f'IF(SUM({factor})>1,D{first}/(SUM({factor})-1),"there is one year only")',
            "Net present saving / sum of discount factors of years 1 on",
        ),
        *_irr(live, view, receipts, (rates, first + 2)),
        *_paybacks(live, view, receipts, first + 4),
        *_peak(live, view, receipts, first + 10),
    ]
    if (view, receipts) == ("economic", "with"):
        rows += _ratio(live, first + 12)
    return rows


def _irr(live: LiveCash, view: str, receipts: str, place: tuple[pd.DataFrame, int]) -> list[Row]:
    """Count the rates at which the worth changes its sign; where there is one, find it."""
    rates, row = place
    columns = list(rates.columns)
    worth = cells(RATES, columns, _rate_header(view, receipts), len(rates))
    whole = worth.split("!")[1].split(":")
    letter = whole[0].split("$")[1]
    top, last = FIRST_ROW + 2, FIRST_ROW + 1 + len(rates)
    upper = f"'{RATES}'!${letter}${top}:${letter}${last - 1}"
    lower = f"'{RATES}'!${letter}${top + 1}:${letter}${last}"
    turns = f"((({upper}>0)*({lower}<=0)+({upper}<0)*({lower}>=0))>0)"
    at = f"'{RATES}'!$A${top}:$A${last - 1}"
    net = net_cells(live, view, NET_OF[receipts])
    found = f"IRR({net},SUMPRODUCT({turns}*{at}))"
    none = f'IF(SUMPRODUCT(ABS({net}))=0,"{NO_CASH}","undefined: no rate makes it nil")'
    several = f'"undefined: "&D{row}&" rates make it nil"'
    return [
        (
            "irr_count",
            "Number of rates of return",
            "rates",
            f"SUMPRODUCT({turns}*1)",
            f"Changes of sign on the sheet {RATES}",
        ),
        (
            "irr",
            "Internal rate of return",
            "share a year",
            f"IF(D{row}=1,{found},IF(D{row}=0,{none},{several}))",
            "The rate at which the net present value is nil; undefined where there is none or several",
        ),
    ]


def _paybacks(live: LiveCash, view: str, receipts: str, first: int) -> list[Row]:
    """Find the first sustained crossing of the cumulative cash, simple and discounted."""
    net, years = net_cells(live, view, NET_OF[receipts]), net_cells(live, view, "Year t")
    factor = factor_cells(live)
    rows: list[Row] = []
    for key, name, header, flow in (
        ("payback", "Payback", CUMULATIVE[receipts], net),
        ("discounted_payback", "Discounted payback", DISCOUNTED[receipts], f"{net}*{factor}"),
    ):
        total = net_cells(live, view, header)
        last = f"D{first + len(rows)}"
        below = f"SUMPRODUCT(MAX(({total}<-{NOISE}*SUMPRODUCT(ABS({flow})))*({years}+1)))-1"
        gained = f"INDEX({total},{last}+2)-INDEX({total},{last}+1)"
        part = f"MIN({last}-INDEX({total},{last}+1)/({gained}),{last}+1)"
        rows += [
            (
                f"{key}_last",
                f"{name}: last year t below nought",
                "year t",
                below,
                "-1 where never; from the year after it stays at or above nought",
            ),
            (
                f"{key}_years",
                f"{name}, interpolated",
                "years",
                _crossed(net, last, live.span, part),
                _SUSTAINED,
            ),
            (
                f"{key}_whole_years",
                f"{name}, whole years",
                "years",
                _crossed(net, last, live.span, f"{last}+1"),
                "The year at whose end it is reached, counted from 0",
            ),
        ]
    return rows


_SUSTAINED = "First crossing after which cumulative cash is never below nought again"


def _crossed(net: str, last: str, span: int, when: str) -> str:
    inner = f'IF({last}={span - 1},"{NEVER}",{when})'
    return f'IF(SUMPRODUCT(ABS({net}))=0,"{NO_CASH}",IF({last}=-1,0,{inner}))'


def _peak(live: LiveCash, view: str, receipts: str, first: int) -> list[Row]:
    total, years = (net_cells(live, view, header) for header in (CUMULATIVE[receipts], "Year t"))
    at = f'IF(D{first}=0,"never negative",INDEX({years},MATCH(MIN({total}),{total},0)))'
    return [
        ("peak_funding_gbp", "Peak funding", "£", f"MAX(0,-MIN({total}))", "Deepest cumulative cash need"),
        ("peak_funding_t", "Peak funding reached in year t", "year t", at, "At the end of that year"),
    ]


def _ratio(live: LiveCash, first: int) -> list[Row]:
    """Return benefits, costs and their ratio, economic view: the group of investment is the cost."""
    from estate.present.cash import GROUP_LABEL, INVESTMENT

    factor, columns = factor_cells(live), cash_columns(live, "economic")
    header = f"{GROUP_LABEL[INVESTMENT]} [£]"
    spent = f"-SUMPRODUCT({net_cells(live, 'economic', header)},{factor})" if header in columns else "0"
    net = net_cells(live, "economic", NET_OF["with"])
    ratio = f'IF(D{first + 1}>0,D{first}/D{first + 1},"undefined: nothing is spent")'
    what = f"'{ECONOMIC}': present value of {BENEFITS}"
    return [
        ("benefits_gbp", "Present value of benefits", "£", f"SUMPRODUCT({net},{factor})+D{first + 1}", what),
        ("costs_gbp", "Present value of costs", "£", spent, "What is spent once to get the benefits"),
        ("benefit_cost_ratio", "Benefit-cost ratio", "ratio", ratio, "Benefits / costs"),
    ]
