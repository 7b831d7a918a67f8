"""From the raw tables to plain records; nothing here is shared with the optimiser."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from estate.core.reference import headings
from estate.core.tax import stamp_duty
from estate.verify.cells import (
    Row,
    clock,
    effect_year,
    flag,
    maybe,
    number,
    parts,
    rows,
    text,
    week,
    whole_years,
)
from estate.verify.records import (
    Brake,
    Cost,
    HostTerms,
    HubOption,
    Partner,
    Provision,
    Service,
    Site,
    Tenure,
    Valuation,
)

Tables = Mapping[str, pd.DataFrame]
DUE_BY_PRIORITY = {1: 0, 2: 1, 3: 3, 4: 6}
LATE = 300
"""A year t beyond every horizon, where breaks that go on for ever are counted no more."""


def _by_site(tables: Tables, name: str) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows(tables.get(name)):
        grouped[text(row["site_id"])].append(row)
    return grouped


def read_partners(tables: Tables) -> dict[str, Partner]:
    """Return the partners by id."""
    return {
        text(row["partner_id"]): Partner(
            partner_id=text(row["partner_id"]),
            name=text(row.get("name")) or text(row["partner_id"]),
            in_plan=flag(row.get("in_plan"), default=True),
            floor_gbp=maybe(row.get("floor_npv_gbp")),
            retention=number(row.get("receipt_retention_share"), 1.0),
            vat_lost_share=number(row.get("irrecoverable_vat_share")),
            pays_stamp_duty=flag(row.get("pays_stamp_duty"), default=True),
        )
        for row in rows(tables.get("partners"))
    }


def read_services(tables: Tables) -> dict[str, Service]:
    """Return the services by id."""
    return {
        text(row["service_id"]): Service(
            service_id=text(row["service_id"]),
            name=text(row.get("name")) or text(row["service_id"]),
            space_factor=number(row.get("space_factor"), 1.0),
            merge_factor=number(row.get("merge_factor"), 0.8),
            merge_reach_km=number(row.get("merge_reach_km")),
            move_reach_km=maybe(row.get("move_reach_km")),
            online_allowed=flag(row.get("online_allowed")),
            online_setup_gbp=number(row.get("online_setup_gbp")),
            online_gbp_per_visit=number(row.get("online_gbp_per_visit")),
            year_round=flag(row.get("year_round"), default=True),
            front_office=flag(row.get("front_office"), default=True),
            transactions=parts(row.get("transactions")),
            core_opens=clock(row.get("core_opens")),
            core_closes=clock(row.get("core_closes")),
            outreach_days=maybe(row.get("outreach_days_per_week")),
        )
        for row in rows(tables.get("services"))
    }


def read_provisions(tables: Tables, owners: Mapping[str, str]) -> dict[str, Provision]:
    """Return the provisions by id; a blank occupier is the owner of the site."""
    return {
        text(row["provision_id"]): Provision(
            provision_id=text(row["provision_id"]),
            site_id=text(row["site_id"]),
            service_id=text(row["service_id"]),
            partner=text(row.get("partner_id")) or owners.get(text(row["site_id"]), ""),
            room_m2=number(row.get("room_nia_m2")),
            fte=number(row.get("staff_fte")),
            visits=number(row.get("visits_per_year")),
            hours=number(row.get("weekly_hours")),
            digital_share=number(row.get("digital_share")),
            redundancy_gbp=number(row.get("redundancy_gbp")),
            fixed=flag(row.get("fixed_to_site")),
            days=number(row.get("days_per_week"), 5.0),
            opens=clock(row.get("opens")),
            closes=clock(row.get("closes")),
            week=week(row.get("open_days")),
        )
        for row in rows(tables.get("provisions"))
    }


def _costs(found: list[Row]) -> tuple[Cost, ...]:
    reference = headings().set_index("heading")
    shares, views = reference["fixed_share"].to_dict(), reference["view"].to_dict()
    costs = []
    for row in found:
        heading = text(row.get("heading")) or "all_running_costs"
        view = str(views[heading])
        if view != "memo":
            fixed = number(row.get("fixed_share"), float(shares[heading]))
            cashable = number(row.get("cashable_share"), 1.0)
            stepped = number(row.get("stepped_share"))
            costs.append(Cost(heading, view, number(row["gbp_per_year"]), fixed, cashable, stepped))
    return tuple(costs)


def _tenure(found: list[Row], first_year: int) -> Tenure:
    if not found:
        return Tenure()
    row = found[0]
    every = maybe(row.get("review_years"))
    return Tenure(
        tenure=text(row.get("tenure")) or "freehold",
        expiry=effect_year(row.get("expiry"), first_year),
        breaks=_breaks(row, first_year),
        notice_years=whole_years(number(row.get("notice_months")) / 12),
        break_penalty_gbp=number(row.get("break_penalty_gbp")),
        market_rent_gbp=maybe(row.get("market_rent_gbp_per_year")),
        dilapidations_gbp=maybe(row.get("dilapidations_gbp")),
        landlord=text(row.get("landlord_partner_id")),
        review=effect_year(row.get("review_date"), first_year),
        review_every=None if every is None else int(every),
        review_basis=text(row.get("review_basis")) or "upward",
        review_growth=number(row.get("review_growth_share_per_year")),
        repairs=text(row.get("repair_liability")) or "full",
    )


def _breaks(row: Row, first_year: int) -> frozenset[int]:
    """Return the years in which a lease may be broken: each date, or all years between them."""
    names = ("break_date", "earliest_break_date", "last_break_date")
    dates = [year for name in names if (year := effect_year(row.get(name), first_year)) is not None]
    if not dates or not flag(row.get("rolling_break")):
        return frozenset(dates)
    expiry = effect_year(row.get("expiry"), first_year)
    last = max(dates) + 1 if len(dates) > 1 else expiry
    return frozenset(range(min(dates), LATE if last is None else last))


def _brakes(found: list[Row], first_year: int) -> tuple[Brake, ...]:
    return tuple(
        Brake(
            brake=text(row.get("brake")),
            effect=text(row["effect"]),
            until=effect_year(row.get("until"), first_year),
            delay_years=number(row.get("delay_years")),
            cost_gbp=number(row.get("cost_gbp")),
            receipt_factor=number(row.get("receipt_factor"), 1.0),
        )
        for row in found
    )


def _valuations(found: list[Row], assumed: Mapping[str, float]) -> dict[str, Valuation]:
    return {
        text(row.get("exit_route")) or "sell": Valuation(
            receipt_gbp=number(row.get("receipt_gbp")),
            probability=number(row.get("probability"), assumed["sale_probability"]),
            years_to_sell=number(row.get("years_to_sell"), assumed["years_to_sell"]),
            disposal_cost_share=number(row.get("disposal_cost_share"), assumed["disposal_cost_share"]),
            let_income_gbp=number(row.get("let_income_gbp_per_year")),
            holding_gbp=maybe(row.get("holding_gbp_per_year")),
            premium_gbp=number(row.get("premium_gbp")),
            tenanted=flag(row.get("subject_to_tenancy")),
        )
        for row in found
    }


def duration_factor(assumed: Mapping[str, float]) -> float:
    """Return how much longer works take than planned, with what is left of the optimism bias."""
    return 1 + assumed["optimism_bias_duration_share"] * (1 - assumed["optimism_bias_mitigated_share"])


def _duty(row: Row, assumed: Mapping[str, float]) -> float:
    """Return the stamp duty land tax on what is bought or leased for a hub [GBP]."""
    price, rent = number(row.get("purchase_gbp")), number(row.get("lease_rent_gbp_per_year"))
    return float(stamp_duty(assumed, price, rent, number(row.get("lease_years"))))


def _relief_months(row: Row, assumed: Mapping[str, float]) -> float:
    """Return the months without rates of a building that is empty; infinite where none are ever due."""
    if number(row.get("rateable_value_gbp"), math.inf) < assumed["empty_rates_exempt_below_gbp"]:
        return math.inf
    relief = text(row.get("empty_rates_relief")) or (
        "none" if text(row.get("scope")) == "surplus" else "usual"
    )
    if relief in {"listed", "charity"}:
        return math.inf
    months = {"usual": "empty_rates_relief_months", "industrial": "empty_rates_industrial_months"}
    return assumed[months[relief]] if relief in months else 0.0


def _options(found: list[Row], owner: str, assumed: Mapping[str, float]) -> dict[str, HubOption]:
    return {
        text(row["option"]): HubOption(
            site_id=text(row["site_id"]),
            option=text(row["option"]),
            room_m2=number(row["room_nia_m2"]),
            capital_gbp=number(row["capital_gbp"]),
            running_gbp=number(row["running_cost_gbp_per_year"]),
            lead_years=whole_years(number(row.get("lead_years"), 1.0) * duration_factor(assumed)),
            profile=tuple(float(part) for part in text(row.get("spend_profile")).split(";") if part.strip()),
            lead_partner=text(row.get("lead_partner_id")) or owner,
            cures_share=number(row.get("cures_backlog_share")),
            life_years=int(number(row.get("life_years"), assumed["hub_life_years"])),
            energy_kwh=number(row.get("energy_kwh_per_year")),
            adds_wc=flag(row.get("adds_accessible_wc")),
            purchase_gbp=number(row.get("purchase_gbp")),
            stamp_duty_gbp=number(row.get("stamp_duty_gbp"), _duty(row, assumed)),
        )
        for row in found
    }


def _terms(found: list[Row]) -> HostTerms | None:
    if not found:
        return None
    row = found[0]
    opens, closes = clock(row.get("opens")), clock(row.get("closes"))
    return HostTerms(
        room_m2=number(row["room_nia_m2"]),
        hours=number(row.get("weekly_hours"), 168.0),
        term_weeks=number(row.get("term_weeks"), 52.0),
        permitted=parts(row.get("permitted_services")),
        fee_gbp_per_m2=number(row.get("fee_gbp_per_m2_per_year")),
        days=number(row.get("days_per_week"), 7.0),
        opens=0.0 if opens is None else opens,
        closes=24.0 if closes is None else closes,
        transactions=parts(row.get("permitted_transactions")),
        week=week(row.get("open_days")),
    )


def _backlog(found: list[Row], first_year: int) -> tuple[tuple[int, float], ...]:
    """Return (due year t, funded amount [GBP]) of every backlog row."""
    due = []
    for row in found:
        year = maybe(row.get("due_year"))
        t = DUE_BY_PRIORITY[int(number(row.get("priority"), 3.0))] if year is None else int(year) - first_year
        due.append((max(0, t), number(row["backlog_gbp"]) * number(row.get("funded_share"))))
    return tuple(due)


def read_sites(
    tables: Tables, partners: Mapping[str, Partner], assumed: Mapping[str, float], first_year: int
) -> dict[str, Site]:
    """Return the sites by id, with all that the side tables say of them."""
    side = {
        name: _by_site(tables, name)
        for name in (
            "running_costs",
            "tenures",
            "brakes",
            "valuations",
            "hub_options",
            "host_terms",
            "backlog",
            "provisions",
        )
    }
    return {
        text(row["site_id"]): _site(
            row,
            {name: by_site.get(text(row["site_id"]), []) for name, by_site in side.items()},
            partners,
            assumed,
            first_year,
        )
        for row in rows(tables.get("sites"))
    }


def _site(
    row: Row,
    side: Mapping[str, list[Row]],
    partners: Mapping[str, Partner],
    assumed: Mapping[str, float],
    first_year: int,
) -> Site:
    owner, gia = text(row.get("partner_id")), number(row.get("gia_m2"))
    x, y = maybe(row.get("easting")), maybe(row.get("northing"))
    return Site(
        site_id=text(row["site_id"]),
        name=text(row.get("name")) or text(row["site_id"]),
        partner=owner,
        in_plan=owner in partners and partners[owner].in_plan,
        scope=text(row.get("scope")),
        status=text(row.get("status")) or "existing",
        place=None if x is None or y is None else (x, y),
        gia_m2=gia,
        nia_m2=number(row.get("nia_m2"), gia * assumed["nia_per_gia"]),
        step_free=text(row.get("step_free")) or "unknown",
        step_free_cost_gbp=maybe(row.get("step_free_cost_gbp")),
        income_gbp=number(row.get("income_gbp_per_year")),
        compensation_gbp=number(row.get("tenant_compensation_gbp")),
        energy_kwh=number(row.get("energy_kwh_per_year")),
        upgrade_gbp=number(row.get("energy_upgrade_gbp"), assumed["energy_upgrade_gbp_per_m2"] * gia),
        relief_months=_relief_months(row, assumed),
        energy_band=text(row.get("energy_rating")).strip().upper()[:1],
        tenure=_tenure(side["tenures"], first_year),
        costs=_costs(side["running_costs"]),
        brakes=_brakes(side["brakes"], first_year),
        valuations=_valuations(side["valuations"], assumed),
        options=_options(side["hub_options"], owner, assumed),
        terms=_terms(side["host_terms"]),
        backlog=_backlog(side["backlog"], first_year),
        provisions=tuple(text(found["provision_id"]) for found in side["provisions"]),
        accessible_wc=text(row.get("accessible_wc")) or "unknown",
        parking_spaces=maybe(row.get("parking_spaces")),
        stop_m=maybe(row.get("public_transport_stop_m")),
        open_hours=maybe(row.get("opening_hours_per_week")),
    )


def read_budgets(tables: Tables, first_year: int) -> list[tuple[str, int, dict[str, float]]]:
    """Return (purse, year t, budget, grant and borrowing limit [GBP]) of every budget row."""
    from estate.verify.cells import budget_year

    columns = {"budget": "capital_gbp", "grant": "grant_gbp", "limit": "borrowing_limit_gbp"}
    return [
        (
            text(row["purse"]),
            budget_year(row["year"]) - first_year,
            {kind: number(row.get(column)) for kind, column in columns.items()},
        )
        for row in rows(tables.get("budgets"))
    ]


def read_pairs(tables: Tables) -> list[dict[str, Any]]:
    """Return the rows of the compatibility table: service_a, service_b, relation, km."""
    return [
        {
            "a": text(row["service_a"]),
            "b": text(row["service_b"]),
            "relation": text(row["relation"]),
            "km": number(row.get("km")),
        }
        for row in rows(tables.get("compatibility"))
    ]
