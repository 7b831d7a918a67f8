"""A second look: runs of a study that another run's plan would better are searched again from that plan.

Runs do not know of one another while they are in work, so that any may be done anywhere in any order.
When all have ended, each that is not proved best is held against the plans of the others: where one of
them keeps this run's rules and saves more in this run's own terms, the search begins again from it. What
that finds may better others still: it is then taken over as it is. What no plan of a run exceeds holds for
every run whose plans it allows (`estate.study.nested`). This goes in rounds, each of which sees plans and
bounds as they stood after the round before, so that order and place of the work change nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import permutations
from math import inf
from typing import TYPE_CHECKING, Any

from estate.core.types import Plan, Solution
from estate.core.words import plural
from estate.solve.again import LOOKS, PENNY, bounded, look_again
from estate.solve.run import NOTHING_FOUND
from estate.study.job import Answer, Job, StudyProgress, Where
from estate.study.nested import contains, terms_of
from estate.study.run import Pace, calls_of, done
from estate.study.store import Store
from estate.study.whole import FOUND, answer_of, whole_run

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from estate.study.attempt import Call, Ended
    from estate.study.job import Outcome, Study, Task

    Record = dict[str, Any]
    Teller = Callable[[StudyProgress], None]

ROUNDS = 6
SEARCHED = 1  # rounds in which a better plan is also searched from; then it is taken over as it is
MOST = 20  # plans of other runs that one run is held against in a round
PROVED = 1e-6  # of the bound: a plan so near to it cannot be bettered
EARLIER, FROM, KNOWN = "earlier", "started_from", "known"


@dataclass(frozen=True)
class Looked:
    """Runs after the second look.

    Attributes
    ----------
    outcomes : list of Outcome
        One for each run, in the order of the study.
    notes : list of str
        What there is to say of it; none where all is well.
    """

    outcomes: list[Outcome]
    notes: list[str]


def second_looks(
    study: Study,
    outcomes: Sequence[Outcome],
    where: Where | None = None,
    progress: Teller | None = None,
    stop: threading.Event | None = None,
) -> Looked:
    """Look again at runs that plans of other runs may better; what is better replaces what was kept.

    Parameters
    ----------
    study : Study
        Of which jobs with the work `whole_run` are looked at.
    outcomes : sequence of Outcome
        From `run_study`, one for each job.
    where, progress, stop
        As for `run_study`.
    """
    now, notes, store, wider = list(outcomes), list[str](), Store(study.folder), _wider(study)
    for number in range(1, ROUNDS + 2):
        asked = {job.name: job for job in _asked(study, now, wider, number)}
        if number > ROUNDS and asked:
            notes.append(
                f"Plans were still bettered in round {ROUNDS}: {', '.join(asked)} may gain from them."
            )
        if number > ROUNDS or not asked:
            break
        calls = calls_of(replace(study, jobs=list(asked.values())))
        left = [call for call in calls if not store.looked(call.job.name, call.key)]
        ended = _round(left, (where or Where(), progress, stop), number)
        now = [_kept(store, one, left, ended.get(one.name)) for one in now]
        notes += [
            f"{name} was not looked at again: {one.message}" for name, one in ended.items() if one.message
        ]
        if len(ended) < len(left):
            notes.append("The second look was stopped: a plan of another run may be better for some runs.")
            break
    if any(one is not before for one, before in zip(now, outcomes, strict=True)):
        store.write_tables(now)
    return Looked(now, notes + _crowded(now))


def look(task: Task) -> Answer:
    """Hold a run against plans of others; do it again, whole, where one of them is allowed and better.

    Returns
    -------
    Answer
        As `estate.study.whole_run` gives it; without any figure or file where no plan is better.
    """
    from estate.pipeline import evaluate_plan

    told, estate = task.parameters, task.estate()
    others = {name: Plan.from_records(plan) for name, plan in told["others"].items()}
    own = told[EARLIER][-1]
    known = own and _solution(own)
    bound: Record = told["bound"]
    if known and bound:
        known = bounded(known, bound["bound_gbp"], bound["bound_run"], task.config.solver.gap)
    again = None
    if others:
        again = look_again(estate, task.config, known, others, task.stop, search=told["search"])
    name, solution = again or ("", known if bound else None)
    if solution is None:
        return Answer()
    plan = {"run": name, "plan": told["others"][name], "search": told["search"]} if name else {}
    looks = [*told[LOOKS], plan | bound]
    result = evaluate_plan(task.config, task.base, solution.plan, estate, solution)
    answer = answer_of(replace(result, run={**result.run, LOOKS: looks}))
    figures = {FROM: name} if name else told[KNOWN]
    return replace(answer, figures={**answer.figures, **figures, LOOKS: looks, EARLIER: told[EARLIER]})


def _solution(record: Record) -> Solution:
    told = {name: record[name] for name in ("status", "objective_gbp", "bound_gbp", "stopped_by", "engine")}
    return Solution(plan=Plan.from_records(record["plan"]), log=tuple(record["log"]), **told)


def _state(outcome: Outcome, number: int) -> Record | None:
    """Return plan and proof of a run as they stood after a round; None where there was none."""
    if outcome.answer is None or FOUND not in outcome.answer.figures:
        return None
    figures = outcome.answer.figures
    states = [*figures.get(EARLIER, []), figures[FOUND]]
    state: Record | None = states[min(number, len(states) - 1)]
    return state


def _asked(
    study: Study, now: Sequence[Outcome], wider: Mapping[str, Sequence[str]], number: int
) -> list[Job]:
    """Return what to ask in a round: runs that are not proved, with the plans and bounds new to them."""
    before = [_state(one, number - 1) for one in now]
    states = {one.name: state for one, state in zip(now, before, strict=True)}
    fresh = {
        one.name: state
        for one, state in zip(now, before, strict=True)
        if state is not None and (number == 1 or _name(state) != _name(_state(one, number - 2)))
    }
    ranked = sorted(fresh, key=lambda name: -fresh[name].get("objective_gbp", 0.0))
    jobs = []
    for job, one, state in zip(study.jobs, now, before, strict=True):
        others = {_name(fresh[name]): name for name in reversed(ranked) if name != one.name}
        others.pop(_name(state), None)
        bound = _bound(state, {name: states[name] for name in wider[job.name]})
        if job.work is not whole_run or not (others or bound) or not _open(one, state):
            continue
        names = sorted(others.values(), key=ranked.index)[:MOST]
        earlier = [_state(one, i) for i in range(number)]
        plans = {name: fresh[name]["plan"] for name in names}
        figures = one.answer.figures if one.answer else {}
        told = {EARLIER: earlier, "others": plans, "search": number <= SEARCHED, "bound": bound}
        told |= {LOOKS: figures.get(LOOKS, []), KNOWN: {k: v for k, v in figures.items() if k == FROM}}
        jobs.append(replace(job, work=look, parameters=told))
    return jobs


def _bound(state: Record | None, wider: Mapping[str, Record | None]) -> Record:
    """Return the tightest bound of runs that allow every plan of this one, where it beats its own."""
    bounds = {name: one["bound_gbp"] for name, one in wider.items() if one and "bound_gbp" in one}
    if not bounds or state is None or "bound_gbp" not in state:
        return {}
    name = min(bounds, key=lambda one: (bounds[one], one))
    bound = max(bounds[name], state["objective_gbp"])
    if bound > state["bound_gbp"] - max(PENNY, PROVED * abs(state["bound_gbp"])):
        return {}
    return {"bound_run": name, "bound_gbp": bound}


def _wider(study: Study) -> dict[str, list[str]]:
    """Return, for each run, those of the study that allow every plan allowed in it."""
    terms = {call.job.name: terms_of(call.config) for call in calls_of(study) if call.job.work is whole_run}
    names = {job.name: list[str]() for job in study.jobs}
    for one, other in permutations(terms, 2):
        if contains(terms[other], terms[one]):
            names[one].append(other)
    return names


def _name(state: Record | None) -> str:
    return "" if state is None else json.dumps(state["plan"], sort_keys=True)


def _open(outcome: Outcome, state: Record | None) -> bool:
    """Say whether a better plan is possible, as far as is known."""
    if state is None:
        return outcome.status == "failed" and outcome.message.startswith(NOTHING_FOUND)
    if "bound_gbp" not in state:  # a plan that was given
        return False
    return bool(state["bound_gbp"] - state["objective_gbp"] > PROVED * max(1.0, abs(state["bound_gbp"])))


def _round(
    calls: Sequence[Call], how: tuple[Where, Teller | None, threading.Event | None], number: int
) -> dict[str, Ended]:
    """Do the looks of a round; return how each ended that did."""
    import threading

    where, progress, stop = how
    if calls and progress:
        note = f"Second look, round {number}: {plural(len(calls), 'run')} held against the others."
        progress(StudyProgress(0, 0, 0, 0, 0.0, None, note=note))
    pace = Pace(len(calls), progress, []) if calls else None
    ended = {}
    for position, one in done(calls, where, stop or threading.Event()):
        ended[calls[position].job.name] = one
        if pace:
            pace.tell(calls[position].job.name, one.status)
    return ended


def _kept(store: Store, outcome: Outcome, calls: Sequence[Call], ended: Ended | None) -> Outcome:
    """Keep what a look found, where it is better than what is there; return the run as it stands."""
    if ended is None or ended.status != "done":
        return outcome
    key = next(call.key for call in calls if call.job.name == outcome.name)
    better = ended.answer is not None and _standing(ended.answer) > _standing(outcome.answer)
    if not better or ended.answer is None:
        store.stamp(outcome.name, key)
        return outcome
    seconds = outcome.seconds + ended.seconds
    store.keep(outcome.name, outcome.key, replace(ended, seconds=seconds), [*store.looks(outcome.name), key])
    answer = replace(ended.answer, files={})
    return replace(outcome, status="done", answer=answer, message="", seconds=seconds, kept=False)


def _standing(answer: Answer | None) -> tuple[float, float]:
    """Return what a plan saves, then how little more is possible: the larger of two is better."""
    found: Mapping[str, Any] = {} if answer is None else answer.figures.get(FOUND, {})
    return float(found.get("objective_gbp", -inf)), -float(found.get("bound_gbp", inf))


def _crowded(now: Sequence[Outcome]) -> list[str]:
    """Say where a run was not held against all plans of a large study."""
    plans = {_name(_state(one, 0)) for one in now} - {""}
    if len(plans) - 1 <= MOST:
        return []
    told = f"{MOST} of {len(plans) - 1} other plans, those that save most in their own terms"
    return [f"Each run was held against {told}."]
