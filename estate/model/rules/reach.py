"""A provision moves no farther than its limit."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``reach``."""

    default_km: float | None = Field(None, ge=0, description="Farthest move where the service names none [km]; blank takes the assumption")
