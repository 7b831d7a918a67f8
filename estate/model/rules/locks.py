"""Sites that must keep, close, be a hub or not be one."""

from __future__ import annotations

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``locks``."""

    keep: tuple[str, ...] = Field((), description="Sites that never close")
    close: tuple[str, ...] = Field((), description="Sites that must have closed by the last decision year")
    hub: tuple[str, ...] = Field((), description="Sites that must become a hub")
    no_hub: tuple[str, ...] = Field((), description="Sites that must not become a hub")
