"""Switching values: what each main assumption would have to be for the plan to be worth nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from estate.appraise import flows
from estate.appraise.cashflow import changes, flow
from estate.appraise.ledger import build_ledger
from estate.core.levers import LEVERS, pull
from estate.core.money import discount_factors
from estate.core.reference import default_assumptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate, Plan

COLUMNS = ("name", "label", "unit", "value", "switching_value", "npv_low_gbp", "npv_high_gbp", "note")
NOTHING_GBP = 0.005
FARTHEST = 10.0
"""A rate or cost is looked for up to this many times its value; a share up to 1."""


def lever_values(worth_gbp: float, swing_gbp: Mapping[str, float]) -> pd.DataFrame:
    """Return the value of each lever at which a present value is nil, in closed form.

    Parameters
    ----------
    worth_gbp : float
        Net present value as it stands [GBP].
    swing_gbp : mapping of str to float
        By name of the lever: change of the present value if it goes from 0 to 1 [GBP].

    Returns
    -------
    DataFrame
        `COLUMNS`; ``switching_value`` blank where none makes sense, and ``note`` says why.
    """
    rows = []
    for lever in LEVERS:
        swing = swing_gbp.get(lever.name, 0.0)
        if swing == 0:
            continue
        at = -worth_gbp / swing
        note = ""
        if not 0.0 <= at <= lever.most:
            ends = "even at" if at > lever.most else "even without"
            note = f"The sign stays the same {ends} {lever.most:.0%}"
            if at < 0:
                note = "The plan is worth less than nothing as it stands: this would have to turn about"
        rows.append(
            {
                "name": lever.name,
                "label": lever.label,
                "unit": "share",
                "value": 0.0,
                "switching_value": at if not note else np.nan,
                "npv_low_gbp": worth_gbp,
                "npv_high_gbp": worth_gbp + swing * min(1.0, lever.most),
                "note": note or lever.meaning,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def plan_levers(ledger: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the switching values of a plan that follow from its ledger alone: levers, discount rate.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    config : Config
        Horizon, discount rates and timing.

    Returns
    -------
    DataFrame
        `COLUMNS`; economic view.
    """
    span = config.horizon.appraisal_years
    factors = discount_factors(config.vintage, span, config.timing)
    yearly = flow(changes(ledger), span, "economic")
    central = flows.npv(yearly, factors)
    swing = {}
    for lever in LEVERS:
        pulled = flow(changes(pull(ledger, {lever.name: 1.0})), span, "economic")
        swing[lever.name] = flows.npv(pulled, factors) - central
    found = [part for part in (lever_values(central, swing), rate_row(yearly)) if len(part)]
    return pd.concat(found, ignore_index=True)


def rate_row(yearly_gbp: Matrix) -> pd.DataFrame:
    """Return the discount rates at which yearly flows are worth nothing: their rates of return."""
    rate = flows.irr(yearly_gbp)
    told = "; ".join(f"{one:.2%}" for one in rate.rates)
    row = {
        "name": "discount_rate",
        "label": "Discount rate, the same in all years",
        "unit": "share/year",
        "value": np.nan,
        "switching_value": rate.value,
        "npv_low_gbp": np.nan,
        "npv_high_gbp": np.nan,
        "note": "The internal rate of return" if rate.value is not None else f"{rate.reason} {told}".strip(),
    }
    return pd.DataFrame([row], columns=list(COLUMNS))


class _Watched(Mapping[str, float]):
    """Assumptions that remember which of them were read."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values_of = dict(values)
        self.read: dict[str, None] = {}

    def __getitem__(self, name: str) -> float:
        self.read[name] = None
        return self.values_of[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_of)

    def __len__(self) -> int:
        return len(self.values_of)


def assumption_values(
    estate: Estate, config: Config, plan: Plan, levers: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return the switching value of every main assumption that the money of a plan follows from.

    The plan is held fixed and its ledger worked out anew for each value tried; economic view.

    Parameters
    ----------
    estate, config, plan
        As given to `build_ledger`.
    levers : mapping of str to float, optional
        Levers that are pulled all the while [share].

    Returns
    -------
    DataFrame
        `COLUMNS`, the assumptions that move the present value most first; ``npv_low_gbp`` and
        ``npv_high_gbp`` are the present values at the low and high end of the range [GBP].
        Assumptions of small impact (green), and those that change nothing here, are left out.
    """
    watched = _Watched(estate.assumptions)
    pulled = dict(levers or {})
    central = _worth(replace(estate, assumptions=watched), config, plan, pulled)
    ranges = default_assumptions().set_index("name")
    rows = []
    for name in watched.read:
        if name not in ranges.index or ranges.loc[name, "impact"] == "green":
            continue

        def worth(value: float, name: str = name) -> float:
            changed = {**estate.assumptions, name: value}
            return _worth(replace(estate, assumptions=changed), config, plan, pulled)

        row = _row(name, pd.Series(ranges.loc[name]), (float(estate.assumptions[name]), central), worth)
        rows += [] if row is None else [row]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    swing = (table["npv_high_gbp"] - table["npv_low_gbp"]).abs()
    return table.iloc[np.argsort(-swing.to_numpy(dtype=float), kind="stable")].reset_index(drop=True)


def _row(
    name: str, known: pd.Series, here: tuple[float, float], worth: Callable[[float], float]
) -> dict[str, object] | None:
    """Return the row of one assumption; None where it changes nothing."""
    value, central = here
    ends = [min(float(known["low"]), value), max(float(known["high"]), value)]
    low, high = (worth(end) if end != value else central for end in ends)
    if max(abs(low - central), abs(high - central)) < NOTHING_GBP:
        return None
    unit = str(known["unit"])
    top = 1.0 if unit == "share" else max(FARTHEST * value, ends[1])
    slope = (high - low) / (ends[1] - ends[0])
    straight = abs(central - low - slope * (value - ends[0])) < NOTHING_GBP
    guess = value - central / slope if slope else np.inf
    if straight and ends[0] < value < ends[1] and not 0.0 <= guess <= top:
        found, note = float("nan"), f"No value from 0 to {top:,.4g} changes the sign"
    elif 0.0 <= guess <= top and abs(worth(guess)) < NOTHING_GBP:
        found, note = guess, ""
    else:
        found, note = _crossing(worth, value, central, top)
    row = {"name": name, "label": str(known["description"]), "unit": unit, "value": value}
    return {**row, "switching_value": found, "npv_low_gbp": low, "npv_high_gbp": high, "note": note}


def _worth(estate: Estate, config: Config, plan: Plan, levers: dict[str, float]) -> float:
    span = config.horizon.appraisal_years
    ledger = pull(build_ledger(estate, config, plan), levers)
    factors = discount_factors(config.vintage, span, config.timing)
    return flows.npv(flow(changes(ledger), span, "economic"), factors)


def _crossing(worth: Callable[[float], float], value: float, central: float, top: float) -> tuple[float, str]:
    """Return a value between 0 and `top` at which the worth is nil, or why there is none."""
    for end in (0.0, top):
        if end != value and np.sign(worth(end)) != np.sign(central):
            # Durations count in whole years, so that the worth may jump across nil.
            found = float(brentq(worth, *sorted((value, end)), xtol=1e-9, rtol=1e-12, maxiter=200))
            jumps = abs(worth(found)) > 1.0
            return found, "The worth jumps across nil here: it counts in whole years" if jumps else ""
    return float("nan"), f"No value from 0 to {top:,.4g} changes the sign"
