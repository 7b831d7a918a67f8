"""Five cases worked out with a pencil: the best plan and its value in plain arithmetic.

Nothing but the figures written here is used: no ledger, no check, no enumeration. Discounting is at
3.5% from year 1 (HM Treasury Green Book; domain.md 1.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from enumerate import best_plan
from tiny_estates import config_of, estate_of

from estate.core.errors import InfeasibleError

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate, Plan

PLAIN = {
    "circuity": 1.0,
    "fees_share": 0.0,
    "contingency_share": 0.0,
    "optimism_bias_share": 0.0,
    "fit_out_gbp_per_m2": 100.0,
    "host_fit_out_gbp_per_m2": 10.0,
    "move_gbp_per_fte": 500.0,
    "it_gbp_per_fte": 700.0,
    "double_running_months": 0.0,
    "decommissioning_gbp_per_m2": 0.0,
    "dilapidations_gbp_per_m2": 0.0,
    "vacant_holding_gbp_per_m2_per_year": 0.0,
    "empty_rates_relief_months": 3.0,
    "lifecycle_share_per_year": 0.0,
    "hub_life_years": 1.0,
}
# Discount factors of years 0 to 4.
D0 = 1.0
D1 = 1 / 1.035
D2 = D1 / 1.035
D3 = D2 / 1.035
D4 = D3 / 1.035

Tables = dict[str, list[dict[str, Any]]]


def library(**site: Any) -> Tables:
    """A library of 100 m2 with three staff, and nothing else."""
    return {
        "partners": [{"partner_id": "council"}],
        "sites": [{"site_id": "A", "easting": 0, "northing": 0, "gia_m2": 200, "nia_m2": 150} | site],
        "services": [{"service_id": "lib", "move_reach_km": 5}],
        "provisions": [
            {"provision_id": "a", "site_id": "A", "service_id": "lib", "room_nia_m2": 100, "staff_fte": 3}
        ],
    }


def case(tables: Tables, rules: dict[str, Any] | None = None, **settings: Any) -> tuple[Estate, Config]:
    assumptions = PLAIN | settings.pop("assumptions", {})
    return estate_of(tables, assumptions), config_of(rules, **({"appraisal_years": 5} | settings))


def both_find(estate: Estate, config: Config, expected: float) -> Plan:
    """Hold enumeration and optimiser to the figure; return the optimiser's plan."""
    from estate.solve import solve_estate

    assert best_plan(estate, config).value == pytest.approx(expected, abs=0.005, rel=0)
    solution = solve_estate(estate, config)
    assert solution.objective_gbp == pytest.approx(expected, abs=0.005, rel=0)
    return solution.plan


def test_an_empty_building_is_sold_at_once() -> None:
    """A surplus building: running cost, rates, a sale with a lag, retention and a covenant."""
    tables: Tables = {
        "partners": [{"partner_id": "council", "receipt_retention_share": 0.75}],
        "sites": [
            {"site_id": "Z", "scope": "surplus", "easting": 0, "northing": 0, "gia_m2": 100}
            | {"income_gbp_per_year": 400}
        ],
        "running_costs": [
            {"site_id": "Z", "heading": "security", "gbp_per_year": 5_000},
            {"site_id": "Z", "heading": "business_rates", "gbp_per_year": 2_000},
            {"site_id": "Z", "heading": "depreciation", "gbp_per_year": 9_999},
        ],
        "brakes": [
            {"site_id": "Z", "brake": "covenant", "effect": "receipt", "receipt_factor": 0.8},
            {"site_id": "Z", "brake": "consultation", "effect": "delay", "delay_years": 0.5},
        ],
        "valuations": [
            {"site_id": "Z", "exit_route": "sell", "receipt_gbp": 100_000, "probability": 0.9}
            | {"years_to_sell": 1.25, "disposal_cost_share": 0.03, "holding_gbp_per_year": 600}
        ],
    }
    # Closed in year 0; 1.25 + 0.5 years round up to 2: sold in year 2.
    # Expected receipt: 100,000 x 0.8 x 0.9 = 72,000, of which the council keeps 54,000.
    # Bills. Saved every year: 5,000 + 2,000 - 400 = 6,600. Empty in years 0 and 1: 600 of holding a year,
    # rates of 2,000, because it has stood empty before. Cost of sale 3% x 72,000 = 2,160.
    financial = 6_600 * (D0 + D1 + D2 + D3 + D4) - (600 + 2_000) * (D0 + D1) + (54_000 - 2_160) * D2
    plan = both_find(*case(tables, objective="financial"), financial)
    assert plan.closures.to_dict("list") == {"site_id": ["Z"], "year": [0], "exit_route": ["sell"]}
    # To society: rates are a transfer and do not count; the whole receipt does.
    economic = 4_600 * (D0 + D1 + D2 + D3 + D4) - 600 * (D0 + D1) + (72_000 - 2_160) * D2
    both_find(*case(tables, objective="economic"), economic)


