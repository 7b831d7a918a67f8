"""Folders that are replaced as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from estate.core.errors import ConfigError, EstateError, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNFINISHED: set[Path] = set()


def refuse_unwritable(folder: Path) -> None:
    """Refuse a folder that cannot be made, before anything is worked out for it.

    Raises
    ------
    ConfigError
        If what is above it is no folder, or may not be written to.
    """
    above = next((parent for parent in folder.parents if parent.exists()), folder.parent)
    if not above.is_dir() or not os.access(above, os.W_OK):
        problem = "is not a folder" if not above.is_dir() else "may not be written to"
        issue = Issue(str(above), None, "", "", problem, "choose another folder with --out")
        raise ConfigError("The results could not be written:", [issue])


@contextmanager
def written_whole(folder: Path, prefix: str = "") -> Iterator[Path]:
    """Lend an empty folder that takes another's place once all is written, and goes if anything fails.

    Parameters
    ----------
    folder : Path
        Where the files are to be; what it holds stays until all is written.
    prefix : str
        What the name of the empty folder begins with; by default a dot and the folder's name.

    Yields
    ------
    Path
        The folder to write to, on the same disk.

    Raises
    ------
    EstateError
        If the folder cannot be replaced (for example a file of it is open in a spreadsheet).
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=prefix or f".{folder.name}-", dir=folder.parent))
    _UNFINISHED.add(made)
    try:
        made.chmod(0o755)
        yield made
        replace_folder(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        _UNFINISHED.discard(made)


def drop_unfinished() -> None:
    """Remove what is half-written, before a program ends at once."""
    for made in list(_UNFINISHED):
        shutil.rmtree(made, ignore_errors=True)


def replace_folder(made: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one; the old one comes back if that fails.

    Folders inside the old one, such as those of scenarios, are kept.

    Parameters
    ----------
    made : Path
        Complete, on the same disk.
    folder : Path
        Its place.

    Raises
    ------
    EstateError
        If the folder cannot be replaced (for example a file of it is open in a spreadsheet).
    """
    kept = made.with_name(made.name + "-old")
    try:
        if folder.exists():
            folder.rename(kept)
        made.rename(folder)
    except OSError as error:
        if kept.exists() and not folder.exists():
            kept.rename(folder)
        raise EstateError(
            f"The folder {folder} cannot be replaced ({error.strerror}); close its files in other programs"
        ) from error
    for inside in kept.iterdir() if kept.exists() else ():
        if inside.is_dir() and not (folder / inside.name).exists():
            inside.rename(folder / inside.name)
    shutil.rmtree(kept, ignore_errors=True)
