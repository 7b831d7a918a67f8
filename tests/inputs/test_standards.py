"""Ready-made standards, their groups and districts, in the three programs and by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_tables import tables

from estate.appraise.access_summary import group_weights
from estate.config import Config
from estate.core.errors import ConfigError, InputError
from estate.core.reference import standard_sets
from estate.core.types import Plan
from estate.inputs.load import estate_from_frames
from estate.model.rules.access import weights
from estate.settings import load_config
from estate.verify import Facts
from estate.verify.residents import _weights

MILE = 1.609344
GROUPS = ("urban", "rural", "deprived_urban")


def config(**told) -> Config:
    return Config.model_validate({"name": "s", **told})


def estate(random: np.random.Generator, **told):
    """Forty areas at random with three libraries, and the Post Office set asked of libraries."""
    n = 40
    rank = np.where(random.random(n) < 0.5, random.uniform(0, 0.4, n).round(3), np.nan)
    areas = pd.DataFrame(
        {
            "area_id": [f"A{i}" for i in range(n)],
            "population": random.integers(0, 3000, n),
            "easting": random.uniform(385_000, 417_000, n),
            "northing": random.uniform(275_000, 305_000, n),
            "imd_decile": random.integers(1, 11, n),
            "imd_rank_share": rank,
            "rurality": random.choice(["urban", "rural", ""], n, p=[0.6, 0.3, 0.1]),
            "postcode_district": random.choice(["M31", "M32", "M33"], n),
        }
    )
    frames = {**tables(standards=None), "areas": areas}
    one = {"set": "post_office", "service": "library", "basis": "target"}
    return estate_from_frames(frames, config(standards=[one], **told)), areas


def people_of(row, group: str) -> float:
    """The definition, in plain words: blank rank takes decile / 10, the worst 15% are deprived."""
    if group in {"urban", "rural"}:
        return row.population if row.rurality == group else 0
    rank = row.imd_decile / 10 if np.isnan(row.imd_rank_share) else row.imd_rank_share
    return row.population if row.rurality == "urban" and rank <= 0.15 else 0


@pytest.mark.parametrize("seed", range(6))
def test_groups_and_districts_by_brute_force(seed):
    made, areas = estate(np.random.default_rng(seed))
    table = made.tables["areas"]
    raw = areas.set_index("area_id").loc[table["area_id"]]
    for group in GROUPS:
        told = [people_of(row, group) for row in raw.itertuples()]
        assert weights(group, table, made.assumptions).tolist() == told
        assert _weights(group, table.to_dict("records"), made.assumptions).tolist() == told
        assert group_weights(made)[group].tolist() == told
    facts = Facts.of(made, config(standards=[])).with_plan(Plan.empty())
    libraries = {"001", "002"}
    sites = made.tables["sites"].set_index("site_id").loc[sorted(libraries)]
    for k, standard in enumerate(facts.residents.standards):
        rows = made.tables["standards"].set_index("standard_id").loc[standard.standard_id]
        parts: dict[str, list[float]] = {}
        for row in raw.itertuples():
            weight = row.population if rows["group"] == "all" else people_of(row, rows["group"])
            near = any(
                np.hypot(row.easting - s.easting, row.northing - s.northing) * 1.3 / 1000 <= rows["threshold"]
                for s in sites.itertuples()
            )
            name = row.postcode_district if rows["geography"] == "postcode_district" else ""
            part = parts.setdefault(name, [0.0, 0.0])
            part[0] += weight * near
            part[1] += weight
        expected = {
            name: served / total
            for name, (served, total) in parts.items()
            if total and served / total < rows["share"] - 1e-9
        }
        at = frozenset(("", site) for site in libraries)
        found = {short.part: short.served for short in facts.residents.shortfalls(k, at)}
        assert found == pytest.approx(expected), standard.standard_id


def test_the_post_office_set_is_six_tests_with_a_floor_in_every_district():
    made, _ = estate(np.random.default_rng(1))
    table = made.tables["standards"].set_index("standard_id")
    assert len(table) == 6
    floor = table.loc["post_office_district"]
    assert (floor["geography"], floor["share"], floor["threshold"]) == ("postcode_district", 0.95, 6 * MILE)
    assert set(table["service_id"]) == {"library"}
    assert set(table["basis"]) == {"target"}
    assert standard_sets()["source"].str.len().gt(30).all()


def test_protected_groups_keep_todays_share():
    made, _ = estate(np.random.default_rng(2), protect=["rural", "most_deprived"])
    table = made.tables["standards"].set_index("standard_id")
    assert table.loc["post_office_1_mile_rural", ["group", "basis"]].tolist() == ["rural", "no_worse"]
    # one copy for each distance and group of the three distances of the set: 1, 3 and 6 miles
    assert len(table) == 6 + 2 * 3


def test_names_and_words(tmp_path):
    (tmp_path / "c.yaml").write_text("name: c\nstandards: [postoffice, {set: pls}]\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "c.yaml")
    assert "postoffice is no set of standards; did you mean post_office?" in str(caught.value)
    given = tables()
    given["standards"] = given["standards"].assign(geography="nobody beyond", share="1")
    made = estate_from_frames(given, config())
    assert made.tables["standards"]["geography"].tolist() == ["area"]
    with pytest.raises(InputError) as wrong:
        estate_from_frames(tables(standards=None), config(standards=["post_office"]))
    told = str(wrong.value)
    assert "post_office is provided nowhere" in told
    assert "needs rurality, which is blank in every area" in told
    assert "is blank in every area, and a standard is held in every postcode district" in told
    assert "standards of the configuration, service_id: post_office is provided nowhere" in told


def test_the_jobcentre_merger_limits_how_far_the_service_goes_from_its_old_site():
    legs: list[str] = []

    def reach(given: dict[str, object], **told) -> list[float]:
        frames = tables()
        row = {"service_id": "library", "merge_reach_km": 9, **given}
        frames["services"] = pd.DataFrame([row, {"service_id": "back_office"}])
        one = {"set": "jobcentre_merger", "service": "library"}
        made = estate_from_frames(frames, config(standards=[one], **told))
        (note,) = [
            note for note in made.notes if note.startswith("jobcentre_merger: library moves and merges")
        ]
        legs.append(note.partition("at most ")[2])
        assert len(made.tables["standards"]) == len(tables()["standards"])
        services = made.tables["services"].set_index("service_id")
        return services.loc["library", ["move_reach_km", "merge_reach_km"]].astype(float).tolist()

    assert reach({}) == pytest.approx([3 * MILE, 3 * MILE]), "the default is 5 km"
    assert reach({"move_reach_km": 2, "merge_reach_km": 0}) == [2, 0]
    assert reach({}, rules={"reach": {"default_km": 1}})[0] == 1
    assert legs[0] == "4.83 km from its old site (4.83 km, or 20 minutes, which are 4.00 km)."
    bus = {"public_transport_speed_kmh": 14.7}
    assert reach({}, assumptions=bus) == pytest.approx([4.9, 4.9]), "20 minutes of a bus are farther"
