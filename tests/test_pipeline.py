"""One run, top to bottom, on an estate whose figures are known by hand."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pandas as pd
import pytest
from two_libraries import hand_npv, write_two_libraries

from estate import pipeline
from estate.core.errors import ConfigError, InfeasibleError, VerificationError
from estate.core.result import HEADLINE_KEYS
from estate.settings import load_config
from estate.verify import Violation

RUN_KEYS = (
    *("schema_version", "config", "input_hashes", "versions", "seed", "solver", "status", "stopped_by"),
    *("npv_gbp", "saving_npv_gbp", "bound_saving_npv_gbp", "gap_gbp", "gap_share_of_saving", "seconds"),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("libraries")
    config, base = load_config(write_two_libraries(folder, "solver: {gap: 0}\n"))
    told = []
    result, out = pipeline.run(config, base, told.append)
    return result, out, told


def test_the_dearer_library_merges_into_the_other_and_saves_its_cost(finished):
    result, _, _ = finished
    assert result.plan.closures["site_id"].tolist() == ["B"]
    assert result.plan.moves[["provision_id", "how", "to_provision_id"]].to_numpy().tolist() == [
        ["PB", "merge", "PA"]
    ]
    assert result.run["saving_npv_gbp"] == pytest.approx(hand_npv(150_000), abs=0.005)
    assert result.run["npv_gbp"] == pytest.approx(-hand_npv(100_000), abs=0.005)
    assert result.run["bau_npv_gbp"] == pytest.approx(-hand_npv(250_000), abs=0.005)
    assert result.run["status"] == "optimal"
    share = result.headline("saving_share")
    assert share["value"] == pytest.approx(0.6)
    assert (share["numerator"], share["denominator"]) == (pytest.approx(150_000), pytest.approx(250_000))


def test_run_record_is_the_contract(finished):
    result, out, _ = finished
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert set(RUN_KEYS) <= set(record)
    assert record["gap_gbp"] == pytest.approx(
        record["bound_saving_npv_gbp"] - record["saving_npv_gbp"], abs=0.01
    )
    assert record["gap_share_of_saving"] == pytest.approx(record["gap_gbp"] / record["bound_saving_npv_gbp"])
    assert record["config"]["rules"]["capacity"] == {}
    assert record["config"]["data"]["folder"] == "tables"
    assert {"read", "solve", "verify", "appraise"} <= set(record["seconds"])
    assert {"estate", "python", "pulp", "highspy", "pandas"} <= set(record["versions"])
    assert set(record["input_hashes"]) == {
        *("partners.csv", "services.csv", "sites.csv", "running_costs.csv", "provisions.csv", "tenures.csv")
    }
    assert all(len(digest) == 64 for digest in record["input_hashes"].values())
    for part in (out.parents[1], out.parents[1].resolve()):
        assert str(part) not in json.dumps(record)
    assert result.run["schema_version"] == "1.0"


def test_every_file_of_the_contract_is_written(finished):
    _, out, _ = finished
    names = {path.name for path in out.iterdir()}
    assert {
        *("plan.csv", "moves.csv", "cashflow.csv", "access.csv", "assumptions.csv", "data_to_collect.csv"),
        *("funnel.csv", "matches.csv", "summary.json", "run.json", "estate.gpkg", "map.png", "cashflow.png"),
        "workbook.xlsx",
    } <= names
    cash = pd.read_csv(out / "cashflow.csv")
    by_year = cash[cash["view"] != "financial"].groupby(["case", "year"])["amount_gbp"].sum()
    assert (by_year["plan"] - by_year["bau"]).to_numpy() == pytest.approx([150_000.0] * 35)


def test_every_headline_that_readers_look_for_is_there(finished):
    result, _, _ = finished
    keys = [row["key"] for row in result.summary["headlines"]]
    assert len(keys) == len(set(keys))
    without_areas = {"residents_worse_off"}
    assert set(HEADLINE_KEYS) - without_areas <= set(keys)


def test_progress_tells_every_stage_in_order(finished):
    _, _, told = finished
    stages = list(dict.fromkeys(report.stage for report in told))
    assert stages[0] == "reading the data"
    assert stages[-1] == "writing the results"
    assert stages.index("looking for the best plan") < stages.index("checking the plan against every rule")


def test_checks_name_every_rule_in_force_and_the_tie(finished):
    result, _, _ = finished
    of_the_books = {
        "financial view deflated equals ledger",
        "every capital pound is funded once",
        "charges between partners sum to nothing",
        "debt is what is borrowed and not repaid",
        "what partners pass each other for works sums to nothing",
    }
    assert set(result.checks["check"]) == {*result.config.rules, "objective equals ledger", *of_the_books}
    assert result.checks["passed"].all()


def test_no_two_closures_where_one_must_take_the_other_in(tmp_path):
    config, base = load_config(write_two_libraries(tmp_path, "rules: {counts: {min_closures: 2}}\n"))
    with pytest.raises(InfeasibleError) as caught:
        pipeline.run(config, base)
    assert "counts" in str(caught.value), str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_plan_that_the_check_refuses_is_not_written(tmp_path, monkeypatch):
    config, base = load_config(write_two_libraries(tmp_path))
    monkeypatch.setattr(pipeline, "verify", lambda *_: [Violation("capacity", "too much in A", site_id="A")])
    with pytest.raises(VerificationError, match="too much in A"):
        pipeline.run(config, base)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", [0.006, -0.006, float("nan")])
def test_a_penny_between_optimiser_and_ledger_stops_the_run(tmp_path, monkeypatch, wrong):
    config, base = load_config(write_two_libraries(tmp_path))
    honest = pipeline.solve_estate

    def mistaken(*given):
        solution = honest(*given)
        return replace(solution, objective_gbp=solution.objective_gbp + wrong)

    monkeypatch.setattr(pipeline, "solve_estate", mistaken)
    with pytest.raises(VerificationError, match="price the plan differently"):
        pipeline.run(config, base)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path):
    config, base = load_config(write_two_libraries(tmp_path))
    precious = tmp_path / "out" / "libraries" / "thesis.docx"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no earlier run"):
        pipeline.run(config, base)
    assert precious.read_text(encoding="utf-8") == "years of work"


def test_stop_before_anything_is_known_writes_nothing(tmp_path):
    config, base = load_config(write_two_libraries(tmp_path))
    stop = threading.Event()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(config, base, None, stop)
    assert not (tmp_path / "out").exists()


def test_the_financial_objective_has_its_own_npv(tmp_path):
    path = write_two_libraries(tmp_path)
    rates = "B,business_rates,20000\n"
    costs = tmp_path / "tables" / "running_costs.csv"
    costs.write_text(costs.read_text(encoding="utf-8") + rates, encoding="utf-8", newline="\n")
    found = {}
    for view in ("economic", "financial"):
        config, base = load_config(path, {"objective": view, "assumptions.empty_rates_relief_months": 12})
        found[view] = pipeline.evaluate(config, base).run["saving_npv_gbp"]
    assert found["economic"] == pytest.approx(hand_npv(150_000), abs=0.005)
    # On bills the empty building pays its rates, but for the year of relief.
    assert found["financial"] == pytest.approx(hand_npv(150_000) + 20_000, abs=0.005)
