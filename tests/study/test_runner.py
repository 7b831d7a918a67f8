"""The study runner: the same results anywhere, nothing twice, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import geopandas
import pandas as pd
import pytest
import work

from estate.core.errors import ConfigError, InfeasibleError
from estate.settings import changed, load_config
from estate.study import Answer, Job, Study, Where, job_name, run_study
from estate.study import keys as study_keys
from estate.study.attempt import Call, attempt
from estate.study.session import run_scenarios

ROOT = Path(__file__).parents[2]


def counting(tmp_path, n=3, **parameters):
    told = {"marks": str(tmp_path), **parameters}
    return [Job(f"hubs-{i}", work.count, {"rules.counts.max_hubs": i}, told) for i in range(n)]


def study(loaded, tmp_path, jobs):
    return Study(*loaded, jobs, tmp_path / "study-folder")


def done(tmp_path):
    path = tmp_path / "done.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def told(outcomes):
    return [(o.name, o.status, o.answer.figures if o.answer else None, o.key) for o in outcomes]


def test_results_are_kept_whole_and_taken_over(loaded, tmp_path):
    asked = study(loaded, tmp_path, counting(tmp_path))
    seen = []
    first = run_study(asked, Where(workers=1), seen.append)
    assert [o.status for o in first] == ["done"] * 3
    assert [o.answer.figures["max_hubs"] for o in first] == [0, 1, 2]
    assert [p.ended for p in seen] == [0, 1, 2, 3]
    assert seen[0].seconds_left is None
    assert seen[-1].seconds_left == 0
    again = run_study(asked, Where(workers=1))
    assert told(again) == told(first)
    assert all(o.kept for o in again)
    assert len(done(tmp_path)) == 3, "nothing twice"
    pd.testing.assert_frame_equal(first[1].answer.frames["sites"], again[1].answer.frames["sites"])
    assert (asked.folder / "hubs-2" / "note.txt").read_bytes() == b"2"


def test_the_store_is_read_by_pandas_duckdb_and_qgis(loaded, tmp_path):
    asked = study(loaded, tmp_path, counting(tmp_path))
    run_study(asked, Where(workers=1))
    results = pd.read_parquet(asked.folder / "study" / "results.parquet")
    assert results["job"].tolist() == ["hubs-0", "hubs-1", "hubs-2"]
    file = (asked.folder / "study" / "sites.parquet").as_posix()
    rows = duckdb.sql(f"select job, sum(hubs) from '{file}' group by job order by job").fetchall()  # noqa: S608
    assert rows == [("hubs-0", 0), ("hubs-1", 1), ("hubs-2", 2)]
    layer = geopandas.read_file(asked.folder / "study" / "study.gpkg", layer="sites")
    assert len(layer) == 6
    assert layer.geometry.x.tolist()[:2] == [4e5, 4.1e5]


def test_what_changes_the_answer_is_worked_out_again(loaded, tmp_path, monkeypatch):
    jobs = counting(tmp_path, 1)
    run_study(study(loaded, tmp_path, jobs), Where(workers=1))
    other = [Job(jobs[0].name, work.count, {"rules.counts.max_hubs": 7}, jobs[0].parameters)]
    assert not run_study(study(loaded, tmp_path, other), Where(workers=1))[0].kept
    more = [Job(jobs[0].name, work.count, other[0].overrides, {**jobs[0].parameters, "x": 1})]
    assert not run_study(study(loaded, tmp_path, more), Where(workers=1))[0].kept
    assert run_study(study(loaded, tmp_path, more), Where(workers=1))[0].kept
    monkeypatch.setattr(study_keys, "program_hash", lambda: "another")
    monkeypatch.setattr("estate.study.attempt.program_hash", lambda: "another")
    assert not run_study(study(loaded, tmp_path, more), Where(workers=1))[0].kept


def test_output_folder_and_order_change_no_key(loaded, tmp_path):
    config, base = loaded
    job = counting(tmp_path, 1)[0]
    moved = config.model_copy(update={"output": tmp_path})
    assert study_keys.job_key(job, config, base) == study_keys.job_key(job, moved, base)


def test_a_changed_input_changes_the_key(tmp_path):
    (tmp_path / "sites.csv").write_text("site_id\nA\n", encoding="utf-8")
    (tmp_path / "estate.yaml").write_text("name: a\ndata: {folder: .}\n", encoding="utf-8")
    config, base = load_config(tmp_path / "estate.yaml")
    before = study_keys.input_hashes(config, base)
    assert any(name.endswith("sites.csv") for name in before)
    time.sleep(0.01)
    (tmp_path / "sites.csv").write_text("site_id\nB\n", encoding="utf-8")
    assert study_keys.input_hashes(config, base) != before


def test_it_is_an_error_if_no_scenario_has_a_plan(loaded, tmp_path):
    config, base = loaded
    asked = changed(config, {"rules.counts.min_closures": 50, "output": str(tmp_path)}, "all-must-close")
    with pytest.raises(InfeasibleError, match="No scenario has a plan"):
        run_scenarios((asked, base), [], Where(workers=1))


def test_failures_are_told_and_sink_nothing(loaded, tmp_path):
    marks = {"marks": str(tmp_path)}
    jobs = [Job(f"f-{how}", work.fail, {}, {**marks, "how": how}) for how in ("infeasible", "config", "any")]
    asked = study(loaded, tmp_path, [*jobs, *counting(tmp_path, 1)])
    outcomes = run_study(asked, Where(workers=1))
    assert [o.status for o in outcomes] == ["infeasible", "failed", "failed", "done"]
    assert "as planned" in outcomes[2].message
    assert outcomes[2].message.startswith("RuntimeError")
    kept = [o.kept for o in run_study(asked, Where(workers=1))]
    assert kept == [True, True, False, True], "only what may end otherwise is tried again"
    results = pd.read_parquet(asked.folder / "study" / "results.parquet")
    assert results["status"].tolist() == ["infeasible", "failed", "failed", "done"]


def test_stop_keeps_what_is_done(loaded, tmp_path):
    stop = threading.Event()
    asked = study(loaded, tmp_path, counting(tmp_path))
    outcomes = run_study(asked, Where(workers=1), lambda p: p.ended == 1 and stop.set(), stop)
    assert [o.status for o in outcomes] == ["done", "left", "left"]
    assert [o.kept for o in run_study(asked, Where(workers=1))] == [True, False, False]


def test_on_cores_gives_the_same_and_survives_a_dead_process(loaded, tmp_path):
    marks = {"marks": str(tmp_path)}
    jobs = [Job("once", work.die_once, {}, marks), *counting(tmp_path), Job("dead", work.die, {}, marks)]
    outcomes = run_study(study(loaded, tmp_path, jobs), Where(workers=2))
    assert [o.status for o in outcomes] == ["done", "done", "done", "done", "failed"]
    assert "--workers" in outcomes[4].message
    assert outcomes[0].answer.figures["pid"] != os.getpid()
    alone = run_study(Study(*loaded, jobs[1:4], tmp_path / "alone"), Where(workers=1))
    assert told(alone) == told(outcomes[1:4])


def test_stop_on_cores_ends_the_work_at_once(loaded, tmp_path):
    stop = threading.Event()
    jobs = [*counting(tmp_path, 1), *counting(tmp_path, 4, sleep=60.0)[1:]]
    begun = time.monotonic()
    outcomes = run_study(
        study(loaded, tmp_path, jobs), Where(workers=2), lambda p: p.ended == 1 and stop.set(), stop
    )
    assert [o.status for o in outcomes] == ["done", "left", "left", "left"]
    assert time.monotonic() - begun < 40


SCRIPT = """
import sys, work
from pathlib import Path
from estate.settings import load_config
from estate.study import Job, Study, Where, run_study
loaded = load_config(sys.argv[1])
here = Path(sys.argv[2])
told = {"marks": str(here), "sleep": 0.3}
hubs = "rules.counts.max_hubs"
jobs = [Job(f"hubs-{i}", work.count, {hubs: i}, {**told, "name": str(i)}) for i in range(8)]
if __name__ == "__main__":
    run_study(Study(*loaded, jobs, here / "study-folder"), Where(workers=1))
