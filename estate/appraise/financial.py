"""The financial view: the ledger in money of the day, and how each partner pays for it.

Both views come from the same events: this one takes every row of the ledger that is not purely
economic, at the prices of its year, parts revenue from capital, finds the money for each capital
pound once, and adds what borrowing costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.cashflow import ALL_PARTNERS
from estate.appraise.facts import number, text
from estate.appraise.lines import LINES, Matrix
from estate.core.loans import loan, provision
from estate.core.vintage import price_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.config import Config
    from estate.core.types import Estate

ASSET_OF_LINE = {
    "hub_capital": "works",
    "brake_cost": "works",
    "energy_upgrade": "works",
    "fit_out": "fit_out",
    "it": "it",
}
"""Class of asset that each line of capital spend makes; its life decides how debt is repaid."""

SMALL_RECEIPT_GBP = 10_000.0
"""Receipts up to this are revenue (Local Authorities (Capital Finance) Regulations 2003, reg 10)."""

FLOWS = (
    "revenue_gbp",
    "one_off_revenue_gbp",
    "transfers_gbp",
    "capital_spend_gbp",
    "capital_released_gbp",
    "receipts_gbp",
    "from_grant_gbp",
    "from_budget_gbp",
    "from_receipts_gbp",
    "from_borrowing_gbp",
    "unfunded_gbp",
    "interest_gbp",
    "provision_gbp",
    "principal_gbp",
    "flexible_receipts_gbp",
    "reserve_used_gbp",
    "reserve_repaid_gbp",
    "budget_effect_gbp",
    "cash_effect_gbp",
)
BALANCES = (
    "cumulative_cash_gbp",
    "debt_gbp",
    "financing_requirement_gbp",
    "receipts_held_gbp",
    "reserve_gbp",
)
FINANCIAL_COLUMNS = ("partner_id", "year", "t", "price_index", *FLOWS, *BALANCES)
"""Columns of ``financial.csv``: amounts in money of the day, plan minus business as usual [GBP]."""


@dataclass
class _Funds:
    """Money there is for capital, by partner and in common [GBP].

    What is not spent is carried on; budgets lapse where the rule ``capital`` says so, and are then
    spent before grants.
    """

    grant: Matrix
    budget: Matrix
    limit: Matrix
    common: dict[str, float]
    bounded: bool
    carries: bool

    @property
    def order(self) -> tuple[str, str]:
        """Return what is spent first, and what then."""
        return ("grant", "budget") if self.carries else ("budget", "grant")

    def receive(self, coming: dict[str, Matrix], released: Matrix) -> None:
        """Put what comes in this year into the purses; the last entry is the common purse's."""
        if not self.carries:
            self.budget[:], self.common["budget"] = 0.0, 0.0
        for kind, money in coming.items():
            getattr(self, kind)[:] += money[:-1]
            self.common[kind] += float(money[-1])
        self.budget += released


@dataclass
class _Book:
    """What happens to each partner by year: name of a column to an array (partners, years)."""

    shape: tuple[int, int]
    rows: dict[str, Matrix] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Matrix:
        return self.rows.setdefault(name, np.zeros(self.shape))

    def __setitem__(self, name: str, grid: Matrix) -> None:
        self.rows[name] = grid


def nominal_factors(estate: Estate, config: Config) -> Matrix:
    """Return the price index of each year, year 0 at 1 (deflators of the run, then one rate)."""
    first = config.horizon.first_year
    years = first + np.arange(config.horizon.appraisal_years)
    index = price_index(config.vintages.deflators, years, estate.assumptions["inflation_share_per_year"])
    return np.asarray(index / index[0])


