"""The recipe by which areas of residents are made from published files."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - read by pydantic when the model is made
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

RANKS_IOD2019 = 32_844


class Residents(BaseModel):
    """The recipe under ``data.residents``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    population: Path = Field(description="Persons by area")
    code: str = Field("", description="Column of the area's code; blank is guessed")
    persons: str = Field("", description="Column of persons; blank is guessed")
    over65: str = Field("", description="Column of persons aged 65 and over; blank is guessed")
    filter: dict[str, Any] = Field(default_factory=dict, description="Rows to keep, for example sex: Persons")
    centroids: Path | None = Field(None, description="Population-weighted centroids")
    lookup: Path | None = Field(None, description="Old code to new code, one row a pair")
    old_code: str = Field("", description="Column of the old code in the lookup")
    new_code: str = Field("", description="Column of the new code in the lookup")
    weights: Path | None = Field(None, description="Persons by old code, to weigh merged areas")
    deprivation: Path | None = Field(None, description="Rank by area, 1 = most deprived")
    ranks: int = Field(RANKS_IOD2019, gt=0, description="Areas ranked in the whole country")
    cars: Path | None = Field(None, description="Households by number of cars")
    no_car: str = Field("no car", description="Words of the category without a car")
    rurality: Path | None = Field(None, description="Rural Urban Classification by area")
    rural_below_per_km2: float | None = Field(
        None, gt=0, description="Without it: areas with fewer persons per km2 (in weights) are taken as rural"
    )
    zones: Path | None = Field(
        None, description="Any table with the area's code and a zone; with postcodes, districts too"
    )
    zone: str = Field("", description="Column of the zone in that table")
    vintage: str = Field("", description="Vintage of the codes, for example LSOA2021")
    published_total: int | None = Field(
        None, gt=0, description="Published number of residents, for comparison"
    )
