"""The data dictionary as a page for people, made from the same files that the importers obey."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from estate.core.tables import SPECS

if TYPE_CHECKING:
    from estate.core.tables import Column, TableSpec

HEAD = """# Data dictionary

Made from `estate/core/dictionary/*.csv` by `estate.core.data_dictionary.dictionary_markdown()`; do not
edit by hand. One table is one file (CSV, XLSX, Parquet, GeoPackage, GeoJSON) or one sheet of a
workbook, named after the table. Only `sites` is needed; what is blank takes its default, and
every default that is used is listed in `assumptions.csv` of the run.

- Headers are read in any case and spacing. Unknown columns are problems, except `notes` and `comments`.
- Blank, `-`, `N/A`, `Not Applicable` and the like all mean that nothing is known.
- `id`: text, never a number: `007` stays `007`. `share`: 0 to 1, or `60%`. `year`: `2027` or `2027/28`.
- `number`: thousands commas, `£` and a following `m2` are read. `date`: `2027-04-01` or `01/04/2027`.
- Sensitivity says who may see a column: public, partner, internal; confidential rows are hidden or blurred.
"""


def dictionary_markdown() -> str:
    """Return the whole data dictionary as Markdown, a table for each table."""
    return "\n".join([HEAD, *(_section(spec) for spec in SPECS.values())])


def _section(spec: TableSpec) -> str:
    key = f"Unique: {', '.join(f'`{name}`' for name in spec.key)}." if spec.key else "Rows may repeat."
    lines = [
        f"## {spec.name}",
        "",
        key,
        "",
        "| column | type | unit | blank means | accepted | sensitivity | what it is | source |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(column) for column in spec.columns),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    blank = "**needed**" if column.required else column.default or "not known"
    cells = [
        f"`{column.name}`",
        column.type,
        column.unit,
        blank,
        _accepted(column),
        column.sensitivity,
        column.description,
        column.source,
    ]
    return "| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"


def _accepted(column: Column) -> str:
    if column.allowed:
        return ", ".join(column.allowed)
    low, high = column.minimum, column.maximum
    if math.isnan(low) and math.isnan(high):
        return ""
    if math.isnan(high):
        return f"{low:,.10g} or more"
    return f"{low:,.10g} to {high:,.10g}"