def financial_view(ledger: pd.DataFrame, estate: Estate, config: Config) -> pd.DataFrame:
    """Return what the plan does to each partner's revenue budget, cash and debt.

    Parameters
    ----------
    ledger : DataFrame
        From `build_ledger`.
    estate : Estate
        Its budgets, and the assumptions in force.
    config : Config
        Horizon, deflators and ``finance``.

    Returns
    -------
    DataFrame
        ``FINANCIAL_COLUMNS``: one row for each partner and year, and for all partners together.
        ``budget_effect_gbp`` is revenue less interest and provision, with what receipts and the
        reserve pay; ``cash_effect_gbp`` is all cash, with loans taken and repaid.
    """
    index = nominal_factors(estate, config)
    names = sorted({*text(estate.tables["partners"]["partner_id"]), *ledger["partner_id"]} - {""})
    book = _events(ledger, names, index, estate.assumptions["receipt_cost_share"])
    _pay(book, names, estate, config, index)
    parts = [
        _table(name, {column: grid[i] for column, grid in book.rows.items()}, index)
        for i, name in enumerate(names)
    ]
    parts.append(
        _table(ALL_PARTNERS, {column: grid.sum(axis=0) for column, grid in book.rows.items()}, index)
    )
    table = pd.concat(parts, ignore_index=True)
    table["year"] = table["t"].map(config.horizon.horizon().label)
    return table[list(FINANCIAL_COLUMNS)]


def _table(name: str, rows: dict[str, Matrix], index: Matrix) -> pd.DataFrame:
    columns = {column: rows.get(column, np.zeros(len(index))) for column in (*FLOWS, *BALANCES)}
    return pd.DataFrame({"partner_id": name, "t": np.arange(len(index)), "price_index": index} | columns)


def _events(ledger: pd.DataFrame, names: list[str], index: Matrix, cost_share: float) -> _Book:
    """Put the ledger's financial rows into revenue, capital and receipts, at prices of their year."""
    rows = ledger[(ledger["view"] != "economic") & (ledger["partner_id"] != "")]
    t = rows["t"].to_numpy(dtype=np.int64)
    sign = np.where(rows["case"] == "plan", 1.0, -1.0)
    rows = rows.assign(gbp=sign * rows["amount_gbp"].to_numpy(dtype=float) * index[t])
    number_of = {name: i for i, name in enumerate(names)}
    book = _Book((len(names), len(index)))

    def put(column: str, chosen: pd.DataFrame, factor: float = 1.0) -> None:
        who = chosen["partner_id"].map(number_of).to_numpy(dtype=np.int64)
        np.add.at(book[column], (who, chosen["t"].to_numpy(dtype=np.int64)), factor * chosen["gbp"])

    line = rows["line"]
    revenue = rows["kind"] == "revenue"
    once = line.isin([name for name, known in LINES.items() if known.side == "invest"])
    put("revenue_gbp", rows[revenue])
    put("one_off_revenue_gbp", rows[revenue & once], -1.0)
    between = (rows["view"] == "financial") & (rows["counterparty_id"] != "")
    put("transfers_gbp", rows[between])
    for name, asset in ASSET_OF_LINE.items():
        put(asset, rows[line == name], -1.0)
    put("capital_released_gbp", rows[line == "backlog"])
    sales = rows[line == "receipt"].groupby(["partner_id", "site_id", "t"], as_index=False)["gbp"].sum()
    put("receipts_gbp", sales[sales["gbp"] > SMALL_RECEIPT_GBP])
    put("revenue_gbp", sales[sales["gbp"] <= SMALL_RECEIPT_GBP])
    put("selling", rows[line == "disposal_cost"], -1.0)
    # Receipts may bear the cost of the sale up to a share of them; the rest falls on revenue.
    borne = np.minimum(book["selling"], cost_share * book["receipts_gbp"])
    book["receipts_gbp"] -= borne
    book["revenue_gbp"] -= book["selling"] - borne
    book["one_off_revenue_gbp"] += book["selling"] - borne
    book["capital_spend_gbp"] = np.sum([book[asset] for asset in ("works", "fit_out", "it")], axis=0)
    return book


