"""From a configuration to a complete estate, or to one error that lists every problem."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.errors import InputError, Issue
from estate.core.tables import SPECS, empty, parse
from estate.core.travel import travel_needs, travel_table
from estate.core.types import Estate
from estate.core.vintage import label, optimism_bias
from estate.core.words import plural
from estate.inputs import coordinates
from estate.inputs.assume import assumed_table, assumptions_in_force, with_works
from estate.inputs.check import check_tables
from estate.inputs.context import Context
from estate.inputs.defaults import fill_defaults, rows_touched
from estate.inputs.edits import with_edits
from estate.inputs.funnel import follow_scopes
from estate.inputs.geospatial import with_area_ids
from estate.inputs.matrices import Matrix, add_matrices, read_matrices
from estate.inputs.officer import SETTINGS_SHEET, yearly_capital
from estate.inputs.open_days import with_days
from estate.inputs.scope import funnel_table
from estate.inputs.sources import Raw, read_tables, sha256
from estate.inputs.standards import add_standards, limit_moves, plain_geographies

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from estate.config import Config
    from estate.inputs.assume import Filling

MESSAGE = "The data have problems:"
FROM_REGISTER = " (from the register)"
_REGISTER = "name data.property_register too, or take this key out"
_OF_REGISTER = {
    "mapping": _REGISTER,
    "places": f"{_REGISTER}: beside tables of your own they are rows of sites, status host or outside",
    "matches": _REGISTER,
}
"""Keys of the configuration that need a register, and what to do where there is none."""


@dataclass
class Extras:
    """What comes with the tables: funnel, rows and matches of a register, shapes, points, matrices."""

    funnel: pd.DataFrame = field(default_factory=pd.DataFrame)
    origins: dict[str, tuple[str, int]] = field(default_factory=dict)
    registered: pd.DataFrame = field(default_factory=pd.DataFrame)
    matches: pd.DataFrame = field(default_factory=pd.DataFrame)
    geometries: dict[str, Any] = field(default_factory=dict)
    postcodes: pd.DataFrame | None = None
    matrices: list[Matrix] = field(default_factory=list)


def load_estate(config: Config, base: Path) -> Estate:
    """Read, conform, check, place and complete an estate.

    Parameters
    ----------
    config : Config
        The run; ``data`` says where the tables are.
    base : Path
        Folder of the configuration; relative paths start there.

    Returns
    -------
    Estate
        Every table complete, rows sorted by their keys.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    raw = read_tables(config.data, base)
    extras = Extras()
    if config.data.property_register is not None:
        _add_register(raw, extras, config, base)
    else:
        raw.issues += [
            Issue("config", None, f"data.{name}", "", "is read with a property register alone", remedy)
            for name, remedy in _OF_REGISTER.items()
            if getattr(config.data, name)
        ]
        _add_residents(raw, config, base)
    if "sites" not in raw.frames and not raw.issues:
        issue = Issue("sites", None, "", "", "is missing", "give a table of sites, or data.property_register")
        raw.issues.append(issue)
    _add_files(raw, extras, config, base)
    _add_yearly_capital(raw, config, base)
    extras.matrices = read_matrices(config.data.matrices, base, raw)
    return _build(raw, extras, config)


def estate_from_frames(frames: Mapping[str, pd.DataFrame], config: Config) -> Estate:
    """Do what `load_estate` does for tables in memory, by name.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables by their name in the data dictionary; cells of any type.
    config : Config
        The run; its data section is not read, except the CRS.

    Raises
    ------
    InputError
        With every problem.
    """
    unknown = [
        Issue(name, None, "", "", "is not a table", "use the data dictionary")
        for name in frames
        if name not in SPECS
    ]
    raw = Raw(dict(frames), {name: name for name in frames}, issues=unknown)
    return _build(raw, Extras(), config)


def _add_residents(raw: Raw, config: Config, base: Path) -> None:
    """Make the table of areas from published files of small areas; a table that was given wins."""
    from estate.inputs.residents import read_residents

    if not config.data.residents:
        return
    if "areas" in raw.frames:
        raw.notes.append("data.residents is not read: the table of areas is given.")
        return
    areas, issues, notes, files = read_residents(config.data.residents, base)
    raw.issues += issues
    raw.notes += notes
    raw.hashes.update({file.name: sha256(file) for file in files if file.is_file()})
    if len(areas):
        raw.frames["areas"], raw.sources["areas"] = areas, "areas (from data.residents)"


