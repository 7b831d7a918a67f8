"""Whether an invented estate is worth solving, as far as data alone can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from estate.inputs.synthetic.alone import closing_alone
from estate.inputs.synthetic.value import (
    DECIDED_YEARS,
    assumptions,
    closing_value,
    first_year,
    free_to_close,
    hub_cost_per_m2,
    kilometres,
    movable,
    on_costs,
    points,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

#: What is asked of a default estate: condition, lowest, highest.
ASKED = (
    ("hub places in reach of the median provision", 8.0, np.inf),
    ("candidate room per room of what could move", 0.4, 0.7),
    ("share of decided sites worth closing into a hub", 0.35, 0.7),
    ("years in which an eager plan outspends the capital", 3.0, np.inf),
    ("standards that an eager plan breaks", 1.0, np.inf),
    ("share of decided sites that could close without hubs", 0.05, 0.2),
)


class Eager(NamedTuple):
    """A plan made by taking whatever pays, with no thought for capital or access."""

    closed: frozenset[str]
    moves: pd.DataFrame
    spend_gbp: float


def worth(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Measure an invented estate against what makes one worth solving.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Raw tables, as `make_estate` returns them.

    Returns
    -------
    DataFrame
        condition, value, lowest, highest, holds: one row a condition. The eager
        plan behind four of them is rough arithmetic, not a proof; the
        optimiser is.
    """
    leaving = movable(tables)
    eager = eager_plan(tables, leaving)
    alone = closing_alone(tables, leaving)
    options = tables["hub_options"].groupby("site_id")["room_nia_m2"].max()
    new = tables["sites"].loc[tables["sites"]["status"].eq("candidate"), "site_id"]
    count = len(closing_value(tables))
    values = (
        float(np.median(hubs_in_reach(tables, leaving).sum(axis=1))) if len(leaving) else 0.0,
        float(options.reindex(new).sum() / max(leaving["need"].sum(), 1.0)),
        len(eager.closed) / max(count, 1),
        float(short_years(tables, eager.spend_gbp)),
        float(len(broken_standards(tables, eager))),
        len(alone) / max(count, 1),
    )
    table = pd.DataFrame(ASKED, columns=["condition", "lowest", "highest"])
    table.insert(1, "value", values)
    return table.assign(holds=table["value"].between(table["lowest"], table["highest"]))


