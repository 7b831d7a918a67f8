"""Why each site is decided as it is: price, cost or rule, who travels farther, what would change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.appraise.farther import Nearest
from estate.explore.apart import apart
from estate.explore.flips import FLIP_COLUMNS, flips, worth
from estate.explore.names import called, lifted_words, need_words
from estate.explore.prices import EXACT, Price, Prices
from estate.explore.sentences import reason_words
from estate.solve.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from estate.config import Config
    from estate.core.types import Estate, Plan
    from estate.explore.ask import Found, Questions

HELD, FREE = "hubs and years held", "everything free"
UNDECIDED = "undecided by this evidence"
NOT_SETTLED = "not settled"
BARRED = "cannot be decided otherwise"
BETTER = "would save more decided otherwise"
NOT_PRICED = "not priced"
PROVED, OPEN = "exact", "interval"
FIRM = "firm"
REASON_COLUMNS = (
    "site_id",
    "name",
    "decision",
    "otherwise",
    "price_kind",
    "price_low_gbp",
    "price_high_gbp",
    "proof",
    "robustness",
    "rule",
    "needs",
    "driver",
    "driver_gbp",
    "people_farther",
    "input",
    "input_about",
    "input_unit",
    "input_now",
    "flips_at",
    "change_share",
    "sentence",
    "plain",
)
WORDS = (
    "otherwise",
    "proof",
    "rule",
    "needs",
    "driver",
    "input",
    "input_about",
    "input_unit",
    "sentence",
    "plain",
)
"""Columns that are blank where there is nothing to say."""


@dataclass(frozen=True)
class Told:
    """What is told of sites.

    Attributes
    ----------
    reasons : DataFrame
        ``REASON_COLUMNS``, one row a site and kind of price; ``plain`` is the sentence without money.
    flips : DataFrame
        ``FLIP_COLUMNS``: every input that would flip a decision, by itself.
    travel : DataFrame
        site_id, ``FARTHER_COLUMNS`` and service (its name): from where it is farther because of a decision.
    """

    reasons: pd.DataFrame
    flips: pd.DataFrame
    travel: pd.DataFrame

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables by the name of their file."""
        return {"reasons": self.reasons, "reasons_flips": self.flips, "reasons_travel": self.travel}


