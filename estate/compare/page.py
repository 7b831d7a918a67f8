"""compare.html: runs side by side on one page, no scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.compare.settled import NOT_SETTLED
from estate.compare.tables import headed_in_words, notes
from estate.present.report import html_page, html_table
from estate.present.words import escape, gbp, is_missing, share, text

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from estate.compare.runs import Run

FILE = "compare.html"
MOST_ROWS = 200
BESIDE = {
    "partners": "Net present saving on bills, by partner",
    "lines": "Net present saving on bills, by line",
    "access": "Residents within the limit at the end",
}
_STATUS = {"red": "red", "amber": "amber", "green": "green", "not settled": "open"}
_CSS = """
body { max-width: 90em; } .wide { overflow-x: auto; }
td.red { background: #f9d6cf; border-left: 4px solid #b32400; }
td.amber { background: #fdedc4; border-left: 4px solid #c98a00; }
td.green { background: #d7efe3; border-left: 4px solid #00704d; }
td.open { background: #ececec; border-left: 4px dotted #555; }
td small { display: block; color: #333; }
"""


def write_page(runs: Sequence[Run], found: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write compare.html beside differences.png, which it shows."""
    base = runs[0]
    told = {name: headed_in_words(found[name], runs) for name in ("inputs", "sites", "moves")}
    title = f"{len(runs)} runs side by side"
    invented = any(run.summary.get("invented") for run in runs)
    body = "".join(
        [
            _section("The runs", _told(runs)),
            _section("What to know first", _list(notes(runs))),
            _section(f"Figures, compared with {base.label}", _figures(runs, found["compare"])),
            _section("What differs in the inputs", _plain(told["inputs"], "The inputs are the same.")),
            _section("Sites treated otherwise", _plain(_without_places(told["sites"]), "None.")),
            '<figure class="wide"><img src="differences.png" alt="Map of sites treated otherwise"></figure>',
            _section("Services moved otherwise", _plain(told["moves"], "None.")),
            *(_section(words, _beside(found[name], runs)) for name, words in BESIDE.items()),
        ]
    )
    page = html_page(title, _status(runs), body, invented=invented, more_css=_CSS)
    (folder / FILE).write_text(page, encoding="utf-8", newline="\n")


def _status(runs: Sequence[Run]) -> list[str]:
    """Return the lines that stand on the page: status, dates and readers of each run."""
    lines = []
    for run in runs:
        told = [f"Status: {run.summary.get('status', '')}", f"Data: {run.summary.get('data_date', '')}"]
        told += [f"Made: {str(run.record.get('made', ''))[:10]}"] if run.record.get("made") else []
        title = text(run.summary.get("title"))
        lines.append(" · ".join([f"{run.name}: {title}", *told, f"For: {run.audience} readers"]))
    return lines


def _told(runs: Sequence[Run]) -> str:
    """Return what each run is, in the words of its configuration."""
    heads = ["Run", "What it is", "Status", "Data", "Readers"]
    rows = [
        [run.name, *(text(run.summary.get(key)) for key in ("title", "status", "data_date")), run.audience]
        for run in runs
    ]
    return html_table(heads, rows)


def _section(title: str, body: str) -> str:
    return f'<section><h2>{escape(title)}</h2><div class="wide">{body}</div></section>\n' if body else ""


def _list(lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _figures(runs: Sequence[Run], table: pd.DataFrame) -> str:
    """Return one row a figure, one column a run; status as colour and as words."""
    head = "".join(f'<th scope="col">{escape(run.label)}</th>' for run in runs)
    rows = []
    for _, part in table.groupby("key", sort=False):
        cells = []
        for row in part.to_dict("records"):
            mark = _STATUS.get(str(row["status"]), "")
            small = f"<small>{escape(row['words'])}</small>" if row["words"] else ""
            cells.append(f'<td class="{mark}">{escape(row["shown"])}{small}</td>')
        rows.append(f'<tr><th scope="row">{escape(part["label"].iloc[0])}</th>{"".join(cells)}</tr>')
    return (
        f'<table><thead><tr><th scope="col">Figure</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _beside(table: pd.DataFrame, runs: Sequence[Run]) -> str:
    """Return one row a partner, line or standard, one column a run: value, and difference in words."""
    if table.empty:
        return "<p>Not shown.</p>"
    own = [name for name in ("partner", "line", "standard_id", "service_id") if name in table]
    heads = [*(name.removesuffix("_id").capitalize() for name in own), *(run.label for run in runs)]
    rows = []
    for row in table.to_dict("records"):
        cells = [f'<th scope="row">{escape(text(row[name]).replace("_", " "))}</th>' for name in own]
        cells += [_one_beside(row, run, runs[0]) for run in runs]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _one_beside(row: Mapping[Hashable, Any], run: Run, base: Run) -> str:
    """Return the cell of one run: pounds where its column says so, else a share of residents."""
    pounds = f"{run.name} [£]" in row
    value = row.get(f"{run.name} [£]" if pounds else run.name)
    if is_missing(value):
        return "<td>not shown</td>"
    delta = row.get(f"{run.name} less {base.name} {'[£]' if pounds else 'share'}")
    words = "base" if run is base else str(row.get(f"{run.name}: in words", ""))
    if delta is not None and not is_missing(delta):
        size = gbp(abs(delta)) if pounds else f"{100 * abs(delta):.1f} percentage points"
        words = f"{size} {'more' if delta > 0 else 'less'}" if delta else "same"
    mark = ' class="open"' if words == NOT_SETTLED else ""
    return f"<td{mark}>{gbp(value) if pounds else share(value)}<small>{escape(words)}</small></td>"


def _without_places(sites: pd.DataFrame) -> pd.DataFrame:
    return sites.drop(columns=["easting", "northing"])


def _plain(table: pd.DataFrame, none: str) -> str:
    if table.empty:
        return f"<p>{escape(none)}</p>"
    heads = [str(column).replace("_", " ") for column in table.columns]
    numeric = [i for i, dtype in enumerate(table.dtypes) if dtype.kind == "f"]
    shown = table.head(MOST_ROWS)
    rows = [
        [_cell(head, value) for head, value in zip(heads, row, strict=True)]
        for row in shown.itertuples(index=False, name=None)
    ]
    rest = f"<p>The first {MOST_ROWS} of {len(table):,}; all are in the workbook.</p>"
    return html_table(heads, rows, numeric) + (rest if len(table) > MOST_ROWS else "")


def _cell(head: str, value: object) -> str:
    if not isinstance(value, float):
        return text(value)
    if is_missing(value):
        return ""
    return gbp(value) if "[£]" in head else share(value)
