"""Areas of residents from published small-area files, carried between vintages of codes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from estate.core.errors import InputError, Issue
from estate.inputs.aliases import clean_text, fold, header_row, read_grid, take_columns
from estate.inputs.placing import place
from estate.inputs.recipe import Residents
from estate.inputs.settlements import districts, named, rural_by_density, rural_share

if TYPE_CHECKING:
    from collections.abc import Mapping

_VINTAGE = re.compile(r"(\d\d)cd$")


def read_residents(
    recipe: Mapping[str, Any], base: Path
) -> tuple[pd.DataFrame, list[Issue], list[str], list[Path]]:
    """Build the table of areas.

    Parameters
    ----------
    recipe : mapping
        ``data.residents`` of the configuration.
    base : Path
        Folder of relative paths.

    Returns
    -------
    DataFrame
        Columns of the dictionary's ``areas``: area_id, name, code_vintage, population
        [person], easting, northing [m], imd_decile, imd_rank_share, rurality, over65_share,
        no_car_share, zone, postcode_district.
    list of Issue
        Everything that is wrong, with its remedy.
    list of str
        Notes: the total beside the published one, what was carried over and how.
    list of Path
        Files read.

    References
    ----------
    Deciles as in the English Indices of Deprivation 2019: 32,844 areas, decile 1 is the
    most deprived tenth (Ministry of Housing, Communities and Local Government, technical report).
    """
    try:
        told = Residents.model_validate(dict(recipe))
    except ValidationError as error:
        return pd.DataFrame(), [_config_issue(detail) for detail in error.errors()], [], []
    issues: list[Issue] = []
    notes: list[str] = []
    files = [base / file for file in _files(told)]
    try:
        areas = _population(told, base, issues)
        if issues:
            return areas, issues, notes, files
        carried = _carried(told, base, areas, issues, notes)
        areas = areas.join(carried)
        if told.cars:
            areas["no_car_share"] = _no_car(told, base, areas.index, issues)
        if told.zones:
            areas = areas.join(_zones(told, base))
    except InputError as error:
        return pd.DataFrame(), [*issues, *error.issues], notes, files
    notes.insert(0, _total_note(areas, told))
    areas.insert(0, "area_id", areas.index)
    return areas.reset_index(drop=True), issues, notes, files


def _config_issue(detail: Any) -> Issue:  # noqa: ANN401 - a record of pydantic
    place_ = ".".join(str(part) for part in detail["loc"])
    remedy = f"use the keys {', '.join(Residents.model_fields)}"
    shown = "" if isinstance(detail.get("input"), dict) else str(detail.get("input", ""))[:60]
    return Issue(
        "config", None, f"data.residents.{place_}", shown, f"is not accepted ({detail['msg']})", remedy
    )


def _files(told: Residents) -> list[Path]:
    files = [
        told.population,
        told.centroids,
        told.lookup,
        told.weights,
        told.deprivation,
        told.cars,
        told.rurality,
        told.zones,
    ]
    return [file for file in files if file is not None]


def _table(
    path: Path, needed: tuple[str, ...], given: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the columns by canonical name, and all cells by folded header."""
    grid = read_grid(path)
    header = header_row(grid, "areas")
    if header is None:
        issue = Issue(path.name, None, "", "", "has no row that reads like headers", "download it again")
        raise InputError("A table of areas cannot be read:", [issue])
    told = {name: column for name, column in (given or {}).items() if column}
    frame, _, missing = take_columns(grid, header, "areas", told)
    issues = [
        Issue(path.name, header + 1, name, "", "is no header", "correct data.residents") for name in missing
    ]
    issues += [
        Issue(
            path.name,
            header + 1,
            name,
            "",
            "is not among the headers",
            f"name its column under data.residents.{name}",
        )
        for name in needed
        if name not in frame and name not in missing
    ]
    if issues:
        raise InputError("A table of areas cannot be read:", issues)
    body = grid.iloc[header + 1 :].set_axis([fold(str(cell)) for cell in grid.iloc[header]], axis=1)
    return frame, body.set_axis(range(header + 2, header + 2 + len(body)), axis=0).loc[frame.index]


