"""Pages of frontiers and of plans nearly as good: what was found in words, then tables that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from estate.explore.measure import MEASURES
from estate.present.report import html_page
from estate.present.words import escape, gbp, number

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from estate.config import Config

WITHHELD = "withheld"
CSS = """
body { max-width: 80em; } .wide { overflow-x: auto; }
figure { margin: 0; } img { max-width: 100%; box-sizing: border-box; }
"""


class Link(NamedTuple):
    """A cell that leads to a file beside the page."""

    words: str
    to: str


def page(title: str, config: Config, lines: Sequence[str], parts: Sequence[tuple[str, str]]) -> bytes:
    """Return a page: lines of what was found, then parts, each a title and ready HTML."""
    status = (
        f"Status: Proposed · Data: {config.data_date or 'date not given'} · For: {config.audience} readers"
    )
    told = "".join(f"<li>{escape(line.strip())}</li>" for line in lines)
    sections = [("What was found", f"<ul>{told}</ul>"), *parts]
    body = "".join(
        f'<section><h2>{escape(name)}</h2><div class="wide">{content}</div></section>\n'
        for name, content in sections
    )
    return html_page(title, [status], body, invented=config.invented, more_css=CSS).encode()


def picture(file: str, words: str) -> str:
    """Return a picture that lies beside the page, with what it shows in words."""
    return f'<figure><img src="{escape(file)}" alt="{escape(words)}"></figure>'


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], figures: Sequence[int]) -> str:
    """Return a table; text is escaped, figures stand to the right."""
    marks = [' class="n"' if i in figures else "" for i in range(len(headers))]
    head = "".join(f'<th scope="col"{m}>{escape(h)}</th>' for h, m in zip(headers, marks, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{m}>{_cell(cell)}</td>" for cell, m in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell: object) -> str:
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.to)}">{escape(cell.words)}</a>'
    return str(escape(cell))


def limit_words(name: str, low: float, high: float) -> str:
    """Say the limit of a measure, or from the tightest to the loosest at which a plan is the same.

    Limits of what may fall (emissions, travel) are said as how much lower or higher than today.
    """
    ends = sorted((low, high), key=abs)
    if name == "capital":
        return f"capital at most {_range([f'£{end:,.0f}' for end in (low, high)])}"
    if name == "closures":
        return f"at most {_range([f'{end:,.0f}' for end in (low, high)])} closure{'' if high == 1 else 's'}"
    what = "emissions" if name == "carbon" else "residents' travel"
    more, less = ("higher", "lower") if name == "carbon" else ("farther", "less")
    unit = MEASURES[name][1]
    if round(low) == round(high) == 0:
        return f"{what} no {more} than today"
    if low < 0 < high:
        return f"{what} from {-low:,.0f} {unit} {less} to at most {high:,.0f} {more}"
    told = _range([f"{abs(end):,.0f}" for end in ends])
    return f"{what} at least {told} {unit} {less}" if low < 0 else f"{what} at most {told} {unit} {more}"


def _range(ends: Sequence[str]) -> str:
    low, high = ends
    return low if low == high else f"{low} to {high}"


def change_words(name: str, value: float) -> str:
    """Say a measure of a plan: an amount, or how much more or less than today."""
    if pd.isna(value):
        return WITHHELD
    if name == "capital":
        return gbp(value)
    if name == "closures":
        return f"{value:,.0f}"
    more, less = ("higher", "lower") if name == "carbon" else ("farther", "less")
    whole = round(value)
    return f"{abs(whole):,.0f} {less if whole < 0 else more}" if whole else "as today"


def points_table(shown: pd.DataFrame, against: Sequence[str], folders: Mapping[int, str]) -> str:
    """Return the points of a frontier for readers; `folders` lead to the runs that one can open."""
    heads = ["Point", "Limit", "Saves (net present)", "Any plan, at most", "Closures", "Hubs"]
    heads += ["Capital", "Emissions [tCO2e a year]", "Travel [km a year]", "Remarks"]
    rows = [_point_row(row, against, folders) for row in shown.to_dict("records")]
    return table(heads, rows, range(2, 9))


def _point_row(
    row: Mapping[Hashable, Any], against: Sequence[str], folders: Mapping[int, str]
) -> list[object]:
    name = f"{row['point']}"
    link: object = Link(name, f"../{folders[row['point']]}/report.html") if row["point"] in folders else name
    limits = "; ".join(_limit(row, one) for one in against)
    if row["status"] != "found":
        word = "no plan, proved" if row["status"] == "none" else "no plan found in the time given"
        return [link, limits, *[""] * 7, word]
    saves, most = (row["saving_npv_gbp"], row["bound_npv_gbp"])
    marks = [word for word in ("knee", "dominated") if row[word]]
    marks += ["proved best"] if row["proved"] else ["not proved"]
    figures = [WITHHELD if pd.isna(one) else gbp(one) for one in (saves, most)]
    measures = [change_words(one, row[one]) for one in ("capital", "carbon", "access")]
    return [link, limits, *figures, number(row["closures"]), number(row["hubs"]), *measures, ", ".join(marks)]


def _limit(row: Mapping[Hashable, Any], name: str) -> str:
    low, high = row[f"{name}_limit"], row[f"{name}_up_to"]
    if pd.isna(low):
        return "an amount that is withheld"
    return limit_words(name, low, low if pd.isna(high) else high)


def sweep_table(found: pd.DataFrame) -> str:
    """Return what each share of running cost takes at least, for readers."""
    goals = {"closures": "fewest closures", "access": "least farther travel"}
    rows = []
    for row in found.to_dict("records"):
        head = [f"{row['share']:.0%} in {row['year']}", goals[str(row["least_of"])]]
        if row["status"] != "found":
            word = "cannot be reached" if row["status"] == "none" else "not found in the time given"
            rows.append([*head, "", "", "", word])
            continue
        name = str(row["least_of"])
        open_to = row[name] - row["at_least"] > 1e-6 * abs(row[name]) + 1e-6
        word = f"not proved: {change_words(name, row['at_least'])} may do" if open_to else "proved"
        counts = [number(row["closures"]), number(row["hubs"]), change_words("access", row["access"])]
        rows.append([*head, *counts, word])
    return table(("Saves", "With", "Closures", "Hubs", "Travel [km a year]", "Evidence"), rows, (2, 3, 4))


def often_table(often: pd.DataFrame) -> str:
    """Return how often each site closes or becomes a hub, for readers."""
    names = ["site_id", "name", "closes", "hub", "plans", "advice"]
    heads = ("Site", "Name", "Closes in", "Hub in", "Of plans", "What follows")
    return table(heads, often[names].to_numpy().tolist(), (2, 3, 4))


def plans_table(plans: pd.DataFrame, *, links: bool) -> str:
    """Return the plans nearly as good, for readers."""
    rows = []
    for row in plans.to_dict("records"):
        name = str(row["plan"])
        link: object = Link(name, f"../{name}/report.html") if links else name
        money = [gbp(row[one]) for one in ("saving_npv_gbp", "below_best_gbp")]
        rows.append([link, *money, number(row["closures"]), number(row["hubs"]), row["otherwise"]])
    heads = ("Plan", "Saves (net present)", "Below the best", "Closures", "Hubs", "Otherwise than the best")
    return table(heads, rows, (1, 2, 3, 4))
