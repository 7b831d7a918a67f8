"""At least, at most or exactly n hubs or closures."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``counts``."""

    min_hubs: int | None = Field(None, ge=0, description="Least number of hubs at the end")
    max_hubs: int | None = Field(None, ge=0, description="Greatest number of hubs at the end")
    min_closures: int | None = Field(None, ge=0, description="Least number of closures at the end")
    max_closures: int | None = Field(None, ge=0, description="Greatest number of closures at the end")
