"""Nothing moves to a hub before it operates."""

from __future__ import annotations

from estate.config import Section


class Options(Section):
    """Options of the rule ``opening``."""
