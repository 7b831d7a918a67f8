"""Estates unlike those of `estate example`: how close plans come to their bounds on them.

600 buildings and 40 candidate hubs drawn at random, nobody's towns: services do not cluster, hubs cost
what the budget of one or two years pays, nothing is read from the generator of the package.

- plain: nothing merges; 12 x 10 km
- wide: 25 candidate hubs on 40 x 40 km
- rich: a budget three times as large
- merge: services merge within 800 m

python -m benchmarks.elsewhere --kinds plain wide rich merge --seeds 1 --time-limit 120 --out out/elsewhere
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import yaml

from benchmarks.planning import planned, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.random import Generator
    from numpy.typing import NDArray

SITES, AREAS, YEARS, FIRST = 600, 130, 10, 2027
HEAD = ("kind", "seed", "saving_gbp", "at_most_gbp", "gap_share", "closures", "hubs_open")


@dataclass(frozen=True)
class Kind:
    """One shape of estate: size [km], candidates, yearly budget [GBP], reach of moves and merges [km]."""

    east: float = 12.0
    north: float = 10.0
    hubs: int = 40
    budget: float = 2.5e6
    move_km: float = 3.0
    merge_km: float = 0.0
    services: int = 8


KINDS = {
    "plain": Kind(),
    "wide": Kind(east=40, north=40, hubs=25, move_km=9, services=5),
    "rich": Kind(budget=8e6),
    "merge": Kind(merge_km=0.8),
}


def tables(kind: Kind, random: Generator) -> dict[str, pd.DataFrame]:
    """Draw the tables of one estate."""
    partners = [f"p{one}" for one in range(6)]
    services = [f"s{one}" for one in range(kind.services)]
    ids = [f"B{one:03d}" for one in range(SITES)]
    owner = random.choice(partners, SITES, p=[0.45, *[0.11] * 5])
    gia = np.exp(random.normal(6.3, 0.6, SITES)).round()
    leased = random.random(SITES) < 0.3
    hubs = [f"H{one:02d}" for one in range(kind.hubs)]
    room = random.uniform(900, 2600, kind.hubs).round()
    return {
        "sites": pd.concat(
            [
                _places(kind, random, ids, owner, gia, "existing"),
                _places(kind, random, hubs, partners[0], 2500.0, "candidate"),
            ]
        ),
        "running_costs": pd.DataFrame(
            {
                "site_id": ids,
                "heading": "other",
                "gbp_per_year": (gia * random.uniform(70, 140, SITES)).round(),
            }
        ),
        "provisions": _provisions(random, ids, owner, gia, partners, services),
        "services": _services(kind, services),
        "hub_options": _hub_options(random, hubs, room, partners[0]),
        "partners": pd.DataFrame({"partner_id": partners, "name": partners}),
        "budgets": pd.DataFrame(
            {
                "purse": partners[0],
                "year": [f"{year}/{(year + 1) % 100:02d}" for year in range(FIRST, FIRST + YEARS)],
                "capital_gbp": kind.budget,
            }
        ),
        "tenures": _tenures(random, ids, gia, leased),
        "valuations": _valuations(random, ids, gia)[~leased],
        "areas": _areas(kind, random),
        "standards": _standards(kind, services[:-1]),
    }


def _places(
    kind: Kind,
    random: Generator,
    ids: list[str],
    owner: NDArray[np.str_] | str,
    gia: NDArray[np.float64] | float,
    status: str,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site_id": ids,
            "name": ids,
            "partner_id": owner,
            "kind": "office",
            "scope": "decide" if status == "existing" else "keep",
            "status": status,
            "easting": (400_000 + 1000 * random.uniform(0, kind.east, len(ids))).round(),
            "northing": (280_000 + 1000 * random.uniform(0, kind.north, len(ids))).round(),
            "gia_m2": gia,
            "nia_m2": np.round(0.78 * np.asarray(gia)),
            "condition": random.choice(list("ABCD"), len(ids)),
            "step_free": "yes",
        }
    )


def _provisions(
    random: Generator,
    ids: list[str],
    owner: NDArray[np.str_],
    gia: NDArray[np.float64],
    partners: list[str],
    services: list[str],
) -> pd.DataFrame:
    """Draw one to three services a building, most of them of its owner."""
    rows = []
    for site, own, size in zip(ids, owner, gia, strict=True):
        count = int(random.choice([1, 2, 3], p=[0.62, 0.31, 0.07]))
        shares = random.dirichlet(np.full(count, 4.0))
        for service, share in zip(random.choice(services, count, replace=False), shares, strict=True):
            rows.append(
                {
                    "provision_id": f"V{len(rows):04d}",
                    "site_id": site,
                    "service_id": service,
                    "partner_id": own if random.random() < 0.7 else random.choice(partners),
                    "room_nia_m2": round(size * 0.78 * share * random.uniform(0.6, 0.95)),
                    "staff_fte": round(size * share / 25, 1),
                    "visits_per_year": int(random.uniform(500, 9000)),
                }
            )
    return pd.DataFrame(rows)


def _services(kind: Kind, services: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "service_id": services,
            "name": services,
            "front_office": ["yes"] * (kind.services - 1) + ["no"],
            "space_factor": 0.8,
            "merge_factor": 0.85,
            "merge_reach_km": kind.merge_km,
            "move_reach_km": kind.move_km,
        }
    )


def _hub_options(random: Generator, hubs: list[str], room: NDArray[np.float64], lead: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site_id": hubs,
            "option": "standard",
            "room_nia_m2": room,
            "capital_gbp": (room * random.uniform(1400, 2100, len(hubs))).round(-3),
            "running_cost_gbp_per_year": (room * random.uniform(70, 100, len(hubs))).round(-2),
            "lead_years": 1,
            "lead_partner_id": lead,
        }
    )


def _tenures(
    random: Generator, ids: list[str], gia: NDArray[np.float64], leased: NDArray[np.bool_]
) -> pd.DataFrame:
    last = pd.Series(random.integers(2028, 2045, SITES)).astype(str) + "-03-31"
    return pd.DataFrame(
        {
            "site_id": ids,
            "tenure": np.where(leased, "leasehold", "freehold"),
            "expiry": last.where(leased, ""),
            "market_rent_gbp_per_year": np.where(leased, (gia * 90).round(), 0),
        }
    )


def _valuations(random: Generator, ids: list[str], gia: NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site_id": ids,
            "exit_route": "sell",
            "receipt_gbp": (gia * random.uniform(200, 900, SITES)).round(),
            "probability": 0.85,
            "years_to_sell": 1,
        }
    )


def _standards(kind: Kind, services: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "standard_id": [f"{one}_all" for one in services],
            "service_id": services,
            "group": "all",
            "metric": "km",
            "threshold": kind.east / 4,
            "share": 0.95,
            "geography": "overall",
            "mode": "walk",
            "basis": "target_or_today",
        }
    )


def _areas(kind: Kind, random: Generator) -> pd.DataFrame:
    ids = [f"A{one:03d}" for one in range(AREAS)]
    return pd.DataFrame(
        {
            "area_id": ids,
            "name": ids,
            "code_vintage": "invented",
            "population": random.integers(1200, 1900, AREAS),
            "easting": (400_000 + 1000 * random.uniform(0, kind.east, AREAS)).round(),
            "northing": (280_000 + 1000 * random.uniform(0, kind.north, AREAS)).round(),
            "imd_decile": random.integers(1, 11, AREAS),
        }
    )


def write(kind: str, seed: int, folder: Path) -> Path:
    """Write one estate with its configuration; return where that is."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for name, table in tables(KINDS[kind], np.random.default_rng(1000 + seed)).items():
        table.to_csv(data / f"{name}.csv", index=False, lineterminator="\n")
    content = {
        "name": f"{kind}_{seed}",
        "invented": True,
        "data": {"folder": "data"},
        "horizon": {"first_year": FIRST, "decision_years": YEARS, "appraisal_years": 35},
        "objective": "economic",
        "rules": {"capital": {"purses": "pooled", "recycle_share": 0.5, "recycle_lag_years": 2}},
        "solver": {"gap": 0.02, "time_limit": 120},
    }
    path = folder / "estate.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def measured(path: Path, seconds: float) -> list[float]:
    """Plan one estate; return saving and bound [GBP], the gap as a share of the bound, closures and hubs."""
    result, solution = planned(path, {"solver.time_limit": seconds})
    saving, bound = solution.objective_gbp, solution.bound_gbp
    share = round((bound - saving) / bound, 4)
    return [round(saving), round(bound), share, len(result.plan.closures), len(result.plan.hubs)]


def rows(asked: argparse.Namespace) -> Iterable[list[object]]:
    """Plan every estate that is asked for."""
    for kind in asked.kinds:
        for seed in asked.seeds:
            path = write(kind, seed, asked.out / f"{kind}-{seed}")
            yield [kind, seed, *measured(path, asked.time_limit)]


def main() -> None:
    """Write the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--time-limit", type=float, default=120.0, help="most seconds of a search")
    parser.add_argument("--out", type=Path, default=Path("out/elsewhere"))
    asked = parser.parse_args()
    tell(asked.out / "elsewhere.csv", HEAD, rows(asked))


if __name__ == "__main__":
    main()
