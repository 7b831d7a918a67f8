"""Which sheets the workbook has, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.present import business_sheets, equality, serving
from estate.present.headed import headed
from estate.present.live import (
    ECONOMIC,
    FACTORS,
    FINANCIAL,
    LEDGER,
    PARTNERS,
    Live,
    cells,
    entries,
    factor_table,
    ledger_table,
    live_of,
    partner_names,
    still,
)
from estate.present.live_cash import cash_table, factor_cells, partner_table
from estate.present.live_measures import MEASURES, RATES, measure_table, rate_table
from estate.present.reasons import REASONS
from estate.present.why import sheet_of
from estate.present.words import headline_rows, headline_words, nothing_to_pay_back, text
from estate.present.workbook_charts import draw_cash, draw_partners, draw_rates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from estate.present.view import View

_MOST_ACCESS = 100_000
NPV = "Net present saving [£]"


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook.

    Attributes
    ----------
    name : str
        Name of the sheet.
    about : str
        What it holds, in a few words.
    table : callable
        Makes its table from a view.
    chart : callable or None
        Draws a native chart under the table.
    internal : bool
        Whether only internal readers get it.
    note : str
        What internal readers must know of it.
    asked : bool
        Left out where it holds nothing, because nobody asked for it.
    """

    name: str
    about: str
    table: Callable[[View], pd.DataFrame]
    chart: Callable[[Workbook, Worksheet, str, pd.DataFrame], None] | None = None
    internal: bool = False
    note: str = ""
    asked: bool = False

    @property
    def table_name(self) -> str:
        """Name of the Excel table."""
        return self.name.replace(" ", "_")


def _summary(view: View) -> pd.DataFrame:
    rows = headline_rows(view.summary.get("headlines"))
    table = pd.DataFrame(
        {
            "Figure": [text(r.get("label")) for r in rows],
            "In words": [headline_words(r if nothing_to_pay_back(r) else {**r, "note": ""}) for r in rows],
            "Value": pd.to_numeric(pd.Series([r.get("value") for r in rows], dtype=object), errors="coerce"),
            "Unit": [text(r.get("unit")) for r in rows],
            "Numerator": pd.to_numeric(
                pd.Series([r.get("numerator") for r in rows], dtype=object), errors="coerce"
            ),
            "Denominator": pd.to_numeric(
                pd.Series([r.get("denominator") for r in rows], dtype=object), errors="coerce"
            ),
            "Year": [text(r.get("year")) for r in rows],
            "Price base": [text(r.get("price_base")) for r in rows],
            "Note": [text(r.get("note")) for r in rows],
        }
    )
    return table if rows else table.iloc[:0]


def _plan(view: View) -> pd.DataFrame:
    sites = view.sites.assign(reason=view.sites["reason_code"].map(REASONS))
    names = {
        "site_id": "Site",
        "name": "Name",
        "partner": "Partner",
        "kind_label": "Kind",
        "scope": "Scope",
        "decision": "Decision",
        "hub_option": "Hub option",
        "year": "Year",
        "state": "State",
        "exit_route": "Exit route",
        "exit_year": "Exit year",
        "sold_year": "Year sold",
        "reason": "Reason",
        "zone": "Zone",
        "scope_reason": "Reason of scope",
    }
    priced = {
        "price_low_gbp": "Price low [£]",
        "price_high_gbp": "Price high [£]",
        "robustness": "How firm",
        "price_kind": "Kind of price",
    }
    known = {c: n for c, n in priced.items() if sites[c].notna().any()}
    order = {"hub": 0, "close": 1, "unused": 3, "out": 4}
    ranked = sites.assign(_rank=sites["decision"].map(order).fillna(2)).sort_values(["_rank", "site_id"])
    return ranked[[*names, *known]].rename(columns=names | known)


def _moves(view: View) -> pd.DataFrame:
    called = view.sites.set_index("site_id")["name"]
    moves = view.moves.assign(
        from_name=view.moves["from_site_id"].map(called).fillna(""),
        to_name=view.moves["to_site_id"].map(called).fillna(""),
    )
    names = {
        "provision_id": "Provision",
        "service": "Service",
        "partner_id": "Partner",
        "from_site_id": "From site",
        "from_name": "From",
        "to_site_id": "To site",
        "to_name": "To",
        "how": "How",
        "year": "Year",
        "room_nia_m2": "Room [m2]",
        "cost_gbp": "One-off cost [£]",
    }
    return moves[[c for c in names if c != "cost_gbp" or moves[c].notna().any()]].rename(columns=names)


