"""The lines of people, tenants, leases, energy and carbon, worked out with a pencil."""

from __future__ import annotations

import pytest
from small_estates import amounts, config, estate, plan

from estate.appraise.ledger import build_ledger
from estate.core.vintage import carbon_prices

RATES = {
    "optimism_bias_duration_share": 0.5,
    "optimism_bias_mitigated_share": 0.2,
    "double_running_months": 3.0,
    "programme_gbp_per_closure": 700.0,
    "programme_gbp_per_hub": 900.0,
    "excess_travel_gbp_per_fte_per_year": 100.0,
    "excess_travel_years": 2.0,
    "cost_step_share": 0.25,
    "carbon_kg_per_kwh": 0.2,
    "energy_upgrade_gbp_per_m2": 60.0,
}
"""Works take 1 + 0.5 x 0.8 = 1.4 times as long."""


def ledger_of(actions, run=None, route="sell", **change):
    tables = {
        "partners": [{"partner_id": "council"}, {"partner_id": "nhs"}],
        "sites": [
            {"site_id": "A", "partner_id": "council", "gia_m2": 200, "easting": 0, "northing": 0}
            | {"income_gbp_per_year": 600, "tenant_compensation_gbp": 5_000, "energy_rating": "F"}
            | {"energy_kwh_per_year": 10_000},
            {"site_id": "B", "partner_id": "nhs", "easting": 3_000, "northing": 4_000, "step_free": "yes"},
        ],
        "running_costs": [
            {"site_id": "A", "heading": "soft_fm", "gbp_per_year": 10_000, "fixed_share": 0.2}
            | {"stepped_share": 0.4},
            {"site_id": "A", "heading": "rent", "gbp_per_year": 8_000},
        ],
        "services": [{"service_id": "adv"}],
        "provisions": [
            {"provision_id": "u", "site_id": "A", "service_id": "adv", "room_nia_m2": 60, "staff_fte": 4}
            | {"visits_per_year": 1_000, "digital_share": 0.25, "redundancy_gbp": 3_000},
            {"provision_id": "w", "site_id": "A", "service_id": "adv", "room_nia_m2": 40},
        ],
        "hub_options": [
            {"site_id": "B", "option": "small", "room_nia_m2": 200, "capital_gbp": 30_000, "lead_years": 2}
            | {"spend_profile": "0.9;0.1", "running_cost_gbp_per_year": 0, "energy_kwh_per_year": 4_000}
        ],
        "valuations": [
            {"site_id": "A", "exit_route": route, "receipt_gbp": 1_000, "years_to_sell": 2}
            | {"holding_gbp_per_year": 0, "probability": 1}
        ],
    }
    for name, rows in change.items():
        tables[name] = rows if name not in tables else [row | rows[0] for row in tables[name]]
    made = estate(RATES, **tables)
    return build_ledger(made, run or config(years=6, decisions=5), actions)


MOVED = plan(hubs=[("B", "small", 3)], moves=[("u", "move", "B", "small", "", 3)])
CLOSED = plan(
    closures=[("A", 3, "sell")],
    hubs=[("B", "small", 3)],
    moves=[("u", "move", "B", "small", "", 3), ("w", "move", "B", "small", "", 3)],
)


def test_a_step_goes_with_the_provision_that_frees_it_whole():
    # u has 60% of the room: two steps of 25%. 40% x 60% variable, 40% x 50% stepped.
    ledger = ledger_of(MOVED)
    saved = 10_000 * (0.4 * 0.6 + 0.4 * 0.5)
    assert amounts(ledger, "running_cost", heading="soft_fm")[3:] == pytest.approx([-(10_000 - saved)] * 3)
    # The rest stays until the building closes: 20% fixed, 25% of the stepped part, w's own part.
    closed = ledger_of(CLOSED)
    assert amounts(closed, "running_cost", heading="soft_fm") == pytest.approx([-10_000] * 3 + [0] * 3)
    assert amounts(closed, "double_running", heading="soft_fm")[3] == pytest.approx(-10_000 / 4 * 1.4)


def test_works_take_longer_than_planned_and_are_then_spread_evenly():
    spent = amounts(ledger_of(MOVED), "hub_capital")
    assert spent[:4] == pytest.approx([spent[0]] * 3 + [0.0]), "2 x 1.4 years is three"
    assert spent[0] < 0


def test_people_cost_what_is_given():
    ledger = ledger_of(MOVED)
    assert amounts(ledger, "redundancy") == [0, 0, 0, -3_000, 0, 0]
    assert set(ledger.loc[ledger["line"] == "redundancy", "view"]) == {"financial"}
    assert amounts(ledger, "excess_travel") == pytest.approx([0, 0, 0, -300, -300, 0]), "3 FTE, two years"
    assert amounts(ledger, "programme") == [0, 0, 0, -900, 0, 0]
    assert amounts(ledger_of(CLOSED), "programme") == [0, 0, 0, -1_600, 0, 0]


def test_tenants_are_paid_to_go_or_stay_until_the_sale():
    assert amounts(ledger_of(CLOSED), "tenant_compensation") == [0, 0, 0, -5_000, 0, 0]
    assert amounts(ledger_of(CLOSED), "income") == [600, 600, 600, 0, 0, 0]
    stay = ledger_of(CLOSED, valuations=[{"subject_to_tenancy": "yes"}])
    assert amounts(stay, "tenant_compensation") == [0] * 6
    assert amounts(stay, "income") == [600] * 5 + [0]


