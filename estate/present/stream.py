"""An invest-to-save stream as a workbook and a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.present.cash import GROUP_LABEL, INVESTMENT, NEW_COSTS, RECEIPTS, RESIDUAL, SAVINGS
from estate.present.drawing import new_figure, save
from estate.present.headed import headed
from estate.present.live import (
    ECONOMIC,
    FACTORS,
    FINANCIAL,
    LEDGER,
    PARTNERS,
    LiveCash,
    entries,
    factor_table,
    ledger_table,
)
from estate.present.live_cash import cash_table, partner_table
from estate.present.live_measures import MEASURES, RATES, measure_table, rate_table
from estate.present.palette import BLUE, GREY, INK, ORANGE, STYLE, literal
from estate.present.sheets import Sheet
from estate.present.workbook import FILE, Cover, write_book
from estate.present.workbook_charts import draw_cash, draw_partners, draw_rates

if TYPE_CHECKING:
    from pathlib import Path

    from estate.core.types import Horizon
    from estate.present.view import Header

CASES = ("low", "central", "high")
GROUP_OF_LINE = {
    "investment": GROUP_LABEL[INVESTMENT],
    "yearly_cost": GROUP_LABEL[NEW_COSTS],
    "saving": GROUP_LABEL[SAVINGS],
    "benefit": "Benefits that release no cash",
    "receipt": GROUP_LABEL[RECEIPTS],
    "residual_value": GROUP_LABEL[RESIDUAL],
}
LIVE = "Live: follows the yellow cells of the sheet Assumptions."


def live_stream(rows: pd.DataFrame, horizon: Horizon, discounting: tuple[str, str]) -> LiveCash:
    """Return the stream as the live sheets take it: rows of `estate.inputs.flows.Stream`."""
    labels = tuple(horizon.label(t) for t in range(horizon.appraisal_years))
    shown = rows.assign(
        year=[labels[int(t)] for t in rows["t"]],
        partner=rows["partner_id"].str.slice(0, 120),
        group=rows["line"].map(GROUP_OF_LINE),
        economic=1,
        financial=(rows["view"] == "both").astype(int),
    )
    return LiveCash(shown.reset_index(drop=True), CASES, labels, *discounting)


def write_stream(
    folder: Path, header: Header, live: LiveCash, given: pd.DataFrame, measured: pd.DataFrame
) -> None:
    """Write workbook.xlsx and cashflow.png of a stream.

    Parameters
    ----------
    folder : Path
        Folder that is there.
    header : Header
        Title, status and dates.
    live : LiveCash
        From `live_stream`.
    given : DataFrame
        The table as it was read.
    measured : DataFrame
        case, view, receipts, measure, value, reason.
    """
    what = "Invest-to-save stream: what it costs, saves and is worth"
    central = measured[measured["case"] == "central"].to_dict("records")
    made: list[tuple[Sheet, pd.DataFrame]] = [
        (_sheet("Cases", "Every measure, low, central and high"), headed(_cases(measured))),
        (_sheet("Assumptions", "The yellow cells may be changed"), pd.DataFrame(entries(live))),
        (_sheet("Flows", "The table as it was read"), headed(given)),
        (_sheet(FINANCIAL, "Cash by year, financial view", LIVE, draw_cash), cash_table(live, "financial")),
        (_sheet(ECONOMIC, "Worth by year, economic view", LIVE, draw_cash), cash_table(live, "economic")),
        (_sheet(PARTNERS, "Cash of each body by year", LIVE, draw_partners), partner_table(live)),
        (_sheet(MEASURES, "Worth, return, payback and funding", LIVE), measure_table(live, central)),
        (_sheet(RATES, "What it is worth at every discount rate", LIVE, draw_rates), rate_table(live)),
        (_sheet(FACTORS, "Discount factors by year", LIVE), factor_table(live)),
        (_sheet(LEDGER, "Every amount by year, body and line", LIVE), ledger_table(live)),
    ]
    facts = [("What", what), ("Prices", header.price_base), ("Made", header.made)]
    told = [(f"{row.measure}, {row.view}, {row.receipts} receipts", _words(row)) for row in _first(measured)]
    parts = [("Low, central, high", told)]
    write_book(folder / FILE, Cover(header, what, facts, parts), made)
    _draw(folder, header, live)


def _sheet(name: str, about: str, note: str = "", chart: Any = None) -> Sheet:  # noqa: ANN401 (a callable)
    return Sheet(name, about, lambda _: pd.DataFrame(), chart, note=note)


def _cases(measured: pd.DataFrame) -> pd.DataFrame:
    keys = ["measure", "view", "receipts"]
    table = measured.set_index([*keys, "case"])["value"].unstack("case")[list(CASES)]  # noqa: PD010 - blanks stay
    order = measured.loc[measured["case"] == "central", keys]
    return order.merge(table.astype(float).reset_index(), on=keys, how="left")


def _first(measured: pd.DataFrame) -> list[Any]:
    table = _cases(measured)
    wanted = ("npv_gbp", "irr", "payback_years", "discounted_payback_years", "peak_funding_gbp")
    chosen = table[table["measure"].isin(wanted) & (table["view"] == "financial")]
    return list(chosen.itertuples())


def _words(row: Any) -> str:  # noqa: ANN401 (a row of a table)
    values = [row.low, row.central, row.high]
    return ", ".join(
        "undefined" if np.isnan(v) else f"{v:,.4g}" if abs(v) < 1e3 else f"£{v:,.0f}" for v in values
    )


def _draw(folder: Path, header: Header, live: LiveCash) -> None:
    """Draw what the stream has come to by each year, in each case."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure = new_figure((12, 6), 120)
        axes = figure.add_subplot()
        t = live.rows["t"].to_numpy(dtype=np.int64)
        for case, colour, style in zip(CASES, (GREY, BLUE, ORANGE), ("--", "-", "-."), strict=True):
            cash = np.where(live.rows["financial"] == 1, live.rows[case], 0.0)
            yearly = np.bincount(t, weights=cash, minlength=live.span)
            axes.plot(np.cumsum(yearly) / 1e6, color=colour, linestyle=style, linewidth=2, label=case)
        step = -(-live.span // 13)
        axes.set_xticks(range(0, live.span, step), live.labels[::step], fontsize=9)
        axes.axhline(0.0, color=INK, linewidth=0.9)
        axes.set_ylabel("Cumulative cash, £ million, not discounted")
        axes.set_title(literal(f"{header.title}: {header.price_base}"), loc="left", fontweight="bold")
        axes.legend(frameon=False, title="Case")
        figure.text(0.02, 0.01, literal(header.lines()[0]), fontsize=8, color=GREY)
        save(figure, folder / "cashflow.png", header.title)
