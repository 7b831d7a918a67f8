"""What a run for other readers than the council says of its sites, and who can say more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

from estate.core.errors import ConfigError, Issue
from estate.present.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WHY = (
    "It is a run for {reader} readers. What each decision costs, and what would flip it, is withheld there: "
    "with it the value of a single building could be worked out."
)
HOW = (
    "The council gets all of it from the configuration of the run: estate explain CONFIGURATION. With estate "
    "run CONFIGURATION --explain --set audience={reader} it publishes how firm each decision is, the rule, "
    "and who travels farther."
)
UNKNOWN = "There is nothing to explain:"


def reader_of(folder: Path) -> str:
    """Return for whom a run was written; internal where its record does not say."""
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "internal"
    return str(record.get("audience", "internal")) if isinstance(record, dict) else "internal"


def published_reasons(folder: Path, sites: Sequence[str], reader: str) -> list[str]:
    """Return what a run for other readers tells of sites; of all of them where none is named.

    Parameters
    ----------
    folder : Path
        Of the run.
    sites : sequence of str
        Ids.
    reader : str
        ``partner`` or ``public``.

    Returns
    -------
    list of str
        The sentences that the run holds, what is withheld, and how the council gets it.

    Raises
    ------
    ConfigError
        For every name that is no site of the run.
    """
    codes = _table(folder, "plan").set_index("site_id")["reason_code"]
    issues = [
        Issue("command line", None, "SITE", name, "is not a site of this run", "name one of its plan.csv")
        for name in sites
        if name not in codes.index
    ]
    if issues:
        raise ConfigError(UNKNOWN, issues)
    told = _table(folder, "reasons")
    shown = told[told["site_id"].isin(sites)] if sites else told
    lines = [f"{one.site_id} {one.name}: {one.sentence}" for one in shown.itertuples(index=False)]
    lines += [f"{site}: {REASONS[codes[site]]}." for site in sites if site not in set(told["site_id"])]
    if told.empty:
        lines.append(f"No reasons were published with {folder}.")
    return [*lines, WHY.format(reader=reader), HOW.format(reader=reader)]


def _table(folder: Path, name: str) -> pd.DataFrame:
    """Return a table of a run as text; empty where it has none."""
    file = folder / f"{name}.csv"
    blank = pd.DataFrame(columns=["site_id", "name", "sentence", "reason_code"])
    return pd.read_csv(file, dtype=str, keep_default_na=False) if file.is_file() else blank
