"""The rows of a rule as text that people can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estate.model.formulation import Model


def column_names(model: Model) -> list[str]:
    """Name every column after what it decides, as move[a_lib,H:large,2028/29]."""
    names = []
    for block in model.problem.blocks.values():
        for key in block.keys.to_dict("records"):
            parts = [_word(model, part, int(value)) for part, value in key.items()]
            names.append(f"{block.family}[{','.join(parts)}]")
    return names


def _word(model: Model, part: str, value: int) -> str:
    inst = model.inst
    if part == "year":
        return inst.horizon.label(value)
    if part == "place":
        place = inst.places.iloc[value]
        site = inst.sites["site_id"].iloc[place["site"]]
        return f"{site}:{place['option']}" if place["kind"] == "hub" else str(site)
    if part in ("provision", "target"):
        return str(inst.provisions["provision_id"].iloc[value])
    if part == "site":
        return str(inst.sites["site_id"].iloc[value])
    if part == "route":
        return str(inst.routes["route"].iloc[value])
    assert part == "area", part
    return sorted(inst.tables["areas"]["area_id"])[value]


def figure(value: float) -> str:
    """Return a coefficient: whole where it is, else with pence or six digits."""
    value = float(f"{value:.10g}")  # sums of a few amounts may be off in the last digit
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:.6g}"


def _terms(names: list[str], columns: Iterable[int], values: Iterable[float]) -> str:
    parts = []
    for column, value in sorted(zip(columns, values, strict=True)):
        size = "" if figure(abs(value)) == "1" else f"{figure(abs(value))} "
        sign = "-" if value < 0 else "+" if parts else ""
        parts.append(f"{sign} {size}{names[column]}".strip())
    return " ".join(parts) or "0"


def rows_text(model: Model) -> list[str]:
    """Return every row on a line of its own, in the order in which the rule makes them."""
    arrays, names, lines = model.problem.arrays(), column_names(model), []
    matrix = arrays.matrix
    matrix.eliminate_zeros()
    for i in range(matrix.shape[0]):
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        terms = _terms(names, matrix.indices[part], matrix.data[part])
        low, high = arrays.row_lower[i], arrays.row_upper[i]
        if low == high:
            side = f"= {figure(low)}"
        elif np.isfinite(low) and np.isfinite(high):
            side, terms = f"<= {figure(high)}", f"{figure(low)} <= {terms}"
        else:
            side = f"<= {figure(high)}" if np.isfinite(high) else f">= {figure(low)}"
        lines.append(f"{arrays.rule[i]}: {terms} {side}")
    return lines


def lp_text(model: Model, free: Model | None = None, filters: tuple[str, ...] = ()) -> str:
    """Return the rows of a model, and of some families the columns that are there and those that are not.

    Parameters
    ----------
    model : Model
        The columns, and the rows of one rule.
    free : Model, optional
        The columns where the rule bars nothing.
    filters : tuple of str
        Families of which the rule bars columns.
    """
    lines = ["subject to", *(rows_text(model) or ["(no rows)"])]
    if filters:
        assert free is not None
        here, there = set(column_names(model)), column_names(free)
        mine = [name for name in there if name.split("[")[0] in filters]
        lines += ["", "columns", *(name for name in mine if name in here)]
        lines += ["", "barred", *(name for name in mine if name not in here)]
        assert here <= set(there), "a rule bars columns, it never adds any of these families"
    return "\n".join(lines) + "\n"
