"""Maps and charts: size, scale and labels (their looks are judged by eye)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.image as mpimg
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from estate.present.drawing import nice_length, place_labels
from estate.present.maps import marker_area, site_classes
from estate.present.view import make_view

if TYPE_CHECKING:
    from pathlib import Path

    from estate.core.result import Result


def test_map_is_a3_at_300_dots_an_inch(written: dict[str, Path]) -> None:
    picture = mpimg.imread(written["internal"] / "map.png")
    height, width = picture.shape[:2]
    assert abs(width - 420 / 25.4 * 300) < 5
    assert abs(height - 297 / 25.4 * 300) < 5
    assert picture[..., :3].std() > 0.05, "not blank"


@pytest.mark.parametrize(
    ("width", "length"), [(10_000, 2_000), (9_000, 1_000), (1_000, 200), (48_000, 10_000)]
)
def test_scale_bar_has_a_round_length(width: float, length: float) -> None:
    assert nice_length(width) == length


def test_hub_squares_are_in_proportion_to_room() -> None:
    import pandas as pd

    small, large = marker_area(pd.Series([1000.0, 3000.0]))
    assert large == pytest.approx(3 * small)


def test_labels_keep_clear_of_one_another() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(2_000, 8_000, (14, 2))
    figure = Figure(figsize=(12, 9), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 10_000), ylim=(0, 10_000))
    place_labels(
        axes, points, [f"A hub of name {i}\n1,000 m2" for i in range(14)], np.full(14, 6.0), points[:0]
    )
    boxes = [Text.get_window_extent(label) for label in axes.texts]
    assert len(boxes) == 14
    clashes = [(i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes) if i < j and a.overlaps(b)]
    assert clashes == []


def test_every_placed_site_is_drawn_once(result: Result) -> None:
    view = make_view(result, "internal")
    drawn = [site for rows in site_classes(view).values() for site in rows["site_id"]] + view.hubs[
        "site_id"
    ].tolist()
    placed = view.sites.loc[view.sites["easting"].notna(), "site_id"]
    assert sorted(drawn) == sorted(placed)