def _add_register(raw: Raw, extras: Extras, config: Config, base: Path) -> None:
    """Take the tables that the register importer assembles; a table that was given wins."""
    from estate.inputs.register import assemble

    frames, funnel, matches, geometries, hashes, issues, notes = assemble(config, base)
    raw.issues += issues
    if "sites" not in frames:
        return
    for name, frame in frames.items():
        if name not in raw.frames:
            raw.frames[name], raw.sources[name] = frame, f"{name}{FROM_REGISTER}"
    extras.funnel, extras.matches = funnel, matches
    # Taken out: pandas copies attrs, one entry a site, with every step.
    extras.origins = frames["sites"].attrs.pop("origins")
    if raw.frames["sites"] is frames.get("sites"):
        extras.registered = frames["sites"]
    extras.geometries.update(geometries)
    raw.hashes.update(hashes)
    raw.notes += notes


def _add_files(raw: Raw, extras: Extras, config: Config, base: Path) -> None:
    """Read the postcodes, the boundary and the shapes of the areas."""
    from estate.inputs.geospatial import read_shapes
    from estate.inputs.sources import read_file

    data = config.data
    if data.postcodes is not None:
        path = base / data.postcodes
        try:
            frame = coordinates.postcode_table(read_file(path)[0].cells)
        except InputError as error:
            raw.issues += error.issues
        else:
            extras.postcodes, issues = coordinates.postcode_points(frame, path.name)
            raw.issues += issues
            raw.hashes[path.name] = sha256(path)
    for name, shape in (("boundary", data.boundary), ("areas", data.area_shapes)):
        if shape is None:
            continue
        try:
            extras.geometries[name] = read_shapes(base / shape)
            raw.hashes[shape.name] = sha256(base / shape)
        except InputError as error:
            raw.issues += error.issues


def _add_yearly_capital(raw: Raw, config: Config, base: Path) -> None:
    """Turn the workbook's one figure for every year into budgets, where it has no budgets."""
    workbook, horizon = config.data.workbook, config.horizon
    if workbook is None or "budgets" in raw.frames or not (base / workbook).is_file():
        return
    amount, issues = yearly_capital(base / workbook)
    raw.issues += issues
    if amount is None:
        return
    years = range(horizon.first_year, horizon.first_year + horizon.decision_years)
    raw.frames["budgets"] = pd.DataFrame({"purse": "pooled", "year": years, "capital_gbp": amount})
    raw.sources["budgets"] = SETTINGS_SHEET


def _build(raw: Raw, extras: Extras, config: Config) -> Estate:
    typed, wrong, told = with_edits(_parse_all(raw), config.edits)
    raw.issues += wrong
    raw.notes += told
    _place_all(typed, raw, extras, config)
    add_standards(typed, config, raw)
    with_days(typed)
    add_matrices(extras.matrices, typed, raw)
    set_by = (config.assumed_by, config.assumed_on)
    force, issues = assumptions_in_force(typed["assumptions"], config.assumptions, set_by)
    if config.vintages.works:
        table = config.vintages.optimism_bias
        bias = optimism_bias(table, config.vintages.works)
        force = with_works(force, bias, config.assumptions, f"{label(table)}, mix of works")
    values = {str(name): float(value) for name, value in zip(force["name"], force["value"], strict=True)}
    found, notes = check_tables(Context(typed, raw.sources, config, values))
    raw.issues += issues + found
    raw.notes += notes
    if raw.issues:
        raise InputError(MESSAGE, sorted_issues([_in_its_file(one, raw, extras) for one in raw.issues]))
    typed = {name: _sorted(name, frame) for name, frame in typed.items()}
    own = {*typed["assumptions"]["name"], *config.assumptions}
    filling = fill_defaults(typed, values, allow_assumed=config.policy.allow_assumed, own=own)
    raw.notes += limit_moves(filling.tables, config, values)
    return _estate(filling, typed, force, raw, (extras, config))


@cache
def _blank(name: str) -> pd.DataFrame:
    return parse(empty(SPECS[name]), SPECS[name], name)[0]


