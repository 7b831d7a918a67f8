"""Floor areas, running costs and provisions by kind of building, where the data have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.reference import headings, kinds
from estate.core.tables import SPECS, empty, fill
from estate.inputs.assume import Default

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estate.inputs.assume import Filling

COUNTED_SCOPES = ("decide", "surplus", "keep")
_AREAS = ["low_gia_m2", "gia_m2", "high_gia_m2"]
_TIMES = ["low_years_to_sell", "years_to_sell", "high_years_to_sell"]
_RATES = ["low_gbp_per_m2", "rate_gbp_per_m2", "high_gbp_per_m2"]


def rates_by_kind() -> pd.DataFrame:
    """Return area [m2] and cost [GBP/m2/year] by kind; kinds without take those of ``other``."""
    table = kinds().set_index("kind")
    numbers = [*_AREAS, *_RATES]  # times to sell stay blank: others take the assumption
    table[numbers] = table[numbers].fillna(table[numbers].loc["other"])
    return table


def counted(sites: pd.DataFrame) -> pd.Series:
    """Return which sites enter the money: existing, and not out."""
    return (sites["status"] == "existing") & sites["scope"].isin(COUNTED_SCOPES)


def offered_by_kind(sites: pd.DataFrame) -> pd.Series:
    """Return the service that follows from each site's kind, "" where none does."""
    return sites["kind"].map(kinds().set_index("kind")["service_id"]).fillna("")


def needs_provisions(sites: pd.DataFrame, provisions: pd.DataFrame) -> bool:
    """Return whether provisions must follow from kinds: no table, or none at a site of scope decide."""
    decide = sites["site_id"][(sites["scope"] == "decide") & (sites["status"] == "existing")]
    return not bool(provisions["site_id"].isin(decide).any())


def new_rows(table: str, columns: dict[str, object]) -> pd.DataFrame:
    """Return rows of a table with the dictionary's defaults in the columns that are not given."""
    spec = SPECS[table]
    given = pd.DataFrame(columns)
    blank = {column.name: "" if column.is_text else np.nan for column in spec.columns}
    full = pd.DataFrame({name: given.get(name, value) for name, value in blank.items()}, index=given.index)
    return fill(full, spec)[0]


