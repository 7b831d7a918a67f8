"""Where things are: longitude/latitude or easting/northing, told apart by name and by range."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Transformer

from estate.core.errors import Issue

if TYPE_CHECKING:
    from numpy.typing import NDArray

BNG = "EPSG:27700"
WGS84 = "EPSG:4326"
# Bounds of the United Kingdom with Northern Ireland, in degrees and in metres of the National Grid.
LONGITUDES, LATITUDES = (-9.0, 2.5), (49.0, 61.5)
EASTINGS, NORTHINGS = (-250_000.0, 700_000.0), (0.0, 1_300_000.0)
FAR_M, NEAR_M = 150_000.0, 60_000.0
_GRID = re.compile(r"^([A-HJ-Z]{2})\s*(\d{2,5})\s*(\d{2,5})$")
_PAIR = re.compile(r"^\(?\s*(-?\d+(?:\.\d+)?)\s*[,;/ ]\s*(-?\d+(?:\.\d+)?)\s*\)?$")
_LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def place(frame: pd.DataFrame, table: str, crs: str = "") -> tuple[pd.DataFrame, list[Issue]]:
    """Find easting and northing of every row.

    Columns that may be there: x, y, crs, easting, northing, longitude, latitude and
    map_reference, all text. Pairs of x and y are told apart by `crs`, by the column crs,
    or by their range; longitude and latitude that were swapped are swapped back, and so
    are eastings and northings where only the swap puts a row among the others.

    Parameters
    ----------
    frame : DataFrame
        Rows, index as a spreadsheet shows it.
    table : str
        Name of the file, for issues.
    crs : str
        CRS of x and y where the user has said it.

    Returns
    -------
    DataFrame
        easting, northing [m, EPSG:27700], longitude, latitude [degree], blank where no
        place is known; the same index.
    list of Issue
        Values that are no numbers, and places off the map.
    """
    issues: list[Issue] = []
    pairs = [
        _numbers(frame, names, table, issues)
        for names in (("easting", "northing"), ("longitude", "latitude"))
    ]
    pairs.append(_numbers(frame, ("x", "y"), table, issues))
    pairs.append(_from_reference(frame))
    x = np.full(len(frame), np.nan)
    y = np.full(len(frame), np.nan)
    for first, second in pairs:
        blank = np.isnan(x) & ~np.isnan(first) & ~np.isnan(second) & ~((first == 0) & (second == 0))
        x[blank], y[blank] = first[blank], second[blank]
    easting, northing, off = _to_grid(x, y, frame, crs)
    issues += [
        Issue(
            table,
            int(str(row)),
            "coordinates",
            f"{a:g}, {b:g}",
            "is off the map of the United Kingdom",
            "correct the coordinates, or leave them blank",
        )
        for row, a, b in zip(frame.index[off], x[off], y[off], strict=True)
    ]
    return _with_degrees(easting, northing, frame.index), issues


def _numbers(
    frame: pd.DataFrame, names: tuple[str, str], table: str, issues: list[Issue]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns = []
    for name in names:
        if name not in frame:
            columns.append(np.full(len(frame), np.nan))
            continue
        text = frame[name].astype(str).str.replace(r",|\s*m$", "", regex=True)
        values = pd.to_numeric(text, errors="coerce")
        wrong = values.isna() & (text != "") & (text != "nan")
        issues += [
            Issue(
                table,
                int(str(row)),
                name,
                str(value)[:40],
                "is not a number",
                "enter a coordinate, or leave it blank",
            )
            for row, value in frame.loc[wrong, name].items()
        ]
        columns.append(values.to_numpy(dtype=float, na_value=np.nan))
    return columns[0], columns[1]


def _from_reference(frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if "map_reference" not in frame:
        return np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    places = [_read_reference(str(text).strip().upper()) for text in frame["map_reference"]]
    found = np.array(places, dtype=float).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _read_reference(text: str) -> tuple[float, float]:
    """Read ``SJ 796 947`` (its square's middle) or ``379600,394700``; nan where it is neither."""
    pair = _PAIR.match(text)
    if pair:
        return float(pair[1]), float(pair[2])
    grid = _GRID.match(text)
    if not grid or len(grid[2]) != len(grid[3]):
        return np.nan, np.nan
    first, second = (_LETTERS.index(letter) for letter in grid[1])
    size = 10.0 ** (5 - len(grid[2]))
    east = ((first - 2) % 5) * 500_000 + (second % 5) * 100_000
    north = (3 - first // 5) * 500_000 + (4 - second // 5) * 100_000
    return east + (int(grid[2]) + 0.5) * size, north + (int(grid[3]) + 0.5) * size


def _within(values: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    return (values >= bounds[0]) & (values <= bounds[1])


def _to_grid(
    x: NDArray[np.float64], y: NDArray[np.float64], frame: pd.DataFrame, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return easting, northing and which rows are off the map."""
    degrees = _within(x, LONGITUDES) & _within(y, LATITUDES)
    swapped = _within(y, LONGITUDES) & _within(x, LATITUDES)
    longitude, latitude = np.where(swapped, y, x), np.where(swapped, x, y)
    metres = ~degrees & ~swapped & _within(x, EASTINGS) & _within(y, NORTHINGS) & (np.abs(y) > 1000)
    turned = ~degrees & ~swapped & ~metres & _within(y, EASTINGS) & _within(x, NORTHINGS) & (np.abs(x) > 1000)
    easting = np.where(metres, x, np.where(turned, y, np.nan))
    northing = np.where(metres, y, np.where(turned, x, np.nan))
    geographic = degrees | swapped
    own = _declared(frame, crs)
    if own not in {"", BNG, WGS84}:
        known = ~np.isnan(x) & ~geographic
        easting[known], northing[known] = _transformer(own, BNG).transform(x[known], y[known])
    easting[geographic], northing[geographic] = _transformer(WGS84, BNG).transform(
        longitude[geographic], latitude[geographic]
    )
    _turn_strays(easting, northing, metres)
    off = ~np.isnan(x) & ~(_within(easting, EASTINGS) & _within(northing, NORTHINGS))
    easting[off], northing[off] = np.nan, np.nan
    return easting, northing, off


def _declared(frame: pd.DataFrame, crs: str) -> str:
    """Return the CRS that the user or the column crs names, blank where neither does."""
    text = crs
    if not text and "crs" in frame:
        named = frame.loc[frame["crs"] != "", "crs"]
        text = str(named.mode().iloc[0]) if len(named) else ""
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    if "4326" in plain or "wgs84" in plain or "etrs89" in plain:
        return WGS84
    if not plain or "27700" in plain or "osgb" in plain or "british" in plain or "nationalgrid" in plain:
        return BNG if plain else ""
    return text if re.fullmatch(r"(?i)epsg:\d{4,6}", text.strip()) else ""


def _turn_strays(
    easting: NDArray[np.float64], northing: NDArray[np.float64], metres: NDArray[np.bool_]
) -> None:
    """Swap eastings and northings where only the swap puts a row among the others."""
    if not np.isfinite(easting).sum() >= 3:
        return
    centre = np.nanmedian(easting), np.nanmedian(northing)
    here = np.hypot(easting - centre[0], northing - centre[1])
    there = np.hypot(northing - centre[0], easting - centre[1])
    stray = metres & (here > FAR_M) & (there < NEAR_M)
    easting[stray], northing[stray] = northing[stray], easting[stray]


def _with_degrees(
    easting: NDArray[np.float64], northing: NDArray[np.float64], index: pd.Index
) -> pd.DataFrame:
    longitude, latitude = _transformer(BNG, WGS84).transform(easting, northing)
    degrees = {"longitude": np.round(longitude, 7), "latitude": np.round(latitude, 7)}
    frame = pd.DataFrame(
        {"easting": np.round(easting, 2), "northing": np.round(northing, 2), **degrees}, index=index
    )
    return frame.replace([np.inf, -np.inf], np.nan)
