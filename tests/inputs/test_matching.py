"""Which records are one building: small cases decided by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from estate.inputs.folding import build_provisions, fold_sites
from estate.inputs.grouping import apply_answers, group_records
from estate.inputs.matching import MATCH_COLUMNS, mark_shared_uprns, match_places
from estate.inputs.places import host_terms, read_lists, read_places, within_reach

if TYPE_CHECKING:
    from pathlib import Path

BASE = {
    "postcode": "", "uprn": "", "easting": float("nan"), "northing": float("nan"), "use_kind": "other",
    "land": False, "named": True,
}  # fmt: skip


def records(*rows: dict[str, object]) -> pd.DataFrame:
    frame = pd.DataFrame([BASE | row for row in rows])
    return frame.assign(shared_uprn=mark_shared_uprns(frame))


def reg(name: str, x: float = 0.0, **more: object) -> dict[str, object]:
    return {
        "record_id": f"R-{name}",
        "source": "register",
        "name": name,
        "easting": x,
        "northing": 0.0,
        **more,
    }


def rec(name: str, x: float = 0.0, source: str = "libraries.csv", **more: object) -> dict[str, object]:
    return {"record_id": f"L-{name}", "source": source, "name": name, "easting": x, "northing": 0.0, **more}


def decision(*rows: dict[str, object]) -> list[str]:
    return match_places(records(*rows))["decision"].tolist()


def test_columns() -> None:
    assert tuple(match_places(records(reg("A"), rec("A"))).columns) == MATCH_COLUMNS
    assert match_places(records(reg("A", 0), rec("B", 9_000))).empty


def test_the_same_name_within_a_hundred_metres_merges() -> None:
    pair = match_places(records(reg("Hale Library", 0), rec("Hale Library", 99)))
    assert pair["decision"].tolist() == ["merge"]
    assert pair["km"].tolist() == [0.099]


def test_a_unique_uprn_merges_whatever_the_name() -> None:
    assert decision(reg("Block C", 0, uprn="7"), rec("Hale Library", 4_000, uprn="7")) == ["merge"]


def test_a_shared_uprn_alone_never_merges() -> None:
    rows = (reg("Block C", 0, uprn="7"), reg("Block D", 0, uprn="7"), rec("Hale Library", 4_000, uprn="7"))
    found = match_places(records(*rows))
    assert len(found) == 2
    assert "merge" not in set(found["decision"])


def test_another_kind_at_the_same_place_is_asked() -> None:
    asked = decision(
        reg("Timperley Library", 0, postcode="WA15 7XR", use_kind="library"),
        rec("Park Medical Practice", 3, "gps.csv", postcode="WA15 7XR", use_kind="gp_surgery"),
    )
    assert asked == ["ask"]


def test_another_kind_and_name_across_the_street_stays_apart() -> None:
    rows = (reg("Town Hall", 0, use_kind="town_hall"), rec("Corner Surgery", 80, use_kind="gp_surgery"))
    assert decision(*rows) == ["apart"]


def test_land_is_never_a_building() -> None:
    assert decision(reg("Hale Library", 0, land=True), rec("Hale Library", 0)) == ["apart"]


def test_without_a_place_postcode_and_name_decide() -> None:
    here = {"postcode": "M1 1AA", "use_kind": "library"}
    nowhere = {"easting": float("nan")}
    assert decision(reg("Hale Library", 0, **here), rec("Hale Library", **here, **nowhere)) == ["merge"]
    assert decision(
        reg("Hale Library", 0, use_kind="library"), rec("Hale Library", use_kind="library", **nowhere)
    ) == ["ask"]


def test_two_assets_of_the_register_are_never_paired() -> None:
    assert match_places(records(reg("Hale Library", 0), reg("Hale Library ", 0))).empty


def test_the_order_of_records_changes_nothing() -> None:
    rows = [reg("Hale Library", 0), rec("Hale Library", 50), rec("Hale Surgery", 10, "gps.csv")]
    one, other = match_places(records(*rows)), match_places(records(*rows[::-1]))
    key = ["left_id", "right_id"]
    a, b = (set(map(frozenset, frame[key].to_numpy())) for frame in (one, other))
    assert a == b
    assert sorted(one["decision"]) == sorted(other["decision"])


def grouped(*rows: dict[str, object]) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = records(*rows)
    groups, matches = group_records(table, match_places(table))
    return groups.set_index("record_id"), matches


def test_merging_is_transitive_and_keeps_the_registers_id() -> None:
    groups, _ = grouped(
        rec("Hale Library", 90),
        rec("Hale Library", 170, "hubs.csv") | {"record_id": "H"},
        reg("Hale Library", 0),
    )
    # 170 m from the register's asset, but 80 m from the list's record of the same name.
    assert groups["primary"].tolist() == ["R-Hale Library"] * 3
    assert not groups["unresolved"].any()


def test_a_record_goes_to_one_asset_and_does_not_join_two() -> None:
    school = {"use_kind": "school", "postcode": "WA15 6BZ"}
    groups, matches = grouped(
        reg("Heyes Lane Infant School", 40, **school),
        reg("Heyes Lane Junior School", 0, **school),
        rec("Heyes Lane Primary School", 5, **school),
    )
    assert groups.loc["L-Heyes Lane Primary School", "primary"] == "R-Heyes Lane Junior School"
    assert groups["group"].nunique() == 2
    assert sorted(matches["decision"]) == ["apart", "merge"]


def test_an_unresolved_pair_counts_once_and_makes_no_chain() -> None:
    post = {"postcode": "WA15 7XR"}
    groups, _ = grouped(
        reg("Timperley Library", 0, use_kind="library", **post),
        rec("Park Practice", 5, "gps.csv", use_kind="gp_surgery", **post),
        rec("Corner Shop Post Office", 20, "post.csv", use_kind="post_office", **post),
    )
    assert groups["primary"].eq("R-Timperley Library").all()
    assert groups["unresolved"].tolist() == [False, True, True]


def answers(path: Path, *rows: tuple[str, str, str]) -> Path:
    path.write_text(
        "left_id,right_id,decision\n" + "".join(",".join(row) + "\n" for row in rows), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("word", ["merge", "apart"])
def test_answers_win_in_either_direction(tmp_path: Path, word: str) -> None:
    table = records(reg("Town Hall", 0), rec("Hale Library", 10))
    path = answers(tmp_path / "m.csv", ("L-Hale Library", "R-Town Hall", word))
    matches, issues = apply_answers(match_places(table), table, path)
    assert issues == []
    groups, matches = group_records(table, matches)
    assert matches[["rule", "decision"]].to_numpy().tolist() == [["answer", word]]
    assert groups["group"].nunique() == (1 if word == "merge" else 2)
    assert not groups["unresolved"].any()


def test_an_answer_may_join_what_was_never_a_pair(tmp_path: Path) -> None:
    table = records(reg("Town Hall", 0), rec("Hale Library", 5_000))
    matches, issues = apply_answers(
        match_places(table), table, answers(tmp_path / "m.csv", ("R-Town Hall", "L-Hale Library", "merge"))
    )
    assert issues == []
    assert len(set(group_records(table, matches)[0]["group"])) == 1


def test_an_answer_apart_is_kept_through_third_records(tmp_path: Path) -> None:
    rows = (
        reg("Hale Library", 0),
        rec("Hale Library", 50),
        rec("Hale Library", 60, "hubs.csv") | {"record_id": "H"},
    )
    table = records(*rows)
    path = answers(tmp_path / "m.csv", ("R-Hale Library", "H", "apart"))
    groups, _ = group_records(table, apply_answers(match_places(table), table, path)[0])
    groups = groups.set_index("record_id")
    assert groups.loc["R-Hale Library", "group"] != groups.loc["H", "group"]


def test_wrong_answers_are_issues_with_their_rows(tmp_path: Path) -> None:
    table = records(reg("Town Hall", 0), rec("Hale Library", 10))
    path = answers(
        tmp_path / "m.csv", ("R-Town Hall", "X", "merge"), ("R-Town Hall", "L-Hale Library", "yes")
    )
    _, issues = apply_answers(match_places(table), table, path)
    assert [(issue.row, issue.column) for issue in issues] == [(2, "right_id"), (3, "decision")]
    _, issues = apply_answers(match_places(table), table, tmp_path / "absent.csv")
    assert len(issues) == 1


def asset(site_id: str, **more: object) -> dict[str, object]:
    base = {
        "site_id": site_id, "name": site_id, "uprn": "", "kind": "library", "use_kind": "library",
        "scope": "decide",
        "step": "Decided", "scope_reason": "Decided: library", "confidential": "no", "gia_m2": 1000.0,
        "energy_rating": "", "easting": 0.0, "northing": 0.0,
    }  # fmt: skip
    return base | more


def member(record_id: str, primary: str, **more: object) -> dict[str, object]:
    base = {
        "record_id": record_id, "primary": primary, "source": "list.csv", "name": record_id,
        "use_kind": "gp_surgery",
        "service_id": "gp", "partner_id": "nhs", "status": "host", "fixed": True, "unresolved": False,
        "gia_m2": float("nan"), "uprn": "", "easting": 0.0, "northing": 0.0,
    }  # fmt: skip
    return base | more


def test_two_partners_in_one_building_are_one_site_with_two_provisions() -> None:
    register, members = pd.DataFrame([asset("A")]), pd.DataFrame([member("G", "A")])
    sites = fold_sites(register, members, "council")
    assert sites["site_id"].tolist() == ["A"]
    assert sites["scope"].tolist() == ["decide"]
    provisions = build_provisions(sites, members, 0.8).set_index("service_id")
    assert provisions["partner_id"].to_dict() == {"gp": "nhs", "library": "council"}
    assert provisions["fixed_to_site"].to_dict() == {"gp": "yes", "library": "no"}
    # Together they use what there is: 1000 m2 GIA x 0.8; the surgery an equal share at most (usual room 400).
    assert provisions["room_nia_m2"].to_dict() == {"gp": 400.0, "library": 400.0}


def test_a_let_building_on_a_list_serves_but_is_never_decided() -> None:
    register = pd.DataFrame([asset("A", kind="let_property", scope="out", step="Let to others")])
    members = pd.DataFrame(
        [member("L", "A", use_kind="library", service_id="library", status="existing", fixed=False)]
    )
    site = fold_sites(register, members, "council").iloc[0]
    assert (site["status"], site["scope"], site["kind"], site["step"]) == (
        "host",
        "keep",
        "library",
        "Let to others",
    )


def test_an_unresolved_record_is_marked_and_does_not_change_the_kind() -> None:
    register = pd.DataFrame([asset("A", kind="community_centre")])
    members = pd.DataFrame([member("L", "A", use_kind="library", status="existing", unresolved=True)])
    site = fold_sites(register, members, "council").iloc[0]
    assert site["kind"] == "community_centre"
    assert "unresolved" in site["scope_reason"]
    clear = fold_sites(register, members.assign(unresolved=False), "council").iloc[0]
    assert clear["kind"] == "library"


def test_assets_under_one_uprn_are_parts_of_the_largest() -> None:
    register = pd.DataFrame([asset("A", uprn="7"), asset("B", uprn="7", gia_m2=5000.0), asset("C", uprn="8")])
    sites = fold_sites(register, pd.DataFrame([member("G", "G")]), "council").set_index("site_id")
    assert sites.loc[["A", "B", "C"], "parent_site_id"].tolist() == ["B", "", ""]


def test_lists_of_places_in_either_system_of_coordinates(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Library name,District,Easting,Northing\nHale,North,379500,394800\nSale,South,379600,394900\n",
        encoding="utf-8",
    )
    (tmp_path / "b.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", '
        '"properties": {"DISTNAME": "Unknown"}, '
        '"geometry": {"type": "Point", "coordinates": [-2.3, 53.4]}}]}',
        encoding="utf-8",
    )
    entries = [
        {"file": "a.csv", "kind": "library", "where": {"district": "north"}},
        {"file": "a.csv", "kind": "library", "where_not": {"DISTRICT": ["North"]}, "status": "outside"},
        {"file": "b.geojson", "kind": "post_office", "status": "host", "lends": {"room_nia_m2": 7}},
    ]
    lists, issues = read_lists(entries)
    assert issues == []
    north, south, post = (read_places(item, tmp_path)[0] for item in lists)
    assert north["record_id"].tolist() == ["library:hale"]
    assert north[["easting", "northing"]].to_numpy().tolist() == [[379_500.0, 394_800.0]]
    assert south["name"].tolist() == ["Sale"]
    assert south["fixed"].tolist() == [True]
    assert post["name"].str.startswith("Post office at 3").tolist() == [True]
    assert post["service_id"].tolist() == [""]
    terms = host_terms(post.assign(site_id=post["record_id"]))
    assert terms["room_nia_m2"].tolist() == [7]
    assert terms["opens"].tolist() == ["09:00"]
    centre = pd.DataFrame({"easting": [379_500.0], "northing": [394_800.0]})
    assert within_reach(pd.concat([north, south]), centre, 0.1)["name"].tolist() == ["Hale"]


def test_every_mistake_in_the_lists_is_told(tmp_path: Path) -> None:
    lists, issues = read_lists(
        [{"file": "a.csv", "kind": "castle"}, {"fil": "x"}, {"file": "a.csv", "kind": "library"}]
    )
    assert len(lists) == 1
    assert {issue.column for issue in issues} == {
        "data.places.0.kind", "data.places.1.file", "data.places.1.fil", "data.places.1.kind",
    }  # fmt: skip
    records, issues = read_places(lists[0], tmp_path)
    assert records.empty
    assert "is not a file" in issues[0].problem