def test_a_library_moves_into_a_hub_when_its_lease_breaks() -> None:
    """Lease with a break, penalty and market rent; a hub with a lead time and a spend profile."""
    tables = library() | {
        "running_costs": [
            {"site_id": "A", "heading": "rent", "gbp_per_year": 20_000},
            {"site_id": "A", "heading": "energy", "gbp_per_year": 10_000, "fixed_share": 0.6},
        ],
        "tenures": [
            {"site_id": "A", "tenure": "leasehold", "break_date": "2029-03-31", "expiry": "2031-03-31"}
            | {"break_penalty_gbp": 3_000, "dilapidations_gbp": 4_000, "market_rent_gbp_per_year": 26_000}
        ],
        "hub_options": [
            {"site_id": "H", "option": "one", "room_nia_m2": 120, "capital_gbp": 10_000}
            | {"running_cost_gbp_per_year": 2_000, "lead_years": 2, "spend_profile": "0.25;0.75"}
            | {"life_years": 12}
        ],
    }
    tables["sites"].append(
        {"site_id": "H", "status": "candidate", "scope": "keep", "easting": 3000, "northing": 4000}
        | {"step_free": "no", "step_free_cost_gbp": 2_000}
    )
    # The break of 31 March 2029 takes effect in year 2 (2029/30), the only year in which the lease lets
    # go; the hub can be there by then: works of 10,000 + 2,000 with 20% on top, a quarter in year 0.
    works = 12_000 * 1.2
    # From year 2 on: rent 20,000 until it would have become 26,000 in year 4, energy 10,000, hub -2,000
    # and renewal of 1% of 10,000 from the year after.
    saved = 20_000 * (D2 + D3) + 26_000 * D4 + 10_000 * (D2 + D3 + D4)
    hub = -works * (0.25 * D0 + 0.75 * D1) - 2_000 * (D2 + D3 + D4) - 100 * (D3 + D4)
    # Leaving: 6 months of the old place beside the new (of rent 10,000, of energy 5,000), penalty,
    # dilapidations, 200 m2 of clearing at 12; three staff at 500 + 700; fit-out of 100 m2 at 100 + 20%.
    once = -(10_000 + 5_000 + 3_000 + 4_000 + 200 * 12 + 3 * 1_200 + 100 * 100 * 1.2) * D2
    # At the end of year 4 three of twelve years of the works (not of the step-free works) are used.
    left = 10_000 * 1.2 * (1 - 3 / 12) * D4
    assumptions = {
        "optimism_bias_share": 0.2,
        "double_running_months": 6.0,
        "decommissioning_gbp_per_m2": 12.0,
        "lifecycle_share_per_year": 0.01,
    }
    plan = both_find(*case(tables, assumptions=assumptions), saved + hub + once + left)
    assert plan.hubs.to_dict("list") == {"site_id": ["H"], "option": ["one"], "year": [2]}
    assert plan.closures.to_dict("list") == {"site_id": ["A"], "year": [2], "exit_route": ["surrender"]}


