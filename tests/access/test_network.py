"""Travel over a road network against distances by hand and against networkx."""

from __future__ import annotations

import re

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import small_roads
from small_roads import FORMATS, estate_tables, write_roads

from estate.access.graph import build
from estate.access.measure import minutes_of
from estate.access.paths import Usable, distances, snap, usable
from estate.access.readers import read_network
from estate.access.speeds import limit_kmh, road_classes
from estate.access.travel import with_network
from estate.config import Config, NetworkSection
from estate.core.errors import ConfigError, InputError
from estate.inputs.load import estate_from_frames
from estate.settings import load_config

MPH = 1.609344


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("30 mph", 30 * MPH),
        ("30mph", 30 * MPH),
        ("50", 50),
        ("50 km/h", 50),
        ("['30 mph', '20 mph']", 25 * MPH),
        ("20 mph;40 mph", 30 * MPH),
        ("national", 60 * MPH),
        ("GB:nsl_dual", 70 * MPH),
        ("gb:motorway", 70 * MPH),
        ("GB:zone20", 20 * MPH),
        ("walk", 5),
        ("signals", np.nan),
        ("", np.nan),
        ("30 mph|signals", 30 * MPH),
        ("fast", None),
        ("0", None),
        ("-30 mph", None),
    ],
)
def test_speed_limits_in_words(text, kmh):
    found = limit_kmh(text)
    assert found is None if kmh is None else found == pytest.approx(kmh, nan_ok=True)


def config(network: dict, tmp_path, **more) -> Config:
    data = {"network": {"snap_limit_m": 300, **network}}
    return Config.model_validate({"name": "n", "data": data, "output": tmp_path / "out", **more})


def measured(network: dict, tmp_path, sites=None, areas=None, **more):
    frames = estate_tables(
        sites or {"S": (0, 500), "T": (3000, 100)}, areas or {"A": (500, 0), "B": (900, 1000)}
    )
    told = config(network, tmp_path, **more)
    return with_network(estate_from_frames(frames, told), told, tmp_path)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_distances_worked_out_by_hand(kind, tmp_path):
    """S is on the footpath d-a, T 100 m off the end of the trunk road, U on c-d; A on a-b, B on c-d."""
    sites = {"S": (0, 500), "T": (3000, 100), "U": (400, 1000)}
    estate = measured(write_roads(tmp_path, kind), tmp_path, sites)
    found = estate.network.pairs.set_index(["mode", "area_id", "site_id"])[["km", "minutes"]]
    walk = {("A", "S"): 1.0, ("B", "S"): 1.4, ("A", "T"): 2.6, ("B", "T"): 3.2, ("B", "U"): 0.5}
    for (area, site), km in walk.items():
        assert found.loc[("walk", area, site), "km"] == pytest.approx(km, abs=0.003)
        assert found.loc[("walk", area, site), "minutes"] == pytest.approx(km / 4.8 * 60, abs=0.05)
    assert found.loc[("walk", "A", "U"), "km"] == pytest.approx(1.9, abs=0.003)  # along the footpath
    assert found.loc[("cycle", "A", "U"), "km"] == pytest.approx(2.1, abs=0.003)
    # times by hand: half a mile at 30 mph, a km at the mean of 40 and 60, 600 m at the 30 of the class
    drive = {
        ("A", "U"): (2.1, 0.5 / 30 + 1 / 50 + 0.6 / 30, 0),
        ("B", "T"): (3.2, 0.1 / 30 + 1 / 20 + 2 / 70, 0.1),
        ("A", "T"): (2.6, 0.5 / 30 + 2 / 70, 0.1),
        ("B", "U"): (0.5, 0.5 / 30, 0),
    }
    for (area, site), (km, hours_at_limit, walked) in drive.items():
        minutes = hours_at_limit / MPH / 0.8 * 60 + walked / 4.8 * 60
        assert found.loc[("car", area, site), "km"] == pytest.approx(km, abs=0.003)
        assert found.loc[("car", area, site), "minutes"] == pytest.approx(minutes, abs=0.02)
    used = estate.area_km[estate.area_km["mode"] == "car"].set_index(["area_id", "site_id"])
    assert used.loc[("B", "U"), "minutes"] == pytest.approx(0.5 / 30 / MPH / 0.8 * 60, abs=0.02)


