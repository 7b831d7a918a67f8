"""What is in the data, what is missing, and what is wrong: everything but solving."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import pandas as pd

from estate.config import DEVICES, Config
from estate.core.errors import ConfigError, InfeasibleError, InputError, Issue
from estate.core.result import ACCESS_COLUMNS, Result
from estate.core.types import Plan
from estate.core.words import plural
from estate.settings import WORKBOOKS, load_config, parse_assignments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estate.core.types import Estate
    from estate.present.view import View

PAGE = "data_quality.html"
MOST_LINES = 12
_STYLE = (
    "body{font:15px/1.5 'Segoe UI',Arial,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}"
    "h1{font-size:1.7em}h2{font-size:1.15em;color:#003a5d;margin:1.4em 0 .3em}"
    "table{border-collapse:collapse;width:100%;font-size:.9em}th{background:#eef3f8}"
    "td,th{text-align:left;vertical-align:top;padding:.22em .6em;border-bottom:1px solid #ddd;"
    "overflow-wrap:break-word}img{max-width:100%}div{overflow-x:auto}"
)


def check(
    path: Path, out: Path | None, shared: Path | None, sets: Sequence[str], mapping: Path | None = None
) -> list[str]:
    """Read a configuration, workbook, folder of tables or bare register, and write a data-quality report.

    Parameters
    ----------
    path : Path
        What to check.
    out : Path, optional
        Folder in which the report gets a folder of its own.
    shared : Path, optional
        Folder for ``${ESTATE_SHARED}``.
    sets : sequence of str
        Changes, as ``key=value``.
    mapping : Path, optional
        Mapping file of a bare register.

    Returns
    -------
    list of str
        What to tell: first what is not known, then the funnel, then where the report is.

    Raises
    ------
    ConfigError, InputError
        With every problem; the report then lists them.
    InfeasibleError
        Where some standard can be kept by no plan; the report lists them too.
    """
    from estate.model.attainable import impossible_standards, unmet_today
    from estate.model.instance import build_instance
    from estate.pipeline import read_estate

    config, base = _config_for(path, shared, sets, mapping)
    folder = (config.output if out is None else out) / f"{config.name}-check"
    _refuse_foreign(folder)
    try:
        estate = read_estate(config, base)
    except InputError as error:
        tables = {"problems": _problem_table(error.issues)}
        lines = _register_lines(config, base, tables)
        _write(folder, tables, config, [*lines, str(error.args[0])], None)
        told = f"{plural(len(error.issues), 'problem')} (also in {folder / 'problems.csv'}):"
        raise InputError("\n".join([*lines, told]), error.issues) from error
    view = _as_it_stands(estate, config)
    tables = quality_tables(view, estate)
    inst = build_instance(estate, config)
    impossible = impossible_standards(inst)
    tables["problems"] = _problem_table(impossible)
    unmet = unmet_today(inst)
    lines = [
        *quality_lines(view),
        *(["Standards that are not met today:"] if unmet else []),
        *(f"  - {line}" for line in unmet),
    ]
    _write(folder, tables, config, lines, view)
    if impossible:
        told = f"No plan can keep these standards (also in {folder / 'problems.csv'}):"
        raise InfeasibleError("\n".join([*lines, told]), impossible)
    return [
        *lines,
        f"The report is {folder / PAGE}; the map, funnel and gaps are beside it. Nothing was solved.",
    ]


def quality_tables(view: View, estate: Estate) -> dict[str, pd.DataFrame]:
    """Return the tables of the report by name, in their order, as the audience may read them."""
    gaps = estate.gaps
    if not gaps.empty:
        gaps = (
            gaps.groupby(["table", "column"], as_index=False).size().rename(columns={"size": "rows_filled"})
        )
    return {
        "funnel": view.funnel,
        "gaps": gaps,
        "assumptions": view.assumed,
        "matches": view.matches,
        "data_to_collect": view.collect,
        "snapping": _snapping(estate, view),
        "problems": _problem_table(()),
    }


def _snapping(estate: Estate, view: View) -> pd.DataFrame:
    """Return how far areas and sites are from the roads of each mode; sites as the audience may see them."""
    if estate.network is None:
        return pd.DataFrame()
    table = estate.network.snapping
    shown = table[(table["table"] == "areas") | table["id"].isin(view.sites["site_id"])]
    return shown.assign(metres=shown["metres"].round(1)).sort_values(
        ["snapped", "metres"], ascending=[True, False], kind="stable"
    )


def quality_lines(view: View) -> list[str]:
    """Say what a reader must know first: what is not known, then the way from all assets to decided ones."""
    notes = list(view.notes)
    more = [f"  ... and {len(notes) - MOST_LINES} more, in the report."] if len(notes) > MOST_LINES else []
    lines = ["What is not known:", *(f"  - {note}" for note in notes[:MOST_LINES]), *more]
    lines += ["From all registered assets to decided sites:"]
    steps = view.funnel.to_dict("records")
    lines += [f"  {row['sites']:>6}  {row['step']}: {row['reason']}" for row in steps]
    if len(view.matches):
        lines.append(f"{len(view.matches)} pairs of records may be one building: answer them in matches.csv.")
    if len(view.collect):
        lines.append(f"{len(view.collect)} facts are most worth collecting: see data_to_collect.csv.")
    return lines


def _register_lines(config: Config, base: Path, tables: dict[str, pd.DataFrame]) -> list[str]:
    """Say of a register with problems what can be said; its funnel is put before the table of problems."""
    from estate.inputs.register import check_register

    data = config.data
    if data.property_register is None:
        return []
    try:
        mapping = None if data.mapping is None else base / data.mapping
        _, funnel, _, notes = check_register(base / data.property_register, mapping)
    except InputError:
        return []
    tables["funnel"] = funnel
    steps = [f"  {row['sites']:>6}  {row['step']}: {row['reason']}" for row in funnel.to_dict("records")]
    head = "From all registered assets to decided sites, as far as they can be read:"
    return ["What is not known:", *(f"  - {note}" for note in notes), head, *steps]


def _config_for(
    path: Path, shared: Path | None, sets: Sequence[str], mapping: Path | None
) -> tuple[Config, Path]:
    """Take the configuration, or make one around a folder of tables or a bare register."""
    from estate.model.rules import resolve_rules

    overrides = parse_assignments(sets)
    told = {} if mapping is None else {"mapping": mapping.resolve()}
    kind = path.suffix.lower()
    if kind in {".yaml", ".yml"} or (kind in WORKBOOKS and path.is_file() and _has_settings(path)):
        overrides |= {f"data.{key}": str(value) for key, value in told.items()}
        return load_config(path, overrides, shared)
    if not path.exists():
        remedy = "give a configuration, a workbook, a folder of tables or a property register"
        issue = Issue(str(path), None, "", "", "is not there", remedy)
        raise ConfigError("There is nothing to check:", [issue])
    if overrides:
        issue = Issue(
            "command line", None, "--set", "", "has nothing to change", "give a YAML file or a workbook"
        )
        raise ConfigError("Values can be changed where there is a configuration:", [issue])
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", path.resolve().stem).strip("_-")[:48] or "register"
    name = f"{name}_" if DEVICES.fullmatch(name) else name
    data = {"folder": path.resolve()} if path.is_dir() else {"property_register": Path(path.name)}
    made = {"name": name, "title": path.name, "data": {**data, **told}, "rules": resolve_rules({})}
    config = Config.model_validate(made)
    return config, path.resolve().parent


def _has_settings(path: Path) -> bool:
    """Return whether a workbook has the sheet of settings; another workbook is a register."""
    from openpyxl import load_workbook

    from estate.inputs.officer import SETTINGS_SHEET

    try:
        book = load_workbook(path, read_only=True)
    except (OSError, ValueError, KeyError, BadZipFile):
        return False
    try:
        return SETTINGS_SHEET in book.sheetnames
    finally:
        book.close()


def _problem_table(issues: Sequence[Issue]) -> pd.DataFrame:
    columns = ["table", "row", "column", "value", "problem", "remedy"]
    rows = [[one.table, one.row, one.column, one.value, one.problem, one.remedy] for one in issues]
    return pd.DataFrame(rows, columns=columns).astype({"row": "Int64"})


def _refuse_foreign(folder: Path) -> None:
    """Never replace a folder that this program did not write."""
    if folder.exists() and not (folder.is_dir() and (folder / PAGE).is_file()):
        remedy = "give another folder with --out"
        raise ConfigError("The report was not written:", [Issue(str(folder), None, "", "", "exists", remedy)])


def _write(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    config: Config,
    lines: Sequence[str],
    view: View | None,
) -> None:
    """Write the report into a new folder that then takes the old one's place."""
    from estate.core.folders import written_whole
    from estate.present.csvs import safe_frame
    from estate.present.maps import write_map_png

    with written_whole(folder) as made:
        for name, table in tables.items():
            safe_frame(table).to_csv(made / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
        page = _page(tables, config, lines, pictured=view is not None)
        (made / PAGE).write_text(page, encoding="utf-8", newline="\n")
        if view is not None:
            write_map_png(view, made)


def _said(lines: Sequence[str]) -> str:
    """Return what the terminal says as lists under their headings; the funnel has a table of its own."""
    parts = []
    for line in lines:
        if line.startswith("  - "):
            parts.append(f"<ul><li>{html.escape(line[4:])}</li></ul>")
        elif not line.startswith(("  ", "From all registered")):
            parts.append(f"<p>{html.escape(line)}</p>")
    return "".join(parts).replace("</ul><ul>", "")


def _page(tables: Mapping[str, pd.DataFrame], config: Config, lines: Sequence[str], *, pictured: bool) -> str:
    """Return the report as one page; text from files is escaped."""
    title = f"Data quality: {config.title or config.name}"
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>Data: {html.escape(config.data_date or 'date not given')}</p>",
    ]
    if config.invented:
        parts.append("<p>Invented estate: no figure is about a real place.</p>")
    parts.append(_said(lines))
    if pictured:
        parts.append('<p><img src="map.png" alt="Map of all sites as registered"></p>')
    for name, table in tables.items():
        parts.append(f"<h2>{name.replace('_', ' ').capitalize()}</h2>")
        shown = table.rename(columns=lambda column: str(column).replace("_", " ").capitalize())
        whole = dict.fromkeys(shown.select_dtypes("integer"), "{:,}".format)
        made = shown.to_html(
            index=False, border=0, na_rep="", float_format=lambda x: f"{x:,.6g}", formatters=whole
        )
        parts.append("<p>None.</p>" if table.empty else f"<div>{made}</div>")
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en-GB"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _as_it_stands(estate: Estate, config: Config) -> View:
    """Return what the audience may read of the estate, in which nothing happens."""
    from estate.appraise.ledger import build_ledger
    from estate.inputs.collect import data_to_collect
    from estate.present.view import make_view

    plan = Plan.empty()
    result = Result(
        config=config,
        estate=estate,
        plan=plan,
        solution=None,
        ledger=build_ledger(estate, config, plan),
        summary={},
        access=pd.DataFrame(columns=list(ACCESS_COLUMNS)),
        partners=pd.DataFrame(columns=["partner_id"]),
        collect=data_to_collect(estate, config),
        run={},
    )
    return make_view(result, config.audience)