def leased(tenure: dict[str, Any]) -> Tables:
    """A library in rented rooms, and a candidate to which it could go at once."""
    tables = library() | {
        "running_costs": [{"site_id": "A", "heading": "rent", "gbp_per_year": 20_000}],
        "tenures": [{"site_id": "A", "tenure": "leasehold"} | tenure],
        "hub_options": [
            {"site_id": "H", "option": "one", "room_nia_m2": 120, "capital_gbp": 1_000, "lead_years": 0}
            | {"running_cost_gbp_per_year": 0}
        ],
    }
    tables["sites"].append({"site_id": "H", "status": "candidate", "scope": "keep", "step_free": "yes"})
    tables["sites"][-1] |= {"easting": 3000, "northing": 0}
    return tables


MOVING = 1_000 + 100 * 100 + 3 * 1_200
"""Works, fit-out of 100 m2 at 100, three staff at 500 + 700."""


@pytest.mark.parametrize(
    ("review", "rents"),
    [
        # Upward only: to the market rent of 25,000 at the review of 24 June 2028, in year 2; never down.
        ({"review_basis": "upward", "market_rent_gbp_per_year": 25_000}, (20e3, 20e3, 25e3, 25e3, 25e3)),
        ({"review_basis": "upward", "market_rent_gbp_per_year": 16_000}, (20e3, 20e3, 20e3, 20e3, 20e3)),
        # Either way.
        ({"review_basis": "market", "market_rent_gbp_per_year": 16_000}, (20e3, 20e3, 16e3, 16e3, 16e3)),
        # An index of 10% above prices, each second year: x 1.21 in years 2 and 4.
        (
            {"review_basis": "index", "review_years": 2, "review_growth_share_per_year": 0.1},
            (20e3, 20e3, 24.2e3, 24.2e3, 29_282),
        ),
        # The lease ends in year 4: the review of that year is none, the market rent takes over.
        (
            {"review_basis": "index", "review_years": 2, "review_growth_share_per_year": 0.1}
            | {"market_rent_gbp_per_year": 15_000, "expiry": "2031-04-01", "break_date": "2027-04-01"},
            (20e3, 20e3, 24.2e3, 24.2e3, 15e3),
        ),
    ],
)
def test_the_rent_saved_goes_from_review_to_review(review: dict[str, Any], rents: tuple[float, ...]) -> None:
    tables = leased({"review_date": "2028-06-24"} | review)
    saved = sum(rent * factor for rent, factor in zip(rents, (D0, D1, D2, D3, D4), strict=True))
    both_find(*case(tables), saved - MOVING)


@pytest.mark.parametrize(
    ("terms", "year"),
    [
        # Breaks of 2029 and 2030 beside each other: the first, in year 2, is the best.
        ({"earliest_break_date": "2029-04-01", "break_date": "2030-04-01"}, 2),
        # Rolling from year 1 on, to the expiry: year 1. Its notice of 18 months runs until year 2.
        ({"earliest_break_date": "2028-04-01", "rolling_break": "yes"}, 1),
        ({"earliest_break_date": "2028-04-01", "rolling_break": "yes", "notice_months": 18}, 2),
        # Rolling up to a break that has passed by then: only the expiry, which is after the plan.
        (
            {"earliest_break_date": "2027-04-01", "last_break_date": "2028-04-01", "rolling_break": "yes"}
            | {"notice_months": 18},
            None,
        ),
    ],
)
def test_a_lease_has_several_breaks(terms: dict[str, Any], year: int | None) -> None:
    tables = leased({"expiry": "2040-04-01", "break_penalty_gbp": 4_000} | terms)
    factors = (D0, D1, D2, D3, D4)
    worth = 0.0 if year is None else 20_000 * sum(factors[year:]) - (MOVING + 4_000) * factors[year]
    plan = both_find(*case(tables), worth)
    assert plan.closures["year"].tolist() == ([] if year is None else [year])


