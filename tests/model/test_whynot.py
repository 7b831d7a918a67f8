"""Planted conflicts: each is found, is no larger than it must be, and is told in the user's words."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tiny import AREAS, TABLES, Row, config, estate

from estate.core.errors import ConfigError, InfeasibleError, InputError, SolverError
from estate.pipeline import read_estate
from estate.settings import load_config
from estate.solve import solve_estate
from estate.solve.clock import Clock
from estate.solve.outcome import Outcome
from estate.solve.whynot import search as whynot
from estate.solve.whynot.elastic import Elastic, Question
from estate.solve.whynot.found import Conflict, Relief
from estate.solve.whynot.search import Search
from estate.solve.whynot.wide import Wide, build_wide
from estate.solve.whynot.words import Speaker
from estate.solve.whynot.years import years_of
from estate.starting import example

if TYPE_CHECKING:
    from estate.core.types import Estate

ZONED = [{**AREAS[0], "zone": "W"}, {**AREAS[1], "zone": "E"}]


@dataclass(frozen=True)
class Planted:
    """Rules and tables that cannot hold, and the lines that say why."""

    lines: list[str]
    rules: dict[str, Row]
    tables: dict[str, list[Row]] = field(default_factory=dict)
    more: Row = field(default_factory=dict)

    def read(self) -> tuple[Estate, Any]:
        asked = config(self.rules, **self.more)
        return estate(asked, **self.tables), asked


def std(service: str, km: float, **more: Any) -> Row:
    base = {"standard_id": f"{service}_{km}", "service_id": service, "metric": "km", "threshold": km}
    return base | {"mode": "walk", "share": 0.75, "geography": "overall", "basis": "target"} | more


def held_to(*standards: Row) -> dict[str, list[Row]]:
    return {"areas": ZONED, "standards": list(standards)}


def lease(site: str, **more: Any) -> dict[str, list[Row]]:
    return {"tenures": [{"site_id": site, "tenure": "leasehold"} | more]}


def budget(*rows: tuple[str, str, float]) -> dict[str, list[Row]]:
    return {"budgets": [{"purse": p, "year": y, "capital_gbp": v} for p, y, v in rows]}


def sites(**changed: Row) -> list[Row]:
    return [row | changed.get(row["site_id"], {}) for row in TABLES["sites"]]


CASES = {
    "keep and close": Planted(
        ["locks|close|A", "locks|keep|A"], {"locks": {"close": ["A"], "keep": ["A"]}}, {}
    ),
    "hub and no_hub": Planted(
        ["locks|hub|H", "locks|no_hub|H"], {"locks": {"hub": ["H"], "no_hub": ["H"]}}, {}
    ),
    "hub without option": Planted(["locks|hub|A"], {"locks": {"hub": ["A"]}}, {}),
    "close a host": Planted(["locks|close|S"], {"locks": {"close": ["S"]}}, {}),
    "close lease": Planted(
        ["locks|close|B", "tenure|B"], {"locks": {"close": ["B"]}}, lease("B", expiry="2032-03-25")
    ),
    "close pfi": Planted(
        ["locks|close|C", "tenure|C"],
        {"locks": {"close": ["C"]}},
        {"tenures": [{"site_id": "C", "tenure": "pfi", "expiry": "2040-03-31"}]},
    ),
    "notice": Planted(
        ["locks|close|D", "tenure|D"],
        {"locks": {"close": ["D"]}},
        {
            "tenures": [{"site_id": "D", "tenure": "licence", "notice_months": 30}],
            "valuations": TABLES["valuations"][:1],
        },
    ),
    "brake": Planted(
        ["brakes|A", "locks|close|A"],
        {"locks": {"close": ["A"]}},
        {"brakes": [{"site_id": "A", "brake": "covenant", "effect": "lock"}]},
    ),
    "brake until": Planted(
        ["brakes|A", "locks|close|A"],
        {"locks": {"close": ["A"]}},
        {"brakes": [{"site_id": "A", "brake": "covenant", "effect": "lock", "until": "2031-03-31"}]},
    ),
    "materiality": Planted(
        ["locks|close|D", "materiality|D"],
        {"locks": {"close": ["D"]}, "materiality": {"saving_gbp_per_year": 60000}},
        {},
    ),
    "materiality over the years": Planted(
        ["locks|close|D", "materiality|npv"],
        {"locks": {"close": ["D"]}, "materiality": {"npv_gbp": 500000}},
        {},
    ),
    "materiality, either": Planted(
        ["locks|close|D", "materiality|npv"],
        {"locks": {"close": ["D"]}, "materiality": {"saving_gbp_per_year": 60000, "npv_gbp": 500000}},
        {},
    ),
    "scope": Planted(
        ["locks|close|B", "scope|B"], {"locks": {"close": ["B"]}}, {"sites": sites(B={"scope": "keep"})}
    ),
    "fixed": Planted(
        ["fixed|c_ben", "locks|close|C"],
        {"locks": {"close": ["C"]}},
        {"provisions": [*TABLES["provisions"][:3], {**TABLES["provisions"][3], "fixed_to_site": True}]},
    ),
    "unfit": Planted(
        ["fitness|H", "locks|hub|H"], {"locks": {"hub": ["H"]}}, {"sites": sites(H={"step_free": "no"})}
    ),
    "hubs barred": Planted(
        ["hubs_allowed", "locks|hub|H"], {"locks": {"hub": ["H"]}}, {}, {"hubs_allowed": False}
    ),
    "hub at closed": Planted(["locks|close|C", "locks|hub|C"], {"locks": {"hub": ["C"], "close": ["C"]}}, {}),
    "hubs min max": Planted(
        ["counts|max_hubs", "counts|min_hubs"], {"counts": {"min_hubs": 2, "max_hubs": 1}}, {}
    ),
    "too many hubs": Planted(["counts|min_hubs"], {"counts": {"min_hubs": 3}}, {}),
    "too many closures": Planted(["counts|min_closures"], {"counts": {"min_closures": 5}}, {}),
    "max closures and locks": Planted(
        ["counts|max_closures", "locks|close|A", "locks|close|D"],
        {"counts": {"max_closures": 1}, "locks": {"close": ["A", "D"]}},
        {},
    ),
    "max hubs and lock": Planted(
        ["counts|max_hubs", "locks|hub|H"], {"counts": {"max_hubs": 0}, "locks": {"hub": ["H"]}}, {}
    ),
    "reach": Planted(
        ["locks|close|C", "reach|benefits"], {"locks": {"close": ["C"]}, "reach": {"default_km": 1.2}}, {}
    ),
    "permission": Planted(
        ["locks|close|C", "locks|no_hub|H", "permission|benefits|S"],
        {"locks": {"close": ["C"], "no_hub": ["H"]}},
        {"host_terms": [{**TABLES["host_terms"][0], "permitted_services": "library"}]},
    ),
    "term weeks": Planted(
        ["locks|close|C", "locks|no_hub|H", "permission|benefits|S"],
        {"locks": {"close": ["C"], "no_hub": ["H"]}},
        {
            "host_terms": [{**TABLES["host_terms"][0], "term_weeks": 39}],
            "services": [
                TABLES["services"][0],
                TABLES["services"][1],
                {**TABLES["services"][2], "year_round": "yes"},
            ],
        },
    ),
    "room": Planted(
        ["capacity|S", "locks|close|C", "locks|no_hub|H"],
        {"locks": {"close": ["C"], "no_hub": ["H"]}},
        {"host_terms": [{"site_id": "S", "room_nia_m2": 20, "weekly_hours": 40}]},
    ),
    "hours": Planted(
        ["capacity|S|hours", "locks|close|C", "locks|no_hub|H"],
        {"locks": {"close": ["C"], "no_hub": ["H"]}},
        {"host_terms": [{"site_id": "S", "room_nia_m2": 35, "weekly_hours": 20}]},
    ),
    "access overall": Planted(
        ["access|library_0.5|", "locks|close|A"],
        {"locks": {"close": ["A"]}},
        held_to(std("library", 0.5, basis="no_worse")),
    ),
    "access today fails": Planted(["access|library_0.5|"], {}, held_to(std("library", 0.5, share=0.9))),
    "access zone": Planted(
        ["access|benefits_0.7|E", "locks|close|C"],
        {"locks": {"close": ["C"]}},
        held_to(std("benefits", 0.7, geography="zone", basis="target_or_today")),
    ),
    "access area": Planted(
        ["access|library_0.7|west", "locks|close|A"],
        {"locks": {"close": ["A"]}},
        held_to(std("library", 0.7, geography="area", share=1, basis="target_or_today")),
    ),
    "access group": Planted(
        ["access|library_0.5|", "locks|close|A"],
        {"locks": {"close": ["A"]}},
        held_to(std("library", 0.5, group="most_deprived", basis="no_worse")),
    ),
    "capital pooled": Planted(
        ["capital|pooled|0", "locks|hub|H"],
        {"locks": {"hub": ["H"]}, "capital": {}},
        budget(("pooled", "2027/28", 100_000)),
    ),
    "capital separate": Planted(
        ["capital|council|0", "locks|hub|H"],
        {"locks": {"hub": ["H"]}, "capital": {"purses": "separate"}},
        budget(("council", "2027/28", 100_000), ("trust", "2027/28", 900_000)),
    ),
    "capital later": Planted(
        ["capital|pooled|0", "locks|hub|C", "locks|hub|H"],
        {"locks": {"hub": ["H", "C"]}, "capital": {}},
        budget(("pooled", "2027/28", 220_000), ("pooled", "2028/29", 5_000)),
    ),
    "saving": Planted(
        ["affordability|saving"], {"affordability": {"saving_year": 3, "saving_gbp": 1_000_000}}, {}
    ),
    "floor": Planted(
        ["partnership|trust"],
        {"locks": {"close": ["C"]}, "partnership": {}},
        {"partners": [{"partner_id": "council"}, {"partner_id": "trust", "floor_npv_gbp": 500_000}]},
    ),
    "must share": Planted(
        ["compatibility|advice|must_share|benefits", "locks|close|A", "locks|no_hub|C"],
        {"locks": {"close": ["A"], "no_hub": ["C"]}},
        {
            "compatibility": [{"service_a": "advice", "service_b": "benefits", "relation": "must_share"}],
            "provisions": [*TABLES["provisions"][:3], {**TABLES["provisions"][3], "fixed_to_site": True}],
        },
    ),
}


def found(planted: Planted) -> tuple[Wide, list[Conflict]]:
    asked_estate, asked = planted.read()
    wide = build_wide(asked_estate, asked)
    return wide, Search(wide, Clock(100.0, None, threading.Event())).conflicts()


# What contradicts itself is refused as bad input, before anything is searched: named just the same.
REFUSED = {
    "keep and close": "rules.locks.keep: A stands under close too",
    "hub and no_hub": "rules.locks.hub: H stands under no_hub too",
    "close a host": "rules.locks.close: S is a candidate, a host or outside the plan",
    "hub at closed": "rules.locks.hub: C stands under close too",
    "hubs min max": "min_hubs 2 is more than max_hubs 1",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_contradiction_is_refused_before_anything_is_searched(name):
    with pytest.raises((ConfigError, InputError)) as raised:
        CASES[name].read()
    assert REFUSED[name] in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_a_planted_conflict_is_found_and_no_larger_than_it_must_be(name):
    wide, conflicts = found(CASES[name])
    assert [sorted(wide.lines[i] for i in one.lines) for one in conflicts] == [CASES[name].lines]
    assert conflicts[0].proved
    assert any(relief.enough for relief in conflicts[0].reliefs.values())


@pytest.mark.parametrize(
    "name",
    [
        "access zone",
        "capital later",
        "saving",
        "floor",
        "too many closures",
        "materiality over the years",
    ],
)
def test_the_way_of_large_estates_finds_the_same(name, monkeypatch):
    """Years taken together first, then few years, then each: nothing is lost on the way."""
    monkeypatch.setattr(whynot, "SMALL", -1)
    wide, conflicts = found(CASES[name])
    assert [sorted(wide.lines[i] for i in one.lines) for one in conflicts] == [CASES[name].lines]
    assert conflicts[0].proved
    plain = Search(wide, Clock(100.0, None, threading.Event()))
    plain.large = False
    (other,) = plain.conflicts()
    for line, relief in conflicts[0].reliefs.items():
        assert relief.enough == other.reliefs[line].enough
        assert relief.beyond == pytest.approx(other.reliefs[line].beyond, rel=1e-4)


@pytest.mark.parametrize("views", [(whynot.RELAXED,), (whynot.LIMITS,)])
@pytest.mark.parametrize(
    ("rules", "line", "short"),
    [
        ({"affordability": {"saving_year": 3, "saving_gbp": 400_000}}, "affordability|saving", 185_000),
        ({"counts": {"min_closures": 5}}, "counts|min_closures", 2),
    ],
)
def test_a_limit_on_an_amount_that_no_plan_meets_is_found_alone(views, rules, line, short, monkeypatch):
    """At most £215,000 a year and three closures, as whole solves of the cases below have it."""
    monkeypatch.setattr(whynot, "SMALL", -1)
    monkeypatch.setattr(Search, "_views", lambda _: views)
    wide, (conflict,) = found(Planted([], rules))
    assert [wide.lines[i] for i in conflict.lines] == [line]
    (relief,) = conflict.reliefs.values()
    assert relief.enough
    assert relief.beyond == pytest.approx(short, rel=1e-4)
    assert 0 < relief.surely <= short * (1 + 1e-4)


def test_where_a_plan_exists_no_limit_is_called_a_conflict(monkeypatch):
    monkeypatch.setattr(whynot, "SMALL", -1)
    rules = {"affordability": {"saving_year": 3, "saving_gbp": 215_000}, "counts": {"min_closures": 3}}
    asked_estate, asked = Planted([], rules).read()
    search = Search(build_wide(asked_estate, asked), Clock(100.0, None, threading.Event()))
    assert search.amounts.conflict([], whynot.RELAXED) is None
    assert search.amounts.conflict([], whynot.WHOLE) is None
    assert not search.surely_none()
    assert search.shortfall(20.0).cost < 1e-4


def test_what_is_nearly_a_plan_is_told_where_neither_plan_nor_conflict_was_found(monkeypatch):
    from estate.solve import run as engine

    rules = {"affordability": {"saving_year": 3, "saving_gbp": 400_000}}
    late = Outcome(None, np.inf, "time_limit", "clock", "none")
    monkeypatch.setattr(engine, "search_model", lambda *_, **__: late)
    monkeypatch.setattr(engine, "conflicting_rules", lambda *_: [])
    with pytest.raises(SolverError) as raised:
        solve_estate(*Planted([], rules).read())
    (issue,) = raised.value.issues
    assert "misses only what is named here" in issue.problem
    assert issue.remedy == "ask for £215,000"


def told_of(folder, seed, sites, sets):
    """Return what is said of an invented estate on which no plan is possible."""
    example(folder, seed, sites)
    asked, base = load_config(folder / "estate.yaml", sets)
    with pytest.raises(InfeasibleError) as raised:
        solve_estate(read_estate(asked, base), asked)
    return str(raised.value)


@pytest.mark.slow
def test_hubs_barred_and_too_large_a_saving_among_forty_sites(tmp_path):
    saving = {"saving_year": 9, "saving_gbp": 900_000}
    sets = {"rules.affordability": saving, "hubs_allowed": False, "solver.time_limit": 60}
    text = told_of(tmp_path, 3, 40, sets)
    assert "hubs_allowed: bars every hub" in text
    assert "ask for £62,701" in text
    assert "not shown to be needed" not in text


def test_years_taken_together_allow_what_any_year_allows():
    """A plan of the whole model, put into the smaller one, breaks none of its rows."""
    planted = Planted([], {"capital": {}}, budget(("pooled", "2027/28", 300_000)))
    asked_estate, asked = planted.read()
    wide = build_wide(asked_estate, asked)
    plan = solve_estate(asked_estate, asked).plan
    assert len(plan.closures)
    events = years_of(wide.model, 0)
    arrays = wide.arrays
    columns = np.flatnonzero(arrays.upper > 0)
    smaller, _ = events.together(arrays, columns, np.zeros(len(arrays.upper)), 1)
    whole = Elastic(wide, Clock(100.0, None, threading.Event()))
    answer = whole.solve(Question(np.zeros(len(wide.lines), dtype=np.int8), 20.0, saving=arrays.saving))
    _, group = np.unique(events.event[columns], return_inverse=True)
    order = pd.Series(group).groupby(pd.factorize(events.event[columns])[0]).first().to_numpy()
    told = np.bincount(group, weights=answer.x[columns])[order]
    assert (smaller.matrix @ told <= smaller.row_upper + 1e-6).all()


def test_more_rules_than_one_that_must_give_are_told_together():
    rules = {"locks": {"hub": ["A"]}, "counts": {"min_hubs": 3}}
    with pytest.raises(InfeasibleError) as raised:
        solve_estate(*Planted([], rules).read())
    last = raised.value.issues[-1]
    assert "nothing smaller is enough" in last.problem
    assert "take A off locks.hub" in last.remedy
    assert "set min_hubs to 2" in last.remedy
    rules["locks"]["hub"], rules["counts"]["min_hubs"] = [], 2
    assert solve_estate(*Planted([], rules).read()).status == "optimal"


@pytest.mark.slow
def test_a_conflict_among_three_hundred_sites_is_found_with_what_mends_it(tmp_path):
    """Fifteen hubs cost more than the budgets to 2035/36; each of the two alone, by exactly how much."""
    sets = {"rules.counts.min_hubs": 15, "rules.capital.recycle_share": 0, "solver.time_limit": 240}
    text = told_of(tmp_path, 4, 300, sets)
    assert "purse pooled, to 2035/36" in text
    assert "asks for at least 15 hubs" in text
    assert "set min_hubs to 13 (" in text
    assert "not shown to be needed" not in text


def test_two_conflicts_are_both_told():
    wide, conflicts = found(Planted([], {"locks": {"hub": ["A"]}, "counts": {"min_hubs": 3}}))
    told = {tuple(sorted(wide.lines[i] for i in one.lines)) for one in conflicts}
    assert told == {("locks|hub|A",), ("counts|min_hubs",)}


def test_a_change_that_may_be_larger_than_needed_says_what_else_may_do():
    asked_estate, asked = Planted([], {"counts": {"min_hubs": 9}, "locks": {"hub": ["A"]}}).read()
    wide = build_wide(asked_estate, asked)
    speaker, line = Speaker(asked_estate, asked, wide), wide.lines.index("counts|min_hubs")

    def told(beyond: float, *, least: bool) -> str:
        relief = Relief(enough=True, beyond=beyond, least=least)
        return speaker.issue(line, Conflict((line, 0), proved=True, reliefs={line: relief}), 0).remedy

    unsure = "would do was not found out in the time given"
    assert told(7.0, least=True) == "set min_hubs to 2"
    assert told(7.0, least=False) == f"set min_hubs to 2; whether 3 to 8 {unsure}"
    assert told(2.6, least=False) == f"set min_hubs to 6; whether 7 or 8 {unsure}"
    assert told(1.0, least=False) == "set min_hubs to 8"


def test_a_run_tells_it_in_words_with_places_years_and_amounts():
    planted = CASES["capital separate"]
    with pytest.raises(InfeasibleError) as raised:
        solve_estate(*planted.read())
    text = str(raised.value)
    assert raised.value.exit_code == 3
    assert "budgets, purse council, to 2027/28: lets council spend at most £100,000" in text
    assert "give council £100,000 more by 2027/28" in text
    assert "rules.locks.hub, H: must become a hub" in text


@pytest.mark.parametrize(("name", "area"), [("access overall", "west"), ("access zone", "east")])
def test_a_standard_in_conflict_names_the_areas_that_would_be_out_of_reach(name, area):
    """A serves the 3,000 residents of the west alone, C the 1,000 of the east."""
    with pytest.raises(InfeasibleError) as raised:
        solve_estate(*CASES[name].read())
    people = {"west": "3,000", "east": "1,000"}[area]
    assert f", with no place within reach of {area}: {people} residents (a plan is" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "rules", "tables", "too_little"),
    [
        (
            "capital separate",
            {},
            budget(("council", "2027/28", 200_000), ("trust", "2027/28", 0)),
            budget(("council", "2027/28", 199_000), ("trust", "2027/28", 900_000)),
        ),
        ("saving", {"affordability": {"saving_year": 3, "saving_gbp": 215_000}}, {}, {}),
        (
            "hours",
            {},
            {"host_terms": [{"site_id": "S", "room_nia_m2": 35, "weekly_hours": 30}]},
            {"host_terms": [{"site_id": "S", "room_nia_m2": 35, "weekly_hours": 29}]},
        ),
        ("too many closures", {"counts": {"min_closures": 3}}, {}, {}),
    ],
)
def test_what_is_said_to_mend_it_does_and_less_does_not(name, rules, tables, too_little):
    """The amounts of reliefs (as told by the cases above), against whole solves of their own."""
    case = CASES[name]
    mended = Planted([], case.rules | rules, case.tables | tables)
    assert solve_estate(*mended.read()).status == "optimal"
    if too_little:
        with pytest.raises(InfeasibleError):
            solve_estate(*Planted([], case.rules, case.tables | too_little).read())
