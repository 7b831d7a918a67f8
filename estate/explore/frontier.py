"""What a saving costs in closures, capital or travel: plans along the frontier, by epsilon-constraint.

Each point is the plan that saves most while a measure (or two) stays within a limit. The end points
are exact in the order of importance: first the least of the measure that any plan has, then the
most it saves; and the most that any plan saves, then the least of the measure at that saving. Where
more than `OPEN` could still be saved, limits go on to where the linear relaxation ends, and the last
point is the best plan found.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.core.errors import EstateError, InfeasibleError
from estate.explore.measure import MEASURES, running_saving
from estate.solve.restricted import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from estate.explore.ask import Found, Questions

Floats = NDArray[np.float64]
OPEN = 0.01  # share of the best saving found, above which it is not known where the frontier ends
SLACK = 1e-7  # relative, so that a limit that is met exactly is not lost to rounding


@dataclass(frozen=True)
class Point:
    """One point of a frontier.

    Attributes
    ----------
    limits : mapping of str to float
        What was allowed of each measure; empty at the plan that saves most.
    found : Found or None
        The plan; None where there is none, or none was found.
    status : str
        ``found``, ``none``: proved that no plan keeps the limits; ``not found``: in the time given.
    up_to : mapping of str to float
        The loosest limits at which the same plan was found; empty where it was found once.
    """

    limits: Mapping[str, float]
    found: Found | None
    status: str
    up_to: Mapping[str, float] = field(default_factory=dict)


def frontier(
    questions: Questions, against: Sequence[str], count: int, tell: Callable[[int], None] | None = None
) -> list[Point]:
    """Return points from the least of the measures to the plan that saves most.

    Parameters
    ----------
    questions : Questions
        The model.
    against : sequence of str
        One or two of `MEASURES`.
    count : int
        Points along each measure, both ends among them.
    tell : callable, optional
        Told how many points there are.

    Raises
    ------
    InfeasibleError, SolverError
        If there is no plan at all.
    """
    best = questions.best()
    unknown = best.bound - best.value > OPEN * abs(best.value)
    relaxed = questions.relaxed() if unknown else None
    ends = {name: _far(questions, name, best, relaxed) if unknown else _ends(questions, name, best)
            for name in against}  # fmt: skip
    steps = {name: _steps(name, *ends[name], count) for name in against}
    points: list[Point] = []
    for values in product(*(steps[name] for name in against)):
        limits = dict(zip(against, values, strict=True))
        known = [one.found for one in points if one.found is not None and _within(one.limits, limits)]
        start = max(known, key=lambda found: found.value).x if known else None
        whole = unknown and all(limits[name] >= steps[name][-1] for name in against)
        points.append(Point(limits, best, "found") if whole else point(questions, limits, start))
        if tell:
            tell(len(points))
    return merged(sharpened(points))


def sharpened(points: Sequence[Point]) -> list[Point]:
    """Let points learn from one another: what is found or proved of one holds for others too.

    A plan within tighter limits is within looser ones, and what no plan saves within looser limits
    none saves within tighter ones.
    """
    better = []
    for one in points:
        inside = [q.found for q in points if q.found is not None and _within(q.limits, one.limits)]
        outside = [q for q in points if _within(one.limits, q.limits)]
        if not inside:
            proved = any(q.status == "none" for q in outside)
            better.append(replace(one, status="none") if proved else one)
            continue
        found = max(inside, key=lambda plan: plan.value)
        bound = min((q.found.bound for q in outside if q.found is not None), default=np.inf)
        better.append(Point(one.limits, replace(found, bound=max(found.value, bound)), "found"))
    return better


def _within(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(limit <= other[name] for name, limit in one.items())


def merged(points: Sequence[Point]) -> list[Point]:
    """Put points with the same plan together, at the tightest limits; up_to and bound are of the loosest."""
    kept: list[Point] = []
    for one in points:
        same = (
            number
            for number, other in enumerate(kept)
            if one.found is not None
            and other.found is not None
            and np.array_equal(one.found.x, other.found.x)
        )
        number = next(same, None)
        if number is None:
            kept.append(one)
            continue
        first, found = kept[number], one.found
        bound = max(first.found.bound, found.bound) if first.found and found else np.inf
        most = {name: max(limit, one.limits[name]) for name, limit in (first.up_to or first.limits).items()}
        kept[number] = replace(first, up_to=most, found=found and replace(found, bound=bound))
    return kept


def _far(questions: Questions, name: str, best: Found, relaxed: Floats | None) -> tuple[float, float]:
    """Return the least of a measure, and that of the best plan found or, if it is more, of the relaxation."""
    values = questions.measure(name)
    low = -questions.best(goal=-values, gap=0.0).value
    high = max(low, *(float(values @ x) for x in (best.x, relaxed) if x is not None))
    return low, float(np.ceil(high)) if name == "closures" else high


def _ends(questions: Questions, name: str, best: Found) -> tuple[float, float]:
    """Return the least of a measure in any plan, and its least at the greatest saving."""
    values = questions.measure(name)
    least = questions.best(goal=-values, gap=0.0)
    asked = [Row("the best saving", questions.saving, low=best.value - 1e-3)]
    at_best = questions.best(asked, -values, 0.0, best.x)
    return -least.value, min(-at_best.value, float(values @ best.x))


def _steps(name: str, low: float, high: float, count: int) -> list[float]:
    """Return the limits of a measure from its least to that of the best plan."""
    steps = np.linspace(low, high, max(2, count))
    if name == "closures":
        steps = np.unique(np.round(steps))
    return [float(step) for step in np.unique(steps)]


def point(questions: Questions, limits: Mapping[str, float], start: Floats | None = None) -> Point:
    """Return the plan that saves most within limits of measures, from a plan within them if one is known."""
    rows = [
        Row(
            f"{name} at most {limit:,.6g}",
            questions.measure(name),
            high=limit + SLACK * max(1.0, abs(limit)),
        )
        for name, limit in limits.items()
    ]
    try:
        return Point(limits, questions.best(rows, start=start), "found")
    except InfeasibleError:
        return Point(limits, None, "none")
    except EstateError:
        return Point(limits, None, "not found")


def sweep(
    questions: Questions, shares: Sequence[float], bau_gbp_per_year: float, goals: Sequence[str]
) -> pd.DataFrame:
    """Return the least closures and the least travel with which a share of running cost is saved.

    Parameters
    ----------
    questions : Questions
        The model.
    shares : sequence of float
        Shares of the running cost of business as usual to be saved [share].
    bau_gbp_per_year : float
        That running cost, of decided sites [GBP/year].
    goals : sequence of str
        Measures of which the least is looked for, one at a time.

    Returns
    -------
    DataFrame
        share, least_of, status, at_least (no plan has less), and every measure, the running saving
        [GBP/year] and the net present saving [GBP] of the plan found.
    """
    model, horizon = questions.model, questions.model.inst.horizon
    year = min(horizon.decision_years, horizon.appraisal_years - 1)
    running = running_saving(model, year)
    rows: dict[tuple[float, str], dict[str, object]] = {}
    for name in goals:
        known: Found | None = None  # a plan that saves more serves where less is asked for
        for share in sorted(shares, reverse=True):
            asked = Row(f"running saving of {share:.0%}", running, low=share * bau_gbp_per_year * (1 - SLACK))
            status, known = _least(questions, (asked, name), known)
            row = {"share": share, "year": horizon.label(year), "least_of": name, "status": status}
            if status == "found" and known is not None:
                row |= {
                    "at_least": round(-known.bound, 6) + 0.0,  # no minus before a nought
                    "running_saving_gbp": running @ known.x,
                }
                row |= measures_of(questions, known)
            rows[share, name] = row
        _needed_for_more(rows, name)
    return pd.DataFrame([rows[share, name] for share, name in product(shares, goals)])


def _needed_for_more(rows: Mapping[tuple[float, str], dict[str, object]], name: str) -> None:
    """Raise what is needed at least to what a smaller saving needs: no plan that saves more needs less."""
    needed = -np.inf
    for share in sorted(share for share, goal in rows if goal == name):
        row = rows[share, name]
        if "at_least" in row:
            needed = max(needed, float(str(row["at_least"])))
            row["at_least"] = needed


def _least(questions: Questions, asked: tuple[Row, str], known: Found | None) -> tuple[str, Found | None]:
    """Return found, none or not found, and the plan with the least of a measure known by now."""
    row, name = asked
    try:
        found = questions.best([row], -questions.measure(name), start=None if known is None else known.x)
    except InfeasibleError:
        return "none", known
    except EstateError:
        return "not found", known
    if known is not None and known.value > found.value:
        found = replace(known, bound=max(found.bound, known.value))
    return "found", found


def measures_of(questions: Questions, found: Found) -> dict[str, float]:
    """Return every measure of a plan, and its net present saving [GBP]."""
    values = {name: float(questions.measure(name) @ found.x) for name in MEASURES}
    hubs = float(found.x[questions.columns("hub")].sum())
    return {**values, "hubs": hubs, "saving_npv_gbp": found.solution.objective_gbp}


def table(questions: Questions, points: Sequence[Point], against: Sequence[str]) -> pd.DataFrame:
    """Return the points with their measures, intervals, and which is dominated and which the knee.

    Returns
    -------
    DataFrame
        point, limit by measure, status, saving_npv_gbp, bound_npv_gbp (no plan within the limits
        saves more), proved (gap 0), measures, dominated (yes only where both plans are proved), knee.
    """
    rows = []
    for number, one in enumerate(points, start=1):
        row: dict[str, object] = {"point": number, **{f"{name}_limit": one.limits[name] for name in against}}
        row |= {f"{name}_up_to": one.up_to.get(name, one.limits[name]) for name in against}
        row["status"] = one.status
        if one.found is not None:
            row |= {"bound_npv_gbp": one.found.bound, "proved": one.found.exact}
            row |= measures_of(questions, one.found)
        rows.append(row)
    frame = pd.DataFrame(rows)
    frame["dominated"] = _dominated(frame, against)
    frame["knee"] = _knee(frame, against[0]) if len(against) == 1 else False
    return frame


def _dominated(frame: pd.DataFrame, against: Sequence[str]) -> list[bool]:
    """Say which points another beats in everything; only where both are proved best at their limits."""
    told = []
    if "saving_npv_gbp" not in frame:
        return [False] * len(frame)
    proved = frame[frame["proved"].fillna(value=False).astype(bool)]
    for row in frame.to_dict("records"):
        if row.get("proved") is not True:
            told.append(False)
            continue
        saves = proved["saving_npv_gbp"] >= row["saving_npv_gbp"] - 1e-3
        near = {name: SLACK * abs(row[name]) + 1e-9 for name in against}
        no_worse = np.logical_and.reduce([proved[name] <= row[name] + near[name] for name in against])
        better = proved["saving_npv_gbp"] > row["saving_npv_gbp"] + 1e-3
        for name in against:
            better |= proved[name] < row[name] - near[name]
        told.append(bool((saves & no_worse & better).any()))
    return told


def _knee(frame: pd.DataFrame, name: str) -> list[bool]:
    """Mark the point farthest above the straight line between the ends, both axes scaled to 1.

    Satopaa, Albrecht, Irwin & Raghavan 2011, "Finding a kneedle in a haystack".
    """
    none = [False] * len(frame)
    if "saving_npv_gbp" not in frame or frame["saving_npv_gbp"].notna().sum() < 3:
        return none
    x, y = frame[name].to_numpy(dtype=float), frame["saving_npv_gbp"].to_numpy(dtype=float)
    width, height = np.nanmax(x) - np.nanmin(x), np.nanmax(y) - np.nanmin(y)
    if width <= 0 or height <= 0:
        return none
    above = (y - np.nanmin(y)) / height - (x - np.nanmin(x)) / width
    best = int(np.nanargmax(above))
    if above[best] <= 1e-9:
        return none
    return [position == best for position in range(len(frame))]