@pytest.mark.parametrize(
    ("terms", "owed"),
    [
        # 200 m2 at 150; a quarter of it for the inside alone; a figure that is given stands.
        ({"repair_liability": "full"}, 30_000),
        ({"repair_liability": "internal"}, 7_500),
        ({"repair_liability": "landlord"}, 0),
        ({"repair_liability": "landlord", "dilapidations_gbp": 900}, 900),
    ],
)
def test_who_repairs_owes_the_dilapidations(terms: dict[str, Any], owed: float) -> None:
    rates = {"dilapidations_gbp_per_m2": 150.0, "internal_repair_share": 0.25}
    worth = 20_000 * (D0 + D1 + D2 + D3 + D4) - MOVING - owed
    both_find(*case(leased(terms), assumptions=rates), worth)


def test_a_partner_does_not_pay_for_the_others() -> None:
    """Hub charges between partners, and a floor that decides who may come."""
    tables = library() | {
        "partners": [{"partner_id": "council"}, {"partner_id": "nhs"}],
        "running_costs": [
            {"site_id": "A", "heading": "security", "gbp_per_year": 30_000, "fixed_share": 0.5}
        ],
        "hub_options": [
            {"site_id": "H", "option": "one", "room_nia_m2": 200, "capital_gbp": 20_000, "lead_years": 0}
            | {"running_cost_gbp_per_year": 8_000, "lead_partner_id": "nhs"}
        ],
    }
    tables["sites"].append(
        {"site_id": "H", "status": "candidate", "scope": "keep", "easting": 0, "northing": 1000}
        | {"step_free": "yes", "partner_id": "nhs"}
    )
    # Together, in year 0: 30,000 - 8,000 a year for 20,000 of works, 10,000 of fit-out, 3,600 of moving.
    years = D0 + D1 + D2 + D3 + D4
    together = 22_000 * years - 20_000 - 10_000 - 3_600
    plan = both_find(*case(tables, objective="financial"), together)
    assert plan.closures["year"].tolist() == [0]
    # The trust pays the works and 8,000 a year and gets back half of it, for half of the room.
    trust = -20_000 - 4_000 * years
    tables["partners"][1]["floor_npv_gbp"] = round(trust - 1)
    both_find(*case(tables, {"partnership": {}}, objective="financial"), together)
    # With a floor just above, opening a year later costs the trust less: it may be asked for that.
    tables["partners"][1]["floor_npv_gbp"] = round(trust + 1)
    later = 22_000 * (years - D0) - 33_600 * D1
    plan = both_find(*case(tables, {"partnership": {}}, objective="financial"), later)
    assert plan.closures["year"].tolist() == [1]
    # At a floor of nothing there is no hub, and so no saving.
    tables["partners"][1]["floor_npv_gbp"] = 0
    both_find(*case(tables, {"partnership": {}}, objective="financial"), 0.0)


