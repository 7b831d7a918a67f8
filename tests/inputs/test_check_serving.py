"""What is wrong with visits, hosts, linked trips and residents' travel is told with its remedy."""

from __future__ import annotations

import pandas as pd
import pytest
from small_tables import config, issues_of, load, write

from estate.config import DataSection, NetworkSection
from estate.core.errors import InputError
from estate.core.week import named_days, week_text
from estate.inputs.serving import term_weeks
from estate.pipeline import read_estate

SERVICES = {"service_id": ["library", "back_office"], "transactions": ["information; loans", ""]}

CASES = {
    "closes before it opens": (
        {"host_terms": {"opens": ["21:00"], "closes": ["17:00"]}},
        ("host_terms.csv", "closes", "is not after opens"),
    ),
    "more hours than the window": (
        {
            "host_terms": {
                "opens": ["17:00"],
                "closes": ["21:00"],
                "days_per_week": ["2"],
                "weekly_hours": ["9"],
            }
        },
        ("host_terms.csv", "weekly_hours", "is more than its days and times of opening allow"),
    ),
    "terms that are no dates": (
        {"host_terms": {"term_dates": ["autumn and spring"]}},
        ("host_terms.csv", "term_dates", "is not a list of terms"),
    ),
    "a day that is none": (
        {"host_terms": {"term_dates": ["31-02/04-04"]}},
        ("host_terms.csv", "term_dates", "is not a list of terms"),
    ),
    "core hours": (
        {"services": SERVICES | {"core_opens": ["ten", ""]}},
        ("services.csv", "core_opens", "is not a time of day"),
    ),
    "a standard at no time of day": (
        {"standards": {"open_at": ["evening"]}},
        ("standards.csv", "open_at", "is not a time of day"),
    ),
    "a service that closes before it opens": (
        {"provisions": {"opens": ["", "17:00", ""], "closes": ["", "09:00", ""]}},
        ("provisions.csv", "closes", "is not after opens"),
    ),
    "hours of which nothing is known": (
        {"standards": {"min_hours_per_week": ["30"]}},
        ("standards.csv", "min_hours_per_week", "of no place of this service is it known"),
    ),
    "times of which nothing is known": (
        {"standards": {"open_at": ["18:00"]}},
        ("standards.csv", "open_at", "of no place of this service is it known"),
    ),
    "days of which nothing is known": (
        {"standards": {"open_on": ["Saturday"]}},
        ("standards.csv", "open_on", "of no place of this service is it known"),
    ),
    "a standard on no day": (
        {"standards": {"open_on": ["bank holidays"]}},
        ("standards.csv", "open_on", "is not a list of days"),
    ),
    "a day twice": (
        {"provisions": {"open_days": ["Mon-Fri; Wed 10:00-12:00", "", ""]}},
        ("provisions.csv", "open_days", "is not a list of days"),
    ),
    "a day that ends before it begins": (
        {"provisions": {"open_days": ["Sat 17:00-09:00", "", ""]}},
        ("provisions.csv", "open_days", "is not a list of days"),
    ),
    "more days than are counted": (
        {"host_terms": {"open_days": ["Mon-Fri"], "days_per_week": ["2"], "opens": ["09:00"]}},
        ("host_terms.csv", "open_days", "names another number of days than days_per_week"),
    ),
    "misspelt transaction": (
        {"services": SERVICES, "host_terms": {"permitted_transactions": ["information; lones"]}},
        ("host_terms.csv", "permitted_transactions", "is done in no service"),
    ),
    "linked with itself": (
        {"linked_trips": {"service_a": ["library"], "service_b": ["library"], "share": ["0.1"]}},
        ("linked_trips.csv", "service_b", "is the same service"),
    ),
    "a pair both ways": (
        {
            "services": SERVICES,
            "linked_trips": {
                "service_a": ["library", "back_office"],
                "service_b": ["back_office", "library"],
                "share": ["0.1", "0.2"],
            },
        },
        ("linked_trips.csv", "service_b", "repeats a pair in the other order"),
    ),
    "linked with nobody": (
        {
            "services": SERVICES,
            "linked_trips": {"service_a": ["library"], "service_b": ["housing"], "share": ["0.1"]},
        },
        ("linked_trips.csv", "service_b", "is not in services.csv"),
    ),
    "a share above one": (
        {"linked_trips": {"service_a": ["library"], "service_b": ["back_office"], "share": ["1.4"]}},
        ("linked_trips.csv", "share", ""),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=list(CASES))
def test_each_problem_is_told_with_its_place(tmp_path, changes, expected):
    write(tmp_path / "tables", **changes)
    issues = issues_of(tmp_path)
    table, column, problem = expected
    found = [one for one in issues if (one.table, one.column) == (table, column) and problem in one.problem]
    assert found, [str(one) for one in issues]
    assert all(one.remedy for one in found)


def test_travel_as_a_cost_needs_areas_visits_and_a_mode(tmp_path):
    asked = {"as_cost": True, "mode": "boat"}
    write(tmp_path / "tables", areas=None, standards=None)
    issues = issues_of(tmp_path, resident_travel=asked)
    told = {(one.column, one.problem) for one in issues}
    assert told == {
        ("resident_travel.as_cost", "needs to know where residents live"),
        ("resident_travel.as_cost", "needs visits, and none are given"),
        ("resident_travel.mode", "is not a known mode of travel"),
    }


def test_hours_and_weeks_follow_from_windows_and_terms(tmp_path):
    window = {"opens": ["17:00"], "closes": ["21:30"], "term_dates": ["04-09/20-12; 05-01/02-04"]}
    write(tmp_path / "tables", host_terms=window)
    estate = load(tmp_path)
    terms = estate.tables["host_terms"].iloc[0]
    assert terms["weekly_hours"] == pytest.approx(4.5 * 5)
    # 4 September to 20 December are 108 days, 5 January to 2 April 89 (in a leap year).
    assert terms["term_weeks"] == pytest.approx((108 + 89) / 7)
    assert "host_terms.days_per_week" in set(estate.assumed["name"])


def test_terms_over_the_new_year():
    assert term_weeks("20-12/05-01") == pytest.approx(17 / 7)
    assert term_weeks("01-01/31-12") == pytest.approx(52.0)


def test_the_digital_share_follows_from_the_demand_of_nearest_areas(tmp_path):
    areas = {"digitally_excluded_share": ["0.5", "0", ""]}
    demand = {
        "area_id": ["E01000001", "E01000002", "E01000003"],
        "service_id": ["library"] * 3,
        "visits_per_year": ["100", "200", "200"],
        "digital_share": ["0.8", "0.2", "0.4"],
    }
    write(tmp_path / "tables", areas=areas, demand=demand)
    estate = load(tmp_path)
    share = estate.tables["provisions"].set_index("provision_id")["digital_share"]
    # Beside 001 half are excluded: 0.5, not 0.8. The other two areas are nearest to 002: (40 + 80) / 400.
    assert share.to_dict() == pytest.approx({"P1": 0.5, "P2": 0.3, "P3": 0.0})
    given = {"digital_share": ["0.1", "", ""]}
    write(tmp_path / "tables", areas=areas, demand=demand, provisions=given)
    kept = load(tmp_path).tables["provisions"].set_index("provision_id")["digital_share"]
    assert kept["P1"] == 0.1
    assert isinstance(estate.assumed, pd.DataFrame)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("Mon-Fri 9:00-17:00; Sat 10:00-13:00", "Mon Tue Wed Thu Fri 09:00-17:00; Sat 10:00-13:00"),
        ("Saturdays", "Sat"),
        ("tues, thurs & Sun 08:30 to 24:00", "Tue Thu Sun 08:30-24:00"),
        ("Fri to Mon", "Mon Fri Sat Sun"),
        ("weekend; weekdays", "Mon Tue Wed Thu Fri Sat Sun"),
        ("Sat \N{EN DASH} Sun 10:00\N{EN DASH}12:00", "Sat Sun 10:00-12:00"),
        ("", ""),
        ("M", None),
        ("Mon 25:00-26:00", None),
        ("Mon; Mon", None),
        ("Wed 9-17", None),
    ],
)
def test_days_are_read_as_people_write_them(said, means):
    entries = None if means is None else [entry.split(" ") for entry in means.split("; ") if entry]
    if entries is not None:
        windows = [(days, days.pop() if ":" in days[-1] else "") for days in entries]
        means = "; ".join(f"{day} {window}".strip() for days, window in windows for day in days)
    assert week_text(said) == means


