"""Which sheets the workbook has, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.money import discount_factors
from estate.present.cash import GROUP_LABEL, by_partner, yearly
from estate.present.chart import COLOUR, flows
from estate.present.reasons import REASONS
from estate.present.words import headline_rows, headline_words, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from estate.present.view import View

_MOST_ACCESS = 100_000


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
        Draws a native chart beside the table.
    """

    name: str
    about: str
    table: Callable[[View], pd.DataFrame]
    chart: Callable[[Workbook, Worksheet, str, pd.DataFrame], None] | None = None

    @property
    def table_name(self) -> str:
        """Name of the Excel table."""
        return self.name.replace(" ", "_")


def _summary(view: View) -> pd.DataFrame:
    rows = headline_rows(view.summary.get("headlines"))
    table = pd.DataFrame(
        {
            "Figure": [text(r.get("label")) for r in rows],
            "In words": [headline_words(r) for r in rows],
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
        "robustness": "Robustness share",
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


def _cash_by_year(view: View, seen: str = "financial") -> pd.DataFrame:
    span = view.horizon.appraisal_years
    table = yearly(view.cash, span, seen)
    total, bare = flows(table)
    factors = discount_factors(view.discounting[0], span, view.discounting[1])
    answer = table.rename(columns={g: f"{GROUP_LABEL[g]} [£]" for g in table.columns}).reset_index(drop=True)
    answer.insert(0, "Year", [view.horizon.label(t) for t in range(span)])
    return answer.assign(
        **{
            "Net [£]": total,
            "Cumulative with receipts [£]": np.cumsum(total),
            "Cumulative without receipts [£]": np.cumsum(bare),
            "Discount factor": factors,
            "Discounted cumulative with receipts [£]": np.cumsum(total * factors),
            "Discounted cumulative without receipts [£]": np.cumsum(bare * factors),
        }
    )


def _cash_by_partner(view: View) -> pd.DataFrame:
    table = by_partner(view.cash, view.horizon.appraisal_years)
    names = view.sites.drop_duplicates("partner_id").set_index("partner_id")["partner"]
    flat = table.T.reset_index(drop=True)
    flat.columns = pd.Index([f"{names.get(c, c) or 'Not named'} [£]" for c in table.index])
    flat = flat.loc[:, ~flat.columns.duplicated()]
    flat.insert(0, "Year", [view.horizon.label(t) for t in range(view.horizon.appraisal_years)])
    return flat


def _partners(view: View) -> pd.DataFrame:
    return headed(view.partners)


def _access(view: View) -> pd.DataFrame:
    table = view.access
    if len(table) > _MOST_ACCESS:
        table = table[table["year"].isin([table["year"].min(), table["year"].max()])]
    return headed(table)


def _reasons(_: View) -> pd.DataFrame:
    return pd.DataFrame({"Code": list(REASONS), "Meaning": list(REASONS.values())})


def _checks(view: View) -> pd.DataFrame:
    return headed(view.checks)


def headed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of a file with headers in words: units in brackets, no underscores."""
    shown = frame.reset_index(drop=True).copy()
    for name in shown.columns:
        if pd.api.types.is_bool_dtype(shown[name]):
            shown[name] = shown[name].map({True: "yes", False: "no"})
        elif pd.api.types.is_datetime64_any_dtype(shown[name]):
            shown[name] = shown[name].dt.strftime("%Y-%m-%d")
        elif shown[name].map(lambda v: isinstance(v, (list, dict, tuple))).any():
            shown[name] = shown[name].astype(str)
    names = [_words(str(c)) for c in shown.columns]
    # Excel's tables tell headers apart without case.
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        names[i] = name if seen[name.lower()] == 1 else f"{name} {seen[name.lower()]}"
    shown.columns = pd.Index(names)
    return shown


def _words(name: str) -> str:
    for end, unit in (("_gbp_per_year", " [£ a year]"), ("_gbp", " [£]"), ("_km", " [km]"), ("_m2", " [m2]")):
        if name.endswith(end):
            return name.removesuffix(end).replace("_", " ").capitalize() + unit
    return name.replace("_", " ").capitalize()


def _draw_cash(book: Workbook, page: Worksheet, name: str, frame: pd.DataFrame) -> None:
    """Draw stacked columns a year with the cumulative lines on a second axis, under the table."""
    groups = {
        f"{label} [£]": COLOUR[g] for g, label in GROUP_LABEL.items() if f"{label} [£]" in frame.columns
    }
    if not groups:
        return
    first, last = 4, 3 + len(frame)
    columns = list(frame.columns)

    def series(header: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (options of the chart)
        at = columns.index(header)
        head = {"name": [name, 3, at], "categories": [name, first, 0, last, 0]}
        return {**head, "values": [name, first, at, last, at], **more}

    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for header, colour in groups.items():
        chart.add_series(series(header, fill={"color": colour}, gap=35))
    lines = book.add_chart({"type": "line"})
    for header, dash in (
        ("Cumulative with receipts [£]", "solid"),
        ("Cumulative without receipts [£]", "dash"),
    ):
        lines.add_series(
            series(header, y2_axis=True, line={"color": "#222222", "width": 1.75, "dash_type": dash})
        )
    chart.combine(lines)
    chart.set_title({"name": "Each year (columns) and all years together (lines)", "name_font": {"size": 12}})
    chart.set_x_axis({"label_position": "low", "num_font": {"rotation": -45, "size": 8}, "interval_unit": 2})
    millions = '#,##0,,"m"'
    chart.set_y_axis({"num_format": millions, "name": "Each year [£]", "major_gridlines": {"visible": True}})
    lines.set_y2_axis({"num_format": millions, "name": "Cumulative [£]"})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 1150, "height": 520})
    page.set_h_pagebreaks([last + 2])
    page.insert_chart(last + 2, 0, chart, {"description": "Cash flow by year and cumulative"})


SHEETS: tuple[Sheet, ...] = (
    Sheet("Summary", "Headline figures, each with what it is measured against", _summary),
    Sheet("Plan", "Every site and what happens to it", _plan),
    Sheet("Moves", "Every service that moves, merges or goes online", _moves),
    Sheet(
        "Hubs",
        "Hubs that open and what moves in",
        lambda v: headed(v.hubs.drop(columns=["action_t", "easting", "northing"])),
    ),
    Sheet("Cash flow by year", "Plan less business as usual, financial view", _cash_by_year, _draw_cash),
    Sheet(
        "Cash flow by partner",
        "Plan less business as usual, by year and partner, financial view",
        _cash_by_partner,
    ),
    Sheet(
        "Cash flow economic",
        "Plan less business as usual by year, economic view",
        lambda v: _cash_by_year(v, "economic"),
    ),
    Sheet("Partners", "Measures by partner", _partners),
    Sheet("Assumptions", "What was assumed, for how many rows", lambda v: headed(v.assumed)),
    Sheet(
        "Data to collect",
        "Facts most able to change the plan, first the most important",
        lambda v: headed(v.collect),
    ),
    Sheet("Funnel", "From all registered assets to decided sites", lambda v: headed(v.funnel)),
    Sheet("Matches", "Pairs of records that may be one building", lambda v: headed(v.matches)),
    Sheet("Access", "Nearest place of each service by area, today and with the plan", _access),
    Sheet("Checks", "What was proved of the plan", _checks),
    Sheet("Reasons", "Meaning of the reason codes in plan.csv", _reasons),
)
"""Sheets after Cover and Contents, in order."""
