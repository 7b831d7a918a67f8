"""Make the rule in focus bite: look at the best plan without it, and draw it so that this plan fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from random_tables import Draw
    from tiny_estates import Row

    from estate.verify import Facts

A_PENNY = 0.01  # more than what a plan spends: no plan is within a limit by rounding alone
Tables = dict[str, list["Row"]]
Rules = dict[str, dict[str, Any]]


def tighten(draw: Draw, tables: Tables, rules: Rules, facts: Facts) -> None:
    """Change tables or rules so that the plan in ``facts`` breaks the rule in focus, where it can."""
    change = CHANGES.get(draw.focus)
    if change is not None:
        change(draw, tables, rules, facts)


def _row(tables: Tables, table: str, key: str, value: str) -> Row:
    return next(row for row in tables[table] if row[key] == value)


def _moves(facts: Facts) -> list[Any]:
    return [leaving for leaving in facts.leavings if leaving.how == "move"]


def _capacity(draw: Draw, tables: Tables, _: Rules, facts: Facts) -> None:
    moves = _moves(facts)
    if moves:
        move = draw.pick(moves)
        used = facts.need_m2(facts.provisions[move.provision_id])
        table = "hub_options" if move.to_option else "host_terms"
        _row(tables, table, "site_id", move.to_site)["room_nia_m2"] = max(1.0, round(0.9 * used, 2))
    for merge in (leaving for leaving in facts.leavings if leaving.how == "merge"):
        target = facts.provisions[merge.to_provision].site_id
        _row(tables, "sites", "site_id", target)["nia_m2"] = 1.0


def _compatibility(draw: Draw, tables: Tables, _: Rules, facts: Facts) -> None:
    services = ("lib", "adv", "off")
    for move in _moves(facts):
        own = facts.provisions[move.provision_id].service_id
        present = {s for s in services if move.to_site in facts.present(s, facts.decision_years - 1)} - {own}
        if present:
            row = {"service_a": own, "service_b": min(present), "relation": "may_not_share"}
        else:
            other = draw.pick([s for s in services if s != own])
            row = {"service_a": own, "service_b": other, "relation": draw.pick(("must_share", "within_km"))}
            row["km"] = 0.3
        tables["compatibility"] = [row]


def _permission(draw: Draw, tables: Tables, _: Rules, facts: Facts) -> None:
    for move in (one for one in _moves(facts) if not one.to_option):
        terms = _row(tables, "host_terms", "site_id", move.to_site)
        service = facts.provisions[move.provision_id].service_id
        if draw.chance(0.5):
            terms["permitted_services"] = ";".join(s for s in ("lib", "adv", "off") if s != service)
        else:
            terms["term_weeks"] = 39
            _row(tables, "services", "service_id", service)["year_round"] = True


def _reach(draw: Draw, tables: Tables, _: Rules, facts: Facts) -> None:
    moves = _moves(facts)
    if moves:
        move = draw.pick(moves)
        own = facts.provisions[move.provision_id]
        km = facts.km(facts.sites[own.site_id], facts.sites[move.to_site])
        _row(tables, "services", "service_id", own.service_id)["move_reach_km"] = round(0.9 * km, 3)


def _access(draw: Draw, tables: Tables, _: Rules, facts: Facts) -> None:
    left = [
        leaving for leaving in facts.leavings if facts.provisions[leaving.provision_id].service_id != "off"
    ]
    if not left:
        return
    own = facts.provisions[draw.pick(left).provision_id]
    place = facts.sites[own.site_id].place or (0.0, 0.0)
    area = {
        "easting": place[0] + 100,
        "northing": place[1],
        "population": 2000.0,
        "zone": "w",
        "imd_decile": 1,
    }
    tables["areas"].append(
        {"area_id": "near", "over65_share": 0.2, "no_car_share": 0.3, "disabled_share": 0.1} | area
    )
    row = {
        "standard_id": "near",
        "service_id": own.service_id,
        "group": draw.pick(("all", "no_car", "disabled")),
    }
    row |= {
        "threshold": 0.5,
        "share": 1.0,
        "geography": draw.pick(("overall", "zone", "area")),
        "basis": "no_worse",
    }
    row |= {"basis": draw.pick(("no_worse", "target_or_today"))}
    tables["standards"] = [*tables["standards"][:1], row]


def _tenure(draw: Draw, tables: Tables, _: Rules, facts: Facts) -> None:
    if facts.closings:
        closing = draw.pick(facts.closings)
        tables["tenures"] = [row for row in tables["tenures"] if row["site_id"] != closing.site_id]
        row = {"site_id": closing.site_id, "tenure": "freehold", "notice_months": 12 * closing.year + 6}
        if closing.route == "surrender":
            row |= {
                "tenure": "leasehold",
                "expiry": "2040-03-31",
                "break_date": draw.pick((None, "2028-04-01")),
            }
        tables["tenures"].append(row)


def _brakes(draw: Draw, tables: Tables, _: Rules, facts: Facts) -> None:
    if facts.closings:
        closing = draw.pick(facts.closings)
        until = draw.pick((None, f"{facts.first_year + closing.year}-09-01"))
        row = {"site_id": closing.site_id, "brake": "trust", "effect": "lock", "until": until}
        tables["brakes"].append(row)


def _fitness(_: Draw, tables: Tables, rules: Rules, facts: Facts) -> None:
    rules.pop("fitness", None)
    for opening in facts.openings:
        site = _row(tables, "sites", "site_id", opening.site_id)
        site |= {"step_free": "unknown", "step_free_cost_gbp": None}


def _locks(draw: Draw, _: Tables, rules: Rules, facts: Facts) -> None:
    closed, hubs = sorted(facts.closing_of), sorted(facts.opening_of)
    if hubs and draw.chance(0.4):
        rules["locks"] = {"no_hub": [draw.pick(hubs)]}
    elif closed:
        rules["locks"] = {"keep": [draw.pick(closed)]}


def _counts(draw: Draw, _: Tables, rules: Rules, facts: Facts) -> None:
    closures, hubs = len(facts.closing_of), len(facts.opening_of)
    if hubs and draw.chance(0.3):
        rules["counts"] = {"max_hubs": hubs - 1}
    elif closures:
        rules["counts"] = {"max_closures": closures - 1}
    if not hubs and draw.chance(0.3):
        rules["counts"] = {"min_hubs": 1}


def _materiality(draw: Draw, _: Tables, rules: Rules, facts: Facts) -> None:
    from estate.verify.buildings import cashable_cost_year_0

    costs = sorted(cashable_cost_year_0(facts, facts.sites[site]) for site in facts.closing_of)
    if costs:
        rules["materiality"] = {"saving_gbp_per_year": round(draw.pick(costs[:2]) + 0.01, 2)}


def _capital(draw: Draw, tables: Tables, rules: Rules, facts: Facts) -> None:
    for row in tables["budgets"]:
        row |= {"borrowing_limit_gbp": 0}
    spend: dict[str, float] = {}
    for decision in facts.decisions:
        for partner, amounts in facts.cash(decision).spend.items():
            spend[partner] = spend.get(partner, 0.0) + float(amounts[: facts.decision_years].sum())
    pooled = draw.chance(0.5)
    rules["capital"] = {"purses": "pooled" if pooled else "separate", "recycle_lag_years": draw.pick((0, 1))}
    tables["budgets"] = [
        {
            "purse": "pooled" if pooled else partner,
            "year": facts.first_year + draw.pick((0, 0, 1)),
            "capital_gbp": round(total * draw.pick((0.6, 0.95, 1.0)) + A_PENNY, 2),
        }
        for partner, total in spend.items()
    ]


def _affordability(draw: Draw, _: Tables, rules: Rules, facts: Facts) -> None:
    cash = [facts.cash(decision) for decision in facts.decisions]
    if not cash:
        return
    receipts = draw.chance(0.5)
    net = np.sum([one.financial for one in cash], axis=0)
    net = net if receipts else net - np.sum([one.receipts for one in cash], axis=0)
    cumulative = np.cumsum(net)
    options: dict[str, Any] = {"receipts": receipts}
    behind = np.flatnonzero(cumulative < 0)
    year = int(draw.random.integers(1, facts.decision_years + 1))
    saving = float(sum(one.running[year] for one in cash))
    if len(behind) and draw.chance(0.6):
        if draw.chance(0.5):
            options["peak_funding_gbp"] = round(-0.8 * float(cumulative.min()), 2)
        else:
            options["payback_year"] = int(behind[-1])
    elif saving > 0:
        options |= {"saving_year": year, "saving_gbp": round(saving + 0.5, 2)}
    rules["affordability"] = options


def _partnership(draw: Draw, tables: Tables, rules: Rules, facts: Facts) -> None:
    saving = {"p0": 0.0, "p1": 0.0}
    for decision in facts.decisions:
        for partner, amounts in facts.cash(decision).net.items():
            saving[partner] = saving.get(partner, 0.0) + float(amounts @ facts.factors)
    worst = min(("p0", "p1"), key=lambda partner: saving[partner])
    if draw.chance(0.5) or saving[worst] >= 0:
        rules["partnership"] = {"floor_npv_gbp": round(saving[worst] + 1.0, 2)}
    else:
        rules["partnership"] = {}
        _row(tables, "partners", "partner_id", worst)["floor_npv_gbp"] = round(saving[worst] + 1.0, 2)


CHANGES: dict[str, Callable[[Draw, Tables, Rules, Facts], None]] = {
    "capacity": _capacity,
    "compatibility": _compatibility,
    "permission": _permission,
    "reach": _reach,
    "access": _access,
    "tenure": _tenure,
    "brakes": _brakes,
    "fitness": _fitness,
    "locks": _locks,
    "counts": _counts,
    "materiality": _materiality,
    "capital": _capital,
    "affordability": _affordability,
    "partnership": _partnership,
}
