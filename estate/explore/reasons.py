"""Why each site is decided as it is: price, cost or rule, who travels farther, what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.appraise.access_summary import access_summary
from estate.appraise.ledger import build_ledger
from estate.core.money import discount_factors
from estate.explore.prices import Price, Prices
from estate.solve.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from estate.config import Config
    from estate.core.types import Estate, Plan
    from estate.explore.ask import Found, Questions

HELD, FREE = "hubs and years held", "everything free"
UNDECIDED = "undecided by this evidence"
NOT_SETTLED = "not settled"
BARRED = "cannot be decided otherwise"
BETTER = "would save more decided otherwise"
FIRM = "firm"
RUNNING = ("running_cost", "double_running", "empty_rates")
SALE = ("receipt", "disposal_cost")
VERBS = {
    "keep": "keeping it open",
    "close": "closing it",
    "hub": "making it a hub",
    "no hub": "not making it a hub",
}
DONE = {"keep": "Stays", "close": "Closes", "hub": "Becomes a hub", "unused": "Is not used as a hub"}


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
        self.plan = best.solution.plan
        years = config.horizon.appraisal_years
        self.factors = discount_factors(config.vintage, years, config.timing)
        self.lines = self._by_line(self.plan)
        self.farther = self._farther(self.plan)
        sites = estate.tables["sites"]
        self.names = dict(zip(sites["site_id"].astype(str), sites["name"].astype(str), strict=True))

    def rows(
        self, site_ids: Sequence[str], *, free: bool = False, tell: Callable[[str], None] | None = None
    ) -> pd.DataFrame:
        """Return one row a site and kind of price.

        Returns
        -------
        DataFrame
            site_id, name, decision, otherwise, price (which of the two kinds), price_low_gbp,
            price_high_gbp, robustness, rule, driver, driver_gbp, residents_farther, input,
            input_now, flips_at, sentence.
        """
        rows = []
        for site_id in site_ids:
            rows.append(self.row(self.prices.held(site_id), HELD))
            if free:
                rows.append(self.row(self.prices.everything_free(site_id), FREE))
            if tell:
                tell(site_id)
        return pd.DataFrame(rows)

    def row(self, price: Price, kind: str) -> dict[str, Any]:
        """Return the row of one price."""
        row: dict[str, Any] = {
            "site_id": price.site_id,
            "name": self.names.get(price.site_id, ""),
            "decision": price.decision,
            "otherwise": price.otherwise,
            "price": kind,
            "price_low_gbp": price.low_gbp if np.isfinite(price.low_gbp) else np.nan,
            "price_high_gbp": price.high_gbp if np.isfinite(price.high_gbp) else np.nan,
            "robustness": self.robustness(price, kind),
            "rule": price.rule,
        }
        if price.x is not None:
            row |= self._compared(price, read_plan(self.questions.model, price.x))
        return row | {"sentence": self.sentence(row)}

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

    def _by_line(self, plan: Plan) -> pd.Series:
        """Return the present value of every line by site [GBP], plan against business as usual."""
        ledger = build_ledger(self.estate, self.config, plan)
        rows = ledger[ledger["view"].isin(["both", self.config.objective])]
        sign = np.where(rows["case"] == "plan", 1.0, -1.0)
        value = rows["amount_gbp"].to_numpy() * sign * self.factors[rows["t"].to_numpy(dtype=int)]
        return pd.Series(value).groupby([rows["site_id"].to_numpy(), rows["line"].to_numpy()]).sum()

    def _farther(self, plan: Plan) -> float:
        """Return residents with farther to go than today, in the last year shown [person]."""
        if self.estate.tables["areas"].empty:
            return np.nan
        table = access_summary(self.estate, self.config, plan).any_service
        last = table[(table["places"] == "all") & (table["t"] == table["t"].max())]
        return float(last["residents"].iloc[0]) if len(last) else np.nan

    def _compared(self, price: Price, other: Plan) -> dict[str, Any]:
        """Compare the plan with the best that decides otherwise: lines, residents, what would flip it."""
        apart = self.lines.sub(self._by_line(other), fill_value=0.0)
        total = apart.groupby(level=1).sum()
        driver = str(total.abs().idxmax()) if len(total) and total.abs().max() > 0.5 else ""
        row: dict[str, Any] = {
            "driver": driver,
            "driver_gbp": float(total[driver]) if driver else np.nan,
            "residents_farther": self.farther - self._farther(other),
        }
        return row | self._flip(price, apart)

    def _flip(self, price: Price, apart: pd.Series) -> dict[str, Any]:
        """Return the change of one input of the site after which both plans are worth the same.

        Lines that grow with the input change the difference in proportion, so at the value given
        the other plan is as good: the decision flips there at the latest.
        """
        costs, values = self.estate.tables["running_costs"], self.estate.tables["valuations"]
        running = costs.loc[costs["site_id"] == price.site_id, "gbp_per_year"].sum()
        receipt = values.loc[values["site_id"] == price.site_id, "receipt_gbp"].max()
        inputs = (("running cost [GBP/year]", RUNNING, running), ("receipt [GBP]", SALE, receipt))
        found: list[tuple[float, str, float, float]] = []
        for name, lines, given in inputs:
            now = float(given) if pd.notna(given) else 0.0
            part = sum(float(apart.get((price.site_id, line), 0.0)) for line in lines)
            share = 1 - price.high_gbp / part if abs(part) > 1 else np.nan
            if now > 0 and np.isfinite(share) and share >= 0:
                found.append((abs(share - 1), name, now, now * share))
        if not found:
            return {}
        _, name, now, value = min(found)
        return {"input": name, "input_now": now, "flips_at": value}

    def sentence(self, row: dict[str, Any]) -> str:
        """Return the reason in a sentence or three."""
        first = f"{DONE[row['decision']]}."
        verb = VERBS[row["otherwise"]]
        if row["robustness"] == BARRED:
            why = f" by {row['rule']}" if row["rule"] else ""
            return f"{first} {verb.capitalize()} is barred{why} ({row['price']})."
        low, high = row["price_low_gbp"], row["price_high_gbp"]
        parts = [first, f"{verb.capitalize()} {_costs(low, high)} ({row['price']}): {row['robustness']}."]
        if row["rule"]:
            parts.append(f"Without the rule {row['rule']} it would pay.")
        elif row.get("driver"):
            amount = row["driver_gbp"]
            way = "for" if amount > 0 else "against"
            parts.append(
                f"The largest difference is {row['driver'].replace('_', ' ')},"
                f" £{abs(amount):,.0f} {way} the plan."
            )
        more = row.get("residents_farther")
        if more is not None and np.isfinite(more) and abs(more) >= 1:
            parts.append(
                f"{abs(more):,.0f} {'more' if more > 0 else 'fewer'} residents"
                " have farther to go than otherwise."
            )
        if row.get("input"):
            what, unit = row["input"].rstrip("]").split(" [")
            each = " a year" if "year" in unit else ""
            parts.append(
                f"It flips at the latest when its {what} is £{row['flips_at']:,.0f}{each}"
                f" (now £{row['input_now']:,.0f})."
            )
        return " ".join(parts)


def _costs(low: float, high: float) -> str:
    """Say a price, or its interval where its ends are apart."""
    if np.isnan(low) or np.isnan(high):
        return "has a price that was not found in the time given"
    if abs(high - low) <= max(1.0, 1e-3 * abs(high)):
        return f"would {'cost' if high >= 0 else 'save'} £{abs(high):,.0f}"
    return f"would cost between {_pounds(low)} and {_pounds(high)}"


def _pounds(amount: float) -> str:
    return f"-£{-amount:,.0f}" if amount < 0 else f"£{amount:,.0f}"
