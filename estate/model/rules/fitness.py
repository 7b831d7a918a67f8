"""A hub is step-free or carries the cost of becoming so."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``fitness``."""

    require_step_free: bool = Field(default=True, description="False allows hubs of unknown fitness")
