"""Each kind of problem as an integer programme, whole or with what is settled left out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from estate.locate.lists import CLOSED, OPEN, Flags, Floats, Ints
from estate.locate.mip import Model, stack
from estate.locate.problem import ALONE, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rows = list[tuple[sparse.spmatrix, Floats, Floats]]
CAPACITATED = ("cflp", *ALONE)


@dataclass(frozen=True)
class Programme:
    """A programme and where its columns come from.

    Attributes
    ----------
    model : Model
        Columns are first the sites, then the arcs or the clients.
    client, site : ndarray
        Client and site of each arc; empty for covers.
    """

    model: Model
    client: Ints
    site: Ints


def serving_programme(
    problem: Problem, state: Flags | None = None, kept: NDArray[np.bool_] | None = None
) -> Programme:
    """Return the strong formulation: ``x_ij <= y_j`` for every arc.

    Parameters
    ----------
    problem : Problem
        A problem in which clients are served at a cost.
    state : ndarray of int8, optional
        Sites that are settled; else as the problem says.
    kept : ndarray of bool, shape (clients, sites), optional
        Arcs to be kept; else all that exist.

    Returns
    -------
    Programme
    """
    state = problem.state if state is None else state
    there = np.isfinite(problem.cost) if kept is None else kept & np.isfinite(problem.cost)
    there = there & (state != CLOSED)
    client, site = np.nonzero(there)
    n, m, arcs = problem.clients, problem.sites, len(client)
    one, number = np.ones(arcs), np.arange(arcs)
    assign = sparse.csr_matrix((one, (client, m + number)), shape=(n, m + arcs))
    ends = (np.r_[number, number], np.r_[m + number, site])
    link = sparse.csr_matrix((np.r_[one, -one], ends), shape=(arcs, m + arcs))
    rows: Rows = [
        (assign, np.ones(n), np.ones(n)),
        (link, np.full(arcs, -np.inf), np.zeros(arcs)),
        *_opening_rows(problem, m + arcs),
    ]
    if problem.kind in CAPACITATED:
        rows += _capacity_rows(problem, client, site)
    matrix, low, high = stack(rows)
    integer = np.r_[np.ones(m, bool), np.full(arcs, problem.kind in ALONE)]
    lower, upper = _bounds(state, arcs)
    cost = np.r_[problem.fixed, problem.cost[client, site]]
    return Programme(Model(cost, lower, upper, integer, matrix, low, high), client, site)


def _bounds(state: Flags, others: int) -> tuple[Floats, Floats]:
    lower = np.r_[(state == OPEN).astype(float), np.zeros(others)]
    upper = np.r_[(state != CLOSED).astype(float), np.ones(others)]
    return lower, upper


def _opening_rows(problem: Problem, width: int) -> Rows:
    """Return the number of sites and the side rules."""
    m = problem.sites
    rows: Rows = []
    if problem.p is not None:
        count = sparse.csr_matrix(np.ones((1, m)))
        count.resize((1, width))
        rows.append((count, np.array([float(problem.p)]), np.array([float(problem.p)])))
    for rule in problem.rules:
        row = sparse.csr_matrix(rule.weight[None, :])
        row.resize((1, width))
        rows.append((row, np.array([-np.inf]), np.array([rule.limit])))
    return rows


def _capacity_rows(problem: Problem, client: Ints, site: Ints) -> Rows:
    """Return the capacity of every limited site, and that all of them together must do."""
    m, arcs = problem.sites, len(client)
    limited = np.isfinite(problem.capacity)
    room = np.where(limited, problem.capacity, 0.0)
    row = np.r_[site, np.arange(m)]
    column = np.r_[m + np.arange(arcs), np.arange(m)]
    value = np.r_[problem.demand[client], -room]
    load = sparse.csr_matrix((value, (row, column)), shape=(m, m + arcs))[limited]
    rows: Rows = [(load, np.full(load.shape[0], -np.inf), np.zeros(load.shape[0]))]
    if limited.all():
        together = sparse.csr_matrix(room[None, :])
        together.resize((1, m + arcs))
        rows.append((together, np.array([problem.demand.sum()]), np.array([np.inf])))
    return rows


def within(problem: Problem, radius: float) -> sparse.csr_matrix:
    """Return which sites cover which clients."""
    return sparse.csr_matrix((problem.cost <= radius).astype(float))


def cover_programme(problem: Problem) -> Programme:
    """Return the set cover or, with clients that need not be covered, the maximal cover.

    Parameters
    ----------
    problem : Problem
        A set-cover or max-cover with its radius.

    Returns
    -------
    Programme
    """
    near = within(problem, math.inf if problem.radius is None else problem.radius)
    n, m = near.shape
    if problem.kind == "set-cover":
        matrix, low, high = stack([(near, np.ones(n), np.full(n, np.inf)), *_opening_rows(problem, m)])
        lower, upper = _bounds(problem.state, 0)
        model = Model(problem.fixed, lower, upper, np.ones(m, bool), matrix, low, high)
    else:
        covered = sparse.hstack([near, -sparse.identity(n)], format="csr")
        matrix, low, high = stack(
            [(covered, np.zeros(n), np.full(n, np.inf)), *_opening_rows(problem, m + n)]
        )
        lower, upper = _bounds(problem.state, n)
        whole = np.r_[np.ones(m, bool), np.zeros(n, bool)]
        model = Model(np.r_[np.zeros(m), -problem.demand], lower, upper, whole, matrix, low, high)
    return Programme(model, np.zeros(0, np.int64), np.zeros(0, np.int64))


def center_programme(problem: Problem, radius: float) -> Programme:
    """Return the question whether p sites can have everybody within the radius.

    Parameters
    ----------
    problem : Problem
        A p-center.
    radius : float
        Distance to be tried.

    Returns
    -------
    Programme
    """
    near = within(problem, radius)
    n, m = near.shape
    matrix, low, high = stack([(near, np.ones(n), np.full(n, np.inf)), *_opening_rows(problem, m)])
    lower, upper = _bounds(problem.state, 0)
    model = Model(np.zeros(m), lower, upper, np.ones(m, bool), matrix, low, high)
    return Programme(model, np.zeros(0, np.int64), np.zeros(0, np.int64))
