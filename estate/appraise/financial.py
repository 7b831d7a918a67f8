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
from estate.appraise.facts import text
from estate.appraise.funding import Funds, funds, promised, usable
from estate.appraise.lines import LINES, Matrix
from estate.appraise.taxes import VAT_LINE
from estate.core.loans import loan, provision
from estate.core.money import SMALL_RECEIPT_GBP, price_factors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.appraise.funding import Money
    from estate.config import Config
    from estate.core.types import Estate

ASSET_OF_LINE = {
    "hub_capital": "works",
    "purchase": "works",
    "stamp_duty": "works",
    "brake_cost": "works",
    "energy_upgrade": "works",
    "fit_out": "fit_out",
    "it": "it",
}
"""Class of asset that each line of capital spend makes; its life decides how debt is repaid."""

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
    "from_partners_gbp",
    "from_borrowing_gbp",
    "to_partners_gbp",
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

WORKS_LINE = "works_between_partners"
BETWEEN_COLUMNS = ("year", "t", "from_partner_id", "to_partner_id", "line", "kind", "amount_gbp")
"""Columns of ``between_partners.csv``: money of the day, plan minus business as usual [GBP]."""

PENNY = 0.005
TRIFLE = 1e-6


@dataclass
class _Book:
    """What happens to each partner by year: name of a column to an array (partners, years).

    ``passed`` holds what partners pay for works of others: year, who gives and who gets, in all.
    """

    shape: tuple[int, int]
    rows: dict[str, Matrix] = field(default_factory=dict)
    passed: list[tuple[int, Money, Money]] = field(default_factory=list)

    def __getitem__(self, name: str) -> Matrix:
        return self.rows.setdefault(name, np.zeros(self.shape))

    def __setitem__(self, name: str, grid: Matrix) -> None:
        self.rows[name] = grid


def financial_view(ledger: pd.DataFrame, estate: Estate, config: Config) -> pd.DataFrame:
    """Return what the plan does to each partner's revenue budget, cash and debt, see `financial_tables`."""
    return financial_tables(ledger, estate, config)["financial"]


def financial_tables(ledger: pd.DataFrame, estate: Estate, config: Config) -> dict[str, pd.DataFrame]:
    """Return what the plan does to each partner's budget, cash and debt, and what partners pay each other.

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
    dict of str to DataFrame
        financial: ``FINANCIAL_COLUMNS``, one row for each partner and year, and for all partners
        together. ``budget_effect_gbp`` is revenue less interest and provision, with what receipts
        and the reserve pay; ``cash_effect_gbp`` is all cash, with loans taken and repaid.
        between_partners: ``BETWEEN_COLUMNS``, one row for each year, payer, payee and line.
    """
    horizon = config.horizon.horizon()
    index = price_factors(config.vintages.deflators, horizon, estate.assumptions["inflation_share_per_year"])
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
    label = horizon.label
    table = pd.concat(parts, ignore_index=True)
    table["year"] = table["t"].map(label)
    between = pd.concat([_charges(ledger, index), _passed(book, names)], ignore_index=True)
    between["year"] = between["t"].map(label)
    return {
        "financial": table[list(FINANCIAL_COLUMNS)],
        "between_partners": between[list(BETWEEN_COLUMNS)],
    }


def _charges(ledger: pd.DataFrame, index: Matrix) -> pd.DataFrame:
    """Return charges, fees and rents between partners, from who pays to who is paid."""
    rows = ledger[(ledger["view"] == "financial") & (ledger["counterparty_id"] != "")]
    paid = rows[rows["amount_gbp"] > 0]
    sign = np.where(paid["case"] == "plan", 1.0, -1.0)
    gbp = sign * paid["amount_gbp"].to_numpy(dtype=float) * index[paid["t"].to_numpy(dtype=np.int64)]
    paid = paid.assign(
        from_partner_id=paid["counterparty_id"], to_partner_id=paid["partner_id"], amount_gbp=gbp
    )
    keys = ["t", "from_partner_id", "to_partner_id", "line", "kind"]
    found: pd.DataFrame = paid.groupby(keys, as_index=False).agg(amount_gbp=("amount_gbp", "sum"))
    return found[found["amount_gbp"].abs() > PENNY]


def _passed(book: _Book, names: list[str]) -> pd.DataFrame:
    """Return what partners with one purse pay for works of others, each getting its share from each."""
    rows = [
        (t, names[i], names[j], WORKS_LINE, "capital", float(given[i] * got[j] / given.sum()))
        for t, given, got in book.passed
        for i in np.flatnonzero(given > 0)
        for j in np.flatnonzero(got > 0)
    ]
    keys = ["t", "from_partner_id", "to_partner_id", "line", "kind"]
    table = pd.DataFrame(rows, columns=[*keys, "amount_gbp"])
    summed: pd.DataFrame = table.groupby(keys, as_index=False).agg(amount_gbp=("amount_gbp", "sum"))
    return summed


def _table(name: str, rows: dict[str, Matrix], index: Matrix) -> pd.DataFrame:
    none = np.zeros(len(index))
    columns = {column: _nil(rows.get(column, none)) for column in (*FLOWS, *BALANCES)}
    return pd.DataFrame({"partner_id": name, "t": np.arange(len(index)), "price_index": index} | columns)


def _nil(amounts: Money) -> Money:
    """Return amounts in which what rounding leaves of nothing is nothing, not a loss of £0."""
    return np.where(np.abs(amounts) < TRIFLE, 0.0, amounts)


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
    # Tax that is not recovered makes the asset dearer on which it is paid; its heading names the line.
    taxed = line.where(line != VAT_LINE, rows["heading"])
    for name, asset in ASSET_OF_LINE.items():
        put(asset, rows[taxed == name], -1.0)
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


