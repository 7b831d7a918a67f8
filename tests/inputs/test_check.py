"""Each cross-table check, on the one thing that it is there to find."""

from __future__ import annotations

import pytest
from small_tables import SMALL, config, issues_of, load, write

from estate.config import FinanceSection, HorizonSection

AREAS = SMALL["areas"]


def areas(**changes: list) -> dict[str, list]:
    """The areas with one more row, spoilt as `changes` say."""
    more = {
        "area_id": "E01000004",
        "population": "10",
        "code_vintage": "LSOA2021",
        "easting": "401500",
        "northing": "290500",
        "imd_decile": "4",
    } | changes
    return {name: [*AREAS.get(name, [""] * 3), value] for name, value in more.items()}


CASES = {
    "dangling site": (
        {"provisions": {"site_id": ["001", "002", "OO3"]}},
        "provisions.csv",
        4,
        "site_id",
        "is not in sites.csv",
    ),
    "dangling partner": (
        {"partners": {"partner_id": ["counsel"]}},
        "sites.csv",
        2,
        "partner_id",
        "is not in partners.csv",
    ),
    "dangling service": (
        {"services": {"service_id": ["library", "office"]}},
        "provisions.csv",
        4,
        "service_id",
        "is not in services.csv",
    ),
    "host's services": (
        {
            "services": {"service_id": ["library", "back_office"]},
            "host_terms": {"permitted_services": ["library; advise"]},
        },
        "host_terms.csv",
        2,
        "permitted_services",
        "is not in services.csv",
    ),
    "brakes of nowhere": (
        {"brakes": {"site_id": ["009"], "brake": ["Listed"], "effect": ["lock"]}},
        "brakes.csv",
        2,
        "site_id",
        "is not in sites.csv",
    ),
    "unknown purse": (
        {
            "partners": {"partner_id": ["council"]},
            "budgets": {"purse": ["pooled", "police"], "year": ["2027", "2027"]},
        },
        "budgets.csv",
        3,
        "purse",
        "is not in partners.csv",
    ),
    "site twice": (
        {
            "sites": {
                name: [*values, {"site_id": "004"}.get(name, values[0])]
                for name, values in SMALL["sites"].items()
            }
        },
        "sites.csv",
        7,
        "site_id",
        "repeats another row under a new id",
    ),
    "nia above gia": (
        {"sites": {"nia_m2": ["1100", "", "", "", ""]}},
        "sites.csv",
        2,
        "nia_m2",
        "is larger than gia_m2",
    ),
    "room beyond area": (
        {"provisions": {"room_nia_m2": ["600", "900", ""]}},
        "sites.csv",
        3,
        "nia_m2",
        "is far less than the room",
    ),
    "surplus with service": (
        {"sites": {"scope": ["surplus", "", "", "", ""]}},
        "sites.csv",
        2,
        "scope",
        "is the scope of a site that has provisions",
    ),
    "total by name": (
        {"areas": areas(name="Borough total")},
        "areas.csv",
        5,
        "area_id",
        "is a total beside its parts",
    ),
    "total by sum": (
        {"areas": areas(population="4800")},
        "areas.csv",
        5,
        "area_id",
        "is a total beside its parts",
    ),
    "total by level": (
        {"areas": areas(area_id="E08000009", population="99")},
        "areas.csv",
        5,
        "area_id",
        "is a total beside its parts",
    ),
    "mixed vintages": (
        {"areas": areas(code_vintage="LSOA2011")},
        "areas.csv",
        5,
        "code_vintage",
        "is mixed with LSOA2021",
    ),
    "nobody": (
        {"areas": {"population": ["0", "0", "0"]}},
        "areas.csv",
        None,
        "population",
        "is nowhere above 0",
    ),
    "area nowhere": ({"areas": areas(easting="", northing="")}, "areas.csv", 5, "area_id", "has no place"),
    "service nowhere": (
        {"standards": {"service_id": ["librery"]}},
        "standards.csv",
        2,
        "service_id",
        "is provided nowhere",
    ),
    "unknown mode": (
        {"standards": {"mode": ["on foot"]}},
        "standards.csv",
        2,
        "mode",
        "is not a known mode of travel",
    ),
    "unknown group": (
        {"standards": {"group": ["no_car"]}},
        "standards.csv",
        2,
        "group",
        "needs no_car_share",
    ),
    "zoneless": (
        {"standards": {"geography": ["zone"]}, "areas": {"zone": ["", "East", "East"]}},
        "areas.csv",
        2,
        "zone",
        "is blank, and a standard is held in every zone",
    ),
    "surplus after the first year": (
        {"sites": {"surplus_since": ["", "01/04/2028", "", "", ""]}},
        "sites.csv",
        3,
        "surplus_since",
        "is after the first year, 2027/28",
    ),
    "sale of a lease": (
        {"valuations": {"site_id": ["002"], "receipt_gbp": ["9"]}},
        "valuations.csv",
        2,
        "exit_route",
        "needs a freehold",
    ),
    "late break": (
        {"tenures": {"expiry": ["", "31/03/2030", ""], "break_date": ["", "01/04/2031", ""]}},
        "tenures.csv",
        3,
        "break_date",
        "is after the expiry",
    ),
    "late last break": (
        {"tenures": {"expiry": ["", "31/03/2030", ""], "last_break_date": ["", "01/04/2031", ""]}},
        "tenures.csv",
        3,
        "last_break_date",
        "is after the expiry",
    ),
    "breaks out of order": (
        {"tenures": {"earliest_break_date": ["", "31/03/2030", ""], "break_date": ["", "01/04/2029", ""]}},
        "tenures.csv",
        3,
        "break_date",
        "is before earliest_break_date",
    ),
    "rolling from when": (
        {"tenures": {"rolling_break": ["", "yes", ""]}},
        "tenures.csv",
        3,
        "rolling_break",
        "has no date from which on",
    ),
    "review without a date": (
        {"tenures": {"review_years": ["", "5", ""]}},
        "tenures.csv",
        3,
        "review_years",
        "is the frequency of reviews without a date",
    ),
    "index without years": (
        {"tenures": {"review_date": ["", "01/04/2029", ""], "review_basis": ["", "index", ""]}},
        "tenures.csv",
        3,
        "review_years",
        "goes by an index",
    ),
    "growth without an index": (
        {"tenures": {"review_growth_share_per_year": ["", "0.02", ""]}},
        "tenures.csv",
        3,
        "review_growth_share_per_year",
        "goes by no index",
    ),
    "profile sum": (
        {"hub_options": {"lead_years": ["2"], "spend_profile": ["0.5;0.4"]}},
        "hub_options.csv",
        2,
        "spend_profile",
        "sums to 0.9, not 1",
    ),
    "profile length": (
        {"hub_options": {"spend_profile": ["0.5;0.5"]}},
        "hub_options.csv",
        2,
        "spend_profile",
        "has 2 shares for 1 lead years",
    ),
    "profile words": (
        {"hub_options": {"spend_profile": ["all"]}},
        "hub_options.csv",
        2,
        "spend_profile",
        "holds something that is not a share",
    ),
    "hub at a host": (
        {"hub_options": {"site_id": ["H1"]}},
        "hub_options.csv",
        2,
        "site_id",
        "cannot become a hub",
    ),
    "terms of a candidate": (
        {"host_terms": {"site_id": ["C1"]}},
        "host_terms.csv",
        2,
        "site_id",
        "is neither a host nor an existing site",
    ),
    "clock": ({"host_terms": {"opens": ["5pm"]}}, "host_terms.csv", 2, "opens", "is not a time of day"),
    "early budget": (
        {"budgets": {"purse": ["pooled"], "year": ["2026/27"]}},
        "budgets.csv",
        2,
        "year",
        "is before the first year, 2027/28",
    ),
    "absurd by area": (
        {"running_costs": {"gbp_per_year": ["1", "2600000", "3"]}},
        "running_costs.csv",
        None,
        "gbp_per_year",
        "GBP/m2/year at site 002",
    ),
    "absurd": (
        {"running_costs": {"gbp_per_year": ["1", "2", "1.1e8"]}},
        "running_costs.csv",
        4,
        "gbp_per_year",
        "is absurdly high",
    ),
    "range": (
        {"running_costs": {"low_gbp_per_year": ["", "60000", ""]}},
        "running_costs.csv",
        3,
        "low_gbp_per_year",
        "is above gbp_per_year",
    ),
    "no distance": (
        {
            "compatibility": {
                "service_a": ["library"],
                "service_b": ["back_office"],
                "relation": ["within km"],
            }
        },
        "compatibility.csv",
        2,
        "km",
        "is blank where the relation is within_km",
    ),
    "a total among the sites": (
        {"sites": {"site_id": ["001", "002", "003", "H1", "Grand total"]}},
        "sites.csv",
        6,
        "site_id",
        "is a total beside its parts",
    ),
    "all running costs beside their headings": (
        {
            "running_costs": {
                "site_id": ["001", "001", "001"],
                "heading": ["rent", "energy", "all_running_costs"],
                "gbp_per_year": ["30000", "12000", "42000"],
            }
        },
        "running_costs.csv",
        4,
        "heading",
        "is a total beside its parts",
    ),
    "a kind misspelt": (
        {"sites": {"kind": ["librery", "Library", "office", "school", "candidate"]}},
        "sites.csv",
        2,
        "kind",
        "is not a kind",
    ),
    "a host that closes before it opens": (
        {"host_terms": {"opens": ["21:00"], "closes": ["9:00"]}},
        "host_terms.csv",
        2,
        "closes",
        "is not after the time at which it opens",
    ),
    "a service beside itself": (
        {
            "compatibility": {
                "service_a": ["library"],
                "service_b": ["library"],
                "relation": ["may not share"],
            }
        },
        "compatibility.csv",
        2,
        "service_b",
        "is the same service",
    ),
    "a pair told two ways": (
        {
            "compatibility": {
                "service_a": ["library", "back_office"],
                "service_b": ["back_office", "library"],
                "relation": ["may not share", "must share"],
            }
        },
        "compatibility.csv",
        3,
        "relation",
        "contradicts the row that says may_not_share",
    ),
    "axes swapped in the whole table": (
        {
            "sites": {
                "easting": ["290000"] * 5,
                "northing": ["400000", "401000", "402000", "400500", "401500"],
            }
        },
        "sites.csv",
        None,
        "easting",
        "km away from areas.csv",
    ),
    "no place at all": (
        {
            "sites": {
                "easting": ["0", "401000", "402000", "400500", "401500"],
                "northing": ["0"] + ["290000"] * 4,
            }
        },
        "sites.csv",
        2,
        "easting",
        "is 0, 0: no place",
    ),
    "a name of a million letters": (
        {"sites": {"name": ["x" * 1_000_000, "Mill library", "North office", "High school", "Station yard"]}},
        "sites.csv",
        2,
        "name",
        "is longer than 2,000 characters",
    ),
    "unknown assumption": (
        {"assumptions": {"name": ["circuty"], "value": ["1.2"]}},
        "assumptions",
        2,
        "name",
        "is not an assumption",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_check_finds_what_it_is_there_for(tmp_path, case):
    changes, table, row, column, problem = CASES[case]
    write(tmp_path / "tables", **changes)
    found = [
        issue
        for issue in issues_of(tmp_path)
        if (issue.table, issue.row, issue.column) == (table, row, column)
    ]
    assert any(problem in issue.problem for issue in found), issues_of(tmp_path)
    assert all(issue.remedy for issue in found)


def test_nearest_match_is_offered(tmp_path):
    write(
        tmp_path / "tables",
        provisions={"site_id": ["001", "002", "O03"]},
        standards={"service_id": ["librery"]},
    )
    remedies = {issue.value: issue.remedy for issue in issues_of(tmp_path)}
    assert remedies == {"O03": "did you mean 003", "librery": "did you mean library"}


def test_locks_that_contradict_one_another(tmp_path):
    write(tmp_path / "tables")
    rules = {"locks": {"keep": ["001"], "close": ["001", "H1"]}}
    found = {(one.column, one.value, one.problem) for one in issues_of(tmp_path, rules=rules)}
    assert found == {
        ("rules.locks.keep", "001", "stands under close too"),
        ("rules.locks.close", "H1", "is a candidate, a host or outside the plan"),
    }


def test_headers_again_in_the_middle_are_one_problem_each(tmp_path):
    folder = write(tmp_path / "tables")
    path = folder / "sites.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *rows[:2], head, *rows[2:], ""]), encoding="utf-8")
    (one,) = issues_of(tmp_path)
    assert (one.table, one.row, one.problem) == ("sites.csv", 4, "is a second header row")


def test_a_hub_that_takes_too_long_and_a_lock_on_no_site(tmp_path):
    write(tmp_path / "tables", hub_options={"lead_years": ["3"]})
    short = {"horizon": HorizonSection(decision_years=3), "rules": {"locks": {"keep": ["01"]}}}
    found = {(issue.column, issue.value): issue for issue in issues_of(tmp_path, **short)}
    assert set(found) == {("lead_years", "3"), ("rules.locks.keep", "01")}
    assert found["rules.locks.keep", "01"].remedy == "did you mean 001"


def test_years_that_are_not_appraised_are_told(tmp_path):
    write(tmp_path / "tables")
    asked = {"affordability": {"saving_year": 30, "saving_gbp": 1.0, "payback_year": 29}}
    short = {"horizon": HorizonSection(appraisal_years=30), "rules": asked}
    (one,) = issues_of(tmp_path, **short)
    assert (one.column, one.value) == ("rules.affordability.saving_year", "30")
    assert one.problem == "is not one of the years appraised, t = 0 to 29"
    assert "horizon.appraisal_years" in one.remedy


def test_budgets_below_what_is_committed_are_told(tmp_path):
    budgets = {"purse": ["pooled"], "year": ["2027"], "capital_gbp": ["1000"]}
    write(tmp_path / "tables", budgets=budgets, hub_options={"capital_gbp": ["250000"]})
    rules = {"capital": {"receipts": False}, "locks": {"hub": ["C1"]}}
    (one,) = issues_of(tmp_path, rules=rules)
    assert one.problem == "are 1,000 GBP, below the 250,000 GBP of works at C1"
    assert "add budget" in one.remedy
    assert issues_of(tmp_path, rules={"capital": {"receipts": False}}) == []
    assert issues_of(tmp_path, rules={"locks": {"hub": ["H1"]}}) == [], (
        "no rule holds the plan to the budgets"
    )


def test_leave_to_borrow_for_who_may_not_and_receipts_of_a_lease_given_up(tmp_path):
    budgets = {"purse": ["council"], "year": ["2027"], "borrowing_limit_gbp": ["900"]}
    values = {"site_id": ["001"], "exit_route": ["surrender"], "receipt_gbp": ["5000"]}
    write(tmp_path / "tables", budgets=budgets, valuations=values)
    finance = FinanceSection(cannot_borrow=["council"])
    found = {issue.column: issue for issue in issues_of(tmp_path, finance=finance)}
    assert "take the partner off" in found["borrowing_limit_gbp"].remedy
    assert "premium_gbp" in found["receipt_gbp"].remedy


def test_unknown_and_impossible_assumptions_of_the_configuration(tmp_path):
    write(tmp_path / "tables")
    values = {"walk_speed": 5.0, "circuity": 0.9, "fees_share": 1.5, "car_speed_kmh": 0.0}
    found = {issue.column: issue for issue in issues_of(tmp_path, assumptions=values)}
    assert set(found) == {"assumptions", "circuity", "fees_share", "car_speed_kmh"}
    assert found["assumptions"].remedy == "did you mean walk_speed_kmh"
    assert found["circuity"].remedy == "enter a value in km/km, 1 or more"
    assert found["fees_share"].remedy == "enter a value in share, 0 or more, at most 1"
    assert found["car_speed_kmh"].remedy == "enter a value in km/h, above 0"
    # Back-office staff without desks would need no room at a hub.
    none = {"desks_per_fte": 0.0, "m2_per_desk": 0.0, "years_to_sell": -1.0}
    assert {issue.column for issue in issues_of(tmp_path, assumptions=none)} == set(none)


def test_warnings_do_not_stop_a_run(tmp_path):
    write(
        tmp_path / "tables",
        areas=None,
        standards=None,
        host_terms=None,
        hub_options=None,
        sites={"easting": ["", *SMALL["sites"]["easting"][1:]], "northing": ["", *["290000"] * 4]},
        tenures={"expiry": ["", "31/03/2020", ""]},
    )
    notes = " ".join(load(tmp_path).notes)
    for text in (
        "no table of areas",
        "1 site has no place",
        "1 host has no row",
        "1 candidate has no row",
        "1 lease ends",
    ):
        assert text in notes


def test_freeholds_that_would_be_held_empty_are_told(tmp_path):
    told = "no value in valuations: where closed they are held empty"
    write(tmp_path / "tables")
    # 001 and 003 are freeholds that may close; 002 is a lease.
    assert [note.split()[0] for note in load(tmp_path).notes if told in note] == ["2"]
    values = {"site_id": ["001", "003"], "receipt_gbp": ["9", "9"]}
    write(tmp_path / "tables", valuations=values)
    assert [note for note in load(tmp_path).notes if told in note] == []


def test_optional_tables_bind_only_where_given(tmp_path):
    write(tmp_path / "tables")
    assert issues_of(tmp_path) == []
    assert config().rules == {}
