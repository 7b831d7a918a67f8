"""The second look: plans of one run as starts of another, on any worker, after a stop too."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pandas as pd
import pytest
import work

from estate.core.errors import ConfigError
from estate.core.types import Plan
from estate.pipeline import read_estate
from estate.replay import rerun
from estate.settings import changed, load_config
from estate.solve import solve_estate
from estate.solve.again import look_again
from estate.study import Job, Study, Where, run_study, second
from estate.study.session import run_scenarios
from estate.study.whole import FOUND
from estate.verify import verify

ROOT = Path(__file__).parents[2]


def solved(**overrides):
    config, base = load_config(ROOT / "configs" / "tiny.yaml")
    config = changed(config, {key.replace("__", "."): value for key, value in overrides.items()}, "test")
    estate = read_estate(config, base)
    return estate, config, solve_estate(estate, config)


@pytest.fixture(scope="module")
def best():
    return solved(solver__gap=0.0)


@pytest.fixture(scope="module")
def poor():
    return solved(solver__gap=0.99)


@pytest.fixture(scope="module")
def strict():
    return solved(solver__gap=0.0, rules__counts__max_closures=5)


def test_a_search_begins_again_from_a_better_plan_and_proves_what_it_would_alone(best, poor, strict):
    estate, config, alone = best
    own = poor[2]
    assert own.objective_gbp < strict[2].objective_gbp < alone.objective_gbp
    name, again = look_again(estate, config, own, {"strict": strict[2].plan, "empty": Plan.empty()})
    assert name == "strict"
    assert again.status == "optimal"
    assert again.objective_gbp == pytest.approx(alone.objective_gbp, abs=0.005)
    assert again.plan.records() == alone.plan.records()
    assert any("a better plan is that of strict" in line for line in again.log)


def test_a_plan_within_the_gap_asked_for_is_taken_over_without_a_search(best, poor):
    estate, config, own = poor
    name, again = look_again(estate, config, own, {"best": best[2].plan})
    assert (name, again.status) == ("best", "within_gap")
    assert again.plan.records() == best[2].plan.records()
    assert again.bound_gbp == own.bound_gbp, "what was proved before holds still"
    assert not verify(estate, config, again.plan)


def test_a_plan_may_be_taken_over_without_a_search(best, poor, strict):
    estate, config, _ = best
    _, again = look_again(estate, config, poor[2], {"strict": strict[2].plan}, search=False)
    assert again.plan.records() == strict[2].plan.records()
    assert (again.status, again.bound_gbp) == ("time_limit", poor[2].bound_gbp)


def test_plans_that_break_a_rule_or_cannot_be_are_no_starts(best, strict):
    estate, config, own = strict
    unknown = best[2].plan.closures.assign(site_id="elsewhere")
    others = {"best": best[2].plan, "other estate": Plan(unknown, best[2].plan.hubs, best[2].plan.moves)}
    assert look_again(estate, config, own, others) is None, "seven closures where five are allowed"


def test_a_run_without_a_plan_in_its_time_gets_one(best, strict):
    estate, config, _ = best
    name, again = look_again(estate, config, None, {"strict": strict[2].plan})
    assert name == "strict"
    assert again.objective_gbp == pytest.approx(best[2].objective_gbp, abs=0.005)


def begun(loaded, folder, marks, hubs=(0, 1, 2)):
    jobs = [Job(f"run-{n}", work.begin, {"rules.counts.max_hubs": n}, {"marks": str(marks)}) for n in hubs]
    return Study(*loaded, jobs, folder)


@pytest.fixture
def _fake(monkeypatch):
    monkeypatch.setattr(second, "whole_run", work.begin)
    monkeypatch.setattr(second, "look", work.better)


def looked(study, where=None, stop=None, progress=None):
    where = where or Where(workers=1)
    return second.second_looks(study, run_study(study, where), where, progress, stop)


def worth(found):
    return [one.answer.figures[FOUND]["objective_gbp"] for one in found.outcomes]


@pytest.mark.usefixtures("_fake")
def test_rounds_go_on_until_no_plan_of_another_run_is_better(loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "CEILING", 4)
    study = begun(loaded, tmp_path / "a", tmp_path)
    found = looked(study)
    # round 1: 3, 3, 2; round 2: the third gets 4; round 3: the first and the second take it over
    assert worth(found) == [4.0, 4.0, 4.0]
    assert found.notes == []
    assert (study.folder / "run-0" / "note.txt").read_text(encoding="utf-8") == "4"
    said = []
    again = looked(study, progress=said.append)
    assert worth(again) == [4.0, 4.0, 4.0]
    assert said == [], "nothing is worked out twice"
    assert [o.key for o in again.outcomes] == [o.key for o in found.outcomes]


@pytest.mark.usefixtures("_fake")
def test_what_is_still_bettered_at_the_end_is_told(loaded, tmp_path):
    found = looked(begun(loaded, tmp_path / "a", tmp_path))
    # rounds: 3 3 2, 3 3 4, 5 5 4, 5 5 6, 7 7 6, 7 7 8
    assert worth(found) == [7.0, 7.0, 8.0]
    assert found.notes == ["Plans were still bettered in round 6: run-0, run-1 may gain from them."]


@pytest.mark.usefixtures("_fake")
def test_a_stop_in_the_middle_of_a_round_changes_nothing_in_the_end(loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "CEILING", 4)
    study, stop = begun(loaded, tmp_path / "a", tmp_path), threading.Event()
    half = looked(study, stop=stop, progress=lambda p: p.ended == 1 and stop.set())
    assert worth(half) == [3.0, 1.0, 2.0]
    assert half.notes == ["The second look was stopped: a plan of another run may be better for some runs."]
    states = [json.loads((study.folder / f"run-{n}" / "job.json").read_text("utf-8")) for n in range(3)]
    assert [len(one.get("looks", [])) for one in states] == [1, 0, 0]
    whole = looked(begun(loaded, tmp_path / "b", tmp_path))
    assert [o.answer.figures for o in looked(study).outcomes] == [o.answer.figures for o in whole.outcomes]


@pytest.mark.usefixtures("_fake")
def test_places_and_workers_change_nothing(loaded, tmp_path):
    one = looked(begun(loaded, tmp_path / "a", tmp_path))
    two = looked(begun(loaded, tmp_path / "b", tmp_path), Where(workers=2))
    assert [o.answer.figures for o in one.outcomes] == [o.answer.figures for o in two.outcomes]


@pytest.mark.usefixtures("_fake")
def test_many_plans_are_told_as_not_all_tried(loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "CEILING", 1)
    monkeypatch.setattr(second, "MOST", 1)
    found = looked(begun(loaded, tmp_path / "a", tmp_path))
    assert found.notes == [
        "Each run was held against 1 of 2 other plans, those that save most in their own terms."
    ]


def test_a_looser_scenario_never_ends_worse_than_a_stricter_one(tmp_path):
    """The base stops at its first plan; what `sharp` finds under a stricter rule is better there too."""
    config, base = load_config(ROOT / "configs" / "tiny.yaml", {"solver.gap": 0.99, "output": str(tmp_path)})
    sharp = {"rules": {"counts": {"max_closures": 5}}, "solver": {"gap": 0.0}}
    config = changed(config, {"scenarios": {"sharp": sharp}, "matrices": None}, "test")
    lines = run_scenarios((config, base), ["sharp"], Where(workers=1))
    assert any(line.startswith("base: done") and "from the plan of sharp" in line for line in lines)
    table = pd.read_parquet(tmp_path / "tiny" / "study" / "results.parquet").set_index("job")
    assert table.loc["base", "started_from"] == "sharp"
    assert table.loc["base", "saving_npv_gbp"] >= table.loc["sharp", "saving_npv_gbp"] - 0.005
    record = json.loads((tmp_path / "tiny" / "base" / "run.json").read_text(encoding="utf-8"))
    assert any("a better plan is that of sharp" in line for line in record["solver"]["log"])


def test_a_run_takes_the_bound_of_one_that_allows_all_its_plans_and_can_be_repeated(tmp_path):
    """`few` stops at its first plan, far from its bound; the base is proved best, and looser."""
    sets = {"solver.gap": 0.0, "rules.counts.max_closures": 5, "output": str(tmp_path)}
    config, base = load_config(ROOT / "configs" / "tiny.yaml", sets)
    few = {"rules": {"locks": {"keep": ["S02"]}}, "solver": {"gap": 0.99}}
    dear = {"assumptions": {"fees_share": 0.2}, "solver": {"gap": 0.99}}
    config = changed(config, {"scenarios": {"few": few, "dear": dear}, "matrices": None}, "test")
    lines = run_scenarios((config, base), ["few", "dear"], Where(workers=1))
    assert any(line.startswith("few: done") and "no more than base could save" in line for line in lines)
    table = pd.read_parquet(tmp_path / "tiny" / "study" / "results.parquet").set_index("job")
    bound = table["bound_saving_npv_gbp"]
    assert bound["few"] == pytest.approx(bound["base"], abs=0.01)
    record = json.loads((tmp_path / "tiny" / "few" / "run.json").read_text(encoding="utf-8"))
    assert [one["bound_run"] for one in record["second_looks"]] == ["base"]
    assert any("proved for base" in line for line in record["solver"]["log"])
    dear_record = json.loads((tmp_path / "tiny" / "dear" / "run.json").read_text(encoding="utf-8"))
    assert not any("bound_run" in one for one in dear_record.get("second_looks", [])), "its money differs"
    again = rerun((tmp_path / "tiny" / "few", base, None), tmp_path / "again")
    assert "Looked at again as in its study, with the bound of base." in again
    assert "Solved again: the same plan." in again
    repeated = json.loads((tmp_path / "again" / "tiny" / "few" / "run.json").read_text(encoding="utf-8"))
    for name in ("saving_npv_gbp", "bound_saving_npv_gbp", "status", "second_looks"):
        assert repeated[name] == record[name], name


def test_a_run_that_took_the_plan_of_another_is_repeated_with_it(tmp_path):
    config, base = load_config(ROOT / "configs" / "tiny.yaml", {"solver.gap": 0.99, "output": str(tmp_path)})
    sharp = {"rules": {"counts": {"max_closures": 5}}, "solver": {"gap": 0.0}}
    config = changed(config, {"scenarios": {"sharp": sharp}, "matrices": None}, "test")
    run_scenarios((config, base), ["sharp"], Where(workers=1))
    folder = tmp_path / "tiny" / "base"
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    lines = rerun((folder, base, None))
    assert "Looked at again as in its study, with the plan of sharp." in lines
    assert "Solved again: the same plan." in lines
    without = {name: told for name, told in record.items() if name != "second_looks"}
    (folder / "run.json").write_text(json.dumps(without), encoding="utf-8")
    assert any(line.startswith("Solved again: another plan") for line in rerun((folder, base, None)))
    (folder / "run.json").write_text(json.dumps(record | {"second_looks": [{"x": 1}]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="is damaged"):
        rerun((folder, base, None))
