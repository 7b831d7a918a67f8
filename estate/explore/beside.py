r"""What may change beside a site that is decided otherwise, where hubs and years are held.

Hubs open as in the plan. Another site does what the plan says, or stays as it is today, as a whole
where the plan closes it. Only where it shares a building with what now arrives may its services also
go elsewhere, in the years of the plan. With M the services of the site asked about (and those that
the plan brings to its hub), A_j their arrivals at site j or where the plan takes a service of j:

.. math::

    Leave_u \le Close_j + A_j, \qquad \sum_{e \ne planned} Event_{ue} \le A_j

for a service u of another site j, whose exit route is the plan's. What goes to the site asked about,
or to where the plan takes M, in the year of the plan, is no such event: it takes the room that is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.solve.neighbourhoods import followers
from estate.solve.restricted import Rows

if TYPE_CHECKING:
    from estate.model.formulation import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
WAYS = ("move", "merge", "online")
NOWHERE = -1
DONE = 0.5


class Beside:
    """What is free beside each site of one plan.

    Parameters
    ----------
    model : Model
        Built model.
    x : ndarray, shape (columns,)
        The plan.
    """

    def __init__(self, model: Model, x: Floats) -> None:
        self.model, self.blocks, self.width = model, model.problem.blocks, model.problem.width
        self.home = model.inst.provisions["site"].to_numpy(dtype=int)
        self.sites = len(model.inst.sites)
        site_of_place = model.inst.places["site"].to_numpy(dtype=int)
        move, merge, online = (self.blocks[way] for way in WAYS)
        to = [site_of_place[move.keys["place"]], self.home[merge.keys["target"].to_numpy(dtype=int)]]
        self.column = np.concatenate([self.blocks[way].columns for way in WAYS])
        self.who = np.concatenate([self.blocks[way].keys["provision"].to_numpy() for way in WAYS])
        self.to = np.concatenate([*to, np.full(len(online.columns), NOWHERE)])
        self.moves = np.isin(self.column, move.columns)
        self._read(x)
        self.always = followers(model)

    def _read(self, x: Floats) -> None:
        """Note what the plan does with every service and site, and in which year."""
        made = self.made = x[self.column] > DONE
        self.event, self.goes = np.full((2, len(self.home)), NOWHERE)
        self.event[self.who[made]], self.goes[self.who[made]] = self.column[made], self.to[made]
        close, leave = self.blocks["close"], self.blocks["leave"]
        closed, left = (x[block.columns] > DONE for block in (close, leave))
        self.close = np.full(self.sites, NOWHERE)
        self.close[close.keys["site"].to_numpy()[closed]] = close.columns[closed]
        self.leave, when = np.full((2, len(self.home)), NOWHERE)
        self.leave[leave.keys["provision"].to_numpy()[left]] = leave.columns[left]
        when[leave.keys["provision"].to_numpy()[left]] = leave.keys["year"].to_numpy()[left]
        years = np.concatenate([self.blocks[way].keys["year"].to_numpy() for way in WAYS])
        self.planned_year = when[self.who] == years
        self.shares = self._shared(np.flatnonzero(left_by(self.leave)))

    def _shared(self, left: Ints) -> sparse.csr_matrix:
        """Return which buildings each site shares: itself, and where the plan takes its services."""
        gone = left[self.goes[left] != NOWHERE]
        row = np.concatenate([np.arange(self.sites), self.home[gone]])
        there = np.concatenate([np.arange(self.sites), self.goes[gone]])
        return self._matrix(row, there, (self.sites, self.sites))

    @staticmethod
    def _matrix(row: Ints, column: Ints, shape: tuple[int, int]) -> sparse.csr_matrix:
        """Return a matrix of ones."""
        whole = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
        whole.data[:] = 1.0
        return whole

    def of(self, site: int, decision: str, *, asks_hub: bool) -> tuple[Mask, Rows]:
        """Return the columns that are free when a site is decided otherwise, and what binds them.

        Parameters
        ----------
        site : int
            Its number.
        decision : str
            What the plan does: close, hub, unused or keep.
        asks_hub : bool
            Whether the question is whether it becomes a hub.

        Returns
        -------
        tuple of ndarray of bool, shape (columns,), and Rows
        """
        free, mine = self.always.copy(), self.home == site
        if decision == "hub":
            mine[self.who[self.moves & self.made & (self.to == site)]] = True
        arrives, come = mine[self.who] & (self.to != NOWHERE), np.zeros(len(mine), dtype=bool)
        if asks_hub and decision != "hub":
            here = self.moves & (self.to == site)
            come[self.who[here]] = True
            arrives |= here
        if asks_hub:
            hub = self.blocks["hub"]
            at = self.model.inst.places["site"].to_numpy(dtype=int)[hub.keys["place"]]
            free[hub.columns[at == site]] = True
        whose = np.unique(np.append(self.home[mine | come], site))
        self._any_year(free, (mine, come), whose)
        reached = np.zeros(self.sites)
        reached[self.to[arrives]] = 1.0
        others = np.union1d(np.flatnonzero(self.shares @ reached > 0), whose)
        given = np.append(self.goes[mine], site)
        gives = self.planned_year & np.isin(self.to, given[given != NOWHERE])
        free[self.column[arrives | gives]] = True
        free[self.column[self.planned_year & np.isin(self.home[self.who], others)]] = True
        return free, self._bound(free, (arrives, gives), whose)

    def _any_year(self, free: Mask, asked: tuple[Mask, Mask], whose: Ints) -> None:
        """Free what the question is about in any year, and every planned event in its own."""
        mine, come = asked
        close, leave = self.blocks["close"], self.blocks["leave"]
        free[close.columns] |= np.isin(close.keys["site"], whose)
        free[leave.columns] |= (mine | come)[leave.keys["provision"]]
        free[self.column] |= mine[self.who]
        for planned in (self.close, self.leave, self.event):
            free[planned[planned != NOWHERE]] = True

    def _bound(self, free: Mask, asked: tuple[Mask, Mask], whose: Ints) -> Rows:
        """Return the rows that hold other sites to the plan, or to today, where nothing arrives."""
        arrives, gives = asked
        there = self._matrix(self.to[arrives], self.column[arrives], (self.sites, self.width))
        arrivals = self.shares @ there
        arrivals.data[:] = 1.0
        other = left_by(self.leave) & ~np.isin(self.home, whose)
        who = np.flatnonzero(other & (self.close[self.home] != NOWHERE))
        home, count = self.home[who], np.arange(len(who))
        shape = (len(who), self.width)
        stays = arrivals[home] + self._matrix(count, self.close[home], shape)
        stays = stays - self._matrix(count, self.leave[who], shape)
        else_ = free[self.column] & other[self.who] & ~gives & (self.event[self.who] != self.column)
        who, row = np.unique(self.who[else_], return_inverse=True)
        elsewhere = arrivals[self.home[who]] - self._matrix(row, self.column[else_], (len(who), self.width))
        matrix = sparse.vstack([stays, elsewhere], format="csr")
        return Rows("as planned, or as today", matrix, low=np.zeros(matrix.shape[0]))


def left_by(leave: Ints) -> Mask:
    """Return which services the plan takes away."""
    return np.asarray(leave != NOWHERE)
