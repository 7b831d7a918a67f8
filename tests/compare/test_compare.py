"""Runs side by side: from folders made by hand, so that every difference is known."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import openpyxl
import pandas as pd
import pytest

from estate.compare import compare_runs
from estate.compare.runs import Run, read_runs, words_apart
from estate.compare.settled import settled, show
from estate.compare.tables import WITHHELD, figures, money, notes, too_close
from estate.config import CompareSection, Threshold
from estate.core.errors import ConfigError, InputError
from estate.core.money import discount_factors
from estate.study.attempt import Ended
from estate.study.job import Answer, Outcome
from estate.study.readers import TOO_CLOSE, publish
from estate.study.store import Store

HORIZON = {"first_year": 2027, "decision_years": 2, "appraisal_years": 3}
DECISIONS = {"A": "close", "B": "close", "C": "keep", "D": "keep", "E": "keep"}


def headline(key, value, unit="GBP"):
    return {"key": key, "label": key.replace("_", " "), "value": value, "unit": unit}


def make_run(
    folder, *, saving=1_000_000.0, gap=0.0, decisions=None, people=100.0, audience="internal", **more
):
    """Write the folder of a run in which site A saves 10,000 a year for the council."""
    folder.mkdir(parents=True)
    decisions = {**DECISIONS, **(decisions or {})}
    ids = list(decisions)
    plan = pd.DataFrame(
        {
            "site_id": ids,
            "decision": decisions.values(),
            "hub_option": "",
            "year": ["2027/28" if d == "close" else "" for d in decisions.values()],
            "exit_route": ["sell" if d == "close" else "" for d in decisions.values()],
        }
    )
    plan.to_csv(folder / "plan.csv", index=False)
    points = geopandas.points_from_xy([400000 + 500 * i for i in range(len(ids))], [300000] * len(ids))
    names = [more.get("name_of", "Site") + f" {site}" for site in ids]
    sites = geopandas.GeoDataFrame({"site_id": ids, "name": names}, geometry=points, crs="EPSG:27700")
    sites.to_file(folder / "estate.gpkg", layer="sites", driver="GPKG")
    areas = geopandas.GeoDataFrame(
        {"area_id": ["X", "Y"], "population": [300.0, 100.0]}, geometry=points[:2], crs="EPSG:27700"
    )
    areas.to_file(folder / "estate.gpkg", layer="areas", driver="GPKG")
    move = {"provision_id": ["p"], "from_site_id": ["A"], "to_site_id": ["C"], "how": ["move"]}
    move["year"] = ["2027/28"]
    pd.DataFrame(move).iloc[: more.get("moves", 1)].to_csv(folder / "moves.csv", index=False)
    assumed = pd.DataFrame({"name": ["circuity"], "value": [more.get("circuity", 1.3)]})
    assumed.to_csv(folder / "assumptions.csv", index=False)
    access = pd.DataFrame({"area_id": ["X", "Y"], "service_id": "s", "standard_id": "s1", "year": "2028/29"})
    access["case"], access["within"] = "plan", ["yes", more.get("far", "yes")]
    access.to_csv(folder / "access.csv", index=False)
    cash = [
        ("2027/28", "council", "running_cost", "both", case, amount)
        for case, amount in (("bau", -30_000.0), ("plan", -30_000.0 + more.get("yearly", 10_000.0)))
    ]
    cash += [("2028/29", "council", "receipt", "economic", "plan", 1.0)]
    columns = ["year", "partner_id", "line", "view", "case", "amount_gbp"]
    pd.DataFrame(cash, columns=columns).to_csv(folder / "cashflow.csv", index=False)
    config = {"horizon": HORIZON, "vintage": "green_book_2022", "timing": "year_end", "objective": "economic"}
    config |= {"rules": {"counts": {"max_hubs": more.get("max_hubs", 2)}}}
    record = {"status": more.get("status", "within_gap"), "audience": audience, "versions": {"estate": "1"}}
    if audience != "public":
        record |= {
            "config": config,
            "saving_npv_gbp": saving,
            "gap_gbp": gap,
            "input_hashes": {"a.csv": "00"},
        }
    rows = [
        headline("npv_economic_gbp", saving),
        headline("saving_steady_gbp", more.get("yearly", 10_000.0), "GBP/year"),
        headline("closures", sum(d == "close" for d in decisions.values()), "sites"),
        headline("residents_worse_off", people, "person"),
        headline("payback_with_receipts", more.get("payback"), "year"),
    ]
    summary = {
        "title": more.get("title", "T"),
        "status": "Proposed",
        "data_date": "1 April 2027",
        "headlines": rows,
    }
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def pair(tmp_path, one=None, other=None):
    return read_runs(
        [make_run(tmp_path / "base", **(one or {})), make_run(tmp_path / "run", **(other or {}))]
    )


RULES = CompareSection()
TABLES = ("inputs", "sites", "moves", "partners", "lines", "access")


@pytest.mark.parametrize(
    ("gaps", "saving", "proved"),
    [
        ((0, 0), 1_000_001.0, True),
        ((1100, 0), 1_001_000.0, False),
        ((600, 9_000), 1_001_000.0, True),
        ((9_000, 600), 999_000.0, True),
        ((9_000, 1100), 999_000.0, False),
        ((0, 0), 1_000_000.0, False),
    ],
)
def test_runs_differ_where_a_plan_of_one_beats_every_plan_of_the_other(tmp_path, gaps, saving, proved):
    base, run = pair(tmp_path, {"gap": gaps[0]}, {"gap": gaps[1], "saving": saving})
    assert settled(base, run) is proved


def test_a_difference_smaller_than_the_gaps_is_never_printed(tmp_path):
    base, run = pair(
        tmp_path,
        {"gap": 1600},
        {
            "gap": 500,
            "saving": 1_001_000.0,
            "people": 5000.0,
            "yearly": 90_000.0,
            "decisions": {"C": "close"},
        },
    )
    for key in ("npv_economic_gbp", "closures", "residents_worse_off", "saving_steady_gbp"):
        shown = show(key, base, run, RULES)
        assert shown.delta is None, key
        assert shown.status == "not settled", key
    table = money([base, run], "partner_id")
    assert table["run less base [£]"].isna().all()
    assert table["run: in words"].tolist() == ["not settled"]
    assert "leave £2,100 open" in notes([base, run])[0]


def test_a_proved_order_of_wide_gaps_is_told_as_an_interval(tmp_path):
    base, run = pair(tmp_path, {"gap": 600}, {"gap": 7_000, "saving": 1_001_000.0, "people": 5000.0})
    shown = show("npv_economic_gbp", base, run, RULES)
    assert shown.delta is None
    assert (shown.status, shown.words) == ("green", "green: better, the best plans by £400 to £8,000")
    back = show("npv_economic_gbp", run, base, RULES)
    assert (back.status, back.words) == ("red", "red: worse, the best plans by £400 to £8,000")


def test_a_plan_beside_business_as_usual_is_shown_as_it_stands(tmp_path):
    base, run = pair(tmp_path, {"gap": 9_000_000}, {"status": "given", "saving": 0.0, "yearly": 0.0})
    assert show("npv_economic_gbp", base, run, RULES).delta == -1_000_000
    assert show("saving_steady_gbp", base, run, RULES).delta == -10_000
    assert money([base, run], "partner_id")["run less base [£]"].tolist() == [-10_000.0]
    assert not notes([base, run])


def test_what_other_readers_are_not_told_is_called_withheld_and_never_not_known():
    """Of the plan these readers get no money; of business as usual all is nought, which everybody knows."""
    payback, npv = headline("payback_with_receipts", None, "years"), headline("npv_economic_gbp", 0.0)
    closures = headline("closures", 6, "sites")
    told = {"saving_npv_gbp": None, "gap_gbp": None, "audience": "partner"}
    plan = Run("base", Path("p"), {**told, "status": "time_limit"}, {"headlines": [closures]})
    other = Run("other", Path("o"), {**told, "status": "time_limit"}, {"headlines": [npv, closures]})
    nothing = {"headlines": [headline("closures", 0, "sites"), npv, payback]}
    bau = Run("bau", Path("b"), {**told, "status": "given", "saving_npv_gbp": 0}, nothing)
    for run, decision in ((plan, "close"), (other, "close"), (bau, "keep")):
        parts = {"decision": decision, "hub_option": "", "year": "", "exit_route": ""}
        vars(run)["plan"] = pd.DataFrame(parts, index=list("ABCD"))  # in place of what it would read
    found = figures([plan, bau], CompareSection())
    assert set(found["key"]) == {"closures"}, "what only business as usual has is left out"
    assert found.set_index("run").loc["bau", "words"] == "6 sites less"
    found = figures([plan, bau, other], CompareSection()).set_index(["key", "run"])
    assert found.loc[("npv_economic_gbp", "base"), "shown"] == "withheld from these readers"
    assert found.loc[("npv_economic_gbp", "base"), "words"] == ""
    assert "payback_with_receipts" not in found.index.get_level_values("key")
    assert not any("bau" in line for line in notes([plan, bau]))
    assert "leave open what is not told to these readers" in notes([plan, other])[0]


def test_proved_differences_have_status_and_words(tmp_path):
    base, run = pair(
        tmp_path,
        {"payback": 5.0},
        {
            "saving": 970_000.0,
            "people": 150.0,
            "yearly": 12_000.0,
            "payback": 4.0,
            "decisions": {"B": "keep"},
        },
    )
    shown = {key: show(key, base, run, RULES) for key in base.headlines}
    assert shown["npv_economic_gbp"].delta == -30_000
    assert shown["npv_economic_gbp"].status == "amber"
    assert shown["npv_economic_gbp"].words == "amber: worse, £30,000 less (3.0%)"
    assert shown["residents_worse_off"].words == "red: worse, 50 people more (50.0%)"
    assert shown["saving_steady_gbp"].words == "green: better, £2,000 a year more"
    assert shown["payback_with_receipts"].words == "green: better, 1 year earlier"
    assert (shown["closures"].status, shown["closures"].words) == ("differs", "1 site less")


def test_yearly_amounts_are_held_against_the_gap_a_year(tmp_path):
    worth = float(discount_factors("green_book_2022", 3, "year_end").sum())
    for number, (more, proved) in enumerate([(10_000 / worth * 0.99, False), (10_000 / worth * 1.02, True)]):
        base, run = pair(
            tmp_path / str(number), {"gap": 10_000}, {"saving": 1_100_000.0, "yearly": 10_000 + more}
        )
        assert (show("saving_steady_gbp", base, run, RULES).delta is not None) is proved


def test_thresholds_colour_every_run_even_the_base(tmp_path):
    base, run = pair(tmp_path, None, {"people": 250.0, "saving": 900_000.0})
    rules = CompareSection(thresholds={"residents_worse_off": Threshold(amber=90, red=200)})
    assert show("residents_worse_off", base, base, rules).status == "amber"
    shown = show("residents_worse_off", base, run, rules)
    assert shown.status == "red"
    assert shown.words == "red: from 200 people; worse, 150 people more (150.0%)"
    low = CompareSection(thresholds={"npv_economic_gbp": Threshold(amber=950_000, red=800_000)})
    assert show("npv_economic_gbp", base, run, low).status == "amber"
    assert show("npv_economic_gbp", base, base, low).status == "green"


def test_files_tell_inputs_sites_moves_money_and_access(tmp_path):
    base = make_run(tmp_path / "base")
    run = make_run(
        tmp_path / "run",
        saving=900_000.0,
        yearly=4_000.0,
        moves=0,
        circuity=1.2,
        max_hubs=1,
        decisions={"A": "keep", "C": "hub"},
        far="no",
        name_of="=cmd <b>x</b>",
    )
    out = compare_runs([base, run], tmp_path / "out")
    tables = {f"{name}.csv" for name in ("compare", *TABLES)}
    more = {"compare.html", "compare.xlsx", "differences.png", "differences.gpkg"}
    assert {path.name for path in out.iterdir()} == tables | more
    inputs = pd.read_csv(out / "inputs.csv")
    assert inputs[["kind", "what"]].to_numpy().tolist() == [
        ["configuration", "rules.counts.max_hubs"],
        ["assumption", "circuity"],
    ]
    sites = pd.read_csv(out / "sites.csv").set_index("site_id")
    assert sites["base"].to_dict() == {"A": "close sell 2027/28", "C": "keep"}
    assert sites["run"].to_dict() == {"A": "keep", "C": "hub"}
    moves = pd.read_csv(out / "moves.csv")
    assert moves.drop(columns="service").to_numpy().tolist() == [
        ["p", "Site A", "move to Site C (C) 2027/28", "stays"]
    ]
    partners = pd.read_csv(out / "partners.csv")
    assert partners["base [£]"].tolist() == [10_000.0]
    assert partners["run less base [£]"].tolist() == [-6_000.0]
    access = pd.read_csv(out / "access.csv")
    assert access[["base", "run", "run less base share"]].to_numpy().tolist() == [[1.0, 0.75, -0.25]]
    layer = geopandas.read_file(out / "differences.gpkg").set_index("site_id")
    assert layer["difference"].to_dict() == {
        "A": "closes in the base, not here",
        "C": "hub here, not in the base",
    }
    page = (out / "compare.html").read_text(encoding="utf-8")
    assert "red: worse, £100,000 less (10.0%)" in page
    assert "<td>£4,000<small>£6,000 less</small></td>" in page
    assert "<script" not in page
    book = openpyxl.load_workbook(out / "compare.xlsx")
    assert book.sheetnames == ["Cover", "Figures", "Inputs", "Sites", "Moves", "Partners", "Lines", "Access"]
    figures = {row[0].value: [cell.value for cell in row] for row in book["Figures"].iter_rows()}
    assert figures["label"][2:] == ["base", "base: in words", "run", "run: in words"]
    assert figures["npv economic gbp"][4:] == [900_000, "red: worse, £100,000 less (10.0%)"]
    cells = [cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "f" not in cells, "no text became a formula"


def test_text_of_files_is_harmless(tmp_path):
    run = make_run(tmp_path / "run", decisions={"A": "keep"}, name_of="=1+1<img src=x>", saving=5.0)
    base = make_run(tmp_path / "base", name_of="=1+1<img src=x>")
    out = compare_runs([base, run], tmp_path / "out")
    assert "<img src=x>" not in (out / "compare.html").read_text(encoding="utf-8")
    assert pd.read_csv(out / "sites.csv")["name"].iloc[0].startswith("'=")


def test_public_amounts_of_runs_too_close_to_each_other_are_withheld(tmp_path):
    folders = [
        make_run(tmp_path / "base", audience="public"),
        make_run(tmp_path / "near", audience="public", decisions={"C": "close"}, saving=1_200_000.0),
        make_run(
            tmp_path / "far", audience="public", decisions=dict.fromkeys("CDE", "close"), saving=2_000_000.0
        ),
    ]
    runs = read_runs(folders)
    assert too_close(runs) == {"near"}
    out = compare_runs(folders, tmp_path / "out")
    table = pd.read_csv(out / "compare.csv").set_index(["key", "run"])
    assert table.loc[("npv_economic_gbp", "near"), "shown"] == WITHHELD
    assert pd.isna(table.loc[("npv_economic_gbp", "near"), "value"])
    assert table.loc[("closures", "near"), "value"] == 3
    assert "1.20 million" not in (out / "compare.html").read_text(encoding="utf-8")
    assert "For: public readers" in (out / "compare.html").read_text(encoding="utf-8")


def keep_run(work, name, states, secret):
    """Keep a run in the council's folder: what each site adds, and a report with a figure."""
    run = make_run(work.with_name("made") / f"{name}{secret}", audience="public", saving=secret)
    files = {path.name: path.read_bytes() for path in run.iterdir()} | {"report.html": str(secret).encode()}
    frame = pd.DataFrame({"site_id": list(states), "all": [str(state) for state in states.values()]})
    answer = Answer({"saving_npv_gbp": secret}, {"states": frame}, files)
    Store(work).keep(name, f"{name} {secret / 7}", Ended("done", answer))
    return Outcome(name, "done", answer, key=f"{name} {secret / 7}")


