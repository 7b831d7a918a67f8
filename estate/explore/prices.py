"""What it costs to decide a site otherwise: the rest held, by small re-solves, or everything free."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from estate.core.errors import EstateError, InfeasibleError
from estate.explore.names import row_names
from estate.model.closing import closing_years
from estate.model.rules.capacity import IMPLIED
from estate.solve.highs import Watch, scaled
from estate.solve.neighbourhoods import EVENTS
from estate.solve.plan import rounded, saving_of
from estate.solve.restricted import Effort, Restricted, Row

if TYPE_CHECKING:
    from estate.explore.ask import Found, Questions
    from estate.solve.highs import Answer

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
EXACT = 1e-4  # relative gap of a price with the rest held
ENOUGH = 0.05  # relative gap of what a rule would have to give: told is what would be enough
SECONDS = 30.0  # of processor time, so that a busy machine answers alike
FIRST_SECONDS = 10.0  # for the question whether there is any plan at all
HUB_SECONDS = 3.0  # the same where a hub may open, which is a larger question
BUSY = 10  # times as long by the clock at most
ANY = 1e9  # relative gap at which the first point found is enough
ASKED = ("access", "capital", "capacity", "counts", "affordability", "partnership", "compatibility", "locks")
"""Rules with rows, in the order in which they are looked at as the reason."""


class Need(NamedTuple):
    """How far a line of a rule must give: the rule, what the line is about, and by how much."""

    rule: str
    about: str
    beyond: float


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
    needs : tuple of Need
        How far the lines of that rule would have to give for deciding otherwise to be as good.
    """

    site_id: str
    decision: str
    otherwise: str
    low_gbp: float
    high_gbp: float
    rule: str
    x: Floats | None
    needs: tuple[Need, ...] = ()


