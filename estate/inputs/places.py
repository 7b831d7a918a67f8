"""Other lists of places: libraries, jobcentres, surgeries, schools, hubs, from tables or shapes."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files
from pathlib import Path  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from estate.core.errors import InputError, Issue
from estate.core.reference import kinds
from estate.inputs.aliases import clean_text, fold, header_row, read_grid, take_columns
from estate.inputs.placing import BNG, place
from estate.inputs.register import tidy_postcodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHAPES = frozenset({".geojson", ".json", ".gpkg", ".shp", ".fgb"})
RECORD_COLUMNS = (
    "record_id",
    "source",
    "row",
    "name",
    "uprn",
    "address",
    "postcode",
    "easting",
    "northing",
    "longitude",
    "latitude",
    "gia_m2",
    "use_kind",
    "service_id",
    "partner_id",
    "status",
    "fixed",
    "lends",
)


class PlaceList(BaseModel):
    """One entry of ``data.places``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path
    kind: str = Field(description="Kind of the table of kinds")
    service: str | None = Field(
        None, description="Service; blank takes that of the kind, none for no service"
    )
    partner: str = Field("council", description="council, nhs, dwp, voluntary, post_office, ...")
    partner_name: str = ""
    in_plan: bool | None = Field(None, description="Partner takes part; blank: yes where status is existing")
    status: Literal["existing", "host", "outside", "candidate"] = "existing"
    where: dict[str, Any] = Field(default_factory=dict, description="Keep rows with these values")
    where_not: dict[str, Any] = Field(default_factory=dict, description="Leave out rows with these values")
    within_km: float | None = Field(None, gt=0, description="Keep places within so many km of the residents")
    complete: bool = Field(default=False, description="Every place of this kind is on the list")
    fixed: bool | None = Field(
        None, description="Cannot leave its building; blank: yes unless status is existing"
    )
    lends: bool | dict[str, Any] = Field(
        default=False, description="Lends room: true, or columns of host_terms"
    )
    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    crs: str = ""


def read_lists(entries: Sequence[Mapping[str, Any]]) -> tuple[list[PlaceList], list[Issue]]:
    """Check the entries of ``data.places``; every problem is an issue."""
    lists: list[PlaceList] = []
    issues: list[Issue] = []
    known = set(kinds()["kind"])
    for number, entry in enumerate(entries):
        try:
            item = PlaceList.model_validate(dict(entry))
        except ValidationError as error:
            issues += [
                Issue(
                    "config",
                    None,
                    f"data.places.{number}.{'.'.join(str(part) for part in detail['loc'])}",
                    str(detail.get("input", ""))[:60],
                    f"is not accepted ({detail['msg']})",
                    f"use the keys {', '.join(PlaceList.model_fields)}",
                )
                for detail in error.errors()
            ]
            continue
        if item.kind not in known:
            remedy = f"use one of {', '.join(sorted(known))}"
            issues.append(
                Issue("config", None, f"data.places.{number}.kind", item.kind, "is not a kind", remedy)
            )
            continue
        lists.append(item)
    return lists, issues


def read_places(item: PlaceList, base: Path) -> tuple[pd.DataFrame, list[Issue]]:
    """Read one list of places.

    Parameters
    ----------
    item : PlaceList
        Entry of the configuration.
    base : Path
        Folder of relative paths.

    Returns
    -------
    DataFrame
        One row a place, columns ``RECORD_COLUMNS``.
    list of Issue
        What is wrong in the file; the frame is empty where it cannot be read at all.
    """
    path = base / item.file
    try:
        body, frame = _read_shapes(path) if path.suffix.lower() in SHAPES else _read_table(path, item)
    except InputError as error:
        return pd.DataFrame(columns=list(RECORD_COLUMNS)), list(error.issues)
    keep, issues = _filter(body, item, path.name)
    frame = frame[keep.reindex(frame.index, fill_value=False)]
    if "easting" not in frame or not pd.api.types.is_numeric_dtype(frame["easting"]):
        where, off = place(frame, path.name, item.crs)
        issues += off
        frame = pd.concat(
            [frame.drop(columns=[c for c in (*where.columns, "x", "y") if c in frame]), where], axis=1
        )
    return _records(frame, item, path), issues


def _read_table(path: Path, item: PlaceList) -> tuple[pd.DataFrame, pd.DataFrame]:
    grid = read_grid(path)
    header = header_row(grid, "places")
    if header is None:
        issue = Issue(
            path.name, None, "", "", "has no row that reads like headers", "name them under columns:"
        )
        raise InputError("A list of places cannot be read:", [issue])
    frame, _, missing = take_columns(grid, header, "places", item.columns)
    if missing:
        issues = [
            Issue(path.name, header + 1, name, "", "is no header", "correct columns:") for name in missing
        ]
        raise InputError("A list of places cannot be read:", issues)
    body = grid.iloc[header + 1 :]
    body.columns = pd.Index([fold(str(cell)) for cell in grid.iloc[header]])
    body.index = pd.Index(range(header + 2, header + 2 + len(body)), name="row")
    return body, frame


