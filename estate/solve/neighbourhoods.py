"""Which columns of the whole model to free while the rest of a plan is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.solve.sites import site_of_columns
from estate.solve.support import near_support

if TYPE_CHECKING:
    from estate.model.formulation import Model
    from estate.solve.cuts import Bound
    from estate.solve.relaxation import Relaxation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
EVENTS = ("hub", "close", "leave", "move", "merge", "online")
SITES_FREED = 60  # in one part of the plan
PAIR_SHARE = 2e-4  # of the bound: a move that costs more is not looked at
NEAR_SHARE = 6e-5  # likewise with the hubs held: fewer, so that the first good plan comes sooner
HALF, PART, SEEN = 0.5, 0.05, 1e-6


def followers(model: Model) -> Mask:
    """Return the columns that only follow from the events."""
    free = np.zeros(model.problem.width, dtype=bool)
    for name, block in model.problem.blocks.items():
        if name not in EVENTS:
            free[block.columns] = True
    return free


def first_prices(model: Model, relaxation: Relaxation, proved: Bound) -> Floats:
    """Price every column by the smaller model: a move as its going in that year and to that place.

    Returns
    -------
    ndarray, shape (columns,)
        Gain of a unit of each column [GBP]; that of a move to where none is possible is endless loss.
    """
    price = np.zeros(model.problem.width)
    price[relaxation.kept] = proved.reduced[: len(relaxation.kept)]
    move = model.problem.blocks["move"]
    pairs = relaxation.pairs.set_index(["provision", "place"])
    found = pairs.reindex(pd.MultiIndex.from_arrays([move.keys["provision"], move.keys["place"]]))
    possible = found["column"].notna().to_numpy()
    price[move.columns[~possible]] = -np.inf
    keys, found = move.keys[possible], found[possible]
    goes = relaxation.goes.set_index(["provision", "group", "year"])["column"]
    at = pd.MultiIndex.from_arrays([keys["provision"], found["group"], keys["year"]])
    when, where = (one.to_numpy().astype(np.int64) for one in (goes.reindex(at), found["column"]))
    price[move.columns[possible]] = proved.reduced[where] + proved.reduced[when]
    return price


class Neighbourhoods:
    """Parts of the whole model, chosen by place and by price.

    Parameters
    ----------
    model : Model
        Built model.
    price : ndarray, shape (columns,)
        Gain of a unit of each column at the prices of the relaxation [GBP].
    worth : float
        What the prices are measured against, the bound [GBP].
    """

    def __init__(self, model: Model, price: Floats, worth: float) -> None:
        self.model, self.price, self.worth = model, price, abs(worth)
        self.columns = {name: block.columns for name, block in model.problem.blocks.items()}
        self.site_of_place = model.inst.places["site"].to_numpy(dtype=int)
        self.home = model.inst.provisions["site"].to_numpy()

    def with_hubs(self, hubs: Ints, price: Floats, x: Floats) -> tuple[Mask, Floats]:
        """Hold hubs and free what costs little beside them, everywhere and in every year.

        Parameters
        ----------
        hubs : ndarray
            Columns of the hubs that open; all others stay shut.
        price, x : ndarray, shape (columns,)
            Prices and solution of the relaxation with these hubs.

        Returns
        -------
        Mask, ndarray
            Free columns, and the point that is held elsewhere.
        """
        held = np.zeros(len(price))
        held[hubs] = 1.0
        free = followers(self.model) | (x > SEEN) | (price > -NEAR_SHARE * self.worth)
        free[self.columns["hub"]] = False
        free[self.columns["move"]] &= self._opened(held)
        return free, held

    def with_any_hub(self, price: Floats, x: Floats) -> tuple[Mask, Floats]:
        """Free every hub in every year, and what costs little beside them; nothing is held open.

        Parameters and returns are those of :meth:`with_hubs`.
        """
        hubs = self.columns["hub"]
        free, _ = self.with_hubs(hubs, price, x)
        free[hubs] = True
        return free, np.zeros(len(price))

    def with_likely_hubs(self, best: Floats, price: Floats, x: Floats) -> Mask:
        """Free the hubs that a solution opens in part and what costs little beside them, around a plan.

        Parameters
        ----------
        best : ndarray, shape (columns,)
            The plan.
        price, x : ndarray, shape (columns,)
            Prices and solution of the relaxation, best with no hub held.

        Returns
        -------
        Mask
            Free columns; what the plan does is among them.
        """
        hub = self.model.problem.blocks["hub"]
        place, year = (hub.keys[name].to_numpy() for name in ("place", "year"))
        free = followers(self.model) | (x > SEEN) | (price > -NEAR_SHARE * self.worth)
        free[hub.columns] = near_support(place, year, x[hub.columns])
        return free | (best > HALF)

    def split(self, free: Mask, held: Floats, x: Floats) -> tuple[Mask, Floats]:
        """Free only the sites that a solution splits, and hold the others as it has them.

        Parameters
        ----------
        free, held : ndarray, shape (columns,)
            From :meth:`with_hubs`.
        x : ndarray, shape (columns,)
            Solution of the relaxation with these hubs.

        Returns
        -------
        Mask, ndarray
            Free columns, and the point that is held elsewhere.
        """
        fraction = (x > SEEN) & (x < 1 - SEEN)
        parts = np.zeros(len(self.model.inst.sites), dtype=bool)
        site = site_of_columns(self.model)
        site[self.columns["hub"]] = -1
        parts[site[fraction & (site >= 0)]] = True
        whole = np.where(fraction | (site < 0), held, np.round(x))
        return followers(self.model) | (free & (site >= 0) & parts[site]), whole

    def in_one_year(self, best: Floats, price: Floats, x: Floats) -> Mask:
        """Hold the hubs of a plan, and free every other decision in one year a site or few.

        That is the year in which the plan closes the site, or the relaxation does in part, or else the
        one in which it would lose least: so all sites can be searched at once.

        Parameters
        ----------
        best : ndarray, shape (columns,)
            The plan.
        price, x : ndarray, shape (columns,)
            Prices and solution of the relaxation with these hubs.
        """
        blocks = self.model.problem.blocks
        close, columns = blocks["close"].keys, self.columns["close"]
        site, year = close["site"].to_numpy(), close["year"].to_numpy()
        years = self.model.inst.horizon.decision_years
        gain = np.full((len(self.model.inst.sites), years), -np.inf)
        np.maximum.at(gain, (site, year), price[columns])
        looked_at = gain == gain.max(axis=1, keepdims=True)
        seen = (best[columns] > HALF) | (x[columns] > PART)
        looked_at[site[seen], year[seen]] = True
        free = followers(self.model)
        cheap = price > -PAIR_SHARE * self.worth
        free[columns] = looked_at[site, year] & cheap[columns]
        for family in ("leave", "move", "merge", "online"):
            keys, columns = blocks[family].keys, self.columns[family]
            free[columns] = looked_at[self.home[keys["provision"]], keys["year"]] & cheap[columns]
        free[self.columns["move"]] &= self._opened(best)
        return free | (best > HALF)

    def _opened(self, x: Floats) -> Mask:
        """Return the moves to places that are open by then, shape (moves,)."""
        hub, move = (self.model.problem.blocks[name].keys for name in ("hub", "move"))
        kind = (self.model.inst.places["kind"] == "hub").to_numpy()
        since = np.where(kind, np.iinfo(np.int64).max, 0)
        chosen = x[self.columns["hub"]] > HALF
        since[hub["place"][chosen]] = hub["year"][chosen]
        return np.asarray(move["year"].to_numpy() >= since[move["place"]])

    def random(self, rng: np.random.Generator, best: Floats) -> Mask:
        """Free a place and the sites around it: hubs, closures and moves that are not too dear."""
        inst = self.model.inst
        hubs = np.unique(self.site_of_place[(inst.places["kind"] == "hub").to_numpy()])
        centre = rng.choice(hubs) if len(hubs) and rng.random() < 0.7 else rng.choice(np.unique(self.home))
        metres = np.hypot(
            inst.sites["x"] - inst.sites["x"][centre], inst.sites["y"] - inst.sites["y"][centre]
        )
        size = int(SITES_FREED * rng.choice([0.5, 1.0, 2.0]))
        near = np.zeros(len(inst.sites), dtype=bool)
        near[np.argsort(metres.fillna(np.inf).to_numpy(), kind="stable")[:size]] = True
        free = followers(self.model)
        blocks = self.model.problem.blocks
        free[self.columns["hub"]] = near[self.site_of_place[blocks["hub"].keys["place"]]]
        limit = PAIR_SHARE * self.worth
        free[self.columns["close"]] = near[blocks["close"].keys["site"]]
        for family in ("leave", "move", "merge", "online"):
            keys, columns = blocks[family].keys, self.columns[family]
            mine = near[self.home[keys["provision"]]]
            free[columns] = mine & (self.price[columns] > -limit)
        return free | (best > HALF)
