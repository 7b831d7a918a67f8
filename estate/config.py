"""What a run is asked to do: frozen sections, read from YAML, every name checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from estate.core.portable import portable
from estate.core.types import Horizon


class Section(BaseModel):
    """A part of the configuration: unknown names are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class HorizonSection(Section):
    """Years of the plan."""

    first_year: int = Field(
        2027, ge=2000, le=2200, description="Financial year 0 begins on 1 April of this year"
    )
    decision_years: int = Field(10, ge=1, le=40, description="Years in which something may happen")
    appraisal_years: int = Field(35, ge=1, le=120, description="Years over which money is counted")

    @model_validator(mode="after")
    def _money_outlasts_decisions(self) -> Self:
        if self.appraisal_years < self.decision_years:
            message = (
                f"appraisal_years {self.appraisal_years} is less than decision_years {self.decision_years}"
            )
            raise ValueError(message)
        return self

    def horizon(self) -> Horizon:
        """Return the record that the stages use."""
        return Horizon(self.first_year, self.decision_years, self.appraisal_years)


class MatrixSection(Section):
    """A given matrix of travel, long or wide, from areas to sites."""

    file: Path = Field(
        description="CSV, workbook or Parquet: one row a pair (long), or a column a site (wide)"
    )
    mode: str = Field("car", description="Mode of travel: walk, cycle, car, public_transport or another")
    unit: Literal["minutes", "seconds", "hours", "km", "metres", "miles"] = Field(
        "minutes", description="Unit of its figures"
    )
    layout: Literal["auto", "long", "wide"] = Field("auto", description="How it is laid out")
    area: str = Field("", description="Column of the areas; blank is guessed")
    site: str = Field("", description="Column of the sites (long); blank is guessed")
    value: str = Field("", description="Column of the figures (long); blank is guessed")
    areas_by: Literal["auto", "area_id", "name"] = Field("auto", description="What it calls areas by")
    sites_by: Literal["auto", "site_id", "name", "postcode", "uprn"] = Field(
        "auto", description="What it calls sites by"
    )


Group = Literal["most_deprived", "over65", "no_car", "disabled", "urban", "rural", "deprived_urban"]


class StandardSetSection(Section):
    """A ready-made set of standards, adapted to the data."""

    set: str = Field(description="Name of the set")
    service: str = Field("", description="Service it is about, where not the usual one")
    mode: str = Field("", description="Mode of travel, where not the usual one")
    basis: Literal["", "target", "no_worse", "target_or_today"] = Field("", description="Basis, if another")
    min_hours_per_week: float = Field(0, ge=0, le=168, description="Least hours a week where it counts [h]")
    open_at: str = Field("", description="Time of day at which places that count are open, as 18:00")
    open_on: str = Field("", description="Days on which places that count are open, as Sat")
    counts_at: Literal["nearest", "with_room"] = Field("nearest", description="Where residents count")

    def changes(self) -> dict[str, str]:
        """Return the columns of ``standards`` that are changed."""
        told = self.model_dump(exclude={"set", "service"}) | {"service_id": self.service}
        return {name: str(value) for name, value in told.items() if value}


class NetworkSection(Section):
    """A road network over which travel is measured."""

    file: Path = Field(description="GraphML, GeoPackage, GeoJSON, edge table (CSV, Parquet) or .osm.pbf")
    nodes: Path | None = Field(None, description="Junctions of an edge table: id, x, y")
    layer: str = Field("", description="Layer of a GeoPackage; blank takes edges, or the first of lines")
    crs: str = Field("", description="Coordinate system, where the file declares none")
    modes: list[Literal["walk", "cycle", "car"]] = Field(
        ["walk", "cycle", "car"], min_length=1, description="Modes measured on it"
    )
    snap_limit_m: float = Field(
        500.0, gt=0, le=50_000, description="A place farther from any road is not joined to it [m]"
    )
    farthest_km: float | None = Field(
        None, gt=0, le=2_000, description="How far is searched [km]; blank takes twice the farthest threshold"
    )
    speeds: dict[str, Annotated[float, Field(gt=0, le=200)]] = Field(
        default_factory=dict, description="Speed of a car by class of road [km/h], instead of its limit"
    )
    directed: bool = Field(
        default=False, description="Every row is one direction; a street open both ways has two rows"
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Columns that cannot be guessed: start, end, length_m, road_class, ...",
    )
    cache: Path | None = Field(None, description="Folder of measured travel; blank takes .cache in output")


DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
"""Names that Windows keeps for devices: no folder can have one."""