def test_what_does_not_snap_is_told_and_measured_in_a_straight_line(tmp_path):
    estate = measured(write_roads(tmp_path, "gpkg"), tmp_path)
    snapping = estate.network.snapping.set_index(["mode", "table", "id"])
    assert snapping.loc[("walk", "sites", "S"), "snapped"]
    assert not snapping.loc[("car", "sites", "S"), "snapped"]  # only a footpath leads there
    assert any(
        "Farther than 300 m from any road for car" in note and "1 of 2 sites" in note for note in estate.notes
    )
    by_car = estate.area_km[estate.area_km["mode"] == "car"].set_index(["area_id", "site_id"])
    assert by_car.loc[("A", "S"), "km"] == pytest.approx(np.hypot(0.5, 0.5) * 1.3)
    assert ("A", "S") not in set(
        estate.network.pairs.query("mode == 'car'")[["area_id", "site_id"]].itertuples(index=False, name=None)
    )


def test_places_beyond_the_farthest_distance_are_left_out_not_drawn_straight(tmp_path):
    network = {**write_roads(tmp_path, "gpkg"), "farthest_km": 1.5}
    estate = measured(network, tmp_path)
    walked = estate.area_km[estate.area_km["mode"] == "walk"]
    assert set(zip(walked["area_id"], walked["site_id"], strict=True)) == {("A", "S"), ("B", "S")}
    assert estate.network.farthest_km == {"walk": 1.5, "cycle": 1.5, "car": 1.5}


