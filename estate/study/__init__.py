"""Many jobs on one estate: in process, on all cores, or on a cluster, with the same results."""

from estate.study.job import Answer, Job, Outcome, Study, StudyProgress, Task, Where, job_name
from estate.study.run import run_study
from estate.study.whole import answer_of, whole_run

__all__ = [
    "Answer",
    "Job",
    "Outcome",
    "Study",
    "StudyProgress",
    "Task",
    "Where",
    "answer_of",
    "job_name",
    "run_study",
    "whole_run",
]
