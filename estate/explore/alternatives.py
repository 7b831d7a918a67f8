"""Plans nearly as good as the best that differ from it as much as possible, and the N best.

Modelling to generate alternatives: keep the saving within x% of the best and use as little as
possible of what earlier plans used (HSJ: Brill, Chang & Hopkins 1982, Management Science 28(3));
SPORES gives what was used often a growing weight (Lombardi et al. 2020, Joule 4(10)). The N best
come from cutting off every earlier choice of closures and hubs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estate.core.errors import InfeasibleError, SolverError
from estate.solve.restricted import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from estate.explore.ask import Found, Questions

Floats = NDArray[np.float64]
Way = Literal["different", "spores", "best"]
WAYS = ("different", "spores", "best")
NOT_SETTLED = "not settled"
SAFE, HUB_IN_ALL, LEAVE_ALONE, DEPENDS = "safe to start with", "hub in all", "leave alone", "depends"
UNLIKE = 0.1  # a plan need not be the most different there is, to a tenth


@dataclass(frozen=True)
class Near:
    """Plans that are nearly as good.

    Attributes
    ----------
    plans : list of Found
        The best first.
    complete : bool
        Whether no further plan within the margin exists (with another choice of closures and hubs).
    proved : bool
        Whether the order and the margin are proved: every search ended at gap 0.
    within : float
        The margin, as a share of the best saving found [share].
    """

    plans: list[Found]
    complete: bool
    proved: bool
    within: float

    @property
    def settled(self) -> bool:
        """Whether no plan can save more than the best found by more than the margin."""
        best = self.plans[0]
        return best.exact or best.bound - best.value <= self.within * abs(best.value)


class Chooser:
    """What a plan chooses: which sites close and which become hubs, whatever the year and route.

    Parameters
    ----------
    questions : Questions
        The model.
    """

    def __init__(self, questions: Questions) -> None:
        blocks, inst = questions.model.problem.blocks, questions.model.inst
        place = inst.places["site"].to_numpy(dtype=int)
        close, hub = blocks["close"], blocks["hub"]
        names = inst.sites["site_id"].to_numpy(dtype=object)
        site = np.concatenate([close.keys["site"].to_numpy(dtype=int), place[hub.keys["place"]]])
        what = np.repeat(["close", "hub"], [len(close.keys), len(hub.keys)])
        self.columns = np.concatenate([close.columns, hub.columns])
        self.choices, self.number = np.unique(
            np.array([f"{w}|{names[s]}" for w, s in zip(what, site, strict=True)], dtype=str),
            return_inverse=True,
        )
        self.width = questions.width

    def made(self, x: Floats) -> NDArray[np.bool_]:
        """Return which choices a point makes, shape (choices,)."""
        return np.asarray(
            np.bincount(self.number, weights=x[self.columns], minlength=len(self.choices)) > 0.5
        )

    def weighted(self, weight: Floats) -> Floats:
        """Return coefficients of the columns from weights of the choices."""
        total = np.zeros(self.width)
        total[self.columns] = weight[self.number]
        return total

    def like(self, made: NDArray[np.bool_]) -> Row:
        """Return a row that asks for exactly these choices."""
        weight = np.where(made, 1.0, -1.0)
        return Row("these closures and hubs", self.weighted(weight), low=float(made.sum()))

    def unlike(self, made: NDArray[np.bool_]) -> Row:
        """Return a row that forbids exactly these choices: at least one must differ."""
        weight = np.where(made, -1.0, 1.0)
        return Row("another choice of closures and hubs", self.weighted(weight), low=1.0 - made.sum())


def alternatives(
    questions: Questions,
    within: float,
    count: int,
    way: Way = "different",
    tell: Callable[[int], None] | None = None,
) -> Near:
    """Find up to `count` plans that save at most `within` less than the best, each chosen otherwise.

    Parameters
    ----------
    questions : Questions
        The model.
    within : float
        Margin, as a share of the best saving found [share].
    count : int
        Most plans, the best among them.
    way : str
        ``different``: as unlike all earlier ones as possible; ``spores``: likewise, what was used
        often weighs ever more; ``best``: the N best, in order.
    tell : callable, optional
        Told how many plans there are.

    Returns
    -------
    Near

    Raises
    ------
    InfeasibleError, SolverError
        If there is no plan at all.
    """
    exact = 0.0 if way == "best" else None
    best = questions.best(gap=exact)
    chooser, found = Chooser(questions), [best]
    floor = best.value - within * abs(best.value)
    near = Row(f"a saving within {within:.3g} of the best", questions.saving, low=floor)
    made, proved, weight = [chooser.made(best.x)], best.exact, np.zeros(len(chooser.choices))
    while len(found) < count and not questions.stop.is_set():
        weight = weight * (2.0 if way == "spores" else 1.0) + made[-1]
        goal = None if way == "best" else -chooser.weighted(weight / weight.max(initial=1.0))
        try:
            rows = [near, *(chooser.unlike(one) for one in made)]
            plan = questions.best(rows, goal, exact if goal is None else UNLIKE)
        except InfeasibleError:
            return best_first(Near(found, complete=True, proved=proved, within=within))
        except SolverError:  # no further plan in the time given: what was found stands
            break
        made.append(chooser.made(plan.x))
        # the choice is made; years and moves are then those that save most
        found.append(plan if way == "best" else questions.best([chooser.like(made[-1])], None, exact, plan.x))
        proved = proved and found[-1].exact
        if tell:
            tell(len(found))
    return best_first(Near(found, complete=False, proved=proved, within=within))


def best_first(near: Near) -> Near:
    """Put the plan that saves most first, where a search that ended early missed it at first.

    The margin is then below that plan: what saves less is left out.
    """
    best = max(near.plans, key=lambda plan: plan.value)  # the first of equals
    if best is near.plans[0]:
        return near
    bound = max(best.value, near.plans[0].bound)
    rest = [plan for plan in near.plans if plan is not best]
    near_by = [plan for plan in rest if plan.value >= best.value - near.within * abs(best.value)]
    return replace(near, plans=[replace(best, bound=bound), *near_by])


def frequency(questions: Questions, near: Near) -> pd.DataFrame:
    """Return how often each site closes or becomes a hub among the plans, and what follows.

    Returns
    -------
    DataFrame
        site_id, name, closes, hub (plans), plans, advice: ``safe to start with`` where it closes in all,
        ``hub in all`` where it becomes a hub in all, ``leave alone`` where it does neither in any, else
        ``depends``; ``not settled`` where a plan outside the margin may save more than all of these.
    """
    chooser, plans = Chooser(questions), len(near.plans)
    made = np.array([chooser.made(plan.x) for plan in near.plans])
    parts = pd.Series(chooser.choices).str.split("|", n=1, expand=True)
    table = pd.DataFrame({"what": parts[0], "site_id": parts[1], "plans": made.sum(axis=0)})
    wide = table.pivot_table(index="site_id", columns="what", values="plans", aggfunc="sum")
    wide = wide.reindex(columns=["close", "hub"])
    closes, hub = wide["close"].fillna(0), wide["hub"].fillna(0)
    idle = wide["close"].isna() & (hub < plans)  # a place for a hub, of which nothing else can be said
    cases = [idle, hub == plans, closes == plans, (closes == 0) & (hub == 0)]
    advice = np.select(cases, ["", HUB_IN_ALL, SAFE, LEAVE_ALONE], DEPENDS)
    sites = questions.model.inst.tables["sites"].set_index("site_id")
    if not near.settled:
        advice = np.where(idle, "", NOT_SETTLED)
    return pd.DataFrame(
        {
            "site_id": wide.index,
            "name": sites["name"].reindex(wide.index).fillna("").to_numpy(),
            "closes": closes.astype(int).to_numpy(),
            "hub": hub.astype(int).to_numpy(),
            "plans": plans,
            "advice": advice,
        }
    )


def listed(
    questions: Questions, near: Near, told: Sequence[bool], hidden: Collection[str] = ()
) -> pd.DataFrame:
    """Return the plans that may be told, one row each, with what they choose otherwise than the best.

    Parameters
    ----------
    questions : Questions
        The model.
    near : Near
        Plans, the best first.
    told : sequence of bool
        Which may be told.
    hidden : collection of str
        Sites of which nothing is told.

    Returns
    -------
    DataFrame
        plan (name of its folder), saving_npv_gbp, below_best_gbp [GBP], closures, hubs, otherwise.
    """
    chooser = Chooser(questions)
    sites = questions.model.inst.tables["sites"]
    names = dict(zip(sites["site_id"].astype(str), sites["name"].fillna("").astype(str), strict=True))
    made = [chooser.made(plan.x) for plan in near.plans]
    rows = []
    for number, (plan, choices, shown) in enumerate(zip(near.plans, made, told, strict=True), 1):
        if not shown:
            continue
        kinds = [str(one).split("|")[0] for one in chooser.choices[choices]]
        rows.append(
            {
                "plan": f"plan-{number:02d}",
                "saving_npv_gbp": plan.value,
                "below_best_gbp": near.plans[0].value - plan.value,
                "closures": kinds.count("close"),
                "hubs": kinds.count("hub"),
                "otherwise": "; ".join(
                    " ".join(filter(None, (site, names[site], words)))
                    for site, words in _otherwise(chooser.choices, made[0], choices)
                    if site not in hidden
                ),
            }
        )
    columns = ["plan", "saving_npv_gbp", "below_best_gbp", "closures", "hubs", "otherwise"]
    return pd.DataFrame(rows, columns=columns)


def _otherwise(
    choices: NDArray[np.str_], best: NDArray[np.bool_], made: NDArray[np.bool_]
) -> list[tuple[str, str]]:
    """Say which sites close, stay or become hubs against the best plan."""
    words = {"close": ("closes", "stays open"), "hub": ("is a hub", "is no hub")}
    told = []
    for choice, before, after in zip(choices, best, made, strict=True):
        kind, site = str(choice).split("|", 1)
        if before != after:
            told.append((site, words[kind][0 if after else 1]))
    return told