def hub_sites(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return the largest room of every hub site that is, or could become, step-free [m2]."""
    sites = tables["sites"].set_index("site_id")
    fit = sites["step_free"].eq("yes") | sites["step_free_cost_gbp"].notna()
    room = tables["hub_options"].groupby("site_id")["room_nia_m2"].max()
    return room[fit.reindex(room.index).to_numpy(dtype=bool)]


def hubs_in_reach(tables: Mapping[str, pd.DataFrame], leaving: pd.DataFrame) -> np.ndarray:
    """Say for each provision that may leave which hub sites it could reach, and fit into."""
    room = hub_sites(tables)
    far = kilometres(tables, points(tables, leaving["site_id"]), points(tables, room.index))
    near = far <= leaving["move_reach_km"].to_numpy()[:, None]
    fits = leaving["need"].to_numpy()[:, None] <= room.to_numpy()[None, :]
    other = leaving["site_id"].to_numpy()[:, None] != room.index.to_numpy()[None, :]
    return np.asarray(near & fits & other)


def eager_plan(tables: Mapping[str, pd.DataFrame], leaving: pd.DataFrame) -> Eager:
    """Close every site that pays at the median hub's cost, best first, while hubs have room."""
    rate, value = assumptions(tables), closing_value(tables)
    per_m2 = hub_cost_per_m2(tables)
    fit_out = rate["fit_out_gbp_per_m2"] * on_costs(rate)
    cost = leaving["moving_gbp"] + leaving["need"] * (fit_out + (per_m2 if np.isfinite(per_m2) else 0.0))
    site = leaving["site_id"]
    need, cost = leaving.groupby(site)["need"].sum(), cost.groupby(site).sum()
    whole = tables["provisions"].groupby("site_id").size()
    ready = free_to_close(tables).reindex(value.index) & leaving.groupby(site).size().eq(whole).reindex(
        value.index, fill_value=False
    )
    gain = (value - cost.reindex(value.index))[ready & value.index.isin(site)]
    paying = gain[gain > 0].index
    order = (gain[paying] / need[paying]).sort_values(ascending=False, kind="stable").index
    room = hub_sites(tables)
    used = need[order].cumsum()
    closed = frozenset(order[(used <= room.sum()).to_numpy()])
    moves = settle(tables, leaving[site.isin(closed)], room)
    capital = (tables["hub_options"]["capital_gbp"] / tables["hub_options"]["room_nia_m2"]).median()
    per_need = (capital if len(room) else 0.0) * on_costs(rate) + fit_out
    spend = float((moves["need"] * per_need + moves["it_gbp"]).sum())
    return Eager(closed, moves, spend)


def settle(tables: Mapping[str, pd.DataFrame], moving: pd.DataFrame, room: pd.Series) -> pd.DataFrame:
    """Send provisions to the nearest of as few hubs as hold them; the hubs most in demand are opened."""
    if moving.empty or room.empty:
        return moving.assign(to_site_id="")
    far = kilometres(tables, points(tables, moving["site_id"]), points(tables, room.index))
    wanted = np.zeros(len(room))
    np.add.at(wanted, far.argmin(axis=1), moving["need"].to_numpy())
    order = np.argsort(-wanted, kind="stable")
    enough = int(np.searchsorted(room.to_numpy()[order].cumsum(), moving["need"].sum())) + 1
    opened = order[:enough]
    return moving.assign(to_site_id=room.index.to_numpy()[opened[far[:, opened].argmin(axis=1)]])


def short_years(tables: Mapping[str, pd.DataFrame], spend_gbp: float) -> int:
    """Count the years in which the capital to date would not pay for the eager plan, begun at once."""
    budgets = tables["budgets"]
    yearly = budgets[["capital_gbp", "grant_gbp", "borrowing_limit_gbp"]].sum(axis=1)
    offset = budgets["year"].astype(str).str[:4].astype(int) - first_year(tables)
    to_date = yearly.groupby(offset).sum().reindex(range(DECIDED_YEARS), fill_value=0).cumsum()
    spent = spend_gbp * np.minimum(np.arange(1, DECIDED_YEARS + 1) / 3, 1.0)
    return int((to_date.to_numpy() < spent).sum())


def broken_standards(tables: Mapping[str, pd.DataFrame], eager: Eager) -> list[str]:
    """Name the standards that hold, or are no better than today, before the eager plan and not after."""
    here = tables["provisions"][["site_id", "service_id"]]
    gone = tables["provisions"]["site_id"].isin(eager.closed)
    there = eager.moves[["to_site_id", "service_id"]].rename(columns={"to_site_id": "site_id"})
    after = pd.concat([here[~gone], there[there["site_id"] != ""]])
    broken = []
    for standard in tables["standards"].to_dict("records"):
        now, then = (served(tables, standard, offered) for offered in (here, after))
        if bool((then < now.clip(upper=float(standard["share"])) - 1e-9).any()):
            broken.append(str(standard["standard_id"]))
    return broken


def served(
    tables: Mapping[str, pd.DataFrame], standard: Mapping[Hashable, Any], offered: pd.DataFrame
) -> pd.Series:
    """Return the share of the group within the threshold: overall, or in each zone."""
    areas = tables["areas"]
    weight = areas["population"].astype(float)
    if standard["group"] == "most_deprived":
        weight = weight.where(areas["imd_decile"] <= 2, 0.0)
    elif standard["group"] != "all":
        weight = weight * areas[f"{standard['group']}_share"].astype(float)
    where = offered.loc[offered["service_id"].eq(standard["service_id"]), "site_id"].unique()
    near = np.zeros(len(areas), dtype=bool)
    if len(where):
        homes = areas[["easting", "northing"]].to_numpy(dtype=np.float64)
        near = kilometres(tables, homes, points(tables, pd.Index(where))).min(axis=1) <= standard["threshold"]
    zone = areas["zone"] if standard["geography"] == "zone" else pd.Series("", index=areas.index)
    share: pd.Series = weight.where(near, 0.0).groupby(zone).sum() / weight.groupby(zone).sum().clip(
        lower=1e-9
    )
    return share
