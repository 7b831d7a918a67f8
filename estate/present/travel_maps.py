"""travel.png: residents' travel today, with the plan, and the change, on one A3 sheet for print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.core.words import plural
from estate.present.drawing import draw_north_arrow, draw_scale_bar, new_figure, save
from estate.present.maps import (
    A3_INCHES,
    DPI,
    frame_map,
    hub_handle,
    hub_marker,
    marker_area,
    markers_of,
    site_classes,
    site_handle,
)
from estate.present.palette import FARTHER, GREY, INK, NEARER, NOT_KNOWN, SAME, STYLE, TRAVEL, literal
from estate.present.places import area_shapes, outline, placed
from estate.present.serving import counted, table_of
from estate.present.small_counts import rounded
from estate.present.travel import (
    CHANGES,
    LOST,
    UNKNOWN,
    area_travel,
    change_classes,
    class_words,
    classed,
    limits_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from estate.present.view import View

FILE = "travel.png"
Look = tuple[str, str]
"""Colour of a class, and its hatch: what tells it apart where the colour does not, as in grey."""
CHANGE_LOOKS: dict[str, Look] = {
    **dict(zip(CHANGES, ((NEARER, "////"), (SAME, ""), *((c, "") for c in FARTHER)), strict=True)),
    LOST: ("#ffffff", "xxxx"),
    UNKNOWN: (NOT_KNOWN, "...."),
}
WIDTH, LEFT, GAP = 0.315, 0.02, 0.0075
SERVED = ("stays", "receives", "other")


def write_travel_png(view: View, folder: Path) -> None:
    """Write travel.png: A3 landscape, three maps side by side; nothing where no area can be drawn."""
    import matplotlib as mpl

    drawn = travel_shapes(view)
    if drawn is None:
        return
    shapes, real = drawn
    limits = limits_of(shapes)
    words = class_words(limits)
    looks: dict[str, Look] = {
        **{w: (c, "") for w, c in zip(words, TRAVEL, strict=True)},
        UNKNOWN: CHANGE_LOOKS[UNKNOWN],
    }
    with mpl.rc_context(STYLE | {"hatch.linewidth": 0.6}):
        figure = new_figure(A3_INCHES, DPI)
        for place, (title, column) in enumerate((("Today", "km_before"), ("With the plan", "km_after"))):
            made = shapes.assign(shown=classed(shapes[column], limits, words))
            _panel(figure, view, (place, title), made, looks)
        _panel(figure, view, (2, "Change"), shapes.assign(shown=change_classes(shapes)), CHANGE_LOOKS)
        _words(figure, view, real=real)
        save(figure, folder / FILE, view.header.title)


def travel_shapes(view: View) -> tuple[GeoDataFrame, bool] | None:
    """Return the areas with their travel and whether their outlines are real; None where there are none."""
    travel = area_travel(view)
    shapes, real = area_shapes(view) if len(travel) else (None, False)
    if shapes is None or shapes.empty:
        return None
    return shapes.join(travel, on=shapes["area_id"].astype(str)), real


def _panel(
    figure: Figure, view: View, about: tuple[int, str], shapes: GeoDataFrame, looks: dict[str, Look]
) -> None:
    """Draw one map with its title and its key."""
    place, title = about
    left = LEFT + place * (WIDTH + GAP)
    axes = figure.add_axes((left, 0.27, WIDTH, 0.6))
    for words, (colour, hatch) in looks.items():
        part = shapes[shapes["shown"] == words]
        if len(part):
            part.plot(
                ax=axes,
                facecolor=colour,
                edgecolor="#8a8a8a",
                hatch=hatch or None,
                linewidth=0.35,
                zorder=1,
                aspect=None,
                autolim=False,
            )
    limit = outline(view)
    if limit is not None:
        import geopandas as gpd

        gpd.GeoSeries([limit]).boundary.plot(ax=axes, color=INK, linewidth=1.1, zorder=2, aspect=None)
    frame_map(axes, view, shapes.union_all())
    axes.set_title(title, fontsize=15, fontweight="bold", loc="left", color=INK)
    draw_scale_bar(axes)
    draw_north_arrow(axes)
    handles = _draw_places(axes, view, place)
    key = figure.add_axes((left, 0.06, WIDTH, 0.2))
    _key(key, residents_of(view, shapes), looks, handles)


def _draw_places(axes: Axes, view: View, place: int) -> list[Any]:
    """Draw the places that serve (today, or with the plan), or what closes and opens; return the key."""
    classes, markers = site_classes(view), markers_of()
    dot = {**markers["stays"], "s": 16, "c": INK}
    handles: list[Any] = []
    serving = set(table_of(view, "travel_change")["nearest_before" if place == 0 else "nearest_after"])
    if place < 2:
        rows = placed(view.sites)
        rows = rows[rows["site_id"].isin(serving)]
        _scatter(axes, rows, dot)
        handles.append(site_handle(dot, "Somebody's nearest place"))
    if place == 2:
        # Crosses have no edge: a white one beneath keeps them apart from areas of like colour.
        _scatter(axes, classes["closes"], {**markers["closes"], "s": 56, "c": "white", "linewidths": 4.5})
        _scatter(axes, classes["closes"], markers["closes"])
        if len(classes["closes"]):
            handles.append(site_handle(markers["closes"], "Closes"))
    if place > 0 and len(view.hubs):
        hubs = placed(view.hubs)
        spots = hubs[["easting", "northing"]].astype(float)
        size = marker_area(hubs["room_nia_m2"]) / 4
        axes.scatter(spots["easting"], spots["northing"], s=size, **hub_marker())
        handles.append(hub_handle(500, "Hub opens"))
    return handles


def _scatter(axes: Axes, rows: pd.DataFrame, marker: dict[str, Any]) -> None:
    axes.scatter(rows["easting"].astype(float), rows["northing"].astype(float), **marker)


def residents_of(view: View, shapes: pd.DataFrame) -> dict[str, str]:
    """Return the residents of each class of areas in words; to the public as in every table."""
    people = shapes["population"].astype(float).groupby(shapes["shown"]).sum()
    if view.fewest_people > 1:
        people = rounded(people, view.fewest_people)
    return {str(name): counted(view, count) for name, count in people.items()}


def _key(axes: Axes, people: dict[str, str], looks: dict[str, Look], handles: list[Any]) -> None:
    """Draw the key of a map: each class with its residents, then the marks."""
    from matplotlib.patches import Patch

    axes.axis("off")
    rare = {LOST, UNKNOWN}
    patches = [
        Patch(
            facecolor=colour,
            edgecolor="#8a8a8a",
            hatch=hatch or None,
            label=f"{words} ({people.get(words, '0')} residents)",
        )
        for words, (colour, hatch) in looks.items()
        if words not in rare or words in people
    ]
    axes.legend(
        handles=[*patches, *handles],
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        frameon=False,
        fontsize=11,
        borderaxespad=0,
        labelspacing=0.5,
        handlelength=2.2,
        handleheight=1.1,
    )


def _words(figure: Figure, view: View, *, real: bool) -> None:
    """Title, what is shown, status and source note."""
    header = view.header
    table = table_of(view, "travel_change")
    services = sorted(set(table.loc[table["extra_km"].notna(), "service_id"].astype(str)))
    year = str(table["year"].iloc[0])
    shown = [view.services.get(one, one) for one in services[:8]]
    named = f"{', '.join(shown)}{' ...' if len(services) > len(shown) else ''}"
    figure.text(0.02, 0.962, literal(header.title), fontsize=24, fontweight="bold", va="center", color=INK)
    mean = f"mean of {plural(len(services), 'service')}, {year}"
    told = f"{header.status}: residents' travel to the nearest place, {mean}"
    figure.text(0.02, 0.928, literal(told), fontsize=14, va="center", color=INK)
    if header.invented:
        badge = {"boxstyle": "round,pad=0.45", "facecolor": "#fff4d6", "edgecolor": "#b58900"}
        words = "Invented estate: no real place"
        figure.text(0.985, 0.955, words, fontsize=13, ha="right", va="center", bbox=badge, color=INK)
    note = "" if real else " Area outlines are drawn around population centres."
    source = f"Source: {header.source or 'not given'}. Run: {header.name}. Grid: British National Grid, "
    source = f"{source}north is grid north.{note}".replace("..", ".")
    for height, line, colour in (
        (0.041, f"Services: {named}. Every area and service: travel_change.csv.", INK),
        (0.026, header.lines()[0], INK),
        (0.011, source, GREY),
    ):
        figure.text(0.02, height, literal(line), fontsize=9.5, va="center", color=colour)