def _number(frame: pd.DataFrame, column: str, table: str, issues: list[Issue]) -> pd.Series:
    values = pd.to_numeric(frame[column].str.replace(",", "", regex=False), errors="coerce")
    wrong = (values.isna() & (frame[column] != "")) | (values < 0)
    issues += [
        Issue(table, int(str(row)), column, str(value)[:40], "is not a positive number", "correct the number")
        for row, value in frame.loc[wrong, column].items()
    ]
    return values.mask(wrong)


def _population(told: Residents, base: Path, issues: list[Issue]) -> pd.DataFrame:
    path = base / told.population
    given = {"code": told.code, "persons": told.persons, "over65": told.over65}
    frame, body = _table(path, ("code", "persons"), given)
    for column, value in told.filter.items():
        if fold(column) not in body:
            issues.append(Issue(path.name, 1, column, "", "is no header", "correct data.residents.filter"))
            continue
        kept = clean_text(body[fold(column)]).str.lower() == str(value).strip().lower()
        frame, body = frame[kept], body[kept]
    if frame.empty:
        issues.append(Issue(path.name, None, "", "", "has no rows left", "correct data.residents.filter"))
    again = frame["code"].duplicated()
    if again.any():
        issues.append(_repeated(frame, body, path.name, again))
        return pd.DataFrame()
    persons = _number(frame, "persons", path.name, issues)
    areas = pd.DataFrame({"name": frame.get("name", ""), "code_vintage": told.vintage, "population": persons})
    if "over65" in frame:
        areas["over65_share"] = (_number(frame, "over65", path.name, issues) / persons).where(persons > 0)
    return areas.set_axis(pd.Index(frame["code"], name="code"), axis=0).sort_index()


def _repeated(frame: pd.DataFrame, body: pd.DataFrame, table: str, again: pd.Series) -> Issue:
    """Name the column that tells totals from parts, where there is one."""
    codes = frame["code"]
    row = int(str(again[again].index[0]))
    for column in map(str, body.columns):
        values = clean_text(body[column])
        few = 2 <= values.nunique() <= 12
        if few and not pd.DataFrame({"code": codes, "value": values}).duplicated().any():
            shown = ", ".join(sorted(set(values))[:6])
            remedy = (
                f"keep one of them in the configuration, data.residents.filter: {{{column}: ...}} ({shown})"
            )
            return Issue(
                table, row, column, str(codes[row]), "comes several times: totals beside parts", remedy
            )
    return Issue(table, row, "code", str(codes[row]), "comes twice", "keep one row for every area")


def _carried(
    told: Residents, base: Path, areas: pd.DataFrame, issues: list[Issue], notes: list[str]
) -> pd.DataFrame:
    """Bring centroid and decile to the codes of the population, through the lookup if there is one."""
    pairs = _pairs(told, base, areas, issues)
    weights = _weights(told, base, pairs, issues)
    out = pd.DataFrame(index=areas.index)
    if told.centroids:
        frame, _ = _table(base / told.centroids, ("code",))
        where, off = place(frame, told.centroids.name)
        issues += off
        old = where[["easting", "northing"]].set_axis(frame["code"], axis=0)
        out[["easting", "northing"]] = _mean(old, pairs, weights, told.centroids.name, issues).round(2)
    if told.deprivation:
        frame, _ = _table(base / told.deprivation, ("code", "rank"))
        rank = _number(frame, "rank", told.deprivation.name, issues).set_axis(frame["code"], axis=0)
        mean = _mean(rank.to_frame("rank"), pairs, weights, told.deprivation.name, issues)["rank"]
        out["imd_decile"] = np.ceil(mean * 10.0 / told.ranks).clip(1, 10)
        out["imd_rank_share"] = (mean / told.ranks).clip(0, 1)
    rural = _rural(told, base, (pairs, weights), issues, notes)
    if rural is not None:
        out["rurality"] = named(rural.reindex(out.index))
    if told.lookup and (told.centroids or told.deprivation):
        notes.append(_carry_note(pairs))
    return out