def _internal(view: View) -> bool:
    return view.header.audience == "internal"


def _cash_by_year(view: View, seen: str = "financial") -> pd.DataFrame:
    """Return a cash flow by year: live for internal readers, its figures for others."""
    table = cash_table(live_of(view), seen)
    return table if _internal(view) else still(table)


def _cash_by_partner(view: View) -> pd.DataFrame:
    table = partner_table(live_of(view))
    return table if _internal(view) else still(table)


def _assumptions(view: View) -> pd.DataFrame:
    """Return every assumption rated, with its source; first those that the workbook follows."""
    names = {
        "name": "Assumption",
        "description": "What it is",
        "value": "Value",
        "low": "Low",
        "high": "High",
        "unit": "Unit",
        "quality": "Quality",
        "impact": "Impact",
        "source": "Source",
        "table": "Table",
        "rows": "Rows",
    }
    others = view.assumed.rename(columns=names).reindex(columns=list(names.values()))
    first = pd.DataFrame(entries(live_of(view)) if _internal(view) else [])
    if first.empty:
        return others
    for header in ("Value", "Low", "High", "Rows"):
        others[header] = pd.to_numeric(others[header], errors="coerce").astype(object)
    others["Changes this workbook"] = "no: estate appraise --plan"
    table = pd.concat([first, others], ignore_index=True)[list(others.columns)]
    for header in ("Low", "High", "Rows"):
        table[header] = pd.to_numeric(table[header])
    return table


def _files(view: View) -> pd.DataFrame:
    """Return the files that were read, each with what proves that it is the same."""
    hashes = dict(view.run.get("input_hashes") or {})
    return pd.DataFrame({"File": list(hashes), "SHA-256": list(hashes.values())})


def _settings(view: View) -> pd.DataFrame:
    """Return the configuration of the run, one row a value."""
    rows = list(_flat(view.run.get("config") or {}))
    return pd.DataFrame(rows, columns=["Setting", "Value"])


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 (a JSON value)
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _flat(part, f"{key}.{name}" if key else str(name))
    elif value not in (None, {}, [], ""):
        yield key, text(value)


def _measures(view: View) -> pd.DataFrame:
    return measure_table(live_of(view), view.summary.get("measures", []))


def _switching(view: View) -> pd.DataFrame:
    rows = list(view.summary.get("switching_values", []))
    names = {
        "label": "What is changed, all else as it is",
        "switching_value": "Value at which the plan is worth nothing",
        "unit": "Unit",
        "note": "Note",
    }
    table = pd.DataFrame(rows, columns=list(names)) if rows else pd.DataFrame(columns=list(names))
    shares = table["unit"].astype(str).str.startswith("share")
    value = pd.to_numeric(table["switching_value"], errors="coerce")
    shown = [
        Live("", "none") if np.isnan(one) else Live("", float(one), "rate" if part else "number")
        for one, part in zip(value, shares, strict=True)
    ]
    table["switching_value"] = pd.Series(shown, dtype=object)
    return table.rename(columns=names)


def _partners(view: View) -> pd.DataFrame:
    """Return the measures by partner, their worth live."""
    table = headed(view.partners)
    if not _internal(view) or NPV not in table:
        return table
    live = live_of(view)
    frame = partner_table(live)
    names, factor = partner_names(view), factor_cells(live)
    worths = []
    for one, value in zip(view.partners["partner_id"], table[NPV], strict=True):
        header = f"{names.get(one, one)} [£]"
        if header not in frame.columns:
            worths.append(Live("", float(value)))
            continue
        where = cells(PARTNERS, list(frame.columns), header, live.span)
        worths.append(Live(f"=SUMPRODUCT({where},{factor})", float(value)))
    return table.assign(**{NPV: pd.Series(worths, dtype=object)})


def _business(key: str, view: View) -> pd.DataFrame:
    return headed(business_sheets.table(view, key))


def _access(view: View) -> pd.DataFrame:
    table = view.access
    if len(table) > _MOST_ACCESS:
        table = table[table["year"].isin([table["year"].min(), table["year"].max()])]
    return headed(table)


