"""Charts that the workbook draws itself, each with words for those who do not see it."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

from estate.present.cash import GROUP_LABEL
from estate.present.chart import COLOUR
from estate.present.live import FIRST_ROW
from estate.present.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, YELLOW

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MILLIONS = '#,##0.0,,"m"'
LINES = (BLUE, ORANGE, GREEN, GREY)
MANY = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, GREY)


class Series:
    """Series of charts from the columns of a table on its sheet."""

    def __init__(self, name: str, frame: pd.DataFrame) -> None:
        self.name, self.columns = name, list(frame.columns)
        self.first, self.last = FIRST_ROW + 1, FIRST_ROW + len(frame)

    def __call__(self, header: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (options of the chart)
        """Return a series of one column against the first."""
        at = self.columns.index(header)
        head = {
            "name": [self.name, FIRST_ROW, at],
            "categories": [self.name, self.first, 0, self.last, 0],
        }
        return {**head, "values": [self.name, self.first, at, self.last, at], **more}


def _put(page: Worksheet, chart: Any, last: int, words: str) -> None:  # noqa: ANN401 (no types in XlsxWriter)
    """Put a chart under its table, on a page of its own."""
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 1150, "height": 520})
    page.set_h_pagebreaks([last + 2])
    page.insert_chart(last + 2, 0, chart, {"description": words})


def draw_cash(book: Workbook, page: Worksheet, name: str, frame: pd.DataFrame) -> None:
    """Draw stacked columns a year with the cumulative lines on a second axis, under the table."""
    colours = {label: COLOUR.get(group, GREY) for group, label in GROUP_LABEL.items()}
    groups = [c for c in frame.columns if str(c).removesuffix(" [£]") in colours]
    if not groups:
        return
    series = Series(name, frame)
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for header in groups:
        chart.add_series(series(header, fill={"color": colours[header.removesuffix(" [£]")]}, gap=35))
    lines = book.add_chart({"type": "line"})
    for header, dash in (
        ("Cumulative with receipts [£]", "solid"),
        ("Cumulative without receipts [£]", "dash"),
    ):
        look = {"color": "#222222", "width": 1.75, "dash_type": dash}
        lines.add_series(series(header, y2_axis=True, line=look))
    chart.combine(lines)
    chart.set_title({"name": "Each year (columns) and all years together (lines)", "name_font": {"size": 12}})
    chart.set_x_axis({"label_position": "low", "num_font": {"rotation": -45, "size": 8}, "interval_unit": 2})
    chart.set_y_axis({"num_format": MILLIONS, "name": "Each year [£]", "major_gridlines": {"visible": True}})
    lines.set_y2_axis({"num_format": MILLIONS, "name": "Cumulative [£]"})
    _put(page, chart, series.last, "Cash flow by year in groups, and cumulative with and without receipts")


def draw_partners(book: Workbook, page: Worksheet, name: str, frame: pd.DataFrame) -> None:
    """Draw the net cash of every partner by year."""
    if len(frame.columns) == 2:
        return
    series = Series(name, frame)
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for header, colour in zip(frame.columns[2:], cycle(MANY), strict=False):
        chart.add_series(series(header, fill={"color": colour}, gap=35))
    chart.set_title({"name": "Net cash of each partner by year", "name_font": {"size": 12}})
    chart.set_x_axis({"label_position": "low", "num_font": {"rotation": -45, "size": 8}, "interval_unit": 2})
    chart.set_y_axis({"num_format": MILLIONS, "name": "Each year [£]", "major_gridlines": {"visible": True}})
    _put(page, chart, series.last, "Net cash of each partner by year, stacked columns")


def draw_rates(book: Workbook, page: Worksheet, name: str, frame: pd.DataFrame) -> None:
    """Draw what the flows are worth at rates from nought to 30%: nil at the rate of return."""
    series = Series(name, frame)
    chart = book.add_chart({"type": "scatter", "subtype": "straight"})
    for header, colour in zip(frame.columns[1:], LINES, strict=False):
        chart.add_series(series(header, line={"color": colour, "width": 2}))
    chart.set_title(
        {"name": "Worth at each discount rate; nil at the rate of return", "name_font": {"size": 12}}
    )
    chart.set_x_axis(
        {"min": 0, "max": 0.3, "num_format": "0%", "name": "Discount rate", "label_position": "low"}
    )
    near = frame[(frame.iloc[:, 0] >= 0) & (frame.iloc[:, 0] <= 0.3)].iloc[:, 1:]
    values = near.map(lambda cell: float(cell.value)).to_numpy()
    limits = {"min": min(0.0, values.min()) * 1.1, "max": max(0.0, values.max()) * 1.1}
    limits = limits if limits["max"] > limits["min"] else {}
    chart.set_y_axis({"num_format": MILLIONS, "name": "Net present saving [£]", **limits})
    _put(page, chart, series.last, "Net present saving against the discount rate, economic and financial")
