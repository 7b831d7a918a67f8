"""What it costs to decide a site otherwise: the rest held, by small re-solves, or everything free."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estate.core.errors import EstateError, InfeasibleError
from estate.explore.beside import Beside
from estate.explore.names import row_names
from estate.explore.stuck import SEVERAL, barred_by, nowhere
from estate.model.rules.capacity import IMPLIED
from estate.solve.highs import Watch, scaled
from estate.solve.neighbourhoods import EVENTS
from estate.solve.plan import rounded, saving_of
from estate.solve.restricted import Effort, Restricted, Row, Rows

if TYPE_CHECKING:
    from estate.explore.ask import Found, Questions
    from estate.model.blocks import Arrays
    from estate.solve.highs import Answer

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
EXACT = 1e-4  # relative gap of a price with the rest held
ENOUGH = 0.05  # relative gap of what a rule would have to give: told is what would be enough
SECONDS = 12.0  # of processor time where all sites are priced, so that a busy machine answers alike
NAMED_SECONDS = 60.0  # where a site is asked about by name, and for hubs, which are few and larger questions
FIRST_SECONDS = 10.0  # for the question whether there is any plan at all
NEED_SECONDS, NEED_NODES = 3.0, 5  # for what a rule would have to give
HUB_SECONDS = 3.0  # the first question where a hub may open, which is a larger question
BUSY = 10  # times as long by the clock at most
ANY = 1e9  # relative gap at which the first point found is enough
TINY = 1e-9  # of a scaled row: what cannot be beyond its sides by more never binds
Question = tuple[Mask, tuple[Row, Rows]]
"""What is free, and the rows beside the rules: the one that asks for the other decision comes first."""

ASKED = (
    *("capacity", "compatibility", "capital", "access", "counts", "affordability", "partnership"),
    *("materiality", "locks"),
)
"""Rules with rows, in the order in which they are looked at as the reason: first what it mostly is."""


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

    With hubs and years held, the site itself may be decided otherwise in any year, and every other site
    only as `estate.explore.beside` says: as planned, or as it is today, or where it shares a building,
    otherwise in its year. Where the question is whether a hub opens, whatever may move there may
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
        self.asking: dict[str, Arrays] = {}
        self.plain: Arrays | None = None
        self.blocks, inst = self.model.problem.blocks, self.model.inst
        self.names = inst.sites["site_id"].to_numpy(dtype=object)
        self.number = {name: i for i, name in enumerate(self.names)}
        self.place_site = inst.places["site"].to_numpy(dtype=int)
        self.x = self._followed(best.x)
        self.beside = Beside(self.model, self.x)

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

    def held(self, site_id: str, *, named: bool = False) -> Price:
        """Return the price with hubs and years held, exact to 0.01% of the saving, and a rule behind it.

        Where the search is not closed in the processor time given, low and high are apart. A site named
        gets more time, as do hubs, and all rules; else the first found, and none behind the price of a
        possible hub.
        """
        long = named or self.asks_hub(site_id)
        price = self._priced(site_id, NAMED_SECONDS if long else SECONDS)
        asked, barred = self._otherwise(site_id), np.isposinf(price.low_gbp)
        asks = ("close", "hub") if named else ("close",)
        costs = price.x is not None and price.low_gbp > 0 and price.otherwise in asks
        if asked is None or not (barred or costs):
            return price
        rule, needs, known = self._rule(self._question(site_id, asked[1]), possible=costs, named=named)
        if known and barred and not rule and price.otherwise == "close":
            rule = nowhere(self.model, self.x, self.number[site_id])
        return replace(price, rule=rule, needs=needs)

    def _never(self, site_id: str) -> Price:
        """Return the price of a site that has no year to close, with the rules that leave it none."""
        rule = barred_by(self.questions, self.number[site_id])
        return Price(site_id, self.decision(site_id), "close", np.inf, np.inf, rule, None)

    def _priced(self, site_id: str, seconds: float) -> Price:
        """Return the price with hubs and years held, without the rule."""
        decision, asked = self.decision(site_id), self._otherwise(site_id)
        if asked is None:
            return self._never(site_id)
        otherwise, row = asked
        start = self._opened(site_id, row) if otherwise == "hub" else self.x
        answer, bound = self._search(self._question(site_id, row), start, seconds)
        price = Price(site_id, decision, otherwise, np.inf, np.inf, "", None)
        if answer.x is not None:
            low, high = self.best.value - max(bound, answer.saving), self.best.value - answer.saving
            return replace(price, low_gbp=low, high_gbp=high, x=answer.x)
        return price if answer.status == "infeasible" else replace(price, low_gbp=self.best.value - bound)

    def _question(self, site_id: str, row: Row) -> Question:
        """Return what may change when a site is decided otherwise, and the rows beside the rules."""
        number, decision = self.number[site_id], self.decision(site_id)
        free, bound = self.beside.of(number, decision, asks_hub=self.asks_hub(site_id))
        return free, (row, bound)

    def _opened(self, site_id: str, row: Row) -> Floats:
        """Return the plan with a hub opened to which nothing moves; the plan where rules bar that."""
        free = np.ones(self.questions.width, dtype=bool)
        for family in EVENTS:
            free[self.blocks[family].columns] = False
        free[self._at("hub", site_id)] = True
        answer = self._without(()).search(free, self.x, Effort(FIRST_SECONDS, EXACT), more=[row])
        return self.x if answer.x is None else answer.x

    def _search(self, question: Question, start: Floats, seconds: float) -> tuple[Answer, float]:
        free, rows = question
        sub = float(self.arrays.saving @ np.where(free, 0.0, self.x))
        gap = EXACT * abs(self.best.value) / max(1.0, abs(self.best.value - sub))
        effort = Effort(BUSY * seconds, min(EXACT, gap), 20_000)
        answer = self._without(()).settle(free, start, effort, self._patience(seconds), rows)
        if answer.x is not None:
            x = rounded(self.model, answer.x)
            answer = replace(answer, x=x, saving=saving_of(self.model, x))
        return answer, answer.bound + sub

    def _patience(self, seconds: float) -> Watch:
        """Return what ends a search after so much processor time, or when the user stops it."""
        end = time.process_time() + seconds
        return Watch(lambda *_: None, lambda: self.questions.stop.is_set() or time.process_time() > end)

    def _rule(self, question: Question, *, possible: bool, named: bool) -> tuple[str, tuple[Need, ...], bool]:
        """Return a rule without which deciding otherwise would pay, or be possible; needs; whether known.

        What a plan without any rule breaks comes first, and the rest only where the site was named.
        Where none is found and a search was not closed, nothing is known.
        """
        free, _ = question
        in_force = [rule for rule in ASKED if (self.arrays.rule == rule).any()]
        least = self.best.value - EXACT * abs(self.best.value) if possible else -np.inf
        every = self._reached(question, tuple(in_force), least)
        if every.x is None:
            return "", (), every.status == "infeasible"
        found, known, without = dict[str, Floats](), True, every.x
        binding = [rule for rule in in_force if self._may_bind(rule, free)]
        for rule in sorted(binding, key=lambda one: not self._broken(one, without).any()):
            answer = self._reached(question, (rule,), least)
            if answer.x is not None:
                found[rule] = answer.x
                if not named:
                    break
            known &= answer.status == "infeasible"
        if not found:
            return SEVERAL if known else "", (), known
        first = next(iter(found))
        return " or ".join(found), self._needs(question, least, first, found[first]), True

    def _may_bind(self, rule: str, free: Mask) -> bool:
        """Return whether any choice of the free columns breaks a rule; else it bars nothing."""
        if rule not in self.asking:
            self.asking[rule] = self.arrays.rows(self._asked_by((rule,)))
        rows = self.asking[rule]
        least, most = np.where(free, 0.0, self.x), np.where(free, rows.upper, self.x)
        above, below = rows.matrix.maximum(0), rows.matrix.minimum(0)
        highest, lowest = above @ most + below @ least, above @ least + below @ most
        return bool(((highest > rows.row_upper + TINY) | (lowest < rows.row_lower - TINY)).any())

    def _reached(self, question: Question, without: tuple[str, ...], least: float) -> Answer:
        """Look for the first point that saves at least so much without these rules."""
        free, rows = question
        effort = Effort(BUSY * FIRST_SECONDS, ANY, 2_000)
        hub = len(self.blocks["hub"].columns) and rows[0].coefficients[self.blocks["hub"].columns].any()
        watch = self._patience(HUB_SECONDS if hub else FIRST_SECONDS)
        return self._without(without).search(free, self.x, effort, watch, [*rows, *self._as_good(least)])

    def _as_good(self, least: float, spare: int = 0) -> list[Row]:
        """Return the row that asks for a saving, scaled; none where anything will do."""
        if not np.isfinite(least):
            return []
        size = max(1.0, abs(least))
        return [Row("as good", np.append(self.arrays.saving, np.zeros(spare)) / size, low=least / size)]

    def _needs(self, question: Question, least: float, rule: str, x: Floats) -> tuple[Need, ...]:
        """Return by how much it is enough that lines of a rule give for the row to hold with that saving.

        Only lines that the plan found without the rule breaks may give. Less is not ruled out.
        """
        free, (row, bound) = question
        arrays, keep = self._plain()
        about, scale, broken = self.about[keep], self.scale[keep], self._broken(rule, x)[keep]
        rows = np.flatnonzero(broken > 0)
        if not len(rows) or rule in ("compatibility", "locks"):
            return ()
        names, group = np.unique(about[rows], return_inverse=True)
        unit = np.zeros(len(names))
        np.maximum.at(unit, group, broken[rows])
        sign = np.where((arrays.matrix @ x)[rows] > arrays.row_upper[rows], -1.0, 1.0)
        slack = sparse.coo_matrix(
            (sign * (unit[group] / scale[rows]), (rows, group)), shape=(len(arrays.rule), len(names))
        )
        width, count = len(arrays.saving), len(names)
        eased = replace(
            arrays,
            saving=np.append(np.zeros(width), -np.ones(count)),
            upper=np.append(arrays.upper, np.ones(count)),
            integer=np.append(arrays.integer, np.zeros(count, bool)),
            matrix=sparse.hstack([arrays.matrix, slack.tocsc()], format="csc"),
        )
        wider = sparse.hstack([bound.matrix, sparse.csr_matrix((len(bound.low), count))], format="csr")
        more: list[Row | Rows] = [replace(row, coefficients=np.append(row.coefficients, np.zeros(count)))]
        more += [replace(bound, matrix=wider), *self._as_good(least, count)]
        free, start = np.append(free, np.ones(count, bool)), np.append(x, np.ones(count))
        effort = Effort(BUSY * NEED_SECONDS, ENOUGH, NEED_NODES)
        watch = self._patience(NEED_SECONDS)
        answer = Restricted(eased).search(free, start, effort, watch, more)
        share = np.ones(count) if answer.x is None else answer.x[width:]
        return tuple(
            Need(rule, str(name), float(part * whole))
            for name, part, whole in zip(names, share, unit, strict=True)
            if part > 1e-6
        )

    def _plain(self) -> tuple[Arrays, Mask]:
        """Return the model without implied rows, by columns, made once; and which rows it has."""
        keep = self.arrays.part != IMPLIED
        if self.plain is None:
            rows = self.arrays.rows(keep)
            self.plain = replace(rows, matrix=rows.matrix.tocsc())
        return self.plain, keep

    def _broken(self, rule: str, x: Floats) -> Floats:
        """Return by how much a point breaks each row of a rule, in the row's own unit; 0 elsewhere."""
        arrays = self.arrays
        activity = arrays.matrix @ x
        beyond = np.maximum(activity - arrays.row_upper, arrays.row_lower - activity)
        return np.where(self._asked_by((rule,)) & (beyond > 1e-7), beyond * self.scale, 0.0)

    def everything_free(self, site_id: str) -> Price:
        """Return the interval of the price with everything free, from the gaps of both solves.

        An interval that contains zero is not settled.
        """
        decision, asked = self.decision(site_id), self._otherwise(site_id)
        if asked is None:
            return self._never(site_id)
        otherwise, row = asked
        try:
            other = self.questions.best([row], start=self._priced(site_id, SECONDS).x)
        except InfeasibleError:
            return Price(site_id, decision, otherwise, np.inf, np.inf, "", None)
        except EstateError:
            return Price(site_id, decision, otherwise, -np.inf, np.inf, "", None)
        low, high = self.best.value - other.bound, self.best.bound - other.value
        return Price(site_id, decision, otherwise, low, high, "", other.x)
