"""A plan checked against the matrix and the rules, apart from whatever found it."""

from __future__ import annotations

import math

import numpy as np

from estate.locate.lists import CLOSED, OPEN
from estate.locate.problem import ALONE, Answer, Problem

SLACK = 1e-6


def faults(problem: Problem, answer: Answer) -> list[str]:
    """Return what is wrong with an answer; nothing where it is right or empty.

    Parameters
    ----------
    problem : Problem
        What was asked.
    answer : Answer
        What was found.

    Returns
    -------
    list of str
        One sentence for each fault.
    """
    if not math.isfinite(answer.objective):
        return []
    chosen = np.zeros(problem.sites, bool)
    chosen[answer.opened] = True
    found = _opening_faults(problem, chosen)
    if problem.kind in {"set-cover", "max-cover", "p-center"}:
        value, wrong = _distances(problem, chosen)
    else:
        value, wrong = _costs(problem, answer, chosen)
    found += wrong
    size = 1e-9 * float(np.abs(problem.fixed[chosen]).sum()) + 1e-7 * abs(answer.objective) + 1e-9
    if abs(value - answer.objective) > size:
        found.append(f"the plan comes to {value:.12g}, not {answer.objective:.12g}")
    worse = (
        answer.bound - answer.objective if problem.kind != "max-cover" else answer.objective - answer.bound
    )
    if worse > size:
        found.append("the bound lies beyond the plan")
    return found


def _opening_faults(problem: Problem, chosen: np.ndarray) -> list[str]:
    found = []
    if chosen[problem.state == CLOSED].any():
        found.append("a site that must stay closed is open")
    if not chosen[problem.state == OPEN].all():
        found.append("a site that must be open is closed")
    if problem.p is not None and chosen.sum() != problem.p:
        found.append(f"{chosen.sum()} sites are open, not {problem.p}")
    return found + [
        f"{rule.name} is exceeded"
        for rule in problem.rules
        if math.fsum(rule.weight[chosen]) > rule.limit + SLACK * max(abs(rule.limit), 1.0)
    ]


def _distances(problem: Problem, chosen: np.ndarray) -> tuple[float, list[str]]:
    """Return the objective of a cover or center, from the distances."""
    near = np.where(chosen[None, :], problem.cost, np.inf).min(axis=1)
    if problem.kind == "p-center":
        return float(near.max()), []
    covered = near <= (math.inf if problem.radius is None else problem.radius)
    if problem.kind == "max-cover":
        return math.fsum(problem.demand[covered]), []
    return math.fsum(problem.fixed[chosen]), [] if covered.all() else ["somebody is not covered"]


def _costs(problem: Problem, answer: Answer, chosen: np.ndarray) -> tuple[float, list[str]]:
    """Return the cost of opening and serving, from who serves whom."""
    if answer.parts is None:
        client, site = np.arange(problem.clients), answer.serving
        share = np.ones(problem.clients)
    else:
        client, site = answer.parts[:, 0].astype(int), answer.parts[:, 1].astype(int)
        share = answer.parts[:, 2]
    found = (
        [] if (site >= 0).all() and chosen[site].all() else ["somebody is served by a site that is closed"]
    )
    served = np.bincount(client, share, problem.clients)
    if (abs(served - 1) > SLACK).any() or (share < -SLACK).any():
        found.append("somebody is not served in full")
    if problem.kind in {"cflp", *ALONE}:
        load = np.bincount(site, share * problem.demand[client], problem.sites)
        if (load > problem.capacity * (1 + SLACK) + SLACK).any():
            found.append("a site serves more than its capacity")
    cost = problem.cost[client, site] * share
    return math.fsum(cost.tolist() + problem.fixed[chosen].tolist()), found
