"""What a finance officer may change without planning again: named changes of a recorded cash flow."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

YEARLY_LINES = ("running_cost", "saving", "benefit")
WORKS_LINES = ("hub_capital", "fit_out", "irrecoverable_vat", "investment")
RECEIPT_LINES = ("receipt",)


@dataclass(frozen=True)
class Lever:
    """One change of a cash flow that is held fixed otherwise.

    Attributes
    ----------
    name : str
        Name, also of the cell in the workbook.
    label : str
        What it is, in words.
    lines : tuple of str
        Lines of the ledger (of a plan, or of a stream) whose change against business as usual
        is multiplied by ``1 + sign x value``.
    sign : int
        -1 where the value lowers the amounts, 1 where it raises them.
    most : float
        Highest value that makes sense [share].
    meaning : str
        What stays as it is.
    """

    name: str
    label: str
    lines: tuple[str, ...]
    sign: int
    most: float
    meaning: str


LEVERS: tuple[Lever, ...] = (
    Lever(
        "receipt_haircut_share",
        "Receipts lower by",
        RECEIPT_LINES,
        -1,
        1.0,
        "Share taken off every receipt; the cost of selling stays, which is prudent",
    ),
    Lever(
        "works_rise_share",
        "Works and fit-out dearer by",
        WORKS_LINES,
        1,
        10.0,
        "Share put on every amount for works and fit-out, and on tax that is not recovered; their upkeep "
        "and residual value stay",
    ),
    Lever(
        "saving_fall_share",
        "Running savings lower by",
        YEARLY_LINES,
        -1,
        1.0,
        "Share taken off what the buildings (or the programme) save each year; new running costs stay",
    ),
)
"""Every lever; the workbook has a cell for each and ``estate appraise`` an option."""

UNCHANGED: Mapping[str, float] = MappingProxyType({lever.name: 0.0 for lever in LEVERS})


def multipliers(line: pd.Series, values: Mapping[str, float]) -> np.ndarray:
    """Return what the change of each row against business as usual is multiplied by.

    Parameters
    ----------
    line : Series
        Line of each row.
    values : dict
        Value of levers by name [share]; those absent are 0.
    """
    factor = np.ones(len(line))
    for lever in LEVERS:
        touched = line.isin(lever.lines).to_numpy(dtype=bool)
        factor[touched] *= 1.0 + lever.sign * values.get(lever.name, 0.0)
    return factor


def pull(ledger: pd.DataFrame, values: Mapping[str, float]) -> pd.DataFrame:
    """Return a ledger whose plan differs from business as usual by as much as the levers say.

    With multiplier m, plan becomes ``m x plan + (1 - m) x business as usual``, row by row.

    Parameters
    ----------
    ledger : DataFrame
        Rows with line, case (bau or plan) and amount_gbp [GBP].
    values : dict
        Value of levers by name [share].
    """
    factor = multipliers(ledger["line"], values)
    if (factor == 1.0).all():
        return ledger
    plan = (ledger["case"] == "plan").to_numpy(dtype=bool)
    changed: pd.DataFrame = ledger.assign(amount_gbp=np.where(plan, factor, 1.0) * ledger["amount_gbp"])
    rest: pd.DataFrame = ledger[~plan & (factor != 1.0)]
    share = (1.0 - factor)[~plan & (factor != 1.0)]
    rest = rest.assign(case="plan", amount_gbp=share * rest["amount_gbp"])
    return pd.concat([changed, rest], ignore_index=True)