def _rural(
    told: Residents, base: Path, carry: tuple[pd.DataFrame, pd.Series], issues: list[Issue], notes: list[str]
) -> pd.Series | None:
    """Return which share of each area is rural: by its class, else by density where that is asked for."""
    pairs, weights = carry
    if told.rurality:
        frame, _ = _table(base / told.rurality, ("code", "rurality"))
        rural = rural_share(frame["rurality"])
        strange = frame.loc[rural.isna(), "rurality"]
        issues += [
            Issue(told.rurality.name, int(str(row)), "rurality", word, "is no class", "write urban or rural")
            for row, word in strange.items()
        ]
        classes = rural.set_axis(frame["code"], axis=0).to_frame("rural")
        if pairs["new"].isin(classes.index).all():
            pairs = pairs.assign(old=pairs["new"]).drop_duplicates()
        return _mean(classes, pairs, weights, told.rurality.name, issues)["rural"]
    if told.rural_below_per_km2 is None:
        return None
    if told.weights is None:
        remedy = "give a table with persons and persons per km2, or data.residents.rurality"
        issues.append(Issue("config", None, "data.residents.weights", "", "is needed for density", remedy))
        return None
    frame, _ = _table(base / told.weights, ("code", "persons", "density"))
    density = _number(frame, "density", told.weights.name, issues).set_axis(frame["code"], axis=0)
    notes.append(
        f"Assumed: areas with fewer than {told.rural_below_per_km2:g} persons per km2 are rural, all others "
        "urban; no Rural Urban Classification was given."
    )
    return rural_by_density(weights, density, pairs, told.rural_below_per_km2)


def _pairs(told: Residents, base: Path, areas: pd.DataFrame, issues: list[Issue]) -> pd.DataFrame:
    """Return old and new code, one row a pair; each code beside itself without a lookup."""
    if told.lookup is None:
        return pd.DataFrame({"old": areas.index, "new": areas.index})
    grid = read_grid(base / told.lookup)
    headers = [str(cell) for cell in grid.iloc[0]]
    years = {header: int(found[1]) for header in headers if (found := _VINTAGE.search(fold(header)))}
    dated = sorted(
        (header for header in years if fold(header).startswith(("lsoa", "oa"))), key=years.__getitem__
    )
    old, new = told.old_code or (dated[0] if dated else ""), told.new_code or (dated[-1] if dated else "")
    if old == new or old not in headers or new not in headers:
        remedy = "name its columns under data.residents: old_code and new_code"
        issues.append(
            Issue(told.lookup.name, 1, "", "", "has no columns that read like an old and a new code", remedy)
        )
        return pd.DataFrame({"old": areas.index, "new": areas.index})
    body = grid.iloc[1:]
    pairs = pd.DataFrame(
        {
            "old": clean_text(body.iloc[:, headers.index(old)]),
            "new": clean_text(body.iloc[:, headers.index(new)]),
        }
    )
    return pairs[pairs["new"].isin(areas.index)].drop_duplicates().reset_index(drop=True)


def _weights(told: Residents, base: Path, pairs: pd.DataFrame, issues: list[Issue]) -> pd.Series:
    """Return persons by old code; one for each where no table gives them."""
    if told.weights is None:
        return pd.Series(1.0, index=pd.Index(pairs["old"].unique()))
    frame, _ = _table(base / told.weights, ("code", "persons"))
    again = frame["code"].duplicated()
    if again.any():
        row = int(str(again[again].index[0]))
        remedy = "give a table with one row for every area"
        issues.append(Issue(told.weights.name, row, "code", str(frame["code"][row]), "comes twice", remedy))
        return pd.Series(1.0, index=pd.Index(pairs["old"].unique()))
    return _number(frame, "persons", told.weights.name, issues).set_axis(frame["code"], axis=0)