def test_a_public_study_keeps_no_byte_of_runs_too_close_to_each_other(tmp_path):
    work, out = tmp_path / "work", tmp_path / "out"
    same = dict.fromkeys("ABCDE", 0)
    asked = [
        keep_run(work, "near", same | {"C": 1}, 1_234_567.0),
        keep_run(work, "base", same, 7_654_321.0),
        keep_run(work, "far", same | dict.fromkeys("CDE", 1), 2_000_000.0),
    ]
    kept = {one.name: one for one in publish(asked, work, out, "base")}
    assert {name: one.status for name, one in kept.items()} == {
        "base": "done",
        "near": "withheld",
        "far": "done",
    }
    assert kept["near"].answer is None
    assert [path.name for path in (out / "near").iterdir()] == ["job.json"]
    assert not any(b"1234567" in path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert not list(out.rglob("states.parquet"))
    assert (out / "base" / "report.html").is_file()
    assert not (out / "far" / "cashflow.csv").exists(), "no money by year beside the first"
    table = pd.read_parquet(out / "study" / "results.parquet").set_index("job")
    assert pd.isna(table.loc["near", "saving_npv_gbp"])
    assert "fewer than three sites" in table.loc["near", "message"]

    # a later call sees what the first has shown: A, B, C apart from base, and A, B apart from far
    later = keep_run(work, "later", same | dict.fromkeys("ABC", 1), 3.0)
    assert publish([later], work, out, "base")[0].status == "done"
    both = keep_run(work, "both", same | dict.fromkeys("ABDE", 1), 4.0)
    assert publish([both], work, out, "base")[0].message == TOO_CLOSE, "later + far - both - base is C alone"
    assert (out / "far" / "plan.csv").is_file()
    # what was worked out anew but never shown takes back what was shown of it
    keep_run(work, "far", same | dict.fromkeys("CDE", 2), 5.0)
    publish([later], work, out, "base")
    assert [path.name for path in (out / "far").iterdir()] == ["job.json"]


def test_what_cannot_be_compared_is_told(tmp_path):
    base = make_run(tmp_path / "base")
    run = make_run(tmp_path / "run")
    with pytest.raises(InputError, match="at least two"):
        compare_runs([base], tmp_path / "out")
    (run / "moves.csv").rename(run / "gone.csv")
    with pytest.raises(InputError, match=r"moves\.csv is not there"):
        compare_runs([base, run], tmp_path / "out")
    (run / "gone.csv").rename(run / "moves.csv")
    with pytest.raises(InputError, match="holds no run; give those in it: base, run"):
        compare_runs([base, tmp_path], tmp_path / "out")
    with pytest.raises(InputError, match="names a run twice"):
        compare_runs([base, base], tmp_path / "out")
    with pytest.raises(ConfigError, match="use one of base, run"):
        compare_runs([base, run], tmp_path / "out", base="bass")
    with pytest.raises(ConfigError, match="not its own"):
        compare_runs([base, run], tmp_path)
    (run / "run.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        compare_runs([base, run], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_runs_of_one_name_are_told_apart(tmp_path):
    one, two = make_run(tmp_path / "x" / "base"), make_run(tmp_path / "y" / "base")
    assert [run.name for run in read_runs([one, two])] == ["x/base", "y/base"]


@pytest.mark.parametrize(
    ("titles", "words"),
    [
        (["T", "T: every library stays", "T: at most 1 hub"], ["", "every library stays", "at most 1 hub"]),
        (["T: no sale", "T: no sale; dear works"], ["no sale", "no sale; dear works"]),
        (["T", "T: no sale", "T: no sale"], ["", "", ""]),
        (["T", "Town"], ["", ""]),
        (["T", "T"], ["", ""]),
        (["", "T: no sale"], ["", ""]),
    ],
)
def test_runs_are_called_what_their_titles_say_beyond_the_others(titles, words):
    assert words_apart(titles) == words


def test_people_read_words_and_programs_read_names(tmp_path):
    folders = [
        make_run(tmp_path / "base"),
        make_run(tmp_path / "hubs-max_hubs=1-base", title="T: at most 1 hub", decisions={"C": "close"}),
    ]
    out = compare_runs(folders, tmp_path / "out")
    page = (out / "compare.html").read_text(encoding="utf-8")
    assert '<th scope="col">at most 1 hub</th>' in page
    assert '<th scope="col">hubs-max_hubs=1-base' not in page
    book = openpyxl.load_workbook(out / "compare.xlsx")
    heads = {sheet.title: [cell.value for cell in sheet[4]] for sheet in book.worksheets}
    assert heads["Sites"][-2:] == ["base", "at most 1 hub"]
    assert "at most 1 hub less base [£]" in heads["Lines"]
    assert heads["Access"][2:4] == ["base [share of residents]", "at most 1 hub [share of residents]"]
    shares = book["Access"]["C5"]
    assert (shares.value, shares.number_format) == (1.0, "0.0%")
    assert list(pd.read_csv(out / "sites.csv"))[-1] == "hubs-max_hubs=1-base"
