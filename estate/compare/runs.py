"""What a run left in its folder, as far as its readers may see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.errors import InputError, Issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geopandas import GeoDataFrame

NEEDED = ("run.json", "summary.json", "plan.csv", "moves.csv", "assumptions.csv", "estate.gpkg")
ROUNDING_GBP = 2000.0
"""Outside the council amounts are rounded to 1,000: two of them may be off by this much together [GBP]."""


@dataclass(frozen=True)
class Run:
    """One run as it was written.

    Attributes
    ----------
    name : str
        Name in the comparison, unlike the others.
    folder : Path
        Its folder.
    record, summary : mapping
        ``run.json`` and ``summary.json``.
    words : str
        What its title says beyond what all titles say; blank where that does not tell it apart.
    """

    name: str
    folder: Path
    record: Mapping[str, Any]
    summary: Mapping[str, Any]
    words: str = ""

    @property
    def label(self) -> str:
        """What people read above its figures: its words, else its name."""
        return self.words or self.name

    @property
    def audience(self) -> str:
        """For whom it was written; internal where it does not say."""
        return str(self.record.get("audience", "internal"))

    @property
    def given(self) -> bool:
        """Whether its plan was given, as business as usual, and not searched for."""
        return self.record.get("status") == "given"

    @property
    def config(self) -> Mapping[str, Any]:
        """Configuration, empty where these readers may not see it."""
        found: Mapping[str, Any] = self.record.get("config") or {}
        return found

    @cached_property
    def headlines(self) -> dict[str, Mapping[str, Any]]:
        """Headline figures by key."""
        return {str(row["key"]): row for row in self.summary.get("headlines", [])}

    @cached_property
    def sites(self) -> GeoDataFrame:
        """Sites of the GeoPackage by site, with name and place."""
        from geopandas import read_file

        sites = read_file(self.folder / "estate.gpkg", layer="sites")
        return sites.assign(site_id=sites["site_id"].astype(str)).set_index("site_id")

    @property
    def partners(self) -> dict[str, str]:
        """Names of the partners that own a site, by id."""
        known = self.sites.reindex(columns=["partner_id", "partner"]).dropna()
        return dict(zip(known["partner_id"], known["partner"], strict=True))

    @cached_property
    def services(self) -> pd.Series:
        """Service of each provision that leaves, by provision; empty where the run has no such layer."""
        rows = self._layer("moves")
        if rows is None:
            return pd.Series(dtype=object)
        services: pd.Series = rows.set_index("provision_id")["service"].astype(object)
        return services

    @property
    def boundary(self) -> GeoDataFrame | None:
        """Outline of the study area; None where the run has none."""
        return self._layer("boundary")

    def _layer(self, name: str) -> GeoDataFrame | None:
        from geopandas import list_layers, read_file

        path = self.folder / "estate.gpkg"
        return read_file(path, layer=name) if name in set(list_layers(path)["name"]) else None

    @cached_property
    def plan(self) -> pd.DataFrame:
        """``plan.csv`` by site, with name and place [m] of each."""
        plan = _table(self.folder / "plan.csv").set_index("site_id")
        sites = self.sites
        points = sites.geometry
        return plan.assign(
            name=sites["name"].reindex(plan.index).fillna(""),
            easting=points.x.reindex(plan.index),
            northing=points.y.reindex(plan.index),
        )

    def table(self, name: str) -> pd.DataFrame:
        """Return a CSV file of the run as text, blanks as ""."""
        return _table(self.folder / name)

    @property
    def saving_gbp(self) -> float | None:
        """Net present saving by the objective [GBP]; None where these readers may not see it."""
        value = self.record.get("saving_npv_gbp")
        return None if value is None else float(value)

    @property
    def gap_gbp(self) -> float | None:
        """How much more the best plan could save at most [GBP]; 0 for a plan that was given."""
        if self.given:
            return 0.0
        value = self.record.get("gap_gbp")
        return None if value is None else float(value)


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read the folders of runs; each gets the shortest name that tells it from the others.

    Raises
    ------
    InputError
        For every folder that holds no run.
    """
    issues = [issue for folder in folders for issue in _missing(folder)]
    if len(folders) < 2:
        issues.append(Issue("compare", None, "", "", "has one run only", "give at least two folders of runs"))
    if issues:
        raise InputError("The runs cannot be compared:", issues)
    found = [(_json(folder / "run.json"), _json(folder / "summary.json")) for folder in folders]
    words = words_apart([str(summary.get("title") or "") for _, summary in found])
    return [
        Run(name, folder, record, summary, told)
        for name, folder, (record, summary), told in zip(_names(folders), folders, found, words, strict=True)
    ]


def words_apart(titles: Sequence[str]) -> list[str]:
    """Return what each title says after what all of them begin with, up to a colon.

    Blank where a title says no more than that, or the same as another.
    """
    stem = min(titles, key=len)
    while stem and any(title != stem and not title.startswith(f"{stem}: ") for title in titles):
        stem = stem.rpartition(": ")[0]
    rest = [title.removeprefix(stem).removeprefix(": ") if stem else "" for title in titles]
    return [words if rest.count(words) == 1 else "" for words in rest]


def _missing(folder: Path) -> list[Issue]:
    """Return what keeps a folder from being that of a finished run."""
    gone = [name for name in NEEDED if not (folder / name).is_file()]
    if NEEDED[0] in gone:
        problem = "holds no run" if folder.exists() else "is not there"
        inside = sorted(path.parent.name for path in folder.glob(f"*/{NEEDED[0]}"))
        remedy = (
            f"give those in it: {', '.join(inside[:8])}" if inside else "give the folder of a finished run"
        )
        return [Issue(str(folder), None, "", "", problem, remedy)]
    remedy = "run it again: what is there is not whole"
    return [Issue(str(folder), None, "", name, "is not there", remedy) for name in gone]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        issue = Issue(str(path), None, "", "", "is damaged", "run it again")
        raise InputError("The runs cannot be compared:", [issue])
    return content


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the last parts of the paths, as many as it takes to tell them apart."""
    paths = [folder.resolve() for folder in folders]
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-parts:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    issue = Issue("compare", None, "", "", "names a run twice", "name each folder once")
    raise InputError("The runs cannot be compared:", [issue])
