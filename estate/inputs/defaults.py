"""Fill every default, in one order, with a record of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.core.tables import SPECS, fill
from estate.core.words import plural
from estate.inputs.assume import Default, Filling, dictionary_defaults
from estate.inputs.open_days import fill_windows
from estate.inputs.rates import (
    append,
    counted,
    fill_areas,
    fill_costs,
    fill_provisions,
    fill_sale_times,
    new_rows,
    note_what_is_known,
)
from estate.inputs.repairs import with_priorities
from estate.inputs.rooms import BACK_OFFICE, fill_rooms
from estate.inputs.scope import (
    fill_kinds,
    fill_scope,
    keep_where_all_is_assumed,
    keep_without_service,
)
from estate.inputs.serving import fill_digital, fill_hosts

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


def fill_defaults(
    typed: Mapping[str, pd.DataFrame],
    values: Mapping[str, float],
    *,
    allow_assumed: bool,
    own: Container[str] = (),
) -> Filling:
    """Fill every blank that has a default, and everything that follows from other tables.

    Parameters
    ----------
    typed : mapping of str to DataFrame
        Every table, conformed but with its blanks; ``sites`` and ``areas`` placed.
    values : mapping of str to float
        Named assumptions in force.
    allow_assumed : bool
        Whether sites whose cost and floor area are both assumed may be decided.
    own : container of str
        Named assumptions that the user set: years_to_sell then holds for every kind of building.

    Returns
    -------
    Filling
        Complete tables with the record of what was assumed.
    """
    filling = Filling({}, dict(values))
    ranked = {**typed, "backlog": with_priorities(typed["backlog"])}
    for name, frame in ranked.items():
        filling.tables[name], counts = fill(frame.reset_index(drop=True), SPECS[name])
        for default in dictionary_defaults(name, counts):
            filling.assume(default)
    user_scope = (typed["sites"]["scope"] != "").reset_index(drop=True)
    _fill_names(filling, "sites", "site_id")
    _fill_partners(filling)
    fill_kinds(filling)
    fill_scope(filling, user_scope)
    fill_provisions(filling)
    keep_without_service(filling, user_scope)
    fill_areas(filling)
    fill_costs(filling)
    note_what_is_known(filling)
    if not allow_assumed:
        keep_where_all_is_assumed(filling)
    fill_rooms(filling)
    if "years_to_sell" not in own:
        fill_sale_times(filling)
    _fill_services(filling)
    _fill_hub_options(filling)
    fill_windows(filling)
    fill_hosts(filling, typed)
    fill_digital(filling, typed)
    _fill_names(filling, "areas", "area_id")
    _fill_groups(filling)
    _note_tenures(filling)
    _note_values(filling)
    return filling


def _fill_names(filling: Filling, table: str, key: str) -> None:
    frame = filling.tables[table]
    filling.tables[table] = frame.assign(name=frame["name"].where(frame["name"] != "", frame[key]))


def _fill_partners(filling: Filling) -> None:
    """Without a table of partners, everybody who is named takes part."""
    tables = filling.tables
    named = [
        tables["sites"]["partner_id"],
        tables["provisions"]["partner_id"],
        tables["hub_options"]["lead_partner_id"],
    ]
    known = tables["partners"]["partner_id"]
    missing = sorted(set(pd.concat(named)) - set(known) - {""}) if known.empty else []
    if missing:
        rows = new_rows("partners", {"partner_id": pd.Series(missing)})
        tables["partners"] = append("partners", tables["partners"], rows)
        filling.assume(Default("partners", "Every body that is named takes part", "partners", len(missing)))
    _fill_names(filling, "partners", "partner_id")


def _fill_services(filling: Filling) -> None:
    """Add a row for every service that provisions name and the table of services lacks."""
    tables = filling.tables
    named = pd.concat([tables["provisions"]["service_id"], tables["standards"]["service_id"]])
    missing = sorted(set(named) - set(tables["services"]["service_id"]) - {""})
    if missing:
        ids = pd.Series(missing)
        rows = new_rows(
            "services",
            {
                "service_id": ids,
                "name": ids.str.replace("_", " ").str.capitalize(),
                "front_office": ids != BACK_OFFICE,
            },
        )
        tables["services"] = append("services", tables["services"], rows)
        filling.assume(
            Default(
                "services",
                "Services take the defaults of the data dictionary",
                "services",
                len(missing),
                impact="amber",
            )
        )
    _fill_names(filling, "services", "service_id")


def _fill_hub_options(filling: Filling) -> None:
    options = filling.tables["hub_options"]
    owner = options["site_id"].map(filling.tables["sites"].set_index("site_id")["partner_id"])
    lead = options["lead_partner_id"].where(options["lead_partner_id"] != "", owner)
    life = options["life_years"].fillna(filling.used("hub_life_years"))
    filling.tables["hub_options"] = options.assign(lead_partner_id=lead, life_years=life)


def _fill_groups(filling: Filling) -> None:
    """Areas without a share of a group take the average of the others, by population."""
    areas = filling.tables["areas"]
    for column in ("over65_share", "no_car_share", "disabled_share"):
        blank = areas[column].isna()
        known = areas[~blank & (areas["population"] > 0)]
        if known.empty or not blank.any():
            continue
        average = float((known[column] * known["population"]).sum() / known["population"].sum())
        areas = areas.assign(**{column: areas[column].fillna(average)})
        filling.assume(
            Default(
                f"areas.{column}",
                "Areas without the share take the average of the others",
                "areas",
                int(blank.sum()),
                average,
                float(known[column].min()),
                float(known[column].max()),
                "share",
                source="the other areas",
            )
        )
    filling.tables["areas"] = areas


def _note_tenures(filling: Filling) -> None:
    """Sites without a row of tenures are read as freehold: no row is invented."""
    sites = filling.tables["sites"]
    bare = (
        counted(sites)
        & sites["scope"].isin(["decide", "surplus"])
        & ~sites["site_id"].isin(filling.tables["tenures"]["site_id"])
    )
    filling.assume(
        Default(
            "tenures.missing",
            "A site without a row of tenures is freehold",
            "tenures",
            int(bare.sum()),
            quality="red",
            impact="amber",
        )
    )


def _note_values(filling: Filling) -> None:
    """Say how many freeholds would be held empty, because nothing is known of their value (model.md 2)."""
    sites, tenures = filling.tables["sites"], filling.tables["tenures"]
    known = [
        *tenures.loc[tenures["tenure"] != "freehold", "site_id"],
        *filling.tables["valuations"]["site_id"],
    ]
    may_close = counted(sites) & sites["scope"].isin(["decide", "surplus"])
    bare = int((may_close & ~sites["site_id"].isin(known)).sum())
    if bare:
        filling.first.append(
            f"{plural(bare, 'freehold has', 'freeholds have')} no value in valuations: "
            "where closed they are held empty to the last year, and no receipt is counted."
        )


def rows_touched(
    typed: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame], pairs: int
) -> dict[str, float]:
    """Return how many rows each named assumption stands in for, where that can be counted."""
    sites, valuations, tenures = tables["sites"], tables["valuations"], tables["tenures"]
    closable = sites["scope"].isin(["decide", "surplus"]) & (sites["status"] == "existing")
    leased = tenures["tenure"].isin(["leasehold", "licence"])
    raw = typed["sites"]
    return {
        "circuity": float(pairs),
        "nia_per_gia": float((raw["nia_m2"].isna().to_numpy() & counted(sites).to_numpy()).sum()),
        "dilapidations_gbp_per_m2": float((leased & tenures["dilapidations_gbp"].isna()).sum()),
        "vacant_holding_gbp_per_m2_per_year": float(valuations["holding_gbp_per_year"].isna().sum()),
        "sale_probability": float(valuations["probability"].isna().sum()),
        "years_to_sell": float(valuations["years_to_sell"].isna().sum()),  # kinds have been filled in
        "disposal_cost_share": float(valuations["disposal_cost_share"].isna().sum()),
        "decommissioning_gbp_per_m2": float(closable.sum()),
        "hub_life_years": float(typed["hub_options"]["life_years"].isna().sum()),
        "lifecycle_share_per_year": float(len(tables["hub_options"])),
        "fees_share": float(len(tables["hub_options"])),
        "contingency_share": float(len(tables["hub_options"])),
        "optimism_bias_share": float(len(tables["hub_options"])),
        "default_move_reach_km": float(tables["services"]["move_reach_km"].isna().sum()),
    }