def random_network(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, nx.MultiDiGraph]:
    random = np.random.default_rng(seed)
    n = 40
    xy = 400_000 + random.uniform(0, 5000, (n, 2))
    ends = random.integers(0, n, (110, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    oneway = random.choice(["yes", "no", "-1"], len(ends), p=[0.3, 0.5, 0.2])
    length = np.hypot(*(xy[ends[:, 0]] - xy[ends[:, 1]]).T) * random.uniform(1, 1.5, len(ends))
    edges = pd.DataFrame({"u": ends[:, 0], "v": ends[:, 1], "oneway": oneway, "length": length})
    graph = nx.MultiDiGraph()
    for u, v, way, metres in edges.itertuples(index=False):
        if way != "-1":
            graph.add_edge(u, v, length=metres)
        if way != "yes":
            graph.add_edge(v, u, length=metres)
    nodes = pd.DataFrame({"id": range(n), "x": xy[:, 0], "y": xy[:, 1]})
    return edges, nodes, graph


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_agree_with_networkx(seed, tmp_path):
    """Places at every junction of the main part: no snapping, only paths, one-way streets and limits."""
    edges, nodes, graph = random_network(seed)
    edges.to_csv(tmp_path / "roads.csv", index=False)
    nodes.to_csv(tmp_path / "nodes.csv", index=False)
    section = NetworkSection(file="roads.csv", nodes="nodes.csv")
    network = build(read_network(section, tmp_path), tmp_path / "roads.csv")
    roads = usable(network, network.length_m / 1000, both_ways=False)
    main = sorted(max(nx.strongly_connected_components(graph), key=len))
    points = nodes.set_index("id").loc[main, ["x", "y"]].to_numpy()
    at = snap(network, roads, points, 1.0)
    assert at.metres.max() < 1e-6
    limit = 6.0
    found = distances(network, roads, at, at, limit)
    expected = dict(nx.all_pairs_dijkstra_path_length(graph, weight="length"))
    table = np.array([[expected[a].get(b, np.inf) / 1000 for b in main] for a in main])
    np.testing.assert_allclose(found, np.where(table <= limit, table, np.inf), atol=1e-6)


@pytest.mark.shared
def test_cambridge_agrees_with_networkx(shared):
    """The real drive network: 60 x 60 junctions, and minutes on the quickest way."""
    folder = shared / "real" / "cambridge_network"
    section = NetworkSection(file="cambridge_drive_network.graphml")
    network = build(read_network(section, folder), folder / section.file)
    speeds = {"walk_speed_kmh": 4.8, "cycle_speed_kmh": 15, "car_speed_of_limit_share": 1.0}
    minutes, notes = minutes_of(network, "car", {}, speeds)
    assert "A speed limit is given for 73% of the roads" in notes[0]
    roads = usable(network, network.length_m / 1000, both_ways=False)
    graph = nx.read_graphml(folder / section.file)
    graph = graph if graph.is_multigraph() else nx.MultiDiGraph(graph)
    for *_, facts in graph.edges(data=True):
        facts["length"] = float(facts["length"])
    main = sorted(max(nx.strongly_connected_components(graph), key=len))
    assert len(main) == 3281
    sample = [main[i] for i in np.random.default_rng(4).choice(len(main), 60, replace=False)]
    from pyproj import Transformer

    to = Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
    lon, lat = ([float(graph.nodes[n][axis]) for n in sample] for axis in ("x", "y"))
    at = snap(network, roads, np.column_stack(to.transform(lon, lat)), 1.0)
    found = distances(network, roads, at, at, 1e6)
    for i, name in enumerate(sample):
        expected = nx.single_source_dijkstra_path_length(graph, name, weight="length")
        np.testing.assert_allclose(found[i], [expected[b] / 1000 for b in sample], atol=2e-4)
    cost = minutes[roads.edges]
    both = (np.where(np.isfinite(way), cost, np.inf) for way in (roads.forward, roads.backward))
    quickest = distances(network, Usable(roads.edges, *both, 0), at, at, 1e6)
    usual = road_classes()["limit_kmh"]
    for *_, facts in graph.edges(data=True):
        mph = [float(text) for text in re.findall(r"[0-9]+", facts.get("maxspeed", ""))]
        kmh = MPH * np.mean(mph) if mph else usual[re.findall("[a-z_]+", facts["highway"])[0]]
        facts["minutes"] = facts["length"] / 1000 / kmh * 60
    for i, name in enumerate(sample[:20]):
        expected = nx.single_source_dijkstra_path_length(graph, name, weight="minutes")
        np.testing.assert_allclose(quickest[i], [expected[b] for b in sample], atol=1e-3)


def test_the_cache_is_used_and_a_damaged_one_is_measured_again(tmp_path):
    network = write_roads(tmp_path, "gpkg")
    first = measured(network, tmp_path)
    kept = sorted((tmp_path / "out" / ".cache").glob("pairs-*.parquet"))
    assert len(kept) == 1
    forged = pd.read_parquet(kept[0]).assign(km=77.0)
    whole = kept[0].read_bytes()
    again = measured(network, tmp_path)
    pd.testing.assert_frame_equal(first.area_km, again.area_km)
    for damage in (whole[: len(whole) // 2], b"", whole.replace(b"PAR1", b"XXXX")):
        kept[0].write_bytes(damage)
        pd.testing.assert_frame_equal(measured(network, tmp_path).area_km, first.area_km)
    forged.to_parquet(kept[0], index=False)  # a file that does not carry its key is not believed
    pd.testing.assert_frame_equal(measured(network, tmp_path).area_km, first.area_km)
    measured(network, tmp_path, {"S": (0, 400), "T": (3000, 100)})
    assert len(list((tmp_path / "out" / ".cache").glob("pairs-*.parquet"))) == 2


def problems(network: dict, tmp_path, **frames) -> str:
    with pytest.raises(InputError) as caught:
        measured(network, tmp_path, **frames)
    assert all(issue.remedy for issue in caught.value.issues)
    return str(caught.value)


def test_bad_networks_are_refused_with_the_remedy(tmp_path):
    degrees = pd.DataFrame({"u": ["1"], "v": ["2"], "x1": [0.1], "y1": [52.1], "x2": [0.2], "y2": [52.2]})
    degrees.to_csv(tmp_path / "degrees.csv", index=False)
    assert "degrees of an unnamed system; write data.network.crs: EPSG:4326" in problems(
        {"file": "degrees.csv"}, tmp_path
    )
    degrees.assign(x2="", u="3").to_csv(tmp_path / "bare.csv", index=False)
    assert "no number in 1 row; fill x1, y1, x2 and y2" in problems({"file": "bare.csv"}, tmp_path)
    assert "from every area; give the network of this area" in problems(
        {"file": "degrees.csv", "crs": "EPSG:4326"}, tmp_path
    )
    km = {**write_roads(tmp_path, "nodes.csv")}
    table = pd.read_csv(tmp_path / "roads.nodes.csv")
    table.assign(length=table["length"] / 1000).to_csv(tmp_path / "roads.nodes.csv", index=False)
    assert "times the length of the lines on the map; give lengths in metres" in problems(km, tmp_path)
    bomb = '<!DOCTYPE g [<!ENTITY a "aaaa">]><graphml><graph><node id="&a;"/></graph></graphml>'
    (tmp_path / "bomb.graphml").write_text(bomb, encoding="utf-8")
    assert "declares entities" in problems({"file": "bomb.graphml"}, tmp_path)
    (tmp_path / "cut.graphml").write_text("<graphml><graph>", encoding="utf-8")
    assert "is broken" in problems({"file": "cut.graphml"}, tmp_path)
    (tmp_path / "cut.gpkg").write_bytes(b"SQLite format 3\0 and no more")
    assert "save it again; it may be cut off" in problems({"file": "cut.gpkg"}, tmp_path)
    assert "is not there" in problems({"file": "none.gpkg"}, tmp_path)
    (tmp_path / "roads.txt").write_text("x", encoding="utf-8")
    assert "no kind of network" in problems({"file": "roads.txt"}, tmp_path)
    assert "is no column of it" in problems({**km, "columns": {"length_m": "langth"}}, tmp_path)


def test_a_mode_without_a_road_is_told_and_a_road_of_no_length_is_harmless(tmp_path):
    network = write_roads(tmp_path, "nodes.csv")
    table = pd.read_csv(tmp_path / "roads.nodes.csv")
    nowhere = table.iloc[[0]].assign(u="a", v="a", length=0.0)
    pd.concat([nowhere, table]).to_csv(tmp_path / "roads.nodes.csv", index=False)
    found = measured({**network, "modes": ["walk"]}, tmp_path).network.pairs
    assert found["minutes"].to_numpy() == pytest.approx(found["km"].to_numpy() / 4.8 * 60)
    table.assign(highway="motorway").to_csv(tmp_path / "roads.nodes.csv", index=False)
    told = problems({**network, "modes": ["car", "walk"]}, tmp_path)
    assert "has no road that is open to walk; take walk out of data.network.modes" in told


def test_roads_that_openstreetmap_closes_to_cars_stay_open_on_foot(tmp_path, monkeypatch):
    tags: list[dict[str, str]] = [{} for _ in small_roads.ROADS]
    tags[0], tags[2] = {"access": "private", "foot": "yes"}, {"motor_vehicle": "no"}
    monkeypatch.setattr(small_roads, "TAGS", tags)
    raw = read_network(NetworkSection(**write_roads(tmp_path, "osm.pbf")), tmp_path)
    open_to = road_classes().loc[raw.edges["road_class"], ["car", "walk"]].to_numpy().tolist()
    assert open_to.count(["no", "yes"]) == 3  # two streets, and the footpath


def test_the_section_is_checked_before_any_data_are_read(tmp_path):
    text = "name: n\ndata:\n  network: {file: a.gpkg, modes: [train], snap_limit: 5}\n"
    (tmp_path / "n.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "n.yaml")
    assert "data.network.modes" in str(caught.value)
    assert "snap_limit_m" in str(caught.value)
