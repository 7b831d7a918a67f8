"""The optimiser's objective is the ledger's net present saving, to half a penny.

The two share no code: one adds up the prices of decisions, the other the cash flows of a plan. Estates
drawn at random are held to it, two hundred of them, in ``test_enumeration.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from estate.appraise.ledger import build_ledger
from estate.inputs.load import load_estate
from estate.pipeline import HALF_A_PENNY, npv_gbp
from estate.settings import load_config
from estate.solve import run as engine

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate

ROOT = Path(__file__).parents[2]
OBJECTIVES = ("economic", "financial")


def apart(estate: Estate, config: Config) -> float:
    """Return the distance between optimiser and ledger on the plan that is found [GBP]."""
    solution = engine.solve_estate(estate, config)
    ledger = build_ledger(estate, config, solution.plan)
    saving = npv_gbp(ledger, config, "plan") - npv_gbp(ledger, config, "bau")
    return abs(solution.objective_gbp - saving)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", ["tiny", "first_register"])
def test_estates_that_ship_with_the_program(name, objective):
    config, base = load_config(ROOT / "configs" / f"{name}.yaml", {"objective": objective})
    assert apart(load_estate(config, base), config) <= HALF_A_PENNY
