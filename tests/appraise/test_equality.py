"""Who bears the change: every figure again in plain Python, and by hand on a line of places."""

from __future__ import annotations

import math
import random

import pytest
from small_estates import config, estate, plan
from test_access_table import a_moves_to_candidate, line_estate

from estate.appraise.equality import ONCE, equality_tables
from estate.appraise.evidence import evidence_table

SERVICES = ("advice", "benefits", "housing", "library")
SHARES = {
    "age": ("over65_share", "65 and over", "under 65"),
    "disability": ("disabled_share", "disabled", "not disabled"),
    "car availability": ("no_car_share", "no car", "car"),
}
BANDS = {
    "worse_to_0_5_km": (0, 0.5),
    "worse_0_5_to_1_km": (0.5, 1),
    "worse_1_to_2_km": (1, 2),
    "worse_2_to_5_km": (2, 5),
    "worse_over_5_km": (5, math.inf),
}


def random_case(seed):
    """Areas and sites anywhere within 12 km; some facts, some places and some travel are not known."""
    draw = random.Random(seed)  # noqa: S311 (a case, not a secret)
    maybe = lambda value: None if draw.random() < 0.15 else value  # noqa: E731
    areas = [
        {
            "area_id": f"a{i:02}",
            "population": draw.choice([0, 120, 800, 1500.5]),
            "easting": maybe(draw.uniform(0, 12_000)),
            "northing": draw.uniform(0, 12_000),
            "imd_decile": maybe(draw.randint(1, 10)),
            "over65_share": maybe(draw.random()),
            "no_car_share": maybe(draw.random()),
            "disabled_share": maybe(draw.random()),
            "rurality": maybe(draw.choice(["urban", "rural"])),
        }
        for i in range(15)
    ]
    sites = [
        {"site_id": f"s{i}", "easting": draw.uniform(0, 12_000), "northing": draw.uniform(0, 12_000)}
        | {"status": draw.choice(["existing", "existing", "outside"])}
        for i in range(7)
    ]
    provisions = [
        {"provision_id": f"{site['site_id']}-{service}", "site_id": site["site_id"], "service_id": service}
        for site in sites
        for service in SERVICES
        if draw.random() < 0.4
    ]
    travel = [
        {"area_id": a["area_id"], "site_id": s["site_id"], "mode": "car", "km": draw.uniform(0.1, 15)}
        for a in areas
        for s in sites
        if draw.random() < 0.8
    ]
    standard = {"standard_id": "adv", "service_id": "advice", "threshold": 4.0, "mode": "car"}
    own = [
        one
        for one in provisions
        if next(s for s in sites if s["site_id"] == one["site_id"])["status"] == "existing"
    ]
    gone = [one for one in own if draw.random() < 0.6]
    moves = [
        (
            one["provision_id"],
            *draw.choice([("move", "s0"), ("online", None)]),
            None,
            None,
            draw.randint(0, 3),
        )
        for one in gone
    ]
    made = estate(
        areas=areas,
        sites=sites,
        provisions=provisions,
        travel=travel,
        standards=[standard],
        services=[{"service_id": name} for name in SERVICES],
    )
    return made, plan(moves=moves), (areas, sites, provisions, travel, moves)


def open_at(service, year, case):
    """Sites that offer a service in a year: those not left yet, and those that somebody came to."""
    _, _, provisions, _, moves = case
    left = {move[0]: move for move in moves if year is not None and move[-1] <= year}
    stay = {
        one["site_id"]
        for one in provisions
        if one["service_id"] == service and one["provision_id"] not in left
    }
    came = {m[2] for name, m in left.items() if m[1] == "move" and name.endswith(f"-{service}")}
    return stay | came


def way(area, service, offered, case):
    """Travel to the nearest place: a given way comes before any straight line."""
    _, sites, _, travel, _ = case
    given = {
        row["site_id"]: row["km"]
        for row in travel
        if row["area_id"] == area["area_id"] and service == "advice"
    }
    if known := [given[name] for name in offered if name in given]:
        return min(known)
    if area["easting"] is None:
        return math.inf
    ways = [
        1.3 * math.hypot(area["easting"] - s["easting"], area["northing"] - s["northing"]) / 1000
        for s in sites
        if s["site_id"] in offered
    ]
    return min(ways, default=math.inf)


