"""The access criteria of the Post Office on the real post offices of one borough.

Which could merge into another is found by the whole run, and by scipy's solver on the six criteria and a
district floor that binds, written down anew from the raw places.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.optimize import Bounds, LinearConstraint, milp

from estate.core.types import Plan
from estate.inputs.load import load_estate
from estate.settings import load_config
from estate.solve import solve_estate
from estate.verify import Facts, verify

pytestmark = pytest.mark.shared
CONFIGS = Path(__file__).resolve().parents[2] / "configs"
MILE = 1.609344
REACH_KM = 5.0
FLOOR = "standard_id,service_id,metric,threshold,share,geography,basis\nfloor,post_office,km,1.609344,0.7,"
CRITERIA = (
    ("all", 3, 0.99, False),
    ("all", 1, 0.90, False),
    ("deprived_urban", 1, 0.99, False),
    ("urban", 1, 0.95, False),
    ("rural", 3, 0.95, False),
    ("all", 6, 0.95, True),
    ("all", 1, 0.70, True),
)
"""Group, miles, share, in every postcode district: domain reference 4.1, and the floor of this test."""

IDS = ("post_office_3_miles", "post_office_1_mile", "post_office_deprived_urban", "post_office_urban")
IDS += ("post_office_rural", "post_office_district", "floor")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trafford's configuration with its post offices as the only sites that may be decided."""
    folder = tmp_path_factory.mktemp("post")
    content = yaml.safe_load((CONFIGS / "trafford.yaml").read_text(encoding="utf-8"))
    data = content["data"]
    offices = next(one for one in data["places"] if one["kind"] == "post_office")
    data["places"] = [offices | {"status": "existing", "service": "post_office"}]
    data["mapping"] = str(CONFIGS / data["mapping"])
    (folder / "standards.csv").write_text(f"{FLOOR}postcode_district,target_or_today\n", encoding="utf-8")
    services = pd.read_csv(CONFIGS / "trafford" / "services.csv")
    one = pd.DataFrame([{"service_id": "post_office", "merge_reach_km": REACH_KM, "merge_factor": 0}])
    pd.concat([services, one]).to_csv(folder / "services.csv", index=False)
    data["tables"] = {"standards": "standards.csv", "services": "services.csv"}
    content |= {"name": "post_offices", "standards": ["post_office"], "policy": {"allow_assumed": True}}
    content |= {"horizon": {"first_year": 2027, "decision_years": 1, "appraisal_years": 10}, "rules": {}}
    content["edits"] = [
        {"table": "sites", "set": {"scope": "out"}},
        {"table": "sites", "where": {"kind": "post_office"}, "set": {"scope": "decide"}},
    ]
    content["solver"] = {"gap": 0.0, "time_limit": 60}
    path = folder / "post_offices.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def people(areas: pd.DataFrame, group: str) -> np.ndarray:
    """Return the residents of a group by area: urban and worst 15% are as the criteria define them."""
    lives = {"all": True, "urban": areas["rurality"] == "urban", "rural": areas["rurality"] == "rural"}
    rank = areas["imd_rank_share"].fillna(areas["imd_decile"] / 10).fillna(1)
    lives["deprived_urban"] = (areas["rurality"] == "urban") & (rank <= 0.15)
    return areas["population"].to_numpy(float) * lives[group]


def fewest(
    areas: pd.DataFrame, offices: pd.DataFrame, criteria: tuple[Any, ...] = CRITERIA
) -> tuple[int, dict[tuple[Any, ...], float]]:
    """Return the fewest post offices that keep the criteria, and today's share of each part of them."""
    spots = [frame[["easting", "northing"]].to_numpy(float) for frame in (areas, offices)]
    km = np.hypot(*(spots[0][:, None] - spots[1][None]).T).T / 1000 * 1.3
    between = np.hypot(*(spots[1][:, None] - spots[1][None]).T).T / 1000 * 1.3
    n, m = km.shape
    miles = sorted({row[1] for row in criteria})
    width = m + n * len(miles)
    rows, low, today = [], [], {}
    for k, mile in enumerate(miles):
        near = np.zeros((n, width))
        near[:, :m] = km <= mile * MILE
        near[np.arange(n), m + k * n + np.arange(n)] = -1
        rows += list(near)
        low += [0.0] * n
    for group, mile, share, districts in criteria:
        weight = np.asarray(people(areas, group), float)
        names = areas["postcode_district"] if districts else pd.Series("", areas.index)
        for name in sorted(set(names)):
            part = np.where(names == name, weight, 0.0)
            if not part.sum():
                continue
            now = float(part[(km <= mile * MILE).any(axis=1)].sum() / part.sum())
            row = np.zeros(width)
            row[m + miles.index(mile) * n + np.arange(n)] = part / part.sum()
            rows.append(row)
            low.append(min(share, now) - 1e-9)
            today[group, mile, name] = now
    for j in range(m):
        row = np.zeros(width)
        row[:m] = (between[j] <= REACH_KM).astype(float)
        rows.append(row)
        low.append(1.0)
    cost = np.r_[np.ones(m), np.zeros(width - m)]
    whole = np.r_[np.ones(m), np.zeros(width - m)]
    found = milp(
        cost, integrality=whole, bounds=Bounds(0, 1), constraints=LinearConstraint(np.array(rows), low)
    )
    assert found.success
    return round(found.fun), today


@pytest.fixture(scope="module")
def read(asked: Path, shared: Path) -> tuple[Any, ...]:
    """Return the run, the estate, its areas and its post offices."""
    config, base = load_config(asked, shared=shared)
    estate = load_estate(config, base)
    sites = estate.tables["sites"]
    offices = sites[sites["kind"] == "post_office"].reset_index(drop=True)
    return config, estate, estate.tables["areas"].reset_index(drop=True), offices


def test_shares_of_today_are_those_worked_out_anew(read: tuple[Any, ...]) -> None:
    config, estate, areas, offices = read
    _, today = fewest(areas, offices)
    facts = Facts.of(estate, config).with_plan(Plan.empty())
    found = {}
    for standard in facts.residents.standards:
        group, mile, *_ = CRITERIA[IDS.index(standard.standard_id)]
        for name, share, _ in standard.shares(frozenset(("", site) for site in offices["site_id"])):
            found[group, mile, name] = share
    assert found == pytest.approx(today)
    assert found["deprived_urban", 1, ""] == pytest.approx(0.8219, abs=5e-5)


def test_as_many_merge_as_the_criteria_let(read: tuple[Any, ...]) -> None:
    config, estate, areas, offices = read
    least, _ = fewest(areas, offices)
    solution = solve_estate(estate, config)
    assert (len(offices), least) == (27, 19)
    assert fewest(areas, offices, CRITERIA[:-1])[0] == 18, "the floor of the districts binds"
    assert len(solution.plan.closures) == 27 - least
    assert verify(estate, config, solution.plan) == []
