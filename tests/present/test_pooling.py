"""Totals are put together until three sites feed each, and differences of years too."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from estate.present.pooling import MIN_SITES, SEVERAL, cohorts, pool, pool_changes, pool_partners

LABELS = {t: f"y{t}" for t in range(12)}


def _rows(sales: list[tuple[str, str, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(sales, columns=["site_id", "partner_id", "t", "amount_gbp"])
    return frame.assign(
        year=frame["t"].map(LABELS), provision_id="", line="receipt", case="plan", view="both"
    )


def test_worked_case() -> None:
    """By hand: two sales in year 1 wait for the one in year 2; the last two join them that follow."""
    sales = [("a", "c", 1, 10.0), ("b", "c", 1, 20.0), ("d", "c", 2, 5.0)]
    sales += [("e", "c", 4, 1.0), ("f", "c", 4, 2.0), ("g", "c", 4, 3.0), ("h", "c", 6, 4.0)]
    answer = pool(_rows(sales), LABELS).sort_values("t")
    assert answer[["t", "year", "amount_gbp"]].to_numpy().tolist() == [
        [2, "y1 to y2", 35.0],
        [6, "y4 to y6", 10.0],
    ]


def test_a_partner_with_one_sale_takes_the_next_smallest_with_it() -> None:
    sites = pd.Series(["a", "b", "c", "d", "e", "f", "g", "h"])
    partner = pd.Series(["one", "three", "three", "three", "four", "four", "four", "four"])
    assert pool_partners(sites, partner) == {"one": SEVERAL, "three": SEVERAL, "four": "four"}


def test_no_published_total_changes_by_one_closure_alone() -> None:
    changed = pd.DataFrame(
        [("council", f"C{i}", 2) for i in range(4)]
        + [("health", "H1", 3), ("police", "P1", 3), ("police", "P2", 3)],
        columns=["partner", "site", "t"],
    )
    alone = {"council": "council", "health": "health", "police": "police", "dwp": "dwp"}
    assert pool_changes(changed, alone) == {**alone, "health": SEVERAL, "police": SEVERAL}
    # with two sites in year 3 nobody is left to hide them: one total, which is told in any case
    assert set(pool_changes(changed[:-1], alone).values()) == {SEVERAL}


def test_a_single_partner_stays_itself() -> None:
    changed = pd.DataFrame([("council", "C1", 2)], columns=["partner", "site", "t"])
    assert pool_changes(changed, {"council": "council"}) == {"council": "council"}


def test_two_sales_in_all_are_never_published() -> None:
    assert pool(_rows([("a", "x", 1, 10.0), ("b", "y", 2, 20.0)]), LABELS).empty


def test_yearly_lettings_rise_by_three_sites_at_a_time() -> None:
    """Each of four sites is let from its own year on; the yearly total may not step by one of them."""
    rent = {"a": (1, 100.0), "b": (2, 37.0), "c": (3, 11.0), "d": (5, 73.0)}
    rows = _rows([(s, "c", t, gbp) for s, (first, gbp) in rent.items() for t in range(first, 12)])
    answer = pool(rows, LABELS)
    yearly = answer[~answer["year"].str.contains("to")].groupby("t")["amount_gbp"].sum()
    assert not set(np.round(yearly.diff().dropna().abs(), 6)) & {100.0, 37.0, 11.0, 73.0}
    assert answer["amount_gbp"].sum() == rows["amount_gbp"].sum()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["p", "q", "r"]), st.integers(0, 9), st.integers(1, 10**6)),
        min_size=3,
        max_size=25,
    )
)
def test_every_cell_is_fed_by_enough_sites_and_nothing_is_lost(sales: list[tuple[str, int, int]]) -> None:
    rows = _rows([(f"s{i}", partner, t, float(gbp)) for i, (partner, t, gbp) in enumerate(sales)])
    answer = pool(rows, LABELS)
    assert np.isclose(answer["amount_gbp"].sum(), rows["amount_gbp"].sum())
    names = pool_partners(rows["site_id"], rows["partner_id"])
    for _, cell in answer.iterrows():
        mine = rows[rows["partner_id"].map(names) == cell["partner_id"]]
        spans = cohorts(mine.groupby("site_id")["t"].min())
        assert (spans["end"] == cell["t"]).sum() >= MIN_SITES
