"""differences.png and differences.gpkg: where the plans differ."""

from __future__ import annotations

from textwrap import fill, shorten
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.compare.settled import settled
from estate.compare.tables import changed_sites
from estate.present.drawing import draw_north_arrow, draw_scale_bar, new_figure, place_labels, save
from estate.present.palette import BLUE, GREEN, GREY, INK, ORANGE, PALE, SKY, STYLE, VERMILLION, literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from estate.compare.runs import Run

MOST_PANELS = 9
MOST_NAMES = 12
MARKER = 5.0  # half the size of a marker [point]
LINE = 50  # letters above a panel
DPI = 150
KINDS: dict[str, dict[str, Any]] = {
    "closes here, not in the base": {"marker": "x", "c": VERMILLION, "s": 60, "linewidths": 2.2},
    "closes in the base, not here": {"marker": "o", "c": GREEN, "s": 55, "edgecolors": "white"},
    "hub here, not in the base": {"marker": "s", "c": BLUE, "s": 70, "edgecolors": "white"},
    "hub in the base, not here": {"marker": "s", "c": "none", "s": 70, "edgecolors": SKY, "linewidths": 2},
    "another year, route or size": {"marker": "D", "c": ORANGE, "s": 40, "edgecolors": "white"},
}


def differences(base: Run, run: Run) -> pd.DataFrame:
    """Return the sites that a run treats otherwise than the base, with place and kind of difference.

    Returns
    -------
    DataFrame
        run, site_id, name, easting, northing [m], base, here (decisions), difference.
    """
    ids = changed_sites(base, run)
    before, after = (one.plan.reindex(ids) for one in (base, run))
    was, now = before["decision"].fillna(""), after["decision"].fillna("")
    kinds = list(KINDS)
    which = np.select(
        [
            (now == "close") & (was != "close"),
            (now == "hub") & (was != "hub"),
            (was == "close") & (now != "close"),
            (was == "hub") & (now != "hub"),
        ],
        [kinds[0], kinds[2], kinds[1], kinds[3]],
        kinds[4],
    )
    place = {c: after[c].fillna(before[c]).to_numpy() for c in ("name", "easting", "northing")}
    told = {"run": run.name, "site_id": ids, **place, "base": was.to_numpy(), "here": now.to_numpy()}
    return pd.DataFrame({**told, "difference": which})


def write_layer(runs: Sequence[Run], folder: Path) -> None:
    """Write differences.gpkg: one point for each site and run that differ from the base."""
    from geopandas import GeoDataFrame, points_from_xy

    found = pd.concat([differences(runs[0], run) for run in runs[1:]], ignore_index=True)
    points = points_from_xy(found["easting"], found["northing"])
    crs = str((runs[0].config.get("data") or {}).get("crs", "EPSG:27700"))
    frame = GeoDataFrame(found, geometry=points, crs=crs)
    text = dict.fromkeys(("run", "site_id", "name", "base", "here", "difference"), "object")
    frame.astype(text).to_file(folder / "differences.gpkg", layer="differences", driver="GPKG")


def write_map(runs: Sequence[Run], folder: Path) -> None:
    """Write differences.png: a panel for each run, against the base."""
    import matplotlib as mpl

    base, others = runs[0], list(runs[1 : MOST_PANELS + 1])
    across = min(3, len(others))
    down = -(-len(others) // across)
    with mpl.rc_context(STYLE):
        figure = new_figure((5.2 * max(across, 2), 4.9 * down + 1.9), DPI)
        panels = figure.subplots(down, across, squeeze=False).ravel()
        figure.subplots_adjust(
            left=0.02,
            right=0.98,
            top=1 - 1.1 / figure.get_figheight(),
            hspace=0.16,
            bottom=0.95 / figure.get_figheight(),
            wspace=0.05,
        )
        for axes in panels[len(others) :]:
            axes.axis("off")
        for axes, run in zip(panels, others, strict=False):
            _panel(axes, base, run)
        rest = len(runs) - 1 - len(others)
        more = f"; {rest} more runs are in differences.gpkg" if rest else ""
        title = f"Sites treated otherwise than in {base.label}{more}"
        figure.suptitle(literal(title), fontsize=14, fontweight="bold", color=INK)
        figure.legend(
            handles=_key(),
            loc="lower center",
            bbox_to_anchor=(0.5, 0.25 / figure.get_figheight()),
            ncols=3,
            frameon=False,
            fontsize=10,
        )
        invented = any(run.summary.get("invented") for run in runs)
        foot = f"{_foot(base)}{' · Invented estate: no real place' if invented else ''}"
        figure.text(0.01, 0.005, literal(foot), fontsize=8, color=INK)
        save(figure, folder / "differences.png")


def _foot(base: Run) -> str:
    status, date = base.summary.get("status", ""), base.summary.get("data_date", "")
    return f"Status: {status} · Data: {date} · For: {base.audience} readers · Grid: British National Grid"


def _panel(axes: Axes, base: Run, run: Run) -> None:
    plan = run.plan[run.plan["easting"].notna()]
    limit = base.boundary
    if limit is not None:
        limit.boundary.plot(ax=axes, color=GREY, linewidth=1.0, zorder=0, aspect=None)
    axes.scatter(plan["easting"], plan["northing"], s=8, c=PALE, linewidths=0, zorder=1)
    found = differences(base, run)
    known = found[found["easting"].notna()]
    for kind, marker in KINDS.items():
        rows = known[known["difference"] == kind]
        axes.scatter(rows["easting"], rows["northing"], zorder=3, **marker)
    lost = len(found) - len(known)
    told = {0: "no site differs", 1: "1 site differs"}.get(len(found), f"{len(found)} sites differ")
    told += f", {lost} without a place" if lost else ""
    unsure = "" if settled(base, run) else "\nnot settled: within what the searches leave open"
    axes.set_title(literal(f"{fill(run.label, LINE)}: {told}{unsure}"), fontsize=10.5)
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal", adjustable="datalim")
    axes.apply_aspect()
    axes.autoscale(enable=False)
    draw_scale_bar(axes)
    draw_north_arrow(axes)
    if len(known) <= MOST_NAMES:
        names = [shorten(str(name), 36, placeholder="...") for name in known["name"]]
        spots, others = (rows[["easting", "northing"]].to_numpy(dtype=float) for rows in (known, plan))
        place_labels(axes, spots, names, np.full(len(spots), MARKER), others)


def _key() -> list[Any]:
    from matplotlib.lines import Line2D

    handles = []
    for words, look in KINDS.items():
        face = look["c"]
        edge = look.get("edgecolors", face)
        handles.append(
            Line2D(
                [],
                [],
                linestyle="none",
                marker=look["marker"],
                markerfacecolor=face,
                markeredgecolor=edge,
                markersize=float(np.sqrt(look["s"])),
                markeredgewidth=look.get("linewidths", 1),
                label=words,
            )
        )
    return handles
