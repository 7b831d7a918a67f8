"""Facility location with capacities: Lagrangian bounds, plans from them, HiGHS on what is left."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from estate.locate.covering import call
from estate.locate.dual import Ascent, new_ascent
from estate.locate.knapsacks import Rooms, assign, proven_full, raise_full, rearrange
from estate.locate.lists import CLOSED, OPEN, Floats, Ints, Sites
from estate.locate.mip import Limits, Solved, solve_with_highs
from estate.locate.polish import polish
from estate.locate.problem import ALONE, Answer, Effort, Problem, judged, nothing, unit_of
from estate.locate.programme import Programme, serving_programme
from estate.locate.ruin import COLD, WARM, new_ground, ruin_and_recreate, stand
from estate.locate.tree import Ledger

if TYPE_CHECKING:
    from numpy.typing import NDArray

TURNS, WHOLE_TURNS, TURN_STEPS = 3, 8, 100
START_RANK, RANKED = 10, 10
UNITS, CELLS = 20_000, 5e7
TRIES, SPLIT_TRIES = 3, 2
ROUND_STEPS, ROUNDS, QUIET = 3000, 100, 2
FEW_STEPS, SLOW = 10, 1e-5
RELAXED, SEARCHED, POLISHED = 0.25, 0.25, 0.25
FEW_ARCS, MANY_ARCS, LATE = 3000, 15_000, 0.95
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
        self.rooms, self.whole = _rooms(self.cost, problem.demand, self.room, self.alone)
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
        """Raise the bound, at first with parts of clients and sites, and look for plans in turns."""
        begun = time.monotonic()
        rank = min(max(len(self.cost) // RANKED, 2), START_RANK, len(self.cost))
        near = np.partition(self.cost, rank - 1, axis=0)[:rank].mean(axis=0)
        centre = np.r_[near, np.zeros(len(self.sites.limit))]
        steps = TURN_STEPS
        for turn in range(TURNS + WHOLE_TURNS):
            if turn == TURNS:
                self.rooms, steps = self.rooms._replace(whole=self.whole, cover=True), FEW_STEPS
            self.up, before, now = new_ascent(centre, len(self.room)), self.bound, time.monotonic()
            plan = (steps, self.ledger.aim(self.bound), self.ledger.cutoff())
            if raise_full(self.rooms, self.sites, self.up, plan) < 0:
                self._nothing_left()
                return
            centre = self.up.centre
            if self.prove():
                return
            if turn >= TURNS - 1 or not math.isfinite(self.ledger.upper):
                self._round(self.up)
            left, each = begun + seconds - time.monotonic(), (time.monotonic() - now) / steps
            if left < FEW_STEPS * each or self.effort.stopped():
                return
            steps = min(TURN_STEPS, int(left / each))
            if turn > TURNS and self.bound - before < SLOW * abs(self.bound):
                return

    def prove(self) -> bool:
        """Prove the last bound, and rule out sites and arcs by it; return whether nothing is left to do."""
        state, cutoff = np.empty_like(self.sites.state), self.ledger.cutoff()
        bound = proven_full(self.rooms, self.sites, self.up, (cutoff, state, self.kept))
        if bound == math.inf:
            self._nothing_left()
            return True
        self.sites = self.sites._replace(state=state)
        if not self.kept.all():
            self.ledger.rule_out(cutoff)
        self.bound = max(self.bound, self.ledger.lower(bound))
        return self.ledger.done(self.bound)

    def _nothing_left(self) -> None:
        """Note that no plan is below the cutoff: none at all where there was no cutoff."""
        self.ledger.rule_out(self.ledger.cutoff())
        self.bound = self.ledger.lower()

    def search(self, seconds: float) -> None:
        """Look for better plans of whole clients from the best one."""
        begun, quiet, steps = time.monotonic(), 0, FEW_STEPS
        problem, sites = self.problem, self.sites
        ground = new_ground(self.rooms, sites, problem.p or problem.sites)
        for turn in range(ROUNDS):
            if self.best is None or self.ledger.done(self.bound) or quiet == QUIET or self.effort.stopped():
                return
            now, before, best = time.monotonic(), self.ledger.upper, self.best.copy()
            plan = stand(ground, self.best, turn)
            paid = self.cost[self.best, np.arange(problem.clients)].mean()
            ruin_and_recreate(ground, plan, best, steps, (WARM * paid, COLD * paid))
            self.offer_site(best)
            quiet = 0 if self.ledger.upper < before else quiet + 1
            if self.ledger.upper < before and self.prove():
                return
            left, each = begun + seconds - time.monotonic(), (time.monotonic() - now) / steps
            if left < FEW_STEPS * each:
                return
            ground = ground._replace(state=self.sites.state)
            steps = min(ROUND_STEPS, max(int(left / each / QUIET), FEW_STEPS))

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
        self.offer_site(site)

    def offer_site(self, site: Ints) -> None:
        """Price a plan of whole clients with no more sites than it needs, and keep it if it is the best."""
        problem = self.problem
        opened = (
            (np.bincount(site, minlength=problem.sites) > 0) | (problem.state == OPEN) | (problem.fixed < 0)
        )
        opened &= problem.state != CLOSED
        if problem.p is not None:
            more = np.flatnonzero(~opened & (problem.state != CLOSED))[: max(problem.p - opened.sum(), 0)]
            opened[more] = True
        self.offer(opened, site)

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


def _rooms(cost: Floats, demand: Floats, room: Floats, alone: bool) -> tuple[Rooms, bool]:
    """Return costs and capacities, and whether the units are exact and few enough to fill sites by.

    Where they are not exact, demands are rounded down and capacities up: whatever fits still fits.
    """
    total, unit = float(demand.sum()), unit_of(demand)
    most = min(UNITS, CELLS / 10 / len(room))
    exact = alone and unit > 0 and total / unit <= most
    if exact:
        units, size = demand / unit, np.floor(room / unit * (1 + 1e-12))
    else:
        unit = max(total / most, 1e-300)
        units, size = np.floor(demand / unit * (1 - 1e-9)), np.ceil(room / unit * (1 + 1e-9))
    rooms = Rooms(cost, demand, room, units.astype(np.int64), size.astype(np.int64), False, False)
    return rooms, exact and size.sum() * len(demand) <= CELLS


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
    own = effort.solver == "own"
    if own:
        engine.relax(RELAXED * effort.time_limit)
        if engine.alone:
            engine.search(SEARCHED * effort.time_limit)
            _polish(engine, begun)
        engines = ("bound: Lagrangian dual with a knapsack for each site, rounding taken off",)
        if engine.bound == math.inf:
            return nothing("infeasible", engines, math.inf)
        late = time.monotonic() - begun > LATE * effort.time_limit
        if math.isfinite(engine.ledger.upper) and (late or engine.ledger.done(engine.bound)):
            return _told(engine, engine.bound, (*engines, "plan: rounded, rearranged, planned in parts"))
    kept = engine.kept.T.astype(bool) if own and engine.alone else None
    state = engine.sites.state if own else None
    programme = serving_programme(problem, state, kept)
    limits = Limits(
        effort.gap, effort.time_limit - (time.monotonic() - begun), seed=effort.seed, stopped=effort.stopped
    )
    start = _start(programme, engine)
    if effort.solver == "cbc" or start is None:
        solved, who = call(programme.model, limits, effort.solver)
    else:
        solved, who = solve_with_highs(programme.model, limits, start), "HiGHS"
    arcs = f"{len(programme.client)} of {np.isfinite(problem.cost).sum()} arcs"
    return _read(engine, programme, solved, (*engines, f"plan and bound: {who} on {arcs}"))


def _polish(engine: Capacitated, begun: float) -> None:
    """Plan in parts, where arcs are too many for HiGHS all at once until time ends."""
    arcs, limit = int(engine.kept.sum()), engine.effort.time_limit
    if arcs > FEW_ARCS:
        polish(engine, POLISHED * limit if arcs <= MANY_ARCS else begun + limit - time.monotonic())


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