class Reasons:
    """Puts prices into figures and sentences.

    Parameters
    ----------
    estate, config
        What was planned.
    questions, best
        The model and its plan.
    """

    def __init__(self, estate: Estate, config: Config, questions: Questions, best: Found) -> None:
        self.estate, self.config, self.questions, self.best = estate, config, questions, best
        self.prices = Prices(questions, best)
        self.worth = worth(estate, config, best.solution.plan)
        self.nearest = Nearest(estate, config)
        self.km = self.nearest.km(best.solution.plan)
        horizon = config.horizon.horizon()
        years = {t: horizon.label(t) for t in range(horizon.appraisal_years)}
        self.called = called(estate.tables, years)

    def rows(
        self, site_ids: Sequence[str], *, held: bool = True, free: bool = False,
        named: bool = False, tell: Callable[[str], None] | None = None,
    ) -> Told:  # fmt: skip
        """Return what is told of sites, by one kind of price or both; sites that are named get more time."""
        rows, flipping, travel = [], [], []
        for site_id in site_ids:
            if self.questions.stop.is_set():
                break
            for kind, wanted, ask in (
                (HELD, held, partial(self.prices.held, named=named)),
                (FREE, free, self.prices.everything_free),
            ):
                if not wanted:
                    continue
                row, changes, farther = self.row(ask(site_id), kind)
                rows.append(row)
                flipping.append(changes.assign(price_kind=kind))
                travel.append(farther.assign(site_id=site_id, price_kind=kind))
            if tell:
                tell(site_id)
        return Told(
            pd.DataFrame(rows, columns=list(REASON_COLUMNS)),
            pd.concat([pd.DataFrame(columns=[*FLIP_COLUMNS, "price_kind"]), *flipping], ignore_index=True),
            pd.concat(travel, ignore_index=True) if travel else pd.DataFrame(columns=["site_id"]),
        )

    def unpriced(self, site_ids: Sequence[str], kind: str, why: str) -> Told:
        """Return rows of sites that were not priced, with why."""
        words = f"Not priced ({kind}): {why}."
        rows = [
            {
                "site_id": site_id,
                "name": self.called.sites.get(site_id, ""),
                "decision": self.prices.decision(site_id),
                "price_kind": kind,
                "robustness": NOT_PRICED,
                "sentence": words,
                "plain": words,
            }
            for site_id in site_ids
        ]
        return replace(self.rows([]), reasons=pd.DataFrame([_filled(row) for row in rows]))

    def row(self, price: Price, kind: str) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
        """Return the row of one price, what would flip it, and who travels farther."""
        row: dict[str, Any] = {
            "site_id": price.site_id,
            "name": self.called.sites.get(price.site_id, ""),
            "decision": price.decision,
            "otherwise": price.otherwise,
            "price_kind": kind,
            "price_low_gbp": price.low_gbp if np.isfinite(price.low_gbp) else np.nan,
            "price_high_gbp": price.high_gbp if np.isfinite(price.high_gbp) else np.nan,
            "proof": self.proof(price, kind),
            "robustness": self.robustness(price, kind),
            "rule": price.rule,
            "needs": "; ".join(need_words(need, self.called) for need in price.needs),
        }
        if np.isposinf(price.low_gbp) and not price.needs:
            row["needs"] = lifted_words(self.estate.tables, price.site_id, price.rule)
        changes, farther = pd.DataFrame(columns=list(FLIP_COLUMNS)), self.nearest.farther({}, {})
        if price.x is not None:
            other = read_plan(self.questions.model, price.x)
            run = self.estate, self.config
            lines = apart(run, (self.best.solution.plan, other), self.worth)
            changes = flips(run, price.site_id, price.high_gbp, lines)
            farther = self._farther(price, other)
            row |= self._driven(lines) | self._first(changes) | {"people_farther": self._people(farther)}
        row = _filled(row)
        services = [self.called.services.get(one) or one for one in farther["service_id"].astype(str)]
        farther = farther.assign(service=services)
        more = (changes, farther, self.called.sites)
        words = {"sentence": reason_words(row, more), "plain": reason_words(row, more, money=False)}
        return row | words, changes, farther

    def proof(self, price: Price, kind: str) -> str:
        """Say whether a price is exact, or an interval that the search left open."""
        if np.isposinf(price.low_gbp):
            return ""
        exact = max(1.0, EXACT * abs(self.best.value)) if kind == HELD else 1.0
        return PROVED if price.high_gbp - price.low_gbp <= exact else OPEN

    def robustness(self, price: Price, kind: str) -> str:
        """Say how far the evidence carries the decision."""
        if np.isposinf(price.low_gbp):
            return BARRED
        if kind == FREE:
            return NOT_SETTLED if price.low_gbp <= 0 <= price.high_gbp else FIRM
        tiny = 1e-6 * abs(self.best.value)
        if price.high_gbp < -tiny:
            return BETTER
        return UNDECIDED if price.low_gbp <= max(self.best.bound - self.best.value, tiny) else FIRM

    def _driven(self, apart: pd.Series) -> dict[str, Any]:
        """Return the line of the ledger in which the two plans differ most."""
        total = apart.groupby(level="line").sum()
        if not len(total) or total.abs().max() <= 0.5:
            return {}
        driver = str(total.abs().idxmax())
        return {"driver": driver, "driver_gbp": float(total[driver])}

    def _first(self, changes: pd.DataFrame) -> dict[str, Any]:
        """Return the input of which the smallest change flips the decision."""
        if changes.empty:
            return {}
        first = changes.iloc[0]
        told = {"input": "input", "about": "input_about", "unit": "input_unit", "now": "input_now"}
        names = told | {"flips_at": "flips_at", "change_share": "change_share"}
        return {to: first[name] for name, to in names.items()}

    def _farther(self, price: Price, other: Plan) -> pd.DataFrame:
        """Return who has farther to go because of what closes: with the plan, or if decided otherwise."""
        then = self.nearest.km(other)
        done = price.decision in ("close", "hub")
        return self.nearest.farther(then, self.km) if done else self.nearest.farther(self.km, then)

    @staticmethod
    def _people(farther: pd.DataFrame) -> float:
        """Return how many people have farther to go, each once [person]."""
        return float(farther.drop_duplicates("area_id")["people"].sum())


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with every column, in order."""
    return {name: row.get(name, "" if name in WORDS else np.nan) for name in REASON_COLUMNS}