def _read_shapes(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read shapes; a place is a point inside each."""
    import geopandas as gpd

    if not path.is_file() or path.stat().st_size == 0:
        issue = Issue(path.name, None, "", "", "is missing or empty", "give the path of the published file")
        raise InputError("A list of places cannot be read:", [issue])
    try:
        shapes = gpd.read_file(path)
        points = shapes.to_crs(BNG).geometry.representative_point()
    except Exception as error:
        issue = Issue(
            path.name, None, "", "", "is no readable map file", "export it again as GeoJSON or GeoPackage"
        )
        raise InputError("A list of places cannot be read:", [issue]) from error
    grid = pd.DataFrame(
        [list(shapes.columns.drop("geometry")), *shapes.drop(columns="geometry").astype(str).to_numpy()]
    )
    frame, _, _ = take_columns(grid, 0, "places")
    frame = frame.reindex(range(2, 2 + len(shapes)), fill_value="")
    frame["easting"], frame["northing"] = points.x.round(2).to_numpy(), points.y.round(2).to_numpy()
    degrees = points.to_crs("EPSG:4326")
    frame["longitude"], frame["latitude"] = degrees.x.round(7).to_numpy(), degrees.y.round(7).to_numpy()
    body = grid.iloc[1:].set_axis([fold(str(cell)) for cell in grid.iloc[0]], axis=1)
    body.index = frame.index
    return body, frame


def _filter(body: pd.DataFrame, item: PlaceList, table: str) -> tuple[pd.Series, list[Issue]]:
    keep = pd.Series(data=True, index=body.index)
    issues = []
    for wanted, rule in ((True, item.where), (False, item.where_not)):
        for column, value in rule.items():
            name = fold(str(column))
            if name not in body:
                issues.append(
                    Issue(table, 1, str(column), "", "is no header", "correct where: or where_not:")
                )
                continue
            values = value if isinstance(value, list) else [value]
            text = clean_text(body[name]).str.lower()
            keep &= text.isin([str(one).strip().lower() for one in values]) == wanted
    return keep, issues


def _records(frame: pd.DataFrame, item: PlaceList, path: Path) -> pd.DataFrame:
    label = str(kinds().set_index("kind")["label"].get(item.kind, item.kind))
    empty = pd.Series("", index=frame.index)
    text = {name: frame.get(name, empty) for name in ("name", "uprn", "address")}
    postcode = tidy_postcodes(frame.get("postcode", empty), text["address"])
    spot = (
        "at "
        + frame["easting"].round().astype("Int64").astype(str)
        + " "
        + frame["northing"].round().astype("Int64").astype(str)
    )
    names = text["name"].mask(text["name"] == "", postcode.where(postcode != "", spot).radd(f"{label} "))
    records = pd.DataFrame(
        {
            "source": path.name,
            "row": frame.index,
            "name": names,
            "named": text["name"] != "",
            "uprn": text["uprn"].str.lstrip("0"),
            "address": text["address"],
            "postcode": postcode,
            **{name: frame[name] for name in ("easting", "northing", "longitude", "latitude")},
            "gia_m2": pd.to_numeric(frame.get("gia_m2", empty), errors="coerce"),
            "use_kind": item.kind,
            "service_id": _service_of(item),
            "partner_id": item.partner,
            "status": item.status,
            "fixed": item.status != "existing" if item.fixed is None else item.fixed,
            "lends": [item.lends] * len(frame),
            "complete": item.complete,
        },
        index=frame.index,
    )
    records.insert(0, "record_id", _ids(records, item.kind))
    return records.reset_index(drop=True)


def _service_of(item: PlaceList) -> str:
    if item.service is not None:
        return "" if item.service == "none" else item.service
    service = kinds().set_index("kind")["service_id"].get(item.kind)
    return service if isinstance(service, str) else ""


def _ids(records: pd.DataFrame, kind: str) -> pd.Series:
    """Name records by kind and name, with the postcode and a number where that is not enough."""
    slug = records["name"].map(_slug)
    again = slug.duplicated(keep=False)
    slug = slug.where(~again, slug + "-" + records["postcode"].map(_slug))
    number = slug.groupby(slug).cumcount()
    return f"{kind}:" + slug + number.map(lambda n: f"-{n + 1}" if n else "")


def _slug(text: str) -> str:
    plain = re.sub(r"['\u2019]", "", str(text).lower())
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "unnamed"


def within_reach(records: pd.DataFrame, places: pd.DataFrame, km: float) -> pd.DataFrame:
    """Keep the records within `km` [km, straight line] of any of the places (easting, northing)."""
    from scipy.spatial import cKDTree

    known = places[["easting", "northing"]].dropna().to_numpy()
    if not len(known):
        return records
    points = records[["easting", "northing"]].to_numpy(dtype=float)
    placed = np.isfinite(points).all(axis=1)
    distance = np.full(len(points), np.inf)
    distance[placed], _ = cKDTree(known).query(points[placed])
    return records[distance <= km * 1000.0]


def host_terms(records: pd.DataFrame) -> pd.DataFrame:
    """Return the terms of every record that lends room: by kind, or as the entry says."""
    with files("estate.inputs").joinpath("host_defaults.csv").open(encoding="utf-8") as handle:
        defaults = pd.read_csv(handle).set_index("kind").drop(columns="source")
    rows = []
    for record in records[["site_id", "use_kind", "lends"]].to_dict("records"):
        if record["lends"] is False:
            continue
        own = defaults.loc[record["use_kind"]].to_dict() if record["use_kind"] in defaults.index else {}
        told = record["lends"] if isinstance(record["lends"], dict) else {}
        rows.append({"site_id": record["site_id"], **own, **told})
    frame = pd.DataFrame(rows, columns=None if rows else ["site_id", "room_nia_m2"])
    return frame.drop_duplicates("site_id").reset_index(drop=True)


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, blank where it is missing."""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
