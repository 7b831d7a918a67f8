"""report.html: two pages in plain words, to print or to mail; no scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estate.core.result import HEADLINE_KEYS
from estate.core.words import plural
from estate.present import business, equality, serving
from estate.present.access import GROUP_WORDS, access_lines, before_after
from estate.present.live import partner_names
from estate.present.summary import action_lines, gap_words, unknown_lines
from estate.present.travel_maps import FILE as TRAVEL
from estate.present.travel_maps import travel_shapes
from estate.present.why import more_words, why_lines, why_rows
from estate.present.words import (
    escape,
    gbp,
    headline_rows,
    headline_words,
    is_missing,
    number,
    share,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from estate.present.serving import Rows
    from estate.present.view import View

FILE = "report.html"
_TRAVEL = "Maps of residents' travel today, with the plan, and the change"
MOST_ROWS = 8
_PARTS = {"register": "Registered assets", "added": "Named by other lists alone"}
FIGURE = 14
"""A figure of so many characters is not broken over lines."""
_CSS = """
:root { color: #222; }
body { font: 15px/1.45 "Segoe UI", Arial, sans-serif; max-width: 62em; margin: 1.5em auto; padding: 0 1.2em; }
h1 { font-size: 1.7em; margin: 0 0 .1em; } h2 { font-size: 1.15em; margin: 1.3em 0 .3em; color: #003a5d; }
p, ul { margin: .3em 0; } .status { color: #555; }
.badge { background: #fff4d6; border: 1px solid #b58900; padding: .2em .6em; }
table { border-collapse: collapse; width: 100%; margin: .4em 0; font-size: .92em; }
th, td { text-align: left; padding: .22em .6em; border-bottom: 1px solid #ddd; vertical-align: top; }
th { background: #eef3f8; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.w { white-space: nowrap; }
h3 { font-size: 1em; margin: .8em 0 .2em; }
img { max-width: 100%; height: auto; border: 1px solid #ddd; } caption { text-align: left; color: #555; }
footer { margin-top: 1.5em; border-top: 1px solid #ccc; color: #555; font-size: .85em; }
@media print { body { font-size: 9.5pt; margin: 0; max-width: none; } h2 { break-after: avoid; }
  tr, img { break-inside: avoid; } figure.wide { break-before: page; } @page { size: A4; margin: 14mm; } }
"""


def write_report(view: View, folder: Path) -> None:
    """Write report.html beside map.png and cashflow.png, which it shows."""
    head = view.header
    body = "".join(make(view) for make in SECTIONS)
    page = html_page(head.title, head.lines(), body, invented=head.invented)
    (folder / FILE).write_text(page, encoding="utf-8", newline="\n")


def html_page(
    title: str, status: Sequence[str], body: str, *, invented: bool = False, more_css: str = ""
) -> str:
    """Return a page that needs nothing but itself and the pictures beside it, and runs no scripts.

    Parameters
    ----------
    title : str
        In plain text.
    status : sequence of str
        Lines of plain text: the first stands under the title, all at the foot.
    body : str
        Ready HTML.
    invented : bool
        Whether the estate is made up.
    more_css : str
        Styles after those of every page.
    """
    badge = '<p><strong class="badge">Invented estate: no figure is about a real place.</strong></p>'
    parts = [
        f"<header><h1>{escape(title)}</h1>",
        *(f'<p class="status">{escape(line)}</p>' for line in status[:1]),
        badge if invented else "",
        f"</header><main>{body}",
        f"</main><footer>{'<br>'.join(escape(line) for line in status)}</footer>",
    ]
    said = re.sub(r"^Status: ", "", status[0]).split(" · ")[0]
    return (
        '<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)} ({escape(said)})</title><style>{_CSS}{more_css}</style></head>\n"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def html_table(headers: Sequence[str], rows: Iterable[Sequence[object]], numeric: Sequence[int] = ()) -> str:
    """Return a table; every cell is escaped, columns in ``numeric`` stand to the right."""
    marks = [' class="n"' if i in numeric else "" for i in range(len(headers))]
    head = "".join(f'<th scope="col"{m}>{escape(h)}</th>' for h, m in zip(headers, marks, strict=True))
    body = "".join(
        "<tr>" + "".join(_cell(cell, mark) for cell, mark in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell: object, mark: str) -> str:
    """Return a cell; a figure is never broken over two lines, a range in words is."""
    whole = ' class="n w"' if mark and len(str(cell)) <= FIGURE else mark
    return f"<td{whole}>{escape(cell)}</td>"


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>\n" if body else ""


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line.strip().removeprefix('- '))}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _funnel(view: View) -> str:
    """Return the way from all sites to the decided ones; the register apart from what other lists add."""
    parts = {"": view.funnel}
    if "part" in view.funnel:
        parts = {
            _PARTS.get(str(name), str(name)): rows for name, rows in view.funnel.groupby("part", sort=False)
        }
    body = ""
    for title, part in parts.items():
        rows = part[["step", "sites", "reason"]].itertuples(index=False, name=None)
        sums = f"<h3>{escape(title)}: {plural(int(part['sites'].sum()), 'site')}</h3>" if title else ""
        body += sums + html_table(["Step", "Sites", "Reason"], [(s, number(n), r) for s, n, r in rows], (1,))
    return _section("From all registered property to the sites decided on", body if len(view.funnel) else "")


def _unknown(view: View) -> str:
    return _section("What is not known", _list(unknown_lines(view, most=len(view.notes))))


def _headlines(view: View) -> str:
    rows = []
    for one in headline_rows(view.summary.get("headlines")):
        if one.get("key") not in HEADLINE_KEYS:
            continue
        unit = text(one.get("unit"))
        money = unit.startswith("GBP") or "gbp" in text(one.get("key")) or "saving" in text(one.get("key"))
        words = gbp if money or unit == "share" else number
        parts = [one.get("numerator"), one.get("denominator")]
        top, under = ("" if p is None or p == "" else words(p) for p in parts)
        note = "; ".join(
            filter(None, [text(one.get("year")), text(one.get("price_base")), text(one.get("note"))])
        )
        rows.append((text(one.get("label")), headline_words(one), top, under, note))
    table = (
        html_table(["Figure", "", "Of this", "In all", "Year, prices, note"], rows, (1, 2, 3)) if rows else ""
    )
    said = _list(action_lines(view))
    return _section("What happens", said) + _section("Headline figures", table)


def _by_year(view: View) -> str:
    """Say what closes, opens and moves in each year."""
    closes = view.sites[view.sites["decision"] == "close"].groupby("year")["name"].agg(list)
    opens = view.hubs.groupby("year")["name"].agg(list)
    moves = view.moves.groupby("year").size()
    years = sorted(set(closes.index) | set(opens.index) | set(moves.index))
    rows = [
        (year, _names(opens.get(year, [])), _names(closes.get(year, [])), number(moves.get(year, 0)))
        for year in years
    ]
    return _section(
        "The plan by year",
        html_table(["Year", "Hubs open", "Sites close", "Services move"], rows, (3,)) if rows else "",
    )


def _names(names: list[str], most: int = 4) -> str:
    """Name a few and count the others."""
    if not names:
        return ""
    shown = ", ".join(text(n) for n in names[:most])
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)}: {shown}{rest}"


def _hubs(view: View) -> str:
    if view.hubs.empty:
        return ""
    called = partner_names(view)
    partners = view.moves.groupby("to_site_id")["partner_id"].agg(
        lambda s: ", ".join(sorted({called.get(one, one) for one in map(str, s)}))
    )
    rows = [
        (
            f"{r['name']} ({r['hub_option']})",
            r["year"],
            f"{number(round(r['room_nia_m2']))} m²",
            f"{plural(int(r['arrivals']), 'service')} from {plural(int(r['from_sites']), 'site')}",
            r["services"],
            partners.get(r["site_id"], ""),
        )
        for r in view.hubs.to_dict("records")
    ]
    heads = ["Hub", "Opens", "Room", "Moves in", "Services", "Partners"]
    return _section("Hubs and who moves in", html_table(heads, rows, (2,)))


def _why(view: View) -> str:
    """Return how firm the decisions are and why, where that was asked for."""
    lines = why_lines(view)
    if not lines:
        return ""
    headers, rows = why_rows(view)
    table = html_table(headers, rows) + f"<p>{escape(more_words(view))}</p>" if rows else ""
    return _section("Why, and how firm it is", _list(lines) + table)


def _partners(view: View) -> str:
    """Say who pays and who saves; columns as the appraisal gives them."""
    if view.partners.empty:
        return ""
    known = {
        "name": "Partner",
        "investment_gbp": "Invests",
        "receipts_gbp": "Receives from sales",
        "saving_gbp_per_year": "Saves a year",
        "npv_gbp": "Net present saving",
        "npv_financial_gbp": "Net present saving",
    }
    shown = [c for c in known if c in view.partners.columns]
    shown = shown if "name" in shown else ["partner_id", *shown]
    numeric = [i for i, c in enumerate(shown) if "gbp" in c]
    rows = [
        [_partner_cell(name, cell) for name, cell in zip(shown, row, strict=True)]
        for row in view.partners[shown].itertuples(index=False, name=None)
    ]
    heads = [known.get(c, "Partner") for c in shown]
    return _section("Who pays and who saves (on their bills)", html_table(heads, rows, numeric))


def _partner_cell(column: str, cell: object) -> object:
    if "gbp" not in column:
        return cell
    return "withheld" if is_missing(cell) else gbp(cell)


def _business(view: View) -> str:
    """Say which fund saves, how the capital is paid for, and whether it can be without receipts."""
    return _tables(view, business.PARTS)


def _serving(view: View) -> str:
    """Say who travels farther, what one front door saves, which places are fit, and who bears the change."""
    return _tables(view, (*serving.PARTS, *equality.PARTS))


def _tables(view: View, parts: Iterable[tuple[str, str, Callable[[View], Rows], Collection[int]]]) -> str:
    """Return a section for each table that has rows; words stand to the left, figures to the right."""
    body = []
    for title, note, make, words in parts:
        heads, rows = make(view)
        if rows:
            numeric = [i for i in range(1, len(heads)) if i not in words]
            body.append(_section(title, f"<p>{escape(note)}</p>{html_table(heads, rows, numeric)}"))
    return "".join(body)


def _access(view: View) -> str:
    table = before_after(view)
    rows = [
        (
            r["service"],
            GROUP_WORDS.get(r["group"], r["group"]),
            r["limit"],
            number(round(r["residents"])),
            share(r["today"]),
            share(r["plan"]),
        )
        for r in table.to_dict("records")
    ]
    heads = ["Service", "For", "Within", "Residents", "In reach today", "With the plan"]
    body = html_table(heads, rows, (3, 4, 5)) if rows else ""
    return _section(
        "Residents: in reach before and after",
        _list(access_lines(view)[:1] if rows else access_lines(view)) + body,
    )


def _assumptions(view: View) -> str:
    if view.assumed.empty:
        return ""
    order = {"red": 0, "amber": 1, "green": 2}
    table = view.assumed.reindex(
        columns=["name", "description", "value", "unit", "quality", "impact", "rows"]
    )
    rank = table["impact"].map(order).fillna(3) * 4 + table["quality"].map(order).fillna(3)
    top = table.iloc[rank.argsort(kind="stable").to_numpy()].head(MOST_ROWS).to_dict("records")
    rows = [
        (
            r["description"] or r["name"],
            _figure(r["value"]),
            r["unit"],
            r["quality"],
            r["impact"],
            _figure(r["rows"]),
        )
        for r in top
    ]
    heads = ["Assumption", "Value", "Unit", "Evidence", "Impact", "Rows"]
    told = f"{len(rows)} of {len(view.assumed):,}, the weakest that matter most first"
    note = f"<p>{told}; all are in assumptions.csv.</p>"
    if not any(row[1] for row in rows):  # these readers have no values
        return _section(
            "Assumptions", note + html_table(heads[:1] + heads[2:], [r[:1] + r[2:] for r in rows], (4,))
        )
    return _section("Assumptions", note + html_table(heads, rows, (1, 5)))


def _figure(value: object) -> str:
    return f"{value:,g}" if isinstance(value, (int, float)) and value == value else text(value)  # noqa: PLR0124


def _checks(view: View) -> str:
    rows = []
    if len(view.checks):
        passed = (
            view.checks["passed"]
            .astype(str)
            .str.lower()
            .isin(["true", "yes"])
            .map({True: "passed", False: "FAILED"})
        )
        details = view.checks.get("detail", passed).map(text)
        rows = list(zip(view.checks["check"].map(text), passed, details, strict=True))
    table = html_table(["Check", "Result", "Detail"], rows) if rows else ""
    return _section("How good the plan is, and what was checked", _list(gap_words(view.solution)) + table)


def _pictures(view: View) -> str:
    travel = (
        ""
        if travel_shapes(view) is None
        else f'<figure class="wide"><img src="{TRAVEL}" alt="{_TRAVEL}"></figure>'
    )
    return (
        '<figure class="wide"><img src="map.png" alt="Map of what closes, stays and opens"></figure>'
        f"{travel}"
        '<figure><img src="cashflow.png" alt="Cash flow by year and cumulative"></figure>'
    )


SECTIONS = (
    _funnel,
    _unknown,
    _headlines,
    _by_year,
    _hubs,
    _why,
    _partners,
    _business,
    _access,
    _serving,
    _assumptions,
    _checks,
    _pictures,
)
"""Parts of the report, in order."""
