"""How residents are served: files, part of the report, lines of the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.present.audience import confidential_sites
from estate.present.csvs import safe_frame
from estate.present.small_counts import WITHHELD, public_counts
from estate.present.words import headline_words, is_missing, number, share, text

if TYPE_CHECKING:
    from pathlib import Path

    from estate.core.result import Result
    from estate.present.view import View

USERS_NOTE = (
    "Residents are people of the areas, each once a service; visits are their use of it, where it is known. "
    "Minutes are of those whose way takes longer, by the mode of the service's first standard. "
    "Outside shut: as if places beyond the boundary did not serve."
)
DOOR_NOTE = (
    "People who need two services make one journey where both are at one place. The whole counts nobody's "
    "journey twice, so it may be less than its pairs."
)
FIT_NOTE = "Places of the estate that serve residents. What is not known is not taken as good."
ONLINE_NOTE = (
    "Residents of the areas whose place today it is; the digitally excluded among them need another place."
)

"""Said to the public of a count of few people, which stands blank in the table."""

Rows = tuple[list[str], list[list[object]]]
"""Headings of a table of the report, and its cells in words."""


def serving_for(result: Result, audience: str) -> dict[str, pd.DataFrame]:
    """Return the tables that an audience may read: the public sees no confidential place, no small count."""
    shown = dict(result.serving)
    confidential = confidential_sites(result.estate.tables["sites"])
    if audience == "public" and confidential:
        shown.pop("fitness", None)
        online = shown.get("online")
        if online is not None:
            shown["online"] = online[~online["site_id"].isin(confidential)].reset_index(drop=True)
        ways = shown.get("travel_change")
        if ways is not None:
            # A distance from each of many areas would find the place.
            near = ways["nearest_before"].isin(confidential) | ways["nearest_after"].isin(confidential)
            shown["travel_change"] = ways[~near].reset_index(drop=True)
    return public_counts(shown, result.config.fewest_people) if audience == "public" else shown


def write_serving(view: View, folder: Path) -> None:
    """Write each table as a CSV file of its name."""
    for name, table in view.serving.items():
        safe_frame(table).to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")


def table_of(view: View, name: str) -> pd.DataFrame:
    """Return a table of how residents are served, empty where there is none."""
    return view.serving.get(name, pd.DataFrame())


def people(value: object) -> str:
    """Return a count as a whole number, in words where it is not known."""
    return "not known" if is_missing(value) else number(round(float(str(value))))


def counted(view: View, value: object) -> str:
    """Return a count of people; to the public one that is too small to tell is withheld."""
    return WITHHELD if view.header.audience == "public" and is_missing(value) else people(value)


def users(view: View) -> Rows:
    """Return who travels how much farther in the last year, residents beside visits."""
    table = table_of(view, "residents")
    heads = ["Service", "Residents farther", "Their visits a year", "All visits", "Mean extra km"]
    heads += ["9 in 10 below km", "Mean extra minutes", "No place left", "Farther, outside shut"]
    if table.empty:
        return heads, []
    table = table[table["year"] == table["year"].max()]
    alone = table[table["places"] == "without_outside"].set_index("service_id")["residents"]
    longer = longer_minutes(view)
    rows: list[list[object]] = []
    for row in table[table["places"] == "all"].to_dict("records"):
        service = text(row["service_id"])
        several = service not in view.services
        used = ["", ""] if several else [people(row["visits"]), people(row["visits_all"])]
        far = ["" if is_missing(row[c]) else f"{row[c]:.1f}" for c in ("mean_extra_km", "p90_extra_km")]
        far.append(f"{longer[service]:.0f}" if service in longer else "")
        left = "" if several else counted(view, row["unserved"])
        whole = [counted(view, row["residents"]), *used, *far, left, counted(view, alone[service])]
        rows.append([view.services.get(service, service), *whole])
    return heads, rows


def longer_minutes(view: View) -> dict[str, float]:
    """Return how much longer the way takes on average to those to whom it does [min], by service."""
    table = table_of(view, "equality")
    if table.empty:
        return {}
    mine = (table["characteristic"] == "all residents") & (table["year"] == table["year"].max())
    told = table[mine].set_index("service_id")["mean_extra_minutes"].dropna()
    return {str(service): float(minutes) for service, minutes in told.items()}


def door(view: View) -> Rows:
    """Return the journeys saved by pair of services, the largest first."""
    table = table_of(view, "front_door")
    heads = [
        "Services",
        "Linked trips",
        "Linked visits a year",
        "At one place today",
        "With the plan",
        "Saved",
    ]
    if table.empty:
        return heads, []
    order = table.sort_values("journeys_saved_per_year", ascending=False, kind="stable")
    whole = order["service_b"] == ""
    rows: list[list[object]] = []
    for row in pd.concat([order[whole], order[~whole].head(10)]).to_dict("records"):
        pair = [view.services.get(text(row[c]), text(row[c])) for c in ("service_a", "service_b")]
        part = "" if is_missing(row["linked_share"]) else share(row["linked_share"])
        linked = "" if is_missing(row["linked_visits_per_year"]) else people(row["linked_visits_per_year"])
        columns = ("one_place_today_per_year", "one_place_plan_per_year", "journeys_saved_per_year")
        rows.append([" and ".join(filter(None, pair)), part, linked, *(people(row[c]) for c in columns)])
    return heads, rows


def fit(view: View) -> Rows:
    """Return at how many places each field is met, is not, and is not known, today and with the plan."""
    table = table_of(view, "fitness")
    heads = ["", "Asked of hubs", "Today: yes", "no", "not known", "With the plan: yes", "no", "not known"]
    if table.empty:
        return heads, []
    rows: list[list[object]] = []
    for field, part in table.groupby("field", sort=False):
        by_case = part.set_index("case")
        counts = [number(by_case[c][case]) for case in ("bau", "plan") for c in ("yes", "no", "unknown")]
        rows.append([text(field), text(part["asked"].iloc[0]), *counts])
    return heads, rows


def online(view: View) -> Rows:
    """Return what goes online wholly or in part, by service."""
    table = table_of(view, "online")
    heads = ["Service", "Places that leave", "Visits online a year", "Residents", "Digitally excluded"]
    if table.empty:
        return heads, []
    rows: list[list[object]] = []
    for service, part in table.groupby("service_id", sort=True):
        sums = [
            part[c].sum(skipna=False) for c in ("visits_online_per_year", "residents", "digitally_excluded")
        ]
        rows.append([view.services.get(text(service), text(service)), len(part), *map(people, sums)])
    return heads, rows


PARTS = (
    ("Residents: who travels farther, and how often", USERS_NOTE, users, ()),
    ("One front door", DOOR_NOTE, door, ()),
    ("Fit for everybody", FIT_NOTE, fit, ()),
    ("Online, and who is excluded", ONLINE_NOTE, online, ()),
)
"""Parts of the report: title, note, what makes headings and rows, and columns of words after the first."""

SHEETS = (
    ("Residents", "Who travels how much farther, by service and year", "residents"),
    ("Front door", "Journeys that one place for two services saves", "front_door"),
    ("Fitness", "At how many places each field is met, is not, is not known", "fitness"),
    ("Online", "What goes online wholly or in part, and who is excluded", "online"),
)
"""Sheets of the workbook: name, what is on it, and its table."""


BELOW_NOUGHT = {
    "journeys_saved": "Journeys added where one place for several services goes",
    "km_added": "Travel saved by nearest places, there and back",
}
"""What is said of a headline that is negative."""


def serving_lines(view: View) -> list[str]:
    """Say in the summary who is worse off for several services, and what one front door saves."""
    lines = []
    for key in ("residents_worse_off_three", "journeys_saved", "km_added"):
        row = view.headline(key)
        if row is not None and not is_missing(row.get("value")):
            label = text(row.get("label"))
            if key in BELOW_NOUGHT and float(row["value"]) < 0:
                label, row = BELOW_NOUGHT[key], {**row, "value": -float(row["value"])}
            lines.append(f"  {label}: {headline_words(row)}.")
    longer = longer_minutes(view)
    if longer:
        told = ", ".join(f"{view.services.get(one, one)} {minutes:.0f}" for one, minutes in longer.items())
        lines.append(f"  Minutes longer on average, of those whose way takes longer: {told}.")
    table = table_of(view, "online")
    if len(table) and not table["digitally_excluded"].isna().all():
        excluded = people(table["digitally_excluded"].sum())
        lines.append(f"  Digitally excluded residents of places that go online in part or whole: {excluded}.")
    return lines
