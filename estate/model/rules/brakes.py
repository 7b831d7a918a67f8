"""Legal and other locks hold."""

from __future__ import annotations

from estate.config import Section


class Options(Section):
    """Options of the rule ``brakes``."""
