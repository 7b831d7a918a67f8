"""Styles that QGIS applies by itself when it opens a layer of estate.gpkg (QML, QGIS 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from estate.present.palette import BLUE, DEPRIVATION, GREEN, GREY, PALE, SKY, VERMILLION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
HATCHES = {"////": "f_diagonal", "xxxx": "diagonal_x", "....": "dense6"}
"""Hatches of matplotlib by the name that QGIS has for them."""
Category = tuple[str, str, str]
"""Value of the field, label in the legend, symbol as XML (its name is put in)."""


def rgba(colour: str, alpha: int = 255) -> str:
    """Return ``#rrggbb`` as QGIS writes colours: ``r,g,b,a``."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return ",".join(map(str, [*parts, alpha]))


def _options(values: dict[str, str]) -> str:
    rows = "".join(
        f"<Option name={quoteattr(k)} type='QString' value={quoteattr(v)}/>" for k, v in values.items()
    )
    return f"<Option type='Map'>{rows}</Option>"


def _symbol(kind: str, layer: str, values: dict[str, str], name: str = "{name}", size: str = "") -> str:
    """Return a symbol of one layer; ``size`` is an expression for its size [mm]."""
    defined = ""
    if size:
        defined = (
            "<data_defined_properties><Option type='Map'><Option name='name' type='QString' value=''/>"
            "<Option name='properties' type='Map'><Option name='size' type='Map'>"
            "<Option name='active' type='bool' value='true'/>"
            f"<Option name='expression' type='QString' value={quoteattr(size)}/>"
            "<Option name='type' type='int' value='3'/></Option></Option>"
            "<Option name='type' type='QString' value='collection'/></Option></data_defined_properties>"
        )
    return (
        f"<symbol type='{kind}' name='{name}' alpha='1' clip_to_extent='1' force_rhr='0'>"
        f"<layer class='{layer}' enabled='1' pass='0' locked='0'>{_options(values)}{defined}</layer></symbol>"
    )


def marker(shape: str, colour: str, size: float, *, filled: bool = True, edge: str = "#ffffff") -> str:
    """Return a point symbol: circle, square, diamond or cross2; size [mm]."""
    cross = shape == "cross2"
    values = {
        "name": shape,
        "color": rgba(colour, 255 if filled else 0),
        "outline_color": rgba(colour if cross or not filled else edge),
        "outline_style": "solid",
        "outline_width": "0.6" if cross or not filled else "0.2",
        "outline_width_unit": "MM",
        "size": f"{size:g}",
        "size_unit": "MM",
    }
    return _symbol("marker", "SimpleMarker", values)


def line(colour: str, width: float, alpha: int = 255) -> str:
    """Return a line symbol; width [mm]."""
    values = {
        "line_color": rgba(colour, alpha),
        "line_style": "solid",
        "line_width": f"{width:g}",
        "line_width_unit": "MM",
    }
    return _symbol("line", "SimpleLine", values)


def fill(colour: str, edge: str, width: float, *, style: str = "solid") -> str:
    """Return a polygon symbol; width of its edge [mm]; style solid, no, or a hatch of QGIS."""
    values = {
        "color": rgba(colour),
        "style": style,
        "outline_color": rgba(edge),
        "outline_style": "solid",
        "outline_width": f"{width:g}",
        "outline_width_unit": "MM",
    }
    return _symbol("fill", "SimpleFill", values)


def _document(renderer: str, labels: str = "") -> str:
    return f"{HEAD}<qgis version='3.22.0' styleCategories='Symbology|Labeling'>{renderer}{labels}</qgis>"


def single(symbol: str, labels: str = "") -> str:
    """Return a style that draws everything alike."""
    shown = symbol.replace("{name}", "0", 1)
    renderer = (
        f"<renderer-v2 type='singleSymbol' symbollevels='0' enableorderby='0'><symbols>{shown}</symbols>"
    )
    return _document(renderer + "</renderer-v2>", labels)


