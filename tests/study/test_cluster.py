"""A study on a real Dask scheduler with two worker processes, one of them killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import work

from estate.core.errors import ConfigError
from estate.study import Job, Study, Where, run_study, second

pytest.importorskip("distributed")
PATIENCE = 90.0


def start(folder, *words):
    program = Path(sys.executable).with_name("dask.exe" if os.name == "nt" else "dask")
    with (folder / "dask.log").open("ab") as log:
        return subprocess.Popen([program, *words], cwd=folder, stdout=log, stderr=log)


def wait_for(true):
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "nothing came of it"
        time.sleep(0.05)


@pytest.fixture
def scheduler(tmp_path):
    """Address of a scheduler, and a function that starts a worker."""
    file = tmp_path / "scheduler.json"
    home = ["--no-dashboard", "--scheduler-file", str(file)]
    started = [start(tmp_path, "scheduler", "--host", "127.0.0.1", "--port", "0", *home)]
    wait_for(lambda: file.exists() and file.read_text(encoding="utf-8").endswith("}"))

    def worker(threads=1):
        more = ["--nthreads", str(threads), "--no-nanny", "--local-directory", str(tmp_path)]
        started.append(start(tmp_path, "worker", *home, *more))
        return started[-1]

    worker.scheduler = started[0]
    yield json.loads(file.read_text(encoding="utf-8"))["address"], worker
    for process in reversed(started):
        process.kill()
        process.wait()


def jobs(tmp_path):
    told = {"marks": str(tmp_path), "sleep": 0.5}
    most = "rules.counts.max_hubs"
    counting = [Job(f"h{i}", work.count, {most: i}, {**told, "name": f"h{i}"}) for i in range(6)]
    return [*counting, Job("bad", work.fail, {}, {**told, "how": "infeasible", "name": "bad"})]


def told(outcomes):
    return [(o.name, o.status, o.answer, o.message, o.key) for o in outcomes]


def test_a_cluster_gives_what_this_process_gives_and_survives_a_killed_worker(loaded, tmp_path, scheduler):
    address, worker = scheduler
    workers = [worker(), worker()]
    seen = []

    def kill_one(progress):
        seen.append(progress.ended)
        if progress.ended == 2:
            workers[0].kill()

    asked = Study(*loaded, jobs(tmp_path), tmp_path / "on-cluster")
    on_cluster = run_study(asked, Where(cluster=address), kill_one)
    workers[0].wait()
    assert workers[1].poll() is None
    assert [o.status for o in on_cluster] == ["done"] * 6 + ["infeasible"]
    marks = (tmp_path / "done.txt").read_text(encoding="utf-8").splitlines()
    assert set(marks) == {job.name for job in asked.jobs}
    assert len(marks) <= 9, "only what was in work at the killed one, or not yet fetched from it, came twice"
    here = run_study(Study(*loaded, asked.jobs, tmp_path / "here"), Where(workers=1))
    for one, other in zip(on_cluster, here, strict=True):
        assert (one.name, one.status, one.message, one.key) == (
            other.name,
            other.status,
            other.message,
            other.key,
        )
        if other.answer:
            assert one.answer.figures == other.answer.figures
            assert one.answer.frames["sites"].equals(other.answer.frames["sites"])
            assert (asked.folder / one.name / "note.txt").read_bytes() == (
                tmp_path / "here" / one.name / "note.txt"
            ).read_bytes()
    again = run_study(asked, Where(cluster=address))
    assert all(o.kept for o in again)


def test_workers_of_several_threads_are_refused(loaded, tmp_path, scheduler):
    address, worker = scheduler
    process = worker(threads=2)
    log = tmp_path / "dask.log"
    wait_for(lambda: "Registered to" in log.read_text(encoding="utf-8") or process.poll() is not None)
    with pytest.raises(ConfigError, match="--nthreads 1"):
        run_study(Study(*loaded, jobs(tmp_path)[:1], tmp_path / "study"), Where(cluster=address))


def test_a_scheduler_that_is_lost_is_told_and_what_is_done_is_kept(loaded, tmp_path, scheduler):
    address, worker = scheduler
    worker()
    asked = Study(*loaded, jobs(tmp_path)[:3], tmp_path / "study")
    with pytest.raises(ConfigError, match="what is done is kept"):
        run_study(asked, Where(cluster=address), lambda p: p.ended == 1 and worker.scheduler.kill())
    assert any(one.kept for one in run_study(asked, Where(workers=1)))


def test_a_scheduler_without_workers_is_told(loaded, tmp_path, scheduler, monkeypatch):
    monkeypatch.setattr("estate.study.cluster.CONNECT_SECONDS", 2.0)
    with pytest.raises(ConfigError, match="has no workers; start them with"):
        run_study(Study(*loaded, jobs(tmp_path)[:1], tmp_path / "study"), Where(cluster=scheduler[0]))
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x"])
def test_an_address_where_nobody_answers_is_told(loaded, tmp_path, monkeypatch, address):
    monkeypatch.setattr("estate.study.cluster.CONNECT_SECONDS", 0.3)
    with pytest.raises(ConfigError, match="does not answer"):
        run_study(Study(*loaded, jobs(tmp_path)[:1], tmp_path / "study"), Where(cluster=address))


def test_a_second_look_on_a_cluster_finds_what_this_process_finds(loaded, tmp_path, scheduler, monkeypatch):
    monkeypatch.setattr(second, "whole_run", work.begin)
    monkeypatch.setattr(second, "look", work.better)
    address, worker = scheduler
    worker()
    found = []
    for name, where in (("cluster", Where(cluster=address)), ("here", Where(workers=1))):
        asked = [
            Job(f"run-{n}", work.begin, {"rules.counts.max_hubs": n}, {"marks": str(tmp_path)})
            for n in range(3)
        ]
        study = Study(*loaded, asked, tmp_path / name)
        looked = second.second_looks(study, run_study(study, where), where)
        found.append([(one.name, one.key, one.answer.figures) for one in looked.outcomes])
    assert found[0] == found[1]
    assert [figures["found"]["objective_gbp"] for _, _, figures in found[0]] == [7.0, 7.0, 8.0]
