"""Register, other lists of places and residents put together as the tables of an estate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.errors import InputError
from estate.core.reference import default_assumptions
from estate.core.words import plural
from estate.inputs.folding import (
    UNCLEAR,
    build_costs,
    build_provisions,
    build_tenures,
    fold_sites,
    sites_table,
    unlisted,
)
from estate.inputs.funnel import build_funnel
from estate.inputs.grouping import apply_answers, group_records
from estate.inputs.mapping import Mapping, read_mapping
from estate.inputs.matching import REGISTER, mark_shared_uprns, match_places
from estate.inputs.outside import share_outside
from estate.inputs.places import hash_of, host_terms, read_lists, read_places, within_reach
from estate.inputs.register import read_register
from estate.inputs.register_rows import sheet_and_row
from estate.inputs.residents import read_residents

if TYPE_CHECKING:
    from pathlib import Path

    from estate.config import Config
    from estate.core.errors import Issue
    from estate.inputs.places import PlaceList

Assembly = tuple[
    dict[str, pd.DataFrame],
    pd.DataFrame,
    pd.DataFrame,
    dict[str, Any],
    dict[str, str],
    list["Issue"],
    tuple[str, ...],
]
LAND = "Land without a building"
NAMES = {
    "council": "Council",
    "nhs": "NHS and its practices",
    "dwp": "Department for Work and Pensions",
    "voluntary": "Voluntary and community sector",
    "post_office": "Post Office and its branches",
    "leisure_trust": "Leisure trust",
    "schools": "Schools and their governors",
    "police": "Police",
    "other_councils": "Councils of the area around",
}


def assemble(config: Config, base: Path) -> Assembly:
    """Read a published register and all that the configuration puts beside it.

    Parameters
    ----------
    config : Config
        ``data`` names the register, mapping, places, matches and residents.
    base : Path
        Folder of relative paths.

    Returns
    -------
    frames : dict of str to DataFrame
        Raw tables by their name in the data dictionary; `attrs` of ``sites`` hold under
        ``origins`` the file and row of each site.
    funnel : DataFrame
        step, sites, reason, part; the rows of part ``register`` add up to its assets.
    matches : DataFrame
        Pairs of records that may be one building.
    geometries : dict
        Empty: shapes are read with the other tables.
    hashes : dict of str to str
        SHA-256 by name of file.
    issues : list of Issue
        Everything that is wrong.
    notes : tuple of str
        What is not known, first what matters most.
    """
    data = config.data
    hashes: dict[str, str] = {}
    issues: list[Issue] = []
    areas, notes = _residents(config, base, hashes, issues)
    register, mapping = _register(config, base, hashes, issues)
    lists, found = read_lists(data.places)
    issues += found
    records = _lists(lists, base, areas if len(areas) else register, hashes, issues)
    everything = _all_records(register, records)
    matches, wrong = apply_answers(
        match_places(everything), everything, None if data.matches is None else base / data.matches
    )
    issues += wrong
    if data.matches is not None:
        hashes[data.matches.name] = hash_of(base / data.matches)
    groups, matches = group_records(everything, matches)
    members = records.merge(groups, on="record_id", how="left", validate="one_to_one")
    complete = {item.kind: item.file.name for item in lists if item.complete}
    sites = fold_sites(unlisted(register, members, complete), members, mapping.partner)
    frames = _frames(sites, members, mapping, lists, _nia_per_gia(config))
    if "sites" in frames:
        frames["sites"].attrs["origins"] = _origins(register, members)
    if len(areas):
        frames["areas"] = areas
    left = register.attrs.get("notes", [])
    told = (*notes_of_sites(sites), *left, *_match_notes(matches, sites), *notes, *_outside_notes(frames))
    return frames, build_funnel(sites), matches, {}, hashes, issues, told


def _residents(
    config: Config, base: Path, hashes: dict[str, str], issues: list[Issue]
) -> tuple[pd.DataFrame, list[str]]:
    if not config.data.residents:
        return pd.DataFrame(), []
    areas, found, notes, files = read_residents(config.data.residents, base)
    issues += found
    hashes.update({file.name: hash_of(file) for file in files})
    return areas, notes


def _register(
    config: Config, base: Path, hashes: dict[str, str], issues: list[Issue]
) -> tuple[pd.DataFrame, Mapping]:
    data = config.data
    mapping = Mapping()
    try:
        mapping = read_mapping(None if data.mapping is None else base / data.mapping)
        path = base / (data.property_register or "")
        register, found = read_register(path, mapping)
    except InputError as error:
        # Nothing can be put together without it; the other files' problems go with it.
        raise InputError("The data have problems:", [*issues, *error.issues]) from error
    issues += found
    hashes[path.name] = hash_of(path)
    if data.mapping is not None:
        hashes[data.mapping.name] = hash_of(base / data.mapping)
    return register, mapping


def _lists(
    lists: list[PlaceList], base: Path, centre: pd.DataFrame, hashes: dict[str, str], issues: list[Issue]
) -> pd.DataFrame:
    from estate.inputs.places import RECORD_COLUMNS

    frames = [pd.DataFrame(columns=[*RECORD_COLUMNS, "named", "complete"])]
    for item in lists:
        records, found = read_places(item, base)
        issues += found
        hashes[item.file.name] = hash_of(base / item.file)
        frames.append(records if item.within_km is None else within_reach(records, centre, item.within_km))
    full = [frame for frame in frames if len(frame)]
    records = pd.concat(full, ignore_index=True) if full else frames[0]
    # Two lists may name one place alike: the later one gets a number.
    number = records.groupby("record_id").cumcount()
    records["record_id"] += number.map(lambda n: f"~{n + 1}" if n else "")
    return records


def _all_records(register: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    own = register.assign(
        record_id=register["site_id"], source=REGISTER, named=True, land=register["step"] == LAND
    )
    parts = [own, records.assign(land=False)] if len(records) else [own]
    everything = pd.concat(parts, ignore_index=True)
    for name in ("land", "named"):
        everything[name] = everything[name].astype(bool)
    return everything.assign(shared_uprn=mark_shared_uprns(everything))


def _origins(register: pd.DataFrame, members: pd.DataFrame) -> dict[str, tuple[str, int]]:
    """Return file and row, as a spreadsheet shows it, of every site."""
    first = members.drop_duplicates("primary")
    places = zip(first["source"], first["row"], strict=True)
    listed = {
        str(site): (str(file), int(row)) for site, (file, row) in zip(first["primary"], places, strict=True)
    }
    sheets = register.attrs["sheets"]
    own = {str(site): sheet_and_row(int(str(row)), sheets) for row, site in register["site_id"].items()}
    return listed | own


def _nia_per_gia(config: Config) -> float:
    table = default_assumptions().set_index("name")["value"]
    return float(config.assumptions.get("nia_per_gia", table["nia_per_gia"]))


def _frames(
    sites: pd.DataFrame, members: pd.DataFrame, mapping: Mapping, lists: list[PlaceList], nia_per_gia: float
) -> dict[str, pd.DataFrame]:
    frames = {
        "sites": sites_table(sites, mapping),
        "tenures": build_tenures(sites),
        "provisions": build_provisions(sites, members, nia_per_gia),
        "partners": _partners(sites, mapping, lists),
        "running_costs": build_costs(sites),
    }
    lending = members.rename(columns={"primary": "site_id"})
    able = sites.loc[sites["scope"] != "out", "site_id"]
    frames["host_terms"] = host_terms(lending[lending["site_id"].isin(able)])
    return {name: frame for name, frame in frames.items() if len(frame)}


def frames_of_sites(register: pd.DataFrame, mapping: Mapping) -> dict[str, pd.DataFrame]:
    """Return the tables of a bare register: sites, tenures, provisions, partners."""
    from estate.inputs.places import RECORD_COLUMNS

    none = pd.DataFrame(columns=[*RECORD_COLUMNS, "primary", "unresolved"])
    none = none.astype({"unresolved": bool, "primary": str, "use_kind": str, "service_id": str, "name": str})
    sites = fold_sites(register, none, mapping.partner)
    table = default_assumptions().set_index("name")["value"]
    return _frames(sites, none, mapping, [], float(table["nia_per_gia"]))


def _partners(sites: pd.DataFrame, mapping: Mapping, lists: list[PlaceList]) -> pd.DataFrame:
    """Return the bodies: the register's own takes part, others as their lists say."""
    named = sites.loc[~sites["listed"], "organisation"].fillna("")
    own = named[named != ""]
    first = mapping.partner_name or (str(own.mode().iloc[0]) if len(own) else "")
    rows = {mapping.partner: {"name": first or NAMES.get(mapping.partner, ""), "in_plan": True}}
    for item in lists:
        takes_part = item.status == "existing" if item.in_plan is None else item.in_plan
        row = rows.setdefault(item.partner, {"name": "", "in_plan": False})
        row["name"] = item.partner_name or row["name"] or NAMES.get(item.partner, "")
        row["in_plan"] = bool(row["in_plan"]) or takes_part
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("partner_id").reset_index()
    return frame.assign(in_plan=frame["in_plan"].map({True: "yes", False: "no"}))


