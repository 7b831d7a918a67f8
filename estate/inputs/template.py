"""The officer's workbook: Start here, Settings, Sites and a tab for each further table."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.cells import cell_text
from estate.core.reference import kinds
from estate.core.tables import SPECS
from estate.inputs.officer import SETTINGS, SETTINGS_SHEET, read_settings

if TYPE_CHECKING:
    from estate.core.tables import Column, TableSpec
    from estate.core.types import Estate

__all__ = ["read_settings", "write_template"]

ROWS_WITH_CHOICES = 3000
LISTS_SHEET = "Lists"
START_SHEET = "Start here"
TITLE = "Estate: which buildings to give up, and where to put shared hubs"
START = """
This workbook is all that you need. Fill in what you know; leave blank what you do not.

1  Sites: one row a building. A site_id and a kind are enough to begin; add size and place.
2  Running costs: what a building costs a year. Without a row, an average of its kind is assumed.
3  Settings: the first year, the capital, and what must stay. Each question says what it means.
4  Save, then type:   estate check my_estate.xlsx
    It lists what is wrong, row by row, and changes nothing.
5  Then type:   estate run my_estate.xlsx
    It writes a plan, a map and a workbook with every figure explained.
6  Open data_to_collect.csv: the twenty facts that could change the plan most.
    Enter one, and run again.

