"""The ledger: every cash flow of business as usual and of a plan, from the tables alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.appraise import closing, opening, running, visitors
from estate.appraise.facts import gather
from estate.appraise.lines import LEDGER_COLUMNS, LEDGER_LINES, LedgerLine, join
from estate.appraise.taxes import with_vat

if TYPE_CHECKING:
    import pandas as pd

    from estate.config import Config
    from estate.core.types import Estate, Plan

__all__ = ["LEDGER_COLUMNS", "LEDGER_LINES", "LedgerLine", "build_ledger"]


def build_ledger(estate: Estate, config: Config, plan: Plan) -> pd.DataFrame:
    """Compute every line of docs/model.md section 4 for business as usual and for the plan.

    The computation shares no code with the optimiser's objective; a test ties the two.

    Parameters
    ----------
    estate : Estate
        Conformed tables and assumptions in force.
    config : Config
        Horizon, vintage of discount rates, timing, and resolved rules
        (``rules.fitness.require_step_free`` says whether a hub's step-free works are spent).
    plan : Plan
        What happens, and when.

    Returns
    -------
    DataFrame
        Columns of ``cashflow.csv``, and ``heading`` (cost heading, else blank) and ``t`` (year
        from 0). One row for each line, year, partner, site, provision, heading and case whose
        amount is not zero; `amount_gbp` [GBP, base-year prices], outflow negative, unrounded.

    Raises
    ------
    InputError
        If a hub's spend profile does not fit its lead years.
    """
    facts = gather(estate, config, plan)
    table = estate.tables["running_costs"]
    costs = running.cost_rows(facts, table)
    blocks = [
        *running.running_cost(facts, costs),
        *running.income(facts),
        *running.backlog(facts, estate),
        *running.double_running(facts, costs),
        *running.empty_rates(facts, table),
        *closing.leaving(facts, estate),
        *closing.exits(facts),
        *opening.hubs(facts),
        *opening.moving(facts),
        *opening.people(facts),
        *running.carbon(facts),
        *opening.charges(facts, estate),
        *visitors.travel(facts, estate, config),
    ]
    return join(with_vat(blocks, estate), facts.horizon)
