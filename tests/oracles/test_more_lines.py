"""Optimiser, check and ledger price every line of the ledger alike, and the best plan is the best."""

from __future__ import annotations

from collections import Counter

import pytest
from enumerate import Enumeration
from more_lines import with_more_lines
from random_cases import random_case

from estate.appraise.ledger import build_ledger
from estate.appraise.lines import LEDGER_LINES
from estate.core.errors import InfeasibleError
from estate.core.money import discount_factors
from estate.pipeline import HALF_A_PENNY, npv_gbp
from estate.solve import run as engine
from estate.verify import verify
from estate.verify.facts import Facts

NEW = {"rent_between_partners", "tenant_compensation", "surrender_premium", "programme", "energy_upgrade"}
NEW |= {"redundancy", "excess_travel", "carbon", "purchase", "stamp_duty", "irrecoverable_vat"}
DRAWN, SOLVED, PROVED = 60, 24, 6


def test_three_programs_price_every_line_alike(monkeypatch):
    monkeypatch.setattr(engine, "conflicting_rules", lambda *_: [])
    seen: Counter[str] = Counter()
    solved = proved = 0
    for seed in range(DRAWN):
        estate, config = with_more_lines(*random_case(seed, attempt=0), seed)
        try:
            solution = engine.solve_estate(estate, config)
        except InfeasibleError:
            continue
        ledger = build_ledger(estate, config, solution.plan)
        saving = npv_gbp(ledger, config, "plan") - npv_gbp(ledger, config, "bau")
        assert abs(solution.objective_gbp - saving) <= HALF_A_PENNY, f"seed {seed}"
        assert not verify(estate, config, solution.plan), f"seed {seed}"
        facts = Facts.of(estate, config).with_plan(solution.plan)
        cash = [facts.cash(decision) for decision in facts.decisions]
        factors = discount_factors(config.vintage, config.horizon.appraisal_years, config.timing)
        flows = [one.economic if config.objective == "economic" else one.financial for one in cash]
        assert sum(float(flow @ factors) for flow in flows) == pytest.approx(saving, abs=HALF_A_PENNY)
        seen.update(ledger["line"].unique())
        solved += 1
        if proved < PROVED:
            listed = Enumeration(estate, config)
            if listed.count() <= 3_000:
                assert listed.best().value == pytest.approx(solution.objective_gbp, abs=0.01), f"seed {seed}"
                proved += 1
        if solved == SOLVED:
            break
    assert solved == SOLVED
    assert proved == PROVED
    assert {line.name for line in LEDGER_LINES} >= NEW
    never = NEW - set(seen)
    assert not never, f"no case posts {never}"