def _funds(
    names: list[str], estate: Estate, config: Config, index: Matrix
) -> tuple[_Funds, dict[str, Matrix]]:
    """Return empty purses, and what comes into each by year [GBP of the day]."""
    rows = estate.tables["budgets"]
    t = number(rows["year"]).astype(np.int64) - config.horizon.first_year
    inside = (t >= 0) & (t < len(index))
    rule = config.rules.get("capital", {})
    pooled, carries = rule.get("purses") == "pooled", bool(rule.get("carry_forward", True))
    who = np.array([-1 if pooled or name not in names else names.index(name) for name in text(rows["purse"])])
    coming = {}
    for kind, column in (
        ("grant", "grant_gbp"),
        ("budget", "capital_gbp"),
        ("limit", "borrowing_limit_gbp"),
    ):
        grid = np.zeros((len(names) + 1, len(index)))
        if len(rows):
            money = number(rows[column])[inside] * index[t[inside]]
            np.add.at(grid, (who[inside], t[inside]), money)
        coming[kind] = grid
    empty = np.zeros(len(names))
    common = dict.fromkeys(coming, 0.0)
    return _Funds(empty, empty.copy(), empty.copy(), common, len(rows) > 0, carries), coming


def _pay(book: _Book, names: list[str], estate: Estate, config: Config, index: Matrix) -> None:
    """Pay for each year's capital and one-off cost, in the order in which money may be used."""
    finance, span = config.finance, len(index)
    funds, coming = _funds(names, estate, config, index)
    may_borrow = ~np.isin(names, finance.cannot_borrow)
    flexible = np.isin(names, finance.flexible_receipts)
    opening = np.array([finance.reserve_gbp.get(name, 0.0) for name in names])
    held, usable, reserve = np.zeros(len(names)), _usable(book["receipts_gbp"], config), opening.copy()
    pool = np.zeros(len(names))
    for t in range(span):
        funds.receive({kind: grid[:, t] for kind, grid in coming.items()}, book["capital_released_gbp"][:, t])
        held, pool = held + book["receipts_gbp"][:, t], pool + usable[:, t]
        need = book["capital_spend_gbp"][:, t].copy()
        for kind in funds.order:
            need = _draw(book[f"from_{kind}_gbp"][:, t], need, funds, kind)
        paid = np.minimum(need, np.minimum(pool, held))
        book["from_receipts_gbp"][:, t] = paid
        held, pool = held - paid, pool - paid
        _borrow(book, t, need - paid, funds, may_borrow)
        _repay(book, config, t)
        window = finance.flexible_first_year <= config.horizon.first_year + t <= finance.flexible_last_year
        one_off = np.maximum(book["one_off_revenue_gbp"][:, t], 0.0)
        freed = np.where(flexible & window, np.minimum(one_off, held), 0.0)
        held = held - freed
        book["flexible_receipts_gbp"][:, t] = freed
        reserve = _use_reserve(book, t, reserve, opening, one_off - freed)
        book["receipts_held_gbp"][:, t] = held
    _effects(book)


def _usable(receipts: Matrix, config: Config) -> Matrix:
    """Return the receipts that capital may use by year: all, or as the rule ``capital`` says [GBP]."""
    rule = config.rules.get("capital")
    if rule is None:
        return receipts
    lag = int(rule["recycle_lag_years"])
    late = np.zeros_like(receipts)
    late[:, lag:] = receipts[:, : receipts.shape[1] - lag]
    return late * (float(rule["recycle_share"]) if rule["receipts"] else 0.0)


def _draw(into: NDArray[np.float64], need: NDArray[np.float64], funds: _Funds, kind: str) -> Matrix:
    """Pay from each partner's own purse, then from the common one by need; return what is left."""
    own = getattr(funds, kind)
    paid = np.minimum(need, np.maximum(own, 0.0))
    own -= paid
    left = need - paid
    total = float(left.sum())
    share = min(1.0, funds.common[kind] / total) if total > 0 else 0.0
    funds.common[kind] -= share * total
    into += paid + share * left
    return np.asarray(left * (1.0 - share))


