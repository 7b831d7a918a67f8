"""cashflow.png: what is spent, received and saved by year, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estate.core.money import discount_factors
from estate.present.cash import (
    BACKLOG,
    GROUP_LABEL,
    INVESTMENT,
    NEW_COSTS,
    RECEIPTS,
    RESIDUAL,
    RUNNING,
    SAVINGS,
    payback,
    yearly,
)
from estate.present.drawing import new_figure, save
from estate.present.palette import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, STYLE, VERMILLION, literal
from estate.present.words import headline_words
from estate.present.words import years as years_words

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from estate.present.view import View

COLOUR = {
    INVESTMENT: VERMILLION,
    RECEIPTS: ORANGE,
    BACKLOG: PURPLE,
    SAVINGS: GREEN,
    NEW_COSTS: SKY,
    RUNNING: GREEN,
    RESIDUAL: GREY,
}
"""One colour a group; the legend names them and the order of the bars repeats it."""


def write_cashflow_png(view: View, folder: Path) -> None:
    """Write cashflow.png: bars by year and group, and cumulative lines with and without receipts."""
    import matplotlib as mpl

    table = yearly(view.cash, view.horizon.appraisal_years)
    with mpl.rc_context(STYLE):
        figure = new_figure((13, 10), 150)
        upper = figure.add_axes((0.075, 0.545, 0.9, 0.29))
        lower = figure.add_axes((0.075, 0.105, 0.9, 0.31))
        _draw_bars(upper, table, view)
        _draw_cumulative(lower, table, view)
        _write_words(figure, view)
        save(figure, folder / "cashflow.png", view.header.title)


def _money_axis(axes: Axes, view: View) -> None:
    from matplotlib.ticker import FuncFormatter

    def words(value: float, _: int) -> str:
        size = abs(value)
        unit = f"{size / 1e6:g}m" if size >= 1e6 else f"{size / 1e3:g}k" if size >= 1e3 else f"{size:g}"
        return f"-£{unit}" if value < 0 else f"£{unit}"

    axes.yaxis.set_major_formatter(FuncFormatter(words))
    axes.axhline(0.0, color=INK, linewidth=0.9, zorder=3)
    axes.grid(axis="y", color="#e3e3e3", linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    count = view.horizon.appraisal_years
    step = max(1, int(np.ceil(count / 13)))
    ticks = np.arange(0, count, step)
    axes.set_xticks(ticks, [view.horizon.label(int(t)) for t in ticks], fontsize=9)
    axes.set_xlim(-0.7, count - 0.3)


def _draw_bars(axes: Axes, table: pd.DataFrame, view: View) -> None:
    """Stack what is gained above nought and what is spent below it."""
    gains, losses = np.zeros(len(table)), np.zeros(len(table))
    for group in table.columns:
        amounts = table[group].to_numpy()
        look: dict[str, Any] = {"color": COLOUR[group], "edgecolor": "white", "linewidth": 0.4, "zorder": 2}
        base = np.where(amounts >= 0, gains, losses)
        axes.bar(table.index, amounts, bottom=base, width=0.78, label=GROUP_LABEL[group], **look)
        gains += np.clip(amounts, 0, None)
        losses += np.clip(amounts, None, 0)
    net = table.sum(axis=1)
    style: dict[str, Any] = {"color": INK, "linewidth": 1.3, "marker": "o", "markersize": 3.2, "zorder": 4}
    axes.plot(net.index, net, label="Net of the year", **style)
    _money_axis(axes, view)
    axes.set_title(
        "Each year, against carrying on as today", loc="left", fontsize=13, fontweight="bold", pad=32
    )
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.005, 1.0),
        ncols=6,
        frameon=False,
        fontsize=9,
        columnspacing=1.0,
    )


def flows(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the net flow of every year with and without receipts [GBP]."""
    total = table.sum(axis=1).to_numpy(dtype=float)
    sales = table[RECEIPTS].to_numpy(dtype=float) if RECEIPTS in table else np.zeros(len(table))
    return total, total - sales


def _draw_cumulative(axes: Axes, table: pd.DataFrame, view: View) -> None:
    """Draw what the plan has come to by each year, and where it has paid back, discounted."""
    factors = discount_factors(view.discounting[0], len(table), view.discounting[1])
    with_sales, without = flows(table)
    t = np.arange(len(table))
    both = ((with_sales, BLUE, "with receipts", "solid"), (without, GREY, "without receipts", (0, (5, 2))))
    told = []
    for flow, colour, words, style in both:
        axes.plot(
            t, np.cumsum(flow), color=colour, linewidth=2.2, linestyle=style, label=f"Cumulative, {words}"
        )
        axes.plot(t, np.cumsum(flow * factors), color=colour, linewidth=1.1, linestyle=style, alpha=0.75)
        when = payback(flow * factors)
        row = view.headline(f"payback_discounted_{words.replace(' ', '_')}")
        told.append(f"{years_words(when) if row is None else headline_words(row)} {words}")
        if when:
            axes.plot([when], [0], marker="o", color=colour, markersize=9, markeredgecolor="white", zorder=6)
    axes.plot([], [], color=INK, linewidth=1.1, label="Thin lines: discounted")
    _money_axis(axes, view)
    axes.plot([], [], color=INK, marker="o", linestyle="none", markersize=7, label="Discounted payback")
    title = f"All years together. Discounted payback: {told[0]}, {told[1]}"
    axes.set_title(literal(title), loc="left", fontsize=13, fontweight="bold", pad=32)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.005, 1.0), ncols=5, frameon=False, fontsize=9.5)


def _write_words(figure: Figure, view: View) -> None:
    header = view.header
    figure.text(0.02, 0.967, literal(header.title), fontsize=19, fontweight="bold", va="center")
    under = (
        f"{header.status}: cash of all partners together, {header.price_base}, without inflation or interest"
    )
    figure.text(0.02, 0.936, literal(under), fontsize=11.5, va="center")
    if header.invented:
        badge = {"boxstyle": "round,pad=0.4", "facecolor": "#fff4d6", "edgecolor": "#b58900"}
        figure.text(0.975, 0.965, "Invented estate", fontsize=11, ha="right", va="center", bbox=badge)
    note = "Financial view: bills and receipts of the partners; the workbook has the economic view too."
    if header.audience != "internal" and RECEIPTS in view.cash["group"].to_numpy():
        note += " Receipts stand in the last of the years they are published together for."
    figure.text(0.02, 0.035, literal(note), fontsize=9, va="center", color=GREY)
    figure.text(0.02, 0.015, literal(header.lines()[0]), fontsize=9, va="center", color=GREY)