def _pay(book: _Book, names: list[str], estate: Estate, config: Config, index: Matrix) -> None:
    """Pay for each year's capital and one-off cost, in the order in which money may be used."""
    finance, receipts = config.finance, book["receipts_gbp"]
    purses = funds(names, estate, config, index, usable(receipts, config))
    may_borrow = ~np.isin(names, finance.cannot_borrow)
    flexible = np.isin(names, finance.flexible_receipts)
    opening = np.array([finance.reserve_gbp.get(name, 0.0) for name in names])
    kept, reserve, held, due = promised(receipts, config), opening.copy(), 0.0 * opening, 0.0 * opening
    for t in range(len(index)):
        held = held + receipts[:, t]
        purses.receive(t, book["capital_released_gbp"][:, t])
        purses.own["receipts"] = np.minimum(purses.own["receipts"], held)
        need = _spend_money(book, t, purses, book["capital_spend_gbp"][:, t])
        used = book["from_receipts_gbp"][:, t]
        held, due = held - used, np.maximum(0.0, due + kept[:, t] - used)
        _borrow(book, t, need, purses, may_borrow)
        _repay(book, config, t, pooled=purses.pooled)
        window = finance.flexible_first_year <= config.horizon.first_year + t <= finance.flexible_last_year
        one_off = np.maximum(book["one_off_revenue_gbp"][:, t], 0.0)
        freed = np.where(flexible & window, np.minimum(one_off, held - due), 0.0)
        held = held - freed
        book["flexible_receipts_gbp"][:, t] = freed
        reserve = _use_reserve(book, t, reserve, opening, one_off - freed)
        book["receipts_held_gbp"][:, t] = held
    _effects(book)


def _spend_money(book: _Book, t: int, purses: Funds, need: Money) -> Money:
    """Pay from what there is, each partner's own before what others pass on; return what is left."""
    for kind, of_others in purses.steps():
        source = "budget" if kind == "released" else kind
        if of_others:
            given, got = purses.pass_on(kind, need)
            _pass(book, t, source, given, got)
        else:
            got = purses.draw(kind, need)
            book[f"from_{source}_gbp"][:, t] += got
        need = np.maximum(0.0, need - got)
    return need


def _pass(book: _Book, t: int, source: str, given: Money, got: Money) -> None:
    """Write down what some partners pay from a source of theirs, and others get for their works."""
    book[f"from_{source}_gbp"][:, t] += given
    book["to_partners_gbp"][:, t] += given
    book["from_partners_gbp"][:, t] += got
    if given.any():
        book.passed.append((t, given, got))


def _borrow(book: _Book, t: int, need: Money, purses: Funds, may_borrow: NDArray[np.bool_]) -> None:
    """Borrow what is still needed, up to the limits where budgets are given; the rest is unfunded.

    With one purse, partners that may borrow do so for those that may not, as their own works have been.
    """
    asked = np.where(may_borrow, need, 0.0)
    lent = purses.draw("limit", asked) if purses.bounded else asked
    book["from_borrowing_gbp"][:, t] = lent
    need = need - lent
    if purses.pooled and may_borrow.any():
        left = max(0.0, purses.common["limit"])
        got = need * min(1.0, left / need.sum()) if need.sum() > 0 else 0.0 * need
        works = np.where(may_borrow, book["capital_spend_gbp"][:, : t + 1].sum(axis=1), 0.0)
        lenders = works if works.sum() > 0 else may_borrow.astype(float)
        purses.common["limit"] -= float(got.sum())
        _pass(book, t, "borrowing", lenders * (got.sum() / lenders.sum()), got)
        need = need - got
    book["unfunded_gbp"][:, t] = need


def _repay(book: _Book, config: Config, t: int, *, pooled: bool) -> None:
    """Spread what is borrowed in year t over the years after it: interest, principal, provision.

    A loan is first for works to date that none has been taken for yet: what lives longest. With one
    purse, for works of the purse, whoever borrows.
    """
    left = book["from_borrowing_gbp"][:, t].copy()
    if not left.any():
        return
    finance, span = config.finance, book.shape[1]
    rate = finance.rate if finance.provision_rate is None else finance.provision_rate
    purse = np.zeros(len(left), dtype=int) if pooled else np.arange(len(left))
    for asset in ("works", "fit_out", "it"):
        terms = getattr(finance, asset)
        interest, principal = loan(terms.loan, 1.0, finance.rate, terms.term).yearly()
        charge = provision(terms.provision, 1.0, terms.life_years, rate)
        lent = book[f"lent_{asset}"]
        room = np.bincount(purse, book[asset][:, : t + 1].sum(axis=1) - lent.sum(axis=1))
        asked = np.bincount(purse, left)
        part = np.divide(np.minimum(asked, room), asked, out=np.zeros(len(asked)), where=asked > 0)
        amount = left * part[purse]
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
    financing = financing + book["from_partners_gbp"] - book["to_partners_gbp"]
    financing = financing - book["interest_gbp"] - book["principal_gbp"]
    book["cash_effect_gbp"] = book["revenue_gbp"] + capital + financing
    book["cumulative_cash_gbp"] = np.cumsum(book["cash_effect_gbp"], axis=1)
    borrowed = book["from_borrowing_gbp"]
    book["debt_gbp"] = np.cumsum(borrowed - book["principal_gbp"], axis=1)
    book["financing_requirement_gbp"] = np.cumsum(borrowed - book["provision_gbp"], axis=1)
