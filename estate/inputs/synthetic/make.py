"""Put an invented estate together, table by table."""

from __future__ import annotations

import pandas as pd

from estate.inputs.synthetic.costs import make_backlog, make_running_costs, make_tenures, make_valuations
from estate.inputs.synthetic.draw import Size
from estate.inputs.synthetic.hubs import (
    make_budgets,
    make_candidates,
    make_hosts,
    make_hub_options,
    needed_room,
)
from estate.inputs.synthetic.law import make_assumptions, make_brakes, make_decisions, make_evidence
from estate.inputs.synthetic.lists import INDEPENDENT, PARTNERS
from estate.inputs.synthetic.places import Ground, make_areas, make_ground
from estate.inputs.synthetic.services import (
    make_compatibility,
    make_demand,
    make_linked_trips,
    make_provisions,
    make_services,
    make_standards,
)
from estate.inputs.synthetic.sites import draw_profiles, make_existing, make_outside


def make_partners() -> pd.DataFrame:
    """Make the six partners in the plan, and the independent owners of hosts."""
    rows = [(p.partner_id, p.name, "yes", p.retention) for p in PARTNERS]
    rows.append((INDEPENDENT, "Independent schools, surgeries and counters (invented)", "no", 1.0))
    return pd.DataFrame(rows, columns=["partner_id", "name", "in_plan", "receipt_retention_share"])


def join_sites(*frames: pd.DataFrame) -> pd.DataFrame:
    """Put all sites into one table; what a kind of site does not have stays blank."""
    columns = frames[0].columns
    table = pd.concat(
        [frame.reindex(columns=columns).astype("object") for frame in frames], ignore_index=True
    )
    return table.fillna({"commercial": "no", "confidential": "no", "income_gbp_per_year": 0})


def make_estate(  # noqa: PLR0913, PLR0917  the sizes are the interface
    seed: int = 1,
    sites: int = 600,
    areas: int = 130,
    population: int = 200_000,
    hubs: int = 40,
    hosts: int = 60,
    first_year: int = 2027,
) -> dict[str, pd.DataFrame]:
    """Make an invented estate: raw tables of the data dictionary, the same for the same sizes.

    Parameters
    ----------
    seed : int
        Seed of every draw.
    sites : int
        Public properties that exist, 5 or more; candidates, hosts and a few
        places beyond the edge come on top.
    areas : int
        Small areas of residents; the ground grows with them.
    population : int
        Residents [person].
    hubs : int
        Candidate places for new hubs; a fifth as many existing sites may be converted.
    hosts : int
        Premises that lend room.
    first_year : int
        Calendar year in which financial year 0 begins; leases, budgets and
        decisions are dated from it.

    Returns
    -------
    dict of str to DataFrame
        Table by its name in the dictionary, booleans as yes and no, dates as text.

    Raises
    ------
    ConfigError
        If a size is out of range.
    """
    size = Size(seed, sites, areas, population, hubs, hosts, first_year)
    ground = make_ground(size)
    residents = make_areas(size, ground)
    return {"areas": residents, **make_property(size, ground, residents)}


def make_property(size: Size, ground: Ground, residents: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Make every table but the areas."""
    drawn = draw_profiles(size)
    existing, outside = make_existing(size, ground, drawn), make_outside(size, ground)
    provisions = make_provisions(size, existing, outside, drawn)
    tenures = make_tenures(size, existing)
    candidates = make_candidates(size, ground)
    host_sites, host_terms = make_hosts(size, ground)
    need_m2 = float(needed_room(provisions, existing).sum())
    options = make_hub_options(size, candidates, existing, tenures, need_m2)
    return {
        "assumptions": make_assumptions(),
        "backlog": make_backlog(size, existing),
        "brakes": make_brakes(size, existing),
        "budgets": make_budgets(size, options),
        "compatibility": make_compatibility(),
        "decisions": make_decisions(size, existing),
        "demand": make_demand(size, residents, provisions),
        "evidence": make_evidence(size),
        "host_terms": host_terms,
        "hub_options": options,
        "linked_trips": make_linked_trips(),
        "partners": make_partners(),
        "provisions": provisions,
        "running_costs": make_running_costs(size, existing, tenures, drawn),
        "services": make_services(),
        "sites": join_sites(existing, candidates, host_sites, outside),
        "standards": make_standards(provisions),
        "tenures": tenures.drop(columns="rent"),
        "valuations": make_valuations(size, existing, tenures),
    }
