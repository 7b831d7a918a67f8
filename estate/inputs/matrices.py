"""Given matrices of travel, long or wide, in any unit, as rows of the table ``travel``."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.cells import clean_text, normal_name
from estate.core.errors import InputError, Issue
from estate.core.words import plural
from estate.inputs.sources import read_file, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from estate.config import MatrixSection
    from estate.inputs.sources import Raw

TO_UNIT: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "minutes": ("minutes", 1.0),
        "seconds": ("minutes", 1 / 60),
        "hours": ("minutes", 60.0),
        "km": ("km", 1.0),
        "metres": ("km", 0.001),
        "miles": ("km", 1.609344),
    }
)
"""Column of ``travel`` that a unit fills, and the factor to its unit."""


@dataclass(frozen=True)
class Matrix:
    """A matrix as it stands in a file."""

    section: MatrixSection
    source: str
    cells: pd.DataFrame


def read_matrices(sections: list[MatrixSection], base: Path, raw: Raw) -> list[Matrix]:
    """Read the files of matrices; problems and hashes go to `raw`."""
    found = []
    for section in sections:
        path = base / section.file
        try:
            sheet = read_file(path)[0]
        except InputError as error:
            raw.issues += error.issues
            continue
        raw.hashes[path.name] = sha256(path)
        found.append(Matrix(section, path.name, sheet.cells))
    return found


def add_matrices(matrices: list[Matrix], typed: dict[str, pd.DataFrame], raw: Raw) -> None:
    """Add the pairs of matrices to the table ``travel``; a pair that the table has already wins."""
    keys = ["area_id", "site_id", "mode"]
    parts = [typed["travel"]]
    for matrix in matrices:
        found = _pairs(matrix, typed, raw)
        if found is None:
            continue
        raw.notes += _notes(matrix, found, typed)
        parts.append(found.drop(columns=["column", "text"]))
    if len(parts) > 1:
        table = pd.concat(parts)
        first = table.groupby(keys, sort=False, as_index=False)[["km", "minutes"]].first()
        rows = pd.RangeIndex(-len(first), 0, name="row")  # of several files: see Context.place
        typed["travel"] = first.set_index(rows)
        files = [raw.sources.get("travel", ""), *(matrix.source for matrix in matrices)]
        raw.sources["travel"] = ", ".join(filter(None, files))


def _pairs(matrix: Matrix, typed: dict[str, pd.DataFrame], raw: Raw) -> pd.DataFrame | None:
    """Return area_id, site_id, mode, km, minutes, column and text, indexed by spreadsheet row."""
    body = _body(matrix)
    if body is None:
        raw.issues.append(_refused(matrix, "", "", "has no rows under a header", "export it again"))
        return None
    areas = _best(typed["areas"], ["area_id", "name"], matrix.section.areas_by)
    sites = _best(typed["sites"], ["site_id", "name", "postcode", "uprn"], matrix.section.sites_by)
    hits = {name: _hits(sites, [name])[1] for name in dict.fromkeys(map(str, body.columns))}
    wide = matrix.section.layout == "wide" or (matrix.section.layout == "auto" and any(hits.values()))
    try:
        long = _melted(matrix, body, areas, sites) if wide else _listed(matrix, body, areas, sites)
    except InputError as error:
        raw.issues += error.issues
        return None
    raw.notes += _asymmetry(matrix, long)
    area_key, _ = _hits(areas, long["area"])
    site_key, _ = _hits(sites, long["site"])
    long["area_id"] = _fold(long["area"]).map(areas[area_key])
    long["site_id"] = _fold(long["site"]).map(sites[site_key])
    kept = long.dropna(subset=["area_id", "site_id"])
    if kept.empty:
        remedy = "use the ids of the tables areas and sites, or say in areas_by and sites_by what it uses"
        raw.issues.append(_refused(matrix, "", "", "names no area and site of the estate", remedy))
        return None
    return _valued(matrix, kept, raw)


def _body(matrix: Matrix) -> pd.DataFrame | None:
    filled = matrix.cells.map(lambda cell: str(cell).strip() != "").sum(axis=1)
    if len(filled) < 2:
        return None
    at = int(np.argmax(filled.to_numpy() >= 0.5 * filled.max()))
    header = clean_text(matrix.cells.iloc[at].rename("h").reset_index(drop=True)).tolist()
    body = matrix.cells.iloc[at + 1 :].set_axis(pd.Index(header, dtype=object), axis=1)
    return body.loc[:, [name != "" for name in header]] if len(body) else None


def _fold(values: pd.Series) -> pd.Series:
    return values.astype(str).str.casefold().str.replace(r"\s+", "", regex=True)


def _best(frame: pd.DataFrame, columns: list[str], asked: str) -> dict[str, dict[str, str]]:
    """Return for each way of naming rows the id by folded name; names that are not unique tell nothing."""
    found = {}
    for column in columns if asked == "auto" else [asked]:
        names = _fold(frame[column])
        once = (names != "") & ~names.duplicated(keep=False)
        found[column] = dict(zip(names[once], frame.loc[once, columns[0]], strict=True))
    return found


def _hits(ways: Mapping[str, Mapping[str, str]], names: pd.Series | list[str]) -> tuple[str, int]:
    """Return the way of naming that knows most of the names, and how many it knows."""
    folded = _fold(pd.Series(names, dtype=object))
    counts = {way: int(folded.isin(known.keys()).sum()) for way, known in ways.items()}
    best = max(counts, key=counts.__getitem__)
    return best, counts[best]


def _melted(
    matrix: Matrix,
    body: pd.DataFrame,
    areas: Mapping[str, Mapping[str, str]],
    sites: Mapping[str, Mapping[str, str]],
) -> pd.DataFrame:
    """Return a wide matrix one row a pair."""
    way, _ = _hits(sites, list(body.columns))
    repeated = body.columns[body.columns.duplicated()]
    if len(repeated):
        raise _error(
            _refused(matrix, str(repeated[0]), "", "is the header of two columns", "keep one of them")
        )
    area = _column(matrix, "area", body, areas, matrix.section.area)
    known = _fold(pd.Series(body.columns, dtype=object)).isin(sites[way].keys()).to_numpy()
    known = known & (body.columns != area)
    if not known.any():
        raise _error(
            _refused(matrix, "", "", "has no column named after a site", "name its columns by site_id")
        )
    wide = body.loc[:, known]
    rows = np.repeat(body.index.to_numpy(), wide.shape[1])
    return pd.DataFrame(
        {
            "area": np.repeat(clean_text(body[area]).to_numpy(dtype=object), wide.shape[1]),
            "site": np.tile(wide.columns.to_numpy(dtype=object), len(wide)),
            "text": wide.to_numpy(dtype=object).ravel(),
            "column": np.tile(wide.columns.to_numpy(dtype=object), len(wide)),
        },
        index=rows,
    )


def _listed(
    matrix: Matrix,
    body: pd.DataFrame,
    areas: Mapping[str, Mapping[str, str]],
    sites: Mapping[str, Mapping[str, str]],
) -> pd.DataFrame:
    """Return a long matrix, its columns found by what stands in them."""
    area = _column(matrix, "area", body, areas, matrix.section.area)
    site = _column(matrix, "site", body.drop(columns=area), sites, matrix.section.site)
    others = [name for name in body.columns if name not in {area, site}]
    value = matrix.section.value
    if not value:
        like = (matrix.section.unit, TO_UNIT[matrix.section.unit][0], "value", "time", "distance")
        named = [n for n in others if any(part in normal_name(n) for part in like)]
        value = next(iter(named or others), "")
    if value not in body.columns:
        raise _error(_refused(matrix, value, "", "is no column of figures in it", "name it in value"))
    return pd.DataFrame(
        {
            "area": clean_text(body[area]),
            "site": clean_text(body[site]),
            "text": body[value],
            "column": value,
        }
    )


def _column(
    matrix: Matrix, what: str, body: pd.DataFrame, known: Mapping[str, Mapping[str, str]], asked: str
) -> str:
    """Return the column that names areas or sites: the one asked for, else the one that knows most."""
    if asked:
        if asked not in body.columns:
            raise _error(_refused(matrix, asked, "", "is no column of it", f"correct {what} of the matrix"))
        return asked
    hits = {str(name): _hits(known, clean_text(body[name]))[1] for name in body.columns}
    best = max(hits, key=hits.__getitem__, default="")
    if not best or hits[best] == 0:
        remedy = f"name its column of {what}s under {what}, and use ids or names of the estate"
        raise _error(_refused(matrix, "", "", f"names no {what} of the estate", remedy))
    return best


def _valued(matrix: Matrix, rows: pd.DataFrame, raw: Raw) -> pd.DataFrame:
    """Return the figures in km or minutes; what is no figure or negative is an issue."""
    column, factor = TO_UNIT[matrix.section.unit]
    text = clean_text(rows["text"]).str.replace(",", "", regex=False)
    blank = text.str.casefold().isin(["", "nan", "na", "n/a", "null", "none", "-"])
    figure = pd.to_numeric(text.mask(blank), errors="coerce").astype(float)
    figure = figure.mask(~np.isfinite(figure))
    for wrong, problem in ((figure.isna() & ~blank, "is no figure"), (figure < 0, "is negative")):
        for row, header, value in rows.loc[wrong, ["column", "text"]].head(20).itertuples(name=None):
            raw.issues.append(
                Issue(
                    matrix.source,
                    int(row),
                    str(header),
                    str(value)[:40],
                    problem,
                    "correct it, or leave it blank",
                )
            )
    both = {"km": np.nan, "minutes": np.nan} | {column: figure * factor}
    mode = normal_mode(matrix.section.mode)
    found = rows.assign(mode=mode, **both).dropna(subset=[column])
    return found[["area_id", "site_id", "mode", "km", "minutes", "column", "text"]].rename_axis("row")


def normal_mode(text: str) -> str:
    """Return a mode as the tables write it."""
    return text.strip().casefold().replace(" ", "_").replace("-", "_")


def _notes(matrix: Matrix, rows: pd.DataFrame, typed: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say how many pairs of areas and serving sites the matrix does not have."""
    serving = set().union(*(typed[name]["site_id"] for name in ("provisions", "hub_options", "host_terms")))
    areas, sites = typed["areas"]["area_id"], typed["sites"]["site_id"]
    wanted = sites[sites.isin(serving)] if serving else sites
    given = rows[rows["site_id"].isin(wanted)].drop_duplicates(["area_id", "site_id"])
    missing = len(areas) * len(wanted) - len(given)
    if not missing:
        return []
    lost = sorted(set(wanted) - set(given["site_id"]))
    names = ", ".join([*lost[:3], *(["..."] if len(lost) > 3 else [])])
    more = f"; nothing is said of {plural(len(lost), 'site')} ({names})" if lost else ""
    return [
        (
            f"{matrix.source} has no figure for {missing:,} of {len(areas) * len(wanted):,} pairs of areas "
            f"and serving sites by {rows['mode'].iloc[0]}: they are measured without it{more}."
        )
    ]


def _asymmetry(matrix: Matrix, long: pd.DataFrame) -> list[str]:
    """Say where a matrix that has both ways is longer the one way than the other."""
    table = long.assign(value=pd.to_numeric(long["text"], errors="coerce")).dropna(subset=["value"])
    table = table.drop_duplicates(["area", "site"])
    both = table.merge(table, left_on=["area", "site"], right_on=["site", "area"], suffixes=("", "_back"))
    gap = (both["value"] - both["value_back"]).abs()
    odd = both[gap > 0.2 * both[["value", "value_back"]].max(axis=1)]
    if odd.empty:
        return []
    one = odd.iloc[0]
    return [
        (
            f"{matrix.source} is not symmetric: {len(odd) // 2:,} pairs differ by more than a fifth by "
            f"direction, for example {one['area']} to {one['site']} ({one['value']:g} there, "
            f"{one['value_back']:g} back). The way from the area to the site is taken: swap the two if the "
            "matrix means the other way."
        )
    ]


def _refused(matrix: Matrix, column: str, value: str, problem: str, remedy: str) -> Issue:
    return Issue(matrix.source, None, column, value, problem, remedy)


def _error(issue: Issue) -> InputError:
    return InputError("A matrix of travel cannot be read:", [issue])
