"""Paths that mean the same on every machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

SHARED = "ESTATE_SHARED"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def portable(value: Any, roots: list[tuple[str, Path]]) -> Any:  # noqa: ANN401 - any plain data
    """Fold the paths of plain data back to what they mean on every machine.

    Parameters
    ----------
    value : plain data
        A value, list or mapping.
    roots : list of (label, folder)
        Folders and what their paths begin with instead; of any other path only the name is kept.
    """
    if isinstance(value, dict):
        return {key: portable(part, roots) for key, part in value.items()}
    if isinstance(value, list):
        return [portable(part, roots) for part in value]
    if not isinstance(value, str) or not PurePath(value).is_absolute():
        return value
    path = Path(value)
    for label, root in roots:
        for folder in (root, root.resolve()):
            if path.is_relative_to(folder):
                return (PurePath(label) / path.relative_to(folder)).as_posix()
    return path.name


def named_folders(data: Any, base: Path, shared: Path | None) -> tuple[dict[str, str], list[str]]:  # noqa: ANN401
    """Return the folder of every ``${NAME}`` in the data section, and the names without one."""
    names = dict.fromkeys(_VARIABLE.findall(str(data)))
    found: dict[str, str] = {}
    for name in names:
        folder = os.environ.get(name)
        if name == SHARED:
            folder = str(shared) if shared else folder or _beside_checkout(base)
        if folder:
            found[name] = str(Path(folder).resolve())
    return found, [name for name in names if name not in found]


def _beside_checkout(base: Path) -> str | None:
    """Return the folder ``shared`` beside the nearest checkout above `base`."""
    for folder in (base, *base.parents):
        if (folder / "pyproject.toml").is_file():
            beside = folder.parent / "shared"
            return str(beside) if beside.is_dir() else None
    return None


def variable_remedy(name: str) -> str:
    """Say how to name the folder of a variable that has none."""
    if name == SHARED:
        return f"give the data folder with --shared FOLDER, or set the environment variable {SHARED}"
    return f"set the environment variable {name} to the folder meant"


def expand(value: Any, folders: Mapping[str, str], *, inside: bool = False) -> Any:  # noqa: ANN401
    """Put folders in place of ``${NAME}`` in the data section, nowhere else."""
    if isinstance(value, Mapping):
        return {key: expand(part, folders, inside=inside or key == "data") for key, part in value.items()}
    if isinstance(value, list):
        return [expand(part, folders, inside=inside) for part in value]
    if inside and isinstance(value, str):
        return _VARIABLE.sub(lambda found: folders.get(found[1], found[0]), value)
    return value
