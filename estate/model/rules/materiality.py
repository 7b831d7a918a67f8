"""No site closes for less than it is worth the upheaval."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``materiality``."""

    saving_gbp_per_year: float = Field(0.0, ge=0, description="Least running cost of a site that may close [GBP/year]")
