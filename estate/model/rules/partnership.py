"""No partner is left worse off than its floor, on bills."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``partnership``."""

    floor_npv_gbp: float | None = Field(None, description="Least net present saving of every partner [GBP]; partners.floor_npv_gbp replaces it for one")