class DataSection(Section):
    """Where the tables are: a folder, one workbook, or a file for each table."""

    folder: Path | None = Field(None, description="Folder with one file a table, named after it")
    workbook: Path | None = Field(None, description="One workbook with a sheet a table")
    tables: dict[str, Path] = Field(default_factory=dict, description="File for a table, by its name")
    property_register: Path | None = Field(None, description="A register as published (Transparency Code)")
    mapping: Path | None = Field(None, description="Mapping file for headers that the importer cannot guess")
    places: list[dict[str, Any]] = Field(
        default_factory=list, description="Other lists of places: file, kind, partner, ..."
    )
    matches: Path | None = Field(None, description="matches.csv with answers: merge, apart or ask")
    residents: dict[str, Any] = Field(
        default_factory=dict, description="Recipe for areas from published small-area files"
    )
    postcodes: Path | None = Field(None, description="Table of postcodes with coordinates")
    boundary: Path | None = Field(None, description="Outline of the authority")
    area_shapes: Path | None = Field(None, description="Shapes of the areas, for maps")
    crs: str = Field("EPSG:27700", description="CRS of easting and northing")
    matrices: list[MatrixSection] = Field(
        default_factory=list, description="Given matrices of travel: file, mode, unit, ..."
    )
    network: NetworkSection | None = Field(None, description="Road network: file, modes, snap_limit_m, ...")


class VintageSection(Section):
    """Dated tables: a name, or a CSV file of one's own with the same columns."""

    deflators: str = Field("hmt_2025_12", description="Price index; after its last year prices grow evenly")
    carbon_values: str = Field("desnz_2023_11", description="Values of carbon by year")
    carbon: Literal["none", "low", "central", "high"] = Field(
        "none", description="Which carbon values the economic view counts; none leaves carbon out"
    )
    optimism_bias: str = Field("mott_macdonald_2002", description="Optimism bias by type of project")
    works: dict[str, float] = Field(
        default_factory=dict,
        description="Share of the works by project type, as {standard_buildings: 0.7, "
        "non_standard_buildings: 0.3}; blank keeps the assumptions optimism_bias_share and "
        "optimism_bias_duration_share",
    )


class AssetFinance(Section):
    """How what is borrowed for one class of assets is repaid."""

    life_years: int = Field(ge=1, le=50, description="Life over which revenue provides for the debt")
    term_years: int | None = Field(None, ge=1, le=50, description="Term of the loan; blank takes the life")
    loan: Literal["annuity", "eip", "maturity"] = Field("annuity", description="Type of loan, half-yearly")
    provision: Literal["equal", "annuity"] = Field("annuity", description="Minimum revenue provision")

    @model_validator(mode="after")
    def _loan_within_life(self) -> Self:
        if self.term_years is not None and self.term_years > self.life_years:
            message = f"the loan of {self.term_years} years is longer than the asset's {self.life_years}"
            raise ValueError(message)
        return self

    @property
    def term(self) -> int:
        """Return the term of the loan [year]."""
        return self.life_years if self.term_years is None else self.term_years


class FinanceSection(Section):
    """How the plan is paid for: the financial view, in money of the day, by partner."""

    rate: float = Field(0.05, ge=0, le=1, description="Rate of new loans; set daily, so always your own")
    provision_rate: float | None = Field(
        None, ge=0, le=1, description="Rate of the annuity for provision; blank takes rate"
    )
    works: AssetFinance = Field(
        AssetFinance(life_years=40), description="Works of hubs: life_years, term_years, loan, provision"
    )
    fit_out: AssetFinance = Field(AssetFinance(life_years=15), description="Fit-out, likewise")
    it: AssetFinance = Field(AssetFinance(life_years=5), description="IT and network, likewise")
    cannot_borrow: list[str] = Field(
        default_factory=list, description="Partners without powers to borrow (NHS bodies, colleges)"
    )
    flexible_receipts: list[str] = Field(
        default_factory=list,
        description="Partners that use their receipts for one-off revenue costs, as the direction allows",
    )
    flexible_first_year: int = Field(2025, description="First financial year of the direction")
    flexible_last_year: int = Field(2029, description="Last financial year of the direction")
    reserve_gbp: dict[str, float] = Field(
        default_factory=dict,
        description="Invest-to-save reserve by partner [GBP]: pays one-off revenue costs, repaid by savings",
    )
    late_years: int = Field(3, ge=0, le=50, description="Scenario 'late and lower': receipts so much later")
    lower_share: float = Field(
        0.2, ge=0, le=1, description="Scenario 'late and lower': receipts so much lower"
    )


class ResidentTravelSection(Section):
    """Residents' travel as a cost."""

    as_cost: bool = Field(
        default=False,
        description="Count residents' extra travel as an economic cost, beside the standards or instead",
    )
    mode: str = Field(
        "public_transport", description="Mode of travel: one of the table travel, or known speed"
    )
    farthest_km: float = Field(
        30.0, gt=0, le=500, description="Travel is measured up to here; beyond by straight line [km]"
    )


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
    let_energy_band: Literal["A", "B", "C", "D", "E", "F", "G"] = Field(
        "E", description="Worst energy band in which a building may be let"
    )