def members(characteristic, group, area):
    """How many of an area belong to a group."""
    people = area["population"]
    if characteristic == "all residents":
        return people
    if characteristic == "deprivation decile":
        decile = area["imd_decile"]
        told = (
            "not known"
            if decile is None
            else {1: "1 (most deprived)", 10: "10 (least deprived)"}.get(decile, str(decile))
        )
        return people if told == group else 0
    if characteristic == "rurality":
        return people if (area["rurality"] or "not known") == group else 0
    column, inside, outside = SHARES[characteristic]
    share = area[column]
    if share is None or group == "not known":
        return people if share is None and group == "not known" else 0
    return people * {inside: share, outside: 1 - share}[group]


def spread(pairs):
    """Mean, 90th percentile and greatest of pairs of km and people."""
    pairs = sorted((km, people) for km, people in pairs if people > 0)
    total = math.fsum(people for _, people in pairs)
    if not total:
        return [math.nan] * 3
    mean, running, ninth = math.fsum(km * people for km, people in pairs) / total, 0.0, None
    for km, people in pairs:
        running += people
        if ninth is None and running >= 0.9 * total - 1e-7:
            ninth = km
    return [mean, ninth, pairs[-1][0]]


def close(found, expected):
    return (math.isnan(found) and math.isnan(expected)) or found == pytest.approx(expected, abs=1e-6)


def check_row(row, year, case):
    """Work out one row of the table again."""
    areas = case[0]
    service, group = row["service_id"], (row["characteristic"], row["group"])
    ways = [
        (
            way(a, service, open_at(service, None, case), case),
            way(a, service, open_at(service, year, case), case),
        )
        for a in areas
    ]
    people = [members(*group, area) for area in areas]
    both = [(now, then, n) for (now, then), n in zip(ways, people, strict=True) if max(now, then) < math.inf]
    for when, pick in (("before", 0), ("after", 1)):
        told = spread([(one[pick], one[2]) for one in both])
        for name, value in zip(("mean", "p90", "max"), told, strict=True):
            assert close(row[f"{name}_km_{when}"], value), (name, when)
    left = math.fsum(n for (now, then), n in zip(ways, people, strict=True) if now < math.inf == then)
    extra = [(then - now, n) for now, then, n in both if then - now > 1e-6]
    assert close(row["residents"], math.fsum(people))
    assert close(row["no_place_left"], left)
    assert close(
        row["no_place_today"],
        math.fsum(n for (now, _), n in zip(ways, people, strict=True) if now == math.inf),
    )
    assert close(row["worse_off"], left + math.fsum(n for _, n in extra))
    for column, (low, high) in BANDS.items():
        assert close(row[column], math.fsum(n for km, n in extra if low < km <= high)), column
    assert close(row["mean_extra_km"], spread(extra)[0])


@pytest.mark.parametrize("seed", range(8))
def test_every_figure_again_in_plain_python(seed):
    made, went, case = random_case(seed)
    tables = equality_tables(made, config(), went)
    table = tables["equality"]
    years = dict(
        zip(sorted(set(table["year"])), sorted({0, 3, *(move[-1] for move in case[4])}), strict=True)
    )
    single = table[~table["service_id"].isin(ONCE)]
    offered = {one["service_id"] for one in case[2]}
    assert set(single["service_id"]) == set(SERVICES)
    for row in single[single["service_id"].isin(offered)].to_dict("records"):
        check_row(row, years[row["year"]], case)
    for row in table[table["service_id"].isin(ONCE)].to_dict("records"):
        worse = [0] * len(case[0])
        for service in SERVICES:
            for i, area in enumerate(case[0]):
                now = way(area, service, open_at(service, None, case), case)
                then = way(area, service, open_at(service, years[row["year"]], case), case)
                worse[i] += now < math.inf and then - now > 1e-6
        least = 1 if row["service_id"] == "at least one service" else 3
        told = [members(row["characteristic"], row["group"], a) for a in case[0]]
        assert close(row["worse_off"], math.fsum(n for n, k in zip(told, worse, strict=True) if k >= least))
    for row in tables["equality_standards"].to_dict("records"):
        told = [members(row["characteristic"], row["group"], a) for a in case[0]]
        for column, year in (("share_before", None), ("share_after", years[row["year"]])):
            near = {
                t["area_id"]
                for t in case[3]
                if t["km"] <= 4.0 and t["site_id"] in open_at("advice", year, case)
            }
            reached = math.fsum(n for n, a in zip(told, case[0], strict=True) if a["area_id"] in near)
            assert close(row[column], reached / math.fsum(told) if math.fsum(told) else math.nan)


