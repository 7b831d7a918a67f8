"""Peak funding, payback and saving in a named year."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``affordability``."""

    peak_funding_gbp: float | None = Field(None, ge=0, description="Deepest cumulative cash need [GBP]")
    payback_year: int | None = Field(None, ge=0, description="Year t from which cumulative cash is never negative")
    receipts: bool = Field(default=True, description="False counts no receipts")
    saving_year: int | None = Field(None, ge=0, description="Year t in which the saving is asked for")
    saving_gbp: float = Field(0.0, description="Least running saving in that year [GBP]")
