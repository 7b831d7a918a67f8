"""Property registers published under the Local Government Transparency Code 2015.

The columns that the code asks for (annex, local authority land) are named differently by
every council and in every year: see ``header_aliases.csv``. Kind and scope follow from
``register_rules.csv``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.errors import Issue
from estate.core.words import plural
from estate.inputs.funnel import build_funnel, classify
from estate.inputs.mapping import Mapping, read_mapping
from estate.inputs.placing import place
from estate.inputs.rates import known_lines
from estate.inputs.register_rows import on_its_sheet, read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from estate.config import Config
    from estate.inputs.assembly import Assembly

TEXTS = (
    "organisation",
    "uprn",
    "asset_id",
    "name",
    "street_number",
    "street",
    "address",
    "town",
    "postcode",
    "crs",
    "tenure",
    "tenure_detail",
    "detail",
    "holding_type",
    "energy_rating",
    "purpose",
)
_POSTCODE = re.compile(r"\b([A-Z]{1,2}[0-9][A-Z0-9]?)\s*([0-9O][A-Z]{2})\b")
M2_PER_FT2 = 0.09290304


def read_register(path: Path, mapping: Mapping | Path | None = None) -> tuple[pd.DataFrame, list[Issue]]:
    """Read a published register and say of every asset what it is and what may happen to it.

    Parameters
    ----------
    path : Path
        CSV or XLSX as published.
    mapping : Mapping or Path, optional
        What cannot be guessed: headers, kinds, scopes.

    Returns
    -------
    DataFrame
        One row an asset, index the row as a spreadsheet shows it: site_id, uprn, name,
        address, postcode, easting, northing [m], longitude, latitude [degree], tenure,
        tenure_detail, holding_type, gia_m2 [m2], energy_rating, running_cost
        [GBP/year], kind, use_kind, scope, scope_reason, step, confidential.
    list of Issue
        What is wrong in the rows.

    Raises
    ------
    InputError
        If the file is no table, or no row can be taken for its header.
    """
    told = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    raw, issues, notes = read_rows(path, told)
    for name in TEXTS:
        if name not in raw:
            raw[name] = ""
    given = raw["uprn"]
    raw["uprn"] = _uprns(given)
    rounded = int(((given != "") & (raw["uprn"] == "") & given.str.contains("E+", regex=False)).sum())
    if rounded:
        words = plural(rounded, "UPRN was", "UPRNs were")
        notes.append(
            f"{words} rounded by a spreadsheet (as 1.00013E+11) and not believed: export them as text."
        )
    raw["postcode"] = tidy_postcodes(raw["postcode"], raw["address"])
    raw["name"] = _names(raw)
    raw["site_id"], doubled = _site_ids(raw, path.name)
    where, misplaced = place(raw, path.name, told.crs)
    areas, wrong = _amounts(raw, path.name)
    sheets = raw.attrs["sheets"]
    kept = raw.drop(columns=[c for c in (*where.columns, "x", "y", "map_reference", *areas) if c in raw])
    sites = pd.concat([kept, where, areas], axis=1)
    classified = classify(sites, told)
    classified.attrs |= {"notes": notes, "sheets": sheets}
    found = [*issues, *(on_its_sheet(one, sheets) for one in (*doubled, *misplaced, *wrong))]
    return classified, found


def check_register(
    path: Path, mapping: Path | None = None
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, list[Issue], tuple[str, ...]]:
    """Look at a bare register: its sites, its funnel, its problems and its gaps; nothing is solved.

    Parameters
    ----------
    path : Path
        CSV or XLSX as published.
    mapping : Path, optional
        Mapping file.

    Returns
    -------
    dict of str to DataFrame
        ``sites``, ``tenures`` and ``provisions`` in the columns of the dictionary.
    DataFrame
        Funnel: step, sites, reason, part.
    list of Issue
        What is wrong in the rows.
    tuple of str
        What is not known, first what matters most.

    Raises
    ------
    InputError
        If the file is no table, or no row can be taken for its header.
    """
    from estate.inputs.assembly import frames_of_sites, notes_of_sites

    told = read_mapping(mapping)
    sites, issues = read_register(path, told)
    decided = sites[sites["scope"] == "decide"]
    known = known_lines(decided["running_cost"].notna(), decided["gia_m2"].notna())
    notes = (*known, *notes_of_sites(sites), *sites.attrs["notes"])
    return frames_of_sites(sites, told), build_funnel(sites), issues, notes


def assemble(config: Config, base: Path) -> Assembly:
    """Put register, other lists and residents together; see :func:`estate.inputs.assembly.assemble`."""
    from estate.inputs.assembly import assemble as put_together

    return put_together(config, base)


def _uprns(values: pd.Series) -> pd.Series:
    """Keep the digits of a UPRN without leading zeros; blank where a spreadsheet has rounded it."""
    text = values.str.replace(r"[\s']|\.0+$", "", regex=True)
    good = text.str.fullmatch(r"0*[1-9][0-9]{0,11}")
    return text.where(good, "").str.lstrip("0")


def tidy_postcodes(values: pd.Series, addresses: pd.Series | None = None) -> pd.Series:
    """Return full postcodes as ``M32 0TH`` (or what was given, for a district alone)."""
    given = values.astype(str).str.upper().str.strip()
    found = given.str.extract(_POSTCODE)
    if addresses is not None:
        found = found.fillna(addresses.astype(str).str.upper().str.extract(_POSTCODE))
    inward = found[1].str.replace(r"^O", "0", regex=True)
    return (found[0] + " " + inward).where(found[0].notna(), given)


def _names(raw: pd.DataFrame) -> pd.Series:
    street = (raw["street_number"] + " " + raw["street"]).str.strip()
    return raw["name"].mask(raw["name"] == "", street).mask(lambda names: names == "", raw["address"])


def _site_ids(raw: pd.DataFrame, table: str) -> tuple[pd.Series, list[Issue]]:
    """Return the council's own reference, else the row; references that come twice are issues."""
    given = raw["asset_id"]
    if (given == "").all():
        given = raw["uprn"].where((raw["uprn"] != "") & ~raw["uprn"].duplicated(keep=False), "")
    ids = given.mask(given == "", "row-" + raw.index.astype(str).to_series(index=raw.index))
    again = ids.duplicated()
    issues = [
        Issue(
            table, int(str(row)), "asset_id", str(value), "comes twice", "give every asset its own reference"
        )
        for row, value in ids[again].items()
    ]
    return ids.mask(again, ids + "#row-" + raw.index.astype(str).to_series(index=raw.index)), issues


