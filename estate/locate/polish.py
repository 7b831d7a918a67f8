"""Whole plans with capacities made better: the clients of a few neighbouring sites planned exactly.

The clients of some open sites that lie near one another are taken out, and HiGHS serves them
again at least cost from these sites and closed ones near by, everything else as it is (as in
POPMUSIC, Taillard and Voss 2002). More sites at a time are freed once nothing more is gained.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.lists import CLOSED, Ints
from estate.locate.mip import Limits, solve_with_highs
from estate.locate.problem import SideRule
from estate.locate.programme import Programme, serving_programme

if TYPE_CHECKING:
    from estate.locate.capacitated import Capacitated

CLIENTS, MORE, ARCS, SECONDS = 40, 1.4, 2000, 3.0


def polish(engine: Capacitated, seconds: float) -> None:
    """Improve the engine's best plan part by part, until nothing is gained or time ends.

    Parameters
    ----------
    engine : Capacitated
        With a plan of whole clients; receives better ones.
    seconds : float
        Time [s].
    """
    end = time.monotonic() + seconds
    random = np.random.default_rng(engine.effort.seed)
    share = CLIENTS / engine.problem.clients
    while engine.best is not None:
        opened = np.unique(engine.best)
        size = min(max(math.ceil(share * len(opened)), 2), len(opened))
        before = engine.ledger.upper
        for centre in random.permutation(opened):
            left = end - time.monotonic()
            if left <= 0 or engine.effort.stopped():
                return
            there = (engine.best == centre).any()
            if there and _part(engine, int(centre), size, min(left, SECONDS)) and engine.prove():
                return
        if engine.ledger.upper >= before:
            if size == len(opened):
                return
            share *= MORE


def _part(engine: Capacitated, centre: int, size: int, seconds: float) -> bool:
    """Plan the clients of the open sites nearest to one of them anew; return whether that costs less."""
    site = engine.best
    if site is None:
        raise AssertionError
    far = engine.cost[:, site == centre].mean(axis=1)
    order = np.argsort(far, kind="stable")
    serves = np.bincount(site, minlength=len(far)) > 0
    chosen = order[serves[order]][:size]
    clients = np.flatnonzero(np.isin(site, chosen))
    spare = order[~serves[order] & (engine.sites.state[order] != CLOSED)]
    sites = np.r_[chosen, spare[: max(ARCS // len(clients) - len(chosen), 0)]]
    programme = _programme(engine, clients, sites)
    start = (sites[programme.site] == site[clients[programme.client]]).astype(float)
    opened = np.isin(sites, chosen).astype(float)
    limits = Limits(0.0, seconds, seed=engine.effort.seed, stopped=engine.effort.stopped)
    solved = solve_with_highs(programme.model, limits, np.r_[opened, start])
    if solved.x is None:
        return False
    share = solved.x[len(sites) :] > 0.5
    made = site.copy()
    made[clients[programme.client[share]]] = sites[programme.site[share]]
    before = engine.ledger.upper
    engine.offer_site(made)
    return engine.ledger.upper < before


def _programme(engine: Capacitated, clients: Ints, sites: Ints) -> Programme:
    """Return the programme of a part: its clients and sites, with what the rest of the plan leaves."""
    whole, site = engine.problem, engine.best
    others = np.setdiff1d(np.unique(site), sites) if site is not None else sites
    rules = tuple(
        SideRule(rule.name, rule.weight[sites], rule.limit - float(rule.weight[others].sum()))
        for rule in whole.rules
    )
    part = replace(
        whole,
        cost=whole.cost[np.ix_(clients, sites)],
        fixed=whole.fixed[sites],
        p=None if whole.p is None else whole.p - len(others),
        demand=whole.demand[clients],
        capacity=engine.room[sites],
        state=engine.sites.state[sites],
        rules=rules,
    )
    return serving_programme(part, None, engine.kept[np.ix_(sites, clients)].T.astype(bool))
