"""What a run is asked to do: frozen sections, read from YAML, every name checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from estate.core.types import Horizon


class Section(BaseModel):
    """A part of the configuration: unknown names are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HorizonSection(Section):
    """Years of the plan."""

    first_year: int = Field(2027, ge=2000, le=2200, description="Financial year 0 begins on 1 April of this year")
    decision_years: int = Field(10, ge=1, le=40, description="Years in which something may happen")
    appraisal_years: int = Field(35, ge=1, le=120, description="Years over which money is counted")

    def horizon(self) -> Horizon:
        """Return the record that the stages use."""
        return Horizon(self.first_year, self.decision_years, self.appraisal_years)


class DataSection(Section):
    """Where the tables are: a folder, one workbook, or a file for each table."""

    folder: Path | None = Field(None, description="Folder with one file a table, named after it")
    workbook: Path | None = Field(None, description="One workbook with a sheet a table")
    tables: dict[str, Path] = Field(default_factory=dict, description="File for a table, by its name")
    property_register: Path | None = Field(None, description="A published property register (Transparency Code)")
    mapping: Path | None = Field(None, description="Mapping file for headers that the importer cannot guess")
    places: list[dict[str, Any]] = Field(default_factory=list, description="Other lists of places: file, kind, partner, ...")
    matches: Path | None = Field(None, description="matches.csv with answers: merge, apart or ask")
    residents: dict[str, Any] = Field(default_factory=dict, description="Recipe for areas from published small-area files")
    postcodes: Path | None = Field(None, description="Table of postcodes with coordinates")
    boundary: Path | None = Field(None, description="Outline of the authority")
    area_shapes: Path | None = Field(None, description="Shapes of the areas, for maps")
    crs: str = Field("EPSG:27700", description="CRS of easting and northing")


class SolverSection(Section):
    """How hard to look for the best plan."""

    engine: str = Field("auto", description="auto, highs, cbc, or any solver that PuLP knows")
    gap: float = Field(0.03, ge=0, le=1, description="Stop when the gap is at most this share of the saving")
    time_limit: float = Field(150.0, gt=0, description="Outer stop [s]")
    seed: int = Field(1, ge=0, description="Seed of the search")


class ClosurePolicy(Section):
    """What may be proposed on thin evidence."""

    allow_assumed: bool = Field(
        default=False,
        description="Propose closing sites whose cost and floor area are both assumed",
    )


class Config(Section):
    """One run.

    Attributes
    ----------
    rules : dict
        ``{name: options}``; the options of a rule are defined beside the rule, in
        ``estate.model.rules``, and parsed before any data are read.
    assumptions : dict
        Values that replace the defaults of ``default_assumptions.csv``.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    title: str = ""
    data_date: str = Field("", description="As-at date of the data, printed on every page")
    invented: bool = Field(default=False, description="The estate is made up; said on every page")
    data: DataSection = DataSection()
    horizon: HorizonSection = HorizonSection()
    objective: Literal["economic", "financial"] = "economic"
    vintage: str = Field("green_book_2022", description="Table of discount rates")
    timing: Literal["year_end", "mid_year"] = "year_end"
    hubs_allowed: bool = True
    policy: ClosurePolicy = ClosurePolicy()
    rules: dict[str, dict[str, Any]] = Field(default_factory=dict)
    assumptions: dict[str, float] = Field(default_factory=dict)
    solver: SolverSection = SolverSection()
    audience: Literal["internal", "partner", "public"] = "internal"
    output: Path = Path("out")
