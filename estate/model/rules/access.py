"""Standards hold in every year of the plan."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``access``."""

    enforce: bool = Field(default=True, description="False reports the standards without holding the plan to them")
