"""Backlog as the NHS returns it: risk tiers as priorities, and what only replacement cures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from estate.inputs.context import Context

TIERS = {"high": 1, "significant": 2, "moderate": 3, "low": 4}
"""Priority of each risk tier: urgent, within two years, in years three to five, later (unverified)."""
BEFORE_2019 = {"critical": 1, "high": 2}
"""Of files that name the top tier critical: critical is today's high, high today's significant."""
BEYOND_REPAIR = ("CX", "DX")


def with_priorities(backlog: pd.DataFrame) -> pd.DataFrame:
    """Return the backlog with the priority of its risk tier where none is given."""
    named = backlog["risk"]
    tiers = TIERS | BEFORE_2019 if (named == "critical").any() else TIERS
    priority = pd.to_numeric(backlog["priority"])
    return backlog.assign(priority=priority.fillna(named.map(tiers).astype(float)))


def warn_repairs(context: Context) -> list[str]:
    """Say how old risk tiers are read, and which hubs are planned where only replacement would do."""
    tiers, sites = context["backlog"]["risk"], context["sites"]
    told = []
    old = int((tiers == "high").sum()) if (tiers == "critical").any() else 0
    if old:
        what = "row of backlog of high risk is" if old == 1 else "rows of backlog of high risk are"
        told.append(f"{old} {what} read as significant, as the table names critical like files before 2019.")
    worn = sites["condition"].isin(BEYOND_REPAIR) & sites["status"].ne("candidate")
    hubs = sorted(set(sites.loc[worn, "site_id"]) & set(context["hub_options"]["site_id"]))
    if hubs:
        told.append(
            f"Hubs at {', '.join(hubs[:5])}: condition CX or DX is improved by replacement alone; "
            "capital_gbp and cures_backlog_share must be those of replacing."
        )
    return told
