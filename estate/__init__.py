"""Estate: which public buildings to give up, and where to put shared hubs."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["Plan", "Solution", "__version__", "load_config", "run"]

_HOMES = {
    "Plan": "estate.core.types",
    "Solution": "estate.core.types",
    "load_config": "estate.settings",
    "run": "estate.pipeline",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name when it is first asked for, so that ``import estate`` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted({*globals(), *__all__})