"""


def test_after_a_kill_nothing_is_twice_and_nothing_lost(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    words = [sys.executable, str(script), str(ROOT / "configs" / "tiny.yaml"), str(tmp_path)]
    first = subprocess.Popen(words)
    folder = tmp_path / "study-folder"
    until = time.monotonic() + 60
    while len(list(folder.glob("hubs-*/job.json"))) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    first.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    first.wait()
    kept = sorted(path.parent.name for path in folder.glob("hubs-*/job.json"))
    assert 3 <= len(kept) < 8
    (folder / ".job-left-by-the-kill").mkdir()
    subprocess.run(words, check=True)
    marks = done(tmp_path)
    twice = {name for name in marks if marks.count(name) > 1}
    assert not twice & {name.removeprefix("hubs-") for name in kept}
    assert len(twice) <= 1, "only the one in work when the kill came"
    assert sorted(set(marks)) == [str(i) for i in range(8)]
    results = pd.read_parquet(folder / "study" / "results.parquet")
    assert results["status"].eq("done").all()
    assert not list(folder.glob(".job-*"))


def test_work_is_not_begun_with_other_files_or_another_program(loaded, tmp_path):
    job = counting(tmp_path, 1)[0]
    call = Call(job, *loaded, study_keys.job_key(job, *loaded))
    assert attempt(call).status == "done"
    other = attempt(replace(call, key="0" * 64))
    assert (other.status, other.lasting) == ("failed", False)
    assert "do not match those of the study" in other.message
    assert len(done(tmp_path)) == 1


@pytest.mark.parametrize("name", ["", "a/b", "..", "study", "CON.", "x" * 101, "-a", "a\nb"])
def test_names_that_are_no_folders_are_refused(loaded, tmp_path, name):
    with pytest.raises(ConfigError, match="is not a name for a job"):
        run_study(study(loaded, tmp_path, [Job(name, work.count)]))
    assert not (tmp_path / "study-folder").exists()


def test_every_wrong_job_is_told_at_once(loaded, tmp_path):
    jobs = [
        Job("a", work.count, {"rules.counts.max_hubs": -1}),
        Job("b", work.count, {"rules.count.max_hubs": 1}),
        Job("c", work.count, {"solvr.gap": 1}),
    ]
    with pytest.raises(ConfigError) as caught:
        run_study(study(loaded, tmp_path, jobs))
    assert [issue.table for issue in caught.value.issues] == ["job a", "job b", "job c"]
    assert "did you mean counts?" in str(caught.value)
    with pytest.raises(ConfigError, match="comes twice"):
        run_study(study(loaded, tmp_path, [Job("a", work.count), Job("A", work.count)]))


def test_a_problem_of_many_jobs_is_told_once(loaded, tmp_path):
    jobs = [Job(f"j{i}", work.count, {"rules.counts.max_hubz": 1}) for i in range(400)]
    with pytest.raises(ConfigError) as caught:
        run_study(Study(*loaded, jobs, tmp_path))
    assert [issue.table for issue in caught.value.issues] == ["job j0 and 399 more"]


def test_a_folder_that_cannot_be_made_is_told_before_any_work(loaded, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    job = Job("j", work.fail, {}, {"marks": str(tmp_path), "name": "j", "how": "infeasible"})
    with pytest.raises(ConfigError, match="is not a folder"):
        run_study(Study(*loaded, [job], tmp_path / "file" / "study"), Where(workers=1))
    assert not (tmp_path / "done.txt").exists()


def test_a_folder_of_somebody_else_is_not_replaced(loaded, tmp_path):
    mine = tmp_path / "study-folder" / "hubs-0"
    mine.mkdir(parents=True)
    (mine / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="not theirs"):
        run_study(study(loaded, tmp_path, counting(tmp_path, 1)), Where(workers=1))
    assert (mine / "letter.txt").read_text(encoding="utf-8") == "mine"


def test_a_damaged_record_is_worked_out_again(loaded, tmp_path):
    asked = study(loaded, tmp_path, counting(tmp_path, 1))
    run_study(asked, Where(workers=1))
    record = asked.folder / "hubs-0" / "job.json"
    for damage in ("{", "[]", json.dumps({"key": run_study(asked, Where(workers=1))[0].key})):
        record.write_text(damage, encoding="utf-8")
        assert not run_study(asked, Where(workers=1))[0].kept
    (asked.folder / "hubs-0" / "sites.parquet").write_bytes(b"PAR1 and nothing more")
    assert not run_study(asked, Where(workers=1))[0].kept
    (asked.folder / "hubs-0" / "note.txt").unlink()
    assert not run_study(asked, Where(workers=1))[0].kept
    assert run_study(asked, Where(workers=1))[0].kept


def test_job_names_are_unlike_for_unlike_parts():
    assert job_name("price", "S07") == "price-S07"
    names = {job_name("price", part) for part in ("YB/1", "YB 1", "YB_1", "ÿb", "y" * 300)}
    assert len(names) == 5
    assert all(len(name) <= 100 for name in names)


def test_the_estate_is_read_once(loaded, tmp_path):
    jobs = [Job(f"r{i}", work.read, {"solver.seed": i}, {"marks": str(tmp_path)}) for i in (1, 2)]
    outcomes = run_study(study(loaded, tmp_path, jobs), Where(workers=1))
    assert [o.answer for o in outcomes] == [Answer({"sites": 16})] * 2
