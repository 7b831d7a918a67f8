"""Facility location with capacities: Lagrangian bounds, plans from them, HiGHS on what is left."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.covering import call
from estate.locate.dual import BEST, Ascent, new_ascent
from estate.locate.knapsacks import assign, proven_full, raise_full, rearrange
from estate.locate.lists import CLOSED, OPEN, Floats, Ints, Sites
from estate.locate.mip import Limits, Solved
from estate.locate.problem import ALONE, Answer, Effort, Problem, judged, nothing, unit_of
from estate.locate.programme import Programme, serving_programme
from estate.locate.tree import Ledger

if TYPE_CHECKING:
    from numpy.typing import NDArray

TURNS, TURN_STEPS = 8, 60
TRIES, SPLIT_TRIES = 6, 2
SHARE_KEPT = 1e-7


class Capacitated:
    """One problem with capacities being solved.

    Parameters
    ----------
    problem : Problem
        What is asked.
    effort : Effort
        When to stop.
    """

    def __init__(self, problem: Problem, effort: Effort) -> None:
        self.problem, self.effort = problem, effort
        self.alone = problem.kind in ALONE
        unit = unit_of(problem.cost, problem.fixed) if self.alone else 0.0
        self.ledger = Ledger(effort.gap, unit)
        top = float(problem.cost[np.isfinite(problem.cost)].max(initial=0.0))
        # A site out of reach is too dear rather than absent, so that sums stay finite.
        self.cost = np.ascontiguousarray(np.where(np.isfinite(problem.cost), problem.cost, 1e3 + 1e3 * top).T)
        total = float(problem.demand.sum())
        self.room = np.minimum(problem.capacity, total)
        self.sites = self._with_room(problem.opening(), total)
        self.best: Ints | None = None
        self.opened: NDArray[np.bool_] | None = None
        self.split: Answer | None = None
        self.bound = -math.inf
        self.kept = np.ones(self.cost.shape, np.int8)

    def _with_room(self, sites: Sites, total: float) -> Sites:
        """Add the rule that the open sites together have room for everybody."""
        weight = np.vstack([sites.weight, -self.room[None, :]])
        limit = np.r_[sites.limit, -total]
        scale = np.maximum(np.abs(weight).mean(axis=1), 1e-300)
        return sites._replace(weight=weight / scale[:, None], limit=limit / scale)

    def relax(self, seconds: float) -> None:
        """Raise the bound and look for plans in turns."""
        end = time.monotonic() + seconds
        regret = np.partition(self.cost, min(1, len(self.cost) - 1), axis=0)[:2].mean(axis=0)
        up = new_ascent(np.r_[regret, np.zeros(len(self.sites.limit))], len(self.room), 0.5)
        parts = (self.cost, self.problem.demand, self.room)
        for _ in range(TURNS):
            steps = (TURN_STEPS, self.ledger.aim(up.number[BEST]), self.ledger.cutoff())
            if raise_full(*parts, self.sites, up, steps) < 0:
                self.bound = math.inf
                return
            state = np.empty_like(self.sites.state)
            cutoff = self.ledger.cutoff()
            bound = proven_full(*parts, self.sites, up, (cutoff, state, self.kept))
            self.sites = self.sites._replace(state=state)
            if not self.kept.all():
                self.ledger.rule_out(cutoff)
            self.bound = max(self.bound, self.ledger.lower(bound))
            if self.ledger.done(self.bound) or time.monotonic() > end or self.effort.stopped():
                return
            self._round(up)

    def _round(self, up: Ascent) -> None:
        """Make plans from the averaged picks, with a little more room each time."""
        order = np.lexsort((-up.share, self.problem.state != OPEN))
        order = order[self.problem.state[order] != CLOSED]
        two = np.partition(self.cost, min(1, len(self.cost) - 1), axis=0)[:2]
        urgent = np.argsort(-(two[-1] - two[0]) - self.problem.demand * 1e-3, kind="stable")
        heavy = np.argsort(-self.problem.demand, kind="stable")
        for more in range(TRIES):
            opened = self._enough(order, more)
            if opened is None:
                return
            if self.alone:
                for queue in (urgent, heavy):
                    self.offer_open(opened, queue)
            elif more < SPLIT_TRIES:
                self.offer_split(opened)

    def _enough(self, order: Ints, more: int) -> NDArray[np.bool_] | None:
        """Return the first sites of an order that have room for everybody, and some more."""
        opened = np.zeros(len(self.room), bool)
        if self.problem.p is not None:
            if more:
                order = np.r_[order[: self.problem.p - 1], order[self.problem.p - 1 + more :][:1]]
            opened[order[: self.problem.p]] = True
            kept = opened[self.problem.state == OPEN].all()
            return opened if kept and opened.sum() == self.problem.p else None
        total = np.cumsum(self.room[order])
        count = int(np.searchsorted(total, self.problem.demand.sum() * (1 - 1e-12))) + 1
        count = max(count, int((self.problem.state == OPEN).sum())) + more
        opened[order[:count]] = True
        return opened if count <= len(order) else None

    def offer_open(self, opened: NDArray[np.bool_], order: Ints) -> None:
        """Serve everybody from given sites, each client whole, and keep the plan if it is the best."""
        site = assign(self.cost, self.problem.demand, self.room, opened, order)
        if not math.isfinite(rearrange(self.cost, self.problem.demand, self.room, opened, site)):
            return
        self.offer(opened if self.problem.p is not None else _used(opened, site, self.problem), site)

    def offer(self, opened: NDArray[np.bool_], site: Ints) -> None:
        """Price a plan exactly and keep it if it is the best."""
        problem = self.problem
        cost = problem.cost[np.arange(problem.clients), site]
        total = math.fsum(cost.tolist() + problem.fixed[opened].tolist())
        fits = opened[problem.state == OPEN].all() and not opened[problem.state == CLOSED].any()
        fits = fits and all(rule.weight[opened].sum() <= rule.limit for rule in problem.rules)
        if fits and total < self.ledger.upper and (problem.p is None or opened.sum() == problem.p):
            self.ledger.upper, self.best, self.opened = total, site.astype(np.int64), opened.copy()

    def offer_split(self, opened: NDArray[np.bool_]) -> None:
        """Serve everybody from given sites at least cost, clients split, and keep the best plan."""
        problem = self.problem
        state = np.where(opened, OPEN, CLOSED).astype(np.int8)
        programme = serving_programme(problem, state)
        model = replace(programme.model, integer=np.zeros_like(programme.model.integer))
        solved, _ = call(model, Limits(0.0, self.effort.time_limit, seed=self.effort.seed), "highs")
        if solved.x is not None and solved.objective < self.ledger.upper:
            self.split = split_plan(self, programme, solved.x)
            self.ledger.upper = self.split.objective


def _used(opened: NDArray[np.bool_], site: Ints, problem: Problem) -> NDArray[np.bool_]:
    """Return the open sites that serve somebody, must be open or cost nothing less when closed."""
    serves = np.zeros_like(opened)
    serves[site] = True
    return np.asarray(opened & (serves | (problem.state == OPEN) | (problem.fixed < 0)))


def solve_capacitated(problem: Problem, effort: Effort) -> Answer:
    """Solve a problem with capacities.

    Parameters
    ----------
    problem : Problem
        A cflp, sscflp or capacitated-p-median.
    effort : Effort
        When to stop.

    Returns
    -------
    Answer
    """
    begun = time.monotonic()
    engine = Capacitated(problem, effort)
    engines: tuple[str, ...] = ()
    auto = effort.solver == "auto"
    if auto:
        engine.relax(0.3 * effort.time_limit)
        engines = ("bound: Lagrangian dual with a knapsack for each site, rounding taken off",)
        if engine.bound == math.inf:
            return nothing("infeasible", engines, math.inf)
        if (engine.best is not None or engine.split is not None) and engine.ledger.done(engine.bound):
            return _told(engine, engine.bound, (*engines, "plan: rounded and rearranged"))
    kept = engine.kept.T.astype(bool) if auto and engine.alone else None
    state = engine.sites.state if auto else None
    programme = serving_programme(problem, state, kept)
    limits = Limits(
        effort.gap, effort.time_limit - (time.monotonic() - begun), seed=effort.seed, stopped=effort.stopped
    )
    start = _start(programme, engine)
    if effort.solver == "cbc" or start is None:
        solved, who = call(programme.model, limits, effort.solver)
    else:
        from estate.locate.mip import solve_with_highs

        solved, who = solve_with_highs(programme.model, limits, start), "HiGHS"
    arcs = f"{len(programme.client)} of {np.isfinite(problem.cost).sum()} arcs"
    return _read(engine, programme, solved, (*engines, f"plan and bound: {who} on {arcs}"))


def _start(programme: Programme, engine: Capacitated) -> Floats | None:
    """Return the best plan so far as a point of the programme."""
    if engine.best is None or engine.opened is None:
        return None
    x = (engine.best[programme.client] == programme.site).astype(float)
    # An arc of the plan may have been ruled out for anything better.
    return np.r_[engine.opened.astype(float), x] if x.sum() == len(engine.best) else None


def _read(engine: Capacitated, programme: Programme, solved: Solved, engines: tuple[str, ...]) -> Answer:
    """Return the better of the two plans, with the bound that holds for both."""
    problem, ledger = engine.problem, engine.ledger
    bound = max(engine.bound, min(solved.bound, ledger.floor))
    if solved.x is not None and not engine.alone:
        found = split_plan(engine, programme, solved.x)
        if engine.split is None or found.objective < engine.split.objective:
            engine.split = found
    elif solved.x is not None:
        share = solved.x[problem.sites :] > 0.5
        site = np.full(problem.clients, -1)
        site[programme.client[share]] = programme.site[share]
        if (site >= 0).all():
            engine.offer(solved.x[: problem.sites] > 0.5, site)
    if engine.best is None and engine.split is None:
        infeasible = solved.status == "infeasible"
        return nothing("infeasible" if infeasible else "unknown", engines, math.inf if infeasible else bound)
    return replace(_told(engine, bound, engines), nodes=solved.nodes)


def _told(engine: Capacitated, bound: float, engines: tuple[str, ...]) -> Answer:
    """Return the best plan with its bound and status."""
    gap = engine.effort.gap
    if engine.split is not None:
        cost = engine.split.objective
        bound = min(bound, cost)
        return replace(engine.split, bound=bound, status=judged(cost, bound, gap), engines=engines)
    if engine.best is None or engine.opened is None:
        raise AssertionError
    cost = engine.ledger.upper
    bound = min(engine.ledger.lifted(bound), cost)
    opened = np.flatnonzero(engine.opened)
    return Answer(judged(cost, bound, gap), cost, bound, opened, engine.best, None, engines)


def split_plan(engine: Capacitated, programme: Programme, x: Floats) -> Answer:
    """Return a plan in which clients are split; tiny shares of the solver are left out."""
    problem = engine.problem
    opened = np.flatnonzero(x[: problem.sites] > 0.5)
    share = x[problem.sites :]
    kept = share > SHARE_KEPT
    client, site, share = programme.client[kept], programme.site[kept], share[kept]
    share = share / np.bincount(client, share, problem.clients)[client]
    cost = problem.cost[client, site] * share
    objective = math.fsum(cost.tolist() + problem.fixed[opened].tolist())
    greatest = np.lexsort((share, client))
    serving = np.full(problem.clients, -1)
    serving[client[greatest]] = site[greatest]
    parts = np.column_stack([client, site, share])
    return Answer("unknown", objective, -math.inf, opened, serving, parts, ())
