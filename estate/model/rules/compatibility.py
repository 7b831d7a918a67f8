"""Services that may not share, must share or stay near each other."""

from __future__ import annotations

from estate.config import Section


class Options(Section):
    """Options of the rule ``compatibility``."""
