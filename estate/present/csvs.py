"""The tables of a run as CSV files, and its two JSON files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.result import ACCESS_COLUMNS, CASHFLOW_COLUMNS
from estate.present.tables import MOVE_COLUMNS, PLAN_COLUMNS
from estate.present.words import RISKY_STARTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from estate.present.view import View


def harmless(cells: pd.Series) -> pd.Series:
    """Return text in which no cell can be taken for a formula (an apostrophe is put before it)."""
    words = cells.astype(object).where(cells.notna(), "").astype(str)
    return words.where(~words.str.startswith(RISKY_STARTS), "'" + words)


def _harmless_levels(cells: pd.Series) -> pd.Series:
    """Do what `harmless` does, once for every different text: ledgers repeat theirs a thousandfold."""
    codes, levels = pd.factorize(cells, use_na_sentinel=False)
    safe = harmless(pd.Series(levels, dtype=object)).to_numpy(dtype=object)
    return pd.Series(safe[codes], index=cells.index, name=cells.name)


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts are harmless; numbers stay numbers, yes and no are words."""
    answer: dict[str, pd.Series] = {}
    for name in frame.columns:
        cells = frame[name]
        if pd.api.types.is_bool_dtype(cells):
            answer[str(name)] = cells.map({True: "yes", False: "no"})
        elif pd.api.types.is_numeric_dtype(cells):
            answer[str(name)] = cells
        elif pd.api.types.is_datetime64_any_dtype(cells):
            answer[str(name)] = cells.dt.strftime("%Y-%m-%d")
        elif pd.api.types.infer_dtype(cells, skipna=True) in {"string", "empty"}:
            answer[str(name)] = _harmless_levels(cells)
        else:
            answer[str(name)] = _mixed(cells)
    return pd.DataFrame(answer, index=frame.index)


def _mixed(cells: pd.Series) -> pd.Series:
    """Make the texts of a mixed column harmless; real numbers among them stay."""
    numeric = cells.map(lambda v: isinstance(v, (int, float, np.number)) and not isinstance(v, bool))
    return cells.astype(object).where(numeric, harmless(cells))


MATCH_COLUMNS = ("left_id", "left_name", "right_id", "right_name", "km", "decision", "reason")
"""Header of matches.csv where nothing was matched."""


def write_table(frame: pd.DataFrame, path: Path, columns: Sequence[str] = ()) -> None:
    """Write a table as CSV, its texts harmless; `columns` are chosen where given."""
    shown = frame.reindex(columns=list(columns)) if columns else frame
    safe_frame(shown).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _write_large(frame: pd.DataFrame, path: Path, columns: Sequence[str]) -> None:
    """Write a table of very many rows: texts in quotes, numbers in full, some twenty times as fast."""
    import pyarrow as pa
    from pyarrow import csv

    rows = pa.Table.from_pandas(safe_frame(frame.reindex(columns=list(columns))), preserve_index=False)
    with path.open("wb") as handle:
        handle.write((",".join(columns) + "\n").encode())
        csv.write_csv(rows, handle, csv.WriteOptions(include_header=False, quoting_style="needed"))


def write_tables(view: View, folder: Path) -> None:
    """Write plan, moves, cashflow, access, assumptions, data_to_collect, funnel and matches."""
    write_table(view.sites, folder / "plan.csv", PLAN_COLUMNS)
    write_table(view.moves, folder / "moves.csv", MOVE_COLUMNS)
    _write_large(view.cash, folder / "cashflow.csv", CASHFLOW_COLUMNS)
    write_table(view.access, folder / "access.csv", ACCESS_COLUMNS)
    write_table(view.assumed, folder / "assumptions.csv")
    write_table(view.collect, folder / "data_to_collect.csv")
    write_table(view.funnel, folder / "funnel.csv")
    write_table(view.matches, folder / "matches.csv", () if len(view.matches.columns) else MATCH_COLUMNS)
    for name, table in view.reasons.items():
        write_table(table, folder / f"{name}.csv")


def plain(value: Any) -> Any:  # noqa: ANN401 (a JSON value of any shape)
    """Return a value that JSON can hold: no numpy, no dates, no missing numbers."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return None if value is pd.NaT or value is pd.NA else str(value)


def write_records(value: Any, path: Path) -> None:  # noqa: ANN401 (a JSON value of any shape)
    """Write a JSON value, whatever its numbers are made of."""
    words = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(words + "\n", encoding="utf-8", newline="\n")


def write_json(view: View, folder: Path) -> None:
    """Write summary.json and run.json."""
    header = view.header
    page = {"title": header.title, "status": header.status, "data_date": header.data_date}
    told = {**page, "invented": header.invented, "audience": header.audience, "notes": list(view.notes)}
    write_records({**told, **dict(view.summary)}, folder / "summary.json")
    write_records(dict(view.run), folder / "run.json")
