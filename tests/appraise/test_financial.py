"""The financial view by hand: who pays what, from which pocket, in which year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_estates import config, estate, plan

from estate.appraise.business import reconcile
from estate.appraise.cashflow import ALL_PARTNERS
from estate.appraise.financial import FINANCIAL_COLUMNS, financial_tables, financial_view
from estate.appraise.ledger import build_ledger
from estate.core.loans import loan

FLAT = {"inflation_share_per_year": 0.0, "receipt_cost_share": 0.04}
ROWS = (
    # partner, line, kind, view, t, GBP of the plan
    ("council", "hub_capital", "capital", "both", 0, -100_000.0),
    ("council", "fit_out", "capital", "both", 1, -30_000.0),
    ("council", "move", "revenue", "both", 1, -8_000.0),
    ("council", "running_cost", "revenue", "both", 2, 20_000.0),
    ("council", "receipt", "capital", "both", 1, 50_000.0),
    ("council", "disposal_cost", "capital", "both", 1, -3_000.0),
    ("council", "receipt", "capital", "economic", 1, 70_000.0),
    ("council", "hub_charge", "revenue", "financial", 2, 1_500.0),
    ("nhs", "hub_charge", "revenue", "financial", 2, -1_500.0),
    ("nhs", "it", "capital", "both", 1, -10_000.0),
    ("nhs", "receipt", "capital", "both", 2, 9_000.0),
)
BUDGETS = [
    {"purse": "council", "year": 2027, "capital_gbp": 40_000, "grant_gbp": 10_000},
    {"purse": "council", "year": 2027, "borrowing_limit_gbp": 200_000},
    {"purse": "pooled", "year": 2028, "capital_gbp": 4_000},
]


def ledger(rows=ROWS):
    names = ["partner_id", "line", "kind", "view", "t", "amount_gbp"]
    frame = pd.DataFrame(rows, columns=names).assign(heading="")
    other = frame["partner_id"].map({"council": "nhs", "nhs": "council"})
    frame["counterparty_id"] = other.where(frame["line"] == "hub_charge", "")
    return frame.assign(case="plan", site_id=[f"S{i}" for i in range(len(frame))], cashable="yes")


def view(budgets=(), rates=None, rows=ROWS, **more):
    made = estate(
        FLAT | (rates or {}),
        partners=[{"partner_id": "council"}, {"partner_id": "nhs"}],
        budgets=list(budgets),
    )
    return financial_view(ledger(rows), made, config(years=6, **more))


def of(table, partner, column):
    return table.loc[table["partner_id"] == partner, column].tolist()


def test_each_pound_comes_from_grant_budget_receipts_and_then_loans():
    table = view(BUDGETS)
    assert list(table.columns) == list(FINANCIAL_COLUMNS)
    assert of(table, "council", "from_grant_gbp")[0] == 10_000
    assert of(table, "council", "from_budget_gbp")[0] == 40_000
    assert of(table, "council", "from_borrowing_gbp")[0] == 50_000
    # Year 1: the pooled 4,000 goes by need, 30 to 10; the receipt of 50,000 bears 2,000 of 3,000.
    assert of(table, "council", "from_budget_gbp")[1] == pytest.approx(3_000)
    assert of(table, "council", "receipts_gbp")[1] == pytest.approx(48_000)
    assert of(table, "council", "from_receipts_gbp")[1] == pytest.approx(27_000)
    assert of(table, "council", "receipts_held_gbp")[1] == pytest.approx(21_000)
    assert of(table, "council", "one_off_revenue_gbp")[1] == pytest.approx(9_000)
    assert of(table, "nhs", "from_budget_gbp")[1] == pytest.approx(1_000)
    assert of(table, "nhs", "unfunded_gbp")[1] == pytest.approx(9_000), "no limit is given to borrow under"


def test_without_budgets_what_is_needed_is_borrowed_where_it_may_be():
    table = view(finance={"cannot_borrow": ["nhs"]})
    assert of(table, "council", "from_borrowing_gbp")[0] == 100_000
    assert of(table, "nhs", "unfunded_gbp")[1] == 10_000
    assert sum(of(table, "nhs", "interest_gbp")) == 0


def test_interest_principal_and_provision_follow_from_the_year_after():
    terms = {"life_years": 4, "term_years": 2, "loan": "eip", "provision": "equal"}
    table = view(finance={"rate": 0.05, "works": terms, "cannot_borrow": ["nhs"]})
    interest, principal = loan("eip", 100_000, 0.05, 2).yearly()
    assert of(table, "council", "interest_gbp") == pytest.approx([0, *interest, 0, 0, 0])
    assert of(table, "council", "principal_gbp") == pytest.approx([0, *principal, 0, 0, 0])
    assert of(table, "council", "provision_gbp") == pytest.approx([0, 25_000, 25_000, 25_000, 25_000, 0])
    assert of(table, "council", "debt_gbp") == pytest.approx([1e5, 5e4, 0, 0, 0, 0])
    assert of(table, "council", "financing_requirement_gbp")[-2] == pytest.approx(0)
    # Revenue of year 1: 8,000 of moves and 1,000 of selling cost beyond the receipt's share.
    assert of(table, "council", "budget_effect_gbp")[1] == pytest.approx(-9_000 - interest[0] - 25_000)
    cash = -9_000 - 30_000 + 48_000 - interest[0] - principal[0]
    assert of(table, "council", "cash_effect_gbp")[1] == pytest.approx(cash)


def test_budgets_that_lapse_are_spent_first_and_are_gone_in_the_next_year():
    rule = {"capital": {"purses": "separate", "carry_forward": False, "recycle_share": 0.0}}
    rule["capital"] |= {"recycle_lag_years": 0, "receipts": True}
    rows = [{"purse": "council", "year": 2027, "capital_gbp": 120_000, "grant_gbp": 10_000}]
    made = estate(FLAT, partners=[{"partner_id": "council"}, {"partner_id": "nhs"}], budgets=rows)
    run = config(years=6).model_copy(update={"rules": rule})
    table = financial_view(ledger(), made, run)
    assert of(table, "council", "from_budget_gbp")[:2] == [100_000, 0]
    assert of(table, "council", "from_grant_gbp")[:2] == [0, 10_000]
    assert of(table, "council", "unfunded_gbp")[1] == pytest.approx(20_000), "of fit-out; 20,000 lapsed"


def test_loans_are_first_for_works_that_no_loan_is_for_yet():
    works = {"life_years": 40, "provision": "equal"}
    short = {"life_years": 2, "provision": "equal", "term_years": 2}
    budgets = [
        {"purse": "council", "year": 2027, "capital_gbp": 90_000},
        {"purse": "council", "year": 2027, "borrowing_limit_gbp": 1_000_000},
    ]
    rows = [row for row in ROWS if row[1] != "receipt"]
    table = view(budgets, rows=rows, finance={"works": works, "fit_out": short, "cannot_borrow": ["nhs"]})
    # Year 0: 10,000 of works; year 1: 30,000 of fit-out, and 90,000 of works still have no loan.
    assert of(table, "council", "from_borrowing_gbp")[:2] == [10_000, 30_000]
    assert of(table, "council", "provision_gbp")[:4] == pytest.approx([0, 250, 1_000, 1_000])


def test_small_receipts_are_revenue():
    table = view()
    assert of(table, "nhs", "receipts_gbp")[2] == 0
    assert of(table, "nhs", "revenue_gbp")[2] == pytest.approx(9_000 - 1_500)


def test_flexible_receipts_pay_one_off_revenue_in_the_years_of_the_direction():
    on = view(BUDGETS, finance={"flexible_receipts": ["council"]})
    assert of(on, "council", "flexible_receipts_gbp")[1] == pytest.approx(9_000)
    assert of(on, "council", "receipts_held_gbp")[1] == pytest.approx(12_000)
    over = view(BUDGETS, finance={"flexible_receipts": ["council"], "flexible_last_year": 2027})
    assert sum(of(over, "council", "flexible_receipts_gbp")) == 0
    assert sum(of(view(BUDGETS), "council", "flexible_receipts_gbp")) == 0


def test_the_reserve_pays_first_and_is_paid_back():
    table = view(BUDGETS, finance={"reserve_gbp": {"council": 5_000}, "rate": 0.0})
    assert of(table, "council", "reserve_used_gbp")[1] == 5_000
    assert of(table, "council", "reserve_gbp")[:3] == pytest.approx([5_000, 0, 5_000])
    assert of(table, "council", "reserve_repaid_gbp")[2] == pytest.approx(5_000)


def test_receipts_wait_and_are_shared_as_the_rule_says():
    rule = {"capital": {"purses": "separate", "recycle_share": 0.5, "recycle_lag_years": 0, "receipts": True}}
    made = estate(FLAT, partners=[{"partner_id": "council"}, {"partner_id": "nhs"}])
    run = config(years=6).model_copy(update={"rules": rule})
    table = financial_view(ledger(), made, run)
    assert of(table, "council", "from_receipts_gbp")[1] == pytest.approx(24_000)
    assert of(table, "council", "from_borrowing_gbp")[1] == pytest.approx(6_000)


def test_prices_of_the_day_are_the_index_of_the_year():
    table = view(rates={"inflation_share_per_year": 0.1}, budgets=BUDGETS)
    assert of(table, "council", "price_index")[:3] == pytest.approx([1, 1.1, 1.21])
    assert of(table, "council", "revenue_gbp")[2] == pytest.approx(21_500 * 1.21)
    assert of(table, "nhs", "from_budget_gbp")[1] == pytest.approx(1_100)


POOLED = {"purses": "pooled", "carry_forward": True, "recycle_share": 1.0, "recycle_lag_years": 0}


def pooled(budgets, rows=ROWS, growth=0.0, rule=(), **more):
    made = estate(
        FLAT | {"inflation_share_per_year": growth},
        partners=[{"partner_id": "council"}, {"partner_id": "nhs"}],
        budgets=list(budgets),
    )
    run = config(years=6, **more)
    run = run.model_copy(update={"rules": {"capital": POOLED | {"receipts": True} | dict(rule)}})
    posted = ledger(rows)
    tables = financial_tables(posted, made, run)
    assert reconcile(tables["financial"], posted, run)["passed"].all()
    return tables


def test_with_one_purse_partners_pay_for_each_other_and_it_is_told():
    """The council has 60,000 left of its budget and 40,000 of receipts; the NHS needs 70,000 of works."""
    rows = [
        ("council", "receipt", "capital", "both", 0, 40_000.0),
        ("council", "fit_out", "capital", "both", 1, -40_000.0),
        ("nhs", "hub_capital", "capital", "both", 1, -70_000.0),
        ("nhs", "running_cost", "revenue", "both", 2, 9_000.0),
    ]
    budgets = [
        {"purse": "council", "year": 2027, "capital_gbp": 60_000},
        {"purse": "council", "year": 2028, "borrowing_limit_gbp": 25_000},
    ]
    tables = pooled(budgets, rows)
    money, between = tables["financial"], tables["between_partners"]
    # Of the council 20,000 of budget and 40,000 of receipts are left; the NHS borrows the rest.
    assert of(money, "council", "from_budget_gbp")[1] == pytest.approx(60_000)
    assert of(money, "council", "from_receipts_gbp")[1] == pytest.approx(40_000)
    assert of(money, "council", "to_partners_gbp")[1] == pytest.approx(60_000)
    assert of(money, "nhs", "from_partners_gbp")[1] == pytest.approx(60_000)
    assert of(money, "nhs", "from_borrowing_gbp")[1] == pytest.approx(10_000)
    assert sum(of(money, ALL_PARTNERS, "unfunded_gbp")) == 0
    assert of(money, "council", "cash_effect_gbp")[1] == pytest.approx(-40_000 - 60_000)
    assert of(money, "nhs", "cash_effect_gbp")[1] == pytest.approx(-70_000 + 60_000 + 10_000)
    names = ["from_partner_id", "to_partner_id", "line", "kind"]
    assert between[names].to_numpy().tolist()[0] == ["council", "nhs", "works_between_partners", "capital"]
    assert between["amount_gbp"].sum() == pytest.approx(60_000)
    # Where the NHS may not borrow the council does, and bears the loan; apart, nobody pays for it.
    barred = pooled(budgets, rows, finance={"cannot_borrow": ["nhs"]})["financial"]
    assert of(barred, "council", "from_borrowing_gbp")[1] == pytest.approx(10_000)
    assert of(barred, "nhs", "from_partners_gbp")[1] == pytest.approx(70_000)
    assert sum(of(barred, "council", "interest_gbp")) > sum(of(barred, "nhs", "interest_gbp")) == 0
    apart = pooled(budgets, rows, rule={"purses": "separate"})
    assert of(apart["financial"], "nhs", "unfunded_gbp")[1] == pytest.approx(70_000)
    assert apart["between_partners"].empty


def test_charges_between_partners_are_told_from_who_pays_to_who_is_paid():
    between = pooled([])["between_partners"]
    between = between[between["line"] == "hub_charge"]
    assert between[["from_partner_id", "to_partner_id", "line", "amount_gbp"]].to_numpy().tolist() == [
        ["nhs", "council", "hub_charge", 1_500.0]
    ]


SPENDING = st.lists(
    st.tuples(
        st.sampled_from(["council", "nhs"]),
        st.sampled_from(["hub_capital", "fit_out", "it", "receipt"]),
        st.integers(0, 5),
        st.floats(1, 3e5),
    ),
    min_size=1,
    max_size=10,
)
GIVEN = st.lists(
    st.tuples(
        st.sampled_from(["council", "nhs", "pooled"]),
        st.integers(2027, 2032),
        st.sampled_from(["capital_gbp", "grant_gbp", "borrowing_limit_gbp"]),
        st.floats(1, 2e5),
    ),
    min_size=1,
    max_size=8,
)


@given(SPENDING, GIVEN, st.floats(0, 0.1), st.integers(0, 2), st.booleans())
@settings(max_examples=15, deadline=None)
def test_with_one_purse_what_is_unfunded_is_what_the_purse_lacks(events, money, growth, lag, barred):
    """Against the purse added up as one, in money of the day: no pound is left while another lacks."""
    rows = [
        (who, line, "capital", "both", t, gbp if line == "receipt" else -gbp) for who, line, t, gbp in events
    ]
    budgets = [{"purse": purse, "year": year, kind: gbp} for purse, year, kind, gbp in money]
    rule, more = {"recycle_share": 0.5, "recycle_lag_years": lag}, {"finance": {"cannot_borrow": ["nhs"]}}
    found = pooled(budgets, rows, growth, rule, **(more if barred else {}))["financial"]
    prices, there = (1.0 + growth) ** np.arange(6), np.zeros(6)
    for _, year, _, gbp in money:
        there[year - 2027] += gbp * prices[year - 2027]
    for _, line, _, _, t, gbp in rows:
        if line == "receipt" and gbp * prices[t] > 10_000 and t + lag < 6:
            there[t + lag] += 0.5 * gbp * prices[t]
    spent = np.bincount([r[4] for r in rows], [-min(0.0, r[5]) for r in rows], 6) * prices
    lacks = np.maximum.accumulate(np.maximum(0.0, np.cumsum(spent) - np.cumsum(there)))
    assert np.cumsum(of(found, ALL_PARTNERS, "unfunded_gbp")) == pytest.approx(lacks, abs=0.01)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["council", "nhs"]),
            st.sampled_from(["hub_capital", "fit_out", "it", "receipt", "disposal_cost", "move", "backlog"]),
            st.integers(0, 5),
            st.floats(1, 5e6),
        ),
        max_size=12,
    ),
    st.booleans(),
    st.floats(0, 0.12),
    st.sampled_from(["annuity", "eip", "maturity"]),
)
@settings(max_examples=40, deadline=None)
def test_money_is_conserved_whatever_happens(events, bounded, growth, kind):
    """Real and nominal agree, every capital pound is funded once, debt is what is owed."""
    kinds = {"move": "revenue"}
    rows = [
        (who, line, kinds.get(line, "capital"), "both", t, gbp if line in ("receipt", "backlog") else -gbp)
        for who, line, t, gbp in events
    ]
    made = estate(
        FLAT | {"inflation_share_per_year": growth},
        partners=[{"partner_id": "council"}, {"partner_id": "nhs"}],
        budgets=BUDGETS if bounded else [],
    )
    run = config(years=6, finance={"works": {"life_years": 9, "term_years": 3, "loan": kind}})
    posted = ledger(rows) if rows else ledger().iloc[:0]
    table = financial_view(posted, made, run)
    found = reconcile(table, posted, run)
    assert found["passed"].all(), found.to_string()
    partners = table[table["partner_id"] != ALL_PARTNERS]
    for column in ("debt_gbp", "receipts_held_gbp", "from_receipts_gbp", "from_budget_gbp", "unfunded_gbp"):
        assert partners[column].min() > -1e-6, column


def test_a_view_that_loses_a_pound_is_found():
    made = estate(FLAT, partners=[{"partner_id": "council"}, {"partner_id": "nhs"}])
    run = config(years=6)
    table = financial_view(ledger(), made, run)
    assert reconcile(table, ledger(), run)["passed"].all()
    for column in ("revenue_gbp", "from_receipts_gbp", "transfers_gbp", "principal_gbp"):
        wrong = table.copy()
        wrong.loc[1, column] += 1.0
        assert not reconcile(wrong, ledger(), run)["passed"].all(), column


def test_nothing_happens_without_a_plan():
    made = estate(
        FLAT, partners=[{"partner_id": "council"}], sites=[{"site_id": "A", "partner_id": "council"}]
    )
    run = config(years=6)
    table = financial_view(build_ledger(made, run, plan()), made, run)
    assert (table.drop(columns=["partner_id", "year", "t", "price_index"]) == 0).all(axis=None)
