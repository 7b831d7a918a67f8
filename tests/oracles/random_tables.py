"""Draws of the tables of a tiny estate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tiny_estates import Row

FIRST_YEAR = 2027
FOCUS = (
    "assignment",
    "opening",
    "capacity",
    "compatibility",
    "permission",
    "reach",
    "access",
    "tenure",
    "brakes",
    "fitness",
    "locks",
    "counts",
    "materiality",
    "capital",
    "affordability",
    "partnership",
)
SERVICES = ("lib", "adv", "off")
GROUPS = ("all", "most_deprived", "over65", "no_car", "disabled")


class Draw:
    """A generator with the few draws that a case needs."""

    def __init__(self, seed: int, attempt: int = 0) -> None:
        self.random = np.random.default_rng([seed, attempt])
        self.focus = FOCUS[seed % len(FOCUS)]
        # What was added later draws from here, so that older cases stay as they are.
        self.later = np.random.default_rng([seed, attempt, 1])

    def chance(self, probability: float, focus: str = "") -> bool:
        """Draw yes or no; nearly always yes where the rule is in focus."""
        return bool(self.random.random() < (0.9 if focus and focus == self.focus else probability))

    def pick(self, options: Any) -> Any:
        """Draw one of a sequence."""
        return options[int(self.random.integers(len(options)))]

    def money(self, low: float, high: float) -> float:
        """Draw an amount with pence."""
        return round(float(self.random.uniform(low, high)), 2)

    def place(self) -> Row:
        """Draw a place on a grid of 100 m, four km wide."""
        return {
            "easting": 400_000.0 + 100 * int(self.random.integers(0, 40)),
            "northing": 300_000.0 + 100 * int(self.random.integers(0, 40)),
        }


def draw_tables(draw: Draw, years: int) -> tuple[dict[str, list[Row]], list[Row]]:
    """Draw the tables; returned beside them are the provisions that may leave."""
    tables: dict[str, list[Row]] = {"partners": _partners(draw), "services": _services(draw)}
    for name in ("sites", "provisions", "running_costs", "tenures", "brakes", "valuations", "backlog"):
        tables[name] = []
    for name in ("hub_options", "host_terms", "budgets", "compatibility", "standards", "areas"):
        tables[name] = []
    movable: list[Row] = []
    for i in range(int(draw.random.integers(2, 5))):
        _existing(draw, tables, f"d{i}", "decide", provisions=2 if draw.chance(0.35) else 1)
        movable += [row for row in tables["provisions"] if row["site_id"] == f"d{i}"]
    if draw.chance(0.4):
        _existing(draw, tables, "k", "keep", provisions=1)
    if draw.chance(0.35):
        _existing(draw, tables, "z", "surplus", provisions=0)
    _places(draw, tables)
    if draw.chance(0.35):
        tables["sites"].append({"site_id": "o", "status": "outside", "scope": "keep"} | draw.place())
        tables["provisions"].append(
            {"provision_id": "o1", "site_id": "o", "service_id": draw.pick(SERVICES[:2])}
        )
    _residents(draw, tables)
    if draw.chance(0.3, "compatibility"):
        _compatibility(draw, tables)
    if draw.chance(0.4, "capital"):
        _budgets(draw, tables, years)
    _demand(draw, tables)
    order = draw.random.permutation(len(movable))
    return tables, [movable[i] for i in order]


def _partners(draw: Draw) -> list[Row]:
    return [
        {"partner_id": "p0", "receipt_retention_share": draw.pick((1.0, 0.6))},
        {"partner_id": "p1", "floor_npv_gbp": draw.money(-90_000, 30_000) if draw.chance(0.2) else None},
        {"partner_id": "px", "in_plan": False},
    ]


def _services(draw: Draw) -> list[Row]:
    rows = [
        {
            "service_id": name,
            "space_factor": draw.pick((0.7, 1.0)),
            "merge_factor": draw.pick((0.3, 0.8)),
            "merge_reach_km": draw.pick((0, 2, 6)),
            "move_reach_km": draw.pick((None, 1.0, 2.5, 6.0))
            if draw.focus == "reach"
            else draw.pick((None, 4, 9)),
            "year_round": draw.chance(0.6),
        }
        for name in SERVICES
    ]
    rows[2] |= {"front_office": False, "online_allowed": True}
    rows[2] |= {"online_setup_gbp": draw.money(0, 9000), "online_gbp_per_visit": draw.money(0, 2)}
    return rows


def _existing(draw: Draw, tables: dict[str, list[Row]], site_id: str, scope: str, provisions: int) -> None:
    """Draw an existing site with its provisions, costs, tenure, brakes and values."""
    owner = draw.pick(("p0", "p0", "p1"))
    gia = draw.money(120, 600)
    site = {"site_id": site_id, "partner_id": owner, "scope": scope, "gia_m2": gia}
    site |= {"income_gbp_per_year": draw.money(0, 9000) if draw.chance(0.3) else 0}
    tables["sites"].append(site | draw.place() | {"step_free": draw.pick(("yes", "no", "unknown"))})
    for j in range(provisions):
        service = draw.pick(SERVICES)
        tables["provisions"].append(
            {
                "provision_id": f"{site_id}{j}",
                "site_id": site_id,
                "service_id": service,
                "partner_id": owner if draw.chance(0.8) else draw.pick(("p0", "p1")),
                "room_nia_m2": draw.money(30, 200) if draw.chance(0.95) else 0,
                "staff_fte": draw.money(0, 8),
                "visits_per_year": draw.money(0, 4000),
                "weekly_hours": float(draw.pick((10, 20, 40))),
                "digital_share": 1.0 if service == "off" and draw.chance(0.5) else draw.pick((0.0, 0.0, 0.2)),
            }
        )
    _costs(draw, tables, site_id)
    leased = _tenure(draw, tables, site_id)
    _brakes(draw, tables, site_id)
    _values(draw, tables, site_id, leased=leased)
    if draw.chance(0.4):
        tables["backlog"].append(
            {
                "site_id": site_id,
                "priority": int(draw.pick((1, 2, 3, 4))),
                "backlog_gbp": draw.money(5_000, 90_000),
                "funded_share": draw.pick((0.5, 1.0)),
                "due_year": draw.pick((None, None, FIRST_YEAR - 1, FIRST_YEAR + 1)),
            }
        )


def _costs(draw: Draw, tables: dict[str, list[Row]], site_id: str) -> None:
    rows = [{"heading": "all_running_costs", "gbp_per_year": draw.money(15_000, 80_000)}]
    if draw.chance(0.5):
        rows = [
            {
                "heading": "energy",
                "gbp_per_year": draw.money(3_000, 20_000),
                "cashable_share": draw.pick((1.0, 0.6)),
            },
            {
                "heading": "soft_fm",
                "gbp_per_year": draw.money(3_000, 40_000),
                "fixed_share": draw.pick((None, 0.1)),
            },
            {"heading": "business_rates", "gbp_per_year": draw.money(2_000, 15_000)},
            {"heading": "rent", "gbp_per_year": draw.money(5_000, 30_000)},
            {"heading": "capital_charges", "gbp_per_year": draw.money(0, 99_000)},
        ]
    tables["running_costs"] += [{"site_id": site_id} | row for row in rows]


def _tenure(draw: Draw, tables: dict[str, list[Row]], site_id: str) -> bool:
    """Draw a tenure; returns whether the site is leased."""
    if not draw.chance(0.25, "tenure"):
        return False
    kind = draw.pick(("leasehold", "leasehold", "licence", "pfi", "freehold"))
    dates = ("2026-09-29", "2028-04-01", "2028-06-24", "2029-03-31", "2031-12-25")
    row: Row = {"site_id": site_id, "tenure": kind}
    if kind != "freehold":
        row |= {"expiry": draw.pick((*dates, None)), "break_date": draw.pick((None, *dates[1:]))}
        row |= {"break_penalty_gbp": draw.money(0, 20_000), "dilapidations_gbp": draw.pick((None, 5_000.5))}
        row |= {"market_rent_gbp_per_year": draw.pick((None, draw.money(5_000, 40_000)))}
    row["notice_months"] = draw.pick((0, 0, 6, 12, 18))
    tables["tenures"].append(row)
    return kind != "freehold"


def _brakes(draw: Draw, tables: dict[str, list[Row]], site_id: str) -> None:
    if draw.chance(0.12, "brakes"):
        until = draw.pick((None, "2027-04-01", "2028-04-01", "2028-07-01"))
        tables["brakes"].append({"site_id": site_id, "brake": "listed", "effect": "lock", "until": until})
    others = (
        ("consultation", "delay", {"delay_years": draw.pick((0.5, 1.5))}),
        ("clawback", "cost", {"cost_gbp": draw.money(1_000, 30_000)}),
        ("covenant", "receipt", {"receipt_factor": draw.pick((0.3, 0.8))}),
        ("conservation", "none", {}),
    )
    for brake, effect, more in others:
        if draw.chance(0.12):
            tables["brakes"].append({"site_id": site_id, "brake": brake, "effect": effect} | more)


def _values(draw: Draw, tables: dict[str, list[Row]], site_id: str, *, leased: bool) -> None:
    """Draw at most two exit routes."""
    routes = ("surrender",) if leased else ("sell", "let", "transfer", "hold")
    chosen = [draw.pick(routes)] if draw.chance(0.75) else []
    if chosen and chosen[0] != "sell" and not leased and draw.chance(0.4):
        chosen.append("sell")
    for route in chosen:
        row: Row = {"site_id": site_id, "exit_route": route}
        if route in ("sell", "transfer"):
            row |= {"receipt_gbp": draw.money(20_000, 300_000) * (1 if route == "sell" else 0.1)}
            row |= {"probability": draw.pick((None, 0.5)), "disposal_cost_share": draw.pick((None, 0.1))}
        if route == "let":
            row["let_income_gbp_per_year"] = draw.money(2_000, 30_000)
        row |= {"years_to_sell": draw.pick((None, 0, 0.5, 1.0))}
        row |= {"holding_gbp_per_year": draw.pick((None, draw.money(500, 9_000)))}
        tables["valuations"].append(row)


def _places(draw: Draw, tables: dict[str, list[Row]]) -> None:
    """Draw candidate hubs, hubs at existing sites, hosts and sites that lend room."""
    if draw.chance(0.8, "opening"):
        fit = ("unknown", "no", "yes") if draw.focus == "fitness" else ("yes", "yes", "no")
        row = {"site_id": "h", "status": "candidate", "scope": "keep", "partner_id": draw.pick(("p0", "p1"))}
        cost = draw.pick((None, draw.money(1_000, 20_000)))
        tables["sites"].append(row | draw.place() | {"step_free": draw.pick(fit), "step_free_cost_gbp": cost})
        _options(draw, tables, "h", 2 if draw.chance(0.4) else 1)
    if draw.chance(0.3):
        home = draw.pick([row for row in tables["sites"] if row.get("scope") in ("decide", "keep")])
        if home["site_id"] != "h":
            home["step_free_cost_gbp"] = draw.pick((None, draw.money(0, 9_000)))
            _options(draw, tables, home["site_id"], 1)
    if draw.chance(0.55, "permission"):
        row = {"site_id": "s", "status": "host", "scope": "keep", "partner_id": draw.pick(("p0", "p1", "px"))}
        tables["sites"].append(row | draw.place())
        _lends(draw, tables, "s")
    if draw.chance(0.15):
        home = draw.pick([row for row in tables["sites"] if row.get("scope") in ("decide", "keep")])
        if home["site_id"] not in ("h", "s"):
            _lends(draw, tables, home["site_id"])


def _options(draw: Draw, tables: dict[str, list[Row]], site_id: str, count: int) -> None:
    for option in ("big", "small")[:count]:
        lead = int(draw.pick((0, 1, 1, 2)))
        tables["hub_options"].append(
            {
                "site_id": site_id,
                "option": option,
                "room_nia_m2": draw.money(60, 260) * (2 if option == "big" else 1),
                "capital_gbp": draw.money(2_000, 50_000),
                "running_cost_gbp_per_year": draw.money(500, 8_000),
                "lead_years": lead,
                "spend_profile": "0.25;0.75" if lead == 2 and draw.chance(0.5) else None,
                "lead_partner_id": draw.pick((None, "p0", "p1")),
                "cures_backlog_share": draw.pick((0.0, 0.6)),
                "life_years": draw.pick((None, 9, 40)),
            }
        )


def _lends(draw: Draw, tables: dict[str, list[Row]], site_id: str) -> None:
    tight = draw.focus == "permission"
    tables["host_terms"].append(
        {
            "site_id": site_id,
            "room_nia_m2": draw.money(40, 300),
            "weekly_hours": float(draw.pick((25, 60, 168))),
            "term_weeks": draw.pick((39, 52)) if tight else draw.pick((39, 52, 52, 52)),
            "permitted_services": draw.pick(("lib", "adv;off"))
            if tight
            else draw.pick((None, None, "lib;adv")),
            "fee_gbp_per_m2_per_year": draw.money(0, 60),
        }
    )


def _residents(draw: Draw, tables: dict[str, list[Row]]) -> None:
    if not draw.chance(0.45, "access"):
        return
    for i in range(int(draw.random.integers(4, 8))):
        shares = {f"{group}_share": draw.money(0, 0.5) for group in ("over65", "no_car", "disabled")}
        tables["areas"].append(
            {
                "area_id": f"e{i}",
                "population": float(draw.random.integers(0, 3000)),
                "zone": draw.pick(("w", "e")),
            }
            | {"imd_decile": draw.pick((None, 1, 2, 3, 9))}
            | draw.place()
            | shares
        )
    front = sorted({row["service_id"] for row in tables["provisions"]} & set(SERVICES[:2]))
    for k in range(int(draw.pick((1, 1, 2))) if front else 0):
        metric = draw.pick(("km", "km", "minutes"))
        share, geography = draw.pick((0.3, 0.6, 0.9)), draw.pick(("overall", "overall", "zone", "area"))
        basis = draw.pick(("target", "no_worse", "target_or_today", "target_or_today"))
        tables["standards"].append(
            {
                "standard_id": f"n{k}",
                "service_id": draw.pick(front),
                "group": draw.pick(GROUPS),
                "metric": metric,
                "threshold": draw.pick((1.5, 2.5, 4.0)) * (12.5 if metric == "minutes" else 1.0),
                "share": share * (0.4 if basis == "target" else 1.0),
                "geography": "overall" if basis == "target" and geography == "area" else geography,
                "basis": basis,
                "mode": draw.pick(("walk", "public_transport")),
            }
        )


def _demand(draw: Draw, tables: dict[str, list[Row]]) -> None:
    """Draw visits by area to one service or none; the other services take those of provisions."""
    service = (*SERVICES[:2], "")[int(draw.later.integers(3))]
    tables["demand"] = [
        {"area_id": area["area_id"], "service_id": service}
        | {"visits_per_year": round(float(draw.later.uniform(0, 3000)), 1)}
        for area in tables["areas"]
        if service and draw.later.random() < 0.8
    ]


def _compatibility(draw: Draw, tables: dict[str, list[Row]]) -> None:
    for a, b in (("lib", "off"), ("adv", "lib"), ("off", "adv")):
        if draw.chance(0.4, "compatibility"):
            relation = draw.pick(("may_not_share", "may_not_share", "must_share", "within_km"))
            km = draw.pick((0.5, 1.5)) if relation == "within_km" else None
            tables["compatibility"].append({"service_a": a, "service_b": b, "relation": relation, "km": km})


def _budgets(draw: Draw, tables: dict[str, list[Row]], years: int) -> None:
    for purse in ("pooled",) if draw.chance(0.4) else ("p0", "p1"):
        for t in range(years):
            if draw.chance(0.7):
                tables["budgets"].append(
                    {
                        "purse": purse,
                        "year": FIRST_YEAR + t,
                        "capital_gbp": draw.money(0, 60_000),
                        "grant_gbp": draw.money(0, 20_000) if draw.chance(0.2) else 0,
                        "borrowing_limit_gbp": draw.money(0, 20_000) if draw.chance(0.2) else 0,
                    }
                )
