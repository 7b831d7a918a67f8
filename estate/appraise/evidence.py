"""On what the equality tables rest: each fact with its source, its date, who says it and how good it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.facts import number, text
from estate.appraise.places import SPEEDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.config import Config
    from estate.core.types import Estate

COLUMNS = (
    "subject",
    "areas_known",
    "areas",
    "residents_known_share",
    "source",
    "said_by",
    "as_at",
    "quality",
    "note",
)
FACTS = {
    "population": "population",
    "deprivation": "imd_decile",
    "age": "over65_share",
    "disability": "disabled_share",
    "car_availability": "no_car_share",
    "rurality": "rurality",
}
"""Subject and the column of ``areas`` that holds it."""
WITHOUT_FIGURES = (
    "gender_reassignment",
    "pregnancy_and_maternity",
    "race",
    "religion_or_belief",
    "sex",
    "sexual_orientation",
    "marriage_and_civil_partnership",
)
"""Protected characteristics of the Equality Act 2010 of which the areas hold no figure (domain.md 4.3)."""
NOT_GIVEN = "not given"
NO_FIGURE = "No figure in this run: to be considered by other means, such as consultation and monitoring"
OF_THE_RUN = "Said of all data of the run, not of this figure"


def evidence_table(estate: Estate, config: Config) -> pd.DataFrame:
    """Return on what the equality tables rest, and of which protected characteristic they say nothing.

    Parameters
    ----------
    estate : Estate
        Conformed tables; ``evidence`` as given.
    config : Config
        Source and date of all data, for facts of which ``evidence`` says nothing.

    Returns
    -------
    DataFrame
        `COLUMNS`: areas_known of areas have the figure, with a share of residents; source, who says
        it, as at when, how good; *not given* where nobody has said so.
    """
    given = estate.tables["evidence"]
    said = {str(subject): rows for subject, rows in given.groupby(text(given["subject"]), sort=False)}
    areas = estate.tables["areas"]
    people = number(areas["population"])
    rows: list[dict[str, object]] = []
    for subject, column in FACTS.items():
        known = _known(areas[column])
        held = float(people[known].sum() / people.sum()) if people.sum() > 0 else np.nan
        counts: dict[str, object] = {
            "areas_known": int(known.sum()),
            "areas": len(areas),
            "residents_known_share": held,
        }
        rows += _sources(said.get(subject), _of_the_run(config, found=bool(known.any())), counts, subject)
    rows += _sources(said.get("places"), _of_the_run(config, found=True), {}, "places")
    for mode in sorted(set(text(estate.tables["standards"]["mode"]))) or [""]:
        rows += _sources(said.get("travel"), {}, {"note": _measured(estate, mode)}, "travel")
    for subject in WITHOUT_FIGURES:
        rows += _sources(said.get(subject), {"note": NO_FIGURE}, {}, subject)
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    return table.assign(quality=table["quality"].str.replace("_", " "))


def _known(column: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(column.notna().to_numpy(dtype=bool) & (text(column) != ""))


def _of_the_run(config: Config, *, found: bool) -> dict[str, object]:
    """Return what the run says of all its data, where there is a figure to say it of."""
    if not found:
        return {"note": "No figure in this run"}
    if not config.source and not config.data_date:
        return {}
    told = {"source": config.source or NOT_GIVEN, "as_at": config.data_date or NOT_GIVEN}
    return {**told, "note": OF_THE_RUN}


def _sources(
    given: pd.DataFrame | None, otherwise: dict[str, object], more: dict[str, object], subject: str
) -> list[dict[str, object]]:
    """Return a row for each source of a subject; one that says so where there is none."""
    blank: dict[str, object] = dict.fromkeys(("source", "said_by", "as_at", "quality"), NOT_GIVEN)
    rows = [blank | {"note": ""} | otherwise]
    if given is not None:
        columns = ["source", "said_by", "as_at", "quality", "note"]
        filled = given[columns].astype(object).where(given[columns].notna(), "")
        rows = [
            {str(k): v or (NOT_GIVEN if k != "note" else "") for k, v in row.items()}
            for row in filled.to_dict("records")
        ]
    measured = str(more.get("note", ""))
    joined = [{"note": "; ".join(filter(None, [measured, str(row["note"])]))} for row in rows]
    return [
        {"subject": subject.replace("_", " ")} | more | row | note
        for row, note in zip(rows, joined, strict=True)
    ]


def _measured(estate: Estate, mode: str) -> str:
    """Say how travel of a mode is measured."""
    name = mode.replace("_", " ") or "distance"
    pairs = int((text(estate.tables["travel"]["mode"]) == mode).sum())
    parts = [f"{pairs:,} given pairs"] if pairs else []
    if estate.network is not None and mode in estate.network.farthest_km:
        parts.append("a road network")
    speed = f", {estate.assumptions[SPEEDS[mode]]:g} km/h" if mode in SPEEDS else ""
    parts.append(f"straight line x {estate.assumptions['circuity']:g}{speed}")
    return f"{name[:1].upper()}{name[1:]}: measured by {', else '.join(parts)}"
