"""LibreOffice as a second spreadsheet: works every formula of a workbook out again."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import openpyxl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""
"""A profile in which formulas are always worked out when a file is opened."""


def converted(source: Path, folder: Path, ending: str) -> Path:
    """Return the file as LibreOffice saves it with another ending, or skip where it is absent."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("left out: LibreOffice is not installed")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    target = folder / "converted"
    target.mkdir(exist_ok=True)
    where = f"-env:UserInstallation={profile.resolve().as_uri()}"
    command = [program, where, "--headless", "--convert-to", ending, "--outdir", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return target / f"{source.stem}.{ending}"


def recalculated(source: Path, folder: Path) -> openpyxl.Workbook:
    """Return the workbook with every formula worked out by LibreOffice, or skip where it is absent."""
    return openpyxl.load_workbook(converted(source, folder, "xlsx"), data_only=True)


def edited(source: Path, target: Path, **values: float) -> Path:
    """Save a copy in which named cells have other values; everything that was worked out is forgotten."""
    book = openpyxl.load_workbook(source)
    for name, value in values.items():
        ((sheet, cell),) = book.defined_names[name].destinations
        book[sheet][cell.replace("$", "")].value = value
    book.save(target)
    return target
