"""The plan as tables: one row a site, one row a move, one row a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.reference import kinds
from estate.present.reasons import reason_codes

if TYPE_CHECKING:
    from estate.core.result import Result

PLAN_COLUMNS = (
    "site_id",
    "partner_id",
    "scope",
    "decision",
    "hub_option",
    "year",
    "exit_route",
    "exit_year",
    "sold_year",
    "reason_code",
    "price_low_gbp",
    "price_high_gbp",
    "robustness",
    "price_kind",
)
MOVE_COLUMNS = ("provision_id", "from_site_id", "to_site_id", "how", "year", "room_nia_m2", "cost_gbp")
ONE_OFF_LINES = ("move", "it", "fit_out")


def _lag(result: Result) -> pd.DataFrame:
    """Years from closing to sale by site and route: ceil(years_to_sell + delays of brakes)."""
    rows = result.estate.tables["valuations"][["site_id", "exit_route", "years_to_sell"]].copy()
    default = float(result.estate.assumptions.get("years_to_sell", 0.0))
    brakes = result.estate.tables["brakes"]
    delays = brakes[brakes["effect"] == "delay"].groupby("site_id")["delay_years"].sum()
    wait = rows["years_to_sell"].astype(float).fillna(default) + pd.to_numeric(
        rows["site_id"].map(delays)
    ).fillna(0.0)
    rows["lag"] = np.ceil(wait.astype(float) - 1e-9)
    return rows[["site_id", "exit_route", "lag"]].drop_duplicates(["site_id", "exit_route"])


def _closing_years(result: Result) -> pd.DataFrame:
    """Return closing, leaving and sale years as offsets; exits are over when the property has gone."""
    closures = result.plan.closures.rename(columns={"year": "close_t"}).astype({"site_id": str})
    rows = closures.merge(_lag(result), on=["site_id", "exit_route"], how="left")
    rows["lag"] = rows["lag"].fillna(float(result.estate.assumptions.get("years_to_sell", 0.0)))
    close = rows["close_t"].astype(float)
    gone = rows["exit_route"].map({"surrender": 0.0, "hold": np.nan})
    waits = rows["exit_route"].isin(["sell", "transfer", "let"])
    rows["exit_t"] = close + gone.where(~waits, rows["lag"])
    sold = rows["exit_t"].where(rows["exit_route"].isin(["sell", "transfer"]))
    rows["sold_t"] = sold.where(sold < result.horizon.appraisal_years)
    return rows[["site_id", "exit_route", "close_t", "exit_t", "sold_t"]]


def named(names: pd.Series, ids: pd.Series) -> pd.Series:
    """Return the names, and the ids where a name is blank; line breaks become spaces."""
    words = names.astype(object).where(names.notna(), "").astype(str).str.split().str.join(" ")
    return words.where(words != "", ids.astype(str))


def _blank(column: pd.Series) -> pd.Series:
    """Return a column of texts in which nothing is missing."""
    return column.astype(object).where(column.notna(), "")


def _labels(result: Result, t: pd.Series) -> pd.Series:
    """Name offsets as financial years, blank where there is none."""
    names = {offset: result.horizon.label(int(offset)) for offset in t.dropna().unique()}
    return _blank(t.map(names))


def plan_table(result: Result) -> pd.DataFrame:
    """Return every site of the estate with what happens to it.

    Returns
    -------
    DataFrame
        ``PLAN_COLUMNS`` followed by name, kind, kind_label, status, easting, northing [m],
        zone, scope_reason, partner, state and action_t (offset of the year of the action).
    """
    estate = result.estate
    sites = estate.tables["sites"].copy()
    sites["site_id"] = sites["site_id"].astype(str)
    hubs = result.plan.hubs.rename(columns={"option": "hub_option", "year": "hub_t"}).astype({"site_id": str})
    rows = sites.merge(_closing_years(result), on="site_id", how="left")
    rows = rows.merge(hubs[["site_id", "hub_option", "hub_t"]], on="site_id", how="left")
    rows["decision"] = np.select(
        [
            rows["hub_t"].notna(),
            rows["close_t"].notna(),
            rows["status"].eq("candidate"),
            rows["scope"].eq("out") | rows["status"].eq("outside"),
        ],
        ["hub", "close", "unused", "out"],
        "keep",
    )
    rows["reason_code"] = reason_codes(result, rows)
    rows["action_t"] = rows["hub_t"].fillna(rows["close_t"])
    for column, offset in (("year", "action_t"), ("exit_year", "exit_t"), ("sold_year", "sold_t")):
        rows[column] = _labels(result, rows[offset].astype(float))
    rows["hub_option"], rows["exit_route"] = _blank(rows["hub_option"]), _blank(rows["exit_route"])
    rows = _priced(result, rows)
    return _described(result, rows).sort_values("site_id", kind="stable").reset_index(drop=True)


def _priced(result: Result, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the price of deciding otherwise: with everything free where that was asked for, else held."""
    columns = list(PLAN_COLUMNS[-4:])
    told = result.reasons.get("reasons", pd.DataFrame(columns=["site_id", *columns]))
    # both kinds of a site stand one below the other, the one with everything free last
    last = told.drop_duplicates("site_id", keep="last").astype({"site_id": str})
    return rows.merge(last[["site_id", *columns]], on="site_id", how="left")


