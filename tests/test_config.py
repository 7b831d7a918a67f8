"""Configuration: what is accepted, what is refused, and in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from estate.config import Config
from estate.core.errors import ConfigError
from estate.model.rules import ALWAYS_ON, RULES, rule_name
from estate.schema import config_reference, config_schema, rules_reference
from estate.settings import load_config, merge, parse_assignments
from estate.starting import starter_yaml


def write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def refusal(path: Path, **given: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, **given)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2
    return [str(issue) for issue in caught.value.issues]


def test_the_least_configuration_is_one_line(tmp_path):
    config, base = load_config(write(tmp_path, "name: ours\n"))
    assert config.name == "ours"
    assert base == tmp_path.resolve()
    assert set(config.rules) == ALWAYS_ON
    assert config.rules["access"] == {"enforce": True}


def test_every_problem_is_told_at_once_with_its_line_and_nearest_name(tmp_path):
    path = write(
        tmp_path,
        "name: our estate\n"
        "titel: x\n"
        "data: {tables: {sitez: a.csv}}\n"
        "horizon: {decision_years: 40, appraisal_years: 10}\n"
        "solver:\n"
        "  gap: 3%\n"
        "rules:\n"
        "  counts: {max_hub: 3, min_hubs: -1}\n"
        "  matriality:\n"
        "assumptions: {circuty: 1.2}\n"
        "vintage: green\n",
    )
    told = "\n".join(refusal(path, overrides={"solver.sed": 2}))
    for words in (
        "mine.yaml row 1, name: our estate",
        "mine.yaml row 2, titel: is not known; did you mean title?",
        "mine.yaml row 3, data.tables.sitez: is not known; did you mean sites?",
        "mine.yaml row 4, horizon: is not accepted (appraisal_years 10 is less than decision_years 40)",
        "mine.yaml row 6, solver.gap: 3% is not accepted",
        "mine.yaml row 8, rules.counts.max_hub: is not known; did you mean max_hubs?",
        "mine.yaml row 8, rules.counts.min_hubs: -1",
        "mine.yaml row 9, rules.matriality: is not known; did you mean materiality?",
        "mine.yaml row 10, assumptions.circuty: is not known; did you mean circuity?",
        "mine.yaml row 11, vintage: green",
        "command line, solver.sed: is not known; did you mean seed?",
    ):
        assert words in told
    assert len(told.splitlines()) == 11


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("- a\n- b\n", "is not a list of `key: value` lines"),
        ("name: a\nname: b\n", "row 2, name: comes twice; keep one of the two (the other is in line 1)"),
        (
            "name: a\nvintages: {works: {standard_buildings:1}}\n",
            "standard_buildings:1: has no space after its colon, so it is a key without a value; write",
        ),
        ("name: a\nsolver:\n  gap: 0.1\n  seed: 1\n  gap: 0.2\n", "row 5, solver.gap: comes twice"),
        ("name: &x a\ntitle: *x\n", "row 2: *x is a YAML alias"),
        ("name: [a\n", "is not readable YAML"),
        ("name: !!python/object/apply:os.getcwd []\n", "is not readable YAML"),
        ("name: a\ndata_date: 2027-13-45\n", "has a value that YAML cannot read"),
        ("name: " + "[" * 5000, "is nested too deeply"),
        ("title: x\n", "name: is missing; add `name:`"),
        ("name: a\nsolver: {gap: .nan}\n", "solver.gap: nan is not accepted"),
        ("name: a\nrules: [counts]\n", "row 2, rules: ['counts'] is not accepted"),
        ("name: ../up\n", "name: ../up is not accepted"),
        ("name: a\naudience: everyone\n", "audience: everyone is not accepted"),
    ],
)
def test_bad_files_are_refused_in_words(tmp_path, text, words):
    assert any(words in line for line in refusal(write(tmp_path, text))), refusal(write(tmp_path, text))


def test_options_that_contradict_are_told_in_the_rule_s_words(tmp_path):
    (told,) = refusal(write(tmp_path, "name: a\nrules: {counts: {min_hubs: 9, max_hubs: 3}}\n"))
    assert "rules.counts: is not accepted (min_hubs 9 is more than max_hubs 3)" in told


def test_not_text_not_there_too_large(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"name: \xff\xfe\n")
    assert "is not UTF-8 text" in refusal(path)[0]
    path.write_bytes(b"# " + b"x" * 1_000_001)
    assert "is larger than 1 MB" in refusal(path)[0]
    assert "is not a file" in refusal(tmp_path / "absent.yaml")[0]
    assert "is not a file" in refusal(tmp_path)[0]


def test_a_rule_left_blank_is_in_force_and_other_blanks_take_defaults(tmp_path):
    config, _ = load_config(write(tmp_path, "name: a\nrules:\n  counts:\nsolver:\n  gap:\ndata:\n"))
    assert config.rules["counts"]["max_hubs"] is None
    assert config.solver.gap == 0.03


def test_overrides_win_merge_and_remove(tmp_path):
    path = write(
        tmp_path, "name: a\nrules: {counts: {max_hubs: 5, min_hubs: 1}}\nsolver: {gap: 0.1, seed: 9}\n"
    )
    given = parse_assignments(["rules.counts.max_hubs=3", "solver.gap=", "objective=financial", "output=x/y"])
    config, _ = load_config(path, given)
    assert config.rules["counts"] == {
        "min_hubs": 1,
        "max_hubs": 3,
        "min_closures": None,
        "max_closures": None,
    }
    assert (config.solver.gap, config.solver.seed) == (0.03, 9)
    assert config.objective == "financial"
    config, _ = load_config(path, {"rules.counts": None})
    assert "counts" not in config.rules
    assert refusal(path, overrides={"name": None})[0].startswith("command line, name: is missing")


def test_merge_replaces_lists_and_never_changes_its_input():
    base = {"a": {"b": [1, 2], "c": 1}, "d": 1}
    assert merge(base, {"a": {"b": [3]}, "d": {"e": 2}}) == {"a": {"b": [3], "c": 1}, "d": {"e": 2}}
    assert base == {"a": {"b": [1, 2], "c": 1}, "d": 1}


def test_assignments_that_cannot_be_read_are_all_told():
    with pytest.raises(ConfigError) as caught:
        parse_assignments(["solver.gap", "=3", "a..b=1", "a=[", "ok=1"])
    assert [issue.value for issue in caught.value.issues] == ["solver.gap", "=3", "a..b=1", "a=["]


def test_shared_folder_by_flag_then_environment_then_beside_the_checkout(tmp_path, monkeypatch):
    checkout = tmp_path / "checkout"
    (checkout / "configs").mkdir(parents=True)
    path = write(checkout / "configs", "name: a\ndata: {folder: '${ESTATE_SHARED}/real'}\n")
    monkeypatch.delenv("ESTATE_SHARED", raising=False)
    assert "give the data folder with --shared FOLDER" in refusal(path)[0]
    (checkout / "pyproject.toml").touch()
    assert "--shared" in refusal(path)[0], "a folder that is not there is not taken"
    (tmp_path / "shared").mkdir()
    assert load_config(path)[0].data.folder == (tmp_path / "shared" / "real").resolve()
    monkeypatch.setenv("ESTATE_SHARED", str(tmp_path / "env"))
    assert load_config(path)[0].data.folder == (tmp_path / "env" / "real").resolve()
    assert (
        load_config(path, shared=tmp_path / "flag")[0].data.folder == (tmp_path / "flag" / "real").resolve()
    )


def test_variables_are_filled_in_paths_of_the_data_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_WORD", "hush")
    config, _ = load_config(
        write(tmp_path, "name: a\ntitle: ${SECRET_WORD}\ndata: {folder: '${SECRET_WORD}'}\n")
    )
    assert config.title == "${SECRET_WORD}"
    assert config.data.folder.name == "hush"


def test_run_record_holds_no_path_of_this_machine(tmp_path):
    path = write(
        tmp_path,
        "name: a\n"
        f"output: {(tmp_path / 'o').as_posix()}\n"
        "data:\n"
        "  folder: ${ESTATE_SHARED}/real\n"
        f"  boundary: {(tmp_path / 'b.geojson').as_posix()}\n"
        f"  postcodes: {(tmp_path.parent / 'p.csv').as_posix()}\n"
        "  places: [{file: '${ESTATE_SHARED}/x.csv', kind: library}]\n",
    )
    config, base = load_config(path, shared=tmp_path / "elsewhere")
    record = config.portable(base)
    assert record["data"]["folder"] == "${ESTATE_SHARED}/real"
    assert record["data"]["boundary"] == "b.geojson"
    assert record["data"]["postcodes"] == "p.csv"
    assert record["data"]["places"] == [{"file": "${ESTATE_SHARED}/x.csv", "kind": "library"}]
    assert record["output"] == "o"
    assert tmp_path.name not in json.dumps(record)


def test_the_starter_is_short_commented_and_accepted(tmp_path):
    text = starter_yaml()
    lines = text.splitlines()
    assert len(lines) <= 25
    assert sum("#" in line for line in lines) >= 20
    load_config(write(tmp_path, text))
    bold = "\n".join(
        line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line for line in lines[1:]
    )
    config, _ = load_config(write(tmp_path, bold))
    assert {"capital", "counts", "locks", "affordability"} <= set(config.rules), (
        "every choice offered is a real one"
    )
    assert config.assumptions == {"circuity": 1.3}


def test_schema_knows_every_section_rule_option_and_assumption():
    schema = config_schema()
    assert set(schema["properties"]) == set(Config.model_fields)
    rules = schema["properties"]["rules"]["properties"]
    assert list(rules) == [rule_name(rule) for rule in RULES]
    for rule in RULES:
        definition = schema["$defs"][f"rule_{rule_name(rule)}"]
        assert set(definition.get("properties", {})) == set(rule.Options.model_fields)
        assert definition["description"]
    assert schema["properties"]["assumptions"]["properties"]["circuity"]["default"] == 1.3
    references = [part for part in json.dumps(schema).split('"') if part.startswith("#/$defs/")]
    assert references
    assert all(reference.removeprefix("#/$defs/") in schema["$defs"] for reference in references)


def test_references_name_every_key():
    pages = config_reference() + rules_reference()
    for name in [*Config.model_fields, *(option for rule in RULES for option in rule.Options.model_fields)]:
        assert name in pages


def test_every_shipped_configuration_is_accepted():
    configs = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
    for path in configs:
        text = path.read_text(encoding="utf-8")
        config, _ = load_config(path, shared=path.parent)
        assert config.name == yaml.safe_load(text)["name"]


def test_a_saving_without_its_year_is_refused(tmp_path):
    path = tmp_path / "estate.yaml"
    path.write_text(
        "name: x\ndata: {folder: tables}\nrules: {affordability: {saving_gbp: 5}}\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="asks for nothing without saving_year"):
        load_config(path)
