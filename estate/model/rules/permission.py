"""Hosts take the services they permit, in the weeks they are open."""

from __future__ import annotations

from estate.config import Section


class Options(Section):
    """Options of the rule ``permission``."""
