"""A small estate written as files, which each test spoils in its own way."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from estate.config import Config, DataSection
from estate.core.errors import InputError, Issue
from estate.inputs.load import load_estate

SMALL: dict[str, dict[str, list]] = {
    "sites": {
        "site_id": ["001", "002", "003", "H1", "C1"],
        "name": ["Town library", "Mill library", "North office", "High school", "Station yard"],
        "kind": ["library", "Library", "office", "school", "candidate"],
        "partner_id": ["council"] * 5,
        "status": ["existing", "existing", "existing", "host", "candidate"],
        "easting": ["400000", "401000", "402000", "400500", "401500"],
        "northing": ["290000"] * 5,
        "gia_m2": ["1,000", "500", "800", "", ""],
    },
    "running_costs": {
        "site_id": ["001", "002", "003"],
        "heading": ["all_running_costs"] * 3,
        "gbp_per_year": ["£110,000", "55000", "96000"],
    },
    "provisions": {
        "provision_id": ["P1", "P2", "P3"],
        "site_id": ["001", "002", "003"],
        "service_id": ["library", "library", "back_office"],
        "room_nia_m2": ["600", "300", ""],
    },
    "areas": {
        "area_id": ["E01000001", "E01000002", "E01000003"],
        "population": ["1500", "1600", "1700"],
        "code_vintage": ["LSOA2021"] * 3,
        "easting": ["400000", "401000", "402000"],
        "northing": ["290500"] * 3,
        "imd_decile": ["1", "5", "9"],
    },
    "standards": {"standard_id": ["near"], "service_id": ["library"], "threshold": ["3"]},
    "tenures": {"site_id": ["001", "002", "003"], "tenure": ["freehold", "leasehold", "freehold"]},
    "hub_options": {
        "site_id": ["C1"],
        "option": ["small"],
        "room_nia_m2": ["400"],
        "capital_gbp": ["900000"],
        "running_cost_gbp_per_year": ["50000"],
    },
    "host_terms": {"site_id": ["H1"], "room_nia_m2": ["80"]},
}


def tables(**changes: dict[str, list] | None) -> dict[str, pd.DataFrame]:
    """Return the small estate; a table of `changes` replaces columns, None drops it."""
    found = {name: dict(columns) for name, columns in SMALL.items()}
    for name, columns in changes.items():
        if columns is None:
            found.pop(name, None)
        else:
            found[name] = {**found.get(name, {}), **columns}
    return {name: pd.DataFrame(columns, dtype=object) for name, columns in found.items()}


def write(folder: Path, **changes: dict[str, list] | None) -> Path:
    """Write the small estate as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables(**changes).items():
        frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
    return folder


def config(**sections: object) -> Config:
    """Return a configuration whose data lie in the folder ``tables``."""
    data = sections.pop("data", DataSection(folder=Path("tables")))
    return Config(name="small", data=data, **sections)


def load(base: Path, **sections: object):
    """Load the estate in ``base/tables``."""
    return load_estate(config(**sections), base)


def issues_of(base: Path, **sections: object) -> list[Issue]:
    """Return every problem of the estate in ``base/tables``."""
    try:
        load(base, **sections)
    except InputError as error:
        return list(error.issues)
    return []
