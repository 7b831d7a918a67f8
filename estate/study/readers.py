"""What readers outside the council get of a study: no two runs of it give away the figure of a site.

The study works in a folder of the council's own, in which every run is whole and every figure exact.
What may be shown is put into the readers' folder when all is done.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from estate.present.apart import not_together
from estate.study.attempt import Ended
from estate.study.job import Answer
from estate.study.store import RECORD, Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from estate.study.job import Outcome

STATES = "states"
TOO_CLOSE = "fewer than three sites set it apart from what is shown; for the council alone"
BESIDE = (
    *("run.json", "summary.json", "plan.csv", "moves.csv", "access.csv", "assumptions.csv"),
    *("residents.csv", "travel_change.csv", "estate.gpkg", "map.png", "travel.png"),
)
"""Files of a run beside the first: no money by year, line or partner, which a subtraction would undo."""


def council_folder(folder: Path, audience: str) -> Path:
    """Return the folder in which a study works: the council's own where others are to read the results."""
    return folder if audience == "internal" else folder.with_name(f"{folder.name}-for-the-council")


def publish(
    outcomes: Sequence[Outcome], work: Path, folder: Path, first: str, known: str = ""
) -> list[Outcome]:
    """Put what may be shown of a study into the readers' folder; say what was withheld.

    The first is shown whole. Then come runs that an earlier call has put there, then the others. A run
    that gives away a few sites beside those before it keeps no file and no figure there.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of all jobs of this call.
    work, folder : Path
        The council's folder and the readers'.
    first : str
        Name of the job that is shown in any case, whole.
    known : str
        Name of a job whose totals everybody knows (business as usual saves nothing).

    Returns
    -------
    list of Outcome
        As readers may know them.
    """
    store, place = Store(folder), {one.name: one for one in outcomes}
    before = [
        path.parent.name for path in sorted(folder.glob("*/run.json")) if (path.parent / RECORD).is_file()
    ]
    order = [name for name in dict.fromkeys([first, *before, *place]) if name != known]
    states = {name: _states(work / name) for name in order}
    hidden = not_together({name: found for name, found in states.items() if found is not None})
    hidden |= {name for name in before if name not in place and _key(work / name) != _key(folder / name)}
    for name in hidden - set(place):
        store.keep(name, "", Ended("withheld", message=TOO_CLOSE, lasting=False))
    told = []
    for one in outcomes:
        if one.status != "done":
            told.append(one)
        elif one.name in hidden:
            told.append(replace(one, status="withheld", answer=None, message=TOO_CLOSE))
        else:
            told.append(_without_states(one))
        files = {} if one.name in hidden else _files(work / one.name, whole=one.name == first)
        if one.status == "done":
            ended = Ended(told[-1].status, Answer(files=files), told[-1].message, one.seconds, lasting=False)
            store.keep(one.name, one.key, ended)
    store.write_tables(told)
    return told


def _key(folder: Path) -> str:
    try:
        return str(json.loads((folder / RECORD).read_text(encoding="utf-8"))["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _states(folder: Path) -> pd.DataFrame | None:
    path = folder / f"{STATES}.parquet"
    return pd.read_parquet(path).set_index("site_id") if path.is_file() else None


def _files(folder: Path, *, whole: bool) -> dict[str, bytes]:
    """Return the files of a run for its readers; all where it is the first, or no run at all."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix != ".parquet" and path.name != RECORD]
    whole = whole or not (folder / "run.json").is_file()
    return {path.name: path.read_bytes() for path in files if whole or path.name in BESIDE}


def _without_states(outcome: Outcome) -> Outcome:
    answer = outcome.answer or Answer()
    frames = {name: frame for name, frame in answer.frames.items() if name != STATES}
    return replace(outcome, answer=replace(answer, frames=frames))
