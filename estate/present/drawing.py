"""Parts of a printed map: scale bar, north arrow, labels that keep clear of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estate.present.palette import INK, literal

if TYPE_CHECKING:
    from io import BytesIO
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox
    from numpy.typing import NDArray


def new_figure(size: tuple[float, float], dpi: int) -> Figure:
    """Return an empty figure [inch] that is drawn once, when it is saved.

    Layers of GeoPandas ask for a redraw each, which for a map to be printed takes as long as the file.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=dpi)
    FigureCanvasAgg(figure).draw_idle = lambda: None
    return figure


def save(figure: Figure, path: Path | BytesIO, title: str | None = None) -> None:
    """Write a figure as PNG; stronger compression takes long and saves little on flat colours."""
    about = {"Software": None} | ({"Title": title} if title else {})
    figure.savefig(path, format="png", dpi=figure.dpi, metadata=about, pil_kwargs={"compress_level": 2})


def nice_length(width: float, part: float = 0.22) -> float:
    """Return a round length [m] (1, 2 or 5 times a power of ten) of at most that part of a width [m]."""
    goal = width * part
    power = 10.0 ** np.floor(np.log10(goal))
    return float(power * max(step for step in (1.0, 2.0, 5.0) if step * power <= goal + 1e-9))


def draw_scale_bar(axes: Axes) -> None:
    """Draw a bar of a round length in the lower left corner; map units are metres."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    length = nice_length(x1 - x0)
    left, low, high = x0 + 0.03 * (x1 - x0), y0 + 0.03 * (y1 - y0), 0.007 * (y1 - y0)
    for i in range(4):
        colour = INK if i % 2 == 0 else "white"
        box = (left + i * length / 4, low)
        axes.add_patch(_rectangle(box, length / 4, high, colour))
    name = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    for x, words in ((left, "0"), (left + length, name)):
        axes.text(x, low + 1.8 * high, words, ha="center", va="bottom", fontsize=10, zorder=30)


def _rectangle(corner: tuple[float, float], width: float, height: float, colour: str) -> Any:  # noqa: ANN401 (a patch)
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, facecolor=colour, edgecolor=INK, linewidth=0.8, zorder=30)


def draw_north_arrow(axes: Axes) -> None:
    """Draw an arrow to grid north in the upper left corner."""
    axes.annotate(
        "N",
        xy=(0.035, 0.975),
        xytext=(0.0, -34.0),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=14,
        fontweight="bold",
        zorder=30,
        arrowprops={"arrowstyle": "-|>,head_width=0.45,head_length=0.9", "color": INK, "linewidth": 1.6},
    )


def _offsets() -> NDArray[np.float64]:
    """Directions and distances at which a label is tried [points], nearest first."""
    angles = np.deg2rad([0, 180, 30, 150, -30, -150, 60, 120, -60, -120, 90, -90])
    rings = [(r * np.cos(a), r * np.sin(a)) for r in (4, 14, 28, 45, 65, 90, 120) for a in angles]
    return np.array(rings)


def _overlap(box: Bbox, others: NDArray[np.float64]) -> float:
    """Area [pixel2] that a box shares with others, given as rows x0, y0, x1, y1."""
    if others.size == 0:
        return 0.0
    wide = np.minimum(box.x1, others[:, 2]) - np.maximum(box.x0, others[:, 0])
    high = np.minimum(box.y1, others[:, 3]) - np.maximum(box.y0, others[:, 1])
    return float((np.clip(wide, 0, None) * np.clip(high, 0, None)).sum())


def _boxes(points: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([points - half[:, None], points + half[:, None]])


def place_labels(
    axes: Axes,
    points: NDArray[np.float64],
    words: list[str],
    half_sizes: NDArray[np.float64],
    avoid: NDArray[np.float64],
) -> None:
    """Label points so that no label covers another label, a labelled marker or the map's edge.

    Parameters
    ----------
    axes : Axes
        Map, its limits set.
    points : ndarray, shape (n, 2)
        Places to label [m].
    words : list of str
        Labels.
    half_sizes : ndarray, shape (n,)
        Half the size of each marker [point].
    avoid : ndarray, shape (m, 2)
        Other markers [m] that labels had better not cover.
    """
    figure = axes.get_figure()
    if figure is None or len(points) == 0:
        return
    scale = figure.dpi / 72
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    inside = axes.get_window_extent(renderer)
    at = axes.transData.transform(points)
    hard = _boxes(at, half_sizes * scale + 2 * scale)
    soft = axes.transData.transform(avoid) if len(avoid) else np.empty((0, 2))
    soft = _boxes(soft, np.full(len(soft), 3.5 * scale))
    for i in np.argsort(-at[:, 1], kind="stable"):
        label = _label(axes, points[i], literal(words[i]))
        best, cost = np.zeros(2), np.inf
        for ring in _offsets():
            offset = ring + np.sign(np.round(ring, 6)) * half_sizes[i]
            _anchor(label, offset)
            box = _text_box(label, renderer).padded(2 * scale)
            out = max(inside.x0 - box.x0, box.x1 - inside.x1, inside.y0 - box.y0, box.y1 - inside.y1, 0.0)
            price = (
                1e3 * _overlap(box, hard)
                + 1e6 * out
                + 6 * _overlap(box, soft) / scale**2
                + 4 * float(np.hypot(*ring)) ** 1.5
            )
            if price < cost:
                best, cost = offset, price
        _anchor(label, best)
        box = _text_box(label, renderer).padded(2 * scale)
        hard = np.vstack([hard, [box.x0, box.y0, box.x1, box.y1]])
        if label.arrow_patch is not None:
            label.arrow_patch.shrinkB = float(half_sizes[i])
            label.arrow_patch.set_visible(bool(np.hypot(*best) > half_sizes[i] + 16))


def _text_box(label: Any, renderer: Any) -> Bbox:  # noqa: ANN401 (an annotation and its renderer)
    """Return the box of a label's words alone, without its leader."""
    from matplotlib.text import Text

    label.update_positions(renderer)
    return Text.get_window_extent(label, renderer)


def _label(axes: Axes, point: NDArray[np.float64], words: str) -> Any:  # noqa: ANN401 (an annotation)
    return axes.annotate(
        words,
        xy=(float(point[0]), float(point[1])),
        xytext=(0, 0),
        textcoords="offset points",
        fontsize=9,
        fontweight="bold",
        zorder=25,
        linespacing=1.15,
        bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.82},
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
    )


def _anchor(label: Any, offset: NDArray[np.float64]) -> None:  # noqa: ANN401 (an annotation)
    """Put a label at an offset [point] with its nearer edge towards the point."""
    label.set_position((float(offset[0]), float(offset[1])))
    label.set_horizontalalignment("left" if offset[0] > 1e-6 else "right" if offset[0] < -1e-6 else "center")
    steep = abs(offset[1]) > 2 * abs(offset[0])
    label.set_verticalalignment(("bottom" if offset[1] > 0 else "top") if steep else "center")
