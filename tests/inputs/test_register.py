"""Registers of other councils, made up here, each messy in another way."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyproj import Transformer

from estate.core.errors import InputError
from estate.core.tables import SPECS, parse
from estate.inputs.aliases import canonical_of, fold
from estate.inputs.funnel import build_funnel, follow_scopes, is_listed
from estate.inputs.mapping import read_mapping
from estate.inputs.placing import place
from estate.inputs.register import check_register, read_register, tidy_postcodes

# Town hall square of an invented town, in both systems (pyproj is the independent reference).
EAST, NORTH = 379_500.0, 394_800.0
LON, LAT = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform(EAST, NORTH)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def by_id(path: Path, **options: object) -> pd.DataFrame:
    sites, issues = read_register(path, **options)
    assert issues == []
    return sites.set_index("site_id")


CODE_2015 = (
    "Anytown Borough Council;;;;;;;;;;\r\n"
    "Local authority land, as at 31 March;;;;;;;;;;\r\n"
    "Unique Property\r\nReference Number;\u00a0UNIQUE  ASSET IDENTITY;Name of building/land;"
    "Street number(s);Street;"
    "Post town;UK Postcode;Easting;Northing;Freehold or Leasehold;Freehold Detail\r\n".replace(
        "Unique Property\r\nReference Number", '"Unique Property\r\nReference Number"'
    )
    + "000010001234;A1;Caf\u00e9 Quarter Library;1;High Street;Anytown;AN1 1AA;379500;394800;Freehold;"
    "Occupied by the local authority\r\n"
    '10001235;A2;"Depot,\r\nMill Lane";;Mill Lane;Anytown;an11ab;379,600;394,900;Freehold;'
    "Occupied by the council\r\n"
    "10001236;A3;16 Mill Lane;16;Mill Lane;Anytown;AN1 1AC;379700;394950;Freehold;Leasehold\r\n"
    "10001237;A4;Old Court;2;Court Row;Anytown;AN1 1AD;379800;394990;Freehold;Vacant\r\n"
    "10001238;A5;Land at Court Row;;Court Row;Anytown;AN1 1AD;379810;394991;Freehold;"
    "Occupied by the local authority\r\n"
)


@pytest.fixture
def other_council(tmp_path: Path) -> Path:
    return write(tmp_path / "assets_cp1252.csv", CODE_2015, "cp1252")


def test_reads_windows_text_title_rows_line_breaks_and_semicolons(other_council: Path) -> None:
    sites = by_id(other_council)
    assert list(sites.index) == ["A1", "A2", "A3", "A4", "A5"]
    assert sites.loc["A1", "name"] == "Caf\u00e9 Quarter Library"
    assert sites.loc["A1", "uprn"] == "10001234"
    assert sites.loc["A2", "name"] == "Depot, Mill Lane"
    assert sites.loc["A2", "postcode"] == "AN1 1AB"
    assert sites.loc["A2", ["easting", "northing"]].tolist() == [379_600.0, 394_900.0]


def test_says_kind_scope_and_reason_of_the_codes_wordings(other_council: Path) -> None:
    sites = by_id(other_council)
    assert sites["kind"].to_dict() == {
        "A1": "library", "A2": "depot", "A3": "let_property", "A4": "vacant", "A5": "land",
    }  # fmt: skip
    assert sites["scope"].to_dict() == {
        "A1": "decide",
        "A2": "out",
        "A3": "out",
        "A4": "surplus",
        "A5": "out",
    }
    assert (sites["scope_reason"].str.len() > 10).all()


def test_the_funnel_adds_up_and_ends_in_the_decided(other_council: Path) -> None:
    frames, funnel, issues, notes = check_register(other_council)
    assert issues == []
    assert funnel["sites"].sum() == 5 == len(frames["sites"])
    assert funnel.iloc[-1]["step"] == "Decided"
    assert funnel.iloc[-1]["sites"] == 1
    assert notes[0].startswith("The running cost is known for 0 of 1 ")


def test_the_tables_of_a_bare_register_fit_the_dictionary(other_council: Path) -> None:
    frames, *_ = check_register(other_council)
    for name, frame in frames.items():
        assert parse(frame, SPECS[name], name)[1] == []
    assert frames["provisions"]["service_id"].tolist() == ["library"]


@pytest.mark.parametrize("swap", [False, True])
def test_longitude_and_latitude_come_out_in_metres_even_when_swapped(tmp_path: Path, swap: bool) -> None:
    x, y = (LAT, LON) if swap else (LON, LAT)
    text = f"Asset Code,Property Name,GeoX,GeoY\nA1,Library,{x:.7f},{y:.7f}\nA2,Town Hall,,\n"
    sites = by_id(write(tmp_path / "r.csv", text))
    assert sites.loc["A1", "easting"] == pytest.approx(EAST, abs=0.1)
    assert sites.loc["A1", "northing"] == pytest.approx(NORTH, abs=0.1)
    assert sites.loc["A2", ["easting", "longitude"]].isna().all()


def test_a_row_with_easting_and_northing_swapped_joins_its_neighbours() -> None:
    rows = [(EAST + 100 * i, NORTH + 50 * i) for i in range(5)] + [(176_000.0, 41_000.0)]
    far = [*rows[:5], (41_000.0, 176_000.0)]
    frame = pd.DataFrame(rows[:5], columns=["easting", "northing"]).astype(str)
    good, _ = place(frame, "t")
    swapped = frame.copy()
    swapped.loc[2, ["easting", "northing"]] = frame.loc[2, ["northing", "easting"]].to_list()
    # Here easting and northing are alike in size, so a swap of 15 km stays among the others: left alone.
    assert place(frame, "t")[0].equals(good)
    cornwall = pd.DataFrame([(180_000 + 10 * i, 41_000) for i in range(5)], columns=["easting", "northing"])
    cornwall.loc[5] = [41_000, 180_000]
    moved, issues = place(cornwall.astype(str), "t")
    assert issues == []
    assert moved.loc[5, ["easting", "northing"]].tolist() == [180_000.0, 41_000.0]
    assert len(far) == 6


@pytest.mark.parametrize(
    ("text", "east", "north"),
    [
        ("SJ 795 948", 379_550.0, 394_850.0),
        ("SJ7950094800", 379_500.5, 394_800.5),
        ("379500, 394800", EAST, NORTH),
    ],
)
def test_map_references(text: str, east: float, north: float) -> None:
    found, issues = place(pd.DataFrame({"map_reference": [text]}), "t")
    assert issues == []
    assert found.loc[0, ["easting", "northing"]].tolist() == [east, north]


def test_all_problems_at_once_with_row_and_remedy(tmp_path: Path) -> None:
    text = (
        "Asset ID,Property Name,Easting,Northing,Floor Area\n"
        "A1,Library,379500,394800,400\n"
        "A1,Other,12,9999999,-5\n"
        "A3,Third,east,394800,about 40\n"
    )
    _, issues = read_register(write(tmp_path / "r.csv", text))
    assert {(issue.row, issue.column) for issue in issues} == {
        (3, "asset_id"), (3, "coordinates"), (3, "gia_m2"), (4, "easting"), (4, "gia_m2"),
    }  # fmt: skip
    assert all(issue.remedy for issue in issues)


@pytest.mark.parametrize("content", [b"", b"just some text\nand more\n", b'a,b\n"never closed'])
def test_what_is_no_register_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_register(path)
    assert error.value.issues[0].table == "r.csv"


def test_duplicated_headers_are_put_together(tmp_path: Path) -> None:
    text = (
        "Asset Ref,Name,Name,If Freehold,If Leasehold,Tenure\n"
        "A1,,Library,Occupied by the local authority,,Freehold\n"
        "A2,Shop,Other,,Sub leasehold,Leasehold\n"
    )
    sites = by_id(write(tmp_path / "r.csv", text))
    assert sites["name"].tolist() == ["Library", "Shop"]
    assert sites["kind"].tolist() == ["library", "let_property"]


def test_workbooks_choose_the_sheet_with_the_register(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["About this file"])
    sheet = book.create_sheet("Assets 2024")
    sheet.append(["Local authority land"])
    sheet.append(["UPRN", "Asset Code", "Building Name", "GIA (sq ft)", "Usage"])
    sheet.append([100012797623, 17, "Market Street", 1000, "Library"])
    book.save(tmp_path / "r.xlsx")
    sites = by_id(tmp_path / "r.xlsx")
    assert sites.loc["17", "uprn"] == "100012797623"
    assert sites.loc["17", "kind"] == "library"
    assert sites.loc["17", "gia_m2"] == pytest.approx(92.90304)  # 1 ft = 0.3048 m


def test_a_uprn_rounded_by_a_spreadsheet_is_not_believed(tmp_path: Path) -> None:
    text = "UPRN,Asset Code,Property Name\n1.00013E+11,A1,Library\n0,A2,Hall\n"
    assert by_id(write(tmp_path / "r.csv", text))["uprn"].tolist() == ["", ""]


def test_homes_are_confidential_whoever_holds_them(tmp_path: Path) -> None:
    text = (
        "Asset Code,Property Name,Tenure,Tenure Detail\n"
        "A1,Elm Road Children's Home,Freehold,Owner Occupied\n"
        "A2,The Women's Refuge,Freehold,Leasehold Out\n"
        "A3,Childrens Centre,Freehold,Owner Occupied\n"
    )
    sites = by_id(write(tmp_path / "r.csv", text))
    assert sites["confidential"].tolist() == ["yes", "yes", "no"]
    assert sites["scope"].tolist() == ["out", "out", "decide"]


def test_the_mapping_wins(tmp_path: Path, other_council: Path) -> None:
    mapping = write(
        tmp_path / "m.yaml",
        "partner: anytown\n"
        "columns: {name: Street}\n"
        "kinds:\n  - {words: mill lane, kind: community_centre}\n"
        "sites:\n  A4: {kind: office, scope: keep, scope_reason: a listed court, parking_spaces: 4}\n",
    )
    sites = by_id(other_council, mapping=mapping)
    assert sites.loc["A1", "name"] == "High Street"
    assert sites.loc["A2", ["kind", "scope"]].tolist() == ["community_centre", "decide"]
    assert sites.loc["A3", "kind"] == "let_property"  # who holds it still comes first
    assert sites.loc["A4", ["kind", "scope"]].tolist() == ["office", "keep"]
    frames, funnel, *_ = check_register(other_council, mapping)
    assert set(frames["sites"]["partner_id"]) == {"anytown"}
    assert frames["sites"].set_index("site_id").loc["A4", "parking_spaces"] == 4
    assert funnel["sites"].sum() == 5


@pytest.mark.parametrize(
    "text",
    [
        "kinds: [{words: mill, kind: castle}]",
        "colums: {name: Street}",
        "scopes: {library: maybe}",
        "- a list",
        "a: [b",
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as error:
        read_mapping(write(tmp_path / "m.yaml", text))
    assert error.value.issues


def test_a_mapping_with_a_header_that_is_not_there_is_an_issue(tmp_path: Path, other_council: Path) -> None:
    mapping = write(tmp_path / "m.yaml", "columns: {name: Nom du lieu}")
    _, issues = read_register(other_council, mapping)
    assert [issue.problem for issue in issues] == ["is named in the mapping but is no header"]


@settings(deadline=None, max_examples=25)
@given(st.text(alphabet=st.characters(codec="cp1252", exclude_characters='",\r\n;\t|'), max_size=30))
def test_every_name_comes_through(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(
            Path(folder) / "r.csv",
            f"Asset Code,Property Name,Street Name,Town\nA1,{name},High Street,Orl\xe9\n",
            "cp1252",
        )
        sites, issues = read_register(path)
    assert issues == []
    read = sites["name"].iloc[0]
    plain = " ".join(name.replace("\xa0", " ").split())
    assert read in {plain, "High Street"}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("  UNIQUE   property reference\nnumber ", "uprn"), ("Freehold or lease", "tenure"), ("GeoX", "x"),
        ("Building Size (GIA m\u00b2)", "gia_m2"), ("Nonsense", None),
    ],
)  # fmt: skip
def test_headers_by_alias(header: str, name: str | None) -> None:
    assert canonical_of(header, "register") == name


def test_fold_keeps_letters_and_digits() -> None:
    assert fold("Caf\u00e9 \u2013 65+ (no.)") == "cafe65+no"


def test_postcodes_are_tidied_and_found_in_addresses() -> None:
    given_, addresses = (
        pd.Series(["m320th", "M31", "", "WA1O 1AA"]),
        pd.Series(["", "", "1 Road, M32 9AN", ""]),
    )
    assert tidy_postcodes(given_, addresses).tolist() == ["M32 0TH", "M31", "M32 9AN", "WA1O 1AA"]


def test_a_funnel_follows_sites_that_are_kept_later(other_council: Path) -> None:
    sites, _ = read_register(other_council)
    after = sites.assign(scope=sites["scope"].replace("decide", "keep"), scope_reason="Nothing is known")
    funnel = follow_scopes(build_funnel(sites), sites, after)
    assert funnel["sites"].sum() == 5
    assert "Decided" not in set(funnel["step"])
    assert is_listed(pd.Series(["library:hale", "A1", "x:y"])).tolist() == [True, False, False]
