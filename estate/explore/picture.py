"""frontier.png: what is saved against what it takes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from estate.explore.measure import MEASURES
from estate.explore.pages import limit_words
from estate.present.drawing import new_figure, save
from estate.present.palette import BLUE, GREY, INK, ORANGE, STYLE, VERMILLION, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from estate.config import Config


FORMS = "osD^vP"
PENNY = 0.01  # [GBP]


def frontier_png(shown: pd.DataFrame, against: Sequence[str], config: Config) -> bytes:
    """Return the picture of a frontier: one line, or one for each limit of the second measure.

    Parameters
    ----------
    shown : DataFrame
        From `estate.explore.frontier.table`.
    against : sequence of str
        One or two measures.
    config : Config
        For its title.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure = new_figure((9, 6), 150)
        axes = figure.add_axes((0.11, 0.12, 0.85, 0.74))
        _draw(axes, shown, against)
        label, unit = MEASURES[against[0]]
        axes.set_xlabel(f"{label} [{'£m' if unit == 'GBP' else unit}]")
        axes.set_ylabel("Net present saving [£m]")
        _settle(axes, against[0])
        axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
        title = f"What a saving takes: {config.title or config.name}"
        figure.text(0.11, 0.94, literal(title), size=13, color=INK)
        apart = (shown["bound_npv_gbp"] - shown["saving_npv_gbp"]).max() if "bound_npv_gbp" in shown else 0.0
        told = "bars: what could still be saved within the limit" if apart > PENNY else "each proved best"
        figure.text(0.11, 0.9, f"Proposed, not decided. Numbers are those of the points; {told}.", color=GREY)
        content = io.BytesIO()
        save(figure, content)
    return content.getvalue()


def _draw(axes: Axes, shown: pd.DataFrame, against: Sequence[str]) -> None:
    found = shown[shown["status"] == "found"]
    groups = [("", found)] if len(against) == 1 else _by_limit(found, against[1])
    scale = 1e6 if MEASURES[against[0]][1] == "GBP" else 1.0
    colours = [BLUE, ORANGE, "#009E73", "#CC79A7", "#56B4E9", GREY]
    step = min(4.0, 12 / max(1, len(groups)))  # a plan within several limits shows the form of each
    for number, (name, rows) in enumerate(groups):
        x, y = rows[against[0]].to_numpy() / scale, rows["saving_npv_gbp"].to_numpy() / 1e6
        above = (rows["bound_npv_gbp"].to_numpy() / 1e6 - y).clip(min=0)
        colour = colours[number % len(colours)]
        form = f"{FORMS[number % len(FORMS)]}-"
        axes.errorbar(
            *(x, y),
            yerr=[above * 0, above],
            fmt=form,
            color=colour,
            capsize=3,
            markersize=7 + step * (len(groups) - 1 - number),
            label=name,
        )
        for at, up, point in zip(x, y, rows["point"], strict=True):
            axes.annotate(f"{point}", (at, up), xytext=(6, 6), textcoords="offset points", color=INK)
        knee = rows["knee"].to_numpy(dtype=bool)
        axes.plot(x[knee], y[knee], "D", markersize=11, color=VERMILLION, fillstyle="none")
        for at, up in zip(x[knee], y[knee], strict=True):
            axes.annotate("knee", (at, up), xytext=(8, -14), textcoords="offset points", color=VERMILLION)
    if len(against) == 2:
        axes.legend(frameon=False)


def _settle(axes: Axes, measure: str) -> None:
    """Keep the axes readable where there is one point, or all save the same."""
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_ylim()
    if high - low < 1e-3 * max(1.0, abs(high)):
        axes.set_ylim(low - 0.05 * max(1.0, abs(low)), high + 0.05 * max(1.0, abs(high)))
    axes.ticklabel_format(useOffset=False, style="plain")
    if measure == "closures":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _by_limit(found: pd.DataFrame, measure: str) -> list[tuple[str, pd.DataFrame]]:
    """Return the points within each limit of a measure; a plan counts wherever it is the best found."""
    low, high = found[f"{measure}_limit"], found[f"{measure}_up_to"]
    groups = []
    for limit in sorted({*low.dropna(), *high.dropna()}):
        told = limit_words(measure, limit, limit)
        groups.append((told[:1].upper() + told[1:], found[(low <= limit) & (limit <= high)]))
    return groups
