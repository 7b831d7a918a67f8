"""Every provision is somewhere, merged or online, in every year."""

from __future__ import annotations

from estate.config import Section


class Options(Section):
    """Options of the rule ``assignment``."""