Good to know
- Hold the pointer over a header to read what the column means, its unit, and what a blank stands for.
- Columns with a dark header are needed. Blank tabs are fine: only Sites is needed.
- Money is in pounds of the first year, areas in m2. Shares are 0.6 or 60%. Dates are day/month/year.
- Codes such as site_id are text: 007 stays 007. The same code joins the tabs.
- Do not rename tabs or headers. A column named notes is yours: it is not read.
"""


def write_template(path: Path, estate: Estate | None = None) -> None:
    """Write the officer's workbook, empty or filled with an estate.

    Parameters
    ----------
    path : Path
        Where to write; an existing file is replaced as a whole.
    estate : Estate, optional
        Its tables fill the tabs.
    """
    import xlsxwriter

    path = Path(path)
    handle, name = tempfile.mkstemp(suffix=".xlsx", dir=path.parent)
    os.close(handle)
    # Text from files must never become a formula or a link.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    try:
        with xlsxwriter.Workbook(name, options) as book:
            writer = _Writer(book)
            writer.start()
            writer.settings()
            for spec in SPECS.values():
                writer.table(spec, estate.tables[spec.name] if estate else None)
            writer.finish()
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class _Writer:
    """A workbook while it is written: its formats and its lists of choices."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401 - xlsxwriter has no types
        self.book = book
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.needed = book.add_format(
            {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "border": 1}
        )
        self.header = book.add_format({"bold": True, "bg_color": "#D9E2F3", "border": 1})
        self.text = book.add_format({"num_format": "@"})
        self.date = book.add_format({"num_format": "dd/mm/yyyy"})
        self.answer = book.add_format({"num_format": "@", "bg_color": "#FFF2CC", "border": 1})
        self.lists: dict[tuple[str, ...], str] = {}
        self.choices: Any = None

    def start(self) -> None:
        """Write the sheet Start here."""
        sheet = self.book.add_worksheet(START_SHEET)
        sheet.set_column(0, 0, 120)
        sheet.write_string(0, 0, TITLE, self.title)
        for row, text in enumerate(START.splitlines(), start=1):
            sheet.write_string(row, 0, text, self.wrap)

    def settings(self) -> None:
        """Write the sheet Settings, with drop-downs."""
        sheet = self.book.add_worksheet(SETTINGS_SHEET)
        sheet.set_column(0, 0, 52)
        sheet.set_column(1, 1, 30)
        sheet.set_column(2, 2, 90)
        sheet.freeze_panes(1, 0)
        for column, text in enumerate(("Setting", "Your answer", "What it means")):
            sheet.write_string(0, column, text, self.header)
        for row, setting in enumerate(SETTINGS, start=1):
            sheet.write_string(row, 0, setting.label)
            sheet.write_string(row, 1, setting.default, self.answer)
            sheet.write_string(row, 2, setting.help, self.wrap)
            choices = tuple(label for label, _ in setting.choices) or (
                ("yes", "no") if setting.kind == "boolean" else ()
            )
            if choices:
                sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": list(choices)})

    def table(self, spec: TableSpec, frame: pd.DataFrame | None) -> None:
        """Write the tab of a table: headers with notes, drop-downs, and rows where there are any."""
        sheet = self.book.add_worksheet(spec.name.replace("_", " ").capitalize())
        sheet.freeze_panes(1, 1)
        for position, column in enumerate(spec.columns):
            sheet.write_string(0, position, column.name, self.needed if column.required else self.header)
            sheet.write_comment(0, position, note(column), {"x_scale": 2, "y_scale": 1.5})
            style = self.date if column.type == "date" else self.text if column.is_text else None
            sheet.set_column(position, position, max(12, len(column.name) + 2), style)
            self._validate(sheet, position, column, len(frame) if frame is not None else 0)
            if frame is not None:
                self._fill(sheet, position, frame[column.name])

    def _validate(self, sheet: Any, position: int, column: Column, rows: int) -> None:  # noqa: ANN401
        last = max(ROWS_WITH_CHOICES, rows)
        choices = column.allowed or (tuple(kinds()["kind"]) if column.name == "kind" else ())
        if choices:
            rule: dict[str, Any] = {"validate": "list", "source": self._list(tuple(choices))}
        elif column.type in {"number", "share"} and pd.notna(column.minimum):
            top = column.maximum if pd.notna(column.maximum) else 1e12
            rule = {"validate": "decimal", "criteria": "between", "minimum": column.minimum, "maximum": top}
            unit = f" [{column.unit}]" if column.unit else ""
            rule["error_message"] = f"{column.name}{unit} lies between {column.minimum:g} and {top:g}"
        else:
            return
        sheet.data_validation(
            1, position, last, position, rule | {"error_type": "warning", "ignore_blank": True}
        )

    def _list(self, choices: tuple[str, ...]) -> str:
        """Return the range of a list of choices; lists in the cell itself may not be long."""
        if self.choices is None:
            self.choices = self.book.add_worksheet(LISTS_SHEET)
        if choices not in self.lists:
            column = len(self.lists)
            for row, choice in enumerate(choices):
                self.choices.write_string(row, column, choice)
            letter = chr(ord("A") + column)
            self.lists[choices] = f"={LISTS_SHEET}!${letter}$1:${letter}${len(choices)}"
        return self.lists[choices]

    def _fill(self, sheet: Any, position: int, values: pd.Series) -> None:  # noqa: ANN401
        for row, value in enumerate(values, start=1):
            if isinstance(value, pd.Timestamp) and 1900 <= value.year < 9999:
                sheet.write_datetime(row, position, value.to_pydatetime(), self.date)
            elif isinstance(value, (int, float)) and not isinstance(value, bool) and pd.notna(value):
                sheet.write_number(row, position, value)
            elif cell_text(value):
                sheet.write_string(row, position, cell_text(value), self.text)

    def finish(self) -> None:
        """Hide the lists, and open the workbook at Start here."""
        if self.choices is not None:
            self.choices.hide()
        self.book.get_worksheet_by_name(START_SHEET).activate()


def note(column: Column) -> str:
    """Return what the header of a column says when the pointer rests on it."""
    lines = [column.description + (f" [{column.unit}]" if column.unit else "")]
    if column.required:
        lines.append("Needed.")
    if column.allowed:
        lines.append("One of: " + ", ".join(column.allowed))
    if column.default:
        lines.append(f"Blank means {column.default}.")
    return "\n".join(lines)