def append(table: str, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return both frames as one, with the types of the dictionary."""
    parts = [part for part in (old, new) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else empty(SPECS[table])


def fill_provisions(filling: Filling) -> None:
    """Give each site without provisions the service of its kind, where there are none to decide on."""
    sites, provisions = filling.tables["sites"], filling.tables["provisions"]
    if not needs_provisions(sites, provisions):
        return
    service = offered_by_kind(sites)
    serves = sites["status"].isin(["host", "outside"]) | (
        (sites["status"] == "existing") & sites["scope"].isin(["decide", "keep"])
    )
    chosen = serves & (service != "") & ~sites["site_id"].isin(provisions["site_id"])
    if not chosen.any():
        return
    ids = sites["site_id"][chosen] + "-" + service[chosen]
    rows = new_rows(
        "provisions",
        {
            "provision_id": ids,
            "site_id": sites["site_id"][chosen],
            "service_id": service[chosen],
            "quality": "assumed",
        },
    )
    filling.tables["provisions"] = append("provisions", provisions, rows)
    filling.assume(
        Default(
            "provision_by_kind",
            "One provision a site follows from its kind",
            "provisions",
            len(rows),
            quality="red",
            impact="red",
            source="kinds",
        )
    )


def fill_areas(filling: Filling) -> None:
    """Fill gia_m2 from nia_m2 or by kind, and nia_m2 from gia_m2, of existing sites that are not out."""
    sites = filling.tables["sites"]
    ratio = filling.used("nia_per_gia")
    needed = counted(sites)
    from_nia = needed & sites["gia_m2"].isna() & (sites["nia_m2"] > 0)
    gia = sites["gia_m2"].mask(from_nia, sites["nia_m2"] / ratio)
    lacking = needed & gia.isna()
    rates = rates_by_kind()
    assumed = sites.loc[lacking, ["site_id", "kind"]].join(rates[_AREAS], on="kind")
    gia = gia.mask(lacking, assumed["gia_m2"].reindex(gia.index))
    nia = sites["nia_m2"].fillna(gia * ratio)
    filling.tables["sites"] = sites.assign(gia_m2=gia, nia_m2=nia)
    rows = assumed.rename(columns={"low_gia_m2": "low", "gia_m2": "value", "high_gia_m2": "high"})
    filling.gap("sites", "gia_m2", rows)
    _assume_by_kind(filling, "gia_m2_of_{}", "Floor area (GIA) of a {}", "m2", rows, _AREAS)


def fill_costs(filling: Filling) -> None:
    """Give each counted site without running costs the rate of its kind x gia_m2."""
    sites, costs = filling.tables["sites"], filling.tables["running_costs"]
    memo = headings().set_index("heading")["view"] == "memo"
    real = costs["site_id"][~costs["heading"].map(memo).fillna(value=False).astype(bool)]
    lacking = counted(sites) & ~sites["site_id"].isin(real)
    assumed = sites.loc[lacking, ["site_id", "kind", "gia_m2"]].join(rates_by_kind()[_RATES], on="kind")
    low, rate, high = (assumed[name] * assumed["gia_m2"] for name in _RATES)
    if len(assumed):
        columns = {
            "site_id": assumed["site_id"],
            "gbp_per_year": rate,
            "low_gbp_per_year": low,
            "high_gbp_per_year": high,
            "quality": "assumed",
        }
        costs = append("running_costs", costs, new_rows("running_costs", columns))
    rows = pd.DataFrame(
        {"site_id": assumed["site_id"], "kind": assumed["kind"], "value": rate, "low": low, "high": high}
    )
    filling.gap("running_costs", "gbp_per_year", rows)
    _assume_by_kind(
        filling,
        "running_cost_gbp_per_m2_of_{}",
        "Running cost by floor area of a {}",
        "GBP/m2/year",
        rows,
        _RATES,
    )
    _fill_shares(filling, costs, len(costs) - len(assumed))


def known_lines(costs: pd.Series, areas: pd.Series) -> list[str]:
    """Say of how many sites to decide the running cost and the floor area are not known.

    Parameters
    ----------
    costs, areas : Series of bool
        Whether each site to decide has one of its own.
    """
    if costs.empty:
        return ["No site is to be decided on; the way from all assets to decided sites says why."]
    of = f"{len(costs)} sites to decide"
    rates = "what is not known is taken from rates by kind of building."
    known = [
        (costs, f"The running cost is known for {int(costs.sum())} of {of}; {rates}"),
        (areas, f"The floor area is known for {int(areas.sum())} of {of}."),
    ]
    return [line for given, line in known if not given.all()]


def note_what_is_known(filling: Filling) -> None:
    """Put before all other notes of how many sites to decide the cost and the size were given."""
    sites, gaps = filling.tables["sites"], filling.gap_table()
    decided = sites["site_id"][counted(sites) & (sites["scope"] == "decide")]
    costs, areas = (
        ~decided.isin(gaps["site_id"][gaps["table"] == table]) for table in ("running_costs", "sites")
    )
    filling.first += known_lines(costs, areas)


def _fill_shares(filling: Filling, costs: pd.DataFrame, given: int) -> None:
    """Fill the fixed share from the heading, and a range from the figure; the first rows are given ones."""
    share = costs["heading"].map(headings().set_index("heading")["fixed_share"])
    blank = int(costs["fixed_share"].isna().iloc[:given].sum())
    filling.tables["running_costs"] = costs.assign(
        fixed_share=costs["fixed_share"].fillna(share),
        low_gbp_per_year=costs["low_gbp_per_year"].fillna(costs["gbp_per_year"]),
        high_gbp_per_year=costs["high_gbp_per_year"].fillna(costs["gbp_per_year"]),
    )
    filling.assume(
        Default(
            "running_costs.fixed_share",
            "Blank takes the fixed share of the heading",
            "running_costs",
            blank,
            quality="red",
            impact="red",
            source="headings",
        )
    )


def _assume_by_kind(
    filling: Filling, name: str, description: str, unit: str, rows: pd.DataFrame, columns: Iterable[str]
) -> None:
    rates = rates_by_kind().to_dict("index")
    low, value, high = columns
    for kind, count in rows["kind"].value_counts().sort_index().items():
        rate = rates[str(kind)]
        unsure = "unverified" in str(rate["source"])
        filling.assume(
            Default(
                name.format(kind),
                description.format(str(rate["label"]).lower()),
                {"m2": "sites", "year": "valuations"}.get(unit, "running_costs"),
                int(count),
                float(rate[value]),
                float(rate[low]),
                float(rate[high]),
                unit,
                "red" if unsure else "amber",
                "red",
                str(rate["source"]),
            )
        )


def fill_sale_times(filling: Filling) -> None:
    """Give sales and lettings without a time that of the kind of building, where it has one."""
    values, sites = filling.tables["valuations"], filling.tables["sites"]
    kind = values["site_id"].map(sites.set_index("site_id")["kind"])
    usual = rates_by_kind()[_TIMES].reindex(kind).set_axis(values.index)
    lacking = values["years_to_sell"].isna() & usual["years_to_sell"].notna()
    lacking &= values["exit_route"].isin(["sell", "let", "transfer"])
    filling.tables["valuations"] = values.assign(
        years_to_sell=values["years_to_sell"].mask(lacking, usual["years_to_sell"])
    )
    rows = pd.DataFrame({"kind": kind[lacking]})
    _assume_by_kind(filling, "years_to_sell_of_{}", "From closing to receipt of a {}", "year", rows, _TIMES)
