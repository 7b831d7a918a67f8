"""What every purse spends, has and owes, by year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from estate.core.money import SMALL_RECEIPT_GBP
from estate.verify.money import SALE_ROUTES, lag_years, receipt_factor, valuation_of
from estate.verify.records import Leaving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from estate.config import AssetFinance
    from estate.verify.facts import Facts

    Floats = NDArray[np.float64]

POOLED = "pooled"


@dataclass(frozen=True)
class Purse:
    """One purse by decision year [GBP of the day].

    Attributes
    ----------
    carries : bool
        Whether what is left of a budget is there in the next year.
    budget, grant, limit, receipts : ndarray
        What comes in: budget, grant, leave to borrow, receipts that may be spent again.
    spend, works : ndarray
        Capital spend, and of it that for hubs and closures.
    """

    carries: bool
    budget: Floats
    grant: Floats
    limit: Floats
    receipts: Floats
    spend: Floats
    works: Floats

    @classmethod
    def empty(cls, years: int, *, carries: bool) -> Self:
        """Return a purse with nothing in it."""
        return cls(carries, *(np.zeros(years) for _ in range(6)))

    def add(self, name: str, t: int, amount: float) -> None:
        """Add an amount in a year; what comes before the first year is there in it."""
        there: Floats = getattr(self, name)
        if t < len(there):
            there[max(0, t)] += amount

    @property
    def other(self) -> Floats:
        """Return grants and receipts to date."""
        return np.cumsum(self.grant + self.receipts)

    @property
    def beyond(self) -> Floats:
        """Return what is spent to date beyond what budgets pay for; below 0 where they are not used up."""
        left = self.spend - self.budget
        return np.cumsum(left if self.carries else np.maximum(left, 0.0))

    def used(self) -> Floats:
        """Return what the purse spends: to date, or by year where budgets lapse."""
        return np.cumsum(self.spend) if self.carries else self.spend

    def there(self) -> Floats:
        """Return what it could spend: to date, or by year where budgets lapse."""
        more = self.other + np.cumsum(self.limit)
        if self.carries:
            return np.asarray(np.cumsum(self.budget) + more)
        before = np.append(0.0, self.beyond[:-1])
        return np.asarray(self.budget + np.maximum(0.0, more - before))

    def owed(self) -> Floats:
        """Return what is borrowed by the end of each year: the running maximum of what is short."""
        short = np.maximum.accumulate(np.maximum(0.0, self.beyond - self.other))
        return np.asarray(np.minimum(short, np.cumsum(self.limit)))


def purses(facts: Facts, options: Mapping[str, Any]) -> dict[str, Purse]:
    """Return every purse under the options of the rule ``capital``; none without budgets."""
    if not facts.budgets:
        return {}
    pooled = options.get("purses", POOLED) == POOLED
    carries, years = bool(options.get("carry_forward", True)), facts.decision_years
    names = [POOLED] if pooled else [p.partner_id for p in facts.partners.values() if p.in_plan]
    found = {name: Purse.empty(years, carries=carries) for name in names}
    for name, t, money in facts.budgets:
        purse = found.get(POOLED if pooled else name)
        if purse is not None:
            for kind, amount in money.items():
                purse.add(kind, t, amount * float(facts.prices[min(max(0, t), years - 1)]))
    for partner, amounts, works in _spend(facts):
        purse = found.setdefault(POOLED if pooled else partner, Purse.empty(years, carries=carries))
        purse.spend[:] += amounts
        purse.works[:] += works
    for owner, t, amount in _again(facts, options):
        found.setdefault(POOLED if pooled else owner, Purse.empty(years, carries=carries)).add(
            "receipts", t, amount
        )
    return found


def _spend(facts: Facts) -> Iterator[tuple[str, Floats, Floats]]:
    """Yield what each decision spends for whom by decision year, and of it works [GBP of the day]."""
    for decision in facts.decisions:
        for partner, amounts in facts.cash(decision).spend.items():
            spent = (amounts * facts.prices)[: facts.decision_years]
            yield partner, spent, 0.0 * spent if isinstance(decision, Leaving) else spent


def _again(facts: Facts, options: Mapping[str, Any]) -> Iterator[tuple[str, int, float]]:
    """Yield who may spend what of an expected receipt again, and from when [GBP of the day]."""
    for closing in facts.closings if options.get("receipts", True) else ():
        site = facts.sites[closing.site_id]
        if closing.route in SALE_ROUTES:
            valuation = valuation_of(facts, site, closing.route)
            kept = facts.partners[site.partner].retention if site.partner in facts.partners else 1.0
            expected = valuation.receipt_gbp * valuation.probability * receipt_factor(site) * kept
            came = closing.year + lag_years(site, valuation)
            if came >= facts.appraisal_years or expected * facts.prices[came] <= SMALL_RECEIPT_GBP:
                continue
            again = float(options.get("recycle_share", 0.5)) * expected * float(facts.prices[came])
            yield site.partner, came + int(options.get("recycle_lag_years", 1)), again


def debt_costs(facts: Facts) -> tuple[Floats, Floats]:
    """Return interest, and interest with provision, by year on all that was ever borrowed [GBP]."""
    interest, charges = np.zeros(facts.appraisal_years), np.zeros(facts.appraisal_years)
    if "capital" not in facts.rules:
        return interest, charges
    finance = facts.finance
    works = finance.rate + _provision(finance.works, facts)
    other = max(works, *(finance.rate + _provision(terms, facts) for terms in (finance.fit_out, finance.it)))
    year_before = np.minimum(np.arange(facts.appraisal_years - 1), facts.decision_years - 1)
    for purse in purses(facts, facts.rules["capital"]).values():
        prices = facts.prices[: facts.decision_years]
        owed = purse.owed() / prices
        beyond = np.maximum(0.0, owed - np.cumsum(purse.works) / prices)
        interest[1:] += finance.rate * owed[year_before]
        charges[1:] += (works * (owed - beyond) + other * beyond)[year_before]
    return interest, charges


def _provision(terms: AssetFinance, facts: Facts) -> float:
    """Return the highest yearly provision for a pound [share]."""
    rate = facts.finance.rate if facts.finance.provision_rate is None else facts.finance.provision_rate
    if terms.provision == "equal" or rate == 0:
        return 1.0 / terms.life_years
    return float(rate / (1.0 + rate) / (1.0 - (1.0 + rate) ** -terms.life_years))