class EditSection(Section):
    """A change of cells of one table, made before anything is checked or filled in."""

    table: str = Field(description="Table of the data dictionary")
    where: dict[str, Any] = Field(
        default_factory=dict, description="Column and value, or a list of values; blank for every row"
    )
    set: dict[str, Any] = Field(min_length=1, description="Column and its new value, or {multiply: number}")


class Threshold(Section):
    """From which value a figure is shown amber, and from which red."""

    amber: float = Field(description="Amber from here on")
    red: float = Field(description="Red from here on; below amber where less is worse")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.amber == self.red:
            raise ValueError("amber and red are the same")
        return self


class CompareSection(Section):
    """How runs are put side by side."""

    base: str = Field("base", description="Scenario with which the others are compared")
    amber_share: float = Field(
        0.05, ge=0, le=1, description="Worse than the base by up to this share is amber, by more red"
    )
    thresholds: dict[str, Threshold] = Field(
        default_factory=dict, description="Limits of a headline figure, by its key in summary.json"
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

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="Name of the run and of its folder: letters, digits, _ and -",
    )
    title: str = Field("", max_length=200, description="Title in words, printed on every page")
    data_date: str = Field("", description="As-at date of the data, printed on every page")
    source: str = Field(
        "",
        max_length=300,
        description="Where the data come from and whom a licence asks to name, printed on every page and map",
    )
    invented: bool = Field(default=False, description="The estate is made up; said on every page")
    data: DataSection = DataSection()
    horizon: HorizonSection = HorizonSection()
    objective: Literal["economic", "financial"] = Field(
        "economic", description="Whose net present saving is made greatest: society's or the bodies' own"
    )
    vintage: str = Field(
        "green_book_2022",
        description="Table of discount rates: a name, a CSV file of one's own, or one rate such as 5%",
    )
    vintages: VintageSection = VintageSection()
    finance: FinanceSection = FinanceSection()
    timing: Literal["year_end", "mid_year"] = Field(
        "year_end", description="When in the year money is discounted"
    )
    hubs_allowed: bool = Field(default=True, description="False bars every hub, for comparison")
    policy: ClosurePolicy = ClosurePolicy()
    resident_travel: ResidentTravelSection = ResidentTravelSection()
    standards: list[str | StandardSetSection] = Field(
        default_factory=list, description="Ready-made standards, by name: post_office, plss_metropolitan, ..."
    )
    protect: list[Group] = Field(
        default_factory=list, description="Groups whose share within each standard may not fall below today's"
    )
    rules: dict[str, dict[str, Any]] = Field(default_factory=dict, description="Options of rules, by name")
    assumptions: dict[str, float] = Field(
        default_factory=dict, description="Values that replace default assumptions, by name"
    )
    assumed_by: str = Field("", max_length=100, description="Who set the assumptions that stand here")
    assumed_on: str = Field("", max_length=40, description="When, for example 1 May 2027")
    solver: SolverSection = SolverSection()
    audience: Literal["internal", "partner", "public"] = Field(
        "internal", description="Who may read what is written: values by site are internal"
    )
    fewest_people: int = Field(10, ge=0, description="No public count of people is below this [person]")
    edits: list[EditSection] = Field(default_factory=list, description="Changes of cells: table, where, set")
    scenario: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.,+=-]{0,100}$",
        description="Name of the scenario that was applied; set by --scenario",
    )
    scenarios: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Named changes of this configuration, for --scenario"
    )
    matrices: dict[str, dict[str, list[Any]]] = Field(
        default_factory=dict, description="Every combination of values: {name: {key: [values]}}"
    )
    compare: CompareSection = CompareSection()
    output: Path = Field(Path("out"), description="Folder in which the run writes a folder of its own name")
    _folders: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _is_a_folder_everywhere(cls, name: str) -> str:
        if DEVICES.fullmatch(name):
            message = "Windows keeps this name for a device: no folder can have it"
            raise ValueError(message)
        return name

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - pydantic's own signature
        """Remember the folders that stood behind ``${NAME}`` in paths."""
        if isinstance(context, Mapping):
            self._folders.update(context.get("folders", {}))

    @property
    def folder(self) -> Path:
        """Folder of the run: of its name, and within it of its scenario."""
        return self.output / self.name / self.scenario

    @property
    def folders(self) -> Mapping[str, str]:
        """Folders that stood behind ``${NAME}`` in paths."""
        return dict(self._folders)

    def portable(self, base: Path) -> dict[str, Any]:
        """Return the configuration without any path of this machine, as ``run.json`` keeps it.

        Paths below a named folder become ``${NAME}/...``, paths below `base` become
        relative to it, and of any other absolute path only the last part is kept.

        Parameters
        ----------
        base : Path
            Folder of the configuration file.

        Returns
        -------
        dict
            Plain data, ready for JSON.
        """
        roots = [(f"${{{name}}}", Path(folder)) for name, folder in self._folders.items()]
        return {
            key: portable(value, [*roots, ("", base)]) for key, value in self.model_dump(mode="json").items()
        }