def test_groups_of_a_characteristic_add_up_to_all_residents():
    table = equality_tables(*random_case(3)[:1], config(), random_case(3)[1])["equality"]
    for _, part in table.groupby(["service_id", "year"]):
        sums = part.groupby("characteristic")[["residents", "worse_off"]].sum()
        for column in sums:
            assert sums[column].to_numpy() == pytest.approx(sums[column].iloc[0])


def test_a_closure_on_a_line_of_places():
    """a1 (100 people, decile 1) goes 4 km instead of none; a2 and a3 stay as they are."""
    table = equality_tables(line_estate(), config(), a_moves_to_candidate())["equality"]
    last = table[table["year"] == "2030/31"].set_index(["service_id", "characteristic", "group"])
    everybody = last.loc[("advice", "all residents", "all residents")]
    assert everybody[["mean_km_before", "mean_km_after", "worse_off"]].tolist() == [0.7, 1.1, 100]
    assert everybody[["p90_km_before", "p90_km_after", "max_km_after", "worse_2_to_5_km"]].tolist() == [
        1,
        1,
        4,
        100,
    ]
    poorest = last.loc[("advice", "deprivation decile", "1 (most deprived)")]
    assert poorest[["worse_off_share", "times_all_residents"]].tolist() == [1.0, 10.0]
    assert last.loc[("advice", "age", "65 and over"), "worse_off"] == 50
    assert last.loc[("three services or more", "age", "65 and over"), "worse_off"] == 0


def test_evidence_names_source_and_date_and_what_is_missing():
    said = {"subject": "age", "source": "Census 2021", "said_by": "ONS", "as_at": "21 March 2021"}
    told = line_estate(
        evidence=[
            said | {"quality": "official"},
            {"subject": "race", "source": "Consultation", "as_at": "2026"},
        ]
    )
    table = evidence_table(told, config(source="a council", data_date="1 May 2026")).set_index("subject")
    assert table.loc["age", ["source", "said_by", "as_at", "quality", "note"]].tolist() == [
        "Census 2021",
        "ONS",
        "21 March 2021",
        "official",
        "",
    ]
    assert table.loc["age", ["areas_known", "areas", "residents_known_share"]].tolist() == [3, 3, 1.0]
    assert table.loc["deprivation", ["source", "as_at"]].tolist() == ["a council", "1 May 2026"]
    assert table.loc["deprivation", "note"] == "Said of all data of the run, not of this figure"
    assert table.loc["disability", ["areas_known", "source", "note"]].tolist() == [
        0,
        "not given",
        "No figure in this run",
    ]
    assert table.loc["race", ["source", "said_by"]].tolist() == ["Consultation", "not given"]
    assert table.loc["religion or belief", "note"].startswith("No figure in this run: to be considered")
    assert "3 given pairs" not in table.loc["travel", "note"]
    assert "straight line x 1, 4.8 km/h" in table.loc["travel", "note"]


def test_minutes_stand_beside_km_and_say_who_takes_longer():
    """On foot at 4.8 km/h, a1's 4 km take 50 minutes; today it has its place at the door."""
    table = equality_tables(line_estate(), config(), a_moves_to_candidate())["equality"]
    last = table[(table["year"] == "2030/31") & (table["service_id"] == "advice")].iloc[0]
    minutes = [last[f"{of}_minutes_{when}"] for of in ("mean", "max") for when in ("before", "after")]
    assert minutes == pytest.approx([0.7 * 12.5, 1.1 * 12.5, 12.5, 50])
    assert [last["takes_longer"], last["mean_extra_minutes"]] == [100, 50]