def _reasons(_: View) -> pd.DataFrame:
    return pd.DataFrame({"Code": list(REASONS), "Meaning": list(REASONS.values())})


def _checks(view: View) -> pd.DataFrame:
    return headed(view.checks)


def _served(name: str) -> Callable[[View], pd.DataFrame]:
    """Return what makes the sheet of one table of how residents are served."""
    return lambda view: headed(view.serving.get(name, pd.DataFrame()))


HELD = business_sheets.HELD
LIVE = "Live: follows the yellow cells of the sheet Assumptions. The plan is held fixed, not planned again."

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "Summary",
        "Headline figures, each with what it is measured against",
        _summary,
        note=HELD,
    ),
    Sheet("Assumptions", "Rated for quality and impact; the yellow cells may be changed", _assumptions),
    Sheet("Inputs used", "Files that were read", _files),
    Sheet("Settings", "The configuration of the run", _settings),
    Sheet("Plan", "Every site and what happens to it", _plan),
    Sheet(
        "Why",
        "Why each site is decided as it is, and what deciding otherwise would cost",
        lambda v: headed(sheet_of(v, "reasons")),
        asked=True,
    ),
    Sheet(
        "What would flip it",
        "The value of each input, alone, at which deciding a site otherwise is as good",
        lambda v: headed(sheet_of(v, "reasons_flips")),
        asked=True,
        internal=True,
    ),
    Sheet(
        "Who travels farther",
        "Areas from which a service is farther because of a decision",
        lambda v: headed(sheet_of(v, "reasons_travel")),
        asked=True,
    ),
    Sheet("Moves", "Every service that moves, merges or goes online", _moves),
    Sheet(
        "Hubs",
        "Hubs that open and what moves in",
        lambda v: headed(v.hubs.drop(columns=["action_t", "easting", "northing"])),
    ),
    Sheet(FINANCIAL, "Plan less business as usual, financial view", _cash_by_year, draw_cash, note=LIVE),
    Sheet(
        PARTNERS,
        "Plan less business as usual, by year and partner, financial view",
        _cash_by_partner,
        draw_partners,
        note=LIVE,
    ),
    Sheet(
        ECONOMIC,
        "Plan less business as usual by year, economic view",
        lambda v: _cash_by_year(v, "economic"),
        draw_cash,
        note=LIVE,
    ),
    Sheet(MEASURES, "Worth, return, payback and funding of both views", _measures, internal=True, note=LIVE),
    Sheet(
        RATES,
        "What the cash flows are worth at every discount rate",
        lambda v: rate_table(live_of(v)),
        draw_rates,
        internal=True,
        note=f"{LIVE} Read from 0% on: rates below are there to find every rate of return.",
    ),
    Sheet(
        "Switching values",
        "What one thing would have to be for the plan to be worth nothing, economic view",
        _switching,
        internal=True,
        note="As the run has it; estate appraise --plan adds the switching value of every assumption.",
    ),
    Sheet(
        "Partners",
        "Measures by partner",
        _partners,
        note=f"Net present saving follows the yellow cells of Assumptions. All else: {HELD}",
    ),
    *(
        Sheet(name, about, partial(_business, key), internal=internal, note=note)
        for name, about, key, internal, note in business_sheets.BUSINESS
    ),
    Sheet(
        FACTORS,
        "Discount factors by year",
        lambda v: factor_table(live_of(v)),
        internal=True,
        note=LIVE,
    ),
    Sheet(
        LEDGER,
        "Every change against business as usual by year, partner and line",
        lambda v: ledger_table(live_of(v)),
        internal=True,
        note=LIVE,
    ),
    Sheet(
        "Data to collect",
        "Facts most able to change the plan, first the most important",
        lambda v: headed(v.collect),
    ),
    Sheet("Funnel", "From all registered assets to decided sites", lambda v: headed(v.funnel)),
    Sheet("Matches", "Pairs of records that may be one building", lambda v: headed(v.matches)),
    Sheet("Access", "Nearest place of each service by area, today and with the plan", _access),
    *(Sheet(name, about, _served(table)) for name, about, table in (*serving.SHEETS, *equality.SHEETS)),
    Sheet("Checks", "What was proved of the plan", _checks),
    Sheet("Reasons", "Meaning of the reason codes in plan.csv", _reasons),
)
"""Sheets after Cover and Contents, in order."""
