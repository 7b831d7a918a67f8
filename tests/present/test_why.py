"""What the page says of prices: how firm decisions are, and what else may change beside a site."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from estate.explore.reasons import FREE, HELD
from estate.present.why import why_lines

WAY = "only sites that share a building with what moves may send services elsewhere"


@pytest.mark.parametrize(("kinds", "told"), [([HELD], True), ([HELD, FREE], True), ([FREE], False)])
def test_the_page_says_what_is_held_beside_a_site_where_prices_hold_it(kinds, told):
    rows = [("S1", "close", kind, "undecided by this evidence") for kind in kinds]
    table = pd.DataFrame(rows, columns=["site_id", "decision", "price_kind", "robustness"])
    lines = why_lines(SimpleNamespace(reasons={"reasons": table}))
    assert lines[0] == "Closures: 1 undecided by this evidence."
    assert any(WAY in line for line in lines) == told