def test_a_building_is_brought_to_the_band_in_which_it_may_be_let():
    let = plan(closures=[("A", 1, "let")], moves=CLOSED.moves.values.tolist())
    assert amounts(ledger_of(let, route="let"), "energy_upgrade") == [0, 0, 0, -12_000, 0, 0]
    fine = config(years=6, decisions=5, policy={"let_energy_band": "F"})
    assert amounts(ledger_of(let, fine, route="let"), "energy_upgrade") == [0] * 6


def test_a_premium_is_paid_only_before_the_lease_ends_by_itself():
    leased = {"site_id": "A", "tenure": "leasehold", "expiry": "2031-04-01", "break_date": "2029-04-01"}
    for year, paid in ((3, -4_000.0), (2, 0.0), (4, 0.0)):
        gone = plan(closures=[("A", year, "surrender")], moves=CLOSED.moves.values.tolist())
        ledger = ledger_of(gone, route="surrender", tenures=[leased], valuations=[{"premium_gbp": 4_000}])
        assert sum(amounts(ledger, "surrender_premium")) == paid, year


def test_rents_go_from_review_to_review():
    held = {"site_id": "A", "tenure": "leasehold", "review_date": "2028-06-24"}

    def rent(**terms):
        ledger = ledger_of(MOVED, tenures=[held | terms])
        return [-amount for amount in amounts(ledger, "running_cost", "bau", heading="rent")]

    # Today's 8,000; the review of June 2028 takes effect in year 2.
    assert rent(review_basis="upward", market_rent_gbp_per_year=9_000) == [8_000] * 2 + [9_000] * 4
    assert rent(review_basis="upward", market_rent_gbp_per_year=7_000) == [8_000] * 6
    assert rent(review_basis="market", market_rent_gbp_per_year=7_000) == [8_000] * 2 + [7_000] * 4
    assert rent(review_basis="market") == [8_000] * 6
    # 10% a year beyond prices, every second year: x 1.21; none after the lease has ended in year 4.
    index = {"review_basis": "index", "review_years": 2, "review_growth_share_per_year": 0.1}
    assert rent(**index) == pytest.approx([8_000] * 2 + [9_680] * 2 + [11_712.8] * 2)
    assert rent(**index, expiry="2031-04-01") == pytest.approx([8_000] * 2 + [9_680] * 4)
    ended = rent(**index, expiry="2031-04-01", market_rent_gbp_per_year=5_000)
    assert ended == pytest.approx([8_000] * 2 + [9_680] * 2 + [5_000] * 2)
    # A review of 2024, in force since before the plan began, is in today's rent; the next is of 2029.
    assert rent(**index | {"review_date": "2024-06-24", "review_years": 5})[2:] == pytest.approx(
        [8_000] + [8_000 * 1.1**5] * 3
    )


def test_what_is_owed_on_leaving_a_lease():
    rates = {"site_id": "A", "tenure": "leasehold", "expiry": "2040-04-01", "break_penalty_gbp": 2_000}
    gone = plan(closures=[("A", 3, "surrender")], moves=CLOSED.moves.values.tolist())

    def owed(line, **terms):
        return amounts(ledger_of(gone, route="surrender", tenures=[rates | terms]), line)[3]

    # 200 m2 at 150, the inside alone half of it, nothing where the landlord repairs.
    assert owed("dilapidations", repair_liability="full") == -30_000
    assert owed("dilapidations", repair_liability="internal") == -15_000
    assert owed("dilapidations", repair_liability="landlord") == 0
    assert owed("dilapidations", repair_liability="landlord", dilapidations_gbp=900) == -900
    # Year 3 is 2030/31: a break of its own, the last of three, within a rolling one, or none.
    assert owed("break_penalty", last_break_date="2029-04-01") == 0
    assert owed("break_penalty", break_date="2028-04-01", last_break_date="2030-04-01") == -2_000
    both = {"earliest_break_date": "2028-04-01", "last_break_date": "2031-04-01"}
    assert owed("break_penalty", **both) == 0
    assert owed("break_penalty", **both, rolling_break="yes") == -2_000
    assert owed("break_penalty", earliest_break_date="2028-04-01", rolling_break="yes") == -2_000


def test_rent_between_partners_is_a_transfer():
    leased = {"site_id": "A", "tenure": "leasehold", "landlord_partner_id": "nhs"}
    ledger = ledger_of(CLOSED, tenures=[leased])
    rent = ledger[(ledger["heading"] == "rent")]
    assert set(rent["view"]) == {"financial"}
    assert rent.groupby(["case", "t"])["amount_gbp"].sum().abs().max() == pytest.approx(0, abs=1e-9)
    assert amounts(ledger, "rent_between_partners", "bau", partner_id="nhs") == [8_000] * 6
    months = 8_000 / 4 * 1.4
    assert amounts(ledger, "rent_between_partners") == pytest.approx([8_000] * 3 + [months, 0, 0])


def test_carbon_counts_only_where_it_is_asked_for():
    assert amounts(ledger_of(CLOSED), "carbon", "bau") == [0] * 6
    run = config(years=6, decisions=5, vintages={"carbon": "central"})
    ledger = ledger_of(CLOSED, run)
    prices = carbon_prices(
        "central",
        ("desnz_2023_11", "hmt_2025_12"),
        range(2027, 2033),
        RATES | {"inflation_share_per_year": 0.02},
    )
    # 281.44 in 2022 prices, to 2027: 100 / 90.5005 x 1.02 cubed; 0.2 kg for each kWh.
    assert prices[0] == pytest.approx(281.44 / 0.905005 * 1.02**3 * 0.2 / 1000)
    assert amounts(ledger, "carbon", "bau") == pytest.approx(list(-10_000 * prices))
    assert amounts(ledger, "carbon")[2:4] == pytest.approx([-10_000 * prices[2], -4_000 * prices[3]])
