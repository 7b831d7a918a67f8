"""Rows of a table that stand twice: the same key in an earlier row."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core import cells
from estate.core.errors import Issue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.core.tables import TableSpec


def unread(text: pd.DataFrame, typed: pd.DataFrame, spec: TableSpec, *, strange: bool) -> NDArray[np.bool_]:
    """Return rows whose key could not be read, shape (rows,): told already, they repeat nothing.

    Parameters
    ----------
    text, typed : DataFrame
        Cells as they stand in the file, and as they were read.
    spec : TableSpec
        The table.
    strange : bool
        Whether the file has columns that are not known: the key may be among them.
    """
    found = np.zeros(len(typed), dtype=bool)
    for name in spec.key:
        blank = (typed[name].isna() | (typed[name] == "")).to_numpy(dtype=bool)
        if name in text.columns:
            found |= blank & (text[name] != "").to_numpy(dtype=bool)
        elif strange:
            found[:] = True
    return found


def repeats(filled: pd.DataFrame, spec: TableSpec, source: str) -> list[Issue]:
    """Give an Issue for every row of a filled table whose key stands in an earlier row."""
    if not spec.key:
        return []
    keys = [filled[name] if spec[name].is_text else filled[name].map(cells.cell_text) for name in spec.key]
    complete = pd.Series(data=True, index=filled.index)
    for name, key in zip(spec.key, keys, strict=True):
        complete &= (key != "") if spec[name].required else True
    label = reduce(lambda left, key: left.str.cat(key, sep=", "), keys)
    repeated = label[label.duplicated() & complete]
    first = {key: row for row, key in zip(label.index[::-1], label[::-1], strict=True)}
    return [
        Issue(
            source,
            int(str(row)),
            spec.key[0] if len(spec.key) == 1 else "",
            str(key),
            f"repeats the {' and '.join(spec.key)} of row {first[key]}",
            "delete one of the rows or give each its own",
        )
        for row, key in repeated.items()
    ]
