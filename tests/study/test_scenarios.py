"""Scenarios and matrices: what they change, and what they may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from estate.core.errors import ConfigError, InputError
from estate.inputs.load import load_estate
from estate.settings import load_config
from estate.study.scenarios import BASE, matrix_cells, names_in, scenario_config
from estate.study.session import chosen, scenario_jobs

ROOT = Path(__file__).parents[2]
SCENARIOS = """
scenarios:
  no-receipts:
    title: no sale ever completes
    rules: {capital: {receipts: false}}
  free:
    rules: {materiality: null}
  two-locks:
    rules: {locks: {keep: [S02, S03]}}
  one-lock:
    rules: {locks: {keep: [S01]}}
  dear:
    assumptions: {fit_out_gbp_per_m2: 600}
    edits: [{table: hub_options, set: {capital_gbp: {multiply: 1.5}}}]
  kept:
    edits: [{table: sites, where: {kind: library}, set: {scope: keep}}]
matrices:
  hubs:
    rules.counts.max_hubs: [0, 1]
    scenario: [base, no-receipts]
"""


def config_of(folder, text=SCENARIOS, edits=""):
    tiny = (ROOT / "configs" / "tiny.yaml").read_text(encoding="utf-8").split("scenarios:")[0]
    tiny = tiny.replace("../data/tiny", (ROOT / "data" / "tiny").as_posix())
    (folder / "tiny.yaml").write_text(f"{tiny}\n{edits}\n{text}", encoding="utf-8")
    return load_config(folder / "tiny.yaml")


def problems(config, names):
    with pytest.raises(ConfigError) as caught:
        scenario_config(config, names)
    return str(caught.value)


def test_maps_merge_lists_are_replaced_null_takes_away_and_later_wins(tmp_path):
    config, _ = config_of(tmp_path)
    made, notes = scenario_config(config, ["no-receipts", "free", "two-locks"])
    assert made.rules["capital"] == {**config.rules["capital"], "receipts": False}
    assert "materiality" in config.rules
    assert "materiality" not in made.rules
    assert made.rules["locks"]["keep"] == ["S02", "S03"]
    assert made.scenario == "no-receipts+free+two-locks"
    assert made.title == "A tiny estate, invented: no sale ever completes; free; two-locks"
    assert made.folder == Path("out") / "tiny" / "no-receipts+free+two-locks"
    assert notes == []
    made, notes = scenario_config(config, ["two-locks", "one-lock"])
    assert made.rules["locks"]["keep"] == ["S01"]
    assert notes == ["one-lock sets rules.locks.keep, which two-locks sets as well: that of one-lock counts."]
    assert made.scenarios == {}, "the record of a run says what it did, not what else there was"


def test_base_changes_nothing(tmp_path):
    config, base = config_of(tmp_path)
    made, _ = scenario_config(config, [BASE])
    assert made.portable(base) == config.model_copy(update={"scenarios": {}, "matrices": {}}).portable(base)


def test_edits_of_scenarios_are_made_one_after_the_other(tmp_path):
    config, base = config_of(
        tmp_path, edits="edits: [{table: hub_options, where: {site_id: H01}, set: {capital_gbp: 100}}]"
    )
    before = load_estate(config, base)
    made, _ = scenario_config(config, ["dear", "kept"])
    after = load_estate(made, base)
    hubs = after.tables["hub_options"].set_index("site_id")["capital_gbp"]
    was = before.tables["hub_options"].set_index("site_id")["capital_gbp"]
    assert was["H01"].tolist() == [100.0] * len(was[["H01"]])
    assert (hubs == was * 1.5).all()
    libraries = after.tables["sites"].query("kind == 'library' and status == 'existing'")
    assert len(libraries)
    assert libraries["scope"].eq("keep").all()
    assert any("capital_gbp" in note and "multiplied by 1.5" in note for note in after.notes)
    assert after.assumptions["fit_out_gbp_per_m2"] == 600


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("{table: site, set: {scope: keep}}", "did you mean sites?"),
        ("{table: sites, where: {kinds: library}, set: {scope: keep}}", "did you mean kind?"),
        ("{table: sites, where: {site_id: NOPE}, set: {scope: keep}}", "matches no row of sites"),
        ("{table: sites, where: {site_id: S01}, set: {scope: perhaps}}", "is not one of decide"),
        ("{table: sites, where: {site_id: S01}, set: {site_id: S02}}", "is the key of the table"),
        ("{table: sites, where: {site_id: S01}, set: {name: {multiply: 2}}}", "cannot be set"),
        ("{table: sites, where: {site_id: S01}, set: {gia_m2: {add: 2}}}", "cannot be set"),
        ("{table: sites, where: {site_id: S01}, set: {gia_m2: {multiply: -2}}}", "is negative"),
        ("{table: sites, where: {site_id: S01}, set: {gia_m2: large}}", "is not a number"),
        (
            "{table: sites, where: {site_id: S01}, set: {longitude: {multiply: 2}}}",
            "has only blanks to multiply",
        ),
    ],
)
def test_wrong_edits_are_told_and_nothing_is_changed(tmp_path, edit, told):
    config, base = config_of(tmp_path, "", f"edits: [{edit}]")
    with pytest.raises(InputError) as caught:
        load_estate(config, base)
    assert told in str(caught.value)
    assert "edits.0" in str(caught.value)


def test_names_are_told_with_the_nearest(tmp_path):
    config, _ = config_of(tmp_path)
    assert "did you mean no-receipts?" in problems(config, ["no-receipt"])
    assert "cannot be combined" in problems(config, ["bau", "dear"])
    assert "is named twice" in problems(config, ["dear", "dear"])


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("{rules: {counts: {max_hub: 1}}}", "did you mean max_hubs?"),
        ("{rulez: {counts: {max_hubs: 1}}}", "did you mean rules?"),
        ("{rules: {partnershp: null}}", "takes away what is not there"),
        ("{name: other}", "cannot be changed by a scenario"),
        ("{audience: public}", "cannot be changed by a scenario"),
        ("{horizon: {first_year: null, decision_years: 0}}", "is not accepted"),
        ("{}", "changes nothing"),
        (
            "{edits: [{table: sitez, set: {scope: keep}}]}",
            "scenarios.bad.edits.0.table: sitez is not a table",
        ),
        ("{edits: [{table: sites, set: {skope: keep}}]}", "did you mean scope?"),
    ],
)
def test_wrong_scenarios_are_told(tmp_path, scenario, told):
    config, _ = config_of(tmp_path, f"scenarios: {{bad: {scenario}, fine: {{hubs_allowed: false}}}}")
    assert told in problems(config, ["bad"])
    with pytest.raises(ConfigError, match="bad"):
        scenario_jobs(config)


@pytest.mark.parametrize("name", ["base", "bau", "study", "a b", "../x", "x" * 65])
def test_names_of_scenarios_that_cannot_be_are_told(tmp_path, name):
    config, _ = config_of(tmp_path, f"scenarios: {{'{name}': {{hubs_allowed: false}}}}")
    with pytest.raises(ConfigError, match="name"):
        scenario_jobs(config)


def test_a_matrix_is_every_combination(tmp_path):
    config, _ = config_of(tmp_path)
    cells = matrix_cells(config)
    assert list(cells) == [
        "hubs-max_hubs=0-base",
        "hubs-max_hubs=0-no-receipts",
        "hubs-max_hubs=1-base",
        "hubs-max_hubs=1-no-receipts",
    ]
    assert [cell["title"].partition(": ")[2] for cell in cells.values()] == [
        "at most 0 hubs",
        "at most 0 hubs; no sale ever completes",
        "at most 1 hub",
        "at most 1 hub; no sale ever completes",
    ]
    assert cells["hubs-max_hubs=1-no-receipts"]["rules.counts.max_hubs"] == 1
    assert cells["hubs-max_hubs=1-no-receipts"]["rules.capital.receipts"] is False


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        ("{rules.capital.receipts: [true], scenario: [no-receipts]}", "which would hide it"),
        ("{scenario: [no-receipt]}", "did you mean no-receipts?"),
        ("{rules.counts.max_hubs: []}", "has no values"),
        ("{name: [a, b]}", "cannot be an axis"),
        ("{rules.counts: [{max_hubs: 1}], rules.counts.max_hubs: [0]}", "by the axis rules.counts as well"),
        ("{rules.counts.max_hubs: [1, 0, 1]}", "comes twice"),
    ],
)
def test_wrong_matrices_are_told(tmp_path, axes, told):
    text = "scenarios: {no-receipts: {rules: {capital: {receipts: false}}}}\n"
    config, _ = config_of(tmp_path, f"{text}matrices: {{m: {axes}}}")
    with pytest.raises(ConfigError) as caught:
        matrix_cells(config)
    assert told in str(caught.value)


def test_a_study_has_the_base_both_references_all_scenarios_and_cells(tmp_path):
    config, _ = config_of(tmp_path)
    jobs = scenario_jobs(config)
    names = [job.name for job in jobs]
    assert names[:3] == ["base", "bau", "do-minimum"]
    assert names[3:9] == list(config.scenarios)
    assert len(names) == 13
    assert [job.name for job in chosen(jobs, ["dear"], "base")] == ["base", "dear"]
    with pytest.raises(ConfigError, match="did you mean dear"):
        chosen(jobs, ["deer"], "base")


@pytest.mark.parametrize("text", ["", " , "])
def test_a_list_without_names_is_refused(text):
    assert names_in(" a, b-c ,") == ["a", "b-c"]
    with pytest.raises(ConfigError, match="names no scenario"):
        names_in(text)
