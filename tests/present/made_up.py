"""A finished run made up by hand rules, so that what is written can be looked at and tested."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estate.appraise.access_summary import access_summary
from estate.appraise.by_heading import HEADING_COLUMNS
from estate.appraise.exits import EXIT_COLUMNS
from estate.appraise.financial import BALANCES, FLOWS
from estate.appraise.funds import FUND_COLUMNS, STAFF_COLUMNS
from estate.appraise.liabilities import LIABILITY_COLUMNS
from estate.appraise.receipts import SCENARIO_COLUMNS
from estate.appraise.serving import serving_tables
from estate.config import Config
from estate.core.reference import default_assumptions
from estate.core.result import CASHFLOW_COLUMNS, Result
from estate.core.tables import SPECS, conform, empty
from estate.core.types import Estate, Horizon, Plan, Solution
from estate.verify import LIMIT_COLUMNS

SECRET_RECEIPT = 1234567.89
SECRET_NAME = "Rosemary Refuge"  # noqa: S105 (the name of a place)
SECRET_EASTING, SECRET_NORTHING = 412345.67, 287654.32
PARTNERS = {
    "council": "Example City Council",
    "nhs_trust": "Community Health Trust",
    "icb": "Integrated Care Board",
    "police": "Police",
    "dwp": "Jobcentre Plus",
    "vol": "Voluntary Sector Alliance",
}
SERVICES = {
    "library": "Library",
    "advice": "Customer services and advice",
    "health": "Community health",
    "police": "Police front counter",
    "benefits": "Jobcentre",
    "back_office": "Back office",
}
KIND_OF = {
    "library": "library",
    "advice": "customer_centre",
    "health": "clinic",
    "police": "police_station",
    "benefits": "jobcentre",
    "back_office": "office",
}
HOME = {
    "library": "council",
    "advice": "council",
    "health": "nhs_trust",
    "police": "police",
    "benefits": "dwp",
    "back_office": "council",
}
STREETS = (
    "Alum Rock",
    "Bordesley",
    "Castle Vale",
    "Stechford",
    "Yardley",
    "Shard End",
    "Hodge Hill",
    "Tile Cross",
)


def table(name: str, rows: list[dict]) -> pd.DataFrame:
    """Conform rows to the data dictionary."""
    if not rows:
        return empty(SPECS[name])
    frame, issues = conform(pd.DataFrame(rows).astype(object), SPECS[name], name)
    assert not issues, "\n".join(map(str, issues))
    return frame


def _places(n: int, rng: np.random.Generator) -> np.ndarray:
    centres = rng.uniform([408000, 284000], [417000, 293000], (9, 2))
    spread = rng.normal(0, 900, (n, 2))
    return np.clip(centres[rng.integers(0, 9, n)] + spread, [407000, 283000], [418000, 294000]).round(1)


def _sites(n: int, rng: np.random.Generator) -> list[dict]:
    xy = _places(n, rng)
    services = list(SERVICES)
    rows = []
    for i in range(n):
        service = services[i % len(services)]
        decided = i < 0.4 * n
        kind = (
            KIND_OF[service] if decided else ("school", "land", "let_property", "fire_station", "hall")[i % 5]
        )
        scope = "decide" if decided else ("out" if kind in {"land", "let_property"} else "keep")
        where = STREETS[i % len(STREETS)]
        rows.append(
            {
                "site_id": f"S{i:03d}",
                "name": f"{where} {SERVICES[service] if decided else kind.replace('_', ' ').title()}",
                "partner_id": HOME[service] if decided else "council",
                "kind": kind,
                "scope": "surplus" if decided and i % 17 == 16 else scope,
                "easting": xy[i, 0],
                "northing": xy[i, 1],
                "gia_m2": float(rng.integers(150, 1500)),
                "zone": "East" if xy[i, 0] > 412500 else "West",
                "status": "host" if kind == "hall" and i % 2 else "existing",
                "step_free": ("yes", "no", "unknown")[i % 3],
            }
        )
    rows += [
        {
            "site_id": f"C{j:02d}",
            "name": f"{STREETS[j % 8]} {'Road' if j < 8 else 'Park'} site",
            "kind": "candidate",
            "scope": "keep",
            "status": "candidate",
            "easting": rng.uniform(408500, 416500),
            "northing": rng.uniform(284500, 292500),
        }
        for j in range(10)
    ]
    return rows


def _hide_one(rows: list[dict]) -> None:
    """Make the second decided site a refuge with a place to be found nowhere."""
    rows[1].update(
        name=SECRET_NAME,
        kind="refuge",
        confidential="yes",
        easting=SECRET_EASTING,
        northing=SECRET_NORTHING,
        uprn="100012345678",
        postcode="ZZ98 7QX",
        scope_reason=f"{SECRET_NAME} is decided on",
    )


def make_estate(n: int, seed: int) -> Estate:
    """Return an estate of n sites, ten candidates and n / 5 areas."""
    rng = np.random.default_rng(seed)
    site_rows = _sites(n, rng)
    _hide_one(site_rows)
    sites = table("sites", site_rows)
    decided = sites[sites["scope"] == "decide"]
    kind_service = {kind: service for service, kind in KIND_OF.items()} | {"refuge": "advice"}
    provisions = [
        {
            "provision_id": f"P-{row.site_id}",
            "site_id": row.site_id,
            "service_id": kind_service[row.kind],
            "room_nia_m2": round(0.7 * row.gia_m2, 1),
            "staff_fte": 6,
            "partner_id": row.partner_id,
        }
        for row in decided.itertuples()
    ]
    costs = [
        {"site_id": r.site_id, "gbp_per_year": round(r.gia_m2 * rng.uniform(80, 170), 2)}
        for r in sites[
            sites["scope"].isin(["decide", "keep", "surplus"]) & (sites["status"] == "existing")
        ].itertuples()
    ]
    values = [
        {"site_id": r.site_id, "receipt_gbp": round(r.gia_m2 * rng.uniform(300, 900), 2), "years_to_sell": 2}
        for r in sites[sites["scope"].isin(["decide", "surplus"])].itertuples()
    ]
    values[0]["receipt_gbp"] = SECRET_RECEIPT
    options = [
        {
            "site_id": s,
            "option": size,
            "room_nia_m2": room * (1 + 0.15 * (i % 5)),
            "capital_gbp": 2200 * room,
            "running_cost_gbp_per_year": 110 * room,
        }
        for i, s in enumerate(sites.loc[sites["status"] == "candidate", "site_id"])
        for size, room in (("small", 900), ("large", 2400))
    ]
    xy = _places(max(n // 5, 4), rng)
    areas = [
        {
            "area_id": f"A{i:03d}",
            "name": f"Area {i}",
            "population": int(rng.integers(1200, 2200)),
            "easting": x,
            "northing": y,
            "imd_decile": int(np.clip(rng.normal(3, 2.5), 1, 10)),
        }
        for i, (x, y) in enumerate(xy)
    ]
    tables = {name: empty(SPECS[name]) for name in SPECS} | {
        "sites": sites,
        "provisions": table("provisions", provisions),
        "running_costs": table("running_costs", costs),
        "valuations": table("valuations", values),
        "hub_options": table("hub_options", options),
        "areas": table("areas", areas),
        "partners": table("partners", [{"partner_id": k, "name": v} for k, v in PARTNERS.items()]),
        "services": table(
            "services", [{"service_id": k, "name": v, "space_factor": 0.7} for k, v in SERVICES.items()]
        ),
    }
    assumed = default_assumptions().assign(table="running_costs", rows=12)
    funnel = pd.DataFrame(
        {
            "step": [
                "Registered assets",
                "Not land",
                "Not let to others",
                "Service buildings",
                "Decided sites",
            ],
            "sites": [len(sites), len(sites) - 24, len(sites) - 48, len(decided) + 30, len(decided)],
            "reason": ["", "land", "let out", "schools, halls", f"{SECRET_NAME} kept apart"],
        }
    )
    matches = pd.DataFrame(
        {
            "site_a": ["S002", "S001"],
            "site_b": ["S008", "S007"],
            "name_a": ["Castle Vale Clinic", SECRET_NAME],
            "name_b": ['=HYPERLINK("http://x")', "Hope House"],
            "distance_m": [12.0, 40.0],
            "answer": ["merge", "ask"],
        }
    )
    values_in_force = default_assumptions().set_index("name")["value"].astype(float).to_dict()
    notes = ("Costs of 12 sites are assumed from rates by kind of building.", f"{SECRET_NAME} has no cost.")
    return Estate(tables, assumed, funnel, matches, values_in_force, notes=notes)


def make_plan(estate: Estate, seed: int, decision_years: int) -> Plan:
    """Close half the decided sites into the nearest of five hubs, a few into hosts, and merge some."""
    rng = np.random.default_rng(seed + 1)
    sites = estate.tables["sites"].set_index("site_id")
    hubs = (
        estate.tables["hub_options"]
        .drop_duplicates("site_id")["site_id"]
        .tolist()[: max(1, len(sites) // 100)]
    )
    size = [("small", "large")[i % 2] for i in range(len(hubs))]
    opening = rng.integers(1, 4, len(hubs))
    hub_rows = pd.DataFrame({"site_id": hubs, "option": size, "year": opening})
    provisions = estate.tables["provisions"]
    some = np.arange(len(provisions)) % (2 if len(provisions) > 4 else 1) == 0
    leaving = provisions[some | (provisions["site_id"] == "S001").to_numpy()]
    here = sites.loc[leaving["site_id"], ["easting", "northing"]].to_numpy()
    there = sites.loc[hubs, ["easting", "northing"]].to_numpy()
    nearest = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)).argmin(axis=1)
    year = np.minimum(opening[nearest] + rng.integers(0, 5, len(leaving)), decision_years - 1)
    hosts = sites.index[sites["status"] == "host"].tolist()
    moves = []
    for i, (row, hub, t) in enumerate(zip(leaving.itertuples(), nearest, year, strict=True)):
        to_host = bool(hosts) and i % 7 == 3
        target = hosts[i % len(hosts)] if to_host else hubs[hub]
        option = "" if to_host else size[hub]
        moves.append((row.provision_id, "move", target, option, "", int(t)))
    columns = ["provision_id", "how", "to_site_id", "to_option", "to_provision_id", "year"]
    closed = pd.DataFrame({"site_id": leaving["site_id"].to_numpy(), "year": year, "exit_route": "sell"})
    surplus = sites.index[sites["scope"] == "surplus"]
    more = pd.DataFrame({"site_id": surplus, "year": 0, "exit_route": "sell"})
    return Plan(pd.concat([closed, more], ignore_index=True), hub_rows, pd.DataFrame(moves, columns=columns))


def _rows(horizon: Horizon, frame: pd.DataFrame, line: str, **fixed: object) -> pd.DataFrame:
    base = {
        "partner_id": "council",
        "counterparty_id": "",
        "provision_id": "",
        "line": line,
        "kind": "revenue",
        "fund": "general",
        "cashable": "yes",
        "view": "both",
        "basis": "real",
        "case": "plan",
        "heading": "",
    }
    answer = frame.assign(**{k: v for k, v in (base | fixed).items() if k not in frame.columns})
    return answer.assign(year=answer["t"].map(horizon.label))


def make_ledger(estate: Estate, plan: Plan, horizon: Horizon) -> pd.DataFrame:
    """Post running costs, hubs, moves and receipts by simple rules."""
    sites = estate.tables["sites"].set_index("site_id")
    t = pd.DataFrame({"t": range(horizon.appraisal_years)})
    cost = estate.tables["running_costs"][["site_id", "gbp_per_year"]].assign(
        partner_id=lambda f: f["site_id"].map(sites["partner_id"])
    )
    bau = (
        cost.merge(t, how="cross")
        .assign(amount_gbp=lambda f: -f["gbp_per_year"])
        .drop(columns="gbp_per_year")
    )
    close = plan.closures.set_index("site_id")["year"]
    still = bau[bau["t"] < bau["site_id"].map(close).fillna(999)]
    options = estate.tables["hub_options"].set_index(["site_id", "option"])
    hubs = plan.hubs.join(options[["capital_gbp", "running_cost_gbp_per_year"]], on=["site_id", "option"])
    capital = hubs.assign(t=hubs["year"].astype(int) - 1, amount_gbp=-hubs["capital_gbp"])[
        ["site_id", "t", "amount_gbp"]
    ]
    running = (
        hubs.merge(t, how="cross")
        .query("t >= year")
        .assign(amount_gbp=lambda f: -f["running_cost_gbp_per_year"])
    )
    moved = plan.moves.merge(
        estate.tables["provisions"][["provision_id", "site_id", "partner_id"]], on="provision_id"
    )
    moved = moved.assign(t=moved["year"].astype(int))[["provision_id", "site_id", "partner_id", "t"]]
    lag = 2
    values = estate.tables["valuations"].set_index("site_id")["receipt_gbp"]
    sold = plan.closures.assign(
        t=plan.closures["year"].astype(int) + lag,
        amount_gbp=plan.closures["site_id"].map(values),
        partner_id=plan.closures["site_id"].map(sites["partner_id"]),
    )[["site_id", "t", "amount_gbp", "partner_id"]]
    parts = [
        _rows(horizon, bau, "running_cost", case="bau", heading="all_running_costs"),
        _rows(horizon, still, "running_cost", heading="all_running_costs"),
        _rows(horizon, capital, "hub_capital", kind="capital"),
        _rows(horizon, running[["site_id", "t", "amount_gbp"]], "hub_running"),
        _rows(horizon, moved.assign(amount_gbp=-3600.0), "move"),
        _rows(horizon, moved.assign(amount_gbp=-52000.0), "fit_out", kind="capital"),
        _rows(horizon, sold, "receipt", kind="capital"),
        _rows(horizon, sold.assign(amount_gbp=-0.03 * sold["amount_gbp"]), "disposal_cost", kind="capital"),
    ]
    return pd.concat(parts, ignore_index=True)[[*CASHFLOW_COLUMNS, "t"]]


def make_summary(estate: Estate, plan: Plan, ledger: pd.DataFrame, horizon: Horizon) -> dict:
    """Return headlines computed from the made-up ledger."""
    last = int(max(plan.moves["year"].max(), plan.hubs["year"].max())) + 1
    year = ledger[ledger["t"] == min(last, horizon.appraisal_years - 1)]
    run = year[year["line"].isin(["running_cost", "hub_running"])].groupby("case")["amount_gbp"].sum()
    decided = int((estate.tables["sites"]["scope"] == "decide").sum())
    saved = float(run["plan"] - run["bau"])
    net = ledger["amount_gbp"].where(ledger["case"] == "plan", -ledger["amount_gbp"])
    flow = net.groupby(ledger["t"]).sum()
    spent = net[ledger["line"] != "receipt"].groupby(ledger["t"]).sum().cumsum()
    label, base = horizon.label(last), f"{horizon.label(0)} prices"
    rows = [
        ("decided_sites", "Sites decided on", decided, "sites", decided, len(estate.tables["sites"]), ""),
        ("closures", "Closures", len(plan.closures), "sites", len(plan.closures), decided, ""),
        ("hubs", "Hubs opened", len(plan.hubs), "sites", len(plan.hubs), 10, ""),
        (
            "saving_steady_gbp",
            "Saving in the steady year",
            saved,
            "GBP/year",
            saved,
            float(-run["bau"]),
            label,
        ),
        (
            "saving_share",
            "Saving as a share of running cost",
            saved / -run["bau"],
            "share",
            saved,
            -run["bau"],
            label,
        ),
        ("npv_economic_gbp", "Net present saving, economic", float(flow.sum()) * 0.6, "GBP", None, None, ""),
        (
            "npv_financial_gbp",
            "Net present saving, on bills",
            float(flow.sum()) * 0.62,
            "GBP",
            None,
            None,
            "",
        ),
        ("payback_with_receipts", "Simple payback with receipts", 6.4, "years", None, None, ""),
        ("payback_without_receipts", "Simple payback without receipts", 9.1, "years", None, None, ""),
        ("peak_funding_gbp", "Peak funding", float(-spent.min()), "GBP", None, None, horizon.label(4)),
    ]
    columns = ["key", "label", "value", "unit", "numerator", "denominator", "year"]
    headlines = [dict(zip(columns, row, strict=True)) | {"price_base": base, "note": ""} for row in rows]
    lever = {"label": "Receipts lower by", "switching_value": None, "unit": "share", "note": "none"}
    rate = {"label": "Discount rate", "switching_value": 0.08, "unit": "share/year", "note": ""}
    return {"price_base": base, "headlines": headlines, "switching_values": [lever, rate]}


def make_access(estate: Estate, horizon: Horizon) -> pd.DataFrame:
    """Return access to libraries, today and with the plan."""
    areas = estate.tables["areas"]
    rng = np.random.default_rng(5)
    parts = []
    for case, year, far in (("bau", 0, 0.0), ("plan", 9, 0.25)):
        km = rng.gamma(4, 0.3, len(areas)) + far
        parts.append(
            pd.DataFrame(
                {
                    "area_id": areas["area_id"],
                    "service_id": "library",
                    "standard_id": "library_2km",
                    "year": horizon.label(year),
                    "case": case,
                    "nearest_site_id": ["S001" if i % 3 == 0 else "S006" for i in range(len(areas))],
                    "distance_km": km,
                    "minutes": km * 12.5,
                    "within": np.where(km <= 2.0, "yes", "no"),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def make_result(n: int = 600, seed: int = 1, **config: object) -> Result:
    """Return a made-up run over n sites; its second site is a refuge, its first sells for a known sum."""
    options = {
        "name": "made_up",
        "title": "Made-up estate",
        "invented": True,
        "data_date": "1 April 2026",
    } | config
    settings = Config(**options)  # type: ignore[arg-type]
    horizon = settings.horizon.horizon()
    estate = make_estate(n, seed)
    plan = make_plan(estate, seed, horizon.decision_years)
    ledger = make_ledger(estate, plan, horizon)
    summary = make_summary(estate, plan, ledger, horizon)
    partners = (
        ledger[ledger["case"] == "plan"].groupby("partner_id")["amount_gbp"].sum().rename("npv_financial_gbp")
    )
    best = float(ledger["amount_gbp"].where(ledger["case"] == "plan", -ledger["amount_gbp"]).sum())
    collect = pd.DataFrame(
        {
            "rank": [1, 2],
            "site_id": ["S000", "S001"],
            "table": ["valuations", "running_costs"],
            "column": ["receipt_gbp", "gbp_per_year"],
            "why": ["sold in the plan", f"{SECRET_NAME}: cost assumed"],
            "value": [SECRET_RECEIPT, 1.0],
        }
    )
    run = {
        "schema_version": "1.0",
        "config": {"rules": {"locks": {"keep": ["S001"]}}, "data": {"folder": "/somewhere/private"}},
        "input_hashes": {"sites.csv": "0" * 64, "=evil.csv": "1" * 64},
        "status": "within_gap",
        "npv_gbp": best,
        "made": "2026-07-01T10:00:00",
        "seed": seed,
    }
    checks = pd.DataFrame({"check": ["assignment", "capacity"], "passed": [True, True], "detail": ["", ""]})
    solution = Solution(plan, "within_gap", best, best * 1.021, "gap", "highs")
    access = make_access(estate, horizon)
    return Result(
        settings,
        estate,
        plan,
        solution,
        ledger,
        summary,
        access,
        partners.reset_index(),
        collect,
        run,
        checks,
        make_business(),
        serving=serving_tables(estate, settings, plan, access_summary(estate, settings, plan)),
    )


def make_business() -> dict[str, pd.DataFrame]:
    """Return a row of every table of the business case."""
    money = dict.fromkeys([*FLOWS, *BALANCES], 0.0)
    money |= {"revenue_gbp": 500.0, "capital_spend_gbp": 90.0, "from_borrowing_gbp": 60.0}
    money |= {"interest_gbp": 3.0, "unfunded_gbp": 30.0, "budget_effect_gbp": 497.0, "cash_effect_gbp": 467.0}
    year = {"year": "2027/28", "t": 0, "price_index": 1.0}
    fund = dict.fromkeys(FUND_COLUMNS, 7.0) | {"fund": "=general", "year": "2028/29"}
    fund["bau_gbp_per_year"] = 14.0
    heading = dict.fromkeys(HEADING_COLUMNS, 7.0) | {"partner_id": "council", "decided": "yes", "fund": "hra"}
    heading |= {"line": "running_cost", "heading": "=hard_fm", "cashable": "yes", "year": "2028/29"}
    heading |= {"bau_gbp_per_year": 14.0}
    scenario = dict.fromkeys(SCENARIO_COLUMNS, 1.0) | {
        "scenario": "none",
        "purse": "pooled",
        "payable": "yes",
    }
    exits = dict.fromkeys(EXIT_COLUMNS, 1.0) | {"site_id": "S000", "receipt_gbp": SECRET_RECEIPT, "flag": ""}
    liability = dict.fromkeys(LIABILITY_COLUMNS, 1.0) | {"what": "backlog", "condition": "D", "priority": 1}
    limit = ("counts|max_hubs", "hubs", "Greatest number of hubs", "", 2, 2, 0, "hubs", 1.0, 1.0, "yes")
    rows = {
        "financial": {"partner_id": "all partners"} | year | money,
        "running_cost_by_heading": heading,
        "saving_by_fund": fund,
        "staff_saving": dict(zip(STAFF_COLUMNS, ("council", 2, 3.0, 40_000.0), strict=True)),
        "receipt_scenarios": scenario,
        "exits": exits,
        "liabilities": liability,
        "constraints": dict(zip(LIMIT_COLUMNS, limit, strict=True)),
    }
    return {name: pd.DataFrame([row]) for name, row in rows.items()}
