"""The files with which an estate of one's own begins."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from estate.core.errors import ConfigError, Issue
from estate.core.tables import SPECS

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE_SIZES = {"areas": (130, 5), "population": (200_000, 2_000), "hubs": (40, 4), "hosts": (60, 4)}
FIRST_TABLES = ("sites", "running_costs", "provisions")


def start(folder: Path, excel: Path | None = None) -> list[str]:
    """Write a commented configuration and empty tables, or one workbook.

    Parameters
    ----------
    folder : Path
        Where `estate.yaml`, `tables/` and `templates/` are written.
    excel : Path, optional
        Workbook to write instead.

    Returns
    -------
    list of str
        What was written and what to do next.

    Raises
    ------
    ConfigError
        If any of the files exists: nothing is overwritten, and nothing is written.
    """
    if excel is not None:
        return _workbook(excel)
    contents = {"estate.yaml": starter_yaml()}
    for name, spec in SPECS.items():
        part = "tables" if name in FIRST_TABLES else "templates"
        contents[f"{part}/{name}.csv"] = ",".join(spec.names) + "\n"
    _refuse_existing([folder / name for name in contents])
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return [
        f"Written: {folder / 'estate.yaml'}, {len(FIRST_TABLES)} tables to fill in, templates of the others.",
        "Fill in tables/sites.csv first (`estate dictionary sites` explains every column), then run",
        f"  estate check {folder / 'estate.yaml'}",
    ]


def example(folder: Path, seed: int = 1, sites: int = 600) -> list[str]:
    """Write an invented estate with its configuration; areas, hubs and hosts grow with the sites.

    Parameters
    ----------
    folder : Path
        Where `estate.yaml` and `tables/` are written.
    seed : int
        Another seed, another estate.
    sites : int
        Number of properties that exist; 600 gives the estate of `configs/east_birmingham.yaml`.

    Returns
    -------
    list of str
        What was written and what to do next.

    Raises
    ------
    ConfigError
        If the size is out of range, or the folder holds an estate.
    """
    from estate.inputs.synthetic import make_estate, write_estate

    config = folder / "estate.yaml"
    _refuse_existing([config])
    size = {name: max(least, round(full * sites / 600)) for name, (full, least) in EXAMPLE_SIZES.items()}
    tables = make_estate(seed=seed, sites=sites, **size)
    write_estate(tables, folder / "tables")
    text = files("estate.core").joinpath("example.yaml").read_text(encoding="utf-8")
    hubs = max(2, round(30 * sites / 600))
    text = text.replace("NAME", f"example_{seed}").replace("MAX_HUBS", str(hubs))
    config.write_text(text, encoding="utf-8", newline="\n")
    return [
        f"Written: an invented estate of {sites} properties in {folder}. Try it:",
        f"  estate run {config}",
    ]


def starter_yaml() -> str:
    """Return the commented configuration that `estate init` writes."""
    return files("estate.core").joinpath("starter.yaml").read_text(encoding="utf-8")


def _workbook(path: Path) -> list[str]:
    from estate.inputs.template import write_template

    if path.suffix.lower() != ".xlsx":
        issue = Issue(
            str(path), None, "", path.suffix, "is not the ending of a workbook", "end the name in .xlsx"
        )
        raise ConfigError("The workbook was not written:", [issue])
    _refuse_existing([path])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_template(path)
    return [f"Written: {path}. Begin with its sheet Start here, then run", f"  estate run {path}"]


def _refuse_existing(paths: list[Path]) -> None:
    there = [path for path in paths if path.exists()]
    if there:
        remedy = "give another folder or name, or move it away"
        raise ConfigError(
            "Nothing was written, because it would overwrite:",
            [Issue(str(path), None, "", "", "exists", remedy) for path in there],
        )
