"""A recorded run once more: replayed, proved again, solved again, and what stands against it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from estate import pipeline
from estate.core.errors import ConfigError, InputError, VerificationError
from estate.core.types import Plan
from estate.present.audience import run_for
from estate.replay import _search_lines, begun_line, read_start, rerun
from estate.settings import load_config

ROOT = Path(__file__).parents[1]
TABLES = {
    "sites": "site_id,name,partner_id,kind,scope,gia_m2,easting,northing\n"
    "A,North library,council,library,decide,400,400000,300000\n"
    "B,Empty depot,council,depot,surplus,100,400500,300000\n",
    "running_costs": "site_id,heading,gbp_per_year\nA,energy,30000\nB,energy,20000\n",
}
CONFIG = """name: two
data: {folder: tables}
horizon: {first_year: 2027, decision_years: 3, appraisal_years: 10}
solver: {gap: 0.0, time_limit: 60}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder with a library and an empty depot, and their run."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "tables").mkdir()
    for name, text in TABLES.items():
        (folder / "tables" / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "two.yaml").write_text(CONFIG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        config, base = load_config(folder / "two.yaml")
        pipeline.run(config, base)
    return folder


@pytest.fixture
def copy(made, tmp_path):
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def change(run, name, **values):
    path = run / name
    content = json.loads(path.read_text(encoding="utf-8"))
    content.update(values)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_run_is_replayed_and_solved_again(copy):
    lines = rerun((copy / "out" / "two", None, None), copy / "again")
    assert "from the same inputs" in " ".join(lines)
    assert any(line.startswith("All ") and "figures are the same" in line for line in lines)
    assert "Solved again: the same plan." in lines
    assert (copy / "again" / "two" / "run.json").is_file()
    record = json.loads((copy / "out" / "two" / "run.json").read_text(encoding="utf-8"))
    assert record["config_folder"] == "../.."
    assert str(copy) not in json.dumps(record)
    plan = Plan.from_records(record["plan"])
    assert plan.records() == record["plan"]


def test_a_plan_of_a_frontier_is_proved_again_and_not_searched_again(copy):
    """Its bound holds within a limit that its configuration does not: a whole search would contradict it."""
    run = copy / "out" / "two"
    change(run, "run.json", within_a_search=True)
    lines = rerun((run, None, None), copy / "again")
    assert lines[-1].startswith("Not searched again: this plan is one of a frontier")
    assert lines[1].startswith("Replayed: the recorded plan passes")
    assert not (copy / "again").exists()


def test_a_run_that_began_with_a_plan_is_repeated_with_it(copy, monkeypatch):
    monkeypatch.chdir(copy)
    start = read_start(copy / "out" / "two")
    config, base = load_config(copy / "two.yaml", {"output": "begun"})
    result = pipeline.evaluate(config, base, start=start)
    assert result.run["start"] == {"run": "two", "plan": start.plan.records()}
    line = begun_line(start, result.plan)
    assert line.startswith("Begun with the plan of two: ")
    assert f"{len(start.plan.closures)} of {len(start.plan.closures)} closures stay, 0 are new" in line
    pipeline.write(result, config)
    begun = copy / "begun" / "two"
    lines = rerun((begun, None, None))
    assert "Begun with the plan of two, as then." in lines
    assert "Solved again: the same plan." in lines
    change(begun, "run.json", start={"run": "two"})
    with pytest.raises(ConfigError, match="is damaged"):
        rerun((begun, None, None))


def test_a_run_for_other_readers_or_none_is_no_start(copy):
    change(copy / "out" / "two", "run.json", plan=None)
    with pytest.raises(ConfigError, match="damaged"):
        read_start(copy / "out" / "two")
    record = json.loads((copy / "out" / "two" / "run.json").read_text(encoding="utf-8"))
    del record["plan"]
    (copy / "out" / "two" / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ConfigError, match="give the folder of an internal run"):
        read_start(copy / "out" / "two")
    with pytest.raises(ConfigError, match="is not there"):
        read_start(copy)


def test_readers_who_do_not_see_the_plan_do_not_see_it_in_the_record():
    run = {
        "name": "x",
        "plan": {},
        "start": {},
        "second_looks": [],
        "status": "optimal",
        "saving_npv_gbp": 12_345,
    }
    for audience in ("partner", "public"):
        told = run_for(run, audience, withheld=False)
        assert not {"plan", "start", "second_looks"} & set(told)
    assert run_for(run, "internal", withheld=False)["start"] == {}


def test_a_changed_input_is_told_by_name(copy):
    with (copy / "tables" / "running_costs.csv").open("a", encoding="utf-8") as handle:
        handle.write("A,water,10\n")
    (copy / "tables" / "partners.csv").write_text("partner_id,name\ncouncil,Council\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        rerun((copy / "out" / "two", None, None), search=False)
    assert "running_costs.csv: has changed since" in str(caught.value)
    assert "partners.csv: was not read then" in str(caught.value)


def test_a_changed_figure_or_plan_fails_the_check(copy):
    run = copy / "out" / "two"
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    rows = [dict(row) for row in summary["headlines"]]
    row = next(row for row in rows if row["key"] == "npv_economic_gbp")
    row["value"] += 0.02
    change(run, "summary.json", headlines=rows)
    with pytest.raises(VerificationError, match="npv_economic_gbp"):
        rerun((run, None, None), search=False)
    versions = json.loads((run / "run.json").read_text(encoding="utf-8"))["versions"]
    change(run, "run.json", versions=versions | {"program": "another"})
    with pytest.raises(VerificationError, match="Versions have changed since: program another to") as caught:
        rerun((run, None, None), search=False)
    assert "repeat it with the program of that time" in str(caught.value)
    change(run, "run.json", versions=versions)
    change(run, "summary.json", headlines=summary["headlines"])
    plan = json.loads((run / "run.json").read_text(encoding="utf-8"))["plan"]
    assert plan["closures"] or plan["moves"], "there is something to take away"
    change(run, "run.json", plan={"closures": [], "hubs": [], "moves": []})
    with pytest.raises(VerificationError, match="differ"):
        rerun((run, None, None), search=False)


@pytest.mark.parametrize(
    ("change_to", "told"),
    [
        ({"audience": "public"}, "repeat the internal run"),
        ({"plan": {"closures": [{"site": 1}], "hubs": [], "moves": []}}, "is damaged"),
        ({"config_folder": "../nowhere"}, "--data FOLDER"),
        ({"config": {"name": "two", "rulez": {}}}, "did you mean rules?"),
    ],
)
def test_records_that_cannot_be_repeated_are_told(copy, change_to, told):
    change(copy / "out" / "two", "run.json", **change_to)
    with pytest.raises(ConfigError) as caught:
        rerun((copy / "out" / "two", None, None), search=False)
    assert told in str(caught.value)


def test_folders_that_hold_no_run_and_ones_own_are_refused(copy):
    with pytest.raises(ConfigError, match="is not there or is damaged"):
        rerun((copy / "tables", None, None))
    with pytest.raises(ConfigError, match="would replace the run"):
        rerun((copy / "out" / "two", None, None), copy / "out")


def test_two_searches_may_differ_but_not_contradict():
    record = {"saving_npv_gbp": 100.0, "bound_saving_npv_gbp": 110.0, "plan": {}}

    class Again:
        plan = Plan.empty()

        def __init__(self, found, bound):
            self.run = {"saving_npv_gbp": found, "bound_saving_npv_gbp": bound}

    lines = _search_lines(record, Again(105.0, 108.0))
    assert lines[0] == "Solved again: another plan, worth £105, not £100; none is worth more than £108."
    for found, bound in ((111.0, 112.0), (90.0, 99.0)):
        with pytest.raises(VerificationError, match="contradict"):
            _search_lines(record, Again(found, bound))


def test_business_as_usual_is_a_plan_that_was_given(made, monkeypatch):
    monkeypatch.chdir(made)
    config, base = load_config(made / "two.yaml", {"rules.counts.min_closures": 1})
    result = pipeline.evaluate_plan(config, base, Plan.empty())
    assert result.run["status"] == "given"
    assert result.run["saving_npv_gbp"] == 0
    failed = result.checks[~result.checks["passed"].astype(bool)]
    assert failed["check"].tolist() == ["counts"], "it is told what business as usual breaks"