def test_a_receipt_pays_for_the_next_move() -> None:
    """Two libraries and a school that lends room; capital for one move, then recycled money."""
    tables = library() | {
        "running_costs": [
            {"site_id": "A", "heading": "security", "gbp_per_year": 6_000},
            {"site_id": "B", "heading": "security", "gbp_per_year": 5_000},
        ],
        "valuations": [
            {
                "site_id": "A",
                "exit_route": "sell",
                "receipt_gbp": 40_000,
                "probability": 1,
                "years_to_sell": 0,
            }
            | {"disposal_cost_share": 0}
        ],
        "host_terms": [{"site_id": "S", "room_nia_m2": 200, "fee_gbp_per_m2_per_year": 7}],
        "budgets": [{"purse": "pooled", "year": 2027, "capital_gbp": 3_100}],
    }
    tables["partners"].append({"partner_id": "school", "in_plan": False})
    tables["sites"] += [
        {"site_id": "B", "easting": 1000, "northing": 0, "gia_m2": 200, "nia_m2": 150},
        {
            "site_id": "S",
            "status": "host",
            "scope": "keep",
            "partner_id": "school",
            "easting": 500,
            "northing": 0,
        },
    ]
    tables["provisions"].append(tables["provisions"][0] | {"provision_id": "b", "site_id": "B"})
    # A move is 100 m2 x 10 of fit-out and 3 x 700 of IT: 3,100 of capital, and 3 x 500 of removal.
    # The fee is 700 a year, to a host outside the plan. 3,100 pay for A in year 0, sold at once; a
    # twentieth of 40,000 comes back a year later: 2,000, not enough for B, ever.
    years = D0 + D1 + D2 + D3 + D4
    first = (6_000 - 700) * years - 3_100 - 1_500 + 40_000
    plan = both_find(*case(tables, {"capital": {"recycle_share": 0.05}}), first)
    assert plan.closures["site_id"].tolist() == ["A"]
    # A year on works are 2% dearer, what waits is not: at 0.07905 exactly 3,100 x 1.02 = 3,162 come back
    # in year 1, and B follows then.
    second = (5_000 - 700) * (years - D0) - 4_600 * D1
    plan = both_find(*case(tables, {"capital": {"recycle_share": 0.07905}}), first + second)
    assert sorted(zip(plan.closures["site_id"], plan.closures["year"], strict=True)) == [("A", 0), ("B", 1)]
    # As if no sale ever completed, the purse stays empty: A alone, although its sale is still expected.
    options = {"recycle_share": 0.07905, "receipts": False}
    both_find(*case(tables, {"capital": options}), first)


def test_residents_keep_a_library_in_reach() -> None:
    """A merge, an online service and a standard; then a case without any plan."""
    tables = library() | {
        "running_costs": [
            {"site_id": "A", "gbp_per_year": 10_000, "fixed_share": 0.6},
            {"site_id": "B", "gbp_per_year": 9_000, "fixed_share": 0.6},
        ],
        "areas": [
            {"area_id": "near A", "population": 600, "easting": 0, "northing": 0},
            {"area_id": "near B", "population": 400, "easting": 2000, "northing": 0},
        ],
        "standards": [
            {"standard_id": "near", "service_id": "lib", "threshold": 1, "share": 0.6, "basis": "target"}
        ],
    }
    tables["services"] = [
        {"service_id": "lib", "merge_reach_km": 2, "merge_factor": 0.5},
        {"service_id": "pay", "online_allowed": True, "online_setup_gbp": 1_000, "online_gbp_per_visit": 0.5},
    ]
    tables["sites"].append({"site_id": "B", "easting": 2000, "northing": 0, "gia_m2": 200, "nia_m2": 150})
    tables["provisions"] += [
        tables["provisions"][0] | {"provision_id": "b", "site_id": "B"},
        {"provision_id": "p", "site_id": "B", "service_id": "pay", "room_nia_m2": 50, "digital_share": 1}
        | {"visits_per_year": 2_000},
    ]
    years = D0 + D1 + D2 + D3 + D4
    # A is the dearer, but 600 of 1,000 residents live beside it, so B merges into A: there is room for
    # 100 + 0.5 x 100 = 150 of 150 m2. It costs 3 x 1,200 for staff and 50 m2 x 10 of fit-out. The counter for
    # payments has to go online: 1,000 at once and 2,000 visits at 0.50 a year. All 9,000 are saved.
    best = (9_000 - 1_000) * years - 3_600 - 500 - 1_000
    plan = both_find(*case(tables), best)
    assert plan.closures["site_id"].tolist() == ["B"]
    assert dict(zip(plan.moves["provision_id"], plan.moves["how"], strict=True)) == {
        "b": "merge",
        "p": "online",
    }
    # With 0.7 asked for, nobody may go, and only payments leave: of 9,000 the variable 40% by room, a third,
    # is 1,200 a year, for 1,000 a year and 1,000 at once: not worth it.
    tables["standards"][0]["share"] = 0.7
    both_find(*case(tables), 0.0)
    # Who insists on closing B then has no plan.
    estate, config = case(tables, {"locks": {"close": ["B"]}})
    assert best_plan(estate, config).value is None
    from estate.solve import solve_estate

    with pytest.raises(InfeasibleError):
        solve_estate(estate, config)