def test_hours_and_days_follow_from_days_by_name(tmp_path):
    provisions = {
        "open_days": ["Mon-Fri 09:00-17:00; Sat 10:00-13:00", "weekdays", ""],
        "opens": ["", "09:30", ""],
    }
    provisions |= {"closes": ["", "15:30", ""], "days_per_week": ["", "", "3"]}
    hosts = {"open_days": ["Tue, Thu; Sat 18:00-21:00"], "opens": ["17:00"]}
    write(tmp_path / "tables", provisions=provisions, host_terms=hosts)
    tables = load(tmp_path).tables
    found = tables["provisions"].set_index("provision_id")
    assert found["weekly_hours"].to_dict() == {"P1": 43.0, "P2": 30.0, "P3": 0.0}
    assert found["days_per_week"].to_dict() == {"P1": 6.0, "P2": 5.0, "P3": 3.0}
    assert found.loc["P1", ["opens", "closes"]].to_list() == ["10:00", "13:00"]
    terms = tables["host_terms"].iloc[0]
    assert terms["open_days"] == "Tue 17:00-24:00; Thu 17:00-24:00; Sat 18:00-21:00"
    assert (terms["weekly_hours"], terms["days_per_week"], terms["opens"]) == (17.0, 3.0, "17:00")
    write(tmp_path / "tables", host_terms={"open_days": ["Tue, Thu 17:00-21:00; Sat 10:00-13:00"]})
    terms = load(tmp_path).tables["host_terms"].iloc[0]
    assert (terms["weekly_hours"], terms["opens"], terms["closes"]) == (11.0, "24:00", "00:00")
    assert named_days("Sat; Sun") == "Saturday and Sunday"


def test_who_can_never_leave_is_told(tmp_path):
    write(tmp_path / "tables", provisions={"digital_share": ["1", "", ""]})
    notes = load(tmp_path).notes
    assert any("keep no counter to move" in note for note in notes)


def test_a_network_in_degrees_is_told_beside_what_is_wrong_with_the_tables(tmp_path):
    write(tmp_path / "tables", standards={"open_at": ["evening"]})
    roads = pd.DataFrame({"u": ["1"], "v": ["2"], "x1": [-0.1], "y1": [52.1], "x2": [0.2], "y2": [52.2]})
    roads.to_csv(tmp_path / "roads.csv", index=False)
    data = DataSection(folder="tables", network=NetworkSection(file="roads.csv"))
    with pytest.raises(InputError) as raised:
        read_estate(config(data=data), tmp_path)
    told = str(raised.value)
    assert "is not a time of day" in told
    assert "-0.1, 52.1 are coordinates in degrees of an unnamed system" in told
