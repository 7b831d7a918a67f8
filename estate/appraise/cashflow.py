"""Yearly and cumulative cash of the plan against business as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.appraise.lines import LINES, Matrix

if TYPE_CHECKING:
    import pandas as pd

ALL_PARTNERS = "all partners"


def changes(ledger: pd.DataFrame) -> pd.DataFrame:
    """Sum plan minus business as usual by partner, line, view and year.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.

    Returns
    -------
    DataFrame
        partner_id, line, side, view, t, amount_gbp (plan minus BAU, a saving positive) [GBP].
    """
    signed = ledger[["partner_id", "line", "view", "t"]].assign(
        amount_gbp=np.where(ledger["case"] == "plan", 1.0, -1.0) * ledger["amount_gbp"]
    )
    keys = ["partner_id", "line", "view", "t"]
    rows = signed.groupby(keys, sort=True, observed=True)["amount_gbp"].sum().reset_index()
    rows.insert(2, "side", rows["line"].map({name: line.side for name, line in LINES.items()}))
    return rows


def flow(
    rows: pd.DataFrame,
    span: int,
    view: str,
    *,
    partner_id: str = ALL_PARTNERS,
    receipts: bool = True,
    side: str | None = None,
) -> Matrix:
    """Return yearly net cash of the plan against business as usual [GBP], shape (span,).

    Parameters
    ----------
    rows : DataFrame
        From `changes`.
    span : int
        Number of appraised years.
    view : str
        economic or financial; lines of view both are in either.
    partner_id : str
        One partner, or ``all partners``.
    receipts : bool
        False leaves out the proceeds of sales; the cost of selling stays, which is prudent.
    side : str, optional
        invest, save, receipt or residual alone.
    """
    keep = rows["view"].isin(["both", view])
    if partner_id != ALL_PARTNERS:
        keep &= rows["partner_id"] == partner_id
    if not receipts:
        keep &= rows["side"] != "receipt"
    if side is not None:
        keep &= rows["side"] == side
    chosen = rows[keep]
    amounts = chosen["amount_gbp"].to_numpy(dtype=float)
    total = np.bincount(chosen["t"].to_numpy(dtype=np.int64), weights=amounts, minlength=span)
    return np.asarray(total, dtype=float)
