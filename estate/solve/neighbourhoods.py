"""Which columns of the whole model to free while the rest of a plan is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from estate.model.formulation import Model
    from estate.solve.cuts import Bound
    from estate.solve.relaxation import Relaxation

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
EVENTS = ("hub", "close", "leave", "move", "merge", "online")
SITES_FREED = 60  # in one part of the plan
PAIR_SHARE = 2e-4  # of the bound: a move that costs more is not looked at
HALF = 0.5


def followers(model: Model) -> Mask:
    """Return the columns that only follow from the events."""
    free = np.zeros(model.problem.width, dtype=bool)
    for name, block in model.problem.blocks.items():
        if name not in EVENTS:
            free[block.columns] = True
    return free


class Neighbourhoods:
    """Parts of the whole model, chosen by place and by price.

    Parameters
    ----------
    model : Model
        Built model.
    relaxation : Relaxation
        The smaller model.
    proved : Bound
        Its prices.
    """

    def __init__(self, model: Model, relaxation: Relaxation, proved: Bound) -> None:
        self.model, self.relaxation, self.bound = model, relaxation, proved.bound
        self.columns = {name: block.columns for name, block in model.problem.blocks.items()}
        self.width = model.problem.width
        self.site_of_place = model.inst.places["site"].to_numpy(dtype=int)
        self.home = model.inst.provisions["site"].to_numpy()
        self.price = np.zeros(self.width)
        self.price[relaxation.kept] = proved.reduced[: len(relaxation.kept)]
        self.pair_of = self._price_moves(proved)

    def _price_moves(self, proved: Bound) -> NDArray[np.int64]:
        """Price each move as its going in that year and to that place; return its pair's column."""
        keys = self.model.problem.blocks["move"].keys
        pairs = self.relaxation.pairs.set_index(["provision", "place"])
        found = pairs.reindex(pd.MultiIndex.from_arrays([keys["provision"], keys["place"]]))
        goes = self.relaxation.goes.set_index(["provision", "group", "year"])["column"]
        when = goes.reindex(pd.MultiIndex.from_arrays([keys["provision"], found["group"], keys["year"]]))
        pair = found["column"].to_numpy().astype(np.int64)
        self.price[self.columns["move"]] = (
            proved.reduced[pair] + proved.reduced[when.to_numpy().astype(np.int64)]
        )
        return pair

    def around_core(self, core: Floats, limit: float) -> tuple[Mask, Floats]:
        """Hold the hubs of a point of the smaller model and free what it uses, in every year.

        Parameters
        ----------
        core : ndarray
            Whole-number point of the smaller model.
        limit : float
            Moves and closures beyond those of the point that cost less than this are free too
            [GBP]; below 0 there are none.

        Returns
        -------
        Mask, ndarray
            Free columns, and the point that is held elsewhere.
        """
        blocks, kept = self.model.problem.blocks, self.relaxation.kept
        whole = np.zeros(self.width)
        whole[kept] = np.round(core[: len(kept)])
        held = np.zeros(self.width)
        held[self.columns["hub"]] = whole[self.columns["hub"]]
        free = followers(self.model)
        opened = (self.model.inst.places["kind"] == "host").to_numpy(copy=True)
        opened[blocks["hub"].keys["place"][held[self.columns["hub"]] > HALF]] = True
        goes = np.zeros(len(self.home), dtype=bool)
        used = {"move": core[self.pair_of] > HALF, "merge": self._merged(whole)}
        for family, near in used.items():
            columns, keys = self.columns[family], blocks[family].keys
            goes[keys["provision"][near]] = True
            wider = near | ((limit > 0) & (self.price[columns] > -limit))
            free[columns] = wider & opened[keys["place"]] if family == "move" else wider
        close = blocks["close"].keys["site"].to_numpy()
        shut = (
            np.bincount(close, weights=whole[self.columns["close"]], minlength=len(self.model.inst.sites))
            > HALF
        )
        free[self.columns["close"]] = shut[close] | (limit > 0)
        free[self.columns["online"]] = True
        leaving = blocks["leave"].keys["provision"].to_numpy()
        free[self.columns["leave"]] = (
            goes[leaving] | (limit > 0) | np.isin(leaving, blocks["online"].keys["provision"])
        )
        return free, held

    def _merged(self, whole: Floats) -> Mask:
        """Return the merge columns, in every year, of the pairs that merge in a point."""
        block = self.model.problem.blocks["merge"]
        pair = block.keys["provision"].to_numpy() * len(self.home) + block.keys["target"].to_numpy()
        return np.isin(pair, pair[whole[block.columns] > HALF])

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
        free[self.columns["close"]] = near[blocks["close"].keys["site"]]
        limit = PAIR_SHARE * abs(self.bound)
        for family in ("leave", "move", "merge", "online"):
            keys, columns = blocks[family].keys, self.columns[family]
            mine = near[self.home[keys["provision"]]]
            if family in ("move", "merge"):
                mine &= self.price[columns] > -limit
            free[columns] = mine
        return free | ((best > 0) & self._of_freed(near))

    def _of_freed(self, near: Mask) -> Mask:
        """Return the columns of provisions at the freed sites, whatever they cost."""
        mask = np.zeros(self.width, dtype=bool)
        for family in ("leave", "move", "merge", "online"):
            keys = self.model.problem.blocks[family].keys
            mask[self.columns[family]] = near[self.home[keys["provision"]]]
        return mask
