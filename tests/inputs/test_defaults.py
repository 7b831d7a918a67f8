"""What is filled in, and that all of it is recorded: figures by hand from kinds.csv."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from small_tables import config, load, tables, write

from estate.config import ClosurePolicy
from estate.core.reference import default_assumptions
from estate.core.tables import SPECS
from estate.inputs.load import estate_from_frames
from estate.inputs.scope import BOTH_ASSUMED, NO_SERVICE


def build(**changes):
    return estate_from_frames(tables(**changes), config())


def site(estate, key: str) -> pd.Series:
    return estate.tables["sites"].set_index("site_id").loc[key]


def assumed(estate, name: str) -> pd.Series:
    return estate.assumed.set_index("name").loc[name]


def test_every_table_is_complete_and_in_the_dictionary_order():
    estate = build()
    for name, spec in SPECS.items():
        assert list(estate.tables[name].columns) == spec.names
        assert {c: str(estate.tables[name][c].dtype) for c in spec.names} == {
            c.name: str(pd.Series(dtype=c.dtype).dtype) for c in spec.columns
        }


def test_area_and_cost_by_kind_with_their_ranges():
    # library: 70, 110, 150 GBP/m2; 150, 400, 1500 m2. office: 80, 120, 180 GBP/m2.
    estate = build(
        sites={"gia_m2": ["1000", "", "800", "", ""]},
        running_costs={"site_id": ["001", "002"], "heading": ["", ""], "gbp_per_year": ["110000", "55000"]},
    )
    assert site(estate, "002")["gia_m2"] == 400
    assert site(estate, "002")["nia_m2"] == pytest.approx(320)
    costs = estate.tables["running_costs"].set_index("site_id")
    assert costs.loc["003", ["gbp_per_year", "low_gbp_per_year", "high_gbp_per_year"]].tolist() == [
        96000,
        64000,
        144000,
    ]
    assert costs.loc["003", "quality"] == "assumed"
    assert costs.loc["001", "quality"] == "registered"
    assert costs.loc["001", "fixed_share"] == 0.6
    assert assumed(estate, "gia_m2_of_library")[["value", "low", "high", "rows"]].tolist() == [
        400,
        150,
        1500,
        1,
    ]
    assert assumed(estate, "running_cost_gbp_per_m2_of_office")[
        ["value", "low", "high", "rows"]
    ].tolist() == [120, 80, 180, 1]
    assert estate.gaps[["table", "site_id", "value", "low", "high"]].to_numpy().tolist() == [
        ["running_costs", "003", 96000, 64000, 144000],
        ["sites", "002", 400, 150, 1500],
    ]
    # hosts and candidates are never counted, and nothing is invented for them
    assert math.isnan(site(estate, "H1")["gia_m2"])
    assert "H1" not in costs.index


def test_memo_lines_are_no_running_cost():
    estate = build(running_costs={"heading": ["depreciation", "", ""]})
    rows = estate.tables["running_costs"][estate.tables["running_costs"]["site_id"] == "001"]
    assert sorted(rows["heading"]) == ["all_running_costs", "depreciation"]
    assert rows.set_index("heading").loc["all_running_costs", "gbp_per_year"] == 110 * 1000


def test_area_from_usable_area_is_no_guess():
    estate = build(
        sites={"gia_m2": ["", "500", "800", "", ""], "nia_m2": ["640", "", "", "", ""]}, running_costs=None
    )
    assert site(estate, "001")["gia_m2"] == 800
    assert site(estate, "001")["scope"] == "decide"


def test_sites_of_which_cost_and_area_are_assumed_are_kept():
    changes = {"sites": {"gia_m2": ["1000", "", "800", "", ""]}, "running_costs": None}
    estate = build(**changes)
    assert site(estate, "002")[["scope", "scope_reason"]].tolist() == ["keep", BOTH_ASSUMED]
    assert site(estate, "001")["scope"] == "decide"
    allowed = estate_from_frames(tables(**changes), config(policy=ClosurePolicy(allow_assumed=True)))
    assert site(allowed, "002")["scope"] == "decide"


def test_scope_follows_from_kind_and_status_and_the_user_wins():
    estate = build(
        sites={
            "kind": ["Library", "allotment", "vacant", "school", "candidate"],
            "scope": ["keep", "", "", "", "decide"],
            "scope_reason": ["Opened last year", "", "", "", ""],
        },
        provisions={
            "provision_id": ["P1"],
            "site_id": ["001"],
            "service_id": ["library"],
            "room_nia_m2": [""],
        },
    )
    scopes = estate.tables["sites"].set_index("site_id")["scope"].to_dict()
    assert scopes == {"001": "keep", "002": "out", "003": "surplus", "C1": "keep", "H1": "keep"}
    assert site(estate, "001")["scope_reason"] == "Opened last year"
    assert "Allotment" in site(estate, "002")["scope_reason"]
    assert any("never decided" in note for note in estate.notes)


def test_partners_that_take_no_part_are_outside():
    estate = build(
        sites={"partner_id": ["nhs", "council", "council", "nhs", "council"]},
        partners={"partner_id": ["council", "nhs"], "in_plan": ["yes", "no"]},
    )
    assert site(estate, "001")[["status", "scope"]].tolist() == ["outside", "out"]
    assert site(estate, "H1")["status"] == "host"
    assert "001" in set(estate.area_km["site_id"])  # it still serves residents


def test_decide_without_a_service_is_kept_unless_the_user_said_so():
    provisions = {"provision_id": ["P1"], "site_id": ["001"], "service_id": ["library"], "room_nia_m2": [""]}
    estate = build(provisions=provisions)
    assert site(estate, "003")[["scope", "scope_reason"]].tolist() == ["keep", NO_SERVICE]
    explicit = build(provisions=provisions, sites={"scope": ["", "", "decide", "", ""]})
    assert site(explicit, "003")["scope"] == "decide"


def test_provisions_follow_from_kind_where_there_are_none():
    estate = build(provisions=None)
    found = estate.tables["provisions"].set_index("site_id")
    assert found["service_id"].to_dict() == {"001": "library", "002": "library", "003": "back_office"}
    assert found["room_nia_m2"].to_dict() == pytest.approx({"001": 800, "002": 400, "003": 640})
    assert set(found["quality"]) == {"assumed"}
    assert set(found["partner_id"]) == {"council"}
    assert assumed(estate, "provision_by_kind")["rows"] == 3
    services = estate.tables["services"].set_index("service_id")["front_office"].to_dict()
    assert services == {"back_office": False, "library": True}


def test_rooms_share_what_is_left_of_the_usable_area():
    estate = build(
        provisions={
            "provision_id": ["P1", "P2", "P3"],
            "site_id": ["001", "001", "001"],
            "service_id": ["library", "advice", "family"],
            "room_nia_m2": ["500", "", ""],
        }
    )
    rooms = estate.tables["provisions"].set_index("provision_id")["room_nia_m2"].to_dict()
    assert rooms == pytest.approx({"P1": 500, "P2": 150, "P3": 150})  # 0.8 x 1000 = 800


def test_assumptions_in_force_config_over_table_over_default():
    frames = tables(
        assumptions={"name": ["nia_per_gia", "circuity"], "value": ["0.7", "1.25"], "source": ["Survey", ""]}
    )
    set_by = {"assumed_by": "A. Smith, finance", "assumed_on": "1 May 2027"}
    estate = estate_from_frames(frames, config(assumptions={"circuity": 1.35}, **set_by))
    assert (estate.assumptions["nia_per_gia"], estate.assumptions["circuity"]) == (0.7, 1.35)
    assert assumed(estate, "nia_per_gia")[["value", "source"]].tolist() == [0.7, "Survey"]
    assert set(default_assumptions()["name"]) <= set(estate.assumed["name"])
    assert assumed(estate, "circuity")[["who", "when"]].tolist() == list(set_by.values())
    assert assumed(estate, "fees_share")[["who", "when"]].tolist() == ["the program", ""]
    assert assumed(estate, "circuity")["rows"] == len(estate.area_km)
    untouched = default_assumptions().set_index("name")["value"].drop(["nia_per_gia", "circuity"]).to_dict()
    assert {name: estate.assumptions[name] for name in untouched} == untouched


def test_every_default_of_the_dictionary_is_counted():
    estate = build()
    assert assumed(estate, "sites.condition")["rows"] == 5
    assert assumed(estate, "hub_options.lead_years")[["value", "rows"]].tolist() == [1, 1]
    assert assumed(estate, "provisions.room_nia_m2")["rows"] == 1
    assert (estate.assumed["rows"].dropna() >= 0).all()


def test_shares_of_groups_fill_with_the_average_by_population():
    estate = build(areas={"over65_share": ["0.1", "", "0.3"]})
    # (0.1 x 1500 + 0.3 x 1700) / 3200
    assert estate.tables["areas"]["over65_share"].tolist() == pytest.approx([0.1, 0.20625, 0.3])
    assert assumed(estate, "areas.over65_share")["rows"] == 1


def test_hub_options_take_lead_and_life():
    row = build().tables["hub_options"].iloc[0]
    assert row[["lead_partner_id", "lead_years", "life_years"]].tolist() == ["council", 1, 60.0]


def test_unknown_kinds_are_other_with_a_note():
    estate = build(sites={"kind": ["Zeppelin hangar", "library", "office", "school", "candidate"]})
    assert site(estate, "001")["kind"] == "other"
    assert any("Zeppelin hangar" in note for note in estate.notes)


def test_the_funnel_adds_up():
    funnel = build(sites={"kind": ["library", "allotment", "vacant", "school", "candidate"]}).funnel
    assert funnel["step"].iloc[0] == "registered"
    assert funnel["step"].iloc[-1] == "decided"
    assert funnel["sites"].iloc[0] == funnel["sites"].iloc[1:].sum() == 5


def test_shuffled_rows_and_columns_change_nothing(tmp_path):
    whole = build()
    shuffled = {
        name: frame.sample(frac=1, random_state=4)[sorted(frame.columns)] for name, frame in tables().items()
    }
    again = estate_from_frames(shuffled, config())
    for name, frame in whole.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
    pd.testing.assert_frame_equal(whole.area_km, again.area_km)
    pd.testing.assert_frame_equal(whole.assumed, again.assumed)
    pd.testing.assert_frame_equal(whole.funnel, again.funnel)
    write(tmp_path / "tables")
    for name, frame in load(tmp_path).tables.items():
        pd.testing.assert_frame_equal(frame, whole.tables[name])


def test_only_sites_is_needed():
    estate = estate_from_frames(
        {"sites": pd.DataFrame({"site_id": ["1", "2"], "kind": ["library", "office"]})}, config()
    )
    assert estate.tables["sites"]["scope"].tolist() == ["keep", "keep"]  # nothing is known of either
    assert estate.area_km.empty


def test_risk_tiers_are_priorities():
    rows = {"site_id": ["001"] * 5, "backlog_gbp": ["1"] * 5, "priority": ["", "", "", "", "4"]}
    today = build(backlog=rows | {"risk": ["high", "Significant", "moderate", "low", "high"]})
    assert today.tables["backlog"]["priority"].tolist() == [1, 2, 3, 4, 4]
    # Files before 2019 call the top tier critical, and what is significant today high.
    before = build(backlog=rows | {"risk": ["critical", "high", "moderate", "low", ""]})
    assert before.tables["backlog"]["priority"].tolist() == [1, 2, 3, 4, 4]
    assert any("read as significant" in note for note in before.notes)
    assert not any("read as significant" in note for note in today.notes)


def test_condition_of_what_only_replacement_improves():
    hub = {
        "site_id": ["002"],
        "room_nia_m2": ["100"],
        "capital_gbp": ["9"],
        "running_cost_gbp_per_year": ["1"],
    }
    worn = build(sites={"condition": ["cx", "DX", "B", "", ""]}, hub_options=hub)
    assert worn.tables["sites"]["condition"].tolist()[:3] == ["CX", "DX", "B"]
    assert any("Hubs at 002: condition CX or DX" in note for note in worn.notes)


def test_the_time_to_sell_follows_from_the_kind_unless_the_user_set_one():
    # 001 and 002 are libraries, 003 an office: a year, a year, a year and a half; held is not sold.
    values = {"site_id": ["001", "003", "003", "002"], "exit_route": ["sell", "sell", "hold", "sell"]}
    values |= {"years_to_sell": ["", "", "", "3"], "receipt_gbp": ["9", "9", "", "9"]}
    free = {"tenure": ["freehold"] * 3}
    estate = build(valuations=values, tenures=free)
    table = estate.tables["valuations"].set_index(["site_id", "exit_route"])["years_to_sell"]
    assert table["001", "sell"] == 1
    assert table["003", "sell"] == 1.5
    assert math.isnan(table["003", "hold"])
    assert table["002", "sell"] == 3
    told = assumed(estate, "years_to_sell_of_office")
    assert told[["value", "low", "high", "rows"]].tolist() == [1.5, 0.75, 2, 1]
    own = build(valuations=values, tenures=free, assumptions={"name": ["years_to_sell"], "value": ["2"]})
    assert own.tables["valuations"]["years_to_sell"].isna().sum() == 3


def test_the_room_of_back_office_staff_follows_from_their_number():
    provisions = {
        "provision_id": ["x", "y"],
        "site_id": ["003", "003"],
        "service_id": ["back_office", "library"],
        "room_nia_m2": ["", ""],
        "staff_fte": ["10", "10"],
    }
    services = {"service_id": ["back_office", "library"], "front_office": ["no", "yes"]}

    def rooms(nia):
        estate = build(
            sites={"nia_m2": ["", "", nia, "", ""]},
            provisions=provisions,
            services=services | {"space_factor": ["0.5", "1"]},
        )
        found = estate.tables["provisions"].set_index("provision_id")["room_nia_m2"]
        return found[["x", "y"]].to_dict(), estate

    # 10 FTE x 0.8 desks x 10 m2 are 80 m2 at a new place, so 160 m2 now at half the room.
    found, estate = rooms("600")
    assert found == {"x": 160, "y": 440}
    assert assumed(estate, "provisions.room_of_staff")["rows"] == 1
    assert assumed(estate, "provisions.room_nia_m2")["rows"] == 1
    # They use no more than there is.
    assert rooms("100")[0] == {"x": 100, "y": 0}