def _described(result: Result, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the words for kinds and partners and the state of each decision."""
    labels = kinds().set_index("kind")["label"]
    partners = result.estate.tables["partners"].set_index("partner_id")["name"]
    decisions = result.estate.tables.get("decisions", pd.DataFrame(columns=["site_id", "state"]))
    state = decisions.drop_duplicates("site_id", keep="last").set_index("site_id")["state"]
    rows["kind_label"] = named(rows["kind"].map(labels), rows["kind"])
    rows["partner"] = named(rows["partner_id"].map(partners), rows["partner_id"])
    acted = rows["decision"].isin(["close", "hub"])
    rows["state"] = rows["site_id"].map(state)
    rows["state"] = rows["state"].astype(object).where(rows["state"].notna(), "proposed").where(acted, "")
    rows["name"] = named(rows["name"], rows["site_id"])
    keep = [*PLAN_COLUMNS, "name", "kind", "kind_label", "status", "easting", "northing", "zone"]
    return rows[[*keep, "scope_reason", "partner", "state", "action_t", "confidential", "parent_site_id"]]


def moves_table(result: Result) -> pd.DataFrame:
    """Return every provision that leaves, with the room it needs and what leaving costs.

    Returns
    -------
    DataFrame
        ``MOVE_COLUMNS`` (room_nia_m2 [m2] at the new place; cost_gbp [GBP] one-off: removal,
        IT and fit-out, or setting up online) followed by service_id, service, partner_id, t.
    """
    estate = result.estate
    columns = ["provision_id", "site_id", "service_id", "partner_id", "room_nia_m2", "digital_share"]
    rows = result.plan.moves.merge(estate.tables["provisions"][columns], on="provision_id", how="left")
    services = estate.tables["services"].set_index("service_id")
    home = estate.tables["provisions"].set_index("provision_id")["site_id"]
    how = rows["how"]
    factor = (
        rows["service_id"]
        .map(services["space_factor"])
        .where(how != "merge", rows["service_id"].map(services["merge_factor"]))
    )
    stays = 1.0 - rows["digital_share"].astype(float).fillna(0.0)
    rows["room_nia_m2"] = (rows["room_nia_m2"].astype(float) * factor.astype(float) * stays).where(
        how != "online", 0.0
    )
    to_site = _blank(rows["to_site_id"])
    rows["to_site_id"] = _blank(to_site.where(to_site != "", rows["to_provision_id"].map(home)))
    ledger = result.ledger
    paid = ledger[(ledger["case"] == "plan") & ledger["line"].isin(ONE_OFF_LINES)]
    cost = -paid.groupby("provision_id")["amount_gbp"].sum()
    setup = rows["service_id"].map(services["online_setup_gbp"]).astype(float).fillna(0.0)
    rows["cost_gbp"] = rows["provision_id"].map(cost).fillna(0.0).where(how != "online", setup)
    rows["service"] = named(rows["service_id"].map(services["name"]), rows["service_id"])
    rows["t"] = rows["year"].astype(int)
    rows["year"] = _labels(result, rows["t"].astype(float))
    rows = rows.rename(columns={"site_id": "from_site_id"})
    order = rows[[*MOVE_COLUMNS, "service_id", "service", "partner_id", "t"]]
    return order.sort_values("provision_id", kind="stable").reset_index(drop=True)


def hubs_table(result: Result, plan: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Return the hubs that open: name, room [m2], year, what moves in and from how many sites."""
    options = result.estate.tables["hub_options"][["site_id", "option", "room_nia_m2"]]
    rows = plan[plan["decision"] == "hub"].merge(
        options.rename(columns={"option": "hub_option"}).astype({"site_id": str}),
        on=["site_id", "hub_option"],
        how="left",
    )
    arriving = moves.groupby("to_site_id").agg(
        arrivals=("provision_id", "size"),
        from_sites=("from_site_id", "nunique"),
        arriving_nia_m2=("room_nia_m2", "sum"),
        services=("service", lambda s: ", ".join(sorted(set(s)))),
    )
    rows = rows.join(arriving, on="site_id")
    rows[["arrivals", "from_sites"]] = rows[["arrivals", "from_sites"]].fillna(0).astype(int)
    rows["arriving_nia_m2"] = rows["arriving_nia_m2"].fillna(0.0)
    rows["services"] = _blank(rows["services"])
    keep = [
        "site_id",
        "name",
        "partner_id",
        "partner",
        "hub_option",
        "room_nia_m2",
        "year",
        "action_t",
        "state",
    ]
    added = ["arrivals", "from_sites", "arriving_nia_m2", "services", "easting", "northing"]
    return rows[[*keep, *added]].sort_values(["action_t", "site_id"], kind="stable").reset_index(drop=True)