def categories(attribute: str, rows: Sequence[Category]) -> str:
    """Return a style by the values of a text attribute."""
    entries = "".join(
        f"<category value={quoteattr(value)} label={quoteattr(label)} "
        f"symbol='{i}' render='true' type='string'/>"
        for i, (value, label, _) in enumerate(rows)
    )
    symbols = "".join(symbol.replace("{name}", str(i), 1) for i, (_, _, symbol) in enumerate(rows))
    renderer = (
        f"<renderer-v2 type='categorizedSymbol' attr={quoteattr(attribute)} "
        "symbollevels='0' enableorderby='0'>"
        f"<categories>{entries}</categories><symbols>{symbols}</symbols></renderer-v2>"
    )
    return _document(renderer)


def _hub_labels() -> str:
    """Return labels with a hub's name, in a white halo."""
    halo = "<text-buffer bufferDraw='1' bufferSize='1' bufferSizeUnits='MM' bufferColor='255,255,255,230'/>"
    text = (
        "<text-style fieldName='name' isExpression='0' fontSize='9' fontSizeUnit='Point' fontWeight='75' "
        f"textColor='34,34,34,255' textOpacity='1'>{halo}</text-style>"
    )
    place = (
        "<placement placement='6' dist='2' distUnits='MM'/>"
        "<rendering drawLabels='1' obstacle='1' scaleVisibility='0'/>"
    )
    return f"<labeling type='simple'><settings calloutType='simple'>{text}{place}</settings></labeling>"


def sites_style() -> str:
    """Return red crosses for what closes, grey for what stays, green for what takes in services."""
    return categories(
        "map_class",
        [
            ("closes", "Closes", marker("cross2", VERMILLION, 2.8)),
            ("receives", "Stays and takes in services", marker("diamond", GREEN, 3.2)),
            ("hub", "Hub opens", marker("square", BLUE, 2.6)),
            ("stays", "Stays (was decided on)", marker("circle", GREY, 2.2)),
            ("unused", "Possible hub, not chosen", marker("square", SKY, 2.6, filled=False)),
            ("other", "Not decided on", marker("circle", PALE, 1.0, edge=PALE)),
        ],
    )


def hubs_style() -> str:
    """Blue squares, area in proportion to room, with names."""
    values = {
        "name": "square",
        "color": rgba(BLUE),
        "outline_color": rgba("#ffffff"),
        "outline_width": "0.3",
        "size": "5",
        "size_unit": "MM",
    }
    size = 'max(2.8, min(11, 0.13 * sqrt(coalesce("room_nia_m2", 0))))'
    return single(_symbol("marker", "SimpleMarker", values, size=size), _hub_labels())


def moves_style() -> str:
    """Thin slate lines."""
    return single(line("#3b4a63", 0.26, 150))


def areas_style(*, points: bool) -> str:
    """Return light violet by deprivation; small circles where areas have no shape."""
    words = ("1-2, most deprived", "3-4", "5-6", "7-8", "9-10, least deprived")
    symbols = [
        marker("circle", c, 3.4, edge="#999999") if points else fill(c, "#ffffff", 0.2) for c in DEPRIVATION
    ]
    rows = [(w, f"Deprivation decile {w}", s) for w, s in zip(words, symbols, strict=True)]
    blank = marker("circle", "#f7f7f7", 3.4, edge="#999999") if points else fill("#f7f7f7", "#ffffff", 0.2)
    return categories("deprivation", [*rows, ("", "Not known", blank)])


def travel_style(looks: Mapping[str, tuple[str, str]], *, points: bool) -> str:
    """Return the classes of travel in their colours and hatches; small circles where areas have no shape.

    Parameters
    ----------
    looks : mapping of str to tuple of str
        Class in words to colour and hatch of matplotlib, blank where it has none.
    points : bool
        Whether the areas are points.
    """
    rows = []
    for words, (colour, hatch) in looks.items():
        look = (
            fill(colour, "#8a8a8a", 0.2)
            if not hatch
            else fill("#6b6b6b", "#8a8a8a", 0.2, style=HATCHES[hatch])
        )
        rows.append(
            (words, words.capitalize(), marker("circle", colour, 3.4, edge="#555555") if points else look)
        )
    return categories("class", rows)


def boundary_style() -> str:
    """Return an outline without fill."""
    return single(fill("#ffffff", GREY, 0.5, style="no"))
