"""Which line of the user's rules bars which column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.model.closing import closing_years
from estate.model.terms import keyed

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate
    from estate.model.formulation import Model

LINE_COLUMNS = ("line", "column", "cost")


@dataclass(frozen=True)
class Lifted:
    """An estate and a run from which bars without a row were taken, and where they were.

    Attributes
    ----------
    estate, config
        The estate and the run without the bars.
    scope : frozenset of str
        Sites that must close, by scope may not.
    fixed : frozenset of str
        Provisions that are fixed to a site that must close.
    unfit : frozenset of str
        Sites whose cost of becoming step-free is not known.
    """

    estate: Estate
    config: Config
    scope: frozenset[str]
    fixed: frozenset[str]
    unfit: frozenset[str]


def bars_of(model: Model, estate: Estate, config: Config, lifted: Lifted) -> pd.DataFrame:
    """List every barred column with the line that bars it.

    Returns
    -------
    DataFrame
        line, column, cost: 1 and more, the farther beyond the line.
    """
    parts = [
        *_closing(model, estate, config),
        _leaving(model, lifted),
        *_opening(model, config, lifted),
        *_moving(model),
    ]
    found = pd.concat([part.reindex(columns=list(LINE_COLUMNS)) for part in parts], ignore_index=True)
    return found.astype({"line": str, "column": int, "cost": float})


def _named(prefix: str, columns: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "line": prefix + "|" + names.to_numpy().astype(str).astype(object),
            "column": columns["column"].to_numpy(),
            "cost": 1.0,
        }
    )


def _closing(model: Model, estate: Estate, config: Config) -> list[pd.DataFrame]:
    inst = model.inst
    close = keyed(model.problem, "close")
    close["name"] = inst.sites["site_id"].to_numpy()[close["site"]]
    parts = []
    for name in ("tenure", "brakes", "materiality", "locks"):
        if name not in config.rules:
            continue
        rule: dict[str, dict[str, object]] = {name: config.rules[name]}
        allowed, free = (
            closing_years(estate.tables, inst.sites, inst.costs, inst.horizon, rule, premium=premium)
            for premium in (False, True)
        )
        paid = inst.routes["premium"].to_numpy()[close["route"]] > 0
        at = (close["site"], close["year"])
        barred = close[~(allowed[at] | (paid & free[at]))]
        part = _named("locks|keep" if name == "locks" else name, barred, barred["name"])
        # a year early is a small step beyond the line, closing in a barred place at all a large one
        later = _years_to(allowed)[barred["site"], barred["year"]]
        parts.append(part.assign(cost=1 + later / inst.horizon.decision_years))
    return parts


def _years_to(allowed: np.ndarray) -> np.ndarray:
    """Return how many years after each year a site may first close; the whole span where never."""
    span = allowed.shape[1]
    wait = np.full(allowed.shape, float(span))
    for t in range(span - 1, -1, -1):
        after = wait[:, t + 1] + 1 if t + 1 < span else np.full(len(wait), float(span))
        wait[:, t] = np.where(allowed[:, t], 0.0, np.minimum(after, span))
    return wait


def _leaving(model: Model, lifted: Lifted) -> pd.DataFrame:
    inst = model.inst
    leave, close = keyed(model.problem, "leave"), keyed(model.problem, "close")
    leave["name"] = inst.provisions["provision_id"].to_numpy()[leave["provision"]]
    fixed = leave[leave["name"].isin(lifted.fixed)]
    home = inst.provisions["site"].to_numpy()
    leave["name"] = inst.sites["site_id"].to_numpy()[home[leave["provision"]]]
    close["name"] = inst.sites["site_id"].to_numpy()[close["site"]]
    scoped = [frame[frame["name"].isin(lifted.scope)] for frame in (leave, close)]
    return pd.concat(
        [_named("fixed", fixed, fixed["name"]), *(_named("scope", part, part["name"]) for part in scoped)]
    )


def _opening(model: Model, config: Config, lifted: Lifted) -> list[pd.DataFrame]:
    hub = keyed(model.problem, "hub")
    place = model.inst.places["site"].to_numpy(dtype=int)
    hub["name"] = model.inst.sites["site_id"].to_numpy()[place[hub["place"]]]
    barred = (config.rules.get("locks") or {}).get("no_hub", ())
    unfit, no_hub = hub[hub["name"].isin(lifted.unfit)], hub[hub["name"].isin(barred)]
    parts = [_named("fitness", unfit, unfit["name"]), _named("locks|no_hub", no_hub, no_hub["name"])]
    if not config.hubs_allowed:
        parts.append(pd.DataFrame({"line": "hubs_allowed", "column": hub["column"], "cost": 1.0}))
    return parts


def _moving(model: Model) -> list[pd.DataFrame]:
    inst = model.inst
    move = keyed(model.problem, "move").merge(
        inst.pairs[["provision", "place", "km", "limit", "allowed"]], on=["provision", "place"]
    )
    service = np.array(inst.services, dtype=object)[inst.provisions["service"].to_numpy()[move["provision"]]]
    at = inst.sites["site_id"].to_numpy()[inst.places["site"].to_numpy(dtype=int)[move["place"]]]
    far, barred = move["km"] > move["limit"] + 1e-9, ~move["allowed"].astype(bool)
    beyond = (move["km"] / move["limit"].clip(lower=1e-3)).clip(upper=1e3)
    reach = _named("reach", move[far], pd.Series(service[far])).assign(cost=beyond[far].to_numpy())
    names = pd.Series(service[barred] + "|" + at[barred], dtype=object)
    return [reach, _named("permission", move[barred], names)]
