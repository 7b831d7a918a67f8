"""What one plan is worth more than another, line by line, from the sites alone at which they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from estate.core.types import Plan
from estate.explore.flips import worth

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from estate.config import Config
    from estate.core.types import Estate


def apart(run: tuple[Estate, Config], plans: tuple[Plan, Plan], known: pd.Series) -> pd.Series:
    """Return what a plan is worth more than another, by site, provision and line.

    Every line of the ledger is of one site or service, so that those at which the plans agree need not
    be worked out; but for travel of residents, whose place today depends on every site.

    Parameters
    ----------
    run : tuple of Estate and Config
        Conformed tables, and the run.
    plans : tuple of Plan
        The two plans.
    known : Series
        `estate.explore.flips.worth` of the first.

    Returns
    -------
    Series
        As `known` [GBP], without lines of which both plans have the same.
    """
    estate, config = run
    if config.resident_travel.as_cost:
        return known.sub(worth(estate, config, plans[1]), fill_value=0.0)
    rows = estate.tables["provisions"][["provision_id", "site_id"]].astype(str)
    home = dict(zip(rows["provision_id"], rows["site_id"], strict=True))
    kept = _kept(plans, home)
    whose = {who for who, site in home.items() if site in kept}
    sites, who = (known.index.get_level_values(name) for name in ("site_id", "provision_id"))
    mine = known[who.isin(whose) | ((who == "") & sites.isin(kept))]
    tables = {
        name: table[table["site_id"].isin(kept)] if "site_id" in table else table
        for name, table in estate.tables.items()
    }
    plan = plans[1]
    other = Plan(
        plan.closures[plan.closures["site_id"].isin(kept)],
        plan.hubs[plan.hubs["site_id"].isin(kept)],
        plan.moves[plan.moves["provision_id"].isin(whose)],
    )
    return mine.sub(worth(replace(estate, tables=tables), config, other), fill_value=0.0)


def _kept(plans: tuple[Plan, Plan], home: Mapping[str, str]) -> set[str]:
    """Return the sites at which plans differ, and those to which services of these go."""
    kept = set[str]()
    for name in ("closures", "hubs", "moves"):
        first, second = (_rows(getattr(plan, name)) for plan in plans)
        kept |= {home[one[0]] if name == "moves" else one[0] for one in first ^ second}
    to = _goes(plans[1].moves, home)
    while more := {to[who] for who in to if home[who] in kept} - kept:
        kept |= more
    return kept


def _rows(table: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return the rows of a plan as text, whose first cell is the site or service."""
    return set(table.astype(str).itertuples(index=False, name=None))


def _goes(moves: pd.DataFrame, home: Mapping[str, str]) -> dict[str, str]:
    """Return the site to which each service goes; nothing of those that go online."""
    to = zip(moves["provision_id"], moves["to_site_id"], moves["to_provision_id"], strict=True)
    return {who: site or home[target] for who, site, target in to if site or target}