def _mean(
    values: pd.DataFrame, pairs: pd.DataFrame, weights: pd.Series, table: str, issues: list[Issue]
) -> pd.DataFrame:
    """Return the mean of the old areas of every new one, weighed by persons."""
    again = values.index.duplicated()
    if again.any():
        code = str(values.index[again][0])
        issues.append(Issue(table, None, "code", code, "comes twice", "keep one row for every area"))
        values = values[~again]
    known = pairs[pairs["old"].isin(values.dropna().index)]
    missing = sorted(set(pairs["new"]) - set(known["new"]))
    unknown = len(missing) + 0
    if unknown:
        issues.append(
            Issue(
                table,
                None,
                "code",
                str(missing[0]),
                f"and {unknown - 1} more areas of the population are not in it: another vintage of codes",
                "give data.residents.lookup (old code to new code), or the file of the same vintage",
            )
        )
    weight = known["old"].map(weights).fillna(1.0).to_numpy()
    weighed = values.loc[known["old"]].mul(weight, axis=0).groupby(known["new"].to_numpy()).sum()
    total = pd.Series(weight).groupby(known["new"].to_numpy()).sum()
    return weighed.div(total, axis=0)


def _carry_note(pairs: pd.DataFrame) -> str:
    split = int(pairs.loc[pairs["old"].duplicated(keep=False), "new"].nunique())
    merged = int(pairs.loc[pairs["new"].duplicated(keep=False), "new"].nunique())
    return (
        f"Centroid and deprivation of {pairs['new'].nunique():,} areas are carried over from older codes "
        f"by the lookup: {split} come from an area that was split and share its centroid and rank, "
        f"{merged} from areas that were merged (means weighed by persons). "
        "Assumed: a part is as deprived as the whole was."
    )


def _no_car(told: Residents, base: Path, codes: pd.Index, issues: list[Issue]) -> pd.Series:
    """Return the share of households without a car; it stands for the share of residents."""
    cars = told.cars or Path()
    frame, _ = _table(base / cars, ("code", "category", "value"))
    households = _number(frame, "value", cars.name, issues)
    category = frame["category"].str.lower()
    part = ~category.str.contains(r"^(?:total|all\b)", regex=True)
    none = category.str.contains(told.no_car.lower(), regex=False)
    if not none.any():
        remedy = "give the words of the category under data.residents.no_car"
        issues.append(Issue(cars.name, None, "category", told.no_car, "is in no category", remedy))
    total = households[part].groupby(frame["code"][part]).sum()
    without = households[none & part].groupby(frame["code"][none & part]).sum()
    share = (without / total).reindex(codes)
    if share.isna().any():
        missing = str(share.index[share.isna()][0])
        problem = f"and {int(share.isna().sum()) - 1} more areas of the population are not in it"
        issues.append(
            Issue(cars.name, None, "code", missing, problem, "give the file of the same vintage of codes")
        )
    return share


def _zones(told: Residents, base: Path) -> pd.DataFrame:
    """Return the zone in which most rows of an area lie, and the district of most of its postcodes."""
    path = base / (told.zones or Path())
    grid = read_grid(path)
    names = [fold(str(cell)) for cell in grid.iloc[0]]
    column = fold(told.zone)
    codes = [name for name in ("lsoacode", "lsoa21cd", "areacode", "code", fold(told.code)) if name in names]
    if (told.zone and column not in names) or not codes or not (told.zone or "postcode" in names):
        remedy = "give data.residents.zone, a column of that file"
        raise InputError(
            "A table of areas cannot be read:", [Issue(path.name, 1, told.zone, "", "is no header", remedy)]
        )
    body = grid.iloc[1:].set_axis(names, axis=1)
    code = clean_text(body[codes[0]])
    parts = {}
    if told.zone:
        counts = body.groupby([code, column]).size().sort_values(ascending=False, kind="stable")
        parts["zone"] = counts.reset_index().drop_duplicates(codes[0]).set_index(codes[0])[column]
    if "postcode" in names:
        parts["postcode_district"] = districts(code, clean_text(body["postcode"]))
    return pd.DataFrame(parts)


def _total_note(areas: pd.DataFrame, told: Residents) -> str:
    total = round(areas["population"].sum())
    note = f"{total:,} residents in {len(areas):,} areas"
    if told.published_total is None:
        return f"{note}; no published total was given to compare."
    same = (
        "the same" if total == told.published_total else f"a difference of {total - told.published_total:+,}"
    )
    return f"{note}; published {told.published_total:,}: {same}."
