"""Yearly and cumulative cash of the plan against business as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.lines import LINES, Matrix

if TYPE_CHECKING:
    from estate.config import Config

ALL_PARTNERS = "all partners"
VIEWS = ("economic", "financial")
SIDES = ("invest", "save", "receipt", "residual")


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


def cashflows(ledger: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return yearly and cumulative net cash, plan minus business as usual.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    config : Config
        Horizon.

    Returns
    -------
    DataFrame
        view (economic, financial), receipts (with, without), partner_id (and ``all
        partners``), year, t, invest_gbp (spent once to get the saving, negative), save_gbp,
        receipt_gbp, residual_gbp, net_gbp, cumulative_gbp [GBP, base-year prices].
    """
    horizon = config.horizon.horizon()
    span = horizon.appraisal_years
    rows = changes(ledger)
    partners = [ALL_PARTNERS, *sorted(set(rows["partner_id"]))]
    parts = []
    for view in VIEWS:
        for partner_id in partners:
            sides = {s: flow(rows, span, view, partner_id=partner_id, side=s) for s in SIDES}
            parts += [_table(sides, view, partner_id, receipts) for receipts in ("with", "without")]
    table = pd.concat(parts, ignore_index=True)
    table.insert(3, "year", table["t"].map(horizon.label))
    return table


def _table(sides: dict[str, Matrix], view: str, partner_id: str, receipts: str) -> pd.DataFrame:
    """Return the yearly table of one partner in one view."""
    if receipts == "without":
        sides = sides | {"receipt": np.zeros_like(sides["receipt"])}
    net = np.sum(list(sides.values()), axis=0)
    table = pd.DataFrame(
        {"view": view, "receipts": receipts, "partner_id": partner_id, "t": np.arange(len(net))}
    )
    for side, amounts in sides.items():
        table[f"{side}_gbp"] = amounts
    table["net_gbp"] = net
    table["cumulative_gbp"] = np.cumsum(net)
    return table