def _borrow(book: _Book, t: int, need: Matrix, funds: _Funds, may_borrow: NDArray[np.bool_]) -> None:
    """Borrow what is still needed, up to the limits where budgets are given; the rest is unfunded."""
    asked = np.where(may_borrow, need, 0.0)
    if funds.bounded:
        _draw(book["from_borrowing_gbp"][:, t], asked, funds, "limit")
    else:
        book["from_borrowing_gbp"][:, t] = asked
    book["unfunded_gbp"][:, t] = need - book["from_borrowing_gbp"][:, t]


def _repay(book: _Book, config: Config, t: int) -> None:
    """Spread what is borrowed in year t over the years after it: interest, principal, provision.

    A loan is first for works to date that none has been taken for yet: what lives longest.
    """
    left = book["from_borrowing_gbp"][:, t].copy()
    if not left.any():
        return
    finance, span = config.finance, book.shape[1]
    rate = finance.rate if finance.provision_rate is None else finance.provision_rate
    for asset in ("works", "fit_out", "it"):
        terms = getattr(finance, asset)
        interest, principal = loan(terms.loan, 1.0, finance.rate, terms.term).yearly()
        charge = provision(terms.provision, 1.0, terms.life_years, rate)
        lent = book[f"lent_{asset}"]
        amount = np.minimum(left, book[asset][:, : t + 1].sum(axis=1) - lent.sum(axis=1))
        left, lent[:, t] = left - amount, amount
        for column, kernel in (
            ("interest_gbp", interest),
            ("principal_gbp", principal),
            ("provision_gbp", charge),
        ):
            seen = kernel[: span - t - 1]
            book[column][:, t + 1 : t + 1 + len(seen)] += np.outer(amount, seen)


def _use_reserve(book: _Book, t: int, reserve: Matrix, opening: Matrix, left: Matrix) -> Matrix:
    """Pay one-off revenue cost from the reserve, and pay it back from what the year saves."""
    used = np.minimum(left, reserve)
    effect = book["revenue_gbp"][:, t] - book["interest_gbp"][:, t] - book["provision_gbp"][:, t]
    effect = effect + book["flexible_receipts_gbp"][:, t] + used
    repaid = np.clip(effect, 0.0, opening - (reserve - used))
    book["reserve_used_gbp"][:, t], book["reserve_repaid_gbp"][:, t] = used, repaid
    book["budget_effect_gbp"][:, t] = effect - repaid
    book["reserve_gbp"][:, t] = reserve - used + repaid
    return np.asarray(reserve - used + repaid)


def operating_cash(rows: pd.DataFrame) -> pd.Series:
    """Return cash before financing: revenue, capital spent and released, receipts [GBP of the day]."""
    capital = rows["capital_released_gbp"] - rows["capital_spend_gbp"] + rows["receipts_gbp"]
    return rows["revenue_gbp"] + capital


def _effects(book: _Book) -> None:
    """Add cash and the balances that follow from it."""
    capital = book["capital_released_gbp"] - book["capital_spend_gbp"] + book["receipts_gbp"]
    financing = book["from_grant_gbp"] + book["from_borrowing_gbp"]
    financing = financing - book["interest_gbp"] - book["principal_gbp"]
    book["cash_effect_gbp"] = book["revenue_gbp"] + capital + financing
    book["cumulative_cash_gbp"] = np.cumsum(book["cash_effect_gbp"], axis=1)
    borrowed = book["from_borrowing_gbp"]
    book["debt_gbp"] = np.cumsum(borrowed - book["principal_gbp"], axis=1)
    book["financing_requirement_gbp"] = np.cumsum(borrowed - book["provision_gbp"], axis=1)
