"""map.png: an A3 map of what stays, closes and opens, for print."""

from __future__ import annotations

from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.words import plural
from estate.present.drawing import draw_north_arrow, draw_scale_bar, new_figure, place_labels, save
from estate.present.palette import BLUE, DEPRIVATION, GREEN, GREY, INK, PALE, SKY, STYLE, VERMILLION, literal
from estate.present.places import area_shapes, move_ends, outline, placed
from estate.present.words import is_missing, quantity, text

if TYPE_CHECKING:
    from pathlib import Path

    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from estate.present.view import View

A3_INCHES = (16.54, 11.69)
DPI = 300
BANDS = ("1-2, most deprived", "3-4", "5-6", "7-8", "9-10, least deprived")
MOST_LABELS = 40
SLATE = "#3b4a63"
FIGURE_WIDTH = 40  # letters that fit beside the map
_LINES: tuple[tuple[str, str, Any], ...] = (
    ("move", "Service moves", "solid"),
    ("merge", "Service merges", (0, (4, 2))),
)


def write_map_png(view: View, folder: Path) -> None:
    """Write map.png: A3 landscape, 300 dots an inch."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure = new_figure(A3_INCHES, DPI)
        axes = figure.add_axes((0.02, 0.045, 0.735, 0.865))
        shapes, real = area_shapes(view)
        _draw_areas(axes, view, shapes)
        frame_map(axes, view, None if shapes is None else shapes.union_all())
        _draw_moves(axes, view)
        _draw_sites(axes, view)
        side = figure.add_axes((0.77, 0.045, 0.215, 0.865))
        _draw_key(side, view)
        _write_words(figure, view, real_outlines=real)
        _label_hubs(axes, view)
        draw_scale_bar(axes)
        draw_north_arrow(axes)
        save(figure, folder / "map.png", view.header.title)


def marker_area(room: pd.Series) -> pd.Series:
    """Return the area of a hub's square [point2], in proportion to its room [m2]."""
    return (room.astype(float).fillna(0.0) * 0.14).clip(60.0, 900.0)


