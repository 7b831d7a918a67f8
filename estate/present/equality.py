"""Who bears the change: parts of the report, and a line of the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.present.serving import counted, table_of
from estate.present.words import is_missing, share, text

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any

    import pandas as pd

    from estate.present.serving import Rows
    from estate.present.view import View

ONCE, SEVERAL = "at least one service", "three services or more"
UNKNOWN = "not known"
FEWEST = 0.01
"""A group of a smaller share of all residents is in the tables but is not named as hit hardest."""
GROUPS_NOTE = (
    "Farther than today to the nearest place; each person once. Members of a group are taken to live where "
    "all residents of their area live. The full table is equality.csv, shares within each standard are in "
    "equality_standards.csv."
)
SERVICES_NOTE = (
    "km to the nearest place and minutes to the quickest (by the mode of the service's first standard; blank "
    "where its speed is not known), today and with the plan, of residents who have one both times; the group "
    "whose share of people with farther to go is highest, and how many times that of all residents it is."
)
EVIDENCE_NOTE = (
    "What the Public Sector Equality Duty (Equality Act 2010, section 149) asks to be kept: on what these "
    "figures rest, and of which protected characteristics they say nothing. The tables inform a decision "
    "and do not take it: consider them before deciding, and again when the plan or the data change."
)


def _last(view: View) -> pd.DataFrame:
    table = table_of(view, "equality")
    return table[table["year"] == table["year"].max()] if len(table) else table


def _name(row: Mapping[Hashable, Any]) -> str:
    """Return a group in words that stand alone."""
    characteristic, group = text(row["characteristic"]), text(row["group"])
    if characteristic == group:
        return "All residents"
    return f"{characteristic[:1].upper()}{characteristic[1:]}: {group}"


def _times(value: object) -> str:
    return "" if is_missing(value) else f"{float(str(value)):.1f} times"


def _before_after(row: Mapping[Hashable, Any], name: str, digits: str = ".1f") -> str:
    before, after = (row[f"{name}_{when}"] for when in ("before", "after"))
    return "" if is_missing(before) else f"{before:{digits}} to {after:{digits}}"


def by_group(view: View) -> Rows:
    """Return how many of every group are worse off over all services, in the last year."""
    heads = ["Residents", "In all", "Worse off for at least one service", "Share", "All residents = 1"]
    heads += ["For three or more", "Share"]
    table = _last(view)
    if table.empty:
        return heads, []
    several = table[table["service_id"] == SEVERAL].set_index(["characteristic", "group"])
    rows: list[list[object]] = []
    for row in table[table["service_id"] == ONCE].to_dict("records"):
        three = several.loc[(row["characteristic"], row["group"])]
        one = [
            counted(view, row["worse_off"]),
            share(row["worse_off_share"]),
            _times(row["times_all_residents"]),
        ]
        more = [counted(view, three["worse_off"]), share(three["worse_off_share"])]
        cells = [counted(view, row["residents"]), *one, *more]
        rows.append([_name(row), *cells])
    return heads, rows


def by_service(view: View) -> Rows:
    """Return travel of all residents by service, before and after, and the group hit hardest."""
    heads = [
        "Service",
        "Mean km",
        "9 in 10 within km",
        "Farthest km",
        "Mean minutes",
        "Worse off",
        "Share",
        "Mean extra km",
        "Hit hardest",
        "",
    ]
    table = _last(view)
    if table.empty:
        return heads, []
    rows: list[list[object]] = []
    for service, part in table[~table["service_id"].isin([ONCE, SEVERAL])].groupby("service_id", sort=True):
        row = part.to_dict("records")[0]
        worst = hardest(part)
        far = [*(_before_after(row, f"{name}_km") for name in ("mean", "p90", "max"))]
        far.append(_before_after(row, "mean_minutes", ".0f"))
        told = ["", ""] if worst is None else [_name(worst), _times(worst["times_all_residents"])]
        more = "" if is_missing(row["mean_extra_km"]) else f"{row['mean_extra_km']:.1f}"
        cells = [counted(view, row["worse_off"]), share(row["worse_off_share"]), more, *told]
        rows.append([view.services.get(text(service), text(service)), *far, *cells])
    return heads, rows


def hardest(part: pd.DataFrame) -> Mapping[Hashable, Any] | None:
    """Return the group that is worse off more often than all residents, the most so, if any."""
    everybody = float(part["residents"].iloc[0])
    known = part[(part["group"] != UNKNOWN) & (part["residents"] >= FEWEST * everybody)]
    known = known[known["times_all_residents"] > 1.0 + 1e-9]
    if known.empty:
        return None
    return dict(known.sort_values("times_all_residents", ascending=False, kind="stable").iloc[0])


def evidence(view: View) -> Rows:
    """Return on what the figures rest; subjects of which the same is said stand together."""
    heads = ["About", "Areas with it", "Source", "Who says it", "As at", "Quality", "Note"]
    said: dict[tuple[str, ...], list[str]] = {}
    for row in table_of(view, "equality_evidence").to_dict("records"):
        known = "" if is_missing(row["areas_known"]) else f"{row['areas_known']:,.0f} of {row['areas']:,.0f}"
        columns = ("source", "said_by", "as_at", "quality", "note")
        cells = (known, *(text(row[name]) for name in columns))
        said.setdefault(cells, []).append(text(row["subject"]))
    return heads, [[", ".join(subjects), *cells] for cells, subjects in said.items()]


PARTS = (
    ("Equality: who bears the change", GROUPS_NOTE, by_group, ()),
    ("Equality: travel by service", SERVICES_NOTE, by_service, (8,)),
    ("Equality: the evidence", EVIDENCE_NOTE, evidence, range(7)),
)
"""As `serving.PARTS`."""

SHEETS = (
    ("Equality", "Travel and who is worse off by group, before and after, by year", "equality"),
    ("Equality standards", "Share of every group in reach, before and after", "equality_standards"),
    ("Equality evidence", "On what the equality tables rest, and what is not in them", "equality_evidence"),
)
"""As `serving.SHEETS`."""


def equality_lines(view: View) -> list[str]:
    """Say in the summary which group bears more of the change than residents do on the whole."""
    table = _last(view)
    if table.empty:
        return []
    worst = hardest(table[table["service_id"] == ONCE])
    if worst is None:
        return ["  Equality: no group is worse off more often than residents on the whole."]
    told = f"{share(worst['worse_off_share'])} of them, {_times(worst['times_all_residents'])} all residents"
    return [f"  Equality, hit hardest: {_name(worst)} ({told}; equality.csv has every group)."]