def notes_of_sites(sites: pd.DataFrame) -> tuple[str, ...]:
    """Say what a register leaves unsaid, first what matters most.

    Parameters
    ----------
    sites : DataFrame
        Classified assets, alone or with the sites of other lists.
    """
    listed = sites["listed"].astype(bool) if "listed" in sites else pd.Series(data=False, index=sites.index)
    own = sites[~listed]
    buildings = own[own["step"] != LAND]
    sized = int(buildings["gia_m2"].notna().sum())
    silent = int((~buildings["occupancy_known"].astype(bool)).sum())
    unclear = int((own["step"] == UNCLEAR).sum())
    notes = [
        f"The register gives the floor area of {sized:,} of its {plural(len(buildings), 'building')}.",
        "How much of each building is in use is not published: every building is taken as full.",
        "Condition, step-free access, lease dates and book values are not published in a register.",
        *_uprn_notes(own),
    ]
    placeless = int(own["easting"].isna().sum())
    if placeless:
        notes.append(
            f"{placeless:,} of {len(own):,} assets have no coordinates; "
            "they are placed by postcode where a table of postcodes is given (data.postcodes)."
        )
    if silent:
        told = plural(
            silent, "building does not say who occupies it", "buildings do not say who occupies them"
        )
        notes.append(f"{told}: taken as occupied by the council.")
    if unclear:
        told = plural(
            unclear,
            "occupied building does not say what it is used for",
            "occupied buildings do not say what they are used for",
        )
        notes.append(f"{told}: left out of the decision.")
    return tuple(notes)