def _draw_areas(axes: Axes, view: View, shapes: GeoDataFrame | None) -> None:
    """Shade the areas by deprivation and draw the boundary."""
    if shapes is not None:
        band = ((shapes["imd_decile"].astype(float) - 1) // 2).clip(0, 4)
        colours = [DEPRIVATION[int(b)] if np.isfinite(b) else "#f7f7f7" for b in band]
        shapes.plot(
            ax=axes, color=colours, edgecolor="white", linewidth=0.7, zorder=1, aspect=None, autolim=False
        )
    limit = outline(view)
    if limit is not None:
        import geopandas as gpd

        gpd.GeoSeries([limit]).boundary.plot(ax=axes, color=GREY, linewidth=1.4, zorder=2, aspect=None)


def frame_map(axes: Axes, view: View, shape: Any) -> None:  # noqa: ANN401 (a shapely geometry or None)
    """Show what is decided and where residents live, in true proportion; no ticks."""
    counted = placed(
        view.sites[view.sites["decision"].isin(["close", "hub"]) | (view.sites["scope"] == "decide")]
    )
    counted = counted if len(counted) else placed(view.sites)
    spots = pd.concat([counted[["easting", "northing"]], placed(view.areas)[["easting", "northing"]]])
    low, high = spots.astype(float).min().to_numpy(), spots.astype(float).max().to_numpy()
    limit = outline(view) if shape is None else shape
    if limit is not None:
        low, high = np.minimum(low, limit.bounds[:2]), np.maximum(high, limit.bounds[2:])
    if not np.isfinite(low).all():
        low, high = np.zeros(2), np.full(2, 1000.0)
    middle, size = (low + high) / 2, (high - low) * 1.08 + 600.0
    box = axes.get_window_extent()
    # The frame is filled: the shorter side shows more land instead of white space.
    metres = max(size[0] / box.width, size[1] / box.height)
    half = np.array([box.width, box.height]) * metres / 2
    axes.set_xlim(middle[0] - half[0], middle[0] + half[0])
    axes.set_ylim(middle[1] - half[1], middle[1] + half[1])
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")


def _draw_moves(axes: Axes, view: View) -> None:
    from matplotlib.collections import LineCollection

    ends = move_ends(view)
    for how, _, style in _LINES:
        rows = ends[ends["how"] == how]
        lines = rows[["x0", "y0", "x1", "y1"]].to_numpy(float).reshape(-1, 2, 2)
        axes.add_collection(
            LineCollection(
                list(lines), colors=SLATE, linewidths=0.7, alpha=0.55, linestyles=[style], zorder=5
            ),
            autolim=False,
        )


def site_classes(view: View) -> dict[str, pd.DataFrame]:
    """Return the placed sites by how the map shows them."""
    sites = placed(view.sites)
    receiving = sites["site_id"].isin(set(view.moves["to_site_id"])) & (sites["decision"] == "keep")
    decided = sites["scope"].isin(["decide", "surplus"])
    return {
        "other": sites[sites["decision"].isin(["keep", "out"]) & ~receiving & ~decided],
        "stays": sites[(sites["decision"] == "keep") & decided & ~receiving],
        "unused": sites[sites["decision"] == "unused"],
        "receives": sites[receiving],
        "closes": sites[sites["decision"] == "close"],
    }


def markers_of() -> dict[str, dict[str, Any]]:
    """Marker of each class of sites; drawn in this order."""
    return {
        "other": {"s": 7, "c": PALE, "linewidths": 0, "zorder": 4},
        "stays": {"s": 34, "c": GREY, "edgecolors": "white", "linewidths": 0.7, "zorder": 7},
        "unused": {"s": 60, "marker": "s", "c": "none", "edgecolors": SKY, "linewidths": 1.6, "zorder": 6},
        "receives": {
            "s": 62,
            "marker": "D",
            "c": GREEN,
            "edgecolors": "white",
            "linewidths": 0.9,
            "zorder": 9,
        },
        "closes": {"s": 42, "marker": "x", "c": VERMILLION, "linewidths": 2.1, "zorder": 11},
    }


def hub_marker() -> dict[str, Any]:
    """Return the marker of a hub, but for its size."""
    return {"marker": "s", "c": BLUE, "edgecolors": "white", "linewidths": 1.2, "zorder": 10}


def _draw_sites(axes: Axes, view: View) -> None:
    classes = site_classes(view)
    for name, marker in markers_of().items():
        rows = classes[name]
        axes.scatter(rows["easting"].astype(float), rows["northing"].astype(float), **marker)
    hubs = placed(view.hubs).sort_values("room_nia_m2", ascending=False)
    spots = hubs[["easting", "northing"]].astype(float)
    axes.scatter(spots["easting"], spots["northing"], s=marker_area(hubs["room_nia_m2"]), **hub_marker())


def _label_hubs(axes: Axes, view: View) -> None:
    hubs = placed(view.hubs).nlargest(MOST_LABELS, "room_nia_m2")
    words = _hub_words(hubs)
    classes = site_classes(view)
    marked = pd.concat([classes[name][["easting", "northing"]] for name in ("closes", "receives", "stays")])
    half = np.sqrt(marker_area(hubs["room_nia_m2"]).to_numpy()) / 2
    place_labels(
        axes,
        hubs[["easting", "northing"]].astype(float).to_numpy(),
        words,
        half,
        marked.astype(float).to_numpy(),
    )


def _hub_words(hubs: pd.DataFrame) -> list[str]:
    """Name, room and year of each hub; long names are cut at a word."""
    facts = hubs[["name", "room_nia_m2", "year"]].itertuples(index=False, name=None)
    return [
        f"{shorten(str(name), 38, placeholder=' ...')}\n{float(room):,.0f} m² · {year}"
        for name, room, year in facts
    ]


def _draw_key(side: Axes, view: View) -> None:
    """Legend and headline figures beside the map."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    side.axis("off")
    classes = site_classes(view)
    told = {
        "closes": "Closes",
        "receives": "Stays and takes in services",
        "stays": "Stays (was decided on)" if _acts(view) else "May be decided on",
        "unused": "Possible hub, not chosen",
        "other": "Not decided on",
    }
    handles: list[Any] = [hub_handle(1000, f"Hub opens ({len(view.hubs)})")] if len(view.hubs) else []
    markers = markers_of()
    for name, words in told.items():
        if len(classes[name]):
            handles.append(site_handle(markers[name], f"{words} ({len(classes[name]):,})"))
    counts = move_ends(view)["how"].value_counts()
    for how, words, style in _LINES:
        if how in counts:
            label = f"{words} ({counts[how]:,})"
            handles.append(Line2D([], [], color=SLATE, linewidth=1, linestyle=style, label=label))
    top = _legend(side, handles, "Sites and moves", 1.0)
    if len(view.hubs):
        sizes = [hub_handle(room, f"{room:,} m²") for room in (500, 1500, 3000)]
        top = _legend(side, sizes, "Room of a hub", top, labelspacing=1.1)
    if view.areas["imd_decile"].notna().any():
        tints = [
            Patch(facecolor=c, edgecolor="#999999", label=b) for c, b in zip(DEPRIVATION, BANDS, strict=True)
        ]
        top = _legend(side, tints, "Deprivation of residents' areas, decile", top)
    side.text(0.02, top, "In figures", va="top", fontsize=12, fontweight="bold", transform=side.transAxes)
    side.text(
        0.02, top - 0.032, _figures(view), va="top", fontsize=11, linespacing=1.7, transform=side.transAxes
    )


def _legend(side: Axes, handles: list[Any], title: str, top: float, **options: Any) -> float:  # noqa: ANN401
    """Draw a legend under a height (share of the axes) and return the height below it."""
    legend = side.legend(
        handles=handles,
        title=title,
        loc="upper left",
        bbox_to_anchor=(0.0, top),
        frameon=False,
        fontsize=11,
        title_fontproperties={"weight": "bold", "size": 12},
        alignment="left",
        borderaxespad=0,
        **({"labelspacing": 0.65, "handletextpad": 0.9} | options),
    )
    side.add_artist(legend)
    box = legend.get_window_extent()
    return float(side.transAxes.inverted().transform((box.x0, box.y0))[1]) - 0.035


def site_handle(marker: dict[str, Any], words: str) -> object:
    """Return the entry of a key for a marker."""
    from matplotlib.lines import Line2D

    hollow = marker["c"] == "none"
    cross = marker.get("marker") == "x"
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=marker.get("marker", "o"),
        markersize=float(np.sqrt(marker["s"])),
        markerfacecolor=marker["c"],
        markeredgecolor=marker["c"]
        if cross
        else marker.get("edgecolors", marker["c"])
        if not hollow
        else SKY,
        markeredgewidth=marker["linewidths"],
        label=words,
    )


def hub_handle(room: float, words: str) -> object:
    """Return the entry of a key for a hub of that room [m2]."""
    from matplotlib.lines import Line2D

    size = float(np.sqrt(marker_area(pd.Series([room])).iloc[0]))
    style: dict[str, Any] = {
        "marker": "s",
        "markerfacecolor": BLUE,
        "markeredgecolor": "white",
        "markersize": size,
    }
    return Line2D([], [], linestyle="none", label=words, **style)


def _acts(view: View) -> bool:
    """Say whether the plan does anything; a register that is only checked has none."""
    return bool(len(view.hubs) or len(view.moves) or (view.sites["decision"] == "close").any())


def _figures(view: View) -> str:
    """Few figures that a reader of the map asks first, and what the map cannot show."""
    closes = int((view.sites["decision"] == "close").sum())
    scope = view.sites["scope"].value_counts()
    empty = int(scope.get("surplus", 0))
    decided = int(scope.get("decide", 0)) + empty
    lines = [f"{plural(decided - empty, 'site')} of {len(view.sites):,} may be decided on"]
    lines += [f"{empty:,} more stand empty and may be given up"] if empty else []
    if _acts(view):
        lines = [
            f"{closes:,} of {plural(decided, 'site')} that may close do so",
            f"{plural(len(view.hubs), 'hub')} open{'s' if len(view.hubs) == 1 else ''}",
        ]
    lines += _money(view) if _acts(view) else []
    lost = len(view.sites) - len(placed(view.sites))
    if lost:
        lines.append(f"{plural(lost, 'site')} without a known place not shown")
    return literal("\n".join(line for long in lines for line in wrap(long, FIGURE_WIDTH)))


def _money(view: View) -> list[str]:
    """Return the yearly saving and its worth, each where these readers may have it."""
    lines: list[str] = []
    saving, worth = view.headline("saving_steady_gbp"), view.headline("npv_economic_gbp")
    if saving is not None and not is_missing(saving.get("value")):
        amount = float(saving["value"])
        lines.append(f"{quantity(abs(amount), 'GBP/year')} {'less' if amount >= 0 else 'more'} to run")
        if saving.get("illustrative"):
            lines.append("(illustrative: much of the cost is assumed)")
    if worth is not None:
        lines.append(f"{quantity(worth.get('value'), text(worth.get('unit')))} net present saving")
    return lines


def _write_words(figure: Figure, view: View, *, real_outlines: bool) -> None:
    """Title, status and source note."""
    header = view.header
    last = view.horizon.label(view.horizon.decision_years - 1)
    span = f"{view.horizon.label(0)} to {last}"
    figure.text(0.02, 0.962, literal(header.title), fontsize=24, fontweight="bold", va="center", color=INK)
    figure.text(
        0.02,
        0.928,
        literal(f"{header.status}: what closes, stays and opens, {span}" if _acts(view) else "As registered"),
        fontsize=14,
        va="center",
        color=INK,
    )
    if header.invented:
        badge = {"boxstyle": "round,pad=0.45", "facecolor": "#fff4d6", "edgecolor": "#b58900"}
        figure.text(
            0.985,
            0.955,
            "Invented estate: no real place",
            fontsize=13,
            ha="right",
            va="center",
            bbox=badge,
            color=INK,
        )
    area_note = (
        "" if real_outlines or view.areas.empty else " Area outlines are drawn around population centres."
    )
    source = f"Source: {header.source or 'not given'}. Run: {header.name}."
    source = f"{source} Grid: British National Grid, north is grid north.{area_note}".replace("..", ".")
    figure.text(0.02, 0.026, literal(f"{header.lines()[0]}"), fontsize=9.5, va="center", color=INK)
    figure.text(0.02, 0.011, literal(source), fontsize=9.5, va="center", color=GREY)
