"""A leased site closes only when its lease allows."""

from __future__ import annotations

from estate.config import Section


class Options(Section):
    """Options of the rule ``tenure``."""