def _uprn_notes(own: pd.DataFrame) -> list[str]:
    counts = own.loc[own["uprn"] != "", "uprn"].value_counts()
    lacking, shared = int((own["uprn"] == "").sum()), int((counts > 1).sum())
    told = [f"{lacking:,} of {plural(len(own), 'asset has', 'assets have')} no UPRN"] if lacking else []
    if shared:
        stand = plural(shared, "UPRN stands", "UPRNs stand")
        told.append(f"{stand} at several assets (at most {counts.max()}): a shared UPRN alone merges nothing")
    return [f"{', and '.join(told)}."] if told else []


def _match_notes(matches: pd.DataFrame, sites: pd.DataFrame) -> list[str]:
    if matches.empty:
        return []
    counts = matches["decision"].value_counts()
    merged, asked, apart = (int(counts.get(name, 0)) for name in ("merge", "ask", "apart"))
    folded = int(sites["unresolved"].fillna(value=False).astype(bool).sum())
    return [
        (
            f"{plural(asked, 'pair')} of records may be one building: answer them in matches.csv. "
            f"Until then {plural(folded, 'site counts', 'sites count')} once for both. "
            f"{plural(merged, 'pair was', 'pairs were')} merged, {apart} kept apart."
        )
    ]


def _outside_notes(frames: dict[str, pd.DataFrame]) -> list[str]:
    """Say for every service with places outside how many residents live nearer to one of those."""
    if "areas" not in frames or "provisions" not in frames:
        return []
    sites, provisions = frames["sites"], frames["provisions"]
    outside = sites.loc[sites["status"] == "outside", "site_id"]
    services = sorted(set(provisions.loc[provisions["site_id"].isin(outside), "service_id"]))
    notes = []
    for service in services:
        places = sites[sites["site_id"].isin(provisions.loc[provisions["service_id"] == service, "site_id"])]
        share = share_outside(places, frames["areas"])
        notes.append(
            f"{share:.1%} of residents live nearer (straight line) to a place outside with the service "
            f"{service} than to one inside: such places serve, and are never decided."
        )
    return notes
