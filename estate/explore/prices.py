"""What it costs to decide a site otherwise: the rest held, by small re-solves, or everything free."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from estate.core.errors import EstateError, InfeasibleError
from estate.explore.ask import Row
from estate.model.closing import closing_years
from estate.solve.highs import scaled
from estate.solve.neighbourhoods import EVENTS
from estate.solve.restricted import Effort, Restricted

if TYPE_CHECKING:
    from estate.explore.ask import Found, Questions
    from estate.solve.highs import Answer

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
EXACT = 1e-4  # relative gap of a price with the rest held
SECONDS = 30.0
ASKED = ("access", "capital", "capacity", "counts", "affordability", "partnership", "compatibility")
"""Rules with rows, in the order in which they are looked at as the reason."""


@dataclass(frozen=True)
class Price:
    """What deciding a site otherwise costs.

    Attributes
    ----------
    site_id : str
    decision, otherwise : str
        What the plan does, and what was asked instead.
    low_gbp, high_gbp : float
        Interval of the price [GBP]; infinite where it cannot be done otherwise.
    rule : str
        The rule that bars deciding otherwise, or without which it would pay; blank where it is cost.
    x : ndarray or None
        The best plan found that decides otherwise.
    """

    site_id: str
    decision: str
    otherwise: str
    low_gbp: float
    high_gbp: float
    rule: str
    x: Floats | None


class Prices:
    """Prices of all sites of one plan.

    With hubs and years held, hubs open as in the plan, every other site and service may be decided
    otherwise only in the year in which the plan acts there (what it leaves alone stays), and the
    site itself in any year. For a possible hub, whatever may move there is free too.

    Parameters
    ----------
    questions : Questions
        The model.
    best : Found
        Its plan.
    """

    def __init__(self, questions: Questions, best: Found) -> None:
        self.questions, self.best = questions, best
        self.model = questions.model
        self.arrays, _ = scaled(self.model.problem.arrays())
        self.blocks, inst = self.model.problem.blocks, self.model.inst
        self.names = inst.sites["site_id"].to_numpy(dtype=object)
        self.number = {name: i for i, name in enumerate(self.names)}
        self.place_site = inst.places["site"].to_numpy(dtype=int)
        self.home = inst.provisions["site"].to_numpy()
        self.x = self._followed(best.x)
        self.free = self._free()

    def sites(self) -> list[str]:
        """Return the sites about which something can be asked: those that may close or become hubs."""
        closes = self.model.inst.sites["closable"].to_numpy()
        hubs = np.isin(np.arange(len(self.names)), self.place_site[self.blocks["hub"].keys["place"]])
        return [str(name) for name in self.names[closes | hubs]]

    def _followed(self, x: Floats) -> Floats:
        """Return the point with the columns that only follow from its events."""
        free = np.ones(len(x), dtype=bool)
        for family in EVENTS:
            free[self.blocks[family].columns] = False
        answer = Restricted(self.arrays).search(free, x, Effort(SECONDS, EXACT))
        return x if answer.x is None else answer.x

    def _free(self) -> Mask:
        """Return the columns that may change for every site: what the plan does, in its years."""
        free = np.ones(self.questions.width, dtype=bool)
        close, hub = self.blocks["close"], self.blocks["hub"]
        free[hub.columns] = False
        done = close.keys[self.x[close.columns] > 0.5]
        when = pd.Series(done["year"].to_numpy(), index=done["site"].to_numpy())
        free[close.columns] = (close.keys["site"].map(when) == close.keys["year"]).to_numpy()
        leave = self.blocks["leave"]
        left = leave.keys[self.x[leave.columns] > 0.5]
        when = pd.Series(left["year"].to_numpy(), index=left["provision"].to_numpy())
        for family in ("leave", "move", "merge", "online"):
            keys = self.blocks[family].keys
            free[self.blocks[family].columns] = (keys["provision"].map(when) == keys["year"]).to_numpy()
        return free

    def decision(self, site_id: str) -> str:
        """Return what the plan does: close, hub, unused or keep."""
        close, hub = (self._at(family, site_id) for family in ("close", "hub"))
        if self.x[hub].sum() > 0.5:
            return "hub"
        if self.x[close].sum() > 0.5:
            return "close"
        existing = self.model.inst.sites["status"].to_numpy()[self.number[site_id]] == "existing"
        return "keep" if existing else "unused"

    def _at(self, family: str, site_id: str) -> NDArray[np.int64]:
        block, site = self.blocks[family], self.number[site_id]
        at = self.place_site[block.keys["place"]] if family == "hub" else block.keys["site"].to_numpy()
        return np.asarray(block.columns[at == site], dtype=np.int64)

    def _otherwise(self, site_id: str) -> tuple[str, Row] | None:
        """Return the other decision, and the row that asks for it; None where it has no column."""
        decision = self.decision(site_id)
        columns = self._at("hub" if decision in ("hub", "unused") else "close", site_id)
        if not len(columns):
            return None
        one = np.zeros(self.questions.width)
        one[columns] = 1.0
        if decision == "hub":
            return "no hub", Row(f"{site_id} is no hub", one, high=0.0)
        if decision == "close":
            return "keep", Row(f"{site_id} stays", one, high=0.0)
        word = "hub" if decision == "unused" else "close"
        return word, Row(f"{site_id} must {word}", one, low=1.0)

    def held(self, site_id: str) -> Price:
        """Return the price with hubs and years held, exact to 0.01% of the saving."""
        decision, asked = self.decision(site_id), self._otherwise(site_id)
        if asked is None:
            return Price(site_id, decision, "close", np.inf, np.inf, self._bar(site_id), None)
        otherwise, row = asked
        free = self._freed(site_id)
        answer, bound = self._search(free, row, ())
        if answer.x is None:
            rule = self._rule(free, row, possible=True) if answer.status == "infeasible" else ""
            low = np.inf if answer.status == "infeasible" else self.best.value - bound
            return Price(site_id, decision, otherwise, low, np.inf, rule, None)
        low, high = self.best.value - max(bound, answer.saving), self.best.value - answer.saving
        rule = self._rule(free, row) if low > 0 and otherwise in ("close", "hub") else ""
        return Price(site_id, decision, otherwise, low, high, rule, answer.x)

    def _freed(self, site_id: str) -> Mask:
        """Return what may change when a site is decided otherwise."""
        free, site = self.free.copy(), self.number[site_id]
        mine = self.home == site
        hubs = self._at("hub", site_id)
        if len(hubs):
            move = self.blocks["move"]
            here = self.place_site[move.keys["place"]] == site
            mine = mine | np.isin(np.arange(len(self.home)), move.keys["provision"][here])
        sites = np.unique([site, *self.home[mine]])
        close = self.blocks["close"]
        free[close.columns] |= np.isin(close.keys["site"], sites)
        free[hubs] = True
        for family in ("leave", "move", "merge", "online"):
            free[self.blocks[family].columns] |= mine[self.blocks[family].keys["provision"]]
        return free

    def _search(self, free: Mask, row: Row, without: tuple[str, ...]) -> tuple[Answer, float]:
        keep = ~np.isin(self.arrays.rule, without)
        arrays = replace(
            self.arrays,
            matrix=sparse.vstack([self.arrays.matrix[keep], row.coefficients], format="csr"),
            row_lower=np.append(self.arrays.row_lower[keep], row.low),
            row_upper=np.append(self.arrays.row_upper[keep], row.high),
            rule=np.append(self.arrays.rule[keep], "asked"),
            lazy=np.append(self.arrays.lazy[keep], False),
            part=np.append(self.arrays.part[keep], ""),
        )
        sub = float(self.arrays.saving @ np.where(free, 0.0, self.x))
        gap = EXACT * abs(self.best.value) / max(1.0, abs(self.best.value - sub))
        answer = Restricted(arrays).search(free, self.x, Effort(SECONDS, min(EXACT, gap), 20_000))
        return answer, answer.bound + sub

    def _rule(self, free: Mask, row: Row, *, possible: bool = False) -> str:
        """Return the rules without which deciding otherwise would pay, or would be possible at all."""
        in_force = [rule for rule in ASKED if (self.arrays.rule == rule).any()]
        least = -np.inf if possible else self.best.value - EXACT * abs(self.best.value)
        if not self._reaches(free, row, tuple(in_force), least):
            return ""
        alone = [rule for rule in in_force if self._reaches(free, row, (rule,), least)]
        return " or ".join(alone) if alone else "several rules together"

    def _reaches(self, free: Mask, row: Row, without: tuple[str, ...], least: float) -> bool:
        answer, _ = self._search(free, row, without)
        return answer.x is not None and answer.saving >= least

    def _bar(self, site_id: str) -> str:
        """Return the rules that leave a site no year to close."""
        inst, rules = self.model.inst, self.questions.config.rules
        site = [self.number[site_id]]
        barred = [
            name
            for name in ("tenure", "brakes", "locks", "materiality")
            if name in rules
            and not closing_years(inst.tables, inst.sites, inst.costs, inst.horizon, {name: rules[name]})[
                site
            ].any()
        ]
        return " and ".join(barred) or "tenure and brakes together"

    def everything_free(self, site_id: str) -> Price:
        """Return the interval of the price with everything free, from the gaps of both solves.

        An interval that contains zero is not settled.
        """
        decision, asked = self.decision(site_id), self._otherwise(site_id)
        if asked is None:
            return Price(site_id, decision, "close", np.inf, np.inf, self._bar(site_id), None)
        otherwise, row = asked
        try:
            other = self.questions.best([row])
        except InfeasibleError:
            return Price(site_id, decision, otherwise, np.inf, np.inf, "", None)
        except EstateError:
            return Price(site_id, decision, otherwise, -np.inf, np.inf, "", None)
        low, high = self.best.value - other.bound, self.best.bound - other.value
        return Price(site_id, decision, otherwise, low, high, "", other.x)
