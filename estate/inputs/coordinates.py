"""Give every site and area a place in EPSG:27700, by coordinates, shape or postcode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.cells import cell_text, clean_text, normal_name, numbers
from estate.core.errors import Issue
from estate.inputs.geospatial import NATIONAL_GRID, representative_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREAT_BRITAIN_M = ((0.0, 700_000.0), (0.0, 1_300_000.0))
FARTHEST_KM = 100.0
MOST_FAR_SHARE = 0.2
"""Where more of the places than this are far from the middle, the list is of another area than the plan's."""
_ALIASES = {
    "postcode": ("postcode", "pcd", "pcds", "pcd7", "pcd8", "postalcode"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "long", "lon", "lng"),
    "easting": ("easting", "eastings", "oseast1m", "east1m", "x"),
    "northing": ("northing", "northings", "osnrth1m", "north1m", "y"),
}

_CODE_POINT = ("postcode", "quality", "easting", "northing")
"""First columns of Code-Point Open (Ordnance Survey), whose files have no headers."""
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}")


def to_grid(x: pd.Series, y: pd.Series, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return easting and northing [m] in EPSG:27700 of coordinates in any CRS, NaN where not finite.

    Raises
    ------
    pyproj.exceptions.CRSError
        If the CRS is not known.
    """
    east, north = x.to_numpy(dtype=float), y.to_numpy(dtype=float)
    if crs.upper() == NATIONAL_GRID:
        return east, north
    from pyproj import Transformer

    found = Transformer.from_crs(crs, NATIONAL_GRID, always_xy=True).transform(east, north)
    grid = np.where(np.isfinite(found), found, np.nan)
    return grid[0], grid[1]


def crs_issue(crs: str) -> Issue | None:
    """Return the issue of a CRS that nobody knows, None where it is fine."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS.from_user_input(crs)
    except CRSError:
        return Issue(
            "config", None, "data.crs", crs, "is not a coordinate system", "write for example EPSG:27700"
        )
    return None


def postcode_table(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a table of postcodes under its headers, or under those of Code-Point Open."""
    first, names = cell_text(cells.iloc[0, 0]).upper(), cells.iloc[0].tolist()
    if cells.shape[1] >= len(_CODE_POINT) and _POSTCODE.fullmatch(first):
        names = [*_CODE_POINT, *names[len(_CODE_POINT) :]]
        return cells.set_axis(pd.Index(names, dtype=object), axis=1)
    return cells.iloc[1:].set_axis(pd.Index(names, dtype=object), axis=1)


def postcode_points(frame: pd.DataFrame, source: str) -> tuple[pd.DataFrame, list[Issue]]:
    """Return easting and northing [m] by postcode (without spaces) from a table of postcodes.

    Parameters
    ----------
    frame : DataFrame
        Raw cells; columns found by alias (postcode, lat, long, easting, northing, ...).
    source : str
        File name, for messages.
    """
    found = {
        role: frame.iloc[:, position]
        for role, aliases in _ALIASES.items()
        for position, header in reversed(list(enumerate(frame.columns)))
        if normal_name(header) in aliases
    }
    pairs = [pair for pair in (("easting", "northing"), ("longitude", "latitude")) if set(pair) <= set(found)]
    if "postcode" not in found or not pairs:
        remedy = "name its columns postcode, easting, northing or postcode, longitude, latitude"
        empty = pd.DataFrame({"easting": [], "northing": []}, dtype="float64")
        return empty, [Issue(source, None, "", "", "is not a table of postcodes", remedy)]
    x, y = pairs[0]
    across, along = (numbers(clean_text(found[name]))[0] for name in (x, y))
    east, north = to_grid(across, along, NATIONAL_GRID if x == "easting" else "EPSG:4326")
    points = pd.DataFrame({"easting": east, "northing": north}, index=plain_postcodes(found["postcode"]))
    known = points.notna().all(axis=1) & (points != 0).any(axis=1)  # noughts stand for no place
    points = points[~points.index.duplicated() & known & (points.index != "")]
    return points, []


def plain_postcodes(values: pd.Series) -> pd.Index:
    """Return postcodes in capitals without spaces."""
    return pd.Index([re.sub(r"\s+", "", cell_text(value)).upper() for value in values], dtype=object)


def resolve(
    frame: pd.DataFrame,
    source: str,
    crs: str = NATIONAL_GRID,
    shapes: Any = None,  # noqa: ANN401 - a GeoSeries
    postcodes: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, list[Issue]]:
    """Fill easting and northing [m, EPSG:27700] from coordinates, shape, degrees or postcode, in this order.

    Parameters
    ----------
    frame : DataFrame
        Typed rows of ``sites`` or ``areas``, indexed by spreadsheet row.
    source : str
        File name, for messages.
    crs : str
        CRS of the columns easting and northing.
    shapes : GeoSeries, optional
        Shapes in EPSG:27700 by spreadsheet row.
    postcodes : DataFrame, optional
        Easting and northing by postcode.

    Returns
    -------
    frame : DataFrame
        With easting and northing filled where a place is known.
    issues : list of Issue
        Swapped axes, degrees among metres, half a coordinate, places off the map or far away.
    """
    issues = _half_given(frame, source)
    steps = [to_grid(frame["easting"], frame["northing"], crs)]
    issues += _not_of_crs(frame, source, crs, steps[0][0])
    if crs.upper() == NATIONAL_GRID:
        issues += _wrong_axes(frame, source)
    issues += _swapped_degrees(frame, source)
    if shapes is not None:
        x, y = representative_points(shapes)
        steps.append((x.reindex(frame.index).to_numpy(), y.reindex(frame.index).to_numpy()))
    steps.append(to_grid(frame["longitude"], frame["latitude"], "EPSG:4326"))
    if postcodes is not None and "postcode" in frame:
        near = postcodes.reindex(plain_postcodes(frame["postcode"]))
        steps.append((near["easting"].to_numpy(), near["northing"].to_numpy()))
    east, north = _first_complete(steps)
    placed = frame.assign(easting=east, northing=north)
    sound = placed[~placed.index.isin([issue.row for issue in issues])]
    return placed, issues + _off_the_map(sound, source)


def _first_complete(
    steps: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    east, north = (part.astype(float).copy() for part in steps[0])
    for x, y in steps[1:]:
        lacking = np.isnan(east) | np.isnan(north)
        east[lacking], north[lacking] = x[lacking], y[lacking]
    lacking = np.isnan(east) | np.isnan(north)
    east[lacking] = north[lacking] = np.nan
    return east, north


def _place_issues(
    rows: pd.DataFrame, names: tuple[str, str], source: str, words: tuple[str, str]
) -> list[Issue]:
    x, y = names
    return [
        Issue(source, int(str(row)), x, f"{cell_text(a)}, {cell_text(b)}", *words)
        for row, a, b in zip(rows.index, rows[x], rows[y], strict=True)
    ]


def _half_given(frame: pd.DataFrame, source: str) -> list[Issue]:
    issues: list[Issue] = []
    for x, y in (("easting", "northing"), ("longitude", "latitude")):
        half = frame[frame[x].isna() != frame[y].isna()]
        issues += _place_issues(
            half, (x, y), source, (f"gives only one of {x} and {y}", "enter both or neither")
        )
    return issues


def _not_of_crs(frame: pd.DataFrame, source: str, crs: str, east: NDArray[np.float64]) -> list[Issue]:
    """Coordinates that are none in the CRS that was declared."""
    lost = frame[frame["easting"].notna() & frame["northing"].notna() & np.isnan(east)]
    words = (f"is no place in {crs}", "correct data.crs, or the place")
    return _place_issues(lost, ("easting", "northing"), source, words)


def _wrong_axes(frame: pd.DataFrame, source: str) -> list[Issue]:
    """Degrees in columns of metres, and easting and northing the wrong way round."""
    names = ("easting", "northing")
    both = frame[frame["easting"].notna() & frame["northing"].notna()]
    nowhere = (both["easting"] == 0) & (both["northing"] == 0)
    words = ("is 0, 0: no place", "enter the place, or leave both blank")
    issues = _place_issues(both[nowhere], names, source, words)
    both = both[~nowhere]
    degrees = (both["easting"].abs() <= 180) & (both["northing"].abs() <= 180)
    remedy = "put them under longitude and latitude, or set data.crs to EPSG:4326"
    issues += _place_issues(both[degrees], names, source, ("looks like degrees, not metres", remedy))
    rest = both[~degrees]
    swapped = ~_inside(rest["easting"], rest["northing"]) & _inside(rest["northing"], rest["easting"])
    home = rest[~swapped]
    if len(home) >= 3:  # a row that fits its neighbours only the other way round
        east, north = home["easting"].median(), home["northing"].median()
        far = _km(home["easting"] - east, home["northing"] - north) > FARTHEST_KM
        fits = _km(home["northing"] - east, home["easting"] - north) <= FARTHEST_KM
        if far.mean() <= MOST_FAR_SHARE:
            swapped |= (far & fits).reindex(rest.index, fill_value=False)
    words = ("has easting and northing the wrong way round", "swap the two")
    return issues + _place_issues(rest[swapped], names, source, words)


def _swapped_degrees(frame: pd.DataFrame, source: str) -> list[Issue]:
    swapped = frame[frame["longitude"].between(49, 61) & frame["latitude"].between(-9, 3)]
    words = ("has longitude and latitude the wrong way round", "swap the two")
    return _place_issues(swapped, ("longitude", "latitude"), source, words)


def _km(x: pd.Series, y: pd.Series) -> pd.Series:
    return pd.Series(np.hypot(x, y) / 1000, index=x.index)


def _inside(x: pd.Series, y: pd.Series) -> pd.Series:
    (west, east), (south, north) = GREAT_BRITAIN_M
    return x.between(west, east) & y.between(south, north)


def _off_the_map(frame: pd.DataFrame, source: str) -> list[Issue]:
    """Places outside Great Britain, or far from the median of all."""
    placed = frame[frame["easting"].notna()]
    inside = _inside(placed["easting"], placed["northing"])
    names = ("easting", "northing")
    words = ("is outside Great Britain", "correct the place, or declare its CRS in data.crs")
    issues = _place_issues(placed[~inside], names, source, words)
    rest = placed[inside]
    if len(rest) < 3:
        return issues
    km = _km(rest["easting"] - rest["easting"].median(), rest["northing"] - rest["northing"].median())
    far = rest[km > FARTHEST_KM]
    if len(far) > MOST_FAR_SHARE * len(rest):
        problem = f"has {len(far):,} of {len(rest):,} places more than {FARTHEST_KM:g} km from their middle"
        remedy = "cut the list to the area of the plan, or correct data.crs"
        return [*issues, Issue(source, None, names[0], "", problem, remedy)]
    words = (
        f"is more than {FARTHEST_KM:g} km from the middle of the estate",
        "correct the place, or leave the row out",
    )
    return issues + _place_issues(far, names, source, words)
