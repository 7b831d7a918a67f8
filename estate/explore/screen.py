"""Which limits to ask about first: duals of the linear relaxation, a screen and never a value.

A dual is the slope of a model in which buildings may close by halves; what a step is worth to whole
plans is found by solving again (`estate.explore.constraints`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.solve.highs import load, run, scaled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.config import Config
    from estate.model.formulation import Model

COUNTED = {"hub": "hubs", "close": "closures"}


def screen(model: Model, config: Config, seconds: float) -> pd.Series:
    """Return what the relaxation would give for one unit more of each line of the rules.

    Parameters
    ----------
    model : Model
        Built model.
    config : Config
        Its run.
    seconds : float
        Most time for the relaxation [s].

    Returns
    -------
    Series
        [GBP per unit] by name of the line; empty where the relaxation was not solved in time.
    """
    arrays, largest = scaled(model.problem.arrays())
    relaxed = replace(arrays, integer=np.zeros(len(arrays.integer), dtype=bool))
    dual = run(load(relaxed, {"time_limit": max(1.0, seconds)})).row_dual
    if not len(dual):
        return pd.Series(dtype=float)
    about = np.concatenate([block.about for block in model.problem.row_blocks])
    rows = pd.DataFrame({"rule": np.asarray(arrays.rule), "about": about})
    # HiGHS makes the cost least: an upper side that costs has a dual below nought, a lower one above
    rows["upper"] = np.maximum(-dual, 0.0) / largest
    rows["lower"] = np.maximum(dual, 0.0) / largest
    rows = rows[(rows["about"] != "") & (rows["upper"] + rows["lower"] > 0)]
    return _by_line(rows, config.rules)


def _by_line(rows: pd.DataFrame, rules: Mapping[str, Mapping[str, object]]) -> pd.Series:
    afforded, carried = rules.get("affordability", {}), rules.get("capital", {}).get("carry_forward", True)
    found: dict[str, float] = {}

    def add(line: str, price: float) -> None:
        found[line] = found.get(line, 0.0) + price

    for rule, about, upper, lower in rows.itertuples(index=False, name=None):
        first, _, second = str(about).partition("|")
        if rule == "capital":
            purse, _, year = str(about).rpartition("|")
            # money of a year is carried forward to this one
            for t in range(int(year) + 1) if carried else (int(year),):
                add(f"capital|{purse}|{t}", upper)
        elif rule == "counts":
            add(f"counts|max_{COUNTED[first]}", upper)
            add(f"counts|min_{COUNTED[first]}", lower)
        elif rule == "affordability":
            payback = afforded.get("payback_year") if afforded.get("payback_test") != "discounted" else None
            if first == "saving":
                add("affordability|saving", lower)
            elif first == "cash" and (payback is None or int(second) < int(str(payback))):
                add("affordability|peak", lower)
        elif rule in ("partnership", "access"):
            add(f"{rule}|{about if rule == 'partnership' else first}", lower)
    return pd.Series(found, dtype=float)