class Prices:
    """Prices of all sites of one plan.

    With hubs and years held, hubs open as in the plan, every other site and service may be decided
    otherwise only in the year in which the plan acts there (what it leaves alone stays), and the
    site itself in any year. Where the question is whether a hub opens, whatever may move there may
    do so in any year, or what moves there in the plan may go anywhere else, and their sites may close.

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
        self.arrays, self.scale = scaled(self.model.problem.arrays())
        self.about = row_names(self.model)
        self.whole: dict[tuple[str, ...], Restricted] = {}
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
        answer = self._without(()).search(free, x, Effort(SECONDS, EXACT))
        return x if answer.x is None else answer.x

    def _without(self, rules: tuple[str, ...]) -> Restricted:
        """Return the model without some rules, made once."""
        if rules not in self.whole:
            self.whole[rules] = Restricted(self.arrays.rows(~self._asked_by(rules)))
        return self.whole[rules]

    def _asked_by(self, rules: tuple[str, ...]) -> Mask:
        """Return the rows in which rules ask for something; what says who is served or owes stays."""
        says = ~np.isin(self.arrays.rule, ["access", "capital"]) | (self.about != "")
        return np.asarray(np.isin(self.arrays.rule, rules) & says)

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

    def asks_hub(self, site_id: str) -> bool:
        """Return whether deciding otherwise is about a hub: there is one, or the site cannot close."""
        return self.decision(site_id) == "hub" or (
            not len(self._at("close", site_id)) and len(self._at("hub", site_id)) > 0
        )

    def _at(self, family: str, site_id: str) -> NDArray[np.int64]:
        block, site = self.blocks[family], self.number[site_id]
        at = self.place_site[block.keys["place"]] if family == "hub" else block.keys["site"].to_numpy()
        return np.asarray(block.columns[at == site], dtype=np.int64)

    def _otherwise(self, site_id: str) -> tuple[str, Row] | None:
        """Return the other decision, and the row that asks for it; None where it has no column."""
        decision, family = self.decision(site_id), "hub" if self.asks_hub(site_id) else "close"
        columns = self._at(family, site_id)
        if not len(columns):
            return None
        one = np.zeros(self.questions.width)
        one[columns] = 1.0
        if decision == "hub":
            return "no hub", Row(f"{site_id} is no hub", one, high=0.0)
        if decision == "close":
            return "keep", Row(f"{site_id} stays", one, high=0.0)
        return family, Row(f"{site_id} must {family}", one, low=1.0)

    def held(self, site_id: str) -> Price:
        """Return the price with hubs and years held, exact to 0.01% of the saving."""
        decision, asked = self.decision(site_id), self._otherwise(site_id)
        if asked is None:
            return Price(site_id, decision, "close", np.inf, np.inf, self._bar(site_id), None)
        otherwise, row = asked
        free = self._freed(site_id)
        start = self._opened(site_id, row) if otherwise == "hub" else self.x
        answer, bound = self._search(free, row, start)
        price = Price(site_id, decision, otherwise, np.inf, np.inf, "", None)
        if answer.x is None and answer.status != "infeasible":
            return replace(price, low_gbp=self.best.value - bound)
        if answer.x is not None:
            low, high = self.best.value - max(bound, answer.saving), self.best.value - answer.saving
            price = replace(price, low_gbp=low, high_gbp=high, x=answer.x)
        if answer.x is not None and (price.low_gbp <= 0 or otherwise not in ("close", "hub")):
            return price
        rule, needs = self._rule(free, row, possible=answer.x is None)
        if answer.x is None and not rule and otherwise == "close":
            rule = self._nowhere(site_id)
        return replace(price, rule=rule, needs=needs)

    def _freed(self, site_id: str) -> Mask:
        """Return what may change when a site is decided otherwise."""
        free, site = self.free.copy(), self.number[site_id]
        decision, asks_hub = self.decision(site_id), self.asks_hub(site_id)
        move = self.blocks["move"]
        here = move.columns[self.place_site[move.keys["place"]] == site]
        mine, come = self.home == site, np.zeros(len(self.home), dtype=bool)
        if decision == "hub":
            mine = mine | self._who(here[self.x[here] > 0.5])
        if asks_hub:
            free[self._at("hub", site_id)] = True
        if asks_hub and decision != "hub":
            come = self._who(here)
            free[here] = True
        close, leave = self.blocks["close"], self.blocks["leave"]
        free[close.columns] |= np.isin(close.keys["site"], np.unique([site, *self.home[mine | come]]))
        free[leave.columns] |= come[leave.keys["provision"]]
        for family in ("leave", "move", "merge", "online"):
            free[self.blocks[family].columns] |= mine[self.blocks[family].keys["provision"]]
        return free

    def _who(self, moves: NDArray[np.int64]) -> Mask:
        """Return which provisions some columns of moves are about."""
        move = self.blocks["move"]
        who = move.keys["provision"].to_numpy()[moves - move.columns[0]] if len(moves) else moves
        return np.isin(np.arange(len(self.home)), who)

    def _opened(self, site_id: str, row: Row) -> Floats:
        """Return the plan with a hub opened to which nothing moves; the plan where rules bar that."""
        free = np.ones(self.questions.width, dtype=bool)
        for family in EVENTS:
            free[self.blocks[family].columns] = False
        free[self._at("hub", site_id)] = True
        answer = self._without(()).search(free, self.x, Effort(FIRST_SECONDS, EXACT), more=[row])
        return self.x if answer.x is None else answer.x

    def _search(self, free: Mask, row: Row, start: Floats) -> tuple[Answer, float]:
        sub = float(self.arrays.saving @ np.where(free, 0.0, self.x))
        gap = EXACT * abs(self.best.value) / max(1.0, abs(self.best.value - sub))
        effort = Effort(BUSY * SECONDS, min(EXACT, gap), 20_000, exact=False)
        answer = self._without(()).settle(free, start, effort, self._patience(SECONDS), [row])
        if answer.x is not None:
            x = rounded(self.model, answer.x)
            answer = replace(answer, x=x, saving=saving_of(self.model, x))
        return answer, answer.bound + sub

    def _patience(self, seconds: float) -> Watch:
        """Return what ends a search after so much processor time, or when the user stops it."""
        end = time.process_time() + seconds
        return Watch(lambda *_: None, lambda: self.questions.stop.is_set() or time.process_time() > end)

    def _rule(self, free: Mask, row: Row, *, possible: bool) -> tuple[str, tuple[Need, ...]]:
        """Return the rules without which deciding otherwise would pay, or be possible, and what is needed."""
        in_force = [rule for rule in ASKED if (self.arrays.rule == rule).any()]
        least = -np.inf if possible else self.best.value - EXACT * abs(self.best.value)
        if self._reached(free, row, tuple(in_force), least) is None:
            return "", ()
        alone = {rule: self._reached(free, row, (rule,), least) for rule in in_force}
        found = {rule: x for rule, x in alone.items() if x is not None}
        if not found:
            return "several rules together", ()
        first = next(iter(found))
        return " or ".join(found), self._needs(free, (row, least), first, found[first])

    def _reached(self, free: Mask, row: Row, without: tuple[str, ...], least: float) -> Floats | None:
        """Return the first point that saves at least so much without these rules; None if there is none."""
        effort = Effort(BUSY * FIRST_SECONDS, ANY, 2_000, exact=False)
        hub = len(self.blocks["hub"].columns) and row.coefficients[self.blocks["hub"].columns].any()
        more, watch = [row, *self._as_good(least)], self._patience(HUB_SECONDS if hub else FIRST_SECONDS)
        return self._without(without).search(free, self.x, effort, watch, more).x

    def _as_good(self, least: float, spare: int = 0) -> list[Row]:
        """Return the row that asks for a saving, scaled; none where anything will do."""
        if not np.isfinite(least):
            return []
        size = max(1.0, abs(least))
        return [Row("as good", np.append(self.arrays.saving, np.zeros(spare)) / size, low=least / size)]

    def _needs(self, free: Mask, asked: tuple[Row, float], rule: str, x: Floats) -> tuple[Need, ...]:
        """Return the least by which lines of a rule must give for the row to hold with that saving.

        Only the lines that the best plan without the rule breaks may give; the others hold.
        """
        row, least = asked
        keep = self.arrays.part != IMPLIED
        arrays, about, scale = self.arrays.rows(keep), self.about[keep], self.scale[keep]
        broken = self._broken(rule, x)[keep]
        rows = np.flatnonzero(broken > 0)
        if not len(rows) or rule in ("compatibility", "locks"):
            return ()
        names, group = np.unique(about[rows], return_inverse=True)
        unit = np.zeros(len(names))
        np.maximum.at(unit, group, broken[rows])
        sign = np.where(arrays.matrix[rows] @ x > arrays.row_upper[rows], -1.0, 1.0)
        slack = sparse.coo_matrix(
            (sign * (unit[group] / scale[rows]), (rows, group)), shape=(len(arrays.rule), len(names))
        )
        width, count = len(arrays.saving), len(names)
        eased = replace(
            arrays,
            saving=np.append(np.zeros(width), -np.ones(count)),
            upper=np.append(arrays.upper, np.ones(count)),
            integer=np.append(arrays.integer, np.zeros(count, bool)),
            matrix=sparse.hstack([arrays.matrix, slack], format="csr"),
        )
        more = [replace(row, coefficients=np.append(row.coefficients, np.zeros(count)))]
        more += self._as_good(least, count)
        free, start = np.append(free, np.ones(count, bool)), np.append(x, np.ones(count))
        effort, watch = Effort(BUSY * FIRST_SECONDS, ENOUGH, 50, exact=False), self._patience(FIRST_SECONDS)
        answer = Restricted(eased).search(free, start, effort, watch, more)
        share = np.ones(count) if answer.x is None else answer.x[width:]
        return tuple(
            Need(rule, str(name), float(part * whole))
            for name, part, whole in zip(names, share, unit, strict=True)
            if part > 1e-6
        )

    def _broken(self, rule: str, x: Floats) -> Floats:
        """Return by how much a point breaks each row of a rule, in the row's own unit; 0 elsewhere."""
        arrays = self.arrays
        activity = arrays.matrix @ x
        beyond = np.maximum(activity - arrays.row_upper, arrays.row_lower - activity)
        return np.where(self._asked_by((rule,)) & (beyond > 1e-7), beyond * self.scale, 0.0)

    def _nowhere(self, site_id: str) -> str:
        """Say what keeps the services of a site there: nothing in reach, or only hubs that do not open."""
        inst, mine = self.model.inst, np.flatnonzero(self.home == self.number[site_id])
        open_hubs = self.blocks["hub"].keys["place"][self.x[self.blocks["hub"].columns] > 0.5]
        kind = (inst.places["kind"] == "hub").to_numpy()
        move = self.blocks["move"].keys
        usable = move[~kind[move["place"]] | move["place"].isin(open_hubs)]
        others = [self.blocks[family].keys["provision"] for family in ("merge", "online")]
        now, ever = (set(pd.concat([part["provision"], *others])) for part in (usable, move))
        services = np.array(inst.services, dtype=object)[inst.provisions["service"].to_numpy(dtype=int)]
        stuck = sorted({str(services[u]) for u in mine if u not in ever})
        if stuck:
            return f"reach (no place in reach may take {', '.join(stuck)})"
        waiting = sorted({str(services[u]) for u in mine if u not in now})
        if waiting:
            return f"hubs held (no hub that opens can take {', '.join(waiting)})"
        return "several rules together"

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
            other = self.questions.best([row], start=self.held(site_id).x)
        except InfeasibleError:
            return Price(site_id, decision, otherwise, np.inf, np.inf, "", None)
        except EstateError:
            return Price(site_id, decision, otherwise, -np.inf, np.inf, "", None)
        low, high = self.best.value - other.bound, self.best.bound - other.value
        return Price(site_id, decision, otherwise, low, high, "", other.x)