def _parse_all(raw: Raw) -> dict[str, pd.DataFrame]:
    typed: dict[str, pd.DataFrame] = {}
    for name, spec in SPECS.items():
        if name in raw.frames:
            frame = plain_geographies(raw.frames[name]) if name == "standards" else raw.frames[name]
            typed[name], issues = parse(frame, spec, raw.sources[name])
            raw.issues += issues
        else:
            typed[name] = _blank(name)
    for name in ("standards", "travel"):
        mode = typed[name]["mode"].str.casefold().str.replace(r"[\s-]+", "_", regex=True)
        typed[name] = typed[name].assign(mode=mode)
    return typed


def _place_all(typed: dict[str, pd.DataFrame], raw: Raw, extras: Extras, config: Config) -> None:
    issue = coordinates.crs_issue(config.data.crs)
    if issue:
        raw.issues.append(issue)
        return
    if "areas" in extras.geometries and "areas" not in raw.shapes:
        raw.shapes["areas"] = shapes_by_row(typed["areas"], extras.geometries["areas"])
    for name in ("sites", "areas"):
        frame, issues = coordinates.resolve(
            typed[name], raw.sources.get(name, name), config.data.crs, raw.shapes.get(name), extras.postcodes
        )
        typed[name] = frame
        raw.issues += issues


def shapes_by_row(areas: pd.DataFrame, shapes: Any) -> Any:  # noqa: ANN401 - GeoDataFrame, GeoSeries
    """Return the shape of each area, by the column of the shapes that holds most of the area ids."""
    columns = shapes.drop(columns="geometry").astype(str)
    hits = columns.isin(set(areas["area_id"])).sum()
    if hits.empty or not hits.max():
        return None
    by_id = shapes.geometry.set_axis(columns[hits.idxmax()])
    by_id = by_id[~by_id.index.duplicated()].reindex(areas["area_id"])
    return by_id.set_axis(areas.index)


def _in_its_file(issue: Issue, raw: Raw, extras: Extras) -> Issue:
    """Return an issue of a table that was made from a register with the file and row it came from."""
    name = issue.table.removesuffix(FROM_REGISTER)
    if name == issue.table or "site_id" not in raw.frames[name]:
        return issue
    if issue.row is None:
        return replace(issue, table=next(iter(extras.origins.values()))[0])
    # Tables that were made have no rows of their own: the first counts as row 2.
    site = str(raw.frames[name]["site_id"].iloc[issue.row - 2])
    file, row = extras.origins.get(site, (issue.table, issue.row))
    return replace(issue, table=file, row=row)


def sorted_issues(issues: list[Issue]) -> list[Issue]:
    """Return issues without repeats, by table and row."""
    return sorted(
        dict.fromkeys(issues), key=lambda one: (one.table, one.row or 0, one.column, one.value, one.problem)
    )


def _sorted(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by the key, or by every column, so that the order of the file never matters."""
    by = list(SPECS[name].key) or list(frame.columns)
    return frame.sort_values(by, kind="stable") if len(frame) else frame


def _estate(
    filling: Filling,
    typed: Mapping[str, pd.DataFrame],
    force: pd.DataFrame,
    raw: Raw,
    given: tuple[Extras, Config],
) -> Estate:
    extras, config = given
    tables = {name: _sorted(name, frame).reset_index(drop=True) for name, frame in filling.tables.items()}
    if "areas" in extras.geometries:
        shapes = with_area_ids(extras.geometries["areas"], tables["areas"]["area_id"])
        extras.geometries["areas"] = shapes
        lacking = len(tables["areas"]) - int(tables["areas"]["area_id"].isin(shapes["area_id"]).sum())
        if lacking:
            filling.notes.append(
                f"{plural(lacking, 'area has', 'areas have')} no shape: on the map without one."
            )
    asked = config.resident_travel
    needs = travel_needs(tables["standards"], asked.mode if asked.as_cost else "", asked.farthest_km)
    pairs = travel_table(tables["sites"], tables["areas"], needs, tables["travel"], filling.values)
    touched = rows_touched(typed, tables, len(pairs))
    funnel = funnel_table(tables["sites"])
    if len(extras.funnel) and len(extras.registered):
        funnel = follow_scopes(extras.funnel, extras.registered, tables["sites"])
    return Estate(
        tables=tables,
        assumed=assumed_table(force, touched, filling.defaults),
        funnel=funnel,
        matches=extras.matches,
        assumptions=filling.values,
        area_km=pairs,
        geometries=extras.geometries,
        input_hashes=dict(sorted(raw.hashes.items())),
        notes=tuple(dict.fromkeys([*filling.first, *raw.notes, *filling.notes])),
        gaps=filling.gap_table(),
    )
