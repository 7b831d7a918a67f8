"""Invented estates: the same from the same seed, sound at any size, worth solving by default."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from estate.config import Config
from estate.core.errors import ConfigError
from estate.core.tables import KEYS, SPECS, conform
from estate.inputs.synthetic import make_estate, worth, write_estate
from estate.inputs.synthetic.draw import apportion, pick, stream

ROOT = Path(__file__).resolve().parents[2]
SIZES = (
    {},
    {"sites": 5},
    {"sites": 37, "areas": 8, "population": 12_000, "hubs": 4, "hosts": 5},
    {"sites": 2000},
)
REFERENCES = (
    ("backlog", "site_id", "sites"),
    ("brakes", "site_id", "sites"),
    ("decisions", "site_id", "sites"),
    ("demand", "area_id", "areas"),
    ("demand", "service_id", "services"),
    ("host_terms", "site_id", "sites"),
    ("linked_trips", "service_a", "services"),
    ("linked_trips", "service_b", "services"),
    ("hub_options", "site_id", "sites"),
    ("hub_options", "lead_partner_id", "partners"),
    ("provisions", "site_id", "sites"),
    ("provisions", "service_id", "services"),
    ("provisions", "partner_id", "partners"),
    ("running_costs", "site_id", "sites"),
    ("sites", "partner_id", "partners"),
    ("standards", "service_id", "services"),
    ("tenures", "site_id", "sites"),
    ("valuations", "site_id", "sites"),
)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return make_estate()


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_seed_writes_the_same_bytes(tmp_path, tables):
    write_estate(tables, tmp_path / "one")
    write_estate(make_estate(seed=1), tmp_path / "two")
    write_estate(make_estate(seed=2), tmp_path / "three")
    one, two, three = (read(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one["sites.csv"] != three["sites.csv"]
    assert all(b"\r" not in text for text in one.values())
    assert b"invented" in one["README.md"]


def test_the_shipped_folder_is_seed_one(tmp_path, tables):
    write_estate(tables, tmp_path)
    assert read(tmp_path) == read(ROOT / "data" / "east_birmingham")


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("seed", [1, 7])
def test_every_size_follows_the_dictionary(size, seed):
    made = make_estate(seed, **size)
    assert set(made) == set(KEYS) - {"travel"}
    for name, frame in made.items():
        conformed, issues = conform(frame, SPECS[name], f"{name}.csv")
        assert not issues, [str(issue) for issue in issues[:3]]
        assert len(conformed) == len(frame)
        if KEYS[name]:
            assert not frame.duplicated(list(KEYS[name])).any(), name


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_reference_is_met(size):
    made = make_estate(3, **size)
    for name, column, other in REFERENCES:
        key = KEYS[other][0]
        assert set(made[name][column]) <= set(made[other][key]), (name, column)
    assert set(made["budgets"]["purse"]) <= {*made["partners"]["partner_id"], "pooled"}
    listed = made["host_terms"]["permitted_services"].str.split(";").explode().dropna()
    assert set(listed) <= set(made["services"]["service_id"])
    assert set(made["standards"]["service_id"]) <= set(made["provisions"]["service_id"])


def test_the_default_estate_is_as_large_as_promised(tables):
    sites, areas = tables["sites"], tables["areas"]
    existing = sites[sites["status"] == "existing"]
    assert len(existing) == 600
    assert existing["commercial"].eq("yes").sum() == 400
    assert sites["status"].value_counts().to_dict() == {
        "existing": 600,
        "host": 60,
        "candidate": 40,
        "outside": 6,
    }
    assert len(areas) == 130
    assert areas["population"].sum() == 200_000
    assert areas["zone"].nunique() == 2
    assert areas["imd_decile"].le(3).mean() > 0.6
    assert (np.ceil(areas["imd_rank_share"] * 10) == areas["imd_decile"]).all()
    assert 0.02 < areas["rurality"].eq("rural").mean() < 0.2
    assert areas["postcode_district"].nunique() == 9
    assert tables["partners"]["in_plan"].eq("yes").sum() == 6
    assert tables["services"]["front_office"].eq("yes").sum() == 5
    decided = existing["scope"].isin(["decide", "surplus"])
    assert 450 <= decided.sum() <= 520
    free = existing.loc[existing["scope"].eq("decide"), "site_id"]
    provisions = tables["provisions"][tables["provisions"]["site_id"].isin(free)]
    assert 600 <= len(provisions) <= 800
    assert provisions.groupby("site_id").size().between(1, 3).all()
    assert set(provisions["site_id"]) == set(free)
    assert existing["condition"].isin(["C", "D"]).mean() > 0.6
    assert set(tables["hub_options"]["option"]) == {"large", "small", "conversion"}
    assert existing["confidential"].eq("yes").sum() >= 2


def test_figures_agree_with_each_other(tables):
    sites = tables["sites"].set_index("site_id")
    used = tables["provisions"].groupby("site_id")["room_nia_m2"].sum()
    inside = used[sites.loc[used.index, "status"].eq("existing")]
    assert (inside <= sites.loc[inside.index, "nia_m2"].astype(float)).all()
    tenure = tables["tenures"].set_index("site_id")["tenure"]
    routes = tables["valuations"]
    owned = routes["site_id"].map(tenure).eq("freehold")
    assert owned[routes["exit_route"].isin(["sell", "let", "transfer"])].all()
    assert not owned[routes["exit_route"].eq("surrender")].any()
    rent = tables["running_costs"].query("heading == 'rent'")["site_id"]
    assert rent.map(tenure).isin(["leasehold", "licence"]).all()
    lease = tables["tenures"].dropna(subset=["break_date", "expiry"])
    assert (lease["break_date"] < lease["expiry"]).all()
    assert sites.loc[tables["hub_options"]["site_id"], "status"].isin(["candidate", "existing"]).all()
    for name, column in (("sites", "easting"), ("areas", "easting")):
        assert tables[name][column].astype(float).between(400_000, 425_000).all()
    for column in ("over65_share", "no_car_share", "disabled_share"):
        assert tables["areas"][column].between(0, 1).all()


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_default_estates_are_worth_solving(seed):
    table = worth(make_estate(seed))
    assert table["holds"].all(), table.loc[~table["holds"]].to_string()


def test_worth_sees_an_estate_that_is_not_worth_solving(tables):
    rich = tables["budgets"].assign(capital_gbp=10**9)
    near = tables["services"].assign(move_reach_km=0.2, merge_reach_km=0)
    none = tables["host_terms"].iloc[:0]
    table = worth({**tables, "budgets": rich, "services": near, "host_terms": none}).set_index("condition")
    assert not table.loc["hub places in reach of the median provision", "holds"]
    assert not table.loc["years in which an eager plan outspends the capital", "holds"]
    assert not table.loc["share of decided sites that could close without hubs", "holds"]


def test_worth_counts_hub_places_as_plain_geometry_does(tables):
    """Count places within 3.5 km of travel one by one, for three provisions of one service."""
    services = tables["services"].assign(move_reach_km=3.5)
    provisions = tables["provisions"].query("service_id == 'health' and fixed_to_site == 'no'").head(3)
    few = {**tables, "services": services, "provisions": provisions}
    places = tables["sites"].set_index("site_id")
    options = tables["hub_options"].groupby("site_id")["room_nia_m2"].max()
    counts = []
    for row in provisions.itertuples():
        here, need = places.loc[row.site_id], row.room_nia_m2 * 0.85 * (1 - row.digital_share)
        count = 0
        for hub, room in options.items():
            there = places.loc[hub]
            fit = there["step_free"] == "yes" or pd.notna(there["step_free_cost_gbp"])
            apart = np.hypot(here["easting"] - there["easting"], here["northing"] - there["northing"])
            count += fit and room >= need and hub != row.site_id and apart * 1.3 <= 3500
        counts.append(count)
    assert worth(few)["value"].iloc[0] == sorted(counts)[1]


@pytest.mark.parametrize("size", [{"hubs": 0, "hosts": 0}, {"areas": 1, "population": 1, "sites": 5}])
def test_worth_answers_for_odd_sizes(size):
    assert len(worth(make_estate(4, **size))) == 6


@pytest.mark.parametrize("size", [{"sites": 4}, {"seed": -1}, {"areas": 0}, {"hosts": 2.5}, {"hubs": True}])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ConfigError, match=next(iter(size))):
        make_estate(**size)


def test_dates_follow_the_first_year():
    later = make_estate(1, sites=60, first_year=2040)
    assert later["budgets"]["year"].iloc[0] == "2040/41"
    assert later["tenures"]["expiry"].dropna().min() >= "2038"


def test_writing_refuses_a_folder_with_other_tables(tmp_path, tables):
    (tmp_path / "travel.csv").write_text("area_id,site_id\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"travel\.csv"):
        write_estate(tables, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["travel.csv"]


def test_shares_add_up_to_the_whole():
    shares = apportion(7, np.array([1.0, 1.0, 1.0]))
    assert shares.tolist() == [3, 2, 2]
    drawn = pick(stream(1, "try"), ("a", "b"), (0.25, 0.75), 4000)
    assert 0.2 < (drawn == "a").mean() < 0.3


def test_tiny_shows_every_choice_of_the_dictionary():
    unseen = {
        ("sites", "condition"): {"A", "CX", "DX"},
        ("backlog", "risk"): {"critical", "high", "significant", "moderate", "low"},
        ("tenures", "review_basis"): {"market", "index"},
        ("tenures", "repair_liability"): {"internal", "landlord"},
        ("sites", "empty_rates_relief"): {"usual", "industrial", "listed", "charity", "none"},
        ("running_costs", "fund"): {"schools", "ring_fenced"},
        ("decisions", "state"): {"proposed", "contracted", "done", "abandoned"},
        ("standards", "group"): {"over65"},
        ("standards", "counts_at"): {"with_room"},
    }
    for name in KEYS:
        frame = pd.read_csv(ROOT / "data" / "tiny" / f"{name}.csv", dtype=str)
        conformed, issues = conform(frame, SPECS[name], f"{name}.csv")
        assert not issues, [str(issue) for issue in issues]
        for column in SPECS[name].columns:
            choices = set(column.allowed) - {"yes", "no"}
            if choices and column.name not in {"heading", "quality", "impact"}:
                missing = choices - set(conformed[column.name].astype(str))
                assert missing <= unseen.get((name, column.name), set()), (name, column.name, missing)


@pytest.mark.parametrize("name", ["east_birmingham", "tiny"])
def test_configurations_are_short_and_say_invented(name):
    text = (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    first_run, _, _ = text.partition("\nscenarios:")  # scenarios come after what a first run needs
    assert len(first_run.splitlines()) <= 25
    config = Config(**yaml.safe_load(text))
    assert config.invented
    assert config.name == name
    assert (ROOT / "configs" / config.data.folder).is_dir()
