"""Frontier, alternatives and reasons as studies: a search, then every plan found as a run one can open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from estate.core.errors import InfeasibleError, SolverError
from estate.core.types import Plan, Solution
from estate.present.apart import not_together, states_of_plan
from estate.study import Answer, Job, Study, StudyProgress, run_study
from estate.study.readers import council_folder, publish
from estate.study.whole import answer_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from estate.config import Config
    from estate.core.types import Estate
    from estate.explore.ask import Found
    from estate.study import Outcome, Task, Where


WITHIN = "within_a_search"
"""Key of ``run.json``: the plan is best within limits of a search that its configuration does not hold."""


def record_of(found: Found, bound: float | None = None) -> dict[str, Any]:
    """Return a plan with what was proved of it as plain data, to be appraised by any process."""
    solution = found.solution
    return {
        "plan": solution.plan.records(),
        "saving_gbp": float(solution.objective_gbp),
        "bound_gbp": float(solution.bound_gbp if bound is None else max(bound, solution.objective_gbp)),
    }


def open_plan(task: Task) -> Answer:
    """Check, price, appraise and write a plan that was found before; its files are those of a run."""
    from estate.pipeline import evaluate_plan

    solution = solution_of(task.parameters)
    result = evaluate_plan(task.config, task.base, solution.plan, task.estate(), solution)
    return answer_of(replace(result, run={**result.run, WITHIN: True}))


def solution_of(told: Mapping[str, Any]) -> Solution:
    """Return the plan of a record made by `record_of`, with what was proved of it."""
    plan = Plan.from_records(told["plan"])
    apart = told["bound_gbp"] - told["saving_gbp"]
    status = "optimal" if apart <= 1e-6 * max(1.0, abs(told["saving_gbp"])) else "within_gap"
    engine = "HiGHS: plan and bound"
    return Solution(plan, status, told["saving_gbp"], told["bound_gbp"], "gap", engine)


class Search:
    """A search kept as the first job of a study, and the plans it found as the others.

    Parameters
    ----------
    config, base
        The run.
    folder : Path
        Folder of the results; where others than the council are to read them, all is worked out
        in another beside it.
    where : Where
        Where the plans are appraised.
    progress : callable, optional
        Told after every job.
    stop : Event, optional
        Ends the study; what is done is kept.
    """

    def __init__(
        self,
        config: Config,
        base: Path,
        folder: Path,
        where: Where,
        *,
        progress: Callable[[StudyProgress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.config, self.base, self.folder, self.where = config, base, folder, where
        self.progress, self.stop = progress, stop
        self.work = council_folder(folder, config.audience)

    def tell(self, words: str) -> None:
        """Say something at once, before what takes long."""
        if self.progress:
            self.progress(StudyProgress(0, 0, 0, 0, 0.0, None, note=words))

    def do(self, jobs: Sequence[Job], *, here: bool = False, whole: bool = False) -> list[Outcome]:
        """Do jobs; those found from an earlier call are not done again.

        With `here` in this process; with `whole` also where the user has asked to stop.

        Raises
        ------
        SolverError, InfeasibleError
            Where none of them could be done.
        """
        from estate.study import Where

        study, stop = Study(self.config, self.base, jobs, self.work), None if whole else self.stop
        outcomes = run_study(study, Where(workers=1) if here else self.where, self.progress, stop)
        if outcomes and all(one.answer is None for one in outcomes):
            kind = InfeasibleError if outcomes[0].status == "infeasible" else SolverError
            raise kind(outcomes[0].message)
        return outcomes

    def plans(self, first: Job, records: Mapping[str, Mapping[str, Any]]) -> list[Outcome]:
        """Appraise and write the plans of a search, each in a folder of its own."""
        jobs = [first, *(Job(name, open_plan, parameters=record) for name, record in records.items())]
        outcomes = self.do(jobs)
        lost = [one.name for one in outcomes[1:] if one.answer is None]
        if lost:
            self.tell(f"Not written: {', '.join(lost)}. Give the same command again to have them.")
        if self.work != self.folder:
            outcomes = publish(outcomes, self.work, self.folder, first.name)
        return outcomes[1:]


def tellable(found: Sequence[Found | None], config: Config, estate: Estate) -> list[bool]:
    """Return which plans may be shown side by side: no subtraction may give away a building.

    Outside the council a plan is left out where, beside those before it, it would give away what
    fewer than three sites do (`estate.present.apart.not_together`).
    """
    if config.audience == "internal":
        return [one is not None for one in found]
    homes = estate.tables["provisions"]
    home = dict(zip(homes["provision_id"].astype(str), homes["site_id"].astype(str), strict=True))
    states = {
        str(n): states_of_plan(one.solution.plan, home) for n, one in enumerate(found) if one is not None
    }
    hidden = not_together(states)
    return [str(number) in states and str(number) not in hidden for number in range(len(found))]


def csv_of(table: pd.DataFrame) -> bytes:
    """Return a table as a CSV file in which no cell is a formula."""
    from estate.present.csvs import safe_frame

    text: str = safe_frame(table).to_csv(index=False, lineterminator="\n")
    return text.encode()
