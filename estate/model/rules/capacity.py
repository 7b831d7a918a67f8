"""What is there, has come and has not left fits, in every year."""

from __future__ import annotations

from estate.config import Section


class Options(Section):
    """Options of the rule ``capacity``."""