def _amounts(raw: pd.DataFrame, table: str) -> tuple[pd.DataFrame, list[Issue]]:
    """Read floor area [m2], land area and running cost, with their issues."""
    issues: list[Issue] = []
    columns = {}
    for name in ("gia_m2", "land_area", "running_cost"):
        text = raw[name] if name in raw else pd.Series("", index=raw.index)
        plain = text.str.replace(
            r"[,£]|\s*(sq\.?\s*m\w*|m2|m²|sqm|ha|hectares?)\.?$", "", regex=True
        ).str.strip()
        values = pd.to_numeric(plain, errors="coerce").astype(float)
        wrong = (values.isna() & (plain != "")) | (values < 0)
        issues += [
            Issue(
                table,
                int(str(row)),
                name,
                str(value)[:40],
                _what(values.to_dict()[row]),
                "enter a positive number, or leave it blank",
            )
            for row, value in text[wrong].items()
        ]
        columns[name] = values.mask(wrong)
    areas = columns["gia_m2"] * (M2_PER_FT2 if raw.attrs.get("feet") else 1.0)
    # Zero stands for "not measured" in published registers: no building has no floor.
    columns["gia_m2"] = areas.mask(areas == 0, np.nan)
    return pd.DataFrame(columns, index=raw.index), issues


def _what(value: float) -> str:
    return "is not a number" if np.isnan(value) else "is negative"
