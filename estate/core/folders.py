"""Folders that are replaced as a whole or not at all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from estate.core.errors import EstateError

if TYPE_CHECKING:
    from pathlib import Path


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
