"""What existing properties cost to run, how they are held, what they would fetch, what they owe."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estate.inputs.synthetic.draw import Numbers, Size, pick, stream
from estate.inputs.synthetic.lists import EMPTY_HEADINGS, HEADINGS, PARTNERS, Profile

TENURES = ("freehold", "leasehold", "licence", "pfi")
QUARTER_DAYS = ("03-25", "06-24", "09-29", "12-25")
DEAR = {"A": 0.88, "B": 0.95, "C": 1.04, "D": 1.14, "unknown": 1.0}
FUND = {"nhs_community": "nhs", "nhs_property": "nhs"}


def quarter_dates(rng: np.random.Generator, years: Numbers) -> np.ndarray:
    """Name a quarter day in each year, as 2031-09-29."""
    day = rng.integers(0, len(QUARTER_DAYS), len(years))
    return np.array(
        [f"{int(year)}-{QUARTER_DAYS[d]}" for year, d in zip(years, day, strict=True)], dtype=object
    )


def blank(values: np.ndarray, keep: np.ndarray) -> pd.Series:
    """Return whole pounds or text where `keep`, blank elsewhere."""
    series = pd.Series(values)
    return series.astype("Int64" if series.dtype.kind in "if" else "object").where(pd.Series(keep))


def make_tenures(size: Size, existing: pd.DataFrame) -> pd.DataFrame:
    """Make the tenure of every existing property, with the rent today [GBP/year] as `rent`."""
    rng = stream(size.seed, "tenures")
    count = len(existing)
    holding = {p.partner_id: np.cumsum(p.holding) for p in PARTNERS}
    draw = rng.random(count)
    tenure = np.array(
        [
            TENURES[min(int(np.searchsorted(holding[owner], value)), 3)]
            for owner, value in zip(existing["partner_id"], draw, strict=True)
        ]
    )
    tenure[existing["kind"].isin(["allotment", "let_property", "cemetery", "park_building"])] = "freehold"
    lease, licence, pfi = (tenure == name for name in TENURES[1:])
    gia = existing["gia_m2"].to_numpy(dtype=np.float64)
    rate = np.where(lease, rng.uniform(45, 115, count), rng.uniform(20, 50, count))
    rent = np.where(lease | licence, np.rint(gia * rate / 100) * 100, 0)
    ends = size.first_year + np.rint(rng.uniform(-1, 13, count)) + np.where(pfi, 4, 0)
    breaks = size.first_year + np.rint(rng.uniform(0, 8, count))
    has_break = lease & (rng.random(count) < 0.65) & (breaks < ends - 1)
    known = lease & (rng.random(count) < 0.5)
    market = lease & (rng.random(count) < 0.7)
    return pd.DataFrame(
        {
            "site_id": existing["site_id"],
            "tenure": tenure,
            "expiry": blank(quarter_dates(rng, ends), lease | pfi),
            "break_date": blank(quarter_dates(rng, breaks), has_break),
            "notice_months": np.where(lease, rng.choice([3, 6, 6, 12], count), np.where(licence, 3, 0)),
            "break_penalty_gbp": np.where(
                has_break & (draw > 0.5), np.rint(rent * rng.uniform(0.1, 0.5, count) / 500) * 500, 0
            ),
            "market_rent_gbp_per_year": blank(
                np.rint(rent * rng.uniform(0.92, 1.3, count) / 100) * 100, market
            ),
            "dilapidations_gbp": blank(np.rint(gia * rng.uniform(50, 170, count) / 500) * 500, known),
            "rent": rent,
        }
    ).astype({"break_penalty_gbp": "int64", "rent": "int64"})


def make_running_costs(
    size: Size, existing: pd.DataFrame, tenures: pd.DataFrame, drawn: list[Profile]
) -> pd.DataFrame:
    """Make the running costs by heading; rent, service and unitary charges follow the tenure."""
    rng = stream(size.seed, "running costs")
    count = len(existing)
    rate = np.array([profile.rate for profile in drawn])
    scale = existing["condition"].map(DEAR).to_numpy(dtype=np.float64) * rng.lognormal(0.0, 0.14, count)
    whole = rate * scale * existing["gia_m2"].to_numpy(dtype=np.float64)
    empty = existing["kind"].eq("vacant").to_numpy()
    parts = dict.fromkeys([*dict(HEADINGS), *dict(EMPTY_HEADINGS)], np.zeros(count))
    for heading in parts:
        share = np.where(empty, dict(EMPTY_HEADINGS).get(heading, 0.0), dict(HEADINGS).get(heading, 0.0))
        parts[heading] = whole * share * rng.lognormal(0.0, 0.12, count)
    pfi = tenures["tenure"].eq("pfi").to_numpy()
    for heading in ("hard_fm", "soft_fm", "insurance"):
        parts[heading] = np.where(pfi, 0.0, parts[heading])
    parts["pfi"] = np.where(pfi, whole * 0.95, 0.0)
    parts["rent"] = tenures["rent"].to_numpy(dtype=np.float64)
    parts["service_charge"] = np.where(
        tenures["tenure"] == "leasehold", parts["rent"] * rng.uniform(0.05, 0.15, count), 0.0
    )
    memo = rng.random((2, count)) < 0.2
    parts["recharges"] = np.where(memo[0], whole * 0.08, 0.0)
    parts["depreciation"] = np.where(memo[1], whole * 0.12, 0.0)
    rows = pd.DataFrame(
        {
            "site_id": np.repeat(existing["site_id"].to_numpy(), len(parts)),
            "heading": np.tile(np.array(list(parts)), count),
            "gbp_per_year": np.rint(np.column_stack(list(parts.values())).ravel() / 10).astype(np.int64) * 10,
        }
    )
    rows = rows[rows["gbp_per_year"] > 0].reset_index(drop=True)
    return describe_costs(rng, rows, existing)


def describe_costs(rng: np.random.Generator, rows: pd.DataFrame, existing: pd.DataFrame) -> pd.DataFrame:
    """Add the cashable share, the fund, the evidence and the range to cost rows."""
    by_site = existing.set_index("site_id")
    owner = rows["site_id"].map(by_site["partner_id"])
    kind = rows["site_id"].map(by_site["kind"])
    evidence = pd.Series(
        pick(rng, ("registered", "derived", "assumed"), (0.66, 0.24, 0.1), len(by_site)), index=by_site.index
    )
    quality = rows["site_id"].map(evidence)
    low = quality.map({"registered": 1.0, "derived": 0.9, "assumed": 0.75})
    high = quality.map({"registered": 1.0, "derived": 1.12, "assumed": 1.35})
    amount = rows["gbp_per_year"].to_numpy()
    ranged = quality.ne("registered")
    return pd.DataFrame(
        {
            "site_id": rows["site_id"],
            "heading": rows["heading"],
            "gbp_per_year": amount,
            "cashable_share": np.where(rows["heading"].isin(["management", "other"]), 0.6, 1.0),
            "fund": np.where(kind == "housing_office", "hra", owner.map(FUND).fillna("general")),
            "quality": quality,
            "low_gbp_per_year": blank(np.rint(amount * low.to_numpy()), ranged.to_numpy()),
            "high_gbp_per_year": blank(np.rint(amount * high.to_numpy()), ranged.to_numpy()),
        }
    )


def make_valuations(size: Size, existing: pd.DataFrame, tenures: pd.DataFrame) -> pd.DataFrame:
    """Make the exit routes: sale of freeholds, some also let or transferred, surrender of leases."""
    rng = stream(size.seed, "valuations")
    count = len(existing)
    may = existing["scope"].isin(["decide", "surplus"]).to_numpy()
    tenure = tenures["tenure"].to_numpy()
    gia = existing["gia_m2"].to_numpy(dtype=np.float64)
    worn = existing["condition"].map({"A": 1.25, "B": 1.1, "D": 0.85}).fillna(1.0).to_numpy(dtype=np.float64)
    value = np.rint(gia * rng.uniform(300, 800, count) * worn / 1000) * 1000
    free = may & (tenure == "freehold")
    valued = free & (rng.random(count) > 0.04)
    lets, gives = valued & (rng.random(count) < 0.12), valued & (rng.random(count) < 0.06)
    told = rng.random(count) < 0.5
    common = {
        "site_id": existing["site_id"],
        "probability": np.where(told, np.round(rng.uniform(0.85, 0.97, count), 2), np.nan),
        "years_to_sell": np.where(told, np.rint(rng.uniform(1, 7, count)) / 2, np.nan),
        "holding_gbp_per_year": blank(
            np.rint(gia * rng.uniform(12, 32, count) / 100) * 100, rng.random(count) < 0.4
        ),
    }
    frame = pd.DataFrame(common)
    income = np.rint(gia * rng.uniform(30, 60, count) / 100) * 100
    no_sale = {
        "receipt_gbp": 0.0,
        "let_income_gbp_per_year": 0.0,
        "probability": np.nan,
        "years_to_sell": np.nan,
    }
    routes = [
        frame[valued].assign(exit_route="sell", receipt_gbp=value[valued], let_income_gbp_per_year=0.0),
        frame[lets].assign(exit_route="let", receipt_gbp=0.0, let_income_gbp_per_year=income[lets]),
        frame[gives].assign(
            exit_route="transfer",
            receipt_gbp=np.rint(value[gives] / 10_000) * 1000,
            let_income_gbp_per_year=0.0,
        ),
        frame[may & np.isin(tenure, ["leasehold", "licence"])].assign(exit_route="surrender", **no_sale),
    ]
    return with_range(pd.concat(routes).sort_values(["site_id", "exit_route"], ignore_index=True))


def with_range(table: pd.DataFrame) -> pd.DataFrame:
    """Add the low and high receipt of a sale, and put the columns in order."""
    receipt = table["receipt_gbp"].to_numpy(dtype=np.float64)
    whole = table.assign(
        receipt_gbp=receipt.astype(np.int64),
        receipt_low_gbp=blank(np.rint(receipt * 0.7), receipt > 0),
        receipt_high_gbp=blank(np.rint(receipt * 1.2), receipt > 0),
        let_income_gbp_per_year=table["let_income_gbp_per_year"].astype("int64"),
    )
    receipts = ["receipt_gbp", "receipt_low_gbp", "receipt_high_gbp"]
    others = ["probability", "years_to_sell", "let_income_gbp_per_year", "holding_gbp_per_year"]
    return whole.reindex(columns=["site_id", "exit_route", *receipts, *others])


def make_backlog(size: Size, existing: pd.DataFrame) -> pd.DataFrame:
    """Make the backlog of works by priority, some of it in a funded programme."""
    rng = stream(size.seed, "backlog")
    rates = {"B": (15, 50), "C": (70, 220), "D": (220, 560)}
    base = existing[existing["condition"].isin(list(rates)) & existing["scope"].ne("out")]
    frames = []
    for part, share in ((1, 0.65), (2, 0.35)):
        rows = (base if part == 1 else base[rng.random(len(base)) < 0.5]).reset_index(drop=True)
        low, high = np.array([rates[grade] for grade in rows["condition"]], dtype=np.float64).reshape(-1, 2).T
        count = len(rows)
        works = rows["gia_m2"].to_numpy() * (low + (high - low) * rng.random(count)) * share
        urgent = rows["condition"].eq("D").to_numpy()
        priority = (
            np.where(urgent, rng.integers(1, 3, count), rng.integers(2, 5, count))
            if part == 1
            else np.full(count, 4)
        )
        frames.append(
            pd.DataFrame(
                {
                    "site_id": rows["site_id"],
                    "priority": priority,
                    "backlog_gbp": np.maximum(np.rint(works / 500), 1).astype(np.int64) * 500,
                    "funded_share": np.where(
                        rng.random(count) < 0.45, np.rint(rng.uniform(2, 9, count)) / 10, 0.0
                    ),
                    "due_year": blank(size.first_year + rng.integers(0, 8, count), rng.random(count) < 0.3),
                }
            )
        )
    return pd.concat(frames).sort_values(["site_id", "priority"], kind="stable", ignore_index=True)
