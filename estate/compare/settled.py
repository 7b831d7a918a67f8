"""What two searches can prove of a difference, and how it is shown: red, amber, green, with words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estate.compare.runs import ROUNDING_GBP
from estate.core.money import discount_factors
from estate.present.words import NOTHING_TO_PAY_BACK, is_missing, nothing_to_pay_back, quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.compare.runs import Run
    from estate.config import CompareSection

PENNY_GBP = 0.01
MORE_IS_BETTER = ("saving_", "npv_", "equivalent_annual_", "benefit_cost_ratio", "irr", "carbon_saving")
PAYBACK = ("payback_", "discounted_payback_")
LESS_IS_BETTER = (
    *("running_cost_plan", *PAYBACK, "peak_funding", "capital_gbp", "residents_worse_off"),
    *("carbon", "emissions"),
)
OF_THE_INPUTS = ("decided_sites", "assumed_cost_share", "share_of_estate_decided")
"""Figures that follow from the inputs, whatever plan a search finds."""

NOT_SETTLED = "not settled"
SEARCH = "the two searches leave more open than that"


@dataclass(frozen=True)
class Shown:
    """One figure of one run beside that of the base.

    Attributes
    ----------
    delta : float or None
        Difference from the base; None where none is proved, or none can be worked out.
    status : str
        red, amber, green, ``not settled``, same, differs, or blank.
    words : str
        The status in words, never by colour alone.
    """

    delta: float | None
    status: str
    words: str


def open_gbp(base: Run, run: Run) -> float | None:
    """Return what the two searches leave open together [GBP]; None where these readers are not told."""
    gaps = (base.gap_gbp, run.gap_gbp)
    return None if gaps[0] is None or gaps[1] is None else gaps[0] + gaps[1] + _rounding(base, run)


def settled(base: Run, run: Run) -> bool:
    """Say whether the two runs are proved to differ in what they can save at best.

    They are where the plan of one saves more than any plan of the other could. Where these readers
    are not told, a plan stands beside business as usual as it is: that was not searched for.
    """
    found = best_apart_gbp(base, run)
    if found is None:
        return base.given or run.given
    return found[0] > _rounding(base, run) or found[1] < -_rounding(base, run)


def best_apart_gbp(base: Run, run: Run) -> tuple[float, float] | None:
    """Return the least and the most that the best plan of a run can save beyond that of the base [GBP]."""
    if base.gap_gbp is None or run.gap_gbp is None or base.saving_gbp is None or run.saving_gbp is None:
        return None
    apart = run.saving_gbp - base.saving_gbp
    return apart - base.gap_gbp, apart + run.gap_gbp


def least_gbp(base: Run, run: Run) -> float | None:
    """Return the smallest difference of amounts that is proved [GBP]; None where none is.

    A plan that was given, such as business as usual, was not searched for: against it every
    plan is shown as it stands.
    """
    if not settled(base, run):
        return None
    return _rounding(base, run) if base.given or run.given else open_gbp(base, run)


def _rounding(base: Run, run: Run) -> float:
    return PENNY_GBP if base.audience == run.audience == "internal" else ROUNDING_GBP


def show(key: str, base: Run, run: Run, rules: CompareSection) -> Shown:
    """Put one headline figure of a run beside that of the base.

    A difference is only given where the runs are proved to differ in what can be saved at best,
    and where it is larger than what the two searches leave open: for totals [GBP] the sum of
    their gaps, for yearly amounts that sum over the present value of a pound a year.
    """
    one, other = base.headlines.get(key, {}), run.headlines.get(key, {})
    before, value = _number(one.get("value")), _number(other.get("value"))
    unit = str(other.get("unit") or one.get("unit") or "")
    limit = rules.thresholds.get(key)
    idle = [name for name, row in (("in the base", one), ("here", other)) if nothing_to_pay_back(row)]
    if len(idle) == 1:
        return Shown(None, "differs", f"{NOTHING_TO_PAY_BACK} {idle[0]}")
    if value is None or before is None:
        both = value is None and before is None
        return Shown(None, "same" if both else "differs", "neither has it" if both else "only one has it")
    if limit is not None:
        status, words = _by_threshold(value, limit.amber, limit.red, unit)
    else:
        status, words = "", ""
    least = 0.0 if key in OF_THE_INPUTS else _least(unit, base, run)
    delta = value - before
    if delta == 0 or (not unit.startswith("GBP") and abs(delta) <= 1e-9 * abs(before)):
        return Shown(0.0, status or "same", words or "same")
    proved = least is not None and abs(delta) > least
    if proved:
        moved, told = _against(key, before, delta, unit, rules.amber_share)
    elif _is_objective(key, base, run):
        moved, told = _at_best(base, run)
    else:
        moved, told = NOT_SETTLED, f"{NOT_SETTLED}: {SEARCH}"
    if words and proved:  # the threshold alone gives the colour
        told = told.removeprefix(f"{moved}: ")
    return Shown(delta if proved else None, status or moved, "; ".join(filter(None, [words, told])))


def _is_objective(key: str, base: Run, run: Run) -> bool:
    """Say whether a figure is what both runs made as great as they could, and one is proved better."""
    objectives = {str(one.config.get("objective")) for one in (base, run)}
    return objectives == {key.removeprefix("npv_").removesuffix("_gbp")} and settled(base, run)


def _at_best(base: Run, run: Run) -> tuple[str, str]:
    """Return status and words of what the best plans are proved to differ by, at least and at most."""
    least, most = best_apart_gbp(base, run) or (0.0, 0.0)
    status, word = ("green", "better") if least > 0 else ("red", "worse")
    by = [quantity(amount, "GBP") for amount in sorted((abs(least), abs(most)))]
    return status, f"{status}: {word}, the best plans by {by[0]} to {by[1]}"


def _number(value: Any) -> float | None:  # noqa: ANN401 - part of a JSON value
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and not is_missing(value)
    return float(value) if known and math.isfinite(value) else None


def _least(unit: str, base: Run, run: Run) -> float | None:
    """Return the smallest difference that is proved, in the unit; None where none is."""
    left = least_gbp(base, run)
    if left is None:
        return None
    if unit == "GBP/year":
        return left / min(_annuity(base.config), _annuity(run.config))
    return left if unit == "GBP" else 0.0


def _annuity(config: Mapping[str, Any]) -> float:
    """Return the present value of a pound a year [GBP]; 1, the strictest, where it is not known."""
    years = (config.get("horizon") or {}).get("appraisal_years")
    if not isinstance(years, int):
        return 1.0
    factors = discount_factors(str(config["vintage"]), years, str(config["timing"]))
    return max(1.0, float(factors.sum()))


def _by_threshold(value: float, amber: float, red: float, unit: str) -> tuple[str, str]:
    high_is_bad = red > amber
    for status, limit in (("red", red), ("amber", amber)):
        if (value >= limit) if high_is_bad else (value <= limit):
            side = "from" if high_is_bad else "down to"
            return status, f"{status}: {side} {quantity(limit, unit)}"
    return "green", f"green: amber {'from' if high_is_bad else 'down to'} {quantity(amber, unit)}"


def _against(key: str, before: float, delta: float, unit: str, amber_share: float) -> tuple[str, str]:
    """Return status and words of a proved difference."""
    size = _size(abs(delta), unit)
    more = "more" if delta > 0 else "less"
    if unit in {"year", "years"}:
        more = "later" if delta > 0 else "earlier"
    better = _better(key, delta)
    if better is None:
        return "differs", f"{size} {more}"
    if better:
        return "green", f"green: better, {size} {more}"
    part = abs(delta / before) if before else math.inf
    status = "amber" if part <= amber_share else "red"
    told = f" ({part:.1%})" if math.isfinite(part) else ""
    return status, f"{status}: worse, {size} {more}{told}"


def _size(amount: float, unit: str) -> str:
    """Return an amount in words, its noun single where it is one."""
    if unit.startswith("share"):
        return f"{100 * amount:,.1f} percentage points"
    words = quantity(amount, unit)
    if amount != 1 or unit.startswith("GBP"):
        return words
    return words.replace("people", "person").removesuffix("s")


def _better(key: str, delta: float) -> bool | None:
    if key.startswith(MORE_IS_BETTER):
        return delta > 0
    return delta < 0 if key.startswith(LESS_IS_BETTER) else None
