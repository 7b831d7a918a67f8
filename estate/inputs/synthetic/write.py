"""Write the tables of an estate into a folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from estate.core.errors import ConfigError, Issue

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

NOTICE = """# An invented estate

Every building, street, partner, resident, cost and value in this folder is invented: drawn at
random by `estate example`. Only the ground it stands on is a real place. No figure here says
anything about any real property or body.
"""


def write_estate(tables: Mapping[str, pd.DataFrame], folder: Path | str) -> list[Path]:
    """Write one CSV a table (UTF-8, line feeds) and a notice that the data are invented.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Table by its name in the dictionary, as `make_estate` returns them.
    folder : path
        Made where it is not there; files of the same tables are replaced.

    Returns
    -------
    list of Path
        Every file written.

    Raises
    ------
    ConfigError
        If the folder holds other tables, which would become part of the estate.
    """
    target = Path(folder)
    names = {path.name.removesuffix(".csv") for path in files("estate.core").joinpath("dictionary").iterdir()}
    strange = sorted(name for name in names - set(tables) if (target / f"{name}.csv").exists())
    if strange:
        raise ConfigError(
            f"The folder {target} holds tables of another estate:",
            [
                Issue(
                    f"{name}.csv",
                    None,
                    "",
                    "",
                    "is not part of the new estate",
                    "remove it or name an empty folder",
                )
                for name in strange
            ],
        )
    target.mkdir(parents=True, exist_ok=True)
    texts = {f"{name}.csv": as_csv(frame) for name, frame in tables.items()} | {"README.md": NOTICE}
    parts = {target / name: target / f".{name}.part" for name in sorted(texts)}
    for path, part in parts.items():
        part.write_text(texts[path.name], encoding="utf-8", newline="\n")
    for path, part in parts.items():
        part.replace(path)
    return list(parts)


def as_csv(frame: pd.DataFrame) -> str:
    """Return the table as CSV text: whole numbers without a decimal point, blanks empty."""
    plain = frame.copy()
    for name in plain.columns:
        values = plain[name]
        if values.dtype.kind == "f" and bool((values.dropna() % 1 == 0).all()):
            plain[name] = values.astype("Int64")
    return str(plain.to_csv(index=False, lineterminator="\n"))
