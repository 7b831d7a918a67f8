"""Who pays for which capital: what comes into each purse, and what partners with one purse pass on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estate.appraise.facts import number, text

if TYPE_CHECKING:
    from estate.appraise.lines import Matrix
    from estate.config import Config
    from estate.core.types import Estate

Money = NDArray[np.float64]

COLUMN_OF = {"grant": "grant_gbp", "budget": "capital_gbp", "limit": "borrowing_limit_gbp"}


@dataclass
class Funds:
    """Money there is for capital, by partner and in common [GBP of the day].

    What is not spent is carried on; budgets lapse where the rule ``capital`` says so, and are then
    spent before all else.

    Attributes
    ----------
    coming : dict of str to ndarray, shape (partners + 1, years)
        What comes in: grant, budget, limit (leave to borrow) and receipts that capital may use; the
        last row is nobody's, or everybody's.
    bounded : bool
        Whether any budgets are given; else whoever may borrow does so without limit.
    carries : bool
        Whether what is left of a budget is there in the next year.
    pooled : bool
        Whether one partner's money may pay for works of another.
    own : dict of str to ndarray, shape (partners,)
        What each has now; ``released`` is backlog that is not spent, which nobody passes on.
    """

    coming: dict[str, Matrix]
    bounded: bool
    carries: bool
    pooled: bool
    own: dict[str, Money] = field(init=False)
    common: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with empty purses."""
        count = len(self.coming["receipts"]) - 1
        self.own = {kind: np.zeros(count) for kind in (*self.coming, "released")}
        self.common = dict.fromkeys(self.own, 0.0)

    def receive(self, t: int, released: Money) -> None:
        """Put what comes in this year into the purses."""
        if not self.carries:
            self.own["budget"][:], self.own["released"][:], self.common["budget"] = 0.0, 0.0, 0.0
        for kind, grid in self.coming.items():
            self.own[kind] += grid[:-1, t]
            self.common[kind] += float(grid[-1, t])
        self.own["released"] += released

    def steps(self) -> tuple[tuple[str, bool], ...]:
        """Return what is spent, in its order, and whether what others have left of it."""
        budget, rest = (("released", False), ("budget", False)), (("receipts", False), ("grant", True))
        if self.carries:
            return (("grant", False), *budget, *rest, ("budget", True), ("receipts", True))
        return (*budget, ("budget", True), ("grant", False), *rest, ("receipts", True))

    def draw(self, kind: str, need: Money) -> Money:
        """Pay from each partner's own purse, then from the common one by need; return what is paid."""
        own = self.own[kind]
        paid = np.minimum(need, np.maximum(own, 0.0))
        own -= paid
        left = need - paid
        total = float(left.sum())
        share = min(1.0, self.common[kind] / total) if total > 0 else 0.0
        self.common[kind] -= share * total
        return np.asarray(paid + share * left)

    def pass_on(self, kind: str, need: Money) -> tuple[Money, Money]:
        """Let partners that have some left pay for others, both by share; return who gives and who gets."""
        spare, none = np.maximum(self.own[kind], 0.0), np.zeros(len(need))
        total = min(float(need.sum()), float(spare.sum()))
        if not self.pooled or total <= 0:
            return none, none
        given = spare * (total / spare.sum())
        self.own[kind] -= given
        return given, np.asarray(need * (total / need.sum()))


def funds(names: list[str], estate: Estate, config: Config, prices: Matrix, usable: Matrix) -> Funds:
    """Return empty purses, and what will come into each by year.

    Parameters
    ----------
    names : list of str
        Partners, in the order of the arrays.
    estate, config
        Budgets, and the rule ``capital``.
    prices : ndarray, shape (years,)
        Money of the day for a pound of base-year prices [share].
    usable : ndarray, shape (partners, years)
        Receipts that capital may use, by the year from which it may [GBP of the day].
    """
    rows, rule = estate.tables["budgets"], config.rules.get("capital", {})
    t = number(rows["year"]).astype(np.int64) - config.horizon.first_year
    inside = (t >= 0) & (t < len(prices))
    who = np.array([names.index(name) if name in names else -1 for name in text(rows["purse"])], dtype=int)
    coming = {}
    for kind, column in COLUMN_OF.items():
        grid = np.zeros((len(names) + 1, len(prices)))
        np.add.at(grid, (who[inside], t[inside]), number(rows[column])[inside] * prices[t[inside]])
        coming[kind] = grid
    coming["receipts"] = np.vstack([usable, np.zeros(len(prices))])
    pooled = rule.get("purses") == "pooled"
    if pooled:  # leave to borrow is no money: who needs it uses it
        limit = coming["limit"]
        coming["limit"] = np.vstack([np.zeros_like(limit[:-1]), limit.sum(axis=0)])
    return Funds(coming, len(rows) > 0, bool(rule.get("carry_forward", True)), pooled)


def promised(receipts: Matrix, config: Config) -> Matrix:
    """Return the part of each year's receipts that the rule ``capital`` counts on [GBP of the day]."""
    rule, kept = config.rules.get("capital"), np.zeros_like(receipts)
    if rule is not None and rule["receipts"]:
        last = max(0, config.horizon.decision_years - int(rule["recycle_lag_years"]))
        kept[:, :last] = float(rule["recycle_share"]) * receipts[:, :last]
    return kept


def usable(receipts: Matrix, config: Config) -> Matrix:
    """Return the receipts that capital may use by year: all, or as the rule says [GBP of the day]."""
    rule = config.rules.get("capital")
    if rule is None:
        return receipts
    lag, late = int(rule["recycle_lag_years"]), np.zeros_like(receipts)
    late[:, lag:] = receipts[:, : receipts.shape[1] - lag]
    return late * (float(rule["recycle_share"]) if rule["receipts"] else 0.0)
