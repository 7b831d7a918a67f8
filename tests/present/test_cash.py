"""Groups and paybacks of cash flows, against worked figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from estate.core.money import discount_factors
from estate.present.cash import GROUP_LABEL, GROUP_OF_LINE, group_of, payback, yearly
from estate.present.chart import flows

if TYPE_CHECKING:
    from estate.core.result import Result

# Invest to save, GBP m: -2, -4, -0.3, then +0.9 a year in years 3 to 30 (domain sheet 1.5).
SAVE = np.array([-2.0, -4.0, -0.3] + [0.9] * 28)


def _with(receipt: float, year: int) -> np.ndarray:
    answer = SAVE.copy()
    answer[year] += receipt
    return answer


@pytest.mark.parametrize(
    ("flow", "simple", "discounted"),
    [(SAVE, 9.000, 10.600), (_with(2.5, 4), 6.222, 7.253), (_with(2.0, 7), 6.931, 8.145)],
)
def test_payback_of_the_published_cases(flow: np.ndarray, simple: float, discounted: float) -> None:
    factors = discount_factors("green_book_2022", len(flow))
    assert payback(flow) == pytest.approx(simple, abs=5e-4)
    assert payback(flow * factors) == pytest.approx(discounted, abs=5e-4)


def test_payback_is_the_sustained_crossing() -> None:
    assert payback(np.array([-1.0, 2.0, -3.0, 2.0, 1.0])) == pytest.approx(3.0)
    assert payback(np.array([-1.0, 0.5])) is None
    assert payback(np.array([0.0, 1.0])) == 0.0


def test_every_line_of_the_model_has_a_group() -> None:
    with open("docs/model.md", encoding="utf-8") as page:  # noqa: PTH123
        section = page.read().split("## 4. The ledger")[1].split("Every line not stated otherwise")[0]
    lines = {row.split("`")[1] for row in section.splitlines() if row.startswith("| `")}
    assert lines == set(GROUP_OF_LINE)


def test_yearly_groups_add_up_to_the_ledger(result: Result) -> None:
    ledger = result.ledger
    table = yearly(ledger.assign(group=group_of(ledger["line"])), result.horizon.appraisal_years)
    plan, bau = (ledger.loc[ledger["case"] == c].groupby("t")["amount_gbp"].sum() for c in ("plan", "bau"))
    expected = plan.sub(bau, fill_value=0.0).reindex(table.index, fill_value=0.0)
    assert np.allclose(table.sum(axis=1), expected)
    assert set(table.columns) <= set(GROUP_LABEL)


def test_without_receipts_leaves_out_sales_and_their_cost() -> None:
    table = pd.DataFrame({"investment": [-10.0, 0.0], "receipts": [0.0, 7.0]})
    total, bare = flows(table)
    assert total.tolist() == [-10.0, 7.0]
    assert bare.tolist() == [-10.0, 0.0]
